import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { type Mask, maskTree } from "./mask.ts";
import { type Schedule, valueAt } from "./schedules.ts";
import {
  complement,
  countZero,
  flattenNulls,
  gradientOf,
  type GradientTransformation,
  increment,
  mapState,
  mapUpdates,
  type NoState,
  type StepState,
  zerosLike,
} from "./transformation.ts";

/** A transformation without state. */
const stateless = (
  transform: <Updates>(updates: Updates, params: unknown) => Updates,
): GradientTransformation<NoState> => ({
  init: () => ({}),
  update: (updates, state, params) => [transform(updates, params), state],
});

/** Leaves the updates as they are. @see `optax.identity` */
export const identity = (): GradientTransformation<NoState> => stateless((updates) => updates);

/** Makes all updates 0, so that parameters stay. @see `optax.set_to_zero` */
export const setToZero = (): GradientTransformation<NoState> =>
  stateless((updates) => mapUpdates((g) => lax.fullLike(g, 0), updates));

/** Multiplies by `stepSize`. @see `optax.scale` */
export const scale = (stepSize: Operand): GradientTransformation<NoState> =>
  stateless((updates) => mapUpdates((g) => np.multiply(stepSize, g), updates));

/** Multiplies by what `schedule` says of the number of steps before. @see `optax.scale_by_schedule` */
export const scaleBySchedule = (schedule: Schedule): GradientTransformation<StepState> => ({
  init: () => ({ count: countZero() }),
  update: (updates, { count }) => {
    const stepSize = np.asarray(schedule(count));
    return [
      mapUpdates((g) => np.multiply(np.astype(stepSize, g.dtype), g), updates),
      { count: increment(count) },
    ];
  },
});

/**
 * Multiplies by minus the learning rate, which may be a schedule.
 * @see `optax.scale_by_learning_rate`
 */
export function scaleByLearningRate(
  learningRate: Operand | Schedule,
): GradientTransformation<NoState> | GradientTransformation<StepState> {
  if (typeof learningRate === "function") return scaleBySchedule((count) => np.negative(learningRate(count)));
  if (typeof learningRate !== "number" && !(learningRate instanceof ArrayValue)) {
    throw new ArgumentError(
      "optim/learning-rate",
      `a learning rate is a number, an array or a schedule, got ${describe(learningRate)}`,
    );
  }
  return scale(typeof learningRate === "number" ? -learningRate : np.negative(learningRate));
}

/** Cuts each element to `[-maxDelta, maxDelta]`. @see `optax.clip` */
export const clip = (maxDelta: Operand): GradientTransformation<NoState> =>
  stateless((updates) => mapUpdates((g) => np.clip(g, np.negative(maxDelta), maxDelta), updates));

/**
 * The Euclidean norm of all arrays in a tree, as one vector; 0 where there are none.
 *
 * Shape: `[]`. Dtype: that of the arrays. @see `optax.global_norm`
 */
export function globalNorm(tree: unknown): ArrayValue {
  const squares = flattenNulls(tree)[0].flatMap((leaf) => {
    const x = gradientOf(leaf);
    return x === null ? [] : [np.sum(np.real(np.multiply(x, np.conj(x))))];
  });
  return np.sqrt(squares.reduce<Operand>((sum, square) => np.add(sum, square), np.weak(0, "float")));
}

/** Scales the updates down to `maxNorm`, where their {@link globalNorm} is more. @see `optax.clip_by_global_norm` */
export const clipByGlobalNorm = (maxNorm: Operand): GradientTransformation<NoState> =>
  stateless((updates) => {
    const norm = globalNorm(updates);
    const isShort = np.less(norm, maxNorm);
    return mapUpdates((g) => {
      const clipped = np.multiply(np.divide(g, np.astype(norm, g.dtype)), maxNorm);
      return lax.select(isShort, g, np.astype(clipped, g.dtype));
    }, updates);
  });

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
      if (params === undefined || params === null) {
        throw new ArgumentError(
          "optim/params",
          "optim.addDecayedWeights needs the parameters: update(updates, state, params)",
        );
      }
      const count = "count" in state ? state.count : null;
      const next = count === null ? state : { count: increment(count) };
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

