import type { Affine } from "./affine.ts";
import type { Expr, Loop, Memory } from "./expression.ts";
import { type Nest, operandsOf, rootsOf } from "./nest.ts";

/** What a nest does, whichever memories it does it to. */
export interface Content {
  /** Equal for nests that do the same to other memories. */
  readonly text: string;
  /** The memories, in the order in which the text numbers them. */
  readonly memories: readonly Memory[];
}

/** What a nest does, written down with numbers in place of its loops, memories and expressions. */
export function contentOf(nest: Nest): Content {
  return new Writer().content(nest);
}

class Writer {
  private readonly loops = new Map<Loop, number>();
  private readonly memories = new Map<Memory, number>();
  private readonly exprs = new Map<Expr, number>();
  private text = "";

  content({ stores, sequential, shared }: Nest): Content {
    for (const store of stores) {
      const { loops, memory, address, value, when, pass } = store;
      for (const root of [...rootsOf(store), ...(pass ? [pass] : [])]) this.write(root);
      this.text += `${this.loopsOf(loops)}:${this.memory(memory)}@${this.affine(address)}=${this.of(value)}`;
      this.text += `${when ? `?${this.of(when)}` : ""}${pass ? `!${this.of(pass)}` : ""};`;
    }
    const sizes = [...this.loops.keys()].map(({ size }) => size);
    return {
      text: `${this.text}${this.loopsOf(sequential)};${shared ? this.loop(shared) : ""};${sizes.join()}`,
      memories: [...this.memories.keys()],
    };
  }

  /** Writes an expression after its operands, each once. */
  private write(root: Expr): void {
    const waiting = [root];
    for (let expr = waiting.at(-1); expr; expr = waiting.at(-1)) {
      const before = waiting.length;
      if (!this.exprs.has(expr))
        for (const operand of operandsOf(expr)) if (!this.exprs.has(operand)) waiting.push(operand);
      if (waiting.length > before) continue;
      waiting.pop();
      if (this.exprs.has(expr)) continue;
      this.text += `${this.line(expr)};`;
      this.exprs.set(expr, this.exprs.size);
    }
  }

  private line(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return `${expr.type} ${Object.is(expr.value, -0) ? "-0" : expr.value}`;
      case "position":
        return `at ${this.affine(expr.index)}`;
      case "load":
        return `load ${this.memory(expr.memory)}@${this.affine(expr.address)}/${this.loopsOf(expr.loops)}`;
      case "op":
        return `${expr.op} ${this.listOf(expr.args)}`;
      case "reduced": {
        const { monoid, over, values } = expr.reduction;
        return `${monoid.name} ${this.loopsOf(over)} ${this.listOf(values)}.${expr.part}`;
      }
      case "running": {
        const { monoid, along, values } = expr.series;
        return `running ${monoid.name} ${this.loopsOf(along)} ${this.listOf(values)}.${expr.part}`;
      }
      case "variable":
        return `variable ${expr.id}`;
    }
  }
  private affine({ constant, terms, dynamic }: Affine): string {
    let text = `${constant}`;
    for (const [loop, factor] of terms) text += `+${this.loop(loop)}*${factor}`;
    return dynamic ? `${text}+e${this.of(dynamic)}` : text;
  }

  private of(expr: Expr): number {
    return this.exprs.get(expr)!;
  }
  private listOf(exprs: readonly Expr[]): string {
    return exprs.map((x) => this.of(x)).join();
  }
  private loop(loop: Loop): number {
    return numberIn(this.loops, loop);
  }
  private loopsOf(loops: Iterable<Loop>): string {
    return Array.from(loops, (loop) => this.loop(loop)).join();
  }
  private memory(memory: Memory): string {
    return `${numberIn(this.memories, memory)}${memory.storage}`;
  }
}

function numberIn<T>(numbers: Map<T, number>, key: T): number {
  let number = numbers.get(key);
  if (number === undefined) numbers.set(key, (number = numbers.size));
  return number;
}
