import { expect, test } from "vitest";
import { DifferentiationError } from "../../../src/core/errors.ts";
import { Linear } from "../../../src/core/primitive.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { transposeJaxpr } from "../../../src/interpreters/transpose.ts";
import { add, addAny, mul, neg, reduceSum, sin } from "../../../src/lax/index.ts";
import { array, values } from "../arrays.ts";

const linear = (n: number) => new Linear(avalOf([n], "float32"));

test("cotangents run backwards, and add up where a value is used twice", () => {
  const closed = makeJaxpr((x: ArrayValue) => [add(mul(x, 2), neg(x)), mul(x, 10)])(array([1, 2]));
  const [ct] = transposeJaxpr(closed, [linear(2)], [array([1, 1]), array([0, 1])]);
  expect(values(ct)).toEqual([1, 11]);
});

test("inputs that are not linear are values, and what only they feed runs forwards", () => {
  const closed = makeJaxpr((x: ArrayValue, y: ArrayValue) => mul(x, sin(y)))(array([1, 2]), array([3, 4]));
  const [ct, none] = transposeJaxpr(closed, [linear(2), array([3, 4])], [array([1, 1])]);
  values(ct).forEach((value, i) => expect(value).toBeCloseTo(Math.sin(3 + i)));
  expect(none).toBeNull();
});

test("a structural zero costs nothing", () => {
  const closed = makeJaxpr((x: ArrayValue, y: ArrayValue) => [mul(x, 2), mul(y, 3)])(array([1]), array([1]));
  const backwards = (ct: ArrayValue) =>
    transposeJaxpr(closed, [linear(1), linear(1)], [ct, null]).filter((x) => x !== null);
  expect(makeJaxpr(backwards)(array([1])).jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual(["mul"]);
  expect(transposeJaxpr(closed, [linear(1), linear(1)], [null, null])).toEqual([null, null]);
});

test("sums are add_any, and transposing the transpose gives the program back", () => {
  const closed = makeJaxpr((x: ArrayValue) => addAny.bind([x, x], {})[0]!)(array([1, 2]));
  const once = makeJaxpr((ct: ArrayValue) => transposeJaxpr(closed, [linear(2)], [ct])[0]!)(array([1, 2]));
  expect(once.jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual(["add_any"]);
  expect(values(transposeJaxpr(once, [linear(2)], [array([3, 4])])[0])).toEqual([6, 8]);
});

test("an output may be a linear input itself, or a constant", () => {
  const closed = makeJaxpr((x: ArrayValue) => [x, array([7]), x])(array([1]));
  expect(values(transposeJaxpr(closed, [linear(1)], [array([1]), array([1]), array([2])])[0])).toEqual([3]);
});

test("what is not linear is refused by name", () => {
  const closed = makeJaxpr((x: ArrayValue) => reduceSum(sin(x), [0]))(array([1, 2]));
  const run = () => transposeJaxpr(closed, [linear(2)], [array(1)]);
  expect(run).toThrow(DifferentiationError);
  expect(run).toThrow(
    "sin has no transpose rule: it is not linear, or not in the operand that is differentiated",
  );
});
