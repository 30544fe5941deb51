import { type DTypeLike, toDType } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { biasCorrection, updateMoment } from "./moments.ts";
import { safeIncrement } from "./numerics.ts";
import {
  castLike,
  countZero,
  type GradientTransformation,
  mapBeside,
  nextState,
  zerosLike,
} from "./transformation.ts";

export interface AccumulatorOptions {
  /** Dtype of what is accumulated. Default: that of the parameters. */
  readonly accumulatorDtype?: DTypeLike | null | undefined;
}
export interface TraceState {
  readonly trace: unknown;
}
export interface TraceOptions extends AccumulatorOptions {
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** The dtype that was asked for, or null. */
export const dtypeOf = (given: DTypeLike | null | undefined, caller: string) =>
  given === undefined || given === null ? null : toDType(given, caller);

/** The decaying sum of past updates: momentum. @see `optax.trace` */
export function trace(decay: Operand, options: TraceOptions = {}): GradientTransformation<TraceState> {
  const names = ["nesterov", "accumulatorDtype"] as const;
  const { nesterov = false, accumulatorDtype } = readOptions<TraceOptions>("optim.trace", names, [options]);
  const dtype = dtypeOf(accumulatorDtype, "optim.trace");
  const step = (g: ArrayValue, sum: ArrayValue) => np.add(g, np.multiply(decay, sum));
  return {
    init: (params) => ({ trace: zerosLike(params, dtype) }),
    update: (updates, state) => {
      const sums = nextState(step, updates, state.trace);
      const moved = mapBeside((g, sum) => (nesterov ? step(g, sum!) : sum!), updates, sums);
      return [moved, castLike({ trace: sums }, state)];
    },
  };
}

export interface EmaState {
  /** Steps taken. */
  readonly count: ArrayValue;
  readonly ema: unknown;
}
export interface EmaOptions extends AccumulatorOptions {
  /** Correct the mean of the first steps, as it begins at 0. Default true. */
  readonly debias?: boolean | undefined;
}

/** The decaying mean of past updates. @see `optax.ema` */
export function ema(decay: Operand, options: EmaOptions = {}): GradientTransformation<EmaState> {
  const names = ["debias", "accumulatorDtype"] as const;
  const { debias = true, accumulatorDtype } = readOptions<EmaOptions>("optim.ema", names, [options]);
  const dtype = dtypeOf(accumulatorDtype, "optim.ema");
  return {
    init: (params) => ({ count: countZero(), ema: zerosLike(params, dtype) }),
    update: (updates, state) => {
      const mean = updateMoment(updates, state.ema, decay, 1);
      const count = safeIncrement(state.count);
      const shown = debias ? biasCorrection(mean, decay, count) : mean;
      return [mapBeside((_g, m) => m!, updates, shown), castLike({ count, ema: mean }, state)];
    },
  };
}

export interface ApplyEveryState {
  /** Updates that are accumulated. */
  readonly count: ArrayValue;
  readonly gradAcc: unknown;
}

/**
 * The sum of every `k` updates, and 0 in between. What came before it in a chain sees each of them; `multiSteps` is what makes one
 * step of a larger batch.
 *
 * @see `optax.apply_every`
 */
export const applyEvery = (k: Operand = 1): GradientTransformation<ApplyEveryState> => ({
  init: (params) => ({ count: countZero(), gradAcc: zerosLike(params) }),
  update: (updates, state) => {
    const place = np.mod(state.count, k);
    const goesOn = np.notEqual(place, 0);
    const gradAcc = nextState((g, sum) => np.add(np.multiply(goesOn, sum), g), updates, state.gradAcc);
    const emits = np.equal(place, np.subtract(k, 1));
    return [
      mapBeside((_g, sum) => np.multiply(emits, sum!), updates, gradAcc),
      castLike({ count: np.mod(safeIncrement(state.count), k), gradAcc }, state),
    ];
  },
});
