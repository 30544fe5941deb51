import { type Atom, ClosedJaxpr, type Jaxpr, Var } from "../core/jaxpr.ts";
import { Linear } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { type ArrayValue, type Aval, avalOf, type Value } from "../core/value.ts";
import { dce, dceInputs } from "../interpreters/dce.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { PartialTrace } from "../interpreters/linearize.ts";
import { isQuaxified } from "../interpreters/quax.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { transposeJaxpr } from "../interpreters/transpose.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { tangentDType } from "../interpreters/zero.ts";
import { currentTrace, withNewTrace } from "../core/trace.ts";

// Transformations of whole jaxprs: `makeJaxpr(transform(evaluateJaxpr(j)))`, remembered by the jaxpr, so that a
// function transformed again and again is transformed once. A jaxpr here has no constvars: they were hoisted.
//
// A `forced` mask says of which results something is made also where it is structurally zero, or known, or not batched:
// branches must agree on that, and so must what goes into the body of a loop and what comes out of it.

/** Remembers results for a jaxpr by a small key, and those under quaxify apart. */
export function remembered<R>(): (jaxpr: Jaxpr, key: string, make: () => R) => R {
  const results = new WeakMap<Jaxpr, Map<string, R>>();
  return (jaxpr, own, make) => {
    const key = isQuaxified() ? `quaxify ${own}` : own;
    let known = results.get(jaxpr);
    if (known === undefined) results.set(jaxpr, (known = new Map()));
    let result = known.get(key);
    if (result === undefined) known.set(key, (result = make()));
    return result;
  };
}

export const maskKey = (mask: readonly boolean[]): string => mask.map((on) => (on ? "1" : "0")).join("");

type Mask = readonly boolean[];
const nothing: Mask = [];

/** A program whose constants, all concrete here, became leading inputs: these are their values. */
export interface Hoisted {
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
}

/** A staged program whose constants, all concrete here, became leading inputs. */
export function closedStage(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  avals: readonly Aval[],
  label: string,
): Hoisted {
  return hoistConstants(stage(body, avals, label));
}

export interface JvpJaxpr extends Hoisted {
  /** From primals and the tangents that are not zero, to outputs and the tangents that are not zero. */
  readonly closed: ClosedJaxpr;
  readonly outActive: readonly boolean[];
}
const jvps = remembered<JvpJaxpr>();

/** The jvp of a jaxpr, for the inputs that have a tangent. */
export function jvpJaxpr(closed: ClosedJaxpr, active: Mask, forced: Mask = nothing): JvpJaxpr {
  return jvps(closed.jaxpr, `${maskKey(active)}/${maskKey(forced)}`, () => {
    const primals = closed.inAvals;
    const tangents = primals.filter((_, i) => active[i]).map(tangentAval);
    let outActive: boolean[] = [];
    const staged = closedStage(
      (inputs) => {
        let next = primals.length;
        const given = primals.map((_, i) => (active[i] ? inputs[next++]! : null));
        const [outs, found] = jvpArrays(
          (xs) => evaluateJaxpr(closed, xs),
          inputs.slice(0, primals.length),
          given,
          "jvp of a jaxpr",
        );
        const outTangents = found.map(
          (t, i) => t ?? (forced[i] ? zerosOf(tangentAval(outs[i]!.aval)) : null),
        );
        outActive = outTangents.map((t) => t !== null);
        return [...outs, ...outTangents.filter((t) => t !== null)];
      },
      [...primals, ...tangents],
      "jvp of a jaxpr",
    );
    return { ...staged, outActive };
  });
}

export const tangentAval = ({ shape, dtype, weak }: Aval): Aval => avalOf(shape, tangentDType(dtype), weak);

export interface SplitJaxpr {
  /** From the known inputs to the known outputs, then the residuals that are not inputs themselves. */
  readonly known: ClosedJaxpr;
  readonly knownConsts: readonly Value[];
  /** From the residuals, then the unknown inputs, to the unknown outputs. */
  readonly unknown: ClosedJaxpr;
  /** Where each residual comes from: an input of `known`, or else one of its outputs after the known ones. */
  readonly residuals: readonly ({ readonly input: number } | { readonly output: number })[];
  readonly outUnknown: readonly boolean[];
}
const splits = remembered<SplitJaxpr>();

/**
 * Splits a jaxpr into what can be computed from the known inputs and what has to wait for the others; outputs that are
 * `forced` wait, too.
 */
export const splitJaxpr = (closed: ClosedJaxpr, unknown: Mask, forced: Mask = nothing): SplitJaxpr =>
  splits(closed.jaxpr, `${maskKey(unknown)}/${maskKey(forced)}`, () =>
    splitBy((label) => new PartialTrace(currentTrace(), label), closed, unknown, forced),
  );

