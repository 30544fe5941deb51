"""Expressions over jax.random, for the tables of samplers: they differ from the TypeScript ones in spelling only."""

snake = {
    "doubleSidedMaxwell": "double_sided_maxwell", "weibullMin": "weibull_min", "generalizedNormal": "generalized_normal",
    "multivariateNormal": "multivariate_normal", "keyData": "key_data", "wrapKeyData": "wrap_key_data",
    "truncatedNormal": "truncated_normal", "foldIn": "fold_in",
}
key = ["random.key(%d)" % seed for seed in range(10)]


def python_of(ts):
    """The Python expression for a TypeScript one."""
    python = ts
    for ours, theirs in snake.items():
        python = python.replace(f"random.{ours}(", f"random.{theirs}(")
    for option in ["shape", "dtype", "method", "mode", "replace", "axis", "p", "independent"]:
        python = python.replace("{ " + option + ": ", f"{option}=").replace(f", {option}: ", f", {option}=")
    python = python.replace(" }", "").replace("false", "False").replace("true", "True").replace("null", "None")
    return python.replace("(k) =>", "lambda k:")
