import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { sigmoid } from "./activations.ts";
import { checkCount, initial, requireKey, weightDType } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface RecurrentOptions {
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
  /** Whether there are biases. Default true. */
  readonly useBias?: boolean | undefined;
  /** Dtype of weights and biases. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
}

/** Weights for `gates` gates, one below the other, and biases, of which some cells have a second one; null without bias. */
function weightsOf(
  caller: string,
  [inputSize, hiddenSize]: readonly [inputSize: number, hiddenSize: number],
  { gates, second }: { readonly gates: number; readonly second: boolean },
  options: RecurrentOptions,
) {
  const { key, useBias = true, dtype } = readOptions<RecurrentOptions>(caller, ["key", "useBias", "dtype"], [options]); // prettier-ignore
  const columns = checkCount(inputSize, `${caller}: inputSize`);
  const size = checkCount(hiddenSize, `${caller}: hiddenSize`, 1);
  const own = weightDType(dtype, caller);
  const keys = lax.unstack(random.split(requireKey(key, caller), second ? 4 : 3));
  const weight = (i: number, shape: Shape) => initial(keys[i]!, shape, own, Math.sqrt(1 / size));
  return {
    weightIh: weight(0, [gates * size, columns]),
    weightHh: weight(1, [gates * size, size]),
    bias: useBias ? weight(2, [gates * size]) : null,
    biasN: useBias && second ? weight(3, [size]) : null,
    useBias,
  };
}

/** @throws ShapeError when `x` is no vector of this size. */
function vector(x: Operand, size: number, caller: string, what: string): ArrayValue {
  const array = toArray(x, caller);
  if (array.ndim === 1 && array.shape[0] === size) return array;
  throw new ShapeError(
    "nn/input",
    `${caller} takes ${what} of shape ${showShape([size])}, got ${showShape(array.shape)}: use vmap for a batch, lax.scan for a sequence`,
  );
}

const plus = (x: ArrayValue, bias: ArrayValue | null): ArrayValue => (bias === null ? x : np.add(x, bias));

/**
 * One step of a gated recurrent unit.
 *
 * Shape: input `[inputSize]`, hidden state `[hiddenSize] → [hiddenSize]`; vmap maps it over a batch. The weights `weightIh`
 * and `weightHh` hold the rows of the reset gate, the update gate and the new value; all start uniform in ±1/√hiddenSize.
 * @example
 * const cell = new nn.GRUCell(3, 4, { key });
 * const [last] = lax.scan((h, x) => [cell.forward(x, h), null], np.zeros([4]), xs);
 * @see `equinox.nn.GRUCell`; Cho et al., "Learning phrase representations using RNN encoder–decoder" (2014)
 */
export class GRUCell extends Module {
  readonly weightIh: ArrayValue;
  readonly weightHh: ArrayValue;
  readonly bias: ArrayValue | null;
  /** What is added to the hidden state's part of the new value, inside the reset. */
  readonly biasN: ArrayValue | null;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly useBias: boolean;

  /** @throws ArgumentError when a size is no count, or the key is missing. */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super();
    const weights = weightsOf("nn.GRUCell", [inputSize, hiddenSize], { gates: 3, second: true }, options);
    this.weightIh = weights.weightIh;
    this.weightHh = weights.weightHh;
    this.bias = weights.bias;
    this.biasN = weights.biasN;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.useBias = weights.useBias;
  }

  /**
   * The next hidden state. Shape: `[inputSize], [hiddenSize] → [hiddenSize]`.
   * @throws ShapeError when an argument does not fit.
   */
  forward(input: Operand, hidden: Operand, _options?: ForwardOptions): ArrayValue {
    const x = vector(input, this.inputSize, "nn.GRUCell", "an input");
    const h = vector(hidden, this.hiddenSize, "nn.GRUCell", "a hidden state");
    const [ofReset, ofUpdate, ofNew] = np.split(plus(np.matmul(this.weightIh, x), this.bias), 3);
    const [resetOfH, updateOfH, newOfH] = np.split(np.matmul(this.weightHh, h), 3);
    const reset = sigmoid(np.add(ofReset!, resetOfH!));
    const update = sigmoid(np.add(ofUpdate!, updateOfH!));
    const next = np.tanh(np.add(ofNew!, np.multiply(reset, plus(newOfH!, this.biasN))));
    return np.add(next, np.multiply(update, np.subtract(h, next)));
  }
}

/** What an {@link LSTMCell} hands on: the hidden state and the cell's own. */
export type LSTMState = readonly [hidden: ArrayValue, cell: ArrayValue];

/**
 * One step of a long short-term memory.
 *
 * Shape: input `[inputSize]`, state `[[hiddenSize], [hiddenSize]]` → the next state; vmap maps it over a batch. The weights
 * `weightIh` and `weightHh` hold the rows of the input gate, the forget gate, the new value and the output gate; all start
 * uniform in ±1/√hiddenSize.
 * @example
 * const cell = new nn.LSTMCell(3, 4, { key });
 * const start: nn.LSTMState = [np.zeros([4]), np.zeros([4])];
 * const [[hidden, own]] = lax.scan((state, x) => [cell.forward(x, state), null], start, xs);
 * @see `equinox.nn.LSTMCell`; Hochreiter and Schmidhuber, "Long short-term memory" (1997)
 */
export class LSTMCell extends Module {
  readonly weightIh: ArrayValue;
  readonly weightHh: ArrayValue;
  readonly bias: ArrayValue | null;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly useBias: boolean;

  /** @throws ArgumentError when a size is no count, or the key is missing. */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super();
    const weights = weightsOf("nn.LSTMCell", [inputSize, hiddenSize], { gates: 4, second: false }, options);
    this.weightIh = weights.weightIh;
    this.weightHh = weights.weightHh;
    this.bias = weights.bias;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.useBias = weights.useBias;
  }

  /**
   * The next hidden state, and the cell's own. Shape: `[inputSize], [[hiddenSize], [hiddenSize]] → [[hiddenSize], [hiddenSize]]`.
   * @throws ArgumentError when the state is no pair; ShapeError when an argument does not fit.
   */
  forward(
    input: Operand,
    state: LSTMState,
    _options?: ForwardOptions,
  ): [hidden: ArrayValue, cell: ArrayValue] {
    const caller = "nn.LSTMCell";
    if (!Array.isArray(state) || state.length !== 2)
      throw new ArgumentError("nn/input", `${caller} takes a pair [hidden, cell], got ${describe(state)}`);
    const x = vector(input, this.inputSize, caller, "an input");
    const [h, c] = (state as LSTMState).map((part) => vector(part, this.hiddenSize, caller, "states"));
    const linear = np.add(np.matmul(this.weightIh, x), np.matmul(this.weightHh, h!));
    const [ofInput, ofForget, ofNew, ofOutput] = np.split(plus(linear, this.bias), 4);
    const kept = np.multiply(sigmoid(ofForget!), c!);
    const cell = np.add(kept, np.multiply(sigmoid(ofInput!), np.tanh(ofNew!)));
    return [np.multiply(sigmoid(ofOutput!), np.tanh(cell)), cell];
  }
}
