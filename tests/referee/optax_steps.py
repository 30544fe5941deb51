"""Writes tests/goldens/optax.json: the steps that optax takes.

    python tests/referee/optax_steps.py

`steps`: ten updates of a tree of parameters by given gradients, of which those of steps 0, 1, 4 and 9 are written, and what
`state` says of the state after the last. `minimise`: losses, learning rates and parameters where the gradient is taken at the
parameters, as line searches need it. `ts` and `python` are expressions of one optimiser.

Versions: jax 0.10.2 on CPU, x64 disabled, optax 0.2.8.
"""

import json
import os
import warnings
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
warnings.simplefilter("ignore")
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import optax.contrib  # noqa: E402
from jax import random  # noqa: E402

rng = np.random.default_rng(0)
draw = lambda *shape: np.round(rng.normal(size=shape), 2).astype(np.float32)
params = {"b": draw(3), "s": draw(), "w": draw(4, 3)}
gradients = [{"b": draw(3), "s": draw(), "w": draw(4, 3)} for _ in range(5)]
gradients[1]["w"][0, 1] = 0
gradients[3]["b"][2] = 0
count, shown = 10, [0, 1, 4, 9]
value_of = lambda i: 3.0 / (i + 1)


def case(ts, python, state=None, dtype="float32", only=None, spoilt=(), tol=None):
    """state: expressions of the state; only: names of the parameters; spoilt: steps whose gradient has a NaN and an infinity."""
    return dict(ts=ts, python=python, state=state, dtype=dtype, only=only, spoilt=list(spoilt), tol=tol)


