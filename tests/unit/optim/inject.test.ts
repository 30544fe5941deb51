import { type ArrayValue, jit, numpy as np, optim } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const params = { w: np.array([1, -2]), b: np.array([3]) };
const gradient = { w: np.array([0.5, 0.25]), b: np.array([-1]) };
type State = optim.InjectHyperparamsState<"rate" | "b1", readonly unknown[]>;

// Numbers of optax 0.2.8.
test("settings of an optimiser may be schedules, and are in its state", () => {
  const optimizer = optim.injectHyperparams(({ rate, b1 }) => optim.adam(rate, { b1 }), {
    rate: optim.linearSchedule(0.1, 0, 4),
    b1: 0.8,
  });
  let state: State = optimizer.init(params);
  expectValues(state.hyperparams.rate, 0.1);
  const step = jit((s: State) => optimizer.update(gradient, s, params));
  for (const rate of [0.1, 0.075, 0.05]) {
    const [updates, next] = step(state);
    state = next;
    expectValues(np.concatenate([updates.w, updates.b]), [-rate, -rate, rate]);
    expectValues(state.hyperparams.rate, rate);
  }
});

test("one without a schedule may be changed, and needs no new program", () => {
  const optimizer = optim.injectHyperparams(({ rate }) => optim.sgd(rate), { rate: 2 });
  let traced = 0;
  const step = jit((s: optim.InjectHyperparamsState<"rate", readonly unknown[]>, g: { w: ArrayValue }) => {
    traced++;
    return optimizer.update(g, s);
  });
  const g = { w: np.array([3], "bfloat16") };
  const [first, state] = step(optimizer.init(g), g);
  const [second] = step({ ...state, hyperparams: { rate: np.array(5) } }, g);
  expect([first.w, second.w].map((x) => [x.dtype, np.astype(x, "float32").item()])).toEqual([
    ["bfloat16", -6],
    ["bfloat16", -15],
  ]);
  expect(traced).toBe(1);
});

test("a schedule may have a state, which sees what else the step was given", () => {
  const falling: optim.StatefulSchedule<{ best: ArrayValue }> = {
    init: () => ({ best: np.array(Infinity) }),
    update: ({ best }, { value }) => ({ best: np.minimum(best, value!) }),
    value: ({ best }) => np.where(np.isfinite(best), best, 1),
  };
  const optimizer = optim.injectStatefulHyperparams(({ rate }) => optim.sgd(rate), { rate: falling });
  let state = optimizer.init(params);
  const rates: unknown[] = [];
  for (const value of [0.5, 0.75, 0.25, 1]) {
    const [updates, next] = optimizer.update({ w: np.array([-1]) }, state, params, { value });
    rates.push(updates.w.item());
    state = next;
  }
  expect(rates).toEqual([1, 0.5, 0.5, 0.25]);
});
