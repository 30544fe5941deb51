import { type DType, type DTypeLike, isInexact, isInteger, toDType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape, showShape } from "../core/shape.ts";
import { ArrayValue, avalOf, type Operand } from "../core/value.ts";
import { zeros } from "./algebra.ts";
import { convertElementType } from "./cast.ts";
import { toArray } from "./operand.ts";
import { broadcast } from "./broadcast.ts";

export interface IotaParams {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly dimension: number;
}

/**
 * `[0, 1, …, size - 1]`.
 *
 * @throws DTypeError when `dtype` is not numeric. @see `jax.lax.iota`
 */
export const iota: Op<(dtype: DTypeLike, size: number) => ArrayValue, "iota", [], IotaParams> =
  definePrimitive("iota", {
    call: (dtype, size) => broadcastedIota(dtype, [size], 0),
    arity: 0,
    params: { dtype: param.dtype, shape: param.integers, dimension: param.integer },
    abstract: (_avals, { dtype, shape, dimension }) => {
      checkShape(shape, "iota");
      if (!isInteger(dtype) && !isInexact(dtype)) {
        throw new DTypeError(
          "lax/dtype",
          `iota does not accept dtype ${dtype}; accepted are integer, floating, complexfloating`,
        );
      }
      if (!Number.isInteger(dimension) || dimension < 0 || dimension >= shape.length) {
        throw new ShapeError(
          "lax/axes",
          `iota dimension must be between 0 and len(shape), got dimension=${String(dimension)} for shape=${showShape(shape)}`,
        );
      }
      return avalOf(shape, dtype);
    },
    jvp: "none",
    batch: (_operands, _dims, _size, params) => [iota.bind([], params), [null]],
    alsoShow: () => ({ sharding: null }),
    samples: [
      { operands: [], params: { dtype: "int32", shape: [2, 3], dimension: 1 } },
      { operands: [], params: { dtype: "float32", shape: [4], dimension: 0 } },
    ],
  });

/** Positions along the axis `dimension` of an array of `shape`. @see `jax.lax.broadcasted_iota` */
export const broadcastedIota = (dtype: DTypeLike, shape: Shape, dimension: number): ArrayValue =>
  iota.bind([], { dtype: toDType(dtype, "iota"), shape: checkShape(shape, "iota"), dimension })[0]!;

/** A scalar of `dtype`; a number goes there without an equation. */
function scalarAs(value: Operand, dtype: DType, weak: boolean): ArrayValue {
  if (!(value instanceof ArrayValue)) return scalarOf(value, dtype, weak);
  if (value.dtype === dtype && value.aval.weak === weak) return value;
  return convertElementType.bind([value], { newDtype: dtype, weakType: weak })[0]!;
}

/**
 * An array of `shape` that holds `fillValue` everywhere; of the value's own dtype, if none is given.
 *
 * @throws ShapeError when the value is no scalar. @see `jax.lax.full`
 */
export function full(
  shape: Shape,
  fillValue: Operand,
  ...rest: Optionals<[dtype: DTypeLike | null], FullOptions>
): ArrayValue {
  const { dtype = null } = readOptions<FullOptions>("full", ["dtype"], rest);
  checkShape(shape, "full");
  const value = toArray(fillValue, "full", 1);
  checkScalar(value, "full");
  if (dtype === null) return broadcast(value, shape);
  return broadcast(scalarAs(fillValue, toDType(dtype, "full"), false), shape);
}

/** An array of `shape` whose elements are not wanted; here they are zeros. @see `jax.lax.empty` */
export const empty = (shape: Shape | number, dtype: DTypeLike): ArrayValue =>
  full(checkShape(shape, "empty"), 0, dtype);

interface FullOptions {
  readonly dtype?: DTypeLike | null;
}
interface FullLikeOptions extends FullOptions {
  readonly shape?: Shape | null;
}

function checkScalar(value: ArrayValue, caller: string): void {
  if (value.ndim === 0) return;
  throw new ShapeError(
    "lax/full",
    `${caller} must be called with a scalar fill value, got shape ${showShape(value.shape)}: np.broadcastTo repeats an array`,
  );
}

/**
 * An array with the shape and dtype of `x`, or those given, that holds `fillValue` everywhere; of the class that the
 * class of `x` wants, if it has a `like`.
 *
 * @throws ShapeError when the value is no scalar. @see `jax.lax.full_like`
 */
export function fullLike(
  x: Operand,
  fillValue: Operand,
  ...rest: Optionals<[dtype: DTypeLike | null, shape: Shape | null], FullLikeOptions>
): ArrayValue {
  const options = readOptions<FullLikeOptions>("full_like", ["dtype", "shape"], rest);
  const { dtype = null, shape = null } = options;
  const given = toArray(x, "full_like");
  const { aval } = given;
  const value = toArray(fillValue, "full_like", 1);
  checkScalar(value, "full_like");
  const like = dtype === null ? aval.dtype : toDType(dtype, "full_like");
  const fill = scalarAs(fillValue, like, dtype === null && aval.weak);
  const sizes = checkShape(shape ?? aval.shape, "full_like");
  return given.like(fill, avalOf(sizes, fill.dtype, fill.aval.weak)) ?? broadcast(fill, sizes);
}

/** Zeros with the shape and dtype of `x`. @see `jax.lax.zeros_like_array` */
export function zerosLikeArray(x: Operand): ArrayValue {
  const given = toArray(x, "zeros_like");
  const { dtype, weak } = given.aval;
  return given.like(scalarOf(0, dtype, weak), given.aval) ?? zeros(given.aval);
}
