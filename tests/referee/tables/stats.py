"""What jax.scipy.stats has."""

T = "scipy.stats."
inputs = {
    "v": [-2.5, -0.3, 0.0, 0.4, 1.0, 3.0, 7.0],
    "o": [0.2, 0.6, 1.1, 1.9, 2.5, 4.0],
    "q": [0.02, 0.3, 0.5, 0.8, 0.99],
    "s": [-0.5, 0.0, 0.25, 1.0, 1.5],
    "k": [-1.0, 0.0, 1.0, 2.0, 5.0, 9.0],
    "i": [-1, 0, 1, 2, 5, 9],
    "l": [0.3, -0.5, 0.1, 0.2, -0.4, 0.0],
    "d": [0.5, 1.5, 2.0, 3.5, 6.0],
    "r": [[3.0, 1.0, 3.0, 2.0], [5.0, 5.0, 5.0, 1.0], [2.0, 2.0, 0.5, 9.0]],
    "holes": [[3.0, float("nan"), 3.0], [1.0, 4.0, 1.0]],
    "shares": [[0.2, 0.5], [0.3, 0.25], [0.5, 0.25]],
    "alpha": [0.7, 2.0, 3.5],
    "points": [[0.1, -0.4], [1.0, 2.0], [-1.5, 0.3]],
    "cov": [[2.0, 0.3], [0.3, 0.7]],
    "covs": [[[2.0, 0.3], [0.3, 0.7]], [[1.0, 0.0], [0.0, 1.0]], [[0.5, -0.2], [-0.2, 3.0]]],
    "total": [1, 2, 3],
    "counts": [[1, 2, 0], [3, 0, 0]],
    "p": [0.2, 0.3, 0.5],
}
snake = {"gumbelL": "gumbel_l", "gumbelR": "gumbel_r"}
shares = "cdf logcdf sf logsf"
cases = []


def of(family, methods, x, shapes="", places="", gradient=True, **kw):
    for method in methods.split():
        point, of_ = (x, None) if not gradient else ("x", x)
        arguments = ", ".join(a for a in (point, shapes) if a)
        named = places and ", { " + ", ".join(f"{k}: {v}" for k, v in (p.split("=") for p in places.split(" "))) + " }"
        python = places and ", " + places.replace(" ", ", ")
        cases.append(case(f"{T}{family}.{method}({arguments}{named})",
                          f"{T}{snake.get(family, family)}.{method}({arguments}{python})", of=of_, **kw))


for family, more in (("norm", "ppf isf"), ("cauchy", "ppf isf"), ("logistic", "ppf isf"), ("gumbelL", "ppf"),
                     ("gumbelR", "ppf"), ("expon", "ppf"), ("laplace", ""), ("uniform", "ppf")):
    point = {"expon": "o", "uniform": "s"}.get(family, "v")
    have = {"laplace": "cdf", "uniform": "cdf", "logistic": "cdf sf"}.get(family, shares)
    of(family, "logpdf pdf " + have, point, gradient=family != "uniform")
    of(family, "logpdf " + have.split()[0], point, places="loc=0.1 scale=1.7", gradient=family != "uniform")
    if more:
        # JAX has no derivative of Gumbel's: it takes that of the integer -1.
        of(family, more, "q", gradient=family[:6] != "gumbel")
        of(family, more, "q", places="loc=-0.5 scale=2.0", gradient=family[:6] != "gumbel")
of("expon", "logpdf pdf cdf logsf sf", "v", gradient=False)
of("expon", "ppf", "s", gradient=False)
of("uniform", "ppf", "s", gradient=False)
of("norm", "ppf", "s", gradient=False)
cases.append(case(T + "norm.logpdf(0.7, x, 1.5)", of="l"))
cases.append(case(T + "norm.logpdf(0.7, 0.2, x)", of="o"))
cases.append(case(T + "norm.pdf(i)"))
of("beta", "logpdf pdf " + shares, "q", "2.5, 0.8")
of("beta", "logpdf cdf", "o", "2.5, 0.8", "loc=0.1 scale=5.0")
of("beta", "pdf cdf sf", "s", "2.0, 3.0", gradient=False)
cases.append(case(T + "beta.logpdf(q, x, 2.0)", of="d"))
for family, shape in (("chi2", "3.0"), ("gamma", "1.7"), ("pareto", "2.5")):
    point = "o" if family != "pareto" else "d"
    of(family, "logpdf pdf " + shares, point if family != "pareto" else "d", shape, gradient=family != "pareto")
    of(family, "logpdf cdf", point, shape, "loc=0.1 scale=0.3")
    of(family, "logpdf pdf cdf sf", "v", shape, gradient=False)
