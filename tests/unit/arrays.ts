import "../../src/backends/default.ts";
import "../../src/interpreters/zero.ts";
import { expect } from "vitest";
import { type ArrayValue, NDArray, Value } from "../../src/core/value.ts";
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

export const shapeOf = (x: unknown): readonly number[] => (x as ArrayValue).shape;
