import { isComplex, toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DotOptions, DTypeOption } from "../core/method-types.ts";
import { readOptions } from "../core/options.ts";
import { canonicalAxes, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { multiply } from "./elementwise.ts";
import { cast, resultTypeOf, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { type DiagonalOptions, eye, planes } from "./triangles.ts";
import { choose } from "./where.ts";

const dotNames = ["precision", "preferredElementType"] as const;

type Contraction = readonly [lhs: readonly number[], rhs: readonly number[]];

/** `dot_general` with JAX's dtype of the result. */
function contract(
  caller: string,
  a: ArrayValue,
  b: ArrayValue,
  contracted: Contraction,
  batch: Contraction,
  options: DotOptions,
): ArrayValue {
  const { precision = null, preferredElementType = null } = options;
  const type = resultTypeOf(caller, [a, b]);
  const dtype = preferredElementType === null ? type.dtype : toDType(preferredElementType, caller);
  const out = lax.dotGeneral(a, b, [contracted, batch], { precision, preferredElementType: dtype });
  return cast(out, dtype, preferredElementType === null && type.weak, caller);
}

/**
 * Sums of products over the last axis of `a` and the last but one of `b` (or its only one); of scalars, the product.
 *
 * Shape: `[…s, k], […t, k, n] → […s, …t, n]`. Dtype: the promoted one.
 * @throws ShapeError when the sizes summed over differ. @see `jax.numpy.dot`
 */
export function dot(a: Operand, b: Operand, options: DotOptions = {}): ArrayValue {
  readOptions<DotOptions>("np.dot", dotNames, [options]);
  return dotOf(toArray(a, "np.dot"), toArray(b, "np.dot", 1), options, "np.dot");
}

function dotOf(a: ArrayValue, b: ArrayValue, options: DotOptions, caller: string): ArrayValue {
  const none: Contraction = [[], []];
  const scalar = a.ndim === 0 || b.ndim === 0;
  const over: Contraction = scalar ? none : [[a.ndim - 1], [Math.max(b.ndim - 2, 0)]];
  checkContraction(a, b, over, caller);
  return contract(caller, a, b, over, none, options);
}

/** @throws ShapeError when the sizes summed over differ. */
function checkContraction(a: ArrayValue, b: ArrayValue, [lhs, rhs]: Contraction, caller: string): void {
  lhs.forEach((axis, i) => {
    const [m, n] = [a.shape[axis]!, b.shape[rhs[i]!]!];
    if (m === n) return;
    throw new ShapeError(
      "numpy/contraction",
      `${caller}: contracted sizes differ: axis ${axis} of shape ${showShape(a.shape)} is ${m}, axis ${rhs[i]} of shape ${showShape(b.shape)} is ${n}`,
    );
  });
}

/** Which axes of each operand of a product of matrices run along, and where those of the result come from. */
interface MatmulPlan {
  readonly squeezeLhs: readonly number[];
  readonly squeezeRhs: readonly number[];
  readonly unit: readonly number[];
  readonly batch: Contraction;
  readonly permutation: readonly number[];
}

/** @throws ShapeError when leading axes do not broadcast. */
function planMatmul(a: ArrayValue, b: ArrayValue): MatmulPlan {
  const lead = (x: ArrayValue) => x.shape.slice(0, -2);
  const rank = Math.max(lead(a).length, lead(b).length);
  const sizesOf = (x: ArrayValue) => [...new Array<undefined>(rank - lead(x).length), ...lead(x)];
  const [lhs, rhs] = [sizesOf(a), sizesOf(b)];
  const [squeezeLhs, squeezeRhs, unit, both, onlyLhs, onlyRhs]: number[][] = [
    [],
    [],
    [],
    [],
    [],
    [],
  ] as never;
  const [batchLhs, batchRhs]: number[][] = [[], []] as never;
  for (let i = 0; i < rank; i++) {
    const [m, n] = [lhs[i], rhs[i]];
    const [atLhs, atRhs] = [both!.length + onlyLhs!.length, both!.length + onlyRhs!.length];
    if (m === undefined) onlyRhs!.push(i);
    else if (n === undefined) onlyLhs!.push(i);
    else if (m === 1 || n === 1) {
      if (m === 1) squeezeLhs!.push(atLhs + squeezeLhs!.length);
      if (n === 1) squeezeRhs!.push(atRhs + squeezeRhs!.length);
      if (m === 1 && n === 1) unit!.push(i);
      else (m === 1 ? onlyRhs! : onlyLhs!).push(i);
    } else if (m === n) {
      batchLhs!.push(atLhs);
      batchRhs!.push(atRhs);
      both!.push(i);
    } else {
      throw new ShapeError(
        "numpy/matmul",
        `np.matmul: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not go together: leading axes must be equal or 1, got ${m} and ${n}`,
      );
    }
  }
  if (a.ndim > 1) onlyLhs!.push(rank);
  if (b.ndim > 1) onlyRhs!.push(rank + (a.ndim > 1 ? 1 : 0));
  const order = [...both!, ...onlyLhs!, ...onlyRhs!];
  const permutation = range(order.length).sort((i, j) => order[i]! - order[j]!);
  return {
    squeezeLhs: squeezeLhs!,
    squeezeRhs: squeezeRhs!,
    unit: unit!,
    batch: [batchLhs!, batchRhs!],
    permutation,
  };
}

/**
 * The product of matrices: sums over the last axis of `a` and the last but one of `b`, leading axes broadcasting; a vector
 * is a row on the left, a column on the right.
 *
 * Shape: `[…s, n, k], […s, k, m] → […s, n, m]`. Dtype: the promoted one.
 * @throws ShapeError on a scalar, or shapes that do not fit. @see `jax.numpy.matmul`
 */
export function matmul(lhs: Operand, rhs: Operand, options: DotOptions = {}): ArrayValue {
  readOptions<DotOptions>("np.matmul", dotNames, [options]);
  const [a, b] = [toArray(lhs, "np.matmul"), toArray(rhs, "np.matmul", 1)];
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(
      "numpy/rank",
      `np.matmul takes arrays of at least one axis, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}: np.multiply scales`,
    );
  }
  checkContraction(a, b, [[a.ndim - 1], [Math.max(b.ndim - 2, 0)]], "np.matmul");
  const { squeezeLhs, squeezeRhs, unit, batch, permutation } = planMatmul(a, b);
  const [x, y] = [lax.squeeze(a, squeezeLhs), lax.squeeze(b, squeezeRhs)];
  const over: Contraction = [[x.ndim - 1], [y.ndim - (b.ndim > 1 ? 2 : 1)]];
  const out = contract("np.matmul", x, y, over, batch, options);
  return lax.expandDims(lax.transpose(out, permutation), unit);
}

/** The dot product of flattened arrays, the first conjugated. Shape: `[]`. @throws ShapeError when sizes differ. @see `jax.numpy.vdot` */
export function vdot(lhs: Operand, rhs: Operand, options: DotOptions = {}): ArrayValue {
  readOptions<DotOptions>("np.vdot", dotNames, [options]);
  const [a, b] = [toArray(lhs, "np.vdot"), toArray(rhs, "np.vdot", 1)];
  const first = isComplex(a.dtype) ? lax.conj(a) : a;
  return dotOf(lax.reshape(first, [a.size]), lax.reshape(b, [b.size]), options, "np.vdot");
}

/**
 * Sums of products over the last axes of both; of a scalar, the product.
 *
 * Shape: `[…s, k], […t, k] → […s, …t]`. Dtype: the promoted one.
 * @throws ShapeError when the sizes summed over differ. @see `jax.numpy.inner`
 */
export function inner(lhs: Operand, rhs: Operand, options: DotOptions = {}): ArrayValue {
  readOptions<DotOptions>("np.inner", dotNames, [options]);
  const [a, b] = [toArray(lhs, "np.inner"), toArray(rhs, "np.inner", 1)];
  if (a.ndim === 0 || b.ndim === 0) return multiply(a, b);
  const over: Contraction = [[a.ndim - 1], [b.ndim - 1]];
  checkContraction(a, b, over, "np.inner");
  return contract("np.inner", a, b, over, [[], []], options);
}

export interface TensordotOptions extends DotOptions {
  /** How many axes to sum over, the last of `a` and the first of `b`; or which, of each. 2 by default. */
  axes?: number | readonly [number | readonly number[], number | readonly number[]] | undefined;
}
type TensordotRest =
  | [options?: TensordotOptions]
  | [axes: NonNullable<TensordotOptions["axes"]>, options?: TensordotOptions];
/**
 * Sums of products over several axes.
 *
 * Shape: the other axes of `a`, then those of `b`. Dtype: the promoted one.
 * @throws ShapeError when the sizes summed over differ; ArgumentError on axes of another form. @see `jax.numpy.tensordot`
 */
export function tensordot(lhs: Operand, rhs: Operand, ...rest: TensordotRest): ArrayValue {
  const caller = "np.tensordot";
  const { axes = 2, ...options } = readOptions<TensordotOptions>(caller, ["axes", ...dotNames], rest);
  const [a, b] = [toArray(lhs, caller), toArray(rhs, caller, 1)];
  let over: Contraction;
  if (typeof axes === "number") {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.ndim, b.ndim)) {
      throw new ArgumentError(
        "numpy/axes",
        `${caller}: ${axes} axes cannot be summed over in shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
    }
    over = [range(axes, a.ndim - axes), range(axes)];
  } else {
    over = [canonicalAxes(axes[0], a.ndim, caller), canonicalAxes(axes[1], b.ndim, caller)];
    if (axes.length !== 2 || over[0].length !== over[1].length)
      throw new ArgumentError(
        "numpy/axes",
        `${caller}: there must be as many axes of the second array as of the first`,
      );
  }
  checkContraction(a, b, over, caller);
  return contract(caller, a, b, over, [[], []], options);
}

export interface TraceOptions extends DiagonalOptions, DTypeOption {}
/**
 * The sum along a diagonal of the planes of two axes.
 *
 * Shape: `[…s, n, m] → […s]` for the last two. Dtype: that of `np.sum`.
 * @throws ShapeError when `x` has fewer than two axes, or the axes are one. @see `jax.numpy.trace`
 */
export function trace(
  x: Operand,
  ...rest:
    | [options?: TraceOptions]
    | [offset: number, options?: TraceOptions]
    | [offset: number, axis1: number, axis2: number, options?: TraceOptions]
): ArrayValue {
  const caller = "np.trace";
  const names = ["offset", "axis1", "axis2", "dtype"] as const;
  const { offset = 0, axis1 = 0, axis2 = 1, dtype = null } = readOptions<TraceOptions>(caller, names, rest);
  const a = planes(toArray(x, caller), axis1, axis2, caller);
  const [rows, columns] = a.shape.slice(-2) as [number, number];
  const mask = eye(rows, columns, offset, { dtype: "bool" });
  const zero = cast(a.dtype === "bool" ? false : 0, a.dtype, a.aval.weak, caller);
  return sum(choose(mask, a, zero, caller), { axis: [-2, -1], dtype });
}
