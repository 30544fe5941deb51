"""The functions of jax.nn with all their options, and the initial values of jax.nn.initializers."""

inputs = {
    "v": [-6.5, -3.0, -1.0, -0.25, 0.0, 0.3, 1.0, 2.5, 6.0, 20.0],
    # No edges, where a slope has two sides.
    "u": [-6.5, -2.9, -0.9, -0.25, 0.2, 0.7, 1.3, 2.5, 6.2, 20.0],
    "m": onp.sin(onp.arange(12.0) * 1.9).reshape(3, 4).astype("float32") * 3,
    "p": [1e-6, 0.1, 0.69, 0.7, 2.0, 30.0],
    "edges": [-onp.inf, -0.0, onp.inf, onp.nan],
    "ints": onp.asarray([-3, 0, 1, 7], "int32"),
    "half": onp.asarray([-3.5, -0.5, 0.0, 1.5], "float16"),
    "picked": onp.asarray([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 1]], "bool"),
}


def camel(name):
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


cases = []
for name in ["relu", "relu6", "sigmoid", "softplus", "log_sigmoid", "silu", "swish", "mish", "soft_sign", "hard_tanh", "hard_sigmoid", "hard_silu",
             "hard_swish", "sparse_plus", "sparse_sigmoid", "elu", "celu", "selu", "leaky_relu", "squareplus", "gelu", "tanh", "identity"]:
    cases += [case(f"nn.{camel(name)}({x})", f"nn.{name}({x})") for x in ["v", "edges", "half"]]
    cases.append(case(f"nn.{camel(name)}(x)", f"nn.{name}(x)", of="u"))
    if name not in ("sigmoid", "silu", "swish"):
        cases.append(case(f"nn.{camel(name)}(ints)", f"nn.{name}(ints)"))
cases += [
    case("nn.gelu(x, { approximate: false })", "nn.gelu(x, approximate=False)", of="u"),
    case("nn.gelu(half, { approximate: false })", "nn.gelu(half, approximate=False)"),
    case("nn.elu(x, 0.3)", "nn.elu(x, 0.3)", of="u"),
    case("nn.celu(x, 0.3)", "nn.celu(x, 0.3)", of="u"),
    case("nn.leakyRelu(x, 0.2)", "nn.leaky_relu(x, 0.2)", of="u"),
    case("nn.squareplus(x, 1.5)", "nn.squareplus(x, 1.5)", of="u"),
    case("nn.glu(x)", "nn.glu(x)", of="m"),
    case("nn.glu(x.get('0:2'), 0)", "nn.glu(x[0:2], 0)", of="m"),
    case("nn.log1mexp(x)", "nn.log1mexp(x)", of="p"),
    case("nn.log1mexp(edges)", "nn.log1mexp(edges)"),
    case("nn.log1mexp(np.array([1, 2], 'int32'))", "nn.log1mexp(np.array([1, 2]))"),
    case("nn.log1mexp(np.array([0.5, 3], 'float16'))", "nn.log1mexp(np.array([0.5, 3], 'float16'))"),
    case("nn.softmax(x, { axis: 0 })", "nn.softmax(x, axis=0)", of="m"),
    case("nn.softmax(x, { where: picked })", "nn.softmax(x, where=picked)", of="m"),
    case("nn.softmax(x, [0, 1])", "nn.softmax(x, (0, 1))", of="m"),
    case("nn.logSoftmax(x, { axis: 0 })", "nn.log_softmax(x, axis=0)", of="m"),
    case("nn.logSoftmax(m, { where: picked })", "nn.log_softmax(m, where=picked)"),
    case("nn.logsumexp(x, 1)", "nn.logsumexp(x, 1)", of="m"),
    case("nn.logsumexp(x, { axis: 0, b: picked, keepdims: true })", "nn.logsumexp(x, axis=0, b=picked, keepdims=True)", of="m"),
    case("nn.logsumexp(m, { axis: 1, b: m, returnSign: true })", "nn.logsumexp(m, axis=1, b=m, return_sign=True)"),
    case("nn.logmeanexp(x)", "nn.logmeanexp(x)", of="m"),
    case("nn.logmeanexp(x, 1)", "nn.logmeanexp(x, 1)", of="m"),
    case("nn.logmeanexp(x, { axis: 0, where: picked, keepdims: true })", "nn.logmeanexp(x, axis=0, where=picked, keepdims=True)", of="m"),
    case("nn.logmeanexp(m, { axis: 1, where: picked.get(0) })", "nn.logmeanexp(m, axis=1, where=picked[0])"),
    case("nn.logmeanexp(ints)", "nn.logmeanexp(ints)"),
    case("nn.logmeanexp(half)", "nn.logmeanexp(half)"),
    case("nn.standardize(x, { axis: 0, epsilon: 0.1, where: picked })", "nn.standardize(x, axis=0, epsilon=0.1, where=picked)", of="m"),
    case("nn.standardize(x, { algorithm: 'stable' })", "nn.standardize(x, algorithm='stable')", of="m"),
    case("nn.oneHot(ints, 3)", "nn.one_hot(ints, 3)"),
    case("nn.oneHot(ints, 8, { axis: 0, dtype: 'int8' })", "nn.one_hot(ints, 8, axis=0, dtype='int8')"),
]

