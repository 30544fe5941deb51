import { isInexact } from "../core/dtype.ts";
import { ArgumentError, DifferentiationError } from "../core/errors.ts";
import { type Atom, type ClosedJaxpr, Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { bind, currentTrace, eagerly, Trace, Tracer, withNewTrace, withTrace } from "../core/trace.ts";
import { type ArrayValue, Dense, type NDArray, sameAval, showAval, Value } from "../core/value.ts";
import { flatten } from "../tree/index.ts";
import { argumentPath, avalsOf, flattenArguments } from "./arguments.ts";
import { evaluateJaxpr, liveEquations } from "./evaluate.ts";
import { trace } from "./make-jaxpr.ts";
import { QuaxTracer } from "./quax.ts";
import { hoistConstants, stageIn, StageTrace } from "./stage.ts";
import { BatchTracer } from "./vmap.ts";

/**
 * Stages a function whose operands may have values, as they have under an eager `grad`: where the function asks for a
 * number, it is computed from them.
 */
class LiftTrace extends StageTrace {
  private readonly origins = new Map<Var, ArrayValue>();
  private readonly values = new Map<Var, NDArray>();

  constructor(
    private readonly operands: readonly ArrayValue[],
    label: string,
  ) {
    super(currentTrace(), label);
  }

  override atom(x: ArrayValue): Atom {
    const atom = super.atom(x);
    if (atom instanceof Var && !(x instanceof Tracer && x.trace === this)) this.origins.set(atom, x);
    return atom;
  }

  override concrete(v: Var): NDArray | null {
    const program = { constvars: [], invars: [], eqns: this.builder.eqns, outvars: [v], effects: [] };
    for (const { primitive, inputs, outputs, params, effects } of liveEquations(program)) {
      if (effects.length > 0 || this.values.has(outputs[0]!)) continue;
      const operands = inputs.map((x) => this.known(x));
      if (operands.includes(null)) continue;
      const results = eagerly(() => bind(primitive, operands as NDArray[], params));
      outputs.forEach((out, i) => this.values.set(out, results[i] as NDArray));
    }
    return this.known(v);
  }

  private known(x: Atom): NDArray | null {
    if (x instanceof Literal) return x.value;
    const index = this.invars.indexOf(x);
    const origin = index >= 0 ? this.operands[index] : this.origins.get(x);
    return this.values.get(x) ?? (origin instanceof Dense ? origin.concrete() : null);
  }
}

/** A function of arrays as a program, to be called with what the function captured ahead of its own operands. */
export interface Lifted {
  readonly closed: ClosedJaxpr;
  readonly captured: readonly ArrayValue[];
}

/** Makes operands of what a function captured, so that every transformation sees it. */
export function lift(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  operands: readonly ArrayValue[],
  label: string,
): Lifted {
  const staged = stageIn(new LiftTrace(operands, label), body, avalsOf(operands));
  const { closed, consts } = hoistConstants(staged);
  return { closed, captured: consts as readonly ArrayValue[] };
}

/** Passes everything on, but no captured value of a trace that is not running. */
class GuardTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
  ) {
    super(parent, label);
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    for (const x of operands) {
      if (!(x instanceof Tracer) || !x.trace.alive || this.isBelow(x.trace)) continue;
      throw new DifferentiationError(
        "custom/closure",
        `${this.label} captured a value of ${showAval(x.aval)} that is being transformed. ${x.origin} Pass it to the function as an argument, of which the rule then says the derivative; closureConvert turns what a function captured into arguments.`,
      );
    }
    return withTrace(this.parent, () => bind(prim, operands, params));
  }

  private isBelow(trace: Trace): boolean {
    for (let at: Trace | null = this.parent; at !== null; at = at.parent) if (at === trace) return true;
    return false;
  }
}

/**
 * Runs a user's rule in the current trace.
 *
 * @throws DifferentiationError when it uses a captured value of the transformation that it is the rule for.
 */
export const guarded = <R>(label: string, rule: () => R): R =>
  withNewTrace(new GuardTrace(currentTrace(), label), rule);

/** Whether `x` may have a tangent: a batch or a structured value has one if what it is made of does. */
function mayHaveTangent(x: Value): boolean {
  if (!(x instanceof Tracer) || !isInexact(x.dtype)) return false;
  if (x instanceof BatchTracer) return mayHaveTangent(x.value);
  return x instanceof QuaxTracer
    ? flatten(x.value)[0].some((leaf) => leaf instanceof Value && mayHaveTangent(leaf))
    : true;
}

/**
 * `f` with what it captured as arguments, and those: `[converted, captured]`, where `converted(...args, ...captured)`
 * is `f(...args)`. Captured are the arrays that a transformation may be differentiating; all else stays inside.
 *
 * For functions that take functions and have a derivative of their own. `f` must be pure; `converted` is for arguments
 * of these trees, shapes and dtypes. Nothing is computed.
 * @throws ArgumentError from `converted`, for other arguments.
 * @example
 * const [converted, captured] = closureConvert((x) => np.multiply(scale, x), x);
 * converted(x, ...captured); // scale · x
 * @see `jax.closure_convert`
 */
export function closureConvert<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  ...args: Args
): [converted: (...args: [...args: Args, ...captured: ArrayValue[]]) => R, captured: ArrayValue[]] {
  const { closed, inTree, rebuild } = trace(f, args, "closureConvert");
  const consts = closed.consts as readonly ArrayValue[];
  const hoisted = consts.map(mayHaveTangent);
  const captured = consts.filter((_, i) => hoisted[i]);
  const program = hoistConstants(closed).closed;
  const converted = (...all: unknown[]): R => {
    const count = all.length - captured.length;
    const flat = flattenArguments(all.slice(0, Math.max(count, 0)), "the converted function");
    if (!flat.treedef.equals(inTree))
      throw new ArgumentError(
        "closure/arguments",
        `the function that closureConvert made takes ${String(inTree)}, then ${captured.length} captured array${captured.length === 1 ? "" : "s"}; got ${String(flat.treedef)}`,
      );
    flat.arrays.forEach((x, i) => {
      const expected = closed.inAvals[i]!;
      if (!sameAval({ ...x.aval, weak: expected.weak }, expected))
        throw new ArgumentError(
          "closure/arguments",
          `the function that closureConvert made takes ${showAval(expected)} as ${argumentPath(flat.paths[i]!)}, got ${showAval(x.aval)}`,
        );
    });
    const given = all.slice(Math.max(count, 0)) as ArrayValue[];
    let next = 0;
    const constants = consts.map((x, i) => (hoisted[i] ? given[next++]! : x));
    return rebuild(evaluateJaxpr(program, [...constants, ...flat.arrays])) as R;
  };
  return [converted, captured];
}
