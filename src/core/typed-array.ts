import { HostBuffer } from "./backend.ts";
import { config } from "./config.ts";
import { allocate, canonicalDType, type DType, type TypedArray } from "./dtype.ts";
import { store } from "./scalar.ts";
import { avalOf, NDArray } from "./value.ts";

/** What holds numbers of one type in JavaScript; Node's Buffer, a Uint8Array, and Float16Array are among them. */
export type AnyTypedArray = TypedArray | Uint8ClampedArray;
export const isTypedArray = (x: unknown): x is AnyTypedArray =>
  ArrayBuffer.isView(x) && !(x instanceof DataView);

const dtypeOfTag: Readonly<Record<string, DType>> = {
  Int8Array: "int8",
  Int16Array: "int16",
  Int32Array: "int32",
  BigInt64Array: "int64",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Uint16Array: "uint16",
  Uint32Array: "uint32",
  BigUint64Array: "uint64",
  Float16Array: "float16",
  Float32Array: "float32",
  Float64Array: "float64",
};

/** A rank-1 array with a copy of the elements; 64-bit ones are narrowed unless `config.enableX64`. */
export function fromTypedArray(data: AnyTypedArray): NDArray {
  const own = dtypeOfTag[data[Symbol.toStringTag]]!;
  const dtype = canonicalDType(own);
  const storage = allocate(dtype, data.length);
  if (dtype === own && own !== "float16") storage.set(data as never);
  else for (let i = 0; i < data.length; i++) store(storage, dtype, i, narrowed(data[i]!));
  return new NDArray(avalOf([data.length], dtype), new HostBuffer(storage));
}

const narrowed = (value: number | bigint): number | bigint =>
  typeof value === "bigint" && !config.enableX64 ? Number(BigInt.asUintN(32, value)) : value;
