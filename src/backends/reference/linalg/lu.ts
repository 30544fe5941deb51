import { swap, type Vectors } from "./vectors.ts";

/**
 * `P·A = L·U` of an m×n matrix row by row, in its place: `L` below the diagonal, which is 1, and `U`. Returns the row that
 * each row was exchanged with, one after the other: that of the largest number, by `|re| + |im|`.
 * @see LAPACK `getrf`
 */
export function eliminated(vectors: Vectors, m: number, n: number, a: Float64Array): Int32Array {
  const { lanes } = vectors;
  const row = n * lanes;
  const size = (at: number) => Math.abs(a[at]!) + (lanes === 2 ? Math.abs(a[at + 1]!) : 0);
  return Int32Array.from({ length: Math.min(m, n) }, (_, k) => {
    let pivot = k;
    for (let i = k + 1; i < m; i++) if (size(i * row + k * lanes) > size(pivot * row + k * lanes)) pivot = i;
    swap(row, a, k * row, pivot * row);
    const at = k * row + k * lanes;
    if (size(at) === 0) return pivot;
    const c = a[at]!;
    const d = lanes === 2 ? a[at + 1]! : 0;
    for (let i = k + 1; i < m; i++) {
      const p = i * row + k * lanes;
      if (lanes === 1) a[p]! /= c;
      else {
        const [re, im, over] = [a[p]!, a[p + 1]!, c * c + d * d];
        a[p] = (re * c + im * d) / over;
        a[p + 1] = (im * c - re * d) / over;
      }
      const [re, im] = [a[p]!, lanes === 2 ? a[p + 1]! : 0];
      vectors.add(n - k - 1, -re, -im, a, at + lanes, a, p + lanes);
    }
    return pivot;
  });
}

/** Where rows are after exchanges one after the other. */
export function permuted(pivots: ArrayLike<number>, size: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < pivots.length; i++) swap(1, order, i, pivots[i]!);
  return order;
}
