import { appendMessage, ArgumentError, ConcretizationError } from "../core/errors.ts";
import { ClosedJaxpr, type Eqn, type Jaxpr, Var } from "../core/jaxpr.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { type CheckpointPolicy, definePrimitive, type Primitive } from "../core/primitive.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { optimizationBarrier } from "../lax/index.ts";
import {
  avalsOf,
  type Flat,
  flattenArguments,
  flattenResult,
  toFunction,
} from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import type { Traceable } from "../interpreters/signature.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import {
  batchOfCall,
  jvpOfCall,
  pruneOfCall,
  quaxifyOfCall,
  rematerialisedCall,
  transposeOfCall,
} from "./call.ts";
import { checkpointPolicies, policyKind } from "./policies.ts";
import { splitByPolicy, transposedWithRest } from "./rematerialised-jaxpr.ts";
import { staticPositions, withoutStatics, withStatics } from "./static-arguments.ts";
import { joinOuts, residualsOf } from "./transformed-jaxpr.ts";
import { setName } from "../core/function-name.ts";

export interface CheckpointParams {
  readonly jaxpr: ClosedJaxpr;
  /** What may be saved; null: nothing. */
  readonly policy: CheckpointPolicy | null;
  readonly preventCse: boolean;
  /** Its forward pass was run before: what it computes of it is computed for the second time. */
  readonly differentiated: boolean;
}

/** A program that is run again, rather than remembered, where its derivative needs it. @see `jax._src.ad_checkpoint.remat_p` */
export const checkpointPrimitive: Primitive<"remat2", readonly ArrayValue[], CheckpointParams> =
  definePrimitive("remat2", {
    abstract: (_avals, { jaxpr }) => jaxpr.outAvals,
    effects: ({ jaxpr }) => jaxpr.jaxpr.effects,
    params: {
      jaxpr: param.program,
      policy: param.nullable(policyKind),
      preventCse: param.boolean,
      differentiated: param.boolean,
    },
    evaluate: (operands, { jaxpr }) => evaluateJaxpr(jaxpr, operands),
    stepwise: (operands, { jaxpr }) => evaluateJaxpr(jaxpr, operands),
    inline: ({ jaxpr, preventCse, differentiated }) =>
      differentiated && preventCse ? behindBarrier(jaxpr) : jaxpr,
    prune: pruneOfCall,
    jvp: (primals, tangents, params) => jvpOfCall(checkpointPrimitive, primals, tangents, params),
    partialEvaluate: (operands, unknown, params, stageEquation) => {
      const policy = params.policy ?? checkpointPolicies.nothingSaveable;
      const split = splitByPolicy(params.jaxpr, unknown, policy);
      const known = operands.filter((_, i) => !unknown[i]);
      const computed = evaluateJaxpr(split.known, [...split.knownConsts, ...known]);
      const waiting = operands.filter((_, i) => unknown[i]);
      const later = stageEquation(checkpointPrimitive, [...residualsOf(split, known, computed), ...waiting], {
        ...params,
        jaxpr: split.unknown,
        differentiated: true,
      });
      return joinOuts(split, computed, later);
    },
    rematerialise: (operands, params, policy) => {
      const run = rematerialisedCall(checkpointPrimitive, operands, params, policy);
      return { ...run, params: { ...run.params, differentiated: true } };
    },
    transpose: (cotangents, operands, params) =>
      transposeOfCall(checkpointPrimitive, transposedWithRest, cotangents, operands, params),
    batch: (operands, dims, size, params, axis) =>
      batchOfCall(checkpointPrimitive, operands, dims, size, params, axis),
    quaxify: (values, params) => quaxifyOfCall(checkpointPrimitive, values, params),
  });

const barred = new WeakMap<Jaxpr, ClosedJaxpr>();
/** The program on inputs that the compiler takes for others than those of the forward pass, so that it merges nothing. */
function behindBarrier(closed: ClosedJaxpr): ClosedJaxpr {
  const { jaxpr, consts } = closed;
  let result = barred.get(jaxpr);
  if (result === undefined) {
    const invars = jaxpr.invars.map((v) => new Var(v.aval));
    const barrier: Eqn = {
      primitive: optimizationBarrier,
      inputs: invars,
      outputs: jaxpr.invars,
      params: {},
      effects: [],
      source: undefined,
    };
    result = new ClosedJaxpr({ ...jaxpr, invars, eqns: [barrier, ...jaxpr.eqns] }, consts);
    barred.set(jaxpr, result);
  }
  return result;
}

export interface CheckpointOptions {
  /** What may be saved for the backward pass. Default: only the arguments. */
  readonly policy?: CheckpointPolicy | null;
  /** Keep the compiler from merging the second computation with the first. Needless in the body of a loop. Default true. */
  readonly preventCse?: boolean;
  /** Arguments that the function gets as they are, untraced. */
  readonly staticArgnums?: number | readonly number[];
}

/**
 * `f`, of which nothing but the arguments is remembered between the forward and the backward pass: what its derivative
 * needs of the values in between is computed again. Time for memory; the values are the same.
 *
 * With a `policy`, what it saves is remembered too.
 * @throws ArgumentError when an option is of the wrong kind; ConcretizationError when `f` branches on an argument.
 * @example
 * const block = checkpoint((w, x) => np.tanh(np.matmul(w, np.tanh(x))));
 * @see `jax.checkpoint`
 */
export function checkpoint<Args extends unknown[] = ArrayValue[], R = unknown>(
  f: Traceable<Args, R>,
  ...rest: Optionals<[], CheckpointOptions>
): (...args: Args) => R {
  const {
    policy = null,
    preventCse = true,
    staticArgnums = [],
  } = readOptions<CheckpointOptions>("checkpoint", ["policy", "preventCse", "staticArgnums"], rest);
  if (policy !== null && typeof policy !== "function")
    throw new ArgumentError(
      "checkpoint/policy",
      `checkpoint: policy is a function such as checkpointPolicies.dotsSaveable, got ${describe(policy)}`,
    );
  const staticList = staticPositions(staticArgnums, "checkpoint");
  const { call, name } = toFunction(f, "checkpoint");
  const label = `checkpoint of ${name}`;
  const checkpointed = (...args: unknown[]): unknown => {
    const statics: unknown[] = [];
    const flat = flattenArguments(withoutStatics(args, staticList, statics, label), label);
    let out: Flat | undefined;
    const body = (inputs: readonly ArrayValue[]) => {
      const given = withStatics(flat.rebuild(inputs) as unknown[], statics, staticList);
      out = flattenResult(call(...given), label);
      return out.arrays;
    };
    const { closed, consts } = hoistConstants(staged(body, flat, label));
    const outs = checkpointPrimitive.bind([...consts, ...flat.arrays], {
      jaxpr: closed,
      policy,
      preventCse,
      differentiated: false,
    });
    return out!.rebuild(outs);
  };
  setName(checkpointed, name);
  return checkpointed as (...args: Args) => R;
}

function staged(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  flat: Flat,
  label: string,
): ClosedJaxpr {
  try {
    return stage(body, avalsOf(flat.arrays), label);
  } catch (error) {
    if (error instanceof ConcretizationError && error.message.includes(label))
      appendMessage(
        error,
        " A checkpoint traces its arguments: one that decides what to compute goes into staticArgnums.",
      );
    throw error;
  }
}
