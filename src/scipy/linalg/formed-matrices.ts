import { isComplex } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { range, showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { concatenate } from "../../numpy/join.ts";
import { defaultFloat, promoteDTypes, promoteDTypesInexact, toArray } from "../../numpy/promotion.ts";
import { atleast1d, atleast2d, flip } from "../../numpy/shape.ts";
import { take } from "../../numpy/take.ts";
import { checkSize, known } from "./sized-matrices.ts";
import { oneOf } from "./words.ts";

/** Elements of the last axis, those with the numbers that `at` says for each place. */
const placed = (x: ArrayValue, m: number, n: number, at: (i: number, j: number) => number): ArrayValue =>
  m === 0 || n === 0
    ? lax.full([...x.shape.slice(0, -1), m, n], 0, x.dtype)
    : take(x, known(m, n, at, "int32"), { axis: -1 });

/**
 * Matrices along a diagonal, 0 elsewhere; numbers and vectors count as rows.
 *
 * Shape: the sums of both sizes. Dtype: the promoted one. @throws ShapeError on more than two axes. @see `jax.scipy.linalg.block_diag`
 */
export function blockDiag(...arrays: readonly Operand[]): ArrayValue {
  const caller = "scipy.linalg.blockDiag";
  if (arrays.length === 0) return lax.full([1, 0], 0, defaultFloat());
  const blocks = (promoteDTypes(caller, ...arrays) as readonly ArrayValue[]).map((x) => atleast2d(x));
  const bad = blocks.find((x) => x.ndim > 2);
  if (bad)
    throw new ShapeError(
      "scipy/linalg",
      `${caller} takes at most two axes, got shape ${showShape(bad.shape)}`,
    );
  const width = blocks.reduce((sum, x) => sum + x.shape[1]!, 0);
  let before = 0;
  const rows = blocks.map((x) => {
    const after = width - before - x.shape[1]!;
    const row = lax.pad(x, lax.full([], 0, x.dtype), [[0, 0, 0], [before, after, 0]]); // prettier-ignore
    before += x.shape[1]!;
    return row;
  });
  return lax.concatenate(rows, 0);
}

/** `tail` without its first element, after `head`. */
const joined = (head: ArrayValue, tail: ArrayValue): ArrayValue => {
  const lead = head.ndim > tail.ndim ? head.shape.slice(0, -1) : tail.shape.slice(0, -1);
  const spread = (x: ArrayValue) => lax.broadcastInDim(x, [...lead, x.shape.at(-1)!], range(x.ndim, lead.length + 1 - x.ndim)); // prettier-ignore
  return concatenate([spread(head), spread(lax.sliceInDim(tail, 1, null, { axis: -1 }))], -1);
};
/** Elements of `c`, from the last one on if `turn`, and then of `r` but for the first, placed by their numbers. */
const pairOf = (
  c: ArrayValue,
  r: ArrayValue,
  at: (i: number, j: number) => number,
  turn: boolean,
): ArrayValue => {
  const [m, n] = [c.shape.at(-1)!, r.shape.at(-1)!];
  if (m === 0 || n === 0) return lax.full([...c.shape.slice(0, -1), m, n], 0, c.dtype);
  return placed(joined(turn ? flip(c, -1) : c, r), m, n, at);
};

/**
 * The matrix whose diagonals are constant, with `c` for its first column and `r`, of which the first element is not read, for its
 * first row; by default `conj(c)`.
 *
 * Shape: `[…s, m], […s, n] → […s, m, n]`. Dtype: the promoted one. @see `jax.scipy.linalg.toeplitz`
 */
export function toeplitz(c: Operand, r?: Operand): ArrayValue {
  const caller = "scipy.linalg.toeplitz";
  const first = toArray(c, caller);
  const [x, y] = promoteDTypes(caller, first, r ?? (isComplex(first.dtype) ? lax.conj(first) : first));
  const m = atleast1d(x).shape.at(-1)!;
  return pairOf(atleast1d(x), atleast1d(y), (i, j) => m - 1 - i + j, true);
}

/**
 * The matrix whose antidiagonals are constant, with `c` for its first column and `r`, of which the first element is not read, for
 * its last row; by default 0.
 *
 * Shape: `[…s, m], […s, n] → […s, m, n]`. Dtype: the promoted one. @throws ShapeError on scalars. @see `jax.scipy.linalg.hankel`
 */
export function hankel(c: Operand, r?: Operand): ArrayValue {
  const caller = "scipy.linalg.hankel";
  const first = toArray(c, caller);
  const [x, y] = promoteDTypes(caller, first, r ?? lax.fullLike(first, 0));
  if (x.ndim === 0 || y.ndim === 0)
    throw new ShapeError("scipy/linalg", `${caller} takes vectors, got a scalar`);
  return pairOf(x, y, (i, j) => i + j, false);
}

/** The matrix whose columns are `c`, turned by as many places as their number. Shape: `[…s, n] → […s, n, n]`. @see `jax.scipy.linalg.circulant` */
export function circulant(c: Operand): ArrayValue {
  const x = atleast1d(toArray(c, "scipy.linalg.circulant"));
  const n = x.shape.at(-1)!;
  return placed(x, n, n, (i, j) => (i - j + n) % n);
}

/** `row` as the first row of matrices, above `rest`, which has one row less. */
const under = (row: ArrayValue, rest: ArrayValue): ArrayValue =>
  lax.concatenate([lax.expandDims(row, [row.ndim - 1]), rest], row.ndim - 1);

/**
 * The matrix whose characteristic polynomial has the coefficients `a`, up to a factor, from the highest power.
 *
 * Shape: `[n] → [n - 1, n - 1]`. Dtype: that of `a`, integers becoming floats. @throws ShapeError on anything but a vector of at least two numbers.
 * @see `jax.scipy.linalg.companion`
 */
export function companion(a: Operand): ArrayValue {
  const caller = "scipy.linalg.companion";
  const [x] = promoteDTypesInexact(caller, a);
  const n = x.shape[0]!;
  if (x.ndim !== 1 || n < 2)
    throw new ShapeError("scipy/linalg", `${caller} takes a vector of at least two numbers, got shape ${showShape(x.shape)}`); // prettier-ignore
  const [first, rest] = [lax.sliceInDim(x, 0, 1), lax.sliceInDim(x, 1, n)];
  const row = lax.neg(lax.div(rest, lax.broadcastInDim(first, [n - 1], [0])));
  return under(
    row,
    known(n - 2, n - 1, (i, j) => Number(i === j), x.dtype),
  );
}

/**
 * The matrix with `f` for its first row and `s` below its diagonal.
 *
 * Shape: `[n], [n - 1] → [n, n]`. Dtype: the promoted one. @throws ShapeError on other shapes. @see `jax.scipy.linalg.leslie`
 */
export function leslie(f: Operand, s: Operand): ArrayValue {
  const caller = "scipy.linalg.leslie";
  const [x, y] = promoteDTypes(caller, f, s);
  const n = x.shape[0]!;
  if (x.ndim !== 1 || y.ndim !== 1 || n < 2 || y.shape[0] !== n - 1)
    throw new ShapeError("scipy/linalg", `${caller} takes at least two numbers and one less, got shapes ${showShape(x.shape)} and ${showShape(y.shape)}`); // prettier-ignore
  const diagonal = lax.mul(
    lax.broadcastInDim(y, [n - 1, n], [0]),
    known(n - 1, n, (i, j) => Number(i === j), y.dtype),
  );
  return under(x, diagonal);
}

/** Absolute differences of all pairs. Shape: `[…s, n] → […s, n, n]`. @see `jax.scipy.linalg.fiedler` */
export function fiedler(a: Operand): ArrayValue {
  const x = atleast1d(toArray(a, "scipy.linalg.fiedler"));
  const n = x.shape.at(-1)!;
  return lax.abs(
    lax.sub(
      placed(x, n, n, (i) => i),
      placed(x, n, n, (_i, j) => j),
    ),
  );
}

interface ConvolutionMatrixOptions {
  /** As `np.convolve` has it. Default: `"full"`. */
  readonly mode?: "full" | "valid" | "same" | undefined;
}

/**
 * The matrix that convolves a vector of `n` numbers with `a`: `m·v` is `np.convolve(a, v, mode)`.
 *
 * Shape: `[…s, k] → […s, l, n]`, l being k + n - 1, |k - n| + 1 if `mode` is `"valid"`, and max(k, n) if it is `"same"`. Dtype: that of `a`.
 * @throws ShapeError on a scalar or an empty vector; ArgumentError unless `n` is positive, or on an unknown mode.
 * @see `jax.scipy.linalg.convolution_matrix`
 */
export function convolutionMatrix(
  a: Operand,
  n: number,
  ...rest: Optionals<[mode: "full" | "valid" | "same"], ConvolutionMatrixOptions>
): ArrayValue {
  const caller = "scipy.linalg.convolutionMatrix";
  const { mode = "full" } = readOptions<ConvolutionMatrixOptions>(caller, ["mode"], rest);
  oneOf(caller, "mode", mode, ["full", "valid", "same"]);
  checkSize(n, caller, 1);
  const x = toArray(a, caller);
  const k = x.shape.at(-1) ?? 0;
  if (k === 0) throw new ShapeError("scipy/linalg", `${caller} takes vectors with elements, got shape ${showShape(x.shape)}`); // prettier-ignore
  const least = Math.min(n, k) - 1;
  const before = mode === "full" ? 0 : mode === "valid" ? least : Math.floor(least / 2);
  const after = mode === "full" ? 0 : least - (mode === "valid" ? 0 : before);
  // Before and after `a`, what is not there is 0.
  const around = lax.pad(x, lax.full([], 0, x.dtype), x.shape.map((_, i) => (i === x.ndim - 1 ? [n - 1, n - 1, 0] : [0, 0, 0]))); // prettier-ignore
  return placed(around, k + n - 1 - before - after, n, (i, j) => before + i - j + n - 1);
}

/**
 * Another matrix with the characteristic polynomial of `companion(a)`, with two diagonals beside the main one on either side.
 *
 * Shape: `[n] → [n - 1, n - 1]`. Dtype: that of `a`, integers becoming floats. @throws ShapeError on anything but a vector with elements.
 * @see `jax.scipy.linalg.fiedler_companion`; Fiedler, "A note on companion matrices" (2003)
 */
export function fiedlerCompanion(a: Operand): ArrayValue {
  const caller = "scipy.linalg.fiedlerCompanion";
  const [x] = promoteDTypesInexact(caller, a);
  const n = (x.shape[0] ?? 0) - 1;
  if (x.ndim !== 1 || n < 0)
    throw new ShapeError(
      "scipy/linalg",
      `${caller} takes a vector with elements, got shape ${showShape(x.shape)}`,
    );
  if (n === 0) return lax.full([0, 0], 0, x.dtype);
  const first = lax.broadcastInDim(lax.sliceInDim(x, 0, 1), [n + 1], [0]);
  // 0, 1, and the coefficients, negative and over the first.
  const numbers = lax.concatenate([known(1, 2, (_i, j) => j, x.dtype), lax.expandDims(lax.neg(lax.div(x, first)), [0])], 1); // prettier-ignore
  const coefficient = (i: number) => i + 2;
  return placed(lax.squeeze(numbers, [0]), n, n, (i, j) => {
    if (j === 0 && i < 2) return i === 0 ? coefficient(1) : 1;
    if (i % 2 === 0)
      return j === i + 1 ? coefficient(i + 2) : j === i - 1 ? coefficient(i + 1) : Number(j === i + 2);
    return Number(j === i - 2 && i >= 3);
  });
}
