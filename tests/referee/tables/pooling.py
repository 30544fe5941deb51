"""Equinox's pooling layers."""

inputs = {
    "line": onp.sin(onp.arange(14.0) * 1.3).reshape(2, 7).astype("float32"),
    "image": onp.cos(onp.arange(60.0) * 0.7).reshape(2, 5, 6).astype("float32"),
    "volume": onp.sin(onp.arange(96.0) * 2.1).reshape(2, 3, 4, 4).astype("float32"),
    "images": onp.cos(onp.arange(48.0) * 1.1).reshape(2, 1, 4, 6).astype("float32"),
    "counts": onp.arange(12).reshape(2, 6).astype("int32"),
    "half": onp.sin(onp.arange(12.0)).reshape(2, 6).astype("float16"),
}


def layer(name, of, ts, python=None):
    return case(f"new nn.{name}({ts}).forward(x)", f"eqx.nn.{name}({python or ts})(x)", of=of)


def adaptive(name, of, target):
    return case(f"new nn.{name}({target}).forward(x)", f"eqx.nn.{name}({target})(x)", of=of)


cases = []
for kind in ("Avg", "Max"):
    cases += [
        layer(f"{kind}Pool1d", "line", "2"),
        layer(f"{kind}Pool1d", "line", "3, 2, 1"),
        layer(f"{kind}Pool1d", "line", "[2], { stride: [2], useCeil: true }", "[2], stride=[2], use_ceil=True"),
        layer(f"{kind}Pool2d", "image", "2, 2"),
        layer(f"{kind}Pool2d", "image", "[3, 2], [2, 1], [[1, 0], [0, 1]]"),
        layer(f"{kind}Pool2d", "image", "3, { stride: 2, padding: [1, 0], useCeil: true }", "3, stride=2, padding=[1, 0], use_ceil=True"),
        layer(f"{kind}Pool3d", "volume", "2, 2"),
        layer(f"{kind}Pool3d", "volume", "[1, 2, 3], 1, 1"),
        case(f"new nn.{kind}Pool1d(2).forward(counts)", f"eqx.nn.{kind}Pool1d(2)(counts)"),
        case(f"new nn.{kind}Pool1d(3, 3).forward(half)", f"eqx.nn.{kind}Pool1d(3, 3)(half)"),
        case(f"vmap(new nn.{kind}Pool2d(2, 2))(x)", f"vmap(eqx.nn.{kind}Pool2d(2, 2))(x)", of="images"),
        adaptive(f"Adaptive{kind}Pool1d", "line", "3"),
        adaptive(f"Adaptive{kind}Pool1d", "line", "7"),
        adaptive(f"Adaptive{kind}Pool2d", "image", "[2, 4]"),
        adaptive(f"Adaptive{kind}Pool2d", "image", "5"),
        adaptive(f"Adaptive{kind}Pool3d", "volume", "[3, 1, 3]"),
        case(f"new nn.Adaptive{kind}Pool1d(4).forward(counts)", f"eqx.nn.Adaptive{kind}Pool1d(4)(counts)"),
    ]
cases += [
    # JAX has no gradient of a window's product.
    case("new nn.Pool(1, lax.mul, 2, 2, { stride: 2 }).forward(image)", "eqx.nn.Pool(1., lax.mul, 2, 2, stride=2)(image)"),
    case("new nn.Pool(Infinity, lax.min, 1, 3, 1, 1).forward(x)", "eqx.nn.Pool(jnp.inf, lax.min, 1, 3, 1, 1)(x)", of="line"),
    case("new nn.AdaptivePool([2, 4], 2, (part) => np.min(part)).forward(x)", "eqx.nn.AdaptivePool([2, 4], 2, jnp.min)(x)", of="image"),
]
