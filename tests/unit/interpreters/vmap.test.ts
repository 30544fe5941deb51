import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { add, dot, mul, neg, reduceSum, sin, transpose } from "../../../src/lax/index.ts";
import { array, expectValues, shapeOf, values } from "../arrays.ts";

const m = () =>
  array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const row = () => array([10, 20, 30]);
const sum = (x: ArrayValue): ArrayValue => reduceSum(x, [0]);

describe("inAxes", () => {
  test("0 by default", () => expect(values(vmap(sum)(m()))).toEqual([6, 15]));
  test("another one, from the front or the end", () => {
    expect(values(vmap(sum, { inAxes: 1 })(m()))).toEqual([5, 7, 9]);
    expect(values(vmap(sum, { inAxes: -1 })(m()))).toEqual([5, 7, 9]);
    expect(values(vmap(sum, 1)(m()))).toEqual([5, 7, 9]);
  });
  test("null leaves an argument whole", () => {
    expect(values(vmap(dot, { inAxes: [0, null] })(m(), row()))).toEqual([140, 320]);
    expect(
      values(vmap((x: ArrayValue, y: ArrayValue) => add(x, y), { inAxes: [null, 0] })(array(1), row())),
    ).toEqual([11, 21, 31]);
  });
  test("a prefix of the arguments", () => {
    const f = ({ w, b }: { w: ArrayValue[]; b: ArrayValue }, x: ArrayValue) => add(mul(w[0]!, x), b);
    const args = [{ w: [m()], b: array(1) }, array([2, 3])] as const;
    expect(values(vmap(f, { inAxes: [{ w: 0, b: null }, 0] })(args[0] as never, args[1]))).toEqual([
      3, 5, 7, 13, 16, 19,
    ]);
  });
  test("null for everything needs axisSize", () => {
    const f = (x: ArrayValue) => neg(x);
    expect(() => vmap(f, { inAxes: null })(row())).toThrow(
      "vmap needs at least one argument to map over: every inAxes is null, so give axisSize",
    );
    expect(shapeOf(vmap(f, { inAxes: null, axisSize: 4 })(row()))).toEqual([4, 3]);
  });
  test("strings and functions among the arguments are static", () => {
    const f = (x: ArrayValue, name: string, g: (x: ArrayValue) => ArrayValue) => (name === "on" ? g(x) : x);
    expect(values(vmap(f)(row(), "on", neg))).toEqual([-10, -20, -30]);
  });
});

describe("outAxes", () => {
  test("move the batch axis of the result", () => {
    expect(shapeOf(vmap((x: ArrayValue) => x, { outAxes: 1 })(m()))).toEqual([3, 2]);
    expect(values(vmap((x: ArrayValue) => x, { outAxes: -1 })(m()))).toEqual([1, 4, 2, 5, 3, 6]);
  });
  test("are a prefix of the result", () => {
    const [a, { b, c }] = vmap((x: ArrayValue) => [x, { b: x, c: [x] }] as const, {
      outAxes: [1, { b: 0, c: 1 }],
    })(m());
    expect([shapeOf(a), shapeOf(b), shapeOf(c[0])]).toEqual([
      [3, 2],
      [2, 3],
      [3, 2],
    ]);
  });
  test("repeat a result that does not depend on the batch", () => {
    expect(shapeOf(vmap((_: ArrayValue) => row())(m()))).toEqual([2, 3]);
    expect(shapeOf(vmap((_: ArrayValue) => row(), { outAxes: 1 })(m()))).toEqual([3, 2]);
    expectValues(vmap((_: ArrayValue) => 7)(m()), [7, 7]);
  });
  test("null keeps such a result as it is, and refuses another", () => {
    expect(shapeOf(vmap((_: ArrayValue) => row(), { outAxes: null })(m()))).toEqual([3]);
    expect(() => vmap((x: ArrayValue) => x, { outAxes: null })(m())).toThrow(
      "vmap outAxes for the result: the axis is null, but the result depends on the batch",
    );
  });
});

describe("axisSize", () => {
  test("must agree with the arguments", () => {
    expect(values(vmap(sum, { axisSize: 2 })(m()))).toEqual([6, 15]);
    expect(() => vmap(sum, { axisSize: 3 })(m())).toThrow("vmap got inconsistent sizes");
    expect(() => vmap(sum, { axisSize: 1.5 })(m())).toThrow(
      "vmap: axisSize must be a non-negative integer, got 1.5",
    );
  });
  test("may be 0", () =>
    expect(shapeOf(vmap((x: ArrayValue) => sin(x))(transpose(array([[], [], []]), [1, 0])))).toEqual([0, 3]));
});

