import { ShapeError } from "../core/errors.ts";
import { range, sameShape, type Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { Anonymous, type Axis, type Labelled, showAxes } from "./axis.ts";

const isAnonymous = (axis: Axis): boolean => axis instanceof Anonymous;

/** Anonymous axes take the names that stand in their places in operands of the same rank. */
function identified(operands: readonly Labelled[]): Labelled[] {
  return operands.map(({ array, axes }) => {
    const peers = operands.filter((other) => other.axes.length === axes.length);
    const named = axes.map((axis, i) => {
      if (!isAnonymous(axis)) return axis;
      const there = peers.map((other) => other.axes[i]!);
      return there.find((other) => !isAnonymous(other) && !axes.includes(other)) ?? there.find(isAnonymous)!;
    });
    return { array, axes: named };
  });
}

/** Without the anonymous axes of size 1 that some operand with axes lacks: they only made ranks equal. */
function withoutPadding(operands: readonly Labelled[]): Labelled[] {
  return operands.map(({ array, axes }) => {
    const { shape } = array.aval;
    const padding = range(axes.length).filter(
      (i) =>
        axes[i] instanceof Anonymous &&
        shape[i] === 1 &&
        operands.some((other) => other.axes.length > 0 && !other.axes.includes(axes[i]!)),
    );
    if (padding.length === 0) return { array, axes };
    const kept = axes.filter((_, i) => !padding.includes(i));
    return { array: lax.squeeze.bind([array], { dimensions: padding })[0]!, axes: kept };
  });
}

/** All axes: in the order of the operand that has them all, otherwise as they are met. */
function union(operands: readonly Labelled[]): readonly Axis[] {
  const all = new Set(operands.flatMap(({ axes }) => axes));
  return operands.find(({ axes }) => axes.length === all.size)?.axes ?? [...all];
}

function sizeAlong(axis: Axis, operands: readonly Labelled[]): number {
  let size = 1;
  for (const { array, axes } of operands) {
    const own = array.aval.shape[axes.indexOf(axis)] ?? 1;
    if (own === 1 || own === size) continue;
    if (size !== 1)
      throw new ShapeError(
        "named/size",
        `Axis ${String(axis)} has size ${size} in one array and ${own} in another.`,
      );
    size = own;
  }
  return size;
}

/** The array with its axes in the order of `axes`, and size 1 where it lacks one. */
export function arranged({ array, axes }: Labelled, wanted: readonly Axis[]): ArrayValue {
  const permutation = wanted.flatMap((axis) => (axes.includes(axis) ? [axes.indexOf(axis)] : []));
  const ordered = permutation.every((axis, i) => axis === i)
    ? array
    : lax.transpose.bind([array], { permutation })[0]!;
  const missing = range(wanted.length).filter((i) => !axes.includes(wanted[i]!));
  return missing.length === 0 ? ordered : lax.expandDims(ordered, missing);
}

const widened = (x: ArrayValue, shape: Shape): ArrayValue =>
  sameShape(x.aval.shape, shape)
    ? x
    : lax.broadcastInDim.bind([x], { shape, broadcastDimensions: range(shape.length) })[0]!;

/**
 * Operands of an elementwise operation with their axes in one order, by name. Scalars stay scalars; an axis that an
 * operand lacks has size 1 there, or with `full` its full size.
 *
 * @throws ShapeError when an axis has two sizes.
 */
export function aligned(
  operands: readonly Labelled[],
  full = false,
): { readonly arrays: readonly ArrayValue[]; readonly axes: readonly Axis[] } {
  const tidy = withoutPadding(identified(operands));
  const axes = union(tidy);
  const shape = axes.map((axis) => sizeAlong(axis, tidy));
  const arrays = tidy.map((x) => {
    if (x.axes.length === 0 && !full) return x.array;
    const one = arranged(x, axes);
    return full ? widened(one, shape) : one;
  });
  return { arrays, axes };
}

const remedies = {
  contract: "values.dot(x, y, axes) finds them by name",
  batch: "values.dot(x, y, axes) finds them by name",
  concatenate: "values.rearrange(x, axes) puts them in order",
  update: "values.rearrange(x, axes) puts them in order",
};

/**
 * The names of axes that are paired by place.
 * @throws ShapeError when they differ; an anonymous axis goes with any.
 */
export function paired(lhs: readonly Axis[], rhs: readonly Axis[], what: keyof typeof remedies): Axis[] {
  return lhs.map((axis, i) => {
    const other = rhs[i]!;
    if (axis === other || other instanceof Anonymous) return axis;
    if (axis instanceof Anonymous) return other;
    throw new ShapeError(
      "named/paired",
      `Cannot ${what} mismatched dimensions. They are ${showAxes(lhs)} and ${showAxes(rhs)}: ${remedies[what]}`,
    );
  });
}
