import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { range as upTo, sameShape, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { diff } from "./calculus.ts";
import { integersOf } from "./elements.ts";
import { get } from "./indexing.ts";
import { ravelMultiIndex } from "./grid-indices.ts";
import { cast, promoteDTypes, promoteDTypesInexact, toArray, toInexact } from "./promotion.ts";
import { max, min, sum } from "./reduce.ts";
import { bincount } from "./search.ts";
import { searchsorted } from "./sorting.ts";
import { linspace } from "./spacing.ts";
import { choose } from "./where.ts";

/** How many bins of equal width there are, or the vector of their edges, which increase. */
export type Bins = number | ArrayValue;
/** The least and the greatest value that is counted. */
export type Bounds = readonly [Operand, Operand] | ArrayValue;

export interface BinOptions {
  /** 10 bins by default. */
  bins?: Bins | undefined;
  /** What bins of equal width reach over; by default from the least to the greatest element. */
  range?: Bounds | null | undefined;
}
export interface HistogramOptions extends BinOptions {
  /** How much each element counts; 1 by default. */
  weights?: Operand | null | undefined;
  /** Whether the result is a density, whose integral is 1. */
  density?: boolean | undefined;
}
const names = ["bins", "range", "weights", "density"] as const;

/**
 * The edges of bins, which `np.histogram` counts in.
 *
 * Shape: `[bins + 1]`. Dtype: that of `x`, integers becoming floats.
 * @throws ShapeError when `x` is empty and there is no `range`, or a range is no pair; ArgumentError on a number of bins
 * that is no natural number. @see `jax.numpy.histogram_bin_edges`
 */
export function histogramBinEdges(
  x: Operand,
  ...rest: Optionals<[bins: Bins, range: Bounds | null], BinOptions>
): ArrayValue {
  const caller = "np.histogramBinEdges";
  const { bins = 10, range = null } = readOptions<BinOptions>(caller, ["bins", "range"], rest);
  return edgesOf(toArray(x, caller), bins, range, caller);
}

function edgesOf(x: ArrayValue, bins: Bins, range: Bounds | null, caller: string): ArrayValue {
  const dtype = toInexact(x.dtype);
  if (bins instanceof ArrayValue && bins.ndim === 1) return cast(bins, dtype, false, caller);
  const count =
    bins instanceof ArrayValue && bins.ndim === 0 ? integersOf(concreteOf(bins, caller))[0] : bins;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1)
    throw new ArgumentError(
      "numpy/bins",
      `${caller}: bins is a positive number of them, or the vector of their edges; got ${describe(bins)}`,
    );
  const ends =
    range === null ? [min(x), max(x)] : range instanceof ArrayValue ? lax.unstack(range, 0) : range;
  if (ends.length !== 2)
    throw new ShapeError("numpy/range", `${caller}: range has two ends, got ${ends.length}`);
  const [low, high] = ends.map((end) => cast(end, dtype, false, caller)) as [ArrayValue, ArrayValue];
  const isPoint = lax.eq(low, high);
  const widened = (end: ArrayValue, by: number) => choose(isPoint, lax.add(end, by), end, caller);
  return linspace(widened(low, -0.5), widened(high, 0.5), count + 1, { dtype });
}

/** In which bin each element is: 0 below all of them, and one more than there are above. */
function binOf(x: ArrayValue, edges: ArrayValue, caller: string): ArrayValue {
  const places = searchsorted(edges, x, "right");
  // The last bin contains its right edge.
  return choose(lax.eq(x, get(edges, -1)), edges.size - 1, places, caller);
}

/**
 * How many elements are in each bin, and the edges of bins. A bin contains its left edge, the last one its right edge too.
 *
 * Shape: `[…s] → [bins], [bins + 1]`. Dtype: the promoted one of `x` and the weights, inexact.
 * @throws ShapeError when the weights have another shape, and as {@link histogramBinEdges}. @see `jax.numpy.histogram`
 */
export function histogram(
  x: Operand,
  ...rest: Optionals<[bins: Bins, range: Bounds | null, weights: Operand | null], HistogramOptions>
): [counts: ArrayValue, edges: ArrayValue] {
  const caller = "np.histogram";
  const {
    bins = 10,
    range = null,
    weights = null,
    density = false,
  } = readOptions<HistogramOptions>(caller, names, rest);
  const [a, counted] = promoteDTypesInexact(caller, x, weights ?? false);
  if (weights !== null && !sameShape(a.shape, counted.shape)) throw unfitWeights(counted, a.shape, caller);
  const edges = edgesOf(a, bins, range, caller);
  const zeros = lax.full([edges.size], 0, a.dtype);
  const each = weights === null ? 1 : counted;
  const counts = get(scatterUpdate(zeros, [binOf(a, edges, caller)], each, lax.scatterAdd, {}, caller), "1:");
  return [density ? lax.div(lax.div(counts, diff(edges)), sum(counts)) : counts, edges];
}

