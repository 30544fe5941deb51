import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { Loop, type Memory } from "../../../../src/compiler/kernel/expression.ts";
import { readElement } from "../../../../src/compiler/kernel/element.ts";
import { shape } from "../../../../src/compiler/lower/shape.ts";
import { range, type Shape, sizeOf, stridesOf } from "../../../../src/core/shape.ts";
import { avalOf } from "../../../../src/core/value.ts";
import * as lax from "../../../../src/lax/index.ts";
import { arrayOf, expectAsReference } from "./against-reference.ts";
import { testRows } from "./samples.ts";

testRows(shape);

const counted = (sizes: Shape) =>
  arrayOf(
    sizes,
    "int32",
    Int32Array.from(range(sizeOf(sizes)), (i) => 3 * i),
  );

/** Sizes whose product is `size`. */
const factorised = (size: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(), { maxLength: 4 }).map((picks) => {
    let rest = size;
    const sizes = picks.map((pick) => {
      const divisors = range(rest, 1).filter((d) => rest % d === 0);
      const chosen = divisors[pick % divisors.length]!;
      rest /= chosen;
      return chosen;
    });
    return [...sizes, rest];
  });

test("any reshape, of permuted axes too, keeps the order of the elements", () => {
  const sizes = fc.constantFrom(1, 12, 24, 30, 36).chain((n) => fc.tuple(factorised(n), factorised(n)));
  fc.assert(
    fc.property(sizes, fc.boolean(), fc.infiniteStream(fc.nat()), ([from, newSizes], permute, picks) => {
      const order = range(from.length).map((axis) => [picks.next().value, axis] as const);
      const dimensions = permute ? order.sort(([a], [b]) => a - b).map(([, axis]) => axis) : null;
      expectAsReference(lax.reshape, { newSizes, dimensions }, [counted(from)]);
    }),
  );
  expectAsReference(lax.reshape, { newSizes: [3, 0], dimensions: null }, [counted([0, 5])]);
});

/** Where in `x` the row of a view of one operand reads, of an element at loops `i`, `j`, … of its output. */
function addressOf(from: Shape, to: Shape, params: { newSizes: Shape; dimensions: null }): Affine {
  const memory: Memory = { name: "x", storage: "f32" };
  const [x, out] = [avalOf(from, "float32"), avalOf(to, "float32")];
  const row = shape.reshape(params, [x], [out]);
  const strides = stridesOf(from);
  const [reader] = row.read([
    (index) =>
      readElement(
        memory,
        "float32",
        index.reduce((sum, i, axis) => sum.plus(i.times(strides[axis]!)), Affine.of(0)),
      ),
  ]);
  const [load] = reader!(to.map((size, axis) => Affine.loop(new Loop(size, `i${axis}`))));
  if (load?.kind !== "load") throw new Error("no load");
  return load.address;
}

test("axes that a reshape does not touch keep their own index", () => {
  const address = addressOf([5, 6, 7], [5, 2, 3, 7], { newSizes: [5, 2, 3, 7], dimensions: null });
  expect(address.dynamic).toBeNull();
  expect(address.terms.map(([, factor]) => factor)).toEqual([42, 21, 7, 1]);
});
