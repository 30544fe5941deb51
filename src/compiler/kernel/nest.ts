import type { Affine } from "./affine.ts";
import type { Expr, Loop, Memory, Reduced } from "./expression.ts";

/** `memory[address] = value` for each step of the loops, the first one being the outermost. */
export interface Store {
  readonly loops: readonly Loop[];
  readonly memory: Memory;
  readonly address: Affine;
  readonly value: Expr;
  /** Where it is false, nothing is written. */
  readonly when?: Expr;
  /** What is reduced along the last of these loops: the store is written as that is computed, not in loops of its own. */
  readonly pass?: Reduced;
}

/**
 * Stores that are computed together, sharing the loops that they begin with. What a store loads from where it or another one
 * of the same loops writes in the same turn is what was there before: memory that is read for the last time may be written.
 */
export interface Nest {
  readonly name: string;
  readonly stores: readonly Store[];
  /** Loops whose steps are to be taken one after the other. */
  readonly sequential: ReadonlySet<Loop>;
  /** The loop whose steps threads share, if it is not the outermost. */
  readonly shared?: Loop;
  /** Whether threads take the same steps of it and of the next nest together: one writes what it reads there itself. */
  readonly joined?: boolean;
}

/** Nests to run one after the other, and the memory that they need for what one leaves to another, in elements. */
export interface Steps {
  readonly nests: readonly Nest[];
  readonly scratch: ReadonlyMap<Memory, number>;
}

/** What an expression is computed from. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "op":
      return expr.args;
    case "reduced":
      return expr.reduction.values;
    case "running":
      return expr.series.values;
    case "load":
      return expr.address.dynamic ? [expr.address.dynamic] : [];
    default:
      return [];
  }
}

/** What an expression is computed from where nothing rare is needed. */
export const usualOperandsOf = (expr: Expr): readonly Expr[] =>
  expr.kind === "op" && expr.op === "rarely" ? [expr.args[0]!, expr.args[2]!] : operandsOf(expr);

/** Everything that `roots` are computed from, themselves included, operands first. */
export function reachable(roots: readonly Expr[], operands = operandsOf): Expr[] {
  const found = new Set<Expr>();
  const waiting = [...roots];
  for (let expr = waiting.pop(); expr !== undefined; expr = waiting.pop()) {
    if (found.has(expr)) continue;
    found.add(expr);
    waiting.push(...operands(expr));
  }
  return [...found].sort((a, b) => a.id - b.id);
}

const known = new WeakMap<readonly Store[], readonly Expr[]>();
/** Everything that stores are computed from, operands first. */
export function exprsOf(stores: readonly Store[]): readonly Expr[] {
  let all = known.get(stores);
  if (all === undefined) known.set(stores, (all = reachable(stores.flatMap(rootsOf))));
  return all;
}

/** The expressions of a store. */
export const rootsOf = ({ value, when, address }: Store): Expr[] =>
  [value, when, address.dynamic].filter((x) => x !== undefined && x !== null);
