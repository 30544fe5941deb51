/** Keys of random generators as values: a generator is a class, and the functions of `random` take its keys. */

import { ArgumentError, DTypeError, MaterialiseError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { register } from "../interpreters/quax.ts";
import * as random from "../random/index.ts";
import { Stacked } from "./stacked.ts";

export { normal, uniform } from "../random/index.ts";

/** Bits of one random word. */
export type BitWidth = 8 | 16 | 32 | 64;

/**
 * Keys of a generator: the state that random numbers come from. A subclass holds arrays with the keys' axes in front,
 * and says how to draw bits and how to make new keys. Then every function of `random` accepts its keys, alone or in
 * arrays, and they are pytrees like any value.
 *
 * Shape: that of the array of keys. Dtype: `key<fry>`, which stands for any key.
 * @example
 * class Counter extends values.prng.PRNG { … }
 * quaxify((key) => random.normal(key, [3]))(new Counter(0));
 * @see `quax.examples.prng.PRNG`
 */
export abstract class PRNG extends Stacked {
  /** Uniform random bits from each key. Shape: `[…k] → […k, ...shape]`. Dtype: unsigned integer of `bitWidth` bits. */
  abstract randomBits(bitWidth: BitWidth, shape: Shape): ArrayValue;
  /** New keys from each key. Shape: `[…k] → […k, ...shape]`. */
  abstract split(shape: Shape): PRNG;
  /** A new key from each key and integer of `data`, which has its shape. Optional: `random.foldIn` and `random.choice` need it. */
  foldIn?(data: ArrayValue): PRNG;

  override get elementRank(): number {
    return 0;
  }

  /** @throws MaterialiseError always: a key is no number. */
  override materialise(): ArrayValue {
    throw new MaterialiseError(
      "prng/materialise",
      `${this.constructor.name}: keys are only valid for certain operations, like random.normal, random.split or np.where`,
    );
  }
}

/**
 * Keys of the Threefry generator of `random`: the same numbers from the same seeds.
 *
 * Shape: `value` is `[…k, 2]`, the keys are `[…k]`.
 * @example
 * random.normal(new values.prng.ThreeFry(0), [5]);
 * @see `quax.examples.prng.ThreeFry`; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011)
 */
export class ThreeFry extends PRNG {
  /** The two words of each key. */
  readonly value: ArrayValue;

  /** @throws ArgumentError, DTypeError or ShapeError when the seed is no integer scalar. */
  constructor(seed: Operand | bigint) {
    super();
    this.value = random.PRNGKey(seed);
  }

  /** The keys of words of shape `[…k, 2]`. @throws DTypeError or ShapeError when they are none. */
  static of(value: ArrayValue): ThreeFry {
    if (!(value instanceof ArrayValue))
      throw new ArgumentError("prng/words", `ThreeFry.of takes the words of keys, got ${describe(value)}`);
    if (value.dtype !== "uint32")
      throw new DTypeError("prng/words", `ThreeFry.of: the words of keys are uint32, got ${value.dtype}`);
    if (value.shape.at(-1) !== 2) {
      throw new ShapeError(
        "prng/words",
        `ThreeFry.of: the last axis of the words has size 2, got shape ${showShape(value.shape)}`,
      );
    }
    return Object.assign(Object.create(ThreeFry.prototype) as ThreeFry, { value });
  }

  override get aval(): Aval {
    return avalOf(this.value.shape.slice(0, -1), "key<fry>");
  }
  override randomBits(bitWidth: BitWidth, shape: Shape): ArrayValue {
    return lax.randomBits(lax.randomWrap(this.value), bitWidth, shape);
  }
  override split(shape: Shape): ThreeFry {
    return ThreeFry.of(lax.randomUnwrap(lax.randomSplit(lax.randomWrap(this.value), shape)));
  }
  override foldIn(data: ArrayValue): ThreeFry {
    const keys = lax.randomFoldIn.bind([lax.randomWrap(this.value), data], {})[0]!;
    return ThreeFry.of(lax.randomUnwrap(keys));
  }
}

register(lax.randomBits, [PRNG], ([key], { bitWidth, shape }) => key.randomBits(bitWidth, shape));
register(lax.randomSplit, [PRNG], ([key], { shape }) => key.split(shape));
register(lax.randomUnwrap, [ThreeFry], ([key]) => key.value);
register(lax.randomFoldIn, [PRNG, ArrayValue], ([key, data]) => {
  if (key.foldIn) return key.foldIn(data);
  throw new ArgumentError("prng/fold-in", `${key.constructor.name} has no method foldIn(data): give it one`);
});

/**
 * `num` new keys from a key, which is not to be used again; a list, where `random.split` gives an array of keys.
 *
 * Shape: `[]` → `num` times `[]`.
 * @throws ArgumentError or ShapeError when `key` is no single key, or `num` no count.
 * @see `quax.examples.prng.split`
 */
export function split(
  key: ArrayValue,
  ...rest: Optionals<[num: number], { readonly num?: number | undefined }>
): ArrayValue[] {
  const { num = 2 } = readOptions<{ num?: number }>("prng.split", ["num"], rest);
  return lax.unstack(random.split(key, num));
}
