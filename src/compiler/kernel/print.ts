import type { Local, Routine, Statement, Term } from "./statement.ts";

const infix: Readonly<Record<string, string>> = {
  add: "+", sub: "-", mul: "*", div: "/", and: "&", or: "|", xor: "^", shl: "<<", shr_s: ">>", shr_u: ">>>",
  eq: "==", ne: "!=", lt: "<", le: "<=", lt_s: "<", le_s: "<=",
}; // prettier-ignore

/** A routine as text: locals by their types and numbers, memory as `name[byte address]`, lanes after the type of an element. */
export function printRoutine(routine: Routine): string {
  return new Printer(routine).text();
}

class Printer {
  private readonly names = new Map<Local, string>();
  private readonly lines: string[] = [];

  constructor(private readonly routine: Routine) {
    this.names.set(routine.begin, "begin").set(routine.end, "end");
  }

  text(): string {
    const { name, steps, align } = this.routine;
    const cut = steps > 1 ? ` // ${steps} steps, in parts of ${align}` : "";
    this.lines.push(`${name}(begin, end) {${cut}`);
    this.block(this.routine.body, "  ");
    this.lines.push("}");
    return this.lines.join("\n");
  }

  private block(statements: readonly Statement[], indent: string): void {
    for (const statement of statements) this.statement(statement, indent);
  }
  private statement(statement: Statement, indent: string): void {
    const line = (text: string): void => void this.lines.push(indent + text);
    switch (statement.kind) {
      case "set":
        return line(`${this.local(statement.local)} = ${this.term(statement.value)}`);
      case "store": {
        const { storage, base, offset, lanes, value } = statement;
        return line(`${this.place(storage, base, offset, lanes)} = ${this.term(value)}`);
      }
      case "if":
        line(`if ${this.term(statement.condition)} {`);
        break;
      case "while":
        line(`while ${statement.conditions.map((x) => this.term(x)).join(" and then ")} {`);
        break;
      case "for": {
        const { counter, from, to, step } = statement;
        line(`for ${this.local(counter)} from ${this.term(from)} to ${this.term(to)} by ${step} {`);
      }
    }
    this.block(statement.body, `${indent}  `);
    line("}");
  }

  private local(local: Local): string {
    let name = this.names.get(local);
    if (name === undefined) {
      const type = local.vector ? `${local.type}x` : local.type;
      this.names.set(local, (name = `${type}_${this.names.size - 2}`));
    }
    return name;
  }
  private place(storage: string, base: Term, offset: number, lanes: number): string {
    const at = offset === 0 ? this.term(base) : `${this.term(base)} + ${offset}`;
    return `${storage}${lanes > 1 ? `x${lanes}` : ""}[${at}]`;
  }
  private term(term: Term): string {
    switch (term.kind) {
      case "local":
      case "copy":
        return this.local(term.local);
      case "const":
        return `${term.value}`;
      case "lanes":
        return `(${term.values.join(", ")})`;
      case "address":
        return `&${term.memory.name}`;
      case "load":
        return this.place(term.storage, term.base, term.offset, term.vector ? term.lanes : 1);
      case "lane":
        return `${this.term(term.arg)}.${term.lane}`;
      case "splat":
      case "any":
      case "reverse":
        return `${term.kind}(${this.term(term.arg)})`;
      case "gather":
        return `(${term.args.map((x) => this.term(x)).join(", ")})`;
      case "shuffle":
        return `shuffle(${term.args.map((x) => this.term(x)).join(", ")}; ${term.order.join(" ")})`;
      case "op": {
        const args = term.args.map((x) => this.term(x));
        const sign = infix[term.op];
        return sign && args.length === 2 ? `(${args.join(` ${sign} `)})` : `${term.op}(${args.join(", ")})`;
      }
    }
  }
}
