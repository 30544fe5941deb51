import type { PrimitiveName } from "../compiler/lower/row.ts";
import { ShapeError } from "../core/errors.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { range, type Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import type * as lax from "../lax/index.ts";
import { aligned, paired } from "./alignment.ts";
import { Anonymous, type Axis, type Labelled, resized } from "./axis.ts";
import { scalarBehind } from "../interpreters/uniform.ts";

/** An operand; `axes` is null for an array without names. */
export interface Operand {
  readonly array: ArrayValue;
  readonly axes: readonly Axis[] | null;
}

interface Call {
  readonly prim: AnyPrimitive;
  readonly params: object;
}
type NamedRule = (operands: readonly Operand[], call: Call) => readonly Labelled[] | null;

const anonymous = (shape: Shape): Axis[] => shape.map((size) => new Anonymous(size));

/** @throws ShapeError when it is an array without names, and not one number throughout. */
function labelled(x: Operand, { prim }: Call): Labelled {
  if (x.axes !== null) return x as Labelled;
  const scalar = x.array.aval.shape.length === 0 ? x.array : scalarBehind(x.array);
  if (scalar !== null) return { array: scalar, axes: [] };
  throw new ShapeError(
    "named/unnamed",
    `Cannot apply ${prim.primitive} to non-scalar array and named array. The former is ${describe(x.array)}: name its axes with new values.NamedArray(array, axes)`,
  );
}

/** As {@link labelled}, an array of one number keeping its shape. */
function positioned(x: Operand, call: Call): Labelled {
  return x.axes === null && scalarBehind(x.array) !== null
    ? { array: x.array, axes: anonymous(x.array.aval.shape) }
    : labelled(x, call);
}

const run = ({ prim, params }: Call, arrays: readonly ArrayValue[]): ArrayValue[] =>
  prim.bind(arrays, params);

/** Arrays without names that lie along axes without names only, as one number for each example of a batch does. */
function unnamedWhereOthersAre(operands: readonly Operand[]): readonly Operand[] {
  const goesWith = ({ aval: { shape } }: ArrayValue): boolean => {
    const peers = operands.filter((x) => x.axes?.length === shape.length);
    return (
      peers.length > 0 &&
      peers.every(({ axes }) => axes!.every((axis, i) => axis instanceof Anonymous || shape[i] === 1))
    );
  };
  return operands.map((x) =>
    x.axes === null && scalarBehind(x.array) === null && goesWith(x.array)
      ? { array: x.array, axes: anonymous(x.array.aval.shape) }
      : x,
  );
}

const elementwise: NamedRule = (operands, call) => {
  const { arrays, axes } = aligned(unnamedWhereOthersAre(operands).map((x) => labelled(x, call)));
  return run(call, arrays).map((array) => ({ array, axes: resized(axes, array.aval.shape) }));
};
/** A choice by a scalar stays one. */
const chosen: NamedRule = (operands, call) => {
  const { arrays, axes } = aligned(
    unnamedWhereOthersAre(operands).map((x) => labelled(x, call)),
    true,
  );
  return run(call, arrays).map((array) => ({ array, axes: resized(axes, array.aval.shape) }));
};

/** The first operand is the array, and the results have axes in its order, perhaps of other sizes. */
const inPlace: NamedRule = ([x, ...rest], call) => {
  const { array, axes } = labelled(x!, call);
  return run(call, [array, ...rest.map((y) => y.array)]).map((out) => ({
    array: out,
    axes: resized(axes, out.aval.shape),
  }));
};
/** All operands are arrays with the same axes in the same order. */
const inStep: NamedRule = (operands, call) => {
  const all = operands.map((x) => positioned(x, call));
  const { arrays, axes } = aligned(all, true);
  return run(call, arrays).map((out) => ({ array: out, axes: resized(axes, out.aval.shape) }));
};

const without =
  (param: "axes" | "dimensions"): NamedRule =>
  ([x], call) => {
    const { array, axes } = labelled(x!, call);
    const gone = (call.params as Readonly<Record<typeof param, readonly number[]>>)[param];
    return run(call, [array]).map((out) => ({ array: out, axes: axes.filter((_, i) => !gone.includes(i)) }));
  };

