"""What jax.lax has for the incomplete gamma and beta functions and for Bessel's, and names that no other table has."""

inputs = {
    "a": [[0.5, 1.0, 2.5], [4.0, 7.0, 0.1]],
    "y": [[0.3, 2.0, 2.5], [9.0, 3.0, 0.02]],
    "u": [[0.1, 0.5, 0.9], [0.25, 0.7, 0.99]],
    "b": [[3.0, 0.5, 1.5], [2.0, 9.0, 0.4]],
    "i": [[0, 1, -5], [7, -8, 100]],
    "m": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
    "w": [-30.0, -9.0, -1.0, -1e-9, 0.0, 0.5, 7.9, 8.1, 100.0],
}

cases = [
    case("lax.besselI0e(x)", "lax.bessel_i0e(x)", of="w"),
    case("lax.besselI1e(x)", "lax.bessel_i1e(x)", of="w"),
    case("lax.igamma(a, x)", of="y"),
    case("lax.igamma(x, b)", of="a"),
    case("lax.igammac(a, x)", of="y"),
    case("lax.igammac(x, b)", of="a"),
    case("lax.igammaGradA(a, y)", "lax.igamma_grad_a(a, y)"),
    case("lax.randomGammaGrad(a, y)", "lax.random_gamma_grad(a, y)"),
    case("lax.betainc(a, b, x)", of="u"),
    case("lax.bitwiseNot(i)", "lax.bitwise_not(i)"),
    case('vmap((v) => lax.pswapaxes(v, "rows", 0), { axisName: "rows" })(m)',
         'vmap(lambda v: lax.pswapaxes(v, "rows", 0), axis_name="rows")(m)'),
    case("lax.betainc(2, 3, u)", "lax.betainc(jnp.full((2, 3), 2.0), jnp.full((2, 3), 3.0), u)"),
]
