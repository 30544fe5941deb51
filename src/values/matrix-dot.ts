import { promoteTypes } from "../core/dtype.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import type { StructuredMatrix } from "./matrix.ts";

export type DotParams = ParamsOf<typeof lax.dotGeneral>;

/** What `dot_general` gives for plain arrays. */
export const due = (x: ArrayValue, y: ArrayValue, params: DotParams): Aval =>
  lax.dotGeneral.rules.abstract([x.aval, y.aval], params)[0]!;

export const cast = (x: ArrayValue, { dtype, weak }: Pick<Aval, "dtype" | "weak">): ArrayValue =>
  x.dtype === dtype ? x : lax.convertElementType.bind([x], { newDtype: dtype, weakType: weak })[0]!;

/** `matrix` itself or transposed, so that what is contracted are its columns; null if it is neither rows nor columns alone. */
export function facing(
  matrix: StructuredMatrix,
  contract: readonly number[],
  batch: readonly number[],
): { matrix: StructuredMatrix; inner: number } | null {
  const row = matrix.ndim - 2;
  const own = contract.filter((axis) => axis >= row);
  if (own.length !== 1 || batch.some((axis) => axis >= row)) return null;
  return { matrix: own[0] === row ? matrix.transposed() : matrix, inner: own[0]! };
}

/** A `dot_general` as the matrix sees it, on whichever side it is. */
interface Seen {
  /** What is due. */
  readonly out: Aval;
  readonly contracted: readonly number[];
  readonly shared: readonly number[];
  /** For each of its axes that is contracted or shared, the other operand's. */
  readonly partner: ReadonlyMap<number, number>;
}

function seen(given: StructuredMatrix, x: ArrayValue, params: DotParams, matrixIsLeft: boolean): Seen {
  const [mine, theirs] = matrixIsLeft ? ([0, 1] as const) : ([1, 0] as const);
  const [contract, batch] = params.dimensionNumbers;
  const pairs = [contract, batch].flatMap((axes) =>
    axes[mine].map((axis, i) => [axis, axes[theirs][i]!] as const),
  );
  const out = matrixIsLeft ? due(given, x, params) : due(x, given, params);
  return { out, contracted: contract[mine], shared: batch[mine], partner: new Map(pairs) };
}

/**
 * A `dot_general` of a structured matrix as `A·x`, where it is one: over rows or over columns, with any leading axes
 * shared, contracted or kept. Null otherwise.
 */
export function product(
  given: StructuredMatrix,
  x: ArrayValue,
  params: DotParams,
  matrixIsLeft: boolean,
): ArrayValue | null {
  const { out, contracted, shared, partner } = seen(given, x, params, matrixIsLeft);
  const faced = facing(given, contracted, shared);
  if (faced === null || out.dtype === "bool") return null;
  const { matrix, inner } = faced;

  const leading = range(matrix.ndim - 2);
  const taken = [...leading.filter((axis) => partner.has(axis)), inner].map((axis) => partner.get(axis)!);
  const kept = range(x.ndim).filter((axis) => !taken.includes(axis));
  const columns = kept.map((axis) => x.shape[axis]!);

  // x as […, m, k]: axes of the matrix that it lacks are 1, all that it has beside them is one axis.
  const lead = leading.map((axis) => (partner.has(axis) ? matrix.shape[axis]! : 1));
  const work = promoteTypes([matrix.aval, x.aval, out]);
  const flat = lax.reshape(lax.transpose(cast(x, work), [...taken, ...kept]), [
    ...lead,
    matrix.shape.at(-1)!,
    sizeOf(columns),
  ]);
  const result = (cast(matrix, work) as StructuredMatrix).times(flat, params.precision);

  // Its axes: those of the matrix, contracted leading ones too, then what x kept.
  const sizes = matrix.shape.slice(0, -1);
  const summed = leading.filter((axis) => contracted.includes(axis));
  const whole = lax.reshape(result, [...sizes, ...columns]);
  const total = summed.length === 0 ? whole : lax.reduceSum.bind([whole], { axes: summed })[0]!;
  const free = range(matrix.ndim - 1).filter((axis) => !partner.has(axis) || axis >= leading.length);
  const others = range(columns.length, sizes.length);
  const order = matrixIsLeft ? [...shared, ...free, ...others] : [...shared, ...others, ...free];
  const place = (axis: number) => axis - summed.filter((gone) => gone < axis).length;
  return cast(lax.transpose(total, order.map(place)), out);
}

/**
 * A `dot_general` that is no `A·x`, as rows and columns are both paired, or in step: the products of elements, summed over
 * what is contracted. For classes that are kept by `A ∘ x`; null where neither rows nor columns are paired.
 */
export function elementProducts(
  given: StructuredMatrix,
  x: ArrayValue,
  params: DotParams,
  matrixIsLeft: boolean,
): ArrayValue | null {
  const { out, contracted, shared, partner } = seen(given, x, params, matrixIsLeft);
  const rank = given.ndim;
  if (out.dtype === "bool" || !(partner.has(rank - 2) || partner.has(rank - 1))) return null;

  // Both as […kept of x, …axes of the matrix].
  const paired = range(rank).filter((axis) => partner.has(axis));
  const kept = range(x.ndim).filter((axis) => !paired.some((mate) => partner.get(mate) === axis));
  const sizes = kept.map((axis) => x.shape[axis]!);
  const work = promoteTypes([given.aval, x.aval, out]);
  const ordered = lax.transpose(cast(x, work), [...kept, ...paired.map((axis) => partner.get(axis)!)]);
  const aligned = given.shape.map((size, axis) => (partner.has(axis) ? size : 1));
  const matrix = lax.expandDims(cast(given, work), range(kept.length));
  const elements = lax.mul.bind([matrix, lax.reshape(ordered, [...sizes, ...aligned])], {})[0]!;

  const behind = (axis: number) => axis + kept.length;
  const own = contracted.filter((axis) => axis >= rank - 2).map(behind);
  const leading = contracted.filter((axis) => axis < rank - 2).map(behind);
  const total = [own, leading].reduce(
    (sum, axes) => (axes.length === 0 ? sum : lax.reduceSum.bind([sum], { axes })[0]!),
    elements,
  );
  const free = range(rank)
    .filter((axis) => !partner.has(axis))
    .map(behind);
  const others = range(kept.length);
  const front = shared.map(behind);
  const order = matrixIsLeft ? [...front, ...free, ...others] : [...front, ...others, ...free];
  const place = (axis: number) => axis - [...own, ...leading].filter((gone) => gone < axis).length;
  return cast(lax.transpose(total, order.map(place)), out);
}
