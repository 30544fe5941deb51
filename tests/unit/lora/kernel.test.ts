import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  makeJaxpr,
  numpy as np,
  quaxify,
  random,
  tree,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const [w, a, b] = [normal(0, [5, 3, 2, 2]), normal(1, [5, 2]), normal(2, [2, 3, 2, 2])];
const kernel = new lora.LoraKernel(w, a, b, { scaling: 1.5 });
const dense = np.add(w, np.multiply(1.5, np.einsum("or,rihw->oihw", a, b)));
const x = normal(3, [2, 3, 6, 5]);
const convs: Record<string, (x: ArrayValue, k: ArrayValue) => ArrayValue> = {
  plain: (x, k) => lax.conv(x, k, [1, 1], "VALID"),
  "strided and padded": (x, k) => lax.conv(x, k, [2, 1], "SAME"),
  "with features last": (x, k) =>
    lax.convGeneralDilated(np.transpose(x, [0, 2, 3, 1]), k, [1, 1], "SAME", {
      dimensionNumbers: ["NHWC", "OIHW", "NHWC"],
      rhsDilation: [2, 1],
    }),
};

describe("a LoraKernel", () => {
  test.each(Object.entries(convs))("convolves as the kernel it stands for: %s", (_, conv) => {
    const expected = values(conv(x, dense));
    for (const run of [conv, quaxify(conv), jit(conv)]) expectValues(run(x, kernel), expected);
    expectValues(conv(x, lora.merge(kernel)), expected);
    expectValues(lora.unmerge(lora.merge(kernel))._w, values(w));
    expectValues(kernel.dense(), values(dense));
  });

  test("is not formed", () => {
    const text = String(makeJaxpr(convs["plain"]!)(x, kernel));
    expect(text.match(/= conv_general_dilated/g)).toHaveLength(2);
    expect(text).not.toContain("f32[5,12]");
    expect(() => np.exp(kernel)).toThrow("Refusing to materialise `LoraKernel`");
    const grouped = (x: ArrayValue, k: ArrayValue) =>
      lax.convGeneralDilated(x, k, [1, 1], "VALID", { featureGroupCount: 2 });
    expect(() =>
      grouped(
        normal(4, [2, 6, 6, 5]),
        new lora.LoraKernel(normal(5, [4, 3, 2, 2]), normal(6, [4, 1]), normal(7, [1, 3, 2, 2])),
      ),
    ).toThrow("Refusing");
  });

  test("has gradients for a and b only", () => {
    const loss = (k: ArrayValue) => np.sum(np.square(convs["plain"]!(x, k)));
    const gradient = grad(loss)(kernel) as lora.LoraKernel;
    expect(gradient._w).toBeInstanceOf(Zero);
    const byHand = grad(
      (a: ArrayValue, b: ArrayValue) => loss(np.add(w, np.multiply(1.5, np.einsum("or,rihw->oihw", a, b)))),
      { argnums: [0, 1] },
    )(a, b);
    expect(np.allclose(gradient.a, byHand[0], { rtol: 1e-4 }).item()).toBe(true);
    expect(np.allclose(gradient.b, byHand[1], { rtol: 1e-4 }).item()).toBe(true);
    const [train] = tree.partition(kernel, lora.trainable(kernel));
    expect(tree.leavesWithPath(train).map(([path]) => tree.pathToString(path))).toEqual([".a", ".b"]);
  });

  test("drops elements of what meets the adapter", () => {
    const keyed = lora.withKey(new lora.LoraKernel(w, a, b, { dropout: 0.5 }), random.key(9));
    const mask = random.bernoulli(random.foldIn(random.key(9), 0), 0.5, x.shape);
    const update = np.subtract(dense, w);
    const conv = convs["plain"]!;
    const expected = np.add(conv(x, w), np.divide(conv(np.where(mask, np.multiply(2, x), 0), update), 1.5));
    expectValues(conv(x, keyed), values(expected));
  });

  test("is made of parts that fit", () => {
    expect(() => new lora.LoraKernel(w, b, a)).toThrow("for w of shape (out, in, …window), a is (out, rank)");
  });
});
