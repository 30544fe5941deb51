"""Layers of Equinox: their initial weights, and what they make of an input."""

inputs = {
    "x3": [0.5, -1.25, 2.0],
    "h4": [0.1, -0.7, 0.3, 0.9],
    "c4": [-0.2, 0.4, 1.1, -0.6],
    "xs": onp.sin(onp.arange(15.0) * 1.7).reshape(5, 3).astype("float32"),
}

gru = "eqx.nn.GRUCell(3, 4, key=random.key(1))"
gru_ts = "new nn.GRUCell(3, 4, { key: random.key(1) })"
lstm = "eqx.nn.LSTMCell(3, 4, key=random.key(2))"
lstm_ts = "new nn.LSTMCell(3, 4, { key: random.key(2) })"
cases = [
    case(f"{gru_ts}.forward(x, h4)", f"{gru}(x, h4)", of="x3"),
    case(f"{gru_ts}.forward(x3, x)", f"{gru}(x3, x)", of="h4"),
    case("new nn.GRUCell(3, 4, { useBias: false, dtype: np.bfloat16, key: random.key(1) }).weightHh", "eqx.nn.GRUCell(3, 4, use_bias=False, dtype=np.bfloat16, key=random.key(1)).weight_hh"),
    case("new nn.GRUCell(3, 4, { useBias: false, key: random.key(1) }).forward(x3, h4)", "eqx.nn.GRUCell(3, 4, use_bias=False, key=random.key(1))(x3, h4)"),
    case(f"lax.scan((h, x) => [{gru_ts}.forward(x, h), h], h4, x)[1]", f"lax.scan(lambda h, x: ({gru}(x, h), h), h4, x)[1]", of="xs"),
    case(f"{lstm_ts}.forward(x, [h4, c4])[0]", f"{lstm}(x, (h4, c4))[0]", of="x3"),
    case(f"{lstm_ts}.forward(x3, [x, c4])[1]", f"{lstm}(x3, (x, c4))[1]", of="h4"),
    case(f"{lstm_ts}.forward(x3, [h4, x])[0]", f"{lstm}(x3, (h4, x))[0]", of="c4"),
    case("new nn.LSTMCell(3, 4, { useBias: false, key: random.key(2) }).forward(x3, [h4, c4])", "eqx.nn.LSTMCell(3, 4, use_bias=False, key=random.key(2))(x3, (h4, c4))"),
    case(f"lax.scan((state, x) => {{ const next = {lstm_ts}.forward(x, state); return [next, next[0]]; }}, [h4, c4], x)[1]", f"lax.scan(lambda state, x: (lambda next: (next, next[0]))({lstm}(x, state)), (h4, c4), x)[1]", of="xs"),
]

inputs |= {
    "image": onp.cos(onp.arange(36.0) * 0.7).reshape(4, 3, 3).astype("float32"),
    "batches": (onp.sin(onp.arange(72.0) ** 1.3).reshape(3, 4, 3, 2) * 2 + 0.5).astype("float32"),
    "xs3": onp.sin(onp.arange(15.0) * 0.9).reshape(3, 5).astype("float32"),
    "slopes": [0.1, 0.2, -0.3, 0.4],
    "half": onp.asarray([0.5, -1.5, 2.0, -0.25], "float16"),
}

cases += [
    case("new nn.GroupNorm(2, 4).forward(x)", "eqx.nn.GroupNorm(2, 4)(x)", of="image"),
    case("new nn.GroupNorm(4, { channelwiseAffine: false, eps: 0.1 }).forward(x)", "eqx.nn.GroupNorm(4, channelwise_affine=False, eps=0.1)(x)", of="image"),
    case("new nn.GroupNorm(2, 4).forward(half)", "eqx.nn.GroupNorm(2, 4)(half)"),
    case("tree.at((n) => [n.weight, n.bias], new nn.GroupNorm(1, 4), [x, slopes]).forward(image)", "eqx.tree_at(lambda n: [n.weight, n.bias], eqx.nn.GroupNorm(1, 4), [x, slopes])(image)", of="h4"),
    case("new nn.PReLU().forward(x)", "eqx.nn.PReLU()(x)", of="h4"),
    case("new nn.PReLU().negativeSlope", "eqx.nn.PReLU().negative_slope"),
    case("new nn.PReLU(x).forward(h4)", "eqx.nn.PReLU(x)(h4)", of="slopes"),
    case("new nn.PReLU().forward(half)", "eqx.nn.PReLU()(half)"),
    case("new nn.LayerNorm(4, { useWeight: false, eps: 1e-3 }).forward(x)", "eqx.nn.LayerNorm(4, use_weight=False, eps=1e-3)(x)", of="h4"),
    case("new nn.RMSNorm([4], { useBias: false, dtype: np.float16 }).forward(x)", "eqx.nn.RMSNorm((4,), use_bias=False, dtype=np.float16)(x)", of="h4"),
]

# Batch norm: steps of training, along which a scan carries the state; then inference.
axes = "{ axisName: 'b', inAxes: [0, null], outAxes: [0, null] }"


def mapped(norm):
    return vmap(norm, axis_name="b", in_axes=(0, None), out_axes=(0, None))


def trained(options, x):
    norm, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(3, "b", **options)
    return norm, *lax.scan(lambda s, x: mapped(norm)(x, s)[::-1], state, x)


def batch_norm(options_ts, options, x, out_ts, out):
    ts = f"(() => {{ const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, 'b', {options_ts}); const mapped = (n) => vmap((x, s) => n.forward(x, s), {axes}); const [last, ys] = lax.scan((s, x) => mapped(norm)(x, s).toReversed(), state, {x}); return {out_ts}; }})()"
    return ts, f"(lambda norm, last, ys: {out})(*trained({options}, {x}))"


