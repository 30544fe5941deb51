/**
 * What algorithms on matrices do to vectors: `n` numbers of `lanes` doubles each, side by side from element `p` of `x` on.
 * A number is passed as its real and imaginary part; one that is a result is left in `re` and `im`.
 */
export interface Vectors {
  readonly lanes: 1 | 2;
  re: number;
  im: number;
  /** `re + i·im = Σ conj(x)·y`. */
  dot(n: number, x: Float64Array, p: number, y: Float64Array, q: number): void;
  /** `y += a·x`. */
  add(n: number, re: number, im: number, x: Float64Array, p: number, y: Float64Array, q: number): void;
  /** `x *= a`. */
  scale(n: number, re: number, im: number, x: Float64Array, p: number): void;
}

export const realVectors: Vectors = {
  lanes: 1,
  re: 0,
  im: 0,
  dot(n, x, p, y, q) {
    // Four sums do not wait for each other.
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      s0 += x[p + i]! * y[q + i]!;
      s1 += x[p + i + 1]! * y[q + i + 1]!;
      s2 += x[p + i + 2]! * y[q + i + 2]!;
      s3 += x[p + i + 3]! * y[q + i + 3]!;
    }
    for (; i < n; i++) s0 += x[p + i]! * y[q + i]!;
    this.re = s0 + s1 + (s2 + s3);
  },
  add(n, re, _im, x, p, y, q) {
    for (let i = 0; i < n; i++) y[q + i]! += re * x[p + i]!;
  },
  scale(n, re, _im, x, p) {
    for (let i = 0; i < n; i++) x[p + i]! *= re;
  },
};

export const complexVectors: Vectors = {
  lanes: 2,
  re: 0,
  im: 0,
  dot(n, x, p, y, q) {
    let re = 0;
    let im = 0;
    for (let i = 0; i < 2 * n; i += 2) {
      const a = x[p + i]!;
      const b = x[p + i + 1]!;
      const c = y[q + i]!;
      const d = y[q + i + 1]!;
      re += a * c + b * d;
      im += a * d - b * c;
    }
    this.re = re;
    this.im = im;
  },
  add(n, re, im, x, p, y, q) {
    for (let i = 0; i < 2 * n; i += 2) {
      const a = x[p + i]!;
      const b = x[p + i + 1]!;
      y[q + i]! += re * a - im * b;
      y[q + i + 1]! += re * b + im * a;
    }
  },
  scale(n, re, im, x, p) {
    for (let i = 0; i < 2 * n; i += 2) {
      const a = x[p + i]!;
      const b = x[p + i + 1]!;
      x[p + i] = re * a - im * b;
      x[p + i + 1] = re * b + im * a;
    }
  },
};

/** `√(Σ|x|²)` over `n` doubles, without overflow or underflow on the way. */
export function norm(n: number, x: Float64Array, p: number): number {
  let sum = 0;
  for (let i = p; i < p + n; i++) sum += x[i]! * x[i]!;
  if (sum > 1e-280 && sum < 1e280) return Math.sqrt(sum);
  let largest = 0;
  for (let i = p; i < p + n; i++) largest = Math.max(largest, Math.abs(x[i]!));
  if (!(largest > 0 && largest < Infinity)) return largest;
  let scaled = 0;
  for (let i = p; i < p + n; i++) scaled += (x[i]! / largest) ** 2;
  return largest * Math.sqrt(scaled);
}

/** Turns two vectors of `n` doubles: `(x, y) ← (c·x + s·y, c·y - s·x)`. */
export function rotate(n: number, x: Float64Array, p: number, q: number, c: number, s: number): void {
  for (let i = 0; i < n; i++) {
    const a = x[p + i]!;
    const b = x[q + i]!;
    x[p + i] = c * a + s * b;
    x[q + i] = c * b - s * a;
  }
}

/** Exchanges two vectors of `n` doubles. */
export function swap(n: number, x: Float64Array | Int32Array, p: number, q: number): void {
  if (p === q) return;
  for (let i = 0; i < n; i++) {
    const kept = x[p + i]!;
    x[p + i] = x[q + i]!;
    x[q + i] = kept;
  }
}

/** Cosine and sine of the rotation that makes `(f, g)` to `(r, 0)`. */
export interface Rotation {
  c: number;
  s: number;
  r: number;
}
export function rotation(f: number, g: number, out: Rotation): void {
  if (g === 0) {
    out.c = 1;
    out.s = 0;
    out.r = f;
    return;
  }
  const sum = f * f + g * g;
  const r = sum > 1e-280 && sum < 1e280 ? Math.sqrt(sum) : Math.hypot(f, g);
  out.c = f / r;
  out.s = g / r;
  out.r = r;
}

/** A matrix that is stored row by row, column by column, and the reverse; conjugated on the way, if wanted. */
export function turned(
  x: Float64Array,
  rows: number,
  columns: number,
  lanes: 1 | 2,
  conjugate = false,
): Float64Array {
  const out = new Float64Array(x.length);
  if (lanes === 1) {
    for (let i = 0; i < rows; i++)
      for (let j = 0, at = i * columns; j < columns; j++) out[j * rows + i] = x[at + j]!;
    return out;
  }
  const sign = conjugate ? -1 : 1;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const from = 2 * (i * columns + j);
      const to = 2 * (j * rows + i);
      out[to] = x[from]!;
      out[to + 1] = sign * x[from + 1]!;
    }
  return out;
}

/** Numbers from the last to the first. */
export function reversed(x: Float64Array, lanes: 1 | 2): Float64Array {
  const out = x.toReversed();
  if (lanes === 2) for (let i = 0; i < out.length; i += 2) [out[i], out[i + 1]] = [out[i + 1]!, out[i]!];
  return out;
}
