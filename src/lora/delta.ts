import { type NodeKind, nodeKind } from "../tree/index.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { frozen } from "../optim/index.ts";
import * as random from "../random/index.ts";
import { factoredDot } from "../values/low-rank-dot.ts";
import type { Change, DotParams, GatherParams } from "./adapted.ts";

/** What an adapter adds to a weight, and what can be computed with it while it is not formed. A pytree of its fields. */
export abstract class Delta {
  static readonly [nodeKind]: NodeKind = "fields";

  /** The product with `x`, which is the left operand if `xIsLeft`. */
  abstract dot(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue;
  /** With its axes permuted; null where that cannot be said of the parts. */
  abstract transposed(permutation: readonly number[]): Delta | null;
  /** With `change`, which is linear and works on each element, applied to the parts. */
  abstract mapped(change: Change): Delta;
  /** As a plain array. */
  abstract dense(): ArrayValue;
  /** What is looked up in it; null where that cannot be said of the parts. */
  gathered(_indices: ArrayValue, _params: GatherParams): ArrayValue | null {
    return null;
  }
}

/** `x` times a number, or an array without axes, of the dtype of `x`. */
export const scaled = (x: ArrayValue, by: number | ArrayValue): ArrayValue =>
  by === 1 ? x : np.astype(np.multiply(x, by), x.dtype);

/**
 * `scaling · a·b`.
 *
 * Shape: `a` is `[…s, n, rank]`, `b` is `[…s, rank, m]`.
 */
export class LowRank extends Delta {
  constructor(
    readonly a: ArrayValue,
    readonly b: ArrayValue,
    readonly scaling: number | ArrayValue = 1,
    /** The share of the elements of what it is multiplied with that become 0, where there is a key. */
    readonly dropout = 0,
    readonly key: ArrayValue | null = null,
  ) {
    super();
  }

  get [frozen](): readonly string[] {
    return ["scaling", "key"];
  }
  get rank(): number {
    return this.a.shape.at(-1)!;
  }

  override dot(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    return factoredDot(this, this.dropped(x), params, xIsLeft, (thin) => this.scaled(thin));
  }
  override transposed(permutation: readonly number[]): LowRank | null {
    const rank = permutation.length;
    const [row, column] = [permutation[rank - 2], permutation[rank - 1]];
    // Leading axes may change places; others part rows from columns.
    const kept = row === rank - 2 && column === rank - 1;
    if (!kept && !(row === rank - 1 && column === rank - 2)) return null;
    const [a, b] = [this.a, this.b].map((part) => lax.transpose(part, permutation)) as [
      ArrayValue,
      ArrayValue,
    ];
    return kept ? this.with(a, b) : this.with(b, a);
  }
  override mapped(change: Change): LowRank {
    return this.with(change(this.a), change(this.b));
  }
  override dense(): ArrayValue {
    const { ndim } = this.a;
    const batch = range(ndim - 2);
    return this.scaled(
      lax.dotGeneral(this.a, this.b, [
        [[ndim - 1], [ndim - 2]],
        [batch, batch],
      ]),
    );
  }
  /** Rows `a[i]·b`, where whole rows are looked up. */
  override gathered(indices: ArrayValue, params: GatherParams): ArrayValue | null {
    const { dimensionNumbers, sliceSizes, mode } = params;
    const { collapsedSliceDims, startIndexMap, offsetDims } = dimensionNumbers;
    const only = (list: readonly number[], axis: number) => list.length === 1 && list[0] === axis;
    const [rank, columns] = [this.a.shape[1]!, this.b.shape.at(-1)!];
    const wholeRows =
      this.a.ndim === 2 &&
      only(collapsedSliceDims, 0) &&
      only(startIndexMap, 0) &&
      sliceSizes[0] === 1 &&
      sliceSizes[1] === columns;
    if (!wholeRows) return null;
    const fillValue = mode === "fill" ? 0 : null;
    const rows = lax.gather.bind([this.a, indices], { ...params, sliceSizes: [1, rank], fillValue })[0]!;
    const [axis] = offsetDims as [number];
    const found = lax.dotGeneral(rows, this.b, [
      [[axis], [0]],
      [[], []],
    ]);
    return this.scaled(np.moveaxis(found, -1, axis));
  }

  /** `x` with a part of its elements 0 and the others larger, if there is a key for that. */
  dropped(x: ArrayValue): ArrayValue {
    if (this.key === null || this.dropout === 0) return x;
    const kept = 1 - this.dropout;
    return np.where(random.bernoulli(this.key, kept, x.shape), np.divide(x, kept), 0);
  }
  scaled(x: ArrayValue): ArrayValue {
    return scaled(x, this.scaling);
  }
  private with(a: ArrayValue, b: ArrayValue): LowRank {
    return new LowRank(a, b, this.scaling, this.dropout, this.key);
  }
}
