import { HostBuffer } from "../core/backend.ts";
import { allocate, canonicalDType, type DType, toDType, type TypedArray } from "../core/dtype.ts";
import { FileError } from "../core/errors.ts";
import { checkSize, type Shape, sizeOf } from "../core/shape.ts";
import { fromTypedArray } from "../core/typed-array.ts";
import { avalOf, NDArray } from "../core/value.ts";

/**
 * An array whose bytes `read` fills in, as they are in memory.
 *
 * Dtype: `dtype`; without `config.enableX64`, 64-bit ones become their 32-bit kin, with a warning.
 * @throws FileError a boolean is neither 0 nor 1, or an integer does not fit in 32 bits; BackendError there is not enough memory.
 */
export function readElements(
  dtype: DType,
  shape: Shape,
  caller: string,
  read: (bytes: Uint8Array) => void,
): NDArray {
  checkSize(shape, caller);
  const storage = allocate(dtype, sizeOf(shape));
  const bytes = new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength);
  read(bytes);
  if (dtype === "bool" && bytes.some((byte) => byte > 1))
    throw new FileError("files/bool", `${caller} has booleans that are neither 0 nor 1`);
  return new NDArray(avalOf(shape, canonicalDType(dtype)), new HostBuffer(canonical(storage, dtype, caller)));
}

/** The elements as those of the dtype that stands for `dtype`. */
function canonical(storage: TypedArray, dtype: DType, caller: string): TypedArray {
  const narrow = toDType(dtype, caller);
  if (narrow === dtype) return storage;
  const narrowed = fromTypedArray(storage).storage;
  const lost = isBigints(storage) ? storage.findIndex((x, i) => x !== BigInt(narrowed[i]!)) : -1;
  if (lost < 0) return narrowed;
  throw new FileError(
    "files/range",
    `${caller}: element ${lost} is ${String(storage[lost])}, which is no ${narrow}: set config.enableX64 = true`,
  );
}

const isBigints = (storage: TypedArray): storage is BigInt64Array | BigUint64Array =>
  storage instanceof BigInt64Array || storage instanceof BigUint64Array;
