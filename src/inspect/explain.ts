import type { ArrayValue } from "../core/value.ts";
import type { Traceable } from "../interpreters/signature.ts";
import { inlineCalls } from "../compiler/index.ts";
import { printEquations } from "../core/print.ts";
import { showSource } from "../core/source.ts";
import { liveEquations } from "../interpreters/evaluate.ts";
import { trace } from "../interpreters/make-jaxpr.ts";
import { type Miss, withMisses } from "../interpreters/quax.ts";
import { type Cost, costOf, total } from "./cost.ts";
import { showCount, showTable } from "../core/table.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** One operation of a traced function. */
export interface ExplainedEquation extends Cost {
  /** As JAX prints it, variables named as in the whole program. */
  readonly text: string;
  readonly primitive: string;
  /** Where in the user's source it comes from, as `model.ts:12:5 (forward)`. */
  readonly source: string | undefined;
  /** The rule of an array type that wrote it: `dot_general(LoraArray, ArrayValue)`. */
  readonly rule: string | undefined;
  /** Nothing that is returned depends on it: it is never run. */
  readonly pruned: boolean;
}

/** What a function does, operation by operation. */
export class Explanation implements Cost {
  /** Arithmetic operations of what is run. */
  readonly flops: number;
  /** Bytes of operands and results of what is run, were each read and written in memory. */
  readonly bytes: number;

  constructor(
    readonly equations: readonly ExplainedEquation[],
    /** Operations without a rule for the classes of their operands, which became plain arrays. */
    readonly misses: readonly Miss[],
  ) {
    const run = equations.filter((eqn) => !eqn.pruned);
    this.flops = total(run, "flops");
    this.bytes = total(run, "bytes");
  }

  /** A table with a line for each operation. */
  toString(): string {
    const ruled = this.equations.some(({ rule }) => rule !== undefined);
    const rows = this.equations.map(({ text, flops, bytes, source, rule, pruned }) => [
      flops,
      bytes,
      source ?? "",
      ...(ruled ? [rule ?? ""] : []),
      `${pruned ? "(pruned) " : ""}${text.replace(/\s+/g, " ")}`,
    ]);
    const pruned = this.equations.filter((eqn) => eqn.pruned).length;
    const lines = [
      showTable(["flops", "bytes", "source", ...(ruled ? ["rule"] : []), "operation"], rows),
      `${showCount(this.flops)} flops, ${showCount(this.bytes)} bytes in ${this.equations.length - pruned} operations${pruned ? `; ${pruned} pruned` : ""}`,
      ...this.misses.map(
        ({ primitive, classes, source }) =>
          `materialised: ${primitive} has no rule for (${classes.join(", ")})${source ? ` at ${source}` : ""}`,
      ),
    ];
    return lines.join("\n");
  }
  [inspectSymbol](): string {
    return this.toString();
  }
}

/**
 * What `f` does with arguments of these shapes: for each operation its text, the line of the source and the rule that it comes from, what
 * it costs, and whether it is run at all; and which structured values became plain arrays for lack of a rule. Nothing
 * is computed.
 *
 * Calls of jitted functions are replaced by what they call. Costs are estimates: an arithmetic operation an element,
 * `2·M·N·K` for a product of matrices.
 * @example
 * console.log(String(inspect.explain(grad(loss))(model, x)));
 */
export const explain =
  <Args extends unknown[] = ArrayValue[]>(f: Traceable<Args, unknown>) =>
  (...args: readonly unknown[]): Explanation => {
    const misses: Miss[] = [];
    const { closed } = withMisses(
      (miss) => misses.push(miss),
      () => trace(f, args, "explain"),
    );
    const program = inlineCalls(closed);
    const live = new Set(liveEquations(program.jaxpr).flatMap((eqn) => eqn.outputs));
    const texts = printEquations(program);
    const equations = program.jaxpr.eqns.map((eqn, i): ExplainedEquation => ({
      text: texts[i]!,
      primitive: eqn.primitive.primitive,
      source: showSource(eqn.source),
      rule: eqn.rule,
      ...costOf(eqn),
      pruned: eqn.effects.length === 0 && !eqn.outputs.some((v) => live.has(v)),
    }));
    return new Explanation(equations, misses);
  };