describe("refused", () => {
  test("sizes that differ, by path", () => {
    const run = () =>
      vmap((p: { w: ArrayValue; b: ArrayValue }, x: ArrayValue) => add(p.w, x))({ w: m(), b: m() }, row());
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(
      /size 2: axis 0 of argument 0 at \.b, which is f32\[2,3\]; axis 0 of argument 0 at \.w, which is f32\[2,3\]\n {2}size 3: axis 0 of argument 1, which is f32\[3\]/,
    );
  });
  test("axes out of range", () => {
    expect(() => vmap(sum, { inAxes: 2 })(m())).toThrow(
      "vmap inAxes for argument 0 of shape (2, 3): axis 2 is out of bounds for array of dimension 2",
    );
    expect(() => vmap(sum)(array(1))).toThrow("axis 0 is out of bounds for array of dimension 0");
    expect(() => vmap((x: ArrayValue) => x, { outAxes: 5 })(m())).toThrow(
      "vmap outAxes for the result: axis 5 is out of bounds for array of dimension 2",
    );
    expect(() => vmap(sum, { inAxes: 0.5 })(m())).toThrow("axis 0.5 is not an integer");
    expect(() => vmap(sum, { inAxes: NaN })(m())).toThrow("axis NaN is not an integer");
  });
  test("another number of axes than arguments", () => {
    const run = () => vmap(sum, { inAxes: [0, 0] })(m());
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow("vmap: inAxes has 2 entries, but the function was called with 1 arguments");
  });
  test("axes that are no numbers", () =>
    expect(() => vmap(sum, { inAxes: "0" as never })(m())).toThrow(
      'an axis is an integer or null, got the string "0"',
    ));
  test("axes of another structure", () =>
    expect(() => vmap((p: { w: ArrayValue }) => p.w, { inAxes: [{ v: 0 }] })({ w: m() })).toThrow(
      /other keys than the tree/,
    ));
});

test("nests, with the axes of each level", () => {
  const outer = vmap((x: ArrayValue) => vmap((y: ArrayValue) => mul(dot(x, x), y))(x))(m());
  expect(values(outer)).toEqual([14, 28, 42, 77 * 4, 77 * 5, 77 * 6]);
});

test("closures over what the outer level maps are seen", () => {
  const pairwise = vmap((a: ArrayValue) => vmap((b: ArrayValue) => mul(a, b))(row()))(row());
  expect(values(pairwise)).toEqual([100, 200, 300, 200, 400, 600, 300, 600, 900]);
});

test("per-example gradients", () => {
  const loss = (w: ArrayValue, x: ArrayValue) => sin(dot(w, x));
  const w = array([0.1, 0.2, 0.3]);
  const g = vmap(grad(loss), { inAxes: [null, 0] })(w, m());
  expect(shapeOf(g)).toEqual([2, 3]);
  expectValues(
    g,
    [1, 2, 3, 4, 5, 6].map((x, i) => x * Math.cos(i < 3 ? 1.4 : 3.2)),
  );
});

describe("a Zero", () => {
  const g = (x: ArrayValue, y: ArrayValue) => grad((x: ArrayValue, _: ArrayValue) => sum(x), [0, 1])(x, y);
  test("in the result gets the batch axis", () => {
    const [dx, dy] = vmap(g)(m(), array([[1], [2]]));
    expect([shapeOf(dx), shapeOf(dy)]).toEqual([
      [2, 3],
      [2, 1],
    ]);
    expect(dy).toBeInstanceOf(Zero);
    expect(shapeOf(vmap(g, { outAxes: 1 })(m(), m())[1])).toEqual([3, 2]);
    expect(shapeOf(vmap(g, { outAxes: [0, null] })(m(), m())[1])).toEqual([3]);
  });
  test("among the arguments loses it", () => {
    const f = (x: ArrayValue, zero: Zero) => {
      expect(zero.shape).toEqual([3]);
      return add(x, zero);
    };
    expect(values(vmap(f)(m(), new Zero([2, 3], "float32")))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values(vmap(f, { inAxes: [0, null] })(m(), new Zero([3], "float32")))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => vmap(f)(m(), new Zero([3, 3], "float32"))).toThrow(
      "axis 0 of argument 1, which is f32[3,3]",
    );
  });
});

test("no loop: the number of equations does not grow with the batch", () => {
  const count = (n: number) =>
    makeJaxpr(vmap((x: ArrayValue) => sin(neg(x))))(array(Array(n).fill(1))).jaxpr.eqns.length;
  expect([count(1), count(100)]).toEqual([2, 2]);
});
