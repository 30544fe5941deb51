import { type ArrayValue, grad, jit, numpy as np, optim, tree, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

interface Params {
  readonly w: ArrayValue;
  readonly frozen: ArrayValue;
}
const start: Params = { w: np.array([5, -3]), frozen: np.array([1, 2]) };
const loss = ({ w }: Params) => np.sum(np.square(np.subtract(w, np.array([1, 2]))));

function train(optimizer: optim.GradientTransformation, steps: number): Params {
  let traced = 0;
  const step = jit((params: Params, state: unknown) => {
    traced++;
    const [updates, next] = optimizer.update(grad(loss)(params) as Params, state, params);
    return [optim.applyUpdates(params, updates), next] as const;
  });
  let [params, state] = [start, optimizer.init(start)];
  for (let i = 0; i < steps; i++) [params, state] = step(params, state);
  expect(traced).toBe(1);
  return params;
}

describe("an optimiser", () => {
  test.each([
    ["sgd", optim.sgd(0.1), 60],
    ["sgd with momentum", optim.sgd(0.02, { momentum: 0.9 }), 250],
    ["sgd with Nesterov's momentum", optim.sgd(0.02, 0.9, true), 250],
    ["adam", optim.adam(0.3), 250],
    ["adam with a schedule", optim.adam(optim.cosineDecaySchedule(0.5, 200)), 200],
    ["adamw", optim.adamw(0.3, { weightDecay: 1e-7 }), 250],
    ["a clipped one", optim.chain(optim.clipByGlobalNorm(1), optim.sgd(np.array(0.1))), 150],
  ])("finds the minimum, traced once: %s", (_, optimizer, steps) => {
    const { w, frozen } = train(optimizer, steps);
    (w.toList() as number[]).forEach((x, i) => expect(x).toBeCloseTo([1, 2][i]!, 2));
    expect(frozen.toList()).toEqual([1, 2]);
  });

  test("takes optax's first steps", () => {
    const optimizer = optim.adamw(0.1, { weightDecay: 0.5 });
    const [updates] = optimizer.update({ w: np.array([2]) }, optimizer.init({ w: np.array([4]) }), {
      w: np.array([4]),
    });
    expectValues(updates.w, -0.1 * (1 + 0.5 * 4));
  });

  test("does not decay what has no gradient", () => {
    const optimizer = optim.adamw(0.1, { weightDecay: 0.5 });
    const grads = { w: np.array([1, 1]), frozen: new Zero([2], "float32") };
    const [updates, state] = optimizer.update(grads, optimizer.init(start), start);
    expect(optim.applyUpdates(start, updates).frozen === start.frozen).toBe(true);
    expect(tree.structure(state).equals(tree.structure(optimizer.init(start)))).toBe(true);
  });

  test("works on the part of a model that is trained", () => {
    const [part, rest] = tree.partition(start, { w: true, frozen: false });
    const optimizer = optim.adamw(0.1);
    const grads = grad((p: Params) => loss(tree.combine(p, rest)))(part) as Params;
    const [updates, state] = optimizer.update(grads, optimizer.init(part), part);
    expect(optim.applyUpdates(part, updates).frozen).toBeNull();
    expect(tree.leaves(state).length).toBe(3);
  });

  test("refuses unknown options", () => {
    expect(() => optim.sgd(0.1, { momentun: 0.9 } as never)).toThrow(
      "optim.sgd has no option momentun; did you mean momentum?",
    );
    expect(() => optim.adamw(0.1, { weightDecays: 1 } as never)).toThrow("did you mean weightDecay?");
  });
});

describe("applyUpdates", () => {
  test("adds, in the parameter's dtype", () => {
    const { x } = optim.applyUpdates({ x: np.ones([2], "bfloat16") }, { x: np.array([0.5, 1]) });
    expect([x.dtype, x.astype("float32").toList()]).toEqual(["bfloat16", [1.5, 2]]);
  });

  test("keeps what has no update", () => {
    const params = { a: np.ones([2]), b: np.ones([2]), f: np.tanh, c: null };
    const out = optim.applyUpdates(params, { a: new Zero([2], "float32"), b: null, f: null, c: null });
    expect([out.a === params.a, out.b === params.b, out.f === np.tanh, out.c]).toEqual([
      true,
      true,
      true,
      null,
    ]);
  });

  test("wants trees of one structure", () => {
    expect(() => optim.applyUpdates({ a: np.ones([2]) }, { b: np.ones([2]) })).toThrow(
      "the updates has another structure",
    );
  });
});
