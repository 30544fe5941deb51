/** A rational number in lowest terms, the denominator positive: an exponent of a unit, exactly. */
export interface Fraction {
  readonly n: number;
  readonly d: number;
}

/** Largest denominator that a number is taken for. */
const MOST = 1000;
/** Whether `x` is `y`, as a double after some arithmetic or rounded to float32. */
const stands = (x: number, y: number): boolean =>
  Math.abs(x - y) <= 1e-12 * Math.abs(y) || x === Math.fround(y);

const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b));

function lowest(n: number, d: number): Fraction {
  const common = divisor(n, d);
  return { n: n / common + 0, d: d / common };
}

export const whole = (n: number): Fraction => ({ n, d: 1 });

/**
 * The fraction that a float stands for: the first convergent of its continued fraction that agrees to float32, as ⅓
 * for `1 / 3`; null where that needs a denominator above 1000.
 */
export function fractionOf(x: number): Fraction | null {
  if (!Number.isFinite(x)) return null;
  let before: Fraction = { n: 1, d: 0 };
  let now = whole(Math.floor(x));
  for (let rest = x; now.d <= MOST;) {
    if (stands(x, now.n / now.d)) return lowest(now.n, now.d);
    rest = 1 / (rest - Math.floor(rest));
    const step = Math.floor(rest);
    [before, now] = [now, { n: step * now.n + before.n, d: step * now.d + before.d }];
  }
  return null;
}

export const plus = (a: Fraction, b: Fraction): Fraction => lowest(a.n * b.d + b.n * a.d, a.d * b.d);
export const times = (a: Fraction, b: Fraction): Fraction => lowest(a.n * b.n, a.d * b.d);
export const sameFraction = (a: Fraction, b: Fraction): boolean => a.n === b.n && a.d === b.d;
export const showFraction = ({ n, d }: Fraction): string => (d === 1 ? String(n) : `${n}/${d}`);
