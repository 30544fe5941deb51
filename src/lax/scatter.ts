import { kindOf } from "../core/dtype.ts";
import { DifferentiationError, DTypeError } from "../core/errors.ts";
import { definePrimitive, type JvpRule } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { zeros } from "./algebra.ts";
import { add, div, max, min, mul, neg, sub } from "./arithmetic.ts";
import { eq } from "./compare.ts";
import { fullLike, iota } from "./create.ts";
import { scatterDimsOf, scatterKinds, type ScatterParams } from "./scatter-dimensions.ts";
import {
  abstractOf,
  batchOf,
  callOf,
  gatherBack,
  gatherPull,
  jointJvp,
  samplesOf,
  type Scatter,
  type ScatterOperands,
  showUpdate,
} from "./scatter-rules.ts";
import { select } from "./select.ts";
import { broadcastInDim } from "./broadcast.ts";
import { reshape } from "./shape.ts";

/** Which updates are still there after a scatter: of several to one place, the last. */
function winners(x: Aval, indices: ArrayValue, updates: Shape, params: ScatterParams): ArrayValue {
  const axes = scatterDimsOf(updates, params.dimensionNumbers);
  const sizes = axes.map((axis) => updates[axis]!);
  const numbers = reshape(add(iota("uint32", sizeOf(sizes)), 1), sizes);
  const ids = broadcastInDim(numbers, updates, axes);
  const scattered = scatter.bind([zeros(avalOf(x.shape, "uint32")), indices, ids], params)[0]!;
  return eq(ids, gatherBack(scattered, indices, updates, params));
}

/**
 * `x` with windows of it replaced by `updates`, one for each index vector; of several updates to one place the last stays.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError when axes or sizes do not fit; DTypeError when dtypes differ or the indices are not integers.
 * @see `jax.lax.scatter`
 */
export const scatter: Scatter<"scatter"> = definePrimitive("scatter", {
  call: callOf(() => scatter),
  arity: 3,
  params: scatterKinds,
  abstract: abstractOf("scatter", "any"),
  jvp: jointJvp(() => scatter),
  transpose: [
    (ct, [, indices, updates], params) =>
      scatter.bind([ct, indices, zeros({ ...ct.aval, shape: updates.aval.shape })], params)[0]!,
    null,
    (ct, [x, indices, updates], params) => {
      const { shape } = updates.aval;
      const taken = gatherBack(ct, indices, shape, params);
      if (params.uniqueIndices) return taken;
      return select(winners(x.aval, indices, shape, params), taken, zerosOf(taken.aval));
    },
  ],
  batch: batchOf(() => scatter),
  alsoShow: showUpdate(null),
  samples: [...samplesOf(true), ...samplesOf(false)],
});

/** `x` with `updates` added to windows of it. Shapes and errors as `scatter`. @see `jax.lax.scatter_add` */
export const scatterAdd: Scatter<"scatter-add"> = definePrimitive("scatter-add", {
  call: callOf(() => scatterAdd),
  arity: 3,
  params: scatterKinds,
  abstract: abstractOf("scatter-add", "number"),
  jvp: jointJvp(() => scatterAdd),
  transpose: [(ct) => ct, null, gatherPull],
  batch: batchOf(() => scatterAdd),
  alsoShow: showUpdate(() => add),
  samples: samplesOf(false),
});

/** `x` with `updates` subtracted from windows of it. Shapes and errors as `scatter`. @see `jax.lax.scatter_sub` */
export const scatterSub: Scatter<"scatter-sub"> = definePrimitive("scatter-sub", {
  call: callOf(() => scatterSub),
  arity: 3,
  params: scatterKinds,
  abstract: abstractOf("scatter-sub", "number"),
  jvp: jointJvp(() => scatterSub),
  transpose: [(ct) => ct, null, (ct, operands, params) => neg(gatherPull(ct, operands, params))],
  batch: batchOf(() => scatterSub),
  alsoShow: showUpdate(() => sub),
  samples: samplesOf(false),
});

