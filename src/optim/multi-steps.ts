import { map } from "../tree/index.ts";
import { type DTypeLike, isFloat, toDType } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import type { SkipUpdate } from "./conditional.ts";
import { safeIncrement } from "./numerics.ts";
import type { Schedule } from "./schedules.ts";
import { countZero, type GradientTransformation, mapState, mapUpdates, zerosLike } from "./transformation.ts";

export interface MultiStepsState<State = unknown> {
  /** Gradients that are accumulated; 0 after a step was taken. */
  readonly miniStep: ArrayValue;
  /** Steps that were taken. */
  readonly gradientStep: ArrayValue;
  readonly innerOptState: State;
  readonly accGrads: unknown;
  /** The sum of their weights. */
  readonly weight: ArrayValue;
  /** What `shouldSkipUpdateFn` said of the last gradient. */
  readonly skipState: Readonly<Record<string, ArrayValue>>;
}

export interface MultiStepsOptions {
  /** Take the mean of the gradients; else their sum. Default true. */
  readonly useGradMean?: boolean | undefined;
  /** Dtype in which they are accumulated. Default float32. */
  readonly accumulatorDtype?: DTypeLike | undefined;
  /** Which gradients to leave out, as if they had not been. Default: none. */
  readonly shouldSkipUpdateFn?: SkipUpdate | undefined;
}

/**
 * Accumulates gradients: takes a step of `opt` with the mean of every `everyK` gradients, and updates of 0 in between. `everyK`
 * may depend on the number of steps taken.
 *
 * Where gradients are means over parts of unequal size, say so with `update(updates, state, params, { weight })`: the number
 * of examples, or tokens, of the part. Then the step is that of the mean over all of them, as if there had been one part.
 * @throws ArgumentError when `everyK` is no positive integer.
 * @example
 * const optimiser = optim.multiSteps(optim.adamw(1e-3), 4);
 * const [[loss, count], gradient] = valueAndGrad(lossOf, { hasAux: true })(params, part);
 * const [updates, next] = optimiser.update(gradient, state, params, { weight: count });
 * @see `optax.MultiSteps`
 */
export function multiSteps<State>(
  opt: GradientTransformation<State>,
  everyK: number | Schedule,
  options: MultiStepsOptions = {},
): GradientTransformation<MultiStepsState<State>> {
  const caller = "optim.multiSteps";
  const names = ["useGradMean", "accumulatorDtype", "shouldSkipUpdateFn"] as const;
  const given = readOptions<MultiStepsOptions>(caller, names, [options]);
  const { useGradMean = true, accumulatorDtype = "float32", shouldSkipUpdateFn = null } = given;
  if (typeof everyK === "number" && !(Number.isInteger(everyK) && everyK > 0))
    throw new ArgumentError(
      "optim/every",
      `${caller}: everyK must be a positive integer, got ${describe(everyK)}`,
    );
  const dtype = toDType(accumulatorDtype, caller);
  const wide = (x: ArrayValue) => (isFloat(x.dtype) ? np.astype(x, dtype) : x);
  return {
    init: (params) => ({
      miniStep: countZero(),
      gradientStep: countZero(),
      innerOptState: opt.init(params),
      accGrads: map(wide, zerosLike(params)),
      weight: scalarOf(0, "float32"),
      skipState: shouldSkipUpdateFn?.(zerosLike(params), countZero(), params)[1] ?? {},
    }),
    update: (updates, state, params, extra = {}) => {
      const skip = shouldSkipUpdateFn?.(updates, state.gradientStep, params);
      const own = np.astype(np.asarray(extra.weight ?? 1), "float32");
      const weight = np.add(state.weight, own);
      // The mean so far moves by its share towards what is new, so that large sums do not occur.
      const parts = np.divide(weight, own);
      const add = (g: ArrayValue, sum: ArrayValue | null): ArrayValue => {
        const last = sum ?? lax.fullLike(wide(g), 0);
        const next = useGradMean
          ? np.add(last, np.divide(np.subtract(g, last), parts))
          : np.add(last, np.multiply(own, g));
        // What is a mean over nothing says nothing, whatever it is.
        return np.where(np.greater(own, 0), np.astype(next, last.dtype), last);
      };
      const accGrads = mapState(add, updates, state.accGrads);
      const miniStep = np.add(state.miniStep, 1);
      const every: Operand = typeof everyK === "function" ? everyK(state.gradientStep) : everyK;
      const emits = np.greaterEqual(miniStep, every);

      const means = mapUpdates((g, mean) => np.astype(mean as ArrayValue, g.dtype), updates, ["the state", accGrads]); // prettier-ignore
      const [moved, inner] = opt.update(means, state.innerOptState, params, extra);
      const cleared = (x: ArrayValue) => np.where(emits, lax.fullLike(x, 0), x);
      const next = {
        miniStep: cleared(miniStep),
        gradientStep: np.where(emits, safeIncrement(state.gradientStep), state.gradientStep),
        innerOptState: chosen(emits, inner, state.innerOptState),
        accGrads: map(cleared, accGrads),
        weight: cleared(weight),
      };
      const { skipState, ...last } = state;
      const takes = skip === undefined ? emits : np.logicalAnd(emits, np.logicalNot(skip[0]));
      return [
        mapUpdates((u) => np.where(takes, u, lax.fullLike(u, 0)), moved),
        skip === undefined ? { ...next, skipState } : { ...chosen(skip[0], last, next), skipState: skip[1] },
      ];
    },
  };
}

/** One of two states, leaf by leaf, with the dtypes of the second. */
const chosen = <State>(takesFirst: ArrayValue, first: State, second: State): State =>
  map(
    (a, b) =>
      a instanceof ArrayValue
        ? np.where(takesFirst, np.astype(a, (b as ArrayValue).dtype), b as ArrayValue)
        : a,
    first,
    second,
  );
