import { ArgumentError } from "../core/errors.ts";
import { Var } from "../core/jaxpr.ts";
import type { AnyPrimitive, CheckpointPolicy } from "../core/primitive.ts";
import { bind, describe, type Trace, withTrace } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { PartialTrace } from "./linearize.ts";
import { VariableTracer } from "./stage.ts";

/** A known value that the rest computes again: it is not kept, and stands for a variable there. */
class RecomputedTracer extends VariableTracer {
  constructor(
    override readonly trace: RematTrace,
    atom: Var,
    readonly value: ArrayValue,
  ) {
    super(atom);
  }
}

/**
 * Partial evaluation that keeps only what a policy saves: what is known runs in the parent trace, and is also written
 * down for later, unless it is saved. What has effects runs once.
 *
 * @see `jax._src.interpreters.partial_eval.partial_eval_jaxpr_custom`
 */
export class RematTrace extends PartialTrace {
  constructor(
    parent: Trace,
    label: string,
    private readonly policy: CheckpointPolicy,
  ) {
    super(parent, label);
  }

  isRecomputed(x: ArrayValue): x is RecomputedTracer {
    return x instanceof RecomputedTracer && x.trace === this;
  }
  recomputed(value: ArrayValue): RecomputedTracer {
    return new RecomputedTracer(this, new Var(value.aval), value);
  }
  override known(x: ArrayValue): ArrayValue {
    return this.isRecomputed(x) ? x.value : x;
  }
  override atom(x: ArrayValue) {
    return this.isRecomputed(x) ? x.atom : super.atom(x);
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const unknown = operands.map((x) => this.isUnknown(x));
    const { partialEvaluate, rematerialise } = prim.rules;
    if (unknown.includes(true)) {
      // What the rule finds to be known comes back here, to be saved or not.
      return partialEvaluate
        ? withTrace(this, () => [...partialEvaluate(operands, unknown, params, this.stage)])
        : this.stage(prim, operands, params);
    }
    const values = operands.map((x) => this.known(x));
    if (rematerialise) {
      const run = withTrace(this.parent, () => rematerialise(values, params, this.policy));
      const again = this.stage(prim, [...operands, ...run.residuals], run.params) as VariableTracer[];
      let next = 0;
      return run.outs.map((out, i) =>
        run.recomputed[i] ? new RecomputedTracer(this, again[next++]!.atom, out) : out,
      );
    }
    const outs = withTrace(this.parent, () => bind(prim, values, params));
    const effects = prim.rules.effects?.(params) ?? [];
    const avals = values.map((x) => x.aval);
    if (effects.length > 0 || isSaved(this.policy, prim, avals, params as Record<string, unknown>))
      return outs;
    const again = this.stage(prim, operands, params) as VariableTracer[];
    return outs.map((out, i) => new RecomputedTracer(this, again[i]!.atom, out));
  }
}

/**
 * What a policy says of an operation.
 *
 * @throws ArgumentError when it says something else than true or false.
 */
export function isSaved(policy: CheckpointPolicy, ...operation: Parameters<CheckpointPolicy>): boolean {
  const answer: unknown = policy(...operation);
  if (typeof answer === "boolean") return answer;
  throw new ArgumentError(
    "checkpoint/policy",
    `the checkpoint policy ${policy.name || "(anonymous)"} must return a boolean, whether to save what ${operation[0].primitive} gives; it returned ${describe(answer)}`,
  );
}
