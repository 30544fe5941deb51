import { type DType, type DTypeLike, isInteger, toDType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op, type PushForward, type Sample } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { range, showShape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, avalOf, type Aval, type Operand } from "../core/value.ts";
import { reshapeTo } from "./algebra.ts";
import { div, mul } from "./arithmetic.ts";
import { convertElementType } from "./cast.ts";
import { eq } from "./compare.ts";
import { cumprod } from "./cumulative.ts";
import { checkAxes, dimWithout, shiftAxes } from "./dimensions.ts";
import { type Accepts, checkDType, toArray } from "./operand.ts";
import { type AxisPadding, pad } from "./pad-slice.ts";
import { broadcastInDim } from "./broadcast.ts";
import { reshape } from "./shape.ts";

export interface ReduceParams {
  readonly axes: readonly number[];
}
/** A reduction: called with the axes to reduce, counted from the front. */
export type Reduce<Name extends string> = Op<
  (operand: Operand, axes: readonly number[]) => ArrayValue,
  Name,
  [x: ArrayValue],
  ReduceParams
>;

export interface ArgReduceParams extends ReduceParams {
  readonly indexDtype: DType;
}
/** The place of an extreme element along one axis. */
export type ArgReduce<Name extends string> = Op<
  (operand: Operand, axis: number, indexDtype: DTypeLike) => ArrayValue,
  Name,
  [x: ArrayValue],
  ArgReduceParams
>;

const call =
  <Name extends string>(name: Name, op: () => Reduce<Name>) =>
  (operand: Operand, axes: readonly number[]): ArrayValue =>
    op().bind([toArray(operand, name)], { axes: [...axes] })[0]!;

function reducedAval(name: string, x: Aval, axes: readonly number[]): Aval {
  checkAxes(axes, x.shape.length, "axes", name);
  return avalOf(
    x.shape.filter((_, axis) => !axes.includes(axis)),
    x.dtype,
    x.weak,
  );
}

const abstract =
  (name: string, group: Accepts) =>
  ([x]: readonly [Aval], { axes }: ReduceParams): Aval => {
    checkDType(x.dtype, group, name, 0);
    return reducedAval(name, x, axes);
  };

/** Reduces the same axes beside the batch axis, which stays in its place among the kept ones. */
const batch =
  <P extends ReduceParams>(op: () => { bind(operands: [ArrayValue], params: P): ArrayValue[] }) =>
  ([x]: [x: ArrayValue], [dim]: readonly (number | null)[], _size: number, params: P) => {
    const axes = shiftAxes(params.axes, dim!);
    return [op().bind([x], { ...params, axes }), [dimWithout(dim!, axes)]] as const;
  };

const samples: readonly Sample<ReduceParams>[] = [
  { operands: [{ shape: [2, 3, 4] }], params: { axes: [1] } },
  { operands: [{ shape: [2, 3, 2] }], params: { axes: [2, 0] } },
  { operands: [{ shape: [3] }], params: { axes: [0] } },
  { operands: [{ shape: [2, 3] }], params: { axes: [] } },
];

/**
 * Sum over `axes`; that of no elements is 0.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: that of the operand, not widened; f16 and bf16 are rounded once, at the end.
 * @throws ShapeError `axes` names an axis twice or one outside the operand; DTypeError on a boolean or key operand.
 * @see `jax.lax.reduce_sum`
 */
export const reduceSum: Reduce<"reduce_sum"> = definePrimitive("reduce_sum", {
  call: call("reduce_sum", () => reduceSum),
  arity: 1,
  params: { axes: param.integers },
  abstract: abstract("reduce_sum", "number"),
  batch: batch(() => reduceSum),
  jvp: "linear",
  transpose: [
    (ct, [x], { axes }) =>
      broadcastInDim(
        ct,
        x.aval.shape,
        range(x.aval.shape.length).filter((axis) => !axes.includes(axis)),
      ),
  ],
  alsoShow: () => ({ out_sharding: null }),
  samples,
});

