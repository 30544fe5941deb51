import { flattenUpTo } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { type Mask, maskTree } from "./mask.ts";
import { safeIncrement } from "./numerics.ts";
import { type Schedule, valueAt } from "./schedules.ts";
import {
  checkParams,
  countZero,
  flattenNulls,
  gradientOf,
  type GradientTransformation,
  mapUpdates,
  type NoState,
  type StepState,
} from "./transformation.ts";

/** The start of what needs no state. @see `optax.init_empty_state` */
export const initEmptyState = (_params: unknown): NoState => ({});

/**
 * A transformation without state, from a function of updates and parameters.
 *
 * @example
 * const halved = optim.stateless((updates) => tree.map((g) => np.divide(g, 2), updates));
 * @see `optax.stateless`
 */
export const stateless = (
  f: <Updates>(updates: Updates, params: unknown) => Updates,
): GradientTransformation<NoState> => ({
  init: initEmptyState,
  update: (updates, state, params) => [f(updates, params), state],
});

/**
 * A transformation without state, from a function of one update and its parameter, which is null where `update` gets none.
 *
 * @see `optax.stateless_with_tree_map`
 */
export const statelessWithTreeMap = (
  f: (update: ArrayValue, param: ArrayValue | null) => ArrayValue,
): GradientTransformation<NoState> =>
  stateless((updates, params) =>
    params === undefined || params === null
      ? mapUpdates((g) => f(g, null), updates)
      : mapUpdates((g, param) => f(g, np.asarray(param as Operand)), updates, ["the parameters", params]),
  );

/** A transformation of each update by itself. */
export const eachUpdate = (f: (update: ArrayValue) => ArrayValue): GradientTransformation<NoState> =>
  stateless((updates) => mapUpdates((g) => f(g), updates));

/** One that looks at the parameters. @throws ArgumentError `update` got none. */
export const withParams = (
  caller: string,
  f: (update: ArrayValue, param: ArrayValue) => ArrayValue,
): GradientTransformation<NoState> => {
  const inner = statelessWithTreeMap((g, param) => f(g, param as ArrayValue));
  return {
    init: inner.init,
    update: (updates, state, params) => {
      checkParams(params, caller);
      return inner.update(updates, state, params);
    },
  };
};

/** Leaves the updates as they are. @see `optax.identity` */
export const identity = (): GradientTransformation<NoState> => stateless((updates) => updates);

/** Makes all updates 0, so that parameters stay. @see `optax.set_to_zero` */
export const setToZero = (): GradientTransformation<NoState> => eachUpdate((g) => lax.fullLike(g, 0));

/** Multiplies by `stepSize`. @see `optax.scale` */
export const scale = (stepSize: Operand): GradientTransformation<NoState> =>
  eachUpdate((g) => np.multiply(stepSize, g));

/** Multiplies by what `schedule` says of the number of steps before. @see `optax.scale_by_schedule` */
export const scaleBySchedule = (schedule: Schedule): GradientTransformation<StepState> => ({
  init: () => ({ count: countZero() }),
  update: (updates, { count }) => {
    const stepSize = np.asarray(schedule(count));
    return [
      mapUpdates((g) => np.multiply(np.astype(stepSize, g.dtype), g), updates),
      { count: safeIncrement(count) },
    ];
  },
});

/** A number, an array without axes, or a schedule. */
export type LearningRate = Operand | Schedule;
export interface LearningRateOptions {
  /** Take the negative, so that steps descend. Default true. */
  readonly flipSign?: boolean | undefined;
}

/**
 * Multiplies by minus the learning rate, which may be a schedule; null leaves the updates as they are.
 *
 * @throws ArgumentError when it is something else. @see `optax.scale_by_learning_rate`
 */
export function scaleByLearningRate(
  learningRate: LearningRate | null,
  options: LearningRateOptions = {},
): GradientTransformation<NoState> | GradientTransformation<StepState> {
  const { flipSign = true } = readOptions<LearningRateOptions>("optim.scaleByLearningRate", ["flipSign"], [options]); // prettier-ignore
  if (learningRate === null) return identity();
  const sign = flipSign ? -1 : 1;
  if (typeof learningRate === "function")
    return scaleBySchedule((count) => np.multiply(sign, learningRate(count)));
  if (typeof learningRate !== "number" && !(learningRate instanceof ArrayValue)) {
    throw new ArgumentError(
      "optim/learning-rate",
      `a learning rate is a number, an array or a schedule, got ${describe(learningRate)}; options come after it, as in optim.adam(1e-3, { b1: 0.8 })`,
    );
  }
  return scale(typeof learningRate === "number" ? sign * learningRate : np.multiply(sign, learningRate));
}

