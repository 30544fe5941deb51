import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize, linearizeArrays } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { add, cos, floor, mul, reduceSum, sin } from "../../../src/lax/index.ts";
import { array, expectValues, values } from "../arrays.ts";

test("f runs once, the derivative as often as it is called", () => {
  let calls = 0;
  const [y, push] = linearize(
    (x: ArrayValue) => {
      calls++;
      return sin(x);
    },
    [array(0.5)],
  );
  expectValues(y, Math.sin(0.5));
  for (const t of [1, 2, -3]) expectValues(push(array(t)), t * Math.cos(0.5));
  expect(calls).toBe(1);
});

test("it is jvp, with the primal taken apart", () => {
  const f = (x: ArrayValue, { y }: { y: ArrayValue }) => [mul(sin(x), y), floor(x)];
  const primals = [array([1, 2]), { y: array([3, 4]) }] as const;
  const tangents = [array([5, 6]), { y: array([7, 8]) }] as const;
  const [, push] = linearize(f, [...primals]);
  const [expected] = jvp(f, [...primals], [...tangents])[1] as ArrayValue[];
  const [t, zero] = push(...tangents) as ArrayValue[];
  expect(values(t)).toEqual(values(expected));
  expect(zero).toBeInstanceOf(Zero);
});

test("the program holds only what is linear in the tangents", () => {
  const { linear, outs } = linearizeArrays(
    ([x]) => ({ arrays: [mul(sin(x!), cos(x!))], result: null }),
    [array([1, 2])],
    [true],
    "test",
  );
  expect(outs.length).toBe(1);
  const names = linear.program.jaxpr.eqns.map((eqn) => eqn.primitive.primitive);
  expect(new Set(names)).toEqual(new Set(["mul", "neg", "add_any"]));
});

test("what the tangents do not reach is no output of the program", () => {
  const { linear } = linearizeArrays(
    ([x, y]) => ({ arrays: [sin(x!), sin(y!)], result: null }),
    [array(1), array(2)],
    [true, false],
    "test",
  );
  expect([linear.inputs, linear.outputs]).toEqual([[0], [0, null]]);
});

test("a zero tangent is allowed", () => {
  const [, push] = linearize((x: ArrayValue, y: ArrayValue) => add(sin(x), cos(y)), [array(1), array(2)]);
  expectValues(push(new Zero([], "float32") as never, array(1)), -Math.sin(2));
});

test("aux is passed on", () => {
  const [y, push, aux] = linearize(
    (x: ArrayValue) => [mul(x, x), { twice: add(x, x) }] as const,
    [array(3)],
    { hasAux: true },
  ) as [ArrayValue, (t: ArrayValue) => unknown, { twice: ArrayValue }];
  expectValues(y, 9);
  expectValues(push(array(1)), 6);
  expectValues(aux.twice, 6);
});

describe("inside other transformations", () => {
  test("the push itself can be differentiated and staged", () => {
    const f = (x: ArrayValue): ArrayValue => {
      const [, push] = linearize((y: ArrayValue) => mul(mul(y, y), y), [x]);
      return push(array(1)) as ArrayValue;
    };
    expectValues(grad(f)(array(2)), 12);
    expect(makeJaxpr(f)(array(2)).jaxpr.eqns.length).toBeGreaterThan(0);
  });
  test("the push is linear", () => {
    const [, push] = linearize((x: ArrayValue) => reduceSum(mul(x, x), [0]), [array([1, 2])]);
    const [, tangent] = jvp(push as (t: ArrayValue) => ArrayValue, [array([1, 1])], [array([0, 1])]);
    expectValues(tangent, 4);
  });
});

test("tangents that do not fit are refused by path", () => {
  const [, push] = linearize((p: { w: ArrayValue }) => p.w, [{ w: array([1, 2]) }]);
  expect(() => push({ w: array([1]) })).toThrow(
    "the linearized function: argument 0 at .w: primal and tangent shapes differ",
  );
  expect(() => push(array([1, 2]) as never)).toThrow("the tree of tangents has another structure");
});
