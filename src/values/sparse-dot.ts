import { dtypeInfo, isFloat } from "../core/dtype.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, type Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import {
  addTo,
  column,
  type Coordinates,
  entriesOf,
  groups,
  guarded,
  joined,
  sparser,
  together,
} from "./coordinates.ts";

type DotParams = ParamsOf<typeof lax.dotGeneral>;

/** Which axes of an operand are paired with the other's, batch axes first, and which are its own. */
interface Axes {
  readonly batch: readonly number[];
  readonly contract: readonly number[];
  readonly free: readonly number[];
}
function axesOf(rank: number, { dimensionNumbers: [contract, batch] }: DotParams, side: 0 | 1): Axes {
  const paired = [...batch[side], ...contract[side]];
  return {
    batch: batch[side],
    contract: contract[side],
    free: range(rank).filter((axis) => !paired.includes(axis)),
  };
}

const columnsAt = (x: Coordinates, axes: readonly number[]): ArrayValue[] =>
  axes.map((axis) => column(x, axis));
const sizesAt = (x: Coordinates, axes: readonly number[]): Shape => axes.map((axis) => x.sizes[axis]!);
const converted = (x: ArrayValue, dtype: ArrayValue["dtype"]): ArrayValue =>
  x.dtype === dtype ? x : lax.convertElementType(x, dtype);

/** For each entry of `x` the elements of `y` at its place on the paired axes. Shape: `[nse, …free axes of y]`. */
function rowsOfDense(x: Coordinates, ofX: Axes, y: ArrayValue, ofY: Axes): ArrayValue {
  const paired = [...ofY.batch, ...ofY.contract];
  const indices = joined(columnsAt(x, [...ofX.batch, ...ofX.contract]), x);
  return lax.gather(
    y,
    indices,
    {
      offsetDims: range(ofY.free.length, 1),
      collapsedSliceDims: paired.toSorted((a, b) => a - b),
      startIndexMap: paired,
    },
    y.shape.map((size, axis) => (paired.includes(axis) ? Math.min(size, 1) : size)),
    { mode: "fill", fillValue: 0 },
  );
}

/** The same of a sparse `y`: its entries are summed by their place on the paired axes, which are few. */
function rowsOfSparse(x: Coordinates, ofX: Axes, y: Coordinates, ofY: Axes): ArrayValue {
  const keys = (e: Coordinates, { batch, contract }: Axes): Coordinates => {
    const axes = [...batch, ...contract];
    return { ...e, indices: joined(columnsAt(e, axes), e), sizes: sizesAt(e, axes) };
  };
  const both = together(keys(x, ofX), keys(y, ofY));
  const ids = groups(both);
  const [nx, count] = [entriesOf(x), entriesOf(both)];
  const [idsOfX, idsOfY] = [lax.sliceInDim(ids, 0, nx), lax.sliceInDim(ids, nx, count)];
  const sizes = [count, ...sizesAt(y, ofY.free)];
  const indices = joined([idsOfY, ...columnsAt(y, ofY.free)], y);
  const table = addTo(lax.fullLike(y.values, 0, { shape: sizes }), { ...y, indices, sizes });
  const wanted = { ...x, indices: joined([idsOfX], x), sizes: [count] };
  const only = { batch: [], contract: [0], free: [] };
  return rowsOfDense(wanted, only, table, { ...only, free: range(sizes.length - 1, 1) });
}

/**
 * The product of a sparse array with another one, for any contracted and batch axes: every entry is multiplied by the
 * elements that it meets, and the products are added where they belong. `x` is the left operand if `xIsLeft`.
 *
 * Shape and dtype: those of `dot_general`, given as `shape` and `dtype`. Sums of f16 and bf16 are rounded once, at the end.
 */
export function sparseDot(
  given: Coordinates,
  y: ArrayValue | Coordinates,
  params: DotParams,
  dtype: ArrayValue["dtype"],
  xIsLeft: boolean,
): ArrayValue {
  const working = isFloat(dtype) && dtypeInfo[dtype].bits < 32 ? "float32" : dtype;
  const all = sparser(given, 0);
  const x = { ...all, values: converted(guarded(all), working) };
  const ofX = axesOf(x.sizes.length, params, xIsLeft ? 0 : 1);
  let rows: ArrayValue;
  let free: Shape;
  if ("sizes" in y) {
    const flat = sparser(y, 0);
    const ofY = axesOf(flat.sizes.length, params, xIsLeft ? 1 : 0);
    rows = rowsOfSparse(x, ofX, { ...flat, values: converted(flat.values, working) }, ofY);
    free = sizesAt(flat, ofY.free);
  } else {
    const ofY = axesOf(y.ndim, params, xIsLeft ? 1 : 0);
    rows = converted(rowsOfDense(x, ofX, y, ofY), working);
    free = ofY.free.map((axis) => y.shape[axis]!);
  }
  const own = [...ofX.batch, ...ofX.free];
  const products = lax.mul(rows, lax.broadcastInDim(x.values, rows.shape, [0]));
  const sizes = sizesAt(x, own);
  const out = lax.scatterAdd.bind(
    [lax.full([...sizes, ...free], 0, working), joined(columnsAt(x, own), x), products],
    {
      dimensionNumbers: {
        updateWindowDims: range(free.length, 1),
        insertedWindowDims: range(own.length),
        scatterDimsToOperandDims: range(own.length),
        operandBatchingDims: [],
        scatterIndicesBatchingDims: [],
      },
      indicesAreSorted: false,
      uniqueIndices: false,
      mode: "fill",
    },
  )[0]!;
  const shared = ofX.batch.length;
  const ordered = xIsLeft
    ? out
    : lax.transpose(out, [
        ...range(shared),
        ...range(free.length, own.length),
        ...range(own.length - shared, shared),
      ]);
  return converted(ordered, dtype);
}
