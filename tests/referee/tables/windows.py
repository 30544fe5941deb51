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
    "five": numbers[7:12],
    "kernels": numbers[:15].reshape(1, 3, 5),
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
window = "windowDimensions: [2, 2], windowStrides: [1, 2], padding: [[0, 1], [1, 0]]"
window_py = "window_dimensions=(2, 2), window_strides=(1, 2), padding=((0, 1), (1, 0))"
dilated = "baseDilation: [1, 1], windowDilation: [1, 2]"
dilated_py = "base_dilation=(1, 1), window_dilation=(1, 2)"
plain = dilated.replace("2", "1")
plain_py = dilated_py.replace("2", "1")

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

rows = "{ updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }"
rows_py = "lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))"
layouts = '{ dimensionNumbers: ["NHWC", "HWIO", "NHWC"] }'
layouts_py = 'dimension_numbers=("NHWC", "HWIO", "NHWC")'
cases += [
    case("lax.approxMaxK(x, 3)[0]", "lax.approx_max_k(x, 3)[0]", of="v"),
    case("lax.approxMaxK(m, 2, 0)", "lax.approx_max_k(m, 2, 0)"),
    case("lax.approxMinK(x, 3)[0]", "lax.approx_min_k(x, 3)[0]", of="v"),
    case("lax.approxMinK(m, 2, { reductionDimension: 1, recallTarget: 0.5 })", "lax.approx_min_k(m, 2, 1, 0.5)"),
    case("lax.broadcastLike(x, m)", "lax.broadcast_like(x, m)", of="five"),
    case("np.zeros(lax.broadcastShapes([2, 1], [3], [1, 1, 1]))", "np.zeros(lax.broadcast_shapes((2, 1), (3,), (1, 1, 1)))"),
    case("lax.empty([2, 3], np.float32)", "lax.empty((2, 3), np.float32)"),
    case("lax.empty(2, np.int8)", "lax.empty(2, np.int8)"),
    case("lax.indexTake(x, [np.array([0, -1, 9], 'int32'), np.array([1, 7, -3], 'int32')], [0, 1])",
         "lax.index_take(x, (jnp.array([0, -1, 9]), jnp.array([1, 7, -3])), (0, 1))", of="m"),
    case("lax.indexTake(image, [np.array([2, -1], 'int32')], [1])", "lax.index_take(image, (jnp.array([2, -1]),), (1,))"),
    case("lax.mulhi(words, words)", "lax.mulhi(words, words)"),
    case("lax.mulhi(words, np.flip(words))", "lax.mulhi(words, jnp.flip(words))"),
    case("lax.mulhi(words, 65537)", "lax.mulhi(words, np.int32(65537))"),
    case("lax.mulhi(u, np.flip(u))", "lax.mulhi(u, jnp.flip(u))"),
    *[case(f"lax.mulhi(np.astype(words, np.{t}), np.astype(np.flip(words), np.{t}))",
           f"lax.mulhi(words.astype(np.{t}), jnp.flip(words).astype(np.{t}))") for t in ("int8", "int16", "uint16", "uint32")],
    case("lax.convGeneralDilatedPatches(x, [2, 3], [1, 2], 'SAME', " + layouts + ")",
         "lax.conv_general_dilated_patches(x, [2, 3], [1, 2], 'SAME', " + layouts_py + ")", of="image"),
    case("lax.convGeneralDilatedPatches(image, [2, 1], [1, 1], [[1, 0], [0, 2]], [2, 1], [1, 2])",
         "lax.conv_general_dilated_patches(image, [2, 1], [1, 1], [[1, 0], [0, 2]], [2, 1], [1, 2])"),
    case("lax.convGeneralDilatedLocal(x, np.reshape(np.sin(np.arange(72)), [3, 1, 12, 2]), [1, 1], 'VALID', [2, 3], " + layouts + ")",
         "lax.conv_general_dilated_local(x, jnp.reshape(jnp.sin(jnp.arange(72.)), [3, 1, 12, 2]), [1, 1], 'VALID', [2, 3], " + layouts_py + ")", of="image"),
    case("lax.convGeneralDilatedLocal(np.reshape(m, [2, 1, 10]), x, [2], 'SAME', [3])",
         "lax.conv_general_dilated_local(m.reshape(2, 1, 10), x, [2], 'SAME', [3])", of="kernels"),
    # Rows 1 and 3 once, row 0 twice, row 4 is not there.
    case(f"lax.scatterApply(m, np.array([[0], [1], [0], [3], [4]], 'int32'), (e) => np.add(np.square(e), 1), {rows}, {{ updateShape: [5, 5] }})",
         f"lax.scatter_apply(m, jnp.array([[0], [1], [0], [3], [4]]), lambda e: e * e + 1, {rows_py}, update_shape=(5, 5))"),
    case(f"lax.scatterApply(m, np.array([[2], [0]], 'int32'), lax.neg, {rows}, {{ updateShape: [2, 5], uniqueIndices: true }})",
         f"lax.scatter_apply(m, jnp.array([[2], [0]]), lax.neg, {rows_py}, update_shape=(2, 5), unique_indices=True)"),
    *[case(f"lax.reduceWindow{name}.bind([x], {{ {window}, {plain} }})[0]",
           f"lax.reduce_window_{name.lower()}_p.bind(x, {window_py}, {plain_py})", of="m") for name in ("Sum", "Max", "Min")],
    *[case(f"lax.selectAndGatherAdd.bind([np.cos(m), m], {{ selectPrim: '{select}', {window}, {dilated} }})[0]",
           f"lax.select_and_gather_add_p.bind(jnp.cos(m), m, select_prim=lax.{select}_p, {window_py}, {dilated_py})") for select in ("ge", "le")],
    *[case(f"lax.selectAndScatterAdd.bind([lax.reduceWindowMax.bind([m], {{ {window}, {plain} }})[0], m], {{ selectPrim: '{select}', {window} }})[0]",
           f"lax.select_and_scatter_add_p.bind(lax.reduce_window_max_p.bind(m, {window_py}, {plain_py}), m, select_prim=lax.{select}_p, {window_py})") for select in ("ge", "le")],
]
