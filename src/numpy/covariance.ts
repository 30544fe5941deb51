import { type DTypeLike, isComplex, isInexact, isInteger, toDType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import type { DTypeOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { conj, imag, real } from "./complex.ts";
import { absolute, divide, multiply, subtract } from "./elementwise.ts";
import { concatenate } from "./join.ts";
import { matmul } from "./linear-algebra.ts";
import { cast, promoteDTypesInexact, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { clip } from "./select.ts";
import { atleast2d, matrixTranspose, squeeze } from "./shape.ts";
import { average } from "./statistics.ts";
import { diagonal } from "./triangles.ts";

export interface CorrcoefOptions extends DTypeOption {
  /** More variables, below those of the first argument. */
  y?: Operand | null | undefined;
  /** Whether variables are rows and observations columns, as they are by default. */
  rowvar?: boolean | undefined;
}
export interface CovOptions extends CorrcoefOptions {
  /** Whether to divide by the number of observations, and not by one less. */
  bias?: boolean | undefined;
  /** What is subtracted from the number of observations, whatever `bias` says. */
  ddof?: number | null | undefined;
  /** How often each observation occurs: integers. */
  fweights?: Operand | null | undefined;
  /** How much each observation counts. */
  aweights?: Operand | null | undefined;
}
type CovRest = Optionals<
  [y: Operand | null, rowvar: boolean, bias: boolean, ddof: number | null],
  CovOptions
>;
const names = ["y", "rowvar", "bias", "ddof", "fweights", "aweights", "dtype"] as const;

/**
 * The covariances of variables, of which there are several observations each.
 *
 * Shape: `[v, n] → [v, v]`; of one variable, `[]`. Dtype: the promoted one, inexact.
 * @throws ShapeError on more than two axes, or weights of another number than observations; DTypeError on frequencies that
 * are no integers, or a dtype that is not inexact. @see `jax.numpy.cov`
 */
export const cov = (m: Operand, ...rest: CovRest): ArrayValue =>
  covariances(m, readOptions<CovOptions>("np.cov", names, rest), "np.cov");

function covariances(m: Operand, options: CovOptions, caller: string): ArrayValue {
  const { y = null, rowvar = true, bias = false, ddof: given = null, dtype: asked = null } = options;
  const dtype = checkDType(asked, caller);
  const [first, second] = promoteDTypesInexact(caller, m, y ?? false);
  const parts = [first, ...(y === null ? [] : [second])].map((part, i) =>
    inRows(part, rowvar, i === 1, caller),
  );
  if (parts[0]!.shape[0] === 0) return lax.full([0, 0], 0, first.dtype);
  const whole = concatenate(parts, 0);
  const [variables, n] = whole.shape as [number, number];
  if (n === 0) return lax.full(variables === 1 ? [] : [variables, variables], NaN, whole.dtype);
  const typed = (x: ArrayValue) => (dtype === null ? x : cast(x, dtype, false, caller));

  const { fweights, aweights } = options;
  const frequencies = fweights == null ? null : weightsOf(fweights, n, caller);
  const reliabilities = aweights == null ? null : weightsOf(aweights, n, caller);
  if (frequencies !== null && !isInteger(frequencies.dtype))
    throw new DTypeError("numpy/weights", `${caller}: fweights are integers, got dtype ${frequencies.dtype}`);
  const both =
    frequencies && reliabilities ? multiply(frequencies, reliabilities) : (frequencies ?? reliabilities);
  const weights = both && typed(both);
  const x = typed(whole);
  const ddof = given ?? (bias ? 0 : 1);
  const centered = subtract(x, average(x, { axis: 1, weights, keepdims: true }));
  const weighted = weights === null ? centered : multiply(centered, weights);
  const products = matmul(centered, conj(matrixTranspose(weighted)));
  return squeeze(divide(products, degreesOfFreedom()));

  function degreesOfFreedom(): Operand {
    if (weights === null) return n - ddof;
    const total = cast(sum(weights), x.dtype, false, caller);
    if (ddof === 0) return total;
    const each = reliabilities === null ? 1 : divide(sum(multiply(weights, reliabilities)), total);
    return subtract(total, multiply(ddof, each));
  }
}

const inRows = (x: ArrayValue, rowvar: boolean, isMore: boolean, caller: string): ArrayValue => {
  if (x.ndim > 2)
    throw new ShapeError("numpy/rank", `${caller} takes at most two axes, got shape ${showShape(x.shape)}`);
  const rows = atleast2d(x);
  const isVector = isMore ? rows.shape[0] === 1 : x.ndim === 1;
  return rowvar || isVector ? rows : matrixTranspose(rows);
};

function weightsOf(weights: Operand, n: number, caller: string): ArrayValue {
  const w = toArray(weights, caller);
  if (w.ndim === 1 && w.size === n) return absolute(w);
  throw new ShapeError(
    "numpy/weights",
    `${caller}: weights are a vector with one for each of ${n} observations, got shape ${showShape(w.shape)}`,
  );
}

function checkDType(asked: DTypeLike | null, caller: string) {
  const dtype = asked === null ? null : toDType(asked, caller);
  if (dtype === null || isInexact(dtype)) return dtype;
  throw new DTypeError("numpy/dtype", `${caller}: the dtype must be a float or complex, got ${dtype}`);
}

/**
 * Pearson's correlation coefficients of variables, from -1 to 1; NaN where a variable is constant.
 *
 * Shape: `[v, n] → [v, v]`; of one variable, `[]`. Dtype: the promoted one, inexact.
 * @throws as {@link cov}. @see `jax.numpy.corrcoef`
 */
export function corrcoef(
  x: Operand,
  ...rest: Optionals<[y: Operand | null, rowvar: boolean], CorrcoefOptions>
): ArrayValue {
  const caller = "np.corrcoef";
  const c = covariances(x, readOptions<CorrcoefOptions>(caller, ["y", "rowvar", "dtype"], rest), caller);
  if (c.ndim === 0) return lax.div(c, c);
  const deviations = cast(lax.sqrt(real(diagonal(c))), c.dtype, false, caller);
  const ratios = divide(divide(c, lax.expandDims(deviations, [1])), lax.expandDims(deviations, [0]));
  const bounded = (part: ArrayValue) => clip(part, -1, 1);
  return isComplex(c.dtype) ? lax.complex(bounded(real(ratios)), bounded(imag(ratios))) : bounded(ratios);
}
