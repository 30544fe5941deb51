import { type Atom, ClosedJaxpr, effectsOf, type Eqn, type Jaxpr, Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { type Aval, NDArray, sameAval, type Value } from "../core/value.ts";

/** The operation that an equation becomes; its outputs stay. */
export interface Operation {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly Atom[];
  readonly params: object;
}

/** What replaces an equation: atoms for its outputs, or another operation; null leaves it. */
export type Rule = (eqn: Eqn, program: Program) => readonly Atom[] | Operation | null;

/** How many operands and results each atom is. */
export function usesOf({ eqns, outvars }: Jaxpr): Map<Atom, number> {
  const uses = new Map<Atom, number>();
  const count = (x: Atom) => uses.set(x, (uses.get(x) ?? 0) + 1);
  for (const { inputs } of eqns) inputs.forEach(count);
  outvars.forEach(count);
  return uses;
}

/** The program so far, as a rule sees it: inputs of the equation at hand are replaced already. */
export class Program {
  readonly eqns: Eqn[] = [];
  private readonly replaced = new Map<Var, Atom>();
  private readonly producers = new Map<Atom, Eqn>();
  private readonly constants = new Map<Atom, Value>();
  private readonly readers: Map<Atom, number>;
  /** What a rule was told to have several uses. */
  private readonly shared = new Set<Atom>();
  /** Whether there are equations that no rule has been applied to. */
  private unseen = false;

  constructor({ jaxpr, consts }: ClosedJaxpr) {
    jaxpr.constvars.forEach((v, i) => this.constants.set(v, consts[i]!));
    this.readers = usesOf(jaxpr);
  }

  private count(atoms: readonly Atom[], by: number): void {
    for (const x of atoms) this.readers.set(x, this.usesNow(x) + by);
  }

  resolve(x: Atom): Atom {
    return x instanceof Literal ? x : (this.replaced.get(x) ?? x);
  }
  resolveInputs(eqn: Eqn): Eqn {
    return eqn.inputs.some((x) => this.resolve(x) !== x)
      ? { ...eqn, inputs: eqn.inputs.map((x) => this.resolve(x)) }
      : eqn;
  }
  /** The equation that defines `x`, if one does. */
  producer(x: Atom): Eqn | undefined {
    return this.producers.get(x);
  }
  /** How many operands and results `x` is; at least, since what became useless on the way still counts. */
  uses(x: Atom): number {
    const uses = this.usesNow(x);
    if (uses > 1) this.shared.add(x);
    return uses;
  }
  private usesNow(x: Atom): number {
    return this.readers.get(x) ?? 0;
  }
  /**
   * Whether another sweep over what has become of the program might change it. Rules look at what an equation is computed from,
   * which has been swept before it: but for what rules have added on the way, and for uses that there are no more.
   */
  isUnsettled({ jaxpr }: ClosedJaxpr): boolean {
    if (this.unseen || this.shared.size === 0) return this.unseen;
    const uses = usesOf(jaxpr);
    return [...this.shared].some((x) => uses.get(x) === 1);
  }
  /** The data of `x`, if it is known. */
  constant(x: Atom): NDArray | null {
    if (x instanceof Literal) return x.value;
    const value = this.constants.get(x);
    return value instanceof NDArray ? value : null;
  }
  /** An atom for data: written in place if it is a scalar. */
  atomOf(value: NDArray): Atom {
    if (value.ndim === 0 && value.dtype !== "key<fry>") return new Literal(value);
    const v = new Var(value.aval);
    this.constants.set(v, value);
    return v;
  }

  /** The result of one more operation, on the way to what `eqn` becomes. */
  define({ primitive, inputs, params }: Operation, { source, rule }: Eqn): Var {
    const [aval] = primitive.rules.abstract(
      inputs.map((x) => x.aval),
      params,
    );
    const out = new Var(aval!);
    this.count(inputs, 1);
    this.push({
      primitive,
      inputs,
      outputs: [out],
      params,
      effects: [],
      source,
      ...(rule !== undefined && { rule }),
    });
    return out;
  }
  /** One more equation, to which no rule is applied in this sweep. */
  push(eqn: Eqn): void {
    this.unseen = true;
    this.settle(eqn);
  }
  /** An equation that no rule changes. */
  settle(eqn: Eqn): void {
    this.eqns.push(eqn);
    for (const v of eqn.outputs) this.producers.set(v, eqn);
  }
  /** The equation reads other operands. */
  exchange(before: readonly Atom[], after: readonly Atom[]): void {
    this.count(before, -1);
    this.count(after, 1);
  }
  /** The equation is gone: who reads its outputs reads `atoms`. */
  replace({ inputs, outputs }: Eqn, atoms: readonly Atom[]): void {
    this.count(inputs, -1);
    outputs.forEach((v, i) => {
      this.replaced.set(v, atoms[i]!);
      this.count([atoms[i]!], this.usesNow(v));
    });
  }

  close({ jaxpr }: ClosedJaxpr): ClosedJaxpr {
    const outvars = jaxpr.outvars.map((x) => this.resolve(x));
    const constvars = [...this.constants.keys()] as Var[];
    return new ClosedJaxpr(
      { constvars, invars: jaxpr.invars, eqns: this.eqns, outvars, effects: effectsOf(this.eqns) },
      [...this.constants.values()],
    );
  }
}

const isAtoms = (result: readonly Atom[] | Operation): result is readonly Atom[] => Array.isArray(result);

/** Whether the outputs keep their avals: other shapes, dtypes or weakness would change what is computed from them. */
export function fits(result: readonly Atom[] | Operation, { outputs }: Eqn): boolean {
  const avals: readonly Aval[] = isAtoms(result)
    ? result.map((x) => x.aval)
    : result.primitive.rules.abstract(
        result.inputs.map((x) => x.aval),
        result.params,
      );
  return avals.length === outputs.length && avals.every((aval, i) => sameAval(aval, outputs[i]!.aval));
}

/** What the first rule that applies makes of an equation. */
function applyFirst(eqn: Eqn, rules: readonly Rule[], program: Program): readonly Atom[] | Operation | null {
  for (const rule of rules) {
    const result = rule(eqn, program);
    if (result !== null && fits(result, eqn)) return result;
  }
  return null;
}

/**
 * One sweep over a program, applying to each equation the first rule that changes it, until none does. Returns `closed`
 * itself when nothing changed. Linear, if each rule is of constant cost and makes less of what it changes.
 */
export const rewrite = (closed: ClosedJaxpr, rules: readonly Rule[]): ClosedJaxpr =>
  sweep(closed, new Program(closed), rules) ?? closed;

/** As `rewrite`, until no sweep changes anything, or `most` have; what is computed for nothing is gone after each. */
export function rewriteAll(
  closed: ClosedJaxpr,
  rules: () => readonly Rule[],
  most: number,
  clean: (closed: ClosedJaxpr) => ClosedJaxpr,
): ClosedJaxpr {
  let current = closed;
  for (let count = 0; count < most; count++) {
    const program = new Program(current);
    const next = sweep(current, program, rules());
    if (next === null) return current;
    current = clean(next);
    if (!program.isUnsettled(current)) return current;
  }
  return current;
}

function sweep(closed: ClosedJaxpr, program: Program, rules: readonly Rule[]): ClosedJaxpr | null {
  let changed = false;
  for (const original of closed.jaxpr.eqns) {
    let eqn = program.resolveInputs(original);
    let result = applyFirst(eqn, rules, program);
    for (; result !== null && !isAtoms(result); result = applyFirst(eqn, rules, program)) {
      changed = true;
      program.exchange(eqn.inputs, result.inputs);
      eqn = { ...eqn, ...result };
    }
    if (result === null) program.settle(eqn);
    else {
      changed = true;
      program.replace(eqn, result);
    }
  }
  return changed ? program.close(closed) : null;
}
