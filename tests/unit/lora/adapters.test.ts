import {
  type ArrayValue,
  grad,
  jit,
  jvp,
  lax,
  lora,
  makeJaxpr,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  values as arrayTypes,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

// What holds for adapters of every kind.

const normal = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), shape);
const [N, M] = [6, 8];
const w = normal(0, [N, M]);
const key = random.key(7);

/** With all that is trained different from its start. */
function moved<T extends ArrayValue>(value: T): T {
  const [train, rest] = tree.partition(value, lora.trainable(value));
  let seed = 100;
  const stirred = tree.map((x: ArrayValue) => np.add(x, np.multiply(0.5, normal(seed++, x.shape))), train);
  return tree.combine(stirred, rest);
}

const shared = { sharedB: normal(1, [9, 3]), sharedA: normal(2, [3, 10]) };
const set = (weight: ArrayValue, active: lora.Active) => {
  const of = (seed: number) =>
    moved(new lora.LoraArray(weight, { rank: 2, alpha: 3, key: random.key(seed) }));
  return lora.collect<ArrayValue>(
    { law: of(1), tone: tree.map((x: ArrayValue) => x, of(2)), unused: of(3) },
    active,
  );
};
const kinds: Record<string, (weight: ArrayValue) => ArrayValue> = {
  LoraArray: (weight) => new lora.LoraArray(weight, { rank: 2, alpha: 4, key }),
  DoraArray: (weight) => new lora.DoraArray(weight, { rank: 2, alpha: 4, key }),
  FusedLoraArray: (weight) =>
    new lora.FusedLoraArray(weight, { sizes: [1, 2, 3], rank: [2, null, 3], alpha: 6, key }),
  Ia3Array: (weight) => new lora.Ia3Array(weight),
  "Ia3Array of a feedforward layer": (weight) => new lora.Ia3Array(weight, { feedforward: true }),
  LohaArray: (weight) => new lora.LohaArray(weight, { rank: 2, alpha: 3, key }),
  LokrArray: (weight) => new lora.LokrArray(weight, { rank: 1, alpha: 2, key }),
  "LokrArray of two products": (weight) =>
    new lora.LokrArray(weight, { rank: 1, decomposeBoth: true, decomposeFactor: 3, key }),
  VeraArray: (weight) => new lora.VeraArray(weight, shared),
  LoraSet: (weight) => set(weight, { law: 1, tone: 0.5 }),
  "LoraSet of which one is active": (weight) => set(weight, ["tone"]),
};

