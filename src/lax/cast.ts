import { type DType, dtypeInfo, type DTypeLike, isInexact, isInteger, toDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type NoParams, type Op } from "../core/primitive.ts";
import { isWeakInt, scalarOf } from "../core/scalar.ts";
import { showShape } from "../core/shape.ts";
import { ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { mapWith } from "../tree/index.ts";
import { moveAxis } from "./algebra.ts";
import { defineUnary, type Unary } from "./elementwise.ts";
import { accepts, checkDType, elementwiseOperands, toArray } from "./operand.ts";

export interface ConvertParams {
  readonly newDtype: DType;
  /** Whether the result gives way to other dtypes, as a number does. */
  readonly weakType: boolean;
}

/** `x` as `dtype`; what `convertElementType` makes of a number, where that takes no equation. */
function convert(x: Operand, dtype: DType): ArrayValue {
  if (typeof x === "boolean" || (typeof x === "number" && (!isInteger(dtype) || isWeakInt(x))))
    return scalarOf(x, dtype);
  const array = toArray(x, "convert_element_type");
  if (array.dtype === dtype && !array.aval.weak) return array;
  return convertElementType.bind([array], { newDtype: dtype, weakType: false })[0]!;
}

/**
 * `x` in another dtype; `x` itself if it has it already.
 *
 * Floats are rounded to nearest even; to an integer they are cut, out of range gives the nearest bound and NaN 0.
 * Integers wrap, anything but 0 is true, and of a complex number only the real part is kept. The derivative goes
 * through between floats and complex ones, and is 0 otherwise.
 * @throws DTypeError when one of the dtypes is that of keys.
 * @see `jax.lax.convert_element_type`
 */
export const convertElementType: Op<
  (x: Operand, newDtype: DTypeLike) => ArrayValue,
  "convert_element_type",
  [x: ArrayValue],
  ConvertParams
> = definePrimitive("convert_element_type", {
  call: (x, newDtype) => convert(x, toDType(newDtype, "convert_element_type")),
  arity: 1,
  params: { newDtype: param.dtype, weakType: param.boolean },
  abstract: ([x], { newDtype, weakType }) => {
    for (const dtype of [x.dtype, newDtype]) {
      if (accepts.numberOrBool(dtype)) continue;
      throw new DTypeError(
        "lax/dtype",
        `convert_element_type cannot convert ${x.dtype} to ${newDtype}: random.keyData and random.wrapKeyData take keys apart and make them`,
      );
    }
    return avalOf(x.shape, newDtype, weakType);
  },
  batch: "elementwise",
  jvp: ([x], [t], params) => [
    convertElementType.bind([x], params),
    t && isInexact(params.newDtype) ? convertElementType.bind([t], params) : [null],
  ],
  transpose: [
    (ct, [x]) => convertElementType.bind([ct], { newDtype: x.aval.dtype, weakType: x.aval.weak })[0]!,
  ],
  samples: [
    { operands: [{ shape: [2, 3] }], params: { newDtype: "float32", weakType: true } },
    { operands: [{ shape: [2] }], params: { newDtype: "complex64", weakType: false } },
    {
      operands: [{ shape: [4], values: [1.7, -1.7, 0.2, 300] }],
      params: { newDtype: "uint8", weakType: false },
    },
    {
      operands: [{ shape: [3], dtype: "int32", values: [1, 0, -300] }],
      params: { newDtype: "float32", weakType: false },
    },
    {
      operands: [{ shape: [3], dtype: "int32", values: [1, 0, -300] }],
      params: { newDtype: "bool", weakType: false },
    },
  ],
});

export interface BitcastParams {
  readonly newDtype: DType;
}

function bitcastAbstract(x: Aval, newDtype: DType): Aval {
  const plain = (dtype: DType) => accepts.real(dtype);
  if (x.dtype !== newDtype && !(plain(x.dtype) && plain(newDtype))) {
    throw new DTypeError(
      "lax/dtype",
      `bitcast_convert_type works between integers and floats, or leaves the dtype as it is; got ${x.dtype} to ${newDtype}`,
    );
  }
  const [from, to] = [dtypeInfo[x.dtype].bits, dtypeInfo[newDtype].bits];
  if (from === to) return avalOf(x.shape, newDtype);
  if (from > to) return avalOf([...x.shape, from / to], newDtype);
  if ((x.shape.at(-1) ?? 1) * from !== to) {
    throw new ShapeError(
      "lax/shape",
      `bitcast_convert_type from ${x.dtype} to ${newDtype} takes the last axis away, which must be ${to / from} long; got shape ${showShape(x.shape)}`,
    );
  }
  return avalOf(x.shape.slice(0, -1), newDtype);
}

/**
 * The bits of `x` read as another dtype, little end first.
 *
 * Shape: that of `x`; with an axis more at the end where the new dtype is narrower, one less where it is wider.
 * @throws DTypeError on bool, complex numbers and keys; ShapeError when the last axis does not make up one element.
 * @see `jax.lax.bitcast_convert_type`
 */
export const bitcastConvertType: Op<
  (x: Operand, newDtype: DTypeLike) => ArrayValue,
  "bitcast_convert_type",
  [x: ArrayValue],
  BitcastParams
> = definePrimitive("bitcast_convert_type", {
  call: (x, newDtype) =>
    bitcastConvertType.bind([toArray(x, "bitcast_convert_type")], {
      newDtype: toDType(newDtype, "bitcast_convert_type"),
    })[0]!,
  arity: 1,
  params: { newDtype: param.dtype },
  abstract: ([x], { newDtype }) => bitcastAbstract(x, newDtype),
  jvp: "none",
  batch: ([x], [dim], _size, params) => {
    const consumed = dim === x.ndim - 1 && dtypeInfo[x.dtype].bits < dtypeInfo[params.newDtype].bits;
    const front = consumed ? moveAxis(x, dim, 0) : x;
    return [bitcastConvertType.bind([front], params), [consumed ? 0 : dim!]];
  },
  samples: [
    { operands: [{ shape: [2, 3] }], params: { newDtype: "int32" } },
    { operands: [{ shape: [3] }], params: { newDtype: "uint8" } },
    {
      operands: [{ shape: [3, 2], dtype: "uint16", values: [1, 2, 3, 4, 5, 6] }],
      params: { newDtype: "uint32" },
    },
  ],
});

export interface ReducePrecisionParams {
  readonly exponentBits: number;
  readonly mantissaBits: number;
}

/**
 * `x` rounded to a float format of so many bits, in its own dtype: too large becomes infinite, too small 0.
 *
 * @throws ArgumentError when `exponentBits` < 1 or `mantissaBits` < 0; DTypeError when `x` is no float.
 * @see `jax.lax.reduce_precision`
 */
export const reducePrecision: Op<
  (x: Operand, exponentBits: number, mantissaBits: number) => ArrayValue,
  "reduce_precision",
  [x: ArrayValue],
  ReducePrecisionParams
> = definePrimitive("reduce_precision", {
  call: (x, exponentBits, mantissaBits) => {
    const [operand] = elementwiseOperands([x], "float", "reduce_precision");
    return reducePrecision.bind([operand!], { exponentBits, mantissaBits })[0]!;
  },
  arity: 1,
  params: { exponentBits: param.integer, mantissaBits: param.integer },
  abstract: ([x], { exponentBits, mantissaBits }) => {
    checkDType(x.dtype, "float", "reduce_precision", 0);
    if (
      !Number.isInteger(exponentBits) ||
      exponentBits < 1 ||
      !Number.isInteger(mantissaBits) ||
      mantissaBits < 0
    ) {
      throw new ArgumentError(
        "lax/precision",
        `reduce_precision takes at least 1 exponent bit and 0 mantissa bits, got ${String(exponentBits)} and ${String(mantissaBits)}`,
      );
    }
    return x;
  },
  batch: "elementwise",
  jvp: "linear",
  transpose: [(ct, _operands, params) => reducePrecision.bind([ct], params)[0]!],
  samples: [
    { operands: [{ shape: [3], values: [1, -2.5, 0] }], params: { exponentBits: 5, mantissaBits: 10 } },
  ],
});

/**
 * `x`, with derivative 0; arrays in a pytree, each.
 *
 * @example
 * grad((x) => np.multiply(x, lax.stopGradient(x)))(3); // 3
 * @see `jax.lax.stop_gradient`
 */
export const stopGradient: Op<
  { (x: Operand): ArrayValue; <T>(tree: T): T },
  "stop_gradient",
  [x: ArrayValue],
  NoParams
> = definePrimitive("stop_gradient", {
  call: (x: unknown) => {
    const stop = (leaf: Operand) => stopGradient.bind([toArray(leaf, "stop_gradient")], {})[0]!;
    if (x instanceof ArrayValue || typeof x === "number" || typeof x === "boolean") return stop(x);
    const isArray = (leaf: unknown) => leaf instanceof ArrayValue;
    return mapWith({ isLeaf: isArray }, (leaf) => (isArray(leaf) ? stop(leaf as ArrayValue) : leaf), x);
  },
  arity: 1,
  abstract: ([x]) => x,
  batch: "elementwise",
  jvp: "none",
  // Its derivative is zero, and so is the transpose of that: a branch that a batch does not take is shut off by it.
  transpose: () => [null],
  samples: [{ operands: [{ shape: [2, 3] }], params: {} }],
});

/** A copy of `x`, an equation that nothing simplifies away. @see `jax.numpy.copy` */
export const copy: Unary<"copy"> = defineUnary("copy", "any", {
  jvp: "linear",
  transpose: [(ct) => copy(ct)],
});
