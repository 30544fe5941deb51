import { checkProgram } from "../core/check.ts";
import { type Atom, ClosedJaxpr, effectsOf } from "../core/jaxpr.ts";
import { liveEquations } from "./evaluate.ts";

/**
 * The program without what neither its wanted outputs nor an effect needs; unwanted outputs and unused constants are
 * gone from it, its inputs stay. Returns `closed` itself when nothing goes.
 */
export function dce(closed: ClosedJaxpr, wanted?: readonly boolean[]): ClosedJaxpr {
  checkProgram(closed, "dce");
  const { jaxpr, consts } = closed;
  const outvars = jaxpr.outvars.filter((_, i) => wanted?.[i] ?? true);
  const eqns = liveEquations(jaxpr, wanted);
  const used = new Set<Atom>(outvars);
  for (const { inputs } of eqns) for (const x of inputs) used.add(x);
  const kept = jaxpr.constvars.map((v) => used.has(v));
  const sameEqns = eqns.length === jaxpr.eqns.length && eqns.every((eqn, i) => eqn === jaxpr.eqns[i]);
  if (sameEqns && outvars.length === jaxpr.outvars.length && !kept.includes(false)) return closed;
  const constvars = jaxpr.constvars.filter((_, i) => kept[i]);
  return new ClosedJaxpr(
    { constvars, invars: jaxpr.invars, eqns, outvars, effects: effectsOf(eqns) },
    consts.filter((_, i) => kept[i]),
  );
}

/** As `dce`, and the inputs that nothing reads go too, unless they are `kept`; `inputs` says which stayed. */
export function dceInputs(
  closed: ClosedJaxpr,
  wanted?: readonly boolean[],
  kept: readonly boolean[] = [],
): { closed: ClosedJaxpr; inputs: readonly boolean[] } {
  const { jaxpr, consts } = dce(closed, wanted);
  const used = new Set<Atom>(jaxpr.outvars);
  for (const { inputs } of jaxpr.eqns) for (const x of inputs) used.add(x);
  const read = jaxpr.invars.map((v, i) => kept[i] === true || used.has(v));
  const invars = jaxpr.invars.filter((_, i) => read[i]);
  return { closed: new ClosedJaxpr({ ...jaxpr, invars }, consts), inputs: read };
}
