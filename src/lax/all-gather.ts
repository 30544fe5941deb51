import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { type Collective, definePrimitive, type Op } from "../core/primitive.ts";
import { canonicalAxis } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { broadcastBatch, moveAxis } from "./algebra.ts";
import { mul } from "./arithmetic.ts";
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
  checkProgramSize,
  type Collected,
  joinPair,
  type Lengthwise,
  lengthwise,
  mapLeaves,
  namesOf,
  splitAxis,
  type TiledOption,
  wholeAxis,
} from "./collective.ts";
import { inserted } from "./dimensions.ts";
import { reduceSum } from "./reduce.ts";

export interface AllGatherOptions extends TiledOption {
  /** Where the mapped axis is in the result; negative counts from its end. Default 0. */
  readonly axis?: number;
}
export interface AllGatherParams extends Lengthwise {
  readonly allGatherDimension: number;
}

const gathering: Along<AllGatherParams> = {
  names: ({ axisName }) => axisName,
  beside: (params, dim) => {
    const { allGatherDimension: axis, tiled } = params;
    return dim <= axis ? [{ ...params, allGatherDimension: axis + 1 }, dim] : [params, dim + (tiled ? 0 : 1)];
  },
  along: (x, dim, axis, params) => {
    const { name, size } = axis;
    checkProgramSize(wholeAxis(axis, params.axisName), params.axisSize, "all_gather");
    const [major, minor] = around(params.axisName, name);
    const [inner, at] =
      minor.length === 0 ? [x, dim] : bindBeside(allGather, gathering, x, dim, alongNames(params, minor));
    const place = params.allGatherDimension;
    const rows = at === null ? broadcastBatch(inner, size, place) : moveAxis(inner, at, place);
    const out = params.tiled || minor.length > 0 ? joinPair(rows, place) : rows;
    return [
      major.length === 0 ? out : allGather.bind([out], alongNames({ ...params, tiled: true }, major))[0]!,
      null,
    ];
  },
};

/**
 * The arrays of all indices of the mapped axis `axisName`, in an axis of their own or, `tiled`, one after the other
 * along an existing one. Takes a tree.
 *
 * Shape: `[…s] → […s with the size of the mapped axis at axis]`; tiled, that axis times the size.
 * @throws ArgumentError when a name is not bound here; ShapeError when `axis` is out of bounds.
 * @see `jax.lax.all_gather`
 */
export const allGather: Op<
  <T>(x: T, axisName: AxisName, ...rest: Optionals<[], AllGatherOptions>) => Collected<T>,
  "all_gather",
  [x: ArrayValue],
  AllGatherParams
> &
  Collective = definePrimitive("all_gather", {
  call: (tree, axisName, ...rest) => {
    const {
      axis = 0,
      tiled = false,
      axisIndexGroups = null,
    } = readOptions<AllGatherOptions>("allGather", ["axis", "tiled", "axisIndexGroups"], rest);
    const names = namesOf(axisName, "allGather");
    const axisSize = axisLength(names, axisIndexGroups, "allGather");
    return mapLeaves(tree, "allGather", (x) => {
      const allGatherDimension = canonicalAxis(axis, tiled ? x.ndim : x.ndim + 1, "allGather");
      const params = { allGatherDimension, axisIndexGroups, axisName: names, axisSize, tiled };
      return names.length === 0 ? x : allGather.bind([x], params)[0]!;
    });
  },
  arity: 1,
  params: { ...lengthwise, allGatherDimension: param.integer },
  abstract: ([x], { allGatherDimension, axisSize, tiled }) => {
    const axis = canonicalAxis(allGatherDimension, x.shape.length + (tiled ? 0 : 1), "all_gather");
    const shape = tiled ? x.shape.with(axis, x.shape[axis]! * axisSize) : inserted(x.shape, axis, axisSize);
    return { ...x, shape };
  },
  axes: ({ axisName }) => axisName,
  batch: batchAlong(() => allGather, gathering),
  jvp: "linear",
  transpose: [
    (ct, _operands, { allGatherDimension: scatterDimension, ...params }) =>
      psumScatter.bind([ct], { ...params, scatterDimension })[0]!,
  ],
});

