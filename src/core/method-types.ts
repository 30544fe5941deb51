import type { DTypeLike, TypedArray } from "./dtype.ts";
import type { Optionals } from "./options.ts";
import type { Slice } from "./slices.ts";
import type { ArrayValue, Operand } from "./value.ts";

/** An axis, several axes, or null for all; negative ones count from the end. */
export type Axis = number | readonly number[] | null;
export interface AxisOption {
  axis?: Axis | undefined;
}
export interface DTypeOption {
  /** Element type of the result. */
  dtype?: DTypeLike | null | undefined;
}
/** Sizes of the axes; a bare number is one axis. */
export type ShapeLike = number | readonly number[];

export interface ReduceOptions extends AxisOption {
  /** Whether reduced axes are kept with size 1. */
  keepdims?: boolean | undefined;
  /** Which elements take part; broadcasts to the array. */
  where?: Operand | null | undefined;
}
export interface ExtremeOptions extends ReduceOptions {
  /** Takes part too, so there may be no elements. */
  initial?: Operand | null | undefined;
}
export interface SumOptions extends ExtremeOptions, DTypeOption {
  /** Whether integers narrower than 32 bits become int32 or uint32, as they do by default. */
  promoteIntegers?: boolean | undefined;
}
export interface MeanOptions extends ReduceOptions, DTypeOption {}
export interface VarOptions extends MeanOptions {
  /** What is subtracted from the number of elements before dividing by it; 0 by default. */
  ddof?: number | undefined;
  /** `ddof` under the array API's name. */
  correction?: Operand | undefined;
  /** The mean, where it is known already, with reduced axes kept. */
  mean?: Operand | null | undefined;
}
export interface ArgOptions {
  /** The axis to search; by default the array is flattened. */
  axis?: number | null | undefined;
  keepdims?: boolean | undefined;
}
export interface CumulativeOptions extends DTypeOption {
  /** The axis to go along; by default the array is flattened. */
  axis?: number | null | undefined;
}
export interface SortOptions {
  /** The last axis by default; null flattens. */
  axis?: number | null | undefined;
  /** Whether equal elements keep their order, as they do by default. */
  stable?: boolean | undefined;
  /** Largest first. */
  descending?: boolean | undefined;
}
export interface ArgsortOptions extends SortOptions {
  /** Dtype of the indices; int32 by default. */
  dtype?: DTypeLike | null | undefined;
}
export interface ClipOptions {
  min?: Operand | null | undefined;
  max?: Operand | null | undefined;
}
export interface RepeatOptions {
  /** The axis along which elements are repeated; by default the array is flattened. */
  axis?: number | null | undefined;
  /** Size of the result on that axis, which makes traced counts possible: more is cut off, less filled with the last. */
  totalRepeatLength?: number | null | undefined;
}
/** How `take` deals with indices out of bounds. */
export type TakeMode = "fill" | "clip" | "wrap";
export interface TakeOptions {
  /** The axis that is indexed; by default the array is flattened. */
  axis?: number | null | undefined;
  /** `fill` (the default) gives `fillValue` where an index is out of bounds, `clip` the nearest element, `wrap` counts on. */
  mode?: TakeMode | null | undefined;
  uniqueIndices?: boolean | undefined;
  indicesAreSorted?: boolean | undefined;
  /** For `fill`; by default NaN, the least integer, or the greatest unsigned one. */
  fillValue?: number | bigint | boolean | null | undefined;
}
type PrecisionName = "default" | "high" | "highest";
export interface DotOptions {
  /** How exactly to multiply, where a backend has a choice. */
  precision?: PrecisionName | readonly [lhs: PrecisionName, rhs: PrecisionName] | null | undefined;
  /** The dtype to add up in, and of the result; by default the promoted one. */
  preferredElementType?: DTypeLike | null | undefined;
}

/** What happens to indices out of bounds: see {@link GetOptions} and {@link UpdateOptions}. */
export type IndexMode = "clip" | "fill" | "drop" | "promise_in_bounds" | null;
interface IndexHints {
  indicesAreSorted?: boolean | undefined;
  uniqueIndices?: boolean | undefined;
  /** Whether negative indices count from the end, as they do by default. */
  wrapNegativeIndices?: boolean | undefined;
}
export interface GetOptions extends IndexHints {
  /**
   * What is taken for an index out of bounds: with `clip` the nearest element, with `fill` the `fillValue`. By default
   * they are promised to be in bounds, and are clipped.
   */
  mode?: IndexMode | undefined;
  /** For `fill`; by default NaN, the least integer, or the greatest unsigned one. */
  fillValue?: number | bigint | boolean | null | undefined;
}
/** Options of an update at indices. */
export interface UpdateOptions extends IndexHints {
  /** What becomes of updates out of bounds: `drop` (the default) or `clip`, which moves them to the nearest element. */
  mode?: IndexMode | undefined;
}

