import type { Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { filled } from "./algebra.ts";
import { broadcastInDim } from "./broadcast.ts";
import { type AxisPadding, pad } from "./pad-slice.ts";
import { reshape } from "./shape.ts";
import type { Window } from "./window-dimensions.ts";

/**
 * What `y` has for each place of a window whose places are apart, at each element that the window sees there; `fill` at
 * those that no window sees.
 *
 * Shape: `[…places] → shape`. Dtype: that of `y`.
 */
export function spreadOver(y: ArrayValue, shape: Shape, window: Window, fill: number): ArrayValue {
  const { windowDimensions, windowStrides, padding } = window;
  const value = filled(fill, { ...y.aval, shape: [] });
  // An axis of places becomes one of places and one of the window, filled up to the next place: then one again.
  const pairs = y.shape.flatMap((size, axis) => [size, windowDimensions[axis]!]);
  const repeated = broadcastInDim(
    y,
    pairs,
    y.shape.map((_, axis) => 2 * axis),
  );
  const gaps = windowStrides.flatMap((stride, axis): AxisPadding[] => [
    [0, 0, 0],
    [0, stride - windowDimensions[axis]!, 0],
  ]);
  const whole = y.shape.map((size, axis) => size * windowStrides[axis]!);
  const around = shape.map((size, axis): AxisPadding => {
    const [low] = padding[axis]!;
    return [-low, size + low - whole[axis]!, 0];
  });
  const isFull = windowStrides.every((stride, axis) => stride === windowDimensions[axis]);
  return pad(reshape(isFull ? repeated : pad(repeated, value, gaps), whole), value, around);
}
