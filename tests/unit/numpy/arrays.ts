import "../../../src/backends/default.ts";
import "../../../src/numpy/methods.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { allocate, type DType } from "../../../src/core/dtype.ts";
import { store } from "../../../src/core/scalar.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";
import type { Elements } from "../../../src/numpy/index.ts";

type Datum = number | boolean | "NaN" | "Infinity" | "-Infinity" | readonly Datum[];
/** An array as the golden files write it. */
export interface Golden {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly Datum[];
  readonly weak?: boolean;
}

const value = (x: Datum): number | boolean => (typeof x === "string" ? Number(x) : (x as number | boolean));

export function fromGolden({ dtype, shape, data, weak = false }: Golden): NDArray {
  const storage = allocate(dtype, data.length);
  data.forEach((x, i) => {
    if (Array.isArray(x)) x.forEach((part: Datum, lane) => (storage[2 * i + lane] = Number(value(part))));
    else store(storage, dtype, i, value(x));
  });
  return new NDArray(avalOf(shape, dtype, weak), new HostBuffer(storage));
}

/** All numbers of a golden array, in one list. */
export const goldenNumbers = ({ data }: Golden): (number | boolean)[] =>
  (data as readonly Datum[]).flatMap((x) =>
    Array.isArray(x) ? (x as readonly Datum[]).map(value) : [value(x)],
  );

/** All numbers of an array, in one list; re and im in turn. */
export function numbers(x: ArrayValue): (number | boolean)[] {
  const flat = (element: Elements): (number | boolean)[] => {
    if (Array.isArray(element)) return element.flatMap(flat);
    if (typeof element === "object") return [element.re, element.im];
    return [typeof element === "bigint" ? Number(element) : element];
  };
  return flat(x.toList());
}

/** `float32[2,3]` */
export const typeOf = (x: ArrayValue): string => `${x.dtype}[${x.shape.join(",")}]`;
