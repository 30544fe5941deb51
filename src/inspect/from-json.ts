import { checkArity, checkEquation } from "../core/check.ts";
import { CotangentError, nearest, ParseError } from "../core/errors.ts";
import { type Atom, ClosedJaxpr, effectsOf, type Eqn, Literal, Var } from "../core/jaxpr.ts";
import { isPlainObject } from "../core/options.ts";
import type { ParamKind } from "../core/param-kind.ts";
import { type AnyPrimitive, primitives } from "../core/primitive.ts";
import { checkShape } from "../core/shape.ts";
import { type Aval, NDArray, sameAval, showAval } from "../core/value.ts";
import { readArrayJSON } from "./array-json.ts";
import {
  type ArrayJSON,
  type AtomJSON,
  type AvalJSON,
  type EquationJSON,
  type Path,
  type ProgramJSON,
  readSchema,
  showPath,
} from "./json-schema.ts";

/**
 * The program that `toJSON` wrote.
 *
 * @throws ParseError with the path of what is wrong: another form or version, a number that names nothing, an equation
 * that is not one of its primitive, data that do not fit their shape.
 * @example
 * const program = inspect.fromJSON(JSON.parse(text));
 */
export function fromJSON(value: unknown): ClosedJaxpr {
  const read = readSchema(value);
  if ("message" in read) return fail(read.path, read.message);
  const { programs, sources } = read.json;
  const built: ClosedJaxpr[] = [];
  programs.forEach((program, i) => {
    built.push(new Reader(["programs", i], built, sources).program(program));
  });
  return built.at(-1)!;
}

/**
 * The array that stands in the JSON of a program: elements row by row, little-endian, in base64.
 * @throws ParseError when the data do not fit shape and dtype.
 */
export const arrayFromJSON = (json: ArrayJSON): NDArray => readArray(json, []);

function fail(path: Path, message: string, cause?: unknown): never {
  throw new ParseError("json/invalid", "fromJSON", showPath(path), message, { cause });
}

/** Runs a check of the core; what it refuses is refused here. */
function attempt<T>(path: Path, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof ParseError) throw cause;
    const why = cause instanceof CotangentError ? cause.message : `a rule of it fails (${String(cause)})`;
    return fail(path, why, cause);
  }
}

/** Values inside of values: more is taken for an attack on the stack. */
const DEPTH = 64;

class Reader {
  private readonly variables: Var[] = [];
  private readonly defined = new Set<Var>();

  constructor(
    private readonly path: Path,
    /** The programs ahead of this one. */
    private readonly programs: readonly ClosedJaxpr[],
    private readonly sources: readonly string[],
  ) {}

  program({ variables, constvars, consts, invars, eqns, outvars }: ProgramJSON): ClosedJaxpr {
    const at = (...keys: PropertyKey[]): Path => [...this.path, ...keys];
    variables.forEach((aval, i) => this.variables.push(new Var(checkedAval(aval, at("variables", i)))));
    const define = (list: readonly number[], ...keys: PropertyKey[]): Var[] =>
      list.map((n, i) => this.define(n, at(...keys, i)));
    const constants = define(constvars, "constvars");
    const values = consts.map((array, i) => readArray(array, at("consts", i)));
    if (values.length !== constants.length)
      fail(at("consts"), `expected ${constants.length} constants, got ${values.length}`);
    values.forEach(({ aval }, i) => sameAvals(constants[i]!.aval, aval, at("consts", i)));
    const inputs = define(invars, "invars");
    const equations = eqns.map((eqn, i): Eqn => {
      const operands = eqn.inputs.map((x, k) => this.atom(x, at("eqns", i, "inputs", k)));
      const outputs = eqn.outputs.map((n, k) => this.variable(n, at("eqns", i, "outputs", k)));
      const equation = this.equation(eqn, operands, outputs, at("eqns", i));
      define(eqn.outputs, "eqns", i, "outputs");
      return equation;
    });
    const results = outvars.map((x, i) => this.atom(x, at("outvars", i)));
    const unused = this.variables.findIndex((v) => !this.defined.has(v));
    if (unused >= 0) fail(at("variables", unused), "expected a variable that is defined by an equation");
    return new ClosedJaxpr(
      {
        constvars: constants,
        invars: inputs,
        eqns: equations,
        outvars: results,
        effects: effectsOf(equations),
      },
      values,
    );
  }

  private variable(n: number, path: Path): Var {
    return this.variables[n] ?? fail(path, `expected a number below ${this.variables.length}, got ${n}`);
  }

  private define(n: number, path: Path): Var {
    const v = this.variable(n, path);
    if (this.defined.has(v)) fail(path, `variable ${n} is defined twice`);
    this.defined.add(v);
    return v;
  }

  private atom(x: AtomJSON, path: Path): Atom {
    if ("literal" in x) {
      const value = readArray(x.literal, [...path, "literal"]);
      if (value.ndim > 0) fail([...path, "literal"], `expected a scalar, got ${showAval(value.aval)}`);
      return new Literal(value);
    }
    const v = this.variable(x.variable, [...path, "variable"]);
    if (!this.defined.has(v))
      fail([...path, "variable"], `expected a variable that is defined before, got ${x.variable}`);
    return v;
  }

