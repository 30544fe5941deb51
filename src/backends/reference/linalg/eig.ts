import { balanced, restored } from "./balance.ts";
import { hessenberg } from "./hessenberg.ts";
import { factorAt, product, unitColumns } from "./householder.ts";
import { minus, over, type Pair, sizeOfPair, times } from "./pairs.ts";
import { triangularised } from "./schur.ts";
import { complexVectors, norm, type Vectors } from "./vectors.ts";

const EPSILON = 2 ** -52;
/** Beyond this, a vector is made smaller on the way. */
const LARGE = 2 ** 400;

const allFinite = (a: Float64Array): boolean => a.every(Number.isFinite);

/** `A = Z·T·Zᴴ` of an n×n matrix by columns, which becomes `T`, 0 below the diagonal or its blocks; null where it comes to no end. */
export function schur(
  vectors: Vectors,
  n: number,
  a: Float64Array,
  withVectors: boolean,
): Float64Array | null {
  const { lanes } = vectors;
  const factors = hessenberg(vectors, n, a);
  const z = withVectors ? product(vectors, n, n, a, factors, 1) : null;
  for (let j = 0; j < n; j++) a.fill(0, (j * n + Math.min(j + 2, n)) * lanes, (j + 1) * n * lanes);
  if (!triangularised(vectors, n, a, z)) return null;
  return z ?? unitColumns(0, 0, lanes);
}

/** As `schur`, of a matrix whose rows and columns are exchanged before where eigenvalues can be read off; null, too, where elements are not finite. */
export function orderedSchur(
  vectors: Vectors,
  n: number,
  a: Float64Array,
  withVectors: boolean,
): Float64Array | null {
  if (!allFinite(a)) return null;
  const balance = balanced(n, a, vectors.lanes, false);
  const z = schur(vectors, n, a, withVectors);
  if (z) restored(balance, n, z, vectors.lanes);
  return z;
}

/** Numbers with 0 for imaginary parts. */
function lifted(x: Float64Array, lanes: 1 | 2): Float64Array {
  if (lanes === 2) return x;
  const out = new Float64Array(2 * x.length);
  x.forEach((value, i) => (out[2 * i] = value));
  return out;
}

/** Eigenvalues of a complex matrix by columns that is triangular but for blocks, as `triangularised` leaves them: of those, the one above comes first. */
function valuesOf(n: number, t: Float64Array): Pair[] {
  const at = (i: number, j: number) => t[2 * (j * n + i)]!;
  return Array.from({ length: n }, (_, k) => {
    const [re, im] = factorAt(t, k * n + k, 2);
    const isUpper = k + 1 < n && at(k + 1, k) !== 0;
    if (!isUpper && !(k > 0 && at(k, k - 1) !== 0)) return [re, im];
    const first = isUpper ? k : k - 1;
    const size = Math.sqrt(Math.abs(at(first, first + 1))) * Math.sqrt(Math.abs(at(first + 1, first)));
    return [re, isUpper ? size : -size];
  });
}

/**
 * `x` with `T·x = λ·x`, for number `k` of the eigenvalues of `t`, by substitution; `T` is complex, by columns, and triangular
 * but for blocks.
 * @see LAPACK `trevc`
 */
function triangularVector(n: number, t: Float64Array, values: readonly Pair[], k: number): Float64Array {
  const element = (i: number, j: number): Pair => factorAt(t, j * n + i, 2);
  const isBlock = (lower: number) => lower > 0 && lower < n && t[2 * ((lower - 1) * n + lower)] !== 0;
  const value = values[k]!;
  const x = new Float64Array(2 * n);
  const least = Math.max(EPSILON * sizeOfPair(value), (2 ** -1022 * n) / EPSILON);
  const put = (i: number, [re, im]: Pair) => {
    x[2 * i] = re;
    x[2 * i + 1] = im;
  };
  /** Takes what is known of element `i` to the other side of the equations above row `to`. */
  const move = (i: number, to: number) => {
    const [re, im] = factorAt(x, i, 2);
    complexVectors.add(to, -re, -im, t, 2 * i * n, x, 0);
  };
  let top = k;
  if (isBlock(k + 1) || isBlock(k)) {
    top = isBlock(k) ? k - 1 : k;
    const [[b], [c]] = [element(top, top + 1), element(top + 1, top)];
    // (T - λ)·x = 0, where λ - a is imaginary.
    const above = Math.abs(b) >= Math.abs(c);
    put(top, above ? [1, 0] : [0, value[1] / c]);
    put(top + 1, above ? [0, value[1] / b] : [1, 0]);
    move(top + 1, top);
  } else put(k, [1, 0]);
  move(top, top);
  for (let j = top - 1; j >= 0; j--) {
    if (isBlock(j)) {
      const [p, q] = [minus(element(j - 1, j - 1), value), element(j - 1, j)];
      const [r, s] = [element(j, j - 1), minus(element(j, j), value)];
      const found = minus(times(p, s), times(q, r));
      const determinant: Pair = sizeOfPair(found) < least * least ? [least * least, 0] : found;
      const [u, v] = [factorAt(x, j - 1, 2), factorAt(x, j, 2)];
      put(j - 1, over(minus(times(s, u), times(q, v)), determinant));
      put(j, over(minus(times(p, v), times(r, u)), determinant));
      j--;
      move(j + 1, j);
    } else {
      const pivot = minus(element(j, j), value);
      put(j, over(factorAt(x, j, 2), sizeOfPair(pivot) < least ? [least, 0] : pivot));
    }
    move(j, j);
    const size = norm(2 * n, x, 0);
    if (size > LARGE) complexVectors.scale(n, 1 / size, 0, x, 0);
  }
  return x;
}

