import { ArrayValue, type Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";
import { safeIncrement } from "./numerics.ts";
import {
  countZero,
  flattenNulls,
  gradientOf,
  type GradientTransformation,
  type StepState,
} from "./transformation.ts";

export interface AddNoiseState extends StepState {
  readonly rngKey: ArrayValue;
}

/**
 * Adds normal noise of the variance `eta / n^gamma` in step n. `key` is a random key or a seed; the key is part of the state.
 *
 * @see Neelakantan et al., "Adding gradient noise improves learning for very deep networks" (2015); `optax.add_noise`
 */
export const addNoise = (
  eta: Operand,
  gamma: Operand,
  key: ArrayValue | number,
): GradientTransformation<AddNoiseState> => ({
  init: () => ({ count: countZero(), rngKey: key instanceof ArrayValue ? key : random.key(key) }),
  update: (updates, state) => {
    const count = safeIncrement(state.count);
    const deviation = np.sqrt(np.divide(eta, np.power(count, gamma)));
    const [rngKey, sampleKey] = random.split(state.rngKey);
    const [leaves, treedef] = flattenNulls(updates);
    const arrays = leaves.map(gradientOf);
    const keys = Array.from(random.split(sampleKey!, arrays.filter((g) => g !== null).length));
    const noisy = arrays.map((g, i) =>
      g === null
        ? leaves[i]
        : np.add(g, np.multiply(deviation, random.normal(keys.shift()!, g.shape, g.dtype))),
    );
    return [treedef.unflatten(noisy), { count, rngKey: rngKey! }];
  },
});
