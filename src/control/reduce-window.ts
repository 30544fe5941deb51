import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { type Derived, definePrimitive, type Op, type Primitive } from "../core/primitive.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { dilated, type Padding, type PaddingLike, paddingOf } from "../lax/conv-dimensions.ts";
import { checkIntegers } from "../lax/dimensions.ts";
import * as lax from "../lax/index.ts";
import type { AxisPadding } from "../lax/pad-slice.ts";
import {
  type DilatedWindow,
  dilatedWindowKinds,
  windowBeside,
  windowPlaces,
} from "../lax/window-dimensions.ts";
import type { Like, Traced } from "./operands.ts";
import {
  batchReduction,
  combineBy,
  type Combine,
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

export interface ReduceWindowParams extends DilatedWindow {
  /** Of what it captured, and two elements. */
  readonly jaxpr: ClosedJaxpr;
}

export interface ReduceWindowOptions {
  /** Distance between the places of the window along each axis. Default 1. */
  readonly windowStrides?: readonly number[] | null;
  /** What the window sees around the array, which takes no part: a word, or pairs. Default `"VALID"`. */
  readonly padding?: PaddingLike;
  /** Distance between neighbours of the array, between which is nothing. Default 1. */
  readonly baseDilation?: readonly number[] | null;
  /** Distance between neighbours of the window. Default 1. */
  readonly windowDilation?: readonly number[] | null;
}
const names = ["windowStrides", "padding", "baseDilation", "windowDilation"] as const;

type WindowReduction = Primitive<string, [x: ArrayValue], DilatedWindow>;
/** Operations that have a reduction of their own. */
const own = new Map<unknown, readonly [WindowReduction, IdentityOf]>([
  [lax.add, [lax.reduceWindowSum, identities.add]],
  [lax.max, [lax.reduceWindowMax, identities.max]],
  [lax.min, [lax.reduceWindowMin, identities.min]],
]);

/** What the window sees, in an axis before those of its places; around the array and between its elements it is `fill`. */
function seen(x: ArrayValue, fill: ArrayValue, window: DilatedWindow): ArrayValue {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = window;
  const places = windowPlaces(x.shape, window, "reduce_window");
  const config = padding.map(([low, high], axis): AxisPadding => [low, high, baseDilation[axis]! - 1]);
  let patches = lax.pad(x, fill, config);
  // Each axis becomes its places; those of the window pile up before, the last one first.
  x.shape.forEach((_, done) => {
    const axis = x.ndim - 1 - done;
    if (windowDimensions[axis] === 1 && windowStrides[axis] === 1) {
      patches = lax.expandDims(patches, [0]);
      return;
    }
    const sizes = [windowDimensions[axis]!, places[axis]!];
    const [within, place] = [0, 1].map((dimension) => lax.broadcastedIota("int32", sizes, dimension));
    const indices = lax.add(lax.mul(within!, windowDilation[axis]!), lax.mul(place!, windowStrides[axis]!));
    const at = axis + done;
    const others = range(patches.ndim + 1).filter((k) => k !== 0 && k !== at + 1);
    const dimensions = { offsetDims: others, collapsedSliceDims: [at], startIndexMap: [at] };
    const whole = patches.shape.with(at, 1);
    patches = lax.gather(patches, lax.expandDims(indices, [2]), dimensions, whole, {
      mode: "promise_in_bounds",
    });
  });
  return lax.reshape(patches, [sizeOf(windowDimensions), ...places]);
}

/** As `combine`, of elements of which the first says whether there is one. */
const whereThere =
  (combine: Combine): Combine =>
  ([isBefore, ...before], [isAfter, ...after]) => {
    const both = lax.bitwiseAnd(isBefore!, isAfter!);
    const outs = combine(before, after).map((x, i) =>
      lax.select(both, x, lax.select(isBefore!, before[i]!, after[i]!)),
    );
    return [lax.bitwiseOr(isBefore!, isAfter!), ...outs];
  };

function expand(operands: Arrays, params: ReduceWindowParams): Arrays {
  const { captured, arrays, inits } = parts(operands, params);
  const { shape } = arrays[0]!;
  const first = repeated(inits, arrays, windowPlaces(shape, params, "reduce_window"));
  if (sizeOf(first[0]!.shape) === 0) return first;
  const combine = whereThere(combineBy("reduce_window", params.jaxpr, captured));
  const isThere = seen(lax.full(shape, true), lax.full([], false), params);
  const windows = arrays.map((x, i) => seen(x, inits[i]!, params));
  const started = [lax.full(first[0]!.shape, true), ...first];
  const [, ...outs] = combine(started, folded([isThere, ...windows], combine));
  return likeResults(outs, arrays, inits);
}

/**
 * Combines the elements that a window sees at each of its places, by `computation`, an associative function of two
 * elements whose identity is `initValue`. `operand` may be a tree of arrays of one shape: then elements, initial values
 * and results are such trees.
 *
 * `lax.add`, `lax.max` and `lax.min` with their identities are sums, maxima and minima. Of equal largest elements the
 * first has the derivative; JAX has no reverse mode of other functions, which is here.
 *
 * Shape: `[…s] → […places]`, where `places = ⌊(size + padding − window) / stride⌋ + 1`. Dtype: that of the operand.
 * @throws ArgumentError when trees differ; ShapeError when the window does not fit, or an initial value is no scalar;
 * DTypeError when it is of another dtype, or the computation returns another one.
 * @example
 * lax.reduceWindow(np.arange(6), -Infinity, lax.max, [2], [2]); // [1, 3, 5]
 * @see `jax.lax.reduce_window`, https://openxla.org/stablehlo/spec#reduce_window
 */
export const reduceWindow: Op<
  <const T>(
    operand: T,
    initValue: Like<T>,
    computation: (before: Traced<T>, after: Traced<T>) => Like<T>,
    windowDimensions: readonly number[],
    ...rest: Optionals<
      [
        windowStrides: readonly number[] | null,
        padding: PaddingLike,
        baseDilation: readonly number[] | null,
        windowDilation: readonly number[] | null,
      ],
      ReduceWindowOptions
    >
  ) => Traced<T>,
  "reduce_window",
  Arrays,
  ReduceWindowParams
> &
  Derived = definePrimitive("reduce_window", {
  params: { ...dilatedWindowKinds, jaxpr: param.program },
  alsoShow: () => ({ consts: [] }),
  call: (operand, initValue, computation, windowDimensions, ...rest) => {
    const options = readOptions<ReduceWindowOptions>("reduceWindow", names, rest);
    const flat = flattenReduction(operand, initValue, "reduceWindow");
    const [[x], [init]] = [flat.operands.arrays, flat.inits] as const;
    checkIntegers(windowDimensions, "windowDimensions", "reduceWindow", 1);
    const ones = x!.shape.map(() => 1);
    const windowStrides = options.windowStrides ?? ones;
    const windowDilation = options.windowDilation ?? ones;
    const { padding = "VALID" } = options;
    const spread = windowDimensions.map((size, axis) => dilated(size, windowDilation[axis] ?? 1));
    const window: DilatedWindow = {
      windowDimensions,
      windowStrides,
      padding: Array.isArray(padding)
        ? (padding as readonly Padding[])
        : paddingOf(padding, x!.shape, spread, windowStrides, "reduceWindow"),
      baseDilation: options.baseDilation ?? ones,
      windowDilation,
    };
    const [reduction, identityOf] = (flat.inits.length === 1 && own.get(computation)) || [];
    if (reduction && isIdentity(init!, identityOf!, x!.dtype))
      return flat.operands.rebuild(reduction.bind([x!], window)) as never;
    const { operands: xs, inits, captured, jaxpr } = traceReduction(flat, computation, "reduceWindow");
    return xs.rebuild(
      reduceWindow.bind([...captured, ...xs.arrays, ...inits], { ...window, jaxpr }),
    ) as never;
  },
  abstract: (avals, params) =>
    reducedAvals("reduce_window", avals, params, (shape) => windowPlaces(shape, params, "reduce_window")),
  ...expandedRules("reduce_window", expand),
  batch: (...given) => {
    const wider = windowBeside(given[3], 0);
    return batchReduction("reduce_window", given, expand, (operands) => reduceWindow.bind(operands, wider));
  },
});
