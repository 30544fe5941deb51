import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../../../src/core/float16.ts";

interface Format {
  readonly encode: (x: number) => number;
  readonly decode: (bits: number) => number;
  readonly infinity: number;
  readonly nan: number;
  /** Doubles, the bits each rounds to: numpy 2.4.6 `astype(float16)`, ml_dtypes `astype(bfloat16)` of float32. */
  readonly rounded: readonly (readonly [x: number, bits: number])[];
}

const float16: Format = {
  encode: encodeFloat16,
  decode: decodeFloat16,
  infinity: 0x7c00,
  nan: 0x7e00,
  // prettier-ignore
  rounded: [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [0.3333333333333333, 0x3555],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-65520, 0xfc00],
    [1000000, 0x7c00],
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
    [6.103515625e-05, 0x0400],
    [6.1005353927612305e-05, 0x0400],
    [6.102025508880615e-05, 0x0400],
    [5.960464477539063e-08, 0x0001],
    [2.9802322387695312e-08, 0x0000],
    [2.980235080940474e-08, 0x0001],
    [8.940696716308594e-08, 0x0002],
    [-1.4901161193847656e-08, 0x8000],
    [1.00048828125, 0x3c00],
    [1.00146484375, 0x3c02],
    [1.0004882812509095, 0x3c01],
    [1.0004882812490905, 0x3c00],
    [2049, 0x6800],
    [2051, 0x6802],
    [1e-07, 0x0002],
    [5e-324, 0x0000],
    [6.1e-05, 0x03ff],
    [3.14159265358979, 0x4248],
  ],
};

const bfloat16: Format = {
  encode: encodeBfloat16,
  decode: decodeBfloat16,
  infinity: 0x7f80,
  nan: 0x7fc0,
  // prettier-ignore
  rounded: [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3f80],
    [-2, 0xc000],
    [0.10000000149011612, 0x3dcd],
    [0.3333333432674408, 0x3eab],
    [3.3895313892515355e+38, 0x7f7f],
    [3.38999991291338e+38, 0x7f7f],
    [3.39617752923046e+38, 0x7f80],
    [3.4028234663852886e+38, 0x7f80],
    [-3.3999999521443642e+38, 0xff80],
    [Infinity, 0x7f80],
    [-Infinity, 0xff80],
    [1.1754943508222875e-38, 0x0080],
    [1.170902576014388e-38, 0x0080],
    [1.1731984634183377e-38, 0x0080],
    [9.183549615799121e-41, 0x0001],
    [4.591774807899561e-41, 0x0000],
    [4.5962589629854e-41, 0x0001],
    [1.3775324423698682e-40, 0x0002],
    [-2.2958874039497803e-41, 0x8000],
    [1.00390625, 0x3f80],
    [1.01171875, 0x3f82],
    [1.0039072036743164, 0x3f81],
    [257, 0x4380],
    [259, 0x4382],
    [9.99994610111476e-41, 0x0001],
    [3.1415927410125732, 0x4049],
  ],
};

describe.each([
  ["float16", float16],
  ["bfloat16", bfloat16],
] as const)("%s", (_name, { encode, decode, infinity, nan, rounded }) => {
  test("encoding a decoded pattern gives the pattern, for all 65536, with one NaN", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const isNaN = (bits & 0x7fff) > infinity;
      const again = encode(decode(bits));
      if (again !== (isNaN ? nan : bits))
        expect.fail(`0x${bits.toString(16)} became 0x${again.toString(16)}`);
    }
  });

  test("decoded values grow with the bits, up to Infinity, and are NaN beyond", () => {
    for (let bits = 1; bits <= infinity; bits++) {
      if (!(decode(bits) > decode(bits - 1))) expect.fail(`0x${bits.toString(16)}`);
      if (decode(bits | 0x8000) !== -decode(bits)) expect.fail(`-0x${bits.toString(16)}`);
    }
    expect(decode(infinity)).toBe(Infinity);
    expect(decode(infinity + 1)).toBeNaN();
    expect(decode(0x8000)).toBe(-0);
  });

  test.each(rounded)("%d is rounded as NumPy rounds it", (x, bits) => {
    expect(encode(x)).toBe(bits);
  });

  test("NaN has one encoding", () => expect(encode(NaN)).toBe(nan));

  test("the midpoint of neighbours goes to the even one, and the doubles beside it to the nearer", () => {
    for (let bits = 0; bits < infinity - 1; bits++) {
      const middle = (decode(bits) + decode(bits + 1)) / 2;
      const even = bits + (bits & 1);
      const [below, above] = [middle * (1 - 2 ** -52), middle * (1 + 2 ** -52)];
      if (encode(middle) !== even || encode(below) !== bits || encode(above) !== bits + 1) {
        expect.fail(`0x${bits.toString(16)}`);
      }
      if (encode(-middle) !== (even | 0x8000)) expect.fail(`-0x${bits.toString(16)}`);
    }
  });

  test("no other value is nearer than the encoded one", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: decode(infinity - 1), noNaN: true }), (x) => {
        const bits = encode(x);
        const error = Math.abs(decode(bits) - x);
        for (const other of [bits - 1, bits + 1]) {
          if (other >= 0) expect(error).toBeLessThanOrEqual(Math.abs(decode(other) - x));
        }
      }),
    );
  });
});

test("a double is rounded once, not by way of float32", () => {
  const aboveTie = 1 + 2 ** -11 + 2 ** -40;
  expect(encodeFloat16(aboveTie)).toBe(0x3c01);
  expect(encodeFloat16(Math.fround(aboveTie))).toBe(0x3c00);
  expect(encodeBfloat16(1 + 2 ** -8 + 2 ** -40)).toBe(0x3f81);
});