/** `x` with `axes` joined into one, and where that is: reductions over several axes as over one. */
function joinAxes(x: ArrayValue, axes: readonly number[]): [x: ArrayValue, axis: number] {
  if (axes.length === 1) return [x, axes[0]!];
  const kept = range(x.ndim).filter((axis) => !axes.includes(axis));
  const [joined, ...sizes] = [axes, ...kept.map((axis) => [axis])].map((list) =>
    sizeOf(list.map((axis) => x.shape[axis]!)),
  );
  return [reshape(x, [joined!, ...sizes], [...axes, ...kept]), 0];
}

/** `∂/∂xᵢ ∏x` is the product of the elements before and after `i`: no division, so zeros are no exception. */
const pushProduct: PushForward<[ArrayValue], ReduceParams> = (t, _out, [x], { axes }) => {
  const [joined, axis] = joinAxes(x, axes);
  const excluding = (reverse: boolean) => {
    const none = range(joined.ndim).map((): AxisPadding => [0, 0, 0]);
    const shift = none.with(axis, reverse ? [-1, 1, 0] : [1, -1, 0]);
    return pad(cumprod(joined, { axis, reverse }), scalarOf(1, x.dtype, x.aval.weak), shift);
  };
  const others = mul(excluding(false), excluding(true));
  return reduceSum(mul(joinAxes(t, axes)[0], others), [axis]);
};

/** Product over `axes`; that of no elements is 1. Shapes, dtypes and errors as `reduceSum`. @see `jax.lax.reduce_prod` */
export const reduceProd: Reduce<"reduce_prod"> = definePrimitive("reduce_prod", {
  call: call("reduce_prod", () => reduceProd),
  arity: 1,
  params: { axes: param.integers },
  abstract: abstract("reduce_prod", "number"),
  batch: batch(() => reduceProd),
  jvp: [pushProduct],
  samples,
});

