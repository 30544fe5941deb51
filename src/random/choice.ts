import { isFloat, isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import {
  broadcastShapes,
  canonicalAxis,
  checkShape,
  range,
  sameShape,
  type Shape,
  showShape,
  sizeOf,
} from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteDTypesInexact } from "../numpy/promotion.ts";
import { checkGumbelMode, type GumbelMode, gumbelOf } from "./gumbel.ts";
import { randint } from "./integers.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import { type ShapeLike, uniform } from "./uniform.ts";

/** The count that an integer, or an integer scalar whose value is known, stands for. */
function countOf(x: Operand, caller: string): number {
  const isInt = x instanceof ArrayValue ? x.ndim === 0 && isInteger(x.dtype) : Number.isInteger(x);
  if (!isInt) {
    throw new ArgumentError(
      "random/population",
      `${caller} takes an integer, or an array of at least one axis, got ${describe(x)}`,
    );
  }
  return x instanceof ArrayValue ? Number(concreteOf(x, caller).storage[0]) : Number(x);
}

const SPARE = 3;
const LARGEST_WORD = 2 ** 32 - 1;

/** Sorts by random words, as often as makes equal words unlikely to show. */
function shuffle(key: ArrayValue, x: ArrayValue, axis: number): ArrayValue {
  const rounds = Math.ceil((SPARE * Math.log(Math.max(1, x.size))) / Math.log(LARGEST_WORD));
  let shuffled = x;
  let remaining = key;
  for (let round = 0; round < rounds; round++) {
    const [next, part] = splitKey(remaining, 2) as [ArrayValue, ArrayValue];
    remaining = next;
    shuffled = lax.sortKeyVal(lax.randomBits(part, 32, x.shape), shuffled, axis)[1];
  }
  return shuffled;
}

/** `[0, 1, …, count - 1]`, none for a negative count. */
const indices = (count: number): ArrayValue => lax.iota(defaultDType("int"), Math.max(0, count));

export interface PermutationOptions {
  /** The axis along which `x` is shuffled. Default 0. */
  readonly axis?: number | undefined;
  /** Shuffle each vector along the axis by itself. Default: all alike. */
  readonly independent?: boolean | undefined;
}

/**
 * `x` in random order along an axis, or for an integer `x` the numbers below it.
 *
 * Shape: that of `x`; `[x]` of an integer. Dtype: that of `x`; int32 of an integer.
 * @throws ArgumentError when `x` is neither an integer nor an array with axes; ShapeError when `axis` is out of bounds.
 * @see `jax.random.permutation`
 */
export function permutation(
  key: ArrayValue,
  x: Operand,
  ...rest: Optionals<[axis: number, independent: boolean], PermutationOptions>
): ArrayValue {
  const caller = "random.permutation";
  const options = readOptions<PermutationOptions>(caller, ["axis", "independent"], rest);
  const { axis = 0, independent = false } = options;
  const checked = checkKey(key, caller);
  if (!(x instanceof ArrayValue) || x.ndim === 0) {
    canonicalAxis(axis, 1, caller);
    return shuffle(checked, indices(countOf(x, caller)), 0);
  }
  const along = canonicalAxis(axis, x.ndim, caller);
  if (independent || x.ndim === 1) return shuffle(checked, x, along);
  return np.take(x, shuffle(checked, indices(x.shape[along]!), 0), along);
}

export interface ChoiceOptions {
  /** How many to draw, and in which shape. Default: one. */
  readonly shape?: Shape | undefined;
  /** Whether the same may be drawn again. Default true. */
  readonly replace?: boolean | undefined;
  /** Probabilities of the entries; by default they are equal. */
  readonly p?: ArrayValue | null | undefined;
  /** The axis of `a` that entries are drawn from. Default 0. */
  readonly axis?: number | undefined;
  readonly mode?: GumbelMode | null | undefined;
}

/**
 * Random entries of an array, or of the numbers below an integer.
 *
 * Shape: that of `a` with `shape` in place of `axis`. Dtype: that of `a`; int32 of an integer.
 * @throws ArgumentError when there is nothing to draw from, or not enough without replacement; ShapeError when `p` does
 * not fit. @see `jax.random.choice`
 */
export function choice(
  key: ArrayValue,
  a: Operand,
  ...rest: Optionals<[shape: Shape, replace: boolean, p: ArrayValue | null, axis: number], ChoiceOptions>
): ArrayValue {
  const caller = "random.choice";
  const names = ["shape", "replace", "p", "axis", "mode"] as const;
  const options = readOptions<ChoiceOptions>(caller, names, rest);
  const { replace = true, p = null, axis = 0 } = options;
  const array = a instanceof ArrayValue && a.ndim > 0 ? a : null;
  const along = canonicalAxis(axis, array?.ndim ?? 1, caller);
  const population = array ? array.shape[along]! : countOf(a, caller);
  const shape = checkShape(options.shape ?? [], caller);
  const draws = sizeOf(shape);
  const checked = checkKey(key, caller);
  const outShape = array ? array.shape.toSpliced(along, 1, ...shape) : shape;
  if (draws === 0) return lax.full(outShape, 0, array?.dtype ?? defaultDType("int"));
  checkPopulation(population, draws, replace, p);
  if (p === null && !replace) {
    const shuffled = permutation(checked, array ?? population, along);
    return lax.reshape(lax.sliceInDim(shuffled, 0, draws, 1, along), outShape);
  }
  const mode = checkGumbelMode(options.mode ?? "low", caller);
  const drawn =
    p === null
      ? randint(checked, shape, 0, population)
      : weighted(checked, shape, promoteDTypesInexact(caller, p)[0], replace, mode);
  return lax.reshape(array ? np.take(array, drawn, along) : drawn, outShape);
}

