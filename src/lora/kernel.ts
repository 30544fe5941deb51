import { ShapeError } from "../core/errors.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, sameShape, showShape } from "../core/shape.ts";
import { ArrayValue } from "../core/value.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { frozen } from "../optim/index.ts";
import { plus } from "../values/low-rank-dot.ts";
import { AdaptedArray, assemble, type Change, denseOf, dotOf, type DotParams, type Term } from "./adapted.ts";
import { checkDropout, type LoraSettings } from "./array.ts";
import { LowRank } from "./delta.ts";

type ConvParams = ParamsOf<typeof lax.convGeneralDilated>;

/**
 * The kernel of a convolution, adapted: `w + scaling · a·b`, where `b` is a kernel of few features and `a` a matrix. Convolutions
 * with it are those with `w`, plus `a` times those with `b`; the sum is not formed.
 *
 * Shape: `w` is `[out, in, …window]`, `a` is `[out, rank]`, `b` is `[rank, in, …window]`.
 * @see `peft.tuners.lora.layer.Conv2d`
 */
export class LoraKernel extends AdaptedArray {
  readonly a: ArrayValue;
  readonly b: ArrayValue;
  readonly scaling: number | ArrayValue;
  readonly dropout: number;
  /** Randomness for the dropout; without it nothing is dropped. */
  readonly key: ArrayValue | null;

  /** @throws ShapeError when the parts do not fit together; ArgumentError when the dropout is no share. */
  constructor(w: ArrayValue, a: ArrayValue, b: ArrayValue, settings: LoraSettings = {}) {
    super(w, settings);
    const [out, ...rest] = w.shape;
    const rank = a.shape[1];
    if (w.ndim < 3 || !sameShape(a.shape, [out!, rank ?? -1]) || !sameShape(b.shape, [rank!, ...rest]))
      throw new ShapeError(
        "lora/shape",
        `LoraKernel: for w of shape (out, in, …window), a is (out, rank) and b is (rank, in, …window); got w ${showShape(w.shape)}, a ${showShape(a.shape)} and b ${showShape(b.shape)}`,
      );
    this.a = a;
    this.b = b;
    this.scaling = settings.scaling ?? 1;
    this.dropout = checkDropout(settings.dropout ?? 0);
    this.key = null;
  }

  override get terms(): readonly Term[] {
    return [this.flat];
  }
  override get [frozen](): readonly string[] {
    return [...super[frozen], "scaling", "key"];
  }

  /** `x` convolved with it. */
  convolved(x: ArrayValue, params: ConvParams): ArrayValue {
    const conv = (input: ArrayValue, kernel: ArrayValue) =>
      lax.convGeneralDilated.bind([input, kernel], params)[0]!;
    if (this.isBare) return conv(x, this.w);
    const update = this.flat;
    const axis = params.dimensionNumbers.outSpec[1]!;
    const thin = conv(update.dropped(x), this.b);
    const wide = lax.dotGeneral(update.scaled(thin), this.a, [
      [[axis], [1]],
      [[], []],
    ]);
    return plus(conv(x, this.w), np.moveaxis(wide, -1, axis));
  }
  override product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    return dotOf(this.materialise(), x, params, xIsLeft);
  }
  override transposed(): null {
    return null;
  }
  override mapped(change: Change): LoraKernel {
    return assemble<LoraKernel>(this, { _w: change(this._w), a: change(this.a), b: change(this.b) });
  }
  protected override formed(): ArrayValue {
    return plus(denseOf(this.w), lax.reshape(this.flat.dense(), this.shape));
  }
  protected override unformed(merged: ArrayValue): ArrayValue {
    return plus(merged, lax.neg(lax.reshape(this.flat.dense(), this.shape)));
  }

  /** The update with one row for each feature that comes out. */
  private get flat(): LowRank {
    const b = lax.reshape(this.b, [this.b.shape[0]!, this.b.size / Math.max(1, this.b.shape[0]!)]);
    return new LowRank(this.a, b, this.scaling, this.dropout, this.key);
  }
}

/** Whether a convolution reads its kernel as `[out, in, …window]`, all of it for each feature that comes out. */
const isWhole = ({
  dimensionNumbers: { rhsSpec },
  featureGroupCount,
  batchGroupCount,
}: ConvParams): boolean =>
  range(2).every((axis) => rhsSpec[axis] === axis) && featureGroupCount === 1 && batchGroupCount === 1;

register(
  lax.convGeneralDilated,
  [ArrayValue, LoraKernel],
  ([x, kernel], params) =>
    isWhole(params) ? kernel.convolved(x, params) : fallBack(lax.convGeneralDilated, [x, kernel], params),
  { precedence: -1 },
);
