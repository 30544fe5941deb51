import { isComplex } from "../core/dtype.ts";
import { DifferentiationError } from "../core/errors.ts";
import { definePrimitive, type Primitive, type PushForward, type Sample } from "../core/primitive.ts";
import { range, type Shape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { add } from "./arithmetic.ts";
import { dilated, type Padding } from "./conv-dimensions.ts";
import { type Accepts, checkDType } from "./operand.ts";
import {
  areApart,
  type DilatedWindow,
  type Window,
  dilatedWindowKinds,
  undilated,
  windowBeside,
  windowPlaces,
} from "./window-dimensions.ts";
import { spreadOver } from "./window-spread.ts";
import { selectAndGatherAdd, type SelectPrim } from "./window-selection.ts";

/** A reduction over a window at each of its places; `lax.reduceWindow` calls it. */
export type WindowReduction<Name extends string> = Primitive<Name, [x: ArrayValue], DilatedWindow>;

const samples: readonly Sample<DilatedWindow>[] = [
  {
    operands: [{ shape: [2, 4], values: [3, 1, -2, 0.5, 2.5, -1, 4, -3] }],
    params: undilated({ windowDimensions: [1, 2], windowStrides: [1, 2], padding: [[0, 0], [0, 0]] }), // prettier-ignore
  },
  {
    operands: [{ shape: [7], values: [3, 1, -2, 0.5, 2.5, -1, 4] }],
    params: undilated({ windowDimensions: [5], windowStrides: [2], padding: [[2, 1]] }),
  },
  {
    operands: [{ shape: [7], values: [3, 1, -2, 0.5, 2.5, -1, 4] }],
    params: undilated({ windowDimensions: [2], windowStrides: [3], padding: [[1, 0]] }),
  },
  {
    operands: [{ shape: [3, 3], values: [3, 1, -2, 0.5, 2.5, -1, 4, -3, 1.5] }],
    params: undilated({ windowDimensions: [2, 3], windowStrides: [1, 2], padding: [[0, 1], [1, 1]] }), // prettier-ignore
  },
  {
    operands: [{ shape: [5], values: [3, 1, -2, 0.5, 2.5] }],
    params: {
      windowDimensions: [2],
      windowStrides: [2],
      padding: [[-1, 3]],
      baseDilation: [2],
      windowDilation: [3],
    },
  },
];

const reduction = <Name extends string>(name: Name, group: Accepts, op: () => WindowReduction<Name>) => ({
  arity: 1 as const,
  params: dilatedWindowKinds,
  abstract: ([x]: readonly [Aval], params: DilatedWindow): Aval => {
    checkDType(x.dtype, group, name, 0);
    return avalOf(windowPlaces(x.shape, params, name), x.dtype, x.weak);
  },
  batch: ([x]: [x: ArrayValue], [dim]: readonly (number | null)[], _size: number, params: DilatedWindow) =>
    [op().bind([x], windowBeside(params, dim!)), [dim!]] as const,
  samples,
});

/** As many places may see an element for each to have a term of its own. */
const FEW = 16;

/**
 * A window that overlaps itself falls into parts as long as its strides, which do not: an element has the sum of the
 * cotangents of the places that see it with one of the parts. Where those are many, or elements apart, the cotangent is
 * spread by the strides, and padded so that the same window, moved by the dilation of the operand, is at each element.
 */
function pullBackSum(ct: ArrayValue, { shape }: Aval, params: DilatedWindow): ArrayValue {
  const { windowDimensions, windowStrides, baseDilation, windowDilation } = params;
  const isDilated = [...baseDilation, ...windowDilation].some((dilation) => dilation !== 1);
  const counts = windowDimensions.map((size, axis) => Math.ceil(size / windowStrides[axis]!));
  const isStepping = areApart(params) || windowStrides.some((stride) => stride > 1);
  if (!isDilated && isStepping && sizeOf(counts) <= FEW)
    return gridOf(counts)
      .map((part) => spreadOver(ct, shape, partOf(params, part), 0))
      .reduce((total, term) => add(total, term));
  const padding = shape.map((size, axis): Padding => {
    const window = dilated(windowDimensions[axis]!, windowDilation[axis]!);
    const low = window - 1 - params.padding[axis]![0];
    const spread = dilated(ct.shape[axis]!, windowStrides[axis]!);
    return [low, dilated(size, baseDilation[axis]!) + window - 1 - spread - low];
  });
  return reduceWindowSum.bind([ct], {
    windowDimensions,
    windowStrides: baseDilation,
    padding,
    baseDilation: windowStrides,
    windowDilation,
  })[0]!;
}

/** Every place in a grid of these sizes. */
const gridOf = (sizes: Shape): number[][] =>
  sizes.reduce<number[][]>((places, size) => places.flatMap((place) => range(size).map((i) => [...place, i])), [[]]); // prettier-ignore

/** What of a window begins that many strides after its first element, and is no longer than one. */
const partOf = (
  { windowDimensions, windowStrides, padding }: DilatedWindow,
  part: readonly number[],
): Window => ({
  windowDimensions: windowDimensions.map((size, axis) => Math.min(size - part[axis]! * windowStrides[axis]!, windowStrides[axis]!)), // prettier-ignore
  windowStrides,
  padding: padding.map(([low, high], axis) => [low - part[axis]! * windowStrides[axis]!, high]),
});

/** Sums over a window. Dtype: that of the operand; f16 and bf16 are rounded once. @see `jax.lax.reduce_window_sum_p` */
export const reduceWindowSum: WindowReduction<"reduce_window_sum"> = definePrimitive("reduce_window_sum", {
  ...reduction("reduce_window_sum", "number", () => reduceWindowSum),
  jvp: "linear",
  transpose: [(ct, [x], params) => pullBackSum(ct, x.aval, params)],
});

/** The tangent of the extreme element. */
const pushExtreme =
  (selectPrim: SelectPrim): PushForward<[ArrayValue], DilatedWindow> =>
  (t, _out, [x], params) => {
    if (isComplex(x.dtype))
      throw new DifferentiationError(
        "ad/window",
        `reduce_window_${selectPrim === "ge" ? "max" : "min"} has no derivative where the operand is complex: take its real part before`,
      );
    return selectAndGatherAdd.bind([t, x], { ...params, selectPrim })[0]!;
  };

/**
 * Largest elements of a window; NaN if there is one, -Infinity or the smallest integer where it holds none. The first of
 * equal elements has the derivative.
 * @see `jax.lax.reduce_window_max_p`
 */
export const reduceWindowMax: WindowReduction<"reduce_window_max"> = definePrimitive("reduce_window_max", {
  ...reduction("reduce_window_max", "numberOrBool", () => reduceWindowMax),
  jvp: [pushExtreme("ge")],
});

/** Smallest elements of a window, otherwise as `reduceWindowMax`. @see `jax.lax.reduce_window_min_p` */
export const reduceWindowMin: WindowReduction<"reduce_window_min"> = definePrimitive("reduce_window_min", {
  ...reduction("reduce_window_min", "numberOrBool", () => reduceWindowMin),
  jvp: [pushExtreme("le")],
});