export interface TraceState {
  readonly trace: unknown;
}
export interface TraceOptions {
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** The decaying sum of past updates: momentum. @see `optax.trace` */
export function trace(decay: Operand, options: TraceOptions = {}): GradientTransformation<TraceState> {
  const { nesterov = false } = readOptions<TraceOptions>("optim.trace", ["nesterov"], [options]);
  const step = (g: ArrayValue, sum: ArrayValue | null) =>
    sum === null ? g : np.astype(np.add(g, np.multiply(decay, sum)), sum.dtype);
  return {
    init: (params) => ({ trace: zerosLike(params) }),
    update: (updates, state) => {
      const sums = mapState(step, updates, state.trace);
      const moved = mapUpdates(
        (g, sum) => (nesterov ? step(g, sum as ArrayValue) : (sum as ArrayValue)),
        updates,
        ["the state", sums],
      );
      return [moved, { trace: sums }];
    },
  };
}

export interface AdamState {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Decaying mean of the gradients. */
  readonly mu: unknown;
  /** Decaying mean of their squares. */
  readonly nu: unknown;
}
export interface AdamOptions {
  /** Decay of the mean of gradients. Default 0.9. */
  readonly b1?: Operand | undefined;
  /** Decay of the mean of squares. Default 0.999. */
  readonly b2?: Operand | undefined;
  /** Added to the root. Default 1e-8. */
  readonly eps?: Operand | undefined;
  /** Added below the root. Default 0. */
  readonly epsRoot?: Operand | undefined;
}
export const adamOptions = ["b1", "b2", "eps", "epsRoot"] as const;

/** Divides the mean of past gradients by the root of the mean of their squares. @see `optax.scale_by_adam` */
export function scaleByAdam(options: AdamOptions = {}): GradientTransformation<AdamState> {
  const given = readOptions<AdamOptions>("optim.scaleByAdam", adamOptions, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0 } = given;
  const mean =
    (decay: Operand, of: (g: ArrayValue) => ArrayValue) => (g: ArrayValue, last: ArrayValue | null) => {
      const fresh = np.multiply(complement(decay), of(g));
      return last === null ? fresh : np.astype(np.add(fresh, np.multiply(decay, last)), last.dtype);
    };
  const corrected = (moment: ArrayValue, short: ArrayValue) =>
    np.divide(moment, np.astype(short, moment.dtype));
  const magnitude = (g: ArrayValue) => np.real(np.multiply(g, np.conj(g)));
  return {
    init: (params) => ({ count: countZero(), mu: zerosLike(params), nu: zerosLike(params) }),
    update: (updates, state) => {
      const mu = mapState(mean(b1, (g) => g), updates, state.mu); // prettier-ignore
      const nu = mapState(mean(b2, magnitude), updates, state.nu);
      const count = increment(state.count);
      // A mean of n steps that began at 0 is short by the factor 1 − decayⁿ.
      // lax.pow: np.power would multiply out a count that is known, and round otherwise than under jit.
      const [short1, short2] = [b1, b2].map((decay) => {
        const base = typeof decay === "number" ? np.weak(decay, "float") : np.asarray(decay);
        return np.subtract(1, lax.pow(base, count));
      }) as [ArrayValue, ArrayValue];
      const scaled = mapUpdates(
        (_g, m, v) => {
          const [first, second] = [corrected(m as ArrayValue, short1), corrected(v as ArrayValue, short2)];
          return np.divide(first, np.add(np.sqrt(np.add(second, epsRoot)), eps));
        },
        updates,
        ["the state", mu],
        ["the state", nu],
      );
      return [scaled, { count, mu, nu }];
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
