import { DifferentiationError } from "../core/errors.ts";
import { type Atom, type ClosedJaxpr, type Eqn, Literal, type Var } from "../core/jaxpr.ts";
import { Linear } from "../core/primitive.ts";
import { addTangents, noTranspose } from "../core/rules.ts";
import { showSource, withRule, withSource } from "../core/source.ts";
import { bind } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { Environment } from "./evaluate.ts";

/**
 * Runs a linear program backwards in the current trace: from cotangents of its outputs to cotangents of the inputs that
 * are `Linear`; `null` is a cotangent that is structurally zero, and nothing is computed for it.
 *
 * Inputs that are arrays are ordinary values; equations that read only those run forwards first.
 * @throws DifferentiationError when the program is not linear in those inputs.
 */
export function transposeJaxpr(
  { jaxpr, consts }: ClosedJaxpr,
  inputs: readonly (ArrayValue | Linear)[],
  cotangents: readonly (ArrayValue | null)[],
): (ArrayValue | null)[] {
  const known = new Environment();
  const linear = new Set<Atom>();
  known.define(jaxpr.constvars, consts as readonly ArrayValue[]);
  jaxpr.invars.forEach((v, i) => {
    const x = inputs[i]!;
    if (x instanceof Linear) linear.add(v);
    else known.define([v], [x]);
  });

  const backwards: Eqn[] = [];
  for (const eqn of jaxpr.eqns) {
    if (eqn.inputs.some((x) => linear.has(x))) {
      for (const v of eqn.outputs) linear.add(v);
      backwards.push(eqn);
    } else
      known.define(
        eqn.outputs,
        bind(
          eqn.primitive,
          eqn.inputs.map((x) => known.read(x)),
          eqn.params,
        ),
      );
  }

  const accumulated = new Map<Var, ArrayValue>();
  const accumulate = (atom: Atom, ct: ArrayValue | null): void => {
    if (ct === null || atom instanceof Literal || !linear.has(atom)) return;
    accumulated.set(atom, addTangents(accumulated.get(atom) ?? null, ct)!);
  };
  jaxpr.outvars.forEach((x, i) => accumulate(x, cotangents[i] ?? null));

  for (const eqn of backwards.reverse()) {
    const cts = eqn.outputs.map((v) => accumulated.get(v) ?? null);
    if (cts.every((ct) => ct === null)) continue;
    for (const v of eqn.outputs) accumulated.delete(v);
    withSource(eqn.source, () => {
      const operands = eqn.inputs.map((x) => (linear.has(x) ? new Linear(x.aval) : known.read(x)));
      const pulled = withRule(eqn.rule, () => transposeEquation(eqn, cts, operands));
      pulled.forEach((ct, i) => accumulate(eqn.inputs[i]!, ct));
    });
  }
  return jaxpr.invars.map((v, i) => (inputs[i] instanceof Linear ? (accumulated.get(v) ?? null) : null));
}

function transposeEquation(
  { primitive, params, outputs, inputs, source }: Eqn,
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
): readonly (ArrayValue | null)[] {
  const rule = primitive.rules.transpose ?? noTranspose(primitive);
  const results = rule(
    cotangents,
    operands,
    params,
    outputs.map((v) => v.aval),
  );
  if (results.length > inputs.length) {
    throw new DifferentiationError(
      "ad/transpose",
      `the transpose rule of ${primitive.primitive} returned ${results.length} cotangents for ${inputs.length} operands (${showSource(source) ?? "source unknown"})`,
    );
  }
  return results;
}
