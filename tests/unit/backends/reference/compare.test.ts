import { expect, test } from "vitest";
import { compare } from "../../../../src/backends/reference/compare.ts";
import { avalOf } from "../../../../src/core/value.ts";

test("a scalar index gives back the case itself", () => {
  const kernel = compare.select_n({}, [avalOf([], "uint64"), avalOf([1], "int64"), avalOf([1], "int64")]);
  const cases = [BigInt64Array.of(1n), BigInt64Array.of(2n)] as const;
  expect(kernel([BigUint64Array.of(9n), ...cases])[0]).toBe(cases[1]);
});

test("64-bit elements are selected one by one", () => {
  const kernel = compare.select_n({}, [avalOf([2], "bool"), avalOf([2], "int64"), avalOf([2], "int64")]);
  const out = kernel([Uint8Array.of(0, 1), BigInt64Array.of(1n, 2n), BigInt64Array.of(3n, 4n)])[0]!;
  expect([...out]).toEqual([1n, 4n]);
});

test("64-bit integers are compared exactly", () => {
  const avals = [avalOf([1], "int64"), avalOf([1], "int64")];
  const kernel = compare.lt({}, avals, [avalOf([1], "bool")]);
  expect([...kernel([BigInt64Array.of(2n ** 62n), BigInt64Array.of(2n ** 62n + 1n)])[0]!]).toEqual([1]);
});
