import { flatten, mapWith } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { ArgumentError, MaterialiseError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range, sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, Dense, NDArray, showAval } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { register } from "../interpreters/quax.ts";
import { frozen } from "../optim/index.ts";
import * as random from "../random/index.ts";
import { lowRankDot } from "../values/low-rank-dot.ts";

export interface LoraSettings {
  /** Whether an operation without a rule may form `w + a·b`. Default false: it is refused. */
  readonly allowMaterialise?: boolean | undefined;
  /** Whether no gradient reaches `w`. Default true. */
  readonly stopGradient?: boolean | undefined;
}

export interface LoraOptions extends LoraSettings {
  /** Number of columns of `a`, and of rows of `b`. */
  readonly rank: number;
  /** Standard deviation of `a` at the start. Default 0.01. */
  readonly scale?: number | undefined;
  /** Randomness for `a`. */
  readonly key: ArrayValue;
}
const optionNames = ["rank", "scale", "allowMaterialise", "stopGradient", "key"] as const;

/**
 * A matrix `w + a·b`, where `a` and `b` are thin: a low-rank adaptation of `w`. Products with it are computed as
 * `w·x + a·(b·x)`; the sum is not formed.
 *
 * Shape: `w` is `[…s, n, m]`, `a` is `[…s, n, rank]`, `b` is `[…s, rank, m]`. At the start `a` is normal and `b` zero.
 * @example
 * const w = new lora.LoraArray(linear.weight, { rank: 2, key });
 * const tuned = tree.at((l) => l.weight, linear, w);
 * quaxify((l, x) => l.forward(x))(tuned, x);
 * @see Hu et al., "LoRA: low-rank adaptation of large language models" (2021); `quax.examples.lora.LoraArray`
 */
export class LoraArray extends ArrayValue {
  /** @internal The base weight, through which gradients pass; `w` heeds `stopGradient`. */
  readonly _w: ArrayValue;
  readonly a: ArrayValue;
  readonly b: ArrayValue;
  readonly stopGradient: boolean;
  readonly allowMaterialise: boolean;

  /** @throws ArgumentError or ShapeError when the weight is no matrix, the rank no count, or the key missing. */
  constructor(weight: ArrayValue, options: LoraOptions) {
    super();
    const caller = "lora.LoraArray";
    const given = readOptions<LoraOptions>(caller, optionNames, [options]);
    const { rank, scale = 0.01, allowMaterialise = false, stopGradient = true, key } = given;
    const [batch, n, m] = matrixShape(weight);
    if (rank === undefined || !Number.isInteger(rank) || rank < 0) {
      throw new ArgumentError(
        "lora/rank",
        `${caller}: rank must be a non-negative integer, got ${describe(rank)}`,
      );
    }
    if (key === undefined)
      throw new ArgumentError("lora/key", `${caller} needs a key for a: pass { key: random.key(0) }`);
    const { dtype } = weight;
    this._w = weight;
    this.a = lax.mul(random.normal(key, [...batch, n, rank], { dtype }), scale);
    this.b = lax.full([...batch, rank, m], 0, dtype);
    this.stopGradient = stopGradient;
    this.allowMaterialise = allowMaterialise;
  }

  /**
   * `w + a·b` of given parts.
   *
   * @throws ShapeError when the shapes do not fit.
   */
  static of(w: ArrayValue, a: ArrayValue, b: ArrayValue, settings: LoraSettings = {}): LoraArray {
    const [batch, n, m] = matrixShape(w);
    const rank = a.shape.at(-1)!;
    if (!sameShape(a.shape, [...batch, n, rank]) || !sameShape(b.shape, [...batch, rank, m])) {
      throw new ShapeError(
        "lora/shape",
        `LoraArray: for w of shape ${showShape(w.shape)}, a is (…, ${n}, rank) and b is (…, rank, ${m}) with the same leading axes; got a ${showShape(a.shape)} and b ${showShape(b.shape)}`,
      );
    }
    const { allowMaterialise = false, stopGradient = true } = settings;
    return assembleLora({ _w: w, a, b, stopGradient, allowMaterialise });
  }

  /** The base weight; with `stopGradient`, a constant to differentiation. */
  get w(): ArrayValue {
    return this.stopGradient ? withoutGradient(this._w) : this._w;
  }

  /** @throws ArgumentError when the base weight was taken out, as `tree.partition` does. */
  override get aval(): Aval {
    return (this._w as ArrayValue | null)?.aval ?? noWeight();
  }

  /** For optimisers: the base weight does not move. */
  get [frozen](): readonly string[] {
    return this.stopGradient ? ["_w"] : [];
  }