const unfitWeights = ({ shape }: ArrayValue, expected: readonly number[], caller: string): ShapeError =>
  new ShapeError(
    "numpy/weights",
    `${caller}: there is one weight for each point: expected shape ${showShape(expected)}, got ${showShape(shape)}`,
  );

export interface GridOptions {
  /** Bins of every axis, or a list with those of each; 10 by default. */
  bins?: Bins | readonly Bins[] | undefined;
  /** For each axis, what bins of equal width reach over; null: from the least to the greatest element. */
  range?: readonly (Bounds | null)[] | null | undefined;
  weights?: Operand | null | undefined;
  density?: boolean | undefined;
}
type GridRest = Optionals<
  [bins: Bins | readonly Bins[], range: readonly (Bounds | null)[] | null, weights: Operand | null],
  GridOptions
>;

/**
 * How many points are in each cell of a grid, and the edges of its bins along each axis.
 *
 * Shape: `[n, d] → [bins of each axis], d vectors`. Dtype: int32, or that of the weights; of a density, that of the points.
 * @throws ShapeError when points are no matrix, bins or ranges are of another number than its columns, or weights than its
 * rows. @see `jax.numpy.histogramdd`
 */
export function histogramdd(sample: Operand, ...rest: GridRest): [counts: ArrayValue, edges: ArrayValue[]] {
  const caller = "np.histogramdd";
  return grid(toArray(sample, caller), readOptions<GridOptions>(caller, names, rest), caller);
}

function grid(sample: ArrayValue, options: GridOptions, caller: string): [ArrayValue, ArrayValue[]] {
  const { bins = 10, range = null, weights = null, density = false } = options;
  const [points, counted] = promoteDTypesInexact(caller, sample, weights ?? false);
  const [n, axes] = points.shape;
  if (points.ndim !== 2)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: points are the rows of a matrix, got shape ${showShape(points.shape)}`,
    );
  if (weights !== null && !sameShape(counted.shape, [n!])) throw unfitWeights(counted, [n!], caller);
  const binsOf = Array.isArray(bins) ? (bins as readonly Bins[]) : upTo(axes!).map(() => bins as Bins);
  if (binsOf.length !== axes || (range !== null && range.length !== axes))
    throw new ShapeError(
      "numpy/bins",
      `${caller}: a list of bins, or of ranges, has one entry for each of ${axes} axes; got ${binsOf.length}${range === null ? "" : ` and ${range.length}`}`,
    );
  const columns = lax.unstack(points, 1);
  const edges = columns.map((x, i) => edgesOf(x, binsOf[i]!, range?.[i] ?? null, caller));
  // Beside the bins there is one more cell at either end, for what is out of bounds.
  const sizes = edges.map(({ size }) => size + 1);
  const cells = ravelMultiIndex(
    columns.map((x, i) => binOf(x, edges[i]!, caller)),
    sizes,
  );
  const all = bincount(cells, weights === null ? null : counted, { length: sizeOf(sizes) });
  const counts = get(lax.reshape(all, sizes), ...sizes.map(() => "1:-1"));
  if (!density) return [counts, edges];
  const total = cast(counts, points.dtype, false, caller);
  const widths = edges.map((edge, i) =>
    lax.broadcastInDim(diff(edge), counts.shape.map((size, j) => (i === j ? size : 1)), [i]),
  ); // prettier-ignore
  return [
    widths.reduce(
      (x, width) => lax.div(x, lax.broadcastInDim(width, x.shape, upTo(axes))),
      lax.div(total, sum(total)),
    ),
    edges,
  ];
}

/**
 * {@link histogramdd} of points in the plane.
 *
 * Shape: `[n], [n] → [bins, bins], [bins + 1], [bins + 1]`.
 * @throws ShapeError as there, and when `x` and `y` are no vectors of one size. @see `jax.numpy.histogram2d`
 */
export function histogram2d(
  x: Operand,
  y: Operand,
  ...rest: GridRest
): [counts: ArrayValue, xEdges: ArrayValue, yEdges: ArrayValue] {
  const caller = "np.histogram2d";
  const { bins = 10, ...options } = readOptions<GridOptions>(caller, names, rest);
  const [a, b] = promoteDTypes(caller, x, y);
  if (a.ndim !== 1 || !sameShape(a.shape, b.shape))
    throw new ShapeError(
      "numpy/rank",
      `${caller}: x and y are vectors of one size, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  const [counts, [xEdges, yEdges]] = grid(lax.stack([a, b], 1), { ...options, bins }, caller) as [
    ArrayValue,
    [ArrayValue, ArrayValue],
  ];
  return [counts, xEdges, yEdges];
}
