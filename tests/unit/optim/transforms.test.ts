import { type ArrayValue, numpy as np, optim, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const updates = { a: np.array([3, -4]), b: np.array([12]) };
type Updates = typeof updates;
const apply = (transform: optim.GradientTransformation, params: unknown = updates, times = 1): Updates => {
  let [out, state] = [updates, transform.init(params)];
  for (let i = 0; i < times; i++) [out, state] = transform.update(updates, state, params);
  return out;
};

describe("scaling", () => {
  test("by a number, a schedule, a learning rate", () => {
    expectValues(apply(optim.scale(2)).a, [6, -8]);
    expectValues(apply(optim.scaleBySchedule(optim.linearSchedule(1, 0, 4)), {}, 3).a, [1.5, -2]);
    expectValues(apply(optim.scaleByLearningRate(np.array(0.5))).b, -6);
    expectValues(apply(optim.scaleByLearningRate(optim.constantSchedule(0.5))).b, -6);
    expect(() => optim.scaleByLearningRate("0.1" as never)).toThrow(
      "a learning rate is a number, an array or a schedule",
    );
    expect(() => optim.lbfgs({ memorySize: 5 } as never)).toThrow("options come after it");
  });
});

describe("clipping", () => {
  test("cuts elements", () => {
    expectValues(apply(optim.clip(3.5)).a, [3, -3.5]);
  });

  test("scales all down to a norm, or leaves them", () => {
    expectValues(optim.globalNorm(updates), 13);
    expectValues(optim.globalNorm(apply(optim.clipByGlobalNorm(1))), 1);
    expectValues(apply(optim.clipByGlobalNorm(100)).a, [3, -4]);
  });

  test("counts no structural zeros", () => {
    expectValues(optim.globalNorm({ a: new Zero([2], "float32"), b: null }), 0);
  });
});

describe("momentum", () => {
  test("is the decaying sum of updates", () => {
    expectValues(apply(optim.trace(0.5), updates, 3).b, 12 * 1.75);
    expectValues(apply(optim.trace(0.5, { nesterov: true }), updates, 2).b, 12 * 1.75);
  });
});

describe("weight decay", () => {
  test("adds to the update, where the mask says so", () => {
    const params = { a: np.array([1, 1]), b: np.array([1]) };
    expectValues(apply(optim.addDecayedWeights(0.5), params).a, [3.5, -3.5]);
    const masked = apply(optim.addDecayedWeights(0.5, { mask: { a: false, b: true } }), params);
    expectValues(np.concatenate([masked.a, masked.b]), [3, -4, 12.5]);
    const byFunction = optim.addDecayedWeights(0.5, {
      mask: (p: Updates) => ({ a: p.a.size > 1, b: false }),
    });
    expectValues(apply(byFunction, params).a, [3.5, -3.5]);
    expectValues(apply(optim.addDecayedWeights(optim.linearSchedule(1, 0, 2)), params, 2).b, 12.5);
  });

  test("needs the parameters, and booleans", () => {
    const transform = optim.addDecayedWeights(0.5);
    expect(() => transform.update(updates, transform.init(updates))).toThrow(
      "needs the parameters: update(updates, state, params)",
    );
    expect(() => apply(optim.addDecayedWeights(0.5, { mask: { a: 1, b: true } }))).toThrow(
      "a mask holds booleans, got the number 1",
    );
  });
});

describe("Adam's scaling", () => {
  test("makes first steps of size 1", () => {
    expectValues(apply(optim.scaleByAdam()).a, [1, -1]);
    expectValues(apply(optim.scaleByAdam({ eps: 3 })).a, [0.5, -4 / 7]);
  });

  test("keeps the dtype of its state, whatever that of the gradients", () => {
    const transform = optim.scaleByAdam();
    const state = transform.init({ a: np.ones([2]) });
    const [, next] = transform.update({ a: np.ones([2], "bfloat16") }, state);
    const { mu, nu } = next as { mu: { a: ArrayValue }; nu: { a: ArrayValue } };
    expect([mu.a.dtype, nu.a.dtype, next.count.item()]).toEqual(["float32", "float32", 1]);
  });
});

test("a chain applies one after another, with a list of states", () => {
  const chain = optim.chain(optim.clipByGlobalNorm(1), optim.scale(-2), optim.identity());
  expectValues(optim.globalNorm(apply(chain)), 2);
  expect(chain.init(updates).length).toBe(3);
  expect(() => chain.update(updates, [])).toThrow("the state of 3 transformations is a list of as many");
});
