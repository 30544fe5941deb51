import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";

/** A value that depends on the number of steps taken. */
export type Schedule = (count: Operand) => Operand;

/** @internal A weak float, so that whole numbers of a schedule are floats too. */
export const float = (x: Operand): Operand => (typeof x === "number" ? np.weak(x, "float") : x);

/** @internal */
export function checkSteps(steps: number, name: string, caller: string): void {
  if (Number.isInteger(steps)) return;
  throw new ArgumentError(
    "optim/schedule",
    `optim.${caller}: ${name} must be an integer, got ${describe(steps)}`,
  );
}

/** Always `value`. @see `optax.constant_schedule` */
export const constantSchedule =
  (value: Operand): Schedule =>
  () =>
    value;

export interface TransitionOptions {
  /** Steps before the transition begins. Default 0. */
  readonly transitionBegin?: number | undefined;
}

/**
 * From `initValue` to `endValue` in `transitionSteps`: `(init − end) (1 − t/T)^power + end`. With no steps, `initValue`.
 *
 * @see `optax.polynomial_schedule`
 */
export function polynomialSchedule(
  initValue: Operand,
  endValue: Operand,
  power: Operand,
  transitionSteps: number,
  options: TransitionOptions = {},
): Schedule {
  const caller = "polynomialSchedule";
  const { transitionBegin = 0 } = readOptions<TransitionOptions>(
    `optim.${caller}`,
    ["transitionBegin"],
    [options],
  );
  checkSteps(transitionSteps, "transitionSteps", caller);
  checkSteps(transitionBegin, "transitionBegin", caller);
  if (transitionSteps <= 0) return constantSchedule(initValue);
  const begin = Math.max(0, transitionBegin);
  return (count) => {
    const t = np.clip(np.subtract(count, begin), 0, transitionSteps);
    const left = np.subtract(1, np.divide(t, transitionSteps));
    return np.add(
      np.multiply(np.subtract(float(initValue), endValue), np.power(left, power)),
      float(endValue),
    );
  };
}

/** From `initValue` to `endValue` in a straight line. @see `optax.linear_schedule` */
export const linearSchedule = (
  initValue: Operand,
  endValue: Operand,
  transitionSteps: number,
  options: TransitionOptions = {},
): Schedule => polynomialSchedule(initValue, endValue, 1, transitionSteps, options);

/**
 * `initValue` times the product of the factors whose step is reached.
 *
 * @throws ArgumentError when a factor is negative, or a step no integer.
 * @example
 * optim.piecewiseConstantSchedule(1, { 100: 0.1, 200: 0.1 });
 * @see `optax.piecewise_constant_schedule`
 */
export function piecewiseConstantSchedule(
  initValue: Operand,
  boundariesAndScales: Readonly<Record<number, number>> = {},
): Schedule {
  const steps = Object.entries(boundariesAndScales).map(([step, factor]) => [Number(step), factor] as const);
  for (const [step, factor] of steps) {
    checkSteps(step, "each step", "piecewiseConstantSchedule");
    if (factor >= 0) continue;
    throw new ArgumentError(
      "optim/schedule",
      `optim.piecewiseConstantSchedule: factors must not be negative, got ${describe(factor)} at step ${step}`,
    );
  }
  steps.sort(([a], [b]) => a - b);
  return (count) =>
    steps.reduce<Operand>((value, [step, factor]) => {
      const reached = np.greaterEqual(count, step);
      return np.where(reached, np.multiply(factor, value), value);
    }, float(initValue));
}

export interface ExponentialDecayOptions extends TransitionOptions {
  /** Decay in jumps, once every `transitionSteps`. Default false. */
  readonly staircase?: boolean | undefined;
  /** Where the decay stops. */
  readonly endValue?: Operand | undefined;
}

/**
 * `initValue · decayRate^(t / transitionSteps)`. With no steps, or a rate of 0, `initValue`.
 *
 * @see `optax.exponential_decay`
 */
export function exponentialDecay(
  initValue: Operand,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): Schedule {
  const names = ["transitionBegin", "staircase", "endValue"] as const;
  const given = readOptions<ExponentialDecayOptions>("optim.exponentialDecay", names, [options]);
  const { transitionBegin = 0, staircase = false, endValue } = given;
  if (transitionSteps <= 0 || decayRate === 0) return constantSchedule(initValue);
  const begin = Math.max(0, transitionBegin);
  return (count) => {
    const passed = np.subtract(count, begin);
    const portion = np.divide(passed, transitionSteps);
    const exponent = staircase ? np.floor(portion) : portion;
    const decayed = np.multiply(float(initValue), np.power(float(decayRate), exponent));
    const value = np.where(np.lessEqual(passed, 0), float(initValue), decayed);
    if (endValue === undefined) return value;
    return decayRate < 1 ? np.maximum(value, float(endValue)) : np.minimum(value, float(endValue));
  };
}

export interface CosineDecayOptions {
  /** The share of the initial value that is left at the end. Default 0. */
  readonly alpha?: Operand | undefined;
  /** Power of the cosine. Default 1. */
  readonly exponent?: Operand | undefined;
}

/**
 * `initValue · ((1 − alpha) (½ + ½ cos(π t/T))^exponent + alpha)`, T being `decaySteps`.
 *
 * @throws ArgumentError when `decaySteps` is not positive. @see `optax.cosine_decay_schedule`
 */
export function cosineDecaySchedule(
  initValue: Operand,
  decaySteps: number,
  options: CosineDecayOptions = {},
): Schedule {
  const caller = "optim.cosineDecaySchedule";
  const { alpha = 0, exponent = 1 } = readOptions<CosineDecayOptions>(
    caller,
    ["alpha", "exponent"],
    [options],
  );
  if (!(decaySteps > 0))
    throw new ArgumentError(
      "optim/schedule",
      `${caller}: decaySteps must be positive, got ${describe(decaySteps)}`,
    );
  return (count) => {
    const t = np.minimum(count, float(decaySteps));
    const cosine = np.multiply(0.5, np.add(1, np.cos(np.divide(np.multiply(Math.PI, t), decaySteps))));
    const decayed = np.add(np.multiply(np.subtract(1, alpha), np.power(cosine, exponent)), alpha);
    return np.multiply(float(initValue), decayed);
  };
}

/**
 * Schedules one after another: the next one begins, at its step 0, where a boundary is reached.
 *
 * @throws ArgumentError unless there is one boundary less than schedules. @see `optax.join_schedules`
 */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  const [first, ...others] = schedules;
  if (first === undefined || boundaries.length !== others.length) {
    throw new ArgumentError(
      "optim/schedule",
      `optim.joinSchedules: ${schedules.length} schedules need ${Math.max(0, schedules.length - 1)} boundaries, got ${boundaries.length}`,
    );
  }
  return (count) =>
    others.reduce<Operand>((value, next, i) => {
      const begin = boundaries[i]!;
      const later = float(next(np.subtract(count, begin)));
      return np.where(np.less(count, begin), float(value), later);
    }, first(count));
}

/** @internal `value` at a step: a schedule is asked. */
export const valueAt = (value: Operand | Schedule, count: ArrayValue): Operand =>
  typeof value === "function" ? value(count) : value;