  private equation(
    { primitive: name, params: json, source: at, rule }: EquationJSON,
    inputs: readonly Atom[],
    outputs: readonly Var[],
    path: Path,
  ): Eqn {
    const primitive = primitives.get(name);
    if (primitive === undefined) {
      const near = nearest(name, primitives.keys());
      return fail([...path, "primitive"], `expected a primitive, got ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : ""}`); // prettier-ignore
    }
    attempt([...path, "inputs"], () => checkArity(primitive, inputs.length));
    const params = this.params(primitive, json, [...path, "params"]);
    const source = at === null ? undefined : this.sources[at];
    if (at !== null && source === undefined)
      fail([...path, "source"], `expected a number below ${this.sources.length}, got ${at}`);
    return attempt(path, () => {
      const effects = primitive.rules.effects?.(params) ?? [];
      const eqn: Eqn = {
        primitive,
        inputs,
        outputs,
        params,
        effects,
        source,
        ...(rule !== null && { rule }),
      };
      checkEquation(eqn);
      return eqn;
    });
  }

  private params(
    { primitive: name, rules }: AnyPrimitive,
    json: Readonly<Record<string, unknown>>,
    path: Path,
  ): object {
    const own = Object.entries(rules.params);
    const lowered = Object.entries(rules.lower?.params ?? {});
    const kinds = [...own, ...(lowered.some(([key]) => Object.hasOwn(json, key)) ? lowered : [])];
    const kindOf = new Map(kinds);
    const data: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(json)) {
      const at = [...path, key];
      const kind = kindOf.get(key);
      if (kind !== undefined && isPlainObject(value) && Object.hasOwn(value, "$text")) {
        data[key] = readText(kind, value, at);
        continue;
      }
      data[key] = this.value(value, at);
      if (kind === undefined)
        fail(at, `${name} has no param ${key}${kinds.length > 0 ? `; it has ${kinds.map(([known]) => known).join(", ")}` : ""}`); // prettier-ignore
      else if (kind.opaque === true || !kind.is(data[key])) fail(at, `expected ${kind.expected}`);
    }
    let functions = false;
    for (const [key, kind] of kinds) {
      if (Object.hasOwn(data, key)) continue;
      if (kind.opaque !== true) fail(path, `expected ${name} to have ${key}, ${kind.expected}`);
      functions = true;
    }
    const { revive } = rules;
    if (functions && !revive) return fail(path, `${name} holds a function of the host, which JSON cannot`);
    return revive ? attempt(path, () => revive(data)) : data;
  }

  /** The inverse of `Writer.value`. */
  private value(json: unknown, path: Path): unknown {
    if (path.length > DEPTH) fail(path, `expected at most ${DEPTH} values inside of each other`);
    if (json === null || typeof json === "string" || typeof json === "boolean") return json;
    if (typeof json === "number" && Number.isFinite(json)) return json;
    if (Array.isArray(json)) return json.map((item, i) => this.value(item, [...path, i]));
    if (!isPlainObject(json)) return fail(path, `expected JSON, got a ${typeof json}`);
    const entries = Object.entries(json);
    const [[tag, value] = ["", null]] = entries;
    if (!tag.startsWith("$"))
      return Object.fromEntries(entries.map(([key, item]) => [key, this.value(item, [...path, key])]));
    const at = [...path, tag];
    if (entries.length > 1) fail(path, `expected ${tag} alone`);
    switch (tag) {
      case "$number":
        if (["NaN", "Infinity", "-Infinity", "-0"].includes(value as string)) return Number(value);
        return fail(at, 'expected "NaN", "Infinity", "-Infinity" or "-0"');
      case "$bigint":
        if (typeof value === "string" && value.length <= 40 && /^(?:0|-?[1-9]\d*)$/.test(value))
          return BigInt(value);
        return fail(at, "expected the digits of an integer");
      case "$program":
        return (
          this.programs[value as number] ??
          fail(at, `expected the number of a program ahead of this one, below ${this.programs.length}`)
        );
      default:
        return fail(at, "expected $number, $bigint or $program");
    }
  }
}

function readText(kind: ParamKind<unknown>, json: Readonly<Record<string, unknown>>, path: Path): unknown {
  const { $text: text, ...others } = json;
  const read = typeof text === "string" && Object.keys(others).length === 0 ? kind.read(text) : undefined;
  return read === undefined ? fail([...path, "$text"], `expected the text of ${kind.expected}`) : read;
}

function checkedAval(aval: AvalJSON, path: Path): Aval {
  attempt([...path, "shape"], () => checkShape(aval.shape, "a variable"));
  return aval;
}

function sameAvals(expected: Aval, got: Aval, path: Path): void {
  if (!sameAval(expected, got))
    fail(path, `expected an array of ${showAval(expected)}${expected.weak ? " (weak)" : ""}, got one of ${showAval(got)}${got.weak ? " (weak)" : ""}`); // prettier-ignore
}

function readArray(json: ArrayJSON, path: Path): NDArray {
  checkedAval(json, path);
  const read = readArrayJSON(json);
  return read instanceof NDArray ? read : fail([...path, "data"], read);
}
