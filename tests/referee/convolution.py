"""Writes tests/goldens/convolution.json: python tests/referee/convolution.py > … (needs jax).

Random convolutions of small integers, whose sums are exact: results, cotangents, a vmap, and texts of jaxprs.
"""

import json
import random

import jax
import numpy as np
from jax import lax

COUNT, TEXTS = 60, 8
random.seed(1)
numbers = np.random.default_rng(0)


def drawn(shape):
    return numbers.integers(-3, 4, shape).astype("float32")


def encoded(x):
    return {"shape": list(np.shape(x)), "data": [int(v) for v in np.asarray(x).ravel()]}


def text(f, *args):
    return " ".join(str(jax.make_jaxpr(f)(*args)).split())


def case(i):
    space = "HWD"[: random.choice([0, 1, 1, 1, 2, 2, 2, 3])]
    many = lambda *choices: [random.choice(choices) for _ in space]
    features = random.choice([1, 1, 1, 2, 3])
    batches = 1 if features > 1 else random.choice([1, 1, 2])
    groups = max(features, batches)
    sizes = {"N": random.choice([1, 2]) * batches, "C": random.choice([1, 2]) * features}
    sizes |= dict(zip(space, many(1, 2, 3, 4, 5)))
    kernel = {"O": random.choice([1, 2]) * groups, "I": sizes["C"] // features}
    kernel |= dict(zip(space, many(1, 2, 3)))
    strides, lhs_dilation, rhs_dilation = many(1, 2, 3), many(1, 1, 2, 3), many(1, 1, 2)
    padding = [list(pair) for pair in zip(many(-2, -1, 0, 1, 2, 3), many(-2, -1, 0, 1, 2, 3))]
    if random.random() < 0.25:
        padding, lhs_dilation = random.choice(["SAME", "VALID", "SAME_LOWER"]), [1 for _ in space]
    layouts = [names + space for names in ("NC", "OI", "NC")]
    if random.random() < 0.6:
        layouts = ["".join(random.sample(layout, len(layout))) for layout in layouts]

    def f(x, w):
        pads = padding if isinstance(padding, str) else [tuple(pair) for pair in padding]
        return lax.conv_general_dilated(
            x, w, strides, pads, lhs_dilation, rhs_dilation, tuple(layouts), features, batches
        )

    x, w = drawn([sizes[name] for name in layouts[0]]), drawn([kernel[name] for name in layouts[1]])
    out, pull = jax.vjp(f, x, w)
    ct = drawn(out.shape)
    dims = [random.randint(0, x.ndim) if on else None for on in random.choice([(1, 0), (0, 1), (1, 1)])]
    xs, ws = (a if dim is None else np.stack([a, b], dim) for a, b, dim in zip((x, w), (2 * x + 1, 1 - w), dims))
    batched = jax.vmap(f, in_axes=tuple(dims))
    return {
        "windowStrides": strides,
        "padding": padding,
        "options": {
            "lhsDilation": lhs_dilation,
            "rhsDilation": rhs_dilation,
            "dimensionNumbers": layouts,
            "featureGroupCount": features,
            "batchGroupCount": batches,
        },
        "lhs": encoded(x),
        "rhs": encoded(w),
        "out": encoded(out),
        "ct": encoded(ct),
        "cotangents": [encoded(g) for g in pull(ct)],
        "dims": dims,
        "batches": [encoded(xs), encoded(ws)],
        "batched": encoded(batched(xs, ws)),
    } | ({"texts": [text(lambda x, w, ct: jax.vjp(f, x, w)[1](ct), x, w, ct), text(batched, xs, ws)]} if i < TEXTS and out.size else {})


found = []
while len(found) < COUNT:
    try:
        found.append(case(len(found)))
    except ValueError:  # negative padding of more than there is
        continue
print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in found) + "\n]")
