/** An equation of a jaxpr's text, calls inlined: what is compared where JAX's text need not be ours to the letter. */
export interface TextEqn {
  readonly outputs: readonly string[];
  readonly primitive: string;
  readonly params: string;
  readonly inputs: readonly string[];
}
export interface TextJaxpr {
  readonly invars: readonly string[];
  readonly eqns: readonly TextEqn[];
  readonly outvars: readonly string[];
}
interface RawEqn {
  outputs: string[];
  primitive: string;
  params: Map<string, string | RawJaxpr>;
  inputs: string[];
}
interface RawJaxpr {
  invars: string[];
  eqns: RawEqn[];
  outvars: string[];
}

/** Reads the text of one jaxpr, with the shared ones that `let` names before it. */
class Reader {
  private at = 0;
  private readonly shared = new Map<string, RawJaxpr>();
  constructor(private readonly text: string) {}

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }
  private peek(token: string): boolean {
    this.space();
    return this.text.startsWith(token, this.at);
  }
  private take(token: string): void {
    if (!this.peek(token)) throw new Error(`expected ${token} at ${this.text.slice(this.at, this.at + 40)}`);
    this.at += token.length;
  }
  private match(pattern: RegExp): string {
    this.space();
    const found = new RegExp(pattern.source, "y");
    found.lastIndex = this.at;
    const [word] = found.exec(this.text) ?? [];
    if (word === undefined)
      throw new Error(`expected ${pattern} at ${this.text.slice(this.at, this.at + 40)}`);
    this.at += word.length;
    return word;
  }

  program(): RawJaxpr {
    while (/^\s*let \w+ = \{/.test(this.text.slice(this.at))) {
      this.take("let");
      const name = this.match(/\w+/);
      this.take("=");
      this.shared.set(name, this.jaxpr());
      this.take("in");
    }
    return this.jaxpr();
  }

  private binders(end: string): string[] {
    const names: string[] = [];
    while (!this.peek(end)) names.push(this.match(/[\w]+:[\w<>]+\[[\d,]*\]/).split(":")[0]!);
    this.take(end);
    return names;
  }

  private atoms(stop: () => boolean): string[] {
    const atoms: string[] = [];
    while (!stop()) atoms.push(literal(this.match(/-?[\w.+]+(?:[eE][-+]\d+)?(?::[\w<>]+\[[\d,]*\])?/)));
    return atoms;
  }

  private jaxpr(): RawJaxpr {
    this.take("{");
    this.take("lambda");
    const constvars = this.binders(";");
    const invars = [...constvars, ...this.binders(".")];
    this.take("let");
    const eqns: RawEqn[] = [];
    while (!this.peek("in (")) {
      eqns.push(this.equation());
      if (this.peek(";")) this.take(";"); // equations on one line
    }
    this.take("in");
    this.take("(");
    const outvars: string[] = [];
    while (!this.peek(")")) {
      outvars.push(literal(this.match(/[^\s,)]+/)));
      if (this.peek(",")) this.take(",");
    }
    this.take(")");
    this.take("}");
    return { invars, eqns, outvars };
  }

  private equation(): RawEqn {
    const outputs = this.binders("=");
    const primitive = this.match(/[\w-]+/);
    const params = new Map<string, string | RawJaxpr>();
    if (this.peek("[")) {
      this.take("[");
      while (!this.peek("]")) {
        const key = this.match(/\w+/);
        this.take("=");
        params.set(key, this.value());
      }
      this.take("]");
    }
    // The next equation starts with its binders, `name:type`; the end is `in (`.
    const stop = () =>
      this.peek("in (") ||
      this.peek(";") ||
      /^\s*(?:[a-z_]+:[\w<>]+\[[\d,]*\]\s*)+=/.test(this.text.slice(this.at, this.at + 400));
    return { outputs, primitive, params, inputs: this.atoms(stop) };
  }

  private value(): string | RawJaxpr {
    if (this.peek("{")) return this.jaxpr();
    this.space();
    const start = this.at;
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at]!;
      if ("([{".includes(c)) depth++;
      else if (")]}".includes(c)) {
        if (depth === 0) break;
        depth--;
      } else if (/\s/.test(c) && depth === 0) break;
    }
    const word = this.text.slice(start, this.at);
    return this.shared.get(word) ?? word.replace(/np\.int64\((-?\d+)\)/g, "$1").replace(/\s+/g, " ");
  }
}

