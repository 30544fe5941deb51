import { norm, swap } from "./vectors.ts";

/** What `balanced` did: `B = D⁻¹·Pᵀ·A·P·D`. */
export interface Balance {
  /** Rows and columns that were exchanged, one pair after the other. */
  readonly exchanges: readonly (readonly [number, number])[];
  /** The diagonal of `D`, of powers of 2. */
  readonly scales: Float64Array;
}

/**
 * Exchanges rows and columns of an n×n matrix by columns, in its place, so that those of which eigenvalues can be read off come
 * first and last and are triangular; and scales those between, if wanted, so that the norms of a row and its column are about
 * the same.
 * @see LAPACK `gebal`; James, Langou and Lowery, "On matrix balancing and eigenvector computation" (2014)
 */
export function balanced(n: number, a: Float64Array, lanes: 1 | 2, isScaled: boolean): Balance {
  const at = (i: number, j: number) => (j * n + i) * lanes;
  const isZero = (i: number, j: number) => a[at(i, j)] === 0 && (lanes === 1 || a[at(i, j) + 1] === 0);
  const exchanges: (readonly [number, number])[] = [];
  const exchange = (i: number, j: number) => {
    exchanges.push([i, j]);
    swap(n * lanes, a, at(0, i), at(0, j));
    for (let k = 0; k < n; k++) swap(lanes, a, at(i, k), at(j, k));
  };
  let [low, high] = [0, n - 1];
  const isAlone = (k: number, zero: (k: number, other: number) => boolean) => {
    for (let other = low; other <= high; other++) if (other !== k && !zero(k, other)) return false;
    return true;
  };
  for (let found = true; found;) {
    found = false;
    for (let i = high; i >= 0 && high > 0; i--)
      if (isAlone(i, isZero)) {
        exchange(i, high--);
        found = true;
      }
  }
  for (let found = true; found;) {
    found = false;
    for (let j = low; j <= high; j++)
      if (isAlone(j, (column, row) => isZero(row, column))) {
        exchange(j, low++);
        found = true;
      }
  }
  const scales = new Float64Array(n).fill(1);
  const row = new Float64Array((high - low + 1) * lanes);
  for (let found = isScaled; found;) {
    found = false;
    for (let i = low; i <= high; i++) {
      for (let j = low; j <= high; j++)
        for (let lane = 0; lane < lanes; lane++) row[(j - low) * lanes + lane] = a[at(i, j) + lane]!;
      let [c, r, factor] = [norm(row.length, a, at(low, i)), norm(row.length, row, 0), 1];
      if (c === 0 || r === 0) continue;
      const before = c + r;
      for (; c < r / 2; c *= 2, r /= 2) factor *= 2;
      for (; c >= 2 * r; c /= 2, r *= 2) factor /= 2;
      if (c + r >= 0.95 * before) continue;
      scales[i]! *= factor;
      for (let k = 0; k < n * lanes; k++) a[at(0, i) + k]! *= factor;
      for (let j = 0; j < n; j++) for (let lane = 0; lane < lanes; lane++) a[at(i, j) + lane]! /= factor;
      found = true;
    }
  }
  return { exchanges, scales };
}

/**
 * `P·D·V` for vectors by columns, in their place: those of `A` from those of `B`; for the left ones, `P·D⁻¹·V`.
 * @see LAPACK `gebak`
 */
export function restored(
  { exchanges, scales }: Balance,
  n: number,
  v: Float64Array,
  lanes: 1 | 2,
  isLeft = false,
): void {
  for (let column = 0; column < v.length; column += n * lanes) {
    for (let i = 0; i < n * lanes; i++) {
      const scale = scales[Math.floor(i / lanes)]!;
      v[column + i]! *= isLeft ? 1 / scale : scale;
    }
    for (const [i, j] of exchanges.toReversed()) swap(lanes, v, column + i * lanes, column + j * lanes);
  }
}
