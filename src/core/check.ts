import { ArgumentError, CotangentError, JaxprError } from "./errors.ts";
import {
  type Atom,
  ClosedJaxpr,
  type Effect,
  effectsOf,
  type Eqn,
  type Jaxpr,
  Literal,
  subJaxprs,
  type Var,
} from "./jaxpr.ts";
import type { AnyPrimitive } from "./primitive.ts";
import { printEquations } from "./print.ts";
import { sameShape } from "./shape.ts";
import { showSource } from "./source.ts";
import { describe } from "./trace.ts";
import { type Aval, sameAval, showAval } from "./value.ts";

const sameEffects = (a: readonly Effect[], b: readonly Effect[]): boolean =>
  a.length === b.length && a.every((effect) => b.includes(effect));
const show = (aval: Aval): string => showAval(aval) + (aval.weak ? " (weak)" : "");
const showAll = (avals: readonly Aval[]): string => `[${avals.map(show).join(", ")}]`;
const showEffects = (effects: readonly Effect[]): string => `[${effects.join(", ")}]`;

const fail = (code: string, text: string): never => {
  throw new JaxprError(`jaxpr/${code}`, text);
};

/** @throws ArgumentError when it is no program. */
export function checkProgram(x: unknown, caller: string): asserts x is ClosedJaxpr {
  if (x instanceof ClosedJaxpr) return;
  throw new ArgumentError(
    "jaxpr/program",
    `${caller} takes a program, such as makeJaxpr(f)(…args) gives, got ${describe(x)}`,
  );
}

/**
 * Checks that a program keeps the rules of its kind: each variable is defined once and before its use; constants match
 * their variables; each equation's outputs, and effects, are what its primitive says; literals are scalars. The
 * programs that equations hold are checked too.
 *
 * @throws JaxprError that names the equation and the user's line.
 */
export function checkJaxpr(closed: ClosedJaxpr): void {
  checkProgram(closed, "checkJaxpr");
  const seen = new Set<Jaxpr>();
  const waiting = [closed];
  for (let program = waiting.pop(); program; program = waiting.pop()) {
    if (seen.has(program.jaxpr)) continue;
    seen.add(program.jaxpr);
    checkOne(program);
    for (const { params } of program.jaxpr.eqns)
      for (const [, inner] of subJaxprs(params)) waiting.push(inner);
  }
}

function checkOne(program: ClosedJaxpr): void {
  const { jaxpr, consts } = program;
  const defined = new Set<Var>();
  const define = (v: Var): void => {
    if (defined.has(v)) fail("scope", `a variable of aval ${showAval(v.aval)} is defined twice`);
    defined.add(v);
  };
  const read = (x: Atom): void => {
    if (x instanceof Literal) {
      if (x.aval.shape.length > 0)
        fail("literal", `a literal is a scalar, but one has aval ${showAval(x.aval)}: make it a constant`);
    } else if (!defined.has(x))
      fail("scope", `it reads a variable of aval ${showAval(x.aval)} that is not defined before`);
  };
  let index = -1;
  try {
    checkConstants(
      jaxpr,
      consts.map((x) => x.aval),
    );
    jaxpr.constvars.forEach(define);
    jaxpr.invars.forEach(define);
    for (const eqn of jaxpr.eqns) {
      index++;
      eqn.inputs.forEach(read);
      checkEquation(eqn);
      eqn.outputs.forEach(define);
    }
    index = jaxpr.eqns.length;
    jaxpr.outvars.forEach(read);
    const effects = effectsOf(jaxpr.eqns);
    if (!sameEffects(jaxpr.effects, effects))
      fail(
        "effects",
        `the program declares effects ${showEffects(jaxpr.effects)}, its equations have ${showEffects(effects)}`,
      );
  } catch (fault) {
    if (!(fault instanceof JaxprError)) throw fault;
    throw new JaxprError(fault.code, `checkJaxpr: ${place(program, index)}: ${fault.message}`);
  }
}

function checkConstants({ constvars }: Jaxpr, consts: readonly Aval[]): void {
  const avals = constvars.map((v) => v.aval);
  const match = avals.length === consts.length && avals.every((aval, i) => sameAval(aval, consts[i]!));
  if (!match)
    fail("consts", `the constants have avals ${showAll(consts)}, their variables ${showAll(avals)}`);
}

/** @throws JaxprError when the primitive takes another number of operands. */
export function checkArity({ primitive, rules: { arity } }: AnyPrimitive, count: number): void {
  if (arity !== undefined && count !== arity)
    fail("arity", `${primitive} takes ${arity} operand${arity === 1 ? "" : "s"}, it is given ${count}`);
}

/** @throws JaxprError when the outputs, the effects or a called program of an equation are not what its primitive says. */
export function checkEquation({ primitive, inputs, outputs, params, effects }: Eqn): void {
  const { abstract, effects: effectsRule, inline } = primitive.rules;
  checkArity(primitive, inputs.length);
  const avals = inputs.map((x) => x.aval);
  const callee = subJaxprs(params).length > 0 ? inline?.(params) : undefined;
  // A call may give a strong operand for a weak one: the callee was traced once for both.
  if (callee && !sameShapes(callee.inAvals, avals))
    fail(
      "arity",
      `the program that is called takes ${showAll(callee.inAvals)}, it is given ${showAll(avals)}`,
    );
  const expected = abstractOf(() => abstract(avals, params));
  const got = outputs.map((v) => v.aval);
  if (got.length !== expected.length)
    fail("arity", `${primitive.primitive} has ${expected.length} outputs, the equation ${got.length}`);
  if (!got.every((aval, i) => sameAval(aval, expected[i]!)))
    fail("aval", `${primitive.primitive} gives ${showAll(expected)}, the outputs have ${showAll(got)}`);
  const own = effectsRule?.(params) ?? [];
  if (!sameEffects(effects, own))
    fail(
      "effects",
      `${primitive.primitive} has effects ${showEffects(own)}, the equation declares ${showEffects(effects)}`,
    );
}

const sameShapes = (a: readonly Aval[], b: readonly Aval[]): boolean =>
  a.length === b.length &&
  a.every((aval, i) => aval.dtype === b[i]!.dtype && sameShape(aval.shape, b[i]!.shape));

function abstractOf(rule: () => readonly Aval[]): readonly Aval[] {
  try {
    return rule();
  } catch (error) {
    // A wrong number of operands makes rules fail in any way.
    const why = error instanceof CotangentError ? error.message : `its shape rule fails (${String(error)})`;
    return fail("aval", why);
  }
}

/** The equation in words: its number, text and source. */
export function place(program: ClosedJaxpr, index: number): string {
  const { eqns } = program.jaxpr;
  const eqn = eqns[index];
  if (eqn === undefined) return index < 0 ? "the program's inputs" : "the program's outputs";
  const source = showSource(eqn.source);
  return `equation ${index + 1} of ${eqns.length}, ${textOf(program, index)}${source ? ` (at ${source})` : ""}`;
}

function textOf(program: ClosedJaxpr, index: number): string {
  try {
    return `\`${printEquations(program)[index]!}\``;
  } catch {
    // `show` of a primitive may rely on what is broken here.
    return program.jaxpr.eqns[index]!.primitive.primitive;
  }
}
