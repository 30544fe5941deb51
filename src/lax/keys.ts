import { type DType, dtypeInfo, isInteger, weakDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Derived, type NoParams, type Op } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, range, type Shape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../core/value.ts";
import { or, shiftLeft, shiftRightLogical, xor } from "./bits.ts";
import { convertElementType } from "./cast.ts";
import { iota } from "./create.ts";
import { elementwiseShape } from "./elementwise.ts";
import { stack } from "./join.ts";
import {
  checkImpl,
  checkKeys,
  type ImplParams,
  randomUnwrap,
  randomWrap,
  threefry2x32,
} from "./key-words.ts";
import { toArray } from "./operand.ts";
import { reshape } from "./shape.ts";
import { indexInDim } from "./slice-in-dim.ts";

/** Both words of each key, with `extra` axes of size 1 behind those of the keys. */
function keyWords(keys: ArrayValue, extra: number): [ArrayValue, ArrayValue] {
  const words = randomUnwrap(keys);
  const shape = [...keys.shape, ...range(keys.ndim === 0 ? 0 : extra).map(() => 1)];
  const [first, second] = [0, 1].map((i) => reshape(indexInDim(words, i, -1, false), shape));
  return [first!, second!];
}

/** Keys from first and second words. */
const keysOf = (first: ArrayValue, second: ArrayValue): ArrayValue =>
  randomWrap(stack([first, second], first.ndim));

/** The hash of the 64-bit counters `0 … n - 1` in an array of `shape`, under each of the keys. */
function hashCounters(keys: ArrayValue, shape: Shape): [ArrayValue, ArrayValue] {
  const [key1, key2] = keyWords(keys, shape.length);
  const low = shape.length === 0 ? scalarOf(0, "uint32") : reshape(iota("uint32", sizeOf(shape)), shape);
  const aligned = keys.ndim === 0 ? low : reshape(low, [...keys.shape.map(() => 1), ...shape]);
  // An array has fewer than 2³² elements: the high word of each counter is 0.
  return threefry2x32(key1, key2, scalarOf(0, "uint32"), aligned);
}

/**
 * Keys from integer seeds.
 *
 * A seed is the key's 64 bits; one of 32 bits or fewer is the second word, sign-extended, and the first is 0.
 * Shape: that of `seeds`. Dtype: integer → key.
 * @throws DTypeError when the seeds are not integers. @see `jax.random.key`
 */
export const randomSeed: Op<(seeds: Operand) => ArrayValue, "random_seed", [seeds: ArrayValue], ImplParams> &
  Derived = definePrimitive("random_seed", {
  call: (seeds) => randomSeed.bind([seedArray(seeds)], { impl: "fry" })[0]!,
  arity: 1,
  params: { impl: param.oneOf(["fry"]) },
  abstract: ([seeds], params) => {
    checkImpl(params, "random_seed");
    if (!isInteger(seeds.dtype))
      throw new DTypeError("random/seed", `PRNG key seed must be an integer, got dtype ${seeds.dtype}`);
    return avalOf(seeds.shape, "key<fry>");
  },
  jvp: "none",
  batch: "elementwise",
  expand: ([seeds]) => {
    const low = convertElementType(seeds, "uint32");
    if (dtypeInfo[seeds.dtype].bits < 64) return [keysOf(zeroWords(low), low)];
    return [keysOf(convertElementType(shiftRightLogical(seeds, 32), "uint32"), low)];
  },
  samples: [{ operands: [{ shape: [3], dtype: "int32", values: [0, 42, -1] }], params: { impl: "fry" } }],
});

/** An integer number as a seed: as int64 under x64, otherwise its lower 32 bits. */
function seedArray(seeds: Operand): ArrayValue {
  if (typeof seeds !== "number" || !Number.isSafeInteger(seeds)) return toArray(seeds, "random_seed");
  const dtype = weakDType("int");
  return scalarOf(BigInt.asIntN(dtypeInfo[dtype].bits, BigInt(seeds)), dtype);
}

const zeroWords = (like: ArrayValue): ArrayValue => xor(like, like);

/**
 * New keys from each key.
 *
 * Shape: `[…k] → […k, ...shape]`. Dtype: key.
 * @throws DTypeError when `keys` are none; ShapeError when `shape` is none. @see `jax.random.split`
 */
export const randomSplit: Op<
  (keys: ArrayValue, shape: Shape) => ArrayValue,
  "random_split",
  [keys: ArrayValue],
  { readonly shape: Shape }
