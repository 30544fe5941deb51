import { isInexact } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { definePrimitive, type Derived, Linear, type NoParams, type Op } from "../../core/primitive.ts";
import { addTangents, noTranspose } from "../../core/rules.ts";
import { sameShape, showShape } from "../../core/shape.ts";
import type { ArrayValue, Aval, Operand } from "../../core/value.ts";
import { materialiseBatch } from "../algebra.ts";
import { add, div, mul, neg, sub } from "../arithmetic.ts";
import { expandDims } from "../broadcast.ts";
import { sameDTypes } from "../operand.ts";
import { pad } from "../pad-slice.ts";

type Four = [lower: ArrayValue, main: ArrayValue, upper: ArrayValue, b: ArrayValue];

function abstract([lower, main, upper, b]: readonly [Aval, Aval, Aval, Aval]): Aval {
  const bands = [lower, main, upper];
  if (bands.some((x) => x.dtype !== b.dtype) || !isInexact(b.dtype)) {
    throw new DTypeError(
      "lax/dtype",
      `tridiagonal_solve takes arrays of one inexact dtype, got ${[...bands, b].map((x) => x.dtype).join(", ")}`,
    );
  }
  if (main.shape.length === 0 || bands.some((x) => !sameShape(x.shape, b.shape.slice(0, -1)))) {
    throw new ShapeError(
      "lax/tridiagonal",
      `tridiagonal_solve: for b of shape (…s, n, k) the three diagonals have shape (…s, n); got ${bands.map((x) => showShape(x.shape)).join(", ")} and b ${showShape(b.shape)}`,
    );
  }
  return { ...b, weak: [...bands, b].every((x) => x.weak) };
}

/** `x[i - by]` at `i` along `axis`, and `outside` beyond the ends. */
const shifted = (x: ArrayValue, by: number, axis = x.ndim - 1, outside = 0): ArrayValue =>
  pad(
    x,
    outside,
    x.shape.map((_, i) => (i === axis ? [by, -by, 0] : [0, 0, 0])),
  );

/** `A·x`, each of whose rows is `lower·x[i - 1] + main·x[i] + upper·x[i + 1]`; null bands are zero. */
function times(bands: readonly (ArrayValue | null)[], x: ArrayValue): ArrayValue | null {
  const rows = x.ndim - 2;
  return bands.reduce<ArrayValue | null>(
    (sum, band, i) =>
      addTangents(sum, band && mul(expandDims(band, [-1]), i === 1 ? x : shifted(x, i === 0 ? 1 : -1, rows))),
    null,
  );
}

/**
 * Cyclic reduction, all rows at once: rows that lie `step` apart are combined until each has one unknown only. It takes
 * ⌈log₂ n⌉ steps.
 */
function reduced([lower, main, upper, b]: Four): ArrayValue {
  const rows = b.ndim - 2;
  let [a, d, c, x] = [lower, main, upper, b];
  for (let step = 1; step < main.shape.at(-1)!; step *= 2) {
    const up = neg(div(a, shifted(d, step, rows, 1)));
    const down = neg(div(c, shifted(d, -step, rows, 1)));
    const column = (y: ArrayValue) => expandDims(y, [-1]);
    x = add(x, add(mul(column(up), shifted(x, step, rows)), mul(column(down), shifted(x, -step, rows))));
    d = add(d, add(mul(up, shifted(c, step)), mul(down, shifted(a, -step))));
    [a, c] = [mul(up, shifted(a, step)), mul(down, shifted(c, -step))];
  }
  return div(x, expandDims(d, [-1]));
}

/**
 * The solution `x` of `A·x = b` for tridiagonal `A`, without pivoting: accurate where `A` is diagonally dominant, or
 * symmetric and positive definite.
 *
 * Row `i` of `A` has `lower[i]`, `main[i]`, `upper[i]` around the main diagonal; `lower[0]` and `upper[n - 1]` lie outside
 * and are not read. Shape: `[…s, n]` three times, `[…s, n, k] → […s, n, k]`. Dtype: inexact, that of all.
 * @throws ShapeError when the shapes do not fit; DTypeError when the dtypes differ, or are not inexact.
 * @see `jax.lax.linalg.tridiagonal_solve`; Hockney and Jesshope, "Parallel Computers" (1981), on parallel cyclic reduction
 */
export const tridiagonalSolve: Op<
  (lower: Operand, main: Operand, upper: Operand, b: Operand) => ArrayValue,
  "tridiagonal_solve",
  Four,
  NoParams
> &
  Derived = definePrimitive("tridiagonal_solve", {
  arity: 4,
  call: (...operands) => tridiagonalSolve.bind(sameDTypes(operands, "tridiagonal_solve") as Four, {})[0]!,
  abstract: (avals) => abstract(avals),
  jvp: ([lower, main, upper, b], [tLower, tMain, tUpper, tb]) => {
    // A·x = b, so A·ẋ = ḃ - Ȧ·x.
    const solve = (rhs: ArrayValue) => tridiagonalSolve.bind([lower, main, upper, rhs], {});
    const [x] = solve(b) as [ArrayValue];
    const moved = times([tLower ?? null, tMain ?? null, tUpper ?? null], x);
    const rhs = moved === null ? (tb ?? null) : tb ? sub(tb, moved) : neg(moved);
    return [[x], [rhs && solve(rhs)[0]!]];
  },
  transpose: ([ct], [lower, main, upper]) => {
    if (!ct) return [null, null, null, null];
    const [a, d, c] = [lower!, main!, upper!];
    if (a instanceof Linear || d instanceof Linear || c instanceof Linear) noTranspose(tridiagonalSolve);
    // The rows of Aᵀ are the columns of A.
    return [null, null, null, ...tridiagonalSolve.bind([shifted(c, 1), d, shifted(a, -1), ct], {})];
  },
  batch: (operands, dims, size) => {
    const batched = operands.map((x, i) => materialiseBatch(x, dims[i]!, size));
    return [tridiagonalSolve.bind(batched as Four, {}), [0]];
  },
  expand: (operands) => [reduced(operands)],
  samples: [
    [3, 2],
    [5, 1],
    [1, 2],
    [2, 4, 1],
  ].map((shape) => {
    const band = (low: number, high: number) => ({
      shape: shape.slice(0, -1),
      between: [low, high] as const,
    });
    return { operands: [band(-1, 1), band(3, 4), band(-1, 1), { shape }], params: {} };
  }),
});
