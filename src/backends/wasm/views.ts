import { type DType, dtypeInfo, type TypedArray } from "../../core/dtype.ts";

/** The memory as arrays of each element type. */
export interface Views {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** What is stored: f16 and bf16 are `u16`, booleans `u8`. */
export type Element = keyof Views;

/** By name, which is the same in every realm and for subclasses, such as Node's Buffer. */
const elements = {
  Uint8Array: "u8",
  Int8Array: "i8",
  Uint16Array: "u16",
  Int16Array: "i16",
  Uint32Array: "u32",
  Int32Array: "i32",
  BigUint64Array: "u64",
  BigInt64Array: "i64",
  Float32Array: "f32",
  Float64Array: "f64",
} as const satisfies Record<TypedArray[typeof Symbol.toStringTag], Element>;

/** The element type of `data`. */
export const elementOf = (data: TypedArray): Element => elements[data[Symbol.toStringTag]];

/** The element type in which arrays of a dtype are stored; complex numbers and keys take two elements each. */
export const elementOfDType = (dtype: DType): Element =>
  elements[dtypeInfo[dtype].storage.name as keyof typeof elements];

/** Views of all of `buffer`. */
export const viewsOf = (buffer: ArrayBuffer | SharedArrayBuffer): Views => ({
  u8: new Uint8Array(buffer),
  i8: new Int8Array(buffer),
  u16: new Uint16Array(buffer),
  i16: new Int16Array(buffer),
  u32: new Uint32Array(buffer),
  i32: new Int32Array(buffer),
  u64: new BigUint64Array(buffer),
  i64: new BigInt64Array(buffer),
  f32: new Float32Array(buffer),
  f64: new Float64Array(buffer),
});

/** A copy of `length` elements of `view` from `address` on, in ordinary memory. */
export function copiedOut(view: TypedArray, address: number, length: number): TypedArray {
  const start = address / view.BYTES_PER_ELEMENT;
  return view.slice(start, start + length);
}

/** Copies `data` into `view`, its elements being of the same type. */
export function copyIn(view: TypedArray, address: number, data: TypedArray): void {
  (view as Float64Array).set(data as Float64Array, address / view.BYTES_PER_ELEMENT);
}
