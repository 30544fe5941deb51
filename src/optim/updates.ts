import { flattenUpTo } from "../tree/index.ts";
import { customJvp } from "../control/index.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { complement, flattenNulls, gradientOf } from "./transformation.ts";

const mapPairs = <Tree>(f: (a: Operand, b: Operand) => Operand, a: Tree, b: Tree, name: string): Tree => {
  const [leaves, treedef] = flattenNulls(a);
  const others = flattenUpTo(treedef, b, name);
  return treedef.unflatten<Tree>(
    leaves.map((leaf, i) => (gradientOf(leaf) === null ? leaf : f(leaf as Operand, others[i] as Operand))),
  );
};

/**
 * `stepSize · new + (1 − stepSize) · old`: parameters that follow others, as Polyak's mean of them.
 *
 * @throws TreeError when the trees differ. @see `optax.incremental_update`
 */
export const incrementalUpdate = <Tree>(newTensors: Tree, oldTensors: Tree, stepSize: Operand): Tree =>
  mapPairs(
    (fresh, old) => np.add(np.multiply(stepSize, fresh), np.multiply(complement(stepSize), old)),
    newTensors,
    oldTensors,
    "the old tensors",
  );

/**
 * The new tensors in every `updatePeriod`-th step, else the old ones.
 *
 * @throws TreeError when the trees differ. @see `optax.periodic_update`
 */
export const periodicUpdate = <Tree>(
  newTensors: Tree,
  oldTensors: Tree,
  steps: Operand,
  updatePeriod: Operand,
): Tree => {
  const isDue = np.equal(np.mod(steps, updatePeriod), 0);
  return mapPairs((fresh, old) => np.where(isDue, fresh, old), newTensors, oldTensors, "the old tensors");
};

const withScaledGradient = customJvp((x: ArrayValue, _scale: ArrayValue): ArrayValue => x);
withScaledGradient.defjvp(([x, factor], [t]) => [x, np.astype(np.multiply(factor, t), x.dtype)]);

/**
 * The tree itself, of which gradients are multiplied by `scale`.
 *
 * @example
 * const features = optim.scaleGradient(body(x), 0.1);
 * @see `optax.scale_gradient`
 */
export const scaleGradient = <Tree>(inputs: Tree, scale: Operand): Tree => {
  const [leaves, treedef] = flattenNulls(inputs);
  return treedef.unflatten<Tree>(
    leaves.map((leaf) => {
      const x = gradientOf(leaf);
      return x === null ? leaf : withScaledGradient(x, lax.stopGradient(np.asarray(scale)));
    }),
  );
};
