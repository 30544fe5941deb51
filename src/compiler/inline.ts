import { checkProgram } from "../core/check.ts";
import { type Atom, ClosedJaxpr, effectsOf, type Eqn, Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { withSource } from "../core/source.ts";
import { type ArrayValue, type Aval, sameAval, type Value } from "../core/value.ts";
import { stage } from "../interpreters/stage.ts";
import { convertElementType } from "../lax/index.ts";
import { hashAll, hashStructure, sameStructure, StructureMap } from "../core/structure.ts";

/** What stands in place of an equation: the program it calls, or the one it is short for. */
type Body = (eqn: Eqn) => ClosedJaxpr | null;

const calledBody: Body = ({ primitive, params }) => primitive.rules.inline?.(params) ?? null;

interface Expansion {
  readonly primitive: AnyPrimitive;
  readonly params: object;
  readonly avals: readonly Aval[];
}
const sameExpansion = (a: Expansion, b: Expansion): boolean =>
  a.primitive === b.primitive &&
  a.avals.length === b.avals.length &&
  a.avals.every((aval, i) => sameAval(aval, b.avals[i]!)) &&
  sameStructure(a.params, b.params);

/** The expansions of derived primitives as programs, one for each primitive, params and operand avals. */
function expansions(): Body {
  const known = new StructureMap<Expansion, ClosedJaxpr>(sameExpansion);
  return ({ primitive, params, inputs }) => {
    const { expand } = primitive.rules;
    if (expand === undefined) return null;
    const avals = inputs.map((x) => x.aval);
    const key: Expansion = { primitive, params, avals };
    const hash = hashAll([hashStructure(primitive), hashStructure(params), hashStructure(avals)]);
    let body = known.get(hash, key);
    if (body === undefined) {
      // The equations get the source of the one they replace, so none is captured here.
      const run = (operands: readonly ArrayValue[]) => withSource("", () => expand(operands, params));
      known.set(hash, key, (body = stage(run, avals, `expansion of ${primitive.primitive}`)));
    }
    return body;
  };
}

/** A program in the middle of being copied. */
interface Frame {
  readonly eqns: readonly Eqn[];
  next: number;
  readonly atoms: Map<Var, Atom>;
  /** Source for equations that have none of their own. */
  readonly source: string | undefined;
  /** Rule for equations that have none of their own. */
  readonly rule: string | undefined;
  /** What to do with its outputs. */
  readonly outputs: readonly Atom[];
  readonly results: readonly Var[];
}

class Inliner {
  private readonly eqns: Eqn[] = [];
  private readonly constants = new Map<Value, Var>();
  private readonly stack: Frame[] = [];

  constructor(private readonly bodies: readonly Body[]) {}

  run({ jaxpr, consts }: ClosedJaxpr): ClosedJaxpr {
    const atoms = new Map<Var, Atom>();
    jaxpr.constvars.forEach((v, i) => atoms.set(v, this.constant(consts[i]!, v)));
    const top = { eqns: jaxpr.eqns, next: 0, atoms, source: undefined, rule: undefined };
    this.stack.push({ ...top, outputs: [], results: [] });
    while (this.stack.length > 0) this.step(this.stack.at(-1)!);
    const outvars = jaxpr.outvars.map((x) => read(atoms, x));
    return new ClosedJaxpr(
      {
        constvars: [...this.constants.values()],
        invars: jaxpr.invars,
        eqns: this.eqns,
        outvars,
        effects: effectsOf(this.eqns),
      },
      [...this.constants.keys()],
    );
  }

  private constant(value: Value, v: Var): Var {
    let known = this.constants.get(value);
    if (known === undefined) this.constants.set(value, (known = v));
    return known;
  }

  private step(frame: Frame): void {
    const eqn = frame.eqns[frame.next++];
    if (eqn === undefined) {
      this.stack.pop();
      const caller = this.stack.at(-1);
      frame.results.forEach((v, i) =>
        caller!.atoms.set(v, this.coerced(read(frame.atoms, frame.outputs[i]!), v.aval, frame.source)),
      );
      return;
    }
    const inputs = eqn.inputs.map((x) => read(frame.atoms, x));
    const source = eqn.source || frame.source;
    const rule = eqn.rule ?? frame.rule;
    for (const bodyOf of this.bodies) {
      const body = bodyOf(eqn);
      if (body) {
        this.enter(body, inputs, { source, rule }, eqn.outputs);
        return;
      }
    }
    // Below the outermost program variables are copied: it may be called more than once.
    const outputs = this.stack.length === 1 ? eqn.outputs : eqn.outputs.map((v) => new Var(v.aval));
    if (outputs !== eqn.outputs) eqn.outputs.forEach((v, i) => frame.atoms.set(v, outputs[i]!));
    this.eqns.push({ ...eqn, inputs, outputs, source, ...(rule !== undefined && { rule }) });
  }

  private enter(
    { jaxpr, consts }: ClosedJaxpr,
    inputs: readonly Atom[],
    origin: Pick<Frame, "source" | "rule">,
    results: readonly Var[],
  ): void {
    const atoms = new Map<Var, Atom>();
    jaxpr.constvars.forEach((v, i) => atoms.set(v, this.constant(consts[i]!, new Var(v.aval))));
    jaxpr.invars.forEach((v, i) => atoms.set(v, this.coerced(inputs[i]!, v.aval, origin.source)));
    this.stack.push({ eqns: jaxpr.eqns, next: 0, atoms, ...origin, outputs: jaxpr.outvars, results });
  }

  /** A call may differ from what its program was traced on in weakness, which decides about dtypes inside. */
  private coerced(x: Atom, aval: Aval, source: string | undefined): Atom {
    if (sameAval(x.aval, aval)) return x;
    const out = new Var(aval);
    const params = { newDtype: aval.dtype, weakType: aval.weak };
    this.eqns.push({
      primitive: convertElementType,
      inputs: [x],
      outputs: [out],
      params,
      effects: [],
      source,
    });
    return out;
  }
}

const read = (atoms: ReadonlyMap<Var, Atom>, x: Atom): Atom =>
  x instanceof Literal ? x : (atoms.get(x) ?? x);

/**
 * The program with the bodies of calls (`jit`, custom rules) in their place. Depth costs no stack.
 *
 * Custom derivatives are gone from the result: it is for running, or for reading.
 */
export const inlineCalls = (closed: ClosedJaxpr): ClosedJaxpr => new Inliner([calledBody]).run(closed);

/** As `inlineCalls`; and derived primitives in terms of those that backends know. */
export const inline = (closed: ClosedJaxpr): ClosedJaxpr => {
  checkProgram(closed, "inline");
  return new Inliner([calledBody, expansions()]).run(closed);
};
