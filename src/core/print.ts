import { ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Atom, type Var } from "./jaxpr.ts";
import { Layout } from "./layout.ts";
import { pythonScalar, pythonValue, snakeCase } from "./python-text.ts";
import { showAval } from "./value.ts";

// The text is that of JAX 0.10: jax/_src/core.py, pp_toplevel_jaxpr.

/** A jaxpr with more equations is written once, ahead of the program, even if it is used once. */
const INLINE_EQUATIONS = 10;
/** Primitives whose params name the jaxpr that they call; its variables are called as those of the caller. */
const calls: ReadonlySet<string> = new Set(["jit"]);

/** What prints as `[name=value …]`, in order: alphabetic, but the name of a function ahead of its program. */
function shownParams({ primitive, params, inputs }: Eqn): [name: string, value: unknown][] {
  const { params: kinds, alsoShow } = primitive.rules;
  const operands = inputs.map((x) => x.aval);
  const own = Object.entries(kinds).map(([name, kind]): [string, unknown] => {
    const value = (params as Readonly<Record<string, unknown>>)[name];
    return [snakeCase(name), value === undefined ? undefined : kind.write(value)];
  });
  const entries = [...own, ...Object.entries(alsoShow?.(params, operands) ?? {})]
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const name = entries.findIndex(([key]) => key === "name");
  if (name > 0 && entries.some(([, value]) => value instanceof ClosedJaxpr))
    entries.unshift(...entries.splice(name, 1));
  return entries;
}

