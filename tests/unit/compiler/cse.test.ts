import { describe, expect, test } from "vitest";
import { commonSubexpressions } from "../../../src/compiler/cse.ts";
import { rewrite } from "../../../src/compiler/rewrite.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { applied, drawAll, recast, sampled, withX64 } from "../../laws/samples.ts";
import { chain, expectLinear, expectSameProgram, f32, primitivesOf, programOf, special } from "./programs.ts";

const merged = (program: ClosedJaxpr): ClosedJaxpr => rewrite(program, [commonSubexpressions()]);

const ask: Primitive<"test_ask", [x: ArrayValue], NoParams> = definePrimitive("test_ask", {
  arity: 1,
  abstract: ([x]) => x,
  jvp: "none",
  batch: "elementwise",
  effects: () => ["unordered"],
  evaluate: ([x]) => [x],
});

test("the same thing is computed once, and so is what is made of it", () => {
  const program = programOf((x) => lax.add(lax.mul(lax.sin(x), 2), lax.mul(lax.sin(x), 2)), [f32(3)]);
  const result = merged(program);
  expect(String(result)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[3]. let
        b:f32[3] = sin a
        c:f32[3] = mul b 2.0:f32[]
        d:f32[3] = add c c
      in (d,) }"
  `);
  expectSameProgram(result, program, [special("float32", [3])]);
});

test("two outputs that are the same", () => {
  const program = programOf((x) => [lax.sin(x), lax.sin(x)], [f32(3)]);
  expect(String(merged(program))).toBe("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b, b) }");
});

const scalar = (value: number, weak = false) => scalarOf(value, "float32", weak);
describe("not the same:", () => {
  test.each<readonly [string, (x: ArrayValue) => readonly ArrayValue[]]>([
    ["params", (x) => [lax.integerPow(x, 2), lax.integerPow(x, 3)]],
    ["lists in params", (x) => [lax.broadcastInDim(x, [3, 2], [1]), lax.broadcastInDim(x, [2, 2], [1])]],
    ["zeros of different sign", (x) => [lax.mul(x, scalar(0)), lax.mul(x, scalar(-0))]],
    [
      "weakness of a literal",
      (x) => [
        lax.convertElementType(scalar(2), "int32"),
        lax.convertElementType(scalar(2, true), "int32"),
        x,
      ],
    ],
    ["order of operands", (x) => [lax.sub(x, 2), lax.sub(2, x)]],
    ["effects", (x) => [ask.bind([x], {})[0]!, ask.bind([x], {})[0]!]],
  ])("%s", (_name, f) => {
    const program = programOf(f, [f32(2)]);
    expect(merged(program)).toBe(program);
  });
});

test("NaN is the same as NaN", () => {
  expect(
    primitivesOf(merged(programOf((x) => [lax.mul(x, scalar(NaN)), lax.mul(x, scalar(NaN))], [f32(2)]))),
  ).toEqual(["mul"]);
});

test("nothing to merge: the program itself", () => {
  const program = programOf((x) => lax.sin(lax.cos(x)), [f32(2)]);
  expect(merged(program)).toBe(program);
});

test("a long program is linear", () => {
  const mixed = (n: number) => chain(n, (x, i) => (i % 2 ? lax.sin(x) : lax.mul(x, i)));
  const powers = (n: number) => chain(n, (x, i) => lax.integerPow(x, i + 3));
  for (const programOfLength of [mixed, powers]) expectLinear(merged, programOfLength);
  const program = mixed(50_000);
  expect(merged(program)).toBe(program);
});

describe.each(sampled)("%s", (_name, prim) => {
  test("twice on the same operands is once, unless it has an effect", () => {
    withX64(() => {
      for (const dtype of ["float32", "int8", "complex64", "bool"] as const) {
        prim.rules.samples.forEach((sample) => {
          const cast = recast(prim, sample, dtype);
          const operands = drawAll(cast);
          const f = applied(prim, cast.params);
          const program = programOf(
            (...xs) => [...f(xs), ...f(xs)],
            operands.map((x) => x.aval),
          );
          const result = merged(program);
          expect(result.jaxpr.eqns.length).toBe(
            program.jaxpr.effects.length > 0 ? program.jaxpr.eqns.length : program.jaxpr.eqns.length / 2,
          );
          expectSameProgram(result, program, operands);
        });
      }
    });
  });
});
