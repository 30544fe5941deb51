import { jit, numpy as np, optim } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const at = (schedule: optim.Schedule, ...counts: number[]) =>
  np.stack(counts.map((count) => np.asarray(schedule(count))));

describe("a schedule is that of optax", () => {
  test("constant and linear", () => {
    expectValues(at(optim.constantSchedule(0.3), 0, 9), [0.3, 0.3]);
    expectValues(
      at(optim.linearSchedule(1, 0.1, 10, { transitionBegin: 3 }), 0, 3, 8, 13, 99),
      [1, 1, 0.55, 0.1, 0.1],
    );
    expectValues(at(optim.linearSchedule(1, 0, 0), 5), [1]);
  });

  test("polynomial", () => {
    expectValues(at(optim.polynomialSchedule(1, 0, 2, 4), 0, 1, 2, 4, 9), [1, 0.5625, 0.25, 0, 0]);
  });

  test("cosine, with a floor and a power", () => {
    expectValues(at(optim.cosineDecaySchedule(2, 10), 0, 5, 10, 20), [2, 1, 0, 0]);
    expectValues(at(optim.cosineDecaySchedule(2, 10, { alpha: 0.1, exponent: 2 }), 0, 5, 10), [2, 0.65, 0.2]);
  });

  test("exponential, in steps or not, up to a limit", () => {
    expectValues(at(optim.exponentialDecay(1, 5, 0.5), 0, 5, 10), [1, 0.5, 0.25]);
    expectValues(
      at(
        optim.exponentialDecay(1, 5, 0.5, { transitionBegin: 2, staircase: true, endValue: 0.3 }),
        6,
        7,
        11,
        12,
      ),
      [1, 0.5, 0.5, 0.3],
    );
    expectValues(at(optim.exponentialDecay(1, 1, 2, { endValue: 3 }), 1, 2), [2, 3]);
  });

  test("warm up, then down", () => {
    const schedule = optim.warmupCosineDecaySchedule(0, 1, 4, 12, { endValue: 0.5 });
    expectValues(at(schedule, 0, 2, 4, 8, 12, 20), [0, 0.5, 1, 0.75, 0.5, 0.5]);
  });

  test("piecewise and joined", () => {
    expectValues(at(optim.piecewiseConstantSchedule(1, { 6: 0.5, 3: 0.1 }), 0, 2, 3, 6), [1, 1, 0.1, 0.05]);
    const joined = optim.joinSchedules([optim.constantSchedule(1), optim.linearSchedule(2, 0, 4)], [5]);
    expectValues(at(joined, 0, 4, 5, 7, 9), [1, 1, 2, 1, 0]);
  });

  // Numbers of optax 0.2.8.
  test("warm up, then stay, or decay exponentially", () => {
    expectValues(at(optim.warmupConstantSchedule(0.1, 1, 4), 0, 1, 4, 9), [0.1, 0.325, 1, 1]);
    const options = { transitionBegin: 1, endValue: 0.3 };
    expectValues(
      at(optim.warmupExponentialDecaySchedule(0, 1, 4, 5, 0.5, options), 0, 2, 4, 5, 7, 10, 30),
      [0, 0.5, 1, 1, 0.75785828, 0.5, 0.3],
    );
    expectValues(
      at(optim.warmupExponentialDecaySchedule(0, 1, 4, 5, 0.5, { staircase: true }), 0, 2, 4, 8, 9, 14),
      [0, 0.5, 1, 1, 0.5, 0.25],
    );
  });

  test("on the way from value to value", () => {
    expectValues(
      at(optim.piecewiseInterpolateSchedule("linear", 1, { 8: 0.01, 4: 0.1 }), 0, 2, 4, 6, 8, 10),
      [1, 0.55, 0.1, 0.0505, 0.001, 0.001],
    );
    expectValues(
      at(optim.piecewiseInterpolateSchedule("cosine", 2, { 4: 0.5, 10: 0.2 }), 0, 1, 3, 4, 7, 10, 12),
      [2, 1.8535534, 1.1464466, 1, 0.6, 0.2, 0.2],
    );
    expectValues(at(optim.piecewiseInterpolateSchedule("linear", 2), 0, 5), [2, 2]);
  });

  test("in one cycle, or several", () => {
    expectValues(
      at(optim.linearOnecycleSchedule(20, 1), 0, 3, 6, 10, 17, 18, 20, 25),
      [0.04, 0.52, 1, 0.65090907, 0.04, 0.026668, 4e-6, 4e-6],
    );
    expectValues(
      at(optim.cosineOnecycleSchedule(20, 1), 0, 3, 6, 10, 17, 20, 25),
      [0.04, 0.52, 1, 0.81174564, 0.10908782, 4e-6, 4e-6],
    );
    const cycles = optim.sgdrSchedule([
      { initValue: 0, peakValue: 1, warmupSteps: 2, decaySteps: 6, endValue: 0.1 },
      { initValue: 0.1, peakValue: 0.5, warmupSteps: 1, decaySteps: 4 },
    ]);
    expectValues(at(cycles, 0, 1, 2, 4, 6, 7, 9, 10, 12), [0, 0.5, 1, 0.55, 0.1, 0.5, 0.125, 0, 0]);
  });

  test("under jit too", () => {
    const schedule = optim.cosineDecaySchedule(2, 10);
    expectValues(jit(schedule as (count: never) => unknown)(np.int32(5) as never), 1);
  });
});

test("a linear warmup and decay meet at the peak", () => {
  expectValues(at(optim.warmupLinearDecaySchedule(0, 1, 4, 12), 0, 1, 4, 8, 12, 20), [0, 0.25, 1, 0.5, 0, 0]);
  const above = optim.warmupLinearDecaySchedule(0.2, 1, 4, 12, { endValue: 0.5 });
  expectValues(at(above, 0, 8, 99), [0.2, 0.75, 0.5]);
});

test("what makes no schedule is refused", () => {
  expect(() => optim.cosineDecaySchedule(1, 0)).toThrow("decaySteps must be positive, got the number 0");
  expect(() => optim.linearSchedule(1, 0, 2.5)).toThrow("transitionSteps must be an integer");
  expect(() => optim.warmupCosineDecaySchedule(0, 1, 5, 5)).toThrow(
    "decaySteps must be more than warmupSteps",
  );
  expect(() => optim.joinSchedules([optim.constantSchedule(1)], [3])).toThrow(
    "1 schedules need 0 boundaries, got 1",
  );
  expect(() => optim.piecewiseConstantSchedule(1, { 3: -1 })).toThrow(
    "must not be negative, got the number -1 at step 3",
  );
  expect(() => optim.warmupLinearDecaySchedule(0, 1, 5, 4)).toThrow("got the number 4 and the number 5");
  expect(() => optim.piecewiseInterpolateSchedule("square" as "linear", 1)).toThrow('"linear" or "cosine"');
  expect(() => optim.piecewiseInterpolateSchedule("linear", 1, { 3: -1 })).toThrow("must not be negative");
  expect(() => optim.cosineOnecycleSchedule(0, 1)).toThrow("must be a positive integer, got the number 0");
  expect(() => optim.sgdrSchedule([])).toThrow("0 schedules need 0 boundaries");
  expect(() => optim.linearSchedule(1, 0, 2, { begin: 3 } as never)).toThrow(
    "optim.polynomialSchedule has no option begin",
  );
});
