import { describe, expect, test } from "vitest";
import { dce } from "../../../src/interpreters/dce.ts";
import { foldConstants } from "../../../src/compiler/fold.ts";
import { rewrite } from "../../../src/compiler/rewrite.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import * as lax from "../../../src/lax/index.ts";
import { applied, recast, sampled, withX64 } from "../../laws/samples.ts";
import { array } from "../lax/arrays.ts";
import { expectSameProgram, f32, numberDTypes, primitivesOf, programOf, special } from "./programs.ts";

const folded = (program: ClosedJaxpr): ClosedJaxpr => dce(rewrite(program, [foldConstants]));

test.each(numberDTypes)("arithmetic on literals is done at once, bit for bit: %s", (dtype) => {
  withX64(() => {
    for (let seed = 0; seed < 13; seed++) {
      const [a, b] = [special(dtype, [], seed), special(dtype, [], 3 * seed + 1)];
      const program = programOf(
        (x) => [lax.mul(lax.add(a, b), x), lax.sub(a, b), lax.neg(b)],
        [avalOf([2], dtype)],
      );
      const result = folded(program);
      expect(primitivesOf(result)).toEqual(["mul"]);
      expectSameProgram(result, program, [special(dtype, [2], seed)]);
    }
  });
});

test("a small constant array is computed, a large one is not", () => {
  const [small, large] = [
    array([0, -1], [2], "int32"),
    array(
      Array.from({ length: 65 }, (_, i) => i),
      [65],
      "int32",
    ),
  ];
  const wrapped = (index: NDArray) => lax.select(lax.lt(index, 0), lax.add(index, 3), index);
  const program = programOf(
    (x) => [lax.mul(x, wrapped(small)), lax.reduceSum(wrapped(large), [0])],
    [avalOf([2], "int32")],
  );
  const result = folded(program);
  expect(primitivesOf(result)).toEqual(["mul", "lt", "add", "select_n", "reduce_sum"]);
  expect(result.consts.length).toBe(2);
  expectSameProgram(result, program, [array([5, 7], [2], "int32")]);
});

test("a scalar's broadcast stays; an elementwise operation on one is done on the scalar", () => {
  const ones = () => lax.broadcastInDim(scalarOf(2, "float32"), [100, 3], []);
  const program = programOf((x) => lax.add(x, lax.exp(lax.mul(ones(), lax.neg(ones())))), [f32(100, 3)]);
  const result = folded(program);
  expect(String(result)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[100,3]. let
        b:f32[100,3] = broadcast_in_dim 0.018315639346837997:f32[]
        c:f32[100,3] = add a b
      in (c,) }"
  `);
  expectSameProgram(result, program, [special("float32", [100, 3])]);
});

const ask: Primitive<"test_question", [x: ArrayValue], NoParams> = definePrimitive("test_question", {
  arity: 1,
  abstract: ([x]) => x,
  jvp: "none",
  batch: "elementwise",
  effects: () => ["unordered"],
});

test("effects, random keys and what has no operands are left alone", () => {
  const key = new NDArray(avalOf([], "key<fry>"), new HostBuffer(Uint32Array.of(0, 7)));
  const program = programOf(
    () => [
      ask.bind([scalarOf(1, "float32")], {})[0]!,
      lax.broadcastInDim(key, [2], []),
      lax.iota("int32", 3),
    ],
    [],
  );
  expect(primitivesOf(folded(program))).toEqual(["test_question", "broadcast_in_dim", "iota"]);
});

test("weakness is that of the equation", () => {
  const program = programOf(
    (x) => lax.mul(x, lax.add(scalarOf(1, "float32", true), scalarOf(2, "float32", true))),
    [avalOf([2], "float32", true)],
  );
  const result = folded(program);
  expect(primitivesOf(result)).toEqual(["mul"]);
  expectSameProgram(result, program, [special("float32", [2], 1, true)]);
});

const elementwise = sampled.filter(
  ([name, { rules }]) => rules.elementwise && !rules.expand && name !== "threefry2x32",
);
describe.each(elementwise)("%s of constants, and of arrays that repeat one", (_name, prim) => {
  test("is computed at once, in every dtype, bit for bit", () => {
    withX64(() => {
      for (const dtype of [...numberDTypes, "bool"] as const) {
        const cast = recast(prim, prim.rules.samples[0]!, dtype);
        for (let seed = 1; seed < 6; seed++) {
          const scalars = cast.operands.map((x, i) => special(x.dtype ?? "float32", [], 3 * seed + 7 * i));
          const f = applied(prim, cast.params);
          const program = programOf(
            () => [...f(scalars), ...f(scalars.map((x) => lax.broadcastInDim(x, [2, 3], [])))],
            [],
          );
          const result = folded(program);
          expect(primitivesOf(result)).toEqual(["broadcast_in_dim"]);
          expectSameProgram(result, program, []);
        }
      }
    });
  });
});