/** As `splitJaxpr`, by a trace that may keep less. */
export function splitBy(
  newTrace: (label: string) => PartialTrace,
  closed: ClosedJaxpr,
  unknown: Mask,
  forced: Mask = nothing,
): SplitJaxpr {
  const label = "partial evaluation of a jaxpr";
  let later: ClosedJaxpr | undefined;
  let outUnknown: boolean[] = [];
  let residuals: SplitJaxpr["residuals"] = [];
  const known = closedStage(
    (inputs) =>
      withNewTrace(newTrace(label), (trace) => {
        let next = 0;
        const waiting: ReturnType<PartialTrace["unknown"]>[] = [];
        const mixed = closed.inAvals.map((aval, i) => {
          if (!unknown[i]) return inputs[next++]!;
          const x = trace.unknown(aval);
          waiting.push(x);
          return x;
        });
        const outs = evaluateJaxpr(closed, mixed);
        outUnknown = outs.map((x, i) => trace.isUnknown(x) || forced[i] === true);
        const program = dce(
          trace.builder.build(
            waiting.map((x) => x.atom),
            outs.filter((_, i) => outUnknown[i]).map((x) => trace.atom(x)),
          ),
        );
        later = hoistConstants(program).closed;
        const computed: ArrayValue[] = [];
        const residualValues = program.consts as readonly ArrayValue[];
        residuals = residualValues.map((r) => {
          const input = inputs.indexOf(r);
          return input >= 0 ? { input } : { output: computed.push(r) - 1 };
        });
        return [...outs.filter((_, i) => !outUnknown[i]).map((x) => trace.known(x)), ...computed];
      }),
    closed.inAvals.filter((_, i) => !unknown[i]),
    label,
  );
  return { known: known.closed, knownConsts: known.consts, unknown: later!, residuals, outUnknown };
}

/** The outputs of a call in parts: those that were known, and those that had to wait. */
export function joinOuts(
  { outUnknown }: SplitJaxpr,
  known: readonly ArrayValue[],
  later: readonly ArrayValue[],
): ArrayValue[] {
  let [nextKnown, nextLater] = [0, 0];
  return outUnknown.map((waits) => (waits ? later[nextLater++]! : known[nextKnown++]!));
}

/** The residuals of a split, from the operands that were known and the results of the known part. */
export function residualsOf(
  { residuals, outUnknown }: SplitJaxpr,
  known: readonly ArrayValue[],
  computed: readonly ArrayValue[],
): ArrayValue[] {
  const first = outUnknown.filter((waits) => !waits).length;
  return residuals.map((r) => ("input" in r ? known[r.input]! : computed[first + r.output]!));
}

export interface TransposedJaxpr extends Hoisted {
  /** From the operands that are not linear, then the cotangents that are not zero, to the cotangents that are not zero. */
  readonly closed: ClosedJaxpr;
  /** For each operand, whether it gets a cotangent. */
  readonly active: readonly boolean[];
}
const transposes = remembered<TransposedJaxpr>();

/** The transpose of a jaxpr in the inputs that are linear, for the cotangents that are given. */
export function transposedJaxpr(
  closed: ClosedJaxpr,
  linear: Mask,
  given: Mask,
  forced: Mask = nothing,
): TransposedJaxpr {
  return transposeBy(transposeJaxpr, transposes, closed, linear, given, forced);
}

/** As `transposedJaxpr`, by a function that does the transposition, with a memory of its own. */
export function transposeBy(
  transpose: typeof transposeJaxpr,
  memory: typeof transposes,
  closed: ClosedJaxpr,
  linear: Mask,
  given: Mask,
  forced: Mask = nothing,
): TransposedJaxpr {
  return memory(closed.jaxpr, `${maskKey(linear)}/${maskKey(given)}/${maskKey(forced)}`, () => {
    const values = closed.inAvals.filter((_, i) => !linear[i]);
    let active: boolean[] = [];
    const staged = closedStage(
      (inputs) => {
        let nextValue = 0;
        let nextCotangent = values.length;
        const operands = closed.inAvals.map((aval, i) =>
          linear[i] ? new Linear(aval) : inputs[nextValue++]!,
        );
        const cts = transpose(
          closed,
          operands,
          given.map((on) => (on ? inputs[nextCotangent++]! : null)),
        ).map((ct, i) => ct ?? (forced[i] ? zerosOf(closed.inAvals[i]!) : null));
        active = cts.map((ct) => ct !== null);
        return cts.filter((ct) => ct !== null);
      },
      [...values, ...closed.outAvals.filter((_, i) => given[i])],
      "transpose of a jaxpr",
    );
    return { ...staged, active };
  });
}

export interface BatchedJaxpr extends Hoisted {
  readonly outDims: readonly (number | null)[];
}
const batches = remembered<BatchedJaxpr>();

