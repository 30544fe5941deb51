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

/** The second longest and the longest axis, or null where there are none that are long enough. */
function longestAxes(shape: readonly number[], least: number): readonly [number, number] | null {
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
  const without = (shape: readonly number[], axis: number) => shape.filter((_, i) => i !== axis);
  const zeros = (shapeOf: (shape: readonly number[], axes: readonly [number, number] | null) => readonly number[]) => // prettier-ignore
    (params: unknown) => mapParams((p) => np.zeros(shapeOf(p.shape, axesOf(p.shape)), p.dtype), params); // prettier-ignore
  const rows = zeros((shape, axes) => (axes === null ? [1] : without(shape, axes[1])));
  const columns = zeros((shape, axes) => (axes === null ? [1] : without(shape, axes[0])));
  const elements = zeros((shape, axes) => (axes === null ? shape : [1]));
  return {
    init: (params) => ({
      count: countZero(),
      vRow: rows(params),
      vCol: columns(params),
      v: elements(params),
    }),
    update: (updates, state, params) => {
      checkParams(params, caller);
      const decay = decayRateFn(np.subtract(state.count, stepOffset), decayRate);
      const mean = (g: ArrayValue, last: ArrayValue, axis: number | null) => {
        const square = np.add(squares(g), epsilon);
        const own = axis === null ? square : np.mean(square, { axis });
        return np.astype(np.add(np.multiply(decay, last), np.multiply(complement(decay), own)), last.dtype);
      };
      const means = (
        state_: unknown,
        axisOf: (axes: readonly [number, number] | null) => number | null | undefined,
      ) =>
        // prettier-ignore
        mapState<ArrayValue>(
          (g, last) => {
            const axis = axisOf(axesOf(g.shape));
            return axis === undefined ? last : mean(g, last, axis);
          },
          updates,
          state_,
        );
      const vRow = means(state.vRow, (axes) => axes?.[1]);
      const vCol = means(state.vCol, (axes) => axes?.[0]);
      const v = means(state.v, (axes) => (axes === null ? null : undefined));
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
