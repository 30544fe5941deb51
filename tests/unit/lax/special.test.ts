import { expect, test } from "vitest";
import { DifferentiationError } from "../../../src/core/errors.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import {
  besselI0e,
  besselI1e,
  betainc,
  digamma,
  erf,
  erfc,
  erfInv,
  igamma,
  igammac,
  igammaGradA,
  lgamma,
  polygamma,
  randomGammaGrad,
  zeta,
} from "../../../src/lax/special.ts";
import { array, elements } from "./arrays.ts";

const value = (x: unknown) => Number(elements(x as ArrayValue)[0]);
const scalar = (x: number) => array([x], []);

test("erf and erfc sum to 1, and erfInv inverts", () => {
  expect(value(erf(0.5)) + value(erfc(0.5))).toBeCloseTo(1, 6);
  expect(value(erfInv(erf(0.5)))).toBeCloseTo(0.5, 5);
  expect(elements(erfInv(array([1, -1, 2])))).toEqual([Infinity, -Infinity, NaN]);
});

test("their slopes are Gaussian", () => {
  const gauss = (2 / Math.sqrt(Math.PI)) * Math.exp(-0.25);
  expect(value(grad(erf)(scalar(0.5)))).toBeCloseTo(gauss, 5);
  expect(value(grad(erfc)(scalar(0.5)))).toBeCloseTo(-gauss, 5);
  expect(value(grad(erfInv)(erf(scalar(0.5))))).toBeCloseTo(1 / gauss, 5);
});

test("lgamma, digamma and polygamma are derivatives of each other", () => {
  expect(value(lgamma(5))).toBeCloseTo(Math.log(24), 5);
  expect(value(grad(lgamma)(scalar(3)))).toBe(value(digamma(3)));
  expect(value(grad(digamma)(scalar(3)))).toBe(value(polygamma(1, 3)));
  expect(value(grad((x: ArrayValue) => polygamma(1, x))(scalar(3)))).toBe(value(polygamma(2, 3)));
  expect(value(polygamma(1, 1))).toBeCloseTo(Math.PI ** 2 / 6, 5);
});

test("zeta(2) = π²/6", () => {
  expect(value(zeta(2, 1))).toBeCloseTo(Math.PI ** 2 / 6, 5);
});

test("igamma and igammac sum to 1, also where one of them is tiny", () => {
  const [a, x] = [array([0.3, 2, 2, 50, 3e6]), array([0.2, 0.1, 30, 60, 3.001e6])];
  const [lower, upper] = [elements(igamma(a, x)), elements(igammac(a, x))];
  lower.forEach((p, i) => expect(Number(p) + Number(upper[i])).toBeCloseTo(1, 6));
  expect(Number(upper[2]) / (31 * Math.exp(-30))).toBeCloseTo(1, 5);
});

test("the derivatives of igamma are those of a quantile that moves", () => {
  const [a, x] = [scalar(2.5), scalar(3)];
  const [alongA, alongX] = grad(igamma, { argnums: [0, 1] })(a, x) as [ArrayValue, ArrayValue];
  expect(value(alongA)).toBe(value(igammaGradA(a, x)));
  expect(-value(alongA) / value(alongX)).toBeCloseTo(value(randomGammaGrad(a, x)), 5);
  const step = value(igamma(2.5 + 1 / 64, 3)) - value(igamma(2.5 - 1 / 64, 3));
  expect(value(alongA)).toBeCloseTo(step * 32, 4);
});

test("betainc of whole numbers is a binomial tail, and turns around", () => {
  expect(value(betainc(2, 3, 0.4))).toBeCloseTo(1 - 0.6 ** 4 - 4 * 0.4 * 0.6 ** 3, 6);
  expect(value(betainc(2, 3, 0.4)) + value(betainc(3, 2, 0.6))).toBeCloseTo(1, 6);
  expect(value(grad((x: ArrayValue) => betainc(2, 3, x))(scalar(0.4)))).toBeCloseTo(12 * 0.4 * 0.6 ** 2, 5);
});

test("incomplete functions have JAX's answers at the ends of their domains", () => {
  const [a, x] = [array([0, 0, 1, 1, -1, Infinity]), array([0, 2, Infinity, 0, 1, 1])];
  expect(elements(igamma(a, x))).toEqual([NaN, 1, 1, 0, NaN, NaN]);
  expect(elements(igammac(a, x))).toEqual([NaN, 0, 0, 1, NaN, NaN]);
  expect(elements(igammaGradA(a, x))).toEqual([NaN, NaN, NaN, 0, NaN, NaN]);
  const [b, c] = [array([0, 0, 2, Infinity, 2, 2]), array([0, 2, 0, 2, Infinity, 2])];
  expect(elements(betainc(b, c, 0))).toEqual([NaN, 0, 0, 0, 0, 0]);
  expect(elements(betainc(b, c, 0.5)).slice(0, 5)).toEqual([NaN, 1, 0, 0, 1]);
  expect(elements(betainc(b, c, 1))).toEqual([NaN, 1, 1, 1, 1, 1]);
  expect(value(betainc(2, 2, 1.5))).toBeNaN();
});

test("besselI0e and besselI1e are even and odd, and their slopes at 0 are 0 and ½", () => {
  const [x, y] = [array([0.5, 3, 20]), array([-0.5, -3, -20])];
  expect(elements(besselI0e(x))).toEqual(elements(besselI0e(y)));
  expect(elements(besselI1e(x))).toEqual(elements(besselI1e(y)).map((v) => -v));
  expect([value(grad(besselI0e)(scalar(0))), value(grad(besselI1e)(scalar(0)))]).toEqual([0, 0.5]);
});

test("shapes of a gamma or beta distribution without a derivative say so", () => {
  const at = scalar(2);
  expect(() => grad((a: ArrayValue) => betainc(a, 2, 0.5))(at)).toThrow("with respect to a");
  expect(() => grad((b: ArrayValue) => betainc(2, b, 0.5))(at)).toThrow("with respect to b");
  expect(() => grad((a: ArrayValue) => igammaGradA(a, 2))(at)).toThrow(DifferentiationError);
  expect(() => grad((a: ArrayValue) => randomGammaGrad(a, 2))(at)).toThrow(DifferentiationError);
});

test("the order of polygamma, and zeta, are not differentiated", () => {
  expect(() => grad((m: ArrayValue) => polygamma(m, 2))(scalar(1))).toThrow(DifferentiationError);
  expect(() => grad((x: ArrayValue) => zeta(x, 2))(scalar(2))).toThrow("zeta is not differentiated");
});