function needUnique({ uniqueIndices }: ScatterParams): void {
  if (uniqueIndices) return;
  throw new DifferentiationError(
    "ad/scatter-mul",
    "scatter-mul gradients with respect to the updates are only implemented where the indices are unique: pass uniqueIndices: true if no place is hit twice",
  );
}

/**
 * `x` with windows of it multiplied by `updates`. Shapes and errors as `scatter`. Differentiable in the updates only
 * where `uniqueIndices` is promised. @see `jax.lax.scatter_mul`
 */
export const scatterMul: Scatter<"scatter-mul"> = definePrimitive("scatter-mul", {
  call: callOf(() => scatterMul),
  arity: 3,
  params: scatterKinds,
  abstract: abstractOf("scatter-mul", "number"),
  jvp: [
    (t, _out, [, indices, updates], params) => scatterMul.bind([t, indices, updates], params)[0]!,
    null,
    (t, _out, [x, indices], params) => {
      needUnique(params);
      return mul(x, scatterAdd.bind([zerosOf(x.aval), indices, t], params)[0]!);
    },
  ],
  transpose: [
    (ct, [, indices, updates], params) => scatterMul.bind([ct, indices, updates], params)[0]!,
    null,
    (ct, [x, indices, updates], params) => {
      needUnique(params);
      return gatherBack(mul(ct, x), indices, updates.aval.shape, params);
    },
  ],
  batch: batchOf(() => scatterMul),
  alsoShow: showUpdate(() => mul),
  samples: samplesOf(true),
});

/** The tangent at each place is the mean of those of the values that tie for it, the operand's own among them. */
const extremalJvp =
  (prim: () => Scatter<string>): JvpRule<ScatterOperands, ScatterParams> =>
  ([x, indices, updates], [tx, , tu], params) => {
    const [out] = prim().bind([x, indices, updates], params);
    if (!tx && !tu) return [[out!], [null]];
    const kept = eq(x, out!);
    const taken = eq(updates, gatherBack(out!, indices, updates.shape, params));
    const among = (inOperand: ArrayValue, inUpdates: ArrayValue) =>
      scatterAdd.bind(
        [
          select(kept, inOperand, zerosOf(inOperand.aval)),
          indices,
          select(taken, inUpdates, zerosOf(inUpdates.aval)),
        ],
        params,
      )[0]!;
    const sum = among(tx ?? zerosOf(x.aval), tu ?? zerosOf(updates.aval));
    const count = among(fullLike(x, 1), fullLike(updates, 1));
    return [[out!], [div(sum, count)]];
  };

const abstractExtremal =
  (name: string) =>
  (avals: readonly [x: Aval, indices: Aval, updates: Aval], params: ScatterParams): Aval => {
    if (kindOf(avals[0].dtype) === "key")
      throw new DTypeError(
        "lax/dtype",
        `${name} does not accept dtype ${avals[0].dtype}: keys have no order`,
      );
    return abstractOf(name, "any")(avals, params);
  };

/** `x` with the lesser of it and `updates` in windows of it. Shapes and errors as `scatter`. @see `jax.lax.scatter_min` */
export const scatterMin: Scatter<"scatter-min"> = definePrimitive("scatter-min", {
  call: callOf(() => scatterMin),
  arity: 3,
  params: scatterKinds,
  abstract: abstractExtremal("scatter-min"),
  jvp: extremalJvp(() => scatterMin),
  batch: batchOf(() => scatterMin),
  alsoShow: showUpdate(() => min),
  samples: samplesOf(false),
});

/** `x` with the greater of it and `updates` in windows of it. Shapes and errors as `scatter`. @see `jax.lax.scatter_max` */
export const scatterMax: Scatter<"scatter-max"> = definePrimitive("scatter-max", {
  call: callOf(() => scatterMax),
  arity: 3,
  params: scatterKinds,
  abstract: abstractExtremal("scatter-max"),
  jvp: extremalJvp(() => scatterMax),
  batch: batchOf(() => scatterMax),
  alsoShow: showUpdate(() => max),
  samples: samplesOf(false),
});
