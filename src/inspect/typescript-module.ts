import { place } from "../core/check.ts";
import { JaxprError } from "../core/errors.ts";
import { type Atom, type ClosedJaxpr, type Eqn, type Jaxpr, Literal, type Var } from "../core/jaxpr.ts";
import { showSource } from "../core/source.ts";
import { type Aval, NDArray, showAval, type Value } from "../core/value.ts";
import type * as control from "../control/index.ts";
import { liveEquations } from "../interpreters/evaluate.ts";
import { stage } from "../interpreters/stage.ts";
import * as lax from "../lax/index.ts";
import { arrayText, dataText, elementsOf, numberText } from "./typescript-values.ts";

/** A function of the module. */
export interface FunctionText {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly aval: string }[];
  readonly returns: string;
  readonly results: string;
  readonly statements: readonly string[];
}

/** An expression of an equation's results: one array, or a list of them, or a pattern of its own. */
interface Expression {
  readonly text: string;
  /** What the results are destructured by, given their names; by default a list, or nothing where there is one. */
  readonly pattern?: (names: readonly string[]) => string;
}
type Form = (module: ModuleText, eqn: Eqn, operands: readonly string[]) => Expression;

/** `[ArrayValue, ArrayValue]`. */
const tupleType = (count: number): string =>
  `[${Array.from({ length: count }, () => "ArrayValue").join(", ")}]`;