export interface DecayOptions {
  /** Which parameters decay. Default: all. */
  readonly mask?: Mask;
}

/**
 * Adds `weightDecay` times each parameter to its update. Parameters without an update do not decay.
 *
 * @throws ArgumentError when `update` gets no parameters; TreeError when the mask is no prefix of them.
 * @see `optax.add_decayed_weights`
 */
export function addDecayedWeights(
  weightDecay: Operand | Schedule = 0,
  options: DecayOptions = {},
): GradientTransformation<NoState | StepState> {
  const { mask = null } = readOptions<DecayOptions>("optim.addDecayedWeights", ["mask"], [options]);
  return {
    init: () => (typeof weightDecay === "function" ? { count: countZero() } : {}),
    update: (updates, state, params) => {
      checkParams(params, "optim.addDecayedWeights");
      const count = "count" in state ? state.count : null;
      const next = count === null ? state : { count: safeIncrement(count) };
      if (weightDecay === 0) return [updates, next];
      const rate = count === null ? (weightDecay as Operand) : valueAt(weightDecay, count);
      const decayed = mapUpdates(
        (g, param, decays) => {
          if (decays === false) return g;
          return np.astype(np.add(g, np.multiply(rate, param as Operand)), g.dtype);
        },
        updates,
        ["the parameters", params],
        ["the mask", mask === null ? updates : maskTree(mask, params)],
      );
      return [decayed, next];
    },
  };
}

/**
 * Transformations, one after another. The state is a list of theirs.
 *
 * @throws ArgumentError when `update` gets a state that `init` did not make.
 * @example
 * const optimizer = optim.chain(optim.clipByGlobalNorm(1), optim.adam(1e-3));
 * @see `optax.chain`
 */
export const chain = (
  ...transformations: readonly GradientTransformation[]
): GradientTransformation<readonly unknown[]> => ({
  init: (params) => transformations.map((transformation) => transformation.init(params)),
  update: (updates, state, params, extra) => {
    if (!Array.isArray(state) || state.length !== transformations.length) {
      throw new ArgumentError(
        "optim/state",
        `optim.chain: the state of ${transformations.length} transformations is a list of as many, got ${describe(state)}: make it with init`,
      );
    }
    let passed = updates;
    const next = transformations.map((transformation, i) => {
      const [out, own] = transformation.update(passed, state[i], params, extra);
      passed = out;
      return own;
    });
    return [passed, next];
  },
});

/**
 * Transformations, one after another, each with a name. The state is a record of theirs.
 *
 * @throws ArgumentError when a name occurs twice.
 * @example
 * const optimizer = optim.namedChain(["clip", optim.clip(1)], ["adam", optim.adam(1e-3)]);
 * @see `optax.named_chain`
 */
export function namedChain(
  ...transformations: readonly (readonly [name: string, transformation: GradientTransformation])[]
): GradientTransformation<Readonly<Record<string, unknown>>> {
  const names = transformations.map(([name]) => name);
  if (new Set(names).size < names.length)
    throw new ArgumentError("optim/names", `optim.namedChain: a name occurs twice: ${names.join(", ")}`);
  const inner = chain(...transformations.map(([, transformation]) => transformation));
  const byName = (states: readonly unknown[]) =>
    Object.fromEntries(names.map((name, i) => [name, states[i]]));
  return {
    init: (params) => byName(inner.init(params)),
    update: (updates, state, params, extra) => {
      const [out, next] = inner.update(updates, names.map((name) => state[name]), params, extra); // prettier-ignore
      return [out, byName(next)];
    },
  };
}

/**
 * The parameters with the updates added. Where an update is `Zero` or null, the parameter itself.
 *
 * Dtypes are those of the parameters.
 * @throws TreeError when the trees differ.
 * @see `optax.apply_updates`
 */
export function applyUpdates<Params>(params: Params, updates: unknown): Params {
  const [leaves, treedef] = flattenNulls(params);
  const changes = flattenUpTo(treedef, updates, "the updates");
  return treedef.unflatten<Params>(
    leaves.map((param, i) => {
      const update = gradientOf(changes[i]);
      if (update === null || param === null) return param;
      const sum = np.add(param as Operand, update);
      return param instanceof ArrayValue ? np.astype(sum, param.dtype) : sum;
    }),
  );
}
