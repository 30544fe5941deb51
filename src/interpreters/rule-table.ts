import { ArgumentError, DispatchError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { AnyPrimitive, ArgsOf, ParamsOf } from "../core/primitive.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, isForeignValue, Value } from "../core/value.ts";

/** @internal */
export type Class<T = Value> = abstract new (...args: never[]) => T;
type Instances<S extends readonly Class[]> = {
  readonly [K in keyof S]: S[K] extends Class<infer T> ? T : never;
};

/** @internal */
export interface Rule {
  readonly signature: readonly Class[];
  readonly rest: Class | undefined;
  readonly precedence: number;
  readonly run: (operands: readonly Value[], params: object) => Value | readonly Value[];
}

export interface RegisterOptions {
  /** Breaks the tie between equally narrow rules: the higher one runs. Default 0. */
  readonly precedence?: number;
  /** Class of any operands after those in the signature. */
  readonly rest?: Class;
}

const rules = new Map<AnyPrimitive, Rule[]>();
/** @internal Every rule registered so far. */
export const registered: ReadonlyMap<AnyPrimitive, readonly Rule[]> = rules;
let version = 0;
/** Counts registrations: a part of the key of everything compiled, so that a later rule reaches it. */
export const registerVersion = (): number => version;

/** Operand classes of a signature: as many as the primitive has; any number where that varies, `rest` covering the others. */
type Signature<Prim extends AnyPrimitive> =
  ArgsOf<Prim> extends infer Args extends readonly ArrayValue[]
    ? number extends Args["length"]
      ? readonly Class[]
      : { readonly [K in keyof Args]: Class }
    : never;

/**
 * Says how a primitive acts on operands of these classes. Among the rules that match, the narrowest runs; a class
 * matches its subclasses, and `ArrayValue` anything. Returns the rule, so that rules can call each other.
 *
 * Registering the same classes again replaces the rule, also in functions that are compiled already.
 * @throws ArgumentError when `prim` is no primitive, the signature no list of Value classes, or the rule no function;
 * nothing is registered then.
 * @example
 * register(lax.mul, [Unitful, Unitful], ([x, y]) => new Unitful(np.multiply(x.array, y.array), x.units.times(y.units)));
 * @see `quax.register`
 */
export function register<Prim extends AnyPrimitive, const S extends Signature<Prim>>(
  prim: Prim,
  signature: S,
  run: (operands: Instances<S>, params: ParamsOf<Prim>) => Value | readonly Value[],
  options: RegisterOptions = {},
): typeof run {
  const { precedence = 0, rest } = readOptions<RegisterOptions>(
    "register",
    ["precedence", "rest"],
    [options],
  );
  const name = (prim as Partial<AnyPrimitive> | null)?.primitive;
  if (name === undefined)
    throw new ArgumentError(
      "quax/register",
      `register takes a primitive such as lax.mul, got ${describe(prim)}`,
    );
  const classes = checkSignature(name, signature, rest);
  if (typeof run !== "function")
    throw new ArgumentError(
      "quax/register",
      `register(${name}): the rule is a function, got ${describe(run)}`,
    );
  if (!Number.isFinite(precedence))
    throw new ArgumentError(
      "quax/register",
      `register(${name}): precedence must be a finite number, got ${describe(precedence)}`,
    );
  const list = rules.get(prim) ?? [];
  const same = list.findIndex(
    (rule) =>
      rule.rest === rest &&
      rule.signature.length === classes.length &&
      rule.signature.every((c, i) => c === classes[i]),
  );
  const rule: Rule = { signature: classes, rest, precedence, run: run as Rule["run"] };
  if (same >= 0) list[same] = rule;
  else list.push(rule);
  rules.set(prim, list);
  version++;
  resolutions.clear();
  return run;
}

/** @throws ArgumentError unless the signature is a list of Value classes, and `rest` one if given. */
function checkSignature(name: string, signature: unknown, rest: unknown): readonly Class[] {
  if (!Array.isArray(signature))
    throw new ArgumentError(
      "quax/register",
      `register(${name}): the signature is a list of classes, one for each operand, got ${describe(signature)}`,
    );
  const given: readonly unknown[] = rest === undefined ? signature : [...(signature as unknown[]), rest];
  for (const cls of given) {
    if (typeof cls !== "function")
      throw new ArgumentError(
        "quax/register",
        `register(${name}): the signature is a list of classes, one for each operand, got ${describe(cls)}`,
      );
    if (cls !== Value && !(cls.prototype instanceof Value))
      throw new ArgumentError(
        "quax/register",
        `register(${name}): ${cls.name || "the class"} is no subclass of Value, so no operand has it${isForeignValue(cls.prototype) ? "; it extends the Value of another copy of cotangent (two are installed: deduplicate them)" : ""}`,
      );
  }
  return signature as readonly Class[];
}

const below = (a: Class, b: Class): boolean => a === b || b.prototype.isPrototypeOf(a.prototype);
const classAt = (rule: Rule, i: number): Class => rule.signature[i] ?? rule.rest!;
const accepts = (rule: Rule, count: number): boolean =>
  rule.signature.length === count || (rule.rest !== undefined && count > rule.signature.length);
const narrower = (a: Rule, b: Rule, count: number): boolean => {
  for (let i = 0; i < count; i++) if (!below(classAt(a, i), classAt(b, i))) return false;
  return true;
};

// Resolutions are remembered by primitive, number of operands, and their classes.
type Resolution = Map<unknown, Resolution | Rule | null>;
const resolutions = new Map<AnyPrimitive, Resolution>();

function child(node: Resolution, key: unknown): Resolution {
  let next = node.get(key) as Resolution | undefined;
  if (next === undefined) node.set(key, (next = new Map()));
  return next;
}

/** @internal The rule for these operands; null where none matches. */
export function resolve(prim: AnyPrimitive, operands: readonly Value[]): Rule | null {
  if (!rules.has(prim)) return null;
  let node = resolutions.get(prim);
  if (node === undefined) resolutions.set(prim, (node = new Map()));
  node = child(node, operands.length);
  for (let i = 0; i < operands.length - 1; i++) node = child(node, operands[i]!.constructor);
  const last = operands.at(-1)?.constructor;
  // At the depth of the last operand there are rules, not nodes.
  let found = node.get(last) as Rule | null | undefined;
  if (found === undefined) node.set(last, (found = search(prim, operands)));
  return found;
}

function search(prim: AnyPrimitive, operands: readonly Value[]): Rule | null {
  const count = operands.length;
  const matches = rules
    .get(prim)!
    .filter((rule) => accepts(rule, count) && operands.every((x, i) => x instanceof classAt(rule, i)));
  const narrowest = matches.filter(
    (rule) =>
      !matches.some(
        (other) => other !== rule && narrower(other, rule, count) && !narrower(rule, other, count),
      ),
  );
  if (narrowest.length <= 1) return narrowest[0] ?? null;
  const highest = Math.max(...narrowest.map((rule) => rule.precedence));
  const chosen = narrowest.filter((rule) => rule.precedence === highest);
  if (chosen.length === 1) return chosen[0]!;
  const candidates = chosen.map(
    (rule) =>
      `  register(${prim.primitive}, [${rule.signature.map((c) => c.name).join(", ")}${rule.rest ? `, …${rule.rest.name}` : ""}])`,
  );
  const classes = operands.map((x) => x.constructor.name).join(", ");
  throw new DispatchError(
    "quax/ambiguous",
    `${prim.primitive} is ambiguous for operands of classes (${classes}). Candidates:\n${candidates.join("\n")}\nRegister a rule for exactly these classes, or give one of them a higher precedence.`,
  );
}

/** @internal A rule as programs and explanations name it. */
export const ruleText = (prim: AnyPrimitive, { signature, rest }: Rule): string =>
  `${prim.primitive}(${[...signature.map((c) => c.name), ...(rest ? [`…${rest.name}`] : [])].join(", ")})`;