const jaxprsOf = (entries: readonly (readonly [string, unknown])[]): Jaxpr[] =>
  entries.flatMap(([, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((item) =>
      item instanceof ClosedJaxpr ? [item.jaxpr] : [],
    ),
  );

/** 0, 1, … as a, b, …, z, ba, bb, … */
function alphabetic(n: number): string {
  let text = "";
  do {
    text = String.fromCharCode(97 + (n % 26)) + text;
    n = Math.floor(n / 26);
  } while (n > 0);
  return text;
}

/**
 * Whether a result of a program, asked for from left to right, is one that nothing else reads and that is defined after
 * those before it: so that of several that are called `_` one knows which is which.
 */
function inOrder({ eqns, outvars }: Jaxpr): (v: Var) => boolean {
  const read = new Set<Atom>(eqns.flatMap(({ inputs }) => inputs));
  const place = new Map(eqns.flatMap(({ outputs }) => outputs).map((v, at) => [v, at]));
  const once = new Set<Atom>();
  const twice = new Set<Atom>();
  for (const x of outvars) (once.has(x) ? twice : once).add(x);
  let next = 0;
  return (v) => {
    const at = place.get(v) ?? -1;
    if (at < next || read.has(v) || twice.has(v)) return false;
    next = at + 1;
    return true;
  };
}

/** A part of the text whose parts may be programs in turn: yields them, so that nesting costs no stack. */
type Part = Generator<Part, void>;

function write(part: Part): void {
  const stack = [part];
  while (stack.length > 0) {
    const { value, done } = stack.at(-1)!.next();
    if (done) stack.pop();
    else stack.push(value);
  }
}

/** Writes one program: knows what its variables are called, and which of its inner programs are written ahead. */
class Printer {
  private readonly names = new Map<Var, string>();
  private readonly definedIn = new Map<Var, Jaxpr>();
  private readonly written = new Set<Jaxpr>();
  private readonly shared = new Map<Jaxpr, string>();
  private readonly sharedNames = new Set<string>();
  private readonly params = new Map<Eqn, [name: string, value: unknown][]>();
  private fresh = 0;
  private layout = new Layout();

  constructor(private readonly program: Jaxpr) {
    this.nameUnused();
    this.findShared();
  }

  /** JAX writes `_` for what no one reads, of the outermost program only. */
  private nameUnused(): void {
    const used = new Set<Atom>(this.program.outvars);
    for (const { inputs, outputs } of this.program.eqns.toReversed()) {
      for (const v of outputs) if (!used.has(v)) this.names.set(v, "_");
      for (const x of inputs) used.add(x);
    }
  }

  private findShared(): void {
    const uses = new Map<Jaxpr, number>();
    const called = new Map<Jaxpr, string>();
    const queue = [this.program];
    for (let i = 0; i < queue.length; i++) {
      const jaxpr = queue[i]!;
      const count = (uses.get(jaxpr) ?? 0) + 1;
      uses.set(jaxpr, count);
      // What a jaxpr holds is used as often as itself, and that it is more than once is all that matters.
      if (count > 2) continue;
      for (const eqn of jaxpr.eqns) {
        const entries = this.paramsOf(eqn);
        const inner = jaxprsOf(entries);
        queue.push(...inner);
        const [, name] = entries.find(([key]) => key === "name") ?? [];
        if (!calls.has(eqn.primitive.primitive) || typeof name !== "string") continue;
        for (const callee of inner)
          if (!called.has(callee)) called.set(callee, name.replace(/^[<>]+|[<>]+$/g, ""));
      }
    }
    const taken = new Map<string, number>();
    for (const [jaxpr, count] of uses) {
      if (jaxpr === this.program || (count < 2 && jaxpr.eqns.length <= INLINE_EQUATIONS)) continue;
      let name = called.get(jaxpr) ?? "jaxpr";
      const before = taken.get(name) ?? 0;
      taken.set(name, before + 1);
      if (before > 0) {
        name += String(before);
        taken.set(name, (taken.get(name) ?? 0) + 1);
      }
      this.shared.set(jaxpr, name);
      this.sharedNames.add(name);
    }
  }

  private paramsOf(eqn: Eqn): [name: string, value: unknown][] {
    let entries = this.params.get(eqn);
    if (entries === undefined) this.params.set(eqn, (entries = shownParams(eqn)));
    return entries;
  }

  private name(v: Var): string {
    let name = this.names.get(v);
    if (name === undefined) {
      do name = alphabetic(this.fresh++);
      while (this.sharedNames.has(name));
      this.names.set(v, name);
    }
    return name;
  }

  /** Variables that a program has in common with one that is written already are others there: they get names anew. */
  private define(jaxpr: Jaxpr): void {
    const outputs = jaxpr.eqns.flatMap((eqn) => eqn.outputs);
    for (const v of [...jaxpr.constvars, ...jaxpr.invars, ...outputs]) {
      const before = this.definedIn.get(v);
      if (before === jaxpr) return;
      if (before && this.written.has(before)) this.names.delete(v);
      this.definedIn.set(v, jaxpr);
    }
  }

  private atom(x: Atom): string {
    return x instanceof Literal ? `${pythonScalar(x.value)}:${showAval(x.aval)}` : this.name(x);
  }

  /** Atoms with breaks between them; binders with their avals. */
  private atoms(atoms: readonly Atom[], separator = "", binders = false): void {
    const { layout } = this;
    layout.nest();
    layout.startGroup();
    atoms.forEach((x, i) => {
      if (i > 0) {
        layout.text(separator);
        layout.startGroup();
        layout.break();
        layout.endGroup();
      }
      layout.text(binders ? `${this.atom(x)}:${showAval(x.aval)}` : this.atom(x));
    });
    layout.endGroup();
    layout.endNest();
  }

  private header({ constvars, invars }: Jaxpr): void {
    this.layout.text("{ lambda ");
    this.atoms(constvars, "", true);
    this.layout.text("; ");
    this.atoms(invars, "", true);
    this.layout.text(". let");
  }

  private *body(jaxpr: Jaxpr): Part {
    const { layout } = this;
    this.define(jaxpr);
    layout.startGroup();
    layout.nest();
    this.header(jaxpr);
    layout.nest();
    layout.break();
    for (let i = 0; i < jaxpr.eqns.length; i++) {
      if (i > 0) layout.break("; ");
      yield* this.equation(jaxpr.eqns[i]!);
    }
    layout.endNest();
    layout.break();
    layout.text("in (");
    this.atoms(jaxpr.outvars, ",");
    layout.text(jaxpr.outvars.length === 1 ? ",)" : ")");
    layout.endNest();
    layout.text(" }");
    layout.endGroup();
    this.written.add(jaxpr);
  }

  private *inner(jaxpr: Jaxpr): Part {
    const name = this.shared.get(jaxpr);
    if (name === undefined) yield this.body(jaxpr);
    else this.layout.text(name);
  }

  private *equation(eqn: Eqn): Part {
    const entries = this.paramsOf(eqn);
    if (calls.has(eqn.primitive.primitive)) {
      for (const callee of jaxprsOf(entries)) {
        if (this.shared.has(callee)) continue;
        this.define(callee);
        this.alias(callee.invars, eqn.inputs);
        this.alias(callee.outvars, eqn.outputs, inOrder(callee));
      }
    }
    if (eqn.outputs.length > 0) {
      this.atoms(eqn.outputs, "", true);
      this.layout.text(" = ");
    }
    this.layout.text(eqn.primitive.primitive);
    if (entries.length > 0)
      yield* this.bracket(
        "[",
        entries.map(
          ([name, value]) =>
            () =>
              this.param(name, value),
        ),
        "]",
      );
    this.layout.text(" ");
    this.atoms(eqn.inputs);
  }

  private *bracket(open: string, items: readonly (() => Part)[], close: string): Part {
    const { layout } = this;
    layout.startGroup();
    layout.nest();
    layout.text(open);
    layout.break("");
    for (let i = 0; i < items.length; i++) {
      if (i > 0) layout.break();
      yield* items[i]!();
    }
    layout.endNest();
    layout.break("");
    layout.text(close);
    layout.endGroup();
  }

  private *param(name: string, value: unknown): Part {
    this.layout.text(`${name}=`);
    if (value instanceof ClosedJaxpr) yield* this.inner(value.jaxpr);
    else if (Array.isArray(value) && value.every((item) => item instanceof ClosedJaxpr)) {
      yield* this.bracket(
        "(",
        value.map(
          ({ jaxpr }: ClosedJaxpr) =>
            () =>
              this.inner(jaxpr),
        ),
        ")",
      );
    } else this.layout.text(pythonValue(value));
  }

  /**
   * Calls variables that have no name yet as others are called, each name once. `_` names several: only what `unnamed`
   * allows is called so, where JAX does not care.
   */
  private alias(
    variables: readonly Atom[],
    like: readonly Atom[],
    unnamed: (v: Var) => boolean = () => false,
  ): void {
    if (variables.length !== like.length) return;
    const used = new Set<Atom>();
    variables.forEach((v, i) => {
      const other = like[i]!;
      if (v instanceof Literal || other instanceof Literal || used.has(other) || this.names.has(v)) return;
      used.add(other);
      const name = this.name(other);
      if (name !== "_" || unnamed(v)) this.names.set(v, name);
    });
  }

  private writeShared(): void {
    for (const [jaxpr, name] of this.shared) {
      this.layout.text(`let ${name} = `);
      write(this.body(jaxpr));
      this.layout.text(" in");
      this.layout.break();
    }
  }

  text(): string {
    this.writeShared();
    write(this.body(this.program));
    return this.layout.toString();
  }

  /** The text of each equation of the program by itself. */
  equations(): string[] {
    this.writeShared();
    this.header(this.program);
    return this.program.eqns.map((eqn) => this.single(eqn));
  }
  single(eqn: Eqn): string {
    this.layout = new Layout();
    write(this.equation(eqn));
    return this.layout.toString().trimEnd();
  }

  /** What a variable is called, of this program or of one that it holds. */
  called(v: Var): string {
    return this.name(v);
  }
}

/**
 * A program as text, as `str(jax.make_jaxpr(f)(…))` writes it.
 *
 * @example
 * printJaxpr(makeJaxpr((x) => np.sin(x))(1.5)); // { lambda ; a:f32[]. let b:f32[] = sin a in (b,) }
 */
export const printJaxpr = ({ jaxpr }: ClosedJaxpr): string => new Printer(jaxpr).text();

/** The text of each equation, its variables called as `printJaxpr` calls them. */
export const printEquations = ({ jaxpr }: ClosedJaxpr): string[] => new Printer(jaxpr).equations();

/** Names and equations of a program, and of those that it holds, as `printJaxpr` writes them. */
export interface ProgramNames {
  name(variable: Var): string;
  equation(eqn: Eqn): string;
}
/** The names in the text of a program. */
export function printNames({ jaxpr }: ClosedJaxpr): ProgramNames {
  const printer = new Printer(jaxpr);
  printer.text();
  return { name: (variable) => printer.called(variable), equation: (eqn) => printer.single(eqn) };
}
