import {
  type ArrayValue,
  files,
  grad,
  inspect,
  jit,
  lax,
  lora,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  valueAndGrad,
  values as arrayTypes,
  vmap,
} from "cotangent";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { dataFile } from "../../../examples/topics.ts";
import { dynamic8, normal4 } from "../../../src/values/codebooks.ts";
import { expectValues, values } from "../arrays.ts";

const { Dynamic8, Nf4, QuantisedArray } = arrayTypes;
const normal = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), [...shape]);
const dense = (x: ArrayValue): ArrayValue => (x instanceof QuantisedArray ? x.dequantise() : x);
const matmul = (x: ArrayValue, y: ArrayValue): ArrayValue => np.matmul(x, y);
const small = { blockSize: 4 };

const golden = files.openSafetensors(dataFile("golden-step.safetensors"));
afterAll(() => golden.close());

describe("the tables", () => {
  test("are those of bitsandbytes, in float32", () => {
    expect([normal4, dynamic8].map((table) => table.every((x) => Math.fround(x) === x))).toEqual([
      true,
      true,
    ]);
    expect(dynamic8.length).toBe(256);
    const picked = [0, 1, 63, 92, 126, 127, 128, 137, 138, 159, 162, 182, 190, 191, 203, 216, 239, 254, 255];
    expect(picked.map((i) => dynamic8[i])).toEqual([
      -0.992968738079071, -0.9789062738418579, -0.10703125596046448, -0.019843751564621925, -5.500000384017767e-7,
      0, 5.500000384017767e-7, 0.0003812500217463821, 0.000493750034365803, 0.011406250298023224,
      0.019843751564621925, 0.07609374821186066, 0.09859374910593033, 0.10703125596046448, 0.2757812738418579,
      0.4585937261581421, 0.782031238079071, 0.992968738079071, 1,
    ]); // prettier-ignore
    expect([...dynamic8].sort((a, b) => a - b)).toEqual(dynamic8);
    expect(dynamic8.slice(0, 127).map((x) => -x)).toEqual(dynamic8.slice(128, 255).toReversed());
  });
});

