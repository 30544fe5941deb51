import { describe, test } from "vitest";
import type { bitwise } from "../../../../src/compiler/lower/bitwise.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { takenBy, expectElementwise } from "./against-reference.ts";

const arities: Readonly<Record<keyof typeof bitwise, number>> = {
  and: 2,
  or: 2,
  xor: 2,
  not: 1,
  shift_left: 2,
  shift_right_arithmetic: 2,
  shift_right_logical: 2,
  population_count: 1,
  clz: 1,
};

describe.each(Object.entries(arities))("the row of %s", (name, arity) => {
  const primitive = primitives.get(name)!;
  test.each(takenBy(primitive, arity))("gives what the reference gives in %s", (dtype) =>
    expectElementwise(primitive, {}, arity, dtype),
  );
});
