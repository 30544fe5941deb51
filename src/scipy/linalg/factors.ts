import { isComplex } from "../../core/dtype.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { luSolve as solveByLu } from "../../lax/linalg/lu.ts";
import { adjoint, identityLike, lowerTriangle, product, upperTriangle } from "../../lax/linalg/matrices.ts";
import { toMatrices, toSquare } from "../../numpy/linalg/decompositions.ts";
import { overSides } from "../../numpy/linalg/sides.ts";
import { cast } from "../../numpy/promotion.ts";
import { customLinearSolve } from "../../control/index.ts";
import { solveTriangular } from "./triangular.ts";
import { type LowerOption, oneOf } from "./words.ts";

/**
 * The upper triangular `r` of `a = rᴴ·r`, or the lower triangular `l` of `a = l·lᴴ`, from one triangle of Hermitian positive
 * definite matrices; NaN where one is not.
 *
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: that of `a`, integers becoming floats.
 * @throws ShapeError when `a` is not square. @see `jax.scipy.linalg.cholesky`
 */
export function cholesky(a: Operand, ...rest: Optionals<[lower: boolean], LowerOption>): ArrayValue {
  const caller = "scipy.linalg.cholesky";
  const { lower = false } = readOptions<LowerOption>(caller, ["lower"], rest);
  const x = toSquare(a, caller);
  const l = lax.linalg.cholesky(lower ? x : adjoint(x), { symmetrizeInput: false });
  return lower ? l : adjoint(l);
}

/** What `choFactor` gives: the triangle, and whether it is the lower one. */
export type ChoFactor = readonly [c: ArrayValue, lower: boolean];

/** `cholesky`, as `choSolve` takes it. Shapes and errors as `cholesky`. @see `jax.scipy.linalg.cho_factor` */
export function choFactor(
  a: Operand,
  ...rest: Optionals<[lower: boolean], LowerOption>
): [c: ArrayValue, lower: boolean] {
  const { lower = false } = readOptions<LowerOption>("scipy.linalg.choFactor", ["lower"], rest);
  return [cholesky(a, lower), lower];
}

/**
 * The solution `x` of `a·x = b` by what `choFactor(a)` gave.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast.
 * @throws ShapeError when `b` does not fit. @see `jax.scipy.linalg.cho_solve`
 */
export function choSolve([c, lower]: ChoFactor, b: Operand): ArrayValue {
  const first = solveTriangular(c, b, { lower, trans: lower ? "N" : "C" });
  return solveTriangular(c, first, { lower, trans: lower ? "C" : "N" });
}

/** `L` below the diagonal, which is 1, and `U`, of `p·a = L·U`, and the row that each row was exchanged with. Shape: `[…s, m, n] → […s, m, n], […s, min(m, n)]`. @throws ShapeError when `a` has fewer than two axes. @see `jax.scipy.linalg.lu_factor` */
export function luFactor(a: Operand): [lu: ArrayValue, pivots: ArrayValue] {
  const [factors, pivots] = lax.linalg.lu(toMatrices(a, "scipy.linalg.luFactor"));
  return [factors, pivots];
}

interface LuSolveOptions {
  /** 1 solves `aᵀ·x = b`, 2 `aᴴ·x = b`. Default: 0, `a·x = b`. */
  readonly trans?: 0 | 1 | 2 | undefined;
}

/**
 * The solution `x` of `a·x = b` by what `luFactor(a)` gave.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast.
 * @throws ShapeError when `b` does not fit; ArgumentError on another `trans`. @see `jax.scipy.linalg.lu_solve`
 */
