import type { Type } from "../../compiler/kernel/expression.ts";

/** The bytes of lanes of two vectors; a short list is filled up with the last of them. */
export function lanesOf(order: readonly number[], type: Type): Uint8Array {
  const width = type === "i64" || type === "f64" ? 8 : 4;
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const lane = order[Math.min(Math.floor(i / width), order.length - 1)]!;
    // The second vector begins at byte 16, whatever the lanes in use.
    const [vector, own] = [Math.floor(lane / order.length), lane % order.length];
    bytes[i] = 16 * vector + own * width + (i % width);
  }
  return bytes;
}

/** The bytes of a vector of numbers; a true bool is all ones. */
export function lanesBytes(values: readonly (number | bigint)[], type: Type): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (type === "f32") view.setFloat32(4 * i, Number(value), true);
    else if (type === "f64") view.setFloat64(8 * i, Number(value), true);
    else if (type === "i64") view.setBigInt64(8 * i, BigInt(value), true);
    else view.setInt32(4 * i, type === "bool" ? -Number(Boolean(value)) : Number(value), true);
  });
  return bytes;
}