/** `1.0:f32[]`, `1:i32[]` and `1.0` are one number; a variable is its name. */
function literal(atom: string): string {
  const value = atom.split(":")[0]!;
  return /^[a-z_]+$/.test(value) && !["nan", "inf", "True", "False"].includes(value)
    ? value
    : `#${Number.isNaN(Number(value)) ? value : Number(value)}`;
}

const calls: Record<string, string> = {
  jit: "jaxpr",
  custom_jvp_call: "call_jaxpr",
  custom_vjp_call: "call_jaxpr",
};
const commutative = new Set(["mul", "add_any", "add", "max", "min", "and", "or", "eq"]);

/** The live equations with calls inlined, variables renamed by first use, operands of commutative primitives sorted. */
export function normalise(text: string): TextJaxpr {
  const raw = new Reader(text).program();
  let fresh = 0;
  const flat: TextEqn[] = [];
  const inlineInto = (jaxpr: RawJaxpr, inputs: readonly string[]): string[] => {
    const names = new Map(jaxpr.invars.map((v, i) => [v, inputs[i]!]));
    const read = (atom: string) => (atom.startsWith("#") ? atom : names.get(atom)!);
    for (const { outputs, primitive, params, inputs } of jaxpr.eqns) {
      const body = params.get(calls[primitive] ?? "");
      const operands = inputs.map(read);
      if (typeof body === "object") {
        inlineInto(body, operands).forEach((out, i) => names.set(outputs[i]!, out));
        continue;
      }
      // What JAX does only to give a literal its strong type, or inside helpers: no arithmetic.
      const idle =
        primitive === "stop_gradient" ||
        primitive === "copy" ||
        (primitive === "convert_element_type" && operands[0]!.startsWith("#"));
      if (idle) {
        names.set(outputs[0]!, operands[0]!);
        continue;
      }
      const results = outputs.map(() => `v${fresh++}`);
      outputs.forEach((v, i) => names.set(v, results[i]!));
      const shown = [...params]
        .map(([key, value]) => `${key}=${typeof value === "string" ? value : "{…}"}`)
        .toSorted()
        .join(" ");
      flat.push({ outputs: results, primitive, params: shown, inputs: operands });
    }
    return jaxpr.outvars.map(read);
  };
  const invars = raw.invars.map(() => `v${fresh++}`);
  return rename(prune(flat, inlineInto(raw, invars)), invars);
}

function prune(
  eqns: readonly TextEqn[],
  outvars: readonly string[],
): { eqns: TextEqn[]; outvars: readonly string[] } {
  const live = new Set(outvars);
  const kept = eqns.toReversed().filter((eqn) => {
    const needed = eqn.outputs.some((v) => live.has(v));
    if (needed) for (const x of eqn.inputs) live.add(x);
    return needed;
  });
  return { eqns: kept.reverse(), outvars };
}

function rename(
  { eqns, outvars }: { eqns: TextEqn[]; outvars: readonly string[] },
  invars: readonly string[],
): TextJaxpr {
  const names = new Map<string, string>();
  const name = (v: string) => {
    if (v.startsWith("#")) return v;
    if (!names.has(v)) names.set(v, `x${names.size}`);
    return names.get(v)!;
  };
  const inputs = invars.map(name);
  const renamed = eqns.map(({ outputs, primitive, params, inputs }) => {
    const operands = inputs.map(name);
    return {
      primitive,
      params,
      inputs: commutative.has(primitive) ? operands.toSorted() : operands,
      outputs: outputs.map(name),
    };
  });
  return { invars: inputs, eqns: renamed, outvars: outvars.map(name) };
}
