import { isInexact, weakDType } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { type Collective, definePrimitive, type Op, type PushForward } from "../core/primitive.ts";
import { scalarOf, weakScalar } from "../core/scalar.ts";
import { boundSizes } from "../core/trace.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { add, div, mul } from "./arithmetic.ts";
import { convertElementType } from "./cast.ts";
import {
  type Along,
  axisGroups,
  axisLength,
  type AxisName,
  axisNames,
  batchAlong,
  type Collected,
  type Grouped,
  type GroupsOption,
  mapLeaves,
  namesOf,
} from "./collective.ts";
import { eq } from "./compare.ts";
import { iota } from "./create.ts";
import { type Accepts, checkDType } from "./operand.ts";
import { reduceMax, reduceMin, reduceSum } from "./reduce.ts";

export interface AllReduceParams extends Grouped {
  readonly axes: readonly string[];
}

type AllReduceCall = <T>(x: T, axisName: AxisName, ...rest: Optionals<[], GroupsOption>) => Collected<T>;
/** A reduction over named axes; every index of them has the result. */
export type AllReduce<Name extends string> = Op<AllReduceCall, Name, [x: ArrayValue], AllReduceParams> &
  Collective;

/** The params that the arguments of a reduction give, and the size of what is reduced. */
function readAxes(
  caller: string,
  axisName: AxisName,
  rest: readonly unknown[],
): { params: AllReduceParams; size: number } {
  const { axisIndexGroups = null } = readOptions<GroupsOption>(caller, ["axisIndexGroups"], rest);
  const axes = namesOf(axisName, caller);
  return { params: { axes, axisIndexGroups }, size: axisLength(axes, axisIndexGroups, caller) };
}

/** Over one axis of the operand, then over the names that are left. */
const reduction = <Name extends string>(
  op: () => AllReduce<Name>,
  reduce: typeof reduceSum | typeof reduceMax | typeof reduceMin,
  ofEqual: (x: ArrayValue, size: number) => ArrayValue,
): Along<AllReduceParams> => ({
  names: ({ axes }) => axes,
  beside: (params, dim) => [params, dim],
  along: (x, dim, { name, size }, params) => {
    const reduced = dim === null ? ofEqual(x, size) : reduce.bind([x], { axes: [dim] })[0]!;
    const axes = params.axes.filter((axis) => axis !== name);
    return [axes.length === 0 ? reduced : op().bind([reduced], { ...params, axes })[0]!, null];
  },
});

const shared = (name: string, group: Accepts) => ({
  arity: 1 as const,
  params: { axes: axisNames, axisIndexGroups: axisGroups },
  abstract: ([x]: readonly [Aval]): Aval => {
    checkDType(x.dtype, group, name, 0);
    return x;
  },
  axes: ({ axes }: AllReduceParams) => axes,
});

/**
 * Sum of `x` over the mapped axis `axisName`. Takes a tree; of booleans it is their number, of a number its product with
 * the size of the axis.
 *
 * Its transpose is itself: each index's cotangent counts for the operands of all of them.
 * @throws ArgumentError when a name is not bound here, or `axisIndexGroups` is no partition into equal parts.
 * @example
 * vmap((x) => np.divide(x, lax.psum(x, "i")), { axisName: "i" })(np.array([1, 2, 5])); // [0.125, 0.25, 0.625]
 * @see `jax.lax.psum`
 */
export const psum: AllReduce<"psum"> = definePrimitive("psum", {
  call: (tree, axisName, ...rest) => {
    const { params, size } = readAxes("psum", axisName, rest);
    const sum = (x: ArrayValue): ArrayValue => {
      const counted = x.dtype === "bool" ? convertElementType(x, "int32") : x;
      return params.axes.length === 0 ? counted : psum.bind([counted], params)[0]!;
    };
    return mapLeaves(tree, "psum", sum, (x) => weakScalar(size * x));
  },
  ...shared("psum", "number"),
  batch: batchAlong(
    () => psum,
    reduction(() => psum, reduceSum, mul),
  ),
  jvp: "linear",
  transpose: [(ct, _operands, params) => psum.bind([ct], params)[0]!],
});

