import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { type Body, checkFunction, flattenOperands, matchTrees, matchTypes, traceBody } from "./operands.ts";
import { withCommonConstants } from "./transformed-jaxpr.ts";

/** Traced functions among which to choose. */
export interface Branches {
  /** Captured values, then the operands. */
  readonly operands: readonly Value[];
  readonly branches: readonly ClosedJaxpr[];
  /** The result, from the arrays in it. */
  readonly rebuild: (outs: readonly ArrayValue[]) => unknown;
}

/**
 * Traces functions on the same operands.
 *
 * @throws ArgumentError, ShapeError, DTypeError when results differ in structure, shape or dtype, by path.
 */
export function traceBranches(
  caller: string,
  functions: readonly unknown[],
  names: readonly string[],
  given: readonly unknown[],
): Branches {
  const operands = flattenOperands(given, caller);
  const avals = avalsOf(operands.arrays);
  const traced = (dense?: ReadonlySet<number>): Body[] =>
    functions.map((f, i) =>
      traceBody(
        (inputs) => checkFunction(f, caller, names[i]!)(...(operands.rebuild(inputs) as never[])),
        avals,
        `${caller}'s ${names[i]!}`,
        (k) => `operand ${k}`,
        dense,
      ),
    );
  let bodies = traced();
  const what = `the results of ${caller}'s branches`;
  const [first, ...others] = bodies;
  const dense = others.flatMap(({ out }, i) => matchTrees(first!.out, out, what, [names[0]!, names[i + 1]!]));
  if (dense.length > 0) bodies = traced(new Set(dense));
  const [{ out, closed: model }] = bodies as [Body];
  bodies
    .slice(1)
    .forEach(({ closed }, i) =>
      matchTypes(out.paths, model.outAvals, closed.outAvals, what, [names[0]!, names[i + 1]!]),
    );
  const { consts, closed } = withCommonConstants(bodies);
  return { operands: [...consts, ...operands.arrays], branches: closed, rebuild: out.rebuild };
}
