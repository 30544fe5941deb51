import type { DType } from "../core/dtype.ts";
import type { Printoptions } from "./print-options.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../core/float16.ts";

const rounders: Partial<Record<DType, (x: number) => number>> = {
  float16: (x) => decodeFloat16(encodeFloat16(x)),
  bfloat16: (x) => decodeBfloat16(encodeBfloat16(x)),
  float64: (x) => x,
};
/** The number of a dtype nearest to `x`. */
const roundTo = (dtype: DType): ((x: number) => number) => rounders[dtype] ?? Math.fround;

/** Digits that tell a number's exact value from one halfway between two shorter ones. */
const EXACT = 60;

/**
 * What `toFixed` and `toExponential` give, but with halves to even, as C and NumPy round: 2.5 to no digits is 2.
 * `write(digits)` is one of these two for some number.
 */
function halfEven(write: (digits: number) => string, digits: number): string {
  const exact = write(EXACT);
  const point = exact.indexOf(".") + 1;
  const end = point + EXACT;
  const tail = exact.slice(point + digits, end);
  const kept = exact.slice(0, digits === 0 ? point - 1 : point + digits);
  const even = Number(kept.at(-1)) % 2 === 0;
  return even && /^50*$/.test(tail) ? kept + exact.slice(end) : write(digits);
}
const exponential = (x: number, digits: number): string => halfEven((n) => x.toExponential(n), digits);
const fixed = (x: number, digits: number): string => halfEven((n) => x.toFixed(n), digits);

/** The fewest significant digits that tell `x` from the other numbers of its dtype, as `[-]d.ddde±d`. */
function shortest(x: number, round: (x: number) => number): string {
  for (let digits = 0; digits < 16; digits++) {
    const text = exponential(x, digits);
    if (round(Number(text)) === x) return text;
  }
  return x.toExponential();
}

/** Digits after the point of the number that `shortest` wrote, without an exponent. */
const fractionDigits = (mantissa: string): number => (mantissa.split(".")[1] ?? "").length;

