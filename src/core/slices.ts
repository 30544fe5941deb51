import { ArgumentError } from "./errors.ts";
import { describe } from "./trace.ts";
import { Value } from "./value.ts";

/** A range of positions on one axis: Python's `start:stop:step`. Made by {@link s}. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number | null,
  ) {}
}

/** All of an axis: `":"`. */
export const everything: Slice = new Slice(null, null, null);

function checkBound(value: unknown, name: string): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const traced = value instanceof Value;
  throw new ArgumentError(
    "index/slice",
    `a slice's ${name} must be an integer or null, got ${describe(value)}${traced ? "; where it depends on data, use lax.dynamicSlice" : ""}`,
  );
}

/**
 * The index `start:stop:step`; null or nothing leaves a part open, so `np.s(1)` is `"1:"`.
 *
 * @throws ArgumentError on a bound that is no integer, or a step of 0.
 * @see `jax.numpy.s_`
 */
export function s(
  start: number | null = null,
  stop: number | null = null,
  step: number | null = null,
): Slice {
  const slice = new Slice(checkBound(start, "start"), checkBound(stop, "stop"), checkBound(step, "step"));
  if (slice.step === 0) throw new ArgumentError("index/slice", "a slice's step cannot be 0");
  return slice;
}

const pattern = /^\s*([+-]?\d+)?\s*:\s*([+-]?\d+)?\s*(?::\s*([+-]?\d+)?\s*)?$/;

/** @throws ArgumentError when the text is no slice. */
export function parseSlice(text: string): Slice {
  const match = pattern.exec(text);
  if (match === null) {
    throw new ArgumentError(
      "index/slice",
      `${JSON.stringify(text)} is no index: strings are slices such as ":", "1:", "::-1" or "...", one for each axis`,
    );
  }
  const [start, stop, step] = match.slice(1).map((part) => (part === undefined ? null : Number(part)));
  return s(start, stop, step);
}

/** A slice of an axis of known size: `length` positions from `start` on, `step` apart. */
export interface ResolvedSlice {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** What a slice means on an axis of `size`, as Python's `slice.indices`. */
export function resolveSlice({ start, stop, step }: Slice, size: number): ResolvedSlice {
  const stride = step ?? 1;
  const [lowest, highest] = stride > 0 ? [0, size] : [-1, size - 1];
  const bound = (value: number | null, open: number): number => {
    if (value === null) return open;
    const index = value < 0 ? value + size : value;
    return Math.min(Math.max(index, lowest), highest);
  };
  const from = bound(start, stride > 0 ? lowest : highest);
  const to = bound(stop, stride > 0 ? highest : lowest);
  return { start: from, step: stride, length: Math.max(0, Math.ceil((to - from) / stride)) };
}
