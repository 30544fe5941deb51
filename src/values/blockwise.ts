import { mapWith, type NodeKind, nodeKind } from "../tree/index.ts";
import { isFloat } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { checkShape, range, sameShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, avalOf, Dense } from "../core/value.ts";
import { inversePermutation } from "../lax/dimensions.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { checkpoint } from "../control/checkpoint.ts";
import { jit } from "../control/jit.ts";
import { array } from "../numpy/array.ts";
import * as np from "../numpy/index.ts";
import { QuantisedArray } from "./quantised-array.ts";

/** An array of floats in blocks: of each element a code for a value of a table, of each block what those are multiplied with. */
export interface Blocks {
  readonly codes: ArrayValue;
  readonly absmax: ArrayValue;
  /** Shape of the array whose elements are in blocks, row by row; leading axes of the parts are a stack of such arrays. */
  readonly dims: Shape;
  readonly blockSize: number;
}

/** The largest sizes in the blocks of `x`, each of `dims`, and its elements as codes of `table`: the nearest, of two the lesser. */
export function encoded(
  x: ArrayValue,
  blockSize: number,
  table: readonly number[],
): Pick<Blocks, "codes" | "absmax"> {
  const size = sizeOf(x.shape);
  const blocks = Math.ceil(size / blockSize);
  const flat = lax.convertElementType(lax.reshape(x, [size]), "float32");
  const rows = lax.reshape(lax.pad(flat, 0, [[0, blocks * blockSize - size, 0]]), [blocks, blockSize]);
  const absmax = np.max(np.abs(rows), { axis: 1, initial: 0 });
  const scaled = np.clip(np.multiply(rows, np.expandDims(np.divide(1, absmax), 1)), -1, 1);
  const between = table.slice(1).map((value, i) => Math.fround(Math.fround(value + table[i]!) / 2));
  const above = np.greater(np.expandDims(scaled, 2), array(between, "float32"));
  const codes = lax.reshape(np.sum(np.astype(above, "int32"), { axis: 2 }), [blocks * blockSize]);
  return { codes: lax.slice(codes, [0], [size]), absmax };
}

/** The elements of the last axis of `x` at `places`; of each of a stack, at the same places. */
export function lookUp(x: ArrayValue, places: ArrayValue): ArrayValue {
  const last = x.ndim - 1;
  const dimensions = { offsetDims: range(last), collapsedSliceDims: [last], startIndexMap: [last] };
  return lax.gather(x, lax.expandDims(places, [places.ndim]), dimensions, [...x.shape.slice(0, last), 1]);
}

/** @throws ArgumentError unless `size` is a power of two. */
export function checkBlockSize(size: unknown, caller: string): number {
  if (typeof size === "number" && size >= 2 && Number.isInteger(Math.log2(size))) return size;
  throw new ArgumentError("quantised/block", `${caller}: blockSize is a power of two, got ${describe(size)}`);
}
/** @throws DTypeError unless `x` is an array of floats of at most 32 bits. */
export function checkFloats(x: unknown, caller: string): ArrayValue {
  if (x instanceof ArrayValue && isFloat(x.dtype) && x.dtype !== "float64") return x;
  throw new DTypeError(
    "quantised/dtype",
    `${caller} takes an array of floats of 16 or 32 bits, got ${describe(x)}`,
  );
}

/** An array in {@link Blocks}: the base of what differs in its table and in how codes are stored. */
export abstract class Blockwise extends QuantisedArray implements Blocks {
  declare readonly codes: ArrayValue;
  declare readonly absmax: ArrayValue;
  declare readonly dims: Shape;
  declare readonly blockSize: number;
  /** The axes of `dims` in the order of the array's own. */
  declare readonly permutation: readonly number[];

  /** The values that the codes stand for, for all elements. */
  protected abstract levels(): ArrayValue;
  /** In the same bits, its axes in the order of `dims`. */
  protected abstract encodedLike(x: ArrayValue): Blockwise;

  override get aval(): Aval {
    const own = this.permutation.map((axis) => this.dims[axis]!);
    return avalOf([...this.codes.shape.slice(0, -1), ...own], this.standsFor);
  }

  override dequantise(): ArrayValue {
    const { absmax, dims, blockSize, permutation, standsFor } = this;
    const scale = absmax instanceof QuantisedArray ? absmax.dequantise() : absmax;
    const blocks = lax.shiftRightLogical(lax.iota("int32", sizeOf(dims)), Math.log2(blockSize));
    const flat = lax.mul(this.levels(), lookUp(lax.stopGradient(scale), blocks));
    const lead = flat.shape.slice(0, -1);
    const whole = lax.reshape(this.shifted(flat), [...lead, ...dims]);
    const order = [...range(lead.length), ...permutation.map((axis) => lead.length + axis)];
    return lax.convertElementType(lax.transpose(whole, order), standsFor);
  }
  /** With what is added to all elements. */
  protected shifted(flat: ArrayValue): ArrayValue {
    return flat;
  }
  override quantiseLike(x: ArrayValue): Blockwise {
    const { permutation } = this;
    const straight = this.encodedLike(lax.transpose(x, inversePermutation(permutation)));
    return withFields(straight, { permutation });
  }
}

