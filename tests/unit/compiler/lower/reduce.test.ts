import fc from "fast-check";
import { expect, test } from "vitest";
import { reductions } from "../../../../src/compiler/lower/reduce.ts";
import { withUnit, sumFrom } from "../../../../src/compiler/lower/monoid.ts";
import { f32 } from "../../../../src/compiler/kernel/expression.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import * as lax from "../../../../src/lax/index.ts";
import { avalOf } from "../../../../src/core/value.ts";
import { interpret } from "../kernel/interpret.ts";
import { accepted, arrayOf, arrays, dtypes, expectAsReference, special } from "./against-reference.ts"; // prettier-ignore
import { near, testRows } from "./samples.ts";

testRows(reductions, near);

/** Those whose results are elements, or their places: exact in any order. */
const exact = ["reduce_max", "reduce_min", "reduce_and", "reduce_or", "reduce_xor", "argmax", "argmin"];

test.each(exact)("%s gives what the reference gives of any elements, bit for bit", (name) => {
  const primitive = primitives.get(name)!;
  for (const dtype of dtypes) {
    const params = { axes: [1], ...(name.startsWith("arg") ? { indexDtype: "int32" } : {}) };
    if (!accepted(primitive, params, [avalOf([1, 1], dtype)])) continue;
    // Of complex numbers with NaN the order decides, which the machine is free in.
    const few = dtype === "complex64" ? fc.constantFrom(arrayOf([2, 2], dtype, Float32Array.of(1, 2, 1, -2, 3, 0, -3, 0))) : arrays([3, 4], dtype); // prettier-ignore
    fc.assert(
      fc.property(few, (x) => expectAsReference(primitive, params, [x])),
      { numRuns: 25 },
    );
    if (dtype === "complex64") continue;
    const all = special(dtype);
    expectAsReference(primitive, { ...params, axes: [0] }, [all]);
    const rows = arrayOf([all.size, 1], dtype, all.storage);
    expectAsReference(primitive, params, [rows]);
  }
});

test.each(["reduce_sum", "reduce_prod"])("%s of integers wraps as the reference's", (name) => {
  const primitive = primitives.get(name)!;
  for (const dtype of ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"] as const)
    fc.assert(fc.property(arrays([4, 3], dtype), (x) => expectAsReference(primitive, { axes: [0] }, [x])), { numRuns: 25 }); // prettier-ignore
});

test("a reduction of nothing is the unit in every dtype", () => {
  for (const name of Object.keys(reductions).filter((name) => name.startsWith("reduce"))) {
    const primitive = primitives.get(name)!;
    for (const dtype of dtypes) {
      const x = arrayOf([2, 0], dtype, special(dtype).storage.slice(0, 0));
      if (accepted(primitive, { axes: [1] }, [x.aval])) expectAsReference(primitive, { axes: [1] }, [x]);
    }
  }
});

test("a reduction of one element is that element, the sign of zero included", () => {
  const x = arrayOf([2, 1], "float32", Float32Array.of(-0, 3));
  expectAsReference(lax.reduceSum, { axes: [1] }, [x]);
});

test("the first of equal elements is the place, and NaN comes before all others", () => {
  const x = arrayOf([6], "float32", Float32Array.of(1, NaN, Infinity, NaN, -Infinity, 1));
  const low = arrayOf([3], "float32", Float32Array.of(-Infinity, -Infinity, -Infinity));
  for (const primitive of [lax.argmax, lax.argmin])
    for (const operand of [x, low])
      expectAsReference(primitive, { axes: [0], indexDtype: "int64" }, [operand]);
});

test("16-bit floats are added in 32 bits and rounded once", () => {
  // Rounded at every step the sum would stay at 256.
  const ones = arrayOf([4096], "bfloat16", new Uint16Array(4096).fill(0x3f80));
  expectAsReference(lax.reduceSum, { axes: [0] }, [ones]);
});

test("an operation with a unit of its own leaves the first element as it is", () => {
  const sum = withUnit(sumFrom(0)("float32"));
  const [value, some] = sum.combine(sum.unit, [f32(-0), sum.combine(sum.unit, sum.unit)[1]!]);
  expect([interpret(value!), interpret(some!)]).toEqual([0, 0]);
});
