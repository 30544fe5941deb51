"""Writes tests/goldens/attention.json, what JAX and Equinox make of attention: python tests/referee/attention.py (needs both)."""

import json
import pathlib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

cases = []


def encode(x):
    a = np.asarray(x)
    data = a.astype(np.float64) if a.dtype == jnp.bfloat16 else a
    flat = [float(str(v)) if a.dtype == np.float32 else v.item() for v in data.ravel()]
    return {"dtype": str(a.dtype), "shape": list(a.shape), "data": flat}


def case(name, f, args, params):
    """`f(*args)`, and the gradient of its sum of squares with respect to the arguments that are floats."""
    floats = [i for i, x in enumerate(args) if jnp.issubdtype(x.dtype, jnp.floating)]
    loss = lambda *some: jnp.sum(f(*some).astype(jnp.float32) ** 2)
    grads = jax.grad(loss, argnums=tuple(floats))(*args)
    cases.append({
        "name": name,
        "inputs": {"args": [encode(x) for x in args]},
        "params": params,
        "expected": {"out": encode(f(*args)), "grads": [encode(g) for g in grads]},
    })


def draw(seed, *shape, dtype=jnp.float32):
    return jax.random.normal(jax.random.key(seed), shape).astype(dtype)


# jax.nn.dot_product_attention: named operands in the order query, key, value, bias?, mask?
def functional(name, q, k, v, bias=None, mask=None, **options):
    given = {"bias": bias, "mask": mask}
    names = [key for key, x in given.items() if x is not None]
    args = [q, k, v, *[given[n] for n in names]]
    lengths = {n: jnp.array(options[n], jnp.int32) for n in options if n.endswith("lengths")}
    f = lambda q, k, v, *rest: jax.nn.dot_product_attention(q, k, v, **dict(zip(names, rest)), **{**options, **lengths})
    case(f"function/{name}", f, args, {"layer": "dotProductAttention", "operands": names, "options": options})


q, k, v = draw(0, 2, 3, 4, 2), draw(1, 2, 5, 4, 2), draw(2, 2, 5, 4, 2)
functional("plain", q, k, v)
functional("unbatched", q[0], k[0], v[0])
functional("scale", q, k, v, scale=0.3)
functional("bias", q, k, v, bias=draw(3, 2, 4, 3, 5))
functional("biasSharedByHeads", q, k, v, bias=draw(4, 1, 1, 3, 5))
functional("mask", q, k, v, mask=draw(5, 1, 4, 3, 5) > -0.5)
functional("maskedRow", q, k, v, mask=jnp.arange(3).reshape(1, 1, 3, 1) < jnp.full((1, 1, 1, 5), 2))
functional("causal", q, k, v, is_causal=True)
functional("causalBiasMask", q, k, v, bias=draw(6, 2, 1, 3, 5), mask=draw(7, 2, 1, 1, 5) > -1, is_causal=True)
functional("groups", q, k[:, :, :2], v[:, :, :2], bias=draw(8, 1, 4, 3, 5))
functional("oneKeyHead", q, k[:, :, :1], v[:, :, :1], is_causal=True)
functional("lengths", q, k, v, query_seq_lengths=[2, 3], key_value_seq_lengths=[5, 1])
functional("window", draw(0, 1, 6, 1, 2), draw(1, 1, 6, 1, 2), draw(2, 1, 6, 1, 2), local_window_size=(2, 1))
functional("windowOfOne", draw(0, 1, 6, 1, 2), draw(1, 1, 6, 1, 2), draw(2, 1, 6, 1, 2), local_window_size=1)
functional("bfloat16", *(x.astype(jnp.bfloat16) for x in (q, k, v)), is_causal=True)

# equinox.nn.MultiheadAttention
sizes = dict(key_size=3, value_size=5, output_size=7, qk_size=2, vo_size=3)
biases = dict(use_query_bias=True, use_key_bias=True, use_value_bias=True, use_output_bias=True)


def multihead(name, options, *extra, call=None, **how):
    layer = eqx.nn.MultiheadAttention(2, 4, key=jax.random.key(9), **options)
    args = [draw(10, 3, 4), draw(11, 5, options.get("key_size", 4)), draw(12, 5, options.get("value_size", 4)), *extra]
    key = jax.random.key(13) if options.get("dropout_p") else None
    rotate = lambda size: jax.vmap(eqx.nn.RotaryPositionalEmbedding(size), in_axes=1, out_axes=1)
    heads = (lambda q, k, v: (rotate(2)(q), rotate(2)(k), v)) if how.get("rotary") else None
    f = lambda *a: layer(*a, key=key, process_heads=heads, inference=how.get("inference"))
    case(f"multihead/{name}", f, args, {"layer": "MultiheadAttention", "options": options, **how})


multihead("sizes", {**sizes, **biases})
multihead("maskOfHeads", biases, draw(14, 2, 3, 5) > -0.5)
multihead("dropout", {"dropout_p": 0.4})
multihead("dropoutOff", {"dropout_p": 0.4}, inference=True)
multihead("rotary", biases, rotary=True)

for name, theta in (("theta", 100.0), ("default", 10000.0)):
    eqx.clear_caches()  # Equinox keeps its tables by size and dtype, whatever theta is
    case(f"rotary/{name}", eqx.nn.RotaryPositionalEmbedding(6, theta), [draw(15, 40, 6)],
         {"layer": "RotaryPositionalEmbedding", "theta": theta})

path = pathlib.Path(__file__).parent.parent / "goldens" / "attention.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
