import { allocate, type DType, dtypeInfo, isBigint, kindOf, type TypedArray } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../../core/float16.ts";
import { sameShape, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { Kernel, Lower } from "../lowering.ts";

/** Storage of plain numbers: what most loops work on. */
export type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;
type Bigints = BigInt64Array | BigUint64Array;

type NumberFunction = (...xs: number[]) => number;
type BigintFunction = (...xs: bigint[]) => bigint | number;
/** Takes both slots of each operand; leaves those of the result, or a plain result in the first, in `complexResult`. */
type ComplexFunction = (...parts: number[]) => void;
export const complexResult = new Float64Array(2);

/** What an elementwise primitive does to one element, by the kind of its first operand. */
export interface ElementFunctions {
  /** float16 … float64, on doubles; the result is rounded to the dtype. */
  readonly float?: NumberFunction;
  /** float32 where it must be XLA's own algorithm rather than the rounded double. */
  readonly float32?: NumberFunction;
  /** 8 to 32 bits, and bool; the result wraps to the dtype. Uses `float` if absent. */
  readonly int?: NumberFunction;
  /** 64 bits; the result wraps. */
  readonly bigint?: BigintFunction;
  /** complex64, and keys: what has two slots. */
  readonly complex?: ComplexFunction;
}

/** The elements as numbers: f16 and bf16 are decoded, all else is as it is. */
export function toNumbers(storage: TypedArray, dtype: DType): Numbers {
  if (dtype !== "float16" && dtype !== "bfloat16") return storage as Numbers;
  const decode = dtype === "float16" ? decodeFloat16 : decodeBfloat16;
  const out = new Float32Array(storage.length);
  for (let i = 0; i < out.length; i++) out[i] = decode((storage as Uint16Array)[i]!);
  return out;
}

/** Where loops write numbers that will be of `dtype`: doubles for f16 and bf16, which are rounded once by `fromNumbers`. */
export const allocateNumbers = (dtype: DType, size: number): Numbers =>
  dtype === "float16" || dtype === "bfloat16" ? new Float64Array(size) : (allocate(dtype, size) as Numbers);

/** The inverse of `toNumbers`. */
export function fromNumbers(numbers: Numbers, dtype: DType): TypedArray {
  if (dtype !== "float16" && dtype !== "bfloat16") return numbers;
  const encode = dtype === "float16" ? encodeFloat16 : encodeBfloat16;
  const out = new Uint16Array(numbers.length);
  for (let i = 0; i < out.length; i++) out[i] = encode(numbers[i]!);
  return out;
}

/** Position in an operand of each element of the output. */
function broadcastIndex(shape: Shape, out: Shape): Int32Array {
  const strides = stridesOf(shape);
  let index = new Int32Array(1);
  for (let axis = 0; axis < out.length; axis++) {
    const size = out[axis]!;
    const stride = shape[axis] === 1 ? 0 : strides[axis]!;
    const next = new Int32Array(index.length * size);
    for (let i = 0; i < next.length; i++) next[i] = index[Math.floor(i / size)]! + (i % size) * stride;
    index = next;
  }
  return index;
}

/** Repeats elements of an operand to where the output has them. An operand of one element stays so. */
export function spreader({ shape, dtype }: Aval, out: Shape): (storage: TypedArray) => TypedArray {
  if (sameShape(shape, out) || sizeOf(shape) === 1) return (storage) => storage;
  const index = broadcastIndex(shape, out);
  const { lanes } = dtypeInfo[dtype];
  return (storage) => {
    const wide = allocate(dtype, index.length) as Numbers;
    const narrow = storage as Numbers;
    if (lanes === 1) for (let i = 0; i < wide.length; i++) wide[i] = narrow[index[i]!]!;
    else for (let i = 0; i < wide.length; i++) wide[i] = narrow[2 * index[i >> 1]! + (i & 1)]!;
    return wide;
  };
}

// The loops: result[i] = f(x[i], …), where an operand of one element serves every i.

function mapNumbers(f: NumberFunction, result: Numbers, [x, y, z]: readonly Numbers[]): void {
  const n = result.length;
  const step = (operand: Numbers) => (operand.length === 1 ? 0 : 1);
  if (y === undefined) for (let i = 0, s = step(x!); i < n; i++) result[i] = f(x![i * s]!);
  else if (z === undefined)
    for (let i = 0, s = step(x!), t = step(y); i < n; i++) result[i] = f(x![i * s]!, y[i * t]!);
  else
    for (let i = 0, s = step(x!), t = step(y), u = step(z); i < n; i++)
      result[i] = f(x![i * s]!, y[i * t]!, z[i * u]!);
}

function mapBigints(f: BigintFunction, result: TypedArray, operands: readonly Bigints[]): void {
  const steps = operands.map((operand) => (operand.length === 1 ? 0 : 1));
  // A function gives bigints for a 64-bit result and numbers for any other.
  const out = result as unknown as (bigint | number)[];
  for (let i = 0; i < result.length; i++)
    out[i] = f(...operands.map((operand, k) => operand[i * steps[k]!]!));
}

function mapComplex(f: ComplexFunction, result: Numbers, lanes: 1 | 2, [x, y, z]: readonly Numbers[]): void {
  const step = (operand: Numbers) => (operand.length === 2 ? 0 : 2);
  const [s, t, u] = [step(x!), y ? step(y) : 0, z ? step(z) : 0];
  for (let i = 0; i * lanes < result.length; i++) {
    if (y === undefined) f(x![i * s]!, x![i * s + 1]!);
    else if (z === undefined) f(x![i * s]!, x![i * s + 1]!, y[i * t]!, y[i * t + 1]!);
    else f(x![i * s]!, x![i * s + 1]!, y[i * t]!, y[i * t + 1]!, z[i * u]!, z[i * u + 1]!);
    result[i * lanes] = complexResult[0]!;
    if (lanes === 2) result[2 * i + 1] = complexResult[1]!;
  }
}

function numberFunction(functions: ElementFunctions, dtype: DType): NumberFunction | undefined {
  if (kindOf(dtype) !== "float") return functions.int ?? functions.float;
  return (dtype === "float32" ? functions.float32 : undefined) ?? functions.float;
}

/**
 * Lowering of an elementwise primitive from what it does to one element: functions by kind of dtype, which may depend
 * on the params and on the dtype of the first operand.
 */
export function elementwise<P extends object>(
  name: string,
  functions: ElementFunctions | ((params: P, dtype: DType) => ElementFunctions),
): Lower<P> {
  return (params, avals, [out]): Kernel => {
    const { dtype } = avals[0]!;
    const { bigint, complex, ...numbers } =
      typeof functions === "function" ? functions(params, dtype) : functions;
    const size = sizeOf(out!.shape);
    const { lanes } = dtypeInfo[out!.dtype];
    const spread = avals.map((aval) => spreader(aval, out!.shape));
    const spreadAll = (operands: readonly TypedArray[]) => operands.map((x, i) => spread[i]!(x));
    if (isBigint(dtype) && bigint) {
      return (operands) => {
        const result = allocate(out!.dtype, size);
        mapBigints(bigint, result, spreadAll(operands) as Bigints[]);
        return [result];
      };
    }
    if (dtypeInfo[dtype].lanes === 2 && complex) {
      return (operands) => {
        const result = allocate(out!.dtype, size) as Numbers;
        mapComplex(complex, result, lanes, spreadAll(operands) as Numbers[]);
        return [result];
      };
    }
    const f = isBigint(dtype) || dtypeInfo[dtype].lanes === 2 ? undefined : numberFunction(numbers, dtype);
    if (f === undefined)
      throw new BackendError("backend/dtype", `the reference backend has no ${name} for dtype ${dtype}`);
    return (operands) => {
      const result = allocateNumbers(out!.dtype, size);
      mapNumbers(
        f,
        result,
        spreadAll(operands).map((x, i) => toNumbers(x, avals[i]!.dtype)),
      );
      return [fromNumbers(result, out!.dtype)];
    };
  };
}
