import { type ArrayValue, jit, lora, numpy as np, quaxify, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const [w, a, b] = [normal(0, [4, 30]), normal(1, [4, 2]), normal(2, [2, 30])];
const dropping = lora.LoraArray.of(w, a, b, { dropout: 0.25, scaling: 2 });
const key = random.key(5);
const x = normal(3, [30]);

describe("withKey", () => {
  test("drops elements of what meets the adapter, not of what meets the weight", () => {
    const mask = random.bernoulli(random.foldIn(key, 0), 0.75, [30]);
    const dropped = np.where(mask, np.divide(x, 0.75), 0);
    const update = np.multiply(2, np.matmul(a, np.matmul(b, dropped)));
    const expected = values(np.add(np.matmul(w, x), update));
    const keyed = lora.withKey(dropping, key);
    const f = (l: ArrayValue) => np.matmul(l, x);
    for (const run of [f, quaxify(f), jit(f)]) expectValues(run(keyed), expected);
    expect(values(mask).some((kept) => !kept)).toBe(true);
  });

  test("is needed for anything to be dropped", () => {
    const plain = lora.LoraArray.of(w, a, b, { scaling: 2 });
    expectValues(np.matmul(dropping, x), values(np.matmul(plain, x)));
    expect(tree.equal(lora.withKey(plain, key), plain)).toBe(true);
  });

  test("gives each adapter its own, also one below another", () => {
    const nested = lora.LoraArray.of(dropping, a, b, { dropout: 0.5 });
    const keyed = lora.withKey({ first: dropping, second: nested }, key);
    const keys = tree.leaves(keyed).filter((leaf) => String((leaf as ArrayValue).dtype).startsWith("key"));
    expect(new Set(keys.map((k) => String(values(random.keyData(k as ArrayValue))))).size).toBe(3);
  });

  test("drops other elements for each row of a batch, where quaxify is around vmap", () => {
    const zero = lora.LoraArray.of(np.zeros([4, 30]), a, b, { dropout: 0.5 });
    const keyed = lora.withKey(zero, key);
    const rows = np.broadcastTo(x, [3, 30]);
    const outside = quaxify((l: ArrayValue, xs: ArrayValue) => vmap((x: ArrayValue) => np.matmul(l, x))(xs))(
      keyed,
      rows,
    );
    const inside = vmap((x: ArrayValue) => quaxify((l: ArrayValue) => np.matmul(l, x))(keyed))(rows);
    const distinct = (out: ArrayValue) => new Set((out.toList() as number[][]).map(String)).size;
    expect([distinct(outside), distinct(inside)]).toEqual([3, 1]);
  });
});
