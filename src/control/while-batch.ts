import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { type ArrayValue, avalOf, type Value } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { broadcastInDim, reduceOr, selectN } from "../lax/index.ts";
import { batchedAval, batchedJaxpr, closedStage, cut } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];
type Dims = readonly (number | null)[];

/** Operands are the constants of the condition, those of the body, and the carry. */
export interface WhileParams {
  /** From its constants and the carry to a boolean scalar. */
  readonly condJaxpr: ClosedJaxpr;
  readonly condNconsts: number;
  /** From its constants and the carry to the next carry. */
  readonly bodyJaxpr: ClosedJaxpr;
  readonly bodyNconsts: number;
}

/** A batched loop; its first output is a flag for each example, the others are the carry. */
export interface BatchedWhile {
  readonly operands: readonly Value[];
  readonly params: WhileParams;
  /** Batch axes of the carry. */
  readonly dims: Dims;
}

/** A loop whose condition differs between examples: it runs while any of them does, and the others keep their carry. */
export function whileAny(
  operands: Arrays,
  dims: Dims,
  size: number,
  { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }: WhileParams,
  name: string | undefined,
): BatchedWhile {
  const [cond, body, carry] = cut(operands, condNconsts, bodyNconsts);
  const [condDims, bodyDims, given] = cut(dims, condNconsts, bodyNconsts);
  // What the body passes on as it is need not differ between examples.
  const fixed = carry.map((_, i) => bodyJaxpr.jaxpr.outvars[i] === bodyJaxpr.jaxpr.invars[bodyNconsts + i]);
  const carryDims = carry.map((_, i) => (fixed[i] ? given[i]! : 0));
  const test = batchedJaxpr(condJaxpr, [...condDims, ...carryDims], size, [0], name);
  const step = batchedJaxpr(bodyJaxpr, [...bodyDims, ...carryDims], size, carryDims, name);
  const testConsts = [...(test.consts as Arrays), ...cond];
  const stepConsts = [...(step.consts as Arrays), ...body];
  const started = carry.map((x, i) => (fixed[i] ? x : materialiseBatch(x, given[i]!, size)));
  const going = evaluateJaxpr(test.closed, [...testConsts, ...started]);
  const flags = avalOf([size], "bool");
  const carryAvals = carry.map((_, i) =>
    batchedAval(bodyJaxpr.inAvals[bodyNconsts + i]!, carryDims[i]!, size),
  );
  const anyGoing = closedStage(
    ([flag]) => [reduceOr(flag!, [0])],
    [flags, ...carryAvals],
    "vmap of whileLoop",
  );
  const next = closedStage(
    (inputs) => {
      const [tests, steps, [flag], before] = cut(inputs, testConsts.length, stepConsts.length, 1);
      const after = evaluateJaxpr(step.closed, [...steps, ...before]).map((x, i) =>
        fixed[i] ? x : keepUnless(flag!, before[i]!, x),
      );
      return [...evaluateJaxpr(test.closed, [...tests, ...after]), ...after];
    },
    [...avalsOf(testConsts), ...avalsOf(stepConsts), flags, ...carryAvals],
    "vmap of whileLoop",
  );
  return {
    operands: [...next.consts, ...testConsts, ...stepConsts, ...going, ...started],
    params: {
      condJaxpr: anyGoing.closed,
      condNconsts: 0,
      bodyJaxpr: next.closed,
      bodyNconsts: next.consts.length + testConsts.length + stepConsts.length,
    },
    dims: carryDims,
  };
}

/** `after` for the examples whose flag is set. */
function keepUnless(flags: ArrayValue, before: ArrayValue, after: ArrayValue): ArrayValue {
  const { shape } = after;
  const which =
    shape.length === 1 ? flags : broadcastInDim.bind([flags], { shape, broadcastDimensions: [0] })[0]!;
  return selectN.bind([which, before, after], {})[0]!;
}
