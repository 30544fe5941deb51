import { config } from "../core/config.ts";
import { type DType, isInteger, kindOf, weakDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError, nearest, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand, Value } from "../core/value.ts";
import * as lax from "../lax/index.ts";

const IMPLEMENTATION = "threefry2x32";
/** Its names: of the generator, of the tag in jaxprs, of the dtype. */
const implementations = [IMPLEMENTATION, "fry", "key<fry>"];

export interface KeyOptions {
  /** The generator. There is one: `"threefry2x32"`. */
  readonly impl?: string | undefined;
}
export interface TypedKeyOptions extends KeyOptions {
  /** The generator by the dtype of its keys, instead of `impl`. */
  readonly dtype?: string | undefined;
}

function checkImplementation(
  caller: string,
  rest: readonly unknown[],
  names: readonly ("impl" | "dtype")[],
): void {
  const options = readOptions<TypedKeyOptions>(caller, names, rest);
  if (options.impl !== undefined && options.dtype !== undefined)
    throw new ArgumentError("random/impl", `${caller} takes impl or dtype, and was given both`);
  const impl = options.impl ?? options.dtype ?? IMPLEMENTATION;
  if (implementations.includes(impl)) return;
  const near = typeof impl === "string" ? nearest(impl, implementations) : undefined;
  throw new ArgumentError(
    "random/impl",
    `${caller}: the generator ${describe(impl)} is not known; ${near ? `did you mean "${near}"?` : `there is "${IMPLEMENTATION}"`}`,
  );
}

/** A seed as an integer scalar. Numbers keep their low 32 bits, or 64 under x64, as `numpy.int64` of them does. */
function seedArray(seed: unknown, caller: string): ArrayValue {
  if (seed instanceof ArrayValue) {
    if (kindOf(seed.dtype) === "key")
      throw new ArgumentError("random/seed", `${caller} takes a scalar seed, but was given a PRNG key`);
    if (seed.ndim > 0) {
      throw new ShapeError(
        "random/seed",
        `${caller} takes a scalar seed, but was given an array of shape ${showShape(seed.shape)}: use vmap for a batch of keys`,
      );
    }
    if (isInteger(seed.dtype)) return seed;
    throw new DTypeError(
      "random/seed",
      `${caller}: a seed must be an integer, got dtype ${seed.dtype}: convert it with astype`,
    );
  }
  const isWhole = typeof seed === "number" && Number.isInteger(seed);
  if (!isWhole && typeof seed !== "bigint" && typeof seed !== "boolean") {
    throw new ArgumentError("random/seed", `${caller}: a seed must be an integer, got ${describe(seed)}`);
  }
  const bits = BigInt(seed);
  if (BigInt.asIntN(64, bits) !== bits) {
    throw new ArgumentError(
      "random/seed",
      `${caller}: the seed ${String(seed)} is out of range: it must be at least -2^63 and below 2^63`,
    );
  }
  return config.enableX64 ? scalarOf(bits, "int64") : scalarOf(Number(BigInt.asIntN(32, bits)), "int32");
}

/**
 * A key from an integer seed.
 *
 * Seeds of more than 32 bits count in full under `config.enableX64`; otherwise their low 32 bits do.
 * Shape: `[]`. Dtype: `key<fry>`.
 * @throws ArgumentError, DTypeError or ShapeError when the seed is no integer scalar.
 * @example
 * const [k1, k2] = random.split(random.key(0));
 * @see `jax.random.key`
 */
export function key(seed: Operand | bigint, ...rest: Optionals<[], TypedKeyOptions>): ArrayValue {
  checkImplementation("random.key", rest, ["impl", "dtype"]);
  return lax.randomSeed.bind([seedArray(seed, "random.key")], { impl: "fry" })[0]!;
}

/**
 * The words of {@link key}: an old-style key, which every function here accepts as well.
 *
 * Shape: `[2]`. Dtype: uint32.
 * @throws as {@link key}. @see `jax.random.PRNGKey`
 */
export function PRNGKey(seed: Operand | bigint, ...rest: Optionals<[], KeyOptions>): ArrayValue {
  checkImplementation("random.PRNGKey", rest, ["impl"]);
  const typed = lax.randomSeed.bind([seedArray(seed, "random.PRNGKey")], { impl: "fry" })[0]!;
  return lax.randomUnwrap(typed);
}

/** Typed keys, and whether they came as words. @throws ArgumentError, DTypeError, ShapeError when they are no keys. */
function typedKeys(keys: unknown, caller: string): { typed: ArrayValue; raw: boolean } {
  if (!(keys instanceof ArrayValue)) {
    const whose = keys instanceof Value ? `${keys.constructor.name}, which is no array` : describe(keys);
    throw new ArgumentError(
      "random/key",
      `${caller} takes a PRNG key, got ${whose}: make one with random.key(seed)`,
    );
  }
  if (kindOf(keys.dtype) === "key") return { typed: keys, raw: false };
  if (keys.dtype !== "uint32") {
    throw new DTypeError(
      "random/key",
      `${caller} takes a PRNG key, or the uint32 words of one, got dtype ${keys.dtype}: make one with random.key(seed)`,
    );
  }
  if (keys.shape.at(-1) !== 2) {
    throw new ShapeError(
      "random/key",
      `${caller}: the words of a key have shape (2,), got ${showShape(keys.shape)}: make a key with random.key(seed)`,
    );
  }
  return { typed: lax.randomWrap(keys), raw: true };
}

