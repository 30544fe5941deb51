import { customJvp } from "../control/index.ts";
import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkShapes, floats } from "./distances.ts";
import { type CrossEntropyOptions, softmaxCrossEntropy } from "./losses.ts";

const asFloat = (labels: Operand, like: ArrayValue, caller: string): ArrayValue =>
  np.astype(toArray(labels, caller), like.dtype);

/**
 * `−label · log σ(logit) − (1 − label) · log(1 − σ(logit))` of each element: several labels may hold at once.
 *
 * Dtype: that of the logits. @throws DTypeError unless logits are floats. @see `optax.losses.sigmoid_binary_cross_entropy`
 */
export function sigmoidBinaryCrossEntropy(logits: Operand, labels: Operand): ArrayValue {
  const caller = "optim.sigmoidBinaryCrossEntropy";
  const scores = floats(logits, "logits", caller);
  const held = asFloat(labels, scores, caller);
  const yes = np.multiply(np.negative(held), nn.logSigmoid(scores));
  return np.subtract(yes, np.multiply(np.subtract(1, held), nn.logSigmoid(np.negative(scores))));
}

export interface FocalOptions {
  /** The weight of positives; that of negatives is what is left of 1. Default: both count as they are. */
  readonly alpha?: Operand | null | undefined;
  /** How much less counts what is known well. Default 2. */
  readonly gamma?: Operand | undefined;
}

/**
 * {@link sigmoidBinaryCrossEntropy} times `(1 − p)^gamma`, where p is the probability of the label.
 *
 * @throws DTypeError unless logits are floats. @see Lin et al. (2017); `optax.losses.sigmoid_focal_loss`
 */
export function sigmoidFocalLoss(logits: Operand, labels: Operand, options: FocalOptions = {}): ArrayValue {
  const caller = "optim.sigmoidFocalLoss";
  const { alpha = null, gamma = 2 } = readOptions<FocalOptions>(caller, ["alpha", "gamma"], [options]);
  const scores = floats(logits, "logits", caller);
  const held = asFloat(labels, scores, caller);
  const missing = np.subtract(1, held);
  const logs = np.stack([nn.logSigmoid(scores), nn.logSigmoid(np.negative(scores))], -1);
  const left = nn.logsumexp(logs, { axis: -1, b: np.stack([missing, held], -1) });
  const loss = np.multiply(sigmoidBinaryCrossEntropy(scores, held), np.exp(np.multiply(gamma, left)));
  if (alpha === null) return loss;
  const weights = np.add(np.multiply(alpha, held), np.multiply(np.subtract(1, alpha), missing));
  return np.multiply(weights, loss);
}

/** `max(0, 1 − output · target)`, where targets are −1 and 1. @see `optax.losses.hinge_loss` */
export const hingeLoss = (predictorOutputs: Operand, targets: Operand): ArrayValue =>
  np.maximum(0, np.subtract(1, np.multiply(predictorOutputs, targets)));

/**
 * `max(0, −output · target)`, where targets are −1 and 1.
 *
 * @throws ShapeError when shapes differ. @see Rosenblatt (1958); `optax.losses.perceptron_loss`
 */
export function perceptronLoss(predictorOutputs: Operand, targets: Operand): ArrayValue {
  const caller = "optim.perceptronLoss";
  const [outputs, others] = [toArray(predictorOutputs, caller), toArray(targets, caller)];
  checkShapes(outputs, others, "outputs and targets", caller);
  return np.maximum(0, np.multiply(np.negative(outputs), others));
}

/** `nn.sparsePlus` of the logit with the sign that its label, 0 or 1, gives it. @see `optax.losses.sparsemax_loss` */
export const sparsemaxLoss = (logits: Operand, labels: Operand): ArrayValue =>
  nn.sparsePlus(np.where(labels, np.negative(logits), logits));

/** The score of each label, and the scores. */
function scored(scores: Operand, labels: Operand, caller: string): [rows: ArrayValue, labels: ArrayValue] {
  const [rows, classes] = [toArray(scores, caller), toArray(labels, caller)];
  if (isInteger(classes.dtype)) return [rows, nn.oneHot(classes, rows.shape.at(-1)!)];
  throw new DTypeError("optim/labels", `${caller} takes labels that are integers, got ${classes.dtype}`);
}
const dotOfRows = (a: ArrayValue, b: ArrayValue): ArrayValue => np.sum(np.multiply(a, b), -1);

/**
 * By how much the score of the label is not more than the others by 1.
 *
 * Shape: `[…s, classes], […s] → […s]`. @throws DTypeError unless labels are integers.
 * @see Crammer and Singer (2001); `optax.losses.multiclass_hinge_loss`
 */
export function multiclassHingeLoss(scores: Operand, labels: Operand): ArrayValue {
  const [rows, own] = scored(scores, labels, "optim.multiclassHingeLoss");
  return np.subtract(np.max(np.subtract(np.add(rows, 1), own), -1), dotOfRows(rows, own));
}

/** By how much the score of the label is not the greatest. @see `optax.losses.multiclass_perceptron_loss` */
export function multiclassPerceptronLoss(scores: Operand, labels: Operand): ArrayValue {
  const [rows, own] = scored(scores, labels, "optim.multiclassPerceptronLoss");
  return np.subtract(np.max(rows, -1), dotOfRows(rows, own));
}

