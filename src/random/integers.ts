import {
  canonicalDType,
  type DType,
  type DTypeLike,
  dtypeInfo,
  isFloat,
  isInteger,
  toDType,
} from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo, iinfo } from "../numpy/limits.ts";
import { cast, toArray } from "../numpy/promotion.ts";
import { checkMode, type SampleMode } from "./gumbel.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import {
  alignParameter,
  type BitsOptions,
  sampleShape,
  type ShapeLike,
  uniformOf,
  unsignedOf,
} from "./uniform.ts";

/** A bound of `randint` as integers. Fractions are cut off, as JAX does. @throws ArgumentError on NaN or infinity. */
function integerBound(bound: Operand, name: string): ArrayValue {
  const caller = `random.randint: ${name}`;
  if (bound instanceof ArrayValue) {
    return isInteger(bound.dtype) ? bound : cast(bound, defaultDType("int"), false, caller);
  }
  const integer = Math.trunc(Number(bound));
  const [int, uint] = [defaultDType("int"), canonicalDType("uint64")];
  const dtype = (["int32", int, uint] as const).find((d) => fits(integer, d));
  if (dtype === undefined) {
    throw new ArgumentError(
      "random/bounds",
      `${caller} must be an integer that ${int} or ${uint} can hold, got ${describe(bound)}`,
    );
  }
  return scalarOf(integer, dtype);
}
const fits = (x: number, dtype: DType): boolean => x >= iinfo(dtype).min && x <= iinfo(dtype).max;

/** `x` as `dtype`; what that cannot hold becomes the nearest number that it can. */
function clipTo(x: ArrayValue, dtype: DType, least: number | bigint, most: number | bigint): ArrayValue {
  const own = iinfo(x.dtype);
  const [low, high] = [least > own.min ? least : own.min, most < own.max ? most : own.max];
  const clipped = lax.clamp(scalarOf(low, x.dtype), x, scalarOf(high, x.dtype));
  return clipped.dtype === dtype ? clipped : lax.convertElementType(clipped, dtype);
}

/**
 * Random integers in `[minval, maxval)`, uniform but for a slight bias where `maxval − minval` is no power of 2; `minval`
 * where that is not below `maxval`.
 *
 * Shape: `shape`, to which the bounds broadcast. Dtype: int32 (int64 under x64), or the integer dtype asked for.
 * @throws DTypeError when `dtype` is no integer dtype; ShapeError when the bounds do not broadcast to `shape`.
 * @example
 * random.randint(key, [4], 0, 10);
 * @see `jax.random.randint`
 */
export function randint(
  key: ArrayValue,
  shape: ShapeLike,
  minval: Operand,
  maxval: Operand,
  ...rest: Optionals<[dtype: DTypeLike], { readonly dtype?: DTypeLike | undefined }>
): ArrayValue {
  const caller = "random.randint";
  const options = readOptions<{ dtype?: DTypeLike }>(caller, ["dtype"], rest);
  const dtype = options.dtype === undefined ? defaultDType("int") : toDType(options.dtype, caller);
  if (!isInteger(dtype)) {
    throw new DTypeError("random/dtype", `random.randint only accepts integer dtypes, got ${dtype}`);
  }
  const bounds = [integerBound(minval, "minval"), integerBound(maxval, "maxval")] as const;
  const sizes = sampleShape(shape, [bounds[0].shape, bounds[1].shape], caller);
  const sample = integersOf(checkKey(key, caller), sizes, bounds, dtype);
  return sample.dtype === dtype ? sample : lax.convertElementType(sample, dtype);
}

