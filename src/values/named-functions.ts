import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DTypeLike } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import { describe, withTrace } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { QuaxTracer } from "../interpreters/quax.ts";
import * as np from "../numpy/index.ts";
import { arranged } from "./alignment.ts";
import { type Axis, checkAxisList, type Labelled, placeOf } from "./axis.ts";
import { NamedArray, whole } from "./named.ts";

/** One axis, or several. */
export type Axes = Axis | readonly Axis[];
const listOf = (axes: Axes): readonly Axis[] => (Array.isArray(axes) ? axes : [axes as Axis]);

/** A result for operands of type `X`: inside quaxify, where these stand in boxes as plain arrays, it is in one too. */
type Named<X extends ArrayValue> = [X] extends [NamedArray] ? NamedArray : ArrayValue;

/** Runs `body` on arrays with names, which inside quaxify stand in boxes. */
function withNames<X extends ArrayValue>(
  arrays: readonly X[],
  caller: string,
  body: (arrays: readonly NamedArray[]) => Labelled,
): Named<X> {
  if (!Array.isArray(arrays))
    throw new ArgumentError("named/array", `${caller} takes a list of NamedArrays, got ${describe(arrays)}`);
  const box = arrays.find((x) => x instanceof QuaxTracer && x.value instanceof NamedArray);
  const { trace } = (box as QuaxTracer | undefined) ?? {};
  const opened = arrays.map((x) => {
    const value = trace ? trace.open(x) : x;
    if (value instanceof NamedArray) return whole(value);
    throw new ArgumentError(
      "named/array",
      `${caller} takes a NamedArray, got ${describe(x)}: name its axes with new values.NamedArray(array, axes); inside of a transformation within quaxify names are not seen, so put quaxify inside`,
    );
  });
  const run = () => {
    const { array, axes } = body(opened);
    return new NamedArray(array, axes);
  };
  return (trace ? trace.box(withTrace(trace.parent, run)) : run()) as Named<X>;
}

type Reduction = (x: ArrayValue, options: { axis: number[] }) => ArrayValue;

/** A reduction of numpy's, over axes by name. */
const reduction =
  (name: string, reduce: Reduction) =>
  <X extends ArrayValue>(x: X, axes?: Axes): Named<X> =>
    withNames([x], `values.${name}`, ([named]) => {
      const { array, axes: all } = named!;
      const gone = axes === undefined ? all : listOf(axes);
      const axis = gone.map((one) => placeOf(one, all, `values.${name}`));
      return { array: reduce(array, { axis }), axes: all.filter((one) => !gone.includes(one)) };
    });
type NamedReduction = <X extends ArrayValue>(x: X, axes?: Axes) => Named<X>;

/** The sum over axes, or over all. Axes: those that are left. @see `jax.numpy.sum` */
export const sum: NamedReduction = reduction("sum", np.sum);
/** The product over axes, or over all. @see `jax.numpy.prod` */
export const prod: NamedReduction = reduction("prod", np.prod);
/** The mean over axes, or over all. @see `jax.numpy.mean` */
export const mean: NamedReduction = reduction("mean", np.mean);
/** The variance over axes, or over all. @see `jax.numpy.var` */
const variance: NamedReduction = reduction("var", np.var);
export { variance as var };
/** The standard deviation over axes, or over all. @see `jax.numpy.std` */
export const std: NamedReduction = reduction("std", np.std);
/** The greatest element along axes, or of all. @see `jax.numpy.max` */
export const max: NamedReduction = reduction("max", np.max);
/** The least element along axes, or of all. @see `jax.numpy.min` */
export const min: NamedReduction = reduction("min", np.min);
/** Whether all elements along axes are true, or all of them. @see `jax.numpy.all` */
export const all: NamedReduction = reduction("all", np.all);
/** Whether any element along axes is true, or any at all. @see `jax.numpy.any` */
export const any: NamedReduction = reduction("any", np.any);

type Search = <X extends ArrayValue>(x: X, axis: Axis) => Named<X>;
const search =
  (name: string, find: (x: ArrayValue, axis: number) => ArrayValue): Search =>
  (x, axis) =>
    withNames([x], `values.${name}`, ([named]) => {
      const { array, axes } = named!;
      const place = placeOf(axis, axes, `values.${name}`);
      return { array: find(array, place), axes: axes.filter((other) => other !== axis) };
    });
/** Where along `axis` the greatest element is. @see `jax.numpy.argmax` */
export const argmax: Search = search("argmax", np.argmax);
/** Where along `axis` the least element is. @see `jax.numpy.argmin` */
export const argmin: Search = search("argmin", np.argmin);

/**
 * Products of elements of all arrays, summed over the axes that are not in `out`: an einsum whose indices are the names.
 *
 * @throws ShapeError when `out` has an axis that no array has, or an axis has two sizes.
 * @example
 * values.einsum([x, w], [batch, out]); // x: (batch, in), w: (in, out) or (out, in)
 * @see `jax.numpy.einsum`
 */