  /**
   * `w + a·b` as a plain array.
   * @throws MaterialiseError unless `allowMaterialise` is set.
   */
  override materialise(): ArrayValue {
    if (!this.allowMaterialise) {
      throw new MaterialiseError(
        "lora/materialise",
        `Refusing to materialise \`LoraArray\` ${showAval(this.aval)} with \`allowMaterialise: false\`: an operation would have formed w + a·b. Make it with allowMaterialise: true, or take the product with it instead`,
      );
    }
    const batch = range(this.ndim - 2);
    const product = lax.dotGeneral(this.a, this.b, [[this.ndim - 1, this.ndim - 2], [batch, batch]]); // prettier-ignore
    return lax.add(this.w, lax.convertElementType(product, this.dtype));
  }

  /** `(dw + da·b) + a·db`: a sum for each factor, so that both are linear in the change. */
  override tangentOf({ _w, a, b }: LoraArray): LoraArray {
    const dw = this.stopGradient ? lax.fullLike(_w, 0) : _w;
    const settings = { allowMaterialise: this.allowMaterialise, stopGradient: false };
    return LoraArray.of(LoraArray.of(dw, a, this.b, settings), this.a, b, settings);
  }
}

/** @internal The fields of a {@link LoraArray}, or what stands for them in a tree of another kind, as one. */
export const assembleLora = (
  fields: Readonly<Record<"_w" | "a" | "b", unknown>> & Required<LoraSettings>,
): LoraArray => Object.assign(Object.create(LoraArray.prototype) as LoraArray, fields);

function noWeight(): never {
  throw new ArgumentError(
    "lora/weight",
    "this LoraArray has no base weight: put the parts of the model together with tree.combine before it is used",
  );
}

function matrixShape(w: ArrayValue): [batch: readonly number[], n: number, m: number] {
  if (!(w instanceof ArrayValue))
    throw new ArgumentError("lora/weight", `LoraArray adapts an array, got ${describe(w)}`);
  const [n, m] = w.shape.slice(-2);
  if (n === undefined || m === undefined) {
    throw new ShapeError(
      "lora/weight",
      `LoraArray adapts a matrix, or a batch of them: the weight needs at least 2 axes, got shape ${showShape(w.shape)}`,
    );
  }
  return [w.shape.slice(0, -2), n, m];
}

/** `w`, or the arrays that it is made of, as constants to differentiation. */
function withoutGradient(w: ArrayValue): ArrayValue {
  if (w instanceof Dense) return w instanceof NDArray || !isInexact(w.dtype) ? w : lax.stopGradient(w);
  if (flatten(w)[1].kind === "leaf") return w;
  return mapWith({}, (leaf: unknown) => (leaf instanceof Dense ? withoutGradient(leaf) : leaf), w);
}

/** The same kind of array with `change` applied to each part, gradients passing as before. */
const mapParts = (lora: LoraArray, change: (part: ArrayValue) => ArrayValue): LoraArray =>
  LoraArray.of(change(lora._w), change(lora.a), change(lora.b), lora);

register(lax.convertElementType, [LoraArray], ([x], params) =>
  mapParts(x, (part) => lax.convertElementType.bind([part], params)[0]!),
);
register(lax.copy, [LoraArray], ([x], params) => mapParts(x, (part) => lax.copy.bind([part], params)[0]!));
register(lax.stopGradient, [LoraArray], ([x]) => mapParts(x, withoutGradient));

// (w + a·b)ᵀ = wᵀ + bᵀ·aᵀ, also beside a permutation of the leading axes; others part rows from columns.
register(lax.transpose, [LoraArray], ([x], params) => {
  const { permutation } = params;
  const rank = x.ndim;
  const swapped = permutation[rank - 2] === rank - 1;
  const kept = permutation[rank - 1] === rank - 1;
  const ofMatrix = kept ? permutation[rank - 2] === rank - 2 : swapped && permutation[rank - 1] === rank - 2;
  if (!ofMatrix) return lax.transpose.bind([x.materialise()], params)[0]!;
  const [w, a, b] = [x._w, x.a, x.b].map((part) => lax.transpose.bind([part], params)[0]!) as [
    ArrayValue,
    ArrayValue,
    ArrayValue,
  ];
  return kept ? LoraArray.of(w, a, b, x) : LoraArray.of(w, b, a, x);
});

// Lower than the rules of other classes for any partner, such as those of Zero: these take x apart first.
const precedence = -1;
register(lax.dotGeneral, [LoraArray, ArrayValue], ([lora, x], params) => lowRankDot(lora, x, params, false), {
  precedence,
});
register(lax.dotGeneral, [ArrayValue, LoraArray], ([x, lora], params) => lowRankDot(lora, x, params, true), {
  precedence,
});
register(lax.dotGeneral, [LoraArray, LoraArray], ([lora, x], params) => lowRankDot(lora, x, params, false));
