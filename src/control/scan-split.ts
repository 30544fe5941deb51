import type { Atom, ClosedJaxpr } from "../core/jaxpr.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { countOf, cut, fixedPoint, positions, rearranged, splitJaxpr } from "./transformed-jaxpr.ts";

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

/**
 * Takes what depends on known constants only out of the loop, so that it is computed once and is not remembered for
 * each step.
 */
export function hoistInvariants(operands: Arrays, unknown: Mask, params: ScanParams) {
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

export interface SplitScan {
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
export function splitScan(params: ScanParams, unknown: Mask): SplitScan {
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
