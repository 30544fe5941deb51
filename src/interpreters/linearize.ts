import { type Atom, type ClosedJaxpr, Var } from "../core/jaxpr.ts";
import { readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { bind, currentTrace, Trace, withNewTrace, withTrace } from "../core/trace.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import {
  checkList,
  type Flat,
  flattenArguments,
  flattenResult,
  numbersAmong,
  splitAux,
  toFunction,
  weakFloat,
} from "./arguments.ts";
import { evaluateJaxpr } from "./evaluate.ts";
import { JvpTrace, matchTangents } from "./jvp.ts";
import type { AuxOf, HasAux, MainOf, Traceable } from "./signature.ts";
import { JaxprBuilder, VariableTracer } from "./stage.ts";
import { tangentDType, zeroTangent } from "./zero.ts";

/** A value that is not known yet: a variable of the program for later. */
export class UnknownTracer extends VariableTracer {
  constructor(
    override readonly trace: PartialTrace,
    atom: Var,
  ) {
    super(atom);
  }
}

/**
 * Runs what is known in the parent trace, and writes down the rest: partial evaluation. The known values that the
 * rest reads become its constants, the residuals.
 */
export class PartialTrace extends Trace {
  readonly builder = new JaxprBuilder();

  constructor(
    override readonly parent: Trace,
    label: string,
  ) {
    super(parent, label);
  }

  unknown(aval: Aval): UnknownTracer {
    return new UnknownTracer(this, new Var(aval));
  }
  isUnknown(x: ArrayValue): x is UnknownTracer {
    return x instanceof UnknownTracer && x.trace === this;
  }
  /** What stands behind a known value of this trace. */
  known(x: ArrayValue): ArrayValue {
    return x;
  }
  atom(x: ArrayValue): Atom {
    return this.isUnknown(x) ? x.atom : this.builder.constant(x);
  }

  /** Writes an equation down. */
  readonly stage: typeof bind = (prim, operands, params) => {
    const inputs = (operands as readonly ArrayValue[]).map((x) => this.atom(x));
    const outputs = this.builder.emit(prim, inputs, params);
    return outputs.map((v) => new UnknownTracer(this, v));
  };

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const unknown = operands.map((x) => this.isUnknown(x));
    const rule = prim.rules.partialEvaluate;
    if (rule || !unknown.includes(true)) {
      return withTrace(this.parent, () =>
        rule && unknown.includes(true)
          ? [...rule(operands, unknown, params, this.stage)]
          : bind(prim, operands, params),
      );
    }
    return this.stage(prim, operands, params);
  }
}

/** The tangent map of a function at a point: a linear program whose consts are the residuals. */
export interface Linearized {
  readonly program: ClosedJaxpr;
  /** Which tangents it takes: input `i` of the program is the tangent of primal `inputs[i]`. */
  readonly inputs: readonly number[];
  /** Which tangents it gives: `outputs[j]` is the output of the program that is the tangent of result `j`, or null. */
  readonly outputs: readonly (number | null)[];
}

/** Runs `body` once, on the primals; its outputs and its tangent map. Primals that are not `active` have no tangent. */
export function linearizeArrays<R>(
  body: (
    primals: readonly ArrayValue[],
    primalOf: (x: ArrayValue) => ArrayValue,
  ) => { readonly arrays: readonly ArrayValue[]; readonly result: R },
  primals: readonly ArrayValue[],
  active: readonly boolean[],
  label: string,
): { outs: ArrayValue[]; linear: Linearized; result: R } {
  return withNewTrace(new PartialTrace(currentTrace(), label), (partial) =>
    withNewTrace(new JvpTrace(partial, label), (trace) => {
      const inputs = active.flatMap((on, i) => (on ? [i] : []));
      const tangents = new Map(inputs.map((i) => [i, partial.unknown(tangentAval(primals[i]!.aval))]));
      const { arrays, result } = body(
        primals.map((x, i) => trace.join(x, tangents.get(i) ?? null)),
        (x) => trace.primal(x),
      );
      const tangentOuts = arrays.map((x) => trace.tangent(x));
      const atoms = tangentOuts.filter((t) => t !== null).map((t) => partial.atom(t));
      let next = 0;
      return {
        outs: arrays.map((x) => trace.primal(x)),
        linear: {
          program: partial.builder.build(
            [...tangents.values()].map((t) => t.atom),
            atoms,
          ),
          inputs,
          outputs: tangentOuts.map((t) => (t === null ? null : next++)),
        },
        result,
      };
    }),
  );
}

