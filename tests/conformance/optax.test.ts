import { readFileSync } from "node:fs";
import { type ArrayValue, jit, numpy as np, optim, random, tree, Value, valueAndGrad } from "cotangent";
import { describe, expect, test } from "vitest";
import { numbers } from "../unit/numpy/arrays.ts";

// The steps that optax takes: tests/referee/optax_steps.py writes them.

type Datum = number | "NaN" | "Infinity" | "-Infinity";
type Plain = number | boolean | string | readonly Plain[] | { readonly [name: string]: Plain };
type Numbers = number | readonly Numbers[];
interface Steps {
  readonly ts: string;
  readonly dtype?: "bfloat16";
  readonly only?: readonly string[];
  readonly spoilt?: readonly number[];
  readonly tol?: number;
  readonly updates: readonly (readonly Datum[])[];
  readonly dtypes: readonly string[];
  readonly state?: { readonly ts: string; readonly value: Plain };
}
interface Search {
  readonly loss: "quadratic" | "rosenbrock";
  readonly ts: string;
  readonly steps: number;
  readonly stored?: boolean;
  readonly tol?: number;
  /** The losses before each step. */
  readonly values: readonly number[];
  /** The parameters after every sixth step, and the last. */
  readonly params: readonly (readonly number[])[];
  readonly learningRate?: number;
  readonly searchSteps?: number;
}
interface Goldens {
  readonly params: Readonly<Record<string, Numbers>>;
  readonly gradients: readonly Readonly<Record<string, Numbers>>[];
  readonly shown: readonly number[];
  readonly steps: readonly Steps[];
  readonly minimise: readonly Search[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../goldens/optax.json", import.meta.url), "utf8"),
) as Goldens;

type Tree = Readonly<Record<string, ArrayValue>>;
type Update = (g: Tree, state: unknown, params: unknown, extra: optim.ExtraArgs) => [Tree, unknown];
interface Optimizer {
  init(params: unknown): unknown;
  update: Update;
}

const scope = { np, optim, random, tree };
const evaluate = (expression: string, names: Readonly<Record<string, unknown>> = {}): unknown => {
  const all = { ...scope, ...names };
  // oxlint-disable-next-line typescript/no-implied-eval -- the goldens hold expressions
  return new Function(...Object.keys(all), `return ${expression};`)(...Object.values(all)) as unknown;
};

const close = (got: unknown, expected: Datum, tolerance: number, where: string): void => {
  const [x, y] = [Number(got), Number(expected)];
  if (Object.is(x, y) || x === y) return;
  const bound = tolerance * (1 + 5 * Math.abs(y));
  expect(Math.abs(x - y), `${where}: ${x}, expected ${y}`).toBeLessThanOrEqual(bound);
};

const flat = (updates: Tree): (number | boolean)[] =>
  tree.leaves(updates).flatMap((x) => numbers((x as ArrayValue).astype("float32")));

function expectPlain(got: unknown, expected: Plain, tolerance: number): void {
  if (Array.isArray(expected))
    (expected as readonly Plain[]).forEach((part, i) =>
      expectPlain(
        got instanceof Value ? (got as ArrayValue).toList()[i as never] : (got as unknown[])[i],
        part,
        tolerance,
      ),
    );
  else if (typeof expected === "object")
    for (const [name, part] of Object.entries(expected))
      expectPlain((got as Record<string, unknown>)[name], part as Plain, tolerance);
  else if (typeof expected === "string" && Number.isNaN(Number(expected)) && expected !== "NaN")
    expect(got).toBe(expected);
  else
    close(got instanceof Value ? (got as ArrayValue).item() : got, expected as Datum, tolerance, "the state");
}

function takeSteps(steps: Steps, compiles: boolean): void {
  const { dtype = "float32", only, spoilt = [], tol } = steps;
  const tolerance = tol ?? (dtype === "bfloat16" ? 1e-2 : 2e-6);
  const arrays = (values: Readonly<Record<string, Numbers>>): Tree =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([name]) => only?.includes(name) ?? true)
        .map(([name, value]) => [name, np.array(value as number, dtype)]),
    );
  const spoil = (g: Tree): Tree => ({
    ...g,
    b: np.concatenate([np.array([NaN, Infinity], dtype), np.get(g["b"]!, np.s(2, null))]),
  });
  const optimizer = evaluate(steps.ts) as Optimizer;
  const start = arrays(goldens.params);
  let params: unknown = steps.ts.includes("lookahead") ? { fast: start, slow: start } : start;
  let state = optimizer.init(params);
  const update: Update = compiles ? jit(optimizer.update) : optimizer.update;
  let updates: Tree = {};
  for (let i = 0, seen = 0; i < 10; i++) {
    const gradient = arrays(goldens.gradients[i % goldens.gradients.length]!);
    const value = np.array(3 / (i + 1));
    [updates, state] = update(spoilt.includes(i) ? spoil(gradient) : gradient, state, params, { value });
    params = optim.applyUpdates(params, updates);
    if (!goldens.shown.includes(i)) continue;
    const got = flat(updates);
    const expected = steps.updates[seen++]!;
    expect(got.length).toBe(expected.length);
    expected.forEach((y, j) => close(got[j], y, tolerance, `step ${i}, element ${j}`));
  }
  const dtypes = tree.leaves(updates).map((x) => (x as ArrayValue).dtype as string);
  expect([...new Set(dtypes)].toSorted()).toEqual(steps.dtypes);
  if (steps.state) expectPlain(evaluate(steps.state.ts, { state }), steps.state.value, tolerance);
}

