import { nodeKind } from "../tree/index.ts";
import { appendMessage, CotangentError, DispatchError, MaterialiseError } from "../core/errors.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { sameShape } from "../core/shape.ts";
import { activeSource, showSource } from "../core/source.ts";
import { bind, describe } from "../core/trace.ts";
import { type ArrayValue, type Aval, Dense, showAval, Value } from "../core/value.ts";
import type { Class } from "./rule-table.ts";
import { refuseAsync } from "./signature.ts";

/**
 * A value class may say what happens where no rule matches, in place of materialising every operand: `static default`.
 * Null says that it has nothing to say here. Where operands of several such classes meet, the one with the highest
 * `static defaultPrecedence` (0 by default) decides.
 */
export type DefaultRule = (
  prim: AnyPrimitive,
  operands: readonly Value[],
  params: object,
) => Value | readonly Value[] | null;

/** An operation for which no rule was found, so that its operands became plain arrays. */
export interface Miss {
  readonly primitive: string;
  /** Classes of the operands. */
  readonly classes: readonly string[];
  /** Where in the user's source, if known. */
  readonly source: string | undefined;
}

let listener: ((miss: Miss) => void) | undefined;
let strict = false;

/** @internal Runs `body` with strict mode on or off, or as it is. */
export function withStrict<T>(strictly: boolean | undefined, body: () => T): T {
  const outer = strict;
  strict = strictly ?? outer;
  try {
    return body();
  } finally {
    strict = outer;
  }
}

/** Runs `body` and tells `onMiss` of every operation that materialised its operands for lack of a rule. */
export function withMisses<T>(onMiss: (miss: Miss) => void, body: () => T): T {
  const outer = listener;
  listener = onMiss;
  try {
    return body();
  } finally {
    listener = outer;
  }
}

const remedy = (prim: AnyPrimitive, operands: readonly Value[]): string => {
  const classes = operands.map((x) => (x instanceof Dense ? "ArrayValue" : x.constructor.name)).join(", ");
  return `register(lax.${camel(prim.primitive)}, [${classes}], (operands, params) => …)`;
};
const camel = (name: string): string =>
  name.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());

interface WithDefault {
  readonly default?: DefaultRule;
  readonly defaultPrecedence?: number;
}

/** The default rule among the operands' classes. @throws DispatchError when there are several of one precedence. */
function defaultOf(prim: AnyPrimitive, operands: readonly Value[]): DefaultRule | undefined {
  const all = operands.map((x) => x.constructor as WithDefault & Class).filter((cls) => cls.default);
  const precedence = ({ defaultPrecedence = 0 }: WithDefault): number => defaultPrecedence;
  const highest = Math.max(...all.map(precedence));
  const first = all.filter((cls) => precedence(cls) === highest);
  if (new Set(first.map((cls) => cls.default)).size > 1) {
    const classes = [...new Set(first.map((cls) => cls.name))].join(", ");
    throw new DispatchError(
      "quax/default",
      `${prim.primitive}: several classes define a default rule: ${classes}; ${remedy(prim, operands)} would decide`,
    );
  }
  return first[0]?.default;
}

/**
 * What happens where no rule matches: the one overridden default among the operands' classes, otherwise every operand as
 * a plain array. A rule returns it for operands or params that are none of its business.
 *
 * @throws MaterialiseError when an operand refuses to become an array.
 */
export function fallBack(prim: AnyPrimitive, operands: readonly Value[], params: object): readonly Value[] {
  const result = defaultOf(prim, operands)?.(prim, operands, params) ?? null;
  if (result !== null) return results(prim, operands, params, result, "the default rule");
  if (operands.some((x) => !(x instanceof Dense))) reportMiss(prim, operands);
  return bind(
    prim,
    operands.map((x) => (x instanceof Dense ? x : materialised(x, prim, operands))),
    params,
  );
}

/** @throws DispatchError in strict mode. */
function reportMiss(prim: AnyPrimitive, operands: readonly Value[], advice = remedy(prim, operands)): void {
  const miss: Miss = {
    primitive: prim.primitive,
    classes: operands.map((x) => x.constructor.name),
    source: showSource(activeSource()),
  };
  if (strict) {
    throw new DispatchError(
      "quax/strict",
      `${prim.primitive} has no rule for (${miss.classes.join(", ")}) and strict mode forbids to materialise${miss.source ? ` (at ${miss.source})` : ""}: ${advice}`,
    );
  }
  listener?.(miss);
}

/**
 * A value as a plain array, where the program that `prim` holds cannot go on with its class: a miss, like an operation
 * without a rule. A `Zero` is none. `advice` says what would help, if it is not a rule.
 */
export function plainArray(x: Value, prim: AnyPrimitive, advice?: string): ArrayValue {
  if (isStructured(x)) reportMiss(prim, [x], advice);
  return x instanceof Dense ? x : materialised(x, prim, [x], advice);
}

function materialised(
  x: Value,
  prim: AnyPrimitive,
  operands: readonly Value[],
  advice = remedy(prim, operands),
): ArrayValue {
  try {
    return x.materialise();
  } catch (error) {
    if (error instanceof MaterialiseError && !error.message.includes("register(")) {
      appendMessage(error, ` (${prim.primitive} has no rule for it: allow it to materialise, or ${advice})`);
    }
    throw error;
  }
}

/**
 * @internal What a rule returned, as a list of values. A structured one is the rule's own affair; a plain array stands in the
 * place of the primitive's output, so it must be as the primitive's shape rule says.
 */
export function results(
  prim: AnyPrimitive,
  operands: readonly Value[],
  params: object,
  result: Value | readonly Value[],
  rule: string,
): readonly Value[] {
  const list = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
  for (const value of list) {
    refuseAsync(value, `${rule} of ${prim.primitive}`);
    if (!(value instanceof Value))
      throw new DispatchError(
        "quax/result",
        `${rule} of ${prim.primitive} returned ${describe(value)}: a rule returns a Value, or a list of them`,
      );
  }
  if (list.length > 0 && !list.some((value) => value instanceof Dense)) return list;
  const due = dueAvals(prim, operands, params);
  if (due === null) return list;
  const classes = operands.map((x) => x.constructor.name).join(", ");
  const refuse = (got: string, wanted: string): never => {
    throw new DispatchError(
      "quax/result",
      `${rule} of ${prim.primitive} for (${classes}) returned ${got}, where ${wanted} is due for operands ${operands.map((x) => describe(x)).join(", ")}: return an array of that shape and dtype, or a value of a class of its own`,
    );
  };
  if (list.length !== due.length)
    refuse(`a list of ${list.length}`, due.length === 1 ? "one value" : `a list of ${due.length}`);
  list.forEach((value, i) => {
    if (!(value instanceof Dense)) return;
    const { aval } = value;
    if (aval.dtype !== due[i]!.dtype || !sameShape(aval.shape, due[i]!.shape))
      refuse(`the array ${showAval(aval)}`, showAval(due[i]!));
  });
  return list;
}

/** What the primitive's outputs would be for plain arrays; null where it would refuse operands like these. */
function dueAvals(prim: AnyPrimitive, operands: readonly Value[], params: object): readonly Aval[] | null {
  try {
    return prim.rules.abstract(
      operands.map((x) => x.aval),
      params,
    );
  } catch (error) {
    // Operands that only the rule can deal with, such as two of different dtypes, or a value without a shape.
    if (error instanceof CotangentError) return null;
    throw error;
  }
}

/** @internal A value that holds others, as `Zero` does not. */
export const isStructured = (x: Value): boolean =>
  !(x instanceof Dense) && (x.constructor as typeof Value)[nodeKind] !== "leaf";
