import { isFloat, isInteger } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { ClosedJaxpr, Effect } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { type ArrayValue, type Aval, avalOf, type NDArray, type Operand, showAval } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { plainArray } from "../interpreters/quax.ts";
import { convertElementType, ne } from "../lax/index.ts";
import { traceBranches } from "./branches.ts";
import { selectBranches } from "./cond-batch.ts";
import { laterBranch, residualSlots, withSlots } from "./cond-split.ts";
import { refuseAxis, stacked, unrolled } from "./unrolled-batch.ts";
import { Form, rebuildAll } from "./form.ts";
import { allArraysAs, join } from "./joined-form.ts";
import { checkFit, located, scalarOperand, type Traced } from "./operands.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { rematerialisedJaxpr } from "./rematerialised-jaxpr.ts";
import {
  batchedJaxpr,
  chosen,
  isActive,
  jvpJaxpr,
  present,
  prunedJaxpr,
  rearranged,
  splitJaxpr,
  spread,
  transposedJaxpr,
  withCommonConstants,
} from "./transformed-jaxpr.ts";

export interface CondParams {
  /** Programs of the same inputs and outputs; the index chooses the one that runs, and is clamped. */
  readonly branches: readonly ClosedJaxpr[];
}

interface Cond {
  <const Operands extends readonly unknown[], const R>(
    pred: Operand,
    trueFn: (...operands: Traced<Operands>) => R,
    falseFn: (...operands: Traced<Operands>) => R,
    ...operands: Operands
  ): Traced<R>;
}

const someOf = (masks: readonly (readonly boolean[])[]): boolean[] =>
  masks[0]!.map((_, i) => masks.some((mask) => mask[i]));

/** An output of all branches: weak only where all of them are. */
const commonAvals = (branches: readonly ClosedJaxpr[]): Aval[] => {
  const avals = branches.map((branch) => branch.outAvals);
  return avals[0]!.map((aval, i) =>
    aval.weak && !avals.every((others) => others[i]!.weak) ? avalOf(aval.shape, aval.dtype) : aval,
  );
};

/**
 * `trueFn(…operands)` where `pred` is true, else `falseFn(…operands)`: only one of them runs. `pred` is a boolean
 * scalar, or a number, which is true unless it is 0.
 *
 * Under `vmap` a `pred` that differs between examples makes it a selection: both branches run.
 * @throws ShapeError when `pred` is no scalar; ArgumentError, ShapeError, DTypeError when the branches' results differ
 * in structure, shape or dtype, by path.
 * @example
 * lax.cond(np.greater(x, 0), (x) => np.sqrt(x), (x) => np.zerosLike(x), x);
 * @see `jax.lax.cond`
 */
