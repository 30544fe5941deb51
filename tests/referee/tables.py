"""Writes tests/goldens/tables/NAME.json from tests/referee/tables/NAME.py: what JAX and its peers answer.

    python tests/referee/tables.py fft special

A file of tests/referee/tables has `inputs`, arrays by name, and `cases`, a list of `case(...)`:

    case(ts, python)             the TypeScript expression and the Python one, over the inputs by their names
    case(ts, python, of="a")     `x` stands for the input `a`; also the gradient with respect to `x` of the sum of weights
                                 times the result, which is one array (of a complex one: its real part)
    case(..., tol=1e-4)          where the numbers of the two may differ by 1e-4 + 5e-4 |y|, and not only by 2e-6 + 1e-5 |y|
    case(..., eager=True)        where the shape of the result depends on elements, which jit refuses

Versions: jax 0.10.2 on CPU, x64 disabled, equinox 0.13.8, optax 0.2.8.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
import equinox as eqx  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from jax import lax  # noqa: E402

here = Path(__file__).parent
scope = {"np": jnp, "jnp": jnp, "onp": np, "lax": lax, "jax": jax, "random": jax.random, "nn": jax.nn, "eqx": eqx,
         "scipy": jax.scipy, "optax": optax, "vmap": jax.vmap, "grad": jax.grad, "jit": jax.jit}


def number(x):
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (complex, np.complexfloating)):
        return [number(x.real), number(x.imag)]
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = np.asarray(x)
    if np.isnan(x):
        return "NaN"
    if np.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    wide = x.dtype if x.dtype in (np.float32, np.float64) else np.float32
    return float(np.format_float_scientific(x.astype(wide), unique=True))


def encode(x):
    if isinstance(x, dict):
        return {key: encode(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [encode(value) for value in x]
    if x is None or isinstance(x, (str, bool, int, float)):
        return number(x) if isinstance(x, float) else x
    weak = bool(getattr(x, "weak_type", False))
    data = [number(e) for e in np.asarray(x).reshape(-1)]
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": data} | ({"weak": True} if weak else {})


def case(ts, python=None, of=None, tol=None, eager=False):
    return {"ts": ts, "python": python or ts, "of": of, "tol": tol, "eager": eager}


def table(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    module.__dict__.update(scope, case=case)
    spec.loader.exec_module(module)
    inputs = {name: jnp.asarray(x) for name, x in module.inputs.items()}
    values, gradients = [], []
    for c in module.cases:
        names = scope | module.__dict__ | inputs | ({"x": inputs[c["of"]]} if c["of"] else {})
        extra = {key: c[key] for key in ("of", "tol", "eager") if c[key]}
        try:
            out = eval(c["python"], dict(names))
            values.append({"ts": c["ts"], "python": c["python"], "out": encode(out), **extra})
            if c["of"]:
                flat = jnp.cos(jnp.arange(out.size) * 1.0 + 1).reshape(out.shape)
                weights = jnp.asarray(np.round(np.asarray(flat), 3)).astype(jnp.float32)
                loss = lambda x: jnp.sum(weights * jnp.real(eval(c["python"], names | {"x": x})))
                gradient = jax.grad(loss)(inputs[c["of"]])
                gradients.append({"ts": c["ts"], "weights": encode(weights), "grad": encode(gradient), **extra})
        except Exception as error:
            raise SystemExit(f"{path.name}: {c['python']}: {type(error).__name__}: {str(error)[:300]}") from error
    target = here.parent / "goldens" / "tables" / f"{path.stem}.json"
    lines = lambda items: "[\n    " + ",\n    ".join(json.dumps(item) for item in items) + "\n  ]" if items else "[]"
    text = ",\n  ".join([
        f'"inputs": {json.dumps({name: encode(x) for name, x in inputs.items()})}',
        f'"values": {lines(values)}',
        f'"gradients": {lines(gradients)}',
    ])
    target.write_text("{\n  " + text + "\n}\n")
    print(f"{target.relative_to(Path.cwd())}: {len(values)} values, {len(gradients)} gradients")


for name in sys.argv[1:]:
    table(here / "tables" / f"{name}.py")
