import { readOptions } from "../core/options.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { requireKey } from "../nn/linear.ts";
import { frozen } from "../optim/index.ts";
import * as random from "../random/index.ts";
import { type AdapterSettings, type Change, checkMatrix, type DotParams, type Term } from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { Delta, scaled } from "./delta.ts";
import { checkRank, kaimingUniform, scalingOf } from "./initial.ts";

const LETTERS = "abcdefghijklmnoABCDEFGHIJKLMNOPQRSTUVWXYZ";
// Names of the axes of w1 and w2: rows are of both first axes, columns of both second ones.
const [ROWS, COLUMNS] = ["pr", "qs"];

/** `scaling · w1 ⊗ w2`, of matrices: a copy of `w2` for each element of `w1`, times it. */
class Kronecker extends Delta {
  constructor(
    readonly w1: ArrayValue,
    readonly w2: ArrayValue,
    readonly scaling: number | ArrayValue,
  ) {
    super();
  }

  get [frozen](): readonly string[] {
    return ["scaling"];
  }

  /** Each axis of `x` that meets rows or columns is one of two axes: then it is an einsum. */
  override dot(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    const [contract, batch] = params.dimensionNumbers;
    const [mine, theirs] = xIsLeft ? ([1, 0] as const) : ([0, 1] as const);
    const own = [ROWS, COLUMNS];
    const other = range(x.ndim).map((axis) => LETTERS[axis]!);
    for (const pairs of [contract, batch])
      pairs[mine].forEach((axis, i) => (other[pairs[theirs][i]!] = own[axis]!));
    const [[p, q], [r, s]] = [this.w1.shape, this.w2.shape] as [Pair, Pair];
    const sizes: Record<string, number> = { p, q, r, s };
    x.shape.forEach((size, axis) => (sizes[other[axis]!] ??= size));
    const shapeOf = (names: string) => names.split("").map((name) => sizes[name]!);
    const paired = [...contract[mine], ...batch[mine]].map((axis) => own[axis]!);
    const free = (names: readonly string[]) => names.filter((name) => !paired.includes(name));
    const wanted = [
      ...batch[mine].map((axis) => own[axis]!),
      ...(xIsLeft ? [...free(other), ...free(own)] : [...free(own), ...free(other)]),
    ];
    const split = lax.reshape(x, shapeOf(other.join("")));
    const { precision } = params;
    const product = np.einsum(`pq,rs,${other.join("")}->${wanted.join("")}`, this.w1, this.w2, split, {
      precision,
    });
    const merged = wanted.map((names) => sizeOf(shapeOf(names)));
    return scaled(lax.reshape(product, merged), this.scaling);
  }
  override transposed(permutation: readonly number[]): Kronecker {
    return this.mapped((part) => lax.transpose(part, permutation));
  }
  override mapped(change: Change): Kronecker {
    return new Kronecker(change(this.w1), change(this.w2), this.scaling);
  }
  override dense(): ArrayValue {
    return scaled(np.kron(this.w1, this.w2), this.scaling);
  }
}

export interface LokrOptions extends AdapterSettings {
  /** The rank of what a factor that is too large is a product of. */
  readonly rank: number;
  /** The update is multiplied with `alpha / rank`. Default: it is not. */
  readonly alpha?: number | undefined;
  /** Whether the smaller factor may be a product of thin matrices too. Default false. */
  readonly decomposeBoth?: boolean | undefined;
  /** The size of the smaller factor, as near as it can be; -1, the default, is near the root of the weight's. */
  readonly decomposeFactor?: number | undefined;
  /** Randomness for the start. */
  readonly key: ArrayValue;
}

/** A matrix as it is, or as a product of two. */
type Factor = readonly [ArrayValue] | readonly [ArrayValue, ArrayValue];
const whole = ([a, b]: Factor): ArrayValue => (b === undefined ? a : np.matmul(a, b));

/**
 * A matrix `w + scaling · w1 ⊗ w2`, of which a factor may be a product of two thin matrices. The update is never formed.
 *
 * Shape: `w` is `[p·r, q·s]`, `w1` is `[p, q]` and `w2` is `[r, s]`. At the start `w1` is zero.
 * @see Yeh et al., "Navigating text-to-image customization: from LyCORIS fine-tuning to model evaluation" (2024); PEFT's LoKr
 */
export class LokrArray extends AddedArray {
  readonly w1: Factor;
  readonly w2: Factor;
  readonly scaling: number | ArrayValue;

  /** @throws ArgumentError or ShapeError when the weight is no matrix, or the rank not positive. */
  constructor(weight: ArrayValue, options: LokrOptions) {
    super(weight, options);
    const caller = "lora.LokrArray";
    const names = ["rank", "alpha", "decomposeBoth", "decomposeFactor", "stopGradient", "allowMaterialise", "key"] as const; // prettier-ignore
    const { rank, alpha, decomposeBoth = false, decomposeFactor = -1, ...given } = readOptions<LokrOptions>(caller, names, [options]); // prettier-ignore
    const [n, m] = checkMatrix(weight, caller);
    checkRank(rank, caller);
    const { dtype } = weight;
    const [[p, r], [q, s]] = [n, m].map((size) => factorization(size, decomposeFactor)) as [Pair, Pair];
    const [k1, k2] = lax.unstack(random.split(requireKey(given.key, caller)));
    const factor = (shape: Pair, thin: boolean, key: ArrayValue, isZero: boolean): Factor => {
      const [first, second] = lax.unstack(random.split(key));
      const start = (size: Pair) => (isZero ? lax.full(size, 0, dtype) : kaimingUniform(first!, size, dtype));
      return thin
        ? [start([shape[0], rank]), kaimingUniform(second!, [rank, shape[1]], dtype)]
        : [start(shape)];
    };
    this.w1 = factor([p, q], decomposeBoth && rank < Math.max(p, q) / 2, k1!, true);
    this.w2 = factor([r, s], rank < Math.max(r, s) / 2, k2!, false);
    this.scaling = alpha === undefined ? 1 : scalingOf(rank, alpha);
  }

  override get terms(): readonly Term[] {
    const thin = [this.w1, this.w2].find((factor) => factor.length > 1);
    return [{ rank: thin?.[0].shape[1] ?? null, scaling: this.scaling }];
  }
  override get delta(): Kronecker {
    return new Kronecker(whole(this.w1), whole(this.w2), this.scaling);
  }
  override get [frozen](): readonly string[] {
    return [...super[frozen], "scaling"];
  }
}

type Pair = readonly [number, number];

/** Two numbers with the product `size`, the smaller first and at most `factor`, as near to each other as that allows. */
function factorization(size: number, factor: number): Pair {
  if (factor > 0 && size % factor === 0) return [factor, size / factor];
  const most = factor === -1 ? size : factor;
  const divisors = range(Math.floor(Math.sqrt(size)) + 1).filter((d) => d > 0 && size % d === 0 && d <= most);
  const small = divisors.at(-1) ?? 1;
  return [small, size / small];
}
