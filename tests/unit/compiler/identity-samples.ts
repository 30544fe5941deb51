import { allOnes, extreme } from "../../../src/compiler/identities/identity.ts";
import { type DType, isComplex, isFloat, isInteger, isSigned } from "../../../src/core/dtype.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import type { Shape } from "../../../src/core/shape.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";

/** A program to which an identity applies, for exactly these dtypes. */
export interface IdentitySample {
  readonly takes: (dtype: DType) => boolean;
  readonly f: (x: ArrayValue, y: ArrayValue) => ArrayValue;
  /** Of both operands; [2, 3] unless given. */
  readonly shape?: Shape;
}

export const everywhere = (value: number | bigint | boolean, like: ArrayValue): ArrayValue =>
  lax.broadcastInDim(scalarOf(value, like.dtype), like.shape, []);
const scalar = (value: number | bigint | boolean, like: ArrayValue): ArrayValue =>
  scalarOf(value, like.dtype);

const real = (dtype: DType): boolean => isInteger(dtype) || isFloat(dtype);
const bits = (dtype: DType): boolean => isInteger(dtype) || dtype === "bool";
const number = (dtype: DType): boolean => real(dtype) || isComplex(dtype);
const ordered = (dtype: DType): boolean => real(dtype) || dtype === "bool";
const signed = (dtype: DType): boolean => isSigned(dtype) || isFloat(dtype);
const any = (dtype: DType): boolean => number(dtype) || dtype === "bool";
const isBool = (dtype: DType): boolean => dtype === "bool";

const on = (takes: IdentitySample["takes"], f: IdentitySample["f"], shape?: Shape): IdentitySample => ({
  takes,
  f,
  ...(shape && { shape }),
});
type Two = (x: ArrayValue, y: ArrayValue) => ArrayValue;
const each = (fs: readonly Two[], sample: (f: Two) => IdentitySample): IdentitySample[] => fs.map(sample);

const addAny: Two = (x, y) => lax.addAny.bind([x, y], {})[0]!;
const smallest = (x: ArrayValue): ArrayValue => scalar(extreme(x.dtype, -1), x);
const largest = (x: ArrayValue): ArrayValue => scalar(extreme(x.dtype, 1), x);
const transpose = (x: ArrayValue, permutation: readonly number[]): ArrayValue =>
  lax.transpose.bind([x], { permutation })[0]!;
const reshape = (x: ArrayValue, newSizes: Shape, dimensions: readonly number[] | null = null): ArrayValue =>
  lax.reshape.bind([x], { newSizes, dimensions })[0]!;
const broadcast = (x: ArrayValue, shape: Shape, broadcastDimensions: readonly number[]): ArrayValue =>
  lax.broadcastInDim.bind([x], { shape, broadcastDimensions })[0]!;
const convert = (x: ArrayValue, newDtype: DType): ArrayValue =>
  lax.convertElementType.bind([x], { newDtype, weakType: false })[0]!;
const power =
  (y: number): Two =>
  (x) =>
    lax.integerPow.bind([x], { y })[0]!;
const less: Two = (x, y) => lax.lt(convert(x, "int32"), convert(y, "int32"));
const dot = (
  x: ArrayValue,
  y: ArrayValue,
  contract: readonly [readonly number[], readonly number[]],
  batch: readonly [readonly number[], readonly number[]] = [[], []],
): ArrayValue =>
  lax.dotGeneral.bind([x, y], {
    dimensionNumbers: [contract, batch],
    precision: ["high", "highest"],
    preferredElementType: null,
  })[0]!;
type Reduction = (x: ArrayValue, axes: readonly number[]) => ArrayValue;
const sums: readonly Reduction[] = [lax.reduceSum, lax.reduceProd];
const largestOf: readonly Reduction[] = [lax.reduceMax, lax.reduceMin];
const bitwise: readonly Reduction[] = [lax.reduceAnd, lax.reduceOr];
const reductions = (
  f: (reduce: Reduction) => Two,
  shape: Shape,
  kinds: readonly (readonly [readonly Reduction[], IdentitySample["takes"]])[],
): IdentitySample[] =>
  kinds.flatMap(([reduces, takes]) => reduces.map((reduce) => on(takes, f(reduce), shape)));
