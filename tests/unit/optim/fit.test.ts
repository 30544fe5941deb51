import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArrayValue, grad, nn, numpy as np, optim, random, vmap } from "cotangent";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bits } from "./run/training.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cotangent-fit-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const x = random.normal(random.key(1), [24, 3]);
const y = np.sum(np.multiply(x, np.array([1, -2, 0.5])), { axis: 1, keepdims: true });
type Batch = { readonly x: ArrayValue; readonly y: ArrayValue };
const errorOf = (model: nn.Linear, { x, y }: Batch) => np.mean(np.square(np.subtract(vmap(model)(x), y)));
const linear = new nn.Linear(3, 1, { key: random.key(2) });
const common = {
  optimiser: optim.adam(0.1),
  steps: 9,
};
const batchAt = optim.dataBatches({ x, y }, 8, random.key(3));
const noisy = (model: nn.Linear, { x, y }: Batch, { key }: { readonly key: ArrayValue }) =>
  errorOf(model, { x: np.add(x, np.multiply(0.1, random.normal(key, x.shape))), y });
const numbersOf = (model: nn.Linear) => [model.weight.toList(), model.bias!.toList()];

describe("fit", () => {
  test("takes the steps that a loop written by hand takes", async () => {
    const { params, metrics, steps } = await optim.fit(linear, batchAt, { ...common, loss: errorOf });
    let [model, moments] = [linear, common.optimiser.init(linear)];
    const losses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const batch = batchAt(i);
      losses.push(errorOf(model, batch).item() as number);
      const [updates, next] = common.optimiser.update(grad(errorOf)(model, batch), moments, model);
      [model, moments] = [optim.applyUpdates(model, updates), next];
    }
    expect(steps).toBe(9);
    metrics["loss"]!.forEach(([step, value], i) => {
      expect(step).toBe(i);
      expect(value).toBeCloseTo(losses[i]!, 5);
    });
    expect(np.allclose(params.weight, model.weight, { rtol: 1e-5 }).item()).toBe(true);
  });

  test("goes on from its file, to the bit as if it had not been ended", async () => {
    const options = {
      ...common,
      loss: noisy,
      key: random.key(5),
      saveEvery: 2,
      evaluateEvery: 3,
      evaluate: (model: nn.Linear) => ({ whole: errorOf(model, { x, y }) }),
      earlyStop: { metric: "whole", patience: 3, restore: true },
    };
    const whole = await optim.fit(linear, batchAt, options);
    const file = join(folder, "ended.safetensors");
    const ended = optim.fit(linear, batchAt, {
      ...options,
      file,
      progress: ({ step }) => {
        if (step === 5) throw new Error("the power fails");
      },
    });
    await expect(ended).rejects.toThrow("the power fails");
    const steps: number[] = [];
    const resumed = await optim.fit(linear, batchAt, {
      ...options,
      file,
      progress: ({ step }) => void steps.push(step),
    });
    expect(steps).toEqual([5, 6, 7, 8, 9]);
    const bitsOf = ({ params, metrics }: typeof whole) => bits({ state: params, metrics });
    expect(bitsOf(resumed)).toBe(bitsOf(whole));
    const again = await optim.fit(linear, batchAt, {
      ...options,
      file,
      progress: () => expect.fail("it is over"),
    });
    expect(bitsOf(again)).toBe(bitsOf(whole));
  });

  test("ends early where evaluations get no better, with the parameters of the best", async () => {
    const found = [5, 3, 4, 3, 2.5, 1];
    const seen: unknown[] = [];
    const { params, steps, metrics } = await optim.fit(linear, batchAt, {
      ...common,
      loss: errorOf,
      evaluateEvery: 1,
      evaluate: (model) => {
        seen.push(numbersOf(model));
        return { error: found[seen.length - 1]! };
      },
      earlyStop: { metric: "error", patience: 3, minDelta: 0.5, restore: true },
    });
    expect(steps).toBe(5); // 4, 3 and 2.5 are not better than 3 by more than 0.5
    expect(metrics["error"]!.map(([step]) => step)).toEqual([1, 2, 3, 4, 5]);
    expect(numbersOf(params)).toEqual(seen[1]);
  });

  test("greater numbers may be better", async () => {
    const found = [1, 2, 1, 1, 9];
    const { steps } = await optim.fit(linear, batchAt, {
      ...common,
      loss: errorOf,
      evaluateEvery: 1,
      evaluate: () => ({ accuracy: found.shift()! }),
      earlyStop: { metric: "accuracy", patience: 2, mode: "max" },
    });
    expect(steps).toBe(4);
  });

  test("asks for batches ahead of the steps that need them, in order and once", async () => {
    const told: string[] = [];
    const later = async (step: number) => {
      told.push(`asked ${step}`);
      await Promise.resolve();
      return batchAt(step);
    };
    await optim.fit(linear, later, {
      ...common,
      steps: 4,
      loss: errorOf,
      prefetch: 2,
      progress: ({ step }) => void told.push(`done ${step}`),
    });
    expect(told).toEqual([
      "asked 0",
      "asked 1",
      "asked 2",
      "done 1",
      "asked 3",
      "done 2",
      "done 3",
      "done 4",
    ]);
  });

  test("a batch that fails ends it where it is needed", async () => {
    const failing = (step: number) =>
      step === 2 ? Promise.reject(new Error("no such file")) : Promise.resolve(batchAt(step));
    const fitted = optim.fit(linear, failing, { ...common, loss: errorOf });
    await expect(fitted).rejects.toThrow("no such file");
  });

  test("hands state and what is fixed to the loss, and records what that measures", async () => {
    const { state, metrics } = await optim.fit(linear, batchAt, {
      ...common,
      steps: 3,
      fixed: np.array(2),
      state: np.zeros([]),
      loss: (model, batch, { fixed, state }) => {
        const loss = np.multiply(fixed, errorOf(model, batch));
        return [loss, { state: np.add(state, 1), measured: { half: np.divide(loss, fixed) } }];
      },
    });
    expect(state.item()).toBe(3);
    metrics["half"]!.forEach(([, half], i) => expect(2 * half).toBeCloseTo(metrics["loss"]![i]![1], 6));
  });

  test("gives line searches the value, the gradient and the function", async () => {
    const whole = () => ({ x, y });
    const { metrics } = await optim.fit(linear, whole, {
      optimiser: optim.lbfgs(),
      loss: errorOf,
      steps: 12,
    });
    expect(metrics["loss"]!.at(-1)![1]).toBeLessThan(1e-8); // a quadratic of 4 numbers
  });

  test("consists of steps that can be taken alone", async () => {
    const { params } = await optim.fit(linear, batchAt, { ...common, loss: errorOf, steps: 2 });
    const step = optim.trainStep<nn.Linear, Batch>(errorOf, common.optimiser);
    const context = { key: random.key(0), fixed: undefined };
    const start = { params: linear, moments: common.optimiser.init(linear), state: undefined };
    const [first] = step(start, batchAt(0), context);
    const [second, { loss }] = step(first, batchAt(1), context);
    expect(numbersOf(second.params)).toEqual(numbersOf(params));
    expect((loss as ArrayValue).item()).toBe(errorOf(first.params, batchAt(1)).item());
  });

  test("tells how far it is", async () => {
    const at: optim.Progress[] = [];
    await optim.fit(linear, batchAt, {
      ...common,
      loss: errorOf,
      progress: (progress) => void at.push(progress),
    });
    expect(at.map(({ step, steps }) => [step, steps])).toEqual(
      Array.from({ length: 9 }, (_, i) => [i + 1, 9]),
    );
    expect(at.map(({ isLast }) => isLast)).toEqual(at.map(({ step }) => step === 9));
    for (const { latest, seconds, msPerStep, step } of at) {
      expect(Object.keys(latest)).toEqual(["loss"]);
      expect(msPerStep).toBeCloseTo((1000 * seconds) / step, 6);
    }
  });

  test("refuses what makes no training", async () => {
    const options = { ...common, loss: errorOf };
    const refused = (more: object, message: string) =>
      expect(optim.fit(linear, batchAt, { ...options, ...more })).rejects.toThrow(message);
    await refused({ steps: 0 }, "optim.fit: steps is a positive integer, got the number 0");
    await refused({ prefetch: -1 }, "optim.fit: prefetch is an integer and not negative, got the number -1");
    await refused({ step: 3 }, "did you mean steps?");
    await refused({ earlyStop: { metric: "error", patience: 1 } }, "give evaluate and evaluateEvery");
    const evaluate = () => ({ error: 1 });
    await refused({ evaluate, earlyStop: { metric: "loss", patience: 1 } }, "measures error, and not loss");
    await refused({ evaluate: () => ({ loss: 1 }) }, "loss is measured in each step");
    await refused(
      { evaluate, earlyStop: { metric: "error", patience: 1, mode: "up" } },
      'mode is "min" or "max"',
    );
    await refused(
      { evaluate, earlyStop: { metric: "error", patience: 1, minDelta: -1 } },
      "minDelta is not negative",
    );
  });
});

describe("dataBatches", () => {
  test("are the rows that batches names, of each array", () => {
    const at = optim.batches(24, 8, random.key(3));
    for (const step of [0, 2, 3]) {
      const { x: rows } = batchAt(step);
      expect(rows.toList()).toEqual(np.take(x, at(step), { axis: 0 }).toList());
    }
  });

  test("refuse arrays of unequal rows", () => {
    expect(() => optim.dataBatches({ x, y: y.get(":3") }, 2, random.key(0))).toThrow(/\.?y.*24 rows/);
    expect(() => optim.dataBatches({}, 2, random.key(0))).toThrow("a tree of arrays");
  });
});
