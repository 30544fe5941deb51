import type { Vectors } from "./vectors.ts";

/**
 * Solves `A·x = b` by substitution, for each of `count` columns of `n` numbers, in their place. `conjugate` holds `conj(A)`
 * row by row, of which one triangle is read.
 */
export function substituted(
  vectors: Vectors,
  n: number,
  conjugate: Float64Array,
  columns: Float64Array,
  count: number,
  lower: boolean,
  unitDiagonal: boolean,
): void {
  const { lanes } = vectors;
  for (let k = 0; k < count; k++) {
    const column = k * n * lanes;
    for (let step = 0; step < n; step++) {
      const i = lower ? step : n - 1 - step;
      // What is known: before it, or after it.
      const from = (lower ? 0 : i + 1) * lanes;
      vectors.dot(step, conjugate, i * n * lanes + from, columns, column + from);
      const at = column + i * lanes;
      const pivot = (i * n + i) * lanes;
      if (lanes === 1) {
        const rest = columns[at]! - vectors.re;
        columns[at] = unitDiagonal ? rest : rest / conjugate[pivot]!;
        continue;
      }
      const re = columns[at]! - vectors.re;
      const im = columns[at + 1]! - vectors.im;
      const [c, d] = unitDiagonal ? [1, 0] : [conjugate[pivot]!, conjugate[pivot + 1]!];
      // Over conj(c + i·d).
      const size = c * c + d * d;
      columns[at] = (re * c - im * d) / size;
      columns[at + 1] = (im * c + re * d) / size;
    }
  }
}
