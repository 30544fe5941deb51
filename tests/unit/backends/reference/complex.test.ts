import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  complexAbs,
  complexDivide,
  complexExp,
  complexLog,
  complexMultiply,
  complexPow,
  complexSign,
  complexSqrt,
} from "../../../../src/backends/reference/complex.ts";
import { expectClose } from "./close.ts";

// All values: JAX 0.10.2 on CPU, complex64.

// prettier-ignore
const unary = [
  { z: [3, 4], abs: 5, sign: [0.6000000238418579, 0.800000011920929], exp: [-13.128783226013184, -15.200784683227539], log: [1.6094379425048828, 0.9272952079772949], sqrt: [2, 1] },
  { z: [-1.5, 0.25], abs: 1.5206905603408813, sign: [-0.9863939881324768, 0.16439899802207947], exp: [0.21619358658790588, 0.05520328879356384], log: [0.41916459798812866, 2.9764440059661865], sqrt: [0.1017119362950325, 1.2289609909057617] },
  { z: [1.0000000031710769e-30, -2.0000000300949324e+30], abs: 2.0000000300949324e+30, sign: [0, -1], exp: [-0.25187918543815613, -0.9677587151527405], log: [69.77069854736328, -1.5707963705062866], sqrt: [999999986991104, -1000000054099968] },
  { z: [0, 0], abs: 0, sign: [0, 0], exp: [1, 0], log: [-Infinity, 0], sqrt: [0, 0] },
  { z: [-0, 0], abs: 0, sign: [-0, 0], exp: [1, 0], log: [-Infinity, 3.1415927410125732], sqrt: [0, 0] },
  { z: [Infinity, 1], abs: Infinity, sign: [NaN, 0], exp: [Infinity, Infinity], log: [Infinity, 0], sqrt: [Infinity, 0] },
  { z: [-Infinity, NaN], abs: NaN, sign: [NaN, NaN], exp: [NaN, NaN], log: [NaN, NaN], sqrt: [NaN, NaN] },
  { z: [NaN, Infinity], abs: NaN, sign: [NaN, NaN], exp: [NaN, NaN], log: [NaN, NaN], sqrt: [NaN, NaN] },
  { z: [Infinity, -Infinity], abs: Infinity, sign: [NaN, NaN], exp: [NaN, NaN], log: [Infinity, -0.7853981852531433], sqrt: [Infinity, -Infinity] },
  { z: [-Infinity, -2], abs: Infinity, sign: [NaN, -0], exp: [-0, -0], log: [Infinity, -3.1415927410125732], sqrt: [0, -Infinity] },
  { z: [0.6000000238418579, 0.800000011920929], abs: 1, sign: [0.6000000238418579, 0.800000011920929], exp: [1.2694824934005737, 1.3071080446243286], log: [2.3841858265427618e-08, 0.9272952079772949], sqrt: [0.8944271802902222, 0.44721361994743347] },
  { z: [-4, 0], abs: 4, sign: [-1, 0], exp: [0.018315639346837997, 0], log: [1.3862943649291992, 3.1415927410125732], sqrt: [0, 2] },
  { z: [-4, -0], abs: 4, sign: [-1, -0], exp: [0.018315639346837997, 0], log: [1.3862943649291992, -3.1415927410125732], sqrt: [0, 2] },
  { z: [4, -0], abs: 4, sign: [1, -0], exp: [54.59815216064453, 0], log: [1.3862943649291992, -0], sqrt: [2, 0] },
  { z: [2.5, 0], abs: 2.5, sign: [1, 0], exp: [12.182494163513184, 0], log: [0.9162907600402832, 0], sqrt: [1.5811388492584229, 0] },
  { z: [-7, -9], abs: 11.401754379272461, sign: [-0.6139405965805054, -0.7893522381782532], exp: [-0.000830843229778111, -0.00037580341449938715], log: [2.433767318725586, -2.231839656829834], sqrt: [1.4835354089736938, -3.033294677734375] },
  { z: [1.0000000200408773e+20, 1.0000000200408773e+20], abs: 1.414213581995256e+20, sign: [0.7071067690849304, 0.7071067690849304], exp: [Infinity, Infinity], log: [46.39827346801758, 0.7853981852531433], sqrt: [10986841088, 4550898688] },
  { z: [1, 9.999999747378752e-05], abs: 1, sign: [1, 9.999999747378752e-05], exp: [2.7182817459106445, 0.00027182817575521767], log: [4.999999525523435e-09, 9.999999747378752e-05], sqrt: [1, 4.999999873689376e-05] },
] as const;

// prettier-ignore
const binary = [
  { z: [3, 4], w: [0.10000000149011612, -7], product: [28.299999237060547, -20.600000381469727], quotient: [-0.5651907920837402, 0.43664559721946716] },
  { z: [1, 9.999999747378752e-05], w: [1, -9.999999747378752e-05], product: [1, 0], quotient: [1, 0.00019999999494757503] },
  { z: [1, 0], w: [0, 0], product: [0, 0], quotient: [Infinity, NaN] },
  { z: [0, -2], w: [-0, 0], product: [0, 0], quotient: [NaN, Infinity] },
  { z: [1, 2], w: [Infinity, -2], product: [Infinity, Infinity], quotient: [0, 0] },
  { z: [Infinity, 1], w: [3, 4], product: [Infinity, Infinity], quotient: [Infinity, -Infinity] },
  { z: [Infinity, -Infinity], w: [2, 0.5], product: [Infinity, NaN], quotient: [NaN, -Infinity] },
  { z: [1, 2], w: [NaN, Infinity], product: [NaN, NaN], quotient: [0, -0] },
  { z: [1.0000000150474662e+30, 1.0000000150474662e+30], w: [1.0000000150474662e+30, -1.0000000150474662e+30], product: [Infinity, -Infinity], quotient: [0, 1] },
  { z: [1.0000000150474662e+30, 1], w: [1.0000000031710769e-30, 1.0000000150474662e+30], product: [-1.0000000150474662e+30, Infinity], quotient: [1.0000000031710769e-30, -1] },
  { z: [0, 0], w: [0, 0], product: [0, 0], quotient: [NaN, NaN] },
  { z: [-2.5, 0.10000000149011612], w: [0.30000001192092896, 9.999999974752427e-07], product: [-0.7500001192092896, 0.029997501522302628], quotient: [-8.333332061767578, 0.33336108922958374] },
  { z: [-2.5, -2.5], w: [1.0000000150474662e+30, 1.0000000150474662e+30], product: [-7.555786372591432e+22, -4.9999999241216036e+30], quotient: [-2.500000007927692e-30, 0] },
] as const;

