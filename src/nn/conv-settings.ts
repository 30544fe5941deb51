import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { range, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as random from "../random/index.ts";
import { checkCount, initial, requireKey, weightDType } from "./linear.ts";

/** The same along each spatial axis, or one for each. */
export type PerAxis = number | readonly number[];
export type PaddingWord = "SAME" | "SAME_LOWER" | "VALID";
/** A word, or what is added at both ends of every axis, of each axis, or at the two ends of each. */
export type ConvPadding = PaddingWord | PerAxis | readonly lax.Padding[];

/** What layers that convolve have in common. */
export interface ConvSettings {
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
  /** Distance between the places of the window. Default 1. */
  readonly stride?: PerAxis | undefined;
  /** Default 0. */
  readonly padding?: ConvPadding | undefined;
  /** Distance between neighbours of the kernel. Default 1. */
  readonly dilation?: PerAxis | undefined;
  /** Parts that the channels fall into, each channel of the result being made of the input's of its part. Default 1. */
  readonly groups?: number | undefined;
  /** Whether there is a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Dtype of weight and bias. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
}

const refuse = (message: string): never => {
  throw new ArgumentError("nn/conv", message);
};

/** One integer from `least` on for each of `count` axes. */
export function perAxis(value: unknown, count: number, name: string, least: number): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : range(count).map(() => value);
  if (list.length !== count)
    return refuse(`${name} is an integer or a list of ${count}, got ${describe(value)}`);
  return list.map((item) => checkCount(item, name, least));
}

const isList = (x: unknown): x is readonly unknown[] => Array.isArray(x);

/** Padding as a word in capitals, or in pairs. */
export function paddingOf(
  padding: unknown,
  count: number,
  caller: string,
): PaddingWord | readonly lax.Padding[] {
  const word = typeof padding === "string" ? padding.toUpperCase() : undefined;
  if (word === "SAME" || word === "SAME_LOWER" || word === "VALID") return word;
  const list = isList(padding) ? padding : range(count).map(() => padding);
  const pairs = list.map((item) => (isList(item) ? item : [item, item]));
  if (pairs.length === count && pairs.every((pair) => pair.length === 2 && pair.every(Number.isInteger)))
    return pairs as unknown as readonly lax.Padding[];
  return refuse(
    `${caller}: padding is "SAME", "SAME_LOWER", "VALID", an integer, or a list of ${count} integers or pairs; got ${describe(padding)}`,
  );
}

/** One of `modes`, in capitals. */
export function paddingModeOf<const Mode extends string>(
  mode: unknown,
  modes: readonly Mode[],
  caller: string,
): Mode {
  const name = typeof mode === "string" ? mode.toUpperCase() : undefined;
  return (
    modes.find((each) => each === name) ??
    refuse(`${caller}: paddingMode is one of ${modes.join(", ")}, got ${describe(mode)}`)
  );
}

/** Kernel and bias, uniform in ±1/√(inputs of one output); `[outChannels, inChannels / groups, …kernel]` and `[outChannels, 1, …]`. */
export function weightsOf(
  { key, useBias = true, dtype, groups = 1 }: ConvSettings,
  [inChannels, outChannels]: readonly [number, number],
  kernelSize: readonly number[],
  caller: string,
): { readonly weight: ArrayValue; readonly bias: ArrayValue | null } {
  checkCount(inChannels, `${caller}: inChannels`, 1);
  checkCount(outChannels, `${caller}: outChannels`, 1);
  checkCount(groups, `${caller}: groups`, 1);
  for (const [name, channels] of Object.entries({ inChannels, outChannels }))
    if (channels % groups !== 0)
      refuse(`${caller}: ${name} (${channels}) must be divisible by groups (${groups})`);
  const [weightKey, biasKey] = lax.unstack(random.split(requireKey(key, caller)));
  const shape = [outChannels, inChannels / groups, ...kernelSize];
  const limit = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const own = weightDType(dtype, caller);
  const ones = kernelSize.map(() => 1);
  return {
    weight: initial(weightKey!, shape, own, limit),
    bias: useBias ? initial(biasKey!, [outChannels, ...ones], own, limit) : null,
  };
}

/** @throws ShapeError unless `x` has an axis of channels and `count` of space. */
export function checkInput(x: ArrayValue, count: number, caller: string): void {
  if (x.ndim !== count + 1)
    throw new ShapeError(
      "nn/input",
      `${caller} takes an array with an axis of channels and ${count} of space, got shape ${showShape(x.shape)}: use vmap for a batch`,
    );
}
