import { type DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { StatefulLayer } from "./composition.ts";
import { checkCount, weightDType } from "./linear.ts";
import type { ForwardOptions } from "./module.ts";
import { type State, StateIndex } from "./state.ts";

const modes = ["ema", "batch"] as const;

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether each channel has a weight and a bias. Default true. */
  readonly channelwiseAffine?: boolean | undefined;
  /** The share of the running statistics that stays at each step. Default 0.99. */
  readonly momentum?: number | undefined;
  /** Normalise by the running statistics, and leave them. Default false. */
  readonly inference?: boolean | undefined;
  /** Dtype of weight, bias and statistics. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
  /** Training normalises by the running statistics, `"ema"`, or by those of the batch, `"batch"`. Default `"ema"`. */
  readonly mode?: (typeof modes)[number] | undefined;
}
const optionNames = ["eps", "channelwiseAffine", "momentum", "inference", "dtype", "mode"] as const;

export interface InferenceOptions extends ForwardOptions {
  /** In the place of the layer's own. */
  readonly inference?: boolean | undefined;
}

type Statistics = readonly [mean: ArrayValue, variance: ArrayValue];

/**
 * `(x − mean) / √(variance + eps) · weight + bias` for each channel, with mean and variance over its elements and over the
 * batch, which is a mapped axis with a name. Running averages of both are the layer's state, and what inference uses.
 *
 * In mode `"batch"` training uses the statistics of the batch, as other libraries do, and inference the averages without the part
 * that they started with. In mode `"ema"` both use the averages, which are those of the batch at the first step.
 *
 * Shape: `[inputSize, …s] → [inputSize, …s]`.
 * @example
 * const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, "batch", { mode: "batch" });
 * const forward = vmap((x: ArrayValue, state: nn.State) => norm.forward(x, state), { axisName: "batch", inAxes: [0, null], outAxes: [0, null] });
 * const [ys, next] = forward(xs, state);
 * @see `equinox.nn.BatchNorm`; Ioffe and Szegedy, "Batch normalization" (2015)
 */
export class BatchNorm extends StatefulLayer {
  readonly weight: ArrayValue | null;
  readonly bias: ArrayValue | null;
  readonly emaFirstTimeIndex: StateIndex<ArrayValue> | null;
  readonly emaStateIndex: StateIndex<Statistics> | null;
  readonly batchCounter: StateIndex<ArrayValue> | null;
  readonly batchStateIndex: StateIndex<Statistics> | null;
  readonly axisName: string | readonly string[];
  readonly inference: boolean;
  readonly inputSize: number;
  readonly eps: number;
  readonly channelwiseAffine: boolean;
  readonly momentum: number;
  readonly mode: (typeof modes)[number];

  /** @throws ArgumentError when the size is no count, or the mode is unknown. */
  constructor(inputSize: number, axisName: string | readonly string[], options: BatchNormOptions = {}) {
    super();
    const caller = "nn.BatchNorm";
    const given = readOptions<BatchNormOptions>(caller, optionNames, [options]);
    const { eps = 1e-5, channelwiseAffine = true, momentum = 0.99, inference = false, mode = "ema" } = given;
    if (!modes.includes(mode))
      throw new ArgumentError("nn/mode", `${caller}: mode is "ema" or "batch", got ${describe(mode)}`);
    const dtype = weightDType(given.dtype, caller);
    const shape = [checkCount(inputSize, `${caller}: inputSize`)];
    const [zeros, ones] = [lax.full(shape, 0, dtype), lax.full(shape, 1, dtype)];
    this.weight = channelwiseAffine ? ones : null;
    this.bias = channelwiseAffine ? zeros : null;
    const isEma = mode === "ema";
    this.emaFirstTimeIndex = isEma ? new StateIndex(np.array(true)) : null;
    this.emaStateIndex = isEma ? new StateIndex<Statistics>([zeros, zeros]) : null;
    this.batchCounter = isEma ? null : new StateIndex(np.weak(0, "int"));
    this.batchStateIndex = isEma ? null : new StateIndex<Statistics>([zeros, ones]);
    this.axisName = axisName;
    this.inference = inference;
    this.inputSize = inputSize;
    this.eps = eps;
    this.channelwiseAffine = channelwiseAffine;
    this.momentum = momentum;
    this.mode = mode;
  }

