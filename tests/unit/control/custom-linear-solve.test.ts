import { describe, expect, test } from "vitest";
import { customLinearSolve, jit } from "../../../src/control/index.ts";
import { DifferentiationError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jacfwd, jacrev } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, div, mul, neg, sub } from "../../../src/lax/index.ts";
import { costOf } from "../../../src/inspect/cost.ts";
import * as lora from "../../../src/lora/index.ts";
import { matmul, stack, sum } from "../../../src/numpy/index.ts";
import { TreeError } from "../../../src/tree/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues, values } from "../arrays.ts";

type Map = (x: ArrayValue) => ArrayValue;

/** The exact inverse of a map of the plane, by its columns: nothing that could be differentiated by accident. */
function inverse(f: Map, b: ArrayValue): ArrayValue {
  const [p, q] = [f(array([1, 0])), f(array([0, 1]))];
  const part = (x: ArrayValue, i: number) => sum(mul(x, array(i === 0 ? [1, 0] : [0, 1])));
  const [a, c, d, e] = [part(p, 0), part(q, 0), part(p, 1), part(q, 1)];
  const determinant = sub(mul(a, e), mul(c, d));
  const [b0, b1] = [part(b, 0), part(b, 1)];
  return stack([
    div(sub(mul(e, b0), mul(c, b1)), determinant),
    div(add(neg(mul(d, b0)), mul(a, b1)), determinant),
  ]);
}
const solve = (a: ArrayValue, b: ArrayValue): ArrayValue =>
  customLinearSolve((x) => matmul(a, x), b, inverse, { transposeSolve: inverse });
/** The same with no rule, to compare. */
const plain = (a: ArrayValue, b: ArrayValue): ArrayValue => inverse((x) => matmul(a, x), b);

const a = () =>
  array([
    [2, 1],
    [0.5, 3],
  ]);
const b = () => array([1, -2]);
const close = (x: unknown, y: unknown) => expectValues(x, values(y));

describe("a solution", () => {
  test("solves", () => {
    close(matmul(a(), solve(a(), b())), b());
    close(matmul(a(), jit(solve)(a(), b())), b());
  });
  test("is differentiated as such, in every mode and order", () => {
    const loss = (f: typeof solve) => (a: ArrayValue, b: ArrayValue) => sum(mul(f(a, b), f(a, b)));
    for (const argnum of [0, 1]) {
      close(grad(loss(solve), argnum)(a(), b()), grad(loss(plain), argnum)(a(), b()));
      close(jit(grad(jit(loss(solve)), argnum))(a(), b()), grad(loss(plain), argnum)(a(), b()));
      close(jacfwd(solve, argnum)(a(), b()), jacfwd(plain, argnum)(a(), b()));
      close(jacrev(solve, argnum)(a(), b()), jacfwd(plain, argnum)(a(), b()));
      const twice = (f: typeof solve) => jacrev(jacfwd(loss(f), argnum), argnum)(a(), b());
      close(twice(solve), twice(plain));
      const reversed = (f: typeof solve) => jacfwd(jacrev(loss(f), argnum), argnum)(a(), b());
      close(reversed(solve), reversed(plain));
    }
  });
  test("of a batch is that of each", () => {
    const many = array([
      [1, -2],
      [3, 4],
      [0, 1],
    ]);
    const maps = stack([a(), add(a(), 1), mul(a(), 2)]);
    for (const inAxes of [
      [null, 0],
      [0, null],
      [0, 0],
    ]) {
      const args = [inAxes[0] === null ? a() : maps, inAxes[1] === null ? b() : many] as const;
      close(vmap(solve, { inAxes })(...args), vmap(plain, { inAxes })(...args));
      const gradient = (f: typeof solve) =>
        grad((a: ArrayValue, b: ArrayValue) => sum(mul(vmap(f, { inAxes })(a, b), 3)), [0, 1]);
      gradient(solve)(...args).forEach((g, i) => close(g, gradient(plain)(...args)[i]));
      const inside = (f: typeof solve) =>
        vmap(
          grad((a: ArrayValue, b: ArrayValue) => sum(mul(f(a, b), 3)), [0, 1]),
          { inAxes },
        );
      inside(solve)(...args).forEach((g, i) => close(g, inside(plain)(...args)[i]));
    }
  });
  test("of a symmetric map needs no second solver", () => {
    const symmetric = (w: ArrayValue, b: ArrayValue) =>
      customLinearSolve(
        (x) => mul(w, x),
        b,
        (f, b) => div(b, f(array([1, 1]))),
        { symmetric: true },
      );
    const direct = (w: ArrayValue, b: ArrayValue) => div(b, w);
    for (const argnum of [0, 1])
      close(jacrev(symmetric, argnum)(array([2, 4]), b()), jacrev(direct, argnum)(array([2, 4]), b()));
  });
  test("may be a tree, and come with an aux that has no derivative", () => {
    type Pair = { x: ArrayValue; y: ArrayValue };
    const run = (w: ArrayValue, b: Pair) =>
      customLinearSolve<Pair, [Pair, { note: string; size: ArrayValue }]>(
        ({ x, y }) => ({ x: mul(w, x), y: add(mul(w, y), x) }),
        b,
        (_f, { x, y }) => {
          const first = div(x, w);
          return [
            { x: first, y: div(sub(y, first), w) },
            { note: "n", size: mul(first, first) },
          ];
        },
        {
          transposeSolve: (_f, { x, y }) => {
            const second = div(y, w);
            return [
              { x: div(sub(x, second), w), y: second },
              { note: "n", size: x },
            ];
          },
          hasAux: true,
        },
      );
    const pair = { x: array(6), y: array(5) };
    const [solution, { note, size }] = run(array(2), pair);
    expectValues(solution.x, 3);
    expectValues(solution.y, 1);
    expect(note).toBe("n");
    expectValues(size, 9);
    const g = (f: (out: ReturnType<typeof run>) => ArrayValue) =>
      grad((w: ArrayValue, b: Pair) => f(run(w, b)), [0, 1])(array(2), pair);
    // y = (b.y − b.x / w) / w
    const [w, ct] = g(([{ y }]) => y);
    expectValues(w, -5 / 4 + (2 * 6) / 8);
    expectValues(ct.x, -1 / 4);
    expectValues(ct.y, 1 / 2);
    expectValues(g(([, { size }]) => size)[0], 0);
    expectValues(vmap(run, { inAxes: [0, null] })(array([2, 3]), pair)[0].x, [3, 2]);
  });
});

