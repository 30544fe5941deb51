import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Derived, Linear, type Op } from "../core/primitive.ts";
import { canonicalAxis, range, sameShape, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue, Aval, Operand } from "../core/value.ts";
import { materialiseBatch } from "./algebra.ts";
import { type Axis, axisOf, checkIntegers, inserted } from "./dimensions.ts";
import { sameDTypes, toArray } from "./operand.ts";
import { slice } from "./pad-slice.ts";
import { reduceSum } from "./reduce.ts";
import { broadcastInDim } from "./broadcast.ts";
import { reshape } from "./shape.ts";
import { split, unstack } from "./split.ts";

const showShapes = (avals: readonly Aval[]): string => avals.map((x) => showShape(x.shape)).join(", ");

/** @throws ArgumentError when there is no operand; DTypeError when their dtypes differ. */
function checkOperands(avals: readonly Aval[], caller: string): Aval {
  const [first] = avals;
  if (first === undefined)
    throw new ArgumentError("lax/operands", `${caller} expects at least one operand, got 0`);
  if (avals.some((x) => x.dtype !== first.dtype)) {
    throw new DTypeError(
      "lax/dtype",
      `lax.${caller} requires arguments to have the same dtypes, got ${avals.map((x) => x.dtype).join(", ")}: convert them with astype`,
    );
  }
  if (avals.some((x) => x.shape.length !== first.shape.length)) {
    throw new ShapeError(
      "lax/rank",
      `Cannot ${caller} arrays with different numbers of dimensions: got ${showShapes(avals)}`,
    );
  }
  return first;
}

function operandList(operands: readonly Operand[], caller: string): ArrayValue[] {
  if (!Array.isArray(operands))
    throw new ArgumentError("lax/operands", `${caller} takes a list of arrays as its first argument`);
  if (operands.length === 0)
    throw new ArgumentError("lax/operands", `${caller} requires a non-empty list of arrays`);
  return sameDTypes(operands as readonly Operand[], caller);
}

/** Operands with their batch axes at one place. */
function alignedAt(operands: readonly ArrayValue[], dims: readonly (number | null)[], size: number) {
  const dim = dims.find((d) => d !== null) ?? 0;
  return { dim, operands: operands.map((x, i) => materialiseBatch(x, dims[i] ?? null, size, dim)) };
}

/**
 * The operands one after the other along the axis `dimension`.
 *
 * Shape: `[a, …s], [b, …s], … → [a + b + …, …s]`. Dtype: that of all.
 * @throws ShapeError when the shapes differ elsewhere; DTypeError when the dtypes differ.
 * @see `jax.lax.concatenate`
 */
export const concatenate: Op<
  (operands: readonly Operand[], dimension: number) => ArrayValue,
  "concatenate",
  ArrayValue[],
  { readonly dimension: number }
> = definePrimitive("concatenate", {
  call: (operands, dimension) => {
    const arrays = operandList(operands, "concatenate");
    if (arrays.length === 1) return arrays[0]!;
    return concatenate.bind(arrays, { dimension })[0]!;
  },
  params: { dimension: param.integer },
  abstract: (avals, { dimension }) => {
    const first = checkOperands(avals, "concatenate");
    if (!Number.isInteger(dimension) || dimension < 0 || dimension >= first.shape.length) {
      throw new ShapeError(
        "lax/axes",
        `concatenate dimension out of bounds: dimension ${String(dimension)} for shapes ${showShapes(avals)}`,
      );
    }
    const rest = (shape: Shape) => shape.toSpliced(dimension, 1);
    if (avals.some((x) => !sameShape(rest(x.shape), rest(first.shape)))) {
      throw new ShapeError(
        "lax/concatenate",
        `Cannot concatenate arrays with shapes that differ in dimensions other than the one being concatenated: concatenating along dimension ${dimension} for shapes ${showShapes(avals)}`,
      );
    }
    const total = avals.reduce((sum, x) => sum + x.shape[dimension]!, 0);
    return {
      shape: first.shape.with(dimension, total),
      dtype: first.dtype,
      weak: avals.every((x) => x.weak),
    };
  },
  jvp: "linear",
  transpose: ([ct], operands, { dimension }) => {
    if (!ct) return operands.map(() => null);
    const sizes = operands.map((x) => x.aval.shape[dimension]!);
    const all = operands.filter((x) => x instanceof Linear).length === operands.length;
    if (all) return split.bind([ct], { sizes, axis: dimension });
    const zero = range(ct.ndim).map(() => 0);
    let start = 0;
    return operands.map((x, i) => {
      const [from, to] = [start, (start += sizes[i]!)];
      if (!(x instanceof Linear)) return null;
      return slice(ct, zero.with(dimension, from), ct.shape.with(dimension, to));
    });
  },
  batch: (operands, dims, size, { dimension }) => {
    const { dim, operands: aligned } = alignedAt(operands, dims, size);
    return [concatenate.bind(aligned, { dimension: dimension + (dimension >= dim ? 1 : 0) }), [dim]];
  },
  samples: [
    { operands: [{ shape: [2, 3] }, { shape: [1, 3] }], params: { dimension: 0 } },
    { operands: [{ shape: [2, 1] }, { shape: [2, 2] }, { shape: [2, 0] }], params: { dimension: 1 } },
  ],
});

