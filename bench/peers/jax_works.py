"""The works in JAX, Equinox, Quax and Optax: reads requests {"work", "calls"}, answers each with {"seconds"}, a line each."""

import importlib.metadata
import json
import subprocess
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import quax
import quax.examples.lora as lora

from jax_minilm import minilm_trainer

KEYS = jr.split(jr.PRNGKey(0), 3)
SIZES = {"small": (32, 64, 128, 10, 4), "large": (128, 784, 1024, 10, 8)}  # batch, inputs, hidden, outputs, rank
FIRST_CALL = "first call of the LoRA step, new process"


def samples(*shape):
    return jr.uniform(KEYS[0], shape, minval=-1.0)


def repeated(f, *arguments):
    return lambda: jax.block_until_ready(f(*arguments))


def jitted(f, *shapes):
    return lambda: repeated(jax.jit(f), *(samples(*shape) for shape in shapes))


def gemm(m, k, n):
    size = str(m) if m == k == n else f"{m}×{k}×{n}"
    return {
        f"gemm {size}": jitted(lambda a, b: a @ b, (m, k), (k, n)),
        f"gemm {size} aᵀ·b": jitted(lambda a, b: a.T @ b, (k, m), (k, n)),
        f"gemm {size} a·bᵀ": jitted(lambda a, b: a @ b.T, (m, k), (n, k)),
    }


def layer_norm(x):
    centred = x - jnp.mean(x, -1, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, -1, keepdims=True) + 1e-5)


def wave(x):
    return jnp.sum(jnp.sin(x) * x)


def readme_example(transform):
    def build():
        linear = eqx.nn.Linear(10, 12, key=KEYS[0])
        vector = jr.normal(KEYS[1], (10,))
        weight = lora.LoraArray(linear.weight, rank=2, key=KEYS[2])
        tuned = eqx.tree_at(lambda layer: layer.weight, linear, weight)
        return repeated(transform(quax.quaxify(lambda model, x: model(x))), tuned, vector)

    return build


def perceptron(size):
    _, inputs, hidden, outputs, _ = SIZES[size]
    return eqx.nn.MLP(inputs, outputs, hidden, 2, key=KEYS[0])


def digits(size):
    batch, inputs, _, outputs, _ = SIZES[size]
    return samples(batch, inputs), jax.nn.one_hot(jnp.arange(batch) % outputs, outputs)


def cross_entropy(logits, labels):
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * labels, -1))


def trace():
    params, static = eqx.partition(perceptron("small"), eqx.is_array)
    images, labels = digits("small")
    loss_of = lambda params: cross_entropy(jax.vmap(eqx.combine(params, static))(images), labels)
    return lambda: jax.make_jaxpr(jax.grad(loss_of))(params)


def trainer(size, params, logits_of):
    optimiser = optax.adam(1e-3)
    images, labels = digits(size)

    @jax.jit
    def step(params, state, images, labels):
        loss, gradient = jax.value_and_grad(lambda p: cross_entropy(logits_of(p, images), labels))(params)
        updates, state = optimiser.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, loss

    state = optimiser.init(params)

    def call():
        nonlocal params, state
        params, state, loss = jax.block_until_ready(step(params, state, images, labels))
        return loss

    return call


def full_trainer(size):
    params, static = eqx.partition(perceptron(size), eqx.is_array)
    return trainer(size, params, lambda part, images: jax.vmap(eqx.combine(part, static))(images))


def lora_trainer(size):
    tuned = lora.loraify(perceptron(size), rank=SIZES[size][4], key=KEYS[2])
    adapters_of = lambda model: [x for layer in model.layers for x in (layer.weight.a, layer.weight.b)]
    is_adapter = eqx.tree_at(adapters_of, jax.tree.map(lambda _: False, tuned), replace_fn=lambda _: True)
    adapters, frozen = eqx.partition(tuned, is_adapter)
    forward = quax.quaxify(lambda model, images: jax.vmap(model)(images))
    return trainer(size, adapters, lambda part, images: forward(eqx.combine(part, frozen), images))


