import { scan } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { movingParts } from "./moving-parts.ts";
import { globalNorm, innerProduct, safeIncrement, squaredNorm } from "./numerics.ts";
import type { Optimizer } from "./optimizers.ts";
import {
  castLike,
  checkParams,
  countZero,
  type GradientTransformation,
  mapParams,
  replaced,
  zerosLike,
} from "./transformation.ts";
import { chain, identity, type LearningRate, scale, scaleByLearningRate } from "./transforms.ts";
import { scaleByZoomLinesearch } from "./zoom.ts";

export interface LbfgsState {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** The last parameters. */
  readonly params: unknown;
  /** The last gradients. */
  readonly updates: unknown;
  /** Past changes of parameters, along a first axis. */
  readonly diffParamsMemory: unknown;
  /** Past changes of gradients. */
  readonly diffUpdatesMemory: unknown;
  /** The reciprocals of their inner products. */
  readonly weightsMemory: ArrayValue;
}
export interface LbfgsScaleOptions {
  /** How many past changes are kept. Default 10. */
  readonly memorySize?: number | undefined;
  /** Begin with a multiple of the identity that fits the last change. Default true. */
  readonly scaleInitPrecond?: boolean | undefined;
}
const lbfgsNames = ["memorySize", "scaleInitPrecond"] as const;
type Vector = readonly ArrayValue[];

/** The approximate inverse Hessian times `vector`: Nocedal's two loops over past changes. */
function preconditioned(
  vector: Vector,
  changes: readonly Vector[],
  weights: ArrayValue,
  identityScale: Operand,
  order: ArrayValue,
): Vector {
  const at = (memory: Vector, i: ArrayValue): Vector => memory.map((x) => np.take(x, i, { axis: 0 }));
  const plus = (x: Vector, factor: ArrayValue, y: Vector): Vector =>
    x.map((part, i) => np.astype(np.add(part, np.multiply(factor, y[i]!)), part.dtype));
  const [steps, bends] = changes as readonly [Vector, Vector];
  const share = (i: ArrayValue, x: Vector, y: Vector) => np.multiply(np.take(weights, i), innerProduct(x, y));

  const [right, alphas] = scan(
    (x: Vector, i: ArrayValue): [Vector, ArrayValue] => {
      const alpha = share(i, at(steps, i), x);
      return [plus(x, np.negative(alpha), at(bends, i)), alpha];
    },
    vector,
    order,
    { reverse: true },
  );
  const middle = (right as Vector).map((x) => np.astype(np.multiply(identityScale, x), x.dtype));
  const [left] = scan(
    (x: Vector, [i, alpha]: readonly [ArrayValue, ArrayValue]): [Vector, ArrayValue] => {
      const beta = share(i, at(bends, i), x);
      return [plus(x, np.subtract(alpha, beta), at(steps, i)), beta];
    },
    middle,
    [order, alphas],
  );
  return left as Vector;
}

/**
 * Multiplies the gradient by an approximate inverse of the Hessian, from changes of the last steps.
 *
 * @throws ArgumentError when `memorySize` is no positive integer, or `update` gets no parameters.
 * @see Nocedal and Wright, "Numerical optimization" (2006), algorithm 7.4; `optax.scale_by_lbfgs`
 */
