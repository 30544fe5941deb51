import { DTypeError, ShapeError } from "../core/errors.ts";
import { isComplex, isInteger } from "../core/dtype.ts";
import { definePrimitive, Linear, type NoParams, type Op } from "../core/primitive.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { broadcastTo, materialiseBatch, zeros } from "./algebra.ts";
import { max, min } from "./arithmetic.ts";
import { and } from "./bits.ts";
import { eq, ge, gt, le, lt, ne } from "./compare.ts";
import { checkDType, sameDTypes, toArray } from "./operand.ts";
import { broadcastInDim } from "./broadcast.ts";

function selectAbstract([which, ...cases]: readonly Aval[]): Aval {
  const [first] = cases;
  if (which === undefined || first === undefined)
    throw new ShapeError("lax/cases", "select_n must have at least one case");
  for (const { shape, dtype } of cases) {
    if (!sameShape(shape, first.shape)) {
      throw new ShapeError(
        "lax/shape",
        `select_n cases must have the same shapes, got ${cases.map((c) => showShape(c.shape)).join(", ")}: np.where broadcasts`,
      );
    }
    if (dtype !== first.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `select_n requires cases of one dtype, got ${cases.map((c) => c.dtype).join(", ")}: convert them with astype, or use np.where, which promotes`,
      );
    }
  }
  if (which.shape.length > 0 && !sameShape(which.shape, first.shape)) {
    throw new ShapeError(
      "lax/shape",
      `select_n: which must be a scalar or have the shape of the cases, got ${showShape(which.shape)} and ${showShape(first.shape)}`,
    );
  }
  if (which.dtype !== "bool" && !isInteger(which.dtype)) {
    throw new DTypeError("lax/dtype", `select_n: which must be bool or an integer, got ${which.dtype}`);
  }
  if (which.dtype === "bool" && cases.length > 2) {
    throw new ShapeError(
      "lax/cases",
      `select_n: a bool chooses between two cases, got ${cases.length}: use an integer`,
    );
  }
  return avalOf(
    first.shape,
    first.dtype,
    cases.every((c) => c.weak),
  );
}

/** `x`, a scalar for each of a batch along `dim`, repeated to `shape`. */
const spread = (x: ArrayValue, shape: readonly number[], dim: number): ArrayValue =>
  broadcastInDim.bind([x], { shape, broadcastDimensions: [dim] })[0]!;

/** The cotangent where `which` chose case `i` of `count`, elsewhere zero. */
const chosen = (
  ct: ArrayValue,
  zero: ArrayValue,
  which: ArrayValue,
  i: number,
  count: number,
): ArrayValue => {
  if (count === 1) return ct;
  if (which.dtype === "bool") return i === 1 ? select(which, ct, zero) : select(which, zero, ct);
  const here = i === 0 ? le(which, 0) : i === count - 1 ? ge(which, i) : eq(which, i);
  return select(here, ct, zero);
};

/**
 * For each element, that of `cases[which]`: `which` is an integer, clamped to the cases, or a bool that chooses between
 * two, false the first.
 *
 * Shape: that of each case; `which` has it too, or is a scalar. Dtype: that of each case.
 * @throws ShapeError when the shapes differ, or a bool has more than two cases; DTypeError when the dtypes differ.
 * @see `jax.lax.select_n`
 */
export const selectN: Op<
  (which: Operand, ...cases: Operand[]) => ArrayValue,
  "select_n",
  [which: ArrayValue, ...cases: ArrayValue[]],
  NoParams
> = definePrimitive("select_n", {
  call: (which, ...cases) =>
    selectN.bind([toArray(which, "select_n"), ...sameDTypes(cases, "select_n")], {})[0]!,
  abstract: selectAbstract,
  jvp: ([which, ...cases], [, ...tangents]) => {
    const out = selectN.bind([which, ...cases], {});
    if (tangents.every((t) => t === null)) return [out, [null]];
    return [
      out,
      selectN.bind([which, ...cases.map((x, i) => tangents[i] ?? zeros(x.aval))] as [ArrayValue], {}),
    ];
  },
  transpose: ([ct], [which, ...cases]) => {
    if (!ct) return [null];
    const zero = zeros(ct.aval);
    // `which` is no number that could be differentiated, so it is here.
    const pull = (i: number) => chosen(ct, zero, which as ArrayValue, i, cases.length);
    return [null, ...cases.map((x, i) => (x instanceof Linear ? pull(i) : null))];
  },
  batch: ([which, ...cases], [whichDim, ...caseDims], size) => {
    const dim = caseDims.find((d) => d !== null) ?? whichDim ?? 0;
    const batched = cases.map((x, i) => materialiseBatch(x, caseDims[i]!, size, dim));
    const { shape } = batched[0]!;
    if (whichDim === null && which.ndim === 0) return [selectN.bind([which, ...batched], {}), [dim]];
    const scalars = which.ndim === 1 && whichDim !== null && shape.length > 1;
    const each = scalars ? spread(which, shape, dim) : materialiseBatch(which, whichDim ?? null, size, dim);
    return [selectN.bind([each, ...batched], {}), [dim]];
  },
  samples: [
    {
      operands: [{ shape: [3], dtype: "bool", values: [true, false, true] }, { shape: [3] }, { shape: [3] }],
      params: {},
    },
    {
      operands: [{ shape: [], dtype: "bool", values: [false] }, { shape: [2, 2] }, { shape: [2, 2] }],
      params: {},
    },
    {
      operands: [
        { shape: [4], dtype: "int32", values: [0, 2, 1, 2] },
        { shape: [4] },
        { shape: [4] },
        { shape: [4] },
      ],
      params: {},
    },
  ],
});

