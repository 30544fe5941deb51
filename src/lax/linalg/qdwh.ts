import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { showShape } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { broadcastTo, filled } from "../algebra.ts";
import { abs, add, div, mul, sub } from "../arithmetic.ts";
import { and, not } from "../bits.ts";
import { convertElementType } from "../cast.ts";
import { eq, gt } from "../compare.ts";
import { concatenate } from "../join.ts";
import { checkDType, toArray } from "../operand.ts";
import { sqrt } from "../power.ts";
import { reduceMax, reduceSum } from "../reduce.ts";
import { select } from "../select.ts";
import { sliceInDim } from "../slice-in-dim.ts";
import { cholesky } from "./cholesky.ts";
import { adjoint, identityLike, product, symmetrized } from "./matrices.ts";
import { qr } from "./qr.ts";
import { triangularSolve } from "./triangular-solve.ts";

interface QdwhOptions {
  /** Default: 10. */
  readonly maxIterations?: number | undefined;
  /** The smallest singular value that counts, as a part of the largest. Default: a rounding of float32. */
  readonly eps?: number | undefined;
}
interface Weights {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Weights of the steps, from a lower bound of the singular values, which grows with each. */
function weightsFrom(eps: number, maxIterations: number): readonly Weights[] {
  const out: Weights[] = [];
  for (let bound = eps; bound + 5 * eps < 1 && out.length < maxIterations;) {
    const square = bound * bound;
    const d = Math.cbrt((4 * (1 / square - 1)) / square);
    const root = Math.sqrt(1 + d);
    const a = root + Math.sqrt(2 - d + (2 * (2 - square)) / (square * root));
    const b = (a - 1) ** 2 / 4;
    const c = a + b - 1;
    out.push({ a, b, c });
    bound = (bound * (a + b * square)) / (1 + c * square);
  }
  return out;
}

/** `u·(b/c) + (a - b/c)·u·(1 + c·uᴴ·u)⁻¹`, by the QR decomposition of `√c·u` above an identity where `c` is large. */
function step(u: ArrayValue, { a, b, c }: Weights): ArrayValue {
  const [m, n] = u.shape as [number, number];
  const gram = product(adjoint(u), u);
  const one = identityLike(gram);
  const e = b / c;
  if (c > 100) {
    const [q] = qr(concatenate([mul(u, Math.sqrt(c)), one], 0), { fullMatrices: false });
    const [above, below] = [sliceInDim(q!, 0, m), sliceInDim(q!, m, m + n)];
    return add(mul(u, e), mul(product(above, adjoint(below)), (a - e) / Math.sqrt(c)));
  }
  const l = cholesky(add(mul(gram, c), one), { symmetrizeInput: false });
  const lower = { leftSide: true, lower: true } as const;
  const half = triangularSolve(l, adjoint(u), lower);
  const whole = triangularSolve(l, half, { ...lower, transposeA: true, conjugateA: true });
  return add(mul(u, e), mul(adjoint(whole), a - e));
}

/** The largest sum of absolute values along an axis. */
const largestSum = (x: ArrayValue, axis: number): ArrayValue => reduceMax(reduceSum(abs(x), [axis]), [0]);

/**
 * The polar decomposition `x = u·h`, by Halley's iteration with dynamical weights: `u` with orthonormal columns, `h` Hermitian
 * and positive semidefinite; how many steps it took, and whether it came to an end.
 *
 * Shape: `[m, n] → [m, n], [n, n], [], []`, m ≥ n. Dtype: that of `x`; int32; bool.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no matrix of at least as many rows as columns; ArgumentError
 *   on a number of iterations that is no natural number.
 * @see `jax.lax.linalg.qdwh`; Nakatsukasa, Bai and Gygi, "Optimizing Halley's iteration for computing the matrix polar
 *   decomposition" (2010)
 */
export function qdwh(
  operand: Operand,
  ...rest: Optionals<[], QdwhOptions>
): [u: ArrayValue, h: ArrayValue, steps: ArrayValue, isConverged: ArrayValue] {
  const options = readOptions<QdwhOptions>("qdwh", ["maxIterations", "eps"], rest);
  const x = toArray(operand, "qdwh");
  checkDType(x.dtype, "inexact", "qdwh", 0);
  if (x.ndim !== 2 || x.shape[0]! < x.shape[1]!)
    throw new ShapeError(
      "lax/shape",
      `qdwh takes a matrix of at least as many rows as columns, got shape ${showShape(x.shape)}`,
    );
  const { maxIterations = 10, eps = x.dtype === "float64" ? 2 ** -52 : 2 ** -23 } = options;
  if (!Number.isInteger(maxIterations) || maxIterations < 0)
    throw new ArgumentError(
      "lax/qdwh",
      `qdwh: maxIterations is a natural number, got ${describe(maxIterations)}`,
    );
  const scale = sqrt(mul(largestSum(x, 0), largestSum(x, 1)));
  const divisor = select(eq(scale, 0), filled(1, scale.aval), scale);
  let u = div(x, broadcastTo(convertElementType(divisor, x.dtype), x.shape));
  const known = weightsFrom(eps, maxIterations);
  const tolerance = Math.cbrt(5 * eps);
  let steps = filled(known.length, avalOf([], "int32"));
  let isMoving = filled(1, avalOf([], "bool"));
  const test = (next: ArrayValue) => {
    const moved = abs(sub(next, u));
    isMoving = and(isMoving, gt(sqrt(reduceSum(mul(moved, moved), [0, 1])), tolerance));
  };
  for (const weight of known) {
    const next = step(u, weight);
    if (weight.c <= 100) {
      isMoving = filled(1, avalOf([], "bool"));
      test(next);
    }
    u = next;
  }
  // Then Halley's own weights, until it stands still.
  for (let count = known.length; count < maxIterations; count++) {
    const next = step(u, { a: 3, b: 1, c: 3 });
    const wasMoving = isMoving;
    steps = add(steps, convertElementType(wasMoving, "int32"));
    test(next);
    u = select(broadcastTo(wasMoving, u.shape), next, u);
  }
  // A step of Newton and Schulz.
  u = sub(mul(u, 1.5), mul(product(u, product(adjoint(u), u)), 0.5));
  return [u, symmetrized(product(adjoint(u), x)), steps, not(isMoving)];
}
