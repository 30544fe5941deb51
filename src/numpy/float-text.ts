import type { DType } from "../core/dtype.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../core/float16.ts";

/** Digits after the point at which numbers are cut off, as NumPy's print options. */
const PRECISION = 8;

const rounders: Partial<Record<DType, (x: number) => number>> = {
  float16: (x) => decodeFloat16(encodeFloat16(x)),
  bfloat16: (x) => decodeBfloat16(encodeBfloat16(x)),
  float64: (x) => x,
};
/** The number of a dtype nearest to `x`. */
export const roundTo = (dtype: DType): ((x: number) => number) => rounders[dtype] ?? Math.fround;

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

/** Positional notation without trailing zeros; whole numbers end with the point. */
function positional(x: number, round: (x: number) => number, precision: number): string {
  if (x === 0) return Object.is(x, -0) ? "-0." : "0.";
  const [mantissa, exponent] = shortest(x, round).split("e") as [string, string];
  const places = Math.max(0, (mantissa.split(".")[1] ?? "").length - Number(exponent));
  const text = fixed(Number(`${mantissa}e${exponent}`), Math.min(places, 20));
  const cut = places > precision ? fixed(x, precision).replace(/0+$/, "") : text;
  return cut.includes(".") ? cut : `${cut}.`;
}

/** Scientific notation: the mantissa with its point, and the exponent's sign and digits, two at least. */
function scientific(
  x: number,
  round: (x: number) => number,
  minDigits = 0,
): [mantissa: string, exponent: string] {
  let text = shortest(x, round);
  const digits = (text.split("e")[0]!.split(".")[1] ?? "").length;
  if (digits > PRECISION) text = exponential(x, PRECISION).replace(/0+e/, "e");
  else if (digits < minDigits) text = exponential(x, minDigits);
  const [mantissa, exponent] = text.split("e") as [string, string];
  const signed = Object.is(x, -0) ? `-${mantissa}` : mantissa;
  return [signed.includes(".") ? signed : `${signed}.`, exponent[0]! + exponent.slice(1).padStart(2, "0")];
}

/** From this number on, elements of arrays are written in scientific notation. */
const arrayCutoff: Partial<Record<DType, number>> = { float16: 1e3, float32: 1e6, float64: 1e8 };
const scalarCutoff: Partial<Record<DType, number>> = { ...arrayCutoff, float64: 1e16 };

/** Texts of numbers that are aligned with one another. @see `numpy._core.arrayprint.FloatingFormat` */
export function floatFormat(values: readonly number[], dtype: DType, plus = false): (x: number) => string {
  const round = roundTo(dtype);
  const finite = values.filter(Number.isFinite);
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  const [most, least] = [
    sizes.reduce((a, b) => Math.max(a, b), 0),
    sizes.reduce((a, b) => Math.min(a, b), Infinity),
  ];
  const large =
    sizes.length > 0 && (most >= arrayCutoff[dtype]! || least < round(0.0001) || round(most / least) > 1000);
  const sign = (text: string): string => (plus && !text.startsWith("-") ? `+${text}` : text);
  const longest = (parts: readonly string[]) =>
    parts.reduce((length, part) => Math.max(length, part.length), 0);

  let left = 0;
  let right = 0;
  let write: (x: number) => string;
  if (large) {
    const texts = finite.map((x) => scientific(x, round));
    const digits = longest(texts.map(([mantissa]) => mantissa.split(".")[1]!));
    const exponentSize = longest(texts.map(([, exponent]) => exponent)) - 1;
    left = longest(texts.map(([mantissa]) => sign(mantissa).split(".")[0]!));
    right = exponentSize + 2 + digits;
    write = (x) => {
      const [mantissa, exponent] = scientific(x, round, digits);
      const [whole, fraction] = sign(mantissa).split(".") as [string, string];
      return `${whole.padStart(left)}.${fraction.padEnd(digits, "0")}e${exponent[0]}${exponent.slice(1).padStart(exponentSize, "0")}`;
    };
  } else {
    const texts = finite.map((x) => sign(positional(x, round, PRECISION)).split("."));
    left = longest(texts.map(([whole]) => whole!));
    right = longest(texts.map(([, fraction]) => fraction!));
    write = (x) => {
      const [whole, fraction] = sign(positional(x, round, PRECISION)).split(".") as [string, string];
      return `${whole.padStart(left)}.${fraction.padEnd(right)}`;
    };
  }
  if (finite.length < values.length) {
    const negative = plus || values.includes(-Infinity);
    left = Math.max(left, 3 - (right + 1), 3 + (negative ? 1 : 0) - (right + 1));
  }
  const width = () => left + right + 1;
  return (x) => (Number.isFinite(x) ? write(x) : nonFinite(x, plus).padStart(width()));
}

const nonFinite = (x: number, plus: boolean): string =>
  `${x < 0 ? "-" : plus ? "+" : ""}${Number.isNaN(x) ? "nan" : "inf"}`;

/** A single number, as Python's `str` of a NumPy scalar. */
export function scalarText(x: number, dtype: DType): string {
  if (!Number.isFinite(x)) return nonFinite(x, false);
  const text = numberText(x, dtype);
  return text.endsWith(".") ? `${text}0` : text;
}

function numberText(x: number, dtype: DType): string {
  const round = roundTo(dtype);
  const size = Math.abs(x);
  if (size === 0 || (size >= 0.0001 && size < scalarCutoff[dtype]!)) return positional(x, round, 20);
  const [mantissa, exponent] = shortest(x, round).split("e") as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** A single complex number, as Python's `str` of a NumPy scalar. */
export function complexText(re: number, im: number): string {
  const part = (x: number) =>
    Number.isFinite(x) ? numberText(x, "float32").replace(/\.$/, "") : nonFinite(x, false);
  const imaginary = part(im);
  if (Object.is(re, 0)) return `${imaginary}j`;
  return `(${part(re)}${imaginary.startsWith("-") ? "" : "+"}${imaginary}j)`;
}

/** bfloat16 as ml_dtypes prints it: six significant digits. */
export function bfloat16Text(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x, false);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, exponent] = exponential(x, 5).split("e") as [string, string];
  const power = Number(exponent);
  const trimmed = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -4 && power < 6) return trimmed(Number(`${mantissa}e${exponent}`).toFixed(5 - power));
  return `${trimmed(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}
