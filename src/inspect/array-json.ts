import { HostBuffer } from "../core/backend.ts";
import { allocate, dtypeInfo, type TypedArray } from "../core/dtype.ts";
import { sizeOf } from "../core/shape.ts";
import { type Aval, NDArray } from "../core/value.ts";
import type { ArrayJSON, AvalJSON } from "./json-schema.ts";

export const avalToJSON = ({ shape, dtype, weak }: Aval): AvalJSON => ({ shape: [...shape], dtype, weak });

/** More arguments than this are too many for one call. */
const CHUNK = 2 ** 15;

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function toBase64(data: TypedArray): string {
  const bytes = bytesOf(data);
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

/** Every machine with a JavaScript engine is little-endian, so the storage itself is written. */
export const arrayToJSON = (x: NDArray): ArrayJSON => ({ ...avalToJSON(x.aval), data: toBase64(x.storage) });

/** The array; or what is wrong with its data. */
export function readArrayJSON({ shape, dtype, weak, data }: ArrayJSON): NDArray | string {
  let text: string;
  try {
    text = atob(data);
  } catch {
    return "expected base64";
  }
  const size = sizeOf(shape);
  // Looked at before memory is asked for: a shape is quickly written.
  const bytes = dtypeInfo[dtype].lanes * size * allocate(dtype, 0).BYTES_PER_ELEMENT;
  if (text.length !== bytes) return `expected ${bytes} bytes of ${dtype}, got ${text.length}`;
  const storage = allocate(dtype, size);
  const target = bytesOf(storage);
  for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i);
  if (dtype === "bool" && target.some((byte) => byte > 1)) return "expected booleans, 0 or 1";
  if (toBase64(storage) !== data) return "expected base64 as btoa writes it";
  return new NDArray({ shape, dtype, weak }, new HostBuffer(storage));
}
