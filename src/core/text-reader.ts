import { type DType, dtypeInfo, dtypes } from "./dtype.ts";
import { ParseError } from "./errors.ts";
import { type Aval, avalOf } from "./value.ts";

// What the text of a jaxpr says, before names are looked up: the grammar of core/print.ts. Numbers `at` are offsets.

export interface BinderText {
  readonly at: number;
  readonly name: string;
  readonly aval: Aval;
}
/** A variable, or a literal with its aval. */
export interface AtomText {
  readonly at: number;
  readonly text: string;
  readonly aval: Aval | null;
}
export interface EquationText {
  /** Where the primitive's name is. */
  readonly at: number;
  readonly outputs: readonly BinderText[];
  readonly primitive: string;
  readonly params: ReadonlyMap<string, ValueText>;
  readonly inputs: readonly AtomText[];
}
export interface ProgramText {
  readonly at: number;
  readonly constvars: readonly BinderText[];
  readonly invars: readonly BinderText[];
  readonly eqns: readonly EquationText[];
  readonly outvars: readonly AtomText[];
}
/** The value of a param. */
export type ValueText = { readonly at: number } & (
  | { readonly word: string }
  | { readonly items: readonly ValueText[] }
  | { readonly tuple: string; readonly fields: ReadonlyMap<string, ValueText> }
  | { readonly program: ProgramText }
);
export interface DocumentText {
  readonly shared: ReadonlyMap<string, ProgramText>;
  readonly program: ProgramText;
}

/** Programs and brackets inside of each other: more is taken for an attack on the stack. */
export const DEPTH = 256;

const dtypeOfShort: ReadonlyMap<string, DType> = new Map(
  dtypes.map((dtype) => [dtypeInfo[dtype].short, dtype]),
);

