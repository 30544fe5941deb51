import { flatten, mapWith } from "../tree/index.ts";
import { type DType, isFloat, isInexact } from "../core/dtype.ts";
import { ArgumentError, MaterialiseError, ShapeError } from "../core/errors.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { ArrayValue, type Aval, Dense, NDArray, showAval } from "../core/value.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import * as lax from "../lax/index.ts";
import { frozen } from "../optim/index.ts";
import { QuantisedArray } from "../values/index.ts";

export interface AdapterSettings {
  /** Whether an operation without a rule may form the whole adapted weight. Default false: it is refused. */
  readonly allowMaterialise?: boolean | undefined;
  /** Whether no gradient reaches the base weight. Default true. */
  readonly stopGradient?: boolean | undefined;
}

/** The settings of an adapted weight. */
export type AdapterState = Readonly<Record<"stopGradient" | "allowMaterialise" | "merged", boolean>>;

/** A part of an adapter, as a summary has it. */
export interface Term {
  /** Null where it is of full rank. */
  readonly rank: number | null;
  /** What it is multiplied with. */
  readonly scaling: number | ArrayValue;
}

export type DotParams = ParamsOf<typeof lax.dotGeneral>;
export type GatherParams = ParamsOf<typeof lax.gather>;
/** Applied to each array that a value is made of. */
export type Change = (part: ArrayValue) => ArrayValue;

/**
 * A weight under an adapter: an array of the shape of its base weight, linear maps of which are computed from the base
 * weight and the adapter each, so that the array itself is never formed. A subclass says how, and gets the rules.
 */
export abstract class AdaptedArray extends ArrayValue {
  /** @internal The base weight, through which gradients pass; `w` heeds `stopGradient`. */
  readonly _w: ArrayValue;
  readonly stopGradient: boolean;
  readonly allowMaterialise: boolean;
  /** Whether `w` holds the whole array already, so that the adapter only waits to be taken out again. */
  readonly merged: boolean;

  constructor(w: ArrayValue, settings: AdapterSettings & { readonly merged?: boolean | undefined } = {}) {
    super();
    this._w = w;
    this.stopGradient = settings.stopGradient ?? true;
    this.allowMaterialise = settings.allowMaterialise ?? false;
    this.merged = settings.merged ?? false;
  }

