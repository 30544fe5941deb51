import { leaves } from "../tree/index.ts";
import { cond, whileLoop } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { DType } from "../core/dtype.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { grad, valueAndGrad } from "../interpreters/vjp.ts";
import * as np from "../numpy/index.ts";
import { toReal } from "../numpy/promotion.ts";
import { along, movingParts } from "./moving-parts.ts";
import { innerProduct } from "./numerics.ts";
import {
  castLike,
  checkParams,
  type ExtraArgs,
  type GradientTransformation,
  mapUpdates,
  movingOf,
  zerosLike,
} from "./transformation.ts";

type Vector = readonly ArrayValue[];
export type ValueFn = (params: unknown) => ArrayValue;

/** The dtype of losses: that of the first parameter, real. */
export const valueDtype = (params: unknown): DType =>
  toReal(movingOf(params).find((param) => param !== null)?.dtype ?? "float32");

/** What a line search is given. @throws ArgumentError something of it is missing. */
export function searchArguments(
  params: unknown,
  { value, grad: gradient, valueFn }: ExtraArgs,
  caller: string,
): { readonly value: ArrayValue; readonly gradient: unknown; readonly valueFn: ValueFn } {
  checkParams(params, caller);
  if (value === undefined || gradient === undefined || valueFn === undefined)
    throw new ArgumentError(
      "optim/extra",
      `${caller} needs the loss, its gradient and the function: update(updates, state, params, { value, grad, valueFn })`,
    );
  const array = np.astype(np.asarray(value), valueDtype(params));
  return { value: array, gradient, valueFn: valueFn as ValueFn };
}

/** What a line search found out. */
export interface BacktrackingInfo {
  readonly numLinesearchSteps: ArrayValue;
  /** How far the step is from decreasing the loss enough; 0 where it does. */
  readonly decreaseError: ArrayValue;
}
export interface BacktrackingState {
  readonly learningRate: ArrayValue;
  /** The loss after the step. */
  readonly value: ArrayValue;
  /** Its gradient there, where it is stored; else null. */
  readonly grad: unknown;
  readonly info: BacktrackingInfo;
}
export interface BacktrackingOptions {
  /** The share of the decrease that the slope promises, which is enough. Default 1e-4. */
  readonly slopeRtol?: Operand | undefined;
  /** What the step is multiplied by in each try. Default 0.8. */
  readonly decreaseFactor?: Operand | undefined;
  /** What the last step is multiplied by for the first try. Default 1.5. */
  readonly increaseFactor?: Operand | undefined;
  /** Default 1. */
  readonly maxLearningRate?: Operand | undefined;
  /** By how much the decrease may be missed. Default 0. */
  readonly atol?: Operand | undefined;
  /** By which share of the loss it may be missed. Default 0. */
  readonly rtol?: Operand | undefined;
  /** Keep the gradient after the step, for {@link valueAndGradFromState}. Default false. */
  readonly storeGrad?: boolean | undefined;
}

/**
 * Multiplies by a learning rate that decreases the loss: tries shorter and shorter steps. `update` gets the loss, its gradient and
 * itself as a function of the parameters, as `{ value, grad, valueFn }`.
 *
 * @throws ArgumentError when one of them, or the parameters, is missing.
 * @example
 * const optimizer = optim.chain(optim.sgd(1), optim.scaleByBacktrackingLinesearch(15));
 * const [value, grad] = valueAndGrad(loss)(params);
 * const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueFn: loss });
 * @see Armijo (1966); `optax.scale_by_backtracking_linesearch`
 */
