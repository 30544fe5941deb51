import { type ArrayValue, jit, jvp, lax, numpy as np, quaxify, values, vmap } from "cotangent";
import { expect, test } from "vitest";

// After Quax's test_while, from its description.

const { Unitful, metre, second } = values;
const metres = (x: number | readonly number[]) => new Unitful(np.array(x), metre);
const [a, b, c] = [metres(1), metres(2), metres(10)];

/** `a + b + b + …` until it is no less than `c`; the functions capture `b` and `c`. */
const climb = (a: ArrayValue, b: ArrayValue, c: ArrayValue): ArrayValue =>
  lax.whileLoop(
    (x: ArrayValue) => np.less(x, c),
    (x: ArrayValue) => np.add(x, b),
    a,
  );

function expectMetres(out: unknown, numbers: unknown): void {
  expect(out).toBeInstanceOf(Unitful);
  const { array, units } = out as values.Unitful;
  expect([array.toList(), units.equals(metre)]).toEqual([numbers, true]);
}

test("a loop sees units, in what it carries and in what it captured", () =>
  expectMetres(quaxify(climb)(a, b, c), 11));

test("in jit, and around it", () => {
  expectMetres(quaxify(jit(climb))(a, b, c), 11);
  expectMetres(jit(quaxify(climb))(a, b, c), 11);
});

test("a body or a condition that mixes units is refused", () => {
  const seconds = (x: number) => new Unitful(np.array(x), second);
  expect(() => quaxify(climb)(a, seconds(2), c)).toThrow(
    "Cannot add two arrays with units {m: 1} and {s: 1}",
  );
  expect(() => quaxify(climb)(a, b, seconds(10))).toThrow(
    "Cannot compare two arrays with units {m: 1} and {s: 1}",
  );
});

test("each of a batch takes as many steps as it needs", () => {
  const limits = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const sums = [3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13];
  const inAxes = [null, null, 0] as const;
  expectMetres(quaxify(vmap(climb, { inAxes }))(a, b, metres(limits)), sums);
  expectMetres(vmap(quaxify(climb), { inAxes })(a, b, metres(limits)), sums);
});

test("a tangent has the units of its primal", () => {
  const run = quaxify((x: ArrayValue, c: ArrayValue, t: ArrayValue) =>
    jvp((a: ArrayValue) => climb(a, x, c), [x], [t]),
  );
  const [primal, tangent] = run(b, c, metres(1));
  expectMetres(primal, 10);
  expectMetres(tangent, 1);
});
