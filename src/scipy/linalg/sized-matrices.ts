import type { DTypeLike } from "../../core/dtype.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { range } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { array } from "../../numpy/array.ts";
import { defaultFloat, defaultInt } from "../../numpy/promotion.ts";
import { oneOf } from "./words.ts";

/** A matrix of numbers that are known. */
export const known = (
  m: number,
  n: number,
  at: (i: number, j: number) => number,
  dtype: DTypeLike = defaultFloat(),
): ArrayValue =>
  // prettier-ignore
  lax.reshape(array(range(m).flatMap((i) => range(n).map((j) => at(i, j))), dtype), [m, n]);

/** @throws ArgumentError unless `n` is an integer of at least `least`. */
export function checkSize(n: number, caller: string, least = 0): void {
  if (!Number.isInteger(n) || n < least)
    throw new ArgumentError(
      "scipy/size",
      `${caller}: n is an integer of at least ${least}, got ${describe(n)}`,
    );
}

/** `1 / (i + j + 1)`. Shape: `[n, n]`. Dtype: float32. @throws ArgumentError on a negative size. @see `jax.scipy.linalg.hilbert` */
export function hilbert(n: number): ArrayValue {
  checkSize(n, "scipy.linalg.hilbert");
  return known(n, n, (i, j) => 1 / (i + j + 1));
}

const choose = (n: number, k: number): number => {
  let out = 1;
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i;
  return k < 0 || k > n ? 0 : Math.round(out);
};

/** The inverse of `hilbert(n)`. Shape: `[n, n]`. Dtype: float32. @throws ArgumentError on a negative size. @see `jax.scipy.linalg.invhilbert` */
export function invhilbert(n: number): ArrayValue {
  checkSize(n, "scipy.linalg.invhilbert");
  return known(
    n,
    n,
    (i, j) =>
      (-1) ** (i + j) *
      (i + j + 1) *
      choose(n + i, n - j - 1) *
      choose(n + j, n - i - 1) *
      choose(i + j, i) ** 2,
  );
}

interface PascalOptions {
  readonly kind?: "symmetric" | "lower" | "upper" | undefined;
}
const kinds = ["symmetric", "lower", "upper"] as const;

/** Binomial coefficients: `i + j` over `i`, or, of `"lower"`, `i` over `j`. Shape: `[n, n]`. Dtype: float32. @throws ArgumentError on a negative size or an unknown kind. @see `jax.scipy.linalg.pascal` */
export function pascal(
  n: number,
  ...rest: Optionals<[kind: (typeof kinds)[number]], PascalOptions>
): ArrayValue {
  const caller = "scipy.linalg.pascal";
  const { kind = "symmetric" } = readOptions<PascalOptions>(caller, ["kind"], rest);
  checkSize(n, caller);
  oneOf(caller, "kind", kind, kinds);
  return known(n, n, (i, j) =>
    kind === "symmetric" ? choose(i + j, i) : kind === "lower" ? choose(i, j) : choose(j, i),
  );
}

/** The inverse of `pascal`. Shapes and errors as `pascal`. @see `jax.scipy.linalg.invpascal` */
export function invpascal(
  n: number,
  ...rest: Optionals<[kind: (typeof kinds)[number]], PascalOptions>
): ArrayValue {
  const caller = "scipy.linalg.invpascal";
  const { kind = "symmetric" } = readOptions<PascalOptions>(caller, ["kind"], rest);
  checkSize(n, caller);
  oneOf(caller, "kind", kind, kinds);
  const lower = (i: number, j: number) => (-1) ** (i + j) * choose(i, j);
  const symmetric = (i: number, j: number) => range(n).reduce((sum, k) => sum + lower(k, i) * lower(k, j), 0);
  return known(n, n, (i, j) =>
    kind === "symmetric" ? symmetric(i, j) : kind === "lower" ? lower(i, j) : lower(j, i),
  );
}

/** Rows that are orthonormal, and, unless `full`, orthogonal to a constant. Shape: `[n - 1, n]`, or `[n, n]`. Dtype: float32. @throws ArgumentError unless `n` is positive. @see `jax.scipy.linalg.helmert` */
export function helmert(
  n: number,
  ...rest: Optionals<[full: boolean], { readonly full?: boolean }>
): ArrayValue {
  const caller = "scipy.linalg.helmert";
  const { full = false } = readOptions<{ full?: boolean }>(caller, ["full"], rest);
  checkSize(n, caller, 1);
  const at = (i: number, j: number) => (j > i ? 0 : (j === i ? -i : 1) / Math.sqrt(i * (i + 1)));
  return full
    ? known(n, n, (i, j) => (i === 0 ? 1 / Math.sqrt(n) : at(i, j)))
    : known(n - 1, n, (i, j) => at(i + 1, j));
}

/** A matrix of ±1 with orthogonal rows. Shape: `[n, n]`. Dtype: int32, or `dtype`. @throws ArgumentError unless `n` is a power of 2. @see `jax.scipy.linalg.hadamard` */
export function hadamard(
  n: number,
  ...rest: Optionals<[dtype: DTypeLike], { readonly dtype?: DTypeLike }>
): ArrayValue {
  const caller = "scipy.linalg.hadamard";
  const { dtype = defaultInt() } = readOptions<{ dtype?: DTypeLike }>(caller, ["dtype"], rest);
  if (!Number.isInteger(n) || n < 1 || (n & (n - 1)) !== 0)
    throw new ArgumentError("scipy/size", `${caller}: n is a power of 2, got ${describe(n)}`);
  const isOdd = (bits: number): boolean => bits !== 0 && ((bits & 1) === 1) !== isOdd(bits >> 1);
  return known(n, n, (i, j) => (isOdd(i & j) ? -1 : 1), dtype);
}

interface DftOptions {
  /** Divides by the square root of `n`, or by `n`. */
  readonly scale?: "sqrtn" | "n" | null | undefined;
}
/** The matrix of `np.fft.fft`. Shape: `[n, n]`. Dtype: complex64. @throws ArgumentError on a negative size or an unknown scale. @see `jax.scipy.linalg.dft` */
export function dft(n: number, ...rest: Optionals<[scale: "sqrtn" | "n" | null], DftOptions>): ArrayValue {
  const caller = "scipy.linalg.dft";
  const { scale = null } = readOptions<DftOptions>(caller, ["scale"], rest);
  checkSize(n, caller);
  if (scale !== null) oneOf(caller, "scale", scale, ["sqrtn", "n"]);
  const size = scale === null ? 1 : scale === "n" ? n : Math.sqrt(n);
  const part = (f: (x: number) => number) => known(n, n, (i, j) => f((-2 * Math.PI * ((i * j) % n)) / n) / size, "float32"); // prettier-ignore
  return lax.complex(part(Math.cos), part(Math.sin));
}
