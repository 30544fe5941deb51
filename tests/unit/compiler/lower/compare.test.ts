import fc from "fast-check";
import { describe, test } from "vitest";
import type { compare } from "../../../../src/compiler/lower/compare.ts";
import { type DType, isInteger } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { selectN } from "../../../../src/lax/index.ts";
import {
  arrays,
  combined,
  dtypes,
  expectAsReference,
  expectElementwise,
  takenBy,
} from "./against-reference.ts";

const arities: Readonly<Record<Exclude<keyof typeof compare, "select_n">, number>> = {
  eq: 2,
  ne: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  is_finite: 1,
};

describe.each(Object.entries(arities))("the row of %s", (name, arity) => {
  const primitive = primitives.get(name)!;
  test.each(takenBy(primitive, arity))("gives what the reference gives in %s", (dtype) =>
    expectElementwise(primitive, {}, arity, dtype),
  );
});

describe("the row of select_n", () => {
  test.each(dtypes)("chooses the cases of dtype %s that the reference chooses", (dtype) => {
    const choose = (which: DType, cases: number, shape: readonly number[]) =>
      fc.assert(
        fc.property(
          arrays(shape, which),
          fc.array(arrays([8], dtype), { minLength: cases, maxLength: cases }),
          (index, xs) => expectAsReference(selectN, {}, [index, ...xs]),
        ),
        { numRuns: 10 },
      );
    for (const shape of [[8], []]) {
      for (const cases of [1, 2]) choose("bool", cases, shape);
      for (const cases of [1, 2, 5]) choose("int32", cases, shape);
    }
  });

  test.each(dtypes.filter(isInteger))("takes the nearest case to an index of dtype %s", (dtype) => {
    const [index, a, b] = combined([dtype, "float32", "float32"]);
    for (const cases of [[a!], [a!, b!], [b!, a!, b!, a!]])
      expectAsReference(selectN, {}, [index!, ...cases]);
  });
});
