import { isFloat, isInexact, isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import type { ClosedJaxpr, Effect } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { type ArrayValue, type Aval, avalOf, type NDArray, type Operand, showAval } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { isQuaxified, plainArray } from "../interpreters/quax.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { broadcastInDim, clamp, convertElementType, eq, ne, selectN, stopGradient } from "../lax/index.ts";
import { refuseAxis, stacked, unrolled } from "./examples.ts";
import { Form, rebuildAll } from "./form.ts";
import { allArraysAs, join } from "./joined-form.ts";
import {
  type Body,
  checkFit,
  checkFunction,
  flattenOperands,
  located,
  matchTrees,
  matchTypes,
  scalarOperand,
  traceBody,
  type Traced,
} from "./operands.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { rematerialisedJaxpr } from "./rematerialised-jaxpr.ts";
import {
  batchedJaxpr,
  chosen,
  closedStage,
  jvpJaxpr,
  prunedJaxpr,
  rearranged,
  type SplitJaxpr,
  splitJaxpr,
  transposedJaxpr,
  withCommonConstants,
} from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];

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
    return choose("cond", index, [falseFn, trueFn], ["falseFn", "trueFn"], operands) as never;
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
    const active = own.map((t) => t !== null);
    const outActive = someOf(branches.map((branch) => jvpJaxpr(branch, active).outActive));
    const { consts, closed } = withCommonConstants(branches.map((b) => jvpJaxpr(b, active, outActive)));
    const results = cond.bind([index!, ...consts, ...operands, ...own.filter((t) => t !== null)], {
      branches: closed,
    });
    let next = outActive.length;
    return [results.slice(0, next), outActive.map((on) => (on ? results[next++]! : null))];
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
    const given = cotangents.map((ct) => ct !== null);
    const active = someOf(branches.map((branch) => transposedJaxpr(branch, linear, given).active));
    const { consts, closed } = withCommonConstants(
      branches.map((branch) => transposedJaxpr(branch, linear, given, active)),
    );
    const values = operands.filter((x): x is ArrayValue => !(x instanceof Linear));
    const results = cond.bind(
      [index as ArrayValue, ...consts, ...values, ...cotangents.filter((ct) => ct !== null)],
      { branches: closed },
    );
    let next = 0;
    return [null, ...active.map((on) => (on ? results[next++]! : null))];
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

/**
 * Where each computed residual of each branch is kept. Only one branch runs, so those of different branches share a
 * place where they have the same shape and dtype; under quaxify they may be of different classes, and share none.
 */
function residualSlots(residuals: readonly (readonly Aval[])[]): { slots: number[][]; avals: Aval[] } {
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
function withSlots(
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
function laterBranch(
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

/**
 * Every branch, and a selection. To each branch, the examples that do not take it come without a gradient, so that none
 * is made of what is NaN or infinite there.
 *
 * @see jax-ml/jax#1052
 */
function selectBranches(
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

/** Traces the branches and binds the choice. */
function choose(
  caller: string,
  index: ArrayValue,
  functions: readonly unknown[],
  names: readonly string[],
  given: readonly unknown[],
): unknown {
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
  return out.rebuild(cond.bind([index, ...consts, ...operands.arrays], { branches: closed }));
}

/**
 * `branches[index](…operands)`; an index out of range is clamped. Only one branch runs, as in `cond`.
 *
 * @throws ArgumentError when there is no branch; DTypeError when the index is no integer; and as `cond`.
 * @example
 * lax.switch(2, [np.sin, np.cos, np.tanh], x); // tanh x
 * @see `jax.lax.switch`
 */
function switchOf<const Operands extends readonly unknown[], const R>(
  index: Operand,
  branches: readonly ((...operands: Traced<Operands>) => R)[],
  ...operands: Operands
): Traced<R> {
  const scalar = scalarOperand(index, "switch", "the index");
  if (!isInteger(scalar.dtype))
    throw located(
      new DTypeError("control/index", `switch: the index must be an integer, got ${showAval(scalar.aval)}`),
    );
  if (!Array.isArray(branches) || branches.length === 0)
    throw located(
      new ArgumentError("control/branches", "switch takes a list of at least one branch, each a function"),
    );
  const names = branches.map((_, i) => `branch ${i}`);
  const which = clamp(0, convertElementType(scalar, "int32"), branches.length - 1);
  // With one branch there is no choice.
  if (branches.length === 1) {
    const given = flattenOperands(operands, "switch");
    const only = checkFunction(branches[0], "switch", names[0]!);
    const result = flattenOperands(only(...(given.rebuild(given.arrays) as never[])), "switch");
    return result.rebuild(result.arrays) as Traced<R>;
  }
  return choose("switch", which, branches, names, operands) as Traced<R>;
}
export { switchOf as switch };