cases = [
    case("optim.sgd(0.1, { momentum: 0.9, nesterov: true, accumulatorDtype: 'bfloat16' })",
         "optax.sgd(0.1, momentum=0.9, nesterov=True, accumulator_dtype=jnp.bfloat16)", tol=2e-3),
    case("optim.sgd(0.1, { momentum: 0.9 })", "optax.sgd(0.1, momentum=0.9)", dtype="bfloat16"),
    case("optim.adam(0.1, { b1: 0.8, epsRoot: 1e-4 })", "optax.adam(0.1, b1=0.8, eps_root=1e-4)"),
    case("optim.adam(0.1)", "optax.adam(0.1)", dtype="bfloat16"),
    case("optim.adam(0.1, { muDtype: 'bfloat16' })", "optax.adam(0.1, mu_dtype=jnp.bfloat16)",
         state=("state[0].mu.w.dtype", "str(state[0].mu['w'].dtype)"), tol=1e-3),
    case("optim.nadam(0.1)", "optax.nadam(0.1)"),
    case("optim.adamw(0.1, { weightDecay: 0.1, mask: { b: false, s: false, w: true } })",
         "optax.adamw(0.1, weight_decay=0.1, mask={'b': False, 's': False, 'w': True})"),
    case("optim.nadamw(0.1, { weightDecay: 0.1 })", "optax.nadamw(0.1, weight_decay=0.1)"),
    case("optim.amsgrad(0.1)", "optax.amsgrad(0.1)"),
    case("optim.chain(optim.scaleByAmsgrad({ biasCorrectionMu: false, biasCorrectionNu: false }))",
         "optax.scale_by_amsgrad(bias_correction_mu=False, bias_correction_nu=False)"),
    case("optim.adamax(0.1)", "optax.adamax(0.1)"),
    case("optim.chain(optim.scaleByAdamax({ b1: 0.5 }), optim.scale(2))",
         "optax.chain(optax.scale_by_adamax(b1=0.5), optax.scale(2))"),
    case("optim.adamaxw(0.1, { weightDecay: 0.1 })", "optax.adamaxw(0.1, weight_decay=0.1)"),
    case("optim.adabelief(0.1)", "optax.adabelief(0.1)"),
    case("optim.scaleByBelief({ nesterov: true, eps: 1e-8 })", "optax.scale_by_belief(nesterov=True, eps=1e-8)"),
    # How far the mean of squares is known is a difference of numbers near 2 / (1 - b2).
    case("optim.radam(0.1)", "optax.radam(0.1)", tol=1e-5),
    case("optim.scaleByRadam({ nesterov: true, b2: 0.9, threshold: 2 })",
         "optax.scale_by_radam(nesterov=True, b2=0.9, threshold=2)"),
    case("optim.yogi(0.1)", "optax.yogi(0.1)"),
    case("optim.scaleByYogi({ initialAccumulatorValue: 0.1 })", "optax.scale_by_yogi(initial_accumulator_value=0.1)"),
    case("optim.lion(0.01)", "optax.lion(0.01)"),
    case("optim.lion(0.01)", "optax.lion(0.01)", dtype="bfloat16"),
    case("optim.scaleByLion({ mode: 'smooth', smoothBeta: 2 })", "optax.scale_by_lion(mode='smooth', smooth_beta=2)"),
    case("optim.scaleByLion({ mode: 'refined' })", "optax.scale_by_lion(mode='refined')"),
    case("optim.adan(0.1, { weightDecay: 0.1 })", "optax.adan(0.1, weight_decay=0.1)"),
    case("optim.scaleByAdan({ b3: 0.9 })", "optax.scale_by_adan(b3=0.9)"),
    case("optim.lamb(0.1, { weightDecay: 0.1 })", "optax.lamb(0.1, weight_decay=0.1)"),
    case("optim.lamb(0.1)", "optax.lamb(0.1)", dtype="bfloat16"),
    case("optim.lars(0.1, { weightDecay: 0.1, trustRatioMask: { b: false, s: true, w: true } })",
         "optax.lars(0.1, weight_decay=0.1, trust_ratio_mask={'b': False, 's': True, 'w': True})"),
    case("optim.fromage(0.1)", "optax.fromage(0.1)"),
    case("optim.fromage(optim.linearSchedule(0.1, 0.01, 8))", "optax.fromage(optax.linear_schedule(0.1, 0.01, 8))"),
    case("optim.adagrad(0.1)", "optax.adagrad(0.1)"),
    case("optim.scaleByRss({ initialAccumulatorValue: 0 })", "optax.scale_by_rss(initial_accumulator_value=0.)"),
    case("optim.rmsprop(0.1)", "optax.rmsprop(0.1)"),
    case("optim.rmsprop(0.1, { centered: true, momentum: 0.9, nesterov: true, biasCorrection: true, eps: 1e-3 })",
         "optax.rmsprop(0.1, centered=True, momentum=0.9, nesterov=True, bias_correction=True, eps=1e-3)", tol=1e-4),
    case("optim.scaleByRms({ epsInSqrt: false, initialScale: 1, biasCorrection: true })",
         "optax.scale_by_rms(eps_in_sqrt=False, initial_scale=1., bias_correction=True)"),
    case("optim.scaleByStddev({ epsInSqrt: false, initialScale: 1 })",
         "optax.scale_by_stddev(eps_in_sqrt=False, initial_scale=1.)"),
    case("optim.adadelta(1, { weightDecay: 0.1 })", "optax.adadelta(1., weight_decay=0.1)"),
    case("optim.scaleByAdadelta({ rho: 0.5 })", "optax.scale_by_adadelta(rho=0.5)"),
    case("optim.adafactor(0.1)", "optax.adafactor(0.1)"),
    case("optim.adafactor(0.1, { minDimSizeToFactor: 2, momentum: 0.9, weightDecayRate: 0.01 })",
         "optax.adafactor(0.1, min_dim_size_to_factor=2, momentum=0.9, weight_decay_rate=0.01)"),
    case("optim.adafactor(0.1, { minDimSizeToFactor: 2 })", "optax.adafactor(0.1, min_dim_size_to_factor=2)",
         dtype="bfloat16"),
    case("optim.adafactor(null, { factored: false, multiplyByParameterScale: false, clippingThreshold: null })",
         "optax.adafactor(factored=False, multiply_by_parameter_scale=False, clipping_threshold=None)"),
    case("optim.scaleByFactoredRms({ minDimSizeToFactor: 2, decayRate: 0.5, stepOffset: -3 })",
         "optax.scale_by_factored_rms(min_dim_size_to_factor=2, decay_rate=0.5, step_offset=-3)"),
    case("optim.scaleByFactoredRms({ decayRateFn: (step, rate) => np.multiply(rate, 0.5) })",
         "optax.scale_by_factored_rms(decay_rate_fn=lambda step, rate: rate * 0.5)"),
    case("optim.sm3(0.1)", "optax.sm3(0.1)", only=["b", "w"]),
    case("optim.scaleBySm3({ b2: 0.9 })", "optax.scale_by_sm3(b2=0.9)", only=["b", "w"]),
    case("optim.novograd(0.1, { weightDecay: 0.1 })", "optax.novograd(0.1, weight_decay=0.1)"),
    case("optim.scaleByNovograd({ muDtype: 'bfloat16' })", "optax.scale_by_novograd(mu_dtype=jnp.bfloat16)", tol=1e-2),
    case("optim.signSgd(0.1)", "optax.sign_sgd(0.1)"),
    case("optim.scaleBySign()", "optax.scale_by_sign()"),
    case("optim.signum(0.1)", "optax.signum(0.1)"),
    case("optim.noisySgd(0.1, { key: 7 })", "optax.noisy_sgd(0.1, key=7)"),
    case("optim.addNoise(1, 0.5, random.key(3))", "optax.add_noise(1., 0.5, random.key(3))"),
    case("optim.optimisticGradientDescent(0.1, { alpha: 0.5 })", "optax.optimistic_gradient_descent(0.1, alpha=0.5)"),
    case("optim.scaleByOptimisticGradient({ beta: 2 })", "optax.scale_by_optimistic_gradient(beta=2.)"),
    case("optim.optimisticAdam(0.1)", "optax.optimistic_adam(0.1)"),
    case("optim.optimisticAdamV2(0.1, { beta: 0.5 })", "optax.optimistic_adam_v2(0.1, beta=0.5)"),
    case("optim.rprop(0.1)", "optax.rprop(0.1)"),
    case("optim.scaleByRprop(0.1, { maxStepSize: 0.11 })", "optax.scale_by_rprop(0.1, max_step_size=0.11)"),
    case("optim.polyakSgd({ maxLearningRate: 0.3 })", "optax.polyak_sgd(max_learning_rate=0.3)"),
    case("optim.scaleByPolyak({ variant: 'sps+', fMin: 0.5 })", "optax.scale_by_polyak(variant='sps+', f_min=0.5)"),
    case("optim.scaleByDistanceOverGradients({ repsRel: 0.1 })", "optax.scale_by_distance_over_gradients(reps_rel=0.1)",
         only=["b", "w"]),

    case("optim.ema(0.9)", "optax.ema(0.9)"),
    case("optim.ema(0.9, { debias: false, accumulatorDtype: 'bfloat16' })",
         "optax.ema(0.9, debias=False, accumulator_dtype=jnp.bfloat16)", tol=1e-2),
    case("optim.trace(0.9, { accumulatorDtype: 'bfloat16' })", "optax.trace(0.9, accumulator_dtype=jnp.bfloat16)", tol=2e-2),
    case("optim.applyEvery(3)", "optax.apply_every(3)"),
    case("optim.clipByBlockRms(0.5)", "optax.clip_by_block_rms(0.5)"),
    case("optim.adaptiveGradClip(0.5)", "optax.adaptive_grad_clip(0.5)"),
    case("optim.adaptiveGradClip(0.5, { axis: 1, eps: 1 })", "optax.adaptive_grad_clip(0.5, axis=1, eps=1.)", only=["w"]),
    case("optim.centralize()", "optax.centralize()"),
    case("optim.normalizeByUpdateNorm({ scaleFactor: 2 })", "optax.normalize_by_update_norm(scale_factor=2.)"),
    case("optim.scaleByTrustRatio({ minNorm: 1, trustCoefficient: 2, eps: 0.1 })",
         "optax.scale_by_trust_ratio(min_norm=1., trust_coefficient=2., eps=0.1)"),
    case("optim.scaleByParamBlockNorm(1)", "optax.scale_by_param_block_norm(1.)"),
    case("optim.scaleByParamBlockRms()", "optax.scale_by_param_block_rms()"),
    case("optim.keepParamsNonnegative()", "optax.keep_params_nonnegative()"),
    case("optim.zeroNans()", "optax.zero_nans()", spoilt=[0, 4], only=["b"],
         state=("state.foundNan", "state.found_nan")),
    case("optim.scaleByLearningRate(0.5, { flipSign: false })", "optax.scale_by_learning_rate(0.5, flip_sign=False)"),

    case("optim.applyIfFinite(optim.adam(0.1), 2)", "optax.apply_if_finite(optax.adam(0.1), 2)", spoilt=[1, 4, 5],
         state=("[state.notfiniteCount, state.lastFinite, state.totalNotfinite]",
                "[state.notfinite_count, state.last_finite, state.total_notfinite]")),
    case("optim.applyIfFinite(optim.sgd(1), 1)", "optax.apply_if_finite(optax.sgd(1.), 1)", spoilt=[8, 9],
         state=("[state.notfiniteCount, state.lastFinite, state.totalNotfinite]",
                "[state.notfinite_count, state.last_finite, state.total_notfinite]")),
    case("optim.conditionallyTransform(optim.adam(0.1), (step) => np.equal(np.mod(step, 3), 1))",
         "optax.conditionally_transform(optax.adam(0.1), lambda step: step % 3 == 1)"),
    case("optim.conditionallyMask(optim.adam(0.1), (step) => np.notEqual(step, 4))",
         "optax.conditionally_mask(optax.adam(0.1), lambda step: step != 4)"),
    case("optim.conditionallyMask(optim.sgd(0.1), (step, { value }) => np.less(value, 1))",
         "optax.conditionally_mask(optax.sgd(0.1), lambda step, value: value < 1, forward_extra_args=True)"),
    case("optim.flatten(optim.lamb(0.1))", "optax.flatten(optax.lamb(0.1))"),
    case("optim.freeze({ b: true, s: false, w: false })", "optax.freeze({'b': True, 's': False, 'w': False})"),
    case("optim.selectiveTransform(optim.adam(0.1), { b: true, s: false, w: false })",
         "optax.selective_transform(optax.adam(0.1), freeze_mask={'b': True, 's': False, 'w': False})"),
    case("optim.partition({ a: optim.adam(0.1), b: optim.sgd(0.1) }, { b: 'a', s: 'b', w: 'a' })",
         "optax.partition({'a': optax.adam(0.1), 'b': optax.sgd(0.1)}, {'b': 'a', 's': 'b', 'w': 'a'})"),
    case("optim.namedChain(['first', optim.clip(0.5)], ['then', optim.ema(0.5)])",
         "optax.named_chain(('first', optax.clip(0.5)), ('then', optax.ema(0.5)))",
         state=("state.then.count", "state['then'].count")),
    case("optim.stateless((updates, params) => tree.map((g, p) => np.add(g, p), updates, params))",
         "optax.stateless(lambda updates, params: jax.tree.map(lambda g, p: g + p, updates, params))"),
    case("optim.statelessWithTreeMap((g, p) => np.multiply(g, p))", "optax.stateless_with_tree_map(lambda g, p: g * p)"),
    case("optim.chain(optim.snapshot('norm', optim.globalNorm), optim.scale(2))",
         "optax.chain(optax.snapshot('norm', optax.global_norm), optax.scale(2))",
         state=("state[0].measurement.norm", "state[0].measurement['norm']")),
    case("optim.monitor({ norm: optim.globalNorm, smooth: optim.measureWithEma(optim.globalNorm, 0.9) })",
         "optax.monitor({'norm': optax.global_norm, 'smooth': optax.measure_with_ema(optax.global_norm, 0.9)})",
         state=("state.measurements", "state.measurements")),
    case("optim.multiSteps(optim.adam(0.1), 3, { shouldSkipUpdateFn: optim.skipNotFinite })",
         "optax.MultiSteps(optax.adam(0.1), 3, should_skip_update_fn=optax.skip_not_finite)", spoilt=[4, 9],
         state=("[state.miniStep, state.skipState.shouldSkip, state.skipState.numNotFinite]",
                "[state.mini_step, state.skip_state['should_skip'], state.skip_state['num_not_finite']]")),
    case("optim.multiSteps(optim.sgd(0.1), 2, { shouldSkipUpdateFn: (g, n, p) => optim.skipLargeUpdates(g, n, p, 9) })",
         "optax.MultiSteps(optax.sgd(0.1), 2, should_skip_update_fn="
         "lambda g, n, p: optax.skip_large_updates(g, n, p, 9.))",
         state=("[state.miniStep, state.skipState.normSquared]", "[state.mini_step, state.skip_state['norm_squared']]")),
    case("optim.lookahead(optim.sgd(0.1), 3, 0.5)", "optax.lookahead(optax.sgd(0.1), 3, 0.5)"),
    case("optim.lookahead(optim.adam(0.1), 2, 0.25, { resetState: true })",
         "optax.lookahead(optax.adam(0.1), 2, 0.25, reset_state=True)"),
]