describe("quantising", () => {
  test("gives the bytes, scales and floats of bitsandbytes", () => {
    const q = Nf4.quantise(golden.get("nf4.weight"));
    expect(q.codes.toList()).toEqual(golden.get("nf4.packed").toList());
    expect(q.absmax.toList()).toEqual(golden.get("nf4.absmax").toList());
    expect(q.dequantise().toList()).toEqual(golden.get("nf4.dequant").toList());
  });

  test("takes the nearest of the values, of two the lesser, times the largest of the block", () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(2, 8, 64),
        (seed, n, blockSize) => {
          const x = normal(seed, [n]);
          const q = Nf4.quantise(x, { blockSize });
          const given = values(x);
          const got = values(q.dequantise());
          given.forEach((value, i) => {
            const from = i - (i % blockSize);
            const most = Math.max(...given.slice(from, from + blockSize).map(Math.abs));
            const nearest = Math.min(...normal4.map((level) => Math.abs(level * most - value)));
            expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(nearest + 1e-6 * most);
          });
        },
      ),
      { numRuns: 30 },
    );
    const halfway = Math.fround((normal4[8]! + normal4[7]!) / 2);
    expect(values(Nf4.quantise(np.array([1, halfway]), small).codes)).toEqual([0xf7]);
  });

  test("packs two elements into a byte, the first one higher, and 0 beside the last of an odd number", () => {
    expect(values(Nf4.quantise(np.array([1, -1, 0, 1, -1]), small).codes)).toEqual([0xf0, 0x7f, 0x07]);
    const zeros = Nf4.quantise(np.zeros([2, 3]), small);
    expect(values(zeros.dequantise()).every((x) => x === 0)).toBe(true);
    expect(Nf4.quantise(np.zeros([0, 3])).shape).toEqual([0, 3]);
  });

  test("of scales too takes 8 bits for each, of how far they are from their mean", () => {
    const x = normal(1, [3, 96]);
    const [plain, double] = [Nf4.quantise(x, small), Nf4.quantise(x, { ...small, doubleQuantise: true })];
    const scale = double.absmax as arrayTypes.Dynamic8;
    expect(scale).toBeInstanceOf(Dynamic8);
    expect(values(double.codes)).toEqual(values(plain.codes));
    const given = values(plain.absmax);
    expectValues(scale.offset, given.reduce((sum, a) => sum + a, 0) / given.length);
    const mean = values(scale.offset)[0]!;
    const most = Math.max(...given.map((a) => Math.abs(a - mean)));
    expectValues(scale.absmax, most);
    values(scale.dequantise()).forEach((a, i) => {
      const nearest = Math.min(...dynamic8.map((level) => Math.abs(level * most + mean - given[i]!)));
      expect(Math.abs(a - given[i]!)).toBeLessThanOrEqual(nearest + 1e-6);
    });
    expectValues(double.dequantise(), values(np.multiply(plain.dequantise(), np.repeat(np.divide(scale.dequantise(), plain.absmax), 4).reshape([3, 96])))); // prettier-ignore
  });

  test("stands for an array of the dtype of what it was made of", () => {
    const half = Nf4.quantise(normal(1, [2, 3]).astype("bfloat16"), small);
    expect([half.dtype, half.absmax.dtype, half.dequantise().dtype]).toEqual([
      "bfloat16",
      "float32",
      "bfloat16",
    ]);
    expect(np.matmul(half, np.ones([3], "bfloat16")).dtype).toBe("bfloat16");
    expect((half.astype("float32") as unknown as arrayTypes.Nf4).dequantise().dtype).toBe("float32");
  });

  test("is of parts that fit, and of floats", () => {
    const q = Nf4.quantise(normal(2, [4, 6]), small);
    const again = new Nf4(q.codes, q.absmax, [4, 6], small);
    expect(values(again.dequantise())).toEqual(values(q.dequantise()));
    expect(() => new Nf4(q.codes, q.absmax, [4, 6])).toThrow(
      "Nf4: an array of shape (4, 6) in blocks of 64 has codes (…, 12) and absmax (…, 1), got (12,) and (6,)",
    );
    expect(() => new Nf4(q.absmax, q.codes, [4, 6], small)).toThrow("codes must be uint8 and absmax float32");
    expect(() => new Nf4(3 as never, q.absmax, [4, 6])).toThrow(
      "Nf4: codes must be an array, got the number 3",
    );
    expect(() => new Nf4(q.codes, q.absmax, [4, 6], { ...small, standsFor: "int8" })).toThrow(
      "a dtype of floats",
    );
    expect(() => Nf4.quantise(normal(2, [4]), { blockSize: 6 })).toThrow("blockSize is a power of two, got");
    expect(() => Nf4.quantise(np.ones([4], "int32"))).toThrow(
      "takes an array of floats of 16 or 32 bits, got",
    );
    expect(() => Nf4.quantise(normal(2, [4]), { doubleQuantize: true } as never)).toThrow(
      "did you mean doubleQuantise?",
    );
    const scale = Dynamic8.quantise(q.absmax);
    expect(() => new Dynamic8(scale.codes, scale.absmax, np.ones([2]), [6])).toThrow("offset has one number");
    expect(() => new Dynamic8(scale.codes, scale.absmax, 1 as never, [6])).toThrow(
      "offset must be a float32 array",
    );
    expect(values(new Dynamic8(scale.codes, scale.absmax, scale.offset, [6]).dequantise())).toEqual(
      values(scale.dequantise()),
    );
  });

  test("forms the array of floats only on demand", () => {
    const x = normal(3, [4, 6]);
    expect(() => np.sin(Nf4.quantise(x))).toThrow("Refusing to materialise `Nf4` f32[4,6]");
    const open = Nf4.quantise(x, { allowMaterialise: true });
    expectValues(np.sin(open), values(np.sin(open.dequantise())));
    expectValues(open.astype("int32"), values(open.dequantise().astype("int32")));
  });
});

