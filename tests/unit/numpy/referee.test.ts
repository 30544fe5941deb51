import { describe, expect, test } from "vitest";
import { jit } from "../../../src/control/jit.ts";
import { type ArrayValue, Value } from "../../../src/core/value.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import * as lax from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import * as ops from "../../../src/numpy/segment.ts";
import linalg from "../../goldens/numpy/linalg.json" with { type: "json" };
import table from "../../goldens/numpy/table.json" with { type: "json" };
import { fromGolden, type Golden, goldenNumbers, numbers, typeOf } from "./arrays.ts";

type Outcome = Golden | readonly Outcome[];
const scope = { np, lax, ops, grad, vmap };
type Body = (x: ArrayValue, inputs: Inputs) => ArrayValue;
type Inputs = Readonly<Record<string, ArrayValue>>;
const compile = (expression: string, inputs: Inputs): Body => {
  const names = Object.keys(inputs);
  // oxlint-disable-next-line typescript/no-implied-eval -- the table holds expressions
  const body = new Function(...Object.keys(scope), ...names, "x", `return ${expression};`);
  return (x, given) => body(...Object.values(scope), ...names.map((name) => given[name]), x) as ArrayValue;
};

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

function expectOutcome(got: unknown, expected: Outcome): void {
  if (Array.isArray(expected)) {
    const list = got as readonly unknown[];
    expect(list.length).toBe(expected.length);
    (expected as readonly Outcome[]).forEach((part, i) => expectOutcome(list[i], part));
    return;
  }
  const array = expected as Golden;
  if (!(got instanceof Value)) throw new TypeError(`expected an array, got ${String(got)}`);
  expectClose(got as ArrayValue, array, array.dtype.includes("16") ? 1e-3 : 2e-6);
  expect(got.aval.weak, "weakly typed").toBe(array.weak ?? false);
}

/** Their result has a shape that depends on elements. */
const concreteOnly =
  /where\(np.greater\(a,0\)\)|flatnonzero|argwhere|unique[A-Za-z]*\((?!.*size)|get\(.*greater|at\(":", np.greater/;

interface Table {
  readonly inputs: object;
  readonly values: readonly { readonly ts: string; readonly python: string; readonly out: unknown }[];
  readonly gradients: readonly {
    readonly ts: string;
    readonly of: string;
    readonly weights: unknown;
    readonly grad: unknown;
  }[];
}
const tables: readonly (readonly [name: string, table: Table])[] = Object.entries({ table, linalg });

describe.each(tables)("%s", (_name, { inputs: given, values, gradients }) => {
  const inputs: Inputs = Object.fromEntries(
    Object.entries(given).map(([name, input]) => [name, fromGolden(input as Golden)]),
  );
  test.each(values)("$ts is $python", ({ ts, out }) => {
    const body = compile(ts, inputs);
    expectOutcome(body(null!, inputs), out as Outcome);
    if (!concreteOnly.test(ts)) expectOutcome(jit(body)(inputs["a"]!, inputs), out as Outcome);
  });

  test.each(gradients)("the gradient of $ts, eagerly and compiled", ({ ts, of, weights, grad: expected }) => {
    const body = compile(ts, inputs);
    const weight = fromGolden(weights as Golden);
    const slope = grad((x: ArrayValue) => np.sum(np.multiply(body(x, inputs), weight)));
    for (const f of [slope, jit(slope)]) {
      const got = f(inputs[of]!) as ArrayValue;
      expectClose(got instanceof Value ? (got.materialise() as ArrayValue) : got, expected as Golden, 1e-5);
    }
  });
});
