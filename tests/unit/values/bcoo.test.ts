import {
  checkpoint,
  grad,
  jit,
  jvp,
  lax,
  lora,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  type ArrayValue,
  vmap,
  Zero,
} from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BCOO, metre, Unitful } from "../../../src/values/index.ts";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), [...shape]);

/** Entries at random places, some of them twice and some outside. */
function sparse(seed: number, batch: readonly number[], sizes: readonly number[], nse = 6): BCOO {
  const columns = sizes.map((size, i) =>
    random.randint(random.key(seed + 17 * i + 1), [...batch, nse], size === 1 ? 0 : -1, size + 1),
  );
  const indices = columns.length === 0 ? np.zeros([...batch, nse, 0], "int32") : np.stack(columns, -1);
  return new BCOO(normal(seed, [...batch, nse]), indices, [...batch, ...sizes]);
}
const x = sparse(1, [], [3, 4]);
const batched = sparse(2, [2], [3, 4]);

const dense = (value: ArrayValue): ArrayValue => (value instanceof BCOO ? value.toDense() : value);

function expectSame(actual: ArrayValue, expected: ArrayValue): void {
  const got = dense(actual);
  expect([got.shape, got.dtype]).toEqual([expected.shape, expected.dtype]);
  expectValues(got, values(expected));
}
/** A function gives the same of the sparse arrays as of the dense ones, inside of every transformation. */
function agrees(f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]): ArrayValue {
  const expected = f(...xs.map(dense));
  const actual = quaxify(f, { strict: true })(...xs);
  expectSame(actual, expected);
  expectSame(jit(quaxify(f))(...xs), expected);
  expectSame(quaxify(jit(f))(...xs), expected);
  return actual;
}
const matmul = (x: ArrayValue, y: ArrayValue): ArrayValue => np.matmul(x, y);
const keepsPattern = (f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]): BCOO => {
  const out = agrees(f, ...xs);
  expect(out).toBeInstanceOf(BCOO);
  return out as BCOO;
};

