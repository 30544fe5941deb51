import { HostBuffer } from "../core/backend.ts";
import {
  allocate,
  type DType,
  type DTypeLike,
  isInteger,
  promoteTypes,
  toDType,
  type TypedArray,
  weakDType,
} from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { Complex } from "../core/method-types.ts";
import { isPlainObject, type Optionals, readOptions } from "../core/options.ts";
import { scalarOf, store } from "../core/scalar.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { fromTypedArray, isTypedArray } from "../core/typed-array.ts";
import { ArrayValue, avalOf, NDArray } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { elementReader } from "./elements.ts";
import { iinfo } from "./limits.ts";
import { cast, typeOf } from "./promotion.ts";

/** What `np.array` makes an array of: an array, a typed array, a number, or lists in lists of these. */
export type ArrayLike =
  | ArrayValue
  | TypedArray
  | Uint8ClampedArray
  | number
  | bigint
  | boolean
  | Complex
  | readonly ArrayLike[];

export interface ArrayOptions {
  /** Element type; by default that of the data. */
  dtype?: DTypeLike | null | undefined;
  /** Arrays are immutable, so nothing is ever copied but typed arrays; accepted for likeness to JAX. */
  copy?: boolean | undefined;
  /** The least rank of the result, reached by leading axes of size 1. */
  ndmin?: number | undefined;
}

/**
 * An array of `data`. Numbers are float32, booleans bool, bigints int32 (int64 under x64), unless `dtype` says otherwise;
 * a typed array keeps its element type (64-bit ones are narrowed unless `config.enableX64`), and is copied.
 *
 * Shape: lists nest to axes; a list of arrays stacks them.
 * @throws ShapeError on a ragged list, naming the place; DTypeError on a number that `dtype` cannot hold; ArgumentError
 * on anything that is no data.
 * @see `jax.numpy.array`
 */
export function array(
  data: ArrayLike,
  ...rest: Optionals<[dtype: DTypeLike | null], ArrayOptions>
): ArrayValue {
  const { dtype = null, ndmin = 0 } = readOptions<ArrayOptions>("np.array", ["dtype", "copy", "ndmin"], rest);
  return lax.broadcastToRank(make(data, dtype, "np.array"), ndmin);
}

/** As {@link array}. @see `jax.numpy.asarray` */
export function asarray(
  data: ArrayLike,
  ...rest: Optionals<[dtype: DTypeLike | null], ArrayOptions>
): ArrayValue {
  const { dtype = null, ndmin = 0 } = readOptions<ArrayOptions>(
    "np.asarray",
    ["dtype", "copy", "ndmin"],
    rest,
  );
  return lax.broadcastToRank(make(data, dtype, "np.asarray"), ndmin);
}

/** `data` as an array of its own dtype: {@link array}. @see `jax.numpy.copy` */
export const copy = (data: ArrayLike): ArrayValue => make(data, null, "np.copy");

/** @internal `np.array` in the name of another function. */
export function make(data: unknown, like: DTypeLike | null, caller: string): ArrayValue {
  const dtype = like === null ? null : toDType(like, caller);
  if (data instanceof ArrayValue) return dtype === null ? data : cast(data, dtype, false, caller);
  if (isTypedArray(data)) {
    const copied = fromTypedArray(data);
    return dtype === null ? copied : cast(copied, dtype, false, caller);
  }
  if (!Array.isArray(data)) {
    const to = dtype ?? dtypeOfLeaves([data], caller);
    return holds([data], to, caller);
  }
  const leaves: unknown[] = [];
  const shape = flatten(data, leaves, [], caller);
  const to = dtype ?? dtypeOfLeaves(leaves, caller);
  const known = leaves.every((leaf) => !(leaf instanceof ArrayValue) || isNumberLike(leaf));
  return known ? holds(leaves, to, caller, shape) : stackNested(data, to, caller);
}

/** Puts the scalars of `data` in `leaves`, row by row; returns its shape. Arrays inside are leaves with axes. */
function flatten(data: unknown, leaves: unknown[], path: readonly number[], caller: string): Shape {
  if (!Array.isArray(data)) {
    const leaf = isTypedArray(data) ? fromTypedArray(data) : data;
    leaves.push(leaf);
    return leaf instanceof ArrayValue ? leaf.shape : [];
  }
  let first: Shape | undefined;
  for (let i = 0; i < data.length; i++) {
    const shape = flatten(data[i], leaves, [...path, i], caller);
    if (first === undefined) first = shape;
    else if (!sameShape(first, shape)) {
      const at = (index: number) => `[${[...path, index].join("][")}]`;
      throw new ShapeError(
        "numpy/ragged",
        `${caller}: the list is ragged: ${at(0)} has shape ${showShape(first)} and ${at(i)} has shape ${showShape(shape)}; lists side by side must be of equal length`,
      );
    }
  }
  return [data.length, ...(first ?? [])];
}

