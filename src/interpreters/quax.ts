import { broadcastPrefix, flatten, mapWith, nodeKind } from "../tree/index.ts";
import {
  appendMessage,
  ArgumentError,
  CotangentError,
  DispatchError,
  MaterialiseError,
} from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { AnyPrimitive, ArgsOf, ParamsOf } from "../core/primitive.ts";
import { sameShape } from "../core/shape.ts";
import { activeSource, isStaging, showSource, withRule } from "../core/source.ts";
import {
  bind,
  currentTrace,
  describe,
  type Dispatch,
  installDispatch,
  Trace,
  Tracer,
  withNewTrace,
  withTrace,
} from "../core/trace.ts";
import {
  ArrayValue,
  type Aval,
  Dense,
  isForeignValue,
  type NDArray,
  showAval,
  Value,
} from "../core/value.ts";
import { refuseAsync, toFunction } from "./signature.ts";
import type { Traceable } from "./signature.ts";

type Class<T = Value> = abstract new (...args: never[]) => T;
type Instances<S extends readonly Class[]> = {
  readonly [K in keyof S]: S[K] extends Class<infer T> ? T : never;
};

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

interface Rule {
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

/** The rule for these operands; null where none matches. */
function resolve(prim: AnyPrimitive, operands: readonly Value[]): Rule | null {
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
function reportMiss(prim: AnyPrimitive, operands: readonly Value[]): void {
  const miss: Miss = {
    primitive: prim.primitive,
    classes: operands.map((x) => x.constructor.name),
    source: showSource(activeSource()),
  };
  if (strict) {
    throw new DispatchError(
      "quax/strict",
      `${prim.primitive} has no rule for (${miss.classes.join(", ")}) and strict mode forbids to materialise${miss.source ? ` (at ${miss.source})` : ""}: ${remedy(prim, operands)}`,
    );
  }
  listener?.(miss);
}

/**
 * A value as a plain array, where the program that `prim` holds cannot go on with its class: a miss, like an operation
 * without a rule. A `Zero` is none.
 */
export function plainArray(x: Value, prim: AnyPrimitive): ArrayValue {
  if (isStructured(x)) reportMiss(prim, [x]);
  return x instanceof Dense ? x : materialised(x, prim, [x]);
}

function materialised(x: Value, prim: AnyPrimitive, operands: readonly Value[]): ArrayValue {
  try {
    return x.materialise();
  } catch (error) {
    if (error instanceof MaterialiseError && !error.message.includes("register(")) {
      appendMessage(
        error,
        ` (${prim.primitive} has no rule for it: allow it to materialise, or ${remedy(prim, operands)})`,
      );
    }
    throw error;
  }
}

/**
 * What a rule returned, as a list of values. A structured one is the rule's own affair; a plain array stands in the
 * place of the primitive's output, so it must be as the primitive's shape rule says.
 */
function results(
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
  if (!list.some((value) => value instanceof Dense)) return list;
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

/** Rules first, then rewriting of the jaxprs that the primitive holds, then the defaults. */
/** A rule as programs and explanations name it. */
const ruleText = (prim: AnyPrimitive, { signature, rest }: Rule): string =>
  `${prim.primitive}(${[...signature.map((c) => c.name), ...(rest ? [`…${rest.name}`] : [])].join(", ")})`;

const dispatch: Dispatch = (prim, operands, params) => {
  for (let i = 0; i < operands.length; i++) {
    if (!(operands[i] instanceof Value))
      throw new ArgumentError(
        "bind/operand",
        `${prim.primitive}: operand ${i} must be a Value, got ${describe(operands[i])}`,
      );
  }
  // What a closure captured is boxed as an argument is, so that it meets the values inside those boxes.
  const box = operands.some(isStructured) ? enclosingQuax() : null;
  if (box)
    return bind(
      prim,
      operands.map((x) => box.box(x)),
      params,
    );
  const rule = resolve(prim, operands);
  if (rule) {
    const run = () => rule.run(operands, params);
    const returned = isStaging() ? withRule(ruleText(prim, rule), run) : run();
    return results(prim, operands, params, returned, "a rule");
  }
  const { quaxify } = prim.rules;
  if (quaxify && operands.some((x) => !(x instanceof Dense))) return quaxify(operands, params);
  return fallBack(prim, operands, params);
};
installDispatch(dispatch);

/** A value in a box: everything inside quaxify sees a plain array of its aval. */
export class QuaxTracer extends Tracer {
  constructor(
    override readonly trace: QuaxTrace,
    readonly value: Value,
  ) {
    super();
  }
  override get aval(): Aval {
    return this.value.aval;
  }
  override concrete(): NDArray | null {
    return null;
  }
  override like(fill: ArrayValue, aval: Aval): ArrayValue | null {
    if (!(this.value instanceof ArrayValue)) return null;
    const { value, trace } = this;
    const made = withTrace(trace.parent, () => value.like(trace.open(fill) as ArrayValue, aval));
    return made && (trace.box(made) as ArrayValue);
  }
  override get origin(): string {
    return `It stands for a ${this.value.constructor.name} inside ${this.trace.label}.`;
  }
}

/** Opens the boxes, dispatches in the parent trace, and boxes what is structured again. */
export class QuaxTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
    private readonly strict: boolean | undefined,
  ) {
    super(parent, label);
  }

  box<T>(x: T): T | QuaxTracer {
    return x instanceof Value && !(x instanceof Dense) ? new QuaxTracer(this, x) : x;
  }
  open(x: Value): Value {
    return x instanceof QuaxTracer && x.trace === this ? x.value : x;
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const values = operands.map((x) => this.open(x));
    const outer = strict;
    strict = this.strict ?? outer;
    try {
      return withTrace(this.parent, () => {
        const plain = values.every((x) => x instanceof Dense) && !rules.has(prim);
        const outs = plain ? bind(prim, values, params) : dispatch(prim, values, params);
        return outs.map((out) => this.box(out) as ArrayValue);
      });
    } finally {
      strict = outer;
    }
  }
}

/** A value that holds others, as `Zero` does not. */
const isStructured = (x: Value): boolean =>
  !(x instanceof Dense) && (x.constructor as typeof Value)[nodeKind] !== "leaf";

/** The innermost quaxify that is running. */
function enclosingQuax(): QuaxTrace | null {
  for (let trace: Trace | null = currentTrace(); trace !== null; trace = trace.parent)
    if (trace instanceof QuaxTrace) return trace;
  return null;
}

const wholeValue = (node: unknown): boolean => node instanceof Value;

/** Runs `body` with structured values boxed; what comes back is opened. */
export function quaxifyValues<R>(
  args: readonly Value[],
  body: (boxed: readonly Value[]) => R,
  label: string,
  strictly?: boolean,
): R {
  return withNewTrace(new QuaxTrace(currentTrace(), label, strictly), (trace) => {
    const result = body(args.map((x) => trace.box(x)));
    refuseAsync(result, label);
    return mapWith(
      { isLeaf: wholeValue },
      (leaf: unknown) => (leaf instanceof Value ? trace.open(leaf) : leaf),
      result,
    );
  });
}

const isSpec = (spec: unknown): boolean => typeof spec === "boolean" || typeof spec === "function";
/** @throws ArgumentError when a leaf of a filterSpec is neither a boolean nor a function. */
function checkSpec(spec: unknown): unknown {
  if (isSpec(spec)) return spec;
  throw new ArgumentError(
    "quax/filter",
    `quaxify: filterSpec is a boolean, a function of a leaf, or a prefix tree of those; got ${describe(spec)}`,
  );
}

export interface QuaxifyOptions {
  /**
   * Which values of the arguments are boxed: a boolean, a function of the leaf, or a prefix tree of those. A boolean or
   * a function holds for the fields of a Module too. Default true.
   */
  readonly filterSpec?: unknown;
  /** Throw where an operation without a rule would materialise its operands. */
  readonly strict?: boolean;
}

/**
 * `f`, with every primitive inside dispatching on the classes of its operands. Structured values in the arguments are
 * boxed, so that they look like plain arrays to everything inside, other transformations included; rules run outside.
 *
 * @throws DispatchError when rules are ambiguous; MaterialiseError when a value without a rule refuses to become an array.
 * @example
 * quaxify((w, x) => np.matmul(w, x))(new lora.LoraArray(w, { rank: 2, key }), x);
 * @see `quax.quaxify`
 */
export function quaxify<Args extends unknown[], R>(
  f: Traceable<Args, R>,
  ...rest: readonly unknown[]
): (...args: Args) => R {
  const { filterSpec = true, strict: strictly } = readOptions<QuaxifyOptions>(
    "quaxify",
    ["filterSpec", "strict"],
    rest,
  );
  const { call, name } = toFunction(f, "quaxify");
  const module = typeof f === "object" ? f : null;
  return (...args) => {
    const everything: readonly unknown[] = [module, args];
    const leaves = flatten(everything, wholeValue)[0];
    const structured = leaves.some((leaf) => leaf instanceof Value && !(leaf instanceof Dense));
    if (filterSpec === true && !structured && strictly === undefined) return call(...args) as R;
    return withNewTrace(new QuaxTrace(currentTrace(), `quaxify of ${name}`, strictly), (trace) => {
      const chosen = broadcastPrefix(filterSpec, args, wholeValue);
      const ofModule = isSpec(filterSpec) ? filterSpec : true;
      const boxWhere = (spec: unknown, leaf: unknown): unknown =>
        (typeof spec === "function" ? spec(leaf) : spec) ? trace.box(leaf) : leaf;
      let next = 0;
      const boxed = mapWith(
        { isLeaf: wholeValue },
        (leaf: unknown) => boxWhere(checkSpec(chosen[next++]), leaf),
        args,
      ) as Args;
      const self =
        module && mapWith({ isLeaf: wholeValue }, (leaf: unknown) => boxWhere(ofModule, leaf), module);
      const result = self ? (self as { forward(...a: Args): R }).forward(...boxed) : (call(...boxed) as R);
      refuseAsync(result, `quaxify of ${name}`);
      return mapWith(
        { isLeaf: wholeValue },
        (leaf: unknown) => (leaf instanceof Value ? trace.open(leaf) : leaf),
        result,
      ) as R;
    });
  };
}
