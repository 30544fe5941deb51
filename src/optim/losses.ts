import { isInteger } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxes, range, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { logSoftmax, logsumexp } from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { floats } from "./distances.ts";

export interface CrossEntropyOptions {
  /** The axis of the classes, or several, over which they are numbered row by row. Default: the last. */
  readonly axis?: number | readonly number[] | undefined;
  /** Which elements take part: of the shape of the logits, or of the result. Default: all. */
  readonly where?: Operand | null | undefined;
}
type CrossEntropy = (
  logits: Operand,
  labels: Operand,
  ...rest: Optionals<[axis: number | readonly number[], where: Operand | null], CrossEntropyOptions>
) => ArrayValue;
const optionNames = ["axis", "where"] as const;

/**
 * `log Σ e^logits − logits[label]`: minus the logarithm of the softmax at each label. 0 where `where` is nowhere true; NaN of a
 * label that is no class. Negative labels count from the end.
 *
 * Shape: `[…s, classes], […s] → […s]`. Dtype: that of the logits.
 * @throws DTypeError unless logits are floats and labels integers.
 * @see {@link meanCrossEntropy}; `optax.losses.softmax_cross_entropy_with_integer_labels`
 */
export const softmaxCrossEntropyWithIntegerLabels: CrossEntropy = (logits, labels, ...rest) => {
  const caller = "optim.softmaxCrossEntropyWithIntegerLabels";
  const given = readOptions<CrossEntropyOptions>(caller, optionNames, rest);
  const scores = floats(logits, "logits", caller);
  const classes = toArray(labels, caller);
  if (!isInteger(classes.dtype))
    throw new DTypeError("optim/labels", `${caller} takes labels that are integers, got ${classes.dtype}`);
  const axes = canonicalAxes(given.axis ?? -1, scores.ndim, caller);
  const where = maskOf(given.where ?? null, scores.ndim, axes, caller);

  const last = (x: ArrayValue): ArrayValue => {
    const batch = range(x.ndim).filter((axis) => !axes.includes(axis));
    const moved = lax.transpose(x, [...batch, ...axes]);
    return lax.reshape(moved, [
      ...batch.map((axis) => x.shape[axis]!),
      sizeOf(axes.map((axis) => x.shape[axis]!)),
    ]);
  };
  const rows = last(scores);
  const shown = where === null ? null : last(where);
  const count = rows.shape.at(-1)!;
  const label = np.where(np.less(classes, 0), np.add(classes, count), classes);
  // Comparing all classes is done on the way of the exponentials; looking one up would be a pass of its own, and its gradient two.
  const isLabel = np.equal(
    lax.broadcastedIota(label.dtype, rows.shape, rows.ndim - 1),
    np.expandDims(label, -1),
  );
  const own = np.sum(np.where(isLabel, rows, 0), -1);
  const loss = np.subtract(logsumexp(rows, { axis: -1, where: shown }), own);
  const isClass = np.logicalAnd(np.greaterEqual(label, 0), np.less(label, count));
  const known = np.where(isClass, loss, NaN);
  return shown === null ? known : np.where(np.any(shown, -1), known, 0);
};

/**
 * `−Σ labels · log softmax(logits)`, where labels are shares that sum to 1.
 *
 * Shape: `[…s, classes], […s, classes] → […s]`. Dtype: float.
 * @throws DTypeError unless logits are floats. @see `optax.losses.softmax_cross_entropy`
 */
export const softmaxCrossEntropy: CrossEntropy = (logits, labels, ...rest) => {
  const caller = "optim.softmaxCrossEntropy";
  const given = readOptions<CrossEntropyOptions>(caller, optionNames, rest);
  const scores = floats(logits, "logits", caller);
  const axis = canonicalAxes(given.axis ?? -1, scores.ndim, caller);
  const where = maskOf(given.where ?? null, scores.ndim, axis, caller);
  return np.negative(np.sum(np.multiply(labels, logSoftmax(scores, { axis, where })), { axis, where }));
};

/**
 * `(1 − alpha) · labels + alpha / classes`: a share of each label is spread over all classes.
 *
 * Shape: `[…s] → […s]`. Dtype: that of the labels.
 * @throws DTypeError unless labels are floats. @see `optax.losses.smooth_labels`
 */
export function smoothLabels(labels: Operand, alpha: Operand, options: CrossEntropyOptions = {}): ArrayValue {
  const caller = "optim.smoothLabels";
  const given = readOptions<CrossEntropyOptions>(caller, optionNames, [options]);
  const shares = floats(labels, "labels", caller);
  const axis = canonicalAxes(given.axis ?? -1, shares.ndim, caller);
  const classes =
    given.where === undefined || given.where === null
      ? sizeOf(axis.map((i) => shares.shape[i]!))
      : np.sum(given.where, { axis, keepdims: true });
  return np.add(np.multiply(np.subtract(1, alpha), shares), np.divide(alpha, classes));
}

export interface MeanCrossEntropyOptions {
  /** The label of what does not count. Default -100. */
  readonly ignoreIndex?: number | undefined;
}

/**
 * The mean of {@link softmaxCrossEntropyWithIntegerLabels} over the labels that are not ignored, and their number: 0 where there
 * are none. The number is the weight of the gradient for {@link multiSteps}.
 *
 * Shape: `[…s, classes], […s] → [], []`. Dtype: that of the logits, and int32.
 * @throws DTypeError unless logits are floats and labels integers.
 * @example
 * const lossOf = (model) => optim.meanCrossEntropy(vmap(model)(tokens), labels);
 * const [[loss, count], gradient] = valueAndGrad(lossOf, { hasAux: true })(model);
 * @see PyTorch's `cross_entropy`, which is NaN where there are none
 */
export function meanCrossEntropy(
  logits: Operand,
  labels: Operand,
  options: MeanCrossEntropyOptions = {},
): [loss: ArrayValue, count: ArrayValue] {
  const { ignoreIndex = -100 } = readOptions<MeanCrossEntropyOptions>("optim.meanCrossEntropy", ["ignoreIndex"], [options]); // prettier-ignore
  const counts = np.notEqual(labels, ignoreIndex);
  const count = np.sum(counts, { dtype: "int32" });
  const losses = softmaxCrossEntropyWithIntegerLabels(logits, np.where(counts, labels, 0));
  const total = np.sum(np.where(counts, losses, 0));
  return [np.divide(total, np.astype(np.maximum(count, 1), total.dtype)), count];
}

/** A mask of the rank of the logits: one for each result holds for all classes. */
function maskOf(
  where: Operand | null,
  ndim: number,
  axes: readonly number[],
  caller: string,
): ArrayValue | null {
  if (where === null) return null;
  const mask = toArray(where, caller);
  return mask.ndim === ndim ? mask : np.expandDims(mask, axes);
}
