"""The peers' numbers of peers.ts: run on the machine on which the benchmarks run, with jax, equinox, quax and optax."""

import statistics
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import quax
import quax.examples.lora as lora


def median(body, calls, rounds=15):
    for _ in range(3):
        body()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            body()
        seconds.append((time.perf_counter() - started) / calls)
    return statistics.median(seconds)


def report(name, seconds):
    print(f"{name:<45} {seconds * 1e6:10.1f} us")


k1, k2, k3 = jr.split(jr.PRNGKey(0), 3)

linear = eqx.nn.Linear(10, 12, key=k1)
vector = jr.normal(k2, (10,))
lora_linear = eqx.tree_at(lambda l: l.weight, linear, lora.LoraArray(linear.weight, rank=2, key=k3))
run = quax.quaxify(lambda model, x: model(x))
report("README example of Quax, eager", median(lambda: run(lora_linear, vector).block_until_ready(), 50))
jitted = jax.jit(run)
report("README example of Quax, under jit", median(lambda: jitted(lora_linear, vector).block_until_ready(), 500))

mlp = eqx.nn.MLP(64, 10, 128, 2, key=k1)
images = jnp.ones((32, 64))
labels = jax.nn.one_hot(jnp.arange(32) % 10, 10)


def loss_of(logits):
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * labels, -1))


params, static = eqx.partition(mlp, eqx.is_array)
report(
    "tracing the gradient of a 3-layer MLP",
    median(lambda: jax.make_jaxpr(jax.grad(lambda p: loss_of(jax.vmap(eqx.combine(p, static))(images))))(params), 5),
)

a = jnp.ones(8)
small = jax.jit(lambda x, y: x * y + 1.0)
report("cached call of a small jitted function", median(lambda: small(a, a), 5000))

square = jnp.ones((128, 128))
dot = jax.jit(lambda x, y: x @ y)
seconds = median(lambda: dot(square, square).block_until_ready(), 500)
print(f"{'dot 128 x 128 x 128':<45} {2 * 128**3 / seconds / 1e9:10.1f} GFLOP/s")

optimiser = optax.adam(1e-3)


def training_step(params, model_of, forward):
    @jax.jit
    def step(params, state):
        loss, gradient = jax.value_and_grad(lambda p: loss_of(forward(model_of(p), images)))(params)
        updates, state = optimiser.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, loss

    state = optimiser.init(params)
    return lambda: jax.block_until_ready(step(params, state)[2])


full = training_step(params, lambda p: eqx.combine(p, static), lambda m, x: jax.vmap(m)(x))
report("training step, all parameters", median(full, 100))

tuned = lora.loraify(mlp, rank=8, key=k3)
adapters_of = lambda m: [x for layer in m.layers for x in (layer.weight.a, layer.weight.b)]
is_adapter = eqx.tree_at(adapters_of, jax.tree.map(lambda _: False, tuned), replace_fn=lambda _: True)
adapters, frozen = eqx.partition(tuned, is_adapter)
adapt = training_step(adapters, lambda p: eqx.combine(p, frozen), quax.quaxify(lambda m, x: jax.vmap(m)(x)))
report("training step, LoRA adapters", median(adapt, 100))
