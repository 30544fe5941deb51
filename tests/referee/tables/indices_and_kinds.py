"""Grids, indices, functions over arrays and kinds of dtypes of jax.numpy."""

import re

inputs = {
    "a": onp.linspace(-1, 1, 6, dtype=onp.float32).reshape(2, 3),
    "b": onp.linspace(0.5, 2, 12, dtype=onp.float32).reshape(3, 4),
    "c": onp.linspace(2, 3, 20, dtype=onp.float32).reshape(4, 5),
    "d": onp.linspace(-3, 1, 40, dtype=onp.float32).reshape(5, 8),
    "t": onp.linspace(-2, 2, 24, dtype=onp.float32).reshape(4, 2, 3),
    "s": onp.array([[2.0, 1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, 4.0]], onp.float32),
    "v": onp.array([1, 2, 3], onp.int32),
    "w": onp.array([0.5, -1, 2], onp.float32),
    "i": onp.array([2, 0], onp.int32),
    "cube": onp.zeros((2, 2, 2), onp.float32),
}

dtypes = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
          "float64", "complex64"]
names = ["generic", "number", "inexact", "floating", "complexfloating", "integer", "signedinteger", "unsignedinteger"]


def casts(casting):
    return [[onp.can_cast(jnp.dtype(a), jnp.dtype(b), casting) for b in dtypes] for a in dtypes]


def subtypes():
    kinds = [getattr(jnp, name) for name in names]
    return [[jnp.issubdtype(a, b) for b in kinds + [jnp.dtype(d) for d in dtypes]]
            for a in kinds + [jnp.dtype(d) for d in dtypes]]


def flops(what, *args):
    return float(re.search(what + r": +(\S+)", str(jnp.einsum_path(*args)[1])).group(1))


def path_cases(subscripts, operands):
    ts = f'np.einsumPath("{subscripts}", {operands})'
    yield case(f"{ts}[0]", f'jnp.einsum_path("{subscripts}", {operands})[0]', eager=True)
    for ours, theirs in [("Naive FLOP count", "Naive FLOP count"), ("Optimised FLOP count", "Optimized FLOP count"),
                         ("Largest intermediate", "Largest intermediate")]:
        yield case(f"Number(/{ours}: +(\\S+)/.exec({ts}[1])[1])", f'flops("{theirs}", "{subscripts}", {operands})', eager=True)


js_dtypes = str(dtypes).replace("'", '"')
js_kinds = f"[{', '.join('np.' + name for name in names)}, ...{js_dtypes}]"

