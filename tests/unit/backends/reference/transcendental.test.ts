import { expect, test } from "vitest";
import { erfInvF32, log1pF32, logF32 } from "../../../../src/backends/reference/float32.ts";
import { transcendental } from "../../../../src/backends/reference/transcendental.ts";
import { avalOf } from "../../../../src/core/value.ts";

const x = avalOf([3], "float32");
const operand = Float32Array.of(0.1, 0.3, 0.7);

test.each([
  ["log", logF32],
  ["log1p", log1pF32],
  ["erf_inv", erfInvF32],
] as const)("%s of float32 is XLA's own, bit for bit", (name, f) => {
  expect([...transcendental[name]({}, [x], [x])([operand])[0]!]).toEqual([...operand].map(f));
});

test("other dtypes are computed in doubles", () => {
  const wide = avalOf([1], "float64");
  expect([...transcendental.exp({}, [wide], [wide])([Float64Array.of(1)])[0]!]).toEqual([Math.E]);
});
