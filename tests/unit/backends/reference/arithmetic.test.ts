import { expect, test } from "vitest";
import { arithmetic } from "../../../../src/backends/reference/arithmetic.ts";
import { avalOf } from "../../../../src/core/value.ts";

const int64 = avalOf([2], "int64");

test("64-bit integers wrap, and are divided towards zero", () => {
  const [x, y] = [BigInt64Array.of(2n ** 63n - 1n, -7n), BigInt64Array.of(1n, 2n)];
  expect([...arithmetic.add({}, [int64, int64], [int64])([x, y])[0]!]).toEqual([-(2n ** 63n), -5n]);
  expect([...arithmetic.div({}, [int64, int64], [int64])([x, y])[0]!]).toEqual([2n ** 63n - 1n, -3n]);
  expect([...arithmetic.sign({}, [int64], [int64])([x])[0]!]).toEqual([1n, -1n]);
});

test("an exponent is converted to the dtype of the base", () => {
  const [x, y] = [avalOf([1], "complex64"), avalOf([1], "int64")];
  const kernel = arithmetic.pow({}, [x, y], [x]);
  const [re, im] = kernel([Float32Array.of(0, 2), BigInt64Array.of(2n)])[0]!;
  expect(re).toBeCloseTo(-4, 5);
  expect(im).toBeCloseTo(0, 5);
});

test("float32 integer powers round every product, as XLA", () => {
  const x = avalOf([1], "float32");
  const kernel = arithmetic.integer_pow({ y: -2 }, [x], [x]);
  expect([...kernel([Float32Array.of(1e20)])[0]!]).toEqual([0]);
});
