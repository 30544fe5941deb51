import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxis } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { customJvp } from "../control/custom-jvp.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteInexact, toArray } from "../numpy/promotion.ts";
import { named, type UnaryFunction } from "../numpy/ufunc.ts";
import { log1mexp } from "../scipy/special/log1mexp.ts";

// Unless said otherwise they work on each element: shape `[…s] → […s]`, and the dtype is that of `x`.

/** `x` itself. @see `jax.nn.identity` */
export const identity: UnaryFunction = (x) => toArray(x, "nn.identity");

const zeroLike = (t: ArrayValue): ArrayValue => lax.fullLike(t, 0);

const reluWithRule = customJvp(named("relu", (x: Operand): ArrayValue => np.maximum(x, 0)));
reluWithRule.defjvps((t: ArrayValue, _out: ArrayValue, x: ArrayValue) =>
  lax.select(np.greater(x, 0), t, zeroLike(t)),
);
/** `max(x, 0)`; its derivative at 0 is 0. @see `jax.nn.relu` */
export const relu: UnaryFunction = reluWithRule;

const relu6WithRule = customJvp(
  named("relu6", (x: Operand): ArrayValue => np.minimum(np.maximum(x, 0), np.weak(6, "float"))),
);
relu6WithRule.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => {
  const out = relu6(x);
  const inside = np.logicalAnd(np.greater(x, 0), np.less(x, 6));
  return [out, lax.select(inside, t, zeroLike(t))];
});
/** `min(max(x, 0), 6)`; its derivative at 0 and at 6 is 0. @see `jax.nn.relu6` */
export const relu6: UnaryFunction = relu6WithRule;

/** `1 / (1 + e⁻ˣ)`. Dtype: float. @see `jax.nn.sigmoid` */
export const sigmoid: UnaryFunction = (x) => lax.logistic(x);

/** `log(1 + eˣ)`. Dtype: float. @see `jax.nn.softplus` */
export const softplus: UnaryFunction = (x) => np.logaddexp(x, 0);

/** `log(sigmoid(x))`. Dtype: float. @see `jax.nn.log_sigmoid` */
export const logSigmoid: UnaryFunction = (x) => np.negative(softplus(np.negative(x)));

export { log1mexp };

/** `x · sigmoid(x)`. @see `jax.nn.silu` */
export const silu: UnaryFunction = (x) => np.multiply(x, sigmoid(x));
/** {@link silu} under its other name. @see `jax.nn.swish` */
export const swish: UnaryFunction = silu;

/** `x · tanh(softplus(x))`. @see `jax.nn.mish` */
export const mish: UnaryFunction = (x) => np.multiply(x, np.tanh(softplus(x)));

/** `x / (1 + |x|)`. @see `jax.nn.soft_sign` */
export const softSign: UnaryFunction = (x) => np.divide(x, np.add(np.abs(x), 1));

/** `x` cut off at −1 and 1, where its derivative is 1. @see `jax.nn.hard_tanh` */
export const hardTanh: UnaryFunction = (x) =>
  np.where(np.greater(x, 1), 1, np.where(np.less(x, -1), -1, toArray(x, "nn.hardTanh")));

/** `relu6(x + 3) / 6`. @see `jax.nn.hard_sigmoid` */
export const hardSigmoid: UnaryFunction = (x) => np.divide(relu6(np.add(x, np.weak(3, "float"))), 6);

/** `x · hardSigmoid(x)`. @see `jax.nn.hard_silu` */
export const hardSilu: UnaryFunction = (x) => np.multiply(x, hardSigmoid(x));
/** {@link hardSilu} under its other name. @see `jax.nn.hard_swish` */
export const hardSwish: UnaryFunction = hardSilu;

/** 0 below −1, `(x + 1)² / 4` up to 1, then `x`. @see `jax.nn.sparse_plus` */
export const sparsePlus: UnaryFunction = (x) =>
  np.where(
    np.lessEqual(x, -1),
    np.weak(0, "float"),
    np.where(np.greaterEqual(x, 1), x, np.divide(np.square(np.add(x, np.weak(1, "float"))), 4)),
  );

/** The derivative of {@link sparsePlus}: 0 below −1, `(x + 1) / 2` up to 1, then 1. @see `jax.nn.sparse_sigmoid` */
export const sparseSigmoid: UnaryFunction = (x) =>
  np.multiply(0.5, np.clip(np.add(x, np.weak(1, "float")), np.weak(0, "float"), np.weak(2, "float")));