/** The nearest point of the simplex: what is not negative and sums to 1. */
const onSimplex = customJvp((x: ArrayValue): ArrayValue => {
  const sorted = np.flip(np.sort(x));
  const sums = np.cumsum(sorted);
  const counts = np.arange(1, x.shape[0]! + 1);
  const fits = np.greater(np.add(np.divide(1, counts), np.subtract(sorted, np.divide(sums, counts))), 0);
  const count = np.sum(fits);
  const excess = np.divide(np.subtract(np.take(sums, np.subtract(count, 1)), 1), count);
  return nn.relu(np.subtract(x, excess));
});
onSimplex.defjvp(([x], [t]) => {
  const out = onSimplex(x);
  const support = np.astype(np.greater(out, 0), out.dtype);
  const mean = np.divide(np.vdot(support, t), np.sum(support));
  return [out, np.multiply(support, np.subtract(t, mean))];
});

/**
 * The loss whose gradient is the sparse softmax of the scores, less the label.
 *
 * Shape: `[n, classes], [n] → [n]`. @throws DTypeError unless labels are integers.
 * @see Martins and Astudillo, "From softmax to sparsemax" (2016); `optax.losses.multiclass_sparsemax_loss`
 */
export function multiclassSparsemaxLoss(scores: Operand, labels: Operand): ArrayValue {
  const [rows, own] = scored(scores, labels, "optim.multiclassSparsemaxLoss");
  return vmap((x: ArrayValue, label: ArrayValue) => {
    const shares = onSimplex(x);
    const above = np.where(label, 0, np.subtract(x, np.vdot(x, label)));
    const gap = np.vdot(shares, np.where(shares, above, 0));
    return np.add(gap, np.multiply(0.5, np.subtract(1, np.vdot(shares, shares))));
  })(rows, own) as ArrayValue;
}

export interface PolyLossOptions extends CrossEntropyOptions {
  /** The weight of the first term of the series. Default 2. */
  readonly epsilon?: Operand | undefined;
}

/**
 * {@link softmaxCrossEntropy} plus `epsilon` times the probability that is not on the labels.
 *
 * Shape: `[…s, classes], […s, classes] → […s]`. @throws DTypeError unless both are floats.
 * @see Leng et al., "PolyLoss" (2022); `optax.losses.poly_loss_cross_entropy`
 */
export function polyLossCrossEntropy(
  logits: Operand,
  labels: Operand,
  options: PolyLossOptions = {},
): ArrayValue {
  const caller = "optim.polyLossCrossEntropy";
  const names = ["epsilon", "axis", "where"] as const;
  const { epsilon = 2, axis = -1, where = null } = readOptions<PolyLossOptions>(caller, names, [options]);
  const [scores, shares] = [floats(logits, "logits", caller), floats(labels, "labels", caller)];
  const left = np.subtract(1, nn.softmax(scores, { axis, where }));
  const missed = np.sum(np.multiply(shares, left), { axis, where });
  return np.add(softmaxCrossEntropy(scores, shares, { axis, where }), np.multiply(epsilon, missed));
}

const weightedLogSoftmax = customJvp((x: ArrayValue, weights: ArrayValue): ArrayValue => {
  const logs = nn.logSoftmax(x);
  return np.where(np.notEqual(weights, 0), np.multiply(weights, logs), 0);
});
weightedLogSoftmax.defjvp(([x, weights], [dx, dw]) => {
  const mean = np.sum(np.multiply(dx, nn.softmax(x)), -1, { keepdims: true });
  const moved = np.multiply(weights, np.subtract(dx, mean));
  return [weightedLogSoftmax(x, weights), np.add(moved, np.multiply(dw, nn.logSoftmax(x)))];
});

/**
 * {@link softmaxCrossEntropy}, to which a class with a label of 0 and a logit of −∞ adds 0, where others add NaN.
 *
 * Shape: `[…s, classes], […s, classes] → […s]`. @throws DTypeError unless logits are floats.
 * @see `optax.losses.safe_softmax_cross_entropy`
 */
export function safeSoftmaxCrossEntropy(logits: Operand, labels: Operand): ArrayValue {
  const caller = "optim.safeSoftmaxCrossEntropy";
  const scores = floats(logits, "logits", caller);
  return np.negative(np.sum(weightedLogSoftmax(scores, asFloat(labels, scores, caller)), -1));
}

/** A loss of scores, of which the last axis is one vector, and targets of their shape; further arguments are those of the maximum. */
export type FenchelYoungLoss = (scores: Operand, targets: Operand, ...rest: readonly unknown[]) => ArrayValue;

/**
 * `maxFun(scores) − ⟨targets, scores⟩`: the loss whose gradient is that of a convex `maxFun`, from a vector to a number, less the
 * targets.
 *
 * @throws ArgumentError when `maxFun` is no function.
 * @example
 * const crossEntropy = optim.makeFenchelYoungLoss(nn.logsumexp);
 * @see Blondel et al., "Learning with Fenchel-Young losses" (2020); `optax.losses.make_fenchel_young_loss`
 */
export function makeFenchelYoungLoss(
  maxFun: (scores: ArrayValue, ...rest: readonly never[]) => ArrayValue,
): FenchelYoungLoss {
  if (typeof maxFun !== "function")
    throw new ArgumentError(
      "optim/function",
      `optim.makeFenchelYoungLoss takes a function, got ${describe(maxFun)}`,
    );
  return (scores, targets, ...rest) => {
    const rows = toArray(scores, "optim.makeFenchelYoungLoss");
    let most = (x: ArrayValue): ArrayValue => maxFun(x, ...(rest as never[]));
    for (let i = 1; i < rows.ndim; i++) most = vmap(most) as typeof most;
    const products = np.multiply(targets, rows);
    return np.subtract(most(rows), np.sum(products, -1));
  };
}
