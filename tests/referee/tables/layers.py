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
