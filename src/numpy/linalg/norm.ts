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
import { moveaxis } from "../shape.ts";
import { svdvals } from "./decompositions.ts";

/** A norm: by its number, or its name. */
export type Order = number | "fro" | "nuc" | null;

export interface NormOptions {
  /** Which norm: a number p for the p-norm of vectors; `"fro"`, `"nuc"`, ±1, ±2 or ±Infinity for matrices. By default, the root of the sum of squares. */
  ord?: Order | undefined;
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

function normOfVectors(x: ArrayValue, ord: number, over: Over, caller: string): ArrayValue {
  if (ord === 2) return euclidean(x, over);
  if (ord === Infinity) return max(lax.abs(x), { ...over, initial: 0 });
  if (ord === -Infinity) return min(lax.abs(x), over);
  if (ord === 0) return sum(cast(lax.ne(x, 0), toReal(x.dtype), false, caller), over);
  if (ord === 1) return sum(lax.abs(x), over);
  return power(sum(power(lax.abs(x), ord), over), 1 / ord);
}

function normOfMatrices(
  x: ArrayValue,
  ord: Exclude<Order, null>,
  { axis, keepdims }: Over,
  caller: string,
): ArrayValue {
  const [row, column] = axis as readonly [number, number];
  if (ord === "fro") return euclidean(x, { axis, keepdims });
  if (ord === "nuc" || ord === 2 || ord === -2) {
    const s = svdvals(moveaxis(x, axis, [-2, -1]));
    const out =
      ord === "nuc"
        ? sum(s, { axis: -1 })
        : ord === 2
          ? max(s, { axis: -1, initial: 0 })
          : min(s, { axis: -1 });
    return keepdims
      ? lax.expandDims(
          out,
          [...axis].sort((i, j) => i - j),
        )
      : out;
  }
  const byColumns = ord === 1 || ord === -1;
  if (!byColumns && ord !== Infinity && ord !== -Infinity) {
    throw new ArgumentError(
      "linalg/norm",
      `${caller}: the norms of matrices are "fro", "nuc", ±1, ±2 and ±Infinity, got ${describe(ord)}`,
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
  ...rest: Optionals<[ord: Order, axis: Axis, keepdims: boolean], NormOptions>
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
    if (typeof ord === "string")
      throw new ArgumentError("linalg/norm", `${caller}: "${ord}" is a norm of matrices: name two axes`);
    return normOfVectors(a, ord ?? 2, over, caller);
  }
  if (over.axis.length === 2) return normOfMatrices(a, ord ?? "fro", over, caller);
  throw new ArgumentError(
    "linalg/norm",
    `${caller}: name one axis for vectors or two for matrices, got ${over.axis.length}`,
  );
}

/**
 * The norm of matrices. Shape: `[…s, m, n] → […s]`. Options and errors as `norm`; `ord` is `"fro"` by default.
 *
 * @see `jax.numpy.linalg.matrix_norm`
 */
export function matrixNorm(x: Operand, options: Omit<NormOptions, "axis"> = {}): ArrayValue {
  const given = readOptions<NormOptions>("np.linalg.matrixNorm", ["ord", "keepdims"], [options]);
  return norm(x, { ...given, axis: [-2, -1] });
}

/**
 * The norm of vectors: the elements along `axis`, one or several, or all of them. Options and errors as `norm`; `ord` is a
 * number, 2 by default.
 *
 * @see `jax.numpy.linalg.vector_norm`
 */
export function vectorNorm(x: Operand, options: NormOptions = {}): ArrayValue {
  const caller = "np.linalg.vectorNorm";
  const {
    ord,
    axis = null,
    keepdims = false,
  } = readOptions<NormOptions>(caller, ["ord", "axis", "keepdims"], [options]);
  if (typeof ord === "string")
    throw new ArgumentError(
      "linalg/norm",
      `${caller}: "${ord}" is a norm of matrices: np.linalg.matrixNorm has it`,
    );
  const [a] = promoteDTypesInexact(caller, x);
  return normOfVectors(a, ord ?? 2, { axis: canonicalAxes(axis, a.ndim, caller), keepdims }, caller);
}