describe("rules", () => {
  const table = Nf4.quantise(normal(5, [7, 6]), { ...small, doubleQuantise: true });
  /** Compares `f` of the codes with `f` of the floats, in every mode. */
  function agrees(f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]): ArrayValue {
    const expected = f(...xs.map(dense));
    const outs = [quaxify(f, { strict: true }), jit(quaxify(f)), quaxify(jit(f)), f].map((run) => run(...xs));
    for (const out of outs) {
      expect([out.shape, out.dtype]).toEqual([expected.shape, expected.dtype]);
      expectValues(dense(out), values(expected));
    }
    return outs[0]!;
  }
  test("axes move, and dtypes change, without a change of the codes", () => {
    expect(agrees((x) => np.transpose(x), table)).toBeInstanceOf(Nf4);
    expect(agrees((x) => lax.stopGradient(x), table)).toBeInstanceOf(Nf4);
    expect(agrees((x) => np.transpose(np.transpose(x, [1, 0])), table)).toBeInstanceOf(Nf4);
    const cube = Nf4.quantise(normal(6, [2, 3, 5]), small);
    expect(agrees((x) => np.transpose(np.transpose(x, [2, 0, 1]), [0, 2, 1]), cube)).toBeInstanceOf(Nf4);
    const same = np.transpose(table) as unknown as arrayTypes.Nf4;
    expect(same.codes).toBe(table.codes);
  });
  test("what is taken out is a plain array", () => {
    agrees((x) => x.get("1:5", "::2"), table);
    agrees((x, i) => lax.dynamicSlice(x, [i, 1], [2, 3]), table, np.array(3, "int32"));
    agrees((x, ids) => x.get(ids), table, np.array([[0, 6], [3, -1]], "int32")); // prettier-ignore
    agrees((x, ids) => np.take(x, ids, { axis: 1, mode: "clip" }), table, np.array([0, 9, 2], "int32"));
    agrees((x, ids) => np.take(np.transpose(x), ids, { axis: 1 }), table, np.array([6, 1], "int32"));
  });

  const layout = fc
    .record({ batch: fc.nat(2), contract: fc.nat(2), left: fc.nat(2), right: fc.nat(2), seed: fc.nat(999) })
    .chain((counts) => {
      const order = (n: number) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });
      const shared = counts.batch + counts.contract;
      return fc.record({
        counts: fc.constant(counts),
        l: order(shared + counts.left),
        r: order(shared + counts.right),
      });
    });
  test("products contract and keep any axes, with plain arrays and quantised ones", () => {
    fc.assert(
      fc.property(layout, fc.boolean(), ({ counts: { batch, contract, seed }, l, r }, doubleQuantise) => {
        const sizes = (order: readonly number[]) =>
          order.map((_, axis) => (order.indexOf(axis) % 2 === 0 ? 2 : 3));
        const dims = [
          [l.slice(batch, batch + contract), r.slice(batch, batch + contract)],
          [l.slice(0, batch), r.slice(0, batch)],
        ] as const;
        const of = (order: readonly number[], seed: number) =>
          Nf4.quantise(normal(seed, sizes(order)), { ...small, doubleQuantise });
        const [x, y] = [of(l, seed), of(r, seed + 1)];
        const f = (x: ArrayValue, y: ArrayValue) => lax.dotGeneral(x, y, dims);
        const expected = values(f(dense(x), dense(y)));
        const run = quaxify(f, { strict: true });
        for (const out of [run(x, dense(y)), run(dense(x), y), run(x, y)]) expectValues(out, expected);
      }),
      { numRuns: 12 },
    );
  });
  test("products with 8-bit integers, with keys, with vectors and of transposes", () => {
    agrees(matmul, table, normal(7, [6]));
    agrees((x, w) => np.matmul(x, w.T), normal(7, [2, 6]), table);
    agrees(matmul, normal(7, [2, 7]), table);
    agrees((x, w) => np.matmul(x, w.T), arrayTypes.Quantised.quantise(normal(7, [2, 6])), table);
  });
  test("vmap over codes and scales, or over what they meet", () => {
    const stack = vmap((w: ArrayValue) => Nf4.quantise(w, { ...small, doubleQuantise: true }))(normal(8, [5, 4, 6])) as unknown as arrayTypes.Nf4; // prettier-ignore
    expect([stack.shape, stack.codes.shape]).toEqual([[5, 4, 6], [5, 12]]); // prettier-ignore
    const x = normal(9, [5, 6]);
    const expected = values(vmap(matmul)(dense(stack), x));
    expectValues(vmap(quaxify(matmul))(stack as unknown as ArrayValue, x), expected);
    expectValues(jit(vmap(quaxify(matmul)))(stack as unknown as ArrayValue, x), expected);
    expectValues(np.einsum("bnm,bm->bn", stack, x), expected);
    expectValues(np.transpose(stack, [0, 2, 1]) instanceof Nf4 ? dense(np.transpose(stack, [0, 2, 1])) : 0, values(np.transpose(dense(stack), [0, 2, 1]))); // prettier-ignore
    expect(() => np.transpose(stack, [1, 0, 2])).toThrow("Refusing to materialise");
    expectValues(
      vmap(quaxify(matmul), { inAxes: [null, 0] })(table, x),
      values(np.matmul(x, dense(table).T)),
    );
  });
});