const isNumberLike = (x: unknown): x is NDArray =>
  x instanceof NDArray && x.ndim === 0 && x.dtype !== "key<fry>" && x.dtype !== "float0";

/** @internal Whether `x` is `{ re, im }`. */
export const isComplexNumber = (x: unknown): x is Complex =>
  isPlainObject(x) && typeof x["re"] === "number" && typeof x["im"] === "number";

/** float32 for numbers; beside arrays, numbers are weak and the arrays decide. */
function dtypeOfLeaves(leaves: readonly unknown[], caller: string): DType {
  const arrays = leaves.filter((leaf) => leaf instanceof ArrayValue);
  if (arrays.length > 0) {
    return promoteTypes(
      leaves.map((leaf) =>
        typeof leaf === "bigint"
          ? { dtype: weakDType("int"), weak: true }
          : isComplexNumber(leaf)
            ? { dtype: "complex64", weak: true }
            : typeOf(leaf as number, caller),
      ),
    ).dtype;
  }
  if (leaves.some(isComplexNumber)) return "complex64";
  if (leaves.length > 0 && leaves.every((leaf) => typeof leaf === "boolean")) return "bool";
  if (leaves.length > 0 && leaves.every((leaf) => typeof leaf === "bigint")) return weakDType("int");
  return weakDType("float");
}

/** An array of scalars that are known now. */
function holds(leaves: readonly unknown[], dtype: DType, caller: string, shape: Shape = []): NDArray {
  if (dtype === "key<fry>" || dtype === "float0")
    throw new DTypeError("dtype/kind", `${caller}: an array of dtype ${dtype} cannot be made of numbers`);
  const storage = allocate(dtype, sizeOf(shape));
  const limits = isInteger(dtype) ? iinfo(dtype) : undefined;
  for (let i = 0; i < leaves.length; i++) {
    let leaf = leaves[i];
    const given = isNumberLike(leaf);
    if (isNumberLike(leaf)) leaf = elementReader(leaf.dtype, caller)(leaf.storage, 0);
    if (isComplexNumber(leaf)) {
      if (dtype !== "complex64")
        throw new DTypeError("dtype/complex", `${caller}: a complex number does not fit dtype ${dtype}`);
      [storage[2 * i], storage[2 * i + 1]] = [leaf.re, leaf.im];
      continue;
    }
    if (typeof leaf !== "number" && typeof leaf !== "boolean" && typeof leaf !== "bigint")
      throw new ArgumentError("numpy/data", `${caller}: ${describe(leaf)} is no data for an array`);
    if (limits && !given && typeof leaf !== "boolean" && !(leaf >= limits.min && leaf <= limits.max)) {
      throw new DTypeError(
        "numpy/range",
        `${caller}: the number ${leaf} is out of bounds for ${dtype}${leaf === leaf ? "; convert with astype to wrap it" : ""}`,
      );
    }
    store(storage, dtype, i, leaf);
  }
  return new NDArray(avalOf(shape, dtype), new HostBuffer(storage));
}

/** Lists that hold arrays: stacked from the inside. */
function stackNested(data: unknown, dtype: DType, caller: string): ArrayValue {
  if (data instanceof ArrayValue) return cast(data, dtype, false, caller);
  if (isTypedArray(data)) return cast(fromTypedArray(data), dtype, false, caller);
  if (!Array.isArray(data)) return holds([data], dtype, caller);
  return lax.stack(
    data.map((item) => stackNested(item, dtype, caller)),
    0,
  );
}

/**
 * `x` as `dtype`: floats towards zero, NaN to 0 and what is out of range to the nearest limit for integers, non-zero to
 * true, the real part of complex numbers.
 *
 * Shape: `[…s] → […s]`. Dtype: `dtype`.
 * @throws DTypeError when `dtype` is no dtype, or keys are involved.
 * @see `jax.numpy.astype`
 */
export function astype(x: ArrayValue | number | boolean, dtype: DTypeLike): ArrayValue {
  const to = toDType(dtype, "np.astype");
  if (!(x instanceof ArrayValue)) return scalarOf(x, to);
  if (to === "bool" && x.dtype === "complex64") return lax.ne(x, 0);
  return cast(x, to, false, "np.astype");
}
