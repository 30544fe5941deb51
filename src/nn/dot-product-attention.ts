import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { logsumexp, softmax } from "./functions.ts";

export interface DotProductAttentionOptions {
  /** Added to the logits; broadcast to `[B, N, T, S]`. */
  readonly bias?: Operand | null | undefined;
  /** Which keys each query attends to: bool, broadcast to `[B, N, T, S]`. */
  readonly mask?: Operand | null | undefined;
  /** What the logits are multiplied with. Default `1/√H`. */
  readonly scale?: number | null | undefined;
  /** Query `t` attends to keys up to `t` only. */
  readonly isCausal?: boolean | undefined;
  /** How many queries of each example there are: int32 `[B]`. The results of the others are 0. */
  readonly querySeqLengths?: Operand | null | undefined;
  /** How many keys of each example there are: int32 `[B]`. */
  readonly keyValueSeqLengths?: Operand | null | undefined;
  /** How far back and ahead a query attends; one number for both. */
  readonly localWindowSize?: number | readonly [left: number, right: number] | null | undefined;
  /** Return the logarithms of the softmax's sums too. Default false. */
  readonly returnResidual?: boolean | undefined;
}
type WithResidual = DotProductAttentionOptions & { readonly returnResidual: true };
const optionNames = [
  "bias",
  "mask",
  "scale",
  "isCausal",
  "querySeqLengths",
  "keyValueSeqLengths",
  "localWindowSize",
  "returnResidual",
] as const;
const caller = "nn.dotProductAttention";

/** What is masked: softmax makes 0 of it, unless a whole row is. Finite, so that such a row has no NaN. */
const MASKED = -0.7 * 3.4028234663852886e38;

/**
 * `softmax(Q·Kᵀ·scale + bias)·V` for each head: softmax in float32.
 *
 * Shape: query `[B?, T, N, H]`, key and value `[B?, S, K, H]` `→ [B?, T, N, H]`, with `returnResidual` a pair of it and
 * constants `[B?, T, N]`. `N` is a multiple of `K`: that many heads of
 * queries share a head of keys and values. Dtype: that of the operands, which is one.
 * @throws ShapeError when shapes do not fit; DTypeError when dtypes differ or the mask is no bool.
 * @example
 * nn.dotProductAttention(q, k, v, { isCausal: true });
 * @see `jax.nn.dot_product_attention`; Ainslie et al., "GQA" (2023), for shared heads
 */
export function dotProductAttention(
  query: Operand,
  key: Operand,
  value: Operand,
  options: WithResidual,
): [out: ArrayValue, residual: ArrayValue];
export function dotProductAttention(
  query: Operand,
  key: Operand,
  value: Operand,
  ...rest: Optionals<[bias: Operand | null, mask: Operand | null], DotProductAttentionOptions>
): ArrayValue;
export function dotProductAttention(
  query: Operand,
  key: Operand,
  value: Operand,
  ...rest: readonly unknown[]
): ArrayValue | [ArrayValue, ArrayValue] {
  const options = readOptions<DotProductAttentionOptions>(caller, optionNames, rest);
  const given = toArray(query, caller);
  const [q, k, v] = [given, toArray(key, caller), toArray(value, caller)].map(withBatch) as [
    ArrayValue,
    ArrayValue,
    ArrayValue,
  ];
  checkOperands(q, k, v);
  const [b, t, heads, size] = q.shape as [number, number, number, number];
  const [, s, groups] = k.shape as [number, number, number, number];
  const grouped = (x: ArrayValue): ArrayValue => {
    const [shared, all] = [x.shape[1] === 1, x.shape[1] === heads];
    if (!shared && !all)
      throw new ShapeError("nn/mask", `${caller}: axis 1 of bias or mask is 1 or the ${heads} heads, got shape ${showShape(x.shape)}`); // prettier-ignore
    const split = shared ? [1, 1] : [groups, heads / groups];
    return np.reshape(x, [x.shape[0]!, ...split, x.shape[2]!, x.shape[3]!]);
  };
  const ofLogits = (x: Operand | null | undefined): ArrayValue | null =>
    x === null || x === undefined ? null : grouped(fourAxes(toArray(x, caller)));
  const [bias, mask] = [ofLogits(options.bias), ofLogits(options.mask)];
  if (mask !== null && mask.dtype !== "bool")
    throw new DTypeError("nn/mask", `${caller}: mask is bool, got ${mask.dtype}: pass what is added as bias`);

  const wide = np.promoteTypes(q.dtype, "float32");
  const split = np.reshape(q, [b, t, groups, heads / groups, size]);
  const products = np.einsum("btkgh,bskh->bkgts", split, k, { preferredElementType: wide });
  let logits = np.multiply(products, lax.convertElementType(options.scale ?? 1 / Math.sqrt(size), wide));
  if (bias !== null) logits = np.astype(np.add(logits, bias), wide);
  const allowed = [mask, ...positionMasks(t, s, b, options)].filter((m) => m !== null);
  if (allowed.length > 0)
    logits = np.where(
      allowed.reduce((x, y) => np.logicalAnd(x, y)),
      logits,
      MASKED,
    );
  logits = np.astype(logits, "float32");
  const weights = np.astype(softmax(logits), k.dtype);
  let out = np.reshape(np.einsum("bkgts,bskh->btkgh", weights, v), [b, t, heads, size]);
  if (options.querySeqLengths !== null && options.querySeqLengths !== undefined) {
    const there = np.less(np.reshape(np.arange(t), [1, t, 1, 1]), lengths(options.querySeqLengths, b, 4));
    out = np.multiply(out, np.astype(there, out.dtype));
  }
  out = np.reshape(out, given.shape);
  if (options.returnResidual !== true) return out;
  const sums = np.moveaxis(np.astype(logsumexp(logits, -1), k.dtype), 3, 1);
  return [out, lax.stopGradient(np.reshape(sums, given.shape.slice(0, -1)))];
}