describe("is refused", () => {
  const forward = (b: ArrayValue) =>
    customLinearSolve(
      (x) => mul(x, 2),
      b,
      (_f, b) => div(b, 2),
    );
  test("reverse mode without a solver for the transposed system", () => {
    expectValues(jvp(forward, [b()], [b()])[1], [0.5, -1]);
    expect(() => grad((b: ArrayValue) => sum(forward(b)))(b())).toThrow(DifferentiationError);
    expect(() => grad((b: ArrayValue) => sum(forward(b)))(b())).toThrow("give it, or set symmetric");
  });
  test("a function that returns something else than the right-hand side is like", () => {
    const half: (f: Map, b: ArrayValue) => ArrayValue = (_f, b) => div(b, 2);
    expect(() => customLinearSolve((x) => sum(x), b(), half)).toThrow(ShapeError);
    expect(() => customLinearSolve((x) => sum(x), b(), half)).toThrow(
      "lax.customLinearSolve: the result of matvec: the result is f32[], but that of b is f32[2]",
    );
    expect(() =>
      customLinearSolve(
        (x) => x,
        b(),
        (_f, b) => ({ b }) as never,
      ),
    ).toThrow(TreeError);
    expect(() => customLinearSolve((x) => x, b(), half, { hasAux: true })).toThrow(
      "must return a list [out, aux]",
    );
  });
  test("a map that is not linear, where its transpose is needed", () => {
    const run = () =>
      customLinearSolve(
        (x) => mul(x, x),
        b(),
        (_f, b) => b,
        { transposeSolve: (_f, b) => b },
      );
    expect(run).toThrow(DifferentiationError);
  });
});

describe("quaxify goes inside", () => {
  test("of maps with structured values", () => {
    const w = lora.LoraArray.of(a(), array([[1], [2]]), array([[0.5, 0.25]]), {
      stopGradient: false,
    });
    const dense = add(
      a(),
      array([
        [0.5, 0.25],
        [1, 0.5],
      ]),
    );
    close(quaxify(solve, { strict: true })(w as never, b()), solve(dense, b()));
    const g = grad((w: lora.LoraArray) => sum(mul(quaxify(solve, { strict: true })(w as never, b()), 2)))(w);
    const full = grad((w: ArrayValue) => sum(mul(solve(w, b()), 2)))(dense);
    close(g._w, full);
    close(g.a, matmul(full, array([[0.5], [0.25]])));
    close(
      quaxify(jit(vmap(solve, { inAxes: [null, 0] })))(w as never, stack([b(), b()])),
      stack([solve(dense, b()), solve(dense, b())]),
    );
  });
  test("and of those that become arrays", () => {
    close(quaxify(solve)(a(), new P(b()) as never), solve(a(), b()));
    close(
      grad((p: P) => sum(quaxify(solve)(a(), p as never)))(new P(b())).array,
      grad((b: ArrayValue) => sum(solve(a(), b)))(b()),
    );
  });
});

test("the program holds the map and the solvers", () => {
  const half = (w: ArrayValue, b: ArrayValue) =>
    customLinearSolve(
      (x) => mul(w, x),
      b,
      (_f, b) => div(b, 2),
      { symmetric: true },
    );
  expect(String(makeJaxpr(half)(array([2, 2]), b()))).toMatchInlineSnapshot(`
    "let jaxpr = { lambda ; a:f32[2] b:f32[2]. let c:f32[2] = mul a b in (c,) } in
    { lambda ; d:f32[2] e:f32[2]. let
        f:f32[2] = custom_linear_solve[
          const_lengths=LinearSolveTuple(matvec=1, vecmat=1, solve=0, transpose_solve=0)
          matvec=jaxpr
          solve={ lambda ; g:f32[2]. let h:f32[2] = div g 2.0:f32[] in (h,) }
          transpose_solve={ lambda ; i:f32[2]. let
              j:f32[2] = div i 2.0:f32[]
            in (j,) }
          vecmat=jaxpr
        ] d d e
      in (f,) }"
  `);
});

test("it costs what its solver costs", () => {
  const half = (b: ArrayValue) =>
    customLinearSolve(
      (x) => matmul(a(), x),
      b,
      (_f, b) => div(b, 2),
      { symmetric: true },
    );
  const [eqn] = makeJaxpr(half)(b()).jaxpr.eqns;
  expect(costOf(eqn!).flops).toBe(2);
});
