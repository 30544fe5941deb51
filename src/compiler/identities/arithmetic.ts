import { type DType, isComplex, isFloat, isInteger } from "../../core/dtype.ts";
import { type Atom, type Eqn, Literal } from "../../core/jaxpr.ts";
import type { AnyPrimitive } from "../../core/primitive.ts";
import { sameShape } from "../../core/shape.ts";
import * as lax from "../../lax/index.ts";
import type { Program } from "../rewrite.ts";
import { evaluated, uniformValue } from "../uniform.ts";
import {
  absorbing,
  type Apply,
  everywhere,
  extreme,
  holds,
  type Identity,
  identity,
  involution,
  isReal,
  itselfWhen,
  type Known,
  literalLike,
  madeBy,
  numberIn,
  operation,
  unit,
} from "./identity.ts";

const of =
  (value: number, dtypes: (dtype: DType) => boolean): Known =>
  (dtype) =>
    dtypes(dtype) ? value : null;
const always = (): boolean => true;

/** `-x ∘ -y`, `x ∘ -y` or `-x ∘ y` without the negations, which are exact. */
const negated =
  (
    which: readonly [left: boolean, right: boolean],
    to: AnyPrimitive,
    { swap = false, dtypes = always }: { swap?: boolean; dtypes?: (dtype: DType) => boolean } = {},
  ): Apply<object> =>
  (inputs, _params, program) => {
    const plain = inputs.map((x, i) => (which[i] ? madeBy(lax.neg, x, program)?.inputs[0] : x));
    if (!dtypes(inputs[0]!.aval.dtype) || !plain.every((x) => x !== undefined)) return null;
    return operation(to, swap ? plain.toReversed() : plain, {});
  };

/** An array that holds one number everywhere is the number itself, beside an operand that has the shape. */
const scalarOperand: Apply<object> = (inputs, _params, program, { primitive, outputs }) => {
  const { shape } = outputs[0]!.aval;
  const full = inputs.findIndex(
    (x) => !(x instanceof Literal) && sameShape(x.aval.shape, shape) && uniformValue(x, program) === null,
  );
  const spread = inputs.findIndex((x) => !(x instanceof Literal) && uniformValue(x, program) !== null);
  return full < 0 || spread < 0
    ? null
    : operation(primitive, inputs.with(spread, uniformValue(inputs[spread]!, program)!), {});
};

/** Operations repeat axes of size 1 themselves. Where no other operand has the size, the result is refused. */
const repeatedOperand: Apply<object> = (inputs, _params, program, { primitive, outputs }) => {
  const { shape } = outputs[0]!.aval;
  const repeated = inputs.map((x) => {
    const made = madeBy(lax.broadcastInDim, x, program);
    const inPlace = made?.params.broadcastDimensions.every((axis, i) => axis === i);
    return inPlace && made!.inputs[0]!.aval.shape.length === shape.length ? made!.inputs[0]! : null;
  });
  const spread = repeated.findIndex((x) => x !== null);
  return spread < 0 ? null : operation(primitive, inputs.with(spread, repeated[spread]!), {});
};

/** The operands of a commutative operation as the one that is not known and the scalar that the other one is. */
function scaled(inputs: readonly Atom[], program: Program): readonly [x: Atom, scalar: Literal] | null {
  const side = inputs.findIndex((x) => uniformValue(x, program) !== null);
  return side < 0 ? null : [inputs[1 - side]!, uniformValue(inputs[side]!, program)!];
}

const negative = ({ value }: Literal): Literal => new Literal(evaluated(lax.neg, [value], {}));

/** `-(c · x) = -c · x`. A complex product has a difference of two, whose zero has no sign to turn. */
const negatedProduct: Apply<object> = ([x], _params, program) => {
  const product = isReal(x!.aval.dtype) ? madeBy(lax.mul, x, program) : null;
  const parts = product && scaled(product.inputs, program);
  return parts && operation(lax.mul, [negative(parts[1]), parts[0]], {});
};

/** `-(x / c) = x / -c`. */
const negatedQuotient: Apply<object> = ([x], _params, program) => {
  const quotient = isFloat(x!.aval.dtype) ? madeBy(lax.div, x, program) : null;
  const scalar = quotient && uniformValue(quotient.inputs[1]!, program);
  return scalar && operation(lax.div, [quotient.inputs[0]!, negative(scalar)], {});
};

