import { expect, test } from "vitest";
import { bitwise } from "../../../../src/backends/reference/bitwise.ts";
import { avalOf } from "../../../../src/core/value.ts";

const int64 = avalOf([1], "int64");

test("64-bit words shift and count as the others", () => {
  const [x, by] = [BigInt64Array.of(-8n), BigInt64Array.of(70n)];
  expect([...bitwise.shift_right_arithmetic({}, [int64, int64], [int64])([x, by])[0]!]).toEqual([-1n]);
  expect([...bitwise.shift_right_logical({}, [int64, int64], [int64])([x, by])[0]!]).toEqual([0n]);
  expect([...bitwise.population_count({}, [int64], [int64])([x])[0]!]).toEqual([61n]);
  expect([...bitwise.clz({}, [int64], [int64])([BigInt64Array.of(1n)])[0]!]).toEqual([63n]);
});
