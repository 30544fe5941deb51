import { scan } from "../control/index.ts";
import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkShapes, floats } from "./distances.ts";

export interface CtcOptions {
  /** The class that is no label. Default 0. */
  readonly blankId?: number | undefined;
  /** The logarithm that stands for that of 0. Default -1e5. */
  readonly logEpsilon?: number | undefined;
}

/**
 * {@link ctcLoss} and the logarithms of the probabilities that it sums: of prefixes of the labels after each frame, where the last
 * frame was blank, and where it was the last label.
 *
 * Shape: `[batch, frames, classes], [batch, frames], [batch, labels], [batch, labels] → [batch], [frames, batch, labels + 1],
 * [frames, batch, labels]`.
 * @throws DTypeError unless logits are floats; ShapeError when shapes do not fit.
 * @see `optax.losses.ctc_loss_with_forward_probs`
 */
export function ctcLossWithForwardProbs(
  logits: Operand,
  logitPaddings: Operand,
  labels: Operand,
  labelPaddings: Operand,
  options: CtcOptions = {},
): [loss: ArrayValue, logalphaPhi: ArrayValue, logalphaEmit: ArrayValue] {
  const caller = "optim.ctcLoss";
  const { blankId = 0, logEpsilon = -1e5 } = readOptions<CtcOptions>(
    caller,
    ["blankId", "logEpsilon"],
    [options],
  );
  const scores = floats(logits, "logits", caller);
  const [ends, classes, absent] = [logitPaddings, labels, labelPaddings].map((x) => toArray(x, caller)) as [ArrayValue, ArrayValue, ArrayValue]; // prettier-ignore
  const [batch, , kinds] = scores.shape;
  if (scores.ndim !== 3 || classes.ndim !== 2 || classes.shape[0] !== batch)
    throw new ShapeError(
      "optim/shapes",
      `${caller} takes logits [batch, frames, classes] and labels [batch, labels], got [${scores.shape.join(", ")}] and [${classes.shape.join(", ")}]`,
    );
  checkShapes(classes, absent, "labels and their paddings", caller);
  checkShapes(np.get(scores, "...", 0), ends, "frames and their paddings", caller);
  const length = classes.shape[1]!;

  const logProbs = nn.logSoftmax(scores);
  const [first, second] = [np.get(classes, "...", np.s(null, -1)), np.get(classes, "...", np.s(1, null))];
  const repeats = np.pad(np.astype(np.equal(first, second), "float32"), [[0, 0], [0, 1]]); // prettier-ignore
  const blank = np.transpose(np.get(logProbs, "...", np.s(blankId, blankId + 1)), [1, 0, 2]);
  const own = np.einsum("btk,bnk->btn", logProbs, nn.oneHot(classes, kinds!));
  const emitted = np.transpose(own, [1, 0, 2]);

  const start = np.full([batch!, length + 1], logEpsilon, "float32");
  const phi = np.at(start, "...", 0).set(0);
  const withScore = (to: ArrayValue, added: ArrayValue): ArrayValue => {
    const later = np.logaddexp(np.get(to, "...", np.s(1, null)), added);
    return np.concatenate([np.get(to, "...", np.s(null, 1)), later], -1);
  };
  type Carry = readonly [phi: ArrayValue, emit: ArrayValue];
  const step = ([lastPhi, lastEmit]: Carry, [emit, none, ended]: readonly ArrayValue[]): [Carry, Carry] => {
    const open = withScore(lastPhi, np.add(lastEmit, np.multiply(logEpsilon, repeats)));
    const nextEmit = np.logaddexp(
      np.add(np.get(open, "...", np.s(null, -1)), emit!),
      np.add(lastEmit, emit!),
    );
    const apart = np.multiply(logEpsilon, np.subtract(1, repeats));
    const nextPhi = withScore(np.add(open, none!), np.add(np.add(lastEmit, none!), apart));
    const stays = np.expandDims(ended!, -1);
    const unless = (last: ArrayValue, next: ArrayValue) =>
      np.add(np.multiply(stays, last), np.multiply(np.subtract(1, stays), next));
    const carry: Carry = [unless(lastPhi, nextPhi), unless(lastEmit, nextEmit)];
    return [carry, carry];
  };
  const begin: Carry = [phi, np.full([batch!, length], logEpsilon, "float32")];
  const [, outs] = scan(step as never, begin, [emitted, blank, np.transpose(ends)]) as unknown as [Carry, Carry]; // prettier-ignore
  const [phis, emits] = outs;
  const last = withScore(np.get(phis, -1), np.get(emits, -1));
  const lengths = np.subtract(length, np.astype(np.sum(absent, 1), "int32"));
  const loss = np.negative(np.sum(np.multiply(last, nn.oneHot(lengths, length + 1)), -1));
  return [loss, np.at(phis, -1).set(last), emits];
}

/**
 * Minus the logarithm of the probability of labels that are in order, but at frames that are not known: connectionist temporal
 * classification. Paddings are 1 where there is nothing, which is at the end, and else 0.
 *
 * Shape: `[batch, frames, classes], [batch, frames], [batch, labels], [batch, labels] → [batch]`.
 * @throws DTypeError unless logits are floats; ShapeError when shapes do not fit.
 * @see Graves et al., "Connectionist temporal classification" (2006); `optax.losses.ctc_loss`
 */
export const ctcLoss = (
  logits: Operand,
  logitPaddings: Operand,
  labels: Operand,
  labelPaddings: Operand,
  options: CtcOptions = {},
): ArrayValue => ctcLossWithForwardProbs(logits, logitPaddings, labels, labelPaddings, options)[0];