def number(x):
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if np.isnan(x):
        return "NaN"
    if np.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return int(x) if isinstance(x, (int, np.integer)) else float(f"{float(x):.8g}")


def plain(x):
    if isinstance(x, dict):
        return {key: plain(value) for key, value in sorted(x.items())}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, str):
        return x
    array = np.asarray(x)
    return number(array.astype(np.float64).item() if array.dtype.name == "bfloat16" else array.item()) \
        if array.ndim == 0 else [plain(e) for e in array]


def leaves(tree):
    return [number(e) for x in jax.tree.leaves(tree) for e in np.asarray(x).astype(np.float64).reshape(-1)]


def spoil(gradient):
    b = np.asarray(gradient["b"]).copy()
    b[0], b[1] = np.nan, np.inf
    return gradient | {"b": jnp.asarray(b)}


def run(c):
    optimizer = eval(c["python"])
    tree = lambda t: {k: jnp.asarray(v, c["dtype"]) for k, v in t.items() if c["only"] is None or k in c["only"]}
    looks = "lookahead" in c["python"]
    p = tree(params)
    if looks:
        p = optax.LookaheadParams.init_synced(p)
    state = optimizer.init(p)
    updates = []
    for i in range(count):
        g = tree(gradients[i % len(gradients)])
        if i in c["spoilt"]:
            g = spoil(g)
        extra = {"value": value_of(i)} if "olyak" in c["ts"] or "value" in c["ts"] else {}
        u, state = optimizer.update(g, state, p, **extra)
        p = optax.apply_updates(p, u)
        if i in shown:
            updates.append(leaves({"fast": u.fast, "slow": u.slow} if looks else u))
    dtypes = [str(x.dtype) for x in jax.tree.leaves({"fast": u.fast, "slow": u.slow} if looks else u)]
    out = {key: value for key, value in c.items() if value not in (None, [], "float32") and key != "state"}
    out |= {"updates": updates, "dtypes": sorted(set(dtypes))}
    if c["state"]:
        out |= {"state": {"ts": c["state"][0], "value": plain(eval(c["state"][1], globals() | {"state": state}))}}
    return out


