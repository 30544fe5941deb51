import { type ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { plus } from "../values/low-rank-dot.ts";
import {
  AdaptedArray,
  type AdapterState,
  type Change,
  denseOf,
  dotOf,
  type DotParams,
  type GatherParams,
} from "./adapted.ts";
import type { Delta } from "./delta.ts";

/** `w + Δ`: linear maps of it are those of `w` plus those of `Δ`. */
export abstract class AddedArray extends AdaptedArray {
  /** What is added to the base weight. */
  abstract get delta(): Delta;

  override product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    return plus(dotOf(this.w, x, params, xIsLeft), this.delta.dot(x, params, xIsLeft));
  }
  override transposed(permutation: readonly number[]): AdaptedArray | null {
    const delta = this.delta.transposed(permutation);
    return delta && this.with(lax.transpose(this._w, permutation), delta);
  }
  override mapped(change: Change): AdaptedArray {
    return this.with(change(this._w), this.delta.mapped(change));
  }
  override gathered(indices: ArrayValue, params: GatherParams): ArrayValue | null {
    const update = this.delta.gathered(indices, params);
    return update && plus(lax.gather.bind([this.w, indices], params)[0]!, update);
  }
  protected override formed(): ArrayValue {
    return plus(denseOf(this.w), this.delta.dense());
  }
  protected override unformed(merged: ArrayValue): ArrayValue {
    return plus(merged, lax.neg(this.delta.dense()));
  }

  /** Another weight with another delta: of the same class, where it can hold that. */
  protected with(w: ArrayValue, delta: Delta): AdaptedArray {
    return new Added(w, delta, this);
  }
}

/** `w + Δ` of any kind, as what is made of an adapted weight, such as its transpose. */
export class Added extends AddedArray {
  constructor(
    w: ArrayValue,
    readonly delta: Delta,
    settings: AdapterState,
  ) {
    super(w, settings);
  }
}