const summing = [
  [sums, isInteger],
  [[lax.reduceXor], isInteger],
] as const;

/** Each operation of two operands, the second or first of which is made of `x`. */
const binary = (other: (x: ArrayValue) => ArrayValue): IdentitySample[] => [
  ...each([lax.add, lax.sub, lax.mul, lax.div], (f) => on(number, (x) => f(x, other(x)))),
  ...each([lax.max, lax.min], (f) => on(any, (x) => f(other(x), x))),
  ...each([lax.pow, lax.atan2], (f) =>
    on(
      (dtype) => isFloat(dtype) || isComplex(dtype),
      (x) => f(x, other(x)),
    ),
  ),
  on(real, (x) => lax.rem(other(x), x)),
  on(isFloat, (x) => lax.nextafter(x, other(x))),
  ...each([lax.eq, lax.ne], (f) => on(any, (x) => f(x, other(x)))),
  ...each([lax.lt, lax.le, lax.gt, lax.ge], (f) => on(ordered, (x) => f(other(x), x))),
  ...each([lax.and, lax.or, lax.xor], (f) => on(bits, (x) => f(x, other(x)))),
  ...each([lax.shiftLeft, lax.shiftRightLogical, lax.shiftRightArithmetic], (f) =>
    on(isInteger, (x) => f(x, other(x))),
  ),
];

