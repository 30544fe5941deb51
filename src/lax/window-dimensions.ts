import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { dilated, type Padding } from "./conv-dimensions.ts";
import { checkIntegers, inserted } from "./dimensions.ts";

/** A window on an array, and the places that it takes: an entry for each axis. */
export interface Window {
  readonly windowDimensions: readonly number[];
  readonly windowStrides: readonly number[];
  readonly padding: readonly Padding[];
}
/** A window on an array that is spread, of elements that are apart. */
export interface DilatedWindow extends Window {
  /** Distance between neighbours of the array. */
  readonly baseDilation: readonly number[];
  /** Distance between neighbours of the window. */
  readonly windowDilation: readonly number[];
}

/** Kinds of the params of a {@link Window}. */
export const windowKinds: param.ParamKinds<Window> = {
  windowDimensions: param.integers,
  windowStrides: param.integers,
  padding: param.list(param.tuple(param.integer, param.integer)),
};
/** Kinds of the params of a {@link DilatedWindow}. */
export const dilatedWindowKinds: param.ParamKinds<DilatedWindow> = {
  ...windowKinds,
  baseDilation: param.integers,
  windowDilation: param.integers,
};

/** The window without dilations, as one that could have them. */
export const undilated = <W extends Window>(window: W): W & DilatedWindow => {
  const ones = window.windowDimensions.map(() => 1);
  return { ...window, baseDilation: ones, windowDilation: ones };
};

/**
 * How many places the window has along each axis.
 * @throws ShapeError when it does not fit an array of this shape.
 */
export function windowPlaces(shape: Shape, window: DilatedWindow, caller: string): number[] {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = window;
  const lists = {
    window_dimensions: windowDimensions,
    window_strides: windowStrides,
    base_dilation: baseDilation,
    window_dilation: windowDilation,
  };
  for (const [name, list] of Object.entries(lists)) checkIntegers(list, name, caller, 1);
  for (const pair of padding) checkIntegers(pair, "padding", caller);
  for (const [name, list] of Object.entries({ ...lists, padding })) {
    if (list.length !== shape.length)
      throw new ShapeError(
        "lax/window",
        `${caller}: ${name} must have one entry for each axis of an operand of shape ${showShape(shape)}, got ${list.length}`,
      );
  }
  return shape.map((size, axis) => {
    const [low, high] = padding[axis]!;
    const free =
      low +
      dilated(size, baseDilation[axis]!) +
      high -
      dilated(windowDimensions[axis]!, windowDilation[axis]!);
    return free < 0 ? 0 : Math.floor(free / windowStrides[axis]!) + 1;
  });
}

/** The same window on arrays of one axis more, at `dim`, along which it has size 1. */
export function windowBeside<W extends Window | DilatedWindow>(window: W, dim: number): W {
  const wider = Object.entries(window).map(([name, list]: [string, unknown]) => [
    name,
    Array.isArray(list) ? inserted<unknown>(list, dim, name === "padding" ? [0, 0] : 1) : list,
  ]);
  // Each list is one entry longer.
  return Object.fromEntries(wider) as W;
}

/** Whether no element is in two places of the window. */
export const areApart = ({ windowDimensions, windowStrides }: Window): boolean =>
  windowDimensions.every((size, axis) => size <= windowStrides[axis]!);
