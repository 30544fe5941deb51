"""Writes tests/goldens/conv-layers.json: python tests/referee/conv_layers.py > … (needs jax and equinox).

Equinox's layers that convolve: their initial weights, what they give, and the gradient of the sum of squares with respect to the input.
"""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

CASES = [
    ("Conv", [1, 2, 3, 4], {"padding": "SAME_LOWER", "stride": 2}, [2, 7]),
    ("Conv", [2, 2, 4, [2, 3]], {"padding": [1, 2], "paddingMode": "REFLECT", "groups": 2}, [2, 4, 5]),
    ("Conv1d", [2, 2, 3], {"padding": [[2, 1]], "paddingMode": "REPLICATE", "dilation": 2}, [2, 6]),
    ("Conv1d", [1, 2, 3], {"padding": "same", "paddingMode": "CIRCULAR"}, [1, 5]),
    ("Conv2d", [2, 3, 3], {"padding": [[1, 0], [0, 2]], "stride": [2, 1], "useBias": False}, [2, 5, 4]),
    ("Conv3d", [2, 2, 2], {"padding": 1, "stride": [1, 2, 2]}, [2, 2, 3, 4]),
    ("ConvTranspose", [1, 2, 3, 3], {"stride": 2}, [2, 4]),
    ("ConvTranspose1d", [2, 2, 4], {"stride": 3, "outputPadding": 2, "padding": 1}, [2, 4]),
    ("ConvTranspose1d", [2, 1, 2], {"stride": 3, "padding": "SAME"}, [2, 4]),
    ("ConvTranspose1d", [1, 2, 4], {"stride": 2, "padding": "SAME_LOWER", "dilation": 2}, [1, 5]),
    ("ConvTranspose1d", [1, 1, 3], {"stride": 2, "padding": "SAME", "paddingMode": "CIRCULAR"}, [1, 4]),
    ("ConvTranspose2d", [4, 2, [3, 2]], {"stride": [2, 1], "groups": 2, "padding": [[1, 0], [0, 1]]}, [4, 3, 3]),
    ("ConvTranspose2d", [2, 2, 3], {"padding": "VALID", "useBias": False, "stride": 2, "outputPadding": [1, 0]}, [2, 2, 3]),
    ("ConvTranspose3d", [1, 2, 2], {"stride": [1, 2, 1]}, [1, 2, 2, 2]),
]


def snake(name):
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def tuples(x):
    return tuple(map(tuples, x)) if isinstance(x, list) else x


def encoded(x):
    x = np.asarray(x)
    data = [float(f"{v:.9g}") for v in x.ravel()]
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": data}


numbers = np.random.default_rng(0)
found = []
for i, (layer, sizes, options, shape) in enumerate(CASES):
    given = {snake(name): tuples(value) for name, value in options.items()}
    module = getattr(eqx.nn, layer)(*tuples(sizes), **given, key=jax.random.key(i))
    x = jnp.asarray(numbers.normal(size=shape).astype("float32"))
    gradient = jax.grad(lambda x: jnp.sum(module(x) ** 2))(x)
    weights = {"weight": encoded(module.weight)} | ({"bias": encoded(module.bias)} if module.bias is not None else {})
    found.append(
        {"layer": layer, "sizes": sizes, "options": options, "seed": i, "x": encoded(x), "weights": weights}
        | {"out": encoded(module(x)), "gradient": encoded(gradient)}
    )
print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in found) + "\n]")
