import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { showShape } from "../core/shape.ts";
import { type ArrayValue, avalOf } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { requireKey } from "../nn/linear.ts";
import * as random from "../random/index.ts";
import { placeIn } from "../values/scaled-dot.ts";
import { type AdapterSettings, type Change, checkMatrix, type DotParams, type Term } from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { LoraArray, type LoraOptions, loraOptions } from "./array.ts";
import { Delta, type LowRank } from "./delta.ts";

/** Low-rank matrices, one below the other, or beside it where `axis` is 1; null for zeros. */
class Blocks extends Delta {
  constructor(
    readonly parts: readonly (LowRank | null)[],
    readonly sizes: readonly number[],
    readonly shape: readonly [number, number],
    readonly axis: 0 | 1,
    readonly dtype: ArrayValue["dtype"],
  ) {
    super();
  }

  override dot(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    const [contract, batch] = params.dimensionNumbers;
    const [mine, theirs] = xIsLeft ? ([1, 0] as const) : ([0, 1] as const);
    const axisOfX = [contract, batch]
      .map((pairs) => pairs[theirs][pairs[mine].indexOf(this.axis)])
      .find((axis) => axis !== undefined);
    const products = this.parts.map((part, i) => {
      const start = this.sizes.slice(0, i).reduce((sum, size) => sum + size, 0);
      const seen = axisOfX === undefined ? x : lax.sliceInDim(x, start, start + this.sizes[i]!, 1, axisOfX);
      if (part) return part.dot(seen, params, xIsLeft);
      const own = avalOf(this.shape.with(this.axis, this.sizes[i]!), this.dtype);
      const [out] = lax.dotGeneral.rules.abstract(xIsLeft ? [seen.aval, own] : [own, seen.aval], params);
      return lax.full(out!.shape, 0, out!.dtype);
    });
    if (contract[mine].includes(this.axis)) return products.reduce((sum, product) => lax.add(sum, product));
    const others = x.ndim - contract[0].length - batch[0].length;
    return lax.concatenate(
      products,
      placeIn(this.axis, 2, contract[mine], batch[mine], xIsLeft ? others : 0),
    );
  }
  override transposed(permutation: readonly number[]): Blocks {
    if (permutation[0] === 0) return this;
    const parts = this.parts.map((part) => part && part.transposed(permutation));
    const [n, m] = this.shape;
    return new Blocks(parts, this.sizes, [m, n], this.axis === 0 ? 1 : 0, this.dtype);
  }
  override mapped(change: Change): Blocks {
    const dtype = change(lax.full([], 0, this.dtype)).dtype;
    return new Blocks(
      this.parts.map((part) => part && part.mapped(change)),
      this.sizes,
      this.shape,
      this.axis,
      dtype,
    );
  }
  override dense(): ArrayValue {
    const zeros = (size: number) => lax.full(this.shape.with(this.axis, size), 0, this.dtype);
    return lax.concatenate(
      this.parts.map((part, i) => part?.dense() ?? zeros(this.sizes[i]!)),
      this.axis,
    );
  }
}

export interface FusedLoraOptions extends AdapterSettings, Omit<LoraOptions, "rank" | keyof AdapterSettings> {
  /** Rows of each of the matrices that the weight is made of. */
  readonly sizes: readonly number[];
  /** The rank of the adapter of each matrix, or of all; null for one that is not adapted. */
  readonly rank: number | readonly (number | null)[];
}

/**
 * Several matrices, one below the other, with an adapter each, as queries, keys and values in one projection.
 *
 * Shape: the weight is `[Σ sizes, m]`; of part `i`, `a` is `[sizes[i], rank]` and `b` is `[rank, m]`.
 * @example
 * // Queries and values are adapted, keys are not.
 * new lora.FusedLoraArray(attention.weight, { sizes: [384, 384, 384], rank: [8, null, 8], alpha: 16, key });
 */
export class FusedLoraArray extends AddedArray {
  readonly parts: readonly (LowRank | null)[];
  readonly sizes: readonly number[];

  /** @throws ArgumentError or ShapeError when sizes and ranks do not fit the weight, or each other. */
  constructor(weight: ArrayValue, options: FusedLoraOptions) {
    super(weight, options);
    const caller = "lora.FusedLoraArray";
    const given = readOptions<FusedLoraOptions>(caller, [...loraOptions, "sizes"], [options]);
    const { sizes = [], rank, key, ...rest } = given;
    const [n, m] = checkMatrix(weight, caller);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total !== n)
      throw new ShapeError(
        "lora/shape",
        `${caller}: the sizes ${showShape(sizes)} add up to ${total}, but the weight of shape ${showShape(weight.shape)} has ${n} rows`,
      );
    const ranks = typeof rank === "number" ? sizes.map(() => rank) : rank;
    if (!(Array.isArray(ranks) && ranks.length === sizes.length))
      throw new ArgumentError(
        "lora/rank",
        `${caller}: there are ${sizes.length} parts, got the ranks ${describe(rank)}`,
      );
    const keys = lax.unstack(random.split(requireKey(key, caller), sizes.length));
    this.parts = ranks.map((own, i) => {
      if (own === null) return null;
      const part = lax.full([sizes[i]!, m], 0, weight.dtype);
      return new LoraArray(part, { ...rest, rank: own, key: keys[i]! }).delta;
    });
    this.sizes = [...sizes];
  }

  override get terms(): readonly Term[] {
    return this.parts.filter((part) => part !== null);
  }
  override get delta(): Blocks {
    return new Blocks(this.parts, this.sizes, this.shape as [number, number], 0, this.dtype);
  }
}
