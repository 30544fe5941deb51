import { HostBuffer } from "./backend.ts";
import { checkArity, checkEquation } from "./check.ts";
import { allocate, dtypeInfo, isBigint } from "./dtype.ts";
import { ArgumentError, CotangentError, nearest, ParseError } from "./errors.ts";
import { type Atom, ClosedJaxpr, effectsOf, type Eqn, type Jaxpr, Literal, Var } from "./jaxpr.ts";
import { type ParamText, readNumber } from "./param-kind.ts";
import { type AnyPrimitive, primitives } from "./primitive.ts";
import { printJaxpr } from "./print.ts";
import { pythonScalar, pythonValue, snakeCase } from "./python-text.ts";
import { scalarOf } from "./scalar.ts";
import { checkShape, sameShape } from "./shape.ts";
import {
  type AtomText,
  type BinderText,
  DEPTH,
  type EquationText,
  placeOf,
  type ProgramText,
  TextReader,
  type ValueText,
} from "./text-reader.ts";
import { describe } from "./trace.ts";
import { type Aval, avalOf, NDArray, showAval, Value } from "./value.ts";

/**
 * The program that a text says, as `printJaxpr` and JAX 0.10 write it.
 *
 * The text does not hold everything. Arrays that the program has as constants are given, in order. Avals are not weak,
 * except where an operation says so; a custom derivative rule is gone, and differentiating it an error; there are no
 * lines of a source. `inspect.toJSON` holds all of it.
 * @throws ParseError with line and column: where the text is no program, an equation is not one of its primitive, a
 * variable is not defined, a shape or dtype is not what an equation gives, or a constant is missing.
 * @example
 * const program = parseJaxpr("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }");
 */
export function parseJaxpr(text: string, consts: readonly Value[] = []): ClosedJaxpr {
  if (typeof text !== "string")
    throw new ArgumentError("jaxpr/text", `parseJaxpr takes a text, got ${describe(text)}`);
  if (!Array.isArray(consts) || !consts.every((x) => x instanceof Value))
    throw new ArgumentError(
      "jaxpr/consts",
      `parseJaxpr takes its constants as a list of arrays, got ${describe(consts)}`,
    );
  const { shared, program } = new TextReader(text).document();
  return new Builder(text, shared).closed(program, consts);
}

class Builder {
  private readonly built = new Map<ProgramText, ClosedJaxpr>();
  private readonly open = new Set<ProgramText>();

  constructor(
    private readonly text: string,
    private readonly shared: ReadonlyMap<string, ProgramText>,
  ) {}

  private fail(at: number, message: string, cause?: unknown): never {
    throw new ParseError("parse/program", "parseJaxpr", placeOf(this.text, at), message, { cause });
  }

  /** Runs a rule of a primitive; what it refuses is refused here. */
  private attempt<T>(at: number, body: () => T): T {
    try {
      return body();
    } catch (cause) {
      if (cause instanceof ParseError) throw cause;
      const why = cause instanceof CotangentError ? cause.message : `a rule of it fails (${String(cause)})`;
      return this.fail(at, why, cause);
    }
  }

  closed(program: ProgramText, consts: readonly Value[]): ClosedJaxpr {
    const { constvars } = program;
    if (constvars.length !== consts.length) {
      this.fail(
        program.at,
        `the program has ${constvars.length} array constants, whose values are not in the text: expected parseJaxpr(text, consts) with as many, got ${consts.length}`,
      );
    }
    constvars.forEach(({ at, name, aval }, i) => {
      const given = consts[i]!.aval;
      if (given.dtype !== aval.dtype || !sameShape(given.shape, aval.shape))
        this.fail(at, `expected a constant ${name} of ${showAval(aval)}, got one of ${showAval(given)}`);
    });
    return new ClosedJaxpr(
      this.jaxpr(
        program,
        consts.map((x) => x.aval.weak),
      ),
      consts,
    );
  }