describe("takes the steps of optax, eagerly and compiled", () => {
  test.each(goldens.steps)("$ts", (steps) => {
    takeSteps(steps, false);
    takeSteps(steps, true);
  });
});

type Params = ArrayValue | Readonly<Record<"a" | "b", ArrayValue>>;
const searches = {
  quadratic: {
    start: { a: np.array([3, -2, 1]), b: np.array(4) } as Params,
    loss: ({ a, b }: Readonly<Record<"a" | "b", ArrayValue>>) => {
      const weighted = np.multiply(np.array([1, 10, 0.5]), np.square(np.subtract(a, 1)));
      const other = np.multiply(3, np.square(np.add(b, 2)));
      return np.add(np.add(np.sum(weighted), other), np.multiply(np.get(a, 0), b));
    },
  },
  rosenbrock: {
    start: np.array([0.5, 0.5, 0.5]) as Params,
    loss: (x: ArrayValue) => {
      const [last, next] = [np.get(x, np.s(null, -1)), np.get(x, np.s(1, null))];
      const bent = np.multiply(100, np.square(np.subtract(next, np.square(last))));
      return np.sum(np.add(bent, np.square(np.subtract(1, last))));
    },
  },
};

describe("searches as optax does, eagerly and compiled", () => {
  // Eagerly the first steps, as each of them traces its loop anew.
  test.each(goldens.minimise)("$ts, the $loss", (search) => {
    const { start } = searches[search.loss];
    const loss = searches[search.loss].loss as (params: Params) => ArrayValue;
    const optimizer = evaluate(search.ts) as optim.GradientTransformation;
    const takeStep = (params: Params, state: unknown) => {
      const [value, grad] = search.stored
        ? optim.valueAndGradFromState(loss)(params, state)
        : valueAndGrad(loss)(params);
      const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueFn: loss });
      return [optim.applyUpdates(params, updates), next, value] as const;
    };
    const tolerance = search.tol ?? 1e-5;
    for (const [step, steps] of [
      [takeStep, Math.min(6, search.steps)],
      [jit(takeStep), search.steps],
    ] as const) {
      let [params, state] = [start, optimizer.init(start)];
      let seen = 0;
      for (let i = 0; i < steps; i++) {
        const [moved, next, value] = step(params, state) as ReturnType<typeof takeStep>;
        [params, state] = [moved, next];
        close(value.item(), search.values[i]!, tolerance, `the loss before step ${i}`);
        if (i % 6 !== 5 && i !== search.steps - 1) continue;
        const got = flat(params as Tree);
        search.params[seen++]!.forEach((y, j) => close(got[j], y, tolerance, `step ${i}, parameter ${j}`));
      }
      if (search.searchSteps === undefined || steps !== search.steps) continue;
      const last = (
        state as readonly { learningRate: ArrayValue; info: { numLinesearchSteps: ArrayValue } }[]
      ).at(-1)!;
      close(last.learningRate.item(), search.learningRate!, tolerance, "the learning rate");
      expect(last.info.numLinesearchSteps.item()).toBe(search.searchSteps);
    }
  });
});