/** `mantissa · 10^exponent` without an exponent. */
function shifted(mantissa: string, exponent: number): string {
  const [, sign, whole, fraction = ""] = /^(-?)(\d)\.?(\d*)$/.exec(mantissa)!;
  const digits = "0".repeat(Math.max(0, -exponent)) + whole + fraction.padEnd(exponent, "0");
  const point = Math.max(0, exponent) + 1;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Positional notation, with the point: as many digits after it as tell `x` from others of its dtype, but at least `min` and at
 * most `max`. Those added, and the last of those left, are of its exact value.
 */
function positional(x: number, round: (x: number) => number, min: number, max: number): string {
  if (x === 0) return `${Object.is(x, -0) ? "-" : ""}0.${"0".repeat(min)}`;
  const [mantissa, power] = shortest(x, round).split("e") as [string, string];
  const places = Math.max(0, fractionDigits(mantissa) - Number(power));
  if (places >= min && places <= max) return shifted(mantissa, Number(power));
  const text = fixed(x, places < min ? min : max);
  return text.includes(".") ? text : `${text}.`;
}

/** Without zeros at the end of the fraction. */
const trimmed = (text: string): string => text.replace(/0+$/, "");

/** Scientific notation, with digits as in {@link positional}: the mantissa with its point, and the exponent's sign and digits, two at least. */
function scientific(
  x: number,
  round: (x: number) => number,
  min: number,
  max: number,
): [mantissa: string, exponent: string] {
  const text = shortest(x, round);
  const digits = fractionDigits(text.split("e")[0]!);
  const cut = digits < min ? exponential(x, min) : digits > max ? exponential(x, max) : text;
  const [mantissa, exponent] = cut.split("e") as [string, string];
  const signed = Object.is(x, -0) ? `-${mantissa}` : mantissa;
  return [signed.includes(".") ? signed : `${signed}.`, exponent[0]! + exponent.slice(1).padStart(2, "0")];
}

/** From this number on, elements of arrays are written in scientific notation. */
const arrayCutoff: Partial<Record<DType, number>> = { float16: 1e3, float32: 1e6, float64: 1e8 };
const scalarCutoff: Partial<Record<DType, number>> = { ...arrayCutoff, float64: 1e16 };

/** The options that floats are written by. */
export type FloatOptions = Pick<
  Printoptions,
  "precision" | "suppress" | "floatmode" | "sign" | "nanstr" | "infstr"
>;

const longest = (texts: readonly string[]): number =>
  texts.reduce((length, text) => Math.max(length, text.length), 0);

/** Texts of numbers that are aligned with one another. @see `numpy._core.arrayprint.FloatingFormat` */
export function floatFormat(
  values: readonly number[],
  dtype: DType,
  { precision, suppress, floatmode, sign, nanstr, infstr }: FloatOptions,
): (x: number) => string {
  const round = roundTo(dtype);
  const finite = values.filter(Number.isFinite);
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  const [most, least] = [
    sizes.reduce((a, b) => Math.max(a, b), 0),
    sizes.reduce((a, b) => Math.min(a, b), Infinity),
  ];
  const isWide = least < round(0.0001) || round(most / least) > 1000;
  const large = sizes.length > 0 && (most >= arrayCutoff[dtype]! || (!suppress && isWide));
  const plus = (text: string): string => (sign === "+" && !text.startsWith("-") ? `+${text}` : text);
  const max = floatmode === "unique" ? Infinity : precision;
  const min = floatmode === "fixed" ? precision : 0;
  const cut = (text: string): string => plus(floatmode === "fixed" ? text : trimmed(text));

  let left = 0;
  let right = 0;
  let write: (x: number) => string;
  if (large) {
    const texts = finite.map((x) => scientific(x, round, min, max));
    const mantissas = texts.map(([mantissa]) => cut(mantissa).split("."));
    const digits = longest(mantissas.map(([, fraction]) => fraction!));
    const exponentSize = longest(texts.map(([, exponent]) => exponent)) - 1;
    left = longest(mantissas.map(([whole]) => whole!));
    right = exponentSize + 2 + digits;
    write = (x) => {
      const [mantissa, exponent] = scientific(x, round, digits, digits);
      const text = plus(mantissa).padStart(left + 1 + digits);
      return `${text}e${exponent[0]}${exponent.slice(1).padStart(exponentSize, "0")}`;
    };
  } else {
    const texts = finite.map((x) => cut(positional(x, round, min, max)).split("."));
    left = longest(texts.map(([whole]) => whole!));
    right = longest(texts.map(([, fraction]) => fraction!));
    const isEqual = floatmode === "fixed" || floatmode === "maxprec_equal";
    write = (x) => {
      const text = isEqual ? plus(positional(x, round, right, right)) : cut(positional(x, round, min, max));
      const [whole, fraction] = text.split(".") as [string, string];
      return `${whole.padStart(left)}.${fraction.padEnd(right)}`;
    };
  }
  if (sign === " " && !finite.some((x) => x < 0 || Object.is(x, -0))) left++;
  if (finite.length < values.length) {
    const signed = sign !== "-" || values.includes(-Infinity);
    left = Math.max(left, nanstr.length - (right + 1), infstr.length + (signed ? 1 : 0) - (right + 1));
  }
  const width = left + right + 1;
  return (x) => (Number.isFinite(x) ? write(x) : nonFinite(x, sign === "+", nanstr, infstr).padStart(width));
}

const nonFinite = (x: number, plus = false, nanstr = "nan", infstr = "inf"): string =>
  `${x < 0 ? "-" : plus ? "+" : ""}${Number.isNaN(x) ? nanstr : infstr}`;

/** A single number, as Python's `str` of a NumPy scalar. */
export function scalarText(x: number, dtype: DType): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const text = numberText(x, dtype);
  return text.endsWith(".") ? `${text}0` : text;
}

function numberText(x: number, dtype: DType): string {
  const round = roundTo(dtype);
  const size = Math.abs(x);
  if (size === 0 || (size >= 0.0001 && size < scalarCutoff[dtype]!)) return positional(x, round, 0, Infinity);
  const [mantissa, exponent] = shortest(x, round).split("e") as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** A single complex number, as Python's `str` of a NumPy scalar. */
export function complexText(re: number, im: number): string {
  const part = (x: number) =>
    Number.isFinite(x) ? numberText(x, "float32").replace(/\.$/, "") : nonFinite(x);
  const imaginary = part(im);
  if (Object.is(re, 0)) return `${imaginary}j`;
  return `(${part(re)}${imaginary.startsWith("-") ? "" : "+"}${imaginary}j)`;
}

/** bfloat16 as ml_dtypes prints it: six significant digits. */
export function bfloat16Text(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, exponent] = exponential(x, 5).split("e") as [string, string];
  const power = Number(exponent);
  const short = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -4 && power < 6) return short(Number(`${mantissa}e${exponent}`).toFixed(5 - power));
  return `${short(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}
