import {
  type ArrayValue,
  checkpoint,
  customJvp,
  grad,
  jit,
  lax,
  lora,
  numpy as np,
  quaxify,
  random,
  register,
  tree,
  values as valueTypes,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";
import { classes, denseOf, normal } from "./matrices.ts";

describe.each(classes)("%s", (_, make) => {
  const f = (a: ArrayValue, x: ArrayValue) => np.matmul(a, np.tanh(np.matmul(a, x)));
  const matrix = make([], 3);
  const x = normal([3]);
  const expected = values(f(denseOf(matrix), x));

  test("in loops: as what is scanned over, as the carry, as a constant", () => {
    const many = make([4], 3);
    const product = (a: ArrayValue) => lax.scan((y: ArrayValue, each: ArrayValue) => [np.matmul(each, y), y], x, a)[0]; // prettier-ignore
    for (const run of [product, quaxify(product), jit(quaxify(product))])
      expectValues(run(many), values(product(denseOf(many))));
    const power = (a: ArrayValue) => lax.foriLoop(0, 3, (__, y: ArrayValue) => np.matmul(a, y), x);
    for (const run of [power, quaxify(power), jit(power)])
      expectValues(run(matrix), values(power(denseOf(matrix))));
    const scaled = (a: ArrayValue) => lax.foriLoop(0, 3, (__, b: ArrayValue) => np.multiply(2, b), a);
    for (const run of [scaled, quaxify(scaled)]) {
      const out = run(matrix);
      expect(out).toBeInstanceOf(matrix.constructor);
      expectValues(denseOf(out), values(np.multiply(8, denseOf(matrix))));
    }
    const gradient = grad((a: ArrayValue) => np.sum(quaxify(power)(a)))(matrix);
    expect(gradient).toBeInstanceOf(matrix.constructor);
  });

  test("in branches, checkpoints and functions with rules of their own", () => {
    const branch = (a: ArrayValue, p: ArrayValue) => lax.cond(p, (b: ArrayValue) => f(b, x), (b: ArrayValue) => np.matmul(b, x), a); // prettier-ignore
    expectValues(quaxify(branch)(matrix, np.array(true)), expected);
    expectValues(jit(quaxify(branch))(matrix, np.array(true)), expected);
    expectValues(quaxify(checkpoint(f))(matrix, x), expected);
    const [whole, ...others] = [f, checkpoint(f)].map((g) =>
      grad((a: ArrayValue) => np.sum(quaxify(g)(a, x)))(matrix),
    );
    for (const other of others)
      tree.leaves(other).forEach((leaf, i) => expectValues(leaf, values(tree.leaves(whole)[i])));
    type Pair = [ArrayValue, ArrayValue];
    const ruled = customJvp((a: ArrayValue, y: ArrayValue) => np.matmul(a, y));
    ruled.defjvp(([a, y]: Pair, [ta, ty]: Pair) => [
      np.matmul(a, y),
      np.add(np.matmul(ta, y), np.matmul(a, ty)),
    ]);
    expectValues(quaxify((a: ArrayValue) => ruled(a, x))(matrix), values(np.matmul(denseOf(matrix), x)));
  });

  test("beside other classes of values", () => {
    expect(np.matmul(matrix, new Zero([3], "float32"))).toBeInstanceOf(Zero);
    expect(np.add(matrix, new Zero([3, 3], "float32")) === matrix).toBe(true);
    const metres = new valueTypes.Unitful(x, valueTypes.metre);
    const out = np.matmul(matrix, metres) as valueTypes.Unitful;
    expect(out).toBeInstanceOf(valueTypes.Unitful);
    expectValues(out.array, values(np.matmul(denseOf(matrix), x)));
    const adapted = lora.LoraArray.of(normal([2, 3]), normal([2, 1]), normal([1, 3]), {
      allowMaterialise: true,
    });
    expectValues(np.matmul(adapted, matrix), values(np.matmul(adapted.materialise(), denseOf(matrix))));
    const onStructure = lora.LoraArray.of(matrix, normal([3, 1]), normal([1, 3]));
    const dense = np.add(denseOf(matrix), np.matmul(onStructure.a, onStructure.b));
    expectValues(np.matmul(onStructure, x), values(np.matmul(dense, x)));
    expect(tree.leaves((grad((l: lora.LoraArray) => np.sum(np.matmul(l, x)))(onStructure) as lora.LoraArray)._w).every((leaf) => leaf instanceof Zero)).toBe(true); // prettier-ignore
  });
});

test("a rule of the user's for a subclass is narrower than those here", () => {
  class Mass extends valueTypes.Diagonal {}
  register(lax.neg, [Mass], ([m]) => m);
  const mass = new Mass(np.ones([2]));
  expect(np.negative(mass) === mass).toBe(true);
  expect(np.multiply(2, mass)).toBeInstanceOf(Mass);
});

test("arrays of keys go through loops too", () => {
  const keys = random.split(new valueTypes.prng.ThreeFry(3), 4);
  const draw = (all: ArrayValue) => lax.scan((sum: ArrayValue, key: ArrayValue) => [np.add(sum, random.normal(key)), sum], np.array(0), all)[0]; // prettier-ignore
  const plain = values(np.sum(vmap((key: ArrayValue) => random.normal(key))(random.split(random.key(3), 4))));
  for (const run of [draw, quaxify(draw), jit(draw)]) expectValues(run(keys), plain);
});
