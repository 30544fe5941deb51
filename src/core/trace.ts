import { currentBackend } from "./backend.ts";
import { ArgumentError, EscapedTracerError, nearest } from "./errors.ts";
import { runChecked } from "./checked-run.ts";
import { callHost } from "./host-call.ts";
import { isChecking } from "./numbers.ts";
import type { AnyPrimitive } from "./primitive.ts";
import { activeSource, captureSource, withSource } from "./source.ts";
import { ArrayValue, Dense, NDArray, isForeignValue, showAval, Value } from "./value.ts";

/** An axis that is mapped over, by the name that operations along it call it. */
export interface NamedAxis {
  readonly name: string;
  readonly size: number;
}

/** One running interpreter. `parent` is the trace that its rules run in; there is no global stack. */
export abstract class Trace {
  /** False once the function it traced has returned: its tracers have escaped. */
  alive = true;
  constructor(
    readonly parent: Trace | null,
    /** What the user called, for messages: `jit of loss`. */
    readonly label: string,
    /** Named axes that it binds, for whatever runs in it. */
    readonly axes: readonly NamedAxis[] = [],
  ) {}

  abstract bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[];
}

/** A value as one trace sees it. */
export abstract class Tracer extends Dense {
  abstract readonly trace: Trace;

  /** Where it came from, for messages. */
  get origin(): string {
    return `It was made by ${this.trace.label}.`;
  }
}

/** @throws EscapedTracerError always. */
export function escaped(tracer: Tracer, prim: AnyPrimitive): never {
  throw new EscapedTracerError(
    "trace/escaped",
    `${prim.primitive} got a tracer of ${showAval(tracer.aval)} outside the transformation that made it. ${tracer.origin} Return the value from the traced function instead of keeping it in a variable outside.`,
  );
}

/** The outermost interpreter: runs each primitive at once, on concrete arrays. */
class EvalTrace extends Trace {
  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    for (const x of operands) if (!(x instanceof NDArray)) escaped(x as Tracer, prim);
    const { axes, evaluate, stepwise } = prim.rules;
    if (axes && axes !== "any") boundSizes(axes(params), prim.primitive);
    // What it evaluates is checked by itself.
    if (evaluate && !stepwise) return [...evaluate(operands, params)];
    const arrays = operands as readonly NDArray[];
    if (!isChecking()) return [...this.run(prim, arrays, params)];
    const steps = stepwise && (() => stepwise(operands, params) as readonly NDArray[]);
    return [...runChecked(prim.primitive, arrays, () => this.run(prim, arrays, params), steps)];
  }

  private run(prim: AnyPrimitive, operands: readonly NDArray[], params: object): readonly NDArray[] {
    // Operations on concrete arrays are concrete here.
    const { evaluate, host, expand, abstract } = prim.rules;
    if (evaluate) return evaluate(operands, params) as readonly NDArray[];
    if (host) return callHost(prim, operands, params, activeSource());
    const outs = abstract(
      operands.map((x) => x.aval),
      params,
    );
    if (expand) return expand(operands, params) as readonly NDArray[];
    const buffers = currentBackend().apply(prim, operands, params, outs);
    return buffers.map((buffer, i) => new NDArray(outs[i]!, buffer));
  }
}

const root: Trace = new EvalTrace(null, "evaluation");
let current: Trace = root;

export const currentTrace = (): Trace => current;
/** Nothing is being transformed now. */
export const isEager = (): boolean => current === root;

/**
 * Checks the name of an axis.
 * @throws ArgumentError when it is no word: names are written into the text of programs.
 */
