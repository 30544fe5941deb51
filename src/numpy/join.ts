import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DTypeOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { astype } from "./array.ts";
import { integersOf } from "./elements.ts";
import { promoteDTypes, toArray } from "./promotion.ts";
import { atleast1d, atleast2d, atleast3d } from "./shape.ts";

/** Arrays to be joined: a list, or one array, taken apart along axis 0. */
export type ArrayList = readonly Operand[] | ArrayValue;

export interface JoinOptions extends DTypeOption {
  axis?: number | null | undefined;
}
type JoinRest = Optionals<[axis: number | null, dtype: DTypeLike | null], JoinOptions>;

/** @throws ArgumentError when there is nothing to join. */
function listOf(arrays: ArrayList, verb: string, caller: string): readonly Operand[] {
  const list = arrays instanceof ArrayValue ? (arrays.ndim === 0 ? [] : lax.unstack(arrays, 0)) : arrays;
  if (!Array.isArray(list))
    throw new ArgumentError("numpy/list", `${caller} takes a list of arrays, got ${describe(arrays)}`);
  if (list.length === 0)
    throw new ArgumentError("numpy/list", `${caller}: need at least one array to ${verb}`);
  return list as readonly Operand[];
}

const ofOneDType = (arrays: readonly Operand[], dtype: DTypeLike | null, caller: string): ArrayValue[] =>
  dtype === null
    ? promoteDTypes(caller, ...arrays)
    : arrays.map((x, i) => astype(toArray(x, caller, i), dtype));

/**
 * Arrays one after the other along an axis; with axis null, flattened first.
 *
 * Shape: sizes on `axis` add up, the others are equal. Dtype: the promoted one unless given.
 * @throws ArgumentError on no arrays; ShapeError when shapes do not fit or there is no such axis.
 * @see `jax.numpy.concatenate`
 */
