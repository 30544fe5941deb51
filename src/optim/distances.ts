import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";

/** @throws DTypeError `x` is no float. */
export function floats(x: Operand, name: string, caller: string): ArrayValue {
  const array = toArray(x, caller);
  if (isFloat(array.dtype)) return array;
  throw new DTypeError("optim/floats", `${caller} takes ${name} that are floats, got ${array.dtype}`);
}

/** @throws ShapeError their shapes differ. */
export function checkShapes(a: ArrayValue, b: ArrayValue, names: string, caller: string): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError(
    "optim/shapes",
    `${caller}: ${names} have one shape, got [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`,
  );
}

const errorsOf = (predictions: Operand, targets: Operand | null, caller: string): ArrayValue => {
  const given = floats(predictions, "predictions", caller);
  return targets === null ? given : np.subtract(given, targets);
};

/**
 * `(prediction − target)²` of each element; without targets, `prediction²`.
 *
 * @throws DTypeError unless predictions are floats; ShapeError when shapes differ. @see `optax.losses.squared_error`
 */
export function squaredError(predictions: Operand, targets: Operand | null = null): ArrayValue {
  const caller = "optim.squaredError";
  const given = floats(predictions, "predictions", caller);
  if (targets === null) return np.square(given);
  const others = toArray(targets, caller);
  checkShapes(given, others, "predictions and targets", caller);
  return np.square(np.subtract(given, others));
}

/** Half of {@link squaredError}. @see `optax.losses.l2_loss` */
export const l2Loss = (predictions: Operand, targets: Operand | null = null): ArrayValue =>
  np.multiply(0.5, squaredError(predictions, targets));

export interface HuberOptions {
  /** From where on it is linear. Default 1. */
  readonly delta?: Operand | undefined;
}

/**
 * {@link l2Loss} near 0, and linear beyond `delta`.
 *
 * @throws DTypeError unless predictions are floats. @see Huber (1964); `optax.losses.huber_loss`
 */
export function huberLoss(
  predictions: Operand,
  targets: Operand | null = null,
  options: HuberOptions = {},
): ArrayValue {
  const { delta = 1 } = readOptions<HuberOptions>("optim.huberLoss", ["delta"], [options]);
  const size = np.abs(errorsOf(predictions, targets, "optim.huberLoss"));
  const near = np.minimum(size, delta);
  return np.add(np.multiply(0.5, np.square(near)), np.multiply(delta, np.subtract(size, near)));
}

/** `log cosh(prediction − target)`. @throws DTypeError unless predictions are floats. @see `optax.losses.log_cosh` */
export function logCosh(predictions: Operand, targets: Operand | null = null): ArrayValue {
  const error = errorsOf(predictions, targets, "optim.logCosh");
  return np.subtract(np.logaddexp(error, np.negative(error)), np.array(Math.LN2, error.dtype));
}

export interface CosineOptions {
  /** The least square of a norm. Default 0. */
  readonly epsilon?: Operand | undefined;
  /** The axes of the vectors. Default: the last. */
  readonly axis?: number | readonly number[] | null | undefined;
  /** Which elements take part. Default: all. */
  readonly where?: Operand | null | undefined;
}
const cosineNames = ["epsilon", "axis", "where"] as const;

/**
 * The cosine of the angle between vectors.
 *
 * Shape: `[…s, n], […s, n] → […s]`. @throws DTypeError unless both are floats. @see `optax.losses.cosine_similarity`
 */
export function cosineSimilarity(
  predictions: Operand,
  targets: Operand,
  options: CosineOptions = {},
): ArrayValue {
  const caller = "optim.cosineSimilarity";
  const { epsilon = 0, axis = -1, where = null } = readOptions<CosineOptions>(caller, cosineNames, [options]);
  const unit = (x: ArrayValue) => {
    const square = np.sum(np.square(x), { axis, where, keepdims: true });
    return np.divide(x, np.sqrt(np.maximum(square, epsilon)));
  };
  const [a, b] = [floats(predictions, "predictions", caller), floats(targets, "targets", caller)];
  return np.sum(np.multiply(unit(a), unit(b)), { axis, where });
}