// prettier-ignore
const powers = [
  { z: [0, 0], w: [0, 0], power: [1, 0] },
  { z: [0, 0], w: [2, 0], power: [0, 0] },
  { z: [0, 0], w: [-1, 0], power: [NaN, NaN] },
  { z: [NaN, 0], w: [0, 0], power: [1, 0] },
  { z: [1, 0], w: [NaN, 0], power: [1, 0] },
  { z: [2, 3], w: [-1, 1], power: [0.09917578101158142, 0.030643992125988007] },
  { z: [-8, 1], w: [0.5, 0], power: [0.1764337569475174, 2.8339247703552246] },
  { z: [Infinity, 0], w: [-1, 0], power: [0, 0] },
  { z: [2, 0], w: [NaN, 0], power: [NaN, NaN] },
] as const;

/** FNV-1a of the result bits over the operands that `operands` makes. */
const hashes = { product: "f223b4b1", quotient: "451cb448", modulus: "62e7896c" };

type Pair = readonly [number, number];
const out = new Float64Array(2);

/** Both parts to `relativeError` of the larger; zeros, infinities and NaN exactly. */
const expectPair = (wanted: Pair, relativeError: number): void => {
  const size = Math.max(...wanted.map(Math.abs));
  for (const part of [0, 1] as const) {
    const got = Math.fround(out[part]!);
    if (Math.abs(got - wanted[part]) <= relativeError * size && wanted[part] !== 0) continue;
    expectClose(got, wanted[part], relativeError);
  }
};

describe.each(unary)("at $z", ({ z: [a, b], ...wanted }) => {
  test("abs has JAX's bits", () => expect(complexAbs(a, b)).toBe(wanted.abs));

  test.each([
    ["sign", complexSign],
    ["exp", complexExp],
    ["log", complexLog],
    ["sqrt", complexSqrt],
  ] as const)("%s is JAX's", (name, f) => {
    f(a, b, out);
    expectPair(wanted[name], 4e-7);
  });
});

describe.each(binary)("$z and $w", ({ z: [a, b], w: [c, d], product, quotient }) => {
  test("have JAX's product, to the bit", () => {
    complexMultiply(a, b, c, d, out);
    expectPair(product, 0);
  });

  test("have JAX's quotient, to the bit", () => {
    complexDivide(a, b, c, d, out);
    expectPair(quotient, 0);
  });
});

test.each(powers)("$z to the power $w is JAX's", ({ z: [a, b], w: [c, d], power }) => {
  complexPow(a, b, c, d, out);
  expectPair(power, 1e-6);
});

test("products, quotients and moduli have JAX's bits at 65536 operands", () => {
  const cell = new Float32Array(1);
  const word = new Uint32Array(cell.buffer);
  let state = 1;
  const operand = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    word[0] = (state & 0x80000000) | ((115 + ((state >>> 3) % 24)) << 23) | ((state >>> 9) & 0x7fffff);
    return cell[0]!;
  };
  const mixed = (hash: number, x: number): number => {
    cell[0] = x;
    return Math.imul(hash ^ word[0]!, 0x01000193) >>> 0;
  };
  let [product, quotient, modulus] = [0x811c9dc5, 0x811c9dc5, 0x811c9dc5];
  for (let i = 0; i < 65536; i++) {
    const [a, b, c, d] = [operand(), operand(), operand(), operand()];
    complexMultiply(a, b, c, d, out);
    product = mixed(mixed(product, out[0]!), out[1]!);
    complexDivide(a, b, c, d, out);
    quotient = mixed(mixed(quotient, out[0]!), out[1]!);
    modulus = mixed(modulus, complexAbs(a, b));
  }
  expect({
    product: product.toString(16),
    quotient: quotient.toString(16),
    modulus: modulus.toString(16),
  }).toEqual(hashes);
});

const part = fc.double({ min: -50, max: 50, noNaN: true }).map((x) => Math.fround(x) + 0);

test("(√z)² = z, and Re √z ≥ 0", () => {
  fc.assert(
    fc.property(part, part, (a, b) => {
      complexSqrt(a, b, out);
      const [x, y] = out as unknown as Pair;
      expect(x).toBeGreaterThanOrEqual(0);
      expect(Math.hypot(x * x - y * y - a, 2 * x * y - b)).toBeLessThanOrEqual(1e-14 * Math.hypot(a, b));
    }),
  );
});

test("e^(log z) = z", () => {
  fc.assert(
    fc.property(part, part, (a, b) => {
      fc.pre(Math.hypot(a, b) > 1e-30);
      complexLog(a, b, out);
      complexExp(out[0]!, out[1]!, out);
      expect(Math.hypot(out[0]! - a, out[1]! - b)).toBeLessThanOrEqual(1e-13 * Math.hypot(a, b));
    }),
  );
});
