import { describe, expect, test } from "vitest";
import { alignDots } from "../../../src/compiler/align-dots.ts";
import { dotGroups } from "../../../src/compiler/pack-dots.ts";
import type { Shape } from "../../../src/core/shape.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { withX64 } from "../../laws/samples.ts";
import { chain, expectLinear, expectSameProgram, f32, numberDTypes, programOf, special } from "./programs.ts";

type Pairs = readonly [readonly number[], readonly number[]];
const dot = (
  x: ArrayValue,
  y: ArrayValue,
  contract: Pairs = [[1], [0]],
  batch: Pairs = [[], []],
  precision: lax.DotGeneralParams["precision"] = null,
): ArrayValue =>
  lax.dotGeneral.bind([x, y], {
    dimensionNumbers: [contract, batch],
    precision,
    preferredElementType: null,
  })[0]!;

type Case = readonly [name: string, shapes: readonly Shape[], f: (...xs: ArrayValue[]) => ArrayValue[]];
const cases: readonly Case[] = [
  [
    "x · w and (bᵀ · xᵀ)ᵀ · aᵀ",
    [
      [3, 4],
      [4, 6],
      [2, 4],
      [6, 2],
    ],
    (x, w, b, a) => [dot(x!, w!), dot(dot(b!, x!, [[1], [1]]), a!, [[0], [1]])],
  ],
  [
    "read on the other side, and twice",
    [
      [3, 4],
      [4, 6],
      [2, 4],
      [6, 2],
    ],
    (x, w, b, a) => {
      const y = dot(b!, x!, [[1], [1]]);
      return [
        dot(x!, w!),
        dot(a!, y),
        dot(y, y, [[1], [1]]),
        dot(y, y, [
          [0, 1],
          [0, 1],
        ]),
      ];
    },
  ],
  [
    "one turned product reading another",
    [
      [3, 4],
      [4, 6],
      [4, 4],
    ],
    (x, w, b) => {
      const y = dot(b!, x!, [[1], [1]]);
      return [dot(x!, w!), dot(dot(y, x!, [[1], [0]]), w!), dot(y, x!, [[0], [1]])];
    },
  ],
  [
    "in batches",
    [
      [2, 3, 4],
      [2, 4, 6],
      [2, 4, 5],
      [2, 5, 7],
    ],
    (x, w, b, a) => {
      const y = dot(b!, x!, [[1], [2]], [[0], [0]]);
      return [dot(x!, w!, [[2], [1]], [[0], [0]]), dot(y, a!, [[1], [1]], [[0], [0]])];
    },
  ],
];

describe.each(cases)("%s", (_name, shapes, f) => {
  test.each([...numberDTypes, "bool"] as const)(
    "has what is common on one side, bit for bit: %s",
    (dtype) => {
      withX64(() => {
        const program = programOf(
          f,
          shapes.map((shape) => avalOf(shape, dtype)),
        );
        const result = alignDots(program);
        expect(dotGroups(program).length).toBe(0);
        expect(dotGroups(result).length).toBe(1);
        for (let seed = 1; seed < 4; seed++)
          expectSameProgram(
            result,
            program,
            shapes.map((shape, i) => special(dtype, shape, seed + i)),
          );
      });
    },
  );
});

test("what is no product's operand only, or a result, is not turned", () => {
  const avals = [f32(3, 4), f32(4, 6), f32(2, 4)];
  for (const use of [
    (y: ArrayValue) => lax.sin(y),
    (y: ArrayValue) => y,
    (y: ArrayValue) => dot(y, y, [[], []]),
  ]) {
    const program = programOf((x, w, b) => [dot(x!, w!), use(dot(b!, x!, [[1], [1]]))], avals);
    expect(alignDots(program)).toBe(program);
  }
});

test("the precision of each operand is its own", () => {
  const f = (x: ArrayValue, w: ArrayValue, b: ArrayValue) => [
    dot(x, w, [[1], [0]], [[], []], ["high", "highest"]),
    dot(dot(b, x, [[1], [1]], [[], []], ["highest", "high"]), w, [[1], [0]]),
  ];
  const program = programOf(f as never, [f32(4, 4), f32(4, 6), f32(2, 4)]);
  const result = alignDots(program);
  expect(dotGroups(result).length).toBe(1);
  expect(result.jaxpr.eqns[1]!.params).toMatchObject({ precision: ["high", "highest"] });
  const unlike = programOf(
    (x, w, b) => [dot(x, w), dot(dot(b, x, [[1], [1]], [[], []], ["highest", "high"]), w, [[1], [0]])],
    [f32(4, 4), f32(4, 6), f32(2, 4)],
  );
  expect(alignDots(unlike)).toBe(unlike);
});

test("linear in equations", () => {
  const matrix = special("float32", [2, 2]);
  const products = (n: number) => chain(n, (x, i) => (i % 2 ? dot(matrix, x) : dot(x, matrix, [[0], [1]])));
  expectLinear(alignDots, products);
  expect(alignDots(products(10_000)).jaxpr.eqns.length).toBe(10_000);
});
