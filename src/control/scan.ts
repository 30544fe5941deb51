import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { pathToString } from "../tree/index.ts";
import { type Caller, traceLoop } from "./carry.ts";
import { stacked as stackedExamples, unrolled } from "./unrolled-batch.ts";
import { Form, rebuildAll } from "./form.ts";
import { allArraysAs } from "./joined-form.ts";
import { checkFit, checkFunction, flattenOperands, type Like, type Traced } from "./operands.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { rematerialisedJaxpr } from "./rematerialised-jaxpr.ts";
import { lengthOf, pairOf, unrollOf, withZeros } from "./scan-arguments.ts";
import { hoistInvariants, type ScanParams, type SplitScan, splitScan } from "./scan-split.ts";
import { backwardScan } from "./scan-transpose.ts";
import {
  batchedJaxpr,
  chosen,
  countOf,
  cut,
  fixedPoint,
  isActive,
  jvpJaxpr,
  positions,
  present,
  prunedJaxpr,
  rearranged,
  spread,
  tangentAval,
} from "./transformed-jaxpr.ts";
import { settledForms } from "./settled-forms.ts";

type Arrays = readonly ArrayValue[];
type Mask = readonly boolean[];

export interface ScanOptions {
  /** Number of steps; needed where there is nothing to scan over. */
  readonly length?: number;
  /** From the last slice to the first; outputs are still in the order of the slices. Default false. */
  readonly reverse?: boolean;
  /** How many steps a backend may write out per iteration; true for all of them. Results do not depend on it. */
  readonly unroll?: number | boolean;
}

type Scan = <const Carry, const Xs, const Next extends Like<Carry>, const Y>(
  f: (carry: Traced<Carry>, x: Traced<Xs>) => readonly [carry: Next, y: Y],
  init: Carry,
  xs?: Xs,
  ...rest: Optionals<[length: number], ScanOptions>
) => [carry: Traced<Carry>, ys: Traced<Y>];

/** An aval of all steps. */
const stacked = ({ shape, dtype, weak }: Aval, length: number): Aval =>
  avalOf([length, ...shape], dtype, weak);
const sliced = ({ shape, dtype, weak }: Aval): Aval => avalOf(shape.slice(1), dtype, weak);
const without = <T>(items: readonly T[], mask: Mask): T[] => items.filter((_, i) => !mask[i]);

/**
 * Runs `f` on a carry and each slice of `xs` along its leading axis in turn; returns the last carry, and the outputs of
 * all steps, stacked. `xs` is any tree of arrays of one leading size, or null with `length` given.
 *
 * The carry keeps its structure, shapes and dtypes; a plain number takes the dtype that `f` gives it.
 *
 * Shape: `xs: [n, …]`, `ys: [n, …]`.
 * @throws ArgumentError, ShapeError, DTypeError when `f` returns no pair, or not such a carry, by path; ShapeError when
 * leading sizes differ from each other or from `length`.
 * @example
 * lax.scan((sum, x) => [np.add(sum, x), sum], 0, np.array([1, 2, 3])); // [6, [0, 1, 3]]
 * @see `jax.lax.scan`
 */
