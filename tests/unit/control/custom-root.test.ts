import { describe, expect, test } from "vitest";
import { customRoot, jit } from "../../../src/control/index.ts";
import { ShapeError } from "../../../src/core/errors.ts";
import { type ArrayValue, concreteOf } from "../../../src/core/value.ts";
import { hessian, jacfwd, jacrev } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, div, mul, sub } from "../../../src/lax/index.ts";
import { sum } from "../../../src/numpy/index.ts";
import { TreeError } from "../../../src/tree/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues } from "../arrays.ts";

type F = (x: ArrayValue) => ArrayValue;

const newton = (f: F, guess: ArrayValue): ArrayValue => {
  let x = guess;
  for (let i = 0; i < 12; i++) {
    const [y, slope] = jvp(f, [x], [array(1)]);
    x = sub(x, div(y, slope));
  }
  return x;
};
const scalar = (g: F, y: ArrayValue): ArrayValue => div(y, g(array(1)));
const squareRoot = (a: ArrayValue): ArrayValue =>
  customRoot((x) => sub(mul(x, x), a), array(1), newton, scalar);

describe("a root", () => {
  test("is found", () => {
    expectValues(squareRoot(array(4)), 2);
    expectValues(jit(squareRoot)(array(9)), 3);
    expectValues(vmap(squareRoot)(array([4, 9])), [2, 3]);
    expectValues(quaxify(squareRoot)(new P(array(4)) as never), 2);
  });
  test("is differentiated as an implicit function, in every mode and order", () => {
    for (const d of [grad(squareRoot), jacfwd(squareRoot), jacrev(squareRoot), jit(grad(jit(squareRoot)))])
      expectValues(d(array(4)), 1 / 4);
    expectValues(vmap(grad(squareRoot))(array([4, 9])), [1 / 4, 1 / 6]);
    expectValues(grad((a: ArrayValue) => sum(vmap(squareRoot)(a)))(array([4, 9])), [1 / 4, 1 / 6]);
    for (const d of [hessian(squareRoot), grad(grad(squareRoot)), jit(jacfwd(jacfwd(squareRoot)))])
      expectValues(d(array(4)), -1 / 32);
    expectValues(grad((p: P) => quaxify(squareRoot)(p as never))(new P(array(4))).array, 1 / 4);
  });
  test("does not depend on the guess, nor on what only the solver captured", () => {
    const g = grad(
      (a: ArrayValue, guess: ArrayValue, k: ArrayValue) =>
        customRoot(
          (x) => sub(mul(x, x), a),
          guess,
          (f, x) => mul(newton(f, x), div(k, k)),
          scalar,
        ),
      [0, 1, 2],
    );
    const [da, dguess, dk] = g(array(4), array(1), array(5));
    expectValues(da, 1 / 4);
    expectValues(dguess, 0);
    expectValues(dk, 0);
  });
  test("may be found by a loop that reads numbers, outside of jit", () => {
    const count = (f: F, x: ArrayValue): ArrayValue => {
      const read = (y: ArrayValue) => Number(concreteOf(y, "a test").storage[0]);
      for (; Math.abs(read(f(x))) > 1e-6;) x = sub(x, div(f(x), mul(x, 2)));
      return x;
    };
    const root = (a: ArrayValue) => customRoot((x) => sub(mul(x, x), a), array(1), count, scalar);
    expectValues(root(array(4)), 2);
    expectValues(grad(root)(array(4)), 1 / 4);
  });
  test("may be a tree, and come with an aux that has no derivative", () => {
    type Pair = { x: ArrayValue; y: ArrayValue };
    // x² = a, x y = b
    const run = (a: ArrayValue, b: ArrayValue) =>
      customRoot<Pair, [Pair, { steps: number; a: ArrayValue }]>(
        ({ x, y }) => ({ x: sub(mul(x, x), a), y: sub(mul(x, y), b) }),
        { x: array(1), y: array(1) },
        () => {
          const x = newton((x) => sub(mul(x, x), a), array(1));
          return [
            { x, y: div(b, x) },
            { steps: 12, a },
          ];
        },
        (g, t) => {
          const [one, zero] = [array(1), array(0)];
          const [first, second] = [g({ x: one, y: zero }), g({ x: zero, y: one })];
          const x = div(t.x, first.x);
          return { x, y: div(sub(t.y, mul(first.y, x)), second.y) };
        },
        { hasAux: true },
      );
    const [root, aux] = run(array(4), array(6));
    expectValues(root.x, 2);
    expectValues(root.y, 3);
    expectValues(aux.a, 4);
    const [da, db] = grad((a: ArrayValue, b: ArrayValue) => run(a, b)[0].y, [0, 1])(array(4), array(6));
    expectValues(da, -6 / 16);
    expectValues(db, 1 / 2);
    expectValues(grad((a: ArrayValue) => run(a, array(6))[1].a)(array(4)), 0);
  });
});

test("functions that return something else than the guess is like are refused", () => {
  const x = array([1, 2]);
  const same = (_f: unknown, x: ArrayValue) => x;
  expect(() => customRoot((x) => sum(x), x, same, same)).toThrow(ShapeError);
  expect(() => customRoot((x) => sum(x), x, same, same)).toThrow(
    "lax.customRoot: the result of f: the result is f32[]",
  );
  expect(() =>
    customRoot(
      (x) => x,
      x,
      (_f, x) => [x],
      same,
    ),
  ).toThrow(TreeError);
  expect(() =>
    customRoot(
      (x) => x,
      x,
      (_f, x) => [x],
      same,
    ),
  ).toThrow("the result of solve must have the structure of initialGuess");
  expect(() =>
    customRoot(
      (x) => add(x, 1),
      x,
      same,
      () => array(1),
    ),
  ).toThrow("the result of tangentSolve");
});
