import { isComplex } from "../core/dtype.ts";
import { DifferentiationError } from "../core/errors.ts";
import { definePrimitive, type Primitive, type PushForward, type Sample } from "../core/primitive.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { dilated, type Padding } from "./conv-dimensions.ts";
import { type Accepts, checkDType } from "./operand.ts";
import {
  type DilatedWindow,
  dilatedWindowKinds,
  undilated,
  windowBeside,
  windowPlaces,
} from "./window-dimensions.ts";
import { selectAndGatherAdd, type SelectPrim } from "./window-selection.ts";

/** A reduction over a window at each of its places; `lax.reduceWindow` calls it. */
export type WindowReduction<Name extends string> = Primitive<Name, [x: ArrayValue], DilatedWindow>;

const samples: readonly Sample<DilatedWindow>[] = [
  {
    operands: [{ shape: [2, 4], values: [3, 1, -2, 0.5, 2.5, -1, 4, -3] }],
    params: undilated({ windowDimensions: [1, 2], windowStrides: [1, 2], padding: [[0, 0], [0, 0]] }), // prettier-ignore
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

/**
 * The cotangent is spread by the strides, and padded so that the same window, moved by the dilation of the operand, is at
 * each element.
 */
function pullBackSum(ct: ArrayValue, { shape }: Aval, params: DilatedWindow): ArrayValue {
  const { windowDimensions, windowStrides, baseDilation, windowDilation } = params;
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