  private jaxpr(program: ProgramText, weakConstants: readonly boolean[] = []): Jaxpr {
    const scope = new Map<string, Var>();
    const unnamed: Var[] = [];
    const define = ({ at, name, aval }: BinderText, weak = false): Var => {
      this.attempt(at, () => checkShape(aval.shape, `the variable ${name}`));
      if (scope.has(name)) this.fail(at, `the variable ${name} is defined twice`);
      const v = new Var(avalOf(aval.shape, aval.dtype, weak));
      if (name === "_") unnamed.push(v);
      else scope.set(name, v);
      return v;
    };
    const constvars = program.constvars.map((binder, i) => define(binder, weakConstants[i]));
    const invars = program.invars.map((binder) => define(binder));
    const eqns: Eqn[] = [];
    for (const text of program.eqns) {
      const inputs = text.inputs.map((atom) => this.atom(atom, scope));
      const eqn = this.equation(text, inputs);
      const outputs = text.outputs.map((binder, i) => define(binder, eqn.outputs[i]?.aval.weak));
      eqns.push({ ...eqn, outputs });
    }
    // Results that the caller drops are called `_`, in the order of their definitions.
    const outvars = program.outvars.map((atom) =>
      atom.text === "_" && unnamed.length > 0 ? unnamed.shift()! : this.atom(atom, scope),
    );
    return { constvars, invars, eqns, outvars, effects: effectsOf(eqns) };
  }

  private atom({ at, text, aval }: AtomText, scope: ReadonlyMap<string, Var>): Atom {
    if (aval !== null) return new Literal(this.literal(at, text, aval));
    const v = scope.get(text);
    if (v !== undefined) return v;
    const near = nearest(text, scope.keys());
    return this.fail(
      at,
      `expected a variable that is defined before, got ${text}${near ? `; did you mean ${near}?` : ""}`,
    );
  }

  private literal(at: number, text: string, aval: Aval): NDArray {
    if (aval.shape.length > 0) this.fail(at, `expected a scalar, got a literal of ${showAval(aval)}`);
    const value = readScalar(text, aval.dtype);
    return value ?? this.fail(at, `expected a value of dtype ${aval.dtype}, got ${text}`);
  }

  /** The equation, its outputs being those that the primitive's shape rule says. */
  private equation(text: EquationText, inputs: readonly Atom[]): Eqn {
    const { at, outputs } = text;
    const primitive = primitives.get(text.primitive);
    if (primitive === undefined) {
      const near = nearest(text.primitive, primitives.keys());
      return this.fail(
        at,
        `expected a primitive, got ${text.primitive}${near ? `; did you mean ${near}?` : ""}`,
      );
    }
    this.attempt(at, () => checkArity(primitive, inputs.length));
    const operands = inputs.map((x) => x.aval);
    const said = outputs.map(({ aval }) => aval);
    const params = this.params(primitive, text, operands, said);
    const { abstract, effects } = primitive.rules;
    const avals = this.attempt(at, () => abstract(operands, params));
    if (avals.length !== said.length)
      this.fail(at, `${primitive.primitive} has ${avals.length} results, got names for ${said.length}`);
    outputs.forEach(({ at, name, aval }, i) => {
      const { shape, dtype } = avals[i]!;
      if (dtype !== aval.dtype || !sameShape(shape, aval.shape))
        this.fail(at, `expected ${name}:${showAval(avals[i]!)}, got ${name}:${showAval(aval)}`);
    });
    return this.attempt(at, () => {
      const eqn: Eqn = {
        primitive,
        inputs,
        outputs: avals.map((aval) => new Var(aval)),
        params,
        effects: effects?.(params) ?? [],
        source: undefined,
      };
      checkEquation(eqn);
      return eqn;
    });
  }

