import { flatten } from "../tree/index.ts";
import { definePrimitive, type NoParams, type Op } from "../core/primitive.ts";
import { type ArrayValue, Dense, type Operand, type Value } from "../core/value.ts";
import { toArray } from "./operand.ts";

type Tree = Operand | readonly Tree[] | { readonly [name: string]: Tree };

/** The barrier for those that are there; null for the others. */
function throughBarrier(xs: readonly (ArrayValue | null)[]): (ArrayValue | null)[] {
  const present = xs.filter((x) => x !== null);
  if (present.length === 0) return [...xs];
  const outs = optimizationBarrier.bind(present, {});
  let next = 0;
  return xs.map((x) => (x === null ? null : outs[next++]!));
}

/**
 * The arrays of a tree, as they are, but unknown to the compiler: nothing that is computed from the results is merged
 * with what was computed from the operands, nor moved ahead of any of them.
 *
 * @throws ArgumentError when a leaf is no array.
 * @example
 * lax.optimizationBarrier([x, y]); // [x, y]
 * @see `jax.lax.optimization_barrier`
 */
export const optimizationBarrier: Op<
  <T extends Tree>(operands: T) => T,
  "optimization_barrier",
  readonly ArrayValue[],
  NoParams
> = definePrimitive("optimization_barrier", {
  call: (operands) => {
    const [leaves, treedef] = flatten(operands);
    const arrays = leaves.map((leaf, i) => toArray(leaf as Operand, "optimization_barrier", i));
    return treedef.unflatten(optimizationBarrier.bind(arrays, {}));
  },
  abstract: (avals) => avals,
  jvp: (primals, tangents) => [optimizationBarrier.bind(primals, {}), throughBarrier(tangents)],
  transpose: (cotangents) => throughBarrier(cotangents),
  batch: (operands, dims) => [optimizationBarrier.bind(operands, {}), dims],
  prune: (params, wanted) => ({ params, inputs: wanted, outputs: wanted }),
  quaxify: (values) => {
    const [leaves, treedef] = flatten(values) as [Value[], ReturnType<typeof flatten>[1]];
    const through = throughBarrier(leaves.map((x) => (x instanceof Dense ? x : null)));
    return treedef.unflatten<Value[]>(leaves.map((x, i) => through[i] ?? x));
  },
  samples: [
    { operands: [{ shape: [2, 3] }, { shape: [4] }], params: {} },
    { operands: [{ shape: [] }], params: {} },
  ],
});