/**
 * The operands, of one shape, side by side along a new axis.
 *
 * Shape: n times `[…s] → […s with n at axis]`. Dtype: that of all.
 * @throws ShapeError when the shapes differ; DTypeError when the dtypes differ.
 * @see `jax.lax.stack`
 */
export const stack: Op<
  (operands: readonly Operand[], ...rest: Axis) => ArrayValue,
  "stack",
  ArrayValue[],
  { readonly axis: number }
> = definePrimitive("stack", {
  call: (operands, ...rest) => {
    const arrays = operandList(operands, "stack");
    const axis = canonicalAxis(axisOf("stack", rest), (arrays[0]?.ndim ?? 0) + 1, "stack");
    return stack.bind(arrays, { axis })[0]!;
  },
  params: { axis: param.integer },
  abstract: (avals, { axis }) => {
    const first = checkOperands(avals, "stack");
    if (avals.some((x) => !sameShape(x.shape, first.shape))) {
      throw new ShapeError(
        "lax/stack",
        `stack: all input arrays must have the same shape, got ${showShapes(avals)}`,
      );
    }
    const place = canonicalAxis(axis, first.shape.length + 1, "stack");
    return {
      shape: inserted(first.shape, place, avals.length),
      dtype: first.dtype,
      weak: avals.every((x) => x.weak),
    };
  },
  jvp: "linear",
  transpose: ([ct], operands, { axis }) => {
    if (!ct) return operands.map(() => null);
    const parts = unstack.bind([ct], { axis });
    return operands.map((x, i) => (x instanceof Linear ? parts[i]! : null));
  },
  batch: (operands, dims, size, { axis }) => {
    const { dim, operands: aligned } = alignedAt(operands, dims, size);
    return axis <= dim
      ? [stack.bind(aligned, { axis }), [dim + 1]]
      : [stack.bind(aligned, { axis: axis + 1 }), [dim]];
  },
  samples: [
    { operands: [{ shape: [2, 3] }, { shape: [2, 3] }], params: { axis: 1 } },
    { operands: [{ shape: [] }, { shape: [] }, { shape: [] }], params: { axis: 0 } },
  ],
});

/**
 * `x` repeated `reps[i]` times along axis `i`.
 *
 * Shape: `[n] → [n·rep]` on each axis. Dtype: that of `x`.
 * @throws ShapeError when `reps` does not name each axis. @see `jax.lax.tile`
 */
export const tile: Op<
  (x: Operand, reps: readonly number[]) => ArrayValue,
  "tile",
  [x: ArrayValue],
  { readonly reps: readonly number[] }
> &
  Derived = definePrimitive("tile", {
  call: (x, reps) => tile.bind([toArray(x, "tile")], { reps })[0]!,
  arity: 1,
  params: { reps: param.integers },
  abstract: ([x], { reps }) => {
    checkIntegers(reps, "reps", "tile", 0);
    if (reps.length !== x.shape.length) {
      throw new ShapeError(
        "lax/tile",
        `tile: reps length must be equal to the ndim of x, got reps ${showShape(reps)} for shape ${showShape(x.shape)}`,
      );
    }
    return { ...x, shape: x.shape.map((size, axis) => size * reps[axis]!) };
  },
  jvp: "linear",
  transpose: [
    (ct, [x], { reps }) => {
      const { shape } = x.aval;
      const apart = reshape(
        ct,
        shape.flatMap((size, axis) => [reps[axis]!, size]),
      );
      return reduceSum.bind([apart], { axes: shape.map((_, axis) => 2 * axis) })[0]!;
    },
  ],
  batch: ([x], [dim], _size, { reps }) => [tile.bind([x], { reps: inserted(reps, dim!, 1) }), [dim!]],
  expand: ([x], { reps }) => {
    const apart = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
    const repeated = broadcastInDim(
      x,
      apart,
      x.shape.map((_, axis) => 2 * axis + 1),
    );
    return [
      reshape(
        repeated,
        x.shape.map((size, axis) => size * reps[axis]!),
      ),
    ];
  },
  samples: [{ operands: [{ shape: [2, 3] }], params: { reps: [2, 1] } }],
});