describe("a sparse array", () => {
  test("is the sum of its entries; those outside are none", () => {
    const entries = new BCOO(
      np.array([1, 2, 3, 4, 5]),
      np.array([[0, 1], [2, 0], [0, 1], [3, 0], [0, -1]], "int32"),
      [3, 2],
    ); // prettier-ignore
    expect(values(entries.toDense())).toEqual([0, 4, 0, 0, 2, 0]);
    expect([entries.shape, entries.dtype, entries.nse, entries.nBatch]).toEqual([[3, 2], "float32", 5, 0]);
  });
  test("is a pytree of its values and indices", () => {
    expect(String(tree.structure(x))).toBe(
      "BCOO(values=*, indices=*, sparseShape=[3, 4], repeated=[], uniqueIndices=false, allowMaterialise=false)",
    );
  });
  test("is made of parts that fit", () => {
    const make = (shape: number[], indexShape: number[], whole: number[]) => () =>
      new BCOO(np.ones(shape), np.zeros(indexShape, "int32"), whole);
    expect(make([2], [3, 1], [4])).toThrow("Inconsistent number of sparse entries in `BCOO`");
    expect(make([1, 2], [2, 2, 1], [1, 4])).toThrow("Inconsistent batch sizes {(1,), (2,)} in `BCOO`");
    expect(make([2], [2, 1], [4, 4])).toThrow(
      "Must specify a sparse index for all non-batch dimensions in `BCOO`: values is",
    );
    expect(make([], [2, 1], [4])).toThrow("Missing axes in `BCOO`");
    expect(() => new BCOO(np.ones([1]), np.ones([1, 1]), [4])).toThrow(
      "indices must be integers, got float32",
    );
    expect(() => new BCOO(3 as never, np.ones([1, 1]), [4])).toThrow(
      "values must be an array, got the number 3",
    );
    expect(() => new BCOO(np.ones([1]), np.ones([1, 1], "int32"), [-4])).toThrow("BCOO");
    expect(
      () => new BCOO(np.ones([1]), np.zeros([1, 1], "int32"), [4], { alowMaterialise: true } as never),
    ).toThrow("did you mean allowMaterialise?");
  });
  test("refuses to materialise unless it may", () => {
    expect(() => np.cos(x)).toThrow(
      "Refusing to materialise sparse matrix f32[3,4] with `allowMaterialise: false`. Make it with allowMaterialise: true, or call toDense() (cos has no rule for it",
    );
    expectSame(np.cos(x.enableMaterialise()), np.cos(dense(x)));
  });
  test("is made of a dense one, of the elements that are not 0", () => {
    const a = np.array([[0, 1, 0], [2, 0, 3]]); // prettier-ignore
    const s = BCOO.fromDense(a);
    expect([values(s.values), values(s.indices), s.uniqueIndices]).toEqual([
      [1, 2, 3],
      [0, 1, 1, 0, 1, 2],
      true,
    ]);
    expectSame(s, a);
    expect(values(BCOO.fromDense(a, { nse: 2 }).toDense())).toEqual([0, 1, 0, 2, 0, 0]);
    expect(values(BCOO.fromDense(a, { nse: 5 }).toDense())).toEqual([0, 1, 0, 2, 0, 3]);
    const rows = BCOO.fromDense(a, { nBatch: 1, allowMaterialise: true });
    expect([rows.values.shape, rows.indices.shape, rows.allowMaterialise]).toEqual([[2, 2], [2, 2, 1], true]);
    expectSame(rows, a);
    expectSame(jit((a: ArrayValue) => BCOO.fromDense(a, { nse: 3 }))(a), a);
    expect(() => jit((a: ArrayValue) => BCOO.fromDense(a))(a)).toThrow(
      "BCOO.fromDense without nse needs a concrete",
    );
    expect(() => BCOO.fromDense(a, { nBatch: 3 })).toThrow("nBatch must be an integer from 0");
    expect(() => BCOO.fromDense(np.array(3))).toThrow("no axis left to be sparse along");
    expectSame(BCOO.fromDense(np.zeros([2, 2])), np.zeros([2, 2]));
    const gradient = grad((a: ArrayValue) => np.sum(np.square(BCOO.fromDense(a, { nse: 3 }).toDense())))(a);
    expect(values(gradient)).toEqual([0, 2, 0, 4, 0, 6]);
  });
  test("sumDuplicates leaves one entry for each place, in order; sortIndices orders them", () => {
    const entries = new BCOO(np.array([1, 2, 3, 4]), np.array([[2], [0], [2], [9]], "int32"), [3]);
    const sums = entries.sumDuplicates();
    expect([values(sums.values), values(sums.indices)]).toEqual([[2, 4, 0, 0], [0, 2, 3, 3]]); // prettier-ignore
    expect(values(entries.sumDuplicates({ nse: 2 }).values)).toEqual([2, 4]);
    expect(values(entries.sortIndices().indices)).toEqual([0, 2, 2, 3]);
    for (const s of [x, batched, sparse(3, [2, 2], [5]), sparse(4, [], [3, 4], 1), sparse(5, [], [3], 0)]) {
      expectSame(s.sumDuplicates(), dense(s));
      expectSame(s.sortIndices(), dense(s));
      expectSame(jit((s: BCOO) => s.sumDuplicates() as ArrayValue)(s), dense(s));
    }
  });
  test("zeros like it have no entries, anything else like it is dense", () => {
    const zeros = np.zerosLike(batched);
    expect((zeros as BCOO).nse).toBe(0);
    expectSame(zeros, np.zeros([2, 3, 4]));
    expect(np.onesLike(x)).not.toBeInstanceOf(BCOO);
    expect(np.zerosLike(x, { shape: [2] })).not.toBeInstanceOf(BCOO);
    expectSame(quaxify((x: ArrayValue) => np.add(np.zerosLike(x), x))(x), dense(x));
  });
});

