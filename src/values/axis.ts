import { ArgumentError, ShapeError } from "../core/errors.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/**
 * The name of an axis. It is the object itself that counts: two axes of one size, and even of one label, are different.
 *
 * @example
 * const batch = new values.Axis(32, "batch");
 * const time = new values.Axis(null, "time"); // of any size
 * @see `quax.examples.named.Axis`
 */
export class Axis {
  /** @throws ArgumentError when the size is neither a count nor null, or the label no string. */
  constructor(
    /** How many elements there are along it; null: any number. */
    readonly size: number | null,
    /** What messages call it. */
    readonly label?: string,
  ) {
    if (size !== null && !(Number.isInteger(size) && size >= 0))
      throw new ArgumentError("named/size", `values.Axis: a size is a count or null, got ${describe(size)}`);
    if (label !== undefined && typeof label !== "string")
      throw new ArgumentError("named/label", `values.Axis: a label is a string, got ${describe(label)}`);
  }

  toString(): string {
    if (this.label === undefined) return `Axis(size=${this.size})`;
    return this.size === null ? this.label : `${this.label}=${this.size}`;
  }
  [inspectSymbol](): string {
    return String(this);
  }
}

/** An axis that an operation made and nobody named: it goes with whatever stands in its place elsewhere. */
export class Anonymous extends Axis {
  override toString(): string {
    return "_";
  }
}

/** An array and the names of its axes. */
export interface Labelled {
  readonly array: ArrayValue;
  readonly axes: readonly Axis[];
}

/** @throws ArgumentError when it is no list of axes. */
export function checkAxisList(axes: unknown, caller: string): void {
  if (!Array.isArray(axes) || !axes.every((axis) => axis instanceof Axis))
    throw new ArgumentError("named/axes", `${caller} takes a list of Axis, got ${describe(axes)}`);
}

export const showAxes = (axes: readonly Axis[]): string => `(${axes.join(", ")})`;

/** @throws ShapeError when there are not as many names as axes, one is there twice, or a size is not as the name says. */
export function checkAxes({ array, axes }: Labelled): void {
  if (!Array.isArray(axes) || !axes.every((axis) => axis instanceof Axis))
    throw new ArgumentError(
      "named/axes",
      `the names of a NamedArray are a list of Axis, got ${describe(axes)}`,
    );
  const { shape } = array.aval;
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(
      "named/unique",
      `Axis names for \`NamedArray\` must be unique. Got ${showAxes(axes)}: rename one with values.rename(x, from, to)`,
    );
  }
  if (shape.length !== axes.length) {
    throw new ShapeError(
      "named/missing",
      `\`NamedArray\` must have every axis be named. The array has shape ${showShape(shape)}, the names are ${showAxes(axes)}`,
    );
  }
  axes.forEach(({ size }, i) => {
    if (size === null || size === shape[i]) return;
    throw new ShapeError(
      "named/size",
      `Mismatched axis size for axis ${String(axes[i])}. The array has shape ${showShape(shape)}`,
    );
  });
}

/** The place of `axis`. @throws ShapeError when the array has no such axis. */
export function placeOf(axis: Axis, axes: readonly Axis[], caller: string): number {
  const place = axes.indexOf(axis);
  if (place >= 0) return place;
  throw new ShapeError(
    "named/axis",
    `${caller}: the array has no axis ${String(axis)}, only ${showAxes(axes)}`,
  );
}

/** The names after an operation that made axes of other sizes: a name that stands for another size is lost. */
export const resized = (axes: readonly Axis[], shape: readonly number[]): Axis[] =>
  axes.map((axis, i) => (axis.size === null || axis.size === shape[i] ? axis : new Anonymous(shape[i]!)));
