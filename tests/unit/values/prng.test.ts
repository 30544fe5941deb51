import { type ArrayValue, grad, jit, lax, numpy as np, quaxify, random, tree, vmap, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { type BitWidth, PRNG, split, ThreeFry } from "../../../src/values/prng.ts";
import { avalOf } from "../../../src/core/value.ts";
import { expectValues, values } from "../arrays.ts";

const key = new ThreeFry(7);
const dense = random.key(7);
const same = (f: (key: ArrayValue) => ArrayValue) =>
  expect(values(quaxify(f)(key))).toEqual(values(f(dense)));

describe("a Threefry key", () => {
  test("is its two words, a pytree with one array", () => {
    expect(values(key.value)).toEqual([0, 7]);
    expect(tree.leaves(key)[0] === key.value).toBe(true);
    expect([key.shape, key.dtype]).toEqual([[], "key<fry>"]);
    expect(values(new ThreeFry(-1).value)).toEqual(values(random.PRNGKey(-1)));
  });

  test.each<[string, (key: ArrayValue) => ArrayValue]>([
    ["normal", (k) => random.normal(k, [5])],
    ["uniform", (k) => random.uniform(k, [2, 3], { minval: -1 })],
    ["randint", (k) => random.randint(k, [4], 0, 10)],
    ["bits", (k) => random.bits(k, [3], "uint8")],
    ["bernoulli", (k) => random.bernoulli(k, 0.5, [6])],
    ["permutation", (k) => random.permutation(k, 8)],
    ["categorical", (k) => random.categorical(k, np.zeros([4, 3]))],
    ["choice", (k) => random.choice(k, 10, [3])],
    ["foldIn", (k) => random.normal(random.foldIn(k, 3), [2])],
    ["split", (k) => vmap((one: ArrayValue) => random.normal(one, [2]))(random.split(k, 3))],
    ["get", (k) => random.normal(random.split(k, [2, 3]).get(1, 2), [2])],
    [
      "indexing by a traced number",
      (k) => jit((i: ArrayValue) => random.normal(random.split(k, 3).get(i)))(np.array(2, "int32")),
    ],
    ["words", (k) => random.keyData(k)],
  ])("gives the numbers of random.key: %s", (_, f) => {
    expect(values(f(key))).toEqual(values(f(dense)));
    same(f);
    same((k) => jit(f)(k));
    expect(values(jit((k: ThreeFry) => f(k))(key))).toEqual(values(f(dense)));
  });

  test("splits into a list, or an array of keys", () => {
    const list = split(key, 3) as ThreeFry[];
    expect(list.map(({ constructor }) => constructor)).toEqual([ThreeFry, ThreeFry, ThreeFry]);
    const array = random.split(key, 3) as ThreeFry;
    expect([array.constructor, array.shape]).toEqual([ThreeFry, [3]]);
    expect(values(np.stack(list.map(({ value }) => value)))).toEqual(values(array.value));
    expect(split(key)).toHaveLength(2);
  });

  test("of a batch is that of each: vmap sees single keys", () => {
    const keys = random.split(key, 4) as ThreeFry;
    const drawn = vmap((k: ThreeFry) => random.uniform(k, [2]))(keys);
    const one = np.stack(split(key, 4).map((k) => random.uniform(k, [2])));
    expectValues(drawn, values(one));
    expectValues(quaxify(vmap((k: ArrayValue) => random.uniform(k, [2])))(keys), values(one));
  });

  test("is chosen by np.where: with one predicate, or one for each key", () => {
    const other = new ThreeFry(8);
    const where = (p: ArrayValue, x: ArrayValue, y: ArrayValue) => np.where(p, x, y);
    for (const run of [where, quaxify(where), jit(quaxify(where))]) {
      expect(values((run(np.array(true), key, other) as ThreeFry).value)).toEqual([0, 7]);
      expect(values((run(np.array(false), key, other) as ThreeFry).value)).toEqual([0, 8]);
      const [many, more] = [key, other].map((k) => random.split(k, 3) as ThreeFry);
      const chosen = run(np.array([true, false, true]), many!, more!) as ThreeFry;
      const [a, b] = [values(many!.value), values(more!.value)];
      expect(values(chosen.value)).toEqual([...a.slice(0, 2), ...b.slice(2, 4), ...a.slice(4)]);
      const spread = run(np.array([true, false]), key, other) as ThreeFry;
      expect(values(spread.value)).toEqual([0, 7, 0, 8]);
    }
    const each = vmap((p: ArrayValue) => np.where(p, key, other) as ThreeFry)(np.array([true, false]));
    expect(values(each.value)).toEqual([0, 7, 0, 8]);
  });

  test("moves with the leading axes: reshape, transpose, concatenate, squeeze", () => {
    const keys = random.split(key, 6) as ThreeFry;
    const table = np.reshape(keys, [2, 3]) as ThreeFry;
    expect([table.constructor, table.value.shape]).toEqual([ThreeFry, [2, 3, 2]]);
    expect(values((table.T as ThreeFry).value)).toEqual(values(np.transpose(table.value, [1, 0, 2])));
    expect(values((np.concatenate([table, table], 1) as ThreeFry).value)).toEqual(
      values(np.concatenate([table.value, table.value], 1)),
    );
    expect((np.squeeze(np.expandDims(keys, 0), 0) as ThreeFry).shape).toEqual([6]);
    expect((np.stack([key, key]) as ThreeFry).value.shape).toEqual([2, 2]);
  });

  test("is no number", () => {
    expect(() => np.add(key, 1)).toThrow("keys are no numbers");
    expect(() => lax.sort(random.split(key))).toThrow("keys are only valid for certain operations");
    expect(() => random.normal(random.split(key, 2))).toThrow("takes a single key");
    expect(() => random.uniform(key, [2], "int32")).toThrow("must be a float dtype, got int32");
    expect(() => ThreeFry.of(np.array([1, 2]))).toThrow("the words of keys are uint32, got float32");
    expect(() => ThreeFry.of(np.array([1, 2, 3], "uint32"))).toThrow("has size 2, got shape (3,)");
    expect(() => ThreeFry.of(3 as never)).toThrow("takes the words of keys, got the number 3");
    expect(() => new ThreeFry(0.5)).toThrow("a seed must be an integer");
    expect(() =>
      lax.selectN(np.array([true, false, true]), random.split(key, 2), random.split(key, 2)),
    ).toThrow("which must be a scalar or have the shape of the cases");
  });

  test("has no derivative", () => {
    const f = (k: ThreeFry, x: ArrayValue) => np.multiply(x, random.normal(k));
    expectValues(grad(f, { argnums: 1 })(key, np.array(2)), values(random.normal(dense)));
    expect((grad(f, { allowInt: true })(key, np.array(2)) as ThreeFry).value).toBeInstanceOf(Zero);
  });
});

/** A generator of the user's: the counter, in 32 bits. */
class Counter extends PRNG {
  constructor(readonly state: ArrayValue) {
    super();
  }
  override get aval() {
    return avalOf(this.state.shape, "key<fry>");
  }
  override randomBits(_width: BitWidth, shape: readonly number[]) {
    const lead = lax.broadcastInDim(
      this.state,
      [...this.state.shape, ...shape],
      this.state.shape.map((_, i) => i),
    );
    return lax.mul(lead, np.array(2 ** 28, "uint32"));
  }
  override split(shape: readonly number[]) {
    const flat = lax.reshape(
      lax.iota(
        "uint32",
        shape.reduce((a, b) => a * b, 1),
      ),
      shape,
    );
    return new Counter(
      np.add(
        np.expandDims(
          this.state,
          shape.map((_, i) => i - shape.length),
        ),
        flat,
      ) as ArrayValue,
    );
  }
}

describe("a generator of the user's", () => {
  const counter = new Counter(np.array(3, "uint32"));
  test("serves all of random", () => {
    expectValues(random.uniform(counter, [2]), [3 / 16, 3 / 16]);
    expectValues(quaxify((k: ArrayValue) => random.uniform(k))(counter), 3 / 16);
    const [, second] = split(counter) as [Counter, Counter];
    expectValues(random.uniform(second), 4 / 16);
  });
  test("says what it lacks", () => {
    expect(() => random.foldIn(counter, 1)).toThrow("Counter has no method foldIn(data)");
    expect(() => random.keyData(counter)).toThrow("Counter: keys are only valid for certain operations");
  });
});
