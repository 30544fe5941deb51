import { mkdtempSync } from "node:fs";
import { grad, jit, numpy as np, optim, type ArrayValue } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("slow parameters reach the minimum, behind fast ones", () => {
  const optimizer = optim.lookahead(optim.sgd(0.2, { momentum: 0.5 }), 5, 0.5);
  const loss = ({ x }: { x: ArrayValue }) => np.sum(np.square(np.subtract(x, 3)));
  const first = { x: np.array([10, -10]) };
  const step = jit((both: optim.LookaheadParams<typeof first>, state: ReturnType<typeof optimizer.init>) => {
    const [updates, next] = optimizer.update(grad(loss)(both.fast) as typeof first, state, both);
    return [optim.applyUpdates(both, updates), next] as const;
  });
  let [both, state] = [{ fast: first, slow: first }, optimizer.init({ fast: first, slow: first })];
  for (let i = 0; i < 60; i++) [both, state] = step(both, state);
  expect(np.allclose(both.slow.x, 3, { atol: 1e-2 }).item()).toBe(true);
  expectValues(both.slow.x, both.fast.x.toList() as number[]);
});

test("it wants two copies, and a period", () => {
  expect(() => optim.lookahead(optim.sgd(1), 0, 0.5)).toThrow("syncPeriod is at least 1, got the number 0");
  expect(() => optim.lookahead(optim.sgd(1), 2, 0.5).init({ x: np.ones([1]) } as never)).toThrow(
    "optim.lookahead takes two copies of the parameters: { fast: params, slow: params }",
  );
});

test("a run keeps the key of noise and the state of averages", () => {
  const optimizer = optim.chain(optim.addNoise(0.1, 0.5, 3), optim.ema(0.9));
  const g = { x: np.array([1, 2]) };
  const file = `${mkdtempSync("/tmp/cotangent-")}/run.safetensors`;
  const begin = optimizer.init(g);
  const run = new optim.Run(file, begin, { saveEvery: 1 });
  run.advance(optimizer.update(g, run.state)[1]);
  const again = new optim.Run(file, begin);
  expectValues(
    optimizer.update(g, again.state)[0].x,
    optimizer.update(g, run.state)[0].x.toList() as number[],
  );
});
