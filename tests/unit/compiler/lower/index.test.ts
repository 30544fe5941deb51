import { rows } from "../../../../src/compiler/lower/index.ts";
import { isInexact } from "../../../../src/core/dtype.ts";
import type { Same } from "./against-reference.ts";
import { testRows } from "./samples.ts";

/** Rows of functions that are not exact have tests of their own, which say what their errors are. */
const roughly: Same = (got, wanted, { dtype }) => {
  if (!isInexact(dtype) || Object.is(got, wanted)) return Object.is(got, wanted);
  const error = { float16: 1e-3, bfloat16: 1e-2, float64: 1e-12 }[dtype as string] ?? 1e-5;
  return Math.abs(Number(got) - Number(wanted)) <= error * Math.max(1, Math.abs(Number(wanted)));
};

testRows(rows, roughly);
