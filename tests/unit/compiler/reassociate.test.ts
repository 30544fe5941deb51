import { describe, expect, test } from "vitest";
import { chainOrder, type Order } from "../../../src/compiler/chain-order.ts";
import { reassociate } from "../../../src/compiler/reassociate.ts";
import { type DType, isComplex, isFloat, isInteger } from "../../../src/core/dtype.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { type Shape, sizeOf } from "../../../src/core/shape.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { generator, withX64 } from "../../laws/samples.ts";
import { withNumbers } from "../../laws/compare.ts";
import { costOf } from "../../../src/inspect/cost.ts";
import { expectLinear, expectSameProgram, f32, primitivesOf, programOf, special } from "./programs.ts";

type Pairs = readonly [readonly number[], readonly number[]];
interface Options {
  readonly batch?: Pairs;
  readonly precision?: readonly ["high" | "highest", "high" | "highest"] | null;
  readonly preferred?: DType | null;
}
const dot = (
  x: ArrayValue,
  y: ArrayValue,
  contract: Pairs = [[x.ndim - 1], [y.ndim - 2]],
  { batch = [[], []], precision = null, preferred = null }: Options = {},
): ArrayValue =>
  lax.dotGeneral.bind([x, y], {
    dimensionNumbers: [contract, batch],
    precision,
    preferredElementType: preferred,
  })[0]!;
const flops = ({ jaxpr }: ClosedJaxpr): number => jaxpr.eqns.reduce((sum, eqn) => sum + costOf(eqn).flops, 0);

/** Integers so small that their products are exact in every dtype, in whatever order. */
function small(dtype: DType, shape: Shape, seed: number): NDArray {
  const random = generator(seed);
  const lanes = isComplex(dtype) ? 2 : 1;
  const low = isFloat(dtype) || isComplex(dtype) ? -1 : 0;
  const numbers = Array.from({ length: sizeOf(shape) * lanes }, () => low + Math.floor(random() * (3 + low)));
  return withNumbers(new NDArray(avalOf(shape, dtype), special(dtype, shape).buffer), numbers);
}

type Case = readonly [
  name: string,
  shapes: readonly Shape[],
  f: (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[],
];
/** Programs that get cheaper. */
const cases: readonly Case[] = [
  [
    "x · (a · b)",
    [
      [6, 4],
      [4, 1],
      [1, 5],
    ],
    (x, a, b) => dot(x, dot(a, b)),
  ],
  [
    "(a · b) · x",
    [
      [4, 1],
      [1, 5],
      [5, 6],
    ],
    (a, b, x) => dot(dot(a, b), x),
  ],
  ["a product with a vector", [[4, 5], [5, 6], [6]], (a, b, x) => dot(dot(a, b), x, [[1], [0]])],
  ["a vector first", [[4], [4, 5], [5, 6]], (x, a, b) => dot(x, dot(a, b), [[0], [0]])],
  [
    "the contracted axes of other places",
    [
      [6, 4],
      [1, 4],
      [5, 1],
    ],
    (x, a, b) => dot(x, dot(a, b, [[0], [1]]), [[1], [0]]),
  ],
  [
    "a transpose between",
    [
      [4, 6],
      [4, 1],
      [1, 5],
    ],
    (x, a, b) => dot(lax.transpose(dot(a, b), [1, 0]), x),
  ],
  [
    "scalings",
    [[6, 4], [4, 1], [1, 5], []],
    (x, a, b, s) => {
      const ab = lax.neg(lax.mul(s, lax.mul(dot(a, b), scalarOf(2, a.dtype))));
      // One zero for both.
      return lax.add(lax.mul(dot(x, ab), s), scalarOf(0, a.dtype));
    },
  ],
  [
    "a batch",
    [
      [2, 6, 4],
      [2, 4, 1],
      [2, 1, 5],
    ],
    (x, a, b) => {
      const batch: Options = { batch: [[0], [0]] };
      return dot(x, dot(a, b, [[2], [1]], batch), [[2], [1]], batch);
    },
  ],
  [
    "a batch of the outer factor only",
    [
      [2, 3, 4],
      [4, 1],
      [1, 5],
    ],
    (x, a, b) => dot(x, dot(a, b), [[2], [0]]),
  ],
  [
    "several contracted axes",
    [
      [6, 2, 3],
      [2, 3, 1],
      [1, 5],
    ],
    (x, a, b) =>
      dot(x, dot(a, b, [[2], [0]]), [
        [1, 2],
        [0, 1],
      ]),
  ],
  [
    "the result with its axes elsewhere",
    [
      [6, 4],
      [4, 1],
      [1, 5],
    ],
    (x, a, b) => dot(dot(a, b), x, [[0], [1]]),
  ],
  [
    "five factors",
    [
      [4, 3],
      [3, 6],
      [6, 1],
      [1, 5],
      [5, 2],
    ],
    (a, b, c, d, e) => dot(dot(dot(a, b), dot(c, d)), e),
  ],
  ["one factor thrice", [[4, 4], [4]], (a, x) => dot(dot(a, dot(a, a)), x, [[1], [0]])],
];
const dtypes: readonly DType[] = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float32",
  "float64",
  "complex64",
];

