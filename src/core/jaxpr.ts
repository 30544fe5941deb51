import type { AnyPrimitive } from "./primitive.ts";
import { printJaxpr } from "./print.ts";
import type { Aval, NDArray, Value } from "./value.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** A variable of a jaxpr, identified by the object itself. */
export class Var {
  constructor(readonly aval: Aval) {}
}

/** A rank-0 constant, written in place. */
export class Literal {
  constructor(readonly value: NDArray) {}
  get aval(): Aval {
    return this.value.aval;
  }
}

export type Atom = Var | Literal;

/** An effect of running an equation. Ordered ones keep their order among each other; neither kind is removed. */
export type Effect = "ordered" | "unordered";

/** `outputs = primitive[params] inputs`. */
export interface Eqn {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Var[];
  readonly params: object;
  readonly effects: readonly Effect[];
  /** Raw stack of the user's operation; `showSource` formats it. */
  readonly source: string | undefined;
  /** The rule of an array type that wrote it: `dot_general(LoraArray, ArrayValue)`. */
  readonly rule?: string | undefined;
}

/** A program: a list of equations. Immutable data. */
export interface Jaxpr {
  readonly constvars: readonly Var[];
  readonly invars: readonly Var[];
  readonly eqns: readonly Eqn[];
  readonly outvars: readonly Atom[];
  readonly effects: readonly Effect[];
}

/** A jaxpr with the values of its constvars. */
export class ClosedJaxpr {
  constructor(
    readonly jaxpr: Jaxpr,
    readonly consts: readonly Value[],
  ) {}
  get inAvals(): Aval[] {
    return this.jaxpr.invars.map((v) => v.aval);
  }
  get outAvals(): Aval[] {
    return this.jaxpr.outvars.map((v) => v.aval);
  }
  /** As JAX prints it. */
  toString(): string {
    return printJaxpr(this);
  }
  /** For `console.log` in Node. */
  [inspectSymbol](): string {
    return printJaxpr(this);
  }
}

/** The effects of a list of equations, each kind once. */
export function effectsOf(eqns: readonly Eqn[]): Effect[] {
  const found = new Set<Effect>();
  for (const eqn of eqns) for (const effect of eqn.effects) found.add(effect);
  return [...found];
}

/** The jaxprs among an equation's params, by param name; lists of jaxprs (branches) are included. */
export function subJaxprs(params: object): [name: string, jaxpr: ClosedJaxpr][] {
  return Object.entries(params).flatMap(([name, value]): [string, ClosedJaxpr][] => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.filter((item) => item instanceof ClosedJaxpr).map((item) => [name, item]);
  });
}

const alongAxes = new WeakMap<Jaxpr, Map<string, boolean>>();

/**
 * Whether an operation works along the axis `name`; or a program, or a function, that it holds may. Without `operands`
 * functions are not looked into: a rule may call the function whose rule it is.
 */
export function usesAxis(
  prim: AnyPrimitive,
  params: object,
  name: string,
  operands: readonly Aval[] | null,
): boolean {
  const { axes } = prim.rules;
  if (typeof axes === "function") return axes(params).includes(name);
  const functions = axes === "any" && operands !== null ? functionsOf(prim, params, operands) : {};
  if (functions === null) return true;
  return (
    subJaxprs(params).some(([, { jaxpr }]) => programUsesAxis(jaxpr, name, operands !== null)) ||
    subJaxprs(functions).some(([, { jaxpr }]) => programUsesAxis(jaxpr, name, false))
  );
}

function programUsesAxis(jaxpr: Jaxpr, name: string, deep: boolean): boolean {
  let known = alongAxes.get(jaxpr);
  if (known === undefined) alongAxes.set(jaxpr, (known = new Map<string, boolean>()));
  const key = deep ? name : `${name} here`;
  let uses = known.get(key);
  if (uses === undefined) {
    uses = jaxpr.eqns.some(({ primitive, params, inputs }) =>
      usesAxis(primitive, params, name, deep ? inputs.map((x) => x.aval) : null),
    );
    known.set(key, uses);
  }
  return uses;
}

/** The functions among params as programs; null where they cannot be told: one may need numbers. */
function functionsOf({ rules }: AnyPrimitive, params: object, operands: readonly Aval[]): object | null {
  try {
    return rules.lower?.of(params, operands) ?? null;
  } catch {
    return null;
  }
}
