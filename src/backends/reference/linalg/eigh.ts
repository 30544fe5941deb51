import { factorAt, product, reflector } from "./householder.ts";
import { rotate, type Rotation, rotation, type Vectors } from "./vectors.ts";

/**
 * `A = Q·T·Qᴴ` with real tridiagonal `T`, of an n×n Hermitian matrix by columns, of which the lower triangle is read and
 * becomes the vectors of the reflections whose product is `Q`. Returns the diagonal of `T`, what is beside it, and factors.
 * @see LAPACK `sytd2`
 */
export function tridiagonalised(vectors: Vectors, n: number, a: Float64Array): readonly Float64Array[] {
  const { lanes } = vectors;
  const column = n * lanes;
  const [d, e] = [new Float64Array(n), new Float64Array(Math.max(n - 1, 0))];
  const factors = new Float64Array(Math.max(n - 1, 0) * lanes);
  const w = new Float64Array(column);
  for (let i = 0; i < n; i++) {
    d[i] = a[i * column + i * lanes]!;
    if (i === n - 1) break;
    const [at, size] = [i * column + (i + 1) * lanes, n - i - 1];
    reflector(vectors, size, a, at, factors, i);
    e[i] = a[at]!;
    const [re, im] = factorAt(factors, i, lanes);
    if (re === 0 && im === 0) continue;
    a[at] = 1;
    const v = (k: number) => factorAt(a, i * n + k, lanes);
    // w = τ·A·v, from the lower triangle: each column is a row too.
    w.fill(0);
    for (let k = i + 1; k < n; k++) {
      const [diagonal, left] = [k * column + k * lanes, n - k - 1];
      const [c, s] = v(k);
      vectors.dot(left, a, diagonal + lanes, a, i * column + (k + 1) * lanes);
      w[k * lanes]! += vectors.re + c * a[diagonal]!;
      if (lanes === 2) w[2 * k + 1]! += vectors.im + s * a[diagonal]!;
      vectors.add(left, c, s, a, diagonal + lanes, w, (k + 1) * lanes);
    }
    vectors.scale(size, re, im, w, (i + 1) * lanes);
    // w -= (τ/2)·(wᴴ·v)·v
    vectors.dot(size, w, (i + 1) * lanes, a, at);
    const [x, y] = [vectors.re, vectors.im];
    vectors.add(size, -(re * x - im * y) / 2, -(re * y + im * x) / 2, a, at, w, (i + 1) * lanes);
    // A -= v·wᴴ + w·vᴴ
    for (let k = i + 1; k < n; k++) {
      const [[c, s], [p, q]] = [v(k), factorAt(w, k, lanes)];
      const to = k * column + k * lanes;
      vectors.add(n - k, -p, q, a, i * column + k * lanes, a, to);
      vectors.add(n - k, -c, s, w, k * lanes, a, to);
    }
  }
  return [d, e, factors];
}

/** Writes the diagonal of `T`, and what is beside it, where it was in a matrix by columns. */
export function writtenBand(
  a: Float64Array,
  n: number,
  lanes: 1 | 2,
  d: Float64Array,
  e: Float64Array,
): void {
  const put = (i: number, j: number, value: number) => {
    const at = (j * n + i) * lanes;
    a.fill(0, at, at + lanes);
    a[at] = value;
  };
  d.forEach((value, i) => put(i, i, value));
  e.forEach((value, i) => put(i + 1, i, value));
}

/** Steps for each eigenvalue, after which it is given up. */
const STEPS = 60;

/**
 * Makes a tridiagonal matrix diagonal by implicit QL steps with Wilkinson's shift; the columns of `z`, of `length` doubles,
 * are turned along. Whether it came to an end.
 * @see Bowdler, Martin, Reinsch and Wilkinson, "The QR and QL algorithms for symmetric matrices" (1968); LAPACK `steqr`
 */
function diagonalised(d: Float64Array, e: Float64Array, z: Float64Array | null, length: number): boolean {
  const n = d.length;
  const by: Rotation = { c: 1, s: 0, r: 0 };
  const eps = 2 ** -52;
  for (let first = 0; first < n; first++) {
    for (let steps = STEPS; ; steps--) {
      let last = first;
      const isSmall = (i: number) => Math.abs(e[i]!) <= eps * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
      while (last < n - 1 && !isSmall(last)) last++;
      if (last < n - 1) e[last] = 0;
      if (last === first) break;
      if (steps === 0) return false;
      const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
      const root = Math.hypot(half, 1);
      let g = d[last]! - d[first]! + e[first]! / (half + (half < 0 ? -root : root));
      let [c, s, p] = [1, 1, 0];
      for (let i = last - 1; i >= first; i--) {
        const [f, b] = [s * e[i]!, c * e[i]!];
        rotation(g, f, by);
        if (i < last - 1) e[i + 1] = by.r;
        ({ c, s } = by);
        g = d[i + 1]! - p;
        const r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        if (z !== null) rotate(length, z, i * length, (i + 1) * length, c, -s);
      }
      d[first]! -= p;
      e[first] = g;
    }
  }
  return true;
}

/**
 * Eigenvalues in ascending order, and eigenvectors as columns side by side, of an n×n Hermitian matrix by columns, of which
 * the lower triangle is read; it is written over. NaN where that has elements that are not finite.
 */
export function eigen(
  vectors: Vectors,
  n: number,
  a: Float64Array,
): readonly [w: Float64Array, v: Float64Array] {
  const { lanes } = vectors;
  const length = n * lanes;
  const nothing = [new Float64Array(n).fill(NaN), new Float64Array(n * length).fill(NaN)] as const;
  for (let k = 0; k < n; k++)
    for (let i = k * lanes; i < length; i++) if (!Number.isFinite(a[k * length + i]!)) return nothing;
  const [d, e, factors] = tridiagonalised(vectors, n, a);
  const z = product(vectors, n, n, a, factors!, 1);
  if (!diagonalised(d!, e!, z, length)) return nothing;
  const order = Array.from(d!.keys()).sort((i, j) => d![i]! - d![j]!);
  const v = new Float64Array(z.length);
  order.forEach((from, to) => v.set(z.subarray(from * length, (from + 1) * length), to * length));
  return [Float64Array.from(order, (i) => d![i]!), v];
}