describe("elementwise", () => {
  const unary: readonly ((x: ArrayValue) => ArrayValue)[] = [
    np.negative, np.abs, np.sign, np.sin, np.tan, np.tanh, np.sinh, np.arctan, np.arcsinh, np.expm1, np.square, np.cbrt,
    np.floor, np.ceil, np.round, np.trunc, lax.erf, np.positive, np.conj, np.real, nn.relu, lax.stopGradient,
    (x) => np.power(x, 3), (x) => np.multiply(x, 3), (x) => np.multiply(3, x), (x) => np.divide(x, 2),
    (x) => np.maximum(x, 0), (x) => np.minimum(0.5, x), (x) => np.greater(x, 0.1), (x) => np.notEqual(x, 0),
    (x) => np.less(0, x), (x) => x.astype("int32"), (x) => x.astype("bfloat16"), (x) => x.astype("bool"),
    (x) => lax.pow(lax.abs(x), 0.5), (x) => np.clip(x, -1, 1), (x) => np.fmod(x, 2), (x) => np.sqrt(np.abs(x)),
  ]; // prettier-ignore
  test.each(unary)("%o keeps 0, so entries remain", (f) => {
    for (const s of [x, batched, x.sumDuplicates()]) keepsPattern(f, s);
  });
  test("a map that does not keep 0 is refused", () => {
    for (const f of [np.exp, np.cos, (x: ArrayValue) => np.maximum(x, 1), (x: ArrayValue) => np.equal(x, 0)])
      expect(() => quaxify(f)(x)).toThrow("Refusing to materialise sparse matrix");
    expect(() => quaxify((x: ArrayValue) => lax.integerPow(x, -1))(x)).toThrow("Refusing to materialise");
  });
  test.each([[[3, 4]], [[1, 4]], [[3, 1]], [[4]], [[]], [[2, 3, 4]], [[5, 1, 3, 4]]])(
    "with a dense array of shape %o",
    (shape) => {
      const y = normal(9, shape);
      for (const s of [x, batched]) {
        keepsPattern(np.multiply, s, y);
        keepsPattern(np.multiply, y, s);
        keepsPattern(np.divide, s, np.add(2, np.abs(y)));
        for (const f of [np.add, np.subtract]) {
          expect(agrees(f, s, y)).not.toBeInstanceOf(BCOO);
          agrees(f, y, s);
        }
      }
    },
  );
  test("what has no entry is 0 whatever it meets", () => {
    const s = new BCOO(np.array([2]), np.array([[1]], "int32"), [3]);
    expect(values(dense(np.multiply(s, np.array([NaN, 3, Infinity]))))).toEqual([0, 6, 0]);
    expect(values(dense(np.divide(s, np.array([0, 4, 0]))))).toEqual([0, 0.5, 0]);
  });
  test.each([
    [[], [3, 4], [], [3, 4]],
    [[2], [3, 4], [2], [3, 4]],
    [[2], [3, 4], [], [3, 4]],
    [[], [3, 4], [2, 3], [4]],
    [[], [1, 4], [], [3, 1]],
    [[2], [1, 1], [1], [3, 4]],
    [[5, 1], [4], [3], [4]],
  ])("of two sparse arrays, %o %o and %o %o", (b1, s1, b2, s2) => {
    const [a, b] = [sparse(11, b1, s1), sparse(12, b2, s2, 5)];
    for (const f of [
      np.add,
      np.subtract,
      np.multiply,
      np.maximum,
      np.minimum,
      np.notEqual,
      np.less,
      np.greater,
    ])
      keepsPattern(f, a, b);
  });
  test("chosen by a mask, dense or sparse", () => {
    const y = sparse(13, [], [3, 4]);
    keepsPattern((x, y) => np.where(np.greater(normal(5, [3, 4]), 0), x, y), x, y);
    keepsPattern((x, y) => np.where(true, x, y), x, y);
    keepsPattern((x, y) => np.where(np.greater(x, 0.5), x, y), x, y);
    keepsPattern((x, y) => lax.selectN(np.ones([3, 4], "int32"), x, y), x, y);
    const infinite = new BCOO(np.array([Infinity]), np.array([[1]], "int32"), [2]);
    expect(values(dense(np.where(np.array([true, false]), infinite, infinite)))).toEqual([0, Infinity]);
  });
  test("of two, it may materialise if both may", () => {
    const open = x.enableMaterialise();
    expect((np.add(open, x) as BCOO).allowMaterialise).toBe(false);
    expect((np.add(open, open) as BCOO).allowMaterialise).toBe(true);
    expect((np.multiply(open, open) as BCOO).allowMaterialise).toBe(true);
  });
  test("an axis that is broadcast keeps its entries once", () => {
    const s = sparse(5, [], [1, 4]);
    const wide = keepsPattern((x) => np.broadcastTo(x, [1000, 4]), s);
    expect([wide.nse, wide.repeated]).toEqual([6, [0]]);
    keepsPattern((x) => np.square(np.broadcastTo(x, [3, 4])), s);
    keepsPattern((x) => np.broadcastTo(np.broadcastTo(x, [3, 1, 4]), [3, 2, 4]), s);
    agrees((x) => np.sum(np.broadcastTo(x, [3, 4])), s);
    keepsPattern((x) => lax.broadcastInDim(x, [3, 5, 4], [0, 2]), s);
    keepsPattern((x) => lax.broadcastInDim(x, [4, 3], [1, 0]), s);
  });
});

