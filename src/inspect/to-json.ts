import { checkProgram, place } from "../core/check.ts";
import { CotangentError, JaxprError } from "../core/errors.ts";
import { type Atom, ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from "../core/jaxpr.ts";
import { isPlainObject } from "../core/options.ts";
import type { ParamKind } from "../core/param-kind.ts";
import { pythonValue } from "../core/python-text.ts";
import { NDArray } from "../core/value.ts";
import { arrayToJSON, avalToJSON } from "./array-json.ts";
import {
  type AtomJSON,
  type EquationJSON,
  type JaxprJSON,
  type ProgramJSON,
  VERSION,
} from "./json-schema.ts";

/**
 * A program as JSON: everything of it, exactly. Arrays keep every bit, operations the lines that they come from; a
 * program that is held twice is written once. The rules of custom derivatives are traced, for all tangents, and written
 * as programs; within its own rule a function is without it, so what is read has its first derivative by the rule, and
 * refuses those of higher order that need the rule again.
 *
 * @throws JaxprError that names the equation, where it holds a function of the host that is no program, or a constant is
 * being traced.
 * @example
 * const text = JSON.stringify(inspect.toJSON(makeJaxpr(f)(x)));
 */
export function toJSON(program: ClosedJaxpr): JaxprJSON {
  checkProgram(program, "toJSON");
  const writer = new Writer();
  writer.program(program);
  const { programs, sources } = writer;
  return { format: "cotangent.jaxpr", version: VERSION, programs, sources: [...sources.keys()] };
}

/** The number of a thing, by its first mention. */
function number<T>(known: Map<T, number>, x: T): number {
  let n = known.get(x);
  if (n === undefined) known.set(x, (n = known.size));
  return n;
}

/** A param that is no data, but has a text from which it, or of a rule its name, is read again. */
class Text {
  constructor(readonly text: string) {}
}
function textOf(kind: ParamKind<unknown>, value: unknown): Text | undefined {
  if (value === null || !(typeof value === "function" || kind.opaque === true)) return undefined;
  const text = pythonValue(kind.write(value));
  const read = kind.read(text);
  return read !== undefined && (read === value || kind.opaque === true) ? new Text(text) : undefined;
}

class Writer {
  readonly programs: ProgramJSON[] = [];
  readonly sources = new Map<string, number>();
  private readonly written = new Map<Jaxpr, number>();
  /** The calls whose rules are being written, as text. */
  private readonly lowering = new Set<string>();

  /** Writes a program after those that it holds; its place in the list. */
  program(closed: ClosedJaxpr): number {
    const { jaxpr, consts } = closed;
    const known = this.written.get(jaxpr);
    if (known !== undefined) return known;
    const numbers = new Map<Var, number>();
    const variables = (list: readonly Var[]): number[] => list.map((v) => number(numbers, v));
    const atom = (x: Atom): AtomJSON =>
      x instanceof Literal ? { literal: arrayToJSON(x.value) } : { variable: number(numbers, x) };
    const program: Omit<ProgramJSON, "variables"> = {
      constvars: variables(jaxpr.constvars),
      consts: consts.map((value, i) => {
        if (value instanceof NDArray) return arrayToJSON(value);
        throw new JaxprError(
          "json/constant",
          `toJSON: constant ${i} of the program is ${value.constructor.name}, which has no data: make the program outside of other transformations`,
        );
      }),
      invars: variables(jaxpr.invars),
      eqns: jaxpr.eqns.map((eqn, i) => ({
        primitive: eqn.primitive.primitive,
        inputs: eqn.inputs.map(atom),
        outputs: variables(eqn.outputs),
        params: this.params(eqn, () => place(closed, i)),
        source: eqn.source === undefined ? null : number(this.sources, eqn.source),
        rule: eqn.rule ?? null,
      })),
      outvars: jaxpr.outvars.map(atom),
    };
    const at = this.programs.push({
      variables: [...numbers.keys()].map((v) => avalToJSON(v.aval)),
      ...program,
    });
    this.written.set(jaxpr, at - 1);
    return at - 1;
  }

  private params(eqn: Eqn, where: () => string): EquationJSON["params"] {
    const { primitive, params } = eqn;
    const refuse = (message: string): never => {
      throw new JaxprError("json/params", `toJSON: ${where()}: ${message}`);
    };
    const data: [string, unknown][] = [];
    const write = (entries: Readonly<Record<string, unknown>>): void => {
      for (const [name, value] of Object.entries(entries))
        data.push([name, this.value(value, () => refuse(`its param ${name} is not data`))]);
    };
    const kinds = Object.entries(primitive.rules.params);
    for (const [name, kind] of kinds) {
      const value = (params as Readonly<Record<string, unknown>>)[name];
      if (value === undefined) continue;
      const text = textOf(kind, value);
      if (text === undefined && kind.opaque === true) continue;
      if (text === undefined && !kind.is(value)) refuse(`its param ${name} is not ${kind.expected}`);
      write({ [name]: text ?? value });
    }
    if (kinds.some(([, kind]) => kind.opaque)) this.functions(eqn, write, refuse);
    return Object.fromEntries(data);
  }

  /**
   * The functions that an equation holds, as programs. A rule may call the function that it is for: there it is left out,
   * or there would be no end.
   */
  private functions(
    { primitive, params, inputs }: Eqn,
    write: (entries: Readonly<Record<string, unknown>>) => void,
    refuse: (message: string) => never,
  ): void {
    const { params: kinds, lower } = primitive.rules;
    if (!lower) return refuse("it holds a function of the host, which JSON cannot");
    const shown = Object.entries(params).map(
      ([name, value]) => `${name}=${pythonValue(kinds[name]?.write(value))}`,
    );
    const call = `${primitive.primitive} ${shown.join(" ")}`;
    if (this.lowering.has(call)) return;
    let lowered: object;
    try {
      lowered = lower.of(
        params,
        inputs.map((x) => x.aval),
      );
    } catch (error) {
      if (!(error instanceof CotangentError)) throw error;
      return refuse(`a function that it holds cannot be made a program: ${error.message}`);
    }
    this.lowering.add(call);
    write(lowered as Readonly<Record<string, unknown>>);
    this.lowering.delete(call);
  }

  /** What JSON has no notation for is an object with one key that begins with `$`. */
  private value(value: unknown, refuse: () => never): unknown {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number")
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) };
    if (typeof value === "bigint") return { $bigint: String(value) };
    if (value instanceof Text) return { $text: value.text };
    if (value instanceof ClosedJaxpr) return { $program: this.program(value) };
    if (Array.isArray(value)) return value.map((item) => this.value(item, refuse));
    if (!isPlainObject(value) || Object.keys(value).some((key) => key.startsWith("$"))) return refuse();
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.value(item, refuse)]));
  }
}
