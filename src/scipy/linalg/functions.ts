import { isComplex } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { sameShape, showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { foriLoop } from "../../control/index.ts";
import * as lax from "../../lax/index.ts";
import { adjoint, diagonalOf, identityLike, product } from "../../lax/linalg/matrices.ts";
import { toMatrices, toSquare } from "../../numpy/linalg/decompositions.ts";
import { cast, promoteDTypesInexact } from "../../numpy/promotion.ts";
import { schur } from "./decompositions.ts";
import { oneOf } from "./words.ts";

/** @throws ShapeError when `x` is a stack. */
function single(x: ArrayValue, caller: string): ArrayValue {
  if (x.ndim === 2) return x;
  throw new ShapeError(
    "scipy/linalg",
    `${caller} takes one matrix, got shape ${showShape(x.shape)}: vmap it`,
  );
}

interface PolarOptions {
  /** `a = u·p`, or, of `"left"`, `a = p·u`. Default: `"right"`. */
  readonly side?: "right" | "left" | undefined;
  /** By iteration, or by singular values. Default: `"qdwh"`. */
  readonly method?: "qdwh" | "svd" | undefined;
  /** For `"qdwh"`: the smallest singular value that counts, as a part of the largest. */
  readonly eps?: number | undefined;
  readonly maxIterations?: number | undefined;
}

/**
 * The polar decomposition `a = u·p`, with orthonormal rows or columns of `u` and a Hermitian positive semidefinite `p`, as `[u, p]`.
 *
 * Shape: `[m, n] → [m, n], [n, n]`, or, of `"left"`, `[m, m]`. The method `"qdwh"` takes m ≥ n on the right, m < n on the left.
 * @throws ShapeError when `a` is no matrix or has another shape than its method takes; ArgumentError on an unknown side or method.
 * @see `jax.scipy.linalg.polar`
 */
export function polar(
  a: Operand,
  ...rest: Optionals<[side: "right" | "left"], PolarOptions>
): [u: ArrayValue, p: ArrayValue] {
  const caller = "scipy.linalg.polar";
  const names = ["side", "method", "eps", "maxIterations"] as const;
  const { side = "right", method = "qdwh", ...limits } = readOptions<PolarOptions>(caller, names, rest);
  oneOf(caller, "side", side, ["right", "left"]);
  oneOf(caller, "method", method, ["qdwh", "svd"]);
  const x = single(toMatrices(a, caller), caller);
  const isRight = side === "right";
  if (method === "svd") {
    const [u, s, vh] = lax.linalg.svd(x, { fullMatrices: false });
    const basis = isRight ? adjoint(vh) : u;
    const scaled = lax.mul(basis, lax.broadcastInDim(cast(s, x.dtype, false, caller), basis.shape, [1]));
    return [product(u, vh), product(scaled, adjoint(basis))];
  }
  if (x.shape[0]! >= x.shape[1]! !== isRight)
    throw new ShapeError(
      "scipy/linalg",
      `${caller}: the method "qdwh" takes matrices that are no wider than high on the right, and wider on the left, got ${showShape(x.shape)} on the ${side}: give method: "svd"`,
    );
  const [u, p] = lax.linalg.qdwh(isRight ? x : adjoint(x), limits);
  return isRight ? [u, p] : [adjoint(u), p];
}

/**
 * A function of a triangular matrix, from its diagonal: `next(f)` says what is on a diagonal that it does not yet have, from those
 * below, which are the others that it has.
 */
const byDiagonals = (diagonal: ArrayValue, next: (f: ArrayValue) => ArrayValue): ArrayValue => {
  const n = diagonal.shape[0]!;
  const shape = [n, n];
  const [row, column] = [0, 1].map((axis) => lax.broadcastedIota("int32", shape, axis));
  const distance = lax.sub(column!, row!);
  const onFirst = lax.broadcastInDim(diagonal, shape, [0]);
  const first = lax.select(lax.eq(distance, 0), onFirst, lax.fullLike(onFirst, 0));
  const step = (k: ArrayValue, f: ArrayValue) => {
    const place = lax.broadcast(cast(k, "int32", false, "scipy.linalg"), shape);
    return lax.select(lax.eq(distance, place), next(f), f);
  };
  return foriLoop(1, n, step, first) as ArrayValue;
};
const column = (x: ArrayValue): ArrayValue => lax.broadcastInDim(x, [x.shape[0]!, x.shape[0]!], [0]);
const row = (x: ArrayValue): ArrayValue => lax.broadcastInDim(x, [x.shape[0]!, x.shape[0]!], [1]);

/**
 * The principal square root of a square matrix.
 *
 * Shape: `[n, n] → [n, n]`. Dtype: complex64. No derivative.
 * @throws ShapeError when `a` is no square matrix. @see `jax.scipy.linalg.sqrtm`; Higham, "Computing real square roots of a real
 *   matrix" (1987)
 */
export function sqrtm(a: Operand): ArrayValue {
  const caller = "scipy.linalg.sqrtm";
  const [t, z] = schur(single(toSquare(a, caller), caller), "complex");
  const roots = lax.sqrt(diagonalOf(t));
  const sums = lax.add(column(roots), row(roots));
  const root = byDiagonals(roots, (u) => {
    const rest = lax.sub(t, product(u, u));
    return lax.select(lax.eq(rest, 0), lax.fullLike(rest, 0), lax.div(rest, sums));
  });
  return product(z, root, adjoint(z));
}

/**
 * `func` of a square matrix: a function of numbers, of its eigenvalues.
 *
 * Shape: `[n, n] → [n, n]`. Dtype: complex64. Where eigenvalues are almost the same, digits are lost. No derivative.
 * @throws ShapeError when `a` is no square matrix. @see `jax.scipy.linalg.funm`; Parlett, "A recurrence among the elements of functions of triangular
 *   matrices" (1976)
 */
export function funm(a: Operand, func: (x: ArrayValue) => ArrayValue): ArrayValue {
  const caller = "scipy.linalg.funm";
  const [t, z] = schur(single(toSquare(a, caller), caller), "complex");
  const values = diagonalOf(t);
  const differences = lax.sub(row(values), column(values));
  const isSame = lax.eq(differences, 0);
  const divisors = lax.select(isSame, lax.fullLike(differences, 1), differences);
  const f = byDiagonals(cast(func(values), t.dtype, false, caller), (y) =>
    lax.div(lax.sub(product(t, y), product(y, t)), divisors),
  );
  return product(z, f, adjoint(z));
}

interface SolveSylvesterOptions {
  /** By Schur forms, or by eigenvectors. Default: `"schur"`. */
  readonly method?: "schur" | "eigen" | undefined;
  /** The solution is NaN where an eigenvalue of `a` and one of `b` have a sum of at most this size. Default: 1e-8. */
  readonly tol?: number | undefined;
}

/**
 * The solution `x` of `a·x + x·b = c`.
 *
 * Shape: `[m, m], [n, n], [m, n] → [m, n]`. Dtype: the promoted one, integers becoming floats. No derivative.
 * @throws ShapeError when shapes do not fit; ArgumentError on an unknown method. @see `jax.scipy.linalg.solve_sylvester`; Bartels and Stewart,
 *   CACM Algorithm 432 (1972)
 */
export function solveSylvester(
  a: Operand,
  b: Operand,
  c: Operand,
  ...rest: Optionals<[], SolveSylvesterOptions>
): ArrayValue {
  const caller = "scipy.linalg.solveSylvester";
  const { method = "schur", tol = 1e-8 } = readOptions<SolveSylvesterOptions>(
    caller,
    ["method", "tol"],
    rest,
  );
  oneOf(caller, "method", method, ["schur", "eigen"]);
  const [x, y, given] = promoteDTypesInexact(caller, a, b, c);
  const [m = 0, n = 0] = given.shape;
  const fits = given.ndim === 2 && sameShape(x.shape, [m, m]) && sameShape(y.shape, [n, n]);
  if (!fits)
    throw new ShapeError(
      "scipy/linalg",
      `${caller}: for c of shape ${showShape(given.shape)} a and b are square with as many rows and columns, got ${showShape(x.shape)} and ${showShape(y.shape)}`,
    );
  const sides = cast(given, "complex64", false, caller);
  const solved = method === "schur" ? bySchur(x, y, sides) : byEigenvectors(x, y, sides);
  const [solution, sums] = solved;
  const isSingular = lax.reduceOr(lax.lt(lax.abs(sums), tol), [0, 1]);
  const out = isComplex(given.dtype) ? solution : cast(lax.real(solution), given.dtype, false, caller);
  return lax.select(lax.broadcast(isSingular, out.shape), lax.fullLike(out, NaN), out);
}

type Solved = readonly [x: ArrayValue, sums: ArrayValue];
const sumsOf = (x: ArrayValue, y: ArrayValue): ArrayValue => {
  const shape = [x.shape[0]!, y.shape[0]!];
  return lax.add(lax.broadcastInDim(x, shape, [0]), lax.broadcastInDim(y, shape, [1]));
};

/** With `A = U·R·Uᴴ`, `B = V·S·Vᴴ` and `F = Uᴴ·C·V`: `R·Y + Y·S = F`, column by column. */
function bySchur(a: ArrayValue, b: ArrayValue, c: ArrayValue): Solved {
  const [r, u] = schur(a, "complex");
  const [s, v] = schur(b, "complex");
  const f = product(adjoint(u), c, v);
  const columns = lax.broadcastedIota("int32", f.shape, 1);
  const y = foriLoop(
    0,
    f.shape[1]!,
    (i: ArrayValue, known: ArrayValue) => {
      const at = (x: ArrayValue) => lax.dynamicSliceInDim(x, i, 1, 1);
      const value = lax.dynamicSliceInDim(at(s), i, 1, 0);
      const shifted = lax.add(r, lax.mul(identityLike(r), lax.broadcastInDim(value, r.shape, [0, 1])));
      const rest = lax.sub(at(f), product(known, at(s)));
      const found = lax.linalg.triangularSolve(shifted, rest, { leftSide: true });
      const isHere = lax.eq(columns, lax.broadcast(cast(i, "int32", false, "scipy.linalg"), f.shape));
      return lax.select(isHere, lax.broadcastInDim(found, f.shape, [0, 1]), known);
    },
    lax.fullLike(f, 0),
  ) as ArrayValue;
  return [product(u, y, adjoint(v)), sumsOf(diagonalOf(r), diagonalOf(s))];
}

/** With `A·U = U·diag(r)` and `B·V = V·diag(s)`: the elements of `U⁻¹·X·V` are those of `U⁻¹·C·V` over `rᵢ + sⱼ`. */
function byEigenvectors(a: ArrayValue, b: ArrayValue, c: ArrayValue): Solved {
  const right = { computeLeftEigenvectors: false };
  const [r, u] = lax.linalg.eig(a, right) as [ArrayValue, ArrayValue];
  const [s, v] = lax.linalg.eig(b, right) as [ArrayValue, ArrayValue];
  const solve = (x: ArrayValue, y: ArrayValue) => lax.linalg.linearSolve.bind([x, y], {})[0]!;
  const sums = sumsOf(r, s);
  const y = lax.div(solve(u, product(c, v)), sums);
  return [product(u, adjoint(solve(adjoint(v), adjoint(y)))), sums];
}
