import { dtypeInfo, type DType, type TypedArray } from "../../../core/dtype.ts";
import { sizeOf } from "../../../core/shape.ts";
import type { Aval } from "../../../core/value.ts";
import { allocateNumbers, fromNumbers, toNumbers } from "../elementwise.ts";
import { complexVectors, realVectors, type Vectors } from "./vectors.ts";

/** Arrays of the last axes of an aval, one after the other: the sizes of one, and the numbers in doubles. */
export class Stack {
  readonly count: number;
  readonly lanes: 1 | 2;
  /** Doubles of one. */
  private readonly size: number;

  constructor(
    private readonly dtype: DType,
    private readonly data: Float64Array,
    count: number,
  ) {
    this.count = count;
    this.lanes = dtypeInfo[dtype].lanes;
    this.size = data.length / Math.max(count, 1);
  }
  static of(storage: TypedArray, { shape, dtype }: Aval, axes: number): Stack {
    return new Stack(dtype, new Float64Array(toNumbers(storage, dtype)), countOf(shape, axes));
  }
  static empty({ shape, dtype }: Aval, axes: number): Stack {
    const { lanes } = dtypeInfo[dtype];
    return new Stack(dtype, new Float64Array(sizeOf(shape) * lanes), countOf(shape, axes));
  }
  /** The one of a number; writing to it is writing to the stack. */
  at(i: number): Float64Array {
    return this.data.subarray(i * this.size, (i + 1) * this.size);
  }
  storage(): TypedArray {
    if (this.dtype === "float64") return this.data;
    const numbers = allocateNumbers(this.dtype, this.data.length / this.lanes);
    numbers.set(this.data);
    return fromNumbers(numbers, this.dtype);
  }
}

const countOf = (shape: readonly number[], axes: number): number =>
  sizeOf(shape.slice(0, shape.length - axes));

export const vectorsOf = (dtype: DType): Vectors =>
  dtypeInfo[dtype].lanes === 2 ? complexVectors : realVectors;