describe.each(Object.entries(kinds))("a %s", (name, make) => {
  const start = make(w) as lora.AdaptedArray;
  const adapted = moved(start);
  const dense = adapted.dense();
  const isSet = name.startsWith("LoraSet");

  test("starts as its weight, and is another matrix when its parts have moved", () => {
    if (!isSet) expectValues(start.dense(), values(w));
    expect(np.max(np.abs(np.subtract(dense, w))).item()).toBeGreaterThan(0.01);
  });

  test("has the products of that matrix, from either side, with any axes", () => {
    const dots: [readonly number[], (m: ArrayValue, x: ArrayValue) => ArrayValue][] = [
      [[M], (m, x) => np.matmul(m, x)],
      [[M, 3], (m, x) => np.matmul(m, x)],
      [[2, 3, N], (m, x) => np.matmul(x, m)],
      [[4, M], (m, x) => np.matmul(x, np.transpose(m))],
      [[N], (m, x) => np.matmul(np.transpose(m), x)],
      [[M, N], (m, x) => lax.dotGeneral(m, x, [[[0, 1], [1, 0]], [[], []]])], // prettier-ignore
      [[3, N, M], (m, x) => lax.dotGeneral(x, m, [[[2], [1]], [[1], [0]]])], // prettier-ignore
      [[M, 2], (m, x) => lax.dotGeneral(m, x, [[[], []], [[1], [0]]])], // prettier-ignore
      [[2], (m, x) => lax.dotGeneral(m, x, [[[], []], [[], []]])], // prettier-ignore
    ];
    dots.forEach(([shape, dot], i) => {
      const x = normal(20 + i, shape);
      const expected = values(dot(dense, x));
      for (const run of [dot, quaxify(dot), jit(dot)]) expectValues(run(adapted, x), expected);
    });
  });

  test("is never formed in a product", () => {
    const text = String(
      makeJaxpr((m: ArrayValue, x: ArrayValue) => np.matmul(m, x))(adapted, np.ones([M, 3])),
    );
    const formed = text
      .split("\n")
      .filter((line) => new RegExp(`:f32\\[${N},${M}\\] = (?!stop_gradient|mul)`).test(line));
    expect(formed).toEqual([]);
    expect(() => quaxify(np.exp)(adapted)).toThrow(`Refusing to materialise \`${adapted.constructor.name}\``);
  });

  test("keeps its parts apart in copies, conversions and stopped gradients", () => {
    const x = normal(3, [M]);
    for (const change of [(m: ArrayValue) => lax.copy(m), (m: ArrayValue) => lax.stopGradient(m)])
      expectValues(np.matmul(change(adapted), x), values(np.matmul(dense, x)));
    const half = np.astype(adapted, "bfloat16");
    expect([half instanceof lora.AdaptedArray, half.dtype]).toEqual([true, "bfloat16"]);
    expect(
      np.allclose(np.matmul(half, np.astype(x, "bfloat16")), np.matmul(dense, x), { atol: 0.2 }).item(),
    ).toBe(true);
    const fixed = grad((m: ArrayValue) => np.sum(np.matmul(lax.stopGradient(m), x)))(adapted);
    expect(tree.leaves(fixed).every((leaf) => leaf instanceof Zero)).toBe(true);
  });

  test("has gradients for what is trained and for nothing else, those of the matrix it stands for", () => {
    const x = normal(4, [M, 3]);
    const loss = (m: ArrayValue) => np.sum(np.square(np.matmul(m, x)));
    const [train, rest] = tree.partition(adapted, lora.trainable(adapted));
    const whole = (part: typeof train) => tree.combine(part, rest);
    const own = grad((part: typeof train) => loss(whole(part)))(train);
    const direction = tree.map((leaf: ArrayValue) => normal(leaf.size, leaf.shape), train);
    const along = tree
      .leaves(own)
      .reduce<number>(
        (sum, g, i) =>
          sum +
          (np.sum(np.multiply(g as ArrayValue, tree.leaves(direction)[i] as ArrayValue)).item() as number),
        0,
      );
    const [, slope] = jvp((part: typeof train) => loss(whole(part).dense()), [train], [direction]);
    expect(along).toBeCloseTo(slope.item() as number, 2);
    const all = grad(loss)(adapted) as lora.AdaptedArray;
    expect(tree.leaves(all._w).every((leaf) => leaf instanceof Zero)).toBe(true);
    const state = optim.adam(0.1).init(adapted);
    expect(tree.leavesWithPath(state).some(([path]) => tree.pathToString(path).includes("_w"))).toBe(false);
  });

  test("may be mapped over a batch of what is trained", () => {
    const x = normal(5, [M]);
    const [train, rest] = tree.partition(adapted, lora.trainable(adapted));
    const two = tree.map((leaf: ArrayValue) => np.stack([leaf, np.multiply(2, leaf)]), train);
    const twice = tree.map((leaf: ArrayValue) => np.multiply(2, leaf), train);
    const out = vmap((part: typeof train) => np.matmul(tree.combine(part, rest), x))(two);
    const expected = [adapted, tree.combine(twice, rest)].map((m) => np.matmul(m.dense(), x));
    expectValues(out, values(np.stack(expected)));
  });

  test("works on a quantised base, which stays so", () => {
    const base = arrayTypes.Quantised.quantise(w);
    const quantised = moved(make(base) as lora.AdaptedArray);
    const x = normal(6, [M, 2]);
    const f = (m: ArrayValue) => np.matmul(m, x);
    for (const run of [f, jit(f)]) expectValues(run(quantised), values(np.matmul(quantised.dense(), x)));
    expect(String(makeJaxpr(f)(quantised))).toContain(`i8[${N},${M}]`);
  });

  test("can be merged into its weight and taken out again", () => {
    const x = normal(8, [M]);
    const merged = lora.merge(adapted);
    expectValues(merged._w, values(dense));
    const products = (m: ArrayValue) => [
      ...String(makeJaxpr((m: ArrayValue) => np.matmul(m, x))(m)).matchAll(/dot_general/g),
    ];
    expect(products(merged)).toHaveLength(1);
    expectValues(np.matmul(merged, x), values(np.matmul(dense, x)));
    expectValues(merged.dense(), values(dense));
    expect(lora.merge(merged)._w === merged._w).toBe(true);
    const apart = lora.unmerge(merged);
    expectValues(apart._w, values(w));
    expectValues(apart.dense(), values(dense));
    expect(tree.structure(apart).equals(tree.structure(adapted))).toBe(true);
    expect(lora.unmerge(adapted) === adapted || tree.equal(lora.unmerge(adapted), adapted)).toBe(true);
    expectValues(lora.mergeAndUnload<ArrayValue>(adapted), values(dense));
  });

  test("says so when its weight was taken out", () => {
    const [train] = tree.partition(adapted, lora.trainable(adapted));
    expect(() => np.matmul(train as ArrayValue, np.ones([M]))).toThrow("put the parts of the model together");
  });
});