> &
  Derived = definePrimitive("random_split", {
  call: (keys, shape) => randomSplit.bind([toArray(keys, "random_split")], { shape })[0]!,
  arity: 1,
  params: { shape: param.integers },
  abstract: ([keys], { shape }) => {
    checkKeys(keys, "random_split");
    return { ...keys, shape: [...keys.shape, ...checkShape(shape, "random_split")] };
  },
  jvp: "none",
  batch: ([keys], [dim], _size, params) => [randomSplit.bind([keys], params), [dim!]],
  expand: ([keys], { shape }) => [keysOf(...hashCounters(keys, shape))],
  samples: [
    { operands: [{ shape: [], dtype: "key<fry>" }], params: { shape: [3] } },
    { operands: [{ shape: [2], dtype: "key<fry>" }], params: { shape: [2, 2] } },
  ],
});

/**
 * A new key from each key and integer.
 *
 * Shape: equal ranks with sizes equal or 1, or a scalar. Dtype: key and integer → key.
 * @throws DTypeError when `keys` are none, or `data` are not integers. @see `jax.random.fold_in`
 */
export const randomFoldIn: Op<
  (keys: ArrayValue, data: Operand) => ArrayValue,
  "random_fold_in",
  [keys: ArrayValue, data: ArrayValue],
  NoParams
> &
  Derived = definePrimitive("random_fold_in", {
  call: (keys, data) => {
    const value = typeof data === "number" && Number.isInteger(data) ? scalarOf(data >>> 0, "uint32") : data;
    return randomFoldIn.bind([toArray(keys, "random_fold_in"), toArray(value, "random_fold_in", 1)], {})[0]!;
  },
  arity: 2,
  abstract: ([keys, data]) => {
    checkKeys(keys, "random_fold_in");
    if (!isInteger(data.dtype))
      throw new DTypeError("random/data", `random_fold_in takes integers, got dtype ${data.dtype}`);
    return avalOf(elementwiseShape("random_fold_in", [keys.shape, data.shape]), keys.dtype);
  },
  jvp: "none",
  batch: "elementwise",
  expand: ([keys, data]) => {
    const [key1, key2] = keyWords(keys, 0);
    return [keysOf(...threefry2x32(key1, key2, scalarOf(0, "uint32"), convertElementType(data, "uint32")))];
  },
  samples: [
    {
      operands: [
        { shape: [2], dtype: "key<fry>" },
        { shape: [], dtype: "uint32", values: [7] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [], dtype: "key<fry>" },
        { shape: [2], dtype: "int32", values: [7, -1] },
      ],
      params: {},
    },
  ],
});

const unsigned: Readonly<Record<number, DType>> = { 8: "uint8", 16: "uint16", 32: "uint32", 64: "uint64" };
export interface BitsParams {
  readonly bitWidth: 8 | 16 | 32 | 64;
  readonly shape: Shape;
}

/**
 * Uniform random bits from each key.
 *
 * Shape: `[…k] → […k, ...shape]`. Dtype: key → unsigned integer of `bitWidth` bits.
 * @throws DTypeError when `keys` are none; ArgumentError when the width is not 8, 16, 32 or 64.
 * @see `jax.random.bits`
 */
export const randomBits: Op<
  (keys: ArrayValue, bitWidth: BitsParams["bitWidth"], shape: Shape) => ArrayValue,
  "random_bits",
  [keys: ArrayValue],
  BitsParams
> &
  Derived = definePrimitive("random_bits", {
  call: (keys, bitWidth, shape) => randomBits.bind([toArray(keys, "random_bits")], { bitWidth, shape })[0]!,
  arity: 1,
  params: { bitWidth: param.oneOf([8, 16, 32, 64]), shape: param.integers },
  abstract: ([keys], { bitWidth, shape }) => {
    checkKeys(keys, "random_bits");
    const dtype = unsigned[bitWidth];
    if (dtype === undefined) {
      throw new ArgumentError(
        "random/width",
        `random_bits requires 8-, 16-, 32- or 64-bit field width, got ${String(bitWidth)}`,
      );
    }
    return avalOf([...keys.shape, ...checkShape(shape, "random_bits")], dtype);
  },
  jvp: "none",
  batch: ([keys], [dim], _size, params) => [randomBits.bind([keys], params), [dim!]],
  expand: ([keys], { bitWidth, shape }) => {
    const [first, second] = hashCounters(keys, shape);
    if (bitWidth === 32) return [xor(first, second)];
    const as = (x: ArrayValue) =>
      convertElementType.bind([x], { newDtype: unsigned[bitWidth]!, weakType: false })[0]!;
    if (bitWidth < 32) return [as(xor(first, second))];
    const high = as(first);
    return [or(shiftLeft(high, scalarOf(32, high.dtype)), as(second))];
  },
  samples: [
    { operands: [{ shape: [], dtype: "key<fry>" }], params: { bitWidth: 32, shape: [3] } },
    { operands: [{ shape: [2], dtype: "key<fry>" }], params: { bitWidth: 8, shape: [2] } },
  ],
});