export const scan: Op<Scan, "scan", readonly ArrayValue[], ScanParams> = definePrimitive("scan", {
  params: {
    jaxpr: param.program,
    length: param.integer,
    numCarry: param.integer,
    numConsts: param.integer,
    reverse: param.boolean,
    unroll: param.integer,
  },
  call: (f, init, ...[xs, ...options]) => scanFor({ name: "scan", depth: 0 }, f, init, xs, options) as never,
  abstract: (avals, { jaxpr, length, numCarry, numConsts }) => {
    const [consts, carry, xs] = cut(avals, numConsts, numCarry);
    checkFit("scan", jaxpr.inAvals, [...consts, ...carry, ...xs.map(sliced)]);
    const [last, ys] = cut(jaxpr.outAvals, numCarry);
    return [...last, ...ys.map((aval) => stacked(aval, length))];
  },
  effects: ({ jaxpr }) => jaxpr.jaxpr.effects,
  stepwise: (operands, { jaxpr, length, numCarry, numConsts, reverse }) => {
    const [consts, start, xs] = cut(operands, numConsts, numCarry);
    let carry: Arrays = start;
    const steps = unrolled(
      xs,
      xs.map(() => 0),
      length,
      (slices) => slices,
    );
    if (reverse) steps.reverse();
    const ys = steps.map((slices) => {
      const [next, outs] = cut(evaluateJaxpr(jaxpr, [...consts, ...carry, ...slices]), numCarry);
      carry = next;
      return outs;
    });
    if (reverse) ys.reverse();
    return [...carry, ...stackedExamples(ys, jaxpr.outAvals.slice(numCarry))];
  },
  jvp: (primals, tangents, params) => {
    const { jaxpr, numCarry, numConsts } = params;
    const [consts, carry, xs] = cut(primals, numConsts, numCarry);
    const [constTs, carryTs, xTs] = cut(tangents, numConsts, numCarry);
    const [constOn, xOn] = [isActive(constTs), isActive(xTs)];
    const carryOn = fixedPoint(isActive(carryTs), (mask) =>
      jvpJaxpr(jaxpr, [...constOn, ...mask, ...xOn]).outActive.slice(0, numCarry),
    );
    const pushed = jvpJaxpr(jaxpr, [...constOn, ...carryOn, ...xOn], carryOn);
    const started = chosen(
      carryTs.map((t, i) => t ?? zerosOf(tangentAval(carry[i]!.aval))),
      carryOn,
    );
    const extra = pushed.consts.length;
    const counts = [extra + numConsts, numCarry, xs.length, countOf(constOn), started.length] as const;
    const [c, k, x, tc, tk, tx] = cut(positions(pushed.closed), ...counts);
    const yOn = pushed.outActive.slice(numCarry);
    const [ck, ys, tck, tys] = cut(pushed.closed.jaxpr.outvars, numCarry, yOn.length, started.length);
    const results = scan.bind(
      [...pushed.consts, ...consts, ...present(constTs), ...carry, ...started, ...xs, ...present(xTs)],
      {
        ...params,
        jaxpr: rearranged(
          pushed.closed,
          [...c, ...tc, ...k, ...tk, ...x, ...tx],
          [...ck, ...tck, ...ys, ...tys],
        ),
        numCarry: numCarry + started.length,
        numConsts: extra + numConsts + countOf(constOn),
      },
    );
    const [carryOuts, carryTangents, yOuts, yTangents] = cut(results, numCarry, started.length, yOn.length);
    return [
      [...carryOuts, ...yOuts],
      [...spread(carryOn, carryTangents), ...spread(yOn, yTangents)],
    ];
  },
  partialEvaluate: (operands, unknown, params, stageEquation) => {
    const { params: hoisted, operands: moved, unknown: mask } = hoistInvariants(operands, unknown, params);
    const split = splitScan(hoisted, mask);
    const { carryUnknown, yUnknown } = split;
    const count = hoisted.numCarry - countOf(carryUnknown) + countOf(yUnknown.map((u) => !u));
    const [consts, carry, xs] = cut(moved, hoisted.numConsts, hoisted.numCarry);
    const [constUnknown, , xUnknown] = cut(mask, hoisted.numConsts, hoisted.numCarry);
    const known = [
      ...without(consts, constUnknown),
      ...without(carry, carryUnknown),
      ...without(xs, xUnknown),
    ];
    const { jaxpr } = split.known;
    const idle = jaxpr.jaxpr.outvars.length === 0 && jaxpr.jaxpr.effects.length === 0;
    const outs = idle ? [] : scan.bind([...split.knownConsts, ...known], split.known);
    const stackedResiduals = outs.slice(count);
    const later = stageEquation(
      scan,
      [
        ...split.constResiduals.map((i) => known[i]!),
        ...chosen(consts, constUnknown),
        ...chosen(carry, carryUnknown),
        ...split.stackedResiduals.map((at) =>
          "input" in at ? known[at.input]! : stackedResiduals[at.output]!,
        ),
        ...chosen(xs, xUnknown),
      ],
      split.later,
    );
    let [nextKnown, nextLater] = [0, 0];
    return [...carryUnknown, ...yUnknown].map((u) => (u ? later[nextLater++]! : outs[nextKnown++]!));
  },
  transpose: (cotangents, operands, params) => {
    const linear = operands.map((x) => x instanceof Linear);
    const split = splitScan(params, linear);
    return split.carryUnknown.includes(false)
      ? transposeRest(cotangents, operands, linear, params, split)
      : transposeLinear(cotangents, operands, params);
  },
  batch: (operands, dims, size, params, name) => {
    const { jaxpr, numCarry, numConsts } = params;
    const [consts, carry, xs] = cut(operands, numConsts, numCarry);
    const [constDims, given, xDims] = cut(dims, numConsts, numCarry);
    // The scanned axis stays in front; a batch axis there makes room.
    const fronted = xs.map((x, i) => (xDims[i] === 0 ? materialiseBatch(x, 0, size, 1) : x));
    const sliceDims = xDims.map((dim) => (dim === null ? null : Math.max(dim - 1, 0)));
    const dimsOf = (mask: Mask) => given.map((dim, i) => (mask[i] ? (dim ?? 0) : null));
    const inner = (mask: Mask) => [...constDims, ...dimsOf(mask), ...sliceDims];
    const batched = fixedPoint(
      given.map((dim) => dim !== null),
      (mask) =>
        batchedJaxpr(jaxpr, inner(mask), size, [], name)
          .outDims.slice(0, numCarry)
          .map((dim) => dim !== null),
    );
    const carryDims = dimsOf(batched);
    const step = batchedJaxpr(jaxpr, inner(batched), size, carryDims, name);
    const started = carry.map((x, i) =>
      carryDims[i] === null ? x : materialiseBatch(x, given[i]!, size, carryDims[i]),
    );
    const outs = scan.bind([...step.consts, ...consts, ...started, ...fronted], {
      ...params,
      jaxpr: step.closed,
      numConsts: step.consts.length + numConsts,
    });
    const yDims = step.outDims.slice(numCarry).map((dim) => (dim === null ? null : dim + 1));
    return [outs, [...carryDims, ...yDims]];
  },
  quaxify: (values, params) => {
    const { jaxpr, length, numCarry, numConsts } = params;
    const [consts, carry, xs] = cut(values, numConsts, numCarry);
    const [fixed, scanned] = [consts.map(Form.known), xs.map((x) => Form.known(x).spread)];
    const slices = scanned.map((form) => form.step);
    const outsOf = (given: readonly Form[]) =>
      quaxifiedJaxpr(jaxpr, [...fixed, ...given, ...slices], scan).known;
    const forms = settledForms(carry.map(Form.known), jaxpr.outAvals, "scan", (given) =>
      outsOf(given).slice(0, numCarry),
    );
    const ys = outsOf(forms)
      .slice(numCarry)
      .map((form) => form.spread);
    const step = quaxifiedJaxpr(jaxpr, [...fixed, ...forms, ...slices], scan, [...forms, ...ys]);
    const constArrays = allArraysAs(consts, fixed, scan);
    const started = allArraysAs(carry, forms, scan);
    const outs = scan.bind([...step.consts, ...constArrays, ...started, ...allArraysAs(xs, scanned, scan)], {
      ...params,
      jaxpr: step.closed,
      numCarry: started.length,
      numConsts: step.consts.length + constArrays.length,
    });
    return rebuildAll([...forms, ...ys.map((form) => form.stacked(length))], outs);
  },
  rematerialise: (operands, params, policy) => {
    const { jaxpr, numCarry, numConsts } = params;
    const carried = Array.from({ length: numCarry }, () => true);
    const run = rematerialisedJaxpr(jaxpr, policy, carried);
    const count = run.recomputed.length;
    // The carry of each step is remembered like what the step computes; what it gives out is there already.
    const remembered = run.residuals.filter((i) => i < numCarry || i >= count);
    const { outvars } = run.forward.jaxpr;
    const body = rearranged(run.forward, positions(run.forward), [
      ...outvars.slice(0, count),
      ...remembered.map((i) => outvars[i]!),
    ]);
    const results = scan.bind([...run.consts, ...operands], {
      ...params,
      jaxpr: body,
      numConsts: run.consts.length + numConsts,
    });
    return {
      outs: results.slice(0, count),
      residuals: run.residuals.map(
        (i) => results[remembered.includes(i) ? count + remembered.indexOf(i) : i]!,
      ),
      params: { ...params, jaxpr: run.again },
      recomputed: run.recomputed,
    };
  },
  prune: (params, wanted) => {
    const { jaxpr, numCarry, numConsts } = params;
    const [carryWanted, yWanted] = cut(wanted, numCarry);
    const carried = fixedPoint(carryWanted, (mask) =>
      prunedJaxpr(jaxpr, [...mask, ...yWanted]).inputs.slice(numConsts, numConsts + numCarry),
    );
    const none = Array.from({ length: numConsts }, () => false);
    const { closed, inputs } = prunedJaxpr(jaxpr, [...carried, ...yWanted], [...none, ...carried]);
    return {
      params: {
        ...params,
        jaxpr: closed,
        numCarry: countOf(carried),
        numConsts: countOf(inputs.slice(0, numConsts)),
      },
      inputs,
      outputs: [...carried, ...yWanted],
    };
  },
});

