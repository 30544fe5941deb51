import { isInexact } from "../core/dtype.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { ArrayValue } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { broadcastInDim, eq, selectN, stopGradient } from "../lax/index.ts";

type Arrays = readonly ArrayValue[];

/**
 * Every branch, and a selection. To each branch, the examples that do not take it come without a gradient, so that none
 * is made of what is NaN or infinite there.
 *
 * @see jax-ml/jax#1052
 */
export function selectBranches(
  index: ArrayValue,
  operands: Arrays,
  dims: readonly (number | null)[],
  size: number,
  branches: readonly ClosedJaxpr[],
  name: string | undefined,
): [outs: ArrayValue[], dims: number[]] {
  const select = (which: ArrayValue, cases: Arrays): ArrayValue => {
    const { shape } = cases[0]!;
    const spread =
      shape.length === 1 ? which : broadcastInDim.bind([which], { shape, broadcastDimensions: [0] })[0]!;
    return selectN.bind([spread, ...cases], {})[0]!;
  };
  const guards = operands.map((x, i) => dims[i] !== null || isInexact(x.dtype));
  const fronts = operands.map((x, i) => (guards[i] ? materialiseBatch(x, dims[i]!, size) : x));
  const results = branches.map((branch, i) => {
    const taken = eq(index, i);
    const inputs = fronts.map((x) => (isInexact(x.dtype) ? select(taken, [stopGradient(x), x]) : x));
    const [outs, outDims] = batchArrays(
      (xs) => evaluateJaxpr(branch, xs),
      inputs,
      guards.map((on) => (on ? 0 : null)),
      size,
      "vmap of a branch",
      name,
    );
    return outs.map((x, k) => materialiseBatch(x, outDims[k]!, size));
  });
  const outs = results[0]!.map((_, k) =>
    select(
      index,
      results.map((each) => each[k]!),
    ),
  );
  return [outs, outs.map(() => 0)];
}
