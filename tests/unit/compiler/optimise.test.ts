import { describe, expect, test } from "vitest";
import { lora, makeJaxpr, nn, numpy as np, quaxify, random, tree, vmap } from "cotangent";
import { type DotGroup, dotGroups, optimise, simplify } from "../../../src/compiler/index.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { numbersOf } from "../../laws/compare.ts";
import { modelPrograms, operandsOf } from "./model-programs.ts";
import { subJaxprs } from "../../../src/core/jaxpr.ts";
import { type Shape, sizeOf } from "../../../src/core/shape.ts";
import type { ArrayValue, NDArray } from "../../../src/core/value.ts";
import { scan } from "../../../src/control/index.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import { chain, expectLinear, expectSameProgram, f32, primitivesOf, programOf, special } from "./programs.ts";
import { array } from "../lax/arrays.ts";
import { CotangentError } from "../../../src/core/errors.ts";

const low = (x: ArrayValue, w: ArrayValue, a: ArrayValue, b: ArrayValue): ArrayValue =>
  lax.add(lax.dot(x, w), lax.dot(x, lax.dot(a, b)));
const avals = [f32(4, 4), f32(4, 4), f32(4, 1), f32(1, 4)];

test("a low-rank update is never formed", () => {
  const result = optimise(programOf(low, avals));
  expect(String(result)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4,4] b:f32[4,4] c:f32[4,1] d:f32[1,4]. let
        e:f32[4,4] = dot_general[dimension_numbers=(([1], [0]), ([], []))] a b
        f:f32[4,1] = dot_general[dimension_numbers=(([1], [0]), ([], []))] a c
        g:f32[4,4] = dot_general[dimension_numbers=(([1], [0]), ([], []))] f d
        h:f32[4,4] = add e g
      in (h,) }"
  `);
});

/** Integers, which every order multiplies exactly. */
const integers = (shape: Shape, seed: number): NDArray =>
  array(
    Array.from({ length: sizeOf(shape) }, (_, i) => ((i * seed) % 5) - 2),
    shape,
  );

test("its gradient has no transposes, and is that of the product", () => {
  const loss = (...[x, w, a, b]: ArrayValue[]) => {
    const y = low(x!, w!, a!, b!);
    return lax.reduceSum(lax.mul(y, y), [0, 1]);
  };
  const gradient = grad(loss as never, { argnums: [2, 3] } as never) as unknown as (
    ...xs: ArrayValue[]
  ) => ArrayValue[];
  const program = programOf((...xs) => gradient(...xs), avals);
  const result = optimise(program);
  expect(primitivesOf(result)).not.toContain("transpose");
  for (let seed = 1; seed < 4; seed++)
    expectSameProgram(
      result,
      program,
      avals.map(({ shape }, i) => integers(shape, seed + i)),
    );
});

test("a step of LoRA has no transposes, and the products of each layer's input are a group, as those of its cotangent", () => {
  const base = new nn.MLP(6, 5, 7, 1, { key: random.key(0) });
  const model = lora.loraify(base, { rank: 2, key: random.key(1) });
  const [adapters, frozen] = tree.partition(model, lora.trainable(model));
  const forward = quaxify((model: nn.MLP, xs: ArrayValue) => vmap((x: ArrayValue) => model.forward(x))(xs));
  const step = (adapters: nn.MLP, frozen: nn.MLP, xs: ArrayValue) =>
    grad((part: nn.MLP) => np.sum(np.square(forward(tree.combine(part, frozen) as nn.MLP, xs))))(adapters);
  const program = makeJaxpr(step as never)(adapters as never, frozen as never, np.zeros([3, 6]) as never);
  const result = optimise(program);
  expect(primitivesOf(result)).not.toContain("transpose");
  const shapesOf = (group: DotGroup) =>
    group.eqns.map(({ inputs }) => inputs[group.side]!.aval.shape.join(" × "));
  // The inputs of both layers, and the cotangent of the last result.
  expect(dotGroups(result).map(shapesOf)).toEqual([
    ["3 × 7", "3 × 7"],
    ["3 × 6", "3 × 6"],
    ["3 × 5", "3 × 5"],
  ]);
});

test("the programs that equations hold are optimised", () => {
  const program = programOf(
    (x, a, b) => {
      const step = (h: ArrayValue) => [lax.dot(h, lax.dot(a!, b!)), h];
      return (
        scan as never as (f: unknown, init: ArrayValue, xs: null, options: object) => [ArrayValue, ArrayValue]
      )(step, x!, null, { length: 3 });
    },
    [f32(2, 4), f32(4, 1), f32(1, 4)],
  );
  const [[, body]] = optimise(program).jaxpr.eqns.flatMap(({ params }) => subJaxprs(params)) as [
    [string, Parameters<typeof primitivesOf>[0]],
  ];
  expect(primitivesOf(body)).toEqual(["dot_general", "dot_general"]);
  expect(body.jaxpr.eqns[0]!.outputs[0]!.aval.shape).toEqual([2, 1]);
});

test("only the wanted outputs, and of programs only", () => {
  const program = programOf((x) => [lax.sin(x), lax.exp(x)], [f32(3)]);
  expect(primitivesOf(optimise(program, [false, true]))).toEqual(["exp"]);
  expect(() => optimise("no program" as never)).toThrow(CotangentError);
});

test("where no product is cheaper, it is what is simple", () => {
  const program = programOf((x, w) => lax.tanh(lax.dot(x, w)), avals.slice(0, 2));
  const result = optimise(program);
  expect(String(result)).toBe(String(simplify(program)));
  expectSameProgram(
    result,
    program,
    avals.slice(0, 2).map((aval, i) => special("float32", aval.shape, i)),
  );
});

test("fifty thousand equations; ten thousand products in a chain", () => {
  const mixed = (n: number) => chain(n, (x, i) => (i % 3 ? lax.sin(x) : lax.mul(x, i)));
  expect(optimise(mixed(50_000)).jaxpr.eqns.length).toBe(50_000);
  const matrix = special("float32", [2, 2]);
  const products = (n: number) => chain(n, (x) => lax.dot(matrix, x));
  expect(optimise(products(10_000)).jaxpr.eqns.length).toBe(10_000);
  for (const programOfLength of [mixed, products]) expectLinear(optimise, programOfLength);
});

describe.each(modelPrograms)("%s", (_name, program) => {
  test("is the same optimised, up to rounding", () => {
    const result = optimise(program);
    checkJaxpr(result);
    for (const seed of [1, 100]) {
      const inputs = operandsOf(program, seed);
      const [actual, expected] = [result, program].map((each) =>
        evaluateJaxpr(each, inputs).flatMap(numbersOf),
      );
      actual!.forEach((x, i) => {
        const wanted = expected![i]!;
        expect(Math.abs(x - wanted)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted)));
      });
    }
  });
});
