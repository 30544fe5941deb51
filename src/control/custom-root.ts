import { isInexact } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { zerosOf } from "../core/rules.ts";
import { neg } from "../lax/index.ts";
import { avalsOf, type Flat, flattenResult, splitAux, toFunction } from "../interpreters/arguments.ts";
import { lift } from "../interpreters/closure.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { linearize } from "../interpreters/linearize.ts";
import { customJvpCall, type CustomJvpParams } from "./custom-jvp.ts";
import { amongOperands, flattenOperand, resultLike, staged } from "./solver-functions.ts";

export interface CustomRootOptions {
  /** `solve` returns `[root, aux]`; the aux is passed on, and has no derivative. */
  readonly hasAux?: boolean;
}

/**
 * A root of `f`, found by `solve(f, initialGuess)`, whose derivative with respect to what `f` captured is that of the
 * implicit function: the solver is not differentiated. With `hasAux`, `[root, aux]`.
 *
 * `f` maps a tree to one of the same structure and shapes. `tangentSolve(g, y)` solves `g(x) = y` for `x`, where `g` is
 * `f` linearised at the root: for a scalar `(g, y) => np.divide(y, g(1))`.
 * @throws TreeError, ShapeError when `f`, `solve` or `tangentSolve` returns something else than the guess is like.
 * @example
 * const squareRoot = (a) =>
 *   lax.customRoot((x) => np.subtract(np.square(x), a), 1, newton, (g, y) => np.divide(y, g(1)));
 * grad(squareRoot)(4); // 0.25
 * @see `jax.lax.custom_root`
 */
export function customRoot<T, R = T>(
  f: (x: T) => T,
  initialGuess: T,
  solve: (f: (x: T) => T, initialGuess: T) => R,
  tangentSolve: (g: (x: T) => T, y: T) => T,
  ...rest: Optionals<[hasAux: boolean], CustomRootOptions>
): R;
export function customRoot(
  f: unknown,
  initialGuess: unknown,
  solve: unknown,
  tangentSolve: unknown,
  ...rest: readonly unknown[]
): unknown {
  const caller = "lax.customRoot";
  const { hasAux = false } = readOptions<CustomRootOptions>(caller, ["hasAux"], rest);
  const [call, solver, tangentSolver] = [f, solve, tangentSolve].map((g) => toFunction(g, caller).call) as [
    Solver,
    Solver,
    Solver,
  ];
  const guess = flattenOperand(initialGuess, caller);
  const avals = avalsOf(guess.arrays);
  const like = (result: unknown, what: string): Flat =>
    resultLike(result, guess, `${caller}: the result of ${what}`, "initialGuess");

  const mapped = staged((x) => like(call(guess.rebuild(x)), "f").arrays, avals, `${caller} of f`);
  let aux: Flat | undefined;
  const solved = lift(
    (x) => {
      const result = solver(f, guess.rebuild(x));
      const [root, extra] = hasAux ? splitAux(result, caller) : [result, null];
      aux = flattenResult(extra, caller);
      return [...like(root, "solve").arrays, ...aux.arrays];
    },
    guess.arrays,
    `${caller} of solve`,
  );
  const tangent = staged(
    (all) => {
      const [x, y] = [guess.rebuild(all.slice(0, avals.length)), guess.rebuild(all.slice(avals.length))];
      const [, push] = linearize(call as (x: unknown) => unknown, [x]);
      return like(tangentSolver(push, y), "tangentSolve").arrays;
    },
    [...avals, ...avals],
    `${caller} of tangentSolve`,
  );

  const params: CustomJvpParams = {
    name: "_custom_root",
    callJaxpr: amongOperands(
      solved.closed,
      solved.captured.length,
      avalsOf(mapped.captured),
      avalsOf(tangent.captured),
    ),
    numConsts: 0,
    jvp: {
      name: "_root_jvp",
      run: (primals, tangents) => {
        const outs = customJvpCall.bind(primals, params);
        const root = outs.slice(0, avals.length);
        const moved = mapped.captured.length;
        const [captured, captureds] = [primals.slice(0, moved), tangents.slice(0, moved)];
        if (captureds.every((t) => t === null)) return [outs, outs.map(() => null)];
        // From f(m, x(m)) = 0 follows ∂x = −(∂₁f)⁻¹ ∂₀f ∂m.
        const [, moving] = jvpArrays(
          (xs) => evaluateJaxpr(mapped.closed, [...xs, ...root]),
          captured,
          captureds,
          `jvp of f in ${caller}`,
        );
        const rightHandSide = moving.map((t, i) => t ?? zerosOf(avals[i]!));
        const first = moved + solved.captured.length;
        const own = primals.slice(first, first + tangent.captured.length);
        const slopes = evaluateJaxpr(tangent.closed, [...own, ...root, ...rightHandSide]);
        return [outs, outs.map((x, i) => (i < slopes.length && isInexact(x.dtype) ? neg(slopes[i]!) : null))];
      },
    },
    symbolicZeros: false,
  };
  const outs = customJvpCall.bind(
    [...mapped.captured, ...solved.captured, ...tangent.captured, ...guess.arrays],
    params,
  );
  const root = guess.rebuild(outs.slice(0, avals.length));
  return hasAux ? [root, aux!.rebuild(outs.slice(avals.length))] : root;
}

type Solver = (...args: readonly unknown[]) => unknown;
