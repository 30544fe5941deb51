import { ShapeError } from "./errors.ts";
import { ArrayValue, concreteOf, showAval } from "./value.ts";

export type Shape = readonly number[];

/** Number of elements of an array of this shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[0, 1, …, n-1]`. */
export const range = (n: number, start = 0): number[] => Array.from({ length: n }, (_, i) => start + i);

/** `(2, 3)`, as JAX writes shapes in messages. */
export const showShape = (shape: Shape): string =>
  shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;

/**
 * `axis` counted from the front.
 * @throws ShapeError `axis` is not an integer in `[-rank, rank)`.
 */
export function canonicalAxis(axis: number, rank: number, caller: string): number {
  if (!Number.isInteger(axis))
    throw new ShapeError(
      "shape/axis",
      `${caller}: axis ${known(axis, `${caller}'s axis`)} is not an integer`,
    );
  if (axis < -rank || axis >= rank) {
    throw new ShapeError(
      "shape/axis",
      `${caller}: axis ${axis} is out of bounds for array of dimension ${rank}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * The axes that `axis` names, counted from the front; all of them when it is null or undefined.
 * @throws ShapeError on an axis out of bounds or named twice.
 */
export function canonicalAxes(
  axis: number | readonly number[] | null | undefined,
  rank: number,
  caller: string,
): number[] {
  if (axis === null || axis === undefined) return range(rank);
  const axes = (Array.isArray(axis) ? (axis as readonly number[]) : [axis as number]).map((a) =>
    canonicalAxis(a, rank, caller),
  );
  if (new Set(axes).size !== axes.length)
    throw new ShapeError("shape/axis", `${caller}: axes (${axes.join(", ")}) name one twice`);
  return axes;
}

/**
 * What came in place of an integer, for a message.
 * @throws ConcretizationError when it is traced: then that is what is wrong.
 */
function known(x: unknown, use: string): string {
  if (x instanceof ArrayValue) return `${showAval(concreteOf(x, use).aval)} (item() gives its number)`;
  return typeof x === "string" ? JSON.stringify(x) : String(x);
}

const MAX_SIZE = 2 ** 31 - 1;
/** @throws ShapeError when an array of this shape would have more than 2³¹-1 elements. */
export function checkSize(shape: Shape, caller: string): void {
  if (sizeOf(shape) <= MAX_SIZE) return;
  throw new ShapeError(
    "shape/overflow",
    `${caller}: shape ${showShape(shape)} has more than 2^31 - 1 elements`,
  );
}

/**
 * Checks a shape that came from the user.
 * @throws ShapeError on a negative, fractional or NaN size, or more than 2³¹-1 elements.
 */
export function checkShape(shape: unknown, caller: string): Shape {
  const sizes: readonly unknown[] =
    typeof shape === "number" ? [shape] : Array.isArray(shape) ? shape : [undefined];
  for (const size of sizes) {
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0) {
      const show = (x: unknown) => known(x, `a shape of ${caller}`);
      const got = Array.isArray(shape) ? `[${shape.map(show).join(", ")}]` : show(shape);
      throw new ShapeError(
        "shape/invalid",
        `${caller}: a shape is a list of non-negative integers, got ${got}`,
      );
    }
  }
  // A copy: the user may go on with the list.
  const checked = [...(sizes as readonly number[])];
  checkSize(checked, caller);
  return checked;
}

/**
 * The shape that arrays of these shapes broadcast to, by NumPy's rule.
 * @throws ShapeError naming the shapes that do not fit.
 */
export function broadcastShapes(shapes: readonly Shape[], caller: string): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return range(rank).map((axis) => {
    let out = 1;
    for (const shape of shapes) {
      const size = shape[axis - (rank - shape.length)] ?? 1;
      if (size === 1 || size === out) continue;
      if (out !== 1)
        throw new ShapeError(
          "shape/broadcast",
          `${caller}: shapes ${shapes.map(showShape).join(" and ")} do not broadcast: ${out} and ${size} at axis ${axis} from ${rank} axes; sizes must be equal or 1`,
        );
      out = size;
    }
    return out;
  });
}