const space = /\s*/y;
const name = /[A-Za-z_]\w*/y;
/** Primitives have JAX's names: `scatter-add`. */
const primitiveName = /[A-Za-z_][\w-]*/y;
const sharedName = /[^\s[\](){},;='":]+/y;
const sharedPrograms = /^let ([^\s[\](){},;='":]+) = \{/gm;
const avalText = /([a-z]\w*(?:<\w+>)?)\[([\d,]*)\]/y;
/** A word of a param: anything that is not structure, or what Python writes for an object. */
const word = /'[^'\n]*'|<[^<>\n]*>|[^\s[\](){},;='"]+/y;
const literal = /(?:\([^\s()]+\)|[-+.\w]+)(?=:)/y;

/** `3:14`: line and column of an offset, from 1. */
export function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split("\n");
  return `${lines.length}:${lines.at(-1)!.length + 1}`;
}

/** Reads the text of a jaxpr from left to right. */
export class TextReader {
  private at = 0;
  private depth = 0;
  /** Names of programs, which may be used before they are written. */
  private readonly programs: ReadonlySet<string>;

  constructor(private readonly text: string) {
    this.programs = new Set([...text.matchAll(sharedPrograms)].map(([, called]) => called!));
  }

  /** @throws ParseError always: what is at `at`, or where the reader is, is not what was expected. */
  fail(expected: string, at = this.at): never {
    const got = /\S+/.exec(this.text.slice(at, at + 60))?.[0];
    throw new ParseError(
      "parse/syntax",
      "parseJaxpr",
      placeOf(this.text, at),
      `expected ${expected}, got ${got === undefined ? "the end of the text" : `\`${got}\``}`,
    );
  }

  private skip(): number {
    space.lastIndex = this.at;
    space.exec(this.text);
    return (this.at = space.lastIndex);
  }
  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.skip();
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }
  private peek(token: string): boolean {
    return this.text.startsWith(token, this.skip());
  }
  private accept(token: string): boolean {
    const found = this.peek(token);
    if (found) this.at += token.length;
    return found;
  }
  private expect(token: string, where = ""): void {
    if (!this.accept(token)) this.fail(`\`${token}\`${where}`);
  }
  private keyword(token: string): boolean {
    name.lastIndex = this.skip();
    return name.exec(this.text)?.[0] === token;
  }

  /** Whether a program comes, or the name of one. */
  private atProgram(): boolean {
    sharedName.lastIndex = this.skip();
    return this.peek("{") || this.programs.has(sharedName.exec(this.text)?.[0] ?? "");
  }

  private nested<T>(body: () => T): T {
    if (++this.depth > DEPTH) this.fail(`at most ${DEPTH} programs and brackets inside of each other`);
    const value = body();
    this.depth--;
    return value;
  }

  /** `let f = { … } in`, any number of times, then the program, then the end. */
  document(): DocumentText {
    const shared = new Map<string, ProgramText>();
    while (this.keyword("let")) {
      this.expect("let");
      const at = this.skip();
      const [called] = this.match(sharedName) ?? this.fail("the name of a program");
      if (shared.has(called)) this.fail("a name that is not taken", at);
      this.expect("=");
      shared.set(called, this.program());
      this.expect("in", " after a shared program");
    }
    const program = this.program();
    if (this.skip() < this.text.length) this.fail("the end of the text");
    return { shared, program };
  }

  /** Avals with spaces or commas between them, to the end. */
  avals(): Aval[] {
    const avals: Aval[] = [];
    while (this.skip() < this.text.length) {
      avals.push(this.aval());
      this.accept(",");
    }
    return avals;
  }

  private program(): ProgramText {
    return this.nested(() => {
      const at = this.skip();
      this.expect("{");
      this.expect("lambda");
      const constvars = this.binders(";");
      const invars = this.binders(".");
      this.expect("let");
      const eqns: EquationText[] = [];
      while (!this.ends()) {
        if (eqns.length > 0) this.accept(";");
        eqns.push(this.equation());
      }
      this.expect("in");
      const outvars = this.outvars();
      this.expect("}", " at the end of the program");
      return { at, constvars, invars, eqns, outvars };
    });
  }

  /** At `in (`, which ends the equations; a variable may be called `in`. */
  private ends(): boolean {
    return /^in\s*\(/.test(this.text.slice(this.skip(), this.at + 80));
  }

  private aval(): Aval {
    const at = this.skip();
    const found = this.match(avalText) ?? this.fail("an aval such as f32[2,3]");
    const dtype = dtypeOfShort.get(found[1]!) ?? this.fail("a dtype", at);
    const sizes = found[2] === "" ? [] : found[2]!.split(",");
    if (sizes.includes("")) this.fail("a shape", at);
    return avalOf(sizes.map(Number), dtype);
  }

  private binders(end: string): BinderText[] {
    const binders: BinderText[] = [];
    while (!this.accept(end)) {
      const at = this.skip();
      const [called] = this.match(name) ?? this.fail(`a variable with its aval, or \`${end}\``);
      this.expect(":", " and the aval of the variable");
      binders.push({ at, name: called, aval: this.aval() });
    }
    return binders;
  }

  private atom(): AtomText {
    const at = this.skip();
    const number = this.match(literal);
    if (number) {
      this.expect(":");
      return { at, text: number[0], aval: this.aval() };
    }
    const [text] = this.match(name) ?? this.fail("a variable, or a literal with its aval");
    return { at, text, aval: null };
  }

  private outvars(): AtomText[] {
    const atoms: AtomText[] = [];
    this.expect("(", " before the results");
    while (!this.accept(")")) {
      if (atoms.length > 0) this.expect(",", " or `)` after a result");
      if (atoms.length === 1 && this.accept(")")) break;
      atoms.push(this.atom());
    }
    return atoms;
  }

  private equation(): EquationText {
    const start = this.skip();
    const outputs = this.hasOutputs() ? this.binders("=") : [];
    const at = this.skip();
    const [primitive] = this.match(primitiveName) ?? this.fail("the name of a primitive");
    const params = this.text[this.at] === "[" ? this.params() : new Map<string, ValueText>();
    const inputs: AtomText[] = [];
    while (!this.endsEquation(start)) inputs.push(this.atom());
    return { at, outputs, primitive, params, inputs };
  }

  /** Only an equation that is there for its effect has no outputs: then it starts with the primitive. */
  private hasOutputs(): boolean {
    const at = this.skip();
    const found = this.match(name);
    const has = found !== null && this.text[this.at] === ":";
    this.at = at;
    return has;
  }

  /** At `;`, at `in (`, or on a new line that starts no further right than the equation did. */
  private endsEquation(start: number): boolean {
    const from = this.at;
    this.skip();
    if (this.at >= this.text.length || this.peek(";") || this.peek("}") || this.ends()) return true;
    const newline = this.text.slice(from, this.at).lastIndexOf("\n");
    if (newline < 0) return false;
    return this.at - (from + newline) <= start - this.text.lastIndexOf("\n", start - 1);
  }

  private params(): Map<string, ValueText> {
    const params = new Map<string, ValueText>();
    this.expect("[");
    while (!this.accept("]")) this.entry(params, "the name of a param, or `]`");
    return params;
  }

  /** `name=value`. */
  private entry(entries: Map<string, ValueText>, expected: string): void {
    const at = this.skip();
    const [key] = this.match(name) ?? this.fail(expected);
    if (entries.has(key)) this.fail("a param that is not given yet", at);
    this.expect("=");
    entries.set(key, this.value());
  }

  private value(): ValueText {
    return this.nested(() => {
      const at = this.skip();
      if (this.peek("{")) return { at, program: this.program() };
      if (this.accept("(")) return { at, items: this.items(")") };
      if (this.accept("[")) return { at, items: this.items("]") };
      const [found] = this.match(word) ?? this.fail("a value");
      if (this.text[this.at] !== "(") return { at, word: found };
      this.expect("(");
      // A set of Python's: frozenset({'a', 'b'}).
      if (this.accept("{")) {
        const items = this.items("}");
        this.expect(")");
        return { at, items };
      }
      const fields = new Map<string, ValueText>();
      while (!this.accept(")")) {
        if (fields.size > 0) this.expect(",", " or `)` after a field");
        this.entry(fields, "the name of a field");
      }
      return { at, tuple: found, fields };
    });
  }

  /** Values with commas between them, programs without. */
  private items(end: string): ValueText[] {
    const items: ValueText[] = [];
    while (!this.accept(end)) {
      if (items.length > 0 && !this.accept(",") && !this.atProgram())
        this.fail(`\`,\` or \`${end}\` after an entry`);
      if (this.accept(end)) break;
      items.push(this.value());
    }
    return items;
  }
}
