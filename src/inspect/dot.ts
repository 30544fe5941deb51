import { checkProgram } from "../core/check.ts";
import { type Atom, type ClosedJaxpr, type Eqn, Literal, subJaxprs, type Var } from "../core/jaxpr.ts";
import { printEquations } from "../core/print.ts";
import { pythonScalar } from "../core/python-text.ts";
import { showAval } from "../core/value.ts";

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;

/** Writes one program, and those in it as clusters. */
class DotWriter {
  readonly lines: string[] = [];
  private nodes = 0;
  private clusters = 0;

  private line(depth: number, text: string): void {
    this.lines.push("  ".repeat(depth + 1) + text);
  }
  private node(depth: number, label: string, shape: string): string {
    const name = `n${this.nodes++}`;
    this.line(depth, `${name} [label=${quoted(label)}, shape=${shape}];`);
    return name;
  }

  program(closed: ClosedJaxpr, depth: number): void {
    const { jaxpr } = closed;
    const from = new Map<Var, string>();
    jaxpr.constvars.forEach((v) => from.set(v, this.node(depth, `constant ${showAval(v.aval)}`, "cds")));
    jaxpr.invars.forEach((v, i) => from.set(v, this.node(depth, `input ${i}\n${showAval(v.aval)}`, "oval")));
    const edge = (x: Atom, to: string): void => {
      if (!(x instanceof Literal))
        this.line(depth, `${from.get(x)} -> ${to} [label=${quoted(showAval(x.aval))}];`);
    };
    const texts = printEquations(closed);
    jaxpr.eqns.forEach((eqn, i) => {
      const name = this.node(depth, labelOf(eqn), "box");
      this.line(depth, `${name} [tooltip=${quoted(texts[i]!)}];`);
      for (const x of eqn.inputs) edge(x, name);
      for (const v of eqn.outputs) from.set(v, name);
      for (const [param, inner] of subJaxprs(eqn.params)) {
        this.line(depth, `subgraph cluster${this.clusters++} {`);
        this.line(depth + 1, `label=${quoted(`${eqn.primitive.primitive} ${param}`)};`);
        this.program(inner, depth + 1);
        this.line(depth, "}");
      }
    });
    jaxpr.outvars.forEach((x, i) =>
      edge(
        x,
        this.node(
          depth,
          `output ${i}${x instanceof Literal ? ` = ${pythonScalar(x.value)}` : ""}\n${showAval(x.aval)}`,
          "oval",
        ),
      ),
    );
  }
}

/** The primitive, with the literals among its operands. */
function labelOf({ primitive, inputs }: Eqn): string {
  const literals = inputs.some((x) => x instanceof Literal);
  if (!literals) return primitive.primitive;
  const shown = inputs.map((x) => (x instanceof Literal ? pythonScalar(x.value) : "·"));
  return `${primitive.primitive} ${shown.join(" ")}`;
}

/**
 * A program as a graph for Graphviz: a node for each input, operation and output, an edge for each value that goes from one
 * to another. Programs inside of operations are clusters.
 *
 * @example
 * await writeFile("loss.dot", inspect.toDot(makeJaxpr(loss)(w, x))); // dot -Tsvg loss.dot
 */
export function toDot(program: ClosedJaxpr): string {
  checkProgram(program, "toDot");
  const writer = new DotWriter();
  writer.program(program, 0);
  return ["digraph program {", "  node [fontname=monospace];", ...writer.lines, "}", ""].join("\n");
}
