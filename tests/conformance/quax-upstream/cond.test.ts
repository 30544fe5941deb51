import {
  type ArrayValue,
  CotangentError,
  jit,
  jvp,
  lax,
  numpy as np,
  quaxify,
  values,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";

// After Quax's test_cond, from its description.

const { Unitful, metre, second } = values;
type Branch = (a: ArrayValue) => ArrayValue;
const metres = (x: number | readonly number[]) => new Unitful(np.array(x), metre);
const [a, b, c] = [metres(1), metres(2), metres(10)];

/** `a + b` or `a + c`; the branches capture what they add. */
const choose = (a: ArrayValue, b: ArrayValue, c: ArrayValue, pred: ArrayValue | boolean): ArrayValue =>
  lax.cond(
    pred,
    (a: ArrayValue) => np.add(a, b),
    (a: ArrayValue) => np.add(a, c),
    a,
  );

function expectMetres(out: unknown, numbers: unknown): void {
  expect(out).toBeInstanceOf(Unitful);
  const { array, units } = out as values.Unitful;
  expect([array.toList(), units.equals(metre)]).toEqual([numbers, true]);
}

const predicates = [true, false, np.array(true), np.array(false)];
const expected = (pred: ArrayValue | boolean): number =>
  (typeof pred === "boolean" ? pred : pred.toBool()) ? 3 : 11;

describe.each(predicates)("where the predicate is %o", (pred) => {
  test("a branch sees units", () => expectMetres(quaxify(choose)(a, b, c, pred), expected(pred)));

  test("in jit, and around it", () => {
    expectMetres(quaxify(jit(choose))(a, b, c, pred), expected(pred));
    expectMetres(jit(quaxify(choose))(a, b, c, pred), expected(pred));
  });

  test("of each of a batch that only one branch sees", () => {
    const many = metres([10, 20, 30]);
    const inAxes = [null, null, 0, null] as const;
    const sums = expected(pred) === 3 ? [3, 3, 3] : [11, 21, 31];
    expectMetres(quaxify(vmap(choose, { inAxes }))(a, b, many, pred), sums);
    expectMetres(vmap(quaxify(choose), { inAxes })(a, b, many, pred), sums);
  });

  test("a tangent has the units of its primal, whether captured or passed", () => {
    const tangent = metres(1);
    const twice = (x: ArrayValue) => np.multiply(x, 2);
    const captured = quaxify((x: ArrayValue, t: ArrayValue) =>
      jvp((x: ArrayValue) => choose(x, b, twice(b), pred), [x], [t]),
    );
    const [primal, out] = captured(b, tangent);
    expectMetres(primal, expected(pred) === 3 ? 4 : 6);
    expectMetres(out, 1);
  });
});

test("branches that add other units are refused", () => {
  const seconds = new Unitful(np.array(10), second);
  for (const pred of predicates)
    expect(() => quaxify(choose)(a, b, seconds, pred)).toThrow(
      "Cannot add two arrays with units {m: 1} and {s: 1}",
    );
});

test("branches that return other units, or other trees, are refused", () => {
  const area: Branch = (a) => np.multiply(a, b);
  const length: Branch = (a) => np.add(a, b);
  const units = (pred: ArrayValue) => quaxify((a: ArrayValue) => lax.cond(pred, length, area, a))(a);
  const trees = (pred: ArrayValue) =>
    quaxify((a: ArrayValue) => lax.cond<[ArrayValue], unknown>(pred, (a: ArrayValue) => [a], (a: ArrayValue) => ({ a }), a))(a); // prettier-ignore
  for (const pred of [np.array(true), np.array(false)]) {
    expect(() => units(pred)).toThrow(CotangentError);
    expect(() => units(pred)).toThrow("branches");
    expect(() => trees(pred)).toThrow(CotangentError);
  }
});

test.each([
  [0, 3],
  [1, 11],
  [2, 13],
  [-5, 3],
  [7, 13],
])("branch %i of a switch, clamped", (index, sum) => {
  const run = (a: ArrayValue, b: ArrayValue, c: ArrayValue, index: ArrayValue): ArrayValue =>
    lax.switch(
      index,
      [(a: ArrayValue) => np.add(a, b), (a: ArrayValue) => np.add(a, c), (a: ArrayValue) => np.add(np.add(a, b), c)],
      a,
    ); // prettier-ignore
  for (const f of [quaxify(run), jit(quaxify(run)), quaxify(jit(run))])
    expectMetres(f(a, b, c, np.array(index, "int32")), sum);
});
