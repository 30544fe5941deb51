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
  tree,
  vmap,
  Zero,
} from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Quantised } from "../../../src/values/quantised.ts";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), [...shape]);
const quantised = (seed: number, shape: readonly number[], axis: number | readonly number[] = -1) =>
  Quantised.quantise(normal(seed, shape), { axis });
const w = quantised(1, [4, 6]);
const dense = (x: ArrayValue): ArrayValue => (x instanceof Quantised ? x.dequantise() : x);

function agrees(f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]): ArrayValue {
  const expected = f(...xs.map(dense));
  const runs = [quaxify(f, { strict: true }), jit(quaxify(f)), quaxify(jit(f))];
  const outs = runs.map((run) => run(...xs));
  for (const out of outs) {
    const got = dense(out);
    expect([got.shape, got.dtype]).toEqual([expected.shape, expected.dtype]);
    expectValues(known(got), values(known(expected)));
  }
  return outs[0]!;
}
/** Numbers to compare, where a lookup out of bounds gives NaN. */
const known = (x: ArrayValue): ArrayValue => np.where(np.isnan(x), 1e9, x);
const stays = (f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]) =>
  expect(agrees(f, ...xs)).toBeInstanceOf(Quantised);
const matmul = (x: ArrayValue, y: ArrayValue): ArrayValue => np.matmul(x, y);

describe("quantising", () => {
  test("is off by half a scale at most, and exact for multiples of it", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom(-1, 0, [0, 1]), (seed, axis) => {
        const x = normal(seed, [5, 7]);
        const q = Quantised.quantise(x, { axis });
        const errors = np.divide(np.abs(np.subtract(q.dequantise(), x)), q.scale);
        expect(Math.max(...values(errors))).toBeLessThanOrEqual(0.5001);
        const again = Quantised.quantise(q.dequantise(), { axis });
        expect(values(again.values)).toEqual(values(q.values));
      }),
      { numRuns: 20 },
    );
  });
  test("has one scale for each row, or for what is asked", () => {
    expect([w.values.dtype, w.scale.shape, w.shape, w.dtype]).toEqual(["int8", [4, 1], [4, 6], "float32"]);
    expect(quantised(1, [4, 6], 0).scale.shape).toEqual([1, 6]);
    expect(quantised(1, [2, 4, 6], [1, 2]).scale.shape).toEqual([2, 1, 1]);
    const q = Quantised.quantise(np.array([[127, -127, 0.5, 1.5], [0, 0, 0, 0]])); // prettier-ignore
    expect([values(q.values), values(q.scale)]).toEqual([
      [127, -127, 0, 2, 0, 0, 0, 0],
      [1, 1],
    ]);
    expect(Quantised.quantise(np.zeros([3, 0])).shape).toEqual([3, 0]);
  });
  test("stands for an array of the dtype of what it was made of", () => {
    const half = Quantised.quantise(normal(1, [2, 3]).astype("bfloat16"));
    expect([half.dtype, half.scale.dtype]).toEqual(["bfloat16", "float32"]);
    stays((x) => x.astype("float16"), w);
    expect(agrees(matmul, half, np.ones([3], "bfloat16")).dtype).toBe("bfloat16");
    expect(agrees(matmul, w, np.ones([6], "bfloat16")).dtype).toBe("float32");
  });
  test("is a pytree of the integers and the scale", () => {
    expect(String(tree.structure(w))).toBe(
      'Quantised(values=*, scale=*, standsFor="float32", allowMaterialise=false)',
    );
  });
  test("is made of parts that fit, of floats", () => {
    const [ints, one] = [np.zeros([2, 3], "int8"), np.ones([2, 1])];
    expect(() => new Quantised(one, one)).toThrow(
      "values must be int8 and the scale a float, got float32 and float32",
    );
    expect(() => new Quantised(ints, ints)).toThrow("got int8 and int8");
    expect(() => new Quantised(ints, np.ones([2]))).toThrow("got values (2, 3), scale (2,)");
    expect(() => new Quantised(ints, np.ones([2, 2]))).toThrow("the scale has the size of the values or 1");
    expect(() => new Quantised(3 as never, one)).toThrow("values must be an array, got the number 3");
    expect(() => Quantised.quantise(ints)).toThrow("takes an array of floats, got NDArray i8[2,3]");
    expect(() => Quantised.quantise(one, { axis: 2 })).toThrow("axis 2 is out of bounds");
    expect(() => Quantised.quantise(one, { axes: 1 } as never)).toThrow("did you mean axis?");
  });
  test("is dequantised as a whole only on demand", () => {
    expect(() => np.sin(w)).toThrow(
      "Refusing to materialise `Quantised` f32[4,6] with `allowMaterialise: false`: an operation would have formed the whole array of floats. Make it with allowMaterialise: true, or call dequantise() (sin has no rule for it",
    );
    expect(() => np.multiply(w, np.ones([4, 6]))).toThrow("Refusing to materialise");
    const open = Quantised.quantise(normal(1, [4, 6]), { allowMaterialise: true });
    expectValues(np.sin(open), values(np.sin(dense(w))));
    expectValues(open.astype("int32"), values(dense(w).astype("int32")));
  });
});

