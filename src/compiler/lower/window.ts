import { type DType, isSigned } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import { Affine } from "../kernel/affine.ts";
import { type Expr, i32, i64, op } from "../kernel/expression.ts";
import { all, clamped, within } from "../kernel/guard.ts";
import type { Index, Reader } from "../kernel/reader.ts";

/** Where a window starts along an axis, held inside, and whether that is where it was to start. */
export interface Start {
  readonly place: Affine;
  readonly inside: Expr;
}

/** A start that is an element of an integer `dtype`, and is inside from 0 to `limit`. */
export function startOf(value: Expr, dtype: DType, limit: number): Start {
  const signed = isSigned(dtype);
  if (value.kind === "const" || value.type === "i32") {
    const index =
      value.kind === "const" && (value.type === "i64" || dtype === "uint32")
        ? Affine.of(Number(signed ? value.value : BigInt.asUintN(value.type === "i64" ? 64 : 32, BigInt(value.value)))) // prettier-ignore
        : Affine.dynamic(value);
    if (dtype !== "uint32" || index.range() !== null)
      return { place: clamped(index, 0, limit), inside: within(index, 0, limit + 1) };
    // Above 2³¹ they are not negative.
    return {
      place: Affine.dynamic(op("min_u", value, i32(limit))),
      inside: op("le_u", value, i32(limit)),
    };
  }
  const raised = signed ? op("max_s", value, i64(0)) : value;
  const held = op(signed ? "min_s" : "min_u", raised, i64(limit));
  return { place: Affine.dynamic(op("wrap", held)), inside: op("le_u", value, i64(limit)) };
}

/** Where the windows of a gather or scatter lie. */
export interface Windows {
  /** Axes of the operand that an index vector's entries are for. */
  readonly map: readonly number[];
  readonly sizes: Shape;
  readonly operandBatching: readonly number[];
  readonly indexBatching: readonly number[];
}

/**
 * Where in the operand the window begins whose index vector is at `batch`, held inside the operand, and whether it is
 * inside without that.
 */
export function windowAt(
  x: Aval,
  indices: Aval,
  read: Reader,
  { map, sizes, operandBatching, indexBatching }: Windows,
  batch: Index,
): { readonly place: Index; readonly inside: Expr } {
  const starts = map.map((axis, k) => {
    const [value] = read([...batch, Affine.of(k)]);
    return startOf(value!, indices.dtype, x.shape[axis]! - sizes[axis]!);
  });
  const place = x.shape.map((_, axis) => {
    const pair = operandBatching.indexOf(axis);
    if (pair >= 0) return batch[indexBatching[pair]!]!;
    return starts[map.indexOf(axis)]?.place ?? Affine.of(0);
  });
  return { place, inside: all(starts.map((start) => start.inside)) };
}

/** The place within the window, which lacks the axes `gone`, added to where it begins. */
export function insideWindow(begin: Index, gone: readonly number[], window: Index): Index {
  let next = 0;
  return begin.map((start, axis) => (gone.includes(axis) ? start : start.plus(window[next++]!)));
}