/** Samples of each identity, by its name. Those of one that has several operations are of each. */
export const identitySamples: Readonly<Record<string, readonly IdentitySample[]>> = {
  "x + -0 = x": [
    on(real, (x) => lax.add(x, everywhere(-0, x))),
    on(ordered, (x) => addAny(x, everywhere(-0, x))),
    on(isInteger, (x) => lax.add(x, scalar(0, x))),
  ],
  "-0 + x = x": [
    on(real, (x) => lax.add(everywhere(-0, x), x)),
    on(ordered, (x) => addAny(everywhere(-0, x), x)),
  ],
  "x - 0 = x": [
    on(number, (x) => lax.sub(x, scalar(0, x))),
    on(isInteger, (x) => lax.sub(x, everywhere(-0, x))),
  ],
  "x · 1 = x": [on(real, (x) => lax.mul(x, scalar(1, x)))],
  "1 · x = x": [on(real, (x) => lax.mul(everywhere(1, x), x))],
  "x · 0 = 0, of integers": [
    on(isInteger, (x) => lax.mul(x, scalar(0, x))),
    on(isInteger, (x) => lax.mul(everywhere(0, x), x)),
  ],
  "x / 1 = x": [on(real, (x) => lax.div(x, scalar(1, x)))],
  "x / 2ᵏ = x · 2⁻ᵏ": [
    on(isFloat, (x) => lax.div(x, scalar(16, x))),
    on(isFloat, (x) => lax.div(x, everywhere(-0.125, x))),
    // In float16 and float32 its inverse has no leading bit; dividing by it is exact all the same.
    on(isFloat, (x) => lax.div(x, scalar(2 ** 15, x))),
    on(
      (dtype) => isFloat(dtype) && dtype !== "float16",
      (x) => lax.div(x, scalar(2 ** 127, x)),
    ),
  ],
  "x + -y = x - y": [on(number, (x, y) => lax.add(x, lax.neg(y)))],
  "-x + y = y - x": [on(number, (x, y) => lax.add(lax.neg(x), y))],
  "x - -y = x + y": [on(number, (x, y) => lax.sub(x, lax.neg(y)))],
  "-x · -y = x · y": [on(number, (x, y) => lax.mul(lax.neg(x), lax.neg(y)))],
  "-x / -y = x / y": [on(isFloat, (x, y) => lax.div(lax.neg(x), lax.neg(y)))],
  "x - x = 0, of integers": [on(isInteger, (x) => lax.sub(x, x))],
  "(x ∘ a) ∘ b = x ∘ (a ∘ b), of integers": [
    on(isInteger, (x) => lax.add(scalar(100, x), lax.add(x, scalar(100, x)))),
    on(isInteger, (x) => lax.mul(lax.mul(everywhere(77, x), x), scalar(3, x))),
  ],
  "-(c · x) = -c · x": [
    on(real, (x) => lax.neg(lax.mul(scalar(3, x), x))),
    on(real, (x) => lax.neg(lax.mul(x, smallest(x)))),
  ],
  "-(x / c) = x / -c": [
    on(isFloat, (x) => lax.neg(lax.div(x, scalar(3, x)))),
    on(isFloat, (x) => lax.neg(lax.div(x, everywhere(0, x)))),
  ],
  "-(-x) = x": [on(number, (x) => lax.neg(lax.neg(x))), on(bits, (x) => lax.not(lax.not(x)))],
  "|-x| = |x|": [
    on(
      (dtype) => signed(dtype) || isComplex(dtype),
      (x) => lax.abs(lax.neg(x)),
    ),
  ],
  "||x|| = |x|": [
    on(
      (dtype) => signed(dtype) || isComplex(dtype),
      (x) => lax.abs(lax.abs(x)),
    ),
  ],
  "rounding what is rounded": [lax.floor, lax.ceil, (x: ArrayValue) => lax.round(x)].flatMap((f) =>
    [lax.floor, lax.ceil, (x: ArrayValue) => lax.round(x, 1)].map((g) => on(isFloat, (x) => f(g(x)))),
  ),
  "max(-∞, x) = x": [on(ordered, (x) => lax.max(smallest(x), x))],
  "max(x, -∞) = x": [on(ordered, (x) => lax.max(x, smallest(x)))],
  "min(∞, x) = x": [on(ordered, (x) => lax.min(largest(x), x))],
  "min(x, ∞) = x": [on(ordered, (x) => lax.min(x, largest(x)))],
  "x ∘ x = x": [
    ...each([lax.max, lax.min], (f) => on(any, (x) => f(x, x))),
    ...each([lax.and, lax.or], (f) => on(bits, (x) => f(x, x))),
  ],
  "beside an array, one that repeats a scalar is the scalar": binary((x) => everywhere(2, x)),
  "beside an array, one that repeats axes is what it repeats": [
    ...binary((x) => broadcast(lax.slice(x, [0, 0], [2, 1]), [2, 3], [0, 1])),
    on(any, (x, y) =>
      lax.atan2(
        broadcast(lax.slice(convert(x, "float32"), [0, 1], [2, 2]), [2, 3], [0, 1]),
        broadcast(lax.slice(convert(y, "float32"), [1, 0], [2, 3]), [2, 3], [0, 1]),
      ),
    ),
  ],
  "x⁰ = 1": [on(number, power(0))],
  "x¹ = x": [on(real, power(1))],
  "x² = x · x": [on(real, power(2))],
  "x⁻¹ = 1 / x": [on(isFloat, power(-1))],
  "square x = x · x": [on(number, (x) => lax.square(x))],
  "x = x is true": each([lax.eq, lax.le, lax.ge], (f) => on(bits, (x) => f(x, x))),
  "x ≠ x is false": [on(bits, (x) => lax.ne(x, x))],
  "x < x is false": each([lax.lt, lax.gt], (f) => on(ordered, (x) => f(x, x))),
  "the real part of a + bi": [
    on(any, (x, y) => lax.real(lax.complex(convert(x, "float32"), convert(y, "float32")))),
  ],
  "the imaginary part of a + bi": [
    on(any, (x, y) => lax.imag(lax.complex(convert(x, "float32"), convert(y, "float32")))),
  ],
  "the complex number of the parts of z": [on(isComplex, (x) => lax.complex(lax.real(x), lax.imag(x)))],
  "a copy": [on(any, (x) => lax.stopGradient(x)), on(any, (x) => lax.copy(x))],
  "a conversion to the same type": [on(any, (x) => convert(x, x.dtype))],
  "a conversion through a type that holds all values": [
    on(
      (dtype) => dtype === "int8" || isBool(dtype),
      (x) => convert(convert(x, "int8"), "float32"),
    ),
    on(
      (dtype) => dtype === "int8" || dtype === "uint8" || isBool(dtype) || dtype === "int16",
      (x) => convert(convert(x, "int16"), "float32"),
    ),
    on(
      (dtype) => (!bits(dtype) && dtype !== "float64" && dtype !== "complex64") || isBool(dtype),
      (x) => convert(convert(x, "float32"), "int32"),
    ),
  ],
  "the bits of the same type": [on(any, (x) => lax.bitcastConvertType.bind([x], { newDtype: x.dtype })[0]!)],
  "x ∧ ~0 = x": [on(bits, (x) => lax.and(x, scalar(allOnes(x.dtype) ?? 0n, x)))],
  "~0 ∧ x = x": [on(bits, (x) => lax.and(everywhere(allOnes(x.dtype) ?? 0n, x), x))],
  "x ∧ 0 = 0": [on(bits, (x) => lax.and(x, scalar(0, x)))],
  "x ∨ 0 = x": each([lax.or, lax.xor], (f) => on(bits, (x) => f(x, scalar(0, x)))),
  "0 ∨ x = x": each([lax.or, lax.xor], (f) => on(bits, (x) => f(everywhere(0, x), x))),
  "x ∨ ~0 = ~0": [on(bits, (x) => lax.or(scalar(allOnes(x.dtype) ?? 0n, x), x))],
  "x ⊕ x = 0": [on(bits, (x) => lax.xor(x, x))],
  "x moved by no bits": each([lax.shiftLeft, lax.shiftRightLogical, lax.shiftRightArithmetic], (f) =>
    on(isInteger, (x) => f(x, scalar(0, x))),
  ),
  "not x = y is x ≠ y": [on(any, (x, y) => lax.not(lax.eq(x, y)))],
  "not x ≠ y is x = y": [on(any, (x, y) => lax.not(lax.ne(x, y)))],
  "a comparison of a choice between numbers": [
    ...each([lax.gt, lax.ge, lax.lt, lax.le], (f) =>
      on(ordered, (x, y) => f(lax.selectN(less(x, y), everywhere(0, x), everywhere(1, x)), everywhere(0, x))),
    ),
    ...each([lax.eq, lax.ne], (f) =>
      on(any, (x, y) => f(lax.selectN(less(x, y), everywhere(0, x), everywhere(1, x)), everywhere(0, x))),
    ),
    on(ordered, (x, y) => lax.lt(scalar(0, x), lax.selectN(less(x, y), everywhere(1, x), everywhere(0, x)))),
  ],
  "a choice between equals": [on(any, (x, y) => lax.selectN(less(x, y), x, x))],
  "a choice that is known": [
    on(any, (x, y) => lax.selectN(scalarOf(false, "bool"), x, y)),
    on(any, (x, y) => lax.selectN(lax.broadcastInDim(scalarOf(true, "bool"), x.shape, []), x, y)),
    on(any, (x, y) => lax.selectN(scalarOf(7, "int32"), x, y, x)),
    on(any, (x, y) => lax.selectN(scalarOf(-1, "int32"), y, x, x)),
  ],
  "a choice by not p": [on(any, (x, y) => lax.selectN(lax.not(less(x, y)), x, y))],
  "a choice between false and true": [
    on(any, (x, y) => {
      const p = less(x, y);
      return lax.selectN(p, everywhere(false, p), everywhere(true, p));
    }),
  ],
  "a choice between true and false": [
    on(any, (x, y) => {
      const p = less(x, y);
      return lax.selectN(p, everywhere(true, p), everywhere(false, p));
    }),
  ],
  "a transpose of no axis": [on(any, (x) => transpose(x, [0, 1]))],
  "a transpose of a transpose": [
    on(any, (x) => transpose(transpose(x, [1, 0]), [1, 0])),
    on(any, (x) => transpose(transpose(reshape(x, [2, 1, 3]), [2, 0, 1]), [1, 0, 2])),
  ],
  "a transpose of axes of size 1 is a reshape": [on(any, (x) => transpose(x, [2, 0, 1, 3]), [1, 2, 1, 3])],
  "a transpose of a broadcast is a broadcast": [
    on(any, (x) => transpose(broadcast(x, [3, 4, 2], [2, 0]), [2, 0, 1])),
  ],
  "a reshape to the same shape": [
    on(any, (x) => reshape(x, [2, 3])),
    on(any, (x) => reshape(x, [2, 3], [0, 1])),
  ],
  "a reshape that names the order of the axes": [on(any, (x) => reshape(x, [6], [0, 1]))],
  "a reshape of a reshape": [
    on(any, (x) => reshape(reshape(x, [6]), [3, 2])),
    on(any, (x) => reshape(reshape(x, [6], [1, 0]), [3, 2])),
  ],
  "a reshape of a broadcast by axes of size 1": [
    on(any, (x) => reshape(broadcast(x, [1, 3, 4, 2], [3, 1]), [3, 1, 4, 2, 1])),
    on(any, (x) => reshape(broadcast(x, [1, 2, 4], [0, 1]), [2, 4, 1]), [1, 2]),
  ],
  "a broadcast to the same shape": [on(any, (x) => broadcast(x, [2, 3], [0, 1]))],
  "a broadcast of a broadcast": [
    on(any, (x) => broadcast(broadcast(x, [3, 1, 2], [2, 0]), [3, 4, 5, 2], [0, 1, 3])),
  ],
  "a broadcast of a transpose": [on(any, (x) => broadcast(transpose(x, [1, 0]), [3, 4, 2], [0, 2]))],
  "a broadcast of a reshape by axes of size 1": [
    on(any, (x) => broadcast(reshape(x, [2, 1, 3]), [2, 4, 3], [0, 1, 2])),
    on(any, (x) => broadcast(reshape(x, [1, 2, 3, 1]), [5, 2, 4, 3], [0, 1, 3, 2]), [2, 1, 3]),
  ],
  "a broadcast that repeats nothing is a reshape": [on(any, (x) => broadcast(x, [1, 2, 1, 3], [1, 3]))],
  "a squeeze is a reshape": [on(any, (x) => lax.squeeze.bind([x], { dimensions: [1] })[0]!, [2, 1, 3])],
  "a slice of all": [
    on(any, (x) => lax.slice.bind([x], { startIndices: [0, 0], limitIndices: [2, 3], strides: null })[0]!),
  ],
  "a slice of a slice": [
    on(any, (x) => lax.slice(lax.slice(x, [0, 1], [2, 6]), [1, 0], [2, 4]), [2, 7]),
    on(any, (x) => lax.slice(lax.slice(x, [0, 1], [2, 6], [1, 2]), [0, 1], [2, 3]), [2, 7]),
    on(any, (x) => lax.slice(lax.slice(x, [0, 0], [2, 7], [1, 3]), [0, 0], [2, 3], [1, 2]), [2, 7]),
    on(any, (x) => lax.slice(lax.slice(x, [0, 1], [2, 6], [1, 4]), [0, 2], [2, 2]), [2, 7]),
  ],
  "a slice of one part": [
    on(any, (x, y) => lax.slice(lax.concatenate([x, y, x], 1), [0, 4], [2, 6])),
    on(any, (x, y) => lax.slice(lax.concatenate([x, y], 0), [0, 1], [2, 3], [2, 2])),
  ],
  "a dynamic slice of all": [
    on(
      any,
      (x) =>
        lax.dynamicSlice.bind([x, scalarOf(1, "int32"), scalarOf(-1, "int32")], { sliceSizes: [2, 3] })[0]!,
    ),
  ],
  "a dynamic slice at known places is a slice": [
    on(
      any,
      (x) =>
        lax.dynamicSlice.bind([x, scalarOf(9, "int32"), scalarOf(1, "int32")], { sliceSizes: [1, 2] })[0]!,
    ),
    on(
      any,
      (x) =>
        lax.dynamicSlice.bind([x, scalarOf(0, "int32"), scalarOf(-5, "int32")], { sliceSizes: [1, 2] })[0]!,
    ),
  ],
  "an update of all": [
    on(
      any,
      (x, y) => lax.dynamicUpdateSlice.bind([x, y, scalarOf(1, "int32"), scalarOf(-1, "int32")], {})[0]!,
    ),
  ],
  "axes of one element turned round": [
    on(any, (x) => lax.rev.bind([x], { dimensions: [] })[0]!),
    on(any, (x) => lax.rev.bind([x], { dimensions: [1] })[0]!, [3, 1]),
  ],
  "axes turned round twice": [
    on(any, (x) => lax.rev(lax.rev(x, [0, 1]), [1, 0])),
    on(any, (x) => lax.rev(lax.rev(x, [0, 2]), [1, 2]), [2, 3, 2]),
  ],
  "a pad by nothing": [
    on(
      any,
      (x) =>
        lax.pad.bind([x, scalar(0, x)], {
          paddingConfig: [
            [0, 0, 0],
            [0, 0, 0],
          ],
        })[0]!,
    ),
  ],
  "a concatenate of one": [on(any, (x) => lax.concatenate.bind([x], { dimension: 0 })[0]!)],
  "elements of a repeated scalar moved": [
    on(any, (x) => transpose(everywhere(1, x), [1, 0])),
    on(any, (x) => reshape(everywhere(1, x), [6])),
    on(any, (x) => lax.squeeze(everywhere(1, x), [0]), [1, 3]),
    on(any, (x) => lax.slice(everywhere(1, x), [0, 1], [2, 3])),
    on(
      any,
      (x) =>
        lax.dynamicSlice.bind([everywhere(1, x), ...[0, 0].map((i) => scalarOf(i, "int32"))], {
          sliceSizes: [1, 2],
        })[0]!,
    ),
    on(any, (x) => lax.rev(everywhere(1, x), [1])),
  ],
  "a reduction of single elements is a reshape": reductions(
    (reduce) => (x) => reduce(x, [0, 2]),
    [1, 6, 1],
    [
      [[lax.reduceSum, lax.reduceProd], number],
      [largestOf, any],
      [[lax.reduceAnd, lax.reduceOr, lax.reduceXor], bits],
    ],
  ),
  "the largest of equals": reductions(
    (reduce) => (x) => reduce(broadcast(x, [4, 3, 5, 2], [3, 1]), [0, 2]),
    [2, 3],
    [
      [largestOf, ordered],
      [bitwise, bits],
    ],
  ),
  "the largest of the largest": reductions(
    (reduce) => (x) => reduce(reduce(x, [1]), [1]),
    [2, 3, 4],
    [
      [largestOf, ordered],
      [bitwise, bits],
    ],
  ),
  "a sum of sums of integers": reductions((reduce) => (x) => reduce(reduce(x, [0]), [1]), [2, 3, 4], summing),
  "the largest in another order": reductions(
    (reduce) => (x) => reduce(transpose(x, [2, 1, 0]), [0, 2]),
    [2, 3, 4],
    [
      [largestOf, ordered],
      [bitwise, bits],
    ],
  ),
  "a sum of a transpose, in the same order": reductions(
    (reduce) => (x) => reduce(transpose(x, [1, 0, 2]), [1, 2]),
    [2, 3, 4],
    [
      [sums, number],
      [[lax.reduceXor], bits],
    ],
  ),
  "aᵀ · b": [
    on(any, (x, y) => dot(transpose(x, [1, 0]), y, [[1], [0]])),
    on(
      any,
      (x, y) =>
        dot(
          transpose(x, [2, 0, 1]),
          y,
          [
            [0, 2],
            [2, 1],
          ],
          [[1], [0]],
        ),
      [2, 3, 2],
    ),
  ],
  "a · bᵀ": [
    on(any, (x, y) => dot(x, transpose(y, [1, 0]), [[1], [0]])),
    on(any, (x, y) => dot(x, transpose(y, [1, 2, 0]), [[1], [0]], [[0], [2]]), [2, 3, 2]),
  ],
  "(a · b ∘ c)ᵀ": [
    on(any, (x, y) => transpose(dot(x, y, [[1], [1]]), [1, 0])),
    on(any, (x, y) => transpose(dot(x, y, [[2], [2]], [[0], [0]]), [0, 2, 1]), [2, 3, 2]),
    on(
      any,
      (x, y) =>
        transpose(
          dot(
            x,
            y,
            [[2], [2]],
            [
              [0, 1],
              [0, 1],
            ],
          ),
          [1, 0, 2, 3],
        ),
      [2, 3, 4, 1],
    ),
    on(number, (x, y) => transpose(lax.add(dot(x, y, [[1], [1]]), dot(y, y, [[1], [1]])), [1, 0])),
    on(number, (x, y) =>
      transpose(
        lax.max(lax.mul(dot(x, y, [[1], [1]]), scalar(3, x)), broadcast(lax.reduceMax(x, [1]), [2, 2], [1])),
        [1, 0],
      ),
    ),
  ],
};
