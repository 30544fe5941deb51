import { DTypeError, ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { sameShape, showShape, sizeOf } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { scan } from "../../control/index.ts";
import { jvp } from "../../interpreters/jvp.ts";
import { vmap } from "../../interpreters/vmap.ts";
import * as lax from "../../lax/index.ts";
import { identityLike, product } from "../../lax/linalg/matrices.ts";
import { toSquare } from "../../numpy/linalg/decompositions.ts";
import { norm } from "../../numpy/linalg/norm.ts";
import { solve } from "../../numpy/linalg/solve.ts";
import { cast, promoteDTypesInexact } from "../../numpy/promotion.ts";
import { solveTriangular } from "./triangular.ts";

/** Degrees of Padé approximants, and the largest norm for which they are as exact as the dtype. @see Higham, "The scaling and squaring method for the matrix exponential revisited" (2005) */
const approximants = {
  single: { degree: 7, largest: 3.92572478313866 },
  double: { degree: 13, largest: 5.371920351148152 },
} as const;

/** Coefficients of the numerator for `exp`, up to a factor: `(2m - k)! / (k!·(m - k)!)`. */
const coefficients = (degree: number): readonly number[] => {
  const out = [1];
  for (let k = degree; k > 0; k--) out.unshift((out[0]! * k * (2 * degree - k + 1)) / (degree - k + 1));
  return out;
};

/** The odd and the even part of the numerator. */
function parts(x: ArrayValue, degree: number): readonly [odd: ArrayValue, even: ArrayValue] {
  const c = coefficients(degree);
  const square = product(x, x);
  const one = identityLike(x);
  const powers = [one, square];
  while (powers.length < 4) powers.push(product(powers.at(-1)!, square));
  const sum = (first: number) => {
    // Σ c·X²ᵏ, the highest powers as X⁶ times a sum.
    const term = (k: number, power: ArrayValue) => lax.mul(power, c[2 * k + first]!);
    const indices = [...powers.keys()].filter((k) => 2 * k + first <= degree);
    const low = indices.map((k) => term(k, powers[k]!)).reduce((x, y) => lax.add(x, y));
    const high = [1, 2, 3].filter((k) => 2 * (k + 3) + first <= degree).map((k) => term(k + 3, powers[k]!));
    return high.length === 0
      ? low
      : lax.add(
          low,
          product(
            powers[3]!,
            high.reduce((x, y) => lax.add(x, y)),
          ),
        );
  };
  return [product(x, sum(1)), sum(0)];
}

interface ExpmOptions {
  /** The matrix is upper triangular. Default: false. */
  readonly upperTriangular?: boolean | undefined;
  /** A matrix that takes more squarings has NaN for its exponential. Default: 16. */
  readonly maxSquarings?: number | undefined;
}

function expmOf(a: ArrayValue, upperTriangular: boolean, maxSquarings: number): ArrayValue {
  const caller = "scipy.linalg.expm";
  const { degree, largest } = approximants[a.dtype === "float64" ? "double" : "single"];
  const size = norm(lax.stopGradient(a), { ord: 1 });
  const squarings = lax.max(lax.floor(lax.div(lax.log(lax.div(size, largest)), Math.LN2)), 0);
  const scale = cast(lax.pow(lax.full([], 2, size.dtype), lax.neg(squarings)), a.dtype, false, caller);
  const [odd, even] = parts(lax.mul(a, lax.broadcast(scale, a.shape)), degree);
  const [p, q] = [lax.add(even, odd), lax.sub(even, odd)];
  const first = upperTriangular ? solveTriangular(q, p) : solve(q, p);
  // No branch: for arrays of any class, whether to square is an array, too.
  const squared = (x: ArrayValue, i: ArrayValue) =>
    [lax.select(lax.broadcast(lax.lt(i, squarings), x.shape), product(x, x), x), null] as const;
  const [out] = scan(squared, first, lax.iota(size.dtype, maxSquarings));
  return lax.select(lax.broadcast(lax.gt(squarings, maxSquarings), a.shape), lax.fullLike(a, NaN), out);
}

/**
 * The exponential of square matrices, by scaling, a Padé approximant and squaring.
 *
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: float32, float64 or complex64, integers becoming floats.
 * @throws ShapeError when `a` is not square; DTypeError on shorter floats. @see `jax.scipy.linalg.expm`; Higham, "The scaling and squaring method for the
 *   matrix exponential revisited" (2005)
 */
export function expm(a: Operand, ...rest: Optionals<[], ExpmOptions>): ArrayValue {
  const caller = "scipy.linalg.expm";
  const names = ["upperTriangular", "maxSquarings"] as const;
  const { upperTriangular = false, maxSquarings = 16 } = readOptions<ExpmOptions>(caller, names, rest);
  const x = toSquare(a, caller);
  if (x.dtype === "float16" || x.dtype === "bfloat16")
    throw new DTypeError("scipy/expm", `${caller} takes float32, float64 or complex64, got ${x.dtype}`);
  const one = (y: ArrayValue) => expmOf(y, upperTriangular, maxSquarings);
  if (x.ndim === 2) return one(x);
  const { shape } = x;
  const flat = lax.reshape(x, [sizeOf(shape.slice(0, -2)), ...shape.slice(-2)]);
  return lax.reshape(vmap(one)(flat), shape);
}

interface ExpmFrechetOptions {
  /** Gives the exponential, too: the default. */
  readonly computeExpm?: boolean | undefined;
}

/**
 * The exponential of `a`, and its derivative in direction `e`; without `computeExpm`, the derivative alone.
 *
 * Shape: `[…s, n, n], […s, n, n] → […s, n, n], […s, n, n]`. Errors as `expm`, and when shapes differ.
 * @see `jax.scipy.linalg.expm_frechet`
 */
export function expmFrechet(a: Operand, e: Operand, options: { readonly computeExpm: false }): ArrayValue;
export function expmFrechet(
  a: Operand,
  e: Operand,
  options?: { readonly computeExpm?: true },
): [expm: ArrayValue, derivative: ArrayValue];
export function expmFrechet(a: Operand, e: Operand, ...rest: readonly unknown[]): ArrayValue | ArrayValue[] {
  const caller = "scipy.linalg.expmFrechet";
  const { computeExpm = true } = readOptions<ExpmFrechetOptions>(caller, ["computeExpm"], rest);
  const [x, t] = promoteDTypesInexact(caller, a, e);
  if (!sameShape(x.shape, t.shape))
    throw new ShapeError(
      "scipy/expm",
      `${caller}: both matrices have one shape, got ${showShape(x.shape)} and ${showShape(t.shape)}`,
    );
  const [value, derivative] = jvp((y: ArrayValue) => expm(y), [x], [t]) as [ArrayValue, ArrayValue];
  return computeExpm ? [value, derivative] : derivative;
}
