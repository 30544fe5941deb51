import { type Optionals, readOptions } from "../core/options.ts";
import { range, sameShape, type Shape, showShape } from "../core/shape.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { jit } from "../control/jit.ts";
import * as np from "../numpy/index.ts";
import { Blockwise, checkBlocks, checkBlockSize, checkFloats, encoded, lookUp } from "./blockwise.ts";
import { arrayOf, dynamic8 } from "./codebooks.ts";
import type { QuantisedOptions } from "./quantised-array.ts";

export interface Dynamic8Options extends QuantisedOptions {
  /** Elements that share a scale: a power of two. Default 256. */
  readonly blockSize?: number | undefined;
}

/**
 * An array of float32 in 8 bits each: in blocks of the flattened array, how far elements are from their mean, as the nearest of
 * 256 values that lie closer toward 0, times the block's largest size. It is for the scales of {@link Nf4}.
 *
 * Shape: `codes` is uint8 `[…s, n]`, `absmax` float32 `[…s, ⌈n/blockSize⌉]`, `offset`, which is added to all, float32 `[…s]`. None has
 * a gradient.
 * @see Dettmers et al., "8-bit optimizers via block-wise quantization" (2022); `bitsandbytes.functional.quantize_blockwise`
 */
export class Dynamic8 extends Blockwise {
  readonly offset: ArrayValue;

  /**
   * Of given parts, for an array of `shape`.
   * @throws ArgumentError, DTypeError or ShapeError when they do not fit.
   */
  constructor(
    codes: ArrayValue,
    absmax: ArrayValue,
    offset: ArrayValue,
    shape: Shape,
    ...rest: Optionals<[], Dynamic8Options>
  ) {
    super();
    const { blockSize = 256, allowMaterialise = false } = readOptions<Dynamic8Options>("Dynamic8", ["blockSize", "allowMaterialise"], rest); // prettier-ignore
    checkBlocks({ codes, absmax, dims: shape, blockSize }, 1, "Dynamic8");
    if (!(offset instanceof ArrayValue) || offset.dtype !== "float32")
      throw new ArgumentError(
        "quantised/parts",
        `Dynamic8: offset must be a float32 array, got ${describe(offset)}`,
      );
    if (!sameShape(offset.shape, codes.shape.slice(0, -1)))
      throw new ShapeError(
        "quantised/shape",
        `Dynamic8: offset has one number for each array, got codes ${showShape(codes.shape)} and offset ${showShape(offset.shape)}`,
      );
    this.offset = offset;
    const fields = { codes, absmax, dims: shape, blockSize, permutation: range(shape.length) };
    Object.assign(this, { ...fields, standsFor: "float32", allowMaterialise });
  }

  /**
   * The nearest array of 8 bits.
   * @throws DTypeError when `x` is no array of floats of 16 or 32 bits; ArgumentError when the block size is no power of two.
   */
  static quantise(x: ArrayValue, ...rest: Optionals<[], Dynamic8Options>): Dynamic8 {
    const caller = "Dynamic8.quantise";
    const { blockSize = 256, allowMaterialise } = readOptions<Dynamic8Options>(caller, ["blockSize", "allowMaterialise"], rest); // prettier-ignore
    checkFloats(x, caller);
    const [codes, absmax, offset] = coded(x, checkBlockSize(blockSize, caller));
    return new Dynamic8(codes, absmax, offset, x.shape, { blockSize, allowMaterialise });
  }

  protected override encodedLike(x: ArrayValue): Dynamic8 {
    const { blockSize, allowMaterialise } = this;
    return Dynamic8.quantise(x, { blockSize, allowMaterialise });
  }
  protected override levels(): ArrayValue {
    return lookUp(arrayOf(dynamic8), lax.convertElementType(this.codes, "int32"));
  }
  protected override shifted(flat: ArrayValue): ArrayValue {
    return np.add(flat, np.expandDims(lax.stopGradient(this.offset), -1));
  }
}

/** Codes, scales, and the mean. */
const coded = jit(
  function coded(x: ArrayValue, blockSize: number): [ArrayValue, ArrayValue, ArrayValue] {
    const wide = lax.convertElementType(x, "float32");
    const offset = np.mean(wide);
    const { codes, absmax } = encoded(np.subtract(wide, offset), blockSize, dynamic8);
    return [lax.convertElementType(codes, "uint8"), absmax, offset];
  },
  { staticArgnums: 1 },
);