function singleKey(given: unknown, caller: string): { typed: ArrayValue; raw: boolean } {
  const keys = typedKeys(given, caller);
  if (keys.typed.ndim === 0) return keys;
  throw new ShapeError(
    "random/key",
    `${caller} takes a single key, but was given an array of keys of shape ${showShape(keys.typed.shape)}: use vmap for a batch`,
  );
}

/** @internal One typed key. @throws ArgumentError, DTypeError, ShapeError when `given` is not one key. */
export const checkKey = (given: unknown, caller: string): ArrayValue => singleKey(given, caller).typed;

/** @internal Several keys from one. */
export const splitKey = (typed: ArrayValue, count: number): ArrayValue[] =>
  lax.unstack(lax.randomSplit(typed, [count]));

/**
 * New keys from a key, which is not to be used again.
 *
 * Shape: `[]` → `[num]`, or the shape given. Dtype: that of the key; words give words, with an axis of 2 at the end.
 * @throws ShapeError when `key` is an array of keys, or `num` is no shape.
 * @example
 * const [k1, k2, k3] = random.split(key, 3);
 * @see `jax.random.split`
 */
export function split(
  key: ArrayValue,
  ...rest: Optionals<[num: number | Shape], { readonly num?: number | Shape | undefined }>
): ArrayValue {
  const { num = 2 } = readOptions<{ num?: number | Shape }>("random.split", ["num"], rest);
  const { typed, raw } = singleKey(key, "random.split");
  const keys = lax.randomSplit(typed, checkShape(num, "random.split"));
  return raw ? lax.randomUnwrap(keys) : keys;
}

const WORDS = 2 ** 32;

/**
 * A new key from a key and an integer of 32 bits.
 *
 * Shape: `[]`. Dtype: that of the key.
 * @throws ArgumentError when a number is no integer in [0, 2^32); ShapeError when `data` is no scalar.
 * @see `jax.random.fold_in`
 */
export function foldIn(key: ArrayValue, data: Operand): ArrayValue {
  const { typed, raw } = singleKey(key, "random.foldIn");
  const folded = lax.randomFoldIn.bind([typed, foldedData(data)], {})[0]!;
  return raw ? lax.randomUnwrap(folded) : folded;
}

function foldedData(data: Operand): ArrayValue {
  if (!(data instanceof ArrayValue)) {
    const number = Number(data);
    if (Number.isInteger(number) && number >= 0 && number < WORDS) return scalarOf(number, "uint32");
    throw new ArgumentError(
      "random/fold-in",
      `random.foldIn takes an integer from 0 to 2^32 - 1, got ${describe(data)}`,
    );
  }
  if (!isInteger(data.dtype)) {
    throw new DTypeError(
      "random/fold-in",
      `random.foldIn takes an integer, got dtype ${data.dtype}: convert it with astype`,
    );
  }
  if (data.ndim > 0) {
    throw new ShapeError(
      "random/fold-in",
      `random.foldIn takes a scalar, but was given an array of shape ${showShape(data.shape)}: use vmap for a batch`,
    );
  }
  return lax.convertElementType(data, "uint32");
}

/**
 * The words of keys.
 *
 * Shape: `[…s] → […s, 2]`. Dtype: uint32.
 * @throws ArgumentError, DTypeError or ShapeError when `keys` are no keys. @see `jax.random.key_data`
 */
export const keyData = (keys: ArrayValue): ArrayValue =>
  lax.randomUnwrap(typedKeys(keys, "random.keyData").typed);

/**
 * Keys from their words.
 *
 * Shape: `[…s, 2] → […s]`. Dtype: uint32 → `key<fry>`.
 * @throws DTypeError when the words are not uint32; ShapeError when the last axis is not of size 2.
 * @see `jax.random.wrap_key_data`
 */
export function wrapKeyData(words: ArrayValue, ...rest: Optionals<[], TypedKeyOptions>): ArrayValue {
  checkImplementation("random.wrapKeyData", rest, ["impl", "dtype"]);
  if (!(words instanceof ArrayValue) || kindOf(words.dtype) === "key") {
    throw new ArgumentError(
      "random/data",
      `random.wrapKeyData takes a uint32 array whose last axis has size 2, got ${describe(words)}`,
    );
  }
  return typedKeys(words, "random.wrapKeyData").typed;
}

/** The name of the generator of keys. @throws as {@link keyData}. @see `jax.random.key_impl` */
export function keyImpl(keys: ArrayValue): string {
  typedKeys(keys, "random.keyImpl");
  return IMPLEMENTATION;
}

/**
 * The dtype of the keys of a generator.
 *
 * @throws ArgumentError when it is not known. @see `jax.random.key_dtype`
 */
export function keyDtype(...rest: Optionals<[impl: string], KeyOptions>): DType {
  checkImplementation("random.keyDtype", rest, ["impl"]);
  return "key<fry>";
}

/**
 * The key itself, to be used once more on purpose.
 *
 * @throws as {@link keyData}. @see `jax.random.clone`
 */
export function clone(keys: ArrayValue): ArrayValue {
  typedKeys(keys, "random.clone");
  return keys;
}

/** @internal The dtype of samples where none is asked for. */
export const defaultDType = (kind: "float" | "int"): DType => weakDType(kind);
