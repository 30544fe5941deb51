import "../../../src/backends/reference/index.ts";
import { toNumbers } from "../../../src/backends/reference/elementwise.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { allocate, type DType, isComplex } from "../../../src/core/dtype.ts";
import { store } from "../../../src/core/scalar.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";

/** An array of `data`, row by row; complex data are pairs, one number after the other. */
export function array(
  data: readonly (number | bigint | boolean)[],
  shape?: readonly number[],
  dtype: DType = "float32",
): NDArray {
  const lanes = isComplex(dtype) ? 2 : 1;
  const storage = allocate(dtype, data.length / lanes);
  data.forEach((x, i) => (lanes === 2 ? (storage[i] = Number(x)) : store(storage, dtype, i, x)));
  return new NDArray(avalOf(shape ?? [data.length / lanes], dtype), new HostBuffer(storage));
}

/** The elements, row by row; f16 and bf16 decoded, booleans as 0 and 1. */
export function elements(x: ArrayValue): (number | bigint)[] {
  if (!(x instanceof NDArray)) throw new TypeError("the array is traced");
  return [...toNumbers(x.storage, x.dtype)];
}