interface AlphaOptions {
  readonly alpha?: Operand | undefined;
}
type WithAlpha = (x: Operand, ...rest: Optionals<[alpha: Operand], AlphaOptions>) => ArrayValue;

/** `x` above 0, `alpha · (eˣ − 1)` below; `alpha` is 1 by default. @see `jax.nn.elu` */
export const elu: WithAlpha = (x, ...rest) => {
  const { alpha = np.weak(1, "float") } = readOptions<AlphaOptions>("nn.elu", ["alpha"], rest);
  const positive = np.greater(x, 0);
  // Above 0 the branch that is not taken must not overflow: its gradient would be NaN.
  return np.where(positive, x, np.multiply(alpha, np.expm1(np.where(positive, np.weak(0, "float"), x))));
};

/** `max(x, 0) + alpha · (e^(min(x, 0) / alpha) − 1)`; `alpha` is 1 by default. @see `jax.nn.celu` */
export const celu: WithAlpha = (x, ...rest) => {
  const { alpha = np.weak(1, "float") } = readOptions<AlphaOptions>("nn.celu", ["alpha"], rest);
  const zero = np.weak(0, "float");
  const above = np.maximum(x, zero);
  const below = np.expm1(np.divide(np.minimum(x, zero), alpha));
  return np.add(above, np.multiply(alpha, below));
};

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
/** A scaled {@link elu} that keeps mean 0 and variance 1. @see `jax.nn.selu` */
export const selu: UnaryFunction = (x) => np.multiply(SELU_SCALE, elu(x, SELU_ALPHA));

/** `x` above 0, `negativeSlope · x` below; the slope is 0.01 by default. @see `jax.nn.leaky_relu` */
export function leakyRelu(
  x: Operand,
  ...rest: Optionals<[negativeSlope: Operand], { readonly negativeSlope?: Operand | undefined }>
): ArrayValue {
  const { negativeSlope = 0.01 } = readOptions<{ negativeSlope?: Operand }>(
    "nn.leakyRelu",
    ["negativeSlope"],
    rest,
  );
  return np.where(np.greaterEqual(x, 0), x, np.multiply(negativeSlope, x));
}

/** `(x + √(x² + b)) / 2`; `b` is 4 by default. @see `jax.nn.squareplus` */
export function squareplus(
  x: Operand,
  ...rest: Optionals<[b: Operand], { readonly b?: Operand | undefined }>
): ArrayValue {
  const { b = 4 } = readOptions<{ b?: Operand }>("nn.squareplus", ["b"], rest);
  return np.divide(np.add(x, np.sqrt(np.add(np.square(x), b))), 2);
}

/**
 * `x · Φ(x)`, Φ being the normal distribution function; by default its approximation by tanh.
 *
 * Dtype: float. @see `jax.nn.gelu`
 */
export function gelu(
  x: Operand,
  ...rest: Optionals<[approximate: boolean], { readonly approximate?: boolean | undefined }>
): ArrayValue {
  const { approximate = true } = readOptions<{ approximate?: boolean }>("nn.gelu", ["approximate"], rest);
  const [array] = promoteInexact("nn.gelu", x);
  const constant = (value: number) => scalarOf(value, array.dtype);
  if (!approximate) {
    const half = np.multiply(0.5, array);
    const tail = lax.erfc(np.multiply(np.negative(array), constant(Math.SQRT1_2)));
    return np.multiply(half, tail);
  }
  const cubic = np.add(array, np.multiply(0.044715, lax.integerPow(array, 3)));
  const cdf = np.multiply(0.5, np.add(1, np.tanh(np.multiply(constant(Math.sqrt(2 / Math.PI)), cubic))));
  return np.multiply(array, cdf);
}

/**
 * The first half of `x` times the sigmoid of the second.
 *
 * Shape: `[…s] → […s with half of axis]`. `axis` is the last by default.
 * @throws ShapeError when the axis is out of bounds, or of odd size. @see `jax.nn.glu`
 */
export function glu(
  x: Operand,
  ...rest: Optionals<[axis: number], { readonly axis?: number | undefined }>
): ArrayValue {
  const { axis = -1 } = readOptions<{ axis?: number }>("nn.glu", ["axis"], rest);
  const array = toArray(x, "nn.glu");
  const along = canonicalAxis(axis, array.ndim, "nn.glu");
  const size = array.shape[along]!;
  if (size % 2 !== 0)
    throw new ShapeError("nn/glu", `nn.glu: axis ${along} must be of even size, got ${size}`);
  const [first, gate] = lax.split(array, [size / 2, size / 2], along);
  return np.multiply(first!, sigmoid(gate!));
}
