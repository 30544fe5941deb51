import { ArgumentError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { type Collective, definePrimitive, type Op } from "../core/primitive.ts";
import { range, sizeOf } from "../core/shape.ts";
import { boundSizes, describe } from "../core/trace.ts";
import { fromTypedArray } from "../core/typed-array.ts";
import type { ArrayValue } from "../core/value.ts";
import { materialiseBatch, zeros } from "./algebra.ts";
import { allGather } from "./all-gather.ts";
import { axisIndex, psum } from "./all-reduce.ts";
import { add, mul } from "./arithmetic.ts";
import { expandDims } from "./broadcast.ts";
import {
  type Along,
  around,
  axisLength,
  type AxisName,
  axisNames,
  batchAlong,
  type Collected,
  joinPair,
  mapLeaves,
  nameOrNames,
  namesOf,
  takeRows,
} from "./collective.ts";
import { eq } from "./compare.ts";
import { iota } from "./create.ts";
import { indexInDim } from "./slice-in-dim.ts";
import { select } from "./select.ts";

/** Pairs of indices of the mapped axis: what the one has goes to the other. */
export type Permutation = readonly (readonly [source: number, destination: number])[];

export interface PermuteParams {
  readonly axisName: readonly string[];
  readonly perm: Permutation;
}

const inRange = (index: unknown, size: number): boolean =>
  Number.isInteger(index) && Number(index) >= 0 && Number(index) < size;

/** @throws ArgumentError when it is no list of pairs of indices, or names one twice on a side. */
function checkPermutation(perm: unknown, size: number, caller: string): Permutation {
  const pairs: readonly unknown[] = Array.isArray(perm) ? perm : [perm];
  for (const pair of pairs) {
    const indices: readonly unknown[] = Array.isArray(pair) ? pair : [];
    if (indices.length !== 2 || !indices.every((index) => inRange(index, size)))
      throw new ArgumentError(
        "axis/permutation",
        `${caller}: perm is a list of pairs [source, destination] of indices from 0 to ${size - 1}, got ${Array.isArray(pair) ? `[${indices.map(String).join(", ")}]` : describe(pair)}`,
      );
  }
  const list = pairs as Permutation;
  for (const side of [0, 1] as const) {
    const indices = list.map((pair) => pair[side]);
    const twice = indices.find((index, i) => indices.indexOf(index) !== i);
    if (twice !== undefined)
      throw new ArgumentError(
        "axis/permutation",
        `${caller}: perm names ${twice} twice as a ${side === 0 ? "source: use allGather or pbroadcast to send it to several" : "destination"}`,
      );
  }
  return list;
}

const permuting: Along<PermuteParams> = {
  names: ({ axisName }) => axisName,
  beside: (params, dim) => [params, dim],
  along: (x, dim, { name, size }, { axisName, perm }) => {
    const [major, minor] = around(axisName, name);
    const [majors, minors] = [major, minor].map((names) => sizeOf(boundSizes(names, "ppermute")));
    const sources = range(majors! * size * minors!).map(() => -1);
    for (const [source, destination] of checkPermutation(perm, sources.length, "ppermute"))
      sources[destination] = source;
    const own = materialiseBatch(x, dim, size);
    if (axisName.length === 1) return [takeRows(own, sources), 0];
    // Of the other names only the place where one is tells which indices one needs: so all of them, then these.
    const everyone = (rows: ArrayValue, names: readonly string[], axis: number): ArrayValue =>
      names.length === 0 ? expandDims(rows, [axis]) : allGather(rows, names, { axis });
    const all = joinPair(joinPair(everyone(everyone(own, minor, 1), major, 0), 0), 0);
    const ahead = add(mul(axisIndex(major), size), iota("int32", size));
    const here = add(mul(ahead, minors!), axisIndex(minor));
    return [takeRows(all, takeRows(fromTypedArray(Int32Array.from(sources)), here)), 0];
  },
};

/**
 * `x` from another index of the mapped axis `axisName`: each pair of `perm` sends that of its source to its destination;
 * who is no destination gets zeros. Takes a tree.
 *
 * @throws ArgumentError when a name is not bound here, or `perm` names an index twice on a side, or one that is none.
 * @example
 * // each gets what the one before it has
 * vmap((x) => lax.ppermute(x, "i", [[0, 1], [1, 2], [2, 0]]), { axisName: "i" })(np.array([1, 2, 3])); // [3, 1, 2]
 * @see `jax.lax.ppermute`
 */
export const ppermute: Op<
  <T>(x: T, axisName: AxisName, perm: Permutation) => Collected<T>,
  "ppermute",
  [x: ArrayValue],
  PermuteParams
> &
  Collective = definePrimitive("ppermute", {
  call: (tree, axisName, perm) => permuted("ppermute", tree, axisName, perm),
  arity: 1,
  params: { axisName: axisNames, perm: param.list(param.tuple(param.integer, param.integer)) },
  abstract: ([x]) => x,
  axes: ({ axisName }) => axisName,
  batch: batchAlong(() => ppermute, permuting),
  jvp: "linear",
  transpose: [
    (ct, _operands, { axisName, perm }) =>
      ppermute.bind([ct], { axisName, perm: perm.map(([source, destination]) => [destination, source]) })[0]!,
  ],
});

function permuted<T>(caller: string, tree: T, axisName: AxisName, perm: unknown): Collected<T> {
  const names = namesOf(axisName, caller);
  const checked = checkPermutation(perm, axisLength(names, null, caller), caller);
  return mapLeaves(tree, caller, (x) =>
    names.length === 0 ? x : ppermute.bind([x], { axisName: names, perm: checked })[0]!,
  );
}

/**
 * `x` from another index of the mapped axis `axisName`: index `i` gets that of `perm[i]`. Takes a tree.
 * @throws ArgumentError when a name is not bound here, or `perm` is no permutation of the indices.
 * @see `jax.lax.pshuffle`
 */
export function pshuffle<T>(x: T, axisName: AxisName, perm: readonly number[]): Collected<T> {
  const size = axisLength(namesOf(axisName, "pshuffle"), null, "pshuffle");
  if (!Array.isArray(perm) || perm.length !== size)
    throw new ArgumentError(
      "axis/permutation",
      `pshuffle: perm is a list of the ${size} indices in another order, got ${describe(perm)}`,
    );
  return permuted(
    "pshuffle",
    x,
    axisName,
    perm.map((source, destination) => [source, destination]),
  );
}

export interface BroadcastParams {
  readonly axisName: readonly string[];
  /** Index of the mapped axis. */
  readonly source: number;
}

function checkSource(source: unknown, size: number): void {
  if (inRange(source, size)) return;
  throw new ArgumentError(
    "axis/source",
    `pbroadcast: source is an index from 0 to ${size - 1}, got ${describe(source)}`,
  );
}

const broadcasting: Along<BroadcastParams> = {
  names: ({ axisName }) => axisName,
  beside: (params, dim) => [params, dim],
  along: (x, dim, { name, size }, { axisName, source }) => {
    const [major, minor] = around(axisName, name);
    const minors = sizeOf(boundSizes(minor, "pbroadcast"));
    checkSource(source, size * sizeOf(boundSizes(major, "pbroadcast")) * minors);
    const own = Math.floor(source / minors) % size;
    const row = dim === null ? x : indexInDim(x, own, dim, false);
    const rest = {
      axisName: [...major, ...minor],
      source: Math.floor(source / (minors * size)) * minors + (source % minors),
    };
    return [rest.axisName.length === 0 ? row : pbroadcast.bind([row], rest)[0]!, null];
  },
};

/**
 * `x` of the index `source` of the mapped axis `axisName`: every index has it. Takes a tree.
 * @throws ArgumentError when a name is not bound here, or `source` is no index of the axis.
 * @see `jax.lax.pbroadcast`
 */
export const pbroadcast: Op<
  <T>(x: T, axisName: AxisName, source: number) => Collected<T>,
  "pbroadcast",
  [x: ArrayValue],
  BroadcastParams
> &
  Collective = definePrimitive("pbroadcast", {
  call: (tree, axisName, source) => {
    const names = namesOf(axisName, "pbroadcast");
    const size = axisLength(names, null, "pbroadcast");
    checkSource(source, size);
    return mapLeaves(tree, "pbroadcast", (x) =>
      names.length === 0 ? x : pbroadcast.bind([x], { axisName: names, source })[0]!,
    );
  },
  arity: 1,
  params: { axisName: nameOrNames, source: param.integer },
  abstract: ([x]) => x,
  axes: ({ axisName }) => axisName,
  batch: batchAlong(() => pbroadcast, broadcasting),
  jvp: "linear",
  transpose: [
    (ct, _operands, { axisName, source }) => {
      const sum = psum.bind([ct], { axes: axisName, axisIndexGroups: null })[0]!;
      return select(eq(axisIndex(axisName), source), sum, zeros(ct.aval));
    },
  ],
});
