import { place } from "../core/check.ts";
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
 * as programs.
 *
 * @throws JaxprError that names the equation, where it holds a function of the host that is no program, or a constant is
 * being traced.
 * @example
 * const text = JSON.stringify(inspect.toJSON(makeJaxpr(f)(x)));
 */
export function toJSON(program: ClosedJaxpr): JaxprJSON {
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

  private params({ primitive, params, inputs }: Eqn, where: () => string): EquationJSON["params"] {
    const { params: kinds, lower } = primitive.rules;
    const refuse = (message: string): never => {
      throw new JaxprError("json/params", `toJSON: ${where()}: ${message}`);
    };
    const given = params as Readonly<Record<string, unknown>>;
    const data = Object.entries(kinds).flatMap(([name, kind]): [string, unknown][] => {
      const value = given[name];
      if (value === undefined) return [];
      const text = textOf(kind, value);
      if (text !== undefined) return [[name, text]];
      if (kind.opaque === true) return [];
      if (!kind.is(value)) refuse(`its param ${name} is not ${kind.expected}`);
      return [[name, value]];
    });
    if (Object.values(kinds).some(({ opaque }) => opaque)) {
      if (!lower) refuse("it holds a function of the host, which JSON cannot");
      try {
        const operands = inputs.map((x) => x.aval);
        data.push(...Object.entries(lower!.of(params, operands)));
      } catch (error) {
        if (!(error instanceof CotangentError)) throw error;
        refuse(`a function that it holds cannot be made a program: ${error.message}`);
      }
    }
    return Object.fromEntries(
      data.map(([name, value]) => [name, this.value(value, () => refuse(`its param ${name} is not data`))]),
    );
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
