import { readdirSync, readFileSync } from "node:fs";
import {
  type ArrayValue,
  grad,
  jit,
  lax,
  nn,
  numpy as np,
  ops,
  optim,
  random,
  scipy,
  tree,
  Value,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { fromGolden, type Golden, goldenNumbers, numbers, typeOf } from "../unit/numpy/arrays.ts";

// What JAX and its peers answer, by family of functions: tests/referee/tables.py writes the tables.

type Outcome =
  | Golden
  | readonly Outcome[]
  | { readonly [key: string]: Outcome }
  | string
  | number
  | boolean
  | null;
interface Table {
  readonly inputs: Readonly<Record<string, Golden>>;
  readonly values: readonly {
    readonly ts: string;
    readonly python: string;
    readonly out: Outcome;
    readonly of?: string;
    readonly tol?: number;
    readonly eager?: boolean;
  }[];
  readonly gradients: readonly {
    readonly ts: string;
    readonly of: string;
    readonly weights: Golden;
    readonly grad: Golden;
    readonly tol?: number;
    readonly eager?: boolean;
  }[];
}
type Inputs = Readonly<Record<string, ArrayValue>>;
type Body = (x: ArrayValue, inputs: Inputs) => ArrayValue;

const directory = new URL("../goldens/tables/", import.meta.url);
const tables = readdirSync(directory).map(
  (file) => [file, JSON.parse(readFileSync(new URL(file, directory), "utf8")) as Table] as const,
);
const scope = { np, lax, ops, grad, jit, vmap, nn, optim, random, scipy, tree };

function compile(expression: string, inputs: Inputs): Body {
  const names = Object.keys(inputs);
  // oxlint-disable-next-line typescript/no-implied-eval -- the tables hold expressions
  const body = new Function(...Object.keys(scope), ...names, "x", `return ${expression};`);
  return (x, given) => body(...Object.values(scope), ...names.map((name) => given[name]), x) as ArrayValue;
}

const isGolden = (x: Outcome): x is Golden =>
  typeof x === "object" && x !== null && "dtype" in x && "data" in x;

function expectClose(got: ArrayValue, expected: Golden, tolerance: number): void {
  expect(typeOf(got)).toBe(`${expected.dtype}[${expected.shape.join(",")}]`);
  const wanted = goldenNumbers(expected);
  numbers(got).forEach((x, i) => {
    const y = wanted[i]!;
    if (Object.is(x, y) || x === y) return;
    expect(Math.abs(Number(x) - Number(y)), `element ${i}: ${x}, expected ${y}`).toBeLessThanOrEqual(
      tolerance * (1 + 5 * Math.abs(Number(y))),
    );
  });
}

function expectOutcome(got: unknown, expected: Outcome, tol: number | undefined): void {
  if (Array.isArray(expected)) {
    const list = got as readonly unknown[];
    expect(list.length).toBe(expected.length);
    (expected as readonly Outcome[]).forEach((part, i) => expectOutcome(list[i], part, tol));
  } else if (isGolden(expected)) {
    if (!(got instanceof Value)) throw new TypeError(`expected an array, got ${String(got)}`);
    expectClose(got as ArrayValue, expected, tol ?? (expected.dtype.includes("16") ? 1e-3 : 2e-6));
    expect(got.aval.weak, "weakly typed").toBe(expected.weak ?? false);
  } else if (typeof expected === "object" && expected !== null) {
    const record = got as Readonly<Record<string, unknown>>;
    expect(Object.keys(record).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [key, part] of Object.entries(expected)) expectOutcome(record[key], part as Outcome, tol);
  } else expect(got).toEqual(expected);
}

describe.each(tables)("%s", (_file, { inputs: given, values, gradients }) => {
  const inputs: Inputs = Object.fromEntries(
    Object.entries(given).map(([name, input]) => [name, fromGolden(input)]),
  );
  const [first] = Object.values(inputs);

  test.each(values)("$ts is $python", ({ ts, out, of, tol, eager }) => {
    const x = of === undefined ? first! : inputs[of]!;
    const body = compile(ts, inputs);
    expectOutcome(body(x, inputs), out, tol);
    if (!eager) expectOutcome(jit(body)(x, inputs), out, tol);
  });

  test.each(gradients)("the gradient of $ts, eagerly and compiled", (c) => {
    const body = compile(c.ts, inputs);
    const weights = fromGolden(c.weights);
    const slope = grad((x: ArrayValue) => np.sum(np.multiply(np.real(body(x, inputs)), weights)));
    for (const f of c.eager ? [slope] : [slope, jit(slope)]) {
      const got = f(inputs[c.of]!) as ArrayValue;
      expectClose(got instanceof Value ? (got.materialise() as ArrayValue) : got, c.grad, c.tol ?? 1e-5);
    }
  });
});