of("pareto", "logcdf logsf sf pdf", "d", "2.5", "scale=0.25")
of("pareto", "ppf", "q", "2.5")
cases.append(case(T + "gamma.logpdf(1.3, x)", of="o"))
cases.append(case(T + "gamma.cdf(1.3, x)", of="o"))
of("t", "logpdf pdf", "v", "2.5")
of("t", "logpdf", "v", "2.5", "loc=0.1 scale=1.7")
cases.append(case(T + "t.logpdf(0.7, x)", of="o"))
of("gennorm", "logpdf pdf cdf", "v", "1.5", gradient=False)
of("gennorm", "logpdf pdf cdf", "o", "1.5")
of("vonmises", "logpdf pdf", "v", "1.5")
of("vonmises", "logpdf", "v", "-1.5", gradient=False)
of("wrapcauchy", "logpdf pdf", "o", "0.4")
of("wrapcauchy", "logpdf", "v", "0.4", gradient=False)
of("wrapcauchy", "logpdf", "v", "1.4", gradient=False)
of("truncnorm", "logpdf pdf " + shares, "l", "-1.0, 2.0")
of("truncnorm", "logpdf " + shares, "v", "-1.0, 2.0", gradient=False)
of("truncnorm", "logpdf cdf logsf", "d", "1.0, 8.0", "loc=0.1 scale=1.7", gradient=False)
of("truncnorm", "pdf cdf", "d", "2.0, 1.0", gradient=False)
of("bernoulli", "logpmf pmf cdf", "k", "0.3", gradient=False)
of("bernoulli", "ppf", "s", "0.3", gradient=False)
of("bernoulli", "cdf", "v", "1.5", gradient=False)
cases.append(case(T + "bernoulli.logpmf(1, x)", of="q"))
cases.append(case(T + "bernoulli.pmf(k, 0.3, { loc: 1 })", T + "bernoulli.pmf(k, 0.3, loc=1)"))
of("binom", "logpmf pmf", "k", "7, 0.3", gradient=False)
cases.append(case(T + "binom.logpmf(2, 7, x)", of="q"))
cases.append(case(T + "binom.logpmf(i, 7, 0.3, 1)"))
of("nbinom", "logpmf pmf", "k", "4, 0.3", gradient=False)
cases.append(case(T + "nbinom.logpmf(2, 7, x)", of="q"))
of("geom", "logpmf pmf", "k", "0.3", gradient=False)
cases.append(case(T + "geom.logpmf(2, x)", of="q"))
of("poisson", "logpmf pmf cdf", "k", "2.3", gradient=False)
of("poisson", "logpmf cdf", "v", "2.3", gradient=False)
cases.append(case(T + "poisson.logpmf(2, x)", of="o"))
cases.append(case(T + "poisson.cdf(k, 2.3, { loc: 1 })", T + "poisson.cdf(k, 2.3, loc=1)"))
cases.append(case(T + "poisson.entropy(np.multiply(o, np.multiply(o, o)))", T + "poisson.entropy(o * o * o)"))
cases.append(case(T + "poisson.entropy(np.array([0, 50, 99, 101, 1000]))", T + "poisson.entropy(np.array([0, 50, 99, 101, 1000]))"))
cases.append(case(T + "poisson.entropy(3.0, o)"))
of("betabinom", "logpmf pmf", "k", "7, 1.5, 2.5", gradient=False)
cases.append(case(T + "betabinom.logpmf(2, 7, x, 2.5)", of="o"))
cases += [
    case(T + "dirichlet.logpdf(x, alpha)", of="shares"),
    case(T + "dirichlet.pdf(p, x)", of="alpha"),
    case(T + "dirichlet.logpdf(np.array([0.2, 0.3]), x)", of="alpha"),
    case(T + "dirichlet.logpdf(points, np.array([1.0, 2.0, 3.0]))"),
    case(T + "multinomial.logpmf(total, 6, x)", of="p"),
    case(T + "multinomial.pmf(total, 6, p)"),
    case(T + "multinomial.logpmf(counts, 6, p)"),
    case(T + "multinomial.logpmf(total, 7, p)"),
    case(T + "multivariateNormal.logpdf(x, np.array([0.1, 0.2]), cov)",
         T + "multivariate_normal.logpdf(x, np.array([0.1, 0.2]), cov)", of="points"),
    case(T + "multivariateNormal.pdf(points, x, covs)", T + "multivariate_normal.pdf(points, x, covs)", of="points"),
    case(T + "multivariateNormal.logpdf(points, np.array([0.1, 0.2]), x)",
         T + "multivariate_normal.logpdf(points, np.array([0.1, 0.2]), x)", of="cov"),
    case(T + "multivariateNormal.logpdf(points, np.array([0.1, 0.2]), 2.5)",
         T + "multivariate_normal.logpdf(points, np.array([0.1, 0.2]), 2.5)"),
    case(T + "multivariateNormal.logpdf(x, 0.3, 2.5)", T + "multivariate_normal.logpdf(x, 0.3, 2.5)", of="points"),
    case(T + "mode(r)", "list(" + T + "mode(r))"),
    case(T + "mode(r, 1)", "list(" + T + "mode(r, 1))"),
    case(T + "mode(r, null, { keepdims: true })", "list(" + T + "mode(r, None, keepdims=True))"),
    case(T + "mode(counts, { axis: 1, keepdims: true })", "list(" + T + "mode(counts, axis=1, keepdims=True))"),
    case(T + "mode(holes)", "list(" + T + "mode(holes))"),
    *(case(f'{T}rankdata(r, "{m}")') for m in ("average", "min", "max", "dense", "ordinal")),
    case(T + 'rankdata(r, "average", { axis: 1 })', T + 'rankdata(r, "average", axis=1)'),
    case(T + 'rankdata(r, { axis: 0, method: "min" })', T + 'rankdata(r, "min", axis=0)'),
    case(T + "rankdata(holes, { axis: 1 })", T + "rankdata(holes, axis=1)"),
    case(T + "rankdata(counts)"),
    case(T + "sem(x)", of="r"),
    case(T + "sem(x, null, 0)", T + "sem(x, None, 0)", of="r"),
    case(T + "sem(r, 1, { keepdims: true })", T + "sem(r, 1, keepdims=True)"),
    case(T + 'sem(holes, 1, 1, "omit")'),
    case(T + "sem(holes, 1)"),
]
