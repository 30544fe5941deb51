import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { safeIncrement, squares } from "./numerics.ts";
import {
  castLike,
  checkParams,
  complement,
  countZero,
  type GradientTransformation,
  mapParams,
  mapState,
  mapUpdates,
} from "./transformation.ts";

export interface FactoredState {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Means of the squares without the longest axis, of arrays that are factored; else one 0. */
  readonly vRow: unknown;
  /** Means of the squares without the second longest axis. */
  readonly vCol: unknown;
  /** Means of the squares of the other arrays. */
  readonly v: unknown;
}
export interface FactoredOptions {
  /** Keep means of rows and columns in place of those of elements. Default true. */
  readonly factored?: boolean | undefined;
  /** The exponent of the decay. Default 0.8. */
  readonly decayRate?: Operand | undefined;
  /** Steps that count as not taken, such as those before a fine-tuning. Default 0. */
  readonly stepOffset?: Operand | undefined;
  /** Arrays whose second longest axis is shorter are not factored. Default 128. */
  readonly minDimSizeToFactor?: number | undefined;
  /** Added to the squares. Default 1e-30. */
  readonly epsilon?: Operand | undefined;
  /** The decay, by the number of the step and `decayRate`. Default: `1 − (step + 1)^−decayRate`. */
  readonly decayRateFn?: ((step: ArrayValue, decayRate: Operand) => Operand) | undefined;
}

const decayRatePow = (step: ArrayValue, exponent: Operand): ArrayValue =>
  np.subtract(1, np.power(np.astype(np.add(step, 1), "float32"), np.negative(exponent)));

type Axes = readonly [second: number, first: number] | null;

/** The second longest and the longest axis, or null where there are none that are long enough. */
function longestAxes(shape: readonly number[], least: number): Axes {
  const order = shape.map((_, axis) => axis).toSorted((a, b) => shape[a]! - shape[b]!);
  const [second, first] = order.slice(-2);
  return first === undefined || shape[second!]! < least ? null : [second!, first];
}

/**
 * Divides by the root of means of past squares, of which those of a large matrix are products of the means of its rows and columns.
 *
 * @throws ArgumentError when `update` gets no parameters.
 * @see Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018); `optax.scale_by_factored_rms`
 */
export function scaleByFactoredRms(options: FactoredOptions = {}): GradientTransformation<FactoredState> {
  const caller = "optim.scaleByFactoredRms";
  const names = ["factored", "decayRate", "stepOffset", "minDimSizeToFactor", "epsilon", "decayRateFn"] as const; // prettier-ignore
  const given = readOptions<FactoredOptions>(caller, names, [options]);
  const { factored = true, decayRate = 0.8, stepOffset = 0, minDimSizeToFactor = 128 } = given;
  const { epsilon = 1e-30, decayRateFn = decayRatePow } = given;
  const axesOf = (shape: readonly number[]) => (factored ? longestAxes(shape, minDimSizeToFactor) : null);
  const zeros = (params: unknown, shapeOf: (shape: readonly number[], axes: Axes) => readonly number[]) =>
    mapParams((p) => np.zeros(shapeOf(p.shape, axesOf(p.shape)), p.dtype), params);
  const without = (i: 0 | 1) => (shape: readonly number[], axes: Axes) =>
    axes === null ? [1] : shape.filter((_, axis) => axis !== axes[i]);
  return {
    init: (params) => ({
      count: countZero(),
      vRow: zeros(params, without(1)),
      vCol: zeros(params, without(0)),
      v: zeros(params, (shape, axes) => (axes === null ? shape : [1])),
    }),
    update: (updates, state, params) => {
      checkParams(params, caller);
      const decay = decayRateFn(np.subtract(state.count, stepOffset), decayRate);
      const mean = (last: ArrayValue, square: ArrayValue) =>
        np.astype(np.add(np.multiply(decay, last), np.multiply(complement(decay), square)), last.dtype);
      /** The next means of squares, reduced by `of`, which is null where others are kept in their place. */
      const means = (lasts: unknown, of: (square: ArrayValue, axes: Axes) => ArrayValue | null) =>
        mapState<ArrayValue>(
          (g, last) => {
            const square = of(np.add(squares(g), epsilon), axesOf(g.shape));
            return square === null ? last : mean(last, square);
          },
          updates,
          lasts,
        );
      const over = (i: 0 | 1) => (square: ArrayValue, axes: Axes) =>
        axes === null ? null : np.mean(square, { axis: axes[i] });
      const vRow = means(state.vRow, over(1));
      const vCol = means(state.vCol, over(0));
      const v = means(state.v, (square, axes) => (axes === null ? square : null));
      const scaled = mapUpdates(
        (g, ...own) => {
          const [row, column, element] = own as readonly ArrayValue[];
          const axes = axesOf(g.shape);
          if (axes === null) return np.multiply(g, np.power(element!, -0.5));
          const [second, first] = axes;
          const whole = np.mean(row!, { axis: second > first ? second - 1 : second, keepdims: true });
          const rowFactor = np.expandDims(np.power(np.divide(row!, whole), -0.5), first);
          return np.multiply(np.multiply(g, rowFactor), np.expandDims(np.power(column!, -0.5), second));
        },
        updates,
        ["the state", vRow],
        ["the state", vCol],
        ["the state", v],
      );
      return [scaled, castLike({ count: safeIncrement(state.count), vRow, vCol, v }, state)];
    },
  };
}
