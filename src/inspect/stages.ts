import type { ArrayValue } from "../core/value.ts";
import type { Traceable } from "../interpreters/signature.ts";
import { type LinearizedProgram, linearizeJaxpr, quaxifyJaxpr, simplify } from "../compiler/index.ts";
import { isInexact } from "../core/dtype.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { scalarOf } from "../core/scalar.ts";
import { Dense, Value } from "../core/value.ts";
import { flattenArguments } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { Placeholder, ShapeDtypeStruct, trace } from "../interpreters/make-jaxpr.ts";
import { type Miss, withMisses } from "../interpreters/quax.ts";
import { stage } from "../interpreters/stage.ts";
import { mapWith } from "../tree/index.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

const titles = {
  traced: "traced",
  quaxified: "quaxified",
  forward: "linearised, forward",
  tangents: "linearised, tangents",
  transposed: "transposed",
  joint: "forward and backward",
  simplified: "simplified",
} as const;
export type StageName = keyof typeof titles;
export const stageNames = Object.keys(titles) as readonly StageName[];

/** A function at each stage of the pipeline; each program can be printed and run by itself. */
export class Stages {
  constructor(
    /** The function as written, each structured value being one variable. */
    readonly traced: ClosedJaxpr,
    /** Over plain arrays: each operation rewritten by the rules for its operands' classes. */
    readonly quaxified: ClosedJaxpr,
    /** Where the result is one inexact number: its forward pass, tangent map, and the transpose of that. */
    readonly linearized: LinearizedProgram | undefined,
    /** Forward and backward in one, where there is a backward: from inputs to the result and its cotangents. */
    readonly joint: ClosedJaxpr | undefined,
    /** The last of these as backends get it. */
    readonly simplified: ClosedJaxpr,
    /** Operations without a rule for the classes of their operands. */
    readonly misses: readonly Miss[],
    /** What is worth knowing about the stages. */
    readonly notes: readonly string[],
  ) {}

  /** The programs that there are, by name, in order. */
  get programs(): ReadonlyMap<StageName, ClosedJaxpr> {
    const all: readonly (readonly [StageName, ClosedJaxpr | undefined])[] = [
      ["traced", this.traced],
      ["quaxified", this.quaxified],
      ["forward", this.linearized?.forward],
      ["tangents", this.linearized?.linear],
      ["transposed", this.linearized?.backward],
      ["joint", this.joint],
      ["simplified", this.simplified],
    ];
    return new Map(all.flatMap(([name, program]) => (program ? [[name, program]] : [])));
  }

  toString(): string {
    const texts = [...this.programs].map(([name, program]) => `── ${titles[name]} ──\n${String(program)}`);
    return [...texts, ...this.notes].join("\n\n");
  }
  [inspectSymbol](): string {
    return this.toString();
  }
}

/**
 * `f` at each stage of the pipeline, for arguments of these classes, shapes and dtypes: traced, quaxified; where the
 * result is one inexact number, linearised and transposed; simplified. Nothing is computed.
 *
 * @example
 * console.log(String(inspect.stages((w, x) => np.sum(np.matmul(w, x)))(new lora.LoraArray(w, { rank: 2, key }), x)));
 */
export const stages =
  <Args extends unknown[] = ArrayValue[]>(f: Traceable<Args, unknown>) =>
  (...args: readonly unknown[]): Stages => {
    const structured = new Map<unknown, Value>();
    const opaque = (leaf: unknown): unknown => {
      if (leaf instanceof ShapeDtypeStruct) return new Placeholder(leaf.aval);
      if (!(leaf instanceof Value) || leaf instanceof Dense) return leaf;
      const variable = new Placeholder(leaf.aval);
      structured.set(variable, leaf);
      return variable;
    };
    const isLeaf = (node: unknown): boolean => node instanceof Value || node instanceof ShapeDtypeStruct;
    const variables = mapWith({ isLeaf }, opaque, args) as readonly unknown[];
    const inputs = flattenArguments(variables, "stages").arrays.map((x) => structured.get(x) ?? x.aval);
    const misses: Miss[] = [];
    return withMisses(
      (miss) => misses.push(miss),
      () => {
        const traced = trace(f, variables, "stages").closed;
        const quaxified = structured.size > 0 ? quaxifyJaxpr(traced, inputs).jaxpr : traced;
        const notes =
          structured.size > 0
            ? []
            : [
                "No argument is a structured value: there is nothing to quaxify, or the function does it itself, and the first two stages are one.",
              ];
        const linearized = isLoss(quaxified) ? linearizeJaxpr(quaxified) : undefined;
        const joint = linearized && joined(linearized);
        return new Stages(traced, quaxified, linearized, joint, simplify(joint ?? quaxified), misses, notes);
      },
    );
  };

const isLoss = ({ inAvals, outAvals: [out, ...others] }: ClosedJaxpr): boolean =>
  out !== undefined &&
  others.length === 0 &&
  out.shape.length === 0 &&
  isInexact(out.dtype) &&
  inAvals.some((aval) => isInexact(aval.dtype));

/** From inputs to the result, then its cotangents. */
const joined = ({ forward, backward }: LinearizedProgram): ClosedJaxpr =>
  stage(
    (inputs) => {
      const [out, ...residuals] = evaluateJaxpr(forward, inputs);
      // A result that does not depend on its inputs has no backward pass.
      const given = backward.inAvals.length > residuals.length ? [scalarOf(1, out!.dtype)] : [];
      return [out!, ...evaluateJaxpr(backward, [...residuals, ...given])];
    },
    forward.inAvals,
    "stages",
  );