export const einsum = <X extends ArrayValue>(arrays: readonly X[], out: readonly Axis[]): Named<X> =>
  withNames(arrays, "values.einsum", (given) => {
    checkAxisList(out, "values.einsum");
    return { array: contracted(given, out), axes: out };
  });

function contracted(arrays: readonly NamedArray[], out: readonly Axis[]): ArrayValue {
  const all = [...new Set(arrays.flatMap(({ axes }) => axes))];
  for (const axis of out) placeOf(axis, all, "values.einsum");
  const index = (axes: readonly Axis[]) => axes.map((axis) => letters[all.indexOf(axis)]!).join("");
  const inputs = arrays.map(({ axes }) => index(axes)).join(",");
  return np.einsum(`${inputs}->${index(out)}`, ...arrays.map(({ array }) => array));
}
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The product of two arrays, summed over `axes`; other axes that both have are kept in step.
 *
 * @throws ShapeError when one of the arrays lacks one of the axes.
 * @example
 * values.dot(w, x, feature); // w: (out, feature), x: (batch, feature) → (out, batch)
 */
export const dot = <X extends ArrayValue>(x: X, y: X, axes: Axes): Named<X> =>
  withNames([x, y], "values.dot", (given) => {
    const gone = listOf(axes);
    for (const axis of gone) for (const { axes: own } of given) placeOf(axis, own, "values.dot");
    const out = [...new Set(given.flatMap(({ axes: own }) => own))].filter((axis) => !gone.includes(axis));
    return { array: contracted(given, out), axes: out };
  });

export interface TraceOptions {
  readonly axis1: Axis;
  readonly axis2: Axis;
  /** How far above the main diagonal; negative below. Default 0. */
  readonly offset?: number | undefined;
  readonly dtype?: DTypeLike | null | undefined;
}
const traceOptions = ["offset", "axis1", "axis2", "dtype"] as const;

/**
 * The sum along a diagonal of the planes of two axes.
 *
 * @throws ShapeError when the array lacks one of them, or they are one.
 * @see `quax.examples.named.trace`; `jax.numpy.trace`
 */
export function trace<X extends ArrayValue>(x: X, options: TraceOptions): Named<X> {
  const caller = "values.trace";
  const {
    offset = 0,
    axis1,
    axis2,
    dtype = null,
  } = readOptions<TraceOptions>(caller, traceOptions, [options]);
  if (axis1 === undefined || axis2 === undefined)
    throw new ArgumentError("named/trace", `${caller} needs axis1 and axis2`);
  if (axis1 === axis2)
    throw new ShapeError("named/trace", `Cannot trace along the same named axis. Both are ${String(axis1)}`);
  return withNames([x], caller, ([named]) => {
    const { array, axes } = named!;
    const places = { axis1: placeOf(axis1, axes, caller), axis2: placeOf(axis2, axes, caller) };
    return {
      array: np.trace(array, { offset, ...places, dtype }),
      axes: axes.filter((axis) => axis !== axis1 && axis !== axis2),
    };
  });
}

/**
 * The array with axis `from` under the name `to`.
 * @throws ShapeError when it lacks the one, has the other, or their sizes differ.
 */
export const rename = <X extends ArrayValue>(x: X, from: Axis, to: Axis): Named<X> =>
  withNames([x], "values.rename", ([named]) => {
    const { array, axes } = named!;
    checkAxisList([from, to], "values.rename");
    const place = placeOf(from, axes, "values.rename");
    return { array, axes: axes.with(place, to) };
  });

/**
 * The array with its axes in the order of `axes`, for what goes by place.
 * @throws ShapeError when these are not the axes that it has.
 */
export const rearrange = <X extends ArrayValue>(x: X, axes: readonly Axis[]): Named<X> =>
  withNames([x], "values.rearrange", ([named]) => {
    checkAxisList(axes, "values.rearrange");
    for (const axis of named!.axes) placeOf(axis, axes, "values.rearrange");
    for (const axis of axes) placeOf(axis, named!.axes, "values.rearrange");
    return { array: arranged(named!, axes), axes };
  });

/**
 * Whether two arrays have the same axes, in whatever order, and equal elements.
 * @throws ArgumentError when one is no NamedArray.
 */
export function arrayEqual(x: NamedArray, y: NamedArray): boolean {
  for (const given of [x, y])
    if (!(given instanceof NamedArray))
      throw new ArgumentError("named/array", `values.arrayEqual takes NamedArrays, got ${describe(given)}`);
  const same = x.axes.length === y.axes.length && x.axes.every((axis) => y.axes.includes(axis));
  return same && np.arrayEqual(x.array, arranged(y, x.axes)).toBool();
}
