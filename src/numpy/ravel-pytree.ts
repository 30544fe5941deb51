import { promoteTypes } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { broadcastInDim, concatenate, convertElementType, reshape, sliceInDim } from "../lax/index.ts";
import { toArray } from "../lax/operand.ts";
import { flatten } from "../tree/index.ts";

/**
 * The leaves of a tree as one vector, and the way back.
 *
 * Shape: leaves of any shapes → `[total size]`. Dtype: what the leaves' dtypes promote to; the way back restores each.
 * @throws ShapeError, from the way back, when the vector has another size.
 * @example
 * const [vector, unravel] = ravelPytree({ w: np.ones([2, 3]), b: np.zeros(2) }); // vector: float32[8]
 * @see `jax.flatten_util.ravel_pytree`
 */
export function ravelPytree<T>(tree: T): [vector: ArrayValue, unravel: (vector: ArrayValue) => T] {
  const [leaves, treedef] = flatten(tree);
  const arrays = leaves.map((leaf, i) => toArray(leaf as Operand, "ravelPytree", i));
  const dtype = arrays.length > 0 ? promoteTypes(arrays.map((x) => x.aval)).dtype : "float32";
  const parts = arrays.map((x) => reshape(x.dtype === dtype ? x : convertElementType(x, dtype), [x.size]));
  const vector = parts.length > 0 ? concatenate(parts, 0) : broadcastInDim(0, [0], []);
  const unravel = (given: ArrayValue): T => {
    if (given.ndim !== 1 || given.size !== vector.size) {
      throw new ShapeError(
        "ravel/size",
        `unravel: expected a vector of shape ${showShape(vector.shape)}, got ${showShape(given.shape)}`,
      );
    }
    let end = 0;
    const rebuilt = arrays.map((x) => {
      const start = end;
      end += x.size;
      const part = reshape(sliceInDim(given, start, end), x.shape);
      return x.dtype === part.dtype ? part : convertElementType(part, x.dtype);
    });
    return treedef.unflatten<T>(rebuilt);
  };
  return [vector, unravel];
}
