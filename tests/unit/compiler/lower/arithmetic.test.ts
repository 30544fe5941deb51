import { describe, test } from "vitest";
import type { arithmetic } from "../../../../src/compiler/lower/arithmetic.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { expectElementwise, takenBy } from "./against-reference.ts";

const cases: Readonly<Record<keyof typeof arithmetic, { arity: number; params?: readonly object[] }>> = {
  add: { arity: 2 },
  add_any: { arity: 2 },
  sub: { arity: 2 },
  mul: { arity: 2 },
  square: { arity: 1 },
  div: { arity: 2 },
  rem: { arity: 2 },
  fma: { arity: 3 },
  neg: { arity: 1 },
  abs: { arity: 1 },
  sign: { arity: 1 },
  max: { arity: 2 },
  min: { arity: 2 },
  clamp: { arity: 3 },
  floor: { arity: 1 },
  ceil: { arity: 1 },
  round: { arity: 1, params: [{ roundingMethod: 0 }, { roundingMethod: 1 }] },
  nextafter: { arity: 2 },
};

describe.each(Object.entries(cases))("the row of %s", (name, { arity, params = [{}] }) => {
  const primitive = primitives.get(name)!;
  test.each(takenBy(primitive, arity, params[0]))(
    "gives what the reference gives in %s, bit for bit",
    (dtype) => params.forEach((given) => expectElementwise(primitive, given, arity, dtype)),
  );
});