for options in [
    ("{ mode: 'ema' }", "{'mode': 'ema'}"),
    ("{ mode: 'batch' }", "{'mode': 'batch'}"),
    ("{ mode: 'batch', momentum: 0.9, eps: 0.1, channelwiseAffine: false }", "{'mode': 'batch', 'momentum': 0.9, 'eps': 0.1, 'channelwise_affine': False}"),
]:
    cases += [
        case(*batch_norm(*options, "x", "ys", "ys"), of="batches"),
        case(*batch_norm(*options, "batches", "tree.leaves(last)", "jax.tree.leaves(last)")),
        case(*batch_norm(*options, "x", "mapped(nn.inferenceMode(norm))(x.get(0), last)[0]", "mapped(eqx.nn.inference_mode(norm))(x[0], last)[0]"), of="batches"),
    ]

# Spectral norm: from one step to the next; inference keeps the vectors.
spectral = ("nn.makeWithState(() => new nn.SpectralNorm(new nn.Linear(3, 4, { key: random.key(1) }), 'weight', { key: random.key(2) }))()", "eqx.nn.make_with_state(lambda: eqx.nn.SpectralNorm(eqx.nn.Linear(3, 4, key=random.key(1)), 'weight', key=random.key(2)))()")
spectral_conv = ("nn.makeWithState(() => new nn.SpectralNorm(new nn.Conv1d(3, 2, 2, { key: random.key(1) }), 'weight', 2, { key: random.key(2) }))()", "eqx.nn.make_with_state(lambda: eqx.nn.SpectralNorm(eqx.nn.Conv1d(3, 2, 2, key=random.key(1)), 'weight', 2, key=random.key(2)))()")


def stepped(layer, x, out_ts, out):
    ts = f"(() => {{ const [layer, state] = {layer[0]}; const [y, next] = layer.forward({x}, state); return {out_ts}; }})()"
    return ts, f"(lambda layer, state: (lambda y, next: {out})(*layer({x}, state)))(*{layer[1]})"


weight_norm = ("new nn.WeightNorm(new nn.Conv2d(4, 2, 2, { key: random.key(3) })", "eqx.nn.WeightNorm(eqx.nn.Conv2d(4, 2, 2, key=random.key(3))")
pair = ("new nn.Shared([new nn.Embedding(5, 3, { key: random.key(4) }), new nn.Linear(3, 5, { key: random.key(5) })], ([, l]) => l.weight, ([e]) => e.weight).forward()", "eqx.nn.Shared((eqx.nn.Embedding(5, 3, key=random.key(4)), eqx.nn.Linear(3, 5, key=random.key(5))), lambda p: p[1].weight, lambda p: p[0].weight)()")
cases += [
    case(*stepped(spectral, "x", "y", "y"), of="x3"),
    case(*stepped(spectral, "x3", "tree.leaves(next)", "jax.tree.leaves(next)")),
    case(*stepped(spectral, "x", "layer.forward(y.get('0:3'), next)[0]", "layer(y[:3], next)[0]"), of="x3"),
    case(*stepped(spectral, "x3", "nn.inferenceMode(layer).forward(x3, next)[0]", "eqx.nn.inference_mode(layer)(x3, next)[0]")),
    case(*stepped(spectral_conv, "xs3", "[y, ...tree.leaves(next)]", "[y, *jax.tree.leaves(next)]")),
    case(f"{weight_norm[0]}).forward(x)", f"{weight_norm[1]})(x)", of="image"),
    case(f"{weight_norm[0]}, 'weight', 1).g", f"{weight_norm[1]}, 'weight', 1).g"),
    case(f"{weight_norm[0]}, {{ axis: null }}).forward(image)", f"{weight_norm[1]}, axis=None)(image)"),
    case(f"(() => {{ const [embed, project] = {pair[0]}; return project.forward(np.multiply(x, embed.forward(2))); }})()", f"(lambda embed, project: project(x * embed(2)))(*{pair[1]})", of="x3"),
]

# A learnt activation has weights for each neuron of each layer; a scan keeps the hidden layers stacked.
for options_ts, options in [
    ("activation: nn.silu, finalActivation: np.tanh", "activation=nn.silu, final_activation=np.tanh"),
    ("activation: nn.silu, scan: true", "activation=nn.silu, scan=True"),
    ("activation: new nn.PReLU(), finalActivation: new nn.PReLU(0.5)", "activation=eqx.nn.PReLU(), final_activation=eqx.nn.PReLU(0.5)"),
    ("activation: new nn.PReLU(), scan: true, useBias: false", "activation=eqx.nn.PReLU(), scan=True, use_bias=False"),
]:
    for depth in (1, 3):
        mlp = (f"new nn.MLP(3, 2, 4, {depth}, {{ {options_ts}, key: random.key(6) }})", f"eqx.nn.MLP(3, 2, 4, {depth}, {options}, key=random.key(6))")
        cases.append(case(f"{mlp[0]}.forward(x)", f"{mlp[1]}(x)", of="x3"))
        cases.append(case(f"tree.leaves({mlp[0]})", f"[a for a in jax.tree.leaves({mlp[1]}) if eqx.is_array(a)]"))
cases += [
    case("new nn.MLP('scalar', 'scalar', 4, 2, { finalActivation: new nn.PReLU(), useFinalBias: false, key: random.key(6) }).forward(x.get(1))", "eqx.nn.MLP('scalar', 'scalar', 4, 2, final_activation=eqx.nn.PReLU(), use_final_bias=False, key=random.key(6))(x[1])", of="x3"),
    case("new nn.MLP(3, 2, 4, 0, { key: random.key(6) }).forward(x)", "eqx.nn.MLP(3, 2, 4, 0, key=random.key(6))(x)", of="x3"),
]
