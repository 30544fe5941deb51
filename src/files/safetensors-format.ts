import type { DType } from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";

/** Bits of an element, and what it is here; null for what there is no array of. In the order in which files are sorted. */
const formats = {
  BOOL: [8, "bool"],
  F4: [4, null],
  F6_E2M3: [6, null],
  F6_E3M2: [6, null],
  U8: [8, "uint8"],
  I8: [8, "int8"],
  F8_E5M2: [8, null],
  F8_E4M3: [8, null],
  F8_E8M0: [8, null],
  F8_E4M3FNUZ: [8, null],
  F8_E5M2FNUZ: [8, null],
  I16: [16, "int16"],
  U16: [16, "uint16"],
  F16: [16, "float16"],
  BF16: [16, "bfloat16"],
  I32: [32, "int32"],
  U32: [32, "uint32"],
  F32: [32, "float32"],
  C64: [64, "complex64"],
  F64: [64, "float64"],
  I64: [64, "int64"],
  U64: [64, "uint64"],
} as const satisfies Record<string, readonly [bits: number, dtype: DType | null]>;

/** The element types of the format. */
export type TensorDType = keyof typeof formats;
export const tensorDTypes = Object.keys(formats) as readonly TensorDType[];

export const isTensorDType = (name: string): name is TensorDType => Object.hasOwn(formats, name);

/** What an array of such elements is here; null where there is none. */
export const dtypeOf = (dtype: TensorDType): DType | null => formats[dtype][1];

/** Under which name the elements are written; undefined where the format has none. */
export const tensorDTypeOf = (dtype: DType): TensorDType | undefined =>
  tensorDTypes.find((name) => formats[name][1] === dtype);

/** Bytes of so many elements; null where they are no whole number, or too many to be counted. */
export function bytesOf(dtype: TensorDType, shape: Shape): number | null {
  let bits: number = formats[dtype][0];
  for (const size of shape) {
    bits *= size;
    if (!Number.isSafeInteger(bits)) return null;
  }
  return bits % 8 === 0 ? bits / 8 : null;
}

/** A tensor as the header has it; its bytes are those from `start` to `end` after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  /** Where the bytes of the tensors begin. */
  readonly dataStart: number;
}

/** The key that is no tensor. */
export const METADATA = "__metadata__";
/** Bytes of the length that a file begins with. */
export const LENGTH_BYTES = 8;
/** Longer headers are refused, as by the format's first reader. */
export const MAX_HEADER = 100_000_000;

/** Whether UTF-8 can say it: half of a pair is no character. */
export const isText = (string: string): boolean => !/\p{Surrogate}/u.test(string);

const MAX_SHOWN = 200;
/** A name from a file, for a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
