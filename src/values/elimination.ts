import { range } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { vmap } from "../interpreters/vmap.ts";

/** One step: row `j` takes the place of the row with the largest pivot, and column `j` becomes one of the identity. */
function step(rows: ArrayValue, j: number, n: number): ArrayValue {
  const index = lax.iota("int32", n);
  const column = lax.indexInDim(rows, j, 1, false);
  const candidates = lax.select(lax.ge(index, j), lax.abs(column), lax.fullLike(lax.abs(column), -1));
  const pivot = lax.argmax(candidates, 0, "int32");
  const [first, chosen] = [lax.indexInDim(rows, j, 0), lax.dynamicIndexInDim(rows, pivot, 0)];
  const swapped = lax.dynamicUpdateIndexInDim(rows, first, pivot, 0);
  const scaled = lax.div(chosen, lax.indexInDim(chosen, j, 1));
  const factors = lax.indexInDim(swapped, j, 1);
  const others = lax.sub(swapped, lax.mul(factors, scaled));
  return lax.dynamicUpdateIndexInDim(others, scaled, j, 0);
}

/** Gauss and Jordan's elimination with partial pivoting: the solution of `a·x = b`. Shape: `[…s, n, n], […s, n, k] → […s, n, k]`. */
export function eliminate(a: ArrayValue, b: ArrayValue): ArrayValue {
  if (a.ndim > 2) return vmap(eliminate)(a, b);
  const n = a.shape[0]!;
  const rows = range(n).reduce((state, j) => step(state, j, n), lax.concatenate([a, b], 1));
  return lax.sliceInDim(rows, n, null, 1, 1);
}
