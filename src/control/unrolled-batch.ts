import { ArgumentError } from "../core/errors.ts";
import { usesAxis } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { zeros } from "../lax/algebra.ts";
import { indexInDim, stack } from "../lax/index.ts";
import { located } from "./operands.ts";

/** @throws ArgumentError when a program whose examples are run one by one works along their axis. */
export function refuseAxis(prim: AnyPrimitive, params: object, name: string | undefined): void {
  if (name === undefined || !usesAxis(prim, params, name, [])) return;
  throw located(
    new ArgumentError(
      "control/effects",
      `${prim.primitive}: under vmap its examples differ in which operations they run, so one with an effect is run for each by itself, and cannot work along their axis ${name}: take the effect or the collective out of it`,
    ),
  );
}

/** What `call` makes of each example of a batch. */
export const unrolled = <R>(
  operands: readonly ArrayValue[],
  dims: readonly (number | null)[],
  size: number,
  call: (example: readonly ArrayValue[]) => R,
): R[] =>
  Array.from({ length: size }, (_, i) =>
    call(
      operands.map((x, k) => {
        const dim = dims[k] ?? null;
        return dim === null ? x : indexInDim(x, i, { axis: dim, keepdims: false });
      }),
    ),
  );

/** Outputs of examples as those of the batch, the batch axis in front. */
export function stacked(outs: readonly (readonly ArrayValue[])[], avals: readonly Aval[]): ArrayValue[] {
  if (outs.length === 0) return avals.map((aval) => zeros({ ...aval, shape: [0, ...aval.shape] }));
  return avals.map((_, i) => stack(outs.map((values) => values[i]!)));
}