describe("derivatives", () => {
  const w = Nf4.quantise(normal(10, [4, 6]), { ...small, doubleQuantise: true });
  const x = normal(12, [6]);
  const loss = (w: ArrayValue, x: ArrayValue) => np.sum(np.square(np.matmul(w, x)));
  test("reach the other operand, and neither codes nor scales", () => {
    const expected = values(grad(loss, { argnums: 1 })(dense(w), x));
    for (const run of [grad(quaxify(loss), { argnums: 1 }), jit(grad(quaxify(loss), { argnums: 1 }))])
      expectValues(run(w, x), expected);
    const own = grad((w: arrayTypes.Nf4) => quaxify(loss)(w, x) as ArrayValue, { allowInt: true })(w);
    const scale = (own as unknown as arrayTypes.Nf4).absmax as arrayTypes.Dynamic8;
    for (const part of [scale.absmax, scale.offset]) expect(values(part).every((g) => g === 0)).toBe(true);
  });
  test("keep the codes for the backward pass, not the floats", () => {
    const residuals = inspect.savedResiduals((x: ArrayValue) => quaxify(loss)(w, x))(x);
    expect(String(residuals)).toContain("u8[12]");
    expect(String(residuals)).not.toContain("f32[4,6]");
  });
});

describe("compiled", () => {
  const shape = [512, 384] as const;
  const bytes = 4 * shape[0] * shape[1];
  const kinds: Record<string, (w: ArrayValue) => ArrayValue> = {
    "of 8 bits": (w) => arrayTypes.Quantised.quantise(w),
    "of 4 bits": (w) => Nf4.quantise(w),
    "of 4 bits, with scales of 8 bits": (w) => Nf4.quantise(w, { doubleQuantise: true }),
  };
  const w = normal(20, shape);
  /** No kernel writes an array of the size of a weight, and nothing in memory takes a good part of it. */
  function neverWhole(f: (...args: never[]) => unknown, ...args: readonly unknown[]): void {
    const { kernels, memory } = inspect.kernels(f)(...args);
    expect(kernels.length).toBeGreaterThan(5);
    for (const { writes } of kernels)
      for (const { aval, bytes: written } of writes) {
        expect(aval).not.toMatch(/\[(512,384|384,512|196608)\]/);
        expect(written).toBeLessThan(bytes / 2);
      }
    const sizes = memory.temporaries.map((x) => x.bytes);
    expect(sizes.filter((size) => size > bytes / 3)).toEqual([]);
    expect(memory.bytes).toBeLessThan(bytes);
  }
  test.each(Object.entries(kinds))(
    "a weight %s is never there as floats, forward or backward, neither as a result nor while it is used",
    (_, quantise) => {
      const layer = new nn.Linear(384, 512, { key: random.key(1), useBias: false });
      const model = lora.loraify(tree.at((l) => l.weight, layer, quantise(w)), { rank: 4, key: random.key(2) }); // prettier-ignore
      const [train, rest] = tree.partition(model, lora.trainable(model));
      const loss = (train: nn.Linear, xs: ArrayValue) =>
        np.sum(np.square(vmap(quaxify(tree.combine(train, rest)))(xs)));
      const step = jit(valueAndGrad(loss, { argnums: [0, 1] }));
      neverWhole(step, train, normal(21, [40, 384]));
    },
  );
  test("nor are weights of 4 bits whose rows have lengths of their own, or several that meet the same array", () => {
    const weights = [w, normal(25, shape), normal(26, shape)].map((x) => Nf4.quantise(x));
    const [a, b] = [normal(27, [512, 4]), normal(28, [4, 384])];
    const x = normal(21, [40, 384]);
    const product = quaxify((w: ArrayValue, x: ArrayValue) => np.sum(np.sin(np.matmul(x, w.T))));
    const dora = (factors: readonly ArrayValue[], x: ArrayValue) =>
      product(lora.DoraArray.of(weights[0]!, factors[0]!, factors[1]!, { magnitude: factors[2]! }), x);
    neverWhole(jit(grad(dora, { argnums: [0, 1] })), [a, b, np.ones([512])], x);
    const three = (x: ArrayValue) =>
      weights.map((w) => product(w, x)).reduce((sum, each) => np.add(sum, each));
    neverWhole(jit(grad(three)), x);
  });
  test("its product is one kernel, which reads codes and scales, and explain names the rule", () => {
    const q = Nf4.quantise(w);
    const product = quaxify((w: ArrayValue, x: ArrayValue) => np.matmul(x, w.T));
    const x = np.ones([40, 384]);
    const { kernels } = inspect.kernels(jit(product))(q, x);
    expect(kernels.length).toBe(1);
    expect(kernels[0]!.reads.map(({ aval }) => aval).sort()).toEqual(
      ["f32[16]", "f32[3072]", "f32[40,384]", "u8[98304]"], // prettier-ignore
    );
    const { equations } = inspect.explain(product)(q, x);
    expect(equations.at(-1)!.rule).toBe("dot_general(ArrayValue, Blockwise)");
  });
  test.each(Object.entries(kinds))(
    "products with a weight %s are those with its floats, from either side",
    (_, quantise) => {
      const q = quantise(normal(22, [70, 100]));
      const [x, y] = [normal(23, [131, 100]), normal(24, [70, 131])];
      const right = (w: ArrayValue, x: ArrayValue) => np.matmul(x, w.T);
      const back = (w: ArrayValue, y: ArrayValue) => np.matmul(w.T, y);
      for (const [f, other] of [[right, x], [back, y], [matmul, x.T]] as const)
      expect(np.max(np.abs(np.subtract(jit(quaxify(f))(q, other), f(dense(q), other)))).item()).toBeLessThan(1e-4); // prettier-ignore
    },
  );
});

