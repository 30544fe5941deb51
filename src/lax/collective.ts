import { mapWith } from "../tree/index.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import type { ParamKind, ParamKinds } from "../core/param-kind.ts";
import type { BatchRule } from "../core/primitive.ts";
import { range, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { weakScalar } from "../core/scalar.ts";
import { boundSizes, checkAxisName, describe, type NamedAxis } from "../core/trace.ts";
import { fromTypedArray } from "../core/typed-array.ts";
import type { ArrayValue, NDArray, Operand, Value } from "../core/value.ts";
import { broadcastBatch, materialiseBatch, moveAxis, reshapeTo } from "./algebra.ts";
import { expandDims } from "./broadcast.ts";
import { inversePermutation } from "./dimensions.ts";
import { gather } from "./indexing.ts";
import { toArray } from "./operand.ts";

/** What an axis that is mapped over is called; a list of names is one axis that runs over all of them, the last one fastest. */
export type AxisName = string | readonly string[];

/** Lists of indices of an axis: each is an axis by itself, of which the others know nothing. */
export type AxisIndexGroups = readonly (readonly number[])[];

export interface GroupsOption {
  /** Splits the axis into groups of equal size, each by itself. Every index is in one of them. Default: one group. */
  readonly axisIndexGroups?: AxisIndexGroups | null;
}

export interface Grouped {
  readonly axisIndexGroups: AxisIndexGroups | null;
}

export interface TiledOption extends GroupsOption {
  /** Whether the mapped axis is joined with one of the array, block by block, instead of being one. Default: false. */
  readonly tiled?: boolean;
}
/** Params of a collective in which the mapped axis has a place in the array. */
export interface Lengthwise extends Grouped {
  readonly axisName: readonly string[];
  /** Size of the mapped axis, or of each of its groups. */
  readonly axisSize: number;
  readonly tiled: boolean;
}

/** A tree whose leaves are arrays; numbers became some. */
export type Collected<T> = T extends number | boolean | NDArray
  ? ArrayValue
  : T extends Value
    ? T
    : T extends readonly unknown[]
      ? { [K in keyof T]: Collected<T[K]> }
      : T;

const quoted = /^'(.*)'$/;
/** Names as they are printed: each in quotes. */
export const axisNames: ParamKind<readonly string[]> = param.list({
  expected: "an axis name in quotes",
  is: (value) => typeof value === "string",
  write: (name) => name,
  read: (text) => (typeof text === "string" ? quoted.exec(text)?.[1] : undefined),
});
/** The only name is printed by itself. */
export const nameOrNames: ParamKind<readonly string[]> = {
  ...axisNames,
  expected: "an axis name, or a list of them",
  write: (names) => (names.length === 1 ? names[0] : axisNames.write(names)),
  read: (text) => (typeof text === "string" ? [text] : axisNames.read(text)),
};
export const axisGroups: ParamKind<AxisIndexGroups | null> = param.nullable(param.list(param.integers));
export const lengthwise: ParamKinds<Lengthwise> = {
  axisIndexGroups: axisGroups,
  axisName: axisNames,
  axisSize: param.integer,
  tiled: param.boolean,
};

/** @throws ArgumentError when it is neither a name nor a list of different names. */
export function namesOf(axisName: unknown, caller: string): readonly string[] {
  const names: readonly unknown[] = Array.isArray(axisName) ? axisName : [axisName];
  return names.map((given, i) => {
    const name = checkAxisName(given, caller);
    if (names.indexOf(name) !== i)
      throw new ArgumentError("axis/name", `${caller}: the axis "${name}" is named twice`);
    return name;
  });
}

/**
 * Size of the axis that `names` make up, or of each of its groups.
 * @throws ArgumentError when a name is not bound here, or the groups are not a partition into equal parts.
 */
export function axisLength(
  names: readonly string[],
  groups: AxisIndexGroups | null | undefined,
  caller: string,
): number {
  const size = sizeOf(boundSizes(names, caller));
  if (groups === null || groups === undefined) return size;
  if (
    !Array.isArray(groups) ||
    !groups.every((group) => Array.isArray(group) && group.every(Number.isInteger))
  )
    throw new ArgumentError(
      "axis/groups",
      `${caller}: axisIndexGroups is a list of lists of indices along the axis, got ${describe(groups)}`,
    );
  const places = groups.flat().toSorted((a, b) => a - b);
  if (places.length !== size || places.some((place, i) => place !== i))
    throw new ArgumentError(
      "axis/groups",
      `${caller}: axisIndexGroups must hold each index of the axis, of size ${size}, exactly once`,
    );
  const length = groups[0]?.length ?? 0;
  if (names.length !== 1 || groups.some((group) => group.length !== length))
    throw new ArgumentError(
      "axis/groups",
      `${caller}: axisIndexGroups are of equal size, and of one axis, got groups of sizes ${groups.map((group) => group.length).join(", ")} of ${names.length} axes`,
    );
  return length;
}

/** A tree with `f` of each leaf; numbers among the leaves may have a function of their own. */
export const mapLeaves = <T>(
  tree: T,
  caller: string,
  f: (x: ArrayValue) => ArrayValue,
  number: (x: number) => ArrayValue = (x) => f(weakScalar(x)),
): Collected<T> =>
  mapWith(
    {},
    (leaf: unknown) => (typeof leaf === "number" ? number(leaf) : f(toArray(leaf as Operand, caller))),
    tree,
  ) as Collected<T>;

/** @throws ShapeError when a program that was made for an axis of one size is mapped over one of another. */
export function checkProgramSize({ name, size }: NamedAxis, made: number, caller: string): void {
  if (size === made) return;
  throw new ShapeError(
    "axis/size",
    `${caller}: the axis ${name} has size ${size} here, but the program was made for one of size ${made}`,
  );
}

/** Rows of `x` along its first axis: that at `places[i]` at place `i`, or zeros where that is -1. */
export function takeRows(x: ArrayValue, places: ArrayValue | readonly number[]): ArrayValue {
  const indices = Array.isArray(places)
    ? fromTypedArray(Int32Array.from(places as readonly number[]))
    : (places as ArrayValue);
  return gather(
    x,
    expandDims(indices, [indices.ndim]),
    { offsetDims: range(x.ndim - 1, indices.ndim), collapsedSliceDims: [0], startIndexMap: [0] },
    [1, ...x.shape.slice(1)],
    { mode: "fill", fillValue: x.dtype === "bool" ? false : 0 },
  );
}

/** `x` with its axes `axis` and `axis + 1` as one. */
export const joinPair = (x: ArrayValue, axis: number): ArrayValue =>
  reshapeTo(x, x.shape.toSpliced(axis, 2, x.shape[axis]! * x.shape[axis + 1]!));

/** `x` with `axis` as two, the first of them of `size`. */
export const splitAxis = (x: ArrayValue, axis: number, size: number): ArrayValue =>
  reshapeTo(x, x.shape.toSpliced(axis, 1, size, x.shape[axis]! / size));

/** The names before `name` and after it. */
export function around(names: readonly string[], name: string): [major: string[], minor: string[]] {
  const place = names.indexOf(name);
  return [names.slice(0, place), names.slice(place + 1)];
}

/** The axis that all the names are, one of which is bound here. */
export function wholeAxis({ name, size }: NamedAxis, names: readonly string[]): NamedAxis {
  const others = names.filter((other) => other !== name);
  return { name: names.join(), size: size * sizeOf(boundSizes(others, "collective")) };
}

/** The same along some of the names. */
export const alongNames = <P extends Lengthwise>(params: P, axisName: readonly string[]): P => ({
  ...params,
  axisName,
  axisSize: sizeOf(boundSizes(axisName, "collective")),
});

/** @throws ShapeError when an axis of the operand cannot be divided into equal parts. */
export function checkDivisible(size: number, parts: number, caller: string, shape: Shape): void {
  if (size % parts === 0) return;
  throw new ShapeError(
    "axis/size",
    `${caller}: an axis of size ${size} cannot be divided among the ${parts} indices of the mapped axis (the operand has shape ${showShape(shape)})`,
  );
}

/** @throws ShapeError when an axis of the operand is not of the size of the mapped one. */
export function checkEqual(size: number, parts: number, caller: string, shape: Shape): void {
  if (size === parts) return;
  throw new ShapeError(
    "axis/size",
    `${caller}: an axis of size ${size} cannot become the mapped one, of size ${parts} (the operand has shape ${showShape(shape)}); with tiled: true it is divided`,
  );
}

type Placed = readonly [x: ArrayValue, dim: number | null];

/** How a collective acts, once the axis that it works along is an axis of its operand. */
export interface Along<P extends object> {
  readonly names: (params: P) => readonly string[];
  /** Its params beside an axis at `dim` that it has nothing to do with, and where that comes out. */
  readonly beside: (params: P, dim: number) => readonly [params: P, dim: number];
  /** Along `axis`, at `dim` of the operand; null where all of its elements are the same. The other names are bound. */
  readonly along: (x: ArrayValue, dim: number | null, axis: NamedAxis, params: P) => Placed;
}

interface Bindable<P extends object> {
  bind(operands: [ArrayValue], params: P): ArrayValue[];
}

/** Binds a collective on an operand that may have another axis at `dim`. */
export function bindBeside<P extends object>(
  op: Bindable<P>,
  { beside }: Along<P>,
  x: ArrayValue,
  dim: number | null,
  params: P,
): Placed {
  const [shifted, out] = dim === null ? [params, null] : beside(params, dim);
  return [op.bind([x], shifted)[0]!, out];
}

/** The batching rule of a collective. */
export const batchAlong =
  <P extends object>(op: () => Bindable<P>, rules: Along<P>): BatchRule<[x: ArrayValue], P> =>
  ([x], [dim], size, params, name) => {
    const [out, outDim] =
      name !== undefined && rules.names(params).includes(name)
        ? alongGroups(rules, x, dim!, { name, size }, params)
        : bindBeside(op(), rules, x, dim!, params);
    return [[out], [outDim]];
  };

/** A group is an axis of its own, beside that of the groups. */
function alongGroups<P extends object>(
  { along, beside }: Along<P>,
  x: ArrayValue,
  dim: number | null,
  axis: NamedAxis,
  params: P & Partial<Grouped>,
): Placed {
  const groups = params.axisIndexGroups ?? null;
  if (groups === null) return along(x, dim, axis, params);
  const [order, size] = [groups.flat(), groups[0]!.length];
  checkProgramSize(axis, order.length, "axisIndexGroups");
  const rows = splitAxis(takeRows(materialiseBatch(x, dim, axis.size), order), 0, groups.length);
  const [shifted] = beside({ ...params, axisIndexGroups: null }, 0);
  const [out, outDim] = along(rows, 1, { ...axis, size }, shifted);
  const members = outDim === null ? broadcastBatch(out, size, 1) : moveAxis(moveAxis(out, outDim, 0), 1, 0);
  return [takeRows(joinPair(members, 0), inversePermutation(order)), 0];
}
