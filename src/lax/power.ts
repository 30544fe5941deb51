import { isInexact, isInteger, weakDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { isWeakInt, scalarOf } from "../core/scalar.ts";
import { type ArrayValue, type Aval, avalOf, NDArray, type Operand } from "../core/value.ts";
import { broadcastTo, replaceZero, zeros } from "./algebra.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { type Binary, defineUnary, elementwiseShape, type Unary } from "./elementwise.ts";
import { checkDType, elementwiseOperands, toArray } from "./operand.ts";
import { eq } from "./compare.ts";
import { select } from "./select.ts";
import { log } from "./transcendental.ts";
import { convertElementType } from "./cast.ts";

/** Numbers as JAX takes them: an integral exponent is an int32 whatever the base, others are of the array's dtype. */
function powOperands(x: Operand, y: Operand): [x: ArrayValue, y: ArrayValue] {
  if (typeof y === "number" && isWeakInt(y)) {
    const [base] = elementwiseOperands([x], "inexact", "pow");
    return [base!, scalarOf(y, weakDType("int"), true)];
  }
  if (typeof x === "number" && typeof y !== "number") {
    const exponent = toArray(y, "pow", 1);
    const dtype = isInexact(exponent.dtype) ? exponent.dtype : weakDType("float");
    return [scalarOf(x, dtype, exponent.dtype !== dtype || exponent.aval.weak), exponent];
  }
  if (typeof y !== "number") return [toArray(x, "pow"), toArray(y, "pow", 1)];
  const [base] = elementwiseOperands([x], "inexact", "pow");
  return [base!, scalarOf(y, isInexact(base!.dtype) ? base!.dtype : weakDType("float"), base!.aval.weak)];
}

function powAbstract([x, y]: readonly [Aval, Aval]): Aval {
  checkDType(x.dtype, "inexact", "pow", 0);
  checkDType(y.dtype, "number", "pow", 1);
  if (x.dtype !== y.dtype && !isInteger(y.dtype)) {
    throw new DTypeError(
      "lax/dtype",
      `pow: the exponent must be an integer or have the dtype of the base, got ${y.dtype} and ${x.dtype}: convert one with astype, or use np.power, which promotes`,
    );
  }
  return avalOf(elementwiseShape("pow", [x.shape, y.shape]), x.dtype, x.weak && y.weak);
}

/** `y - 1`, a number if `y` is one: a power of fixed exponent has a derivative of fixed exponent, also in a program. */
function oneLess(y: ArrayValue): ArrayValue {
  const known = y instanceof NDArray && y.ndim === 0 && (y.dtype === "float32" || y.dtype === "float64");
  return known ? scalarOf(Number(y.storage[0]) - 1, y.dtype, y.aval.weak) : sub(y, 1);
}

/** d(x^y)/dx. An integer exponent of 0 has derivative 0 even at x = 0. */
function powSlope(x: ArrayValue, y: ArrayValue, out: ArrayValue): ArrayValue {
  if (!isInteger(y.dtype)) return mul(y, pow(x, oneLess(y)));
  const base = broadcastTo(x, out.shape);
  const exponent = broadcastTo(
    convertElementType.bind([y], { newDtype: x.dtype, weakType: x.aval.weak })[0]!,
    out.shape,
  );
  return select(
    eq(exponent, 0),
    zeros(exponent.aval),
    mul(replaceZero(exponent), pow(base, sub(exponent, 1))),
  );
}

/**
 * `x` to the power `y`, elementwise. `0⁰ = 1`, and its derivative with respect to `y` is 0.
 *
 * Shapes as `add`. Dtype: `x` is a float or complex; `y` is an integer or has the dtype of `x`; the result that of `x`.
 * @throws DTypeError, ShapeError when they do not fit.
 * @see `jax.lax.pow`
 */
export const pow: Binary<"pow"> = definePrimitive("pow", {
  call: (x, y) => pow.bind(powOperands(x, y), {})[0]!,
  arity: 2,
  abstract: powAbstract,
  batch: "elementwise",
  jvp: [
    (t, out, [x, y]) => mul(t, powSlope(x, y, out)),
    (t, out, [x]) => mul(t, mul(log(replaceZero(x)), out)),
  ],
  samples: [
    {
      operands: [
        { shape: [2, 3], between: [0.5, 2] },
        { shape: [2, 3], between: [-2, 2] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2, 1], between: [0.5, 2] },
        { shape: [], values: [1.5] },
      ],
      params: {},
    },
    { operands: [{ shape: [3] }, { shape: [3], dtype: "int32", values: [2, 0, 3] }], params: {} },
  ],
});

