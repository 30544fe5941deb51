"""A step of LoRA on the encoder of data/minilm-topics in JAX, Quax and Optax: weights in float32, AdamW, rank 8."""

import json
import math
import pathlib
import struct

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import quax
import quax.examples.lora as lora

DATA = pathlib.Path(__file__).parents[2] / "data" / "minilm-topics"
DTYPES = {"F32": "<f4", "I8": "i1", "I32": "<i4", "U8": "u1"}
LAYERS, HEADS, RANK, BATCH = 3, 12, 8, 32


def safetensors(name):
    data = (DATA / name).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    start = 8 + length
    header = {k: v for k, v in json.loads(data[8:start]).items() if k != "__metadata__"}

    def array(dtype, shape, data_offsets):
        first, last = data_offsets
        return np.frombuffer(data[start + first : start + last], DTYPES[dtype]).reshape(shape)

    return {name: array(**entry) for name, entry in header.items()}


def weights():
    file = safetensors("minilm-l3-wn.int8.safetensors")
    scaled = lambda name, x: x * file[f"{name}_scale"][:, None] if f"{name}_scale" in file else x
    return {name: jnp.asarray(scaled(name, x)) for name, x in file.items() if not name.endswith("_scale")}


def normalised(w, place, x):
    centred = x - jnp.mean(x, -1, keepdims=True)
    variance = jnp.mean(centred**2, -1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-12) * w[f"{place}.weight"] + w[f"{place}.bias"]


def linear(w, place, x):
    return jax.lax.dot_general(x, w[f"{place}.weight"], (((2,), (1,)), ((), ()))) + w[f"{place}.bias"]


def embed(w, ids, mask):
    words, positions, types = (w[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type"))
    x = normalised(w, "embeddings.LayerNorm", words[ids] + positions[: ids.shape[1]] + types[0])
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        heads = lambda name: linear(w, f"{layer}.attention.self.{name}", x).reshape(*ids.shape, HEADS, -1)
        attended = jax.nn.dot_product_attention(*map(heads, ("query", "key", "value")), mask=mask[:, None, None, :])
        attended = linear(w, f"{layer}.attention.output.dense", attended.reshape(x.shape))
        x = normalised(w, f"{layer}.attention.output.LayerNorm", attended + x)
        inner = jax.nn.gelu(linear(w, f"{layer}.intermediate.dense", x), approximate=False)
        x = normalised(w, f"{layer}.output.LayerNorm", linear(w, f"{layer}.output.dense", inner) + x)
    pooled = jnp.sum(x * mask[..., None], 1)
    return pooled / jnp.linalg.norm(pooled, axis=-1, keepdims=True)


def minilm_trainer():
    base = weights()
    targets = [f"encoder.layer.{i}.attention.self.{name}.weight" for i in range(LAYERS) for name in ("query", "value")]
    adapters = {}
    for name, key in zip(targets, jr.split(jr.PRNGKey(0), len(targets))):
        rows, columns = base[name].shape
        limit = 1 / math.sqrt(columns)
        factor = jr.uniform(key, (RANK, columns), minval=-limit, maxval=limit)
        adapters[name] = {"a": jnp.zeros((rows, RANK)), "b": factor}
    golden = {name: jnp.asarray(x) for name, x in safetensors("golden-step.safetensors").items()}
    repeated = lambda name: jnp.concatenate([golden[name]] * (BATCH // 8))
    ids, mask, labels = repeated("input_ids"), repeated("attention_mask") > 0, repeated("labels")
    head = golden["head.weight"]
    schedule = optax.join_schedules([optax.linear_schedule(0, 4e-3, 8), optax.linear_schedule(4e-3, 0, 67)], [8])
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=0))

    def with_adapter(w, a, b):
        # Quax has no scaling: alpha / rank is 2.
        array = lora.LoraArray(w, rank=RANK, key=jr.PRNGKey(0))
        return eqx.tree_at(lambda x: (x.a, x.b), array, (2 * a, b))

    @jax.jit
    def step(adapters, state, base, ids, mask, labels):
        def loss_of(adapters):
            w = base | {name: with_adapter(base[name], **factors) for name, factors in adapters.items()}
            logits = quax.quaxify(embed)(w, ids, mask) @ head.T
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1))

        loss, gradient = jax.value_and_grad(loss_of)(adapters)
        updates, state = optimiser.update(gradient, state, adapters)
        return optax.apply_updates(adapters, updates), state, loss

    state = optimiser.init(adapters)

    def call():
        nonlocal adapters, state
        adapters, state, loss = jax.block_until_ready(step(adapters, state, base, ids, mask, labels))
        return loss

    return call
