import { norm, realVectors, swap, type Vectors } from "./vectors.ts";

/** Factors of reflections `I - τ·v·vᴴ`, `lanes` doubles each. */
export type Factors = Float64Array;

/**
 * Makes of the vector of `n` numbers from `p` on the one `v` of a reflection, `v₀ = 1` left out, whose adjoint takes it to
 * `(β, 0, …)` with real `β`. `β` is written in the place of `v₀`, `τ` to `factors[at]`.
 * @see LAPACK `zlarfg`
 */
export function reflector(
  { lanes, scale }: Vectors,
  n: number,
  x: Float64Array,
  p: number,
  factors: Factors,
  at: number,
): void {
  const rest = norm((n - 1) * lanes, x, p + lanes);
  const [re, im] = [x[p]!, lanes === 2 ? x[p + 1]! : 0];
  factors.fill(0, at * lanes, (at + 1) * lanes);
  if (rest === 0 && im === 0) return;
  const length = Math.hypot(re, im, rest);
  const beta = re < 0 || Object.is(re, -0) ? length : -length;
  factors[at * lanes] = (beta - re) / beta;
  if (lanes === 2) factors[at * lanes + 1] = -im / beta;
  // 1 / (α - β); |α - β| ≥ |β|, so this does not overflow where β is not tiny.
  const [a, b] = [re - beta, im];
  const size = a * a + b * b;
  if (size > 1e-280) scale(n - 1, a / size, -b / size, x, p + lanes);
  else for (let i = p + lanes; i < p + n * lanes; i++) x[i]! /= a;
  x[p] = beta;
  if (lanes === 2) x[p + 1] = 0;
}

/**
 * Applies `I - τ·v·vᴴ`, or its adjoint, to a vector `y` of `n` numbers from `q` on; `v` lies from `p` on, with anything in
 * place of `v₀ = 1`.
 */
export function reflect(
  vectors: Vectors,
  n: number,
  x: Float64Array,
  p: number,
  [re, im]: readonly [re: number, im: number],
  y: Float64Array,
  q: number,
): void {
  if (re === 0 && im === 0) return;
  const { lanes } = vectors;
  vectors.dot(n - 1, x, p + lanes, y, q + lanes);
  const a = vectors.re + y[q]!;
  const b = lanes === 2 ? vectors.im + y[q + 1]! : 0;
  const c = im * b - re * a;
  const d = -(re * b + im * a);
  y[q]! += c;
  if (lanes === 2) y[q + 1]! += d;
  vectors.add(n - 1, c, d, x, p + lanes, y, q + lanes);
}

export const factorAt = (factors: Factors, i: number, lanes: 1 | 2): readonly [re: number, im: number] =>
  lanes === 1 ? [factors[i]!, 0] : [factors[2 * i]!, factors[2 * i + 1]!];

const adjoint = ([re, im]: readonly [number, number]): readonly [number, number] => [re, -im];

/** Some columns side by side: the first one begins at element `at`. */
interface Columns {
  readonly data: Float64Array;
  readonly at: number;
  /** Doubles of one. */
  readonly size: number;
  readonly count: number;
}

/**
 * Applies `(I - a·v·vᵀ)·(I - b·w·wᵀ)`, or its transpose, to real columns from a row on: `v` begins there, at `p`, and `w` a row
 * further. Two columns at a time, so that each number that is read takes part in two products.
 */
function reflectTwice(
  n: number,
  x: Float64Array,
  [p, q]: readonly [p: number, q: number],
  [a, b]: readonly [a: number, b: number],
  transposed: boolean,
  { data: y, at, size, count }: Columns,
): void {
  const kept = [x[p]!, x[q]!, x[q + 1]!] as const;
  x[p] = 1;
  x[q] = 0;
  x[q + 1] = 1;
  realVectors.dot(n, x, p, x, q);
  const cross = a * b * realVectors.re;
  const [vByW, wByV] = transposed ? [0, cross] : [cross, 0];
  for (let k = 0; k < count; k += 2) {
    const r = at + k * size;
    // The last of an odd number goes with nothing.
    const s = k + 1 < count ? r + size : -1;
    let v0 = 0;
    let w0 = 0;
    let v1 = 0;
    let w1 = 0;
    if (s < 0)
      for (let i = 0; i < n; i++) {
        v0 += x[p + i]! * y[r + i]!;
        w0 += x[q + i]! * y[r + i]!;
      }
    else
      for (let i = 0; i < n; i++) {
        const v = x[p + i]!;
        const w = x[q + i]!;
        const c = y[r + i]!;
        const d = y[s + i]!;
        v0 += v * c;
        w0 += w * c;
        v1 += v * d;
        w1 += w * d;
      }
    const [fv0, fw0] = [a * v0 - vByW * w0, b * w0 - wByV * v0];
    const [fv1, fw1] = [a * v1 - vByW * w1, b * w1 - wByV * v1];
    if (s < 0) for (let i = 0; i < n; i++) y[r + i]! -= fv0 * x[p + i]! + fw0 * x[q + i]!;
    else
      for (let i = 0; i < n; i++) {
        const v = x[p + i]!;
        const w = x[q + i]!;
        y[r + i]! -= fv0 * v + fw0 * w;
        y[s + i]! -= fv1 * v + fw1 * w;
      }
  }
  [x[p], x[q], x[q + 1]] = kept;
}