export function checkAxisName(name: unknown, caller: string): string {
  if (typeof name === "string" && /^[^\s[\](){},;='"]+$/.test(name)) return name;
  throw new ArgumentError(
    "axis/name",
    `${caller}: an axis name is a string without spaces, quotes and brackets, got ${describe(name)}`,
  );
}

/** The named axes that are bound here, the innermost first; one that is hidden by another of its name is left out. */
export function boundAxes(): readonly NamedAxis[] {
  const bound: NamedAxis[] = [];
  for (let trace: Trace | null = current; trace !== null; trace = trace.parent)
    for (const axis of trace.axes) if (!bound.some(({ name }) => name === axis.name)) bound.push(axis);
  return bound;
}

/**
 * Sizes of named axes.
 * @throws ArgumentError on a name that is not bound here.
 */
export function boundSizes(names: readonly string[], caller: string): number[] {
  const bound = boundAxes();
  return names.map((name) => bound.find((axis) => axis.name === name)?.size ?? unbound(name, bound, caller));
}

function unbound(name: string, bound: readonly NamedAxis[], caller: string): never {
  const near = nearest(
    name,
    bound.map((axis) => axis.name),
  );
  const known = bound.map((axis) => `"${axis.name}" (of size ${axis.size})`).join(", ");
  const remedy = bound.length === 0 ? "no names are bound here" : `the names bound here are ${known}`;
  throw new ArgumentError(
    "axis/unbound",
    `${caller}: unbound axis name "${name}"; ${remedy}${near ? `; did you mean "${near}"?` : ": vmap binds one with axisName"}`,
  );
}

/** Runs `body` with `trace` as the interpreter of every primitive. */
export function withTrace<T>(trace: Trace, body: () => T): T {
  const outer = current;
  current = trace;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** Runs `body` on concrete arrays at once, whatever is being transformed. */
export const eagerly = <T>(body: () => T): T => withTrace(root, body);

/** Runs `body` in a new trace, which ends with it: its tracers are unusable afterwards. */
export function withNewTrace<S extends Trace, T>(trace: S, body: (trace: S) => T): T {
  try {
    return withTrace(trace, () => body(trace));
  } finally {
    trace.alive = false;
  }
}

/** Multiple dispatch on operands that are not plain arrays; `interpreters/quax.ts` installs it. */
export type Dispatch = (prim: AnyPrimitive, operands: readonly Value[], params: object) => readonly Value[];
let dispatch: Dispatch;
export const installDispatch = (installed: Dispatch): void => {
  dispatch = installed;
};

/**
 * Applies a primitive in the current trace. Operands that are not `Dense` dispatch on their class first, so structured
 * values work bare, inside closures and under every transformation.
 *
 * @throws ArgumentError when an operand is no Value.
 */
export function bind(prim: AnyPrimitive, operands: readonly Value[], params: object): ArrayValue[] {
  const source = captureSource();
  if (source === activeSource()) return bindHere(prim, operands, params);
  return withSource(source, () => bindHere(prim, operands, params));
}

function bindHere(prim: AnyPrimitive, operands: readonly Value[], params: object): ArrayValue[] {
  for (let i = 0; i < operands.length; i++) {
    const x = operands[i];
    if (x instanceof Dense) continue;
    if (x instanceof Value) return dispatch(prim, operands, params) as ArrayValue[];
    throw new ArgumentError(
      "bind/operand",
      `${prim.primitive}.bind takes values; operand ${i} is ${describe(x)}`,
    );
  }
  return current.bind(prim, operands as readonly ArrayValue[], params);
}

/** A short description of anything, for messages. */
export function describe(x: unknown): string {
  if (x instanceof ArrayValue) return `${x.constructor.name} ${showAval(x.aval)}`;
  if (x === null || x === undefined) return String(x);
  if (isForeignValue(x))
    return `a ${x.constructor.name} of another copy of cotangent (two are installed: deduplicate them)`;
  if (Array.isArray(x)) return `a list of ${x.length}`;
  if (typeof x === "string") return `the string ${JSON.stringify(x)}`;
  if (typeof x === "function") return `the function ${x.name || "(anonymous)"}`;
  if (typeof x === "object") return `an object of class ${x.constructor?.name ?? "Object"}`;
  return `the ${typeof x} ${String(x)}`;
}
