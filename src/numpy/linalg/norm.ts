import { isComplex } from "../../core/dtype.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Axis } from "../../core/method-types.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { canonicalAxes, range } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { power } from "../division.ts";
import { cast, promoteDTypesInexact, toReal } from "../promotion.ts";
import { max, min, sum } from "../reduce.ts";

export interface NormOptions {
  /** Which norm: a number p for the p-norm of vectors, `"fro"`, 1, -1 or ±Infinity for matrices; the 2-norm by default. */
  ord?: number | "fro" | null | undefined;
  /** One axis: vectors along it; two: matrices. By default all elements are one vector, unless `ord` is given. */
  axis?: Axis | undefined;
  keepdims?: boolean | undefined;
}

interface Over {
  readonly axis: readonly number[];
  readonly keepdims: boolean;
}

/** The root of the sum of squares; its gradient at 0 is NaN, as JAX's. */
const euclidean = (x: ArrayValue, over: Over): ArrayValue =>
  lax.sqrt(sum(isComplex(x.dtype) ? lax.real(lax.mul(x, lax.conj(x))) : lax.mul(x, x), over));

function vectorNorm(x: ArrayValue, ord: number, over: Over, caller: string): ArrayValue {
  if (ord === 2) return euclidean(x, over);
  if (ord === Infinity) return max(lax.abs(x), { ...over, initial: 0 });
  if (ord === -Infinity) return min(lax.abs(x), over);
  if (ord === 0) return sum(cast(lax.ne(x, 0), toReal(x.dtype), false, caller), over);
  if (ord === 1) return sum(lax.abs(x), over);
  return power(sum(power(lax.abs(x), ord), over), 1 / ord);
}

function matrixNorm(
  x: ArrayValue,
  ord: number | "fro",
  { axis, keepdims }: Over,
  caller: string,
): ArrayValue {
  const [row, column] = axis as readonly [number, number];
  if (ord === "fro") return euclidean(x, { axis, keepdims });
  const byColumns = ord === 1 || ord === -1;
  if (!byColumns && ord !== Infinity && ord !== -Infinity) {
    throw new ArgumentError(
      "linalg/norm",
      `${caller}: the norms of matrices here are "fro", 1, -1, Infinity and -Infinity, got ${describe(ord)}`,
    );
  }
  const sums = sum(lax.abs(x), { axis: byColumns ? row : column, keepdims: true });
  const over = { axis: byColumns ? column : row, keepdims: true };
  const out = ord > 0 ? max(sums, { ...over, initial: 0 }) : min(sums, over);
  return keepdims ? out : lax.squeeze(out, axis);
}

/**
 * The norm of vectors or matrices.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: float, real of complex numbers.
 * @throws ArgumentError on an unknown norm, or more than two axes. @see `jax.numpy.linalg.norm`
 */
export function norm(
  x: Operand,
  ...rest: Optionals<[ord: number | "fro" | null, axis: Axis, keepdims: boolean], NormOptions>
): ArrayValue {
  const caller = "np.linalg.norm";
  const {
    ord = null,
    axis = null,
    keepdims = false,
  } = readOptions<NormOptions>(caller, ["ord", "axis", "keepdims"], rest);
  const [a] = promoteDTypesInexact(caller, x);
  if (axis === null && ord === null) return euclidean(a, { axis: range(a.ndim), keepdims });
  const over = { axis: canonicalAxes(axis, a.ndim, caller), keepdims };
  if (over.axis.length === 1) {
    if (ord === "fro")
      throw new ArgumentError("linalg/norm", `${caller}: "fro" is a norm of matrices: name two axes`);
    return vectorNorm(a, ord ?? 2, over, caller);
  }
  if (over.axis.length === 2) return matrixNorm(a, ord ?? "fro", over, caller);
  throw new ArgumentError(
    "linalg/norm",
    `${caller}: name one axis for vectors or two for matrices, got ${over.axis.length}`,
  );
}