describe("rules", () => {
  const q = quantised(2, [3, 4, 5]);
  test("what rows have in common goes to their scale", () => {
    stays((x) => np.negative(x), q);
    stays((x) => np.multiply(2, x), q);
    stays((x) => np.divide(x, 3), q);
    stays((x, y) => np.multiply(x, y), q, normal(3, [3, 4, 1]));
    stays((x, y) => np.multiply(y, x), q, normal(3, [4, 1]));
    stays((x) => lax.stopGradient(x), q);
  });
  test("axes move, and rows are taken, in integers", () => {
    stays((x) => np.transpose(x, [2, 0, 1]), q);
    stays((x) => x.get("1:", "::2", "1:4"), q);
    stays((x) => lax.dynamicSlice(x, [1, 2, 3], [2, 1, 2]), q);
    stays((x) => np.broadcastTo(x, [2, 3, 4, 5]), q);
    stays((x) => np.squeeze(x.get("1:2"), 0), q);
    stays((x, y) => np.concatenate([x, y], 1), q, quantised(4, [3, 2, 5]));
    expect(() => np.concatenate([q, q], 2)).toThrow("Refusing to materialise");
  });
  test("what is looked up is a plain array", () => {
    const table = quantised(5, [7, 3]);
    const ids = np.array([[0, 6, 3], [3, 3, -1]], "int32"); // prettier-ignore
    for (const mode of ["clip", "fill", "wrap"] as const)
      expect(
        agrees((x, ids) => np.take(x, ids, { axis: 0, mode }), table, np.add(ids, 2)),
      ).not.toBeInstanceOf(Quantised);
    agrees((x, ids) => x.get(ids), table, ids);
    agrees((x, ids) => x.get(":", ids), table, np.array([0, 2, 5, -1], "int32"));
    agrees((x, i) => x.get(i), table, np.array(2, "int32"));
    const windows = (x: ArrayValue, at: ArrayValue) =>
      lax.gather(x, at, { offsetDims: [1, 2], collapsedSliceDims: [], startIndexMap: [1, 0] }, [2, 2], {
        mode: "fill",
        fillValue: 9,
      });
    agrees(windows, table, np.array([[0, 0], [1, 5], [2, 0], [1, 6], [-1, 2]], "int32")); // prettier-ignore
  });
});

describe("products", () => {
  test("with plain arrays, on both sides, scale the result or the other operand", () => {
    agrees(matmul, w, normal(6, [6, 3]));
    agrees(matmul, w, normal(6, [6]));
    agrees(matmul, normal(7, [2, 4]), w);
    agrees((x, w) => np.matmul(x, w.T), normal(7, [2, 6]), w);
  });
  test("of two are exact in integers where both rows are contracted", () => {
    const other = quantised(8, [3, 6]);
    agrees((x, y) => np.matmul(x, y.T), w, other);
    const [ones, many] = [np.ones([1, 200_000]), np.full([1, 200_000], -1)];
    expectValues(np.matmul(Quantised.quantise(ones), np.transpose(Quantised.quantise(many))), -200_000);
    const program = String(makeJaxpr(quaxify((x: ArrayValue, y: ArrayValue) => np.matmul(x, y.T)))(w, other));
    expect(program).toContain("preferred_element_type=int32");
    expect(program).not.toMatch(/f32\[(4,6|3,6|6,3)\]/);
    expect(() => np.matmul(w, quantised(9, [6, 2]))).toThrow("Refusing to materialise `Quantised` f32[6,2]");
    expect(() => np.matmul(w.T as unknown as ArrayValue, quantised(9, [4, 2]))).toThrow(
      "Refusing to materialise",
    );
    const open = Quantised.quantise(normal(9, [6, 2]), { allowMaterialise: true });
    expectValues(quaxify(matmul)(w, open), values(np.matmul(dense(w), dense(open))));
    expect(() => quaxify(matmul, { strict: true })(w, open)).toThrow(
      "dot_general has no rule for (Quantised)",
    );
  });
  const layout = fc
    .record({ batch: fc.nat(2), contract: fc.nat(2), left: fc.nat(2), right: fc.nat(2), seed: fc.nat(999) })
    .chain((counts) => {
      const [l, r] = [
        counts.batch + counts.contract + counts.left,
        counts.batch + counts.contract + counts.right,
      ];
      const order = (n: number) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });
      const some = (n: number) => fc.subarray([...Array(n).keys()]);
      return fc.record({
        counts: fc.constant(counts),
        l: order(l),
        r: order(r),
        shared: fc.tuple(some(l), some(r)),
      });
    });
  test("any axes may be contracted, in step, or share a scale", () => {
    fc.assert(
      fc.property(layout, ({ counts: { batch, contract, seed }, l, r, shared }) => {
        const sizes = (order: readonly number[]) =>
          order.map((_, axis) => (order.indexOf(axis) % 2 === 0 ? 2 : 3));
        const dims = [
          [l.slice(batch, batch + contract), r.slice(batch, batch + contract)],
          [l.slice(0, batch), r.slice(0, batch)],
        ] as const;
        const x = quantised(seed, sizes(l), shared[0]);
        const y = quantised(seed + 1, sizes(r), shared[1]);
        const f = (x: ArrayValue, y: ArrayValue) => lax.dotGeneral(x, y, dims);
        const expected = values(f(dense(x), dense(y)));
        expectValues(quaxify(f, { strict: true })(x, dense(y)), expected);
        expectValues(quaxify(f, { strict: true })(dense(x), y), expected);
        const open = (q: Quantised) => new Quantised(q.values, q.scale, { allowMaterialise: true });
        expectValues(quaxify(f)(open(x), open(y)), expected);
      }),
      { numRuns: 80 },
    );
  });
  test("vmap over the integers and the scales", () => {
    const q = quantised(11, [5, 4, 6]);
    expectValues(
      vmap(quaxify(matmul), { inAxes: [0, null] })(q, np.ones([6])),
      values(np.matmul(dense(q), np.ones([6]))),
    );
  });
});

