import { expect, test } from "vitest";
import { dce } from "../../../src/interpreters/dce.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { array } from "../lax/arrays.ts";
import { chain, expectSameProgram, f32, primitivesOf, programOf, special } from "../compiler/programs.ts";

const shout: Primitive<"test_shout", [x: ArrayValue], NoParams> = definePrimitive("test_shout", {
  arity: 1,
  abstract: () => [],
  jvp: "none",
  batch: "elementwise",
  effects: () => ["ordered"],
  evaluate: () => [],
});

test("what no output needs goes, and constants with it; inputs stay", () => {
  const [used, unused] = [array([1, 2]), array([3, 4])];
  const program = programOf(
    (x, y) => {
      lax.mul(lax.exp(y), unused);
      return lax.add(lax.sin(x), used);
    },
    [f32(2), f32(2)],
  );
  const result = dce(program);
  expect(primitivesOf(result)).toEqual(["sin", "add"]);
  expect(result.consts.length).toBe(1);
  expect(result.consts[0]).toBe(used);
  expectSameProgram(result, program, [special("float32", [2], 1), special("float32", [2], 2)]);
});

test("outputs that are not wanted go", () => {
  const program = programOf((x) => [lax.sin(x), x, lax.cos(x)], [f32(2)]);
  const result = dce(program, [false, true, true]);
  expect(String(result)).toBe("{ lambda ; a:f32[2]. let b:f32[2] = cos a in (a, b) }");
});

test("effects are kept, with what they read", () => {
  const program = programOf(
    (x) => {
      shout.bind([lax.sin(x)], {});
      lax.cos(x);
      return [];
    },
    [f32(2)],
  );
  const result = dce(program);
  expect(primitivesOf(result)).toEqual(["sin", "test_shout"]);
  expect(result.jaxpr.effects).toEqual(["ordered"]);
});

test("a program of which all is needed is returned itself", () => {
  const program = chain(10_000, (x) => lax.sin(x));
  expect(dce(program)).toBe(program);
});
