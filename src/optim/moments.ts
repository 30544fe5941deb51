import { isComplex } from "../core/dtype.ts";
import { type ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { squares } from "./numerics.ts";
import { complement, flattenNulls, gradientOf, nextState } from "./transformation.ts";

/** A moving mean over a tree, whose step takes `of` each update. */
const movingMean = (
  updates: unknown,
  moments: unknown,
  decay: Operand,
  of: (update: ArrayValue) => ArrayValue,
): unknown =>
  nextState((g, t) => np.add(np.multiply(complement(decay), of(g)), np.multiply(decay, t)), updates, moments);

const toPower = (x: ArrayValue, order: number): ArrayValue => (order === 1 ? x : np.power(x, order));

/**
 * `(1 − decay) · gᵒʳᵈᵉʳ + decay · moment` for each update: a moving mean. Without an update the moment stays.
 *
 * @see `optax.update_moment`
 */
export const updateMoment = (updates: unknown, moments: unknown, decay: Operand, order: number): unknown =>
  movingMean(updates, moments, decay, (g) => toPower(g, order));

/** As {@link updateMoment}, with the absolute values of complex numbers. @see `optax.update_moment_per_elem_norm` */
export const updateMomentPerElemNorm = (
  updates: unknown,
  moments: unknown,
  decay: Operand,
  order: number,
): unknown =>
  movingMean(updates, moments, decay, (g) =>
    isComplex(g.dtype) ? toPower(squares(g), order / 2) : toPower(g, order),
  );

/** `max(|g| + eps, decay · moment)` for each update. @see `optax.update_infinity_moment` */
export const updateInfinityMoment = (
  updates: unknown,
  moments: unknown,
  decay: Operand,
  eps: Operand,
): unknown =>
  nextState((g, t) => np.maximum(np.add(np.abs(g), eps), np.multiply(decay, t)), updates, moments);

/**
 * `moment / (1 − decayⁿ)`: a mean of n steps that began at 0 is short by that factor.
 *
 * Shapes and dtypes: those of the moments. @see `optax.bias_correction`
 */
export function biasCorrection<Moment>(moment: Moment, decay: Operand, count: Operand): Moment {
  const short = np.subtract(1, powerOf(decay, count));
  const [leaves, treedef] = flattenNulls(moment);
  return treedef.unflatten<Moment>(
    leaves.map((leaf) => {
      const mean = gradientOf(leaf);
      return mean === null ? leaf : np.divide(mean, np.astype(short, mean.dtype));
    }),
  );
}

/** `decayⁿ`. lax.pow: np.power would multiply out a count that is known, and round otherwise than under jit. */
export const powerOf = (decay: Operand, count: Operand): ArrayValue =>
  lax.pow(typeof decay === "number" ? np.weak(decay, "float") : np.asarray(decay), np.asarray(count));
