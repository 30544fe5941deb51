import type { DType } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as random from "../random/index.ts";

/** @throws ArgumentError when the rank is no positive integer. */
export function checkRank(rank: unknown, caller: string): asserts rank is number {
  if (!(Number.isInteger(rank) && (rank as number) > 0))
    throw new ArgumentError("lora/rank", `${caller}: rank must be a positive integer, got ${describe(rank)}`);
}

/**
 * What PEFT multiplies an update with: `alpha / rank`; with `useRslora`, `alpha / √rank`.
 *
 * @throws ArgumentError when the rank is not positive.
 * @see Kalajdzievski, "A rank stabilization scaling factor for fine-tuning with LoRA" (2023)
 */
export function scalingOf(rank: number, alpha: number, useRslora = false): number {
  checkRank(rank, "lora.scalingOf: alpha is divided by the rank");
  return alpha / (useRslora ? Math.sqrt(rank) : rank);
}

/** Uniform in ±1/√columns, as `kaiming_uniform_(a=√5)` of PyTorch. */
export function kaimingUniform(key: ArrayValue, shape: readonly [number, number], dtype: DType): ArrayValue {
  const limit = 1 / Math.sqrt(shape[1]);
  return random.uniform(key, shape, { dtype, minval: -limit, maxval: limit });
}

/** A factor of an adapter in float32, or wider: steps of training are too small for half the bits. */
export const wide = (factor: ArrayValue): ArrayValue =>
  lax.convertElementType(factor, factor.dtype === "float64" ? "float64" : "float32");