function checkPopulation(population: number, draws: number, replace: boolean, p: ArrayValue | null): void {
  if (population <= 0) {
    throw new ArgumentError("random/population", "random.choice: there is nothing to draw from: a is empty");
  }
  if (!replace && draws > population) {
    throw new ArgumentError(
      "random/population",
      `random.choice cannot draw ${draws} of ${population} without replacement: draw fewer, or set replace: true`,
    );
  }
  if (p !== null && !sameShape(p.shape, [population])) {
    throw new ShapeError(
      "random/population",
      `random.choice: p must have one axis, as long as that of a (${population}), got shape ${showShape(p.shape)}`,
    );
  }
}

/** Indices drawn with probabilities `p`. */
function weighted(
  key: ArrayValue,
  shape: Shape,
  p: ArrayValue,
  replace: boolean,
  mode: GumbelMode,
): ArrayValue {
  const int = defaultDType("int");
  if (!replace) {
    // The largest of Gumbel-perturbed log-probabilities are a sample without replacement.
    const perturbed = lax.add(gumbelOf(key, p.shape, p.dtype, mode), lax.log(p));
    return lax.convertElementType(lax.topK(perturbed, sizeOf(shape))[1], int);
  }
  const cumulative = lax.cumsum(p);
  const total = lax.indexInDim(cumulative, -1, 0, false);
  const u = uniform(key, shape, { dtype: p.dtype });
  return lax.convertElementType(np.searchsorted(cumulative, lax.mul(total, lax.sub(1, u))), int);
}

export interface CategoricalOptions {
  /** The axis of `logits` along which the categories lie. Default: the last. */
  readonly axis?: number | undefined;
  /** Shape of the result; it ends in that of `logits` without `axis`, which is the default. */
  readonly shape?: ShapeLike | null | undefined;
  /** Whether samples of one distribution may be equal. Default true. */
  readonly replace?: boolean | undefined;
  readonly mode?: GumbelMode | null | undefined;
}

/**
 * Random categories, whose log-probabilities up to a constant are `logits`.
 *
 * Shape: `shape`; by default that of `logits` without `axis`. Dtype: int32.
 * @throws DTypeError when `logits` are no floats; ShapeError when `axis` is out of bounds or `shape` does not fit;
 * ArgumentError when more samples than categories are asked for without replacement. @see `jax.random.categorical`
 */
export function categorical(
  key: ArrayValue,
  logits: ArrayValue,
  ...rest: Optionals<[axis: number, shape: ShapeLike | null, replace: boolean], CategoricalOptions>
): ArrayValue {
  const caller = "random.categorical";
  const names = ["axis", "shape", "replace", "mode"] as const;
  const options = readOptions<CategoricalOptions>(caller, names, rest);
  const x = np.asarray(logits);
  if (!isFloat(x.dtype))
    throw new DTypeError(
      "random/dtype",
      `${caller}: the logits must have a float dtype, got ${x.dtype}: convert them with astype`,
    );
  const axis = canonicalAxis(options.axis ?? -1, x.ndim, caller);
  const batch = x.shape.toSpliced(axis, 1);
  const shape = checkShape(options.shape ?? batch, caller);
  if (!sameShape(broadcastShapes([shape, batch], caller), shape)) {
    throw new ShapeError(
      "random/shape",
      `${caller}: the shape argument ${showShape(shape)} does not end in that of the logits without axis ${axis}, ${showShape(batch)}`,
    );
  }
  const checked = checkKey(key, caller);
  const mode = checkGumbelMode(options.mode ?? "low", caller);
  const prefix = shape.length - batch.length;
  if (options.replace ?? true) {
    const sizes = [...shape.slice(0, prefix), ...shape.slice(prefix).toSpliced(axis, 0, x.shape[axis]!)];
    const aligned = lax.reshape(x, [...range(prefix).map(() => 1), ...x.shape]);
    return np.argmax(lax.add(gumbelOf(checked, sizes, x.dtype, mode), aligned), axis + prefix);
  }
  const count = sizeOf(shape.slice(0, prefix));
  if (count > x.shape[axis]!) {
    throw new ArgumentError(
      "random/population",
      `${caller} cannot draw ${count} of ${x.shape[axis]} categories without replacement: draw fewer, or set replace: true`,
    );
  }
  const perturbed = np.moveaxis(lax.add(x, gumbelOf(checked, x.shape, x.dtype, mode)), axis, -1);
  return lax.reshape(np.moveaxis(lax.topK(perturbed, count)[1], -1, 0), shape);
}
