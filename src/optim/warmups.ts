import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { Operand } from "../core/value.ts";
import {
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
  joinSchedules,
  linearSchedule,
  type Schedule,
} from "./schedules.ts";

/** From `initValue` to `peakValue` in a straight line, then no change. @see `optax.warmup_constant_schedule` */
export const warmupConstantSchedule = (
  initValue: Operand,
  peakValue: Operand,
  warmupSteps: number,
): Schedule => linearSchedule(initValue, peakValue, warmupSteps);

export interface WarmupLinearOptions {
  /** Value at the end. Default 0. */
  readonly endValue?: Operand | undefined;
}

/**
 * From `initValue` to `peakValue` in a straight line, then down to `endValue` in another. `decaySteps` counts all steps, the
 * warmup too.
 *
 * @throws ArgumentError when `decaySteps` is not more than `warmupSteps`.
 * @see {@link warmupCosineDecaySchedule}; Transformers' `get_linear_schedule_with_warmup`
 */
export function warmupLinearDecaySchedule(
  initValue: Operand,
  peakValue: Operand,
  warmupSteps: number,
  decaySteps: number,
  options: WarmupLinearOptions = {},
): Schedule {
  const caller = "optim.warmupLinearDecaySchedule";
  const { endValue = 0 } = readOptions<WarmupLinearOptions>(caller, ["endValue"], [options]);
  checkDecay(warmupSteps, decaySteps, caller);
  const warmup = linearSchedule(initValue, peakValue, warmupSteps);
  return joinSchedules(
    [warmup, linearSchedule(peakValue, endValue, decaySteps - warmupSteps)],
    [warmupSteps],
  );
}

export interface WarmupCosineOptions {
  /** Value at the end. Default 0. */
  readonly endValue?: number | undefined;
  /** Power of the cosine. Default 1. */
  readonly exponent?: Operand | undefined;
}

/**
 * From `initValue` to `peakValue` in a straight line, then down by a cosine. `decaySteps` counts all steps, the warmup
 * too.
 *
 * @throws ArgumentError when `decaySteps` is not more than `warmupSteps`. @see `optax.warmup_cosine_decay_schedule`
 */
export function warmupCosineDecaySchedule(
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  decaySteps: number,
  options: WarmupCosineOptions = {},
): Schedule {
  const caller = "optim.warmupCosineDecaySchedule";
  const names = ["endValue", "exponent"] as const;
  const { endValue = 0, exponent = 1 } = readOptions<WarmupCosineOptions>(caller, names, [options]);
  checkDecay(warmupSteps, decaySteps, caller);
  const alpha = peakValue === 0 ? 0 : endValue / peakValue;
  const warmup = linearSchedule(initValue, peakValue, warmupSteps);
  const decay = cosineDecaySchedule(peakValue, decaySteps - warmupSteps, { alpha, exponent });
  return joinSchedules([warmup, decay], [warmupSteps]);
}

function checkDecay(warmupSteps: number, decaySteps: number, caller: string): void {
  if (decaySteps > warmupSteps) return;
  throw new ArgumentError(
    "optim/schedule",
    `${caller}: decaySteps must be more than warmupSteps, which it includes; got ${describe(decaySteps)} and ${describe(warmupSteps)}`,
  );
}

/**
 * From `initValue` to `peakValue` in a straight line, then as {@link exponentialDecay}, of which the options are.
 *
 * @see `optax.warmup_exponential_decay_schedule`
 */
export const warmupExponentialDecaySchedule = (
  initValue: Operand,
  peakValue: Operand,
  warmupSteps: number,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): Schedule =>
  joinSchedules(
    [
      linearSchedule(initValue, peakValue, warmupSteps),
      exponentialDecay(peakValue, transitionSteps, decayRate, options),
    ],
    [warmupSteps],
  );
