import { rotate, type Rotation, rotation, type Vectors } from "./vectors.ts";

/**
 * The lower triangle `L` of `A = L·Lᴴ`, row by row, from the lower triangle of `A`; NaN where `A` is not positive
 * definite.
 */
export function cholesky(vectors: Vectors, n: number, a: Float64Array, out: Float64Array): void {
  const { lanes } = vectors;
  const row = n * lanes;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      vectors.dot(j, out, j * row, out, i * row);
      const at = i * row + j * lanes;
      const rest = a[at]! - vectors.re;
      if (i === j) {
        if (!(rest > 0)) {
          for (let k = 0; k < n; k++) out.fill(NaN, k * row, k * row + (k + 1) * lanes);
          return;
        }
        out[at] = Math.sqrt(rest);
        continue;
      }
      const pivot = out[j * row + j * lanes]!;
      out[at] = rest / pivot;
      if (lanes === 2) out[at + 1] = (a[at + 1]! - vectors.im) / pivot;
    }
  }
}

/** Of the upper triangle `R` of `Rᵀ·R`, row by row, in its place that of `Rᵀ·R + w·wᵀ`; `w` is written over. */
export function updated(n: number, r: Float64Array, w: Float64Array): void {
  const by: Rotation = { c: 1, s: 0, r: 0 };
  const both = new Float64Array(2 * n);
  both.set(w, n);
  for (let k = 0; k < n; k++) {
    both.set(r.subarray(k * n, (k + 1) * n));
    rotation(both[k]!, both[n + k]!, by);
    rotate(n, both, 0, n, by.c, by.s);
    r.set(both.subarray(0, n), k * n);
  }
}
