import { checkProgram } from "../core/check.ts";
import { type Atom, type ClosedJaxpr, type Eqn, Literal, subJaxprs } from "../core/jaxpr.ts";
import { optimizationBarrier } from "../lax/index.ts";
import { bytesOf } from "./cost.ts";

/** What each equation reads and makes, a barrier being nothing: its results are its operands. */
function uses({ jaxpr }: ClosedJaxpr): { eqns: readonly Eqn[]; outs: readonly Atom[] } {
  const same = new Map<Atom, Atom>();
  const root = (x: Atom): Atom => same.get(x) ?? x;
  const eqns: Eqn[] = [];
  for (const eqn of jaxpr.eqns) {
    const inputs = eqn.inputs.map(root);
    if (eqn.primitive === optimizationBarrier) eqn.outputs.forEach((v, i) => same.set(v, inputs[i]!));
    else eqns.push({ ...eqn, inputs });
  }
  return { eqns, outs: jaxpr.outvars.map(root) };
}

/**
 * The most bytes that a program holds at once beside its inputs and constants: its equations run in order, and each
 * value is kept from where it is computed to where it is read last. An estimate: kernels that work in place need less.
 *
 * @example
 * inspect.peakBytes(inspect.simplify(makeJaxpr(grad(loss))(w, x)));
 */
export function peakBytes(closed: ClosedJaxpr): number {
  checkProgram(closed, "peakBytes");
  const { eqns, outs } = uses(closed);
  const lastUse = new Map<Atom, number>();
  eqns.forEach(({ inputs, outputs }, i) => [...outputs, ...inputs].forEach((x) => lastUse.set(x, i)));
  outs.forEach((x) => lastUse.set(x, Infinity));
  const given = new Set<Atom>([...closed.jaxpr.invars, ...closed.jaxpr.constvars]);
  const size = (x: Atom): number => bytesOf([x.aval]);
  let [now, peak] = [0, 0];
  eqns.forEach(({ inputs, outputs, params }, i) => {
    for (const v of outputs) now += size(v);
    const inside = subJaxprs(params).map(([, body]) => peakBytes(body) - bytesOf(body.outAvals));
    peak = Math.max(peak, now + Math.max(0, ...inside));
    for (const x of new Set<Atom>([...inputs, ...outputs]))
      if (lastUse.get(x) === i && !given.has(x) && !(x instanceof Literal)) now -= size(x);
  });
  return peak;
}
