import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  ConcretizationError,
  type CotangentError,
  DTypeError,
  ShapeError,
} from "../../../src/core/errors.ts";
import { jit } from "../../../src/control/jit.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as np from "../../../src/numpy/index.ts";
import "./arrays.ts";

const v = np.array([1, 2, 4]);
const m = np.ones([2, 3]);
const z = np.complex64([{ re: 1, im: 1 }]);
const mask = np.array([true, false, true]);
type Refusal = readonly [
  expression: string,
  attempt: () => unknown,
  kind: new (...args: never[]) => CotangentError,
  message: string,
];

describe("what is refused", () => {
  test.each<Refusal>([
    ["a window of half a point", () => np.hanning(2.5), ShapeError, "np.hanning"],
    ["i0 of complex numbers", () => np.i0(z), DTypeError, "np.i0 is not defined for complex numbers"],
    ["a polynomial of two axes", () => np.polyadd(m, v), ShapeError, "vector of its coefficients"],
    ["a derivative of negative order", () => np.polyder(v, -1), ArgumentError, "m must be a natural number"],
    ["two constants of one integral", () => np.polyint(v, 1, np.ones([2])), ShapeError, "one constant"],
    ["a fit of degree 1.5", () => np.polyfit(v, v, 1.5), ArgumentError, "deg must be a natural number"],
    ["a fit of unequal sizes", () => np.polyfit(v, np.ones([4]), 1), ShapeError, "(3,), (4,)"],
    [
      "a covariance of a fit through all points",
      () => np.polyfit(v, v, 2, { cov: true }),
      ArgumentError,
      "more points than coefficients",
    ],
    [
      "unique of nothing, of a size",
      () => np.unique(np.zeros([0]), { size: 2 }),
      ShapeError,
      "give fillValue",
    ],
    ["no bins", () => np.histogram(v, 0), ArgumentError, "bins is a positive number"],
    ["a range of three ends", () => np.histogram(v, 2, v), ShapeError, "range has two ends, got 3"],
    [
      "two weights of three points",
      () => np.histogram(v, 2, null, np.ones([2])),
      ShapeError,
      "expected shape (3,)",
    ],
    ["bins of one axis for two", () => np.histogram2d(v, v, [3]), ShapeError, "one entry for each of 2 axes"],
    ["a histogram of vectors of unequal size", () => np.histogram2d(v, z), ShapeError, "vectors of one size"],
    ["points that are no matrix", () => np.histogramdd(v), ShapeError, "rows of a matrix"],
    ["fractions of frequencies", () => np.cov(v, { fweights: v }), DTypeError, "fweights are integers"],
    [
      "two weights of three observations",
      () => np.cov(v, { aweights: np.ones([2]) }),
      ShapeError,
      "each of 3",
    ],
    ["a covariance of integers", () => np.cov(v, { dtype: "int32" }), DTypeError, "float or complex"],
    ["a covariance of three axes", () => np.cov(np.ones([1, 2, 3])), ShapeError, "at most two axes"],
    [
      "weights of a quantile that interpolates",
      () => np.quantile(v, 0.5, { weights: v }),
      ArgumentError,
      "only the method inverted_cdf",
    ],
    [
      "weights of another shape",
      () => np.nanquantile(v, 0.5, { method: "inverted_cdf", weights: m }),
      ShapeError,
      "(2, 3)",
    ],
    ["divisors of fractions", () => np.gcd(v, 2), DTypeError, "np.gcd takes integers"],
    ["bits of fractions", () => np.packbits(v), DTypeError, "integers or booleans"],
    ["bits of int32", () => np.unpackbits(np.arange(3)), DTypeError, "takes uint8, got int32"],
    [
      "bits in a middle order",
      () => np.packbits(mask, { bitorder: "middle" as "big" }),
      ArgumentError,
      '"big" or "little"',
    ],
    ["the spacing of complex numbers", () => np.spacing(z), DTypeError, "np.spacing"],
    ["a trim in the middle", () => np.trimZeros(v, "m"), ArgumentError, '"f" for the front'],
    ["a condition beyond the end", () => np.compress(np.ones([4]), v), ShapeError, "true beyond the end"],
    ["a condition of two axes", () => np.compress(m, v), ShapeError, "must be a vector"],
    ["a size of more than there is", () => np.compress(mask, v, { size: 4 }), ArgumentError, "up to 3"],
    ["choices by fractions", () => np.choose(v, [v, v]), DTypeError, "must be integers"],
    ["a choice that is not there", () => np.choose(np.arange(3), [v, v]), ArgumentError, "no choice 2 of 2"],
    ["a choice of none", () => np.choose(np.arange(3), [], "wrap"), ArgumentError, "at least one choice"],
    ["a mask of another size", () => np.place(m, mask, v), ShapeError, "as many elements"],
    ["no values to place", () => np.place(v, mask, np.zeros([0])), ArgumentError, "no values to place"],
    [
      "a change in place",
      () => np.put(v, 0, 1, { inplace: true as false }),
      ArgumentError,
      "arrays are immutable",
    ],
    ["a place between places", () => np.put(v, 0.5, 1), DTypeError, "must be integers"],
    ["the diagonal of a vector", () => np.fillDiagonal(v, 1), ShapeError, "takes a matrix"],
    ["insertion between places", () => np.insert(v, 0.5, 1), DTypeError, "must be integers"],
    ["deletion out of bounds", () => np.delete(v, [0, 3]), ShapeError, "no place 3 on an axis of size 3"],
    ["deletion by a mask of two", () => np.delete(v, [true, false]), ShapeError, "one flag for each of 3"],
    ["a vector for a matrix", () => np.matvec(v, v), ShapeError, "argument 0 has at least 2 axes"],
    [
      "the products of unequal vectors",
      () => np.vecdot(v, np.ones([2])),
      ShapeError,
      "contracted sizes differ",
    ],
    [
      "a function that adds axes",
      () => np.applyOverAxes((x) => np.expandDims(x, [0, 1]), v, [0]),
      ShapeError,
      "keep an axis",
    ],
    [
      "one axis for a list of them",
      () => np.applyOverAxes(np.sum, v, 0 as never),
      ArgumentError,
      "axes is a list of axes, got the number 0",
    ],
    [
      "three pieces of one condition",
      () => np.piecewise(v, [mask], [1, 2, 3]),
      ArgumentError,
      "1 conditions and 3 pieces",
    ],
  ])("%s", (_expression, attempt, kind, message) => {
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(message);
  });

  test.each<[string, (a: ArrayValue) => unknown]>([
    ["np.union1d without size", (a) => np.union1d(a, v)],
    ["np.setxor1d without size", (a) => np.setxor1d(a, v)],
    ["np.setdiff1d without size", (a) => np.setdiff1d(a, v)],
    ["np.intersect1d without size", (a) => np.intersect1d(a, v)],
    ["np.uniqueCounts without size", (a) => np.uniqueCounts(a)],
    ["np.compress without size", (a) => np.compress(np.greater(a, 1), v)],
    ["np.choose with the mode raise", (a) => np.choose(a.astype("int32"), [v, v, v])],
    ["np.delete without assumeUniqueIndices", (a) => np.delete(v, a.astype("int32"))],
    ["np.trimZeros", (a) => np.trimZeros(a)],
    ["np.roots without stripZeros: false", (a) => np.roots(a)],
    ["np.polymul", (a) => np.polymul(a, v, { trimLeadingZeros: true })],
  ])("%s of what is traced", (message, f) => {
    expect(() => jit(f)(v)).toThrow(ConcretizationError);
    expect(() => jit(f)(v)).toThrow(message);
  });
});

test("i0 has the derivatives of I₀ at 0, of every order: 0 and 1/2", () => {
  const slope = grad((x: number) => np.i0(x) as never);
  expect((slope(0) as unknown as ArrayValue).item()).toBe(0);
  expect((grad(slope as never)(0 as never) as unknown as ArrayValue).item()).toBe(0.5);
});

test("places of insertions and deletions may be traced", () => {
  const at = np.array([2, 0], "int32");
  const f = jit((i: ArrayValue) => [np.insert(v, i, 9), np.delete(v, i, { assumeUniqueIndices: true })]);
  expect(f(at).map((x) => (x as ArrayValue).toList())).toEqual([[9, 1, 2, 9, 4], [2]]);
});
