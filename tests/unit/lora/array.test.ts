import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  quaxify,
  random,
  register,
  tree,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const [w, a, b] = [normal(0, [4, 3]), normal(1, [4, 2]), normal(2, [2, 3])];
const sum = np.add(w, np.matmul(a, b));
const adapted = lora.LoraArray.of(w, a, b);
const open = lora.LoraArray.of(w, a, b, { allowMaterialise: true });
const refusal = "Refusing to materialise `LoraArray` f32[4,3] with `allowMaterialise: false`";

describe("a low-rank array", () => {
  test("starts as its weight: a is normal times the scale, b is zero", () => {
    const key = random.key(7);
    const start = new lora.LoraArray(w, { rank: 2, scale: 0.5, key });
    expectValues(start.a, values(np.multiply(0.5, random.normal(key, [4, 2]))));
    expectValues(start.b, values(np.zeros([2, 3])));
    expect([start.shape, start.dtype, start.w === w]).toEqual([[4, 3], "float32", true]);
    const batched = new lora.LoraArray(np.ones([5, 4, 3], "bfloat16"), { rank: 0, key });
    expect([batched.a.shape, batched.b.shape, batched.a.dtype]).toEqual([[5, 4, 0], [5, 0, 3], "bfloat16"]);
  });

  test("is a pytree of three arrays, with its settings in the structure", () => {
    expect(String(tree.structure(adapted))).toBe(
      "LoraArray(_w=*, stopGradient=true, allowMaterialise=false, merged=false, a=*, b=*, scaling=1, dropout=0, key=null)",
    );
    const other = tree.at((l) => [l.a, l.b], adapted, [b, a]);
    expect([other.a === b, other.w === w]).toEqual([true, true]);
  });

  test("is made of parts that fit", () => {
    const key = random.key(0);
    expect(() => new lora.LoraArray(np.ones([3]), { rank: 1, key })).toThrow(
      "the weight needs at least 2 axes, got shape (3,)",
    );
    expect(() => new lora.LoraArray(w, { rank: -1, key })).toThrow(
      "rank must be a non-negative integer, got the number -1",
    );
    expect(() => new lora.LoraArray(w, { rank: 1 } as lora.LoraOptions)).toThrow("needs a key for a");
    expect(() => new lora.LoraArray(w, { rank: 1, key, alowMaterialise: true } as lora.LoraOptions)).toThrow(
      "did you mean allowMaterialise?",
    );
    expect(() => new lora.LoraArray(3 as never, { rank: 1, key })).toThrow(
      "adapts an array, got the number 3",
    );
    expect(() => new lora.LoraArray(w, { rank: 1, dropout: 1, key })).toThrow(
      "dropout is a number from 0 up to 1, got the number 1",
    );
    expect(() => new lora.LoraArray(w, { rank: 0, alpha: 1, key })).toThrow("divided by the rank");
    expect(() => lora.LoraArray.of(w, b, a)).toThrow("a is (…, 4, rank) and b is (…, rank, 3)");
  });

  test("says so when its weight was taken out", () => {
    const [train] = tree.partition(adapted, lora.trainable(adapted));
    expect(() => np.matmul(train, np.ones([3]))).toThrow(
      "put the parts of the model together with tree.combine",
    );
  });
});

describe("scaling", () => {
  const x = normal(3, [3]);
  const scaled = np.add(w, np.multiply(1.5, np.matmul(a, b)));

  test("multiplies a·b, by alpha over the rank or its root", () => {
    const of = (options: Partial<lora.LoraOptions>) =>
      new lora.LoraArray(w, { rank: 4, key: random.key(0), ...options }).scaling;
    expect([of({}), of({ alpha: 8 }), of({ alpha: 8, useRslora: true })]).toEqual([1, 2, 4]);
    const adapted = lora.LoraArray.of(w, a, b, { scaling: 1.5, allowMaterialise: true });
    expectValues(np.matmul(adapted, x), values(np.matmul(scaled, x)));
    expectValues(np.matmul(normal(4, [4]), adapted), values(np.matmul(normal(4, [4]), scaled)));
    expectValues(np.matmul(x, adapted.T), values(np.matmul(scaled, x)));
    expectValues(np.negative(adapted), values(np.negative(scaled)));
  });

  test("may be an array, so that another number needs no new program", () => {
    let traced = 0;
    const f = jit((l: lora.LoraArray) => {
      traced++;
      return np.matmul(l, x);
    });
    const by = (scaling: number) => f(lora.LoraArray.of(w, a, b, { scaling: np.float32(scaling) }));
    expectValues(by(1.5), values(np.matmul(scaled, x)));
    expectValues(by(0), values(np.matmul(w, x)));
    expect(traced).toBe(1);
  });
});

describe("rows that are looked up", () => {
  const indices = np.array(
    [
      [2, 0],
      [3, 3],
    ],
    "int32",
  );
  const taken = (l: ArrayValue) => l.get(indices);

  test("are those of w and of a, times b", () => {
    const scaled = lora.LoraArray.of(w, a, b, { scaling: 2 });
    const expected = taken(np.add(w, np.multiply(2, np.matmul(a, b))));
    for (const run of [
      taken,
      quaxify(taken),
      jit(taken),
      vmap((l: ArrayValue) => taken(l), { inAxes: null, axisSize: 1 }),
    ])
      expectValues(run(scaled), values(expected));
    const text = String(makeJaxpr(taken)(scaled));
    expect(text).not.toContain("f32[4,3] = dot_general");
  });

  test("are NaN out of bounds, as those of w are, where that is asked for", () => {
    const indices = np.array([1, 9], "int32");
    const [found, expected] = [adapted, sum].map((l) => np.take(l, indices, { axis: 0, mode: "fill" }));
    expect(np.allclose(found!, expected!, { equalNan: true }).item()).toBe(true);
    expect(values(expected!).filter(Number.isNaN)).toHaveLength(3);
  });

  test("are refused for single elements", () => {
    expect(() => adapted.get([0, 1], [0, 1])).toThrow(refusal);
  });
});