/** @throws ArgumentError, DTypeError or ShapeError unless codes and scales fit an array of `dims`. */
export function checkBlocks(
  { codes, absmax, dims, blockSize }: Blocks,
  perByte: number,
  caller: string,
): void {
  for (const [name, x] of Object.entries({ codes, absmax }))
    if (!(x instanceof ArrayValue))
      throw new ArgumentError("quantised/parts", `${caller}: ${name} must be an array, got ${describe(x)}`);
  if (codes.dtype !== "uint8" || absmax.dtype !== "float32")
    throw new DTypeError(
      "quantised/dtype",
      `${caller}: codes must be uint8 and absmax float32, got ${codes.dtype} and ${absmax.dtype}`,
    );
  checkBlockSize(blockSize, caller);
  const size = sizeOf(checkShape(dims, caller));
  const lead = codes.shape.slice(0, -1);
  const bytes = [...lead, Math.ceil(size / perByte)];
  const blocks = [...lead, Math.ceil(size / blockSize)];
  if (!sameShape(codes.shape, bytes) || !sameShape(absmax.shape, blocks))
    throw new ShapeError(
      "quantised/shape",
      `${caller}: an array of shape ${showShape(dims)} in blocks of ${blockSize} has codes (…, ${bytes.at(-1)}) and absmax (…, ${blocks.at(-1)}), got ${showShape(codes.shape)} and ${showShape(absmax.shape)}`,
    );
}

const withFields = <T extends Blockwise>(q: T, fields: Partial<Blockwise>): T =>
  Object.assign(Object.create(Object.getPrototypeOf(q) as object) as T, q, fields);

/** The same operation on all parts. */
const mapParts = (q: Blockwise, op: AnyPrimitive, params: object): Blockwise =>
  mapWith({}, (part: unknown) => (part instanceof Dense ? op.bind([part], params)[0] : part), q);

for (const op of [lax.copy, lax.stopGradient, lax.ppermute, lax.pbroadcast] as readonly AnyPrimitive[])
  register(op, [Blockwise], ([q], params: object) => mapParts(q!, op, params));
register(lax.convertElementType, [Blockwise], ([q], params) =>
  isFloat(params.newDtype)
    ? withFields(q, { standsFor: params.newDtype })
    : fallBack(lax.convertElementType, [q], params),
);
register(lax.transpose, [Blockwise], ([q], params) => {
  const lead = q.codes.ndim - 1;
  const [first, own] = [params.permutation.slice(0, lead), params.permutation.slice(lead)];
  return first.every((axis, i) => axis === i)
    ? withFields(q, { permutation: own.map((axis) => q.permutation[axis - lead]!) })
    : fallBack(lax.transpose, [q], params);
});

/**
 * An operation on the floats that arrays stand for, as one program: of them it has what it needs at a time. They are computed
 * again for the backward pass, not kept.
 */
class OnFloats {
  static readonly [nodeKind]: NodeKind = "fields";
  constructor(
    readonly op: AnyPrimitive,
    readonly params: object,
  ) {}
  forward(...operands: readonly ArrayValue[]): ArrayValue {
    const floats = (x: ArrayValue): ArrayValue => (x instanceof Blockwise ? x.dequantise() : x);
    const { op, params } = this;
    return checkpoint((...xs: ArrayValue[]) => op.bind(xs.map(floats), params)[0]!, { preventCse: false })(
      ...operands,
    );
  }
}
const onFloats = (op: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue =>
  jit(new OnFloats(op, params))(...operands);

// What is taken out of an array is a plain one.
register(lax.slice, [Blockwise], (operands, params) => onFloats(lax.slice, operands, params));
register(lax.dynamicSlice, [Blockwise], (operands, params) => onFloats(lax.dynamicSlice, operands, params), { rest: ArrayValue }); // prettier-ignore
register(lax.gather, [Blockwise, ArrayValue], (operands, params) => onFloats(lax.gather, operands, params));

// Lower than the rules of other classes for any partner: these take the array apart first.
const precedence = -4;
register(lax.dotGeneral, [Blockwise, ArrayValue], (operands, params) => onFloats(lax.dotGeneral, operands, params), { precedence }); // prettier-ignore
register(lax.dotGeneral, [ArrayValue, Blockwise], (operands, params) => onFloats(lax.dotGeneral, operands, params), { precedence }); // prettier-ignore
register(lax.dotGeneral, [Blockwise, Blockwise], (operands, params) => onFloats(lax.dotGeneral, operands, params), { precedence }); // prettier-ignore