export interface IntegerPowParams {
  readonly y: number;
}

/**
 * `x` to a fixed integer power. Shape and dtype: those of `x`.
 *
 * @throws ArgumentError when `y` is no integer; DTypeError when `x` is an integer and `y` negative.
 * @see `jax.lax.integer_pow`
 */
export const integerPow: Op<
  (x: Operand, y: number) => ArrayValue,
  "integer_pow",
  [x: ArrayValue],
  IntegerPowParams
> = definePrimitive("integer_pow", {
  call: (x, y) => {
    const [base] = elementwiseOperands([x], y < 0 ? "inexact" : "number", "integer_pow");
    return integerPow.bind([base!], { y })[0]!;
  },
  arity: 1,
  params: { y: param.integer },
  abstract: ([x], { y }) => {
    checkDType(x.dtype, "number", "integer_pow", 0);
    if (!Number.isSafeInteger(y)) {
      throw new ArgumentError(
        "lax/exponent",
        `integer_pow: the exponent must be an integer, got ${String(y)}: use lax.pow`,
      );
    }
    if (y < 0 && isInteger(x.dtype)) {
      throw new DTypeError(
        "lax/dtype",
        `integer_pow: integers cannot be raised to negative powers, got ${x.dtype} and ${y}: convert the base with astype`,
      );
    }
    return x;
  },
  batch: "elementwise",
  jvp: [
    (t, _out, [x], { y }) => {
      if (y === 0) return zeros(t.aval);
      if (y === 1) return t;
      return mul(t, mul(y, y === 2 ? x : integerPow(x, y - 1)));
    },
  ],
  samples: [
    { operands: [{ shape: [2, 3] }], params: { y: 2 } },
    { operands: [{ shape: [3] }], params: { y: 5 } },
    { operands: [{ shape: [3], between: [0.5, 2] }], params: { y: -3 } },
    { operands: [{ shape: [3] }], params: { y: 0 } },
  ],
});

/** `1 / x`, which is `integerPow(x, -1)`. @see `jax.lax.reciprocal` */
export const reciprocal = (x: Operand): ArrayValue => integerPow(x, -1);

/** `x²`. @see `jax.lax.square` */
export const square: Unary<"square"> = defineUnary("square", "number", {
  jvp: [(t, _out, [x]) => mul(t, mul(2, x))],
});

/** `√x`; NaN below 0, and the principal root of a complex number. @see `jax.lax.sqrt` */
export const sqrt: Unary<"sqrt"> = defineUnary("sqrt", "inexact", {
  between: [0.5, 2],
  jvp: [(t, out) => mul(t, div(0.5, out))],
});

/** `1 / √x`. @see `jax.lax.rsqrt` */
export const rsqrt: Unary<"rsqrt"> = defineUnary("rsqrt", "inexact", {
  between: [0.5, 2],
  jvp: [(t, out, [x]) => mul(t, mul(-0.5, div(out, x)))],
});

/** `∛x`, of a float. @see `jax.lax.cbrt` */
export const cbrt: Unary<"cbrt"> = defineUnary("cbrt", "float", {
  between: [0.5, 2],
  jvp: [(t, out) => mul(t, mul(1 / 3, integerPow(out, -2)))],
});