export function scaleByLbfgs(options: LbfgsScaleOptions = {}): GradientTransformation<LbfgsState> {
  const caller = "optim.scaleByLbfgs";
  const { memorySize = 10, scaleInitPrecond = true } = readOptions<LbfgsScaleOptions>(caller, lbfgsNames, [options]); // prettier-ignore
  if (!(Number.isInteger(memorySize) && memorySize > 0))
    throw new ArgumentError(
      "optim/memory",
      `${caller}: memorySize is a positive integer, got ${describe(memorySize)}`,
    );
  const memories = (params: unknown) => mapParams((p) => np.zeros([memorySize, ...p.shape], p.dtype), params);
  return {
    init: (params) => ({
      count: countZero(),
      params: zerosLike(params),
      updates: zerosLike(params),
      diffParamsMemory: memories(params),
      diffUpdatesMemory: memories(params),
      weightsMemory: np.zeros([memorySize]),
    }),
    update: (updates, state, params) => {
      checkParams(params, caller);
      const { listOf, treeOf } = movingParts(params);
      const [place, last] = [state.count, np.subtract(state.count, 1)].map((i) => np.mod(i, memorySize));
      const hasLast = np.greater(state.count, 0);
      const orZero = (x: ArrayValue) => np.where(hasLast, x, lax.fullLike(x, 0));
      const changes = (now: Vector, before: unknown): Vector =>
        listOf(before).map((x, i) => orZero(np.subtract(now[i]!, x)));
      const gradient = listOf(updates);
      const step = changes(listOf(params), state.params);
      const bend = changes(gradient, state.updates);
      const curvature = innerProduct(bend, step);
      const weight = orZero(np.where(np.equal(curvature, 0), 0, np.divide(1, curvature)));

      const stored = (memory: ArrayValue, x: ArrayValue) => np.at(memory, last!).set(x);
      const steps = listOf(state.diffParamsMemory).map((memory, i) => stored(memory, step[i]!));
      const bends = listOf(state.diffUpdatesMemory).map((memory, i) => stored(memory, bend[i]!));
      const weights = stored(state.weightsMemory, weight);
      const order = np.mod(np.add(place!, np.arange(memorySize)), memorySize);
      const scaled = preconditioned(
        gradient,
        [steps, bends],
        weights,
        scaleInitPrecond ? initialScale(gradient, bend, curvature, hasLast) : 1,
        order,
      );
      const next = {
        count: safeIncrement(state.count),
        params: treeOf(listOf(params)),
        updates: treeOf(gradient),
        diffParamsMemory: treeOf(steps),
        diffUpdatesMemory: treeOf(bends),
        weightsMemory: weights,
      };
      return [replaced(updates, treeOf(scaled)), castLike(next, state)];
    },
  };
}

/** `⟨bend, step⟩ / ‖bend‖²`; at first, what makes the step no longer than 1. */
function initialScale(
  gradient: Vector,
  bend: Vector,
  curvature: ArrayValue,
  hasLast: ArrayValue,
): ArrayValue {
  const square = squaredNorm(bend);
  const fitted = np.where(np.greater(square, 0), np.divide(curvature, square), 1);
  const capped = np.minimum(1, np.divide(1, globalNorm(gradient.map((x) => lax.stopGradient(x)))));
  return np.where(hasLast, fitted, capped);
}

export interface LbfgsOptions extends LbfgsScaleOptions {
  /** What chooses the length of steps; null for none. Default: {@link scaleByZoomLinesearch} with 20 tries, from a step of 1. */
  readonly linesearch?: GradientTransformation | null | undefined;
}

/**
 * The quasi-Newton method L-BFGS, for losses without noise. `update` gets the loss, its gradient, and itself as a function.
 *
 * @throws ArgumentError when `update` gets no parameters, or not what the line search needs.
 * @example
 * const optimizer = optim.lbfgs();
 * const [value, grad] = valueAndGrad(loss)(params);
 * const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueFn: loss });
 * @see Liu and Nocedal, "On the limited memory BFGS method" (1989); `optax.lbfgs`
 */
export function lbfgs(learningRate: LearningRate | null = null, options: LbfgsOptions = {}): Optimizer {
  const names = [...lbfgsNames, "linesearch"] as const;
  const given = readOptions<LbfgsOptions>("optim.lbfgs", names, [options]);
  const { linesearch = scaleByZoomLinesearch(20, { initialGuessStrategy: "one" }), ...rest } = given;
  return chain(
    scaleByLbfgs(rest),
    learningRate === null ? scale(-1) : scaleByLearningRate(learningRate),
    linesearch ?? identity(),
  );
}