const list = (names: readonly string[]): string => `[${names.join(", ")}]`;
const typed = (names: readonly string[]): string => `${list(names)} as ${tupleType(names.length)}`;
const typedPattern = (names: readonly string[]): string => `${list(names)}: ${tupleType(names.length)}`;
const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${letter}${i}`);
/** A call whose results are a list, however many they are. */
const listed = (call: string, count: number): string => (count === 1 ? `[${call}]` : call);

/** Equations that hold programs and are no calls, as the functions of `lax` that make them. */
const forms: Readonly<Record<string, Form>> = {
  cond: (module, { params }, [index, ...operands]) => {
    const { branches } = params as control.CondParams;
    const names = branches.map((branch) => module.function(branch, "branch"));
    return { text: `lax.switch(${[index, list(names), ...operands].join(", ")})` };
  },
  while: (module, { params }, operands) => {
    const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params as control.WhileParams;
    const [test, body] = [module.function(condJaxpr, "condition"), module.function(bodyJaxpr, "body")];
    const init = operands.slice(condNconsts + bodyNconsts);
    const carry = numbered("c", init.length);
    const call = (name: string, from: number, to: number): string =>
      `${name}(${[...operands.slice(from, to), ...carry].join(", ")})`;
    const step = listed(call(body, condNconsts, condNconsts + bodyNconsts), carry.length);
    return {
      text: `lax.whileLoop((${typedPattern(carry)}) => ${call(test, 0, condNconsts)}, (${typedPattern(carry)}) => ${step} as ${tupleType(carry.length)}, ${typed(init)})`,
      pattern: list,
    };
  },
  scan: (module, { params }, operands) => {
    const { jaxpr, numConsts, numCarry, length, reverse, unroll } = params as control.ScanParams;
    const body = module.function(jaxpr, "step");
    const [init, xs] = [
      operands.slice(numConsts, numConsts + numCarry),
      operands.slice(numConsts + numCarry),
    ];
    const [carry, rows] = [numbered("c", numCarry), numbered("x", xs.length)];
    const outs = numbered("r", jaxpr.outAvals.length);
    const call = `${body}(${[...operands.slice(0, numConsts), ...carry, ...rows].join(", ")})`;
    const [carryOuts, ys] = [outs.slice(0, numCarry), outs.slice(numCarry)];
    const step = `{ const ${typedPattern(outs)} = ${listed(call, outs.length)}; return [${typed(carryOuts)}, ${typed(ys)}]; }`;
    const options = dataText({ length, reverse, unroll });
    return {
      text: `lax.scan((${typedPattern(carry)}, ${typedPattern(rows)}) => ${step}, ${typed(init)}, ${typed(xs)}, ${options})`,
      pattern: (names) => list([list(names.slice(0, numCarry)), list(names.slice(numCarry))]),
    };
  },
};

/** Where exports of `lax` are. */
const exported = new Map<unknown, string>(
  Object.entries({ ...lax, ...prefixed("linalg.", lax.linalg) }).flatMap(([name, value]) =>
    typeof value === "object" || typeof value === "function" ? [[value, name]] : [],
  ),
);

function prefixed(prefix: string, module: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(module).map(([name, value]) => [prefix + name, value]));
}

const reserved = new Set(
  "arguments as async await break case catch class const continue debugger default delete do else enum eval export extends false finally for from function get if implements import in inspect instanceof interface lax let new null np of package private protected public return set static super switch this throw true try typeof undefined var void while with yield".split(
    " ",
  ),
);

/** The functions and constants of a module that computes what a program does. */
export class ModuleText {
  readonly functions: FunctionText[] = [];
  readonly constants: { readonly name: string; readonly text: string; readonly aval: string }[] = [];
  private readonly written = new Map<Jaxpr, string>();
  private readonly constantNames = new Map<Value, string>();
  private readonly taken = new Set<string>();

  /** An identifier like `name` that nothing else has. */
  private identifier(name: string): string {
    const base = name.replace(/[^A-Za-z0-9_$]+/g, "_").replace(/^(?=\d)|^$/, "_");
    let unique = reserved.has(base) || /^[a-z]{1,2}\d*$/.test(base) ? `${base}_` : base;
    for (let n = 2; this.taken.has(unique); n++) unique = `${base}${n}`;
    this.taken.add(unique);
    return unique;
  }

  private constant(value: Value, where: () => string): string {
    let name = this.constantNames.get(value);
    if (name !== undefined) return name;
    if (!(value instanceof NDArray))
      throw new JaxprError("typescript/constant", `toTypeScript: ${where()}: a constant is being traced`);
    name = this.identifier("constant");
    this.constantNames.set(value, name);
    this.constants.push({ name, text: arrayText(value), aval: showAval(value.aval) });
    return name;
  }

  /** Writes a function, after those that it calls; what it is called. */
  function(closed: ClosedJaxpr, suggested: string): string {
    const { jaxpr, consts } = closed;
    const known = this.written.get(jaxpr);
    if (known !== undefined) return known;
    const names = new Map<Var, string>();
    let fresh = 0;
    const define = (v: Var): string => {
      const name = variableName(fresh++);
      names.set(v, name);
      return name;
    };
    jaxpr.constvars.forEach((v, i) =>
      names.set(
        v,
        this.constant(consts[i]!, () => "the program"),
      ),
    );
    const parameters = jaxpr.invars.map((v) => ({ name: define(v), aval: showAval(v.aval) }));
    const atom = (x: Atom): string => (x instanceof Literal ? arrayText(x.value) : names.get(x)!);
    const live = liveEquations(jaxpr);
    const read = new Set<Atom>([...jaxpr.outvars, ...live.flatMap((eqn) => eqn.inputs)]);
    const statements = live.map((eqn) => {
      const { text, pattern } = this.expression(closed, eqn, atom);
      const bound = eqn.outputs.map((v) => (read.has(v) ? define(v) : ""));
      const left = pattern?.(bound) ?? (bound.length === 1 ? bound[0]! : list(bound));
      const types = eqn.outputs.map((v) => showAval(v.aval)).join(" ");
      const source = showSource(eqn.source);
      return `const ${left} = ${text}; // ${types}${source === undefined ? "" : `, ${source}`}`;
    });
    const results = jaxpr.outvars.map(atom);
    statements.push(`return ${results.length === 1 ? results[0] : list(results)};`);
    const name = this.identifier(suggested);
    this.functions.push({
      name,
      parameters,
      returns: results.length === 1 ? "ArrayValue" : tupleType(results.length),
      results: jaxpr.outvars.map((x) => showAval(x.aval)).join(", "),
      statements,
    });
    this.written.set(jaxpr, name);
    return name;
  }

  private expression(program: ClosedJaxpr, eqn: Eqn, atom: (x: Atom) => string): Expression {
    const { primitive, inputs, outputs, params } = eqn;
    const refuse = (why: string): never => {
      const index = program.jaxpr.eqns.indexOf(eqn);
      throw new JaxprError("typescript/equation", `toTypeScript: ${place(program, index)}: ${why}`);
    };
    if (eqn.effects.length > 0) refuse("it has an effect, which is a function of the host");
    const { rules } = primitive;
    const operands = inputs.map(atom);
    const form = forms[primitive.primitive];
    if (form) return form(this, eqn, operands);
    const { name } = params as { readonly name?: unknown };
    const call = (body: ClosedJaxpr): Expression => ({
      text: `${this.function(body, typeof name === "string" ? name : primitive.primitive)}(${operands.join(", ")})`,
    });
    const exportName = exported.get(primitive);
    if (exportName !== undefined) {
      if (typeof primitive === "function" && rules.elementwise && Object.keys(params).length === 0)
        return { text: `lax.${exportName}(${inputs.map((x) => numberOr(x, inputs, atom)).join(", ")})` };
      const data = dataText(params) ?? refuse("it has a param that is not data");
      const bound = `lax.${exportName}.bind(${list(operands)}, ${data})`;
      return { text: outputs.length === 1 ? `${bound}[0]!` : `${bound} as ${tupleType(outputs.length)}` };
    }
    if (rules.inline) return call(rules.inline(params));
    const { expand } = rules;
    if (expand)
      return call(
        stage(
          (xs) => expand(xs, params),
          inputs.map((x) => x.aval),
          primitive.primitive,
        ),
      );
    return refuse(`the module has no name for ${primitive.primitive}, which is no export of lax`);
  }
}

/** A literal among arrays of its dtype is written as the number it is. */
function numberOr(x: Atom, inputs: readonly Atom[], atom: (x: Atom) => string): string {
  const others = inputs.filter((other) => !(other instanceof Literal));
  const same = ({ dtype, weak }: Aval): boolean => dtype === x.aval.dtype && !weak;
  if (!(x instanceof Literal) || others.length === 0 || !others.every((other) => same(other.aval)))
    return atom(x);
  const [element] = elementsOf(x.value) ?? [];
  return typeof element === "number" ? numberText(element) : atom(x);
}

const LETTERS = 26;
/** 0, 1, … as a, b, …, z, aa, ab, …, zz, v702, …; words of the language with an underscore. */
function variableName(n: number): string {
  const letter = (i: number): string => String.fromCharCode(97 + i);
  if (n < LETTERS) return letter(n);
  if (n >= LETTERS + LETTERS ** 2) return `v${n}`;
  const name = letter(Math.floor(n / LETTERS) - 1) + letter(n % LETTERS);
  return reserved.has(name) ? `${name}_` : name;
}