/** Elements that attain the extreme share its tangent equally. */
const pushExtreme: PushForward<[ArrayValue], ReduceParams> = (t, out, [x], { axes }) => {
  const extreme = reshapeTo(
    out,
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
  const attained = convertElementType(eq(x, extreme), t.dtype);
  const count = reduceSum(attained, axes);
  return div(reduceSum(mul(t, attained), axes), count);
};

const untied: readonly Sample<ReduceParams>[] = [
  {
    operands: [{ shape: [2, 3, 2], values: [3, 1, -2, 0.5, 2.5, -1, 4, -3, 1.5, 2, -0.5, 3.5] }],
    params: { axes: [1] },
  },
  { operands: [{ shape: [2, 3], values: [3, 1, -2, 0.5, 2.5, -1] }], params: { axes: [1, 0] } },
];

/**
 * Largest element over `axes`; NaN if there is one. That of no elements is -Infinity, or the smallest integer.
 *
 * Complex numbers are compared by real, then by imaginary part. Its derivative is split equally among ties.
 * @throws ShapeError as `reduceSum`; DTypeError on keys.
 * @see `jax.lax.reduce_max`
 */
export const reduceMax: Reduce<"reduce_max"> = definePrimitive("reduce_max", {
  call: call("reduce_max", () => reduceMax),
  arity: 1,
  params: { axes: param.integers },
  abstract: abstract("reduce_max", "numberOrBool"),
  batch: batch(() => reduceMax),
  jvp: [pushExtreme],
  samples: untied,
});

/** Smallest element over `axes`, otherwise as `reduceMax`. @see `jax.lax.reduce_min` */
export const reduceMin: Reduce<"reduce_min"> = definePrimitive("reduce_min", {
  call: call("reduce_min", () => reduceMin),
  arity: 1,
  params: { axes: param.integers },
  abstract: abstract("reduce_min", "numberOrBool"),
  batch: batch(() => reduceMin),
  jvp: [pushExtreme],
  samples: untied,
});

const logical = <Name extends string>(name: Name, op: () => Reduce<Name>) => ({
  call: call(name, op),
  arity: 1 as const,
  params: { axes: param.integers },
  abstract: (avals: readonly [Aval], params: ReduceParams) => ({
    ...abstract(name, "integerOrBool")(avals, params),
    weak: false,
  }),
  batch: batch(op),
  jvp: "none" as const,
  samples: [
    {
      operands: [{ shape: [2, 3], dtype: "bool", values: [true, true, false, true, false, false] }],
      params: { axes: [0] },
    },
    { operands: [{ shape: [2, 2], dtype: "int32", values: [6, 3, -1, 5] }], params: { axes: [0, 1] } },
  ] satisfies readonly Sample<ReduceParams>[],
});

/** `∧` over `axes` of booleans, or bitwise of integers; that of no elements has all bits set. @see `jax.lax.reduce_and` */
export const reduceAnd: Reduce<"reduce_and"> = definePrimitive(
  "reduce_and",
  logical("reduce_and", () => reduceAnd),
);

/** `∨` over `axes` of booleans, or bitwise of integers; that of no elements is 0. @see `jax.lax.reduce_or` */
export const reduceOr: Reduce<"reduce_or"> = definePrimitive(
  "reduce_or",
  logical("reduce_or", () => reduceOr),
);

/** `⊻` over `axes` of booleans, or bitwise of integers; that of no elements is 0. @see `jax.lax.reduce_xor` */
export const reduceXor: Reduce<"reduce_xor"> = definePrimitive(
  "reduce_xor",
  logical("reduce_xor", () => reduceXor),
);

const argReduce = <Name extends "argmax" | "argmin">(name: Name, op: () => ArgReduce<Name>) => ({
  call: (operand: Operand, axis: number, indexDtype: DTypeLike) =>
    op().bind([toArray(operand, name)], { axes: [axis], indexDtype: toDType(indexDtype, name) })[0]!,
  arity: 1 as const,
  params: { axes: param.integers, indexDtype: param.dtype },
  abstract: ([x]: readonly [Aval], { axes, indexDtype }: ArgReduceParams): Aval => {
    checkDType(x.dtype, "ordered", name, 0);
    const { shape } = reducedAval(name, x, axes);
    if (axes.length !== 1)
      throw new ShapeError("lax/axes", `${name}: axes ${showShape(axes)} must hold exactly one axis`);
    if (x.shape[axes[0]!] === 0) {
      throw new ShapeError(
        "lax/empty",
        `${name}: axis ${axes[0]} of an operand of shape ${showShape(x.shape)} is empty, so there is no place to name`,
      );
    }
    if (!isInteger(indexDtype)) {
      throw new DTypeError("lax/dtype", `${name}: indexDtype must be an integer dtype, got ${indexDtype}`);
    }
    return avalOf(shape, indexDtype);
  },
  batch: batch(op),
  jvp: "none" as const,
  samples: [
    { operands: [{ shape: [2, 3] }], params: { axes: [1], indexDtype: "int32" } },
    { operands: [{ shape: [2, 3] }], params: { axes: [0], indexDtype: "uint8" } },
  ] satisfies readonly Sample<ArgReduceParams>[],
});

/**
 * Index of the largest element along `axis`: of the first NaN if there is one, otherwise of the first that attains it.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: `indexDtype`.
 * @throws ShapeError `axis` is outside the operand, or empty; DTypeError on complex operands and keys, or an
 * `indexDtype` that is no integer.
 * @see `jax.lax.argmax`
 */
export const argmax: ArgReduce<"argmax"> = definePrimitive(
  "argmax",
  argReduce("argmax", () => argmax),
);

/** Index of the smallest element along `axis`, otherwise as `argmax`. @see `jax.lax.argmin` */
export const argmin: ArgReduce<"argmin"> = definePrimitive(
  "argmin",
  argReduce("argmin", () => argmin),
);
