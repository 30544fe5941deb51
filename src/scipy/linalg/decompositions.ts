import { type Optionals, readOptions } from "../../core/options.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { identityLike, upperTriangle } from "../../lax/linalg/matrices.ts";
import * as linalg from "../../numpy/linalg/index.ts";
import { toMatrices, toSquare } from "../../numpy/linalg/decompositions.ts";
import { cast } from "../../numpy/promotion.ts";
import { type LowerOption, oneOf } from "./words.ts";

interface QrOptions {
  /** Square `q`, as many columns as fit, or `r` alone. Default: `"full"`. */
  readonly mode?: "full" | "economic" | "r" | undefined;
  /** Columns are exchanged so that the diagonal of `r` descends, and their order is given, too. Default: false. */
  readonly pivoting?: boolean | undefined;
}

/**
 * `a = q·r` with orthonormal columns of `q` and an upper triangular `r`: a list of `q`, unless `mode` is `"r"`, `r`, and, with
 * `pivoting`, the order of the columns.
 *
 * Shape: `[…s, m, n] → […s, m, k], […s, k, n], […s, n]`; k is m, or min(m, n) if `mode` is `"economic"`.
 * @throws ShapeError when `a` has fewer than two axes; ArgumentError on an unknown mode. @see `jax.scipy.linalg.qr`
 */
export function qr(a: Operand, ...rest: Optionals<[], QrOptions>): ArrayValue[] {
  const caller = "scipy.linalg.qr";
  const { mode = "full", pivoting = false } = readOptions<QrOptions>(caller, ["mode", "pivoting"], rest);
  oneOf(caller, "mode", mode, ["full", "economic", "r"]);
  const outs = lax.linalg.qr(toMatrices(a, caller), { pivoting, fullMatrices: mode !== "economic" });
  return mode === "r" ? outs.slice(1) : [...outs];
}

interface EighOptions extends LowerOption {
  /** Gives the eigenvalues alone. Default: false. */
  readonly eigvalsOnly?: boolean | undefined;
}

/** Eigenvalues, which ascend, and vectors of `(a + aᴴ) / 2`, or of one triangle. Shapes and errors as `np.linalg.eigh`. @see `jax.scipy.linalg.eigh` */
export function eigh(a: Operand, options: EighOptions & { readonly eigvalsOnly: true }): ArrayValue;
export function eigh(
  a: Operand,
  options?: EighOptions & { readonly eigvalsOnly?: false },
): [w: ArrayValue, v: ArrayValue];
export function eigh(a: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "scipy.linalg.eigh";
  const { lower = true, eigvalsOnly = false } = readOptions<EighOptions>(caller, ["lower", "eigvalsOnly"], rest); // prettier-ignore
  const [v, w] = lax.linalg.eigh(toSquare(a, caller), { lower });
  return eigvalsOnly ? w : [w, v];
}

interface SchurOptions {
  /** `"complex"` gives a triangular form of real matrices, too. Default: `"real"`. */
  readonly output?: "real" | "complex" | undefined;
}

/**
 * `a = z·t·zᴴ` with a unitary `z`, as `[t, z]`; `t` is triangular but for 2×2 blocks where real matrices have conjugate
 * eigenvalues, and triangular if `output` is `"complex"`.
 *
 * Shape: `[…s, n, n] → […s, n, n], […s, n, n]`. Dtype: that of `a`, or complex64. No derivative.
 * @throws ShapeError when `a` is not square; ArgumentError on an unknown output. @see `jax.scipy.linalg.schur`
 */
export function schur(
  a: Operand,
  ...rest: Optionals<[output: "real" | "complex"], SchurOptions>
): [t: ArrayValue, z: ArrayValue] {
  const caller = "scipy.linalg.schur";
  const { output = "real" } = readOptions<SchurOptions>(caller, ["output"], rest);
  oneOf(caller, "output", output, ["real", "complex"]);
  const x = toSquare(a, caller);
  // Two are asked for.
  return lax.linalg.schur(output === "complex" ? cast(x, "complex64", false, caller) : x) as [ArrayValue, ArrayValue]; // prettier-ignore
}

interface HessenbergOptions {
  /** Gives `q`, too. Default: false. */
  readonly calcQ?: boolean | undefined;
}

/**
 * The `h` of `a = q·h·qᴴ` with a unitary `q`, which is 0 below the diagonal beside the main one; with `calcQ`, `[h, q]`.
 *
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: that of `a`, integers becoming floats. No derivative.
 * @throws ShapeError when `a` is not square. @see `jax.scipy.linalg.hessenberg`
 */
export function hessenberg(a: Operand, options: { readonly calcQ: true }): [h: ArrayValue, q: ArrayValue];
export function hessenberg(a: Operand, options?: { readonly calcQ?: false }): ArrayValue;
export function hessenberg(a: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "scipy.linalg.hessenberg";
  const { calcQ = false } = readOptions<HessenbergOptions>(caller, ["calcQ"], rest);
  const x = toSquare(a, caller);
  const [reflections, taus] = lax.linalg.hessenberg(x);
  const h = upperTriangle(reflections, -1);
  if (!calcQ) return h;
  if (x.shape.at(-1) === 0) return [h, h];
  const inner = lax.linalg.householderProduct(
    lax.sliceInDim(lax.sliceInDim(reflections, 1, null, { axis: -2 }), 0, -1, { axis: -1 }),
    taus,
  );
  const around = lax.pad(inner, lax.full([], 0, x.dtype), x.shape.map((_, i) => [i < x.ndim - 2 ? 0 : 1, 0, 0])); // prettier-ignore
  const rows = lax.broadcastedIota("int32", x.shape, x.ndim - 2);
  return [h, lax.select(lax.eq(rows, 0), identityLike(x), around)];
}

interface SvdOptions {
  readonly fullMatrices?: boolean | undefined;
  readonly computeUv?: boolean | undefined;
}
/** `a = u·diag(s)·vh`. Shapes, options and errors as `np.linalg.svd`. @see `jax.scipy.linalg.svd` */
export function svd(a: Operand, options: SvdOptions & { readonly computeUv: false }): ArrayValue;
export function svd(
  a: Operand,
  ...rest: Optionals<[fullMatrices: boolean, computeUv: true], SvdOptions>
): [u: ArrayValue, s: ArrayValue, vh: ArrayValue];
export function svd(a: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "scipy.linalg.svd";
  const options = readOptions<SvdOptions>(caller, ["fullMatrices", "computeUv"], rest);
  return lax.linalg.svd(toMatrices(a, caller), options);
}

/** The inverse of square matrices. Shapes and errors as `np.linalg.inv`. @see `jax.scipy.linalg.inv` */
export const inv = (a: Operand): ArrayValue => linalg.inv(a);
/** The determinant of square matrices. Shapes and errors as `np.linalg.det`. @see `jax.scipy.linalg.det` */
export const det = (a: Operand): ArrayValue => linalg.det(a);
