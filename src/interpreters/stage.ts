import { appendMessage, CotangentError, EscapedTracerError } from "../core/errors.ts";
import { type Atom, ClosedJaxpr, type Effect, effectsOf, type Eqn, Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { activeRule, captureSource, showSource, whileStaging } from "../core/source.ts";
import { boundSizes, currentTrace, type NamedAxis, Trace, Tracer, withNewTrace } from "../core/trace.ts";
import { type ArrayValue, type Aval, NDArray, showAval, type Value } from "../core/value.ts";

const noEffects: readonly Effect[] = [];

/** Collects the equations of one jaxpr. */
export class JaxprBuilder {
  readonly eqns: Eqn[] = [];
  private readonly constants = new Map<ArrayValue, Var>();

  /** A constant: rank-0 data is written in place, all else becomes a constvar, one for each object. */
  constant(value: ArrayValue): Atom {
    if (value instanceof NDArray && value.ndim === 0 && value.dtype !== "key<fry>") return new Literal(value);
    let v = this.constants.get(value);
    if (v === undefined) this.constants.set(value, (v = new Var(value.aval)));
    return v;
  }

  emit(primitive: AnyPrimitive, inputs: readonly Atom[], params: object): readonly Var[] {
    const source = captureSource();
    const rule = activeRule();
    const { axes } = primitive.rules;
    let avals: readonly Aval[];
    try {
      if (axes && axes !== "any") boundSizes(axes(params), primitive.primitive);
      avals = primitive.rules.abstract(
        inputs.map((x) => x.aval),
        params,
      );
    } catch (error) {
      throw withPosition(error, source);
    }
    const outputs = avals.map((aval) => new Var(aval));
    this.eqns.push({
      primitive,
      inputs,
      outputs,
      params,
      effects: primitive.rules.effects?.(params) ?? noEffects,
      source,
      ...(rule !== undefined && { rule }),
    });
    return outputs;
  }

  build(invars: readonly Var[], outvars: readonly Atom[]): ClosedJaxpr {
    const constvars = [...this.constants.values()];
    return new ClosedJaxpr({ constvars, invars, eqns: this.eqns, outvars, effects: effectsOf(this.eqns) }, [
      ...this.constants.keys(),
    ]);
  }
}

/** Appends the user's line to an error of a shape rule, once. */
function withPosition(error: unknown, source: string | undefined): unknown {
  const position = showSource(source);
  if (error instanceof CotangentError && position !== undefined && !error.message.includes(" (at "))
    appendMessage(error, ` (at ${position})`);
  return error;
}

/** A variable of a program that a trace is writing. */
export abstract class VariableTracer extends Tracer {
  constructor(readonly atom: Var) {
    super();
  }
  override get aval(): Aval {
    return this.atom.aval;
  }
  override concrete(): NDArray | null {
    return null;
  }
}

/** A value of the function being staged. */
export class StageTracer extends VariableTracer {
  constructor(
    override readonly trace: StageTrace,
    atom: Var,
  ) {
    super(atom);
  }
  override concrete(): NDArray | null {
    return this.trace.concrete(this.atom);
  }
  override get origin(): string {
    const index = this.trace.invars.indexOf(this.atom);
    return index >= 0
      ? `It is ${this.trace.argumentName(index)} of ${this.trace.label}.`
      : `It was made while tracing ${this.trace.label}.`;
  }
}

/** Writes every operation down as an equation. */
export class StageTrace extends Trace {
  readonly builder = new JaxprBuilder();
  invars: readonly Var[] = [];
  argumentName: (index: number) => string = (index) => `argument ${index}`;

  input(avals: readonly Aval[]): StageTracer[] {
    this.invars = avals.map((aval) => new Var(aval));
    return this.invars.map((v) => new StageTracer(this, v));
  }

  /** The value of a variable, where the trace knows it. */
  concrete(_v: Var): NDArray | null {
    return null;
  }

  atom(x: ArrayValue): Atom {
    if (x instanceof StageTracer && x.trace === this) return x.atom;
    if (x instanceof Tracer && !x.trace.alive) {
      throw new EscapedTracerError(
        "trace/escaped",
        `${this.label} uses a tracer of ${showAval(x.aval)} whose transformation has ended. ${x.origin} Return the value from the traced function instead of keeping it in a variable outside.`,
      );
    }
    if (x instanceof Tracer && isInside(x.trace, this)) {
      throw new EscapedTracerError(
        "trace/escaped",
        `${this.label} uses a tracer of ${showAval(x.aval)} that belongs to a transformation inside of it. ${x.origin} Pass the value as an argument instead of capturing it.`,
      );
    }
    return this.builder.constant(x);
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const inputs = operands.map((x) => this.atom(x));
    const outputs = this.builder.emit(prim, inputs, params);
    return outputs.map((v) => new StageTracer(this, v));
  }
}

function isInside(trace: Trace, outer: Trace): boolean {
  for (let at = trace.parent; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}

/** Traces `body` on variables of these avals, with `axes` bound. The consts may be tracers of what is outside. */
export function stage(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  avals: readonly Aval[],
  label: string,
  argumentName?: (index: number) => string,
  axes: readonly NamedAxis[] = [],
): ClosedJaxpr {
  const trace = new StageTrace(currentTrace(), label, axes);
  if (argumentName) trace.argumentName = argumentName;
  return stageIn(trace, body, avals);
}

/** As `stage`, by a trace that was made for it. */
export const stageIn = (
  trace: StageTrace,
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  avals: readonly Aval[],
): ClosedJaxpr =>
  whileStaging(() =>
    withNewTrace(trace, () => {
      const inputs = trace.input(avals);
      const outs = body(inputs);
      return trace.builder.build(
        trace.invars,
        outs.map((x) => trace.atom(x)),
      );
    }),
  );

/** The same program with its consts as leading inputs. */
export function hoistConstants({ jaxpr, consts }: ClosedJaxpr): {
  closed: ClosedJaxpr;
  consts: readonly Value[];
} {
  const { constvars, invars } = jaxpr;
  if (constvars.length === 0) return { closed: new ClosedJaxpr(jaxpr, []), consts: [] };
  return {
    closed: new ClosedJaxpr({ ...jaxpr, constvars: [], invars: [...constvars, ...invars] }, []),
    consts,
  };
}