/** With 4 axes, the first of size 1 if there were 3. */
function withBatch(x: ArrayValue): ArrayValue {
  if (x.ndim === 3 || x.ndim === 4) return fourAxes(x);
  throw new ShapeError(
    "nn/input",
    `${caller} takes (batch, sequence, heads, size) or (sequence, heads, size), got shape ${showShape(x.shape)}`,
  );
}
const fourAxes = (x: ArrayValue): ArrayValue => (x.ndim < 4 ? lax.expandDims(x, range(4 - x.ndim)) : x);

function checkOperands(q: ArrayValue, k: ArrayValue, v: ArrayValue): void {
  const shapes = `query ${showShape(q.shape)}, key ${showShape(k.shape)}, value ${showShape(v.shape)}`;
  const fits =
    k.shape.every((n, axis) => v.shape[axis] === n) && q.shape[0] === k.shape[0] && q.shape[3] === k.shape[3];
  if (!fits)
    throw new ShapeError(
      "nn/input",
      `${caller}: key and value have one shape, and query their batch and head sizes; got ${shapes}`,
    );
  if (q.shape[2]! % k.shape[2]! !== 0)
    throw new ShapeError(
      "nn/input",
      `${caller}: the number of query heads is a multiple of that of key and value heads; got ${shapes}`,
    );
  if (q.dtype !== k.dtype || v.dtype !== k.dtype)
    throw new DTypeError(
      "nn/input",
      `${caller}: query, key and value have one dtype, got ${q.dtype}, ${k.dtype} and ${v.dtype}`,
    );
}

/** Lengths of a batch, beside axes of positions. */
function lengths(given: Operand, batch: number, rank: number): ArrayValue {
  const array = toArray(given, caller);
  if (array.ndim !== 1 || array.shape[0] !== batch)
    throw new ShapeError("nn/lengths", `${caller}: there is a length for each of ${batch} examples, got shape ${showShape(array.shape)}`); // prettier-ignore
  return np.reshape(array, [batch, ...new Array<number>(rank - 1).fill(1)]);
}

/** What positions say of who attends to whom; `[B, K, G, T, S]`, with sizes of 1. */
function positionMasks(t: number, s: number, b: number, options: DotProductAttentionOptions): ArrayValue[] {
  const { isCausal = false, querySeqLengths, keyValueSeqLengths, localWindowSize } = options;
  const from = np.reshape(np.arange(t), [1, 1, 1, t, 1]);
  const to = np.reshape(np.arange(s), [1, 1, 1, 1, s]);
  const masks: ArrayValue[] = [];
  if (isCausal) masks.push(np.greaterEqual(from, to));
  if (localWindowSize !== null && localWindowSize !== undefined) {
    const [left, right] =
      typeof localWindowSize === "number" ? [localWindowSize, localWindowSize] : localWindowSize;
    if (!(left >= 0 && right >= 0))
      throw new ArgumentError(
        "nn/window",
        `${caller}: localWindowSize counts from 0, got ${left} and ${right}`,
      );
    masks.push(
      np.logicalAnd(np.lessEqual(from, np.add(to, left)), np.greaterEqual(from, np.subtract(to, right))),
    );
  }
  if (querySeqLengths !== null && querySeqLengths !== undefined)
    masks.push(np.less(from, lengths(querySeqLengths, b, 5)));
  if (keyValueSeqLengths !== null && keyValueSeqLengths !== undefined)
    masks.push(np.less(to, lengths(keyValueSeqLengths, b, 5)));
  return masks;
}
