import { type Optionals, readOptions } from "../core/options.ts";
import { avalsOf, type Flat, flattenResult, splitAux, toFunction } from "../interpreters/arguments.ts";
import type { Lifted } from "../interpreters/closure.ts";
import { linearTranspose } from "../interpreters/linear-transpose.ts";
import { ShapeDtypeStruct } from "../interpreters/make-jaxpr.ts";
import { Zero } from "../interpreters/zero.ts";
import { map as treeMap } from "../tree/index.ts";
import { bindFour } from "./linear-solve-call.ts";
import { flattenOperand, resultLike, staged } from "./solver-functions.ts";

export interface CustomLinearSolveOptions<T = unknown> {
  /** Solves the transposed system; needed for reverse mode, unless the map is symmetric. */
  readonly transposeSolve?: (vecmat: (x: T) => T, b: T) => unknown;
  /** The map is its own transpose, so that `solve` serves both. */
  readonly symmetric?: boolean;
  /** `solve` and `transposeSolve` return `[x, aux]`; the aux is passed on, and has no derivative. */
  readonly hasAux?: boolean;
}

/**
 * The solution `x` of the linear system `matvec(x) = b`, found by `solve(matvec, b)` and differentiated by what a
 * solution is: the solver itself need not be differentiable. With `hasAux`, `[x, aux]`.
 *
 * `b` is any tree of arrays; `x` and `matvec(x)` have its structure and shapes. Derivatives reach `b` and what `matvec`
 * captured.
 * @throws TreeError, ShapeError when a function returns something else than `b` is like; DifferentiationError in reverse
 * mode without `transposeSolve` and `symmetric`.
 * @example
 * lax.customLinearSolve((x) => np.matmul(a, x), b, conjugateGradients, { symmetric: true });
 * @see `jax.lax.custom_linear_solve`
 */
export function customLinearSolve<T, R = T>(
  matvec: (x: T) => T,
  b: T,
  solve: (matvec: (x: T) => T, b: T) => R,
  ...rest: Optionals<
    [transposeSolve: (vecmat: (x: T) => T, b: T) => unknown, symmetric: boolean, hasAux: boolean],
    CustomLinearSolveOptions<T>
  >
): R;
export function customLinearSolve(
  matvec: unknown,
  b: unknown,
  solve: unknown,
  ...rest: readonly unknown[]
): unknown {
  const caller = "lax.customLinearSolve";
  const {
    symmetric = false,
    hasAux = false,
    ...given
  } = readOptions<CustomLinearSolveOptions>(caller, ["transposeSolve", "symmetric", "hasAux"], rest);
  const transposeSolve = given.transposeSolve ?? (symmetric ? solve : null);
  const map = toFunction(matvec, caller).call;
  const right = flattenOperand(b, caller);
  const avals = avalsOf(right.arrays);
  const like = (result: unknown, what: string): Flat =>
    resultLike(result, right, `${caller}: the result of ${what}`, "b");

  let aux: Flat | undefined;
  const mapProgram = (f: (x: unknown) => unknown, what: string): Lifted =>
    staged((x) => like(f(right.rebuild(x)), what).arrays, avals, `${caller} of ${what}`);
  const solveProgram = (solver: unknown, f: (x: unknown) => unknown, what: string): Lifted => {
    const { call } = toFunction(solver, caller);
    return staged(
      (x) => {
        const result = call(f, right.rebuild(x));
        const [solution, extra] = hasAux ? splitAux(result, caller) : [result, null];
        const flat = flattenResult(extra, caller);
        aux ??= flat;
        return [...like(solution, what).arrays, ...flat.arrays];
      },
      avals,
      `${caller} of ${what}`,
    );
  };
  const structs = right.rebuild(right.arrays.map(({ shape, dtype }) => new ShapeDtypeStruct(shape, dtype)));
  const pull = (y: unknown): unknown => {
    const [x] = linearTranspose(map, structs)(y);
    return treeMap((leaf: unknown) => (leaf instanceof Zero ? leaf.materialise() : leaf), x);
  };
  const vecmat = symmetric ? map : pull;

  const forward = mapProgram(map, "matvec");
  const outs = bindFour(
    {
      matvec: forward,
      solve: solveProgram(solve, map, "solve"),
      vecmat:
        transposeSolve === null ? null : symmetric ? forward : mapProgram(vecmat, "the transpose of matvec"),
      transposeSolve: transposeSolve === null ? null : solveProgram(transposeSolve, vecmat, "transposeSolve"),
    },
    right.arrays,
  );
  const solution = right.rebuild(outs.slice(0, avals.length));
  return hasAux ? [solution, aux!.rebuild(outs.slice(avals.length))] : solution;
}
