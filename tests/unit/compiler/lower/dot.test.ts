import fc from "fast-check";
import { test } from "vitest";
import { dots } from "../../../../src/compiler/lower/dot.ts";
import type { DType } from "../../../../src/core/dtype.ts";
import { range } from "../../../../src/core/shape.ts";
import * as lax from "../../../../src/lax/index.ts";
import { draw } from "../../../laws/samples.ts";
import { accepted, dtypes, expectAsReference } from "./against-reference.ts";
import { near, testRows } from "./samples.ts";

testRows(dots, near);

const matrices = [
  [[1], [0]],
  [[], []],
] as const;

test("every two dtypes have the product that the reference has, in every dtype that it can be asked for", () => {
  const numbers = dtypes.filter((dtype) => dtype !== "key<fry>");
  const preferences: readonly (DType | null)[] = [null, ...numbers];
  for (const left of numbers)
    for (const right of numbers)
      for (const preferredElementType of preferences) {
        const params = { dimensionNumbers: matrices, precision: null, preferredElementType };
        const operands = [draw({ shape: [1, 3] }, 1, left), draw({ shape: [3, 1] }, 2, right)];
        if (
          accepted(
            lax.dotGeneral,
            params,
            operands.map((x) => x.aval),
          )
        )
          // prettier-ignore
          expectAsReference(lax.dotGeneral, params, operands, (got, wanted, out) =>
            // The sums of complex numbers are made of f32, whatever is made of them.
            [left, right].includes("complex64") && !out.dtype.endsWith("float16")
              ? near(Number(got), Number(wanted), { ...out, dtype: "complex64" })
              : near(got, wanted, out),
          );
      }
});

test("axes that are contracted or run along may be anywhere", () => {
  const axes = fc.array(fc.record({ size: fc.nat(3), role: fc.constantFrom("batch", "contract") }), { maxLength: 3 }); // prettier-ignore
  const kept = fc.array(fc.nat(3), { maxLength: 2 });
  fc.assert(
    fc.property(axes, kept, kept, fc.infiniteStream(fc.nat()), (shared, xKept, yKept, picks) => {
      const operand = (own: readonly number[]) => {
        const all = [...shared.map((_, i) => i), ...own.map((_, i) => shared.length + i)];
        const order = all.map((id) => [picks.next().value, id] as const).sort(([a], [b]) => a - b);
        const places = range(all.length).map((id) => order.findIndex(([, other]) => other === id));
        const shape = order.map(([, id]) => shared[id]?.size ?? own[id - shared.length]!);
        const of = (role: string) => shared.flatMap((axis, i) => (axis.role === role ? [places[i]!] : []));
        return { shape, batch: of("batch"), contract: of("contract") };
      };
      const [x, y] = [operand(xKept), operand(yKept)];
      expectAsReference(
        lax.dotGeneral,
        {
          dimensionNumbers: [[x.contract, y.contract], [x.batch, y.batch]], // prettier-ignore
          precision: null,
          preferredElementType: null,
        },
        [draw({ shape: x.shape, dtype: "int32", between: [-9, 9] }, 1), draw({ shape: y.shape, dtype: "int32", between: [-9, 9] }, 2)], // prettier-ignore
      );
    }),
  );
});