/** `Tᴴ` with rows and columns from the last to the first: triangular as `T` is. */
function turnedOver(n: number, t: Float64Array): Float64Array {
  const out = new Float64Array(t.length);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [re, im] = factorAt(t, j * n + i, 2);
      const to = 2 * ((n - 1 - i) * n + (n - 1 - j));
      out[to] = re;
      out[to + 1] = -im;
    }
  return out;
}

/** The vectors `Z·x` by columns, one for each eigenvalue. */
function vectorsOf(n: number, t: Float64Array, z: Float64Array, values: readonly Pair[]): Float64Array {
  const out = new Float64Array(2 * n * n);
  values.forEach((_, k) => {
    const x = triangularVector(n, t, values, k);
    for (let i = 0; i < n; i++) {
      const [re, im] = factorAt(x, i, 2);
      if (re !== 0 || im !== 0) complexVectors.add(n, re, im, z, 2 * i * n, out, 2 * k * n);
    }
  });
  return out;
}

/** Makes vectors of length 1, whose largest element is real; positive, unless `isReal`: then it keeps its sign. */
function normalised(n: number, v: Float64Array, isReal: boolean): void {
  for (let at = 0; at < v.length; at += 2 * n) {
    const size = norm(2 * n, v, at);
    complexVectors.scale(n, 1 / size, 0, v, at);
    let [largest, place] = [-1, at];
    for (let i = at; i < at + 2 * n; i += 2) {
      const length = v[i]! ** 2 + v[i + 1]! ** 2;
      if (length > largest) [largest, place] = [length, i];
    }
    const [re, im] = [v[place]!, v[place + 1]!];
    if (isReal && im === 0) continue;
    const turn = Math.hypot(re, im) * (isReal && re < 0 ? -1 : 1);
    complexVectors.scale(n, re / turn, -im / turn, v, at);
    v[place + 1] = 0;
  }
}

/** Eigenvalues of an n×n matrix by columns, which is written over, and vectors by columns, as LAPACK's `geev` has them. */
export function eig(
  vectors: Vectors,
  n: number,
  a: Float64Array,
  withLeft: boolean,
  withRight: boolean,
): readonly (Float64Array | null)[] {
  const { lanes } = vectors;
  const withVectors = withLeft || withRight;
  const nothing = (count: number) => new Float64Array(2 * count).fill(NaN);
  const failed = [nothing(n), withLeft ? nothing(n * n) : null, withRight ? nothing(n * n) : null];
  if (!allFinite(a)) return failed;
  const balance = balanced(n, a, lanes, true);
  const found = schur(vectors, n, a, withVectors);
  if (!found) return failed;
  const [t, z] = [lifted(a, lanes), lifted(found, lanes)];
  const values = valuesOf(n, t);
  const w = Float64Array.from(values.flat());
  const finished = (v: Float64Array, isLeft: boolean) => {
    restored(balance, n, v, 2, isLeft);
    normalised(n, v, lanes === 1);
    return v;
  };
  const right = withRight ? finished(vectorsOf(n, t, z, values), false) : null;
  if (!withLeft) return [w, null, right];
  // uᴴ·T = λ·uᴴ is Tᴴ·u = conj(λ)·u.
  const conjugates = values.map(([re, im]): Pair => [re, -im]).toReversed();
  const left = vectorsOf(n, turnedOver(n, t), reversed(n, z), conjugates);
  return [w, finished(reversed(n, left), true), right];
}

/** Columns from the last to the first. */
function reversed(n: number, x: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let k = 0; k < n; k++) out.set(x.subarray(2 * k * n, 2 * (k + 1) * n), 2 * (n - 1 - k) * n);
  return out;
}