cases = [
    case('np.mgrid("0:5")', "jnp.mgrid[0:5]"),
    case('np.mgrid(":3")', "jnp.mgrid[:3]"),
    case('np.mgrid("0:5", "-1:3")', "jnp.mgrid[0:5, -1:3]"),
    case('np.mgrid("5:0:-2", "0:2.5:0.5")', "jnp.mgrid[5:0:-2, 0:2.5:0.5]"),
    case('np.mgrid("0:1:5j", "-1:1:3j", "0:2")', "jnp.mgrid[0:1:5j, -1:1:3j, 0:2]"),
    case('np.mgrid("0:1:-3j")', "jnp.mgrid[0:1:-3j]"),
    case('np.mgrid("0:1:2.5j")', "jnp.mgrid[0:1:2.5j]"),
    case('np.mgrid("0:3.")', "jnp.mgrid[0:3.]"),
    case("np.mgrid()", "jnp.mgrid[()]"),
    case("np.mgrid(np.s(1, 4))", "jnp.mgrid[1:4]"),
    case('np.ogrid("0:5")', "jnp.ogrid[0:5]"),
    case('np.ogrid("0:2", "0:1:3j")', "jnp.ogrid[0:2, 0:1:3j]"),
    case("np.ogrid()", "jnp.ogrid[()]"),
    case("np.ix_(i, v)", "jnp.ix_(i, v)"),
    case("np.ix_(i, [1, 3], v)", "jnp.ix_(i, jnp.array([1, 3]), v)"),
    case("np.ix_([true, false, true], [1])", "tuple(jnp.array(x, 'int32') for x in onp.ix_([True, False, True], [1]))"),
    case("np.ix_([], v)", "jnp.ix_(jnp.array([]), v)"),
    case("s.get(...np.ix_(i, i))", "s[jnp.ix_(i, i)]", of="s"),
    case('np.r_("0:3", 7, v)', "jnp.r_[0:3, 7, v]"),
    case('np.r_(0, 1.5, 2)', "jnp.r_[0, 1.5, 2]"),
    case("np.r_(1, 2)", "jnp.r_[1, 2]"),
    case("np.r_(x, 3, x)", "jnp.r_[x, 3, x]", of="w"),
    case('np.r_([1, 2], "0:1:3j")', "jnp.r_[jnp.array([1., 2.]), 0:1:3j]"),
    case('np.r_("r", v, v)', 'jnp.r_["r", v, v]'),
    case('np.r_("c", v, v)', 'jnp.r_["c", v, v]'),
    case('np.r_("1", s, s)', 'jnp.r_["1", s, s]'),
    case('np.r_("0,2", v, v)', 'jnp.r_["0,2", v, v]'),
    case('np.r_("0,2,0", v, "0:3")', 'jnp.r_["0,2,0", v, 0:3]'),
    case('np.r_("-1,2,0", v, v)', 'jnp.r_["-1,2,0", v, v]'),
    case('np.r_("0,3,1", v, v)', 'jnp.r_["0,3,1", v, v]'),
    case('np.r_("0,2,-5", v, v)', 'jnp.r_["0,2,-5", v, v]'),
    case('np.r_("0,2,1,7", v)', 'jnp.r_["0,2,1,7", v]'),
    case("np.c_(v, v)", "jnp.c_[v, v]"),
    case("np.c_(x, s)", "jnp.c_[x, s]", of="w"),
    case("np.c_(1, 2)", "jnp.c_[1, 2]"),
    case('np.c_("0:3")', "jnp.c_[0:3]"),
    case('np.c_("r", v, v)', 'jnp.c_["r", v, v]'),
    case('np.c_("0,2", v, v)', 'jnp.c_["0,2", v, v]'),
    case("np.at(x, 1).set(5)", "x.at[1].set(5)", of="s"),
    case('np.at(x, ":", np.s(1)).multiply(w.get("1:"))', "x.at[:, 1:].multiply(w[1:])", of="a"),
    case('np.at(x, new np.Slice(null, null, -2), 0).get()', "x[::-2, 0]", of="s"),
    case("x.get(np.s(-3, null, 2), np.s(null, 2))", "x[-3::2, :2]", of="s"),
    case("x.get(new np.Slice(0, 2, null))", "x[0:2]", of="s"),
    case("np.diagIndicesFrom(s)", "jnp.diag_indices_from(s)"),
    case("np.diagIndicesFrom(cube)", "jnp.diag_indices_from(cube)"),
    case("np.trilIndicesFrom(b)", "jnp.tril_indices_from(b)"),
    case("np.trilIndicesFrom(b, -1)", "jnp.tril_indices_from(b, -1)"),
    case("np.triuIndicesFrom(a, { k: 1 })", "jnp.triu_indices_from(a, k=1)"),
    case("s.get(...np.triuIndicesFrom(s))", "s[jnp.triu_indices_from(s)]", of="s"),
    case("np.maskIndices(3, np.triu, 1)", "jnp.mask_indices(3, jnp.triu, 1)", eager=True),
    case("np.maskIndices(3, np.tril, { size: 4 })", "jnp.mask_indices(3, jnp.tril, size=4)"),

    case("np.vectorize((x, y) => np.add(x, np.multiply(2, y)))(a, x)", "jnp.vectorize(lambda x, y: x + 2 * y)(a, x)", of="w"),
    case("np.vectorize((x) => [np.sin(x), np.cos(x)])(1)", "jnp.vectorize(lambda x: (jnp.sin(x), jnp.cos(x)))(1)"),
    case("np.vectorize((x) => np.multiply(x, w))(a)", "jnp.vectorize(lambda x: x * w)(a)"),
    case('np.vectorize((m, x) => np.matmul(m, x), { signature: "(m,n),(n)->(m)" })(x, w)',
         'jnp.vectorize(lambda m, x: m @ x, signature="(m,n),(n)->(m)")(x, w)', of="t"),
    case('np.vectorize(np.dot, { signature: "(n),(n)->()" })(np.expandDims(x, 1), np.expandDims(a, 0))',
         'jnp.vectorize(jnp.dot, signature="(n),(n)->()")(x[:, None], a[None])', of="s"),
    case('np.vectorize((x, y) => [np.sum(x), np.outer(x, y)], { signature: "(n),(m)->(),(n,m)" })(a, np.reshape(v, [1, 1, 3]))',
         'jnp.vectorize(lambda x, y: (jnp.sum(x), jnp.outer(x, y)), signature="(n),(m)->(),(n,m)")(a, v.reshape(1, 1, 3))'),
    case('np.vectorize((x, n) => np.power(x, n), { excluded: [1] })(x, 3)', "jnp.vectorize(jnp.power, excluded={1})(x, 3)", of="a"),
    case('np.vectorize((x, y) => (y === null ? np.negative(x) : y))(a, null)',
         "jnp.vectorize(lambda x, y: -x if y is None else y)(a, None)"),
    case("np.fromfunction((i, j) => np.add(i, j), [2, 3])", "jnp.fromfunction(lambda i, j: i + j, (2, 3))"),
    case('np.fromfunction((i, j) => [np.multiply(i, j), v], [2, 3], "int32")',
         "jnp.fromfunction(lambda i, j: (i * j, v), (2, 3), dtype=int)"),
    case("np.fromfunction((i) => np.multiply(x, i), [4])", "jnp.fromfunction(lambda i: x * i, (4,))", of="w"),
    case("np.fromfunction(() => w, [])", "jnp.fromfunction(lambda: w, ())"),

    *path_cases("ij,jk,kl->il", "a, b, c"),
    *path_cases("ij,jk,kl,lm->im", "a, b, c, d"),
    *path_cases("ij,jk", "a, b"),
    *path_cases("...ij,jk->...ik", "t, b"),
    *path_cases("ii->i", "s"),

    *[case(f'{js_dtypes}.map((a) => {js_dtypes}.map((b) => np.canCast(a, b, "{how}")))', f'casts("{how}")', eager=True)
      for how in ["no", "equiv", "safe", "same_kind", "unsafe"]],
    case(f"{js_kinds}.map((a) => {js_kinds}.map((b) => np.issubdtype(a, b)))", "subtypes()", eager=True),
    *[case(f"np.isscalar({ts})", f"jnp.isscalar({py})", eager=True)
      for ts, py in [("1", "1"), ("true", "True"), ('"a"', '"a"'), ("null", "None"), ("[1]", "[1]"), ("v", "v"),
                     ("np.float32(1)", "jnp.float32(1)"), ("np.sum(x)", "jnp.sum(a)"), ("{ re: 0, im: 1 }", "1j")]],
]