export function scaleByBacktrackingLinesearch(
  maxBacktrackingSteps: Operand,
  options: BacktrackingOptions = {},
): GradientTransformation<BacktrackingState> {
  const caller = "optim.scaleByBacktrackingLinesearch";
  const names = ["slopeRtol", "decreaseFactor", "increaseFactor", "maxLearningRate", "atol", "rtol", "storeGrad"] as const; // prettier-ignore
  const given = readOptions<BacktrackingOptions>(caller, names, [options]);
  const { slopeRtol = 1e-4, decreaseFactor = 0.8, increaseFactor = 1.5, maxLearningRate = 1 } = given;
  const { atol = 0, rtol = 0, storeGrad = false } = given;
  const start = (params: unknown, value: number | ArrayValue) => {
    const of = (x: Operand) => np.astype(np.asarray(x), valueDtype(params));
    return { learningRate: of(1), value: of(value), infinite: of(Infinity), steps: np.array(0, "int32") };
  };
  return {
    init: (params) => {
      const { learningRate, value, infinite, steps } = start(params, Infinity);
      return {
        learningRate,
        value,
        grad: storeGrad ? zerosLike(params) : null,
        info: { numLinesearchSteps: steps, decreaseError: infinite },
      };
    },
    update: (updates, state, params, extra = {}) => {
      const { value, gradient, valueFn } = searchArguments(params, extra, caller);
      const { listOf, treeOf } = movingParts(params);
      const slope = innerProduct(listOf(gradient), listOf(updates));
      const { infinite, steps } = start(params, value);
      const isEnough = (error: ArrayValue) => np.lessEqual(error, atol);
      const gradientAt = (at: unknown): Vector => listOf(grad(valueFn, { allowInt: true })(at));
      const search = {
        learningRate: np.astype(np.minimum(np.multiply(increaseFactor, state.learningRate), maxLearningRate), value.dtype), // prettier-ignore
        value,
        grad: (storeGrad ? listOf(zerosLike(params)) : []) as Vector,
        error: infinite,
        tries: steps,
      };
      const found = whileLoop(
        ({ error, tries }) =>
          np.logicalAnd(np.logicalNot(isEnough(error)), np.lessEqual(tries, maxBacktrackingSteps)),
        (last) => {
          const shorter = np.multiply(decreaseFactor, last.learningRate);
          const learningRate = np.where(np.greater(last.tries, 0), shorter, last.learningRate);
          const at = along(params, updates, learningRate);
          const reached = valueFn(at);
          const allowed = np.add(
            np.multiply(np.add(1, rtol), value),
            np.multiply(np.multiply(learningRate, slopeRtol), slope),
          );
          const missed = np.subtract(reached, allowed);
          const error = np.maximum(np.where(np.isnan(missed), Infinity, missed), 0);
          const ends = np.logicalOr(isEnough(error), np.equal(last.tries, maxBacktrackingSteps));
          const next = {
            learningRate,
            value: reached,
            grad: storeGrad ? cond(ends, () => gradientAt(at), () => last.grad as Vector) : [], // prettier-ignore
            error,
            tries: np.add(last.tries, 1),
          };
          return castLike<object>(next, last) as typeof last;
        },
        search,
      );
      const learningRate = np.where(np.isinf(found.error), 0, found.learningRate);
      const next = {
        learningRate,
        value: found.value,
        grad: storeGrad ? treeOf(found.grad as Vector) : null,
        info: { numLinesearchSteps: found.tries, decreaseError: found.error },
      };
      return [
        mapUpdates((u) => np.multiply(learningRate, u), updates),
        castLike<BacktrackingState>(next, state),
      ];
    },
  };
}

interface Stored {
  readonly value: ArrayValue;
  readonly grad: unknown;
}
const isStored = (x: unknown): x is Stored =>
  typeof x === "object" && x !== null && "value" in x && "grad" in x && "info" in x;

/**
 * `valueFn` and its gradient, as a line search left them in the state of an optimiser; computed where it did not. So each step
 * evaluates the loss once less. `args` are further arguments of `valueFn`.
 *
 * @throws ArgumentError when there is no line search in the state, or not one, or one that stores no gradient.
 * @example
 * const [value, grad] = optim.valueAndGradFromState(loss)(params, state);
 * const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueFn: loss });
 * @see `optax.value_and_grad_from_state`
 */
export const valueAndGradFromState =
  <Params, Args extends readonly unknown[]>(valueFn: (params: Params, ...args: Args) => ArrayValue) =>
  (params: Params, state: unknown, ...args: Args): [value: ArrayValue, grad: Params] => {
    const found = leaves(state, isStored).filter(isStored);
    const [stored] = found;
    if (stored === undefined || found.length > 1 || stored.grad === null)
      throw new ArgumentError(
        "optim/state",
        `optim.valueAndGradFromState: the state holds the value and the gradient of ${found.length === 1 ? "a line search that stores none: give it storeGrad" : `${found.length} line searches`}, not of one`,
      );
    const { listOf, treeOf } = movingParts(params);
    const known = np.logicalNot(np.logicalOr(np.isinf(stored.value), np.isnan(stored.value)));
    const [value, list] = cond(
      known,
      (): [ArrayValue, Vector] => [stored.value, listOf(stored.grad)],
      (): [ArrayValue, Vector] => {
        const [now, gradient] = valueAndGrad((p: Params) => valueFn(p, ...args), { allowInt: true })(params);
        return [np.astype(now, stored.value.dtype), listOf(gradient)];
      },
    );
    return [value, treeOf(list as Vector) as Params];
  };
