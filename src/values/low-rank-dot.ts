import type { ParamsOf } from "../core/primitive.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";

type DotParams = ParamsOf<typeof lax.dotGeneral>;
type DimensionNumbers = DotParams["dimensionNumbers"];

/** Names of axes, as in an einsum: those that two operands share are summed over, or kept in step. */
type Labels = readonly string[];
interface Labelled {
  readonly array: ArrayValue;
  readonly labels: Labels;
}

/** The product of two arrays, summed over `summed`. Labels of both that are not summed come first, in the order of `wanted`. */
function multiply(
  x: Labelled,
  y: Labelled,
  summed: ReadonlySet<string>,
  wanted: Labels,
  params: DotParams,
): Labelled {
  const common = x.labels.filter((label) => y.labels.includes(label));
  const contract = common.filter((label) => summed.has(label));
  const batch = common.filter((label) => !summed.has(label));
  batch.sort((one, other) => wanted.indexOf(one) - wanted.indexOf(other));
  const axes = ({ labels }: Labelled, chosen: Labels) => chosen.map((label) => labels.indexOf(label));
  const dimensionNumbers: DimensionNumbers = [
    [axes(x, contract), axes(y, contract)],
    [axes(x, batch), axes(y, batch)],
  ];
  const array = lax.dotGeneral.bind([x.array, y.array], { ...params, dimensionNumbers })[0]!;
  const kept = ({ labels }: Labelled) => labels.filter((label) => !common.includes(label));
  return { array, labels: [...batch, ...kept(x), ...kept(y)] };
}

/** The array with its axes in the order of `labels`. */
function ordered({ array, labels }: Labelled, wanted: Labels): ArrayValue {
  const permutation = wanted.map((label) => labels.indexOf(label));
  return permutation.every((axis, i) => axis === i)
    ? array
    : lax.transpose.bind([array], { permutation })[0]!;
}

const ROW = "row";
const COLUMN = "column";
const RANK = "rank";

/** The factors of a matrix `a·b`. */
interface Factors {
  readonly a: ArrayValue;
  readonly b: ArrayValue;
}

/** `base + update`, of the dtype of `base`. */
export const plus = (base: ArrayValue, update: ArrayValue): ArrayValue =>
  lax.add(base, update.dtype === base.dtype ? update : lax.convertElementType(update, base.dtype));

/** `(w + a·b)·x` as `w·x + a·(b·x)`; or `x·(w + a·b)`, where `x` is on the left. */
export const lowRankDot = (
  { w, ...factors }: Factors & { readonly w: ArrayValue },
  x: ArrayValue,
  params: DotParams,
  xIsLeft: boolean,
): ArrayValue =>
  plus(lax.dotGeneral.bind(xIsLeft ? [x, w] : [w, x], params)[0]!, factoredDot(factors, x, params, xIsLeft));

/**
 * `(a·b)·x` as `a·(b·x)`, for any contracted and shared axes; or `x·(a·b)`, where `x` is on the left. The product with one
 * factor comes first, so nothing of the size of `a·b` is made beside the result; `between` is applied to it.
 *
 * `x` may be of any class, low-rank too: every product dispatches again.
 */
export function factoredDot(
  { a, b }: Factors,
  x: ArrayValue,
  params: DotParams,
  xIsLeft: boolean,
  between: (thin: ArrayValue) => ArrayValue = (thin) => thin,
): ArrayValue {
  const [contract, batch] = params.dimensionNumbers;
  const [mine, theirs] = xIsLeft ? ([1, 0] as const) : ([0, 1] as const);
  const leading = range(a.ndim - 2).map((axis) => `leading ${axis}`);
  const own = [...leading, ROW, COLUMN];
  const other = range(x.ndim).map((axis) => `other ${axis}`);
  for (const pairs of [contract, batch]) {
    pairs[mine].forEach((axis, i) => (other[pairs[theirs][i]!] = own[axis]!));
  }
  const summed = new Set(contract[mine].map((axis) => own[axis]!));
  const shared = batch[mine].map((axis) => own[axis]!);
  const free = (labels: Labels) => labels.filter((label) => !shared.includes(label) && !summed.has(label));
  const wanted = xIsLeft
    ? [...shared, ...free(other), ...free(own)]
    : [...shared, ...free(own), ...free(other)];

  const factors = {
    [ROW]: { array: a, labels: [...leading, ROW, RANK] },
    [COLUMN]: { array: b, labels: [...leading, RANK, COLUMN] },
  };
  // First the factor whose own axis x has too. Leading axes are in both factors: they are summed over with the second.
  const near = other.includes(COLUMN) || !other.includes(ROW) ? COLUMN : ROW;
  const far = near === ROW ? COLUMN : ROW;
  const times = (factor: Labelled, y: Labelled, over: ReadonlySet<string>): Labelled =>
    xIsLeft ? multiply(y, factor, over, wanted, params) : multiply(factor, y, over, wanted, params);
  const thin = times(
    factors[near],
    { array: x, labels: other },
    new Set([near].filter((label) => summed.has(label))),
  );
  const scaled = { array: between(thin.array), labels: thin.labels };
  return ordered(times(factors[far], scaled, new Set([...summed, RANK])), wanted);
}