/** The mean of `x` over the mapped axis `axisName`; integers become floats. Otherwise as `psum`. @see `jax.lax.pmean` */
export function pmean<T>(x: T, axisName: AxisName, ...rest: Optionals<[], GroupsOption>): Collected<T> {
  const { size } = readAxes("pmean", axisName, rest);
  return mapLeaves(psum(x, axisName, ...rest), "pmean", (sum) => {
    // The tangent of an integer has no data to divide.
    if (isInexact(sum.dtype) || sum.dtype === "float0") return sum.dtype === "float0" ? sum : div(sum, size);
    const params = { newDtype: weakDType("float"), weakType: sum.aval.weak };
    return div(convertElementType.bind([sum], params)[0]!, size);
  }) as Collected<T>;
}

/** Indices that attain the extreme share its tangent equally. */
const pushExtreme: PushForward<[ArrayValue], AllReduceParams> = (t, out, [x], params) => {
  const attained = convertElementType(eq(x, out), t.dtype);
  const total = (y: ArrayValue) => psum.bind([y], params)[0]!;
  return div(total(mul(t, attained)), total(attained));
};

const extreme = <Name extends string>(
  name: Name,
  op: () => AllReduce<Name>,
  reduce: typeof reduceMax | typeof reduceMin,
) => ({
  call: <T>(tree: T, axisName: AxisName, ...rest: readonly unknown[]): Collected<T> => {
    const { params } = readAxes(name, axisName, rest);
    return mapLeaves(tree, name, (x) => (params.axes.length === 0 ? x : op().bind([x], params)[0]!));
  },
  ...shared(name, "numberOrBool"),
  batch: batchAlong(
    op,
    reduction(op, reduce, (x) => x),
  ),
  jvp: [pushExtreme],
});

/**
 * Largest of `x` over the mapped axis `axisName`, at each place of the array; NaN if there is one. Takes a tree.
 *
 * Its derivative is split equally among ties.
 * @throws ArgumentError as `psum`.
 * @see `jax.lax.pmax`
 */
export const pmax: AllReduce<"pmax"> = definePrimitive(
  "pmax",
  extreme("pmax", () => pmax, reduceMax),
);

/** Smallest of `x` over the mapped axis `axisName`, otherwise as `pmax`. @see `jax.lax.pmin` */
export const pmin: AllReduce<"pmin"> = definePrimitive(
  "pmin",
  extreme("pmin", () => pmin, reduceMin),
);

export interface AxisIndexParams {
  readonly axisName: string;
}

/**
 * Where along the mapped axis `axisName` one is; along a list of names, counted with the last name fastest.
 *
 * Shape: `[]`. Dtype: int32.
 * @throws ArgumentError when a name is not bound here.
 * @see `jax.lax.axis_index`
 */
export const axisIndex: Op<(axisName: AxisName) => ArrayValue, "axis_index", [], AxisIndexParams> &
  Collective = definePrimitive("axis_index", {
  call: (axisName) => {
    const names = namesOf(axisName, "axisIndex");
    const sizes = boundSizes(names, "axisIndex");
    const [first = scalarOf(0, "int32"), ...others] = names.map(
      (name) => axisIndex.bind([], { axisName: name })[0]!,
    );
    return others.reduce((index, next, i) => add(mul(index, sizes[i + 1]!), next), first);
  },
  arity: 0,
  params: { axisName: param.name },
  abstract: () => avalOf([], "int32"),
  axes: ({ axisName }) => [axisName],
  batch: (_operands, _dims, size) => [[iota("int32", size)], [0]],
  jvp: "none",
});

/** Size of the mapped axis `axisName`; of a list of names, their product. @throws ArgumentError as `axisIndex`. @see `jax.lax.axis_size` */
export const axisSize = (axisName: AxisName): number =>
  axisLength(namesOf(axisName, "axisSize"), null, "axisSize");
