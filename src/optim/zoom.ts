import { map } from "../tree/index.ts";
import { whileLoop } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { valueAndGrad } from "../interpreters/vjp.ts";
import * as np from "../numpy/index.ts";
import { searchArguments, valueDtype } from "./linesearch.ts";
import { along, movingParts } from "./moving-parts.ts";
import { innerProduct } from "./numerics.ts";
import { castLike, type GradientTransformation, mapUpdates, zerosLike } from "./transformation.ts";

type Vector = readonly ArrayValue[];
/** A point on the line: how far, the loss there, and its slope. */
interface Point {
  readonly step: ArrayValue;
  readonly value: ArrayValue;
  readonly slope: ArrayValue;
}
interface Search {
  readonly count: ArrayValue;
  readonly at: Point;
  readonly grad: Vector;
  readonly low: Point;
  readonly high: Point;
  /** A third point, for the cubic through them. */
  readonly ref: Point;
  /** The best that decreases the loss enough; a step of 0 as long as there is none. */
  readonly safe: Point;
  readonly safeGrad: Vector;
  readonly decreaseError: ArrayValue;
  readonly curvatureError: ArrayValue;
  readonly intervalFound: ArrayValue;
  readonly done: ArrayValue;
  readonly failed: ArrayValue;
}

export interface ZoomInfo {
  readonly numLinesearchSteps: ArrayValue;
  /** How far the step is from decreasing the loss enough; 0 where it does. */
  readonly decreaseError: ArrayValue;
  /** How far it is from flattening its slope enough; 0 where it does. */
  readonly curvatureError: ArrayValue;
}
export interface ZoomState {
  readonly learningRate: ArrayValue;
  /** The loss after the step. */
  readonly value: ArrayValue;
  /** Its gradient there. */
  readonly grad: unknown;
  readonly info: ZoomInfo;
}
export interface ZoomOptions {
  /** Default: any. */
  readonly maxLearningRate?: Operand | null | undefined;
  /** By how much both conditions may be missed. Default 0. */
  readonly tol?: Operand | undefined;
  /** What the step is multiplied by as long as no interval is found. Default 2. */
  readonly increaseFactor?: Operand | undefined;
  /** The share of the decrease that the slope promises, which is enough. Default 1e-4. */
  readonly slopeRtol?: Operand | undefined;
  /** The share of the first slope that may be left. Default 0.9. */
  readonly curvRtol?: Operand | undefined;
  /** Near a minimum, by which share the loss may grow where the slope says that it falls; null for none. Default 1e-6. */
  readonly approxDecRtol?: Operand | null | undefined;
  /** Intervals that are no longer are not searched. Default 1e-5. */
  readonly stepsizePrecision?: Operand | undefined;
  /** Whether a search begins with the last step, or with 1. Default `"keep"`. */
  readonly initialGuessStrategy?: "keep" | "one" | undefined;
}

const pick = <T extends object>(takesFirst: ArrayValue, first: T, second: T): T =>
  map((a: ArrayValue, b: ArrayValue) => np.where(takesFirst, a, b), first, second);
const not = np.logicalNot;
const and = np.logicalAnd;
const or = np.logicalOr;

/** Where the cubic with the value and slope of `a`, and the values of `b` and `c`, has its minimum. */
function cubicMinimum(a: Point, b: Point, c: Point): ArrayValue {
  const [db, dc] = [np.subtract(b.step, a.step), np.subtract(c.step, a.step)];
  const above = (p: Point, d: ArrayValue) =>
    np.subtract(np.subtract(p.value, a.value), np.multiply(a.slope, d));
  const [fb, fc] = [above(b, db), above(c, dc)];
  const scale = np.multiply(np.square(np.multiply(db, dc)), np.subtract(db, dc));
  const mix = (n: number) =>
    np.divide(np.subtract(np.multiply(np.power(dc, n), fb), np.multiply(np.power(db, n), fc)), scale);
  const [third, second] = [mix(2), np.negative(mix(3))];
  const radical = np.subtract(np.square(second), np.multiply(np.multiply(3, third), a.slope));
  return np.add(a.step, np.divide(np.subtract(np.sqrt(radical), second), np.multiply(3, third)));
}

/** Where the parabola with the value and slope of `a`, and the value of `b`, has its minimum. */
function parabolaMinimum(a: Point, b: Point): ArrayValue {
  const d = np.subtract(b.step, a.step);
  const above = np.subtract(np.subtract(b.value, a.value), np.multiply(a.slope, d));
  return np.subtract(a.step, np.divide(a.slope, np.multiply(2, np.divide(above, np.square(d)))));
}

