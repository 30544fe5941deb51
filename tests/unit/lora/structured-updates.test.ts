import { type ArrayValue, lora, numpy as np, random, tree } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const w = normal(0, [6, 8]);
const key = random.key(1);
const update = (adapted: lora.AdaptedArray) => np.subtract(adapted.dense(), w);

// The formulas are those of PEFT's layers.

test("LohaArray adds the product of two low-rank matrices, element by element", () => {
  const start = new lora.LohaArray(w, { rank: 2, alpha: 6, key });
  const adapted = tree.at((l) => l.w2b, start, normal(2, [2, 8]));
  const { w1a, w1b, w2a, w2b } = adapted;
  expectValues(
    update(adapted),
    values(np.multiply(3, np.multiply(np.matmul(w1a, w1b), np.matmul(w2a, w2b)))),
  );
});

describe("LokrArray", () => {
  test("adds a Kronecker product", () => {
    const start = new lora.LokrArray(w, { rank: 4, alpha: 8, key });
    expect([start.w1, start.w2].map((factor) => factor.map((x) => x.shape))).toEqual([[[2, 2]], [[3, 4]]]);
    const adapted = tree.at((l) => l.w1[0], start, normal(2, [2, 2]));
    expectValues(update(adapted), values(np.multiply(2, np.kron(adapted.w1[0], adapted.w2[0]))));
  });

  test("has thin factors where they are smaller, and sizes as asked for", () => {
    const shapes = (options: Partial<lora.LokrOptions>) => {
      const { w1, w2 } = new lora.LokrArray(np.zeros([127, 64]), { rank: 1, key, ...options });
      return [w1, w2].map((factor) => factor.map((x: ArrayValue) => x.shape));
    };
    expect(shapes({})).toEqual([[[1, 8]], [[127, 1], [1, 8]]]); // prettier-ignore
    expect(shapes({ decomposeFactor: 4, decomposeBoth: true })).toEqual([[[1, 1], [1, 4]], [[127, 1], [1, 16]]]); // prettier-ignore
    expect(shapes({ decomposeFactor: 5 })[0]).toEqual([[1, 4]]);
  });
});

test("VeraArray adds scaled rows of two matrices that weights share", () => {
  const [sharedB, sharedA] = [normal(2, [9, 3]), normal(3, [3, 8])];
  const start = new lora.VeraArray(w, { sharedB, sharedA, dInitial: 0.5 });
  expectValues(start.lambdaD, [0.5, 0.5, 0.5]);
  const adapted = tree.at((l) => l.lambdaB, start, normal(4, [6]));
  const inner = np.multiply(np.expandDims(adapted.lambdaD, 1), sharedA);
  expectValues(
    update(adapted),
    values(np.multiply(np.expandDims(adapted.lambdaB, 1), np.matmul(sharedB.get(":6"), inner))),
  );
  expect(() => new lora.VeraArray(w, { sharedB: normal(2, [5, 3]), sharedA })).toThrow(
    "sharedB has at least 6 rows",
  );
  expect(() => new lora.VeraArray(w, {} as lora.VeraOptions)).toThrow(
    "needs the matrices that weights share",
  );
});

test("Ia3Array scales rows, or columns of a feedforward layer", () => {
  const [rows, columns] = [normal(2, [6]), normal(3, [8])];
  expectValues(new lora.Ia3Array(w, { scale: rows }).dense(), values(np.multiply(w, np.expandDims(rows, 1))));
  expectValues(
    new lora.Ia3Array(w, { scale: columns, feedforward: true }).dense(),
    values(np.multiply(w, columns)),
  );
  expect(() => new lora.Ia3Array(w, { scale: columns })).toThrow("takes 6 factors, got shape (8,)");
});

test("FusedLoraArray adapts each part by itself", () => {
  const fused = new lora.FusedLoraArray(w, { sizes: [2, 1, 3], rank: [1, null, 2], alpha: 4, key });
  expect(fused.parts.map((part) => part && [part.a.shape, part.b.shape, part.scaling])).toEqual([
    [[2, 1], [1, 8], 4],
    null,
    [[3, 2], [2, 8], 2],
  ]); // prettier-ignore
  const moved = tree.at((l) => l.parts[2]!.b, fused, normal(5, [2, 8]));
  expectValues(update(moved).get(":3"), values(np.zeros([3, 8])));
  expectValues(
    update(moved).get("3:"),
    values(np.multiply(2, np.matmul(moved.parts[2]!.a, moved.parts[2]!.b))),
  );
  expect(() => new lora.FusedLoraArray(w, { sizes: [3, 4], rank: 1, key })).toThrow("add up to 7");
  expect(() => new lora.FusedLoraArray(w, { sizes: [3, 3], rank: [1], key })).toThrow("there are 2 parts");
});

test("weights that are no matrices, and ranks that are none, are refused", () => {
  const options = { rank: 1, key };
  expect(() => new lora.LohaArray(np.ones([2, 3, 4]), options)).toThrow(
    "adapts a matrix, got shape (2, 3, 4): use vmap",
  );
  expect(() => new lora.LokrArray(w, { rank: 0, key })).toThrow(
    "rank must be a positive integer, got the number 0",
  );
  expect(() => new lora.LohaArray(w, { rank: 1 } as lora.LohaOptions)).toThrow("lora.LohaArray needs a key");
});
