import { Linear } from "../core/primitive.ts";
import { addTangents, zerosOf } from "../core/rules.ts";
import type { ArrayValue } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import type { ScanParams } from "./scan-split.ts";
import {
  chosen,
  closedStage,
  cut,
  fixedPoint,
  isActive,
  present,
  transposedJaxpr,
} from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];
type Mask = readonly boolean[];

/** The scan that computes cotangents; `active` says which operands get one, and its outputs are those, in order. */
export interface BackwardScan {
  readonly operands: Arrays;
  readonly params: ScanParams;
  readonly active: Mask;
}

/**
 * The transpose where every entry of the carry is linear: from the last step to the first, cotangents of the carry are
 * carried, those of constants summed up. An entry may start from a value, which is then zero.
 */
export function backwardScan(
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
  params: ScanParams,
): BackwardScan {
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
  return {
    operands: [
      ...(body.consts as Arrays),
      ...(step.consts as Arrays),
      ...constValues,
      ...sums,
      ...started,
      ...xValues,
      ...present(yCts),
    ],
    params: {
      ...params,
      jaxpr: body.closed,
      numCarry: sums.length + started.length,
      numConsts: body.consts.length + front,
      reverse: !params.reverse,
    },
    active: step.active,
  };
}
