import { config, numpy as np, random, vmap } from "cotangent";
import { afterEach, describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";

const words = (key: ArrayValue) => random.keyData(key).toList();

afterEach(() => {
  config.enableX64 = false;
});

describe("a key", () => {
  test("has the low 32 bits of its seed as its second word", () => {
    expect(words(random.key(42))).toEqual([0, 42]);
    expect(words(random.key(-1))).toEqual([0, 2 ** 32 - 1]);
    expect(words(random.key(2 ** 40 + 5))).toEqual([0, 5]);
    expect(words(random.key(true))).toEqual([0, 1]);
    expect(words(random.key(np.int8(-3)))).toEqual([0, 2 ** 32 - 3]);
  });

  test("has all 64 bits of its seed under x64", () => {
    config.enableX64 = true;
    expect(words(random.key(2 ** 40 + 5))).toEqual([256, 5]);
    expect(words(random.key(-1n))).toEqual([2 ** 32 - 1, 2 ** 32 - 1]);
  });

  test("is one array element, whose words come and go", () => {
    const key = random.key(7);
    expect([key.dtype, key.shape]).toEqual(["key<fry>", []]);
    expect(words(random.wrapKeyData(random.keyData(key)))).toEqual([0, 7]);
    expect(random.keyImpl(key)).toBe("threefry2x32");
    expect(random.PRNGKey(7).toList()).toEqual([0, 7]);
    expect(words(random.clone(key))).toEqual([0, 7]);
    expect(() => random.clone(np.zeros([3]))).toThrow("takes a PRNG key");
  });

  test.each([
    [1.5, "must be an integer, got the number 1.5"],
    [NaN, "must be an integer, got the number NaN"],
    [2 ** 63, "out of range"],
    [np.float32(1), "must be an integer, got dtype float32"],
    [np.array([1, 2], "int32"), "array of shape (2,)"],
    [random.key(0), "was given a PRNG key"],
  ])("cannot be made of %s", (seed, message) => {
    expect(() => random.key(seed)).toThrow(message);
  });

  test("comes from the generator that there is", () => {
    expect(words(random.key(1, { impl: "threefry2x32" }))).toEqual([0, 1]);
    expect(() => random.key(1, { impl: "threefry2x33" })).toThrow('did you mean "threefry2x32"?');
    expect(() => random.key(1, { impl: "rbg" })).toThrow('there is "threefry2x32"');
    expect(random.keyDtype()).toBe(random.key(1).dtype);
    expect(words(random.key(1, { dtype: random.keyDtype("threefry2x32") }))).toEqual([0, 1]);
    expect(() => random.keyDtype("rbg")).toThrow('there is "threefry2x32"');
    expect(() => random.key(1, { impl: "fry", dtype: "key<fry>" })).toThrow("was given both");
  });
});

describe("new keys", () => {
  test("are those of JAX", () => {
    const [first, second] = random.split(random.key(0));
    expect([words(first!), words(second!)]).toEqual([
      [1797259609, 2579123966],
      [928981903, 3453687069],
    ]);
    expect(random.split(random.key(0), [2, 3]).shape).toEqual([2, 3]);
    expect(words(random.foldIn(random.key(0), 7))).toEqual([2716826189, 292468403]);
    expect(words(random.foldIn(random.key(0), np.int32(-1)))).toEqual([743310391, 3789761811]);
  });

  test("of words are words", () => {
    expect(random.split(random.PRNGKey(3)).toList()).toEqual([
      [3716834203, 3481239269],
      [1946498123, 2217676430],
    ]);
    expect(random.foldIn(random.PRNGKey(3), 1).toList()).toEqual([1946498123, 2217676430]);
  });

  test("of several keys at once need vmap", () => {
    const keys = random.split(random.key(1), 3);
    expect(() => random.split(keys)).toThrow("array of keys of shape (3,): use vmap");
    expect(vmap((key: ArrayValue) => random.split(key, 4))(keys).shape).toEqual([3, 4]);
  });

  test.each([[-1], [2 ** 32], [0.5]])("are not folded with %s", (data) => {
    expect(() => random.foldIn(random.key(0), data)).toThrow("from 0 to 2^32 - 1");
  });
});

test.each([
  [3, "takes a PRNG key, got the number 3"],
  [np.array([1, 2], "int32"), "got dtype int32"],
  [np.array([1, 2, 3], "uint32"), "have shape (2,), got (3,)"],
  [np.zeros([2, 2], "uint32"), "array of keys of shape (2,)"],
])("%s is no key", (key, message) => {
  expect(() => random.uniform(key as ArrayValue)).toThrow(message);
});

test("words of another dtype are no key data", () => {
  expect(() => random.wrapKeyData(np.zeros([2], "int32"))).toThrow("got dtype int32");
  expect(() => random.wrapKeyData(random.key(0))).toThrow("takes a uint32 array");
});
