import type { DType, DTypeLike } from "../core/dtype.ts";
import { ArgumentError, nearest } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { checkKey } from "./key.ts";
import { type BitsOptions, floatDType, type ShapeLike, uniformOf } from "./uniform.ts";

/** How many random bits a sample is made of: `"high"` reaches farther into the tail, at twice the cost. */
export type SampleMode = "low" | "high";
/** As {@link SampleMode}; `"highest"` reaches as far as 64 bits can, in both tails, and is `"high"` of other dtypes than float32. */
export type GumbelMode = SampleMode | "highest";

/** @throws ArgumentError when `mode` is none of `modes`. */
function checkOneOf<Mode extends string>(mode: unknown, modes: readonly Mode[], caller: string): Mode {
  if (modes.includes(mode as Mode)) return mode as Mode;
  const near = typeof mode === "string" ? nearest(mode, modes) : undefined;
  const known = modes.map((name) => `"${name}"`).join(" or ");
  throw new ArgumentError(
    "random/mode",
    `${caller}: mode is ${known}, got ${describe(mode)}${near ? `; did you mean "${near}"?` : ""}`,
  );
}
/** @internal @throws ArgumentError when `mode` is no mode. */
export const checkMode = (mode: unknown, caller: string): SampleMode =>
  checkOneOf(mode, ["low", "high"], caller);
/** @internal @throws ArgumentError when `mode` is no mode of `gumbel`. */
export const checkGumbelMode = (mode: unknown, caller: string): GumbelMode =>
  checkOneOf(mode, ["low", "high", "highest"], caller);

/** Two arrays along the leading axis. */
const halves = (x: ArrayValue): [ArrayValue, ArrayValue] => lax.unstack(x) as [ArrayValue, ArrayValue];
const word = (value: number): ArrayValue => scalarOf(value, "uint32");

/** The float32 below `(high·2³² + low) / 2⁶⁴`, of its 24 leading bits. */
function fraction(high: ArrayValue, low: ArrayValue): ArrayValue {
  const [zeros, more] = [lax.clz(high), lax.clz(low)];
  const isEmpty = lax.eq(zeros, word(32));
  const rest = lax.select(
    isEmpty,
    lax.shiftLeft(low, more),
    lax.shiftRightLogical(low, lax.sub(word(32), zeros)),
  );
  const leading = lax.or(lax.shiftLeft(high, zeros), rest);
  const mantissa = lax.and(lax.shiftRightLogical(leading, word(8)), word(0x7fffff));
  const skipped = lax.select(isEmpty, lax.add(word(32), more), zeros);
  const exponent = lax.shiftLeft(lax.sub(word(126), skipped), word(23));
  return lax.bitcastConvertType(lax.or(lax.and(exponent, word(0x3fc00000)), mantissa), "float32");
}

/** Of 64 random bits each: the smaller of `u` and `1 − u` is exact to 24 bits. */
function highestGumbel(key: ArrayValue, shape: Shape): ArrayValue {
  const [high, low] = halves(lax.randomBits(key, 32, [2, ...shape]));
  const isSmall = lax.lt(high, word(0x80000000));
  // 1 − u in fixed point is the two's complement.
  const negated = lax.add(lax.not(low), word(1));
  const carry = lax.convertElementType(lax.eq(low, word(0)), "uint32");
  const x = fraction(
    lax.select(isSmall, high, lax.add(lax.not(high), carry)),
    lax.select(isSmall, low, negated),
  );
  const logU = lax.select(isSmall, lax.log1p(lax.neg(x)), lax.log(x));
  return lax.neg(lax.log(lax.neg(logU)));
}

/** @internal `gumbel` of checked arguments. */
export function gumbelOf(key: ArrayValue, shape: Shape, dtype: DType, mode: GumbelMode): ArrayValue {
  const { tiny, nmant } = finfo(dtype);
  if (mode === "low") return lax.neg(lax.log(lax.neg(lax.log(uniformOf(key, shape, dtype, tiny, 1)))));
  if (mode === "highest" && dtype === "float32") return highestGumbel(key, shape);
  const [high, low] = halves(uniformOf(key, [2, ...shape], dtype, 0, 1));
  const fine = lax.add(lax.add(high, lax.mul(scalarOf(2 ** -nmant, dtype), low)), scalarOf(tiny, dtype));
  // From ½ on there are no bits to spare: the sum could round up to 1.
  const u = lax.select(lax.ge(high, scalarOf(0.5, dtype)), high, fine);
  return lax.neg(lax.log(lax.neg(lax.log1p(lax.neg(u)))));
}

export interface GumbelOptions extends BitsOptions {
  readonly mode?: GumbelMode | null | undefined;
}

/**
 * Gumbel distribution: density `e^(−(x + e⁻ˣ))`. In float32 no sample exceeds 16, or 32 with mode `"high"`, or 44 with
 * mode `"highest"`.
 *
 * @throws ArgumentError when `mode` is none of them. @see `jax.random.gumbel`
 */
export function gumbel(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike, mode: GumbelMode], GumbelOptions>
): ArrayValue {
  const caller = "random.gumbel";
  const options = readOptions<GumbelOptions>(caller, ["shape", "dtype", "mode"], rest);
  const shape = checkShape(options.shape ?? [], caller);
  const dtype = floatDType(options.dtype, "gumbel");
  return gumbelOf(checkKey(key, caller), shape, dtype, checkGumbelMode(options.mode ?? "low", caller));
}