  /**
   * Shape: `[inputSize, …s] → [inputSize, …s]`.
   * @throws ShapeError when `x` has other channels; ArgumentError outside of a mapped axis of that name, except in inference.
   */
  forward(
    x: Operand,
    state: State,
    { inference = this.inference }: InferenceOptions = {},
  ): [ArrayValue, State] {
    const input = toArray(x, "nn.BatchNorm");
    if (input.ndim === 0 || input.shape[0] !== this.inputSize)
      throw new ShapeError(
        "nn/input",
        `nn.BatchNorm takes (${this.inputSize}, …), got shape ${showShape(input.shape)}: use vmap with an axisName for a batch`,
      );
    const [[mean, variance], next] = inference
      ? [this.averages(state), state]
      : this.mode === "ema"
        ? this.stepEma(input, state)
        : this.stepBatch(input, state);
    const alongChannels = (v: ArrayValue) => lax.expandDims(v, range(input.ndim - 1, 1));
    const spread = alongChannels(np.sqrt(np.add(variance, this.eps)));
    let out = np.divide(np.subtract(input, alongChannels(mean)), spread);
    if (this.weight !== null) out = np.multiply(out, alongChannels(this.weight));
    if (this.bias !== null) out = np.add(out, alongChannels(this.bias));
    return [out, next];
  }

  /** Mean and variance of each channel, over the batch too. */
  private statistics(x: ArrayValue): Statistics {
    const average = (values: ArrayValue) =>
      lax.pmean(np.mean(values, { axis: range(x.ndim - 1, 1) }), this.axisName);
    const mean = average(x);
    const offset = np.subtract(x, lax.expandDims(mean, range(x.ndim - 1, 1)));
    return [mean, np.maximum(0, average(np.multiply(offset, np.conj(offset))))];
  }

  private averaged(old: Statistics, now: Statistics): [ArrayValue, ArrayValue] {
    const average = (kept: ArrayValue, added: ArrayValue) =>
      np.add(np.multiply(kept, this.momentum), np.multiply(added, 1 - this.momentum));
    return [average(old[0], now[0]), average(old[1], now[1])];
  }

  private stepEma(x: ArrayValue, state: State): [Statistics, State] {
    const isFirst = state.get(this.emaFirstTimeIndex!);
    const now = this.statistics(x);
    const [mean, variance] = this.averaged(state.get(this.emaStateIndex!), now);
    const averages: Statistics = [np.where(isFirst, now[0], mean), np.where(isFirst, now[1], variance)];
    const started = state.set(this.emaFirstTimeIndex!, np.array(false));
    return [averages, started.set(this.emaStateIndex!, averages)];
  }

  private stepBatch(x: ArrayValue, state: State): [Statistics, State] {
    const now = this.statistics(x);
    const averages = this.averaged(state.get(this.batchStateIndex!), now);
    const counted = state.set(this.batchCounter!, np.add(state.get(this.batchCounter!), 1));
    return [now, counted.set(this.batchStateIndex!, averages)];
  }

  /** What inference normalises by. */
  private averages(state: State): Statistics {
    if (this.mode === "ema") return state.get(this.emaStateIndex!);
    const counter = state.get(this.batchCounter!);
    const [mean, variance] = state.get(this.batchStateIndex!);
    const remaining = np.power(np.weak(this.momentum, "float"), counter);
    const scale = np.where(np.equal(counter, 0), 1, np.subtract(1, remaining));
    return [np.divide(mean, scale), np.divide(variance, scale)];
  }
}