/** Cotangents of the operands, every entry of the carry being linear. */
function transposeLinear(
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
  params: ScanParams,
): (ArrayValue | null)[] {
  const backward = backwardScan(cotangents, operands, params);
  const found = spread(backward.active, scan.bind(backward.operands, backward.params));
  return found.map((ct, i) => (operands[i] instanceof Linear ? ct : null));
}

/** The transpose where some entries of the carry are values: those run first, and what later steps need of them is kept. */
function transposeRest(
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
  linear: Mask,
  { numCarry, numConsts }: ScanParams,
  split: SplitScan,
): (ArrayValue | null)[] {
  const waits = linear.toSpliced(numConsts, numCarry, ...split.carryUnknown);
  const values = without(operands, waits) as Arrays;
  const outUnknown = [...split.carryUnknown, ...split.yUnknown];
  const computed = scan.bind([...split.knownConsts, ...values], split.known);
  const remembered = computed.slice(countOf(outUnknown.map((u) => !u)));
  const [constRest, carryRest, xRest] = cut(
    operands.map((_, i) => i).filter((i) => waits[i]),
    countOf(waits.slice(0, numConsts)),
    countOf(split.carryUnknown),
  );
  const front = split.constResiduals.map((i) => values[i]!);
  const between = split.stackedResiduals.map((r) =>
    "input" in r ? values[r.input]! : remembered[r.output]!,
  );
  const take = (places: readonly number[]) => places.map((i) => operands[i]!);
  const found = transposeLinear(
    chosen(cotangents, outUnknown),
    [...front, ...take(constRest), ...take(carryRest), ...between, ...take(xRest)],
    split.later,
  );
  const [, constCts, carryCts, , xCts] = cut(
    found,
    front.length,
    constRest.length,
    carryRest.length,
    between.length,
  );
  const results: (ArrayValue | null)[] = operands.map(() => null);
  [...constRest, ...carryRest, ...xRest].forEach(
    (place, i) => (results[place] = [...constCts, ...carryCts, ...xCts][i]!),
  );
  return results;
}

