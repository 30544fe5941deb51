import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { erfInv } from "../../../../src/backends/reference/erf.ts";
import { erfInvF32, log1pF32, logF32 } from "../../../../src/backends/reference/float32.ts";

const cell = new Float32Array(1);
const word = new Uint32Array(cell.buffer);

const fromBits = (bits: number): number => {
  word[0] = bits;
  return cell[0]!;
};
const toBits = (x: number): number => {
  cell[0] = x;
  return word[0]!;
};

/**
 * JAX 0.10.2 on CPU, float32: bits of x, bits of f(x). Once, all 2³² patterns were compared with
 * lax.log, lax.log1p and lax.erf_inv: no mismatch (NaN equal to NaN).
 */
// prettier-ignore
const jax = {
  logF32: [
    [0x3f800000, 0x00000000], [0x40000000, 0x3f317218], [0x3f000000, 0xbf317218], [0x0da24260, 0xc28a27b5],
    [0x7f61b1e6, 0x42b13196], [0x3f3504f3, 0xbeb17219], [0x3f3504f4, 0xbeb17216], [0x3f800001, 0x33ffffff],
    [0x3f7fffff, 0xb3800000], [0x41200000, 0x40135d8e], [0x42f6e979, 0x409a1bba], [0x00800000, 0xc2aeac50],
    [0x000116c2, 0xff800000], [0x800116c2, 0xff800000], [0x00000000, 0xff800000], [0x80000000, 0xff800000],
    [0x7f800000, 0x7f800000],
  ],
  log1pF32: [
    [0x0da24260, 0x0da24260], [0x8da24260, 0x8da24260], [0x3ed413cc, 0x3eb17218], [0x3ed413cd, 0x3eb17217],
    [0xbed41206, 0xbf08e723], [0x3f800000, 0x3f317218], [0xbf7ffffe, 0xc17f1402], [0xbf800000, 0xff800000],
    [0x501502f9, 0x41b834f1], [0xbe800000, 0xbe934b10], [0x37fba882, 0x37fba78b], [0x000116c2, 0x00000000],
    [0x00000000, 0x00000000], [0x80000000, 0x80000000], [0x7f800000, 0x7f800000],
  ],
  erfInvF32: [
    [0x3dcccccd, 0x3db5fa21], [0xbf000000, 0xbef430fe], [0x3f7fffff, 0x407547ca], [0xbf7ffffe, 0xc06f9c68],
    [0x3f7fbe77, 0x4014e999], [0x3f7d70a4, 0x3fe92333], [0xbf666666, 0xbf94e009], [0x1e3ce508, 0x1e27674c],
    [0x000116c2, 0x00000000], [0x00000000, 0x00000000], [0x80000000, 0x80000000], [0x3f800000, 0x7f800000],
    [0xbf800000, 0xff800000], [0x3b449ba6, 0x3b2e3d5e],
  ],
} as const;

/** FNV-1a of the result bits over every STRIDE-th float32 pattern (NaN as 0x7fc00000), from the same JAX. */
const STRIDE = 4093;
const hashes = { logF32: "cb98ed43", log1pF32: "b22ceb81", erfInvF32: "705cdea1" } as const;

describe.each([
  ["logF32", logF32, Math.log],
  ["log1pF32", log1pF32, Math.log1p],
  ["erfInvF32", erfInvF32, erfInv],
] as const)("%s", (name, f, exact) => {
  test.each(jax[name].map(([x, y]) => [fromBits(x), y] as const))("at %d has JAX's bits", (x, bits) => {
    expect(toBits(f(x))).toBe(bits);
  });

  test("has JAX's bits at a million patterns", () => {
    let hash = 0x811c9dc5;
    for (let bits = 0; bits < 2 ** 32; bits += STRIDE) {
      const y = f(fromBits(bits));
      hash = Math.imul(hash ^ (y === y ? toBits(y) : 0x7fc00000), 0x01000193);
    }
    expect((hash >>> 0).toString(16)).toBe(hashes[name]);
  });

  test("is NaN outside its domain and at NaN", () => {
    for (const x of [NaN, -1.5, -Infinity]) expect(f(x)).toBeNaN();
  });

  test("is the exact value to float32 precision", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-37), max: Math.fround(0.9), noNaN: true }), (x) => {
        expect(Math.abs(f(x) - exact(x))).toBeLessThanOrEqual(1e-6 * Math.abs(exact(x)));
      }),
    );
  });
});
