import { ClosedJaxpr } from "../core/jaxpr.ts";
import { type CheckpointPolicy, Linear } from "../core/primitive.ts";
import { currentTrace, withNewTrace } from "../core/trace.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { dce } from "../interpreters/dce.ts";
import { evaluate, evaluateJaxpr } from "../interpreters/evaluate.ts";
import { RematTrace } from "../interpreters/rematerialise.ts";
import { transposeJaxpr } from "../interpreters/transpose.ts";
import {
  closedStage,
  maskKey,
  remembered,
  residualsOf,
  splitBy,
  splitJaxpr,
  type SplitJaxpr,
  transposeBy,
  type TransposedJaxpr,
} from "./transformed-jaxpr.ts";

// What a checkpoint makes of jaxprs, remembered by the jaxpr and the policy.

/** A memory for each policy. */
function rememberedByPolicy<R>(): (policy: CheckpointPolicy) => ReturnType<typeof remembered<R>> {
  const memories = new WeakMap<CheckpointPolicy, ReturnType<typeof remembered<R>>>();
  return (policy) => {
    let memory = memories.get(policy);
    if (memory === undefined) memories.set(policy, (memory = remembered()));
    return memory;
  };
}

const splits = rememberedByPolicy<SplitJaxpr>();

/**
 * As `splitJaxpr`, but what the policy does not save is no residual: it is computed again from the inputs. Residuals that
 * are inputs come last, in their order.
 */
export const splitByPolicy = (
  closed: ClosedJaxpr,
  unknown: readonly boolean[],
  policy: CheckpointPolicy,
): SplitJaxpr =>
  splits(policy)(closed.jaxpr, maskKey(unknown), () =>
    inputsLast(splitBy((label) => new RematTrace(currentTrace(), label, policy), closed, unknown)),
  );

function inputsLast(split: SplitJaxpr): SplitJaxpr {
  const { residuals, unknown, known } = split;
  const place = (r: (typeof residuals)[number]): number => ("input" in r ? r.input : -1);
  const order = residuals.map((_, i) => i).toSorted((a, b) => place(residuals[a]!) - place(residuals[b]!));
  const { invars } = unknown.jaxpr;
  const permuted = [...order.map((i) => invars[i]!), ...invars.slice(residuals.length)];
  return {
    ...split,
    known: dce(known),
    unknown: new ClosedJaxpr({ ...unknown.jaxpr, invars: permuted }, []),
    residuals: order.map((i) => residuals[i]!),
  };
}

export interface RematerialisedJaxpr {
  /** From the inputs to the outputs, then the residuals that are no outputs. */
  readonly forward: ClosedJaxpr;
  readonly consts: readonly Value[];
  /** Where each residual is among the outputs of `forward`. */
  readonly residuals: readonly number[];
  /** From the inputs, then the residuals, to the outputs that are `recomputed`; the others are residuals. */
  readonly again: ClosedJaxpr;
  readonly recomputed: readonly boolean[];
}
const rematerialisations = rememberedByPolicy<RematerialisedJaxpr>();

/** A jaxpr that also gives what the policy saves, and one that gives the rest again, and the outputs that are `forced`. */
export const rematerialisedJaxpr = (
  closed: ClosedJaxpr,
  policy: CheckpointPolicy,
  forced: readonly boolean[] = [],
): RematerialisedJaxpr =>
  rematerialisations(policy)(closed.jaxpr, maskKey(forced), () => {
    const label = "checkpoint of a jaxpr";
    let again: ClosedJaxpr | undefined;
    let recomputed: boolean[] = [];
    let residuals: number[] = [];
    const { closed: forward, consts } = closedStage(
      (inputs) =>
        withNewTrace(new RematTrace(currentTrace(), label, policy), (trace) => {
          const boxed = inputs.map((x) => trace.recomputed(x));
          const outs = evaluateJaxpr(closed, boxed);
          recomputed = outs.map((x, i) => trace.isRecomputed(x) || forced[i] === true);
          const { jaxpr, consts } = dce(
            trace.builder.build(
              boxed.map((x) => x.atom),
              outs.filter((_, i) => recomputed[i]).map((x) => trace.atom(x)),
            ),
          );
          const invars = [...jaxpr.invars, ...jaxpr.constvars];
          again = new ClosedJaxpr({ ...jaxpr, constvars: [], invars }, []);
          const results = outs.map((x) => trace.known(x));
          residuals = (consts as readonly ArrayValue[]).map((r) => {
            const place = results.indexOf(r);
            return place >= 0 ? place : results.push(r) - 1;
          });
          return results;
        }),
      closed.inAvals,
      label,
    );
    return { forward: dce(forward), consts, residuals, again: again!, recomputed };
  });

const transposes = remembered<TransposedJaxpr>();

/** As `transposedJaxpr`, for a jaxpr that is more than a linear map: what the map needs is computed first. */
export const transposedWithRest = (
  closed: ClosedJaxpr,
  linear: readonly boolean[],
  given: readonly boolean[],
): TransposedJaxpr => transposeBy(transposeWithRest, transposes, closed, linear, given);

const transposeWithRest: typeof transposeJaxpr = (closed, operands, cotangents) => {
  const linear = operands.filter((x) => x instanceof Linear);
  const values = operands.filter((x): x is ArrayValue => !(x instanceof Linear));
  const split = splitJaxpr(
    closed,
    operands.map((x) => x instanceof Linear),
  );
  const first = split.outUnknown.filter((waits) => !waits).length;
  // The outputs that do not depend on the linear inputs are not computed, only what is needed of the way there.
  const computed = evaluate(
    split.known,
    [...split.knownConsts, ...values],
    split.known.jaxpr.outvars.map((_, i) => i >= first),
  ) as ArrayValue[];
  const residuals = residualsOf(split, values, computed);
  const cts = transposeJaxpr(
    split.unknown,
    [...residuals, ...linear],
    cotangents.filter((_, i) => split.outUnknown[i]),
  );
  let next = residuals.length;
  return operands.map((x) => (x instanceof Linear ? (cts[next++] ?? null) : null));
};
