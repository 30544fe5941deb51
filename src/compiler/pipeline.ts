import { checkProgram } from "../core/check.ts";
import { ArgumentError } from "../core/errors.ts";
import { isInexact } from "../core/dtype.ts";
import { ClosedJaxpr } from "../core/jaxpr.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, type Aval, Value } from "../core/value.ts";
import { flattenValues } from "../control/form.ts";
import { splitJaxpr, transposedJaxpr } from "../control/transformed-jaxpr.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { linearizeArrays } from "../interpreters/linearize.ts";
import { Placeholder } from "../interpreters/make-jaxpr.ts";
import { quaxifyValues } from "../interpreters/quax.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { pullBack } from "../interpreters/vjp.ts";
import type { TreeDef } from "../tree/index.ts";

// The stages of the pipeline as functions from program to program: `stage(transform(evaluateJaxpr(j)))`.

/** A program over plain arrays, made from one over values of any class. */
export interface QuaxifiedProgram {
  readonly jaxpr: ClosedJaxpr;
  /** Tree of the list of inputs: its arrays are the program's inputs, in order. */
  readonly inTree: TreeDef;
  /** Tree of the list of results: its arrays are the program's outputs, in order. */
  readonly outTree: TreeDef;
  /** The results, from the program's outputs; a result that is structurally zero takes none. */
  rebuild(outputs: readonly ArrayValue[]): Value[];
}

/**
 * The program that `closed` becomes where its inputs are values of these classes: each operation dispatches. An `Aval`
 * stands for a plain array.
 *
 * @throws ArgumentError when the number of inputs is not the program's; DispatchError, MaterialiseError as `quaxify`.
 * @example
 * quaxifyJaxpr(makeJaxpr(np.matmul)(w, x), [loraOfW, x.aval]).jaxpr; // (w, a, b, x) → w·x + a·(b·x)
 */
export function quaxifyJaxpr(closed: ClosedJaxpr, inputs: readonly (Aval | Value)[]): QuaxifiedProgram {
  checkProgram(closed, "quaxifyJaxpr");
  if (
    !Array.isArray(inputs) ||
    !inputs.every((x) => x instanceof Value || Array.isArray((x as Partial<Aval> | null)?.shape))
  )
    throw new ArgumentError(
      "pipeline/inputs",
      `quaxifyJaxpr takes its inputs as a list of values and avals, got ${describe(inputs)}`,
    );
  checkCount("quaxifyJaxpr", "inputs", inputs.length, closed.inAvals.length);
  const values = inputs.map((x) => (x instanceof Value ? x : new Placeholder(x)));
  const given = flattenValues(values);
  let results: ReturnType<typeof flattenValues> | undefined;
  const body = (arrays: readonly ArrayValue[]): readonly ArrayValue[] => {
    const outs = quaxifyValues(
      given.rebuild(arrays),
      (boxed) => evaluateJaxpr(closed, boxed),
      "quaxify of a jaxpr",
    );
    results = flattenValues(outs);
    return results.arrays;
  };
  const jaxpr = stage(body, avalsOf(given.arrays), "quaxify of a jaxpr");
  const { treedef, rebuild } = results!;
  return { jaxpr, inTree: given.treedef, outTree: treedef, rebuild };
}

/** A derivative as a program, from which what is structurally zero is left out. */
export interface DerivativeProgram {
  readonly jaxpr: ClosedJaxpr;
  /** For each tangent or cotangent, whether it is among the outputs; the others are zero, or not wanted. */
  readonly nonzero: readonly boolean[];
}

const differentiable = (avals: readonly Aval[]): boolean[] => avals.map((aval) => isInexact(aval.dtype));
const pick = <T>(list: readonly T[], mask: readonly boolean[]): T[] => list.filter((_, i) => mask[i]);

function chosenInputs(
  closed: ClosedJaxpr,
  wanted: readonly boolean[] | undefined,
  caller: string,
): boolean[] {
  checkProgram(closed, caller);
  const possible = differentiable(closed.inAvals);
  if (wanted === undefined) return possible;
  checkCount(caller, "flags", wanted.length, possible.length);
  return wanted.map((on, i) => on && possible[i]!);
}

function checkCount(caller: string, what: string, got: number, expected: number): void {
  if (got !== expected)
    throw new ArgumentError(
      "pipeline/arity",
      `${caller}: the program has ${expected} inputs, got ${got} ${what}: give one for each`,
    );
}

/**
 * From (inputs…, tangents…) to (outputs…, tangents…): the tangents of the inputs that `wanted` says have one, by
 * default all inexact ones; of the outputs, those that `nonzero` says.
 *
 * @throws ArgumentError when `wanted` has not one flag for each input.
 * @see `jax.jvp`
 */
