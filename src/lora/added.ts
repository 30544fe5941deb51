import * as lax from "../lax/index.ts";
import type { ArrayValue } from "../core/value.ts";
import { plus } from "../values/low-rank-dot.ts";
import {
  AdaptedArray,
  type AdapterSettings,
  type Change,
  denseOf,
  type DotParams,
  type GatherParams,
} from "./adapted.ts";
import type { Delta } from "./delta.ts";

/** `w + Δ`: linear maps of it are those of `w` plus those of `Δ`. */
export abstract class AddedArray extends AdaptedArray {
  /** Whether `w` holds the sum already, so that the adapter only waits to be taken out again. */
  declare readonly merged: boolean;

  /** What is added to the base weight. */
  abstract get delta(): Delta;

  override product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    const base = lax.dotGeneral.bind(xIsLeft ? [x, this.w] : [this.w, x], params)[0]!;
    return this.merged ? base : plus(base, this.delta.dot(x, params, xIsLeft));
  }
  override transposed(permutation: readonly number[]): AddedArray | null {
    const delta = this.delta.transposed(permutation);
    return delta && this.with(lax.transpose(this._w, permutation), delta);
  }
  override mapped(change: Change): AddedArray {
    return this.with(change(this._w), this.delta.mapped(change));
  }
  override gathered(indices: ArrayValue, params: GatherParams): ArrayValue | null {
    const base = () => lax.gather.bind([this.w, indices], params)[0]!;
    if (this.merged) return base();
    const update = this.delta.gathered(indices, params);
    return update && plus(base(), update);
  }
  override dense(): ArrayValue {
    const w = denseOf(this.w);
    return this.merged ? w : plus(w, this.delta.dense());
  }

  /** Another weight with another delta: of the same class, where it can hold that. */
  protected with(w: ArrayValue, delta: Delta): AddedArray {
    return new Added(w, delta, this);
  }
}

/** `w + Δ` of any kind, as what is made of an adapted weight, such as its transpose. */
class Added extends AddedArray {
  readonly delta: Delta;
  override readonly _w: ArrayValue;
  override readonly stopGradient: boolean;
  override readonly allowMaterialise: boolean;
  override readonly merged: boolean;

  constructor(w: ArrayValue, delta: Delta, { stopGradient, allowMaterialise, merged }: AddedSettings) {
    super();
    this._w = w;
    this.delta = delta;
    this.stopGradient = stopGradient;
    this.allowMaterialise = allowMaterialise;
    this.merged = merged;
  }
}
type AddedSettings = Required<{ [K in keyof AdapterSettings]-?: boolean }> & { readonly merged: boolean };