/** A jaxpr over a batch, whose axis may have a name; an output that has an entry in `forced` has its batch axis there. */
export function batchedJaxpr(
  closed: ClosedJaxpr,
  dims: readonly (number | null)[],
  size: number,
  forced: readonly (number | null)[] = [],
  name?: string,
): BatchedJaxpr {
  return batches(closed.jaxpr, `${dims.join()}/${size} ${name ?? ""}/${forced.join()}`, () => {
    const avals = closed.inAvals.map((aval, i) => batchedAval(aval, dims[i]!, size));
    let outDims: (number | null)[] = [];
    const staged = closedStage(
      (inputs) => {
        const [outs, found] = batchArrays(
          (xs) => evaluateJaxpr(closed, xs),
          inputs,
          dims,
          size,
          "vmap of a jaxpr",
          name,
        );
        outDims = found.map((dim, i) => forced[i] ?? dim);
        return outs.map((x, i) => {
          const to = forced[i] ?? null;
          return to === null ? x : materialiseBatch(x, found[i]!, size, to);
        });
      },
      avals,
      "vmap of a jaxpr",
    );
    return { ...staged, outDims };
  });
}

/** The aval of a batch whose axis is `dim`. */
export const batchedAval = (aval: Aval, dim: number | null, size: number): Aval =>
  dim === null ? aval : avalOf(aval.shape.toSpliced(dim, 0, size), aval.dtype, aval.weak);

export interface PrunedJaxpr {
  /** To the wanted outputs. */
  readonly closed: ClosedJaxpr;
  /** For each input, whether it is one of the pruned program. */
  readonly inputs: Mask;
}
const prunes = remembered<PrunedJaxpr>();

/** A jaxpr without what neither its wanted outputs nor an effect needs; inputs that nothing reads go, unless `kept`. */
export const prunedJaxpr = (closed: ClosedJaxpr, wanted: Mask, kept: Mask = nothing): PrunedJaxpr =>
  prunes(closed.jaxpr, `${maskKey(wanted)}/${maskKey(kept)}`, () => dceInputs(closed, wanted, kept));

/** The same program with its inputs in this order, and these outputs; an aval stands for an input that it does not read. */
export const rearranged = (
  { jaxpr, consts }: ClosedJaxpr,
  inputs: readonly (number | Aval)[],
  outputs: readonly Atom[] = jaxpr.outvars,
): ClosedJaxpr =>
  new ClosedJaxpr(
    {
      ...jaxpr,
      invars: inputs.map((i) => (typeof i === "number" ? jaxpr.invars[i]! : new Var(i))),
      outvars: outputs,
    },
    consts,
  );

/** Programs to be run on the same operands: the constants of all of them come first, and each reads its own. */
export function withCommonConstants(programs: readonly Hoisted[]): {
  consts: readonly Value[];
  closed: readonly ClosedJaxpr[];
} {
  const consts = [...new Set(programs.flatMap((program) => program.consts))];
  if (consts.length === 0) return { consts, closed: programs.map((program) => program.closed) };
  const closed = programs.map((program) => {
    const own = program.consts;
    const inputs = program.closed.jaxpr.invars.map((_, i) => i).slice(own.length);
    const front = consts.map((x) => (own.includes(x) ? own.indexOf(x) : (x as ArrayValue).aval));
    return rearranged(program.closed, [...front, ...inputs]);
  });
  return { consts, closed };
}

/** The least mask above `start` that `next` maps into itself: what a loop carries in, it carries out. */
export function fixedPoint(start: Mask, next: (mask: Mask) => Mask): boolean[] {
  for (let mask = [...start]; ;) {
    const after = next(mask);
    const joined = mask.map((on, i) => on || after[i] === true);
    if (maskKey(joined) === maskKey(mask)) return mask;
    mask = joined;
  }
}

/** The items whose flag is set. */
export const chosen = <T>(items: readonly T[], mask: readonly (boolean | undefined)[]): T[] =>
  items.filter((_, i) => mask[i]);

/** Lists of these sizes, one after the other, cut out of `items`; and the rest. */
export function cut<T, const Sizes extends readonly number[]>(
  items: readonly T[],
  ...sizes: Sizes
): [...{ -readonly [K in keyof Sizes]: T[] }, T[]] {
  let next = 0;
  const parts = sizes.map((size) => items.slice(next, (next += size)));
  // As many lists as sizes, and one more.
  return [...parts, items.slice(next)] as [...{ -readonly [K in keyof Sizes]: T[] }, T[]];
}

/** Positions of the inputs of a program. */
export const positions = ({ jaxpr }: ClosedJaxpr): number[] => jaxpr.invars.map((_, i) => i);

export const countOf = (mask: Mask): number => mask.filter((on) => on).length;
export const isActive = (tangents: readonly (ArrayValue | null)[]): boolean[] =>
  tangents.map((t) => t !== null);
export const present = (tangents: readonly (ArrayValue | null)[]): ArrayValue[] =>
  tangents.filter((t) => t !== null);

/** A list with results in the places that have one. */
export function spread(mask: Mask, results: readonly ArrayValue[]): (ArrayValue | null)[] {
  let next = 0;
  return mask.map((on) => (on ? results[next++]! : null));
}