export function concatenate(arrays: ArrayList, ...rest: JoinRest): ArrayValue {
  const caller = "np.concatenate";
  const { axis = 0, dtype = null } = readOptions<JoinOptions>(caller, ["axis", "dtype"], rest);
  const list = ofOneDType(listOf(arrays, "concatenate", caller), dtype, caller);
  if (axis === null) return lax.concatenate(list.map((x) => lax.reshape(x, [x.size])), 0); // prettier-ignore
  if (list[0]!.ndim === 0)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: arrays without axes cannot be concatenated; np.stack makes one`,
    );
  return lax.concatenate(list, canonicalAxis(axis, list[0]!.ndim, caller));
}
/** {@link concatenate} under the array API's name. @see `jax.numpy.concat` */
export const concat = (
  arrays: ArrayList,
  ...rest: Optionals<[axis: number | null], JoinOptions>
): ArrayValue => concatenate(arrays, ...rest);

/**
 * Arrays side by side along a new axis.
 *
 * Shape: `[…s], … → […s with their number at axis]`. Dtype: the promoted one unless given.
 * @throws ArgumentError on no arrays; ShapeError when shapes differ. @see `jax.numpy.stack`
 */
export function stack(arrays: ArrayList, ...rest: JoinRest): ArrayValue {
  const caller = "np.stack";
  const { axis = 0, dtype = null } = readOptions<JoinOptions>(caller, ["axis", "dtype"], rest);
  const list = ofOneDType(listOf(arrays, "stack", caller), dtype, caller);
  return lax.stack(list, canonicalAxis(axis ?? 0, list[0]!.ndim + 1, caller));
}

/** The parts along an axis, without it. @throws ShapeError on an axis out of bounds. @see `jax.numpy.unstack` */
export function unstack(
  x: Operand,
  ...rest: Optionals<[axis: number], { axis?: number | undefined }>
): ArrayValue[] {
  const { axis = 0 } = readOptions<{ axis?: number }>("np.unstack", ["axis"], rest);
  return lax.unstack(toArray(x, "np.unstack"), axis);
}

type StackRest = Optionals<[dtype: DTypeLike | null], DTypeOption>;
function stacked(
  name: string,
  arrays: ArrayList,
  rest: StackRest,
  raise: (x: Operand) => ArrayValue,
  axisOf: (first: ArrayValue) => number,
): ArrayValue {
  const { dtype = null } = readOptions<DTypeOption>(`np.${name}`, ["dtype"], rest);
  const list = listOf(arrays, "stack", `np.${name}`).map(raise);
  return concatenate(list, { axis: axisOf(list[0]!), dtype });
}
/** Arrays, with at least two axes, one below the other. @throws ShapeError when shapes do not fit. @see `jax.numpy.vstack` */
export const vstack = (arrays: ArrayList, ...rest: StackRest): ArrayValue =>
  stacked("vstack", arrays, rest, atleast2d, () => 0);
/** Arrays side by side: along axis 1, or 0 of vectors. @throws ShapeError when shapes do not fit. @see `jax.numpy.hstack` */
export const hstack = (arrays: ArrayList, ...rest: StackRest): ArrayValue =>
  stacked("hstack", arrays, rest, atleast1d, (first) => (first.ndim === 1 ? 0 : 1));
/** Arrays, with at least three axes, along axis 2. @throws ShapeError when shapes do not fit. @see `jax.numpy.dstack` */
export const dstack = (arrays: ArrayList, ...rest: StackRest): ArrayValue =>
  stacked("dstack", arrays, rest, atleast3d, () => 2);
/** Vectors as columns, beside matrices. @throws ShapeError when shapes do not fit. @see `jax.numpy.column_stack` */
export const columnStack = (arrays: ArrayList): ArrayValue =>
  stacked("columnStack", arrays, [], asColumns, () => 1);
const asColumns = (x: Operand): ArrayValue => {
  const a = toArray(x, "np.columnStack");
  return a.ndim < 2 ? lax.reshape(a, [a.size, 1]) : a;
};

/** `values` after `x` along an axis; without one, both flattened. @throws ShapeError as concatenate. @see `jax.numpy.append` */
export function append(
  x: Operand,
  values: Operand,
  ...rest: Optionals<[axis: number | null], JoinOptions>
): ArrayValue {
  const { axis = null } = readOptions<JoinOptions>("np.append", ["axis"], rest);
  return concatenate([x, values], { axis });
}

/** Lists in lists of arrays. */
export type Blocks = Operand | readonly Blocks[];
/**
 * An array put together from blocks: the innermost lists are joined along the last axis, those around them along the one
 * before.
 * @throws ArgumentError on an empty list, or lists of different depth; ShapeError when shapes do not fit.
 * @see `jax.numpy.block`
 */
export function block(blocks: Blocks): ArrayValue {
  return joinBlocks(blocks)[0];
}
function joinBlocks(blocks: Blocks): [array: ArrayValue, depth: number] {
  if (!Array.isArray(blocks)) return [toArray(blocks as Operand, "np.block"), 1];
  if (blocks.length === 0) throw new ArgumentError("numpy/list", "np.block does not take empty lists");
  const parts = (blocks as readonly Blocks[]).map(joinBlocks);
  const depth = parts[0]![1];
  if (parts.some(([, other]) => other !== depth))
    throw new ArgumentError("numpy/list", "np.block: lists side by side must be of one depth");
  const rank = Math.max(depth, ...parts.map(([x]) => x.ndim));
  return [concatenate(parts.map(([x]) => lax.broadcastToRank(x, rank)), -depth), depth + 1]; // prettier-ignore
}

/** A number of parts, or the places where to cut. */
export type Sections = number | readonly number[] | ArrayValue;
type SplitRest = Optionals<[axis: number], { axis?: number | undefined }>;

function splitInto(name: string, x: Operand, sections: Sections, axis: number, uneven = false): ArrayValue[] {
  const caller = `np.${name}`;
  const a = toArray(x, caller);
  const place = canonicalAxis(axis, a.ndim, caller);
  const size = a.shape[place]!;
  const known = sections instanceof ArrayValue ? integersOf(concreteOf(sections, caller)) : sections;
  const cuts = sections instanceof ArrayValue && sections.ndim === 0 ? (known as number[])[0]! : known;
  if (typeof cuts === "number") {
    if (!Number.isInteger(cuts) || cuts <= 0)
      throw new ArgumentError(
        "numpy/sections",
        `${caller}: the number of parts must be a positive integer, got ${cuts}`,
      );
    const [part, left] = [Math.floor(size / cuts), size % cuts];
    if (left !== 0 && !uneven) {
      throw new ShapeError(
        "numpy/split",
        `${caller}: axis ${place} of shape ${showShape(a.shape)} does not divide into ${cuts} equal parts: ${left} are left; np.arraySplit makes unequal ones`,
      );
    }
    return lax.split(a, range(cuts).map((i) => (i < left ? part + 1 : part)), place); // prettier-ignore
  }
  const ends = [...cuts.map((cut) => Math.min(Math.max(cut < 0 ? cut + size : cut, 0), size)), size];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    return lax.sliceInDim(a, Math.min(start, end), end, { axis: place });
  });
}
const splitAxis = (caller: string, rest: SplitRest): number =>
  readOptions<{ axis?: number }>(caller, ["axis"], rest).axis ?? 0;

/**
 * Parts of an array along an axis: so many equal ones, or cut at the given places.
 *
 * Dtype: that of `x`.
 * @throws ShapeError when the axis does not divide into equal parts; ArgumentError when there are to be none.
 * @see `jax.numpy.split`
 */
export const split = (x: Operand, sections: Sections, ...rest: SplitRest): ArrayValue[] =>
  splitInto("split", x, sections, splitAxis("np.split", rest));
/** As {@link split}, the first parts being one longer where they cannot be equal. @see `jax.numpy.array_split` */
export const arraySplit = (x: Operand, sections: Sections, ...rest: SplitRest): ArrayValue[] =>
  splitInto("arraySplit", x, sections, splitAxis("np.arraySplit", rest), true);
/** {@link split} along axis 0. @see `jax.numpy.vsplit` */
export const vsplit = (x: Operand, sections: Sections): ArrayValue[] => splitInto("vsplit", x, sections, 0);
/** {@link split} along axis 1, or 0 of a vector. @see `jax.numpy.hsplit` */
export const hsplit = (x: Operand, sections: Sections): ArrayValue[] =>
  splitInto("hsplit", x, sections, toArray(x, "np.hsplit").ndim === 1 ? 0 : 1);
/** {@link split} along axis 2. @see `jax.numpy.dsplit` */
export const dsplit = (x: Operand, sections: Sections): ArrayValue[] => splitInto("dsplit", x, sections, 2);