export function luSolve(
  [factors, pivots]: readonly [lu: ArrayValue, pivots: ArrayValue],
  b: Operand,
  ...rest: Optionals<[trans: 0 | 1 | 2], LuSolveOptions>
): ArrayValue {
  const caller = "scipy.linalg.luSolve";
  const { trans = 0 } = readOptions<LuSolveOptions>(caller, ["trans"], rest);
  if (trans !== 0 && trans !== 1 && trans !== 2)
    throw new ArgumentError("scipy/option", `${caller}: trans is 0, 1 or 2, got ${describe(trans)}`);
  const order = lax.linalg.luPivotsToPermutation(pivots, factors.shape.at(-2)!);
  const op = (["plain", "transpose", "adjoint"] as const)[trans];
  return overSides(caller, factors, b, (matrix, sides) => {
    const lead = matrix.shape.slice(0, -2);
    const orders = lax.broadcastInDim(order, [...lead, order.shape.at(-1)!], order.shape.map((_, i) => lead.length - order.ndim + 1 + i)); // prettier-ignore
    return solveByLu([matrix, pivots, orders], sides, op);
  });
}

interface LuOptions {
  /** Gives `p·l` in place of both. Default: false. */
  readonly permuteL?: boolean | undefined;
}

/**
 * `a = p·l·u` with a permutation `p`, a lower triangular `l` whose diagonal is 1, and an upper triangular `u`.
 *
 * Shape: `[…s, m, n] → […s, m, m], […s, m, k], […s, k, n]`, k being min(m, n). Dtype: that of `a`, integers becoming floats; real for `p`.
 * @throws ShapeError when `a` has fewer than two axes. @see `jax.scipy.linalg.lu`
 */
export function lu(a: Operand, ...rest: Optionals<[permuteL: boolean], LuOptions>): ArrayValue[] {
  const caller = "scipy.linalg.lu";
  const { permuteL = false } = readOptions<LuOptions>(caller, ["permuteL"], rest);
  const x = toMatrices(a, caller);
  const [factors, , order] = lax.linalg.lu(x);
  const [m, n] = x.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const left = lax.sliceInDim(factors, 0, k, { axis: -1 });
  const l = lax.add(lowerTriangle(left, -1), identityLike(left));
  const u = upperTriangle(lax.sliceInDim(factors, 0, k, { axis: -2 }));
  const shape = [...x.shape.slice(0, -2), m, m];
  const places = lax.broadcastInDim(order, shape, shape.map((_, i) => i).filter((i) => i !== shape.length - 2)); // prettier-ignore
  const isThere = lax.eq(places, lax.broadcastedIota("int32", shape, shape.length - 2));
  const p = cast(isThere, isComplex(x.dtype) ? "float32" : x.dtype, false, caller);
  return permuteL ? [product(cast(p, x.dtype, false, caller), l), u] : [p, l, u];
}

interface SolveOptions extends LowerOption {
  /** What is known of `a`: nothing, that it is symmetric, Hermitian, or Hermitian and positive definite. Default: `"gen"`. */
  readonly assumeA?: "gen" | "sym" | "her" | "pos" | undefined;
}

/**
 * The solution `x` of `a·x = b`; of positive definite matrices, by `choFactor`, which reads one triangle.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast.
 * @throws ShapeError when `a` is not square or `b` does not fit; ArgumentError on an unknown assumption.
 * @see `jax.scipy.linalg.solve`
 */
export function solve(
  a: Operand,
  b: Operand,
  ...rest: Optionals<[lower: boolean], SolveOptions>
): ArrayValue {
  const caller = "scipy.linalg.solve";
  const { lower = false, assumeA = "gen" } = readOptions<SolveOptions>(caller, ["lower", "assumeA"], rest);
  oneOf(caller, "assumeA", assumeA, ["gen", "sym", "her", "pos"]);
  return overSides(caller, a, b, (matrix, sides) => {
    if (assumeA !== "pos") return lax.linalg.linearSolve.bind([matrix, sides], {})[0]!;
    const factors = choFactor(lax.stopGradient(matrix), lower);
    return customLinearSolve(
      (x: ArrayValue) => product(matrix, x),
      sides,
      (_matvec, y) => choSolve(factors, y),
      { symmetric: true },
    );
  });
}