export const cond: Op<Cond, "cond", readonly ArrayValue[], CondParams> = definePrimitive("cond", {
  params: { branches: param.programs },
  call: (pred, trueFn, falseFn, ...operands) => {
    const flag = scalarOperand(pred, "cond", "the predicate");
    if (flag.dtype !== "bool" && !isInteger(flag.dtype) && !isFloat(flag.dtype))
      throw located(
        new DTypeError(
          "control/predicate",
          `cond: the predicate must be a boolean or a real number, got ${showAval(flag.aval)}: compare, as in np.greater(x, 0)`,
        ),
      );
    const bool = flag.dtype === "bool" ? flag : ne(flag, 0);
    const index = convertElementType(bool, "int32");
    const traced = traceBranches("cond", [falseFn, trueFn], ["falseFn", "trueFn"], operands);
    const outs = cond.bind([index, ...traced.operands], { branches: traced.branches });
    return traced.rebuild(outs) as never;
  },
  abstract: ([, ...operands], { branches }) => {
    for (const branch of branches) checkFit("cond", branch.inAvals, operands);
    return commonAvals(branches);
  },
  effects: ({ branches }) => [...new Set(branches.flatMap((b): readonly Effect[] => b.jaxpr.effects))],
  stepwise: ([index, ...operands], { branches }) => {
    const which = Number((index as NDArray).storage[0]);
    return evaluateJaxpr(branches[Math.min(Math.max(which, 0), branches.length - 1)]!, operands);
  },
  jvp: (primals, tangents, { branches }) => {
    const [index, ...operands] = primals;
    const own = tangents.slice(1);
    const active = isActive(own);
    const outActive = someOf(branches.map((branch) => jvpJaxpr(branch, active).outActive));
    const { consts, closed } = withCommonConstants(branches.map((b) => jvpJaxpr(b, active, outActive)));
    const results = cond.bind([index!, ...consts, ...operands, ...present(own)], { branches: closed });
    const count = outActive.length;
    return [results.slice(0, count), spread(outActive, results.slice(count))];
  },
  partialEvaluate: (operands, unknown, params, stageEquation) => {
    if (unknown[0]) return stageEquation(cond, operands, params);
    const [index, ...rest] = operands;
    const mask = unknown.slice(1);
    const outUnknown = someOf(params.branches.map((branch) => splitJaxpr(branch, mask).outUnknown));
    const splits = params.branches.map((branch) => splitJaxpr(branch, mask, outUnknown));
    const knownOperands = rest.filter((_, i) => !mask[i]);
    const knownCount = outUnknown.filter((u) => !u).length;
    const { slots, avals } = residualSlots(splits.map(({ known }) => known.outAvals.slice(knownCount)));
    const known = withCommonConstants(
      splits.map((split, i) => ({
        closed: withSlots(
          split.known,
          knownCount,
          slots[i]!.map((_, r) => knownCount + r),
          slots[i]!,
          avals,
        ),
        consts: split.knownConsts,
      })),
    );
    const idle = knownCount + avals.length === 0 && known.closed.every((b) => b.jaxpr.effects.length === 0);
    const computed = idle
      ? []
      : cond.bind([index!, ...known.consts, ...knownOperands], { branches: known.closed });
    // Known operands that the later part of some branch reads.
    const read = knownOperands.flatMap((_, i) =>
      splits.some((split) => split.residuals.some((r) => "input" in r && r.input === i)) ? [i] : [],
    );
    const carried = [...read.map((i) => knownOperands[i]!), ...computed.slice(knownCount)];
    const front = [...read.map((i) => knownOperands[i]!.aval), ...avals];
    const later = splits.map((split, i) => laterBranch(split, slots[i]!, front, read));
    const outs = stageEquation(cond, [index!, ...carried, ...chosen(rest, mask)], { branches: later });
    let [nextKnown, nextLater] = [0, 0];
    return outUnknown.map((u) => (u ? outs[nextLater++]! : computed[nextKnown++]!));
  },
  transpose: (cotangents, [index, ...operands], { branches }) => {
    const linear = operands.map((x) => x instanceof Linear);
    const given = isActive(cotangents);
    const active = someOf(branches.map((branch) => transposedJaxpr(branch, linear, given).active));
    const { consts, closed } = withCommonConstants(
      branches.map((branch) => transposedJaxpr(branch, linear, given, active)),
    );
    const values = operands.filter((x): x is ArrayValue => !(x instanceof Linear));
    const results = cond.bind([index as ArrayValue, ...consts, ...values, ...present(cotangents)], {
      branches: closed,
    });
    return [null, ...spread(active, results)];
  },
  batch: ([index, ...operands], [indexDim, ...dims], size, { branches }, name) => {
    if (indexDim !== null && indexDim !== undefined) {
      // An effect happens for the examples that take its branch, and for no others.
      if (branches.some((branch) => branch.jaxpr.effects.length > 0)) {
        refuseAxis(cond, { branches }, name);
        const avals = commonAvals(branches);
        const examples = unrolled([index!, ...operands], [indexDim, ...dims], size, (example) =>
          cond.bind(example, { branches }),
        );
        return [stacked(examples, avals), avals.map(() => 0)];
      }
      return selectBranches(index!, operands, dims, size, branches, name);
    }
    const found = branches.map((branch) => batchedJaxpr(branch, dims, size, [], name).outDims);
    const outDims = found[0]!.map((_, i) => found.find((each) => each[i] !== null)?.[i] ?? null);
    const { consts, closed } = withCommonConstants(
      branches.map((branch) => batchedJaxpr(branch, dims, size, outDims, name)),
    );
    return [cond.bind([index!, ...consts, ...operands], { branches: closed }), outDims];
  },
  quaxify: ([index, ...operands], { branches }) => {
    const forms = operands.map(Form.known);
    const found = branches.map((branch) => quaxifiedJaxpr(branch, forms, cond).known);
    const outs = commonAvals(branches).map((aval, i) =>
      found
        .map((each) => each[i]!)
        .reduce((a, b) => join(a, b, aval, () => `cond: output ${i} of the branches`)),
    );
    const { consts, closed } = withCommonConstants(
      branches.map((branch) => quaxifiedJaxpr(branch, forms, cond, outs)),
    );
    const arrays = cond.bind([plainArray(index!, cond), ...consts, ...allArraysAs(operands, forms, cond)], {
      branches: closed,
    });
    return rebuildAll(outs, arrays);
  },
  rematerialise: ([index, ...operands], { branches }, policy) => {
    const recomputed = someOf(branches.map((branch) => rematerialisedJaxpr(branch, policy).recomputed));
    const runs = branches.map((branch) => rematerialisedJaxpr(branch, policy, recomputed));
    const { slots, avals } = residualSlots(
      runs.map(({ forward, residuals }) => residuals.map((i) => forward.outAvals[i]!)),
    );
    const count = recomputed.length;
    const { consts, closed } = withCommonConstants(
      runs.map(({ forward, consts, residuals }, i) => ({
        closed: withSlots(forward, count, residuals, slots[i]!, avals),
        consts,
      })),
    );
    const results = cond.bind([index!, ...consts, ...operands], { branches: closed });
    const own = operands.map((_, i) => i);
    const again = runs.map((run, i) =>
      rearranged(run.again, [
        ...own,
        ...avals.map((aval, slot) =>
          slots[i]!.includes(slot) ? own.length + slots[i]!.indexOf(slot) : aval,
        ),
      ]),
    );
    return {
      outs: results.slice(0, count),
      residuals: results.slice(count),
      params: { branches: again },
      recomputed,
    };
  },
  prune: ({ branches }, wanted) => {
    const read = someOf(branches.map((branch) => prunedJaxpr(branch, wanted).inputs));
    return {
      params: { branches: branches.map((branch) => prunedJaxpr(branch, wanted, read).closed) },
      inputs: [true, ...read],
      outputs: wanted,
    };
  },
});