describe("axes", () => {
  const s = sparse(6, [2, 3], [4, 5], 7);
  test.each([[[0, 1, 2, 3]], [[1, 0, 3, 2]], [[2, 3, 0, 1]], [[0, 2, 1, 3]], [[3, 2, 1, 0]]])(
    "transposed by %o",
    (axes) => void keepsPattern((x) => np.transpose(x, axes), s),
  );
  test.each([
    [[120]],
    [[2, 3, 20]],
    [[2, 60]],
    [[6, 4, 5]],
    [[2, 3, 2, 2, 5]],
    [[1, 2, 3, 4, 5, 1]],
    [[5, 4, 3, 2]],
  ])("reshaped to %o", (shape) => void keepsPattern((x) => np.reshape(x, shape), s));
  test("reshaped until no sparse axis is left, it is dense", () => {
    expect(agrees((x) => np.reshape(x, [2]), sparse(7, [2], [1, 1]))).not.toBeInstanceOf(BCOO);
    expectSame(np.reshape(sparse(7, [2, 3], [0, 4]), [0, 3]), np.zeros([0, 3]));
  });
  test.each([[[]], [[0]], [[1]], [[2]], [[3]], [[0, 1]], [[0, 2]], [[2, 3]], [[0, 3, 1]], [[0, 1, 2, 3]]])(
    "summed over %o",
    (axis) => void agrees((x) => np.sum(x, { axis }), s),
  );
  test.each([[[0]], [[1]], [[2]], [[3]], [[0, 1]], [[2, 3]], [[0, 3]], [[0, 1, 2, 3]]])(
    "extreme elements over %o: 0 takes part where there is no entry",
    (axis) => {
      const [low, most] = [np.multiply(np.abs(s), -1), sparse(9, [2, 3], [1, 2], 9)] as BCOO[];
      for (const f of [np.max, np.min]) for (const x of [s, low!, most!]) agrees((x) => f(x, { axis }), x);
      for (const f of [np.any, np.all])
        for (const x of [s, most!]) agrees((x) => f(np.notEqual(x, 0), { axis }), x);
    },
  );
  test("extreme elements that are reached by gradients", () => {
    const f = (x: ArrayValue) => np.sum(np.max(np.square(x), { axis: 1 }));
    const gradient = grad((s: BCOO) => quaxify(f)(s) as ArrayValue, { allowInt: true })(
      x.sumDuplicates(),
    ) as unknown as BCOO;
    expectValues(
      new BCOO(gradient.values, x.sumDuplicates().indices, x.shape).toDense(),
      values(grad(f)(dense(x))),
    );
  });
  test("means, kept axes", () => {
    agrees((x) => np.mean(x, { axis: 1 }), s);
    agrees((x) => np.sum(x, { axis: 2, keepdims: true }), s);
  });
  test.each([
    ["1:", ":", ":", ":"],
    [":", "::2", "1:3", "::2"],
    [":", ":", "3:", "1:2"],
    [":", ":", "4:", ":"],
  ])("sliced by %s, %s, %s, %s", (...slices) => void keepsPattern((x) => x.get(...slices), s));
  test.each([0, 1, 2, 3])("joined along axis %i", (axis) => {
    const other = sparse(8, [2], [3, 4, 5], 4);
    keepsPattern((x, y) => np.concatenate([x, y, x], axis), s, other);
  });
  test("batch axes are squeezed, sparse ones are not", () => {
    keepsPattern((x) => np.squeeze(x, 0), sparse(7, [1, 2], [3]));
    keepsPattern((x) => np.expandDims(x, 2), s);
    expect(() => np.squeeze(sparse(7, [2], [1, 3]), 1)).toThrow(
      "Cannot squeeze out a sparse dimension: BCOO of shape (2, 1, 3) has 1 batch dimensions, got dimensions (1,). Use np.sum",
    );
  });
});