/** Lists in lists of integers or booleans. */
export type IndexList = readonly (number | boolean | ArrayValue | IndexList)[];
/**
 * One index of `x.get(…)` and `x.at(…)`: an integer, a slice (`"1:"`, `np.s(1)`), `null` for a new axis, `"..."` for the
 * rest, a list or array of integers, or a boolean array as a mask.
 */
export type Index = number | boolean | string | null | Slice | ArrayValue | TypedArray | IndexList;

/**
 * Part of an array, to be read or replaced: `x.at(…)`. Each method returns a new array; `x` is as it was.
 *
 * The values broadcast to the shape of the part. Several updates of one element: `add`, `multiply`, `min` and `max` apply
 * all of them; of `set`, which one is last is not defined.
 * @see `jax.numpy.ndarray.at`
 */
export interface IndexedPart {
  /** The part itself. @throws as `x.get`. */
  get(options?: GetOptions): ArrayValue;
  /** With `values` in place of the part. */
  set(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With `values` added to the part. */
  add(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With `values` subtracted from the part. */
  subtract(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With the part multiplied by `values`. */
  multiply(values: Operand, options?: UpdateOptions): ArrayValue;
  /** {@link multiply} */
  mul(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With the part divided by `values`. */
  divide(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With the part to the power `values`. */
  power(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With the lesser of the part and `values`. */
  min(values: Operand, options?: UpdateOptions): ArrayValue;
  /** With the greater of the part and `values`. */
  max(values: Operand, options?: UpdateOptions): ArrayValue;
}

/** A complex number as it leaves an array, and as `np.array` takes it. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}
/** What one element of an array is in JavaScript: a bigint for int64 and uint64, otherwise a number or a boolean. */
export type Element = number | bigint | boolean | Complex;
/** The elements of an array as lists in lists; of a rank-0 array, its element. */
export type Elements = Element | Elements[];

// The methods are those of np, with the array as first argument; numpy/methods.ts installs them.
declare module "./value.ts" {
  interface ArrayValue {
    /** `this + y` */
    add(y: Operand): ArrayValue;
    /** `this − y` */
    subtract(y: Operand): ArrayValue;
    /** {@link subtract} */
    sub(y: Operand): ArrayValue;
    /** `this · y`, elementwise */
    multiply(y: Operand): ArrayValue;
    /** {@link multiply} */
    mul(y: Operand): ArrayValue;
    /** `this / y` */
    divide(y: Operand): ArrayValue;
    /** {@link divide} */
    div(y: Operand): ArrayValue;
    /** `this / y` rounded down */
    floorDivide(y: Operand): ArrayValue;
    /** The remainder of {@link floorDivide}, with the sign of `y` */
    mod(y: Operand): ArrayValue;
    /** `this` to the power `y` */
    pow(y: Operand): ArrayValue;
    /** `−this` */
    neg(): ArrayValue;
    /** `|this|` */
    abs(): ArrayValue;
    /** The greater of `this` and `y`, elementwise */
    maximum(y: Operand): ArrayValue;
    /** The lesser of `this` and `y`, elementwise */
    minimum(y: Operand): ArrayValue;

    exp(): ArrayValue;
    log(): ArrayValue;
    sqrt(): ArrayValue;
    square(): ArrayValue;
    reciprocal(): ArrayValue;
    sign(): ArrayValue;
    floor(): ArrayValue;
    ceil(): ArrayValue;
    sin(): ArrayValue;
    cos(): ArrayValue;
    tan(): ArrayValue;
    tanh(): ArrayValue;
    /** Rounded to a number of decimals, halves to even */
    round(...rest: Optionals<[decimals: number], { decimals?: number | undefined }>): ArrayValue;
    /** Between two limits */
    clip(...rest: Optionals<[min: Operand | null, max: Operand | null], ClipOptions>): ArrayValue;
    /** The complex conjugate */
    conj(): ArrayValue;
    /** The real part */
    readonly real: ArrayValue;
    /** The imaginary part; 0 of real numbers */
    readonly imag: ArrayValue;

    /** Whether elements equal those of `y` */
    equal(y: Operand): ArrayValue;
    /** Whether elements differ from those of `y` */
    notEqual(y: Operand): ArrayValue;
    /** `this < y` */
    less(y: Operand): ArrayValue;
    /** `this ≤ y` */
    lessEqual(y: Operand): ArrayValue;
    /** `this > y` */
    greater(y: Operand): ArrayValue;
    /** `this ≥ y` */
    greaterEqual(y: Operand): ArrayValue;
    /** Whether both are not 0 */
    logicalAnd(y: Operand): ArrayValue;
    /** Whether one is not 0 */
    logicalOr(y: Operand): ArrayValue;
    /** Whether elements are 0 */
    logicalNot(): ArrayValue;

    /** The product of matrices. Shape: `[…s, n, k], […s, k, m] → […s, n, m]` */
    matmul(y: Operand, options?: DotOptions): ArrayValue;
    /** Sums of products over the last axis of `this` and the last but one of `y` */
    dot(y: Operand, options?: DotOptions): ArrayValue;

    /** The sum of elements, over all axes or those named */
    sum(...rest: Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], SumOptions>): ArrayValue;
    /** The product of elements */
    prod(
      ...rest: Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], SumOptions>
    ): ArrayValue;
    /** The mean of elements */
    mean(
      ...rest: Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], MeanOptions>
    ): ArrayValue;
    /** The variance of elements */
    var(
      ...rest: Optionals<[axis: Axis, dtype: DTypeLike | null, ddof: number, keepdims: boolean], VarOptions>
    ): ArrayValue;
    /** The standard deviation of elements */
    std(
      ...rest: Optionals<[axis: Axis, dtype: DTypeLike | null, ddof: number, keepdims: boolean], VarOptions>
    ): ArrayValue;
    /** The greatest element */
    max(...rest: Optionals<[axis: Axis, keepdims: boolean], ExtremeOptions>): ArrayValue;
    /** The least element */
    min(...rest: Optionals<[axis: Axis, keepdims: boolean], ExtremeOptions>): ArrayValue;
    /** Where the greatest element is */
    argmax(...rest: Optionals<[axis: number | null, keepdims: boolean], ArgOptions>): ArrayValue;
    /** Where the least element is */
    argmin(...rest: Optionals<[axis: number | null, keepdims: boolean], ArgOptions>): ArrayValue;
    /** Whether all elements are not 0 */
    all(...rest: Optionals<[axis: Axis, keepdims: boolean], ReduceOptions>): ArrayValue;
    /** Whether an element is not 0 */
    any(...rest: Optionals<[axis: Axis, keepdims: boolean], ReduceOptions>): ArrayValue;
    /** Sums of the elements so far */
    cumsum(...rest: Optionals<[axis: number | null, dtype: DTypeLike | null], CumulativeOptions>): ArrayValue;
    /** Products of the elements so far */
    cumprod(
      ...rest: Optionals<[axis: number | null, dtype: DTypeLike | null], CumulativeOptions>
    ): ArrayValue;

    /** The elements in another shape, given as a list or as arguments; one size may be -1 */
    reshape(...shape: readonly number[] | readonly [shape: ShapeLike]): ArrayValue;
    /** The elements row by row */
    ravel(): ArrayValue;
    /** {@link ravel} */
    flatten(): ArrayValue;
    /** The axes in another order, by default reversed */
    transpose(...axes: readonly number[] | readonly [axes: readonly number[] | null]): ArrayValue;
    /** The axes reversed */
    readonly T: ArrayValue;
    /** The last two axes exchanged */
    readonly mT: ArrayValue;
    /** Two axes exchanged */
    swapaxes(axis1: number, axis2: number): ArrayValue;
    /** Without axes of size 1 */
    squeeze(...rest: Optionals<[axis: Axis], AxisOption>): ArrayValue;
    /** Each element repeated */
    repeat(
      repeats: number | readonly number[] | ArrayValue,
      ...rest: Optionals<[axis: number | null], RepeatOptions>
    ): ArrayValue;
    /** The elements in order along an axis */
    sort(...rest: Optionals<[axis: number | null], SortOptions>): ArrayValue;
    /** Where the elements of {@link sort} come from */
    argsort(...rest: Optionals<[axis: number | null], ArgsortOptions>): ArrayValue;

    /** NumPy's `this[…]`: integers, slices as strings (`"1:"`), `null`, `"..."`, lists, arrays, masks */
    get(...indices: readonly Index[]): ArrayValue;
    /** The part that indices name, for updates: `x.at(0).set(1)` */
    at(...indices: readonly Index[]): IndexedPart;
    /** The elements at `indices` along an axis */
    take(indices: Operand, ...rest: Optionals<[axis: number | null], TakeOptions>): ArrayValue;
    /** The elements as another dtype */
    astype(dtype: DTypeLike): ArrayValue;

    /**
     * The only element, as a number, bigint, boolean or complex number.
     * @throws ShapeError when there are several or none; ConcretizationError when traced.
     */
    item(): Element;
    /** The elements as lists in lists. @throws ConcretizationError when traced. */
    toList(): Elements;
    /** {@link toList} under NumPy's name */
    tolist(): Elements;
    /**
     * A copy of the elements, row by row: 0 and 1 for booleans, values for float16 and bfloat16, re and im in turn for
     * complex64.
     * @throws ConcretizationError when traced; BackendError when the backend cannot read at once: use `await x.read()`.
     */
    readonly data: TypedArray;
    /** {@link data} once it is there, on any backend. */
    read(): Promise<TypedArray>;
    /**
     * Whether the only element is not 0. An array itself is always true to JavaScript.
     * @throws ShapeError when there are several or none; ConcretizationError when traced.
     */
    toBool(): boolean;
    /** The elements in NumPy's notation */
    toString(): string;
    /** The elements as lists in lists, for `JSON.stringify` */
    toJSON(): Elements;
    /** The parts along axis 0. @throws ShapeError on a scalar. */
    [Symbol.iterator](): Iterator<ArrayValue>;
    /** The only element as a number, or the text. @throws as {@link item}. */
    [Symbol.toPrimitive](hint: string): number | string;
  }
}