/** `onTrue` where `pred`, elsewhere `onFalse`: `selectN` with two cases. @see `jax.lax.select` */
export const select = (pred: Operand, onTrue: Operand, onFalse: Operand): ArrayValue =>
  selectN(pred, onFalse, onTrue);

function clampAbstract([low, x, high]: readonly Aval[]): Aval {
  const avals = [low!, x!, high!];
  avals.forEach((aval, i) => checkDType(aval.dtype, "numberOrBool", "clamp", i));
  if (low!.dtype !== x!.dtype || high!.dtype !== x!.dtype) {
    throw new DTypeError(
      "lax/dtype",
      `clamp requires operands of one dtype, got ${avals.map((a) => a.dtype).join(", ")}: convert them with astype, or use np.clip, which promotes`,
    );
  }
  for (const bound of [low!, high!]) {
    if (bound.shape.length > 0 && !sameShape(bound.shape, x!.shape)) {
      throw new ShapeError(
        "lax/shape",
        `clamp: a bound must be a scalar or have the shape of x, got ${showShape(bound.shape)} and ${showShape(x!.shape)}: np.clip broadcasts`,
      );
    }
  }
  return avalOf(
    x!.shape,
    x!.dtype,
    avals.every((a) => a.weak),
  );
}

/** The tangent where `pred`, which has the shape of `out`, holds. */
const where = (pred: ArrayValue, t: ArrayValue, out: ArrayValue): ArrayValue =>
  select(pred, broadcastTo(t, out.shape), zeros(out.aval));

// Complex numbers are compared by real part, then imaginary, as `min` and `max` have it.
const less = (x: ArrayValue, y: ArrayValue): ArrayValue =>
  isComplex(x.dtype) ? and(ne(x, y), eq(min(x, y), x)) : lt(x, y);
const greater = (x: ArrayValue, y: ArrayValue): ArrayValue =>
  isComplex(x.dtype) ? and(ne(x, y), eq(max(x, y), x)) : gt(x, y);

/**
 * `x` where it is between `min` and `max`, elsewhere the bound that it passes; `max` where the bounds cross.
 *
 * Shape: that of `x`; each bound has it too, or is a scalar. Dtype: the same for all.
 * @throws ShapeError, DTypeError when a bound does not fit `x`.
 * @see `jax.lax.clamp`
 */
export const clamp: Op<
  (min: Operand, x: Operand, max: Operand) => ArrayValue,
  "clamp",
  [min: ArrayValue, x: ArrayValue, max: ArrayValue],
  NoParams
> = definePrimitive("clamp", {
  call: (min, x, max) =>
    clamp.bind(sameDTypes([min, x, max], "clamp") as [ArrayValue, ArrayValue, ArrayValue], {})[0]!,
  arity: 3,
  abstract: clampAbstract,
  jvp: [
    (t, out, [low, x, high]) => where(and(greater(low, x), less(low, high)), t, out),
    (t, out, [low, x, high]) => where(and(greater(x, low), less(x, high)), t, out),
    (t, out, [, x, high]) => where(less(high, x), t, out),
  ],
  batch: (operands, dims, size) => {
    const rank = operands[1].ndim - (dims[1] === null ? 0 : 1);
    const dim = dims[1] ?? dims[0] ?? dims[2] ?? 0;
    const x = materialiseBatch(operands[1], dims[1]!, size, dim);
    const bound = (i: 0 | 2): ArrayValue => {
      const at = dims[i] ?? null;
      const scalar = operands[i].ndim === (at === null ? 0 : 1);
      if (scalar && at === null) return operands[i];
      if (scalar && rank > 0) return spread(operands[i], x.shape, dim);
      return materialiseBatch(operands[i], at, size, dim);
    };
    return [clamp.bind([bound(0), x, bound(2)], {}), [dim]];
  },
  samples: [
    {
      operands: [
        { shape: [], values: [-1] },
        { shape: [5], values: [-2, -0.5, 0.25, 0.75, 3] },
        { shape: [], values: [1] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2, 2], values: [-1, -1, 0, 0] },
        { shape: [2, 2], values: [-2, 0.5, 0.25, 3] },
        { shape: [2, 2], values: [1, 1, 2, 1] },
      ],
      params: {},
    },
  ],
});