  /** The product with `x`, which is the left operand if `xIsLeft`. */
  abstract product(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue;
  /** With its axes permuted; null where that cannot be said of the parts. */
  abstract transposed(permutation: readonly number[]): AdaptedArray | null;
  /** With `change`, which is linear and works on each element, applied to the parts that add up. */
  abstract mapped(change: Change): AdaptedArray;
  /** The whole array, formed. */
  protected abstract formed(): ArrayValue;
  /** The base weight of what {@link merge} made. */
  protected abstract unformed(merged: ArrayValue): ArrayValue;
  /** What is looked up; null where that cannot be said of the parts. */
  gathered(_indices: ArrayValue, _params: GatherParams): ArrayValue | null {
    return null;
  }

  /** What the adapter consists of. */
  get terms(): readonly Term[] {
    return [];
  }
  /** Whether the base weight alone is the whole array. */
  get isBare(): boolean {
    return this.merged;
  }
  /** The whole array, whatever `allowMaterialise` says: for what is done once. */
  dense(): ArrayValue {
    return this.isBare ? denseOf(this.w) : this.formed();
  }
  /** The same array with the adapter in the base weight, so that it costs nothing more; itself if it is so already. */
  merge(): this {
    return this.merged ? this : (assemble<AdaptedArray>(this, { _w: this.dense(), merged: true }) as this);
  }
  /** The inverse of {@link merge}, up to rounding. */
  unmerge(): this {
    return this.merged
      ? (assemble<AdaptedArray>(this, { _w: this.unformed(this._w), merged: false }) as this)
      : this;
  }

  /** The base weight; with `stopGradient`, a constant to differentiation. */
  get w(): ArrayValue {
    return this.stopGradient ? withoutGradient(this._w) : this._w;
  }

  /** @throws ArgumentError when the base weight was taken out, as `tree.partition` does. */
  override get aval(): Aval {
    return (this._w as ArrayValue | null)?.aval ?? noWeight(this);
  }

  /** For optimisers: the base weight does not move. */
  get [frozen](): readonly string[] {
    return this.stopGradient ? ["_w"] : [];
  }

  /**
   * {@link dense}, if that is allowed.
   * @throws MaterialiseError unless `allowMaterialise` is set.
   */
  override materialise(): ArrayValue {
    if (this.allowMaterialise) return this.dense();
    throw new MaterialiseError(
      "lora/materialise",
      `Refusing to materialise \`${this.constructor.name}\` ${showAval(this.aval)} with \`allowMaterialise: false\`: an operation would have formed w + a·b. Make it with allowMaterialise: true, or take the product with it instead`,
    );
  }
}

function noWeight(value: AdaptedArray): never {
  throw new ArgumentError(
    "lora/weight",
    `this ${value.constructor.name} has no base weight: put the parts of the model together with tree.combine before it is used`,
  );
}

/** @throws ArgumentError or ShapeError when `w` is no matrix, or batch of them. */
export function matrixShape(w: unknown, caller: string): [batch: readonly number[], n: number, m: number] {
  if (!(w instanceof ArrayValue))
    throw new ArgumentError("lora/weight", `${caller} adapts an array, got ${describe(w)}`);
  const [n, m] = w.shape.slice(-2);
  if (n === undefined || m === undefined) {
    throw new ShapeError(
      "lora/weight",
      `${caller} adapts a matrix, or a batch of them: the weight needs at least 2 axes, got shape ${showShape(w.shape)}`,
    );
  }
  return [w.shape.slice(0, -2), n, m];
}

/** @throws ArgumentError or ShapeError when `w` is no matrix. */
export function checkMatrix(w: unknown, caller: string): [n: number, m: number] {
  const [batch, n, m] = matrixShape(w, caller);
  if (batch.length === 0) return [n, m];
  throw new ShapeError(
    "lora/weight",
    `${caller} adapts a matrix, got shape ${showShape((w as ArrayValue).shape)}: use vmap for a batch of them`,
  );
}

/** `w`, or the arrays that it is made of, as constants to differentiation. */
export function withoutGradient(w: ArrayValue): ArrayValue {
  if (w instanceof Dense) return w instanceof NDArray || !isInexact(w.dtype) ? w : lax.stopGradient(w);
  if (flatten(w)[1].kind === "leaf") return w;
  return mapWith({}, (leaf: unknown) => (leaf instanceof Dense ? withoutGradient(leaf) : leaf), w);
}

/** A weight as a plain array, whatever its class allows: for what is done once, such as merging. */
export function denseOf(w: ArrayValue): ArrayValue {
  if (w instanceof AdaptedArray) return w.dense();
  return w instanceof QuantisedArray ? w.dequantise() : w.materialise();
}

/** A value of the class of `like`, of these fields. */
export const assemble = <T extends object>(like: T, fields: Partial<T>): T =>
  Object.assign(Object.create(Object.getPrototypeOf(like) as object) as T, like, fields);

/** The product of `w` with `x`, which is the left operand if `xIsLeft`. */
export const dotOf = (w: ArrayValue, x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue =>
  lax.dotGeneral.bind(xIsLeft ? [x, w] : [w, x], params)[0]!;

export const dotDType = (x: ArrayValue, y: ArrayValue, params: DotParams): DType =>
  lax.dotGeneral.rules.abstract([x.aval, y.aval], params)[0]!.dtype;

// Lower than the rules of other classes for any partner, such as those of Zero: these take the array apart first.
const precedence = -1;
const dot = (x: AdaptedArray, y: ArrayValue, params: DotParams, yIsLeft: boolean): ArrayValue =>
  x.isBare ? dotOf(x.w, y, params, yIsLeft) : x.product(y, params, yIsLeft);
register(lax.dotGeneral, [AdaptedArray, ArrayValue], ([x, y], params) => dot(x, y, params, false), {
  precedence,
});
register(lax.dotGeneral, [ArrayValue, AdaptedArray], ([x, y], params) => dot(y, x, params, true), {
  precedence,
});
register(lax.dotGeneral, [AdaptedArray, AdaptedArray], ([x, y], params) => dot(x, y, params, false));
register(lax.gather, [AdaptedArray, ArrayValue], ([x, indices], params) =>
  x.isBare
    ? lax.gather.bind([x.w, indices], params)[0]!
    : (x.gathered(indices, params) ?? fallBack(lax.gather, [x, indices], params)),
);
register(
  lax.transpose,
  [AdaptedArray],
  ([x], params) => x.transposed(params.permutation) ?? fallBack(lax.transpose, [x], params),
);
register(lax.copy, [AdaptedArray], ([x], params) => x.mapped((part) => lax.copy.bind([part], params)[0]!));
register(lax.stopGradient, [AdaptedArray], ([x]) => x.mapped(withoutGradient));
register(lax.convertElementType, [AdaptedArray], ([x], params) =>
  isFloat(params.newDtype)
    ? x.mapped((part) => lax.convertElementType.bind([part], params)[0]!)
    : fallBack(lax.convertElementType, [x], params),
);
