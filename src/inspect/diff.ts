import { checkProgram } from "../core/check.ts";
import { type Atom, ClosedJaxpr, type Eqn, Literal, type Var } from "../core/jaxpr.ts";
import { printEquations, printJaxpr } from "../core/print.ts";
import { pythonScalar, pythonValue } from "../core/python-text.ts";
import { showSource } from "../core/source.ts";
import { type Aval, sameAval, showAval, type Value } from "../core/value.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** An equation of one of two programs, or of both. */
export interface DiffEntry {
  readonly change: "kept" | "removed" | "added";
  /** Its text; variables that hold the same value in both programs are called the same. */
  readonly text: string;
  readonly primitive: string;
  /** Where in the user's source it comes from. */
  readonly source: string | undefined;
  /** The rule of an array type that wrote it. */
  readonly rule: string | undefined;
}

const marks = { kept: " ", removed: "-", added: "+" } as const;

/** What became of the equations of a program. */
export class Diff {
  constructor(readonly entries: readonly DiffEntry[]) {}

  /** The number of equations that were kept, removed or added. */
  count(change: DiffEntry["change"]): number {
    return this.entries.filter((entry) => entry.change === change).length;
  }

  /** A line for each equation: `-` removed, `+` added, with the rule and the line that an added one comes from. */
  toString(): string {
    const lines = this.entries.map(({ change, text, rule, source }) => {
      const origin = [rule, source].filter((part) => part !== undefined).join(" at ");
      const line = `${marks[change]} ${text.replace(/\s+/g, " ")}`;
      return change === "added" && origin !== "" ? `${line}  # ${origin}` : line;
    });
    const counts = (["kept", "removed", "added"] as const).map((change) => `${this.count(change)} ${change}`);
    return [...lines, counts.join(", ")].join("\n");
  }
  [inspectSymbol](): string {
    return this.toString();
  }
}

/** Numbers values: equal numbers are equal values, in either program. */
class Numbering {
  private readonly known = new Map<string, number>();
  private readonly constants = new Map<Value, number>();
  private readonly texts = new Map<unknown, string>();
  private fresh = 0;

  next(): number {
    return this.fresh++;
  }
  private of(key: string): number {
    let n = this.known.get(key);
    if (n === undefined) this.known.set(key, (n = this.next()));
    return n;
  }

  /** Of the equations of a program, in order, and of its variables. */
  program({ jaxpr, consts }: ClosedJaxpr, inputs: readonly number[]) {
    const numbers = new Map<Var, number>();
    jaxpr.constvars.forEach((v, i) => {
      const known = this.constants.get(consts[i]!) ?? this.next();
      this.constants.set(consts[i]!, known);
      numbers.set(v, known);
    });
    jaxpr.invars.forEach((v, i) => numbers.set(v, inputs[i]!));
    const atom = (x: Atom): number =>
      x instanceof Literal
        ? this.of(`${pythonScalar(x.value)}:${showAval(x.aval)}${x.aval.weak ? "~" : ""}`)
        : numbers.get(x)!;
    const eqns = jaxpr.eqns.map((eqn) => {
      const n = this.of(`${this.operation(eqn)} ${eqn.inputs.map(atom).join(" ")}`);
      eqn.outputs.forEach((v, i) => numbers.set(v, this.of(`${n}.${i}`)));
      return n;
    });
    return { eqns, numbers };
  }

  private operation({ primitive, params, effects }: Eqn): string {
    const shown = Object.entries(params).map(([name, value]) => `${name}=${this.text(value)}`);
    // What has an effect is done as often as it is said.
    return `${primitive.primitive}[${shown.join(" ")}]${effects.length > 0 ? ` #${this.next()}` : ""}`;
  }
  private text(value: unknown): string {
    if (Array.isArray(value)) return `(${value.map((item) => this.text(item)).join(", ")})`;
    if (!(value instanceof ClosedJaxpr)) return pythonValue(value);
    let text = this.texts.get(value.jaxpr);
    if (text === undefined) this.texts.set(value.jaxpr, (text = printJaxpr(value)));
    return text;
  }
}

/** Numbers for the inputs of both: they are the same from left to right where their avals are. */
function inputNumbers(before: readonly Aval[], after: readonly Aval[], numbering: Numbering) {
  const second = after.map(() => numbering.next());
  let next = 0;
  const first = before.map((aval) => {
    const at = after.findIndex((other, i) => i >= next && sameAval(other, aval));
    if (at < 0) return numbering.next();
    next = at + 1;
    return second[at]!;
  });
  return [first, second] as const;
}

/**
 * Which equations of `before` are still in `after`, which are gone and which are new. Equations are the same where they do
 * the same to the same values; their order does not matter.
 *
 * @example
 * const { traced, quaxified } = inspect.stages(f)(w, x);
 * console.log(String(inspect.diff(traced, quaxified)));
 */
export function diff(before: ClosedJaxpr, after: ClosedJaxpr): Diff {
  checkProgram(before, "diff");
  checkProgram(after, "diff");
  const numbering = new Numbering();
  const [firstInputs, secondInputs] = inputNumbers(before.inAvals, after.inAvals, numbering);
  const second = numbering.program(after, secondInputs);
  const first = numbering.program(before, firstInputs);

  const places = new Map<number, number[]>();
  first.eqns.forEach((n, at) => places.set(n, [...(places.get(n) ?? []), at]));
  /** For each equation of `after`, where it was in `before`. */
  const origins = second.eqns.map((n) => places.get(n)?.shift());
  const kept = new Set(origins);
  const merged: Merged[] = [];
  let next = 0;
  /** What was removed ahead of a place in `before`. */
  const removeUntil = (end: number): void => {
    for (; next < end; next++)
      if (!kept.has(next)) merged.push({ change: "removed", eqn: before.jaxpr.eqns[next]! });
  };
  after.jaxpr.eqns.forEach((eqn, i) => {
    const origin = origins[i];
    if (origin !== undefined) removeUntil(origin);
    merged.push({ change: origin === undefined ? "added" : "kept", eqn });
  });
  removeUntil(first.eqns.length);
  return new Diff(entriesOf(merged, before, after, first.numbers, second.numbers));
}

interface Merged {
  readonly change: DiffEntry["change"];
  readonly eqn: Eqn;
}

/** The texts of the equations of both programs, as of one program. */
function entriesOf(
  merged: readonly Merged[],
  before: ClosedJaxpr,
  after: ClosedJaxpr,
  first: ReadonlyMap<Var, number>,
  second: ReadonlyMap<Var, number>,
): DiffEntry[] {
  const variables = new Map([...second].map(([v, n]) => [n, v]));
  const same = (x: Atom): Atom => (x instanceof Literal ? x : (variables.get(first.get(x) ?? -1) ?? x));
  const eqns = merged.map(({ change, eqn }) =>
    change === "removed" ? { ...eqn, inputs: eqn.inputs.map(same) } : eqn,
  );
  const both = new ClosedJaxpr(
    {
      constvars: [...after.jaxpr.constvars, ...before.jaxpr.constvars.filter((v) => same(v) === v)],
      invars: [...after.jaxpr.invars, ...before.jaxpr.invars.filter((v) => same(v) === v)],
      eqns,
      // Each result has a name, also one that only the other program reads.
      outvars: eqns.flatMap((eqn) => eqn.outputs),
      effects: [],
    },
    [],
  );
  const texts = printEquations(both);
  return merged.map(({ change, eqn }, i) => ({
    change,
    text: texts[i]!,
    primitive: eqn.primitive.primitive,
    source: showSource(eqn.source),
    rule: eqn.rule,
  }));
}