k = "random.key(7)"
init, init_py = "nn.initializers.", "jax.nn.initializers."
for name in ["glorot_uniform", "glorot_normal", "xavier_uniform", "xavier_normal", "lecun_uniform", "lecun_normal", "he_uniform", "he_normal", "kaiming_uniform", "kaiming_normal"]:
    cases += [
        case(f"{init}{camel(name)}()({k}, [3, 4])", f"{init_py}{name}()({k}, (3, 4))"),
        case(f"{init}{camel(name)}({{ inAxis: 0, outAxis: [1, 3], batchAxis: 2, dtype: 'float16' }})({k}, [2, 3, 2, 2])", f"{init_py}{name}(in_axis=0, out_axis=(1, 3), batch_axis=2, dtype='float16')({k}, (2, 3, 2, 2))"),
    ]
for mode, mode_ts in [("fan_in", "fanIn"), ("fan_out", "fanOut"), ("fan_avg", "fanAvg"), ("fan_geo_avg", "fanGeoAvg")]:
    for distribution, distribution_ts in [("truncated_normal", "truncatedNormal"), ("normal", "normal"), ("uniform", "uniform")]:
        cases.append(case(f"{init}varianceScaling(2.5, '{mode_ts}', '{distribution_ts}')({k}, [2, 3, 4])", f"{init_py}variance_scaling(2.5, '{mode}', '{distribution}')({k}, (2, 3, 4))"))
cases += [case(f"{init}{ts}({k}, [2, 3])", f"{init_py}{python}({k}, (2, 3))") for ts, python in [
    ("zeros", "zeros"),
    ("ones", "ones"),
    ("constant(2.5)", "constant(2.5)"),
    ("constant(np.array([1, 2, 3]), { dtype: 'bfloat16' })", "constant(np.array([1., 2., 3.]), dtype='bfloat16')"),
    ("normal()", "normal()"),
    ("normal(2, { dtype: 'float16' })", "normal(2., dtype='float16')"),
    ("uniform()", "uniform()"),
    ("uniform(3)", "uniform(3.)"),
    ("truncatedNormal()", "truncated_normal()"),
    ("truncatedNormal(2, { lower: -1, upper: 0.5 })", "truncated_normal(2., lower=-1., upper=0.5)"),
    ("orthogonal()", "orthogonal()"),
    ("orthogonal(2, { columnAxis: 0 })", "orthogonal(2., column_axis=0)"),
]]
cases += [
    case(f"{init}zeros({k}, [2], 'int32')", f"{init_py}zeros({k}, (2,), 'int32')"),
    case(f"{init}deltaOrthogonal()({k}, [3, 2, 4])", f"{init_py}delta_orthogonal()({k}, (3, 2, 4))"),
    case(f"{init}deltaOrthogonal(0.5)({k}, [3, 2, 2, 3])", f"{init_py}delta_orthogonal(0.5)({k}, (3, 2, 2, 3))"),
]

inputs |= {
    "q": onp.sin(onp.arange(48.0) * 1.3).reshape(2, 3, 4, 2).astype("float32") * 2,
    "kv": onp.cos(onp.arange(40.0) * 0.7).reshape(2, 5, 2, 2).astype("float32") * 2,
    "counts": onp.asarray([2, 5], "int32"),
    "some": (onp.arange(15) % 4 != 0).reshape(1, 1, 3, 5),
}
for options_ts, options in [
    ("", ""),
    (", { mask: some, bias: x.get(0, '0:3', '0:1', 0), scale: 0.5 }", ", mask=some, bias=x[0, 0:3, 0:1, 0], scale=0.5"),
    (", { isCausal: true, localWindowSize: [1, 0] }", ", is_causal=True, local_window_size=(1, 0)"),
    (", { querySeqLengths: np.array([2, 3], 'int32'), keyValueSeqLengths: counts }", ", query_seq_lengths=np.array([2, 3]), key_value_seq_lengths=counts"),
]:
    cases.append(case(f"nn.dotProductAttention(x, kv, kv{options_ts})", f"nn.dot_product_attention(x, kv, kv{options})", of="q"))
cases += [
    case("nn.dotProductAttention(q, kv, kv, { isCausal: true, returnResidual: true })", "nn.dot_product_attention(q, kv, kv, is_causal=True, return_residual=True)"),
    case("nn.dotProductAttention(q.get(0), kv.get(0), kv.get(0), { returnResidual: true })", "nn.dot_product_attention(q[0], kv[0], kv[0], return_residual=True)"),
    case("nn.dotProductAttention(x, kv, kv, { returnResidual: true })[1]", "nn.dot_product_attention(x, kv, kv, return_residual=True)[1]", of="q"),
    case("nn.dotProductAttention(x, x, x, { isCausal: true })", "nn.dot_product_attention(x, x, x, is_causal=True)", of="q"),
]
