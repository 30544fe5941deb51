import { type ArrayValue, customJvp, jvp, lora, numpy as np, quaxify, random } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const [w, a, b, magnitude] = [normal(0, [4, 5]), normal(1, [4, 2]), normal(2, [2, 5]), normal(3, [4])];
const sum = np.add(w, np.multiply(2, np.matmul(a, b)));
const norms = np.linalg.norm(sum, { axis: 1 });
const x = normal(4, [5]);

describe("DoraArray", () => {
  test("gives each row its direction and its length", () => {
    const expected = np.multiply(np.expandDims(np.divide(magnitude, norms), 1), sum);
    expectValues(lora.DoraArray.of(w, a, b, { scaling: 2, magnitude }).dense(), values(expected));
    expectValues(lora.DoraArray.of(w, a, b, { scaling: 2 }).magnitude, values(norms));
    expectValues(
      new lora.DoraArray(w, { rank: 2, key: random.key(0) }).magnitude,
      values(np.linalg.norm(w, { axis: 1 })),
    );
    expect(() => lora.DoraArray.of(w, a, b, { magnitude: np.ones([5]) })).toThrow(
      "each row of w of shape (4, 5) has a length",
    );
  });

  test("has lengths for each row of a batch of matrices", () => {
    const [ws, as, bs] = [normal(5, [3, 4, 5]), normal(6, [3, 4, 1]), normal(7, [3, 1, 5])];
    const dora = lora.DoraArray.of(ws, as, bs);
    expectValues(dora.magnitude, values(np.linalg.norm(np.add(ws, np.matmul(as, bs)), { axis: -1 })));
    expectValues(np.matmul(dora, x), values(np.matmul(np.add(ws, np.matmul(as, bs)), x)));
  });

  test("shows what was dropped to the adapter only, as PEFT does", () => {
    const key = random.key(9);
    const keyed = lora.withKey(lora.DoraArray.of(w, a, b, { scaling: 2, magnitude, dropout: 0.5 }), key);
    const mask = random.bernoulli(random.foldIn(key, 0), 0.5, [5]);
    const seen = np.where(mask, np.multiply(x, 2), 0);
    const share = np.divide(magnitude, norms);
    const update = np.multiply(2, np.matmul(a, np.matmul(b, seen)));
    const expected = np.add(
      np.matmul(w, x),
      np.add(np.multiply(np.subtract(share, 1), np.matmul(w, seen)), np.multiply(share, update)),
    );
    const f = (m: ArrayValue) => np.matmul(m, x);
    for (const run of [f, quaxify(f)]) expectValues(run(keyed), values(expected));
  });

  test("has a tangent that is a plain array, where forming it is allowed", () => {
    const dora = lora.DoraArray.of(w, a, b, { magnitude, allowMaterialise: true });
    const f = customJvp((m: ArrayValue) => np.matmul(m, x));
    f.defjvp(([m], [t]) => [np.matmul(m!, x), np.matmul(t!, x)]);
    const change = lora.DoraArray.of(w, normal(10, [4, 2]), normal(11, [2, 5]), {
      magnitude: normal(12, [4]),
      allowMaterialise: true,
    });
    const [, t] = jvp(
      quaxify((m: ArrayValue) => f(m)),
      [dora],
      [change],
    );
    const [, expected] = jvp((m: lora.DoraArray) => np.matmul(m.dense(), x), [dora], [change]);
    expectValues(t, values(expected));
  });

  test("looks up no rows", () => {
    expect(() => lora.DoraArray.of(w, a, b).get(np.array([0, 1], "int32"))).toThrow(
      "Refusing to materialise",
    );
  });
});