/** Both round the same real number. */
const byPowerOfTwo: Apply<object> = ([x, y], _params, program) => {
  const scalar = isFloat(y!.aval.dtype) ? uniformValue(y!, program) : null;
  if (scalar === null) return null;
  const divisor = Number(numberIn(scalar.value));
  const inverse = literalLike(1 / divisor, scalar);
  const isPower = 2 ** Math.round(Math.log2(Math.abs(divisor))) === Math.abs(divisor);
  const exact = Number.isFinite(divisor) && Number.isFinite(1 / divisor) && holds(inverse.value, 1 / divisor);
  return isPower && exact ? operation(lax.mul, [x!, inverse], {}) : null;
};

/** `(x ∘ a) ∘ b = x ∘ (a ∘ b)`, modulo 2ⁿ. */
const joinedScalars: Apply<object> = (inputs, _params, program, { primitive }) => {
  if (!isInteger(inputs[0]!.aval.dtype)) return null;
  const outer = scaled(inputs, program);
  const made = outer && madeBy(primitive, outer[0], program);
  const inner = made && scaled(made.inputs, program);
  if (!inner) return null;
  const both = evaluated(primitive, [inner[1].value, outer[1].value], {});
  return operation(primitive, [inner[0], new Literal(both)], {});
};

/** What an operation on twice the same operand is everywhere, for dtypes that have no NaN or where that does not matter. */
const ofOne =
  (value: number, dtypes: (dtype: DType) => boolean): Apply<object> =>
  ([x, y], _params, _program, eqn: Eqn) =>
    x === y && dtypes(x!.aval.dtype) ? everywhere(value, eqn) : null;
const hasNoNaN = (dtype: DType): boolean => !isFloat(dtype) && !isComplex(dtype) && dtype !== "key<fry>";

/** Rounding what is integral already. */
const integral: Apply<object> = ([x], _params, program) =>
  [lax.floor, lax.ceil, lax.round].some((rounding: AnyPrimitive) => madeBy(rounding, x, program))
    ? [x!]
    : null;

/** A part of a complex number that was just put together. */
const partOf =
  (part: 0 | 1): Apply<object> =>
  ([x], _params, program) => {
    const made = madeBy(lax.complex, x, program);
    return made && [made.inputs[part]!];
  };

const numbers: readonly DType[] = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "complex64",
];
/** Dtypes that hold every value of another one, and convert to any third as that does. */
const wider: Partial<Record<DType, readonly DType[]>> = {
  bool: numbers,
  int8: ["int16", "int32", "int64"],
  int16: ["int32", "int64"],
  int32: ["int64"],
  uint8: ["uint16", "uint32", "uint64", "int16", "int32", "int64"],
  uint16: ["uint32", "uint64", "int32", "int64"],
  uint32: ["uint64", "int64"],
  float16: ["float32", "float64", "complex64"],
  bfloat16: ["float32", "float64", "complex64"],
  float32: ["float64", "complex64"],
};

const convertTwice: Apply<{ newDtype: DType; weakType: boolean }> = ([x], params, program) => {
  const inner = madeBy(lax.convertElementType, x, program);
  if (inner === null) return null;
  const { dtype } = inner.inputs[0]!.aval;
  return dtype === inner.params.newDtype || wider[dtype]?.includes(inner.params.newDtype)
    ? operation(lax.convertElementType, inner.inputs, params)
    : null;
};

const binary = [
  lax.add,
  lax.sub,
  lax.mul,
  lax.div,
  lax.max,
  lax.min,
  lax.pow,
  lax.rem,
  lax.atan2,
  lax.nextafter,
  lax.eq,
  lax.ne,
  lax.lt,
  lax.le,
  lax.gt,
  lax.ge,
  lax.and,
  lax.or,
  lax.xor,
  lax.shiftLeft,
  lax.shiftRightLogical,
  lax.shiftRightArithmetic,
];

