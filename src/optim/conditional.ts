import { cond } from "../control/index.ts";
import { scalarOf } from "../core/scalar.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { safeIncrement, squaredNorm } from "./numerics.ts";
import {
  countZero,
  type ExtraArgs,
  flattenNulls,
  gradientOf,
  type GradientTransformation,
  mapUpdates,
} from "./transformation.ts";

type Step<Updates, State> = [updates: Updates, state: State];

/** One of two steps. Only the arrays go through the choice: what is no update stays what it is. */
function either<Updates, State>(
  takes: Operand,
  taken: () => Step<Updates, State>,
  other: () => Step<Updates, State>,
  updates: Updates,
): Step<Updates, State> {
  const [leaves, treedef] = flattenNulls(updates);
  const moves = leaves.map((leaf) => gradientOf(leaf) !== null);
  const arrays = (step: () => Step<Updates, State>) => (): [unknown[], State] => {
    const [out, state] = step();
    return [flattenNulls(out)[0].filter((_, i) => moves[i]), state];
  };
  const [moved, state] = cond(takes, arrays(taken), arrays(other));
  let next = 0;
  return [
    treedef.unflatten<Updates>(leaves.map((leaf, i) => (moves[i] ? moved[next++] : leaf))),
    state as State,
  ];
}

const zerosOf = <Updates>(updates: Updates): Updates => mapUpdates((g) => lax.fullLike(g, 0), updates);

/** Whether to take a step, by the number of steps before and what else `update` was given. */
export type Condition = (step: ArrayValue, extra: ExtraArgs) => Operand;
export interface ConditionalState<State = unknown> {
  readonly step: ArrayValue;
  readonly innerState: State;
}

const conditionally = <State>(
  inner: GradientTransformation<State>,
  shouldTransformFn: Condition,
  otherwise: <Updates>(updates: Updates) => Updates,
): GradientTransformation<ConditionalState<State>> => ({
  init: (params) => ({ step: countZero(), innerState: inner.init(params) }),
  update: (updates, { step, innerState }, params, extra = {}) => {
    const [moved, next] = either(
      shouldTransformFn(step, extra),
      () => inner.update(updates, innerState, params, extra),
      () => [otherwise(updates), innerState],
      updates,
    );
    return [moved, { step: safeIncrement(step), innerState: next }];
  },
});

/**
 * `inner` where the condition is true; else the updates as they are, and the state of `inner` as it is.
 *
 * @example
 * optim.conditionallyTransform(optim.clip(1), (step) => np.less(step, 100));
 * @see `optax.conditionally_transform`
 */
export const conditionallyTransform = <State>(
  inner: GradientTransformation<State>,
  shouldTransformFn: Condition,
): GradientTransformation<ConditionalState<State>> =>
  conditionally(inner, shouldTransformFn, (updates) => updates);

/** `inner` where the condition is true; else updates of 0, and the state of `inner` as it is. @see `optax.conditionally_mask` */
export const conditionallyMask = <State>(
  inner: GradientTransformation<State>,
  shouldTransformFn: Condition,
): GradientTransformation<ConditionalState<State>> => conditionally(inner, shouldTransformFn, zerosOf);

export interface ApplyIfFiniteState<State = unknown> {
  /** Gradients since the last one that was finite. */
  readonly notfiniteCount: ArrayValue;
  readonly lastFinite: ArrayValue;
  readonly totalNotfinite: ArrayValue;
  readonly innerState: State;
}

/** How many elements are infinite or NaN. */
const notFinite = (updates: unknown): Operand =>
  flattenNulls(updates)[0].reduce<Operand>(
    (sum, leaf) => {
      const g = gradientOf(leaf);
      return g === null ? sum : np.add(sum, np.sum(np.logicalNot(np.isfinite(g))));
    },
    scalarOf(0, "int32"),
  );

/**
 * Leaves out steps of gradients that hold NaN or infinities: updates are 0, and the state of `inner` stays. After
 * `maxConsecutiveErrors` of them, one after another, it takes them nevertheless.
 *
 * @see `optax.apply_if_finite`
 */
export const applyIfFinite = <State>(
  inner: GradientTransformation<State>,
  maxConsecutiveErrors: Operand,
): GradientTransformation<ApplyIfFiniteState<State>> => ({
  init: (params) => ({
    notfiniteCount: countZero(),
    lastFinite: np.array(true),
    totalNotfinite: countZero(),
    innerState: inner.init(params),
  }),
  update: (updates, state, params, extra) => {
    const isFinite = np.equal(notFinite(updates), 0);
    const errors = np.where(isFinite, countZero(), safeIncrement(state.notfiniteCount));
    const [moved, innerState] = either(
      np.logicalOr(isFinite, np.greater(errors, maxConsecutiveErrors)),
      () => inner.update(updates, state.innerState, params, extra),
      () => [zerosOf(updates), state.innerState],
      updates,
    );
    const total = np.where(isFinite, state.totalNotfinite, safeIncrement(state.totalNotfinite));
    return [moved, { notfiniteCount: errors, lastFinite: isFinite, totalNotfinite: total, innerState }];
  },
});

/** Whether to leave a gradient out, and what is known of it, as {@link multiSteps} asks. */
export type SkipUpdate = (
  updates: unknown,
  gradientStep: ArrayValue,
  params: unknown,
) => readonly [shouldSkip: ArrayValue, skipState: Readonly<Record<string, ArrayValue>>];

/** Leaves out gradients that hold NaN or infinities. @see `optax.skip_not_finite` */
export const skipNotFinite: SkipUpdate = (updates) => {
  const numNotFinite = np.asarray(notFinite(updates));
  const shouldSkip = np.greater(numNotFinite, 0);
  return [shouldSkip, { shouldSkip, numNotFinite }];
};

/**
 * Leaves out gradients whose squared norm is `maxSquaredNorm` or more, or NaN.
 *
 * @example
 * optim.multiSteps(inner, 4, { shouldSkipUpdateFn: (...args) => optim.skipLargeUpdates(...args, 100) });
 * @see `optax.skip_large_updates`
 */
export const skipLargeUpdates = (
  updates: unknown,
  _gradientStep: ArrayValue,
  _params: unknown,
  maxSquaredNorm: Operand,
): ReturnType<SkipUpdate> => {
  const normSquared = squaredNorm(updates);
  const shouldSkip = np.logicalNot(np.less(normSquared, maxSquaredNorm));
  return [shouldSkip, { shouldSkip, normSquared }];
};
