import { type DType, isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { range, type Shape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { jit } from "../control/jit.ts";
import { Blockwise, checkBlocks, checkBlockSize, checkFloats, encoded, lookUp } from "./blockwise.ts";
import { arrayOf, normal4 } from "./codebooks.ts";
import { Dynamic8 } from "./dynamic8.ts";
import type { QuantisedOptions } from "./quantised-array.ts";

export interface Nf4Settings extends QuantisedOptions {
  /** Elements that share a scale: a power of two. Default 64. */
  readonly blockSize?: number | undefined;
  /** Dtype of the floats. Default float32. */
  readonly standsFor?: DType | undefined;
}
export interface Nf4Options extends Omit<Nf4Settings, "standsFor"> {
  /** Whether the scales are quantised too, to 8 bits: 4.13 bits for each element rather than 4.5. Default false. */
  readonly doubleQuantise?: boolean | undefined;
}

/**
 * An array of floats in 4 bits each: in blocks of the flattened array, the nearest of 16 quantiles of the normal distribution
 * times the block's largest size. Bytes and numbers are those of bitsandbytes. Products work on the codes; the array of floats
 * is not formed.
 *
 * Shape: `codes` is uint8 `[…s, ⌈n/2⌉]`, of two elements the first in the higher bits; `absmax` is float32 `[…s, ⌈n/blockSize⌉]`,
 * or {@link Dynamic8}, which stands for it. Neither has a gradient.
 * @example
 * const w = values.Nf4.quantise(linear.weight, { doubleQuantise: true });
 * np.matmul(w, x);
 * @see Dettmers et al., "QLoRA: efficient finetuning of quantized LLMs" (2023); `bitsandbytes.functional.quantize_4bit`
 */
export class Nf4 extends Blockwise {
  /**
   * Of given parts, for an array of `shape`.
   * @throws ArgumentError, DTypeError or ShapeError when they do not fit.
   */
  constructor(codes: ArrayValue, absmax: ArrayValue, shape: Shape, ...rest: Optionals<[], Nf4Settings>) {
    super();
    const names = ["blockSize", "standsFor", "allowMaterialise"] as const;
    const { blockSize = 64, standsFor = "float32", allowMaterialise = false } = readOptions<Nf4Settings>("Nf4", names, rest); // prettier-ignore
    checkBlocks({ codes, absmax, dims: shape, blockSize }, 2, "Nf4");
    if (!isFloat(standsFor))
      throw new DTypeError(
        "quantised/dtype",
        `Nf4: standsFor is a dtype of floats, got ${describe(standsFor)}`,
      );
    const permutation = range(shape.length);
    Object.assign(this, { codes, absmax, dims: shape, blockSize, permutation, standsFor, allowMaterialise });
  }

  /**
   * The nearest array of 4 bits. Dtype: stands for that of `x`.
   * @throws DTypeError when `x` is no array of floats of 16 or 32 bits; ArgumentError when the block size is no power of two.
   */
  static quantise(x: ArrayValue, ...rest: Optionals<[], Nf4Options>): Nf4 {
    const caller = "Nf4.quantise";
    const names = ["blockSize", "doubleQuantise", "allowMaterialise"] as const;
    const { blockSize = 64, doubleQuantise = false, allowMaterialise } = readOptions<Nf4Options>(caller, names, rest); // prettier-ignore
    checkFloats(x, caller);
    const [codes, absmax] = packed(x, checkBlockSize(blockSize, caller));
    const scale = doubleQuantise ? Dynamic8.quantise(absmax, { allowMaterialise }) : absmax;
    return new Nf4(codes, scale, x.shape, { blockSize, standsFor: x.dtype, allowMaterialise });
  }

  protected override encodedLike(x: ArrayValue): Nf4 {
    const { blockSize, allowMaterialise } = this;
    return Nf4.quantise(x, { blockSize, allowMaterialise, doubleQuantise: this.absmax instanceof Dynamic8 });
  }
  protected override levels(): ArrayValue {
    const places = lax.iota("int32", sizeOf(this.dims));
    const byte = lookUp(lax.convertElementType(this.codes, "int32"), lax.shiftRightLogical(places, 1));
    const first = lax.broadcastInDim(lax.eq(lax.and(places, 1), 0), byte.shape, [byte.ndim - 1]);
    const code = lax.select(first, lax.shiftRightLogical(byte, 4), lax.and(byte, 15));
    return lookUp(arrayOf(normal4), code);
  }
}

/** Codes by twos in bytes, and scales. */
const packed = jit(
  function packed(x: ArrayValue, blockSize: number): [ArrayValue, ArrayValue] {
    const { codes, absmax } = encoded(x, blockSize, normal4);
    // Beside the last of an odd number is the code of 0.
    const even = lax.pad(codes, normal4.indexOf(0), [[0, codes.size % 2, 0]]);
    const pairs = lax.reshape(even, [even.size / 2, 2]);
    const [first, second] = [0, 1].map((at) => lax.squeeze(lax.sliceInDim(pairs, at, at + 1, 1, 1), [1]));
    return [lax.convertElementType(lax.or(lax.shiftLeft(first!, 4), second!), "uint8"), absmax];
  },
  { staticArgnums: 1 },
);
