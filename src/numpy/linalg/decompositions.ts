import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { showShape } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { cast, promoteDTypesInexact } from "../promotion.ts";
import { matrixTranspose } from "../shape.ts";
import { takeAlongAxis } from "../take.ts";
import { adjoint } from "./conjugates.ts";

/** `x` as floats or complex numbers, as matrices. @throws ShapeError when it has fewer than two axes. */
export function toMatrices(x: Operand, caller: string): ArrayValue {
  const [a] = promoteDTypesInexact(caller, x);
  if (a.ndim >= 2) return a;
  throw new ShapeError(
    "linalg/matrix",
    `${caller} takes a matrix or a stack of them, got shape ${showShape(a.shape)}`,
  );
}

/** As `toMatrices`. @throws ShapeError when they are not square. */
export function toSquare(x: Operand, caller: string): ArrayValue {
  const a = toMatrices(x, caller);
  if (a.shape.at(-1) === a.shape.at(-2)) return a;
  throw new ShapeError(
    "linalg/square",
    `${caller} takes a square matrix or a stack of them, got shape ${showShape(a.shape)}`,
  );
}

const modes = ["reduced", "complete", "r", "raw"] as const;
export type QrMode = (typeof modes)[number];
export interface QrOptions<Mode extends QrMode = QrMode> {
  /** `Q` and `R` with as many columns and rows as fit, or with square `Q`; `R` only; or LAPACK's reflections, transposed, and their factors. */
  mode?: Mode | undefined;
}

/**
 * The QR decomposition: `a = q·r`, `q` with orthonormal columns, `r` upper triangular.
 *
 * Shape: `[…s, m, n] → […s, m, k], […s, k, n]`, k being min(m, n), or m if `mode` is `"complete"`. Dtype: that of `a`, integers
 * becoming floats.
 * @throws ShapeError when `a` has fewer than two axes; ArgumentError on an unknown mode. @see `jax.numpy.linalg.qr`
 */
export function qr(a: Operand, options: { mode: "r" }): ArrayValue;
export function qr(a: Operand, mode: "r"): ArrayValue;
export function qr(
  a: Operand,
  ...rest: Optionals<[mode: Exclude<QrMode, "r">], QrOptions<Exclude<QrMode, "r">>>
): [q: ArrayValue, r: ArrayValue];
export function qr(a: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "np.linalg.qr";
  const { mode = "reduced" } = readOptions<QrOptions>(caller, ["mode"], rest);
  if (!modes.includes(mode))
    throw new ArgumentError(
      "linalg/mode",
      `${caller}: mode is one of ${modes.map((each) => `"${each}"`).join(", ")}, got ${describe(mode)}`,
    );
  const x = toMatrices(a, caller);
  if (mode === "raw") {
    const [reflections, taus] = lax.linalg.geqrf(x);
    return [matrixTranspose(reflections), taus];
  }
  const [q, r] = lax.linalg.qr(x, { fullMatrices: mode === "complete" });
  return mode === "r" ? r : [q, r];
}

export interface SvdOptions<Uv extends boolean = boolean> {
  /** Square `u` and `vh`: the default. */
  fullMatrices?: boolean | undefined;
  /** Also the vectors: the default. */
  computeUv?: Uv | undefined;
  /** `a` is Hermitian, and `(a + aᴴ) / 2` is decomposed by its eigenvalues. */
  hermitian?: boolean | undefined;
}

/** From eigenvalues to singular ones: their sizes, the largest first, and their signs with the right vectors. */
function hermitianSvd(a: ArrayValue, withVectors: boolean): ArrayValue | ArrayValue[] {
  const [v, w] = lax.linalg.eigh(a);
  const axis = w.ndim - 1;
  const sizes = lax.abs(w);
  const descending = (x: ArrayValue) => lax.rev(x, [axis]);
  if (!withVectors) return descending(lax.sort(sizes, axis));
  const places = lax.broadcastedIota("int32", w.shape, axis);
  const [s, order, signs] = lax.sort([sizes, places, lax.sign(w)], axis).map(descending);
  const row = (x: ArrayValue) => lax.expandDims(x, [axis]);
  const u = takeAlongAxis(v, row(order!), { axis: -1 });
  const turned = lax.mul(u, cast(row(signs!), u.dtype, false, "np.linalg.svd"));
  return [u, s!, adjoint(turned)];
}

