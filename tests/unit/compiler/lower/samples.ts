import { expect, test } from "vitest";
import { isComplex, isInexact } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { avalOfSample, drawAll, recast } from "../../../laws/samples.ts";
import { accepted, dtypes, expectAsReference, type Same } from "./against-reference.ts";

const fractionBits: Partial<Record<string, number>> = { float16: 10, bfloat16: 7, float64: 52 };

/** Equal, or floats that differ by a few roundings of numbers of about their size or 1. */
export const near: Same = (got, wanted, { dtype }) => {
  if (Object.is(got, wanted) || got === wanted) return true;
  if (typeof got === "bigint" || !isInexact(dtype)) return false;
  const unit = 2 ** -(fractionBits[dtype] ?? 23);
  // Parts of a complex number are as exact as the whole.
  const size = Math.max(isComplex(dtype) ? 8 : 1, Math.abs(Number(wanted)));
  return Math.abs(got - Number(wanted)) <= 8 * unit * size;
};

/** Each row of a table gives what the reference gives of the samples of its primitive, in every dtype that it takes. */
export function testRows(rows: object, same?: Same): void {
  test.each(Object.keys(rows))("the row of %s gives what the reference gives", (name) => {
    const primitive = primitives.get(name)!;
    expect(primitive.rules.samples).not.toEqual([]);
    for (const sample of primitive.rules.samples) {
      expectAsReference(primitive, sample.params, drawAll(sample), same);
      for (const dtype of dtypes) {
        const other = recast(primitive, sample, dtype);
        if (other === sample || !accepted(primitive, other.params, other.operands.map(avalOfSample)))
          continue;
        expectAsReference(primitive, other.params, drawAll(other), same);
      }
    }
  });
}
