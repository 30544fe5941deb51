import { allocate, dtypeInfo, isComplex, isFloat, type TypedArray } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { SortParams, TopKParams } from "../../lax/sort.ts";
import type { Lower, LoweringTable } from "../lowering.ts";
import { rowsOf } from "./cumulative.ts";
import { toNumbers } from "./elementwise.ts";

type Comparator = (i: number, j: number) => number;
type Elements = ArrayLike<number | bigint>;

/** Ascending; NaNs last and equal, as are 0 and -0. `of` is the slot of element `i`. */
const ascending =
  (x: Elements, of: (i: number) => number): Comparator =>
  (i, j) => {
    const [a, b] = [x[of(i)]!, x[of(j)]!];
    if (a < b) return -1;
    if (a > b) return 1;
    return a === b ? 0 : Number(a !== a) - Number(b !== b);
  };

/** Compares elements by the keys, one after the other; complex ones by real, then by imaginary part. */
function comparatorOf(keys: readonly TypedArray[], avals: readonly Aval[]): Comparator {
  const comparators = keys.flatMap((key, k): Comparator[] => {
    const { dtype } = avals[k]!;
    if (isComplex(dtype)) return [ascending(key, (i) => 2 * i), ascending(key, (i) => 2 * i + 1)];
    return [ascending(toNumbers(key, dtype), (i) => i)];
  });
  const [only] = comparators;
  if (comparators.length === 1) return only!;
  return (i, j) => {
    for (const compare of comparators) {
      const order = compare(i, j);
      if (order !== 0) return order;
    }
    return 0;
  };
}

const sort: Lower<SortParams> = ({ dimension, numKeys }, avals) => {
  const { shape } = avals[0]!;
  const { starts, count, stride } = rowsOf(shape, dimension);
  const size = sizeOf(shape);
  // The sort of typed arrays tells -0 from 0, so it serves only where there is neither.
  const plain =
    avals.length === 1 && stride === 1 && !isComplex(avals[0]!.dtype) && !isFloat(avals[0]!.dtype);
  return (operands) => {
    if (plain) {
      const out = operands[0]!.slice();
      for (const start of starts) out.subarray(start, start + count).sort();
      return [out];
    }
    const compare = comparatorOf(operands.slice(0, numKeys), avals);
    const outs = avals.map(({ dtype }) => allocate(dtype, size));
    const order = new Int32Array(count);
    for (const start of starts) {
      for (let k = 0; k < count; k++) order[k] = start + k * stride;
      order.sort(compare);
      outs.forEach((out, i) =>
        permute(operands[i]!, out, order, start, stride, dtypeInfo[avals[i]!.dtype].lanes),
      );
    }
    return outs;
  };
};

/** Element `start + k · stride` of `out` becomes element `order[k]` of `x`. */
function permute(
  x: TypedArray,
  out: TypedArray,
  order: Int32Array,
  start: number,
  stride: number,
  lanes: 1 | 2,
): void {
  for (let k = 0; k < order.length; k++) {
    const to = lanes * (start + k * stride);
    const from = lanes * order[k]!;
    for (let lane = 0; lane < lanes; lane++) out[to + lane] = x[from + lane]!;
  }
}

const topK: Lower<TopKParams> = ({ k, axis }, [x]) => {
  const { shape, dtype } = x!;
  const rows = rowsOf(shape, axis);
  const outRows = rowsOf(shape.with(axis, k), axis);
  const size = outRows.starts.length * k;
  return ([data]) => {
    const numbers: Elements = toNumbers(data!, dtype);
    const values = allocate(dtype, size);
    const indices = new Int32Array(size);
    const order = new Int32Array(rows.count);
    rows.starts.forEach((start, row) => {
      for (let i = 0; i < rows.count; i++) order[i] = i;
      // The sort is stable: of equal elements the first leads.
      order.sort((i, j) => descending(numbers[start + i * rows.stride]!, numbers[start + j * rows.stride]!));
      for (let i = 0, to = outRows.starts[row]!; i < k; i++, to += outRows.stride) {
        indices[to] = order[i]!;
        values[to] = data![start + order[i]! * rows.stride]!;
      }
    });
    return [values, indices];
  };
};

/** NaNs first, 0 before -0. */
function descending(a: number | bigint, b: number | bigint): number {
  if (a > b) return -1;
  if (a < b) return 1;
  if (a !== b) return Number(b !== b) - Number(a !== a);
  return a === 0 ? Number(Object.is(a, -0)) - Number(Object.is(b, -0)) : 0;
}

export const sorting = { sort, top_k: topK } satisfies Partial<LoweringTable>;