def steps(size):
    batch, inputs, hidden, outputs, rank = SIZES[size]
    shape = f"B{batch} {inputs}-{hidden}-{hidden}-{outputs}, Adam"
    return {
        f"MLP step {shape}": lambda: full_trainer(size),
        f"LoRA r{rank} step {shape}": lambda: lora_trainer(size),
    }


def conv(x, w):
    return jax.lax.conv(x, w, (1, 1), "SAME")


def looked(table, weights):
    return jnp.sum(table[jnp.arange(2048) * 7919 % 8192] * weights)


def attention(q, k, v):
    return jnp.sum(jax.nn.dot_product_attention(q, k, v, is_causal=True) ** 2)


IMAGES, KERNEL, HEADS = (8, 32, 32, 32), (32, 32, 3, 3), (4, 128, 8, 32)

WORKS = {
    **gemm(64, 64, 64),
    **gemm(256, 256, 256),
    **gemm(512, 512, 512),
    **gemm(1024, 1024, 1024),
    **gemm(2048, 2048, 2048),
    **gemm(128, 784, 1024),
    "tanh(x)·exp(x), 1M": jitted(lambda x: jnp.tanh(x) * jnp.exp(x), (1 << 20,)),
    "softmax 1024²": jitted(jax.nn.softmax, (1024, 1024)),
    "layer norm 1024²": jitted(layer_norm, (1024, 1024)),
    "sum of squares, 1M": jitted(lambda x: jnp.sum(x**2), (1 << 20,)),
    "conv2d 3×3, 8×32×32²": jitted(conv, IMAGES, KERNEL),
    "conv2d 3×3, 8×32×32², forward and backward": jitted(
        jax.grad(lambda x, w: jnp.sum(conv(x, w) ** 2), (0, 1)), IMAGES, KERNEL
    ),
    "gradient of an embedding, 2048 rows of 8192×256": jitted(jax.grad(looked), (8192, 256), (2048, 256)),
    "sort 1M": jitted(jnp.sort, (1 << 20,)),
    "cholesky 256²": jitted(lambda x: jax.lax.linalg.cholesky(x @ x.T + 256 * jnp.eye(256)), (256, 256)),
    "attention 4×128×8×32, causal, forward and backward": jitted(jax.grad(attention, (0, 1, 2)), HEADS, HEADS, HEADS),
    "tiny jitted call": jitted(lambda x, y: x * y + 1, (8,), (8,)),
    "grad(jit(f)), repeated": lambda: repeated(jax.grad(jax.jit(wave)), samples(8)),
    "vmap(jit(f)), repeated": lambda: repeated(jax.vmap(jax.jit(wave)), samples(4, 8)),
    "LoRA on a linear layer, eager": readme_example(lambda f: f),
    "LoRA on a linear layer, jitted": readme_example(jax.jit),
    "tracing the gradient of a 3-layer MLP": trace,
    **steps("large"),
    **steps("small"),
    "LoRA r8 step of MiniLM in 8 bits, B32, AdamW": minilm_trainer,
}


def seconds_of(call, calls):
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - started


def first_call():
    return seconds_of(lora_trainer("small"), 1)


def first_call_in_a_new_process():
    child = subprocess.run([sys.executable, __file__, "--first-call"], stdout=subprocess.PIPE, check=True)
    return json.loads(child.stdout)["seconds"]


def serve():
    versions = {name: importlib.metadata.version(name.lower()) for name in ("JAX", "Quax")}
    print(json.dumps({"versions": versions}), flush=True)
    built = None, None
    for line in sys.stdin:
        request = json.loads(line)
        work, calls = request["work"], request["calls"]
        if work == FIRST_CALL:
            seconds = sum(first_call_in_a_new_process() for _ in range(calls))
        else:
            if built[0] != work:
                built = work, WORKS[work]()
            seconds = seconds_of(built[1], calls)
        print(json.dumps({"seconds": seconds}), flush=True)


if "--first-call" in sys.argv:
    print(json.dumps({"seconds": first_call()}))
else:
    serve()