/** A step between the ends of the interval: by the cubic, else by the parabola, where they are well inside; else in the middle. */
function between({ low, high, ref }: Search): ArrayValue {
  const length = np.abs(np.subtract(high.step, low.step));
  const [left, right] = [np.minimum(high.step, low.step), np.maximum(high.step, low.step)];
  const isInside = (x: ArrayValue, share: number) => {
    const margin = np.multiply(share, length);
    return and(np.greater(x, np.add(left, margin)), np.less(x, np.subtract(right, margin)));
  };
  const [cubic, parabola] = [cubicMinimum(low, high, ref), parabolaMinimum(low, high)];
  const middle = np.divide(np.add(low.step, high.step), 2);
  return np.where(isInside(cubic, 0.2), cubic, np.where(isInside(parabola, 0.1), parabola, middle));
}

/**
 * Multiplies by a learning rate that decreases the loss enough and flattens its slope (Wolfe's conditions): looks for an interval
 * that has one, and zooms into it. `update` gets the loss, its gradient and itself as a function of the parameters, as
 * `{ value, grad, valueFn }`.
 *
 * @throws ArgumentError when one of them, or the parameters, is missing; when the strategy is unknown.
 * @see Nocedal and Wright, "Numerical optimization" (2006), algorithms 3.5 and 3.6; Hager and Zhang (2006) for `approxDecRtol`;
 * `optax.scale_by_zoom_linesearch`
 */
