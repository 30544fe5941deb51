import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { Atom, ClosedJaxpr } from "../core/jaxpr.ts";
import { readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { addTangents, zerosOf } from "../core/rules.ts";
import { describe } from "../core/trace.ts";
import type { Shape } from "../core/shape.ts";
import {
  type ArrayValue,
  ArrayValue as ArrayValueClass,
  type Aval,
  avalOf,
  showAval,
  type Value,
} from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { Zero } from "../interpreters/zero.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { traceLoop } from "./carry.ts";
import { stacked as stackedExamples, unrolled } from "./examples.ts";
import {
  checkFit,
  checkFunction,
  flattenOperands,
  type Like,
  located,
  type Operands,
  type Traced,
} from "./operands.ts";
import { arraysAs, arraysOf, Form, quaxifiedJaxpr, rebuildAll } from "./quaxified-jaxpr.ts";
import { rematerialisedJaxpr } from "./rematerialised-jaxpr.ts";
import {
  batchedJaxpr,
  chosen,
  closedStage,
  cut,
  fixedPoint,
  jvpJaxpr,
  positions,
  prunedJaxpr,
  rearranged,
  splitJaxpr,
  tangentAval,
  transposedJaxpr,
} from "./transformed-jaxpr.ts";
import { settledForms } from "./while.ts";
import { map, pathToString } from "../tree/index.ts";

type Arrays = readonly ArrayValue[];
type Mask = readonly boolean[];

/** Operands are the constants of the body, the carry, and what is scanned over its leading axis. */
export interface ScanParams {
  /** From constants, carry and slices to the next carry and the outputs of the step. */
  readonly jaxpr: ClosedJaxpr;
  readonly length: number;
  readonly numCarry: number;
  readonly numConsts: number;
  readonly reverse: boolean;
  /** How many steps a backend may write out per iteration. */
  readonly unroll: number;
}

export interface ScanOptions {
  /** Number of steps; needed where there is nothing to scan over. */
  readonly length?: number;
  /** From the last slice to the first; outputs are still in the order of the slices. Default false. */
  readonly reverse?: boolean;
  /** How many steps a backend may write out per iteration; true for all of them. Results do not depend on it. */
  readonly unroll?: number | boolean;
}

type Scan = <Carry, Xs, const Next extends Like<Carry>, Y>(
  f: (carry: Traced<Carry>, x: Traced<Xs>) => readonly [carry: Next, y: Y],
  init: Carry,
  xs?: Xs,
  options?: ScanOptions,
) => [carry: Traced<Carry>, ys: Traced<Y>];

/** An aval of all steps. */
const stacked = ({ shape, dtype, weak }: Aval, length: number): Aval =>
  avalOf([length, ...shape], dtype, weak);
const sliced = ({ shape, dtype, weak }: Aval): Aval => avalOf(shape.slice(1), dtype, weak);
const isActive = (tangents: readonly (ArrayValue | null)[]): boolean[] => tangents.map((t) => t !== null);
const present = (tangents: readonly (ArrayValue | null)[]): ArrayValue[] =>
  tangents.filter((t) => t !== null);
const without = <T>(items: readonly T[], mask: Mask): T[] => items.filter((_, i) => !mask[i]);
const countOf = (mask: Mask): number => mask.filter((on) => on).length;

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
  call: (f, init, xs, options) => {
    const step = checkFunction(f, "scan", "f");
    const given = readOptions<ScanOptions>("scan", ["length", "reverse", "unroll"], options ? [options] : []);
    const scanned = flattenOperands(xs ?? null, "scan", (path) => `xs${pathToString(path)}`);
    const length = lengthOf(scanned, given.length);
    const first = flattenOperands(
      withZeros(scanned.rebuild(scanned.arrays), (shape) => shape.slice(1)),
      "scan",
    );
    const slices = avalsOf(scanned.arrays).map(sliced);
    const { carry, body, ys } = traceLoop("scan", init, slices, (value, inputs) =>
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
    return [carry.rebuild(last), withZeros(ys.rebuild(results), (shape) => [length, ...shape])] as never;
  },
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
    const spread = (mask: Mask, values: Arrays) => {
      let next = 0;
      return mask.map((on) => (on ? values[next++]! : null));
    };
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
    const fixed = consts.map(Form.of);
    const slices = xs.map((x) => Form.of(x).step);
    const forms = settledForms(carry.map(Form.of), jaxpr.outAvals, "scan", (given) =>
      quaxifiedJaxpr(jaxpr, [...fixed, ...given, ...slices], scan).outs.slice(0, numCarry),
    );
    const step = quaxifiedJaxpr(jaxpr, [...fixed, ...forms, ...slices], scan, forms);
    const constArrays = arraysOf(consts);
    const started = carry.flatMap((value, i) => arraysAs(value, forms[i]!, scan));
    const outs = scan.bind([...step.consts, ...constArrays, ...started, ...arraysOf(xs)], {
      ...params,
      jaxpr: step.closed,
      numCarry: started.length,
      numConsts: step.consts.length + constArrays.length,
    });
    return rebuildAll([...forms, ...step.outs.slice(numCarry).map((form) => form.stacked(length))], outs);
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

/**
 * Takes what depends on known constants only out of the loop, so that it is computed once and is not remembered for
 * each step.
 */
function hoistInvariants(operands: Arrays, unknown: Mask, params: ScanParams) {
  const { jaxpr, numConsts } = params;
  const inside = jaxpr.inAvals.map((_, i) => i >= numConsts || unknown[i]!);
  const unchanged = { params, operands, unknown };
  // An effect happens in every step, whatever it depends on.
  if (jaxpr.jaxpr.effects.length > 0 || !inside.includes(false)) return unchanged;
  const all = jaxpr.outAvals.map(() => true);
  const { known, knownConsts, unknown: rest, residuals } = splitJaxpr(jaxpr, inside, all);
  if (known.jaxpr.outvars.length === 0) return unchanged;
  const outside = operands.filter((_, i) => !inside[i]);
  const computed = evaluateJaxpr(known, [...knownConsts, ...outside]);
  const hoisted = residuals.map((r) => ("input" in r ? outside[r.input]! : computed[r.output]!));
  const others = operands.filter((_, i) => inside[i]);
  return {
    params: {
      ...params,
      jaxpr: rest,
      numConsts: hoisted.length + countOf(inside.slice(0, numConsts)),
    },
    operands: [...hoisted, ...others],
    unknown: [...hoisted.map(() => false), ...unknown.filter((_, i) => inside[i])],
  };
}

/** Where a residual of all steps comes from: what is scanned already, or a further output of the known scan. */
type StackedResidual = { readonly input: number } | { readonly output: number };

interface SplitScan {
  readonly known: ScanParams;
  readonly knownConsts: readonly Value[];
  /** Its operands: residuals that are constants, unknown constants, unknown carry, stacked residuals, unknown slices. */
  readonly later: ScanParams;
  readonly constResiduals: readonly number[];
  readonly stackedResiduals: readonly StackedResidual[];
  readonly carryUnknown: Mask;
  readonly yUnknown: Mask;
}

/** A scan as one over what is known, and one over the rest, which reads what the first remembers of each step. */
function splitScan(params: ScanParams, unknown: Mask): SplitScan {
  const { jaxpr, numCarry, numConsts } = params;
  const [constUnknown, given, xUnknown] = cut(unknown, numConsts, numCarry);
  const maskOf = (mask: Mask) => [...constUnknown, ...mask, ...xUnknown];
  const carryUnknown = fixedPoint(given, (mask) =>
    splitJaxpr(jaxpr, maskOf(mask), mask).outUnknown.slice(0, numCarry),
  );
  const split = splitJaxpr(jaxpr, maskOf(carryUnknown), carryUnknown);
  const yUnknown = split.outUnknown.slice(numCarry);
  const knownCarry = numCarry - countOf(carryUnknown);
  const knownConstCount = numConsts - countOf(constUnknown);
  const { invars, outvars } = split.known.jaxpr;
  const inputs = invars.slice(split.knownConsts.length);
  const outCount = split.outUnknown.filter((u) => !u).length;

  const constResiduals: number[] = [];
  const stackedResiduals: StackedResidual[] = [];
  const [constPlaces, stackedPlaces]: [number[], number[]] = [[], []];
  const remembered: Atom[] = [];
  split.residuals.forEach((r, place) => {
    if ("input" in r && r.input < knownConstCount) {
      constResiduals.push(r.input);
      constPlaces.push(place);
      return;
    }
    stackedPlaces.push(place);
    if ("input" in r && r.input >= knownConstCount + knownCarry) stackedResiduals.push({ input: r.input });
    else {
      // The carry of each step is remembered like what the step computes.
      const atom = "input" in r ? inputs[r.input]! : outvars[outCount + r.output]!;
      stackedResiduals.push({ output: remembered.push(atom) - 1 });
    }
  });
  const rest = positions(split.unknown).slice(split.residuals.length);
  const [restConsts, restCarry, restXs] = cut(rest, countOf(constUnknown), countOf(carryUnknown));
  return {
    known: {
      ...params,
      jaxpr: rearranged(split.known, positions(split.known), [...outvars.slice(0, outCount), ...remembered]),
      numCarry: knownCarry,
      numConsts: split.knownConsts.length + knownConstCount,
    },
    knownConsts: split.knownConsts,
    later: {
      ...params,
      jaxpr: rearranged(split.unknown, [
        ...constPlaces,
        ...restConsts,
        ...restCarry,
        ...stackedPlaces,
        ...restXs,
      ]),
      numCarry: restCarry.length,
      numConsts: constPlaces.length + restConsts.length,
    },
    constResiduals,
    stackedResiduals,
    carryUnknown,
    yUnknown,
  };
}

/**
 * The transpose where every entry of the carry is linear: from the last step to the first, cotangents of the carry are
 * carried, those of constants summed up. An entry may start from a value, which is then zero.
 */
function transposeLinear(
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
  params: ScanParams,
): (ArrayValue | null)[] {
  const { jaxpr, numCarry, numConsts } = params;
  const linear = operands.map((x, i) => x instanceof Linear || (i >= numConsts && i < numConsts + numCarry));
  const [carryCts, yCts] = cut(cotangents, numCarry);
  const yOn = isActive(yCts);
  const carryOn = fixedPoint(isActive(carryCts), (mask) =>
    transposedJaxpr(jaxpr, linear, [...mask, ...yOn]).active.slice(numConsts, numConsts + numCarry),
  );
  const forced = [...Array.from({ length: numConsts }, () => false), ...carryOn];
  const step = transposedJaxpr(jaxpr, linear, [...carryOn, ...yOn], forced);
  const [constOn] = cut(step.active, numConsts);

  const valuesOf = (list: readonly (ArrayValue | Linear)[]) =>
    list.filter((x): x is ArrayValue => !(x instanceof Linear));
  const [consts, , xs] = cut(operands, numConsts, numCarry);
  const [constValues, xValues] = [valuesOf(consts), valuesOf(xs)];
  const sums = chosen(jaxpr.inAvals.slice(0, numConsts), constOn).map(zerosOf);
  const started = chosen(
    carryCts.map((ct, i) => ct ?? zerosOf(jaxpr.outAvals[i]!)),
    carryOn,
  );
  const front = step.consts.length + constValues.length;
  const [constAvals, xAvals, carryAvals, yAvals] = cut(
    step.closed.inAvals,
    front,
    xValues.length,
    started.length,
  );
  const body = closedStage(
    (inputs) => {
      const [own, totals, carried, slices, ys] = cut(
        inputs,
        front,
        sums.length,
        started.length,
        xValues.length,
      );
      const [terms, rest] = cut(
        evaluateJaxpr(step.closed, [...own, ...slices, ...carried, ...ys]),
        sums.length,
      );
      return [...totals.map((total, i) => addTangents(total, terms[i]!)!), ...rest];
    },
    [...constAvals, ...avalsOf(sums), ...carryAvals, ...xAvals, ...yAvals],
    "transpose of scan",
  );
  const results = scan.bind(
    [...body.consts, ...step.consts, ...constValues, ...sums, ...started, ...xValues, ...present(yCts)],
    {
      ...params,
      jaxpr: body.closed,
      numCarry: sums.length + started.length,
      numConsts: body.consts.length + front,
      reverse: !params.reverse,
    },
  );
  let next = 0;
  const found = step.active.map((on) => (on ? results[next++]! : null));
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

/** A tree with other shapes for the zeros in it. */
const withZeros = (tree: unknown, shape: (shape: Shape) => Shape): unknown =>
  map((leaf: unknown) => (leaf instanceof Zero ? new Zero(shape(leaf.shape), leaf.dtype) : leaf), tree);

/** @throws ShapeError when the leading sizes are not one, or there is none. */
function lengthOf({ leaves, treedef }: Operands, length: number | undefined): number {
  if (length !== undefined && (!Number.isInteger(length) || length < 0))
    throw located(
      new ArgumentError("scan/length", `scan: length must be a non-negative integer, got ${String(length)}`),
    );
  const paths = treedef.paths();
  const sizes = new Map<number, string[]>();
  leaves.forEach((leaf, i) => {
    if (!(leaf instanceof ArrayValueClass)) return;
    const name = `xs${pathToString(paths[i]!)}`;
    const [size] = leaf.shape;
    if (size === undefined)
      throw located(
        new ShapeError(
          "scan/rank",
          `scan: ${name} is ${showAval(leaf.aval)}, a scalar, which has no axis to scan over: pass it through the carry, or let the body capture it`,
        ),
      );
    sizes.set(size, [...(sizes.get(size) ?? []), `${name}, which is ${showAval(leaf.aval)}`]);
  });
  if (length !== undefined) sizes.set(length, [...(sizes.get(length) ?? []), "length"]);
  const [size] = sizes.keys();
  if (size === undefined)
    throw located(
      new ArgumentError("scan/length", "scan got nothing to scan over: give xs, or the option length"),
    );
  if (sizes.size === 1) return size;
  const lines = [...sizes].map(([n, names]) => `\n  ${n}: ${names.join("; ")}`);
  throw located(new ShapeError("scan/length", `scan got different leading sizes:${lines.join("")}`));
}

/** @throws ArgumentError when the body's result is no pair. */
function pairOf(result: unknown): readonly [carry: unknown, y: unknown] {
  refuseAsync(result, "the body of scan");
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  throw located(
    new ArgumentError(
      "scan/pair",
      `scan: its body must return a pair [carry, y], got ${Array.isArray(result) ? `a list of ${result.length}` : describe(result)}; y may be null`,
    ),
  );
}

/** @throws ArgumentError when it is neither a boolean nor a positive integer. */
function unrollOf(unroll: unknown, length: number): number {
  if (typeof unroll === "boolean") return unroll ? Math.max(length, 1) : 1;
  if (typeof unroll === "number" && Number.isInteger(unroll) && unroll > 0) return unroll;
  throw located(
    new ArgumentError(
      "scan/unroll",
      `scan: unroll must be a boolean or a positive integer, got ${describe(unroll)}`,
    ),
  );
}
