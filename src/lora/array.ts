import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { frozen } from "../optim/index.ts";
import * as random from "../random/index.ts";
import { type AdaptedArray, type AdapterSettings, assemble, matrixShape, type Term } from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { type Delta, LowRank } from "./delta.ts";
import { scalingOf } from "./initial.ts";

export interface LoraSettings extends AdapterSettings {
  /** What `a·b` is multiplied with: a number, or an array without axes. Default 1. */
  readonly scaling?: number | ArrayValue | undefined;
  /** The share of the elements of `x` that are 0 in `a·(b·x)`, where {@link withKey} gave a key. Default 0. */
  readonly dropout?: number | undefined;
}

export interface LoraOptions extends Omit<LoraSettings, "scaling"> {
  /** Number of columns of `a`, and of rows of `b`. */
  readonly rank: number;
  /** `a·b` is multiplied with `alpha / rank`, or `alpha / √rank`. Default: it is not. */
  readonly alpha?: number | undefined;
  /** Divide `alpha` by the root of the rank, so that high ranks learn as fast. Default false. */
  readonly useRslora?: boolean | undefined;
  /** Standard deviation of `a` at the start. Default 0.01. */
  readonly scale?: number | undefined;
  /** Randomness for `a`. */
  readonly key: ArrayValue;
}
/** @internal */
export const loraOptions = [
  "rank",
  "alpha",
  "useRslora",
  "scale",
  "dropout",
  "allowMaterialise",
  "stopGradient",
  "key",
] as const;

/**
 * A matrix `w + scaling · a·b`, where `a` and `b` are thin: a low-rank adaptation of `w`. Products with it are computed as
 * `w·x + scaling · a·(b·x)`; the sum is not formed.
 *
 * Shape: `w` is `[…s, n, m]`, `a` is `[…s, n, rank]`, `b` is `[…s, rank, m]`. At the start `a` is normal and `b` zero.
 * @example
 * const w = new lora.LoraArray(linear.weight, { rank: 2, key });
 * const tuned = tree.at((l) => l.weight, linear, w);
 * quaxify((l, x) => l.forward(x))(tuned, x);
 * @see Hu et al., "LoRA: low-rank adaptation of large language models" (2021); `quax.examples.lora.LoraArray`
 */
export class LoraArray extends AddedArray {
  readonly a: ArrayValue;
  readonly b: ArrayValue;
  readonly scaling: number | ArrayValue;
  readonly dropout: number;
  /** Randomness for the dropout; without it nothing is dropped. */
  readonly key: ArrayValue | null;

  /** @throws ArgumentError or ShapeError when the weight is no matrix, the rank no count, or the key missing. */
  constructor(weight: ArrayValue, options: LoraOptions) {
    super(weight, options);
    const caller = "lora.LoraArray";
    const given = readOptions<LoraOptions>(caller, loraOptions, [options]);
    const { rank, alpha, useRslora = false, scale = 0.01, key } = given;
    const [batch, n, m] = matrixShape(weight, caller);
    if (rank === undefined || !Number.isInteger(rank) || rank < 0) {
      throw new ArgumentError(
        "lora/rank",
        `${caller}: rank must be a non-negative integer, got ${describe(rank)}`,
      );
    }
    if (key === undefined)
      throw new ArgumentError("lora/key", `${caller} needs a key for a: pass { key: random.key(0) }`);
    const { dtype } = weight;
    this.a = lax.mul(random.normal(key, [...batch, n, rank], { dtype }), scale);
    this.b = lax.full([...batch, rank, m], 0, dtype);
    this.scaling = alpha === undefined ? 1 : scalingOf(rank, alpha, useRslora);
    this.dropout = checkDropout(given.dropout ?? 0);
    this.key = null;
  }

  /**
   * `w + scaling · a·b` of given parts.
   *
   * @throws ShapeError when the shapes do not fit; ArgumentError when the dropout is no share.
   */
  static of(w: ArrayValue, a: ArrayValue, b: ArrayValue, settings: LoraSettings = {}): LoraArray {
    const [batch, n, m] = matrixShape(w, "LoraArray");
    const rank = a.shape.at(-1)!;
    if (!sameShape(a.shape, [...batch, n, rank]) || !sameShape(b.shape, [...batch, rank, m])) {
      throw new ShapeError(
        "lora/shape",
        `LoraArray: for w of shape ${showShape(w.shape)}, a is (…, ${n}, rank) and b is (…, rank, ${m}) with the same leading axes; got a ${showShape(a.shape)} and b ${showShape(b.shape)}`,
      );
    }
    const { scaling = 1, dropout = 0, allowMaterialise = false, stopGradient = true } = settings;
    checkDropout(dropout);
    // In the order of the constructor: it is part of the structure.
    const own = { _w: w, stopGradient, allowMaterialise, merged: false };
    const fields = { ...own, a, b, scaling, dropout, key: null };
    return Object.assign(Object.create(LoraArray.prototype) as LoraArray, fields);
  }

  override get delta(): LowRank {
    return new LowRank(this.a, this.b, this.scaling, this.dropout, this.key);
  }
  override get terms(): readonly Term[] {
    return [this.delta];
  }
  override get [frozen](): readonly string[] {
    return [...super[frozen], "scaling", "key"];
  }

  /** `(dw + da·b) + a·db`: a sum for each factor, so that both are linear in the change. */
  override tangentOf({ _w, a, b }: this): ArrayValue {
    const free = assemble<LoraArray>(this, { stopGradient: false });
    const dw = this.stopGradient ? lax.fullLike(_w, 0) : _w;
    return assemble<LoraArray>(free, { _w: assemble<LoraArray>(free, { _w: dw, a }), b });
  }
  protected override with(w: ArrayValue, delta: Delta): AdaptedArray {
    return delta instanceof LowRank
      ? assemble<LoraArray>(this, { _w: w, a: delta.a, b: delta.b })
      : super.with(w, delta);
  }
}

/** @throws ArgumentError when it is no share that leaves something. */
export function checkDropout(dropout: number): number {
  if (typeof dropout === "number" && dropout >= 0 && dropout < 1) return dropout;
  throw new ArgumentError("lora/dropout", `dropout is a number from 0 up to 1, got ${describe(dropout)}`);
}