// x + 0 = x is not among them (-0 + 0 is 0), nor is 0 · x = 0 where there is a NaN; and a complex product has no unit:
// (x + ∞i) · 1 has a NaN.
export const arithmetic: readonly Identity[] = [
  identity("x + -0 = x", [lax.add, lax.addAny], unit(1, of(-0, always))),
  identity("-0 + x = x", [lax.add, lax.addAny], unit(0, of(-0, always))),
  identity("x - 0 = x", lax.sub, unit(1, of(0, always))),
  identity("x · 1 = x", lax.mul, unit(1, of(1, isReal))),
  identity("1 · x = x", lax.mul, unit(0, of(1, isReal))),
  identity("x · 0 = 0, of integers", lax.mul, absorbing(of(0, isInteger))),
  identity("x / 1 = x", lax.div, unit(1, of(1, isReal))),
  identity("x / 2ᵏ = x · 2⁻ᵏ", lax.div, byPowerOfTwo),
  identity("x + -y = x - y", lax.add, negated([false, true], lax.sub)),
  identity("-x + y = y - x", lax.add, negated([true, false], lax.sub, { swap: true })),
  identity("x - -y = x + y", lax.sub, negated([false, true], lax.add)),
  identity("-x · -y = x · y", lax.mul, negated([true, true], lax.mul)),
  // Integers: -(-128) / -2 wraps.
  identity("-x / -y = x / y", lax.div, negated([true, true], lax.div, { dtypes: isFloat })),
  identity("x - x = 0, of integers", lax.sub, ofOne(0, isInteger)),
  identity("(x ∘ a) ∘ b = x ∘ (a ∘ b), of integers", [lax.add, lax.mul], joinedScalars),
  identity("-(c · x) = -c · x", lax.neg, negatedProduct),
  identity("-(x / c) = x / -c", lax.neg, negatedQuotient),
  identity("-(-x) = x", [lax.neg, lax.not], involution),
  identity("|-x| = |x|", lax.abs, ([x], params, program) => {
    const made = madeBy(lax.neg, x, program);
    return made && operation(lax.abs, made.inputs, params);
  }),
  identity("||x|| = |x|", lax.abs, ([x], _params, program) => (madeBy(lax.abs, x, program) ? [x!] : null)),
  identity("rounding what is rounded", [lax.floor, lax.ceil, lax.round], integral),
  identity(
    "max(-∞, x) = x",
    lax.max,
    unit(0, (dtype) => (isComplex(dtype) ? null : extreme(dtype, -1))),
  ),
  identity(
    "max(x, -∞) = x",
    lax.max,
    unit(1, (dtype) => (isComplex(dtype) ? null : extreme(dtype, -1))),
  ),
  identity(
    "min(∞, x) = x",
    lax.min,
    unit(0, (dtype) => (isComplex(dtype) ? null : extreme(dtype, 1))),
  ),
  identity(
    "min(x, ∞) = x",
    lax.min,
    unit(1, (dtype) => (isComplex(dtype) ? null : extreme(dtype, 1))),
  ),
  identity("x ∘ x = x", [lax.max, lax.min, lax.and, lax.or], ([x, y]) => (x === y ? [x!] : null)),
  identity("beside an array, one that repeats a scalar is the scalar", binary, scalarOperand),
  identity("beside an array, one that repeats axes is what it repeats", binary, repeatedOperand),
  identity("x⁰ = 1", lax.integerPow, (_inputs, { y }, _program, eqn) =>
    y === 0 ? everywhere(1, eqn) : null,
  ),
  identity(
    "x¹ = x",
    lax.integerPow,
    itselfWhen(({ y }, x) => y === 1 && isReal(x.aval.dtype)),
  ),
  identity("x² = x · x", lax.integerPow, ([x], { y }) =>
    y === 2 && isReal(x!.aval.dtype) ? operation(lax.mul, [x!, x!], {}) : null,
  ),
  identity("x⁻¹ = 1 / x", lax.integerPow, ([x], { y }) =>
    y === -1 && isFloat(x!.aval.dtype) ? operation(lax.div, [literalLike(1, x!), x!], {}) : null,
  ),
  identity("square x = x · x", lax.square, ([x]) => operation(lax.mul, [x!, x!], {})),
  identity("x = x is true", [lax.eq, lax.le, lax.ge], ofOne(1, hasNoNaN)),
  identity("x ≠ x is false", lax.ne, ofOne(0, hasNoNaN)),
  identity("x < x is false", [lax.lt, lax.gt], ofOne(0, always)),
  identity("the real part of a + bi", lax.real, partOf(0)),
  identity("the imaginary part of a + bi", lax.imag, partOf(1)),
  identity("the complex number of the parts of z", lax.complex, ([x, y], _params, program) => {
    const [re, im] = [madeBy(lax.real, x, program), madeBy(lax.imag, y, program)];
    return re && im && re.inputs[0] === im.inputs[0] ? [re.inputs[0]!] : null;
  }),
  // Derivatives were taken before, and arrays do not change.
  identity(
    "a copy",
    [lax.stopGradient, lax.copy],
    itselfWhen(() => true),
  ),
  identity(
    "a conversion to the same type",
    lax.convertElementType,
    itselfWhen(({ newDtype, weakType }, x) => newDtype === x.aval.dtype && weakType === x.aval.weak),
  ),
  identity("a conversion through a type that holds all values", lax.convertElementType, convertTwice),
  identity(
    "the bits of the same type",
    lax.bitcastConvertType,
    itselfWhen(({ newDtype }, x) => newDtype === x.aval.dtype),
  ),
];
