import type { ClosedJaxpr, Jaxpr } from "../core/jaxpr.ts";
import { Linear } from "../core/primitive.ts";
import { type ArrayValue, type Aval, avalOf, Dense, sameAval, type Value } from "../core/value.ts";
import { flatten, type TreeDef } from "../tree/index.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { dce } from "../interpreters/dce.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { PartialTrace } from "../interpreters/linearize.ts";
import { quaxifyValues, registerVersion } from "../interpreters/quax.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { transposeJaxpr } from "../interpreters/transpose.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { tangentDType } from "../interpreters/zero.ts";
import { currentTrace, withNewTrace } from "../core/trace.ts";

// Transformations of whole jaxprs: `makeJaxpr(transform(evaluateJaxpr(j)))`, remembered by the jaxpr, so that a
// function transformed again and again is transformed once. A jaxpr here has no constvars: they were hoisted.

/** Remembers results for a jaxpr by a small key. */
export function remembered<R>(): (jaxpr: Jaxpr, key: string, make: () => R) => R {
  const results = new WeakMap<Jaxpr, Map<string, R>>();
  return (jaxpr, key, make) => {
    let known = results.get(jaxpr);
    if (known === undefined) results.set(jaxpr, (known = new Map()));
    let result = known.get(key);
    if (result === undefined) known.set(key, (result = make()));
    return result;
  };
}

export const maskKey = (mask: readonly boolean[]): string => mask.map((on) => (on ? "1" : "0")).join("");

/** A staged program whose constants, all concrete here, became leading inputs. */
export function closedStage(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  avals: readonly Aval[],
  label: string,
): { closed: ClosedJaxpr; consts: readonly Value[] } {
  return hoistConstants(stage(body, avals, label));
}

export interface JvpJaxpr {
  /** From primals and the tangents that are not zero, to outputs and the tangents that are not zero. */
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
  readonly outActive: readonly boolean[];
}
const jvps = remembered<JvpJaxpr>();