/** 1 − {@link cosineSimilarity}. @see `optax.losses.cosine_distance` */
export const cosineDistance = (predictions: Operand, targets: Operand, options: CosineOptions = {}): ArrayValue =>
  np.subtract(1, cosineSimilarity(predictions, targets, readOptions<CosineOptions>("optim.cosineDistance", cosineNames, [options]))); // prettier-ignore

export interface TripletOptions {
  /** The axis of the vectors. Default: the last. */
  readonly axis?: number | undefined;
  /** The p of the norm. Default 2. */
  readonly normDegree?: number | undefined;
  /** By how much negatives are to be further away. Default 1. */
  readonly margin?: Operand | undefined;
  /** Added below the root. Default 1e-6. */
  readonly eps?: Operand | undefined;
}

/**
 * By how much the distance of anchors and positives is not less than that of anchors and negatives by the margin.
 *
 * Shape: `[…s, n], […s, n], […s, n] → […s]`. @throws DTypeError unless they are floats.
 * @see Balntas et al. (2016); `optax.losses.triplet_margin_loss`
 */
export function tripletMarginLoss(
  anchors: Operand,
  positives: Operand,
  negatives: Operand,
  options: TripletOptions = {},
): ArrayValue {
  const caller = "optim.tripletMarginLoss";
  const names = ["axis", "normDegree", "margin", "eps"] as const;
  const { axis = -1, normDegree = 2, margin = 1, eps = 1e-6 } = readOptions<TripletOptions>(caller, names, [options]); // prettier-ignore
  const own = floats(anchors, "anchors", caller);
  const distance = (others: ArrayValue) => {
    const powers = np.sum(np.power(np.subtract(own, others), normDegree), axis);
    return np.power(np.add(powers, eps), 1 / normDegree);
  };
  const near = distance(floats(positives, "positives", caller));
  const far = distance(floats(negatives, "negatives", caller));
  return np.maximum(np.add(np.subtract(near, far), margin), 0);
}

/**
 * The cross-entropy of finding, for each embedding, another one of its label, by their cosines over the `temperature`.
 *
 * Shape: `[n, d], [n] → []`. @throws DTypeError unless embeddings are floats; ShapeError when their numbers differ.
 * @see Chen et al., "A simple framework for contrastive learning" (2020); `optax.losses.ntxent`
 */
export function ntxent(embeddings: Operand, labels: Operand, temperature: Operand = 0.07): ArrayValue {
  const caller = "optim.ntxent";
  const vectors = floats(embeddings, "embeddings", caller);
  const classes = toArray(labels, caller);
  if (classes.shape[0] !== vectors.shape[0])
    throw new ShapeError(
      "optim/shapes",
      `${caller} takes a label for each embedding, got ${classes.shape[0]} for ${vectors.shape[0]}`,
    );
  const cosines = cosineSimilarity(np.expandDims(vectors, 0), np.expandDims(vectors, 1), {
    epsilon: np.finfo(vectors.dtype).eps,
  });
  const scores = np.divide(cosines, temperature);
  const isSame = np.equal(np.expandDims(classes, 1), np.expandDims(classes, 0));
  const isOther = np.logicalNot(isSame);
  const isPair = np.logicalAnd(isSame, np.logicalNot(np.eye(vectors.shape[0]!, { dtype: "bool" })));
  const counted = np.logicalOr(isOther, isPair);
  const most = lax.stopGradient(np.max(np.where(counted, scores, -Infinity), 1, { keepdims: true }));
  const shifted = np.subtract(scores, most);
  // Where there is no pair the difference must not be infinite, or its gradient is NaN.
  const own = np.where(isPair, shifted, 0);
  const others = np.sum(np.exp(np.where(isOther, shifted, -Infinity)), 1, { keepdims: true });
  const whole = np.add(others, np.where(isPair, np.exp(own), 1));
  const losses = np.where(isPair, np.subtract(own, np.log(whole)), 0);
  return np.divide(np.negative(np.sum(losses)), np.sum(isPair));
}
