import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { Loop } from "../../../../src/compiler/kernel/expression.ts";
import { arranged, indexOf } from "../../../../src/compiler/kernel/reader.ts";
import { cumulatives } from "../../../../src/compiler/lower/cumulative.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { avalOf } from "../../../../src/core/value.ts";
import { accepted, arrayOf, arrays, dtypes, expectAsReference, type Same, special } from "./against-reference.ts"; // prettier-ignore
import { near, testRows } from "./samples.ts";

testRows(cumulatives, near);

const names = Object.keys(cumulatives);

test.each(["cumsum", "cumprod", "cummax", "cummin"])(
  "%s of integers is the reference's, in both directions",
  (name) => {
    const primitive = primitives.get(name)!;
    for (const dtype of dtypes.filter((dtype) => dtype.includes("int")))
    fc.assert(fc.property(arrays([2, 4], dtype), fc.boolean(), (x, reverse) => expectAsReference(primitive, { axis: 1, reverse }, [x])), { numRuns: 20 }); // prettier-ignore
  },
);

test.each(["cummax", "cummin"])("%s of any numbers is the reference's, bit for bit", (name) => {
  const primitive = primitives.get(name)!;
  for (const dtype of dtypes) {
    const x = special(dtype);
    if (!accepted(primitive, { axis: 0, reverse: false }, [x.aval])) continue;
    for (const reverse of [false, true]) expectAsReference(primitive, { axis: 0, reverse }, [x]);
  }
});

/** NaN and infinities are where the reference has them; other numbers are near. */
const alike: Same = (got, wanted, out) =>
  Number.isFinite(wanted) || typeof wanted === "bigint" ? near(got, wanted, out) : Object.is(got, wanted);

test.each(names)(
  "%s begins with the first element as it is, and does not cross NaN or an infinity",
  (name) => {
    const primitive = primitives.get(name)!;
    for (const first of [-0, 0, Infinity, -Infinity, NaN, 1.5]) {
      const x = arrayOf([4, 2], "float32", Float32Array.of(first, 1, -0, 2, 0, -Infinity, 2, 3));
      for (const axis of [0, 1])
        for (const reverse of [false, true]) expectAsReference(primitive, { axis, reverse }, [x], alike);
      const zeros = arrayOf([3], "float32", Float32Array.of(first, -0, -0));
      // A sum of exponentials has no sign of zero.
      expectAsReference(primitive, { axis: 0, reverse: false }, [zeros], (got, wanted, out) =>
        wanted === 0 && name !== "cumlogsumexp" ? Object.is(got, wanted) : alike(got, wanted, out),
      );
    }
    const z = arrayOf([3], "complex64", Float32Array.of(-0, Infinity, 1, -0, 2, 0.5));
    const data = special("complex64").storage;
    for (let i = 0; i < data.length; i += 2) {
      const one = arrayOf([1], "complex64", data.slice(i, i + 2) as Float32Array);
      if (accepted(primitive, { axis: 0, reverse: true }, [z.aval])) expectAsReference(primitive, { axis: 0, reverse: true }, [one]); // prettier-ignore
    }
  },
);

test("a running reduction takes a loop that was split, and turns it where it is to run backwards", () => {
  const loop = new Loop(6, "i");
  const row = cumulatives.cumsum({ axis: 0, reverse: true }, [avalOf([6], "int32")], [avalOf([6], "int32")]);
  if (row.kind !== "elements") throw new Error("it computes elements");
  const [read] = row.read([([i]) => [i!.value()]]);
  const sums = arranged(() => {
    indexOf(loop).divide(2);
    return read!([indexOf(loop)]);
  });
  expect(indexOf(loop).terms.map(([part, factor]) => [part.size, factor])).toEqual([[3, -2], [2, -1]]); // prettier-ignore
  expect(indexOf(loop).constant).toBe(5);
  expect(sums[0]!.kind).toBe("running");
});

test("a running reduction that is asked for at a part of its axis is an error", () => {
  const row = cumulatives.cumsum({ axis: 0, reverse: false }, [avalOf([6], "int32")], [avalOf([6], "int32")]); // prettier-ignore
  if (row.kind !== "elements") throw new Error("it computes elements");
  const [read] = row.read([([i]) => [i!.value()]]);
  const [short, long] = [new Loop(3, "i"), new Loop(6, "j")];
  for (const index of [
    Affine.loop(short),
    Affine.loop(short).times(2),
    Affine.loop(long).plus(1),
    Affine.of(0),
  ])
    // prettier-ignore
    expect(() => read!([index])).toThrow("a running reduction over 6 elements");
});
