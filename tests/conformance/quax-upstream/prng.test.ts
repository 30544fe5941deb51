import {
  type ArrayValue,
  CotangentError,
  jit,
  lax,
  numpy as np,
  quaxify,
  random,
  values,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values as numbers } from "../../unit/arrays.ts";

// After Quax's test_prng, from its description.

const { prng } = values;
const key = new prng.ThreeFry(0);
const dense = random.key(0);

describe.each([
  ["uniform", prng.uniform],
  ["normal", prng.normal],
] as const)("%s", (_, sample) => {
  const draw = (key: ArrayValue) => sample(key, [3, 2]);
  test.each([draw, quaxify(draw), jit(quaxify(draw)), quaxify(jit(draw))])(
    "is that of a plain key, %#",
    (f) => {
      const out = f(key);
      expect([out.shape, out.dtype]).toEqual([[3, 2], "float32"]);
      expect(numbers(out)).toEqual(numbers(draw(dense)));
    },
  );
});

test("a key and a number have no sum, also in jit", () => {
  const add = (key: ArrayValue) => np.add(key, 1);
  for (const f of [add, quaxify(add), jit(quaxify(add)), quaxify(jit(add))])
    expect(() => f(key)).toThrow(CotangentError);
});

// One predicate for each of several keys is refused by Quax 0.4.6.
test("a predicate chooses a key", () => {
  const other = new prng.ThreeFry(1);
  const where = jit(quaxify((p: ArrayValue, x: ArrayValue, y: ArrayValue) => np.where(p, x, y)));
  const words = (key: ArrayValue) => numbers((key as values.prng.ThreeFry).value);
  expect(words(where(np.array(true), key, other))).toEqual(words(key));
  expect(words(where(np.array(false), key, other))).toEqual(words(other));
  const [many, more] = [random.split(key, 3), random.split(other, 3)];
  const mixed = where(np.array([true, false, true]), many, more);
  expect(words(mixed)).toEqual([
    ...words(many).slice(0, 2),
    ...words(more).slice(2, 4),
    ...words(many).slice(4),
  ]);
});

test("a Brownian path: a loop that carries a key and splits it in each step", () => {
  const brownian = (key: ArrayValue) =>
    lax.scan(
      ([key, y]: readonly [ArrayValue, ArrayValue]) => {
        const [next, draw] = prng.split(key) as [ArrayValue, ArrayValue];
        const sum = np.add(y, prng.normal(draw));
        return [[next, sum] as const, sum];
      },
      [key, np.array(0)] as const,
      null,
      { length: 10 },
    );
  const expected: number[] = [];
  for (let i = 0, k = dense, y = np.array(0); i < 10; i++) {
    const [next, draw] = prng.split(k) as [ArrayValue, ArrayValue];
    [k, y] = [next, np.add(y, random.normal(draw))];
    expected.push(y.item() as number);
  }
  for (const f of [quaxify(brownian), jit(quaxify(brownian)), quaxify(jit(brownian))]) {
    const [[last, end], path] = f(key);
    expect(last).toBeInstanceOf(prng.ThreeFry);
    expectValues(path, expected);
    expectValues(end, expected.at(-1)!);
  }
  const paths = vmap(quaxify(brownian))(random.split(key, 2))[1];
  expect(paths.shape).toEqual([2, 10]);
});