describe("derivatives", () => {
  const x = normal(12, [6]);
  const loss = (w: ArrayValue, x: ArrayValue) => np.sum(np.square(np.matmul(w, x)));
  test("reach the other operand, and the scale", () => {
    expectValues(grad(quaxify(loss), { argnums: 1 })(w, x), values(grad(loss, { argnums: 1 })(dense(w), x)));
    const g = grad((w: Quantised) => quaxify(loss)(w, x) as ArrayValue, { allowInt: true })(
      w,
    ) as unknown as Quantised;
    expect(g.values).toBeInstanceOf(Zero);
    const full = grad(loss)(dense(w), x);
    expectValues(g.scale, values(np.sum(np.multiply(full, w.values), { axis: 1, keepdims: true })));
  });
  test("do not pass through rounding, unless they are sent straight through", () => {
    const a = normal(13, [4, 6]);
    const through = (a: ArrayValue) =>
      np.add(a, lax.stopGradient(np.subtract(Quantised.quantise(a).dequantise(), a)));
    expectValues(
      grad((a: ArrayValue) => loss(through(a), x))(a),
      values(grad(loss)(Quantised.quantise(a).dequantise(), x)),
    );
  });
});

describe("as the base of a low-rank adaptation", () => {
  const key = random.key(3);
  const mlp = new nn.MLP(3, 2, 8, 2, { key });
  const isLinear = (node: unknown): node is nn.Linear => node instanceof nn.Linear;
  const small = tree.mapWith(
    { isLeaf: isLinear },
    (leaf: unknown) =>
      isLinear(leaf) ? tree.at((l) => l.weight, leaf, Quantised.quantise(leaf.weight) as ArrayValue) : leaf,
    mlp,
  );
  const whole = tree.mapWith(
    { isLeaf: isLinear },
    (leaf: unknown) => (isLinear(leaf) ? tree.at((l) => l.weight, leaf, dense(leaf.weight)) : leaf),
    small,
  );
  const x = normal(14, [3]);
  test("a model of quantised weights computes what one of their floats does", () => {
    expectValues(quaxify(small)(x), values(whole.forward(x)));
    const [adapted, reference] = [small, whole].map((m) => lora.loraify(m, { rank: 2, key })) as [
      typeof mlp,
      typeof mlp,
    ];
    expectValues(quaxify(adapted)(x), values(quaxify(reference)(x)));
  });
  test("the adapters train, the integers do not", () => {
    const gradient = (m: typeof mlp) => {
      const [train, rest] = tree.partition(m, lora.trainable(m));
      const loss = (t: typeof mlp, x: ArrayValue) => np.sum(np.square(quaxify(tree.combine(t, rest))(x)));
      return grad(loss)(train, x);
    };
    const [a, b] = [small, whole].map((m) => gradient(lora.loraify(m, { rank: 2, key }))) as [
      typeof mlp,
      typeof mlp,
    ];
    const [ga, gb] = [tree.leaves(a), tree.leaves(b)];
    expect(ga.length).toBe(gb.length);
    expect(ga.length).toBeGreaterThan(0);
    ga.forEach((leaf, i) => expectValues(leaf, values(gb[i])));
  });
});
