import { expect, test } from "vitest";
import { jit } from "../../../src/control/index.ts";
import { DifferentiationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { linearTranspose } from "../../../src/interpreters/linear-transpose.ts";
import { ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, div, mul, reduceSum, sin, sub } from "../../../src/lax/index.ts";
import { TreeError } from "../../../src/tree/index.ts";
import { array, expectValues, expectZero } from "../arrays.ts";

const half = (x: ArrayValue, y: ArrayValue): ArrayValue => sub(mul(x, 0.5), mul(y, 0.5));

test("the transpose of a linear function", () => {
  const pull = linearTranspose(half, new ShapeDtypeStruct([2], "float32"), array([1, 2]));
  const [x, y] = pull(array([2, 4]));
  expectValues(x, [1, 2]);
  expectValues(y, [-1, -2]);
  expectValues(linearTranspose(half, 1, 1)(3)[0], 1.5);
  expectValues(linearTranspose(jit(half), 1, 1)(3)[1], -1.5);
});

test("⟨A x, y⟩ = ⟨x, Aᵀ y⟩, also for what A captured", () => {
  const run = (w: ArrayValue, y: ArrayValue) => linearTranspose((x: ArrayValue) => mul(w, x), y)(y)[0];
  expectValues(run(array([2, 3]), array([5, 7])), [10, 21]);
  expectValues(jit(run)(array([2, 3]), array([5, 7])), [10, 21]);
  expectValues(vmap(run)(array([2, 3]), array([5, 7])), [10, 21]);
  expectValues(grad((w: ArrayValue) => reduceSum(run(w, array([5, 7])), [0]))(array([2, 3])), [5, 7]);
});

test("trees, integers and zeros", () => {
  const [x, y] = linearTranspose(
    (p: { a: ArrayValue; b: ArrayValue }, _y: ArrayValue) => ({ out: add(p.a, p.b) }),
    {
      a: array([1, 2], "int32"),
      b: array([1, 2], "int32"),
    },
    array(1, "int32"),
  )({ out: array([3, 4], "int32") });
  expectValues(x.a, [3, 4]);
  expectValues(x.b, [3, 4]);
  expectZero(y, [], "int32");
});

test("what it cannot transpose is refused", () => {
  expect(() => linearTranspose((x: ArrayValue) => sin(x), 1)(1)).toThrow(DifferentiationError);
  expect(() => linearTranspose((x: ArrayValue) => mul(x, x), 1)(1)).toThrow(DifferentiationError);
  expect(() => linearTranspose((x: ArrayValue) => div(1, x), 1)(1)).toThrow(DifferentiationError);
  expect(() => linearTranspose(half, 1, array(1, "int32"))).toThrow(DTypeError);
  const pull = linearTranspose(half, array([1, 2]), array([1, 2]));
  expect(() => pull(array([1, 2, 3]))).toThrow(ShapeError);
  expect(() => pull(array([1, 2], "int32"))).toThrow(DTypeError);
  expect(() => pull([array([1, 2])])).toThrow(Error);
  expect(() => linearTranspose((x: ArrayValue) => [x], 1)(array(1))).toThrow(TreeError);
});