describe("products", () => {
  const [m, v] = [normal(21, [4, 5]), normal(22, [4])];
  test("with matrices and vectors, on both sides", () => {
    agrees(matmul, x, m);
    agrees(matmul, x, v);
    agrees(matmul, normal(23, [2, 3]), x);
    agrees(matmul, normal(23, [3]), x);
    agrees(matmul, batched, m);
    agrees(matmul, batched, normal(24, [2, 4, 5]));
    agrees(matmul, normal(24, [2, 5, 3]), batched);
    agrees(matmul, x, sparse(25, [], [4, 5]));
    agrees(matmul, batched, sparse(25, [2], [4, 5], 9));
    agrees(np.outer, sparse(1, [], [3]), v);
    agrees(np.outer, sparse(1, [], [3]), sparse(2, [], [4]));
    agrees((x, y) => np.einsum("ij,kj->ki", x, y), x, normal(3, [5, 4]));
  });
  const layout = fc
    .record({ batch: fc.nat(2), contract: fc.nat(2), left: fc.nat(2), right: fc.nat(2), seed: fc.nat(999) })
    .chain((counts) => {
      const [l, r] = [
        counts.batch + counts.contract + counts.left,
        counts.batch + counts.contract + counts.right,
      ];
      const order = (n: number) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });
      return fc.record({
        counts: fc.constant(counts),
        l: order(l),
        r: order(r),
        split: fc.tuple(fc.nat(l), fc.nat(r)),
      });
    });
  test("any axes may be contracted, and any may be in step", () => {
    fc.assert(
      fc.property(layout, ({ counts: { batch, contract, seed }, l, r, split }) => {
        const sizes = (order: readonly number[]) =>
          order.map((_, axis) => {
            const pair = order.indexOf(axis);
            return pair < batch + contract ? 2 + (pair % 2) : 2;
          });
        const [a, b] = [sizes(l), sizes(r)];
        const dims = [
          [l.slice(batch, batch + contract), r.slice(batch, batch + contract)],
          [l.slice(0, batch), r.slice(0, batch)],
        ] as const;
        const xs = sparse(seed, a.slice(0, split[0]), a.slice(split[0]));
        const ys = sparse(seed + 1, b.slice(0, split[1]), b.slice(split[1]));
        const f = (x: ArrayValue, y: ArrayValue) => lax.dotGeneral(x, y, dims);
        const expected = f(dense(xs), dense(ys));
        expectSame(quaxify(f)(xs, dense(ys)), expected);
        expectSame(quaxify(f)(dense(xs), ys), expected);
        expectSame(quaxify(f)(xs, ys), expected);
      }),
      { numRuns: 60 },
    );
  });
  test("narrow floats are summed in wider ones, as in a dense product", () => {
    const ones = new BCOO(
      np.ones([300], "bfloat16"),
      np.array(
        Array.from({ length: 300 }, (_, i) => [i]),
        "int32",
      ),
      [300],
    );
    expect(values(np.dot(ones, np.ones([300], "bfloat16")))).toEqual([300]);
    agrees(
      (x, y) =>
        lax.dotGeneral(
          x,
          y,
          [
            [[1], [0]],
            [[], []],
          ],
          { preferredElementType: "float32" },
        ),
      x.sumDuplicates().astype("bfloat16"),
      m.astype("bfloat16"),
    );
    agrees(matmul, x.astype("int32"), np.ones([4, 2], "int32"));
  });
  test("the dense operand is never wide: what has no entry costs nothing", () => {
    const huge = new BCOO(np.array([1, 2]), np.array([[0, 3], [49_999, 0]], "int32"), [50_000, 40_000]); // prettier-ignore
    expect(values(np.matmul(np.ones([50_000]), huge)).slice(0, 4)).toEqual([2, 0, 0, 1]);
    expect(values(np.sum(np.multiply(huge, np.ones([1, 40_000])) as ArrayValue))).toEqual([3]);
    expect(values(np.sum(np.add(huge, huge)))).toEqual([6]);
    expect(values(np.sum(np.multiply(np.sin(huge), huge)))[0]).toBeCloseTo(Math.sin(1) + 2 * Math.sin(2));
  });
});