describe("materialising", () => {
  test("gives w + a·b where it is allowed", () => {
    expectValues(open.materialise(), values(sum));
    expectValues(quaxify(np.negative)(open), values(np.negative(sum)));
    expectValues(np.add(open, open), values(np.add(sum, sum)));
  });

  test("is refused otherwise, with the operation and the remedy", () => {
    expect(() => np.add(adapted, 1)).toThrow(refusal);
    expect(() => quaxify(nn.relu)(adapted)).toThrow(
      "max has no rule for it: allow it to materialise, or register(lax.max",
    );
    expect(() =>
      lax.transpose(lora.LoraArray.of(np.ones([2, 3, 4]), np.ones([2, 3, 1]), np.ones([2, 1, 4])), [1, 0, 2]),
    ).toThrow("Refusing");
  });
});

describe("rules", () => {
  const x = normal(3, [3]);

  test("the transpose of w + a·b is wᵀ + bᵀ·aᵀ", () => {
    const transposed = np.transpose(adapted) as lora.LoraArray;
    expect(transposed).toBeInstanceOf(lora.LoraArray);
    expectValues(np.matmul(x, transposed), values(np.matmul(sum, x)));
  });

  test("leading axes may be permuted", () => {
    const many = lora.LoraArray.of(normal(4, [2, 5, 4, 3]), normal(5, [2, 5, 4, 1]), normal(6, [2, 5, 1, 3]));
    const dense = np.add(many._w, np.matmul(many.a, many.b));
    for (const permutation of [
      [1, 0, 2, 3],
      [1, 0, 3, 2],
      [0, 1, 3, 2],
    ]) {
      const [out, expected] = [lax.transpose(many, permutation), lax.transpose(dense, permutation)];
      expect(out).toBeInstanceOf(lora.LoraArray);
      const y = np.ones([out.shape[3]!]);
      expectValues(np.matmul(out, y), values(np.matmul(expected, y)));
    }
  });

  test("conversion, copies and stopped gradients keep the parts apart", () => {
    const half = np.astype(adapted, "bfloat16") as lora.LoraArray;
    expect([half.constructor, half.dtype, half.a.dtype, half.b.dtype]).toEqual([
      lora.LoraArray,
      "bfloat16",
      "bfloat16",
      "bfloat16",
    ]);
    expect(lax.copy(adapted)).toBeInstanceOf(lora.LoraArray);
    const f = (l: lora.LoraArray) => np.sum(np.matmul(lax.stopGradient(l), x));
    expect((grad(f)(adapted) as lora.LoraArray).a).toBeInstanceOf(Zero);
  });

  test("a zero beside it stays a zero", () => {
    expect(np.matmul(adapted, new Zero([3], "float32"))).toBeInstanceOf(Zero);
    expect(np.matmul(new Zero([4], "float32"), adapted)).toBeInstanceOf(Zero);
  });
});

test("integers are those of the sum", () => {
  expectValues(np.astype(open, "int32"), values(np.astype(sum, "int32")));
  expect(() => np.astype(adapted, "int32")).toThrow(refusal);
});

describe("gradients", () => {
  const x = normal(3, [3]);
  const f = (l: ArrayValue) => np.sum(np.square(np.matmul(l, x)));
  const g = np.multiply(2, np.matmul(sum, x)); // ∂f/∂(sum·x)

  test("reach a and b, and not the weight", () => {
    for (const run of [f, quaxify(f), jit(f)]) {
      const { _w, a: ofA, b: ofB } = grad(run)(adapted) as lora.LoraArray;
      expect(_w).toBeInstanceOf(Zero);
      expectValues(ofA, values(np.outer(g, np.matmul(b, x))));
      expectValues(ofB, values(np.outer(np.matmul(g, a), x)));
    }
  });

  test("reach the weight too, if they may", () => {
    const { _w } = grad(f)(lora.LoraArray.of(w, a, b, { stopGradient: false })) as lora.LoraArray;
    expectValues(_w, values(np.outer(g, x)));
  });

  test("stop at a weight that is low-rank itself", () => {
    const nested = lora.LoraArray.of(lora.LoraArray.of(w, a, b, { stopGradient: false }), a, b);
    const { _w, a: ofA } = grad(f)(nested) as lora.LoraArray;
    expect(tree.leaves(_w).every((leaf) => leaf instanceof Zero)).toBe(true);
    expect(values(ofA).some((value) => value !== 0)).toBe(true);
  });
});

test("vmap over adapters computes each one's product", () => {
  const [as, bs, x] = [normal(8, [5, 4, 2]), normal(9, [5, 2, 3]), normal(3, [3])];
  const each = vmap((ai: ArrayValue, bi: ArrayValue) => np.matmul(lora.LoraArray.of(w, ai, bi), x))(as, bs);
  expectValues(each, values(np.matmul(np.add(w, np.matmul(as, bs)), x)));
});

test("rules for a pair of subclasses are narrower than its own", () => {
  class Tuned extends lora.LoraArray {}
  const pair = np.zeros([4, 4]);
  register(lax.dotGeneral, [Tuned, Tuned], () => pair);
  const tuned = Object.assign(Object.create(Tuned.prototype) as Tuned, adapted);
  expect(
    np.matmul(
      tuned,
      tree.at((l) => [l._w, l.a, l.b], tuned, [w.T, b.T, a.T]),
    ) === pair,
  ).toBe(true);
  expectValues(np.matmul(tuned, np.ones([3])), values(np.sum(sum, 1)));
});
