import { factorAt, type Factors, reflect, reflector } from "./householder.ts";
import type { Vectors } from "./vectors.ts";

/**
 * `y ← y·(I - τ·v·vᴴ)` for the first `rows` numbers of some columns side by side, from `q` on, as many as `v` has numbers.
 * `v₀` is 1, whatever is there; `w` is for as many numbers.
 */
export function reflectRight(
  vectors: Vectors,
  count: number,
  v: Float64Array,
  p: number,
  [re, im]: readonly [re: number, im: number],
  y: Float64Array,
  q: number,
  column: number,
  rows: number,
  w: Float64Array,
): void {
  if (re === 0 && im === 0) return;
  const { lanes } = vectors;
  for (let i = 0; i < rows * lanes; i++) w[i] = y[q + i]!;
  for (let k = 1; k < count; k++) {
    const [c, s] = factorAt(v, p / lanes + k, lanes);
    vectors.add(rows, c, s, y, q + k * column, w, 0);
  }
  vectors.add(rows, -re, -im, w, 0, y, q);
  for (let k = 1; k < count; k++) {
    const [c, s] = factorAt(v, p / lanes + k, lanes);
    // -τ·conj(vₖ)
    vectors.add(rows, -(re * c + im * s), re * s - im * c, w, 0, y, q + k * column);
  }
}

/**
 * `A = Q·H·Qᴴ` of an n×n matrix by columns, in its place: `H`, which is 0 below the diagonal beside the main one, and below
 * that the vectors of the reflections whose product is `Q`. Returns their factors.
 * @see LAPACK `gehd2`
 */
export function hessenberg(vectors: Vectors, n: number, a: Float64Array): Factors {
  const { lanes } = vectors;
  const column = n * lanes;
  const factors = new Float64Array(Math.max(n - 1, 0) * lanes);
  const w = new Float64Array(column);
  for (let i = 0; i < n - 1; i++) {
    const at = i * column + (i + 1) * lanes;
    const size = n - i - 1;
    reflector(vectors, size, a, at, factors, i);
    const [re, im] = factorAt(factors, i, lanes);
    reflectRight(vectors, size, a, at, [re, im], a, (i + 1) * column, column, n, w);
    for (let k = i + 1; k < n; k++) reflect(vectors, size, a, at, [re, -im], a, k * column + (i + 1) * lanes);
  }
  return factors;
}
