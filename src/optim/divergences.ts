import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { floats } from "./distances.ts";
import type { CrossEntropyOptions } from "./losses.ts";

type Divergence = (logPredictions: Operand, targets: Operand, options?: CrossEntropyOptions) => ArrayValue;

const divergence =
  (name: string, terms: (logPredictions: ArrayValue, targets: ArrayValue) => ArrayValue): Divergence =>
  (logPredictions, targets, options = {}) => {
    const caller = `optim.${name}`;
    const { axis = -1, where = null } = readOptions<CrossEntropyOptions>(
      caller,
      ["axis", "where"],
      [options],
    );
    const logs = floats(logPredictions, "logarithms", caller);
    return np.sum(terms(logs, floats(targets, "targets", caller)), { axis, where });
  };

const relative = (logs: ArrayValue, targets: ArrayValue): ArrayValue => {
  const isZero = np.equal(targets, 0);
  return np.multiply(targets, np.subtract(np.where(isZero, 0, np.log(targets)), logs));
};

/**
 * `Σ target · (log target − logPrediction)`: 0 where a target is.
 *
 * Shape: `[…s, n], […s, n] → […s]`. @throws DTypeError unless both are floats.
 * @see Kullback and Leibler (1951); `optax.losses.kl_divergence`
 */
export const klDivergence: Divergence = divergence("klDivergence", relative);

/** {@link klDivergence} of the logarithms of targets. @see `optax.losses.kl_divergence_with_log_targets` */
export const klDivergenceWithLogTargets: Divergence = divergence(
  "klDivergenceWithLogTargets",
  (logs, targets) => np.multiply(np.exp(targets), np.subtract(targets, logs)),
);

/** {@link klDivergence} of what need not sum to 1. @see `optax.losses.generalized_kl_divergence` */
export const generalizedKlDivergence: Divergence = divergence("generalizedKlDivergence", (logs, targets) =>
  np.add(relative(logs, targets), np.subtract(np.exp(logs), targets)),
);
/** The former name of {@link generalizedKlDivergence}. */
export const convexKlDivergence: Divergence = generalizedKlDivergence;

export interface RankingOptions {
  /** Which items take part. Default: all. */
  readonly where?: Operand | null | undefined;
  /** Of each item. Default: 1. */
  readonly weights?: Operand | null | undefined;
  /** What becomes of the losses of lists: a function of an array and `{ where }`; null leaves them. Default: their mean. */
  readonly reduceFn?:
    | ((losses: ArrayValue, options: { where?: ArrayValue }) => ArrayValue)
    | null
    | undefined;
}

/**
 * The softmax cross-entropy of the scores of a list with how relevant its items are.
 *
 * Shape: `[…s, items], […s, items] → []`, or `[…s]` where they are not reduced. @throws DTypeError unless logits are floats.
 * @see Bruch et al. (2019); `optax.losses.ranking_softmax_loss`
 */
export function rankingSoftmaxLoss(
  logits: Operand,
  labels: Operand,
  options: RankingOptions = {},
): ArrayValue {
  const caller = "optim.rankingSoftmaxLoss";
  const given = readOptions<RankingOptions>(caller, ["where", "weights", "reduceFn"], [options]);
  const { where = null, weights = null, reduceFn = np.mean } = given;
  const scores = floats(logits, "logits", caller);
  const shown = where === null ? null : toArray(where, caller);
  const only = (x: ArrayValue, other: number) => (shown === null ? x : np.where(shown, x, other));
  const relevant = only(np.astype(toArray(labels, caller), scores.dtype), 0);
  const weighted = weights === null ? relevant : np.multiply(relevant, weights);
  const terms = np.multiply(weighted, nn.logSoftmax(only(scores, -Infinity)));
  const losses = np.negative(np.sum(terms, { axis: -1, where: shown }));
  const lists = shown === null ? null : np.any(shown, -1);
  if (reduceFn === null) return lists === null ? losses : np.where(lists, losses, 0);
  const reduced = reduceFn(losses, lists === null ? {} : { where: lists });
  if (reduceFn !== np.mean) return reduced;
  const isNumber = np.logicalNot(np.any(np.isnan(losses)));
  return np.where(np.logicalAnd(np.isnan(reduced), isNumber), 0, reduced);
}
