import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { zerosOf } from "../core/rules.ts";
import { type ArrayValue, type Aval, avalOf, showAval } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { isQuaxified } from "../interpreters/quax.ts";
import { closedStage, rearranged, type SplitJaxpr } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];

/**
 * Where each computed residual of each branch is kept. Only one branch runs, so those of different branches share a
 * place where they have the same shape and dtype; under quaxify they may be of different classes, and share none.
 */
export function residualSlots(residuals: readonly (readonly Aval[])[]): { slots: number[][]; avals: Aval[] } {
  const avals: Aval[] = [];
  const apart = isQuaxified();
  const slots = residuals.map((own) => {
    const taken = new Set(apart ? avals.keys() : []);
    return own.map((aval) => {
      const { shape, dtype } = aval;
      const type = showAval(aval);
      let slot = avals.findIndex((other, i) => !taken.has(i) && showAval(other) === type);
      if (slot < 0) slot = avals.push(avalOf(shape, dtype)) - 1;
      taken.add(slot);
      return slot;
    });
  });
  return { slots, avals };
}

/**
 * A branch with `count` outputs, then its residuals in their places, and zeros in those of the other branches;
 * `residuals` says where they are among its results.
 */
export function withSlots(
  branch: ClosedJaxpr,
  count: number,
  residuals: readonly number[],
  slots: readonly number[],
  avals: readonly Aval[],
): ClosedJaxpr {
  const body = (inputs: Arrays): Arrays => {
    const outs = evaluateJaxpr(branch, inputs);
    const placed = avals.map((aval, slot) =>
      slots.includes(slot) ? outs[residuals[slots.indexOf(slot)]!]! : zerosOf(aval),
    );
    return [...outs.slice(0, count), ...placed];
  };
  return closedStage(body, branch.inAvals, "cond").closed;
}

/** The later part of a branch, of: known operands that some branch reads, places of residuals, unknown operands. */
export function laterBranch(
  { unknown, residuals }: SplitJaxpr,
  slots: readonly number[],
  front: readonly Aval[],
  read: readonly number[],
): ClosedJaxpr {
  const sources = residuals.map((r) =>
    "input" in r ? read.indexOf(r.input) : read.length + slots[r.output]!,
  );
  const rest = unknown.jaxpr.invars.map((_, i) => i).slice(residuals.length);
  return rearranged(unknown, [
    ...front.map((aval, i) => (sources.includes(i) ? sources.indexOf(i) : aval)),
    ...rest,
  ]);
}
