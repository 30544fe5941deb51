import { type DType, promoteTypes } from "../core/dtype.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, type Shape } from "../core/shape.ts";
import { type ArrayValue, avalOf } from "../core/value.ts";
import * as lax from "../lax/index.ts";

export type DotParams = ParamsOf<typeof lax.dotGeneral>;

/** Integers times a scale of the same rank, whose sizes are those of the integers or 1. */
interface Scaled {
  readonly values: ArrayValue;
  readonly scale: ArrayValue;
}

/** With a scale that a result of `dtype` can be computed with. */
const widened = ({ values, scale }: Scaled, dtype: DType): Scaled => {
  const working = promoteTypes([scale.aval, avalOf([], dtype)]).dtype;
  return { values, scale: lax.convertElementType(scale, working) };
};

/** Axes along which the scale differs. */
const scaledAxes = ({ scale }: Scaled): number[] =>
  range(scale.ndim).filter((axis) => scale.shape[axis] !== 1);

/** The scale along `axes` only, as axes `places` of an array of `shape`. */
function scaleAt(
  { scale }: Scaled,
  axes: readonly number[],
  places: readonly number[],
  shape: Shape,
): ArrayValue {
  const narrow = lax.reshape(
    scale,
    axes.map((axis) => scale.shape[axis]!),
  );
  return lax.broadcastInDim(narrow, shape, places);
}

/** @internal Where an axis of one operand, which is not contracted, is in the result; `others` counts the other's own axes. */
export function placeIn(
  axis: number,
  rank: number,
  contract: readonly number[],
  batch: readonly number[],
  before: number,
): number {
  const shared = batch.indexOf(axis);
  if (shared >= 0) return shared;
  const free = range(rank).filter((a) => !contract.includes(a) && !batch.includes(a));
  return batch.length + before + free.indexOf(axis);
}

const dot = (x: ArrayValue, y: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue =>
  lax.dotGeneral.bind(xIsLeft ? [x, y] : [y, x], params)[0]!;

/** The result times the scale, none of whose axes is contracted. */
function scaleResult(
  out: ArrayValue,
  q: Scaled,
  rankOfOther: number,
  params: DotParams,
  qIsLeft: boolean,
): ArrayValue {
  const [contract, batch] = params.dimensionNumbers;
  const side = qIsLeft ? 0 : 1;
  const others = rankOfOther - contract[0].length - batch[0].length;
  const axes = scaledAxes(q);
  const places = axes.map((axis) =>
    placeIn(axis, q.values.ndim, contract[side], batch[side], qIsLeft ? 0 : others),
  );
  return lax.mul(out, scaleAt(q, axes, places, out.shape));
}

/**
 * The product of a scaled array with a plain one. Axes of the scale that are contracted scale the other operand
 * beforehand; otherwise the result is scaled. The scaled one is the left operand if
 * `qIsLeft`.
 */
export function scaledDot(
  given: Scaled,
  y: ArrayValue,
  dtype: DType,
  params: DotParams,
  qIsLeft: boolean,
): ArrayValue {
  const q = widened(given, dtype);
  const working = q.scale.dtype;
  const [contract, batch] = params.dimensionNumbers;
  const [mine, theirs] = qIsLeft ? ([0, 1] as const) : ([1, 0] as const);
  const inner = { ...params, preferredElementType: working };
  const axes = scaledAxes(q);
  if (!axes.some((axis) => contract[mine].includes(axis))) {
    const out = dot(q.values, y, inner, qIsLeft);
    return lax.convertElementType(scaleResult(out, q, y.ndim, params, qIsLeft), dtype);
  }
  // Axes of the scale that y does not share come before its own, and are in step with those of q.
  const partners = [...contract[mine], ...batch[mine]];
  const partnersOfY = [...contract[theirs], ...batch[theirs]];
  const extra = axes.filter((axis) => !partners.includes(axis));
  const lead = extra.length;
  const shape = [...extra.map((axis) => q.scale.shape[axis]!), ...y.shape];
  const wide = lax.broadcastInDim(lax.convertElementType(y, working), shape, range(y.ndim, lead));
  const places = axes.map((axis) =>
    extra.includes(axis) ? extra.indexOf(axis) : lead + partnersOfY[partners.indexOf(axis)]!,
  );
  const scaled = lax.mul(wide, scaleAt(q, axes, places, shape));
  const shifted = (list: readonly number[]): number[] => list.map((axis) => axis + lead);
  const pair = <T>(ofQ: T, ofY: T): [T, T] => (qIsLeft ? [ofQ, ofY] : [ofY, ofQ]);
  const out = dot(
    q.values,
    scaled,
    {
      ...inner,
      dimensionNumbers: [
        pair(contract[mine], shifted(contract[theirs])),
        pair([...extra, ...batch[mine]], [...range(lead), ...shifted(batch[theirs])]),
      ],
    },
    qIsLeft,
  );
  return lax.convertElementType(inOrder(out, q.values.ndim, y.ndim, extra, params, qIsLeft), dtype);
}

/** The extra axes, which came first, among the own ones of `q` again. */
function inOrder(
  out: ArrayValue,
  rank: number,
  rankOfY: number,
  extra: readonly number[],
  params: DotParams,
  qIsLeft: boolean,
): ArrayValue {
  if (extra.length === 0) return out;
  const [contract, batch] = params.dimensionNumbers;
  const side = qIsLeft ? 0 : 1;
  const paired = [...contract[side], ...batch[side]];
  const free = range(rank).filter((axis) => !paired.includes(axis));
  const kept = free.filter((axis) => !extra.includes(axis));
  const shared = range(batch[0].length, extra.length);
  const start = extra.length + shared.length;
  const ofY = range(rankOfY - paired.length, start + (qIsLeft ? kept.length : 0));
  const first = start + (qIsLeft ? 0 : ofY.length);
  const own = free.map((axis) => (extra.includes(axis) ? extra.indexOf(axis) : first + kept.indexOf(axis)));
  return lax.transpose(out, qIsLeft ? [...shared, ...own, ...ofY] : [...shared, ...ofY, ...own]);
}

/** The largest number of products of two 8-bit integers whose sum is exact in 32 bits. */
const EXACT = Math.floor((2 ** 31 - 1) / 128 ** 2);

/**
 * The product of two scaled arrays, of which the result is scaled: in integers, and exact before that, unless the sums may
 * be too large for them. Null where a scale differs along a contracted axis.
 */
export function scaledProduct(x: Scaled, y: Scaled, dtype: DType, params: DotParams): ArrayValue | null {
  const [contract] = params.dimensionNumbers;
  const terms = contract[0].reduce((count, axis) => count * x.values.shape[axis]!, 1);
  const differs = (q: Scaled, axes: readonly number[]): boolean =>
    axes.some((axis) => q.scale.shape[axis] !== 1);
  if (differs(x, contract[0]) || differs(y, contract[1])) return null;
  const working = promoteTypes([x.scale.aval, y.scale.aval, avalOf([], dtype)]).dtype;
  const preferredElementType = terms <= EXACT ? "int32" : working;
  const whole = dot(x.values, y.values, { ...params, preferredElementType }, true);
  const out = lax.convertElementType(whole, working);
  const half = scaleResult(out, widened(x, working), y.values.ndim, params, true);
  return lax.convertElementType(scaleResult(half, widened(y, working), x.values.ndim, params, false), dtype);
}
