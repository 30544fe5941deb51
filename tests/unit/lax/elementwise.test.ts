import { describe, expect, test } from "vitest";
import { avalOf } from "../../../src/core/value.ts";
import {
  defineBinary,
  defineUnary,
  elementwiseAbstract,
  elementwiseShape,
} from "../../../src/lax/elementwise.ts";

describe("the shape of an elementwise primitive", () => {
  test("is that of its operands, with sizes of 1 widened and scalars left out", () => {
    expect(elementwiseShape("f", [[2, 1], [], [1, 3]])).toEqual([2, 3]);
    expect(elementwiseShape("f", [[], []])).toEqual([]);
    expect(
      elementwiseShape("f", [
        [1, 0],
        [4, 1],
      ]),
    ).toEqual([4, 0]);
  });

  test("does not add axes, nor join sizes that differ", () => {
    expect(() => elementwiseShape("f", [[3], [2, 3]])).toThrow("same number of dimensions");
    expect(() => elementwiseShape("f", [[3], [2]])).toThrow("(3,), (2,)");
  });
});

test("its result is weak where every operand is", () => {
  const abstract = elementwiseAbstract("f", "number");
  const [weak, strong] = [avalOf([], "float32", true), avalOf([2], "float32")];
  expect(abstract([weak, weak]).weak).toBe(true);
  expect(abstract([weak, strong])).toEqual(strong);
});

test("a definition is callable, and tested on samples of a dtype that it accepts", () => {
  const f = defineUnary("test_unary", "integer", { jvp: "none" });
  const g = defineBinary("test_binary", "complex", { jvp: "linear" });
  expect(f.primitive).toBe("test_unary");
  expect(f.rules.samples[0]!.operands[0]!.dtype).toBe("int32");
  expect(g.rules.samples.map(({ operands }) => operands.map(({ shape }) => shape))).toEqual([
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1],
      [1, 3],
    ],
    [[], [3]],
  ]);
  expect(() => f(1.5)).toThrow("test_unary does not accept dtype float32");
});
