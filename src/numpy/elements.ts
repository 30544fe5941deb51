import { type DType, isBigint, kindOf, type TypedArray } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { decodeBfloat16, decodeFloat16 } from "../core/float16.ts";
import type { Element, Elements } from "../core/method-types.ts";
import type { NDArray } from "../core/value.ts";

/**
 * How to read elements of `dtype` from storage.
 * @throws DTypeError on PRNG keys and float0, whose elements are no numbers.
 */
export function elementReader(dtype: DType, use: string): (storage: TypedArray, i: number) => Element {
  switch (kindOf(dtype)) {
    case "bool":
      return (storage, i) => storage[i] === 1;
    case "complex":
      return (storage, i) => ({ re: Number(storage[2 * i]), im: Number(storage[2 * i + 1]) });
    case "key":
      throw new DTypeError(
        "dtype/key",
        `${use}: elements of dtype ${dtype} are no numbers; random.keyData gives their words`,
      );
    case "float0":
      throw new DTypeError("dtype/float0", `${use}: float0 is the tangent of an integer and holds no data`);
    default:
      if (dtype === "float16") return (storage, i) => decodeFloat16(Number(storage[i]));
      if (dtype === "bfloat16") return (storage, i) => decodeBfloat16(Number(storage[i]));
      return (storage, i) => storage[i]!;
  }
}

/** The elements as lists in lists. @throws DTypeError as {@link elementReader}. */
export function toNestedList(x: NDArray, use: string): Elements {
  const read = elementReader(x.dtype, use);
  const { storage, shape } = x;
  let next = 0;
  const nest = (axis: number): Elements =>
    axis === shape.length
      ? read(storage, next++)
      : Array.from({ length: shape[axis]! }, () => nest(axis + 1));
  return nest(0);
}

/**
 * A copy of the elements: 0 and 1 for booleans, values rather than bits for float16 and bfloat16, re and im in turn for
 * complex64, two words each for PRNG keys.
 */
export function copyData({ dtype, storage }: NDArray): TypedArray {
  if (dtype !== "float16" && dtype !== "bfloat16") return storage.slice();
  const decode = dtype === "float16" ? decodeFloat16 : decodeBfloat16;
  return Float32Array.from(storage as Uint16Array, decode);
}

/** The integers of a concrete array as numbers. */
export const integersOf = ({ dtype, storage }: NDArray): number[] =>
  Array.from(storage as ArrayLike<number | bigint>, isBigint(dtype) ? Number : (n) => n as number);
