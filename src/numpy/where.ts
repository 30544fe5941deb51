import { ShapeError } from "../core/errors.ts";
import { broadcastShapes, range, sameShape, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { promoteDTypes, toArray } from "./promotion.ts";

/**
 * `x` broadcast to `shape` by NumPy's rule; `x` itself where it has it.
 * @throws ShapeError where it does not fit.
 */
export function broadcastArray(x: ArrayValue, shape: Shape, caller: string): ArrayValue {
  if (sameShape(x.shape, shape)) return x;
  const offset = shape.length - x.ndim;
  if (offset < 0 || x.shape.some((size, axis) => size !== 1 && size !== shape[axis + offset])) {
    throw new ShapeError(
      "numpy/broadcast",
      `${caller}: an array of shape ${showShape(x.shape)} does not broadcast to ${showShape(shape)}: from the last axis, sizes must be equal or 1`,
    );
  }
  return lax.broadcastInDim.bind([x], { shape, broadcastDimensions: range(x.ndim, offset) })[0]!;
}

/** Arrays broadcast to their common shape. @throws ShapeError where there is none. */
export function broadcastTogether(arrays: readonly ArrayValue[], caller: string): ArrayValue[] {
  const [first] = arrays;
  if (first === undefined || arrays.every((x) => sameShape(x.shape, first.shape))) return [...arrays];
  const shape = broadcastShapes(
    arrays.map((x) => x.shape),
    caller,
  );
  return arrays.map((x) => broadcastArray(x, shape, caller));
}

/** `condition ? x : y` for each element, after promotion and broadcasting: `np.where` in the name of another function. */
export function choose(condition: Operand, x: Operand, y: Operand, caller: string): ArrayValue {
  const given = toArray(condition, caller);
  const which = given.dtype === "bool" ? given : lax.ne(given, 0);
  const cases = promoteDTypes(caller, x, y);
  if (which.ndim === 0) {
    const [onTrue, onFalse] = broadcastTogether(cases, caller);
    return lax.selectN.bind([which, onFalse!, onTrue!], {})[0]!;
  }
  const [all, onTrue, onFalse] = broadcastTogether([which, ...cases], caller);
  return lax.selectN.bind([all!, onFalse!, onTrue!], {})[0]!;
}
