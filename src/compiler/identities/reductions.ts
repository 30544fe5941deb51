import { isComplex, isInteger } from "../../core/dtype.ts";
import { range } from "../../core/shape.ts";
import { dimWithout } from "../../lax/dimensions.ts";
import * as lax from "../../lax/index.ts";
import type { ReduceParams } from "../../lax/reduce.ts";
import { type Apply, type Identity, identity, madeBy, madeOnlyHere, operation } from "./identity.ts";

const all = [
  lax.reduceSum,
  lax.reduceProd,
  lax.reduceMax,
  lax.reduceMin,
  lax.reduceAnd,
  lax.reduceOr,
  lax.reduceXor,
];
/** In any order, and any number of times; but of complex numbers with a NaN the first that is met stays. */
const selecting = [lax.reduceMax, lax.reduceMin, lax.reduceAnd, lax.reduceOr];
const ofReal =
  (apply: Apply<ReduceParams>): Apply<ReduceParams> =>
  (inputs, ...rest) =>
    isComplex(inputs[0]!.aval.dtype) ? null : apply(inputs, ...rest);
/** In any order, modulo 2ⁿ. */
const integral = [lax.reduceSum, lax.reduceProd, lax.reduceXor];

/** A fold of one element is that element, also of -0. */
const overOne: Apply<ReduceParams> = ([x], { axes }, _program, { outputs }) =>
  axes.every((axis) => x!.aval.shape[axis] === 1)
    ? operation(lax.reshape, [x!], { newSizes: outputs[0]!.aval.shape, dimensions: null })
    : null;

/** Over axes that only repeat: none of them is an axis of what is repeated. */
const ofBroadcast: Apply<ReduceParams> = ([x], { axes }, program, { outputs }) => {
  const inner = madeBy(lax.broadcastInDim, x, program);
  if (inner === null || axes.some((axis) => x!.aval.shape[axis] === 0)) return null;
  const { broadcastDimensions } = inner.params;
  if (broadcastDimensions.some((axis) => axes.includes(axis))) return null;
  return operation(lax.broadcastInDim, inner.inputs, {
    shape: outputs[0]!.aval.shape,
    broadcastDimensions: broadcastDimensions.map((axis) => dimWithout(axis, axes)),
  });
};

const twice: Apply<ReduceParams> = ([x], { axes }, program, { primitive }) => {
  // Otherwise the larger array would be read twice.
  const inner = madeOnlyHere(primitive as typeof lax.reduceMax, x, program);
  if (inner === null) return null;
  const kept = range(inner.inputs[0]!.aval.shape.length).filter((axis) => !inner.params.axes.includes(axis));
  const both = [...inner.params.axes, ...axes.map((axis) => kept[axis]!)].sort((a, b) => a - b);
  return operation(primitive as typeof lax.reduceMax, inner.inputs, { axes: both });
};

const rises = (axes: readonly number[]): boolean => axes.every((axis, i) => i === 0 || axes[i - 1]! < axis);

/** The axes that are left keep their order; and so do those that are gone, where that is the order of a sum. */
const ofTranspose =
  (anyOrder: boolean): Apply<ReduceParams> =>
  ([x], { axes }, program, { primitive }) => {
    const inner = madeBy(lax.transpose, x, program);
    if (inner === null) return null;
    const { permutation } = inner.params;
    const gone = permutation.filter((_, axis) => axes.includes(axis));
    const left = permutation.filter((_, axis) => !axes.includes(axis));
    if (!rises(left) || !(anyOrder || rises(gone))) return null;
    return operation(primitive as typeof lax.reduceMax, inner.inputs, { axes: gone.sort((a, b) => a - b) });
  };

export const reductions: readonly Identity[] = [
  identity("a reduction of single elements is a reshape", all, overOne),
  identity("the largest of equals", selecting, ofReal(ofBroadcast)),
  identity("the largest of the largest", selecting, ofReal(twice)),
  identity("a sum of sums of integers", integral, (inputs, params, program, eqn) =>
    isInteger(inputs[0]!.aval.dtype) ? twice(inputs, params, program, eqn) : null,
  ),
  identity("the largest in another order", selecting, ofReal(ofTranspose(true))),
  identity("a sum of a transpose, in the same order", integral, ofTranspose(false)),
];
