import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { checkCount, requireKey, weightDType } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface EmbeddingOptions {
  /** How many vectors there are. Default: the rows of `weight`. */
  readonly numEmbeddings?: number | undefined;
  /** How long each is. Default: the columns of `weight`. */
  readonly embeddingSize?: number | undefined;
  /** The table, of any class of arrays; instead of a random one. */
  readonly weight?: ArrayValue | undefined;
  /** Dtype of a random table. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
  /** Randomness for a table that is not given. */
  readonly key?: ArrayValue | undefined;
}
const optionNames = ["numEmbeddings", "embeddingSize", "weight", "dtype", "key"] as const;

/**
 * A table of vectors, looked up by number.
 *
 * Shape: `[] → [embeddingSize]`; vmap looks up several. The table `weight` is `[numEmbeddings, embeddingSize]`, and normal
 * at the start. A number below 0 counts from the end; one out of bounds is moved to the nearest row.
 * @example
 * const embedding = new nn.Embedding(1000, 64, { key });
 * const vectors = vmap(embedding)(tokens);
 * @see `equinox.nn.Embedding`
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingSize: number;
  readonly weight: ArrayValue;

  /** @throws ArgumentError when neither a table nor sizes and a key are given; ShapeError when the table does not fit. */
  constructor(...rest: Optionals<[numEmbeddings: number, embeddingSize: number], EmbeddingOptions>) {
    super();
    const caller = "nn.Embedding";
    const options = readOptions<EmbeddingOptions>(caller, optionNames, rest);
    const { weight, key } = options;
    if (weight !== undefined && (!(weight instanceof ArrayValue) || weight.ndim !== 2))
      throw new ShapeError(
        "nn/weight",
        `${caller}: weight is a matrix (numEmbeddings, embeddingSize), got ${describe(weight)}`,
      );
    const { numEmbeddings = weight?.shape[0], embeddingSize = weight?.shape[1] } = options;
    if (numEmbeddings === undefined || embeddingSize === undefined)
      throw new ArgumentError(
        "nn/size",
        `${caller} needs sizes or a table: new nn.Embedding(1000, 64, { key }), or new nn.Embedding({ weight })`,
      );
    const size = [
      checkCount(numEmbeddings, `${caller}: numEmbeddings`),
      checkCount(embeddingSize, `${caller}: embeddingSize`),
    ];
    if (weight !== undefined && !sameShape(weight.shape, size))
      throw new ShapeError(
        "nn/weight",
        `${caller}: weight of shape ${showShape(weight.shape)} is not (numEmbeddings, embeddingSize) = ${showShape(size)}`,
      );
    this.numEmbeddings = numEmbeddings;
    this.embeddingSize = embeddingSize;
    this.weight =
      weight ?? random.normal(requireKey(key, caller), size, { dtype: weightDType(options.dtype, caller) });
  }

  /**
   * Shape: `[] → [embeddingSize]`.
   * @throws ShapeError when `x` has axes; DTypeError when it is no integer.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const index = toArray(x, "nn.Embedding");
    if (index.ndim > 0)
      throw new ShapeError(
        "nn/input",
        `nn.Embedding takes one number, got shape ${showShape(index.shape)}: use vmap to look up several`,
      );
    const fromStart = np.where(np.less(index, 0), np.add(index, this.numEmbeddings), index);
    // One gather and nothing else touches the table: a quantised one is looked up as it is.
    return np.take(this.weight, fromStart, { axis: 0, mode: "clip" });
  }
}
