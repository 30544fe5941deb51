import { describe, expect, test } from "vitest";
import { threefry2x32, threefry2x32Arrays } from "../../../../src/backends/reference/threefry.ts";

/** Key, counter, block: the known answers of Random123 (`kat_vectors`, threefry2x32 20), then one from JAX. */
// prettier-ignore
const known = [
  [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
  [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  [1, 2, 3, 4, 0x5df433ec, 0x8617198e],
] as const;

describe("threefry2x32", () => {
  test.each(known)("under the key %d, %d gives the known block for %d, %d", (k0, k1, x0, x1, y0, y1) => {
    const out = new Uint32Array(4);
    threefry2x32(k0, k1, x0, x1, out, 1);
    expect([...out]).toEqual([0, y0, y1, 0]);
    threefry2x32(k0 | 0, k1 | 0, x0 | 0, x1 | 0, out, 0);
    expect([...out.subarray(0, 2)]).toEqual([y0, y1]);
  });

  test("runs over arrays element by element", () => {
    const columns = [0, 1, 2, 3].map((column) => Uint32Array.from(known, (row) => row[column]!));
    const [out0, out1] = [new Uint32Array(4), new Uint32Array(4)];
    threefry2x32Arrays(columns[0]!, columns[1]!, columns[2]!, columns[3]!, out0, out1);
    expect([...out0]).toEqual(known.map((row) => row[4]));
    expect([...out1]).toEqual(known.map((row) => row[5]));
  });
});

// JAX 0.10.2, jax_threefry_partitionable=True, key(42) = [0, 42].

test("a scalar key serves all counters: the pairs are the keys of jax.random.split", () => {
  const [out0, out1] = [new Uint32Array(3), new Uint32Array(3)];
  threefry2x32Arrays(
    Uint32Array.of(0),
    Uint32Array.of(42),
    Uint32Array.of(0),
    Uint32Array.of(0, 1, 2),
    out0,
    out1,
  );
  expect([0, 1, 2].flatMap((i) => [out0[i], out1[i]])).toEqual([
    1832780943, 270669613, 64467757, 2916123636, 2465931498, 255383827,
  ]);
});
