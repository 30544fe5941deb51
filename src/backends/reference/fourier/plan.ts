import { type Pass, runPass } from "./passes.ts";

/**
 * The transforms, with `exp(-2πi·jk/n)`, of `inner` signals side by side: number `j` of signal `q` is complex number
 * `j·inner + q` from element `at` on, of the first buffer, as pairs of doubles. Both are written to; returns the one with
 * the result, which is the same for any `at`.
 */
export type Transform = (
  first: Float64Array,
  second: Float64Array,
  at: number,
  inner: number,
) => Float64Array;

/** Beyond this prime factor, a convolution takes fewer steps than sums of as many terms. */
const LARGEST_FACTOR = 61;

/** 4 as often as it goes, then primes. */
function factorsOf(n: number): readonly number[] {
  const out: number[] = [];
  for (let rest = n, factor = 4; rest > 1;) {
    if (rest % factor === 0) {
      out.push(factor);
      rest /= factor;
    } else if (factor <= 4) factor = factor === 4 ? 2 : factor === 2 ? 3 : 5;
    else factor = factor * factor > rest ? rest : factor + 2;
  }
  return out;
}

/** `exp(-2πi·j/n)` for `j < count`, in pairs. */
export function rootsOf(n: number, count = n): Float64Array {
  const out = new Float64Array(2 * count);
  for (let j = 0; j < count; j++) {
    const angle = (2 * Math.PI * j) / n;
    out[2 * j] = Math.cos(angle);
    out[2 * j + 1] = -Math.sin(angle);
  }
  return out;
}

/** Passes, one for each factor. */
function byFactors(n: number, factors: readonly number[]): Transform {
  const roots = rootsOf(n);
  let step = 1;
  const passes = factors.map((radix): Pass => {
    const pass = { radix, m: n / step / radix, step };
    step *= radix;
    return pass;
  });
  return (first, second, at, inner) => {
    let [x, y] = [first, second];
    for (const pass of passes) {
      runPass(x, y, at, roots, pass, inner);
      [x, y] = [y, x];
    }
    return x;
  };
}

/**
 * With `c = exp(-πi·k²/n)`, `y = c·((x·c) * conj(c))`: a convolution, for which a length that is a power of 2 will do.
 * @see Bluestein, "A linear filtering approach to the computation of discrete Fourier transform" (1970)
 */
function byConvolution(n: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const transform = planOf(size);
  const roots = rootsOf(2 * n);
  const chirp = new Float64Array(2 * n);
  for (let j = 0; j < n; j++) {
    const root = 2 * ((j * j) % (2 * n));
    chirp[2 * j] = roots[root]!;
    chirp[2 * j + 1] = roots[root + 1]!;
  }
  const around = new Float64Array(2 * size);
  for (let j = 0; j < n; j++)
    for (const to of j === 0 ? [0] : [2 * j, 2 * (size - j)]) {
      around[to] = chirp[2 * j]! / size;
      around[to + 1] = -chirp[2 * j + 1]! / size;
    }
  const filter = transform(around, new Float64Array(2 * size), 0, 1);
  let work = [new Float64Array(0), new Float64Array(0)] as const;
  return (first, _second, at, inner) => {
    const length = 2 * size * inner;
    if (work[0].length !== length) work = [new Float64Array(length), new Float64Array(length)];
    const [a, b] = work;
    timesEach(first, at, chirp, a, n, inner);
    a.fill(0, 2 * n * inner);
    const spectrum = transform(a, b, 0, inner);
    // Of the conjugate: what comes is the conjugate of the inverse.
    timesEach(spectrum, 0, filter, spectrum, size, inner);
    for (let i = 1; i < length; i += 2) spectrum[i] = -spectrum[i]!;
    const conjugate = transform(spectrum, spectrum === a ? b : a, 0, inner);
    for (let i = 1; i < length; i += 2) conjugate[i] = -conjugate[i]!;
    timesEach(conjugate, 0, chirp, first.subarray(at), n, inner);
    return first;
  };
}

/** `y = x·c`, where each of the `n` numbers of `c` is for `inner` ones. */
function timesEach(
  x: Float64Array,
  at: number,
  c: Float64Array,
  y: Float64Array,
  n: number,
  inner: number,
): void {
  for (let j = 0, i = 0; j < n; j++) {
    const [re, im] = [c[2 * j]!, c[2 * j + 1]!];
    for (let q = 0; q < inner; q++, i += 2) {
      const [a, b] = [x[at + i]!, x[at + i + 1]!];
      y[i] = a * re - b * im;
      y[i + 1] = a * im + b * re;
    }
  }
}

/** Lengths of which the tables are kept. */
const KEPT = 24;
const plans = new Map<number, Transform>();

/** The transform of a length. */
export function planOf(n: number): Transform {
  const known = plans.get(n);
  if (known) return known;
  const factors = factorsOf(n);
  const plan = factors.every((factor) => factor <= LARGEST_FACTOR) ? byFactors(n, factors) : byConvolution(n);
  if (plans.size === KEPT) plans.delete(plans.keys().next().value!);
  plans.set(n, plan);
  return plan;
}
