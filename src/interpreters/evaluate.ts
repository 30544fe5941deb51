import { checkProgram } from "../core/check.ts";
import { type Atom, type ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from "../core/jaxpr.ts";
import { ArgumentError, JaxprError } from "../core/errors.ts";
import { withRule, withSource } from "../core/source.ts";
import { bind, describe } from "../core/trace.ts";
import type { ArrayValue, Value } from "../core/value.ts";

/**
 * The equations that the wanted outputs, or an effect, need; in order. Of one that holds a program only what is needed
 * of it is left.
 */
export function liveEquations(jaxpr: Jaxpr, wanted?: readonly boolean[]): Eqn[] {
  const needed = new Set<Atom>(jaxpr.outvars.filter((_, i) => wanted?.[i] ?? true));
  const live: Eqn[] = [];
  for (let i = jaxpr.eqns.length - 1; i >= 0; i--) {
    const whole = jaxpr.eqns[i]!;
    const wants = whole.outputs.map((v) => needed.has(v));
    if (whole.effects.length === 0 && !wants.includes(true)) continue;
    const eqn = pruned(whole, wants);
    for (const x of eqn.inputs) needed.add(x);
    live.push(eqn);
  }
  return live.reverse();
}

function pruned(eqn: Eqn, wanted: readonly boolean[]): Eqn {
  const result = eqn.primitive.rules.prune?.(eqn.params, wanted);
  if (!result || (!result.inputs.includes(false) && !result.outputs.includes(false))) return eqn;
  return {
    ...eqn,
    params: result.params,
    inputs: eqn.inputs.filter((_, i) => result.inputs[i]),
    outputs: eqn.outputs.filter((_, i) => result.outputs[i]),
  };
}

/** Values of variables while a jaxpr runs. */
export class Environment {
  private readonly values = new Map<Var, ArrayValue>();
  define(variables: readonly Var[], values: readonly ArrayValue[]): void {
    for (let i = 0; i < variables.length; i++) this.values.set(variables[i]!, values[i]!);
  }
  read(atom: Atom): ArrayValue {
    if (atom instanceof Literal) return atom.value;
    const value = this.values.get(atom);
    if (value === undefined)
      throw new JaxprError(
        "jaxpr/scope",
        "a variable is used before it is defined: check the jaxpr with checkJaxpr",
      );
    return value;
  }
}

/**
 * Runs a program in the current trace: only the equations that the wanted outputs and the effects need.
 *
 * Inputs may be any values; each operation dispatches on them. Unwanted outputs are null.
 * @throws JaxprError when the number of inputs is not the jaxpr's.
 */
export function evaluate(
  closed: ClosedJaxpr,
  inputs: readonly Value[],
  wanted: readonly boolean[],
): (ArrayValue | null)[] {
  const { jaxpr, consts } = closed;
  if (inputs.length !== jaxpr.invars.length) {
    throw new JaxprError(
      "jaxpr/arity",
      `evaluate: the jaxpr takes ${jaxpr.invars.length} inputs, got ${inputs.length}`,
    );
  }
  const environment = new Environment();
  environment.define(jaxpr.constvars, consts as readonly ArrayValue[]);
  environment.define(jaxpr.invars, inputs as readonly ArrayValue[]);
  for (const { primitive, inputs, outputs, params, source, rule } of liveEquations(jaxpr, wanted)) {
    const operands = inputs.map((x) => environment.read(x));
    environment.define(
      outputs,
      source === undefined
        ? bind(primitive, operands, params)
        : withSource(source, () => withRule(rule, () => bind(primitive, operands, params))),
    );
  }
  return jaxpr.outvars.map((x, i) => (wanted[i] ? environment.read(x) : null));
}

/** Runs a program in the current trace, for all of its outputs. */
export function evaluateJaxpr(closed: ClosedJaxpr, inputs: readonly Value[]): ArrayValue[] {
  checkProgram(closed, "evalJaxpr");
  if (!Array.isArray(inputs))
    throw new ArgumentError("jaxpr/inputs", `evalJaxpr takes its inputs as a list, got ${describe(inputs)}`);
  const all = closed.jaxpr.outvars.map(() => true);
  return evaluate(closed, inputs as readonly Value[], all) as ArrayValue[];
}
