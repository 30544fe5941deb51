import { dtypeInfo } from "./dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "./float16.ts";
import { ArrayValue, type NDArray, showAval } from "./value.ts";

/** `x` as Python's `repr` of a float: `1.0`, `1e-05`, `inf`. */
export function pythonFloat(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const [digits, exponent] = x.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (x !== 0 && (power < -4 || power >= 16))
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const text = Object.is(x, -0) ? "-0" : String(x);
  return Number.isInteger(x) ? `${text}.0` : text;
}

/** As Python's `repr` of a complex number: `(1+2j)`, `2j`. */
export function pythonComplex(re: number, im: number): string {
  const [real, imaginary] = [re, im].map((part) => pythonFloat(part).replace(/\.0$/, "")) as [string, string];
  if (Object.is(re, 0)) return `${imaginary}j`;
  return `(${real}${imaginary.startsWith("-") ? "" : "+"}${imaginary}j)`;
}

/** The number that a rank-0 array holds, as Python prints it. */
export function pythonScalar({ storage, dtype }: NDArray): string {
  const element = storage[0]!;
  switch (dtypeInfo[dtype].kind) {
    case "bool":
      return element ? "True" : "False";
    case "complex":
      return pythonComplex(Number(element), Number(storage[1]));
    case "float": {
      const decode = dtype === "float16" ? decodeFloat16 : dtype === "bfloat16" ? decodeBfloat16 : Number;
      return pythonFloat(decode(Number(element)));
    }
    default:
      return String(element);
  }
}

/** What prints without quotes wherever it stands: a member of a Python enum. */
export class Word {
  constructor(private readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** A param as Python's `str` of it; strings inside lists are quoted. */
export function pythonValue(value: unknown, quote = false): string {
  if (value === null || value === undefined) return "None";
  switch (typeof value) {
    case "boolean":
      return value ? "True" : "False";
    case "number":
      return Number.isInteger(value) && !Object.is(value, -0) ? String(value) : pythonFloat(value);
    case "string":
      return quote ? `'${value}'` : value;
    case "function":
      return value.name || "<lambda>";
    case "object":
      break;
    default:
      return String(value);
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => pythonValue(item, true));
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
  }
  if (value instanceof ArrayValue) return showAval(value.aval);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return String(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `'${key}': ${pythonValue(item, true)}`)
    .join(", ")}}`;
}

/** `newDtype` as `new_dtype`. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