/** A reshape that only adds or drops axes of size 1. */
const reshaped: NamedRule = ([x], call) => {
  const { array, axes } = labelled(x!, call);
  const { newSizes } = call.params as ParamsOf<typeof lax.reshape>;
  const { shape } = array.aval;
  const kept = range(axes.length).filter((i) => shape[i] !== 1);
  const places = range(newSizes.length).filter((i) => newSizes[i] !== 1);
  if (kept.length !== places.length || kept.some((i, k) => shape[i] !== newSizes[places[k]!])) return null;
  const named = new Map(places.map((place, k) => [place, axes[kept[k]!]!]));
  return run(call, [array]).map((out) => ({
    array: out,
    axes: newSizes.map((size, i) => named.get(i) ?? new Anonymous(size)),
  }));
};

const broadcast: NamedRule = ([x], call) => {
  const { array, axes } = labelled(x!, call);
  const { shape, broadcastDimensions } = call.params as ParamsOf<typeof lax.broadcastInDim>;
  const own = (i: number): Axis | undefined => axes[broadcastDimensions.indexOf(i)];
  const all = shape.map((size, i) => own(i) ?? new Anonymous(size));
  return run(call, [array]).map((out) => ({ array: out, axes: resized(all, shape) }));
};

const transposed: NamedRule = ([x], call) => {
  const { array, axes } = labelled(x!, call);
  const { permutation } = call.params as ParamsOf<typeof lax.transpose>;
  return run(call, [array]).map((out) => ({ array: out, axes: permutation.map((i) => axes[i]!) }));
};

const at = ({ axes }: Labelled, places: readonly number[]): Axis[] => places.map((i) => axes[i]!);
const except = ({ axes }: Labelled, ...places: readonly (readonly number[])[]): Axis[] =>
  axes.filter((_, i) => !places.some((list) => list.includes(i)));

/** Axes without a name are different ones in each operand, also where both are one array. */
const distinct = (axes: readonly Axis[]): Axis[] =>
  axes.map((axis, i) =>
    axis instanceof Anonymous && axes.indexOf(axis) !== i ? new Anonymous(axis.size) : axis,
  );

/** Axes are paired by place, and must then have the same name. */
const dot: NamedRule = (operands, call) => {
  const [lhs, rhs] = operands.map((x) => positioned(x, call)) as [Labelled, Labelled];
  const { dimensionNumbers } = call.params as ParamsOf<typeof lax.dotGeneral>;
  const [[lhsContract, rhsContract], [lhsBatch, rhsBatch]] = dimensionNumbers;
  paired(at(lhs, lhsContract), at(rhs, rhsContract), "contract");
  const axes = distinct([
    ...paired(at(lhs, lhsBatch), at(rhs, rhsBatch), "batch"),
    ...except(lhs, lhsContract, lhsBatch),
    ...except(rhs, rhsContract, rhsBatch),
  ]);
  return run(call, [lhs.array, rhs.array]).map((array) => ({ array, axes }));
};

const concatenated: NamedRule = (operands, call) => {
  const all = operands.map((x) => positioned(x, call));
  const axes = all.map((x) => x.axes).reduce((one, other) => paired(one, other, "concatenate"));
  return run(
    call,
    operands.map(({ array }) => array),
  ).map((out) => ({ array: out, axes: resized(axes, out.aval.shape) }));
};

/** The update lies in the operand, its axes beside the operand's. */
const updated: NamedRule = ([x, update, ...starts], call) => {
  const [whole, part] = [positioned(x!, call), positioned(update!, call)];
  const axes = paired(whole.axes, part.axes, "update");
  const arrays = [whole.array, part.array, ...starts.map(({ array }) => array)];
  return run(call, arrays).map((out) => ({ array: out, axes: resized(axes, out.aval.shape) }));
};

/** The window keeps the names of the operand, the places that are looked up those of the indices. */
const gathered: NamedRule = ([x, indices], call) => {
  const operand = positioned(x!, call);
  const lookedUp = indices!.axes ?? anonymous(indices!.array.aval.shape);
  const { dimensionNumbers } = call.params as ParamsOf<typeof lax.gather>;
  const { offsetDims, collapsedSliceDims, operandBatchingDims, startIndicesBatchingDims } = dimensionNumbers;
  const window = except(operand, collapsedSliceDims, operandBatchingDims);
  const batch = lookedUp.slice(0, -1);
  startIndicesBatchingDims.forEach((i, k) => (batch[i] = operand.axes[operandBatchingDims[k]!]!));
  return run(call, [operand.array, indices!.array]).map((out) => ({
    array: out,
    axes: resized(
      out.aval.shape.map((_, i) => (offsetDims.includes(i) ? window : batch).shift()!),
      out.aval.shape,
    ),
  }));
};