/** `scan`, on behalf of a function that is made of it. */
export function scanFor(
  caller: Caller,
  f: unknown,
  init: unknown,
  xs: unknown,
  rest: readonly unknown[],
): [carry: unknown, ys: unknown] {
  const step = checkFunction(f, caller.name, "f");
  const given = readOptions<ScanOptions>(caller.name, ["length", "reverse", "unroll"], rest);
  const scanned = flattenOperands(xs ?? null, caller.name, (path) => `xs${pathToString(path)}`);
  const length = lengthOf(scanned, given.length, caller.name);
  const first = flattenOperands(
    withZeros(scanned.rebuild(scanned.arrays), (shape) => shape.slice(1)),
    caller.name,
  );
  const slices = avalsOf(scanned.arrays).map(sliced);
  const { carry, body, ys } = traceLoop(caller, init, slices, (value, inputs) =>
    pairOf(step(value as never, first.rebuild(inputs) as never)),
  );
  const outs = scan.bind([...body.consts, ...carry.arrays, ...scanned.arrays], {
    jaxpr: body.closed,
    length,
    numCarry: carry.arrays.length,
    numConsts: body.consts.length,
    reverse: given.reverse ?? false,
    unroll: unrollOf(given.unroll ?? 1, length),
  });
  const [last, results] = cut(outs, carry.arrays.length);
  return [carry.rebuild(last), withZeros(ys.rebuild(results), (shape) => [length, ...shape])];
}
