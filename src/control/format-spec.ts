import { ArgumentError } from "../core/errors.ts";
import { pythonFloat } from "../core/python-text.ts";

// Python's format specification mini-language: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
// https://docs.python.org/3/library/string.html#format-specification-mini-language

/** A number as Python has it: an integer, a float, or a complex number. */
export type PythonNumber = bigint | number | { readonly re: number; readonly im: number };

interface Spec {
  readonly fill: string;
  readonly align: string | undefined;
  readonly sign: string;
  readonly noNegativeZero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const syntax =
  /^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<z>z)?(?<alternate>#)?(?<zero>0)?(?<width>\d+)?(?<grouping>[,_])?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])?$/su;

const refuse = (text: string): never => {
  throw new ArgumentError("debug/format", `debug.print: ${text}`);
};

function parseSpec(text: string): Spec {
  const groups = syntax.exec(text)?.groups ?? refuse(`the format specification "${text}" is not valid`);
  const {
    fill,
    align,
    sign = "-",
    z,
    alternate,
    zero,
    width,
    grouping = "",
    precision,
    type = "",
  } = groups as {
    [name: string]: string | undefined;
  };
  return {
    fill: fill ?? (zero ? "0" : " "),
    align: align ?? (zero ? "=" : undefined),
    sign,
    noNegativeZero: z !== undefined,
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function padded(text: string, { fill, align, width }: Spec, byDefault: "<" | ">"): string {
  const room = Math.max(0, width - Array.from(text).length);
  switch (align ?? byDefault) {
    case "<":
      return text + fill.repeat(room);
    case "^":
      return fill.repeat(room >> 1) + text + fill.repeat(room - (room >> 1));
    default:
      return fill.repeat(room) + text;
  }
}

/** A string, by a specification. */
export function formatString(text: string, specification: string): string {
  const spec = parseSpec(specification);
  if (spec.type !== "" && spec.type !== "s") refuse(`format code "${spec.type}" is not for text`);
  if (spec.align === "=") refuse(`"${specification}": alignment "=" is not for text`);
  return padded(Array.from(text).slice(0, spec.precision).join(""), spec, "<");
}

/** A number, by a specification that is not empty. */
export function formatNumber(x: PythonNumber, specification: string): string {
  const spec = parseSpec(specification);
  if (typeof x === "object") return formatComplex(x, spec, specification);
  return typeof x === "bigint" && !"eEfFgG%".includes(spec.type || "d")
    ? formatInteger(x, spec)
    : formatFloat(Number(x), spec);
}

const radixes: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

function formatInteger(x: bigint, spec: Spec): string {
  const { type, alternate, precision } = spec;
  if (precision !== undefined) refuse("a precision is not for integers");
  if (type === "c") return padded(String.fromCodePoint(Number(x)), spec, "<");
  if (spec.grouping === "," && type in radixes) refuse(`"," does not go with "${type}"`);
  if (!"bdoxXn".includes(type)) refuse(`format code "${type}" is not for integers`);
  const digits = (x < 0n ? -x : x).toString(radixes[type] ?? 10);
  const prefix = alternate && type in radixes ? `0${type}` : "";
  return assembled(x < 0n, prefix, type === "X" ? digits.toUpperCase() : digits, "", spec);
}

function formatFloat(x: number, spec: Spec): string {
  if (!"eEfFgGn%".includes(spec.type)) refuse(`format code "${spec.type}" is not for floats`);
  const { text, negative } = magnitude(x, spec);
  return assembled(negative, "", ...splitWhole(text), spec);
}

function formatComplex({ re, im }: { re: number; im: number }, spec: Spec, specification: string): string {
  const { type } = spec;
  if (!"eEfFgGn".includes(type) || spec.align === "=" || spec.fill === "0")
    refuse(`the format specification "${specification}" is not for complex numbers`);
  const part = (x: number, sign: string) => {
    const { text, negative } = magnitude(x, {
      ...spec,
      type: type || (spec.precision === undefined ? "r" : "g"),
    });
    return assembled(negative, "", ...splitWhole(text), { ...spec, sign, width: 0 });
  };
  if (type !== "") return padded(`${part(re, spec.sign)}${part(im, "+")}j`, spec, ">");
  const onlyImaginary = Object.is(re, 0);
  return padded(
    onlyImaginary ? `${part(im, spec.sign)}j` : `(${part(re, spec.sign)}${part(im, "+")}j)`,
    spec,
    ">",
  );
}

/** Digits ahead of the point or exponent, and what follows. */
function splitWhole(text: string): [whole: string, rest: string] {
  const whole = /^\d*/.exec(text)![0];
  return [whole, text.slice(whole.length)];
}

/** Sign, prefix, grouped digits and the rest, filled to the width. */
function assembled(negative: boolean, prefix: string, whole: string, rest: string, spec: Spec): string {
  const { sign, fill, align, width, type, grouping } = spec;
  const head = (negative ? "-" : sign === "-" ? "" : sign) + prefix;
  const size = type in radixes ? 4 : 3;
  const grouped = (digits: string) =>
    grouping === "" ? digits : digits.replace(new RegExp(`\\B(?=(?:.{${size}})+$)`, "g"), grouping);
  if (align !== "=") return padded(head + grouped(whole) + rest, spec, ">");
  let digits = whole;
  const length = () => head.length + grouped(digits).length + rest.length;
  if (fill === "0" && whole !== "") while (length() < width) digits = `0${digits}`;
  return head + fill.repeat(Math.max(0, width - length())) + grouped(digits) + rest;
}

/** `|x|` as text, and its sign. */
function magnitude(
  x: number,
  { type, precision, alternate, noNegativeZero }: Spec,
): { text: string; negative: boolean } {
  const upper = type === "E" || type === "F" || type === "G";
  const kind = type.toLowerCase();
  const size = Math.abs(x) * (kind === "%" ? 100 : 1);
  let text: string;
  if (!Number.isFinite(size)) text = (Number.isNaN(size) ? "nan" : "inf") + (kind === "%" ? "%" : "");
  else if (kind === "e") text = exponential(size, precision ?? 6, alternate);
  else if (kind === "f") text = fixed(size, precision ?? 6, alternate);
  else if (kind === "%") text = `${fixed(size, precision ?? 6, alternate)}%`;
  else if (kind === "r") text = shortest(size, alternate).replace(/\.0$/, alternate ? "." : "");
  else if (kind === "" && precision === undefined) text = shortest(size, alternate);
  else text = general(size, precision ?? 6, alternate, kind === "");
  const zero = noNegativeZero && !/[1-9infa]/.test(text.replace(/e.*$/, ""));
  const negative = !Number.isNaN(x) && (x < 0 || Object.is(x, -0)) && !zero;
  return { text: upper ? text.toUpperCase() : text, negative };
}

/** `x · 10^digits` to the nearest integer, ties to even; exact, `x` being `m · 2^e`. */
function scaled(x: number, digits: number): bigint {
  const bits = new BigUint64Array(new Float64Array([x]).buffer)[0]!;
  const biased = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  let numerator = biased === 0 ? fraction : fraction | (1n << 52n);
  let denominator = 1n;
  const exponent = Math.max(biased, 1) - 1075;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (digits >= 0) numerator *= 10n ** BigInt(digits);
  else denominator *= 10n ** BigInt(-digits);
  const quotient = numerator / denominator;
  const twice = 2n * (numerator - quotient * denominator);
  return twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function fixed(x: number, digits: number, alternate: boolean): string {
  const text = String(scaled(x, digits)).padStart(digits + 1, "0");
  const cut = text.length - digits;
  return digits === 0 ? text + (alternate ? "." : "") : `${text.slice(0, cut)}.${text.slice(cut)}`;
}

/** `digits + 1` significant digits, and the exponent of the first. */
function significant(x: number, digits: number): [text: string, exponent: number] {
  if (x === 0) return ["0".repeat(digits + 1), 0];
  let exponent = Math.floor(Math.log10(x));
  for (;;) {
    const text = String(scaled(x, digits - exponent));
    if (text.length === digits + 1) return [text, exponent];
    exponent += text.length > digits + 1 ? 1 : -1;
  }
}

const withExponent = (mantissa: string, exponent: number): string =>
  `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;

/** As Python's `repr`; alternate, with a point in any case. */
const shortest = (x: number, alternate: boolean): string =>
  alternate ? pythonFloat(x).replace(/^(\d+)(e|$)/, "$1.$2") : pythonFloat(x);

function exponential(x: number, digits: number, alternate: boolean): string {
  const [text, exponent] = significant(x, digits);
  const point = digits > 0 || alternate ? "." : "";
  return withExponent(text.slice(0, 1) + point + text.slice(1), exponent);
}

/** The shorter of both forms; `float` is Python's `str`-like form, which keeps a digit after the point. */
function general(x: number, precision: number, alternate: boolean, float: boolean): string {
  const digits = Math.max(precision, 1);
  const [text, exponent] = significant(x, digits - 1);
  const trimmed = (decimal: string) =>
    alternate || !decimal.includes(".") ? decimal : decimal.replace(/\.?0+$/, "");
  if (exponent < -4 || exponent >= (float ? digits - 1 : digits))
    return withExponent(
      trimmed(digits > 1 || alternate ? `${text.slice(0, 1)}.${text.slice(1)}` : text),
      exponent,
    );
  const places = digits - 1 - exponent;
  const decimal = places > 0 || alternate ? fixed(x, places, alternate) : fixed(x, 0, false);
  const short = places > 0 ? trimmed(decimal) : decimal;
  return float && !short.includes(".") ? `${short}.0` : short;
}
