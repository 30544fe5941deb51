import {
  type ArrayValue,
  jit,
  lax,
  nn,
  numpy as np,
  optim,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const start = { w: np.array([1, -2]), b: np.array([3]) };
const gradientAt = (i: number) => ({
  w: np.array([0.5 * (i + 1), 0.25 * (i + 1)]),
  b: np.array([-1 / (i + 1)]),
});

function train(optimizer: optim.GradientTransformation<optim.MultiStepsState>, steps: number) {
  let traced = 0;
  const step = jit((grads: typeof start, state: optim.MultiStepsState, params: typeof start) => {
    traced++;
    const [updates, next] = optimizer.update(grads, state, params);
    return [optim.applyUpdates(params, updates), next, updates] as const;
  });
  let [params, state, updates] = [start, optimizer.init(start), start];
  const seen: (typeof start)[] = [];
  for (let i = 0; i < steps; i++) {
    [params, state, updates] = step(gradientAt(i), state, params);
    seen.push(updates);
  }
  expect(traced).toBe(1);
  return { params, state, seen };
}
const counts = ({ miniStep, gradientStep }: optim.MultiStepsState) => [miniStep.item(), gradientStep.item()];

// Numbers of optax 0.2.8.
describe("multiSteps", () => {
  test.each([
    [true, [0.80603087, -2.1939692, 3.1872392]],
    [false, [0.80603087, -2.1939692, 3.1872392]],
  ])("steps with the mean of several gradients, or their sum: %s", (useGradMean, expected) => {
    const { params, state, seen } = train(optim.multiSteps(optim.adam(0.1), 3, { useGradMean }), 7);
    expectValues(np.concatenate([params.w, params.b]), expected);
    expectValues(np.concatenate([seen[1]!.w, seen[2]!.w, seen[3]!.b]), [0, 0, -0.09999934, -0.09999934, 0]);
    expect(counts(state)).toEqual([1, 2]);
    expectValues((state.accGrads as typeof start).w, [3.5, 1.75]);
  });

  test("of a number that may change", () => {
    const every: optim.Schedule = (step) => np.where(np.less(step, 1), 2, 3);
    const { seen } = train(optim.multiSteps(optim.sgd(0.1), every), 6);
    expectValues(np.concatenate(seen.map(({ b }) => b)), [0, 0.075, 0, 0, 0.02611111, 0]);
  });

  test("accumulates in float32, whatever the dtype of the gradients", () => {
    const optimizer = optim.multiSteps(optim.scale(1), 9, { useGradMean: false });
    const gradients = [256, 1, 1, 1, 1, 1, 1, 1, 1].map((x) => ({ w: np.array([x], "bfloat16") }));
    let [updates, state] = [gradients[0]!, optimizer.init(gradients[0])];
    for (const gradient of gradients) [updates, state] = optimizer.update(gradient, state);
    // In bfloat16, 256 + 1 is 256.
    expect([updates.w.dtype, np.astype(updates.w, "float32").item()]).toEqual(["bfloat16", 264]);
    expect((state.accGrads as typeof updates).w.dtype).toBe("float32");
  });

  test("accumulates in a loop of a program too", () => {
    const optimizer = optim.multiSteps(optim.adam(0.1), 3);
    const all = [0, 1, 2].map(gradientAt);
    const [w, b] = [np.stack(all.map((g) => g.w)), np.stack(all.map((g) => g.b))];
    type Carry = readonly [typeof start, optim.MultiStepsState<readonly unknown[]>];
    const body = ([params, state]: Carry, gradient: typeof start): [Carry, null] => {
      const [updates, next] = optimizer.update(gradient, state, params);
      return [[optim.applyUpdates(params, updates), next], null];
    };
    const [[params]] = lax.scan(body, [start, optimizer.init(start)] as Carry, { w, b });
    expectValues(np.concatenate([params.w, params.b]), [0.90000069, -2.0999994, 3.0999994]);
  });

  test("refuses what is no number of gradients", () => {
    expect(() => optim.multiSteps(optim.sgd(1), 0)).toThrow(
      "everyK must be a positive integer, got the number 0",
    );
  });
});

describe("gradients of parts of unequal size", () => {
  const linear = new nn.Linear(3, 4, { key: random.key(0) });
  const x = random.normal(random.key(1), [12, 3]);
  const labels = np.array([0, 1, -100, 2, -100, -100, -100, -100, 3, 3, 0, -100], "int32");
  const lossOf = (model: nn.Linear, from: number, to: number) =>
    optim.meanCrossEntropy(vmap(model)(lax.sliceInDim(x, from, to)), lax.sliceInDim(labels, from, to));
  const gradients = (model: nn.Linear, from: number, to: number) =>
    valueAndGrad((m: nn.Linear) => lossOf(m, from, to), { hasAux: true })(model);

  test("add up to that of the whole, where each comes with its weight", () => {
    const optimizer = optim.multiSteps(optim.sgd(1), 3);
    let [updates, state] = [linear, optimizer.init(linear)];
    // 3, 0 and 3 labels count.
    for (const [from, to] of [
      [0, 4],
      [4, 8],
      [8, 12],
    ] as const) {
      // prettier-ignore
      const [[, weight], grads] = gradients(linear, from, to);
      [updates, state] = optimizer.update(grads, state, linear, { weight });
    }
    const [[, count], whole] = gradients(linear, 0, 12);
    expect(count.item()).toBe(6);
    expectValues(updates.weight, np.ravel(np.negative(whole.weight)).toList() as number[]);
    expect(tree.leaves(updates).every((u) => np.all(np.isfinite(u as ArrayValue)).item())).toBe(true);
  });

  test("do not without", () => {
    const optimizer = optim.chain(optim.multiSteps(optim.sgd(1), 2));
    const [, first] = gradients(linear, 0, 1);
    const [, second] = gradients(linear, 1, 12);
    const run = (w1?: number, w2?: number) => {
      const [, state] = optimizer.update(first, optimizer.init(linear), linear, { weight: w1 });
      return optimizer.update(second, state, linear, { weight: w2 })[0].weight;
    };
    const [, whole] = gradients(linear, 0, 12);
    expect(np.allclose(np.negative(run(1, 5)), whole.weight).item()).toBe(true);
    expect(np.allclose(np.negative(run()), whole.weight).item()).toBe(false);
  });
});
