import { describe, expect, test } from "vitest";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { cumlogsumexp, cummax, cummin, cumprod, cumsum } from "../../../src/lax/cumulative.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { array, elements } from "./arrays.ts";

const gradient = (f: (x: ArrayValue) => ArrayValue, x: ArrayValue, ct: ArrayValue) => {
  const [, pull] = vjp(f, [x]);
  return elements(pull(ct)[0] as ArrayValue);
};

describe("a running reduction", () => {
  test("goes along its axis, from either end", () => {
    const x = array([1, 2, 3, 4], [2, 2]);
    expect(elements(cumsum(x))).toEqual([1, 2, 4, 6]);
    expect(elements(cumsum(x, 1))).toEqual([1, 3, 3, 7]);
    expect(elements(cumsum(x, { axis: 1, reverse: true }))).toEqual([3, 2, 7, 4]);
    expect(elements(cumprod(x, 0, true))).toEqual([3, 8, 3, 4]);
  });

  test("stays NaN from the first NaN on", () => {
    expect(elements(cummax(array([1, NaN, 3])))).toEqual([1, NaN, NaN]);
    expect(elements(cummin(array([1, NaN, 3]), { reverse: true }))).toEqual([NaN, NaN, 3]);
  });

  test("keeps the batch axis in its place", () => {
    const x = array([1, 2, 3, 4, 5, 6], [3, 2]);
    const [outs, dims] = cumsum.rules.batch([x], [0], 3, { axis: 0, reverse: false });
    expect(dims).toEqual([0]);
    expect(elements(outs[0]!)).toEqual([1, 3, 3, 7, 5, 11]);
  });

  test("refuses an axis outside, one counted from the back, and booleans", () => {
    expect(() => cumsum(array([1]), 1)).toThrow("axis 1 must be an integer from 0 to 0");
    expect(() => cumsum(array([1]), -1)).toThrow("functions of np count negative axes");
    expect(() => cumsum(array([true], [1], "bool"))).toThrow("cumsum does not accept dtype bool");
    expect(() => cumlogsumexp(array([1], [1], "int32"))).toThrow("cumlogsumexp does not accept dtype int32");
  });
});

describe("derivatives of a running", () => {
  test("sum run the other way", () => {
    expect(gradient((x) => cumsum(x), array([5, 6, 7]), array([1, 10, 100]))).toEqual([111, 110, 100]);
    expect(gradient((x) => cumsum(x, 0, true), array([5, 6, 7]), array([1, 10, 100]))).toEqual([1, 11, 111]);
  });

  test("product need no division, so zeros are no exception", () => {
    expect(gradient((x) => cumprod(x), array([2, 0, 3, 4]), array([1, 1, 1, 1]))).toEqual([
      1,
      2 + 6 + 24,
      0,
      0,
    ]);
  });

  test("maximum split ties as a tree of maxima does", () => {
    const ones = array([1, 1, 1, 1]);
    expect(gradient((x) => cummax(x), ones, array([0, 0, 1, 0]))).toEqual([0.25, 0.25, 0.5, 0]);
    expect(gradient((x) => cummax(x), ones, array([0, 0, 0, 1]))).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(gradient((x) => cummin(x, 0, true), ones, array([1, 0, 0, 0]))).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test("log-sum-exp are the shares of the terms", () => {
    const x = array([0, Math.log(3), Math.log(4)]);
    const shares = gradient((x) => cumlogsumexp(x), x, array([0, 0, 1])).map(Number);
    [1 / 8, 3 / 8, 4 / 8].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 6));
    const [, t] = jvp((x: ArrayValue) => cumlogsumexp(x), [x], [array([8, 0, 0])]) as [unknown, ArrayValue];
    [8, 2, 1].forEach((share, i) => expect(Number(elements(t)[i])).toBeCloseTo(share, 6));
  });

  test("log-sum-exp stay finite where a term is infinite", () => {
    const shares = gradient((x) => cumlogsumexp(x), array([1, Infinity]), array([0, 1])).map(Number);
    expect(shares[1]).toBe(1);
  });
});