export function scaleByZoomLinesearch(
  maxLinesearchSteps: Operand,
  options: ZoomOptions = {},
): GradientTransformation<ZoomState> {
  const caller = "optim.scaleByZoomLinesearch";
  const names = ["maxLearningRate", "tol", "increaseFactor", "slopeRtol", "curvRtol", "approxDecRtol", "stepsizePrecision", "initialGuessStrategy"] as const; // prettier-ignore
  const given = readOptions<ZoomOptions>(caller, names, [options]);
  const { maxLearningRate = null, tol = 0, increaseFactor = 2, slopeRtol = 1e-4, curvRtol = 0.9 } = given;
  const { approxDecRtol = 1e-6, stepsizePrecision = 1e-5, initialGuessStrategy = "keep" } = given;
  if (initialGuessStrategy !== "keep" && initialGuessStrategy !== "one")
    throw new ArgumentError(
      "optim/strategy",
      `${caller}: initialGuessStrategy is keep or one, got ${describe(initialGuessStrategy)}`,
    );
  const orInfinite = (error: ArrayValue) => np.where(np.isnan(error), Infinity, np.maximum(error, 0));

  const twiceLess1 =
    typeof slopeRtol === "number" ? 2 * slopeRtol - 1 : np.subtract(np.multiply(2, slopeRtol), 1);
  const decreaseErrorOf = (at: Point, start: Point): ArrayValue => {
    const change = np.subtract(at.value, start.value);
    const error = np.subtract(change, np.multiply(np.multiply(slopeRtol, at.step), start.slope));
    if (approxDecRtol === null) return orInfinite(error);
    const bySlope = np.subtract(at.slope, np.multiply(twiceLess1, start.slope));
    const byValue = np.subtract(change, np.multiply(approxDecRtol, np.abs(start.value)));
    return orInfinite(np.minimum(np.maximum(bySlope, byValue), error));
  };
  const curvatureErrorOf = (at: Point, start: Point): ArrayValue =>
    orInfinite(np.subtract(np.abs(at.slope), np.multiply(curvRtol, np.abs(start.slope))));

  /** The bounds of an interval after a step outside, and whether there is one. */
  const widened = (last: Search, at: Point, decreaseError: ArrayValue) => {
    const rises = and(np.greaterEqual(at.value, last.at.value), np.greater(last.count, 0));
    const setsHigh = or(np.greater(decreaseError, 0), rises);
    const setsLow = and(np.greaterEqual(at.slope, 0), not(setsHigh));
    const low = pick(setsLow, at, last.at);
    return { low, high: pick(setsLow, last.at, at), ref: low, found: or(setsHigh, setsLow) };
  };
  /** The bounds after a step into the interval. */
  const narrowed = ({ low, high }: Search, at: Point, decreaseError: ArrayValue) => {
    const setsHigh = or(np.greater(decreaseError, 0), np.greaterEqual(at.value, low.value));
    const turns = np.greaterEqual(np.multiply(at.slope, np.subtract(high.step, low.step)), 0);
    const swaps = and(turns, not(setsHigh));
    return {
      low: pick(setsHigh, low, at),
      high: pick(setsHigh, at, pick(swaps, low, high)),
      ref: pick(or(setsHigh, swaps), high, low),
    };
  };
  return {
    init: (params) => {
      const of = (x: number) => np.array(x, valueDtype(params));
      return {
        learningRate: of(1),
        value: of(Infinity),
        grad: zerosLike(params),
        info: {
          numLinesearchSteps: np.array(0, "int32"),
          decreaseError: np.array(Infinity, "float32"),
          curvatureError: np.array(Infinity, "float32"),
        },
      };
    },
    update: (updates, state, params, extra = {}) => {
      const { value, gradient, valueFn } = searchArguments(params, extra, caller);
      const { listOf, treeOf } = movingParts(params);
      const direction = listOf(updates);
      const slopeOf = (g: Vector) => np.astype(innerProduct(g, direction), value.dtype);
      const first = listOf(gradient);
      const start: Point = { step: np.zeros([], value.dtype), value, slope: slopeOf(first) };
      const guess = initialGuessStrategy === "one" ? np.ones([], value.dtype) : state.learningRate;
      const [no, infinite] = [np.array(false), np.array(Infinity, value.dtype)];
      const search: Search = {
        count: np.array(0, "int32"),
        at: start,
        grad: first,
        low: start,
        high: start,
        ref: start,
        safe: start,
        safeGrad: first,
        decreaseError: infinite,
        curvatureError: infinite,
        intervalFound: no,
        done: no,
        failed: no,
      };
      const tryNext = (last: Search): Search => {
        const { intervalFound } = last;
        const larger = np.where(np.equal(last.count, 0), guess, np.multiply(increaseFactor, last.at.step));
        const outside = maxLearningRate === null ? larger : np.minimum(larger, maxLearningRate);
        const isLargest = maxLearningRate === null ? no : np.greaterEqual(larger, maxLearningRate);
        const step = np.where(intervalFound, between(last), outside);
        const [reached, slopes] = valueAndGrad(valueFn, { allowInt: true })(along(params, updates, step));
        const own = listOf(slopes);
        const at: Point = castLike({ step, value: reached, slope: slopeOf(own) }, start);

        const decreaseError = decreaseErrorOf(at, start);
        const curvatureError = curvatureErrorOf(at, start);
        const isGood = np.lessEqual(np.maximum(decreaseError, curvatureError), tol);
        const isBetter = or(not(intervalFound), np.less(at.value, last.safe.value));
        const isSafe = and(np.lessEqual(decreaseError, tol), isBetter);
        const safe = pick(isSafe, at, last.safe);
        const safeGrad = pick(isSafe, own, last.safeGrad);

        const { found, ...bounds } = widened(last, at, decreaseError);
        const { low, high, ref } = pick(intervalFound, narrowed(last, at, decreaseError), bounds);
        const finds = or(intervalFound, or(found, isGood));
        const done = or(isGood, and(isLargest, not(finds)));
        const isShort = np.lessEqual(np.abs(np.subtract(last.high.step, last.low.step)), stepsizePrecision);
        const givesUp = and(and(intervalFound, isShort), np.greater(safe.step, 0));
        const isLast = np.greaterEqual(np.add(last.count, 1), maxLinesearchSteps);
        const failed = and(or(isLast, givesUp), not(done));
        // Where no step was good, the best of those that decrease the loss; none, rather than one to where there is no loss.
        const falls = and(failed, or(np.greater(safe.step, 0), np.isinf(decreaseError)));
        const next: Search = {
          count: np.add(last.count, 1),
          at: { ...pick(falls, safe, at), slope: at.slope },
          grad: pick(falls, safeGrad, own),
          low,
          high,
          ref,
          safe,
          safeGrad,
          decreaseError,
          curvatureError,
          intervalFound: finds,
          done,
          failed,
        };
        return castLike(next, last);
      };
      const found = whileLoop(
        ({ done, failed }) => not(or(done, failed)),
        tryNext as never,
        search,
      ) as Search;
      const next: ZoomState = {
        learningRate: found.at.step,
        value: found.at.value,
        grad: treeOf(found.grad),
        info: {
          numLinesearchSteps: found.count,
          decreaseError: found.decreaseError,
          curvatureError: found.curvatureError,
        },
      };
      return [mapUpdates((u) => np.multiply(found.at.step, u), updates), castLike(next, state)];
    },
  };
}
