import { describe, expect, test } from "vitest";
import { rows } from "../../../../src/compiler/lower/index.ts";
import { isInexact } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { drawAll, recast } from "../../../laws/samples.ts";
import { dtypes, expectAsReference, type Same } from "./against-reference.ts";

/** Rows of functions that are not exact have tests of their own, which say what their errors are. */
const near: Same = (got, wanted, { dtype }) => {
  if (!isInexact(dtype) || Object.is(got, wanted)) return Object.is(got, wanted);
  const digits = { float16: 1e-3, bfloat16: 1e-2, float64: 1e-12 }[dtype as string] ?? 1e-5;
  return Math.abs(Number(got) - Number(wanted)) <= digits * Math.max(1, Math.abs(Number(wanted)));
};

describe.each(Object.keys(rows))("the row of %s", (name) => {
  const primitive = primitives.get(name)!;
  test("is tried on samples, which the primitive declares", () => {
    expect(primitive.rules.samples).not.toEqual([]);
  });
  test("gives what the reference gives on them, in every dtype that the primitive takes for float32", () => {
    for (const dtype of dtypes)
      for (const sample of new Set(primitive.rules.samples.map((s) => recast(primitive, s, dtype))))
        if (dtype === "float32" || !primitive.rules.samples.includes(sample))
          expectAsReference(primitive, sample.params, drawAll(sample), near);
  });
});
