import fc from "fast-check";
import { test } from "vitest";
import { join } from "../../../../src/compiler/lower/join.ts";
import { range, type Shape, sizeOf } from "../../../../src/core/shape.ts";
import * as lax from "../../../../src/lax/index.ts";
import { accepted, arrayOf, expectAsReference } from "./against-reference.ts";
import { testRows } from "./samples.ts";
import { ShapeError } from "../../../../src/core/errors.ts";

testRows(join);

const counted = (sizes: Shape, from = 1) =>
  arrayOf(
    sizes,
    "int32",
    Int32Array.from(range(sizeOf(sizes)), (i) => i + from),
  );

test("any padding, negative and between the elements, is that of the reference", () => {
  const padding = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), fc.nat(3));
  const axis = fc.record({ size: fc.nat(6), padding });
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 2 }), (axes) => {
      const paddingConfig = axes.map((axis) => axis.padding);
      const operands = [counted(axes.map(({ size }) => size)), counted([], -9)];
      const possible = (): boolean => {
        try {
          return accepted(lax.pad, { paddingConfig }, operands.map((x) => x.aval)); // prettier-ignore
        } catch (error) {
          if (error instanceof ShapeError) return false;
          throw error;
        }
      };
      fc.pre(possible());
      expectAsReference(lax.pad, { paddingConfig }, operands);
    }),
    { numRuns: 300 },
  );
});

test("any number of parts of any sizes are one after the other", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }), fc.nat(1), (sizes, dimension) => {
      const parts = sizes.map((size, i) => counted([2, 2].with(dimension, size), 100 * i));
      expectAsReference(lax.concatenate, { dimension }, parts);
    }),
  );
});