export function jvpJaxpr(closed: ClosedJaxpr, wanted?: readonly boolean[]): DerivativeProgram {
  const active = chosenInputs(closed, wanted, "jvpJaxpr");
  const primals = closed.inAvals;
  let nonzero: boolean[] = [];
  const body = (inputs: readonly ArrayValue[]): readonly ArrayValue[] => {
    let next = primals.length;
    const tangents = active.map((on) => (on ? inputs[next++]! : null));
    const [outs, outTangents] = jvpArrays(
      (xs) => evaluateJaxpr(closed, xs),
      inputs.slice(0, primals.length),
      tangents,
      "jvp of a jaxpr",
    );
    nonzero = outTangents.map((t) => t !== null);
    return [...outs, ...outTangents.filter((t) => t !== null)];
  };
  const jaxpr = stage(body, [...primals, ...pick(primals, active)], "jvp of a jaxpr");
  return { jaxpr, nonzero };
}

/** Cotangents of the chosen inputs for cotangents of the inexact outputs, in the current trace. */
function pullThrough(
  closed: ClosedJaxpr,
  inputs: readonly ArrayValue[],
  active: readonly boolean[],
  cotangentsOf: (outs: readonly ArrayValue[]) => readonly (ArrayValue | null)[],
) {
  const run = (xs: readonly ArrayValue[]) => ({ arrays: evaluateJaxpr(closed, xs), result: null });
  const { outs, linear } = linearizeArrays(run, inputs, active, "vjp of a jaxpr");
  return { outs, cotangents: pullBack(linear, cotangentsOf(outs), inputs.length) };
}

/**
 * From (inputs…, cotangents of the inexact outputs…) to cotangents of the inputs that are `wanted`, by default all
 * inexact ones, and `nonzero`.
 *
 * @throws ArgumentError when `wanted` has not one flag for each input.
 * @see `jax.vjp`
 */
export function vjpJaxpr(closed: ClosedJaxpr, wanted?: readonly boolean[]): DerivativeProgram {
  const active = chosenInputs(closed, wanted, "vjpJaxpr");
  const { inAvals, outAvals } = closed;
  const given = differentiable(outAvals);
  let nonzero: boolean[] = [];
  const body = (inputs: readonly ArrayValue[]): readonly ArrayValue[] => {
    let next = inAvals.length;
    const cotangents = given.map((on) => (on ? inputs[next++]! : null));
    const found = pullThrough(closed, inputs.slice(0, inAvals.length), active, () => cotangents).cotangents;
    nonzero = found.map((ct) => ct !== null);
    return found.filter((ct) => ct !== null);
  };
  const jaxpr = stage(body, [...inAvals, ...pick(outAvals, given)], "vjp of a jaxpr");
  return { jaxpr, nonzero };
}

/** A program split at its tangents. */
export interface LinearizedProgram {
  /** From inputs to outputs, then residuals: what the tangents' program needs of the values in between. */
  readonly forward: ClosedJaxpr;
  /** From residuals, then tangents, to the tangents that are not zero. */
  readonly linear: ClosedJaxpr;
  /** The transpose of `linear`: from residuals, then cotangents, to cotangents of the inputs that have one. */
  readonly backward: ClosedJaxpr;
}

/** The inputs from the front on as constants of the program. */
const withConstants = ({ jaxpr }: ClosedJaxpr, consts: readonly Value[]): ClosedJaxpr =>
  new ClosedJaxpr(
    { ...jaxpr, constvars: jaxpr.invars.slice(0, consts.length), invars: jaxpr.invars.slice(consts.length) },
    consts,
  );

/**
 * The program as a forward pass, the tangent map at its residuals, and the transpose of that map.
 *
 * @throws ArgumentError when `wanted` has not one flag for each input.
 * @see `jax.linearize`
 */
export function linearizeJaxpr(closed: ClosedJaxpr, wanted?: readonly boolean[]): LinearizedProgram {
  const { closed: joint, consts } = hoistConstants(jvpJaxpr(closed, wanted).jaxpr);
  const knownCount = consts.length + closed.inAvals.length;
  const {
    known,
    knownConsts,
    unknown: linear,
    residuals,
    outUnknown,
  } = splitJaxpr(
    joint,
    joint.inAvals.map((_, i) => i >= knownCount),
  );
  const { invars, outvars } = known.jaxpr;
  const outCount = outUnknown.filter((unknown) => !unknown).length;
  const carried = residuals.map((r) =>
    "input" in r ? invars[knownConsts.length + r.input]! : outvars[outCount + r.output]!,
  );
  const forward = new ClosedJaxpr(
    { ...known.jaxpr, outvars: [...outvars.slice(0, outCount), ...carried] },
    [],
  );
  const { closed: transposed, consts: transposedConsts } = transposedJaxpr(
    linear,
    linear.inAvals.map((_, i) => i >= residuals.length),
    linear.outAvals.map(() => true),
  );
  return {
    forward: withConstants(forward, [...knownConsts, ...consts]),
    linear,
    backward: withConstants(transposed, transposedConsts),
  };
}
