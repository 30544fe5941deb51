import { broadcastPrefix, flatten, mapWith } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { isStaging, withRule } from "../core/source.ts";
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
import { ArrayValue, type Aval, Dense, type NDArray, Value } from "../core/value.ts";
import { fallBack, isStructured, results, withStrict } from "./fall-back.ts";
import { resolve, ruleText } from "./rule-table.ts";
import { refuseAsync, toFunction } from "./signature.ts";
import type { Traceable } from "./signature.ts";
import { bindPlain } from "./uniform.ts";

// From here, so that whoever registers rules has the dispatch on them installed.
export { type DefaultRule, fallBack, type Miss, plainArray, withMisses } from "./fall-back.ts";
export { register, type RegisterOptions, registerVersion } from "./rule-table.ts";

/** Rules first, then rewriting of the jaxprs that the primitive holds, then the defaults. */
const dispatch: Dispatch = (prim, operands, params) => {
  for (let i = 0; i < operands.length; i++) {
    if (!(operands[i] instanceof Value))
      throw new ArgumentError(
        "bind/operand",
        `${prim.primitive}: operand ${i} must be a Value, got ${describe(operands[i])}`,
      );
  }
  // What a closure captured is boxed as an argument is, so that it meets the values inside those boxes.
  const quax = operands.some(isStructured) ? enclosingQuax() : null;
  if (quax === null) return dispatchHere(prim, operands, params);
  if (!entersBox(quax, operands)) return withStrict(quax.strict, () => dispatchHere(prim, operands, params));
  return bind(
    prim,
    operands.map((x) => quax.box(x)),
    params,
  );
};
installDispatch(dispatch);

const dispatchHere: Dispatch = (prim, operands, params) => {
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
    readonly strict: boolean | undefined,
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
    return whileDispatching(this, () => {
      const plain = values.every((x) => x instanceof Dense) && resolve(prim, values) === null;
      const outs = plain ? bindPlain(prim, values, params) : dispatch(prim, values, params);
      return outs.map((out) => this.box(out) as ArrayValue);
    });
  }
}

/** The innermost quaxify that is running. */
function enclosingQuax(): QuaxTrace | null {
  for (let trace: Trace | null = currentTrace(); trace !== null; trace = trace.parent)
    if (trace instanceof QuaxTrace) return trace;
  return null;
}

/** The quaxify whose operation is being dispatched. */
let dispatching: QuaxTrace | null = null;

function whileDispatching<T>(quax: QuaxTrace, body: () => T): T {
  const outer = dispatching;
  dispatching = quax;
  try {
    return withStrict(quax.strict, () => withTrace(quax.parent, body));
  } finally {
    dispatching = outer;
  }
}

/**
 * Whether the rules for these operands run outside of `quax`. Values made of what was computed inside cannot go there, and
 * those of another quaxify inside, whose rules are running, need not, unless they meet what may come from the boxes.
 */
function entersBox(quax: QuaxTrace, operands: readonly Value[]): boolean {
  const inside = new Set<Trace>([quax]);
  for (let trace = currentTrace(); trace !== quax; trace = trace.parent!) inside.add(trace);
  const isInside = (part: unknown): boolean => part instanceof Tracer && inside.has(part.trace);
  if (flatten(operands.filter(isStructured))[0].some(isInside)) return false;
  return dispatching?.parent !== currentTrace() || operands.some(isInside);
}

/** Whether what runs now is dispatched by a quaxify around it: plain arrays may stand for values of any class. */
export const isQuaxified = (): boolean => enclosingQuax() !== null;

/** A tree whose structured values are boxed as the arguments of the quaxify that runs, if one does and they can be. */
export function withBoxes<T>(tree: T): T {
  const quax = enclosingQuax();
  if (quax === null) return tree;
  const box = (leaf: unknown): unknown =>
    leaf instanceof Value && isStructured(leaf) && entersBox(quax, [leaf]) ? quax.box(leaf) : leaf;
  return mapWith({ isLeaf: wholeValue }, box, tree);
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
export function quaxify<Args extends unknown[] = ArrayValue[], R = unknown>(
  f: Traceable<Args, R>,
  ...rest: Optionals<[], QuaxifyOptions>
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
