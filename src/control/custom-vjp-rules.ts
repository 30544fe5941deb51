import type * as param from "../core/param-kind.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { reduceSum } from "../lax/index.ts";
import { quaxifyValues } from "../interpreters/quax.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { flattenValues } from "./form.ts";
import { pullToArrays, tangentValues } from "./structured-tangents.ts";

type Arrays = readonly ArrayValue[];
type MaybeArrays = readonly (ArrayValue | null)[];
type Dims = readonly (number | null)[];

/** From residuals and cotangents of the outputs to cotangents of the operands; null is structurally zero. */
export type Pull = (residuals: Arrays, cotangents: MaybeArrays) => MaybeArrays;

/** What the forward rule leaves for the backward one. */
export interface ForwardResult {
  readonly outs: Arrays;
  readonly residuals: Arrays;
  readonly pull: Pull;
}

/** `perturbed` says which operands have a tangent. */
export type Forward = (operands: Arrays, perturbed: readonly boolean[]) => ForwardResult;

interface Ruled {
  readonly name: string;
  readonly fwd: param.NamedRule<Forward>;
}

/** The forward rule over a batch; outputs have their batch axis at 0. */
export function batchedForward(
  { name, fwd }: Ruled,
  dims: Dims,
  size: number,
  axis: string | undefined,
): Forward {
  return (operands, perturbed) => {
    let result: ForwardResult | undefined;
    const body = (inputs: Arrays): Arrays => {
      result = fwd.run(inputs, perturbed);
      return [...result.outs, ...result.residuals];
    };
    const [all, allDims] = batchArrays(body, operands, dims, size, `vmap of ${name}`, axis);
    const { outs, pull } = result!;
    return {
      outs: all.slice(0, outs.length).map((x, i) => materialiseBatch(x, allDims[i]!, size)),
      residuals: all.slice(outs.length),
      pull: batchedPull(pull, allDims.slice(outs.length), dims, size, name, axis),
    };
  };
}

/** The backward rule over a batch: cotangents come with it at 0, and leave with it where the operand has it. */
export function batchedPull(
  pull: Pull,
  residualDims: Dims,
  dims: Dims,
  size: number,
  name: string,
  axis: string | undefined,
): Pull {
  return (residuals, cotangents) => {
    const present = cotangents.filter((ct) => ct !== null);
    let active: readonly boolean[] = [];
    const body = (inputs: Arrays): Arrays => {
      let next = residuals.length;
      const pulled = pull(
        inputs.slice(0, residuals.length),
        cotangents.map((ct) => (ct === null ? null : inputs[next++]!)),
      );
      active = pulled.map((ct) => ct !== null);
      return pulled.filter((ct) => ct !== null);
    };
    const inDims = [...residualDims, ...present.map(() => 0)];
    const [outs, outDims] = batchArrays(
      body,
      [...residuals, ...present],
      inDims,
      size,
      `vmap of ${name}`,
      axis,
    );
    let next = -1;
    return active.map((on, i) => {
      if (!on) return null;
      const batched = materialiseBatch(outs[++next]!, outDims[next]!, size, dims[i] ?? 0);
      // An operand that all examples share gets the sum of their cotangents.
      return dims[i] === null ? reduceSum.bind([batched], { axes: [0] })[0]! : batched;
    });
  };
}

/** The forward rule on structured values, and a backward rule whose cotangents are structured as the values are. */
export function structuredForward(
  operands: readonly Value[],
  perturbedArrays: readonly boolean[],
  { name, fwd }: Ruled,
): { outs: readonly Value[]; residuals: Arrays; pull: Pull } {
  let next = 0;
  const perturbed = operands.map((x) =>
    perturbedArrays.slice(next, (next += flattenValues([x]).arrays.length)).includes(true),
  );
  const { outs, residuals, pull } = quaxifyValues(
    operands,
    (boxed) => fwd.run(boxed as unknown as Arrays, perturbed),
    name,
  ) as { outs: readonly Value[]; residuals: readonly Value[]; pull: Pull };
  const kept = flattenValues([...residuals, ...operands, ...outs]);
  return {
    outs,
    residuals: kept.arrays,
    pull: (arrays, cotangents) => {
      const values = kept.rebuild(arrays);
      const [given, own, results] = [
        values.slice(0, residuals.length),
        values.slice(residuals.length, residuals.length + operands.length),
        values.slice(residuals.length + operands.length),
      ];
      const cts = tangentValues(results, cotangents);
      const present = cts.filter((ct) => ct !== null);
      const pulled = quaxifyValues(
        [...given, ...present],
        (boxed) => {
          let used = given.length;
          return pull(
            boxed.slice(0, given.length) as unknown as Arrays,
            cts.map((ct) => (ct === null ? null : (boxed[used++] as ArrayValue))),
          );
        },
        name,
      );
      return pullToArrays(own, pulled, name);
    },
  };
}
