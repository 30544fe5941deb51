import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkShapes } from "./distances.ts";

const reductions = {
  mean: (losses: ArrayValue) => np.mean(losses, -1),
  sum: (losses: ArrayValue) => np.sum(losses, -1),
  none: (losses: ArrayValue) => losses,
};
export interface DiceOptions {
  /** Of each class. Default: 1. */
  readonly classWeights?: Operand | null | undefined;
  /** Added to the overlap and to the whole. Default 1. */
  readonly smooth?: Operand | undefined;
  /** The weight of what is predicted and not there. Default 0.5. */
  readonly alpha?: Operand | undefined;
  /** The weight of what is there and not predicted. Default 0.5. */
  readonly beta?: Operand | undefined;
  /** Predictions are logits; else they are shares, which sum to 1 over the classes. Default true. */
  readonly applySoftmax?: boolean | undefined;
  /** What becomes of the losses of classes. Default `"mean"`. */
  readonly reduction?: keyof typeof reductions | undefined;
  /** Leave the first of several classes out. Default false. */
  readonly ignoreBackground?: boolean | undefined;
  /** The axes of an image. Default: all but the first and the last. */
  readonly axis?: number | readonly number[] | null | undefined;
}

/**
 * One minus the overlap of predictions and targets, for each class, over their size: with weights, Tversky's loss.
 *
 * Shape: `[batch, …space, classes], [batch, …space, classes] → [batch]`, or `[batch, classes]` where they are not reduced. One class
 * needs no axis in one of the two.
 * @throws ShapeError when shapes differ; ArgumentError when the reduction is unknown.
 * @see Milletari et al., "V-Net" (2016); `optax.losses.dice_loss`
 */
export function diceLoss(predictions: Operand, targets: Operand, options: DiceOptions = {}): ArrayValue {
  const caller = "optim.diceLoss";
  const names = ["classWeights", "smooth", "alpha", "beta", "applySoftmax", "reduction", "ignoreBackground", "axis"] as const; // prettier-ignore
  const given = readOptions<DiceOptions>(caller, names, [options]);
  const { classWeights = null, smooth = 1, alpha = 0.5, beta = 0.5, applySoftmax = true } = given;
  const { reduction = "mean", ignoreBackground = false, axis = null } = given;
  if (!Object.hasOwn(reductions, reduction))
    throw new ArgumentError(
      "optim/reduction",
      `${caller}: reduction is one of ${Object.keys(reductions).join(", ")}, got ${describe(reduction)}`,
    );
  let [guesses, truth] = [toArray(predictions, caller), toArray(targets, caller)];
  if (guesses.ndim === truth.ndim - 1) guesses = np.expandDims(guesses, -1);
  if (truth.ndim === guesses.ndim - 1) truth = np.expandDims(truth, -1);
  checkShapes(guesses, truth, "predictions and targets", caller);

  const classes = guesses.shape.at(-1)!;
  const activation = classes === 1 ? nn.sigmoid : nn.softmax;
  const shares = applySoftmax ? activation(guesses) : guesses;
  const axes = axis ?? range(shares.ndim).slice(1, -1);
  const overlap = np.sum(np.multiply(shares, truth), { axis: axes });
  const missing = (all: ArrayValue) => np.subtract(np.sum(all, { axis: axes }), overlap);
  const wrong = np.add(np.multiply(alpha, missing(shares)), np.multiply(beta, missing(truth)));
  const share = np.divide(np.add(overlap, smooth), np.add(np.add(overlap, wrong), smooth));
  const losses = np.subtract(1, share);
  const weighted = classWeights === null ? losses : np.multiply(losses, classWeights);
  const shown = ignoreBackground && classes > 1 ? np.get(weighted, "...", np.s(1, null)) : weighted;
  return reductions[reduction](shown);
}

export type GeneralizedDiceOptions = Pick<DiceOptions, "smooth" | "applySoftmax" | "ignoreBackground">;

/**
 * The mean of {@link diceLoss}, where rare classes have more weight.
 *
 * Shape: `[batch, …space, classes], [batch, …space, classes] → []`. @throws ShapeError when shapes differ.
 * @see Sudre et al., "Generalised Dice overlap" (2017); `optax.losses.multiclass_generalized_dice_loss`
 */
export function multiclassGeneralizedDiceLoss(
  predictions: Operand,
  targets: Operand,
  options: GeneralizedDiceOptions = {},
): ArrayValue {
  const caller = "optim.multiclassGeneralizedDiceLoss";
  const names = ["smooth", "applySoftmax", "ignoreBackground"] as const;
  const given = readOptions<GeneralizedDiceOptions>(caller, names, [options]);
  const truth = toArray(targets, caller);
  checkShapes(toArray(predictions, caller), truth, "predictions and targets", caller);
  const counts = np.sum(truth, { axis: range(truth.ndim - 1) });
  const weights = np.divide(1, np.add(np.square(counts), 1e-7));
  const classWeights = np.multiply(np.divide(weights, np.sum(weights)), weights.shape[0]!);
  return np.mean(diceLoss(predictions, truth, { ...given, classWeights, reduction: "none" }));
}

export interface BinaryDiceOptions {
  /** Added to the overlap and to the whole. Default 1. */
  readonly smooth?: Operand | undefined;
  /** Predictions are logits. Default true. */
  readonly applySigmoid?: boolean | undefined;
}

/**
 * {@link diceLoss} of one class, whose axis may be left out.
 *
 * Shape: `[batch, …space], [batch, …space] → [batch]`. @throws ShapeError when shapes differ. @see `optax.losses.binary_dice_loss`
 */
export function binaryDiceLoss(
  predictions: Operand,
  targets: Operand,
  options: BinaryDiceOptions = {},
): ArrayValue {
  const caller = "optim.binaryDiceLoss";
  const { smooth, applySigmoid } = readOptions<BinaryDiceOptions>(caller, ["smooth", "applySigmoid"], [options]); // prettier-ignore
  const [guesses, truth] = [toArray(predictions, caller), toArray(targets, caller)];
  const lacksClass = guesses.ndim === truth.ndim && guesses.shape.at(-1) !== 1;
  const withClass = (x: ArrayValue) => (lacksClass ? np.expandDims(x, -1) : x);
  return diceLoss(withClass(guesses), withClass(truth), { smooth, applySoftmax: applySigmoid });
}
