import { kindOf } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type NoParams, type Op } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { showShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { moveAxis } from "./algebra.ts";
import { elementwiseShape } from "./elementwise.ts";
import { toArray } from "./operand.ts";

/** The generator of a key: threefry, by the tag that JAX prints. */
type Impl = "fry";
export interface ImplParams {
  readonly impl: Impl;
}

/** @throws DTypeError when an operand is no array of keys. */
export function checkKeys({ dtype }: Aval, caller: string): void {
  if (kindOf(dtype) !== "key") {
    throw new DTypeError(
      "random/key",
      `${caller} takes typed keys, got dtype ${dtype}: make one with random.key(seed), or random.wrapKeyData of old-style key data`,
    );
  }
}

export function checkImpl({ impl }: ImplParams, caller: string): void {
  if (impl !== "fry") {
    throw new ArgumentError(
      "random/impl",
      `${caller}: the generator "${String(impl)}" is not known; there is "fry" (threefry)`,
    );
  }
}

const threefryAbstract = (avals: readonly Aval[]): Aval[] => {
  for (const { dtype } of avals) {
    if (dtype !== "uint32") {
      throw new DTypeError(
        "lax/dtype",
        `arguments to threefry2x32 must have uint32 type, got ${avals.map((x) => x.dtype).join(", ")}`,
      );
    }
  }
  const shape = elementwiseShape("threefry2x32", avals.map((x) => x.shape)); // prettier-ignore
  const word = avalOf(shape, "uint32");
  return [word, word];
};

/**
 * The Threefry-2x32 hash, 20 rounds, of the counters `(x1, x2)` under the keys `(key1, key2)`: two words an element.
 *
 * Shape: equal ranks with sizes equal or 1, or scalars. Dtype: uint32.
 * @throws DTypeError when a dtype is another. @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011)
 */
export const threefry2x32: Op<
  (key1: Operand, key2: Operand, x1: Operand, x2: Operand) => [ArrayValue, ArrayValue],
  "threefry2x32",
  [key1: ArrayValue, key2: ArrayValue, x1: ArrayValue, x2: ArrayValue],
  NoParams
> = definePrimitive("threefry2x32", {
  call: (key1, key2, x1, x2) => {
    const words = [key1, key2, x1, x2].map((x, i) => word(x, i)) as [
      ArrayValue,
      ArrayValue,
      ArrayValue,
      ArrayValue,
    ];
    return threefry2x32.bind(words, {}) as [ArrayValue, ArrayValue]; // it has two outputs
  },
  arity: 4,
  abstract: threefryAbstract,
  jvp: "none",
  batch: "elementwise",
  samples: [
    {
      operands: [[1], [2], [3, 0, 7], [4, 5, 4294967295]].map((values) => ({
        shape: values.length === 1 ? [] : [3],
        dtype: "uint32",
        values,
      })),
      params: {},
    },
  ],
});

const word = (x: Operand, position: number): ArrayValue =>
  typeof x === "number" ? scalarOf(x >>> 0, "uint32") : toArray(x, "threefry2x32", position);

/**
 * Keys from their words.
 *
 * Shape: `[…s, 2] → […s]`. Dtype: uint32 → key.
 * @throws DTypeError, ShapeError when the words do not fit. @see `jax.random.wrap_key_data`
 */
export const randomWrap: Op<(words: Operand) => ArrayValue, "random_wrap", [words: ArrayValue], ImplParams> =
  definePrimitive("random_wrap", {
    call: (words) => randomWrap.bind([toArray(words, "random_wrap")], { impl: "fry" })[0]!,
    arity: 1,
    params: { impl: param.oneOf(["fry"]) },
    abstract: ([words], params) => {
      checkImpl(params, "random_wrap");
      if (words.dtype !== "uint32")
        throw new DTypeError("random/data", `random_wrap takes uint32 key data, got ${words.dtype}`);
      if (words.shape.at(-1) !== 2) {
        throw new ShapeError(
          "random/data",
          `random_wrap: the last axis of key data has size 2, got shape ${showShape(words.shape)}`,
        );
      }
      return avalOf(words.shape.slice(0, -1), "key<fry>");
    },
    jvp: "none",
    batch: ([words], [dim], _size, params) =>
      dim === words.ndim - 1
        ? [randomWrap.bind([moveAxis(words, dim, 0)], params), [0]]
        : [randomWrap.bind([words], params), [dim!]],
    samples: [
      { operands: [{ shape: [3, 2], dtype: "uint32", values: [0, 1, 2, 3, 4, 5] }], params: { impl: "fry" } },
    ],
  });

/**
 * The words of keys. Shape: `[…s] → […s, 2]`. Dtype: key → uint32.
 * @throws DTypeError when `keys` are none. @see `jax.random.key_data`
 */
export const randomUnwrap: Op<
  (keys: ArrayValue) => ArrayValue,
  "random_unwrap",
  [keys: ArrayValue],
  NoParams
> = definePrimitive("random_unwrap", {
  call: (keys) => randomUnwrap.bind([toArray(keys, "random_unwrap")], {})[0]!,
  arity: 1,
  abstract: ([keys]) => {
    checkKeys(keys, "random_unwrap");
    return avalOf([...keys.shape, 2], "uint32");
  },
  jvp: "none",
  batch: ([keys], [dim]) => [randomUnwrap.bind([keys], {}), [dim!]],
  samples: [{ operands: [{ shape: [2], dtype: "key<fry>" }], params: {} }],
});
