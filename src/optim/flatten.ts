import { sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { Zero } from "../interpreters/zero.ts";
import * as np from "../numpy/index.ts";
import { flattenNulls, type GradientTransformation, movingOf } from "./transformation.ts";

/** All arrays in one, in the order of the leaves. */
const joined = (arrays: readonly (ArrayValue | null)[]): ArrayValue =>
  np.concatenate(arrays.flatMap((x) => (x === null ? [] : [np.ravel(x)])));

/**
 * `inner` on one vector of all parameters, which is faster where there are many small ones. Transformations that look at each
 * array by itself, such as of its norm, see one.
 *
 * @see `optax.flatten`
 */
export const flatten = <State>(inner: GradientTransformation<State>): GradientTransformation<State> => ({
  init: (params) => inner.init(joined(movingOf(params))),
  update: (updates, state, params, extra) => {
    const [leaves, treedef] = flattenNulls(updates);
    const given = params === undefined || params === null ? null : movingOf(params);
    const moving = given ?? movingOf(updates);
    const arrays = moving.map((x, i) => {
      const leaf = leaves[i];
      // A parameter without a gradient has its place in the vector all the same.
      return x === null
        ? null
        : leaf instanceof Zero || leaf === null
          ? np.zerosLike(x)
          : (leaf as ArrayValue);
    });
    const [moved, next] = inner.update(joined(arrays), state, given === null ? undefined : joined(given), extra); // prettier-ignore
    let start = 0;
    const parts = arrays.map((x, i) => {
      if (x === null) return leaves[i];
      const end = start + sizeOf(x.shape);
      const part = np.reshape(np.get(moved, np.s(start, end)), x.shape);
      start = end;
      return part;
    });
    return [treedef.unflatten(parts), next];
  },
});