export interface PsumScatterOptions extends TiledOption {
  /** The axis that is divided among the indices. Default 0. */
  readonly scatterDimension?: number;
}
export interface ReduceScatterParams extends Lengthwise {
  readonly scatterDimension: number;
}

const scattering: Along<ReduceScatterParams> = {
  names: ({ axisName }) => axisName,
  beside: (params, dim) => {
    const { scatterDimension: axis, tiled } = params;
    return dim <= axis ? [{ ...params, scatterDimension: axis + 1 }, dim] : [params, dim - (tiled ? 0 : 1)];
  },
  along: (x, dim, axis, params) => {
    const { name, size } = axis;
    checkProgramSize(wholeAxis(axis, params.axisName), params.axisSize, "reduce_scatter");
    const [major, minor] = around(params.axisName, name);
    const [outer, at] =
      major.length === 0
        ? [x, dim]
        : bindBeside(psumScatter, scattering, x, dim, alongNames({ ...params, tiled: true }, major));
    const place = params.scatterDimension;
    const sum = at === null ? mul(outer, size) : reduceSum(outer, [at]);
    const parts = params.tiled || minor.length > 0 ? splitAxis(sum, place, size) : sum;
    return minor.length === 0
      ? [parts, place]
      : bindBeside(psumScatter, scattering, parts, place, alongNames(params, minor));
  },
};

/**
 * The sum over the mapped axis `axisName`, divided: each index has its part along `scatterDimension`, a row or, `tiled`, a
 * block of rows. `allGather` of it is `psum`. Takes a tree.
 *
 * Shape: `[…s] → […s without scatterDimension]`; tiled, that axis divided by the size.
 * @throws ArgumentError when a name is not bound here; ShapeError when the axis is out of bounds, or not of the size of
 * the mapped axis (tiled: not divisible by it).
 * @see `jax.lax.psum_scatter`
 */
export const psumScatter: Op<
  <T>(x: T, axisName: AxisName, ...rest: Optionals<[], PsumScatterOptions>) => Collected<T>,
  "reduce_scatter",
  [x: ArrayValue],
  ReduceScatterParams
> &
  Collective = definePrimitive("reduce_scatter", {
  call: (tree, axisName, ...rest) => {
    const known = ["scatterDimension", "tiled", "axisIndexGroups"] as const;
    const options = readOptions<PsumScatterOptions>("psumScatter", known, rest);
    const { scatterDimension = 0, tiled = false, axisIndexGroups = null } = options;
    const names = namesOf(axisName, "psumScatter");
    const axisSize = axisLength(names, axisIndexGroups, "psumScatter");
    return mapLeaves(tree, "psumScatter", (x) => {
      const axis = canonicalAxis(scatterDimension, x.ndim, "psumScatter");
      const params = { scatterDimension: axis, axisIndexGroups, axisName: names, axisSize, tiled };
      return names.length === 0 ? x : psumScatter.bind([x], params)[0]!;
    });
  },
  arity: 1,
  params: { ...lengthwise, scatterDimension: param.integer },
  abstract: ([x], { scatterDimension, axisSize, tiled }) => {
    const axis = canonicalAxis(scatterDimension, x.shape.length, "reduce_scatter");
    const size = x.shape[axis]!;
    (tiled ? checkDivisible : checkEqual)(size, axisSize, "reduce_scatter", x.shape);
    return { ...x, shape: tiled ? x.shape.with(axis, size / axisSize) : x.shape.toSpliced(axis, 1) };
  },
  axes: ({ axisName }) => axisName,
  batch: batchAlong(() => psumScatter, scattering),
  jvp: "linear",
  transpose: [
    (ct, _operands, { scatterDimension: allGatherDimension, ...params }) =>
      allGather.bind([ct], { ...params, allGatherDimension })[0]!,
  ],
});
