import { HostBuffer } from "../core/backend.ts";
import { isInteger, type TypedArray } from "../core/dtype.ts";
import { ArgumentError, ConcretizationError, DTypeError, ShapeError } from "../core/errors.ts";
import type { Index, IndexList } from "../core/method-types.ts";
import { sameShape, type Shape, showShape, stridesOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, avalOf, Dense, NDArray, showAval } from "../core/value.ts";
import { make } from "./array.ts";
import { everything, parseSlice, Slice } from "../core/slices.ts";

/** One index, and the axes of the array that it takes up. */
export type ParsedIndex = { readonly axis: number } & (
  | { readonly kind: "newaxis" }
  | { readonly kind: "ellipsis"; readonly count: number }
  | { readonly kind: "slice"; readonly slice: Slice }
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "array"; readonly value: ArrayValue }
  | { readonly kind: "mask"; readonly value: ArrayValue }
);

/** A list as an array of int32 or bool. */
export function listIndex(list: IndexList | TypedArray, caller: string): ArrayValue {
  if (list.length === 0) return make([], "int32", caller);
  const leaves: unknown[] = Array.isArray(list) ? list.flat(Infinity) : [];
  const bad = leaves.find((leaf) => typeof leaf === "number" && !Number.isInteger(leaf));
  if (bad !== undefined)
    throw new ArgumentError("index/fraction", `${caller}: ${String(bad)} is no integer index`);
  const numbers = leaves.some((leaf) => typeof leaf === "number");
  const arrays = leaves.some((leaf) => leaf instanceof ArrayValue);
  return make(list, numbers && !arrays ? "int32" : null, caller);
}

function classify(index: Index, caller: string): ParsedIndex & { readonly consumed: number } {
  const axis = 0;
  if (index === null) return { kind: "newaxis", axis, consumed: 0 };
  if (index === "...") return { kind: "ellipsis", axis, count: 0, consumed: 0 };
  if (typeof index === "string") return { kind: "slice", axis, slice: parseSlice(index), consumed: 1 };
  if (index instanceof Slice) return { kind: "slice", axis, slice: index, consumed: 1 };
  if (typeof index === "number") {
    if (Number.isInteger(index)) return { kind: "integer", axis, value: index, consumed: 1 };
    throw new ArgumentError("index/fraction", `${caller}: ${index} is no integer index`);
  }
  const list = Array.isArray(index) || ArrayBuffer.isView(index);
  const value =
    typeof index === "boolean"
      ? make(index, "bool", caller)
      : list
        ? listIndex(index as IndexList, caller)
        : index;
  if (!(value instanceof ArrayValue)) {
    throw new ArgumentError(
      "index/kind",
      `${caller}: an index is an integer, a slice, null, "...", a list, or an array of integers or booleans; got ${describe(index)}`,
    );
  }
  if (value.dtype === "bool") return { kind: "mask", axis, value, consumed: value.ndim };
  if (isInteger(value.dtype)) return { kind: "array", axis, value, consumed: 1 };
  throw new DTypeError(
    "index/dtype",
    `${caller}: an index must have an integer or boolean dtype, got ${showAval(value.aval)}`,
  );
}

/**
 * The indices with the axes they take up; an ellipsis stands where it was.
 * @throws ArgumentError on what is no index; ShapeError on more indices than axes; DTypeError on float indices.
 */
export function parseIndices(indices: readonly Index[], shape: Shape, caller: string): ParsedIndex[] {
  const given = indices.map((index) => classify(index, caller));
  const total = given.reduce((sum, { consumed }) => sum + consumed, 0);
  if (total > shape.length) {
    throw new ShapeError(
      "index/count",
      `${caller}: too many indices: the array has shape ${showShape(shape)}, ${shape.length} axes, and ${total} were indexed`,
    );
  }
  if (given.filter(({ kind }) => kind === "ellipsis").length > 1)
    throw new ArgumentError("index/ellipsis", `${caller}: an index can have only one "..."`);
  let axis = 0;
  return given.map(({ consumed, ...index }): ParsedIndex => {
    const place = axis;
    const count = index.kind === "ellipsis" ? shape.length - total : consumed;
    axis += count;
    return index.kind === "ellipsis" ? { ...index, count, axis: place } : { ...index, axis: place };
  });
}

/** With slices of whole axes in place of the ellipsis, and for the axes that no index names. */
export function expandEllipsis(indices: readonly ParsedIndex[], rank: number): ParsedIndex[] {
  const whole = (count: number, axis: number): ParsedIndex[] =>
    Array.from({ length: count }, (_, i) => ({ kind: "slice", axis: axis + i, slice: everything }));
  const out: ParsedIndex[] = [];
  let consumed = 0;
  for (const index of indices) {
    consumed = index.axis;
    if (index.kind === "ellipsis") {
      out.push(...whole(index.count, index.axis));
      consumed += index.count;
    } else {
      out.push(index);
      consumed += index.kind === "newaxis" ? 0 : index.kind === "mask" ? index.value.ndim : 1;
    }
  }
  return [...out, ...whole(rank - consumed, consumed)];
}

/** An array of integers that are known now. */
export function integerArray(values: readonly number[], shape: Shape = [values.length]): NDArray {
  return new NDArray(avalOf(shape, "int32"), new HostBuffer(Int32Array.from(values)));
}

/**
 * Masks as integer arrays: the places where they are true, one array for each axis.
 *
 * @throws ConcretizationError when a mask is traced: the shape of the result would depend on it. ShapeError when it does
 * not have the shape of the axes that it masks.
 */
export function expandMasks(indices: readonly ParsedIndex[], shape: Shape, caller: string): ParsedIndex[] {
  return indices.flatMap((index): ParsedIndex[] => {
    if (index.kind !== "mask" || index.value.ndim === 0) return [index];
    const { value: mask, axis } = index;
    const expected = shape.slice(axis, axis + mask.ndim);
    if (!sameShape(mask.shape, expected)) {
      throw new ShapeError(
        "index/mask",
        `${caller}: a mask of shape ${showShape(mask.shape)} does not fit the axes of shape ${showShape(expected)} that it indexes`,
      );
    }
    const known = concreteMask(mask, caller);
    const places: number[] = [];
    known.storage.forEach((flag: number | bigint, i: number) => {
      if (flag) places.push(i);
    });
    return stridesOf(expected).map((stride, i) => ({
      kind: "array",
      axis: axis + i,
      value: integerArray(places.map((place) => Math.floor(place / stride) % expected[i]!)),
    }));
  });
}

/** @throws ConcretizationError when the mask is traced. */
export function concreteMask(mask: ArrayValue, caller: string): NDArray {
  const known = mask instanceof Dense ? mask.concrete() : null;
  if (known !== null) return known;
  throw new ConcretizationError(
    "index/boolean",
    `${caller}: a mask must be concrete, as the shape of the result depends on it; this one is traced: ${showAval(mask.aval)}. Use np.where(mask, x, y), or x.at(mask).set(value) with a scalar value, which keep the shape.`,
  );
}
