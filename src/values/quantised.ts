import { type DType, isFloat } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { canonicalAxes, sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { fallBack, plainArray, register } from "../interpreters/quax.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { QuantisedArray, type QuantisedOptions } from "./quantised-array.ts";
import { type DotParams, scaledDot, scaledProduct } from "./scaled-dot.ts";

export interface QuantiseOptions extends QuantisedOptions {
  /** The axes whose elements share a scale. Default the last: one scale for each row. */
  readonly axis?: number | readonly number[] | undefined;
}

/** Values go from -127 to 127, so that they are symmetric. */
const LARGEST = 127;

/**
 * An array of floats as integers of 8 bits times a scale, which the elements of a row share: a quarter of the memory of
 * float32. Products, slices and transposes work on the integers; the array of floats is not formed.
 *
 * Shape: `values` is int8 `[…s]`; `scale` has the same rank, and on each axis that size or 1.
 *
 * The scale has a gradient; the integers have none: theirs is `Zero` of float0 (with grad's `allowInt`). Rounding has
 * derivative 0, so no gradient passes from a quantised array to what it was made of; to pass it straight through, write
 * `x + stopGradient(quantise(x).dequantise() - x)`.
 * @example
 * const w = values.Quantised.quantise(linear.weight);
 * np.matmul(w, x);
 * @see Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference" (2018)
 */
export class Quantised extends QuantisedArray {
  readonly values: ArrayValue;
  readonly scale: ArrayValue;
  override readonly standsFor: DType;
  override readonly allowMaterialise: boolean;

  /** @throws ShapeError when the scale does not fit; DTypeError unless the values are int8 and the scale a float. */
  constructor(values: ArrayValue, scale: ArrayValue, ...rest: Optionals<[], QuantisedOptions>) {
    super();
    const { allowMaterialise = false } = readOptions<QuantisedOptions>(
      "Quantised",
      ["allowMaterialise"],
      rest,
    );
    for (const [name, x] of Object.entries({ values, scale }))
      if (!(x instanceof ArrayValue))
        throw new ArgumentError("quantised/parts", `Quantised: ${name} must be an array, got ${describe(x)}`);
    if (values.dtype !== "int8" || !isFloat(scale.dtype))
      throw new DTypeError(
        "quantised/dtype",
        `Quantised: values must be int8 and the scale a float, got ${values.dtype} and ${scale.dtype}`,
      );
    if (scale.ndim !== values.ndim || !scale.shape.every((size, i) => size === 1 || size === values.shape[i]))
      throw new ShapeError(
        "quantised/shape",
        `Quantised: the scale has the size of the values or 1 on each axis; got values ${showShape(values.shape)}, scale ${showShape(scale.shape)}`,
      );
    this.values = values;
    this.scale = scale;
    this.standsFor = scale.dtype;
    this.allowMaterialise = allowMaterialise;
  }

  /**
   * The nearest array of 8 bits, each element off by half a scale at most: the largest of those that share a scale is
   * 127 times it. Halves are rounded to even.
   *
   * Dtype: stands for that of `x`; the scale is float32, or float64 of float64.
   * @throws DTypeError when `x` is no array of floats.
   */
  static quantise(x: ArrayValue, ...rest: Optionals<[], QuantiseOptions>): Quantised {
    const caller = "Quantised.quantise";
    const names = ["axis", "allowMaterialise"] as const;
    const { axis = -1, ...settings } = readOptions<QuantiseOptions>(caller, names, rest);
    if (!(x instanceof ArrayValue) || !isFloat(x.dtype))
      throw new DTypeError("quantised/dtype", `${caller} takes an array of floats, got ${describe(x)}`);
    const axes = canonicalAxes(axis, x.ndim, caller);
    const wide = lax.convertElementType(x, x.dtype === "float64" ? "float64" : "float32");
    const most = np.max(np.abs(wide), { axis: axes, keepdims: true, initial: 0 });
    const step = lax.div(most, LARGEST);
    const scale = lax.select(lax.eq(step, 0), lax.fullLike(step, 1), step);
    const whole = lax.round(np.divide(wide, scale), lax.RoundingMethod.TO_NEAREST_EVEN);
    const values = lax.convertElementType(lax.clamp(-LARGEST, whole, LARGEST), "int8");
    return assemble(new Quantised(values, scale, settings), { standsFor: x.dtype });
  }

  override get aval(): Aval {
    return avalOf(this.values.shape, this.standsFor);
  }

  override dequantise(): ArrayValue {
    return dequantised(this.values, this.scale, this.standsFor);
  }
  override quantiseLike(x: ArrayValue): Quantised {
    const { scale, shape, allowMaterialise } = this;
    const axis = [...shape.keys()].filter((i) => scale.shape[i] === 1 && shape[i] !== 1);
    return Quantised.quantise(x, { axis, allowMaterialise });
  }
}

const dequantised = (values: ArrayValue, scale: ArrayValue, dtype: DType): ArrayValue =>
  lax.convertElementType(np.multiply(lax.convertElementType(values, scale.dtype), scale), dtype);

type Fields = Pick<Quantised, "values" | "scale" | "standsFor" | "allowMaterialise">;
const assemble = (q: Fields, fields: Partial<Fields>): Quantised =>
  Object.assign(Object.create(Quantised.prototype) as Quantised, q, fields);

/** The same operation on both parts. */
const mapParts = (q: Quantised, f: (part: ArrayValue) => ArrayValue): Quantised =>
  assemble(q, { values: f(q.values), scale: f(q.scale) });

for (const op of [lax.copy, lax.stopGradient, lax.ppermute, lax.pbroadcast] as readonly AnyPrimitive[])
  register(op, [Quantised], ([q], params: object) => mapParts(q!, (part) => op.bind([part], params)[0]!));
register(lax.neg, [Quantised], ([q]) => assemble(q, { scale: lax.neg(q.scale) }));
register(lax.convertElementType, [Quantised], ([q], params) =>
  isFloat(params.newDtype)
    ? assemble(q, { standsFor: params.newDtype })
    : fallBack(lax.convertElementType, [q], params),
);

// A factor that all share who share a scale goes to the scale.
const precedence = -3;
/** The scale times `y`, or divided by it, if `y` does not differ within what shares a scale; else null. */
function rescaled(op: typeof lax.mul | typeof lax.div, q: Quantised, y: ArrayValue): Quantised | null {
  const { shape, dtype } = q.scale;
  const shared = y.ndim === 0 || y.shape.every((size, axis) => size === 1 || size === shape[axis]);
  return shared ? assemble(q, { scale: op(q.scale, lax.convertElementType(y, dtype)) }) : null;
}
register(lax.mul, [Quantised, ArrayValue], ([q, y]) => rescaled(lax.mul, q, y) ?? fallBack(lax.mul, [q, y], {}), { precedence }); // prettier-ignore
register(lax.mul, [ArrayValue, Quantised], ([y, q]) => rescaled(lax.mul, q, y) ?? fallBack(lax.mul, [y, q], {}), { precedence }); // prettier-ignore
register(lax.div, [Quantised, ArrayValue], ([q, y]) => rescaled(lax.div, q, y) ?? fallBack(lax.div, [q, y], {}), { precedence }); // prettier-ignore

// Axes.

register(lax.transpose, [Quantised], ([q], params) =>
  mapParts(q, (part) => lax.transpose.bind([part], params)[0]!),
);
register(lax.squeeze, [Quantised], ([q], params) =>
  mapParts(q, (part) => lax.squeeze.bind([part], params)[0]!),
);
register(lax.broadcastInDim, [Quantised], ([q], { shape, broadcastDimensions }) => {
  const sizes = shape.map((_, axis) => q.scale.shape[broadcastDimensions.indexOf(axis)] ?? 1);
  return assemble(q, {
    values: lax.broadcastInDim(q.values, shape, broadcastDimensions),
    scale: lax.broadcastInDim(q.scale, sizes, broadcastDimensions),
  });
});
register(lax.slice, [Quantised], ([q], { startIndices, limitIndices, strides }) => {
  const own = <T>(list: readonly T[], shared: T): T[] =>
    list.map((x, axis) => (q.scale.shape[axis] === 1 ? shared : x));
  const steps = strides ?? startIndices.map(() => 1);
  return assemble(q, {
    values: lax.slice(q.values, startIndices, limitIndices, steps),
    scale: lax.slice(q.scale, own(startIndices, 0), own(limitIndices, 1), own(steps, 1)),
  });
});
const smaller = (sizes: Shape, { scale }: Quantised): Shape =>
  sizes.map((size, axis) => (scale.shape[axis] === 1 ? 1 : size));
register(
  lax.dynamicSlice,
  [Quantised],
  ([q, ...starts], { sliceSizes }) =>
    assemble(q, {
      values: lax.dynamicSlice.bind([q.values, ...starts], { sliceSizes })[0]!,
      // A start beyond the only place is moved to it.
      scale: lax.dynamicSlice.bind([q.scale, ...starts], { sliceSizes: smaller(sliceSizes, q) })[0]!,
    }),
  { rest: ArrayValue },
);
register(
  lax.concatenate,
  [Quantised],
  (operands, { dimension }) => {
    const parts = operands as unknown as readonly Quantised[];
    const [first] = parts;
    const along = ({ values, scale }: Quantised): boolean =>
      scale.shape[dimension] === values.shape[dimension] &&
      sameShape(scale.shape.with(dimension, 1), first!.scale.shape.with(dimension, 1));
    const join = (xs: readonly ArrayValue[]): ArrayValue => lax.concatenate(xs, dimension);
    if (!parts.every(along)) return fallBack(lax.concatenate, parts, { dimension });
    const { dtype } = first!.scale;
    return assemble(first!, {
      values: join(parts.map((q) => q.values)),
      scale: join(parts.map((q) => lax.convertElementType(q.scale, dtype))),
      allowMaterialise: parts.every((q) => q.allowMaterialise),
    });
  },
  { rest: Quantised },
);

/** Only what is looked up is dequantised; so the result is a plain array. */
register(lax.gather, [Quantised, ArrayValue], ([q, indices], params) => {
  const { startIndexMap } = params.dimensionNumbers;
  const fill = params.fillValue === null ? null : 1;
  const values = lax.gather.bind([q.values, indices], { ...params, fillValue: fill })[0]!;
  // Where an axis has one scale, every index in bounds stands for it; one out of bounds stays so.
  const shared = startIndexMap.map((axis) => q.scale.shape[axis] === 1);
  const ends = startIndexMap.map((axis) => q.values.shape[axis]! - params.sliceSizes[axis]!);
  const given = lax.convertElementType(indices, "int32");
  const inBounds = np.logicalAnd(np.greaterEqual(given, 0), np.lessEqual(given, np.array(ends, "int32")));
  const places = np.where(np.array(shared, "bool"), np.where(inBounds, 0, -1), given);
  const sliceSizes = smaller(params.sliceSizes, q).map((size, axis) =>
    Math.min(size, params.sliceSizes[axis]!),
  );
  const scale = lax.gather.bind([q.scale, places], { ...params, sliceSizes })[0]!;
  return dequantised(values, scale, q.standsFor);
});

register(lax.dotGeneral, [Quantised, ArrayValue], ([q, y], params) => scaledDot(q, y, dtypeOf(q, y, params), params, true), { precedence }); // prettier-ignore
register(lax.dotGeneral, [ArrayValue, Quantised], ([y, q], params) => scaledDot(q, y, dtypeOf(y, q, params), params, false), { precedence }); // prettier-ignore
register(lax.dotGeneral, [Quantised, Quantised], ([x, y], params) => {
  const dtype = dtypeOf(x, y, params);
  const product = scaledProduct(x, y, dtype, params);
  if (product) return product;
  // A scale that differs along a contracted axis goes to the other operand, which cannot take it up in 8 bits.
  const [contract] = params.dimensionNumbers;
  const free = contract[0].every((axis) => x.scale.shape[axis] === 1);
  return free
    ? scaledDot(x, plainArray(y, lax.dotGeneral), dtype, params, true)
    : scaledDot(y, plainArray(x, lax.dotGeneral), dtype, params, false);
});

const dtypeOf = (x: ArrayValue, y: ArrayValue, params: DotParams): DType =>
  lax.dotGeneral.rules.abstract([x.aval, y.aval], params)[0]!.dtype;