const tangentAval = ({ shape, dtype, weak }: Aval): Aval => avalOf(shape, tangentDType(dtype), weak);

export interface LinearizeOptions {
  /** `f` returns `[out, aux]`; the aux is passed on. */
  readonly hasAux?: boolean;
}

/** A user's function, linearised at arguments, with its trees. */
export interface LinearizedFunction {
  readonly flat: Flat;
  readonly out: Flat;
  readonly outs: readonly ArrayValue[];
  readonly linear: Linearized;
  readonly aux: unknown;
}

/** Linearises `f` at `primals`; `active` says which arrays of the primals have a tangent. */
export function linearizeFunction(
  f: unknown,
  primals: readonly unknown[],
  caller: string,
  hasAux: boolean,
  active: (flat: Flat) => readonly boolean[],
): LinearizedFunction {
  const { call, name } = toFunction(f, caller);
  const flat = flattenArguments(primals, caller, weakFloat);
  const label = `${caller} of ${name}`;
  const moving = active(flat);
  const given = numbersAmong(flat, primals);
  const { outs, linear, result } = linearizeArrays(
    (boxed, primalOf) => {
      const value = call(
        ...(flat.rebuild(boxed.map((x, i) => (moving[i] ? x : (given[i] ?? x)))) as unknown[]),
      );
      const [main, extra] = hasAux ? splitAux(value, caller) : [value, null];
      const out = flattenResult(main, label);
      const aux = flattenResult(extra, label);
      return { arrays: out.arrays, result: { out, aux: aux.rebuild(aux.arrays.map(primalOf)) } };
    },
    flat.arrays,
    moving,
    label,
  );
  return { flat, out: result.out, outs, linear, aux: result.aux };
}

/**
 * The value of `f` at `primals`, and its derivative there as a function of tangents, to be called many times: `f` runs
 * once. With `hasAux`, the aux is the third.
 *
 * @throws TreeError, ShapeError, DTypeError when tangents do not match the primals, by path.
 * @example
 * const [y, push] = linearize(np.sin, [0.5]);
 * push(1); // cos 0.5
 * @see `jax.linearize`
 */
export function linearize<Args extends unknown[], R, const O extends LinearizeOptions = LinearizeOptions>(
  f: Traceable<Args, R>,
  primals: readonly [...Args],
  options?: O,
): [
  out: MainOf<R, O>,
  push: (...tangents: readonly unknown[]) => MainOf<R, O>,
  ...aux: HasAux<O> extends true ? [AuxOf<R>] : [],
];
export function linearize(
  f: unknown,
  primals: readonly unknown[],
  options: LinearizeOptions = {},
): unknown[] {
  const { hasAux = false } = readOptions<LinearizeOptions>("linearize", ["hasAux"], [options]);
  const { flat, out, outs, linear, aux } = linearizeFunction(
    f,
    checkList(primals, "linearize", "primals"),
    "linearize",
    hasAux,
    ({ arrays }) => arrays.map((x) => tangentDType(x.dtype) !== "float0"),
  );
  const push = (...tangents: readonly unknown[]): unknown => {
    const given = matchTangents(flat, tangents, "the linearized function");
    const results = pushForward(linear, given);
    return out.rebuild(results.map((t, i) => t ?? zeroTangent(outs[i]!.aval)));
  };
  return hasAux ? [out.rebuild(outs), push, aux] : [out.rebuild(outs), push];
}

/** Applies a tangent map; a null tangent is zero. */
function pushForward(
  { program, inputs, outputs }: Linearized,
  tangents: readonly (ArrayValue | null)[],
): (ArrayValue | null)[] {
  const results = evaluateJaxpr(
    program,
    inputs.map((i) => tangents[i] ?? zeroTangent(program.inAvals[inputs.indexOf(i)]!)),
  );
  return outputs.map((j) => (j === null ? null : results[j]!));
}
