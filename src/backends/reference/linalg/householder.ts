import { norm, swap, type Vectors } from "./vectors.ts";

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
  const factors = new Float64Array(Math.min(m, n) * lanes);
  for (let j = 0; j < Math.min(m, n); j++) {
    const [at, left] = [j * column + j * lanes, m - j];
    if (order !== null && j >= fixed) {
      let [largest, pivot] = [-1, j];
      for (let k = j; k < n; k++) {
        const length = norm(left * lanes, a, k * column + j * lanes);
        if (length > largest) [largest, pivot] = [length, k];
      }
      swap(column, a, j * column, pivot * column);
      [order[j], order[pivot]] = [order[pivot]!, order[j]!];
    }
    reflector(vectors, left, a, at, factors, j);
    const factor = adjoint(factorAt(factors, j, lanes));
    for (let k = j + 1; k < n; k++) reflect(vectors, left, a, at, factor, a, k * column + j * lanes);
  }
  return factors;
}

/**
 * Applies the product of reflections, the first of which begins at row `offset`, to `count` columns of `y`; each has m
 * numbers, as the columns that hold the vectors of the reflections.
 */
export function applied(
  vectors: Vectors,
  m: number,
  reflections: Float64Array,
  factors: Factors,
  y: Float64Array,
  count: number,
  offset = 0,
): void {
  const { lanes } = vectors;
  const column = m * lanes;
  for (let i = factors.length / lanes - 1; i >= 0; i--) {
    const [row, factor] = [(i + offset) * lanes, factorAt(factors, i, lanes)];
    const p = i * column + row;
    for (let k = 0; k < count; k++)
      reflect(vectors, m - i - offset, reflections, p, factor, y, k * column + row);
  }
}

/**
 * The first n columns of the product of the reflections, in whose place they are written.
 * @see LAPACK `orgqr`
 */
export function product(vectors: Vectors, m: number, n: number, a: Float64Array, factors: Factors): void {
  const { lanes, scale } = vectors;
  const column = m * lanes;
  const count = factors.length / lanes;
  for (let k = count; k < n; k++) {
    a.fill(0, k * column, (k + 1) * column);
    a[k * column + k * lanes] = 1;
  }
  for (let i = count - 1; i >= 0; i--) {
    const factor = factorAt(factors, i, lanes);
    const at = i * column + i * lanes;
    for (let k = i + 1; k < n; k++) reflect(vectors, m - i, a, at, factor, a, k * column + i * lanes);
    // The column itself: I - τ·v·vᴴ, applied to a unit vector.
    scale(m - i - 1, -factor[0], -factor[1], a, at + lanes);
    a.fill(0, i * column, at);
    a[at] = 1 - factor[0];
    if (lanes === 2) a[at + 1] = -factor[1];
  }
}

/** The columns of the identity, with as many rows. */
export function unitColumns(m: number, n: number, lanes: 1 | 2): Float64Array {
  const out = new Float64Array(m * n * lanes);
  for (let k = 0; k < Math.min(m, n); k++) out[(k * m + k) * lanes] = 1;
  return out;
}