/** The jvp of a jaxpr, for the inputs that have a tangent. */
export function jvpJaxpr(closed: ClosedJaxpr, active: readonly boolean[]): JvpJaxpr {
  return jvps(closed.jaxpr, maskKey(active), () => {
    const primals = closed.inAvals;
    const tangents = primals
      .filter((_, i) => active[i])
      .map((aval) => avalOf(aval.shape, tangentDType(aval.dtype), aval.weak));
    let outActive: boolean[] = [];
    const staged = closedStage(
      (inputs) => {
        let next = primals.length;
        const given = primals.map((_, i) => (active[i] ? inputs[next++]! : null));
        const [outs, outTangents] = jvpArrays(
          (xs) => evaluateJaxpr(closed, xs),
          inputs.slice(0, primals.length),
          given,
          "jvp of a jaxpr",
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

/** Splits a jaxpr into what can be computed from the known inputs and what has to wait for the others. */
export const splitJaxpr = (closed: ClosedJaxpr, unknown: readonly boolean[]): SplitJaxpr =>
  splits(closed.jaxpr, maskKey(unknown), () =>
    splitBy((label) => new PartialTrace(currentTrace(), label), closed, unknown),
  );

/** As `splitJaxpr`, by a trace that may keep less. */
export function splitBy(
  newTrace: (label: string) => PartialTrace,
  closed: ClosedJaxpr,
  unknown: readonly boolean[],
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
        outUnknown = outs.map((x) => trace.isUnknown(x));
        const program = dce(
          trace.builder.build(
            waiting.map((x) => x.atom),
            outs.filter((x) => trace.isUnknown(x)).map((x) => trace.atom(x)),
          ),
        );
        later = hoistConstants(program).closed;
        const computed: ArrayValue[] = [];
        const residualValues = program.consts as readonly ArrayValue[];
        residuals = residualValues.map((r) => {
          const input = inputs.indexOf(r);
          return input >= 0 ? { input } : { output: computed.push(r) - 1 };
        });
        return [...outs.filter((x) => !trace.isUnknown(x)).map((x) => trace.known(x)), ...computed];
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

export interface TransposedJaxpr {
  /** From the operands that are not linear, then the cotangents that are not zero, to the cotangents that are not zero. */
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
  /** For each operand, whether it gets a cotangent. */
  readonly active: readonly boolean[];
}
const transposes = remembered<TransposedJaxpr>();

/** The transpose of a jaxpr in the inputs that are linear, for the cotangents that are given. */
export function transposedJaxpr(
  closed: ClosedJaxpr,
  linear: readonly boolean[],
  given: readonly boolean[],
): TransposedJaxpr {
  return transposeBy(transposeJaxpr, transposes, closed, linear, given);
}

/** As `transposedJaxpr`, by a function that does the transposition, with a memory of its own. */
export function transposeBy(
  transpose: typeof transposeJaxpr,
  memory: typeof transposes,
  closed: ClosedJaxpr,
  linear: readonly boolean[],
  given: readonly boolean[],
): TransposedJaxpr {
  return memory(closed.jaxpr, `${maskKey(linear)}/${maskKey(given)}`, () => {
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
        );
        active = cts.map((ct) => ct !== null);
        return cts.filter((ct) => ct !== null);
      },
      [...values, ...closed.outAvals.filter((_, i) => given[i])],
      "transpose of a jaxpr",
    );
    return { ...staged, active };
  });
}

export interface BatchedJaxpr {
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
  readonly outDims: readonly (number | null)[];
}
const batches = remembered<BatchedJaxpr>();

/** A jaxpr over a batch, whose axis may have a name; with `everyOut`, every output has its batch axis at 0. */
export function batchedJaxpr(
  closed: ClosedJaxpr,
  dims: readonly (number | null)[],
  size: number,
  everyOut = false,
  name?: string,
): BatchedJaxpr {
  const axis = name === undefined ? size : `${size} ${name}`;
  return batches(closed.jaxpr, `${dims.join()}/${axis}/${String(everyOut)}`, () => {
    const avals = closed.inAvals.map((aval, i) => {
      const dim = dims[i];
      return typeof dim === "number"
        ? avalOf(aval.shape.toSpliced(dim, 0, size), aval.dtype, aval.weak)
        : aval;
    });
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
        outDims = everyOut ? found.map(() => 0) : found;
        return everyOut ? outs.map((x, i) => materialiseBatch(x, found[i]!, size)) : outs;
      },
      avals,
      "vmap of a jaxpr",
    );
    return { ...staged, outDims };
  });
}

export interface QuaxifiedJaxpr {
  /** From the leaves of the values to the leaves of the results. */
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
  /** The results, from values of the jaxpr's outputs. */
  readonly rebuild: (outs: readonly ArrayValue[]) => Value[];
  /** Structure of the list of results. */
  readonly outTree: TreeDef;
}
interface QuaxifiedEntry extends QuaxifiedJaxpr {
  readonly treedef: TreeDef;
  readonly avals: readonly Aval[];
  readonly version: number;
}
const quaxified = new WeakMap<Jaxpr, QuaxifiedEntry[]>();
const REMEMBERED_FORMS = 16;

/** Values as their plain arrays, and the way back; a `Zero` among the leaves has no data and stays what it is. */
export function flattenValues(values: readonly Value[]): {
  arrays: ArrayValue[];
  avals: Aval[];
  treedef: TreeDef;
  rebuild: (arrays: readonly ArrayValue[]) => Value[];
} {
  const [leaves, treedef] = flatten(values) as [ArrayValue[], TreeDef];
  return {
    arrays: leaves.filter((x) => x instanceof Dense),
    avals: avalsOf(leaves),
    treedef,
    rebuild: (arrays) => {
      let next = 0;
      return treedef.unflatten<Value[]>(leaves.map((x) => (x instanceof Dense ? arrays[next++]! : x)));
    },
  };
}

/** A jaxpr rewritten for values of these classes, each operation in it dispatching; and the arrays it takes. */
export function quaxifiedJaxpr(
  closed: ClosedJaxpr,
  values: readonly Value[],
): QuaxifiedJaxpr & { readonly arrays: readonly ArrayValue[] } {
  const flat = flattenValues(values);
  const version = registerVersion();
  let forms = quaxified.get(closed.jaxpr);
  if (forms === undefined) quaxified.set(closed.jaxpr, (forms = []));
  const { arrays, avals, treedef } = flat;
  let form = forms.find(
    (f) =>
      f.version === version &&
      f.treedef.equals(treedef) &&
      f.avals.every((aval, i) => sameAval(aval, avals[i]!)),
  );
  if (form === undefined) {
    let results: ReturnType<typeof flattenValues> | undefined;
    const staged = closedStage(
      (inputs) => {
        results = flattenValues(
          quaxifyValues(flat.rebuild(inputs), (boxed) => evaluateJaxpr(closed, boxed), "quaxify of a jaxpr"),
        );
        return results.arrays;
      },
      avalsOf(arrays),
      "quaxify of a jaxpr",
    );
    const { rebuild, treedef: outTree } = results!;
    form = { ...staged, rebuild, outTree, treedef, avals, version };
    if (forms.push(form) > REMEMBERED_FORMS) forms.shift();
  }
  return { ...form, arrays };
}