const scattered: NamedRule = ([x, indices, updates], call) => {
  const [operand, given] = [positioned(x!, call), positioned(updates!, call)];
  const { dimensionNumbers } = call.params as ParamsOf<typeof lax.scatter>;
  const { updateWindowDims, insertedWindowDims, operandBatchingDims } = dimensionNumbers;
  const window = paired(
    except(operand, insertedWindowDims, operandBatchingDims),
    at(given, updateWindowDims),
    "update",
  );
  const beside = [...insertedWindowDims, ...operandBatchingDims];
  const axes = operand.axes.map((axis, i) => (beside.includes(i) ? axis : window.shift()!));
  return run(call, [operand.array, indices!.array, given.array]).map((out) => ({
    array: out,
    axes: resized(axes, out.aval.shape),
  }));
};

const stacked: NamedRule = (operands, call) => {
  const { arrays, axes } = aligned(
    operands.map((x) => positioned(x, call)),
    true,
  );
  const { axis } = call.params as ParamsOf<typeof lax.stack>;
  return run(call, arrays).map((out) => ({
    array: out,
    axes: [...axes.slice(0, axis), new Anonymous(arrays.length), ...axes.slice(axis)],
  }));
};
const unstacked: NamedRule = ([x], call) => {
  const { array, axes } = labelled(x!, call);
  const { axis } = call.params as ParamsOf<typeof lax.unstack>;
  return run(call, [array]).map((out) => ({ array: out, axes: axes.filter((_, i) => i !== axis) }));
};

/** The mapped axis has no name in the array. */
const allGathered: NamedRule = (operands, call) => {
  const { allGatherDimension, tiled } = call.params as ParamsOf<typeof lax.allGather>;
  if (tiled) return inPlace(operands, call);
  const { array, axes } = labelled(operands[0]!, call);
  return run(call, [array]).map((out) => ({
    array: out,
    axes: axes.toSpliced(allGatherDimension, 0, new Anonymous(out.aval.shape[allGatherDimension]!)),
  }));
};
const sumScattered: NamedRule = (operands, call) => {
  const { scatterDimension, tiled } = call.params as ParamsOf<typeof lax.psumScatter>;
  if (tiled) return inPlace(operands, call);
  const { array, axes } = labelled(operands[0]!, call);
  return run(call, [array]).map((out) => ({ array: out, axes: axes.toSpliced(scatterDimension, 1) }));
};

/** How primitives that are not elementwise act on names. Those without a row mix up the axes. */
const rules: Readonly<Partial<Record<PrimitiveName, NamedRule>>> = {
  select_n: chosen, clamp: chosen, threefry2x32: chosen,
  reduce_sum: without("axes"), reduce_prod: without("axes"), reduce_max: without("axes"), reduce_min: without("axes"),
  reduce_and: without("axes"), reduce_or: without("axes"), reduce_xor: without("axes"), argmax: without("axes"), argmin: without("axes"),
  squeeze: without("dimensions"), reshape: reshaped, broadcast_in_dim: broadcast, transpose: transposed, dot_general: dot,
  cumsum: inPlace, cumprod: inPlace, cummax: inPlace, cummin: inPlace, cumlogsumexp: inPlace,
  reduce_window_sum: inPlace, reduce_window_max: inPlace, reduce_window_min: inPlace,
  slice: inPlace, dynamic_slice: inPlace, rev: inPlace, pad: inPlace, split: inPlace, top_k: inPlace, sort: inStep,
  psum: inPlace, pmax: inPlace, pmin: inPlace, ppermute: inPlace, pbroadcast: inPlace, all_to_all: inPlace,
  all_gather: allGathered, reduce_scatter: sumScattered,
  stack: stacked, unstack: unstacked, concatenate: concatenated, dynamic_update_slice: updated, gather: gathered,
  scatter: scattered, "scatter-add": scattered, "scatter-sub": scattered, "scatter-mul": scattered, "scatter-min": scattered, "scatter-max": scattered,
}; // prettier-ignore

/** Results with the names of their axes; null where names do not say what the operation means. */
export function namedResults(
  prim: AnyPrimitive,
  operands: readonly Operand[],
  params: object,
): readonly Labelled[] | null {
  const rule = prim.rules.elementwise
    ? elementwise
    : Object.hasOwn(rules, prim.primitive)
      ? rules[prim.primitive as PrimitiveName]
      : undefined;
  return rule?.(operands, { prim, params }) ?? null;
}
