import type { ClosedJaxpr } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { type Derived, definePrimitive, type Op } from "../core/primitive.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { checkAxes } from "../lax/dimensions.ts";
import * as lax from "../lax/index.ts";
import type { Like, Traced } from "./operands.ts";
import {
  batchReduction,
  combineBy,
  expandedRules,
  flattenReduction,
  folded,
  identities,
  type IdentityOf,
  isIdentity,
  likeResults,
  parts,
  reducedAvals,
  repeated,
  traceReduction,
} from "./reduction.ts";

type Arrays = readonly ArrayValue[];

export interface FunctionReduceParams {
  readonly dimensions: readonly number[];
  /** Of what it captured, and two elements. */
  readonly jaxpr: ClosedJaxpr;
}

type Reduction = (operand: ArrayValue, axes: readonly number[]) => ArrayValue;
/** Operations that have a reduction of their own. */
const own = new Map<unknown, readonly [Reduction, IdentityOf]>([
  [lax.add, [lax.reduceSum, identities.add]],
  [lax.mul, [lax.reduceProd, identities.mul]],
  [lax.max, [lax.reduceMax, identities.max]],
  [lax.min, [lax.reduceMin, identities.min]],
  [lax.bitwiseAnd, [lax.reduceAnd, identities.and]],
  [lax.bitwiseOr, [lax.reduceOr, identities.or]],
  [lax.bitwiseXor, [lax.reduceXor, identities.xor]],
]);

/** The elements along the reduced axes, joined into the first one, combined in order; the initial value comes before them. */
function expand(operands: Arrays, { dimensions, jaxpr }: FunctionReduceParams): Arrays {
  const { captured, arrays, inits } = parts(operands, { jaxpr });
  const { shape } = arrays[0]!;
  const reduced = dimensions.toSorted((a, b) => a - b);
  const kept = range(shape.length).filter((axis) => !reduced.includes(axis));
  const sizes = kept.map((axis) => shape[axis]!);
  const count = sizeOf(reduced.map((axis) => shape[axis]!));
  const first = repeated(inits, arrays, sizes);
  if (count === 0) return first;
  const combine = combineBy("reduce", jaxpr, captured);
  const xs = arrays.map((x) => lax.reshape(x, [count, ...sizes], [...reduced, ...kept]));
  return likeResults(combine(first, folded(xs, combine)), arrays, inits);
}

/**
 * Combines the elements along the axes `dimensions` by `computation`, an associative function of two elements whose
 * identity is `initValues`. `operands` may be a tree of arrays of one shape: then elements, initial values and results
 * are such trees.
 *
 * `lax.add`, `mul`, `max`, `min`, `bitwiseAnd`, `bitwiseOr` and `bitwiseXor` with their identities are `lax.reduceSum` and
 * its like.
 *
 * Shape: `[…s] → […s without dimensions]`. Dtype: that of the operand.
 * @throws ArgumentError when trees differ; ShapeError when an axis is outside the operand, or an initial value no scalar;
 * DTypeError when it is of another dtype, or the computation returns another one.
 * @example
 * lax.reduce(np.array([3, 1, 2]), 1, lax.mul, [0]); // 6
 * @see `jax.lax.reduce`, https://openxla.org/stablehlo/spec#reduce
 */
export const reduce: Op<
  <const T>(
    operands: T,
    initValues: Like<T>,
    computation: (before: Traced<T>, after: Traced<T>) => Like<T>,
    dimensions: readonly number[],
  ) => Traced<T>,
  "reduce",
  Arrays,
  FunctionReduceParams
> &
  Derived = definePrimitive("reduce", {
  params: { dimensions: param.integers, jaxpr: param.program },
  call: (operands, initValues, computation, dimensions) => {
    const flat = flattenReduction(operands, initValues, "reduce");
    const [[x], [init]] = [flat.operands.arrays, flat.inits] as const;
    const [reduction, identityOf] = (flat.inits.length === 1 && own.get(computation)) || [];
    if (reduction && isIdentity(init!, identityOf!, x!.dtype)) {
      const out = reduction(x!, dimensions);
      const strong = out.aval.weak && !init!.aval.weak;
      return flat.operands.rebuild([strong ? lax.convertElementType(out, out.dtype) : out]) as never;
    }
    const traced = traceReduction(flat, computation, "reduce");
    const { operands: xs, inits, captured, jaxpr } = traced;
    return xs.rebuild(reduce.bind([...captured, ...xs.arrays, ...inits], { dimensions, jaxpr })) as never;
  },
  abstract: (avals, params) =>
    reducedAvals("reduce", avals, params, (shape) => {
      checkAxes(params.dimensions, shape.length, "dimensions", "reduce");
      return shape.filter((_, axis) => !params.dimensions.includes(axis));
    }),
  ...expandedRules("reduce", expand),
  batch: (...given) => {
    const [, , , params] = given;
    const shifted = { ...params, dimensions: params.dimensions.map((axis) => axis + 1) };
    return batchReduction("reduce", given, expand, (operands) => reduce.bind(operands, shifted));
  },
});
