import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scaledDot } from "../values/scaled-dot.ts";
import {
  AdaptedArray,
  type AdapterState,
  type Change,
  denseOf,
  dotDType,
  type DotParams,
} from "./adapted.ts";

/** `factor ∘ w`: linear maps of it are those of `w`, with the factor before or after them. */
export abstract class RescaledArray extends AdaptedArray {
  /** Of the rank of `w`, and on each axis its size or 1. */
  abstract get factor(): ArrayValue;

  override product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    const dtype = xIsLeft ? dotDType(x, this, params) : dotDType(this, x, params);
    return scaledDot({ values: this.w, scale: this.factor }, x, dtype, params, !xIsLeft);
  }
  override transposed(permutation: readonly number[]): AdaptedArray {
    return this.mapped((part) => lax.transpose(part, permutation));
  }
  override mapped(change: Change): AdaptedArray {
    return new Rescaled(change(this._w), change(this.factor), this);
  }
  protected override formed(): ArrayValue {
    return lax.mul(denseOf(this.w), this.factor);
  }
  protected override unformed(merged: ArrayValue): ArrayValue {
    return lax.div(merged, this.factor);
  }
}

/** `factor ∘ w` of any kind, as what is made of an adapted weight, such as its transpose. */
export class Rescaled extends RescaledArray {
  constructor(
    w: ArrayValue,
    override readonly factor: ArrayValue,
    settings: AdapterState,
  ) {
    super(w, settings);
  }
}