starts = {"quadratic": {"a": np.float32([3, -2, 1]), "b": np.float32(4)}, "rosenbrock": np.float32([0.5, 0.5, 0.5])}
losses = {
    "quadratic": lambda p: jnp.sum(jnp.array([1.0, 10.0, 0.5]) * (p["a"] - 1) ** 2) + 3 * (p["b"] + 2) ** 2 + p["a"][0] * p["b"],
    "rosenbrock": lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
}


def search(loss, ts, python, steps=24, stored=False, tol=None):
    """stored: the value and gradient are those of the state."""
    return dict(loss=loss, ts=ts, python=python, steps=steps, stored=stored, tol=tol)


zoom = "optim.scaleByZoomLinesearch(15)", "optax.scale_by_zoom_linesearch(15)"
# In a bent valley roundings grow from step to step: with a start that is one unit in the last place away optax's losses are 5e-5 away.
bent = dict(tol=1e-4)
searches = [
    search("quadratic", "optim.lbfgs()", "optax.lbfgs()", steps=10),
    search("rosenbrock", "optim.lbfgs()", "optax.lbfgs()", **bent),
    search("rosenbrock", "optim.lbfgs()", "optax.lbfgs()", stored=True, **bent),
    search("rosenbrock", "optim.lbfgs(null, { memorySize: 3, scaleInitPrecond: false })",
           "optax.lbfgs(memory_size=3, scale_init_precond=False)", steps=10, **bent),
    search("quadratic", "optim.lbfgs(0.5, { linesearch: null })", "optax.lbfgs(0.5, linesearch=None)"),
    search("rosenbrock", "optim.chain(optim.scaleByLbfgs(), optim.scale(-1), optim.scaleByBacktrackingLinesearch(20))",
           "optax.chain(optax.scale_by_lbfgs(), optax.scale(-1.), optax.scale_by_backtracking_linesearch(20))", **bent),
    search("quadratic", "optim.chain(optim.sgd(1), optim.scaleByBacktrackingLinesearch(30, { storeGrad: true }))",
           "optax.chain(optax.sgd(1.), optax.scale_by_backtracking_linesearch(30, store_grad=True))", stored=True),
    search("rosenbrock", "optim.chain(optim.sgd(1), optim.scaleByBacktrackingLinesearch(4, "
           "{ maxLearningRate: 0.002, decreaseFactor: 0.5, increaseFactor: 2, slopeRtol: 0.1, atol: 1e-3, rtol: 1e-3 }))",
           "optax.chain(optax.sgd(1.), optax.scale_by_backtracking_linesearch(4, max_learning_rate=0.002, "
           "decrease_factor=0.5, increase_factor=2., slope_rtol=0.1, atol=1e-3, rtol=1e-3))"),
    search("quadratic", f"optim.chain(optim.sgd(1), {zoom[0]})", f"optax.chain(optax.sgd(1.), {zoom[1]})"),
    search("rosenbrock", "optim.chain(optim.sgd(1), optim.scaleByZoomLinesearch(20, "
           "{ initialGuessStrategy: 'one', maxLearningRate: 2, curvRtol: 0.1, approxDecRtol: null }))",
           "optax.chain(optax.sgd(1.), optax.scale_by_zoom_linesearch(20, initial_guess_strategy='one', "
           "max_learning_rate=2., curv_rtol=0.1, approx_dec_rtol=None))"),
    search("quadratic", "optim.sophia(0.1, { updateInterval: 3, gamma: 0.5 })",
           "optax.contrib.sophia(0.1, update_interval=3, gamma=0.5)", steps=12),
    search("quadratic", "optim.chain(optim.scaleBySophia({ clipThreshold: null, gamma: 1, b2: 0.5, eps: 0.1 }), optim.scale(-0.1))",
           "optax.chain(optax.contrib._sophia.scale_by_sophia(clip_threshold=None, gamma=1., b2=0.5, eps=0.1), optax.scale(-0.1))"),
    search("quadratic", "optim.chain(optim.sgd(-1), optim.scaleByZoomLinesearch(3))",
           "optax.chain(optax.sgd(-1.), optax.scale_by_zoom_linesearch(3))", steps=2),
]