/**
 * The singular value decomposition: `a = u·diag(s)·vh`, where the singular values `s` descend; `s` alone if `computeUv` is
 * false. The signs of the vectors are free.
 *
 * Shape: `[…s, m, n] → […s, m, m], […s, min(m, n)], […s, n, n]`, and with `fullMatrices: false` as many vectors as singular
 * values. Dtype: that of `a`, integers becoming floats; real for `s`.
 * @throws ShapeError when `a` has fewer than two axes. @see `jax.numpy.linalg.svd`
 */
export function svd(a: Operand, options: SvdOptions<false> & { computeUv: false }): ArrayValue;
export function svd(a: Operand, fullMatrices: boolean, computeUv: false, hermitian?: boolean): ArrayValue;
export function svd(
  a: Operand,
  ...rest: Optionals<[fullMatrices: boolean, computeUv: true, hermitian: boolean], SvdOptions<true>>
): [u: ArrayValue, s: ArrayValue, vh: ArrayValue];
export function svd(a: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "np.linalg.svd";
  const names = ["fullMatrices", "computeUv", "hermitian"] as const;
  const {
    fullMatrices = true,
    computeUv = true,
    hermitian = false,
  } = readOptions<SvdOptions>(caller, names, rest);
  if (hermitian) return hermitianSvd(toSquare(a, caller), computeUv);
  return lax.linalg.svd(toMatrices(a, caller), { fullMatrices, computeUv });
}

/** The singular values, which descend. Shape: `[…s, m, n] → […s, min(m, n)]`. Errors as `svd`. @see `jax.numpy.linalg.svdvals` */
export const svdvals = (x: Operand): ArrayValue =>
  lax.linalg.svd(toMatrices(x, "np.linalg.svdvals"), { computeUv: false });

export interface EighOptions {
  /** Which triangle is read if the input is not symmetrised: `"L"`, or `"U"`. */
  UPLO?: "L" | "U" | null | undefined;
  /** `(a + aᴴ) / 2` is decomposed: the default. */
  symmetrizeInput?: boolean | undefined;
}

/**
 * Eigenvalues and eigenvectors of Hermitian matrices: `a = v·diag(w)·vᴴ`, where `w` ascend. The signs of the vectors are free.
 *
 * Shape: `[…s, n, n] → […s, n], […s, n, n]`. Dtype: that of `a`, integers becoming floats; real for `w`.
 * @throws ShapeError when `a` is not square; ArgumentError on an unknown `UPLO`. @see `jax.numpy.linalg.eigh`
 */
export function eigh(
  a: Operand,
  ...rest: Optionals<["L" | "U" | null, boolean], EighOptions>
): [w: ArrayValue, v: ArrayValue] {
  const caller = "np.linalg.eigh";
  const options = readOptions<EighOptions>(caller, ["UPLO", "symmetrizeInput"], rest);
  const { UPLO = "L", symmetrizeInput = true } = options;
  if (UPLO !== null && UPLO !== "L" && UPLO !== "U")
    throw new ArgumentError("linalg/uplo", `${caller}: UPLO is "L" or "U", got ${describe(UPLO)}`);
  const [v, w] = lax.linalg.eigh(toSquare(a, caller), { lower: UPLO !== "U", symmetrizeInput });
  return [w, v];
}

/** The eigenvalues of Hermitian matrices, which ascend. Shape: `[…s, n, n] → […s, n]`. Errors as `eigh`. @see `jax.numpy.linalg.eigvalsh` */
export const eigvalsh = (
  a: Operand,
  ...rest: Optionals<["L" | "U" | null, boolean], EighOptions>
): ArrayValue => eigh(a, ...rest)[0];

export interface CholeskyOptions {
  /** Upper triangles `lᴴ`. */
  upper?: boolean | undefined;
  /** `(a + aᴴ) / 2` is decomposed: the default; else `a`, of which the lower triangle is read. */
  symmetrizeInput?: boolean | undefined;
}

/**
 * The lower triangular `l` of `a = l·lᴴ`, for Hermitian positive definite matrices; NaN where one is not.
 *
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: that of `a`, integers becoming floats.
 * @throws ShapeError when `a` is not square. @see `jax.numpy.linalg.cholesky`
 */
export function cholesky(a: Operand, ...rest: Optionals<[], CholeskyOptions>): ArrayValue {
  const caller = "np.linalg.cholesky";
  const { upper = false, symmetrizeInput = true } = readOptions<CholeskyOptions>(
    caller,
    ["upper", "symmetrizeInput"],
    rest,
  );
  const l = lax.linalg.cholesky(toSquare(a, caller), { symmetrizeInput });
  return upper ? adjoint(l) : l;
}