describe.each(cases)("%s", (_name, shapes, f) => {
  test.each(dtypes)("takes fewer multiplications, and has the same value: %s", (dtype) => {
    withX64(() => {
      const program = programOf(
        f,
        shapes.map((shape) => avalOf(shape, dtype)),
      );
      const result = reassociate(program);
      expect(flops(result)).toBeLessThan(flops(program));
      for (let seed = 1; seed < 4; seed++) {
        const inputs = shapes.map((shape, i) => small(dtype, shape, 10 * seed + i));
        expectSameProgram(result, program, inputs);
        // Integers wrap.
        if (isInteger(dtype))
          expectSameProgram(
            result,
            program,
            shapes.map((shape, i) => special(dtype, shape, seed + i)),
          );
      }
      expect(reassociate(result)).toBe(result);
    });
  });
});

const [x, a, b] = [f32(6, 4), f32(4, 1), f32(1, 5)];
const kept = (f: Case[2], avals = [x, a, b]): void => {
  const program = programOf(f, avals);
  expect(reassociate(program)).toBe(program);
};

test("(x · a) · b and a · (b · x) stay", () => {
  kept((x, a, b) => dot(dot(x, a), b));
  kept((a, b, x) => dot(a, dot(b, x)), [f32(4, 1), f32(1, 5), f32(5, 6)]);
});

test("an intermediate that something else reads, or that is a result, stays", () => {
  kept((x, a, b) => {
    const ab = dot(a, b);
    return [dot(x, ab), ab];
  });
  kept((x, a, b) => {
    const ab = dot(a, b);
    return lax.add(dot(x, ab), dot(x, lax.sin(ab)));
  });
});

test("products of unlike precision or preferred dtype stay", () => {
  kept((x, a, b) => dot(x, dot(a, b, [[1], [0]], { precision: ["high", "high"] })));
  const mixed: Options = { precision: ["high", "highest"] };
  kept((x, a, b) => dot(x, dot(a, b, [[1], [0]], mixed), [[1], [0]], mixed));
  kept((x, a, b) => dot(x, dot(a, b, [[1], [0]], { preferred: "float32" })));
});

test("intermediates in 16-bit floats stay, those of sums in float32 are free", () => {
  for (const dtype of ["float16", "bfloat16"] as const) {
    const avals = [x, a, b].map(({ shape }) => avalOf(shape, dtype));
    kept((x, a, b) => dot(x, dot(a, b)), avals);
    const wide: Options = { preferred: "float32" };
    const program = programOf((x, a, b) => dot(x, dot(a, b, [[1], [0]], wide), [[1], [0]], wide), avals);
    const result = reassociate(program);
    expect(flops(result)).toBeLessThan(flops(program));
    expectSameProgram(
      result,
      program,
      avals.map(({ shape }, i) => small(dtype, shape, i)),
    );
  }
});

test("factors that stand in no row stay: a tensor with three neighbours", () => {
  kept(
    (t, p, q, r) => dot(dot(dot(t, p, [[0], [0]]), q, [[0], [0]]), r, [[0], [0]]),
    [f32(3, 3, 3), f32(3, 1), f32(3, 1), f32(3, 1)],
  );
});

test("the scalars multiply the smallest intermediate", () => {
  const program = programOf((x, a, b) => lax.mul(dot(x, dot(a, b)), scalarOf(2, "float32")), [x, a, b]);
  expect(primitivesOf(reassociate(program))).toEqual(["dot_general", "mul", "dot_general"]);
});

test("a weak factor stays weak, and the type of the result is that of the program", () => {
  const weak = [x, a, b].map(({ shape }) => avalOf(shape, "float32", true));
  const program = programOf((x, a, b) => dot(x, dot(a, b)), weak);
  const result = reassociate(program);
  expect(flops(result)).toBeLessThan(flops(program));
  expect(result.outAvals).toEqual(program.outAvals);
});

test("the order is the best of all orders", () => {
  const costOfOrder = (
    order: Order,
    sizes: readonly number[],
  ): readonly [from: number, to: number, cost: number] => {
    if (typeof order === "number") return [order, order + 1, 0];
    const [left, right] = [costOfOrder(order[0], sizes), costOfOrder(order[1], sizes)];
    return [left[0], right[1], left[2] + right[2] + sizes[left[0]]! * sizes[left[1]]! * sizes[right[1]]!];
  };
  const all = (first: number, last: number): Order[] =>
    first === last
      ? [first]
      : Array.from({ length: last - first }, (_, i) =>
          all(first, first + i).flatMap((l) => all(first + i + 1, last).map((r): Order => [l, r])),
        ).flat();
  for (let seed = 0; seed < 50; seed++) {
    const random = generator(seed);
    const n = 3 + (seed % 4);
    const sizes = Array.from({ length: n + 1 }, () => 1 + Math.floor(random() * 20));
    const factors = Array.from({ length: n }, (_, i) => [i, i + 1]);
    const { order, cost } = chainOrder(factors, [0, n], sizes);
    expect(costOfOrder(order, sizes)[2]).toBe(cost);
    expect(cost).toBe(Math.min(...all(0, n - 1).map((other) => costOfOrder(other, sizes)[2])));
  }
});

test("ten thousand products in a chain, in linear time", () => {
  const matrix = special("float32", [2, 2]);
  const matrices = (n: number) =>
    programOf(
      (x, vector) => {
        for (let i = 0; i < n; i++) x = dot(x, matrix);
        return dot(x, vector, [[1], [0]]);
      },
      [f32(2, 2), f32(2)],
    );
  const long = matrices(10_000);
  expect(flops(reassociate(long))).toBeLessThan(flops(long));
  expectLinear(reassociate, matrices);
});
