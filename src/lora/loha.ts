import { readOptions } from "../core/options.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { requireKey } from "../nn/linear.ts";
import { frozen } from "../optim/index.ts";
import * as random from "../random/index.ts";
import { type AdapterSettings, checkMatrix, type Term } from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { checkRank, kaimingUniform, scalingOf } from "./initial.ts";
import { LowRank } from "./delta.ts";

export interface LohaOptions extends AdapterSettings {
  /** Number of columns of `w1a` and `w2a`. */
  readonly rank: number;
  /** The update is multiplied with `alpha / rank`. Default: it is not. */
  readonly alpha?: number | undefined;
  /** Randomness for the start. */
  readonly key: ArrayValue;
}

/**
 * A matrix `w + scaling · (w1a·w1b) ∘ (w2a·w2b)`: an update of rank up to `rank²` from as many numbers as one of twice the rank.
 * It is a product of thin matrices too: of each row of `w1a` with each of `w2a`, and of each column of `w1b` with each of `w2b`;
 * so it is never formed.
 *
 * Shape: `w` is `[n, m]`; `w1a`, `w2a` are `[n, rank]`, `w1b`, `w2b` are `[rank, m]`. At the start `w2b` is zero.
 * @see Hyeon-Woo et al., "FedPara" (2022); PEFT's LoHa
 */
export class LohaArray extends AddedArray {
  readonly w1a: ArrayValue;
  readonly w1b: ArrayValue;
  readonly w2a: ArrayValue;
  readonly w2b: ArrayValue;
  readonly scaling: number | ArrayValue;

  /** @throws ArgumentError or ShapeError when the weight is no matrix, or the rank not positive. */
  constructor(weight: ArrayValue, options: LohaOptions) {
    super(weight, options);
    const caller = "lora.LohaArray";
    const names = ["rank", "alpha", "stopGradient", "allowMaterialise", "key"] as const;
    const { rank, alpha, ...given } = readOptions<LohaOptions>(caller, names, [options]);
    const [n, m] = checkMatrix(weight, caller);
    checkRank(rank, caller);
    const { dtype } = weight;
    const [k1, k2, k3] = lax.unstack(random.split(requireKey(given.key, caller), 3));
    this.w1a = kaimingUniform(k1!, [n, rank], dtype);
    this.w1b = kaimingUniform(k2!, [rank, m], dtype);
    this.w2a = kaimingUniform(k3!, [n, rank], dtype);
    this.w2b = lax.full([rank, m], 0, dtype);
    this.scaling = alpha === undefined ? 1 : scalingOf(rank, alpha);
  }

  override get terms(): readonly Term[] {
    return [{ rank: this.w1a.shape[1]!, scaling: this.scaling }];
  }
  override get delta(): LowRank {
    const [n, rank] = this.w1a.shape as [number, number];
    const m = this.w1b.shape[1]!;
    const square = [rank, rank] as const;
    const pairs = (
      x: ArrayValue,
      y: ArrayValue,
      shape: readonly number[],
      at: readonly [number[], number[]],
    ) => lax.mul(lax.broadcastInDim(x, shape, at[0]), lax.broadcastInDim(y, shape, at[1]));
    const a = pairs(this.w1a, this.w2a, [n, ...square], [[0, 1], [0, 2]]); // prettier-ignore
    const b = pairs(this.w1b, this.w2b, [...square, m], [[0, 2], [1, 2]]); // prettier-ignore
    return new LowRank(lax.reshape(a, [n, rank * rank]), lax.reshape(b, [rank * rank, m]), this.scaling);
  }
  override get [frozen](): readonly string[] {
    return [...super[frozen], "scaling"];
  }
}