  private params(
    primitive: AnyPrimitive,
    { at, params: given, primitive: name }: EquationText,
    operands: readonly Aval[],
    outs: readonly Aval[],
  ): object {
    const { params: kinds, alsoShow, revive } = primitive.rules;
    const rest = new Map(given);
    const data: Record<string, unknown> = {};
    let functions = false;
    for (const [key, kind] of Object.entries(kinds)) {
      const said = rest.get(snakeCase(key));
      rest.delete(snakeCase(key));
      if (kind.opaque === true) {
        data[key] = said && kind.read(this.paramText(said));
        if (data[key] === undefined) functions = true;
      } else if (said === undefined) {
        if (!kind.implied) this.fail(at, `expected ${name} to have ${snakeCase(key)}=…, ${kind.expected}`);
        data[key] = this.attempt(at, () => kind.implied!(operands, outs));
      } else {
        data[key] = kind.read(this.paramText(said, kind.programs));
        if (data[key] === undefined)
          this.fail(said.at, `expected ${snakeCase(key)} of ${name} to be ${kind.expected}`);
      }
    }
    if (functions && !revive)
      this.fail(at, `${name} holds a function of the program that made it, which a text cannot`);
    const params = functions ? this.attempt(at, () => revive!(data)) : data;
    const also = this.attempt(at, () => alsoShow?.(params, operands) ?? {});
    for (const [key, said] of rest) {
      if (!Object.hasOwn(also, key)) {
        const known = [...Object.keys(kinds).map(snakeCase), ...Object.keys(also)];
        const near = nearest(key, known);
        this.fail(
          said.at,
          `${name} has no param ${key}${near ? `; did you mean ${near}?` : known.length > 0 ? `; it has ${known.join(", ")}` : ""}`,
        );
      }
      const held = also[key];
      const read = this.paramText(said, held instanceof ClosedJaxpr);
      const [got, expected] = [read, held].map(showParam) as [string, string];
      if (got !== expected) this.fail(said.at, `expected ${key}=${expected}, got ${key}=${got}`);
    }
    return params;
  }

  /** `programs`: a word is the name of one. */
  private paramText(value: ValueText, programs = false): ParamText {
    if ("program" in value) return this.inner(value.program, value.at);
    if ("items" in value) return value.items.map((item) => this.paramText(item, programs));
    if ("fields" in value) {
      const fields = [...value.fields].map(([key, field]) => [key, this.paramText(field)] as const);
      return { name: value.tuple, fields: Object.fromEntries(fields) };
    }
    const shared = programs ? this.shared.get(value.word) : undefined;
    return shared ? this.inner(shared, value.at, value.word) : value.word;
  }

  /** A program inside of another: one object, however often it is named. */
  private inner(program: ProgramText, at: number, name?: string): ClosedJaxpr {
    const known = this.built.get(program);
    if (known) return known;
    if (this.open.has(program)) this.fail(at, `the program ${name} holds itself`);
    if (this.open.size >= DEPTH) this.fail(at, `expected at most ${DEPTH} programs inside of each other`);
    if (program.constvars.length > 0)
      this.fail(
        program.at,
        "only the outermost program can have constants: their values are not in the text",
      );
    this.open.add(program);
    const closed = new ClosedJaxpr(this.jaxpr(program), []);
    this.open.delete(program);
    this.built.set(program, closed);
    return closed;
  }
}

/** To compare what a text says with what follows. */
const showParam = (value: unknown): string =>
  value instanceof ClosedJaxpr ? printJaxpr(value) : pythonValue(value).replace(/'/g, "");

/** The rank-0 array that prints as `text`; null if none does. */
function readScalar(text: string, dtype: Aval["dtype"]): NDArray | null {
  const { kind } = dtypeInfo[dtype];
  const checked = (value: NDArray): NDArray | null => {
    // 0.1 is written for a float32 that is not quite 0.1; integers must be in range.
    return kind === "float" || pythonScalar(value) === text ? value : null;
  };
  switch (kind) {
    case "bool":
      return checked(scalarOf(text === "True", dtype));
    case "int":
    case "uint":
      if (!/^-?\d{1,20}$/.test(text)) return null;
      return checked(scalarOf(isBigint(dtype) ? BigInt(text) : Number(text), dtype));
    case "float": {
      const value = readNumber(text);
      return value === undefined ? null : scalarOf(value, dtype);
    }
    case "complex": {
      const parts = readComplex(text);
      if (parts === null) return null;
      const storage = allocate(dtype, 1);
      storage.set(parts as never);
      return new NDArray(avalOf([], dtype), new HostBuffer(storage));
    }
    default:
      return null;
  }
}

/** `(1+2j)`, `2j`: what pythonComplex writes. */
function readComplex(text: string): [re: number, im: number] | null {
  const match = /^\((.+?)([-+](?:[^-+]|e[-+])+)j\)$/.exec(text) ?? /^()(.+)j$/.exec(text);
  if (match === null) return null;
  const [re, im] = [match[1] || "0", match[2]!.replace(/^\+/, "")].map(readNumber);
  return re === undefined || im === undefined ? null : [re, im];
}
