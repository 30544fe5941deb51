import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { checkSteps, float, joinSchedules, type Schedule } from "./schedules.ts";
import { warmupCosineDecaySchedule, type WarmupCosineOptions } from "./warmups.ts";

/** The way from 1 at 0 to 0 at 1. */
const ways = {
  linear: (t: ArrayValue): ArrayValue => np.subtract(1, t),
  cosine: (t: ArrayValue): ArrayValue => np.multiply(0.5, np.add(1, np.cos(np.multiply(Math.PI, t)))),
} as const;

/**
 * `initValue` times the product of the factors whose step is reached, and between two steps on the way from one value to the
 * next: in a straight line, or as a cosine.
 *
 * @throws ArgumentError when a factor is negative, a step no integer, or the way another.
 * @example
 * optim.piecewiseInterpolateSchedule("linear", 1, { 4: 0.1, 8: 0.01 });
 * @see `optax.piecewise_interpolate_schedule`
 */
export function piecewiseInterpolateSchedule(
  interpolateType: "linear" | "cosine",
  initValue: number,
  boundariesAndScales: Readonly<Record<number, number>> = {},
): Schedule {
  const name = "piecewiseInterpolateSchedule";
  if (!Object.hasOwn(ways, interpolateType)) {
    throw new ArgumentError(
      "optim/schedule",
      `optim.${name}: the way is "linear" or "cosine", got ${describe(interpolateType)}`,
    );
  }
  const points = Object.entries(boundariesAndScales).map(([step, factor]) => [Number(step), factor] as const);
  for (const [step, factor] of points) {
    checkSteps(step, "each step", name);
    if (factor >= 0) continue;
    throw new ArgumentError(
      "optim/schedule",
      `optim.${name}: factors must not be negative, got ${describe(factor)} at step ${step}`,
    );
  }
  points.sort(([a], [b]) => a - b);
  return (count) => {
    let [begin, start] = [0, initValue];
    const pieces = points.map(([step, factor]) => {
      const end = start * factor;
      const t = np.divide(np.subtract(count, begin), Math.max(step - begin, 1));
      const value = np.add(end, np.multiply(start - end, ways[interpolateType](t)));
      [begin, start] = [step, end];
      return [step, value] as const;
    });
    return pieces.reduceRight<Operand>(
      (later, [step, value]) => np.where(np.less(count, step), value, later),
      float(start),
    );
  };
}

export interface CosineOnecycleOptions {
  /** The share of the steps in which the value rises. Default 0.3. */
  readonly pctStart?: number | undefined;
  /** What the peak is divided by at the start. Default 25. */
  readonly divFactor?: number | undefined;
  /** What the value at the start is divided by at the end. Default 1e4. */
  readonly finalDivFactor?: number | undefined;
}
export interface LinearOnecycleOptions extends CosineOnecycleOptions {
  /** The share of the steps after which the value is that of the start again. Default 0.85. */
  readonly pctFinal?: number | undefined;
}

/**
 * Up to `peakValue` and down below the start, by cosines.
 *
 * @throws ArgumentError when `transitionSteps` is not positive.
 * @see Smith and Topin, "Super-convergence" (2017); `optax.cosine_onecycle_schedule`
 */
export function cosineOnecycleSchedule(
  transitionSteps: number,
  peakValue: number,
  options: CosineOnecycleOptions = {},
): Schedule {
  const caller = "optim.cosineOnecycleSchedule";
  const names = ["pctStart", "divFactor", "finalDivFactor"] as const;
  const given = readOptions<CosineOnecycleOptions>(caller, names, [options]);
  const { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = given;
  checkCycle(transitionSteps, caller);
  return piecewiseInterpolateSchedule("cosine", peakValue / divFactor, {
    [Math.trunc(pctStart * transitionSteps)]: divFactor,
    [transitionSteps]: 1 / (divFactor * finalDivFactor),
  });
}

/**
 * Up to `peakValue`, down to where it began, then to `1 / finalDivFactor` of that, in straight lines.
 *
 * @throws ArgumentError when `transitionSteps` is not positive.
 * @see Smith and Topin, "Super-convergence" (2017); `optax.linear_onecycle_schedule`
 */
export function linearOnecycleSchedule(
  transitionSteps: number,
  peakValue: number,
  options: LinearOnecycleOptions = {},
): Schedule {
  const caller = "optim.linearOnecycleSchedule";
  const names = ["pctStart", "pctFinal", "divFactor", "finalDivFactor"] as const;
  const given = readOptions<LinearOnecycleOptions>(caller, names, [options]);
  const { pctStart = 0.3, pctFinal = 0.85, divFactor = 25, finalDivFactor = 1e4 } = given;
  checkCycle(transitionSteps, caller);
  return piecewiseInterpolateSchedule("linear", peakValue / divFactor, {
    [Math.trunc(pctStart * transitionSteps)]: divFactor,
    [Math.trunc(pctFinal * transitionSteps)]: 1 / divFactor,
    [transitionSteps]: 1 / finalDivFactor,
  });
}

function checkCycle(transitionSteps: number, caller: string): void {
  if (Number.isInteger(transitionSteps) && transitionSteps > 0) return;
  throw new ArgumentError(
    "optim/schedule",
    `${caller}: transitionSteps must be a positive integer, got ${describe(transitionSteps)}`,
  );
}

/** One cycle of {@link sgdrSchedule}: the arguments of {@link warmupCosineDecaySchedule}. */
export interface CosineCycle extends WarmupCosineOptions {
  readonly initValue: number;
  readonly peakValue: number;
  readonly warmupSteps: number;
  readonly decaySteps: number;
}

/**
 * One warmup and cosine after another: warm restarts.
 *
 * @throws ArgumentError when there is no cycle.
 * @see Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017); `optax.sgdr_schedule`
 */
export function sgdrSchedule(cosineKwargs: readonly CosineCycle[]): Schedule {
  const schedules = cosineKwargs.map(({ initValue, peakValue, warmupSteps, decaySteps, ...options }) =>
    warmupCosineDecaySchedule(initValue, peakValue, warmupSteps, decaySteps, options),
  );
  let end = 0;
  const ends = cosineKwargs.map(({ decaySteps }) => (end += decaySteps));
  return joinSchedules(schedules, ends.slice(0, -1));
}
