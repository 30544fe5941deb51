import { ShapeError } from "../core/errors.ts";
import { sameShape, showShape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import * as np from "../numpy/index.ts";
import { frozen } from "../optim/index.ts";
import { plus } from "../values/low-rank-dot.ts";
import { QuantisedArray } from "../values/index.ts";
import {
  type AdaptedArray,
  assemble,
  type Change,
  denseOf,
  dotOf,
  type DotParams,
  withoutGradient,
} from "./adapted.ts";
import { Added } from "./added.ts";
import { LoraArray, type LoraOptions, type LoraSettings } from "./array.ts";
import { LowRank } from "./delta.ts";
import { Rescaled } from "./rescaled.ts";

export interface DoraSettings extends LoraSettings {
  /** The length of each row, shape `[…s, n]`. Default: that of the rows of `w + scaling · a·b`. */
  readonly magnitude?: ArrayValue | undefined;
}

/**
 * A matrix whose rows have a direction and a length of their own: rows `v` of `w + scaling · a·b` as `magnitude · v/‖v‖`. The
 * norms are constants to differentiation, and are computed without the sum being formed.
 *
 * Shape: as {@link LoraArray}; `magnitude` is `[…s, n]`, at the start the length of each row, so that nothing changes.
 * @example
 * const w = new lora.DoraArray(linear.weight, { rank: 8, alpha: 16, key });
 * @see Liu et al., "DoRA: weight-decomposed low-rank adaptation" (2024), where weights are transposed
 */
export class DoraArray extends LoraArray {
  readonly magnitude: ArrayValue;
  /** @internal While merged: what the rows were divided by. */
  readonly norm: ArrayValue | null;

  /** @throws ArgumentError or ShapeError as {@link LoraArray}. */
  constructor(weight: ArrayValue, options: LoraOptions) {
    super(weight, options);
    this.magnitude = rowNorms(this);
    this.norm = null;
  }

  /**
   * Of given parts.
   * @throws ShapeError when they do not fit.
   */
  static override of(w: ArrayValue, a: ArrayValue, b: ArrayValue, settings: DoraSettings = {}): DoraArray {
    const { magnitude: given, ...rest } = settings;
    const plain = LoraArray.of(w, a, b, rest);
    const magnitude = given ?? rowNorms(plain);
    if (!sameShape(magnitude.shape, w.shape.slice(0, -1)))
      throw new ShapeError(
        "lora/shape",
        `DoraArray: each row of w of shape ${showShape(w.shape)} has a length, got magnitudes of shape ${showShape(magnitude.shape)}`,
      );
    return Object.assign(Object.create(DoraArray.prototype) as DoraArray, plain, { magnitude, norm: null });
  }

  override get [frozen](): readonly string[] {
    return [...super[frozen], "norm"];
  }

  override product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    const seen = this.delta.dropped(x);
    const out = this.rescaled.product(seen, params, xIsLeft);
    if (seen === x) return out;
    // Only the adapter sees what was dropped: the weight itself is multiplied with all of x.
    const base = (y: ArrayValue) => dotOf(this.w, y, params, xIsLeft);
    return plus(out, lax.sub(base(x), base(seen)));
  }
  override transposed(permutation: readonly number[]): AdaptedArray | null {
    return this.merged ? super.transposed(permutation) : this.rescaled.transposed(permutation);
  }
  override mapped(change: Change): AdaptedArray {
    const [_w, a, b, magnitude] = [this._w, this.a, this.b, this.magnitude].map(change) as ArrayValue[];
    return assemble<DoraArray>(this, { _w: _w!, a: a!, b: b!, magnitude: magnitude! });
  }
  override gathered(): null {
    return null;
  }
  override merge(): this {
    const norm = this.merged ? this.norm : rowNorms(this);
    return assemble<DoraArray>(super.merge(), { norm }) as this;
  }
  override unmerge(): this {
    return assemble<DoraArray>(super.unmerge(), { norm: null }) as this;
  }
  /** The tangent of an array that is not linear in its parts, as a plain one. @throws MaterialiseError unless that is allowed. */
  override tangentOf({ _w, a, b, magnitude }: this): ArrayValue {
    this.materialise();
    const plain = LoraArray.of(this._w, this.a, this.b, this);
    const change = denseOf(plain.tangentOf(LoraArray.of(_w, a, b, this)));
    const along = (factor: ArrayValue, x: ArrayValue) => lax.mul(x, np.expandDims(factor, -1));
    const norm = withoutGradient(rowNorms(this));
    return plus(
      along(np.divide(magnitude, norm), this.directions.dense()),
      along(np.divide(this.magnitude, norm), change),
    );
  }
  protected override formed(): ArrayValue {
    return this.rescaled.dense();
  }
  protected override unformed(merged: ArrayValue): ArrayValue {
    const rows = lax.mul(merged, np.expandDims(np.divide(this.norm!, this.magnitude), -1));
    return super.unformed(rows);
  }

  /** `w + scaling · a·b`, of which nothing is dropped. */
  private get directions(): Added {
    return new Added(this._w, new LowRank(this.a, this.b, this.scaling), this);
  }
  private get rescaled(): Rescaled {
    const factor = np.divide(this.magnitude, withoutGradient(rowNorms(this)));
    return new Rescaled(this.directions, np.expandDims(factor, -1), {
      ...settingsOf(this),
      stopGradient: false,
    });
  }
}

const settingsOf = ({ allowMaterialise, merged }: LoraArray) => ({ allowMaterialise, merged });

/** The length of each row of `w + s · a·b`, from `‖w‖² + 2s·⟨a, w·bᵀ⟩ + s²·⟨a·(b·bᵀ), a⟩` of each. */
function rowNorms({ w, a, b, scaling }: LoraArray): ArrayValue {
  const alongRows = (x: ArrayValue, y: ArrayValue) => np.sum(np.multiply(x, y), -1);
  const plain = w instanceof QuantisedArray ? w.dequantise() : w;
  const bT = matrixTranspose(b);
  const cross = alongRows(a, np.matmul(w, bT));
  const own = alongRows(np.matmul(a, np.matmul(b, bT)), a);
  const update = np.multiply(scaling, np.add(np.multiply(2, cross), np.multiply(scaling, own)));
  return np.astype(np.sqrt(np.add(alongRows(plain, plain), update)), w.dtype);
}