describe("as the base of a low-rank adaptation", () => {
  const key = random.key(3);
  const isLinear = (node: unknown): node is nn.Linear => node instanceof nn.Linear;
  const inPlace = (model: nn.MLP, change: (w: ArrayValue) => ArrayValue): nn.MLP =>
    tree.mapWith(
      { isLeaf: isLinear },
      (leaf: unknown) => (isLinear(leaf) ? tree.at((l) => l.weight, leaf, change(leaf.weight)) : leaf),
      model,
    );
  const four = inPlace(new nn.MLP(3, 2, 8, 2, { key }), (w) => Nf4.quantise(w, { ...small, doubleQuantise: true })); // prettier-ignore
  const floats = inPlace(four, dense);
  const x = normal(14, [3]);
  const adapted = (model: nn.MLP): nn.MLP => {
    const fresh = lora.loraify(model, { rank: 2, key });
    return tree.at((m) => m.layers[0]!.weight, fresh, lora.LoraArray.of(model.layers[0]!.weight, normal(1, [8, 2]), normal(2, [2, 3]))); // prettier-ignore
  };
  test("adapters train as they do over the floats", () => {
    expectValues(quaxify(adapted(four))(x), values(quaxify(adapted(floats))(x)));
    const gradient = (model: nn.MLP) => {
      const [train, rest] = tree.partition(model, lora.trainable(model));
      const loss = (t: nn.MLP, x: ArrayValue) => np.sum(np.square(quaxify(tree.combine(t, rest))(x)));
      return tree.leaves(jit(grad(loss))(train, x));
    };
    const [got, wanted] = [four, floats].map((model) => gradient(adapted(model))) as [unknown[], unknown[]];
    expect(got.length).toBe(6);
    got.forEach((leaf, i) => expectValues(leaf, values(wanted[i])));
  });
  test("with lengths of rows of their own, and merged", () => {
    const [w, plain] = [four.layers[1]!.weight, floats.layers[1]!.weight];
    const of = (w: ArrayValue) => lora.DoraArray.of(w, normal(4, [8, 2]), normal(5, [2, 8]));
    expectValues(np.matmul(of(w), normal(6, [8])), values(np.matmul(of(plain), normal(6, [8]))));
    expectValues(lora.mergeAndUnload(adapted(four)).forward(x), values(quaxify(adapted(floats))(x)));
    const errors: number[] = [];
    const again = lora.mergeAndUnload(adapted(four), { requantise: true, onError: ({ relative }) => errors.push(relative) }); // prettier-ignore
    const first = again.layers[0]!.weight as unknown as arrayTypes.Nf4;
    expect([first.blockSize, first.absmax instanceof Dynamic8]).toEqual([4, true]);
    expect(errors.length).toBe(3);
    expect(errors.every((error) => error < 0.2)).toBe(true);
    const turned = np.transpose(Nf4.quantise(normal(7, [4, 8]), small)) as unknown as arrayTypes.Nf4;
    expectValues(turned.quantiseLike(turned.dequantise()).dequantise(), values(turned.dequantise()));
  });
});
