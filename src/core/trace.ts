import { currentBackend } from "./backend.ts";
import { ArgumentError, EscapedTracerError } from "./errors.ts";
import type { AnyPrimitive } from "./primitive.ts";
import { activeSource, captureSource, withSource } from "./source.ts";
import { ArrayValue, Dense, NDArray, isForeignValue, showAval, Value } from "./value.ts";

/** One running interpreter. `parent` is the trace that its rules run in; there is no global stack. */
export abstract class Trace {
  /** False once the function it traced has returned: its tracers have escaped. */
  alive = true;
  constructor(
    readonly parent: Trace | null,
    /** What the user called, for messages: `jit of loss`. */
    readonly label: string,
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
    const { evaluate, expand, abstract } = prim.rules;
    if (evaluate) return [...evaluate(operands, params)];
    const outs = abstract(
      operands.map((x) => x.aval),
      params,
    );
    if (expand) return [...expand(operands, params)];
    const buffers = currentBackend().apply(prim, operands as readonly NDArray[], params, outs);
    return buffers.map((buffer, i) => new NDArray(outs[i]!, buffer));
  }
}

const root: Trace = new EvalTrace(null, "evaluation");
let current: Trace = root;

export const currentTrace = (): Trace => current;
/** Nothing is being transformed now. */
export const isEager = (): boolean => current === root;

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
