"""Reductions with a function, windows, and small functions of lax."""

numbers = np.asarray([3.0, 1.0, -2.0, 0.5, 2.5, -1.0, 4.0, -3.0, 1.5, -0.5, 2.0, 3.5, 0.25, -4.0, 1.25, 5.0,
                      -2.5, 0.75, 6.0, -1.5, 2.25, -3.5, 1.75, 0.125], dtype=np.float32)
inputs = {
    "v": numbers[:7],
    "m": numbers[:20].reshape(4, 5),
    "image": numbers.reshape(1, 4, 3, 2),
    "i": np.asarray([3, -1, 7, 0, -5, 2], dtype=np.int32),
    "words": np.asarray([2**31 - 1, -(2**31), 123456789, -1], dtype=np.int32),
    "u": np.asarray([200, 7, 255], dtype=np.uint8),
    "flags": np.asarray([[True, False, True], [True, True, True]]),
    "holes": np.asarray([1.0, np.nan, 2.0, -np.inf, 0.0], dtype=np.float32),
}


def both(ts, python, args, of):
    return case(f"{ts}, {args})", f"{python}, {args})", of=of)


monoids = {
    "sum": ("lax.reduceWindow(x, 0, lax.add", "lax.reduce_window(x, 0., lax.add"),
    "max": ("lax.reduceWindow(x, -Infinity, lax.max", "lax.reduce_window(x, -jnp.inf, lax.max"),
    "min": ("lax.reduceWindow(x, Infinity, lax.min", "lax.reduce_window(x, jnp.inf, lax.min"),
}
windows = [
    ("v", "[2]"), ("v", "[3], [2]"), ("v", '[3], [1], "SAME"'), ("v", '[4], [3], "SAME_LOWER"'),
    ("v", "[2], [2], [[1, 2]], [2], [1]"), ("v", "[7]"), ("v", "[8]"),
    ("m", "[2, 2], [2, 2]"), ("m", '[3, 3], [1, 1], "SAME"'), ("m", "[2, 3], [1, 2], [[0, 1], [1, 1]]"),
    ("image", "[1, 2, 2, 1], [1, 2, 2, 1]"),
    ("image", '[1, 3, 2, 1], [1, 1, 1, 1], "SAME"'),
]
cases = [both(*monoid, args, x) for monoid in monoids.values() for x, args in windows]
# JAX has no gradient of a dilated window's extreme.
cases += [case(f"{monoids[m][0].replace('(x', '(v')}, [2], [1], [[2, 1]], [1], [3])",
               f"{monoids[m][1].replace('(x', '(v')}, [2], [1], [[2, 1]], [1], [3])") for m in monoids]
cases += [
    both(*monoids["sum"], "[2], [1], [[2, 1]], [1], [3]", "v"),
    both(*monoids["sum"], "[1, 2], [3, 2], [[-1, 0], [2, -1]]", "m"),
    case("lax.reduceWindow(i, 0, lax.add, [2])", "lax.reduce_window(i, 0, lax.add, [2])"),
    case("lax.reduceWindow(i, -(2 ** 31), lax.max, [3], [2])", "lax.reduce_window(i, -(2 ** 31), lax.max, [3], [2])"),
    case("lax.reduceWindow(u, 0, lax.add, [2])", "lax.reduce_window(u, np.uint8(0), lax.add, [2])"),
    case("lax.reduceWindow(holes, -Infinity, lax.max, [2])", "lax.reduce_window(holes, -jnp.inf, lax.max, [2])"),
    case("lax.reduceWindow(holes, Infinity, lax.min, [2])", "lax.reduce_window(holes, jnp.inf, lax.min, [2])"),
    case("lax.reduceWindow(flags, false, lax.max, [1, 2])", "lax.reduce_window(flags, False, lax.max, [1, 2])"),
    # With a function: the initial value takes part once, and what is no element does not.
    case("lax.reduceWindow(v, 1, lax.mul, [3])", "lax.reduce_window(v, 1., lax.mul, [3])"),
    case('lax.reduceWindow(v, 2, lax.add, [3], { padding: "SAME" })',
         'lax.reduce_window(v, 2., lax.add, [3], [1], padding="SAME")'),
    case("lax.reduceWindow(m, 1, lax.mul, [2, 3], [1, 2], [[1, 0], [2, 1]])",
         "lax.reduce_window(m, 1., lax.mul, [2, 3], [1, 2], [[1, 0], [2, 1]])"),
    case("lax.reduceWindow(v, 1, lax.mul, [2], [2], [[1, 2]], [2], [3])",
         "lax.reduce_window(v, 1., lax.mul, [2], [2], [[1, 2]], [2], [3])"),
    case("lax.reduceWindow([v, np.square(v)], [-Infinity, 0], ([a, s], [b, t]) => [np.maximum(a, b), np.add(s, t)], [3], [2])",
         "lax.reduce_window((v, np.square(v)), (-jnp.inf, 0.), lambda x, y: (jnp.maximum(x[0], y[0]), x[1] + y[1]), [3], [2])"),
    case("vmap((row) => lax.reduceWindow(row, 1, lax.mul, [2]))(m)", "vmap(lambda row: lax.reduce_window(row, 1., lax.mul, [2]))(m)"),
    # reduce
    case("lax.reduce(x, 0, lax.add, [1])", "lax.reduce(x, 0., lax.add, [1])", of="m"),
    case("lax.reduce(x, 1, lax.mul, [0, 1])", "lax.reduce(x, 1., lax.mul, [0, 1])", of="m"),
    case("lax.reduce(x, -Infinity, lax.max, [0])", "lax.reduce(x, -jnp.inf, lax.max, [0])", of="m"),
    case("lax.reduce(x, Infinity, lax.min, [0])", "lax.reduce(x, jnp.inf, lax.min, [0])", of="m"),
    case("lax.reduce(i, -1, lax.bitwiseAnd, [0])", "lax.reduce(i, -1, lax.bitwise_and, [0])"),
    case("lax.reduce(i, 0, lax.bitwiseOr, [0])", "lax.reduce(i, 0, lax.bitwise_or, [0])"),
    case("lax.reduce(flags, false, lax.bitwiseXor, [1])", "lax.reduce(flags, False, lax.bitwise_xor, [1])"),
    case("lax.reduce(x, 0, (a, b) => np.hypot(a, b), [1])", "lax.reduce(x, 0., lambda a, b: jnp.hypot(a, b), [1])", of="m"),
    case("lax.reduce(x, 1, (a, b) => np.multiply(a, b), [1, 0])", "lax.reduce(x, 1., lambda a, b: a * b, [1, 0])", of="m"),
    case("lax.reduce(m, 2, (a, b) => np.add(np.add(a, b), 0.25), [1])", "lax.reduce(m, 2., lambda a, b: a + b + 0.25, [1])"),
    case("lax.reduce([v, np.arange(7)], [-Infinity, 0], ([x, k], [y, l]) => [np.maximum(x, y), np.where(np.greaterEqual(x, y), k, l)], [0])",
         "lax.reduce((v, jnp.arange(7)), (-jnp.inf, 0), lambda a, b: (jnp.maximum(a[0], b[0]), jnp.where(a[0] >= b[0], a[1], b[1])), [0])"),
    case("vmap((row) => lax.reduce(row, 0, np.hypot, [0]))(m)", "vmap(lambda row: lax.reduce(row, 0., jnp.hypot, [0]))(m)"),
    case("lax.reduce(np.zeros([0, 2]), 3, (a, b) => np.hypot(a, b), [0])", "lax.reduce(np.zeros([0, 2]), 3., lambda a, b: jnp.hypot(a, b), [0])"),
]
