import { dtypeInfo } from "../core/dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "../core/float16.ts";
import { isPlainObject } from "../core/options.ts";
import type { NDArray } from "../core/value.ts";
import { arrayToJSON } from "./array-json.ts";

// Values as expressions of TypeScript.

/** Arrays with more elements are written as their bytes. */
const READABLE = 16;

export const numberText = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/** An identifier, or a quoted key. */
const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** Data of a param; null where it is none. */
export function dataText(value: unknown): string | null {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return `${value}n`;
  const join = (texts: readonly (string | null)[], open: string, close: string): string | null =>
    texts.includes(null) ? null : `${open}${texts.join(", ")}${close}`;
  if (Array.isArray(value)) return join(value.map(dataText), "[", "]");
  if (!isPlainObject(value)) return null;
  const entries = Object.entries(value).map(([key, item]) => {
    const text = dataText(item);
    return text && `${keyText(key)}: ${text}`;
  });
  return entries.length === 0 ? "{}" : join(entries, "{ ", " }");
}

/** The elements as numbers or booleans; null where TypeScript has no literal of theirs. */
export function elementsOf({ storage, dtype }: NDArray): (number | boolean)[] | null {
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "complex" || kind === "key" || kind === "float0" || bits === 64) return null;
  const decode = dtype === "float16" ? decodeFloat16 : dtype === "bfloat16" ? decodeBfloat16 : Number;
  return Array.from(storage as ArrayLike<number>, (x) => (kind === "bool" ? x === 1 : decode(x)));
}

function nested(elements: readonly string[], [size, ...rest]: readonly number[]): string {
  if (size === undefined) return elements[0]!;
  const step = elements.length / Math.max(size, 1);
  return `[${Array.from({ length: size }, (_, i) => nested(elements.slice(i * step, (i + 1) * step), rest)).join(", ")}]`;
}

/** An expression that makes exactly this array, of `np` or `inspect`. */
export function arrayText(x: NDArray): string {
  const elements = x.size <= READABLE && !x.shape.includes(0) ? elementsOf(x) : null;
  const weak = x.aval.weak;
  if (elements === null || (weak && x.ndim > 0)) return `inspect.arrayFromJSON(${dataText(arrayToJSON(x))})`;
  const texts = elements.map((element) =>
    typeof element === "number" ? numberText(element) : String(element),
  );
  if (!weak) return `np.array(${nested(texts, x.shape)}, { dtype: ${JSON.stringify(x.dtype)} })`;
  if (x.dtype === "float32") return `np.weak(${texts[0]}, "float")`;
  if (x.dtype === "int32") return `np.weak(${texts[0]}, "int")`;
  return `inspect.arrayFromJSON(${dataText(arrayToJSON(x))})`;
}