describe("derivatives", () => {
  const w = normal(31, [4, 5]);
  const onPattern = (f: (x: ArrayValue) => ArrayValue, s: BCOO): void => {
    const gradient = grad((s: BCOO) => quaxify(f)(s) as ArrayValue, { allowInt: true })(s) as unknown as BCOO;
    expect(gradient).toBeInstanceOf(BCOO);
    expect(gradient.indices).toBeInstanceOf(Zero);
    // The derivative with respect to an entry is the one with respect to the element that it is added to.
    const full = grad((d: ArrayValue) => f(d))(dense(s));
    const { entries } = s;
    const at = new BCOO(np.ones(s.values.shape), s.indices, s.shape);
    expectValues(gradient.values, values((np.multiply(at, full) as BCOO).values).map((g, i) => (values(inside(entries))[i] ? g : 0))); // prettier-ignore
  };
  const inside = (e: BCOO["entries"]): ArrayValue =>
    np.all(
      np.logicalAnd(np.greaterEqual(e.indices, 0), np.less(e.indices, np.array([...e.sizes], "int32"))),
      -1,
    );
  test.each<(x: ArrayValue) => ArrayValue>([
    (x) => np.sum(np.square(np.matmul(x, w))),
    (x) => np.sum(np.sin(x)),
    (x) => np.sum(np.multiply(np.square(x), x)),
    (x) => np.sum(np.square(np.add(x, np.ones([4])))),
    (x) => np.sum(np.tanh(np.sum(x, -1))),
    (x) => np.sum(np.square(np.reshape(np.swapaxes(x, -1, -2), [-1]))),
    (x) => np.sum(np.sqrt(np.square(x))),
  ])("%o has its gradient on the same pattern", (f) => {
    for (const s of [x, batched]) onPattern(f, s);
  });
  test("with respect to a dense partner", () => {
    const loss = (w: ArrayValue, s: ArrayValue) => np.sum(np.square(np.matmul(s, w)));
    const expected = grad(loss)(w, dense(batched));
    expectSame(grad(quaxify(loss))(w, batched), expected);
    expectSame(quaxify(grad(loss))(w, batched), expected);
  });
  test("forward", () => {
    const t = normal(32, [6]);
    const f = (values: ArrayValue) => np.matmul(new BCOO(values, x.indices, x.shape), w);
    expectSame(jvp(f, [x.values], [t])[1], f(t));
  });
});

test("vmap over the entries, and of the array itself", () => {
  const w = normal(41, [4, 5]);
  const expected = np.matmul(dense(batched), w);
  expectSame(vmap(quaxify(matmul), { inAxes: [0, null] })(batched, w), expected);
  const sines = vmap(quaxify((x: ArrayValue) => np.sin(x)))(batched);
  expect(sines).toBeInstanceOf(BCOO);
  expectSame(sines, np.sin(dense(batched)));
});

describe("beside other structure", () => {
  const square = sparse(51, [], [3, 3]);
  test("in loops, branches and checkpoints", () => {
    const powers = (m: ArrayValue, v: ArrayValue) =>
      lax.scan((c: ArrayValue) => [np.matmul(m, c), null] as const, v, null, { length: 3 })[0];
    agrees(powers, square, np.ones([3]));
    keepsPattern((x) => lax.foriLoop(0, 3, (_: unknown, c: ArrayValue) => np.multiply(c, 2), x), x);
    keepsPattern((x) => lax.cond(true, (x: ArrayValue) => np.sin(x), (x: ArrayValue) => np.tan(x), x), x); // prettier-ignore
    keepsPattern((x) => checkpoint((x: ArrayValue) => np.sin(x))(x), x);
  });
  test("a quantity may hold it or be in it, and a low-rank sum may meet it", () => {
    const metres = new Unitful(x, metre);
    const doubled = quaxify((q: ArrayValue) => np.multiply(q, q))(metres) as Unitful;
    expectSame(doubled.array, np.square(dense(x)));
    const entries = np.multiply(new Unitful(np.array(2), metre), x) as BCOO;
    expect(entries.values).toBeInstanceOf(Unitful);
    expectSame((entries.toDense() as Unitful).array, np.multiply(2, dense(x)));
    expect(() => np.add(x, new Unitful(np.ones([3, 4]), metre))).toThrow("units");
    const w = normal(52, [5, 3]);
    const adapted = lora.LoraArray.of(w, normal(53, [5, 2]), normal(54, [2, 3]), { allowMaterialise: true });
    const sum = adapted.materialise();
    expectSame(np.matmul(adapted, x), np.matmul(sum, dense(x)));
    expectSame(np.matmul(x.T, np.transpose(adapted)), np.matmul(dense(x).T, sum.T));
  });
});
