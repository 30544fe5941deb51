import "../../src/backends/default.ts";
import { expect } from "vitest";
import type { DType } from "../../src/core/dtype.ts";
import { type ArrayValue, NDArray, Value } from "../../src/core/value.ts";
import { Zero } from "../../src/interpreters/zero.ts";
import { numbersOf } from "../laws/compare.ts";

export { array } from "../../src/numpy/array.ts";

/** The elements of an array, in one list; structured values become arrays first. */
export const values = (x: unknown): number[] => {
  if (!(x instanceof Value)) throw new Error(`expected an array, got ${String(x)}`);
  return numbersOf(x instanceof NDArray ? x : x.materialise());
};

/** Compares the elements of an array, or its only one, to six digits. */
export function expectValues(x: unknown, expected: number | readonly number[]): void {
  const [got, wanted] = [values(x), typeof expected === "number" ? [expected] : expected];
  expect(got.length, `${got.join(" ")} for ${wanted.join(" ")}`).toBe(wanted.length);
  got.forEach((value, i) =>
    expect(Math.abs(value - wanted[i]!), `${got.join(" ")} for ${wanted.join(" ")}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(wanted[i]!)),
    ),
  );
}

/** That `x` is the zero of this shape and dtype that has no elements in memory. */
export function expectZero(x: unknown, shape: readonly number[], dtype: DType): void {
  expect(x).toBeInstanceOf(Zero);
  expect([(x as Zero).shape, (x as Zero).dtype]).toEqual([shape, dtype]);
}

export const shapeOf = (x: unknown): readonly number[] => (x as ArrayValue).shape;
