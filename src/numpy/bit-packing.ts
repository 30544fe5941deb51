import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, checkShape, range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { toBool } from "./logic.ts";
import { cast, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { moveaxis } from "./shape.ts";

export interface PackOptions {
  /** The axis along which bits lie; by default the array is flattened. */
  axis?: number | null | undefined;
  /** Whether the first bit is the most significant one, as it is by default, or the least. */
  bitorder?: "big" | "little" | undefined;
}

/** The array with the axis of bits last, how to move it back, and how far each bit of a byte is shifted. */
function along(x: ArrayValue, options: PackOptions, caller: string) {
  const { axis = null, bitorder = "big" } = options;
  if (bitorder !== "big" && bitorder !== "little")
    throw new ArgumentError(
      "numpy/bitorder",
      `${caller}: bitorder is "big" or "little", got ${String(bitorder)}`,
    );
  const a = axis === null ? lax.reshape(x, [x.size]) : x;
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const up = lax.iota("uint8", 8);
  return {
    last: moveaxis(a, place, -1),
    back: (y: ArrayValue) => moveaxis(y, -1, place),
    shifts: bitorder === "big" ? lax.rev(up, [0]) : up,
  };
}

/** The last axis cut off, or filled up with 0. */
const resized = (x: ArrayValue, size: number): ArrayValue =>
  lax.pad(
    x,
    0,
    x.shape.map((given, i) => [0, i === x.ndim - 1 ? size - given : 0, 0] as const),
  );

/**
 * Which elements are not 0, eight to a byte; what is missing at the end is 0.
 *
 * Shape: `[…, n] → […, ⌈n / 8⌉]` along the axis. Dtype: uint8.
 * @throws DTypeError on what is neither integers nor booleans; ArgumentError on another order. @see `jax.numpy.packbits`
 */
export function packbits(x: Operand, ...rest: Optionals<[axis: number | null], PackOptions>): ArrayValue {
  const caller = "np.packbits";
  const options = readOptions<PackOptions>(caller, ["axis", "bitorder"], rest);
  const a = toArray(x, caller);
  if (!isInteger(a.dtype) && a.dtype !== "bool")
    throw new DTypeError("numpy/dtype", `${caller} takes integers or booleans, got ${a.dtype}`);
  const { last, back, shifts } = along(cast(toBool(a), "uint8", false, caller), options, caller);
  const [size, lead] = [last.shape.at(-1)!, last.shape.slice(0, -1)];
  const bytes = Math.ceil(size / 8);
  const whole = resized(last, 8 * bytes);
  const bits = lax.reshape(whole, [...lead, bytes, 8]);
  const placed = lax.shiftLeft(bits, lax.broadcastInDim(shifts, bits.shape, [bits.ndim - 1]));
  return back(sum(placed, -1, "uint8"));
}

export interface UnpackOptions extends PackOptions {
  /** How many bits there are along the axis: more are cut off, less filled up with 0; negative, how many are cut off. */
  count?: number | null | undefined;
}

/**
 * The bits of bytes, as 0 and 1: the inverse of {@link packbits}.
 *
 * Shape: `[…, n] → […, 8n]` along the axis, or `[…, count]`. Dtype: uint8.
 * @throws DTypeError on other numbers than uint8; ArgumentError on another order. @see `jax.numpy.unpackbits`
 */
export function unpackbits(
  x: Operand,
  ...rest: Optionals<[axis: number | null, count: number | null], UnpackOptions>
): ArrayValue {
  const caller = "np.unpackbits";
  const { count = null, ...options } = readOptions<UnpackOptions>(
    caller,
    ["axis", "count", "bitorder"],
    rest,
  );
  const a = toArray(x, caller);
  if (a.dtype !== "uint8") throw new DTypeError("numpy/dtype", `${caller} takes uint8, got ${a.dtype}`);
  const { last, back, shifts } = along(a, options, caller);
  const shape = [...last.shape, 8];
  const wide = lax.broadcastInDim(last, shape, range(last.ndim));
  const bits = lax.and(lax.shiftRightLogical(wide, lax.broadcastInDim(shifts, shape, [last.ndim])), 1);
  const size = 8 * last.shape.at(-1)!;
  const flat = lax.reshape(bits, [...last.shape.slice(0, -1), size]);
  if (count === null) return back(flat);
  return back(resized(flat, checkShape([count < 0 ? Math.max(size + count, 0) : count], caller)[0]!));
}
