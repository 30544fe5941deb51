import { describe, expect, test } from "vitest";
import { dotGroups, packDots } from "../../../src/compiler/pack-dots.ts";
import type { DType } from "../../../src/core/dtype.ts";
import type { Shape } from "../../../src/core/shape.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { withX64 } from "../../laws/samples.ts";
import {
  chain,
  expectLinear,
  expectSameProgram,
  f32,
  numberDTypes,
  primitivesOf,
  programOf,
  special,
} from "./programs.ts";

type Pairs = readonly [readonly number[], readonly number[]];
const dot = (
  x: ArrayValue,
  y: ArrayValue,
  contract: Pairs = [[1], [0]],
  batch: Pairs = [[], []],
  preferredElementType: DType | null = null,
): ArrayValue =>
  lax.dotGeneral.bind([x, y], {
    dimensionNumbers: [contract, batch],
    precision: null,
    preferredElementType,
  })[0]!;

type Case = readonly [
  name: string,
  shapes: readonly Shape[],
  f: (...xs: ArrayValue[]) => readonly ArrayValue[],
];
const cases: readonly Case[] = [
  [
    "x · a and x · b",
    [
      [16, 16],
      [16, 1],
      [16, 2],
    ],
    (x, a, b) => [dot(x, a), dot(x, b)],
  ],
  [
    "aᵀ · x and bᵀ · x",
    [
      [16, 16],
      [1, 16],
      [2, 16],
    ],
    (x, a, b) => [dot(a, x), dot(b, x)],
  ],
  [
    "three, with the axes elsewhere",
    [
      [16, 16],
      [1, 16],
      [2, 16],
      [1, 16],
    ],
    (x, a, b, c) => [a!, b!, c!].map((y) => dot(x!, y, [[0], [1]])),
  ],
  [
    "in batches",
    [
      [2, 16, 16],
      [2, 16, 1],
      [2, 16, 2],
    ],
    (x, a, b) => [a!, b!].map((y) => dot(x!, y, [[2], [1]], [[0], [0]])),
  ],
  [
    "in batches, on the other side",
    [
      [2, 16, 16],
      [2, 16, 1],
      [2, 16, 2],
    ],
    (x, a, b) => [a!, b!].map((y) => dot(y, x!, [[1], [1]], [[0], [0]])),
  ],
  [
    "several kept axes of the common one",
    [
      [4, 4, 16],
      [16, 1],
      [16, 2],
    ],
    (x, a, b) => [a!, b!].map((y) => dot(x!, y, [[2], [0]])),
  ],
  [
    "what is made of the first, in between",
    [
      [16, 16],
      [16, 1],
      [16, 2],
    ],
    (x, a, b) => {
      const first = lax.copy(dot(x!, a!));
      return [first, dot(x!, b!), first];
    },
  ],
];

describe.each(cases)("%s", (_name, shapes, f) => {
  test.each([...numberDTypes, "bool"] as const)("is one product, bit for bit: %s", (dtype) => {
    withX64(() => {
      const program = programOf(
        f,
        shapes.map((shape) => avalOf(shape, dtype)),
      );
      const result = packDots(program);
      expect(primitivesOf(result).filter((name) => name === "dot_general").length).toBe(1);
      for (let seed = 1; seed < 4; seed++)
        expectSameProgram(
          result,
          program,
          shapes.map((shape, i) => special(dtype, shape, seed + i)),
        );
    });
  });
});

const [x, w, a, b] = [f32(16, 16), f32(16, 16), f32(16, 1), f32(16, 2)];
const kept = (f: Case[2], ...avals: readonly ReturnType<typeof f32>[]): void => {
  const program = programOf(f, avals);
  expect(packDots(program)).toBe(program);
};
const groupSizes = (f: Case[2], ...avals: readonly ReturnType<typeof f32>[]): number[] =>
  dotGroups(programOf(f, avals)).map(({ eqns }) => eqns.length);

test("a matrix of weights is not copied, but the products are a group", () => {
  const f: Case[2] = (x, w, b) => [dot(x, w), dot(x, b)];
  kept(f, x, w, b);
  expect(groupSizes(f, x, w, b)).toEqual([2]);
});

test("the limit: the others and the results, twice, against the operand that is read less often", () => {
  // 2 · (2·k + 2·m) < m · k
  kept((x, a, c) => [dot(x, a), dot(x, c)], f32(8, 8), f32(8, 1), f32(8, 1));
  const program = programOf((x, a, c) => [dot(x, a), dot(x, c)], [f32(8, 9), f32(9, 1), f32(9, 1)]);
  expect(packDots(program)).not.toBe(program);
});

test("a product that needs another one is in no group with it, nor is one whose operand comes later", () => {
  const square = f32(4, 4);
  expect(groupSizes((x, y) => [dot(x!, dot(x!, y!))], square, square)).toEqual([]);
  expect(groupSizes((x, y) => [dot(x!, lax.sin(dot(x!, y!)))], square, square)).toEqual([]);
  expect(groupSizes((x, y, z) => [dot(x!, y!), dot(x!, lax.sin(z!))], square, square, square)).toEqual([]);
});

test("unlike axes, dtypes and weakness", () => {
  expect(groupSizes((x, y) => [dot(x!, y!), dot(x!, y!, [[0], [0]])], x, w)).toEqual([2]);
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!, [[0], [0]])], x, a, b);
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!, [[1], [1]])], x, a, f32(2, 16));
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!, [[1], [0]], [[], []], "float64")], x, a, b);
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!)], x, a, avalOf([16, 2], "bfloat16"));
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!)], x, avalOf([16, 1], "float32", true), b);
  // Vectors, and operands with two axes to themselves.
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!)], x, f32(16), f32(16));
  kept((x, a, b) => [dot(x!, a!), dot(x!, b!)], x, f32(16, 1, 1), f32(16, 1, 1));
});

test("a product that could be of two groups is of the one with the larger operand", () => {
  const program = programOf(
    (x, a, y, b) => [dot(x!, a!), dot(y!, a!), dot(x!, b!)],
    [f32(16, 4), f32(4, 2), f32(3, 4), f32(4, 5)],
  );
  const groups = dotGroups(program);
  expect(groups.length).toBe(1);
  expect(groups[0]!.side).toBe(0);
  expect(groups[0]!.eqns[0]!.inputs[0]!.aval.shape).toEqual([16, 4]);
});

test("linear in equations", () => {
  const matrix = special("float32", [2, 2]);
  const products = (n: number) => chain(n, (x) => dot(matrix, x));
  expectLinear(packDots, products);
  const program = products(10_000);
  expect(packDots(program)).toBe(program);
});
