import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { vmap } from "../interpreters/vmap.ts";
import { jit } from "../control/jit.ts";
import { foriLoop } from "../control/loops.ts";

/** Row `j` gives its place to the one with the largest pivot; then column `j` becomes that of the identity. */
function step(rows: ArrayValue, j: ArrayValue): ArrayValue {
  const column = lax.dynamicIndexInDim(rows, j, 1, false);
  const sizes = lax.abs(column);
  const below = lax.ge(lax.iota(j.dtype, column.size), j);
  const pivot = lax.argmax(lax.select(below, sizes, lax.fullLike(sizes, -1)), 0, j.dtype);
  const chosen = lax.dynamicIndexInDim(rows, pivot, 0);
  const swapped = lax.dynamicUpdateIndexInDim(rows, lax.dynamicIndexInDim(rows, j, 0), pivot, 0);
  const scaled = lax.div(chosen, lax.dynamicIndexInDim(chosen, j, 1));
  const others = lax.sub(swapped, lax.mul(lax.dynamicIndexInDim(swapped, j, 1), scaled));
  return lax.dynamicUpdateIndexInDim(others, scaled, j, 0);
}

/** Elimination by Gauss and Jordan, with partial pivoting, in n steps. Shape: `[…s, n, n], […s, n, k] → […s, n, k]`. */
export const eliminate = jit(function eliminate(a: ArrayValue, b: ArrayValue): ArrayValue {
  if (a.ndim > 2) return vmap(eliminate)(a, b);
  const n = a.shape[0]!;
  const rows = foriLoop(0, n, (j, state) => step(state, j), lax.concatenate([a, b], 1));
  return lax.sliceInDim(rows, n, null, 1, 1);
});
