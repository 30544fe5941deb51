import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { config } from "../../../src/core/config.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { concatenate } from "../../../src/lax/join.ts";
import { gather } from "../../../src/lax/indexing.ts";
import { randomUnwrap, randomWrap, threefry2x32 } from "../../../src/lax/key-words.ts";
import { randomBits, randomFoldIn, randomSeed, randomSplit } from "../../../src/lax/keys.ts";
import { transpose } from "../../../src/lax/shape.ts";
import { indexInDim } from "../../../src/lax/slice-in-dim.ts";
import { array, elements } from "./arrays.ts";

interface Golden {
  readonly name: string;
  readonly inputs: { readonly seed?: { value: number }; readonly data?: { value: number } } & Record<
    "key" | "count",
    { data: number[] }
  >;
  readonly params: {
    readonly fn: string;
    readonly num?: number | number[];
    readonly shape?: number[];
    readonly dtype?: string;
  };
  readonly expected: { readonly shape: number[]; readonly data: number[] };
}
const path = new URL("../../goldens/random.json", import.meta.url);
const goldens = (JSON.parse(readFileSync(path, "utf8")) as Golden[]).filter(({ name }) =>
  /^(key|split|foldIn|bits|threefry2x32)\//.test(name),
);

const word = (n: number) => array([n], [], "uint32");
const list = (num: number | number[] = 2) => (typeof num === "number" ? [num] : num);
const run: Record<string, (golden: Golden, key: ArrayValue) => ArrayValue> = {
  key: (_golden, key) => randomUnwrap(key),
  split: ({ params }, key) => randomUnwrap(randomSplit(key, list(params.num))),
  "split(split(key)[1], 3)": (_golden, key) =>
    randomUnwrap(randomSplit(indexInDim(randomSplit(key, [2]), 1, 0, false), [3])),
  "vmap(split)(split(key,3))": (_golden, key) =>
    randomUnwrap(vmap((k: ArrayValue) => randomSplit(k, [2]))(randomSplit(key, [3]))),
  fold_in: ({ inputs }, key) => randomUnwrap(randomFoldIn(key, word(inputs.data!.value))),
  bits: ({ params }, key) => randomBits(key, Number(params.dtype!.slice(4)) as 8, params.shape!),
  threefry2x32: ({ inputs: { key, count } }) => {
    const [k1, k2, x1, x2] = [...key.data, ...count.data].map((n) => array([n], [1], "uint32"));
    return concatenate(threefry2x32(k1!, k2!, x1!, x2!), 0);
  },
};

test.each(goldens)("$name is JAX's, bit for bit", (golden) => {
  const out = run[golden.params.fn]!(golden, randomSeed(golden.inputs.seed?.value ?? 0));
  expect(out.shape).toEqual(golden.expected.shape);
  expect(elements(out)).toEqual(golden.expected.data);
});

describe("keys", () => {
  const key = randomSeed(42);
  const keys = randomSplit(key, [3]);

  test("have the shape of their words without the last axis", () => {
    expect(key.aval).toEqual({ shape: [], dtype: "key<fry>", weak: false });
    expect(randomUnwrap(keys).shape).toEqual([3, 2]);
    expect(elements(randomUnwrap(randomWrap(array([1, 2, 3, 4], [2, 2], "uint32"))))).toEqual([1, 2, 3, 4]);
    expect(() => randomWrap(array([1, 2, 3], [3], "uint32"))).toThrow(
      "the last axis of key data has size 2, got shape (3,)",
    );
    expect(() => randomWrap(array([1, 2]))).toThrow("takes uint32 key data, got float32");
  });

  test("come from the 64 bits of a seed", () => {
    const seeds = array([2n ** 40n + 5n, -1n], [2], "int64");
    expect(elements(randomUnwrap(randomSeed(seeds)))).toEqual([256, 5, 2 ** 32 - 1, 2 ** 32 - 1]);
    expect(elements(randomUnwrap(randomSeed(array([-1], [1], "int8"))))).toEqual([0, 2 ** 32 - 1]);
    expect(elements(randomUnwrap(randomSeed(2 ** 40 + 5)))).toEqual([0, 5]);
    config.enableX64 = true;
    try {
      expect(elements(randomUnwrap(randomSeed(2 ** 40 + 5)))).toEqual([256, 5]);
    } finally {
      config.enableX64 = false;
    }
    expect(() => randomSeed(0.5)).toThrow("PRNG key seed must be an integer, got dtype float32");
  });

  test("move like any element", () => {
    const words = elements(randomUnwrap(keys));
    expect(elements(randomUnwrap(transpose(randomSplit(key, [1, 3]), [1, 0])))).toEqual(words);
    const taken = gather(keys, array([2, 7], [2, 1], "int32"), { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0] }, [1], { mode: "fill" }); // prettier-ignore
    expect(elements(randomUnwrap(taken))).toEqual([...words.slice(4), 2 ** 32 - 1, 2 ** 32 - 1]);
  });

  test("give for each of a batch what it gives alone, from any axis", () => {
    const grid = randomSplit(key, [2, 3]);
    const alone = (f: (k: ArrayValue) => ArrayValue, i: number) => elements(f(indexInDim(grid, i, 1, false)));
    const fs = [
      (k: ArrayValue) => randomBits(k, 8, [2]),
      (k: ArrayValue) => randomUnwrap(randomSplit(k, [2])),
      (k: ArrayValue) => randomUnwrap(randomFoldIn(k, 7)),
      (k: ArrayValue) => randomUnwrap(randomWrap(randomUnwrap(k))),
    ];
    for (const f of fs) {
      expect(elements(vmap(f, { inAxes: 1 })(grid))).toEqual([0, 1, 2].flatMap((i) => alone(f, i)));
    }
  });

  test("are folded with one number each, or all with one", () => {
    const data = array([1, 2, 3], [3], "int32");
    const each = elements(randomUnwrap(randomFoldIn(keys, data)));
    expect(each.slice(2, 4)).toEqual(elements(randomUnwrap(randomFoldIn(indexInDim(keys, 1, 0, false), 2))));
    expect(randomFoldIn(key, data).shape).toEqual([3]);
    expect(() => randomFoldIn(key, 0.5)).toThrow("random_fold_in takes integers, got dtype float32");
  });

  test("are asked for by name where something else comes", () => {
    expect(() => randomBits(array([1, 2], [2], "uint32"), 32, [2])).toThrow(
      "random_bits takes typed keys, got dtype uint32",
    );
    expect(() => randomBits(key, 12 as never, [2])).toThrow(
      "requires 8-, 16-, 32- or 64-bit field width, got 12",
    );
    expect(() => randomSplit(key, [-1])).toThrow("non-negative integers");
  });

  test("print as JAX prints them", () => {
    const text = String(
      makeJaxpr((k: ArrayValue) => [
        randomBits(randomSplit(k, [2]), 8, []),
        randomFoldIn(k, 3),
        randomSeed(1),
      ])(key),
    );
    expect(text).toContain("random_split[shape=(2,)] a");
    expect(text).toContain("random_bits[bit_width=8 shape=()] b");
    expect(text).toContain("random_fold_in a 3:u32[]");
    expect(text).toContain("random_seed[impl=fry] 1:i32[]");
  });
});
