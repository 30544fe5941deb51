import { expect, test } from "vitest";
import { dce } from "../../../src/interpreters/dce.ts";
import { simplify } from "../../../src/compiler/simplify.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, mul, optimizationBarrier, reduceSum, sin } from "../../../src/lax/index.ts";
import { LoraArray } from "../../../src/lora/array.ts";
import { key } from "../../../src/random/index.ts";
import { array, expectValues } from "../arrays.ts";

test("a tree goes through as it is", () => {
  const { x, y } = optimizationBarrier({ x: array([1, 2]), y: [array(3), 4] }) as never as {
    x: ArrayValue;
    y: [ArrayValue, ArrayValue];
  };
  expectValues(x, [1, 2]);
  expectValues(y[0], 3);
  expectValues(y[1], 4);
});

test("it is printed as JAX prints it", () => {
  expect(String(makeJaxpr((x: ArrayValue, y: ArrayValue) => optimizationBarrier([x, y]))(1.5, array([2]))))
    .toBe(`{ lambda ; a:f32[] b:f32[1]. let
    c:f32[] d:f32[1] = optimization_barrier a b
  in (c, d) }`);
});

test("what is behind it is not merged with what is ahead of it", () => {
  const twice = (through: (x: ArrayValue) => ArrayValue) => (x: ArrayValue) => add(sin(x), sin(through(x)));
  const sines = (f: (x: ArrayValue) => ArrayValue) =>
    simplify(makeJaxpr(f)(array([1, 2]))).jaxpr.eqns.filter((eqn) => eqn.primitive === sin).length;
  expect(sines(twice((x) => x))).toBe(1);
  expect(sines(twice((x) => optimizationBarrier(x)))).toBe(2);
});

test("an operand whose result no one wants is not computed", () => {
  const program = dce(
    makeJaxpr((x: ArrayValue, y: ArrayValue) => optimizationBarrier([sin(x), sin(y)])[0])(1.5, 2.5),
  );
  expect(String(program)).toBe(`{ lambda ; a:f32[] b:f32[]. let
    c:f32[] = sin a
    d:f32[] = optimization_barrier c
  in (d,) }`);
});

test("derivatives and batches go through", () => {
  const f = (x: ArrayValue) => {
    const [a, b] = optimizationBarrier([x, sin(x)]) as [ArrayValue, ArrayValue];
    return reduceSum(mul(a, b), [0]);
  };
  const x = array([0.5, 1]);
  const slope = (x: number) => Math.sin(x) + x * Math.cos(x);
  expectValues(grad(f)(x), [slope(0.5), slope(1)]);
  expectValues(vmap(grad(f))(array([[0.5], [1]])), [slope(0.5), slope(1)]);
});

test("a structured value stays what it is", () => {
  const w = new LoraArray(array([[1, 2]]), { rank: 1, key: key(0), allowMaterialise: false });
  expect(optimizationBarrier(w)).toBeInstanceOf(LoraArray);
});

test("a leaf that is no array is refused", () => {
  expect(() => optimizationBarrier(["x"] as never)).toThrow(/argument 0 must be an array or a number/);
});
