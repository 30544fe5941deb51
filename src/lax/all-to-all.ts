import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { type Collective, definePrimitive, type Op } from "../core/primitive.ts";
import { canonicalAxis, range } from "../core/shape.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { materialiseBatch, moveAxis } from "./algebra.ts";
import { expandDims } from "./broadcast.ts";
import {
  type Along,
  alongNames,
  around,
  axisLength,
  type AxisName,
  batchAlong,
  bindBeside,
  checkDivisible,
  checkEqual,
  type Collected,
  type GroupsOption,
  joinPair,
  type Lengthwise,
  lengthwise,
  mapLeaves,
  nameOrNames,
  namesOf,
  splitAxis,
  type TiledOption,
} from "./collective.ts";
import { squeeze } from "./shape.ts";

export interface AllToAllParams extends Lengthwise {
  readonly splitAxis: number;
  readonly concatAxis: number;
}

/** `x`, with the mapped axis first: its blocks along `split` change places with that axis, which joins `concat`. */
function exchanged(x: ArrayValue, split: number, concat: number): ArrayValue {
  const blocks = moveAxis(splitAxis(x, split + 1, x.shape[0]!), split + 1, 0);
  return joinPair(moveAxis(blocks, 1, concat + 1), concat + 1);
}

/** By how much an axis grows: the size of the mapped axis, or 1 where no axis does and it is of no account. */
const growth = ([x]: readonly Aval[], [out]: readonly Aval[]): number =>
  Math.max(1, ...out!.shape.map((size, axis) => (size > 0 ? size / x!.shape[axis]! : 1)));

const exchanging: Along<AllToAllParams> = {
  names: ({ axisName }) => axisName,
  beside: (params, dim) => {
    const shifted = (axis: number): number => axis + (dim <= axis ? 1 : 0);
    return [{ ...params, splitAxis: shifted(params.splitAxis), concatAxis: shifted(params.concatAxis) }, dim];
  },
  along: (x, dim, { name, size }, params) => {
    const { splitAxis: split, concatAxis: concat } = params;
    const rows = materialiseBatch(x, dim, size);
    checkDivisible(rows.shape[split + 1]!, size, "all_to_all", rows.shape.slice(1));
    const [major, minor] = around(params.axisName, name);
    const steps = [major, [name], minor].filter((names) => names.length > 0);
    if (steps.length === 1) return [exchanged(rows, split, concat), 0];
    // What comes along each of the names comes in an axis of its own, ahead of the one that all of them join.
    const ahead = range(steps.length, concat);
    const from = split < concat ? split : split + steps.length;
    let out = expandDims(
      rows,
      ahead.map((axis) => axis + 1),
    );
    steps.forEach((names, i) => {
      const step = { ...params, splitAxis: from, concatAxis: ahead[i]! };
      out =
        names[0] === name
          ? exchanged(out, from, ahead[i]!)
          : bindBeside(allToAll, exchanging, out, 0, alongNames(step, names))[0];
    });
    for (const axis of ahead.toReversed()) out = joinPair(out, axis + 1);
    return [out, 0];
  },
};

/**
 * Exchanges axes: the mapped axis `axisName` becomes the axis `concatAxis` of the result, and `splitAxis` is mapped in its
 * place. `tiled`, blocks along `splitAxis` go to the indices, and those that come are joined along `concatAxis`. Takes a
 * tree.
 *
 * Shape: `[…s] → […s without splitAxis, with its size at concatAxis]`; tiled, the one axis is divided by the size of
 * the mapped axis, the other multiplied.
 * @throws ArgumentError when a name is not bound here; ShapeError when an axis is out of bounds, or `splitAxis` not of
 * the size of the mapped axis (tiled: not divisible by it).
 * @see `jax.lax.all_to_all`
 */
export const allToAll: Op<
  <T>(
    x: T,
    axisName: AxisName,
    splitAxis: number,
    concatAxis: number,
    ...rest: Optionals<[], TiledOption>
  ) => Collected<T>,
  "all_to_all",
  [x: ArrayValue],
  AllToAllParams
> &
  Collective = definePrimitive("all_to_all", {
  call: (tree, axisName, splitAxis, concatAxis, ...rest) => {
    const { tiled = false, axisIndexGroups = null } = readOptions<TiledOption>(
      "allToAll",
      ["tiled", "axisIndexGroups"],
      rest,
    );
    const names = namesOf(axisName, "allToAll");
    const axisSize = axisLength(names, axisIndexGroups, "allToAll");
    return mapLeaves(tree, "allToAll", (x) => {
      const [split, concat] = [splitAxis, concatAxis].map((axis) => canonicalAxis(axis, x.ndim, "allToAll"));
      if (names.length === 0) return x;
      const bound = (operand: ArrayValue, from: number, to: number): ArrayValue => {
        const params = { axisIndexGroups, axisName: names, axisSize, tiled };
        return allToAll.bind([operand], { ...params, splitAxis: from, concatAxis: to })[0]!;
      };
      if (!tiled) checkEqual(x.shape[split!]!, axisSize, "allToAll", x.shape);
      if (tiled || split === concat) return bound(x, split!, concat!);
      // The mapped axis comes in a new one, and the one that is mapped is left with size 1.
      const [from, to] = split! < concat! ? [split!, concat! + 1] : [split! + 1, concat!];
      return squeeze(bound(expandDims(x, [to]), from, to), [from]);
    });
  },
  arity: 1,
  params: {
    ...lengthwise,
    axisName: nameOrNames,
    axisSize: param.following(param.integer, growth),
    splitAxis: param.integer,
    concatAxis: param.integer,
  },
  abstract: ([x], { splitAxis: split, concatAxis: concat, axisSize }) => {
    for (const axis of [split, concat]) canonicalAxis(axis, x.shape.length, "all_to_all");
    checkDivisible(x.shape[split]!, axisSize, "all_to_all", x.shape);
    const divided = x.shape.with(split, x.shape[split]! / axisSize);
    return { ...x, shape: divided.with(concat, divided[concat]! * axisSize) };
  },
  axes: ({ axisName }) => axisName,
  batch: batchAlong(() => allToAll, exchanging),
  jvp: "linear",
  transpose: [
    (ct, _operands, params) =>
      allToAll.bind([ct], {
        ...params,
        splitAxis: params.concatAxis,
        concatAxis: params.splitAxis,
      })[0]!,
  ],
});

/**
 * Exchanges the mapped axis `axisName` with `axis`, which has its size: `allToAll` at one place. Takes a tree.
 * @throws ArgumentError, ShapeError as `allToAll`.
 * @see `jax.lax.pswapaxes`
 */
export const pswapaxes = <T>(
  x: T,
  axisName: AxisName,
  axis: number,
  ...rest: Optionals<[], GroupsOption>
): Collected<T> => allToAll(x, axisName, axis, axis, ...rest);