def minimise(c):
    loss, p = losses[c["loss"]], jax.tree.map(jnp.asarray, starts[c["loss"]])
    optimizer = eval(c["python"])
    state = optimizer.init(p)
    step = jax.jit(lambda p, state, v, g: optimizer.update(g, state, p, value=v, grad=g, **{
        "obj_fn" if "sophia" in c["python"] else "value_fn": loss}))
    values, ends, info = [], [], None
    for i in range(c["steps"]):
        v, g = optax.value_and_grad_from_state(loss)(p, state=state) if c["stored"] else jax.value_and_grad(loss)(p)
        u, state = step(p, state, v, g)
        p = optax.apply_updates(p, u)
        values.append(number(np.asarray(v)))
        if i % 6 == 5 or i == c["steps"] - 1:
            ends.append(leaves(p))
    out = {key: value for key, value in c.items() if value not in (None, False)}
    out |= {"values": values, "params": ends}
    if hasattr(state[-1], "learning_rate"):
        out |= {"learningRate": number(np.asarray(state[-1].learning_rate)),
                "searchSteps": int(state[-1].info.num_linesearch_steps)}
    return out


records = [run(c) for c in cases]
searched = [minimise(c) for c in searches]
target = Path(__file__).parent.parent / "goldens" / "optax.json"
lines = lambda items: ",\n    ".join(json.dumps(item) for item in items)
target.write_text(f"""{{
  "params": {json.dumps({k: np.round(v.astype(float), 2).tolist() for k, v in params.items()})},
  "gradients": {json.dumps([{k: np.round(v.astype(float), 2).tolist() for k, v in g.items()} for g in gradients])},
  "shown": {json.dumps(shown)},
  "steps": [
    {lines(records)}
  ],
  "minimise": [
    {lines(searched)}
  ]
}}
""")
print(f"{target}: {len(records)} optimisers, {len(searched)} searches")