function integersOf(
  key: ArrayValue,
  shape: Shape,
  [minval, maxval]: readonly [ArrayValue, ArrayValue],
  dtype: DType,
): ArrayValue {
  const { min, max } = iinfo(dtype);
  // Narrow integers are drawn in 32 bits, where the bias is small and max + 1 is a number.
  const narrow = dtypeInfo[dtype].bits < 32;
  const drawn: DType = narrow ? "int32" : dtype;
  const least = clipTo(minval, drawn, min, max);
  const bound = clipTo(maxval, drawn, min, narrow ? Number(max) + 1 : max);
  // Beyond the dtype, the span is one larger than the clipped bounds say.
  const own = iinfo(maxval.dtype).max;
  const beyond = narrow || own <= max ? null : lax.gt(maxval, scalarOf(max, maxval.dtype));
  const [low, high] = [least, bound].map((x) => alignParameter(x, shape.length)) as [ArrayValue, ArrayValue];

  const uint = unsignedOf(drawn);
  const width = dtypeInfo[drawn].bits as 32 | 64;
  const [upper, lower] = splitKey(key, 2).map((part) => lax.randomBits(part, width, shape)) as [
    ArrayValue,
    ArrayValue,
  ];
  const difference = lax.convertElementType(lax.sub(high, low), uint);
  const some = lax.lt(low, high);
  let span = lax.select(some, difference, lax.fullLike(difference, 1));
  if (beyond !== null) {
    const more = lax.and(alignParameter(beyond, shape.length), some);
    span = lax.add(span, lax.select(more, lax.fullLike(more, 1, uint), lax.fullLike(more, 0, uint)));
  }
  // (upper · 2^width + lower) mod span, without leaving the width; a span of 2^width wraps to 0, and x rem 0 is x.
  const half = lax.rem(scalarOf(width === 64 ? 2n ** 32n : 2 ** 16, uint), span);
  const multiplier = lax.rem(lax.mul(half, half), span);
  const offset = lax.rem(lax.add(lax.mul(lax.rem(upper, span), multiplier), lax.rem(lower, span)), span);
  return lax.add(low, lax.convertElementType(offset, drawn));
}

export interface BernoulliOptions {
  /** Probability of true. Default ½. */
  readonly p?: Operand | undefined;
  /** Shape of the result. Default: that of `p`. */
  readonly shape?: ShapeLike | null | undefined;
  readonly mode?: SampleMode | undefined;
}

/**
 * True with probability `p`. Below a probability of 10⁻⁷, float32 needs mode `"high"`.
 *
 * Shape: `shape`, to which `p` broadcasts. Dtype: bool.
 * @throws DTypeError when `p` is an array of another dtype than float; ShapeError when it does not broadcast to `shape`.
 * @see `jax.random.bernoulli`
 */
export function bernoulli(
  key: ArrayValue,
  ...rest: Optionals<[p: Operand, shape: ShapeLike | null, mode: SampleMode], BernoulliOptions>
): ArrayValue {
  const caller = "random.bernoulli";
  const options = readOptions<BernoulliOptions>(caller, ["p", "shape", "mode"], rest);
  const { p = 0.5 } = options;
  const mode = checkMode(options.mode ?? "low", caller);
  const probability = p instanceof ArrayValue ? p : cast(p, defaultDType("float"), true, caller);
  const { dtype } = probability;
  if (!isFloat(dtype)) {
    throw new DTypeError(
      "random/dtype",
      `${caller}: the probability p must have a float dtype, got ${dtype}: convert it with astype`,
    );
  }
  const shape = sampleShape(options.shape, [toArray(probability, caller).shape], caller);
  const limit = alignParameter(lax.convertElementType(probability, dtype), shape.length);
  const checked = checkKey(key, caller);
  if (mode === "low") return lax.lt(uniformOf(checked, shape, dtype, 0, 1), limit);
  const [coarse, fine] = lax.unstack(uniformOf(checked, [2, ...shape], dtype, 0, 1)) as [
    ArrayValue,
    ArrayValue,
  ];
  const step = scalarOf(2 ** -finfo(dtype).nmant, dtype);
  return lax.lt(lax.mul(fine, step), lax.sub(limit, coarse));
}

/**
 * −1 or 1, with probability ½ each.
 *
 * Shape: `shape`. Dtype: int32 (int64 under x64), or the one asked for. @see `jax.random.rademacher`
 */
export function rademacher(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
): ArrayValue {
  const caller = "random.rademacher";
  const options = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
  const dtype = options.dtype === undefined ? defaultDType("int") : toDType(options.dtype, caller);
  const shape = checkShape(options.shape ?? [], caller);
  const heads = lax.lt(uniformOf(checkKey(key, caller), shape, defaultDType("float"), 0, 1), 0.5);
  return lax.select(heads, lax.full(shape, 1, dtype), lax.full(shape, -1, dtype));
}
