"""The arithmetic of optimisers: moments, norms, counts."""

inputs = {
    "a": np.array([[0.5, -1.0, 2.0], [0.25, 0.0, -3.0]]),
    "b": np.array([[1.0, 0.5, 0.25], [2.0, 4.0, 1.5]]),
    "small": np.array([0.0, 0.0]),
    "z": np.array([1 + 2j, -0.5j]),
    "w": np.array([0.5, 2.0]),
    "n": np.array(3, dtype="int32"),
    "top": np.array(2**31 - 1, dtype="int32"),
    "e": np.array([[1.0, 2.0], [0.0, 0.0]]),
}

cases = [
    case("optim.updateMoment(x, b, 0.9, 1)", "optax.update_moment(x, b, 0.9, 1)", of="a"),
    case("optim.updateMoment(x, b, 0.9, 2)", "optax.update_moment(x, b, 0.9, 2)", of="a"),
    case("optim.updateMoment(a, x, 0.9, 3)", "optax.update_moment(a, x, 0.9, 3)", of="b"),
    case("optim.updateMomentPerElemNorm(x, b, 0.9, 2)", "optax.update_moment_per_elem_norm(x, b, 0.9, 2)", of="a"),
    case("optim.updateMomentPerElemNorm(z, w, 0.9, 4)", "optax.update_moment_per_elem_norm(z, w, 0.9, 4)"),
    case("optim.updateInfinityMoment(x, b, 0.9, 1e-3)", "optax.update_infinity_moment(x, b, 0.9, 1e-3)", of="a"),
    case("optim.biasCorrection(x, 0.9, n)", "optax.bias_correction(x, 0.9, n)", of="a"),
    case("optim.safeIncrement(n)", "optax.safe_increment(n)"),
    case("optim.safeIncrement(top)", "optax.safe_increment(top)"),
    case("optim.safeInt32Increment(top)", "optax.safe_int32_increment(top)"),
    case("optim.safeIncrement(w)", "optax.safe_increment(w)"),
    case("optim.safeNorm(x, 1e-3)", "optax.safe_norm(x, 1e-3)", of="a"),
    case("optim.safeNorm(x, 0.1)", "optax.safe_norm(x, 0.1)", of="small"),
    case("optim.safeNorm(x, 0.5, { axis: 1 })", "optax.safe_norm(x, 0.5, axis=1)", of="e"),
    case("optim.safeNorm(x, 0.5, { axis: 1, keepdims: true, ord: 1 })", "optax.safe_norm(x, 0.5, ord=1, axis=1, keepdims=True)", of="e"),
    case("optim.safeRootMeanSquares(x, 1e-3)", "optax.safe_root_mean_squares(x, 1e-3)", of="a"),
    case("optim.safeRootMeanSquares(x, 0.1)", "optax.safe_root_mean_squares(x, 0.1)", of="small"),
    case("optim.globalNorm({ a: x, b })", "optax.global_norm({'a': x, 'b': b})", of="a"),
    case("optim.globalNorm([z, w])", "optax.global_norm([z, w])"),
    case("optim.incrementalUpdate(x, b, 0.25)", "optax.incremental_update(x, b, 0.25)", of="a"),
    case("optim.periodicUpdate(x, b, n, 3)", "optax.periodic_update(x, b, n, 3)", of="a"),
    case("optim.periodicUpdate(x, b, n, 2)", "optax.periodic_update(x, b, n, 2)", of="a"),
    case("np.square(optim.scaleGradient(x, 0.25))", "jnp.square(optax.scale_gradient(x, 0.25))", of="a"),
    case("np.square(optim.scaleGradient({ a: x }, 0).a)", "jnp.square(optax.scale_gradient({'a': x}, 0.)['a'])", of="a"),
]