/** Exchanges column `j` with the largest of those from it on, by their numbers from row `j` on. */
function exchange(j: number, m: number, n: number, a: Float64Array, order: Int32Array, lanes: 1 | 2): void {
  const column = m * lanes;
  let [largest, pivot] = [-1, j];
  for (let k = j; k < n; k++) {
    const length = norm((m - j) * lanes, a, k * column + j * lanes);
    if (length > largest) [largest, pivot] = [length, k];
  }
  swap(column, a, j * column, pivot * column);
  swap(1, order, j, pivot);
}

/**
 * `A = Q·R` of an m×n matrix by columns: `R` in the upper triangle, below it the vectors of the reflections whose product is
 * `Q`. With `order`, columns from number `fixed` on are exchanged so that the largest that is left comes next; `order` is
 * exchanged along with them.
 * @see LAPACK `geqrf`, `geqp3`
 */
export function factorised(
  vectors: Vectors,
  m: number,
  n: number,
  a: Float64Array,
  order: Int32Array | null = null,
  fixed = 0,
): Factors {
  const { lanes } = vectors;
  const column = m * lanes;
  const least = Math.min(m, n);
  const factors = new Float64Array(least * lanes);
  const at = (j: number, k: number) => k * column + j * lanes;
  const next = (j: number) => {
    if (order !== null && j >= fixed) exchange(j, m, n, a, order, lanes);
    reflector(vectors, m - j, a, at(j, j), factors, j);
  };
  const apply = (j: number, k: number) =>
    reflect(vectors, m - j, a, at(j, j), adjoint(factorAt(factors, j, lanes)), a, at(j, k));
  const inPairs = lanes === 1 && order === null;
  for (let j = 0; j < least; j++) {
    next(j);
    if (inPairs && j + 1 < least) {
      apply(j, j + 1);
      next(j + 1);
      const rest = { data: a, at: at(j, j + 2), size: column, count: n - j - 2 };
      reflectTwice(m - j, a, [at(j, j), at(j, j + 1)], [factors[j]!, factors[j + 1]!], true, rest);
      j++;
    } else for (let k = j + 1; k < n; k++) apply(j, k);
  }
  return factors;
}

/**
 * Applies the product of reflections, the first of which begins at row `offset`, to `count` columns of `y`; each has m
 * numbers, as the columns that hold the vectors of the reflections. If `y` is an identity, what is 0 stays untouched.
 */
export function applied(
  vectors: Vectors,
  m: number,
  reflections: Float64Array,
  factors: Factors,
  y: Float64Array,
  count: number,
  { offset = 0, isIdentity = false }: { readonly offset?: number; readonly isIdentity?: boolean } = {},
): void {
  const { lanes } = vectors;
  const column = m * lanes;
  const at = (i: number) => i * column + (i + offset) * lanes;
  for (let left = factors.length / lanes; left > 0;) {
    const inPairs = lanes === 1 && left > 1;
    left -= inPairs ? 2 : 1;
    const [i, row] = [left, left + offset];
    const first = isIdentity ? Math.min(row, count) : 0;
    const begin = first * column + row * lanes;
    if (inPairs) {
      const rest = { data: y, at: begin, size: column, count: count - first };
      reflectTwice(m - row, reflections, [at(i), at(i + 1) - 1], [factors[i]!, factors[i + 1]!], false, rest);
    } else
      for (let k = 0; k < count - first; k++)
        reflect(vectors, m - row, reflections, at(i), factorAt(factors, i, lanes), y, begin + k * column);
  }
}

/** The columns of the identity, with as many rows. */
export function unitColumns(m: number, n: number, lanes: 1 | 2): Float64Array {
  const out = new Float64Array(m * n * lanes);
  for (let k = 0; k < Math.min(m, n); k++) out[(k * m + k) * lanes] = 1;
  return out;
}

/** The first n columns of the product of reflections. @see LAPACK `orgqr` */
export function product(
  vectors: Vectors,
  m: number,
  n: number,
  reflections: Float64Array,
  factors: Factors,
  offset = 0,
): Float64Array {
  const out = unitColumns(m, n, vectors.lanes);
  applied(vectors, m, reflections, factors, out, n, { offset, isIdentity: true });
  return out;
}
