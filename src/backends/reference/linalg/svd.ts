import { applied, factorAt, factorised, product, reflect, reflector, unitColumns } from "./householder.ts";
import { rotate, type Rotation, rotation, turned, type Vectors } from "./vectors.ts";

/** `A = U·diag(s)·Vᴴ`: columns of `u` and of `v`, side by side. */
export interface Decomposed {
  readonly s: Float64Array;
  readonly u: Float64Array | null;
  readonly v: Float64Array | null;
}

/** A bidiagonal matrix, `d` on the diagonal and `e` above it, and the reflections that lead to it. */
interface Bidiagonal {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/**
 * `A = U·B·Vᴴ` with real bidiagonal `B`, of an n×n matrix by columns, which becomes the vectors of the reflections from the
 * left; those from the right are columns of another.
 * @see Golub and Kahan, "Calculating the singular values and pseudo-inverse of a matrix" (1965)
 */
function bidiagonalised(vectors: Vectors, n: number, a: Float64Array, rows: Float64Array): Bidiagonal {
  const { lanes } = vectors;
  const column = n * lanes;
  const [left, right] = [new Float64Array(column), new Float64Array(Math.max(n - 1, 0) * lanes)];
  const [d, e] = [new Float64Array(n), new Float64Array(Math.max(n - 1, 0))];
  const along = new Float64Array(column);
  for (let i = 0; i < n; i++) {
    const at = i * column + i * lanes;
    reflector(vectors, n - i, a, at, left, i);
    d[i] = a[at]!;
    const [re, im] = factorAt(left, i, lanes);
    for (let k = i + 1; k < n; k++) reflect(vectors, n - i, a, at, [re, -im], a, k * column + i * lanes);
    if (i === n - 1) break;
    // The row to the right, conjugated.
    const v = i * column + (i + 1) * lanes;
    for (let k = i + 1; k < n; k++) {
      const from = k * column + i * lanes;
      rows[i * column + k * lanes] = a[from]!;
      if (lanes === 2) rows[i * column + 2 * k + 1] = -a[from + 1]!;
    }
    reflector(vectors, n - i - 1, rows, v, right, i);
    e[i] = rows[v]!;
    const [tau, tauIm] = factorAt(right, i, lanes);
    if (tau === 0 && tauIm === 0) continue;
    // A·(I - τ·v·vᴴ), by the product A·v.
    rows[v] = 1;
    const below = n - i - 1;
    along.fill(0);
    for (let k = i + 1; k < n; k++) {
      const [c, s] = factorAt(rows, i * n + k, lanes);
      vectors.add(below, c, s, a, k * column + (i + 1) * lanes, along, 0);
    }
    for (let k = i + 1; k < n; k++) {
      const [c, s] = factorAt(rows, i * n + k, lanes);
      vectors.add(
        below,
        -(tau * c + tauIm * s),
        tau * s - tauIm * c,
        along,
        0,
        a,
        k * column + (i + 1) * lanes,
      );
    }
  }
  return { d, e, left, right };
}

/** Sweeps for each singular value, after which it is given up. */
const SWEEPS = 60;

/** What the rotations of a sweep are applied to: columns of `length` doubles. */
interface Columns {
  readonly length: number;
  readonly data: Float64Array;
}

const turn = (of: Columns | null, i: number, { c, s }: Rotation): void => {
  if (of !== null) rotate(of.length, of.data, i * of.length, (i + 1) * of.length, c, s);
};

/** The smaller singular value of `[[f, g], [0, h]]`. @see LAPACK `dlas2` */
function shiftOf(f: number, g: number, h: number): number {
  const [fa, ga, ha] = [Math.abs(f), Math.abs(g), Math.abs(h)];
  const [low, high] = [Math.min(fa, ha), Math.max(fa, ha)];
  if (low === 0) return 0;
  const as = 1 + low / high;
  const at = (high - low) / high;
  const au = (ga / high) ** 2;
  if (ga <= high) return low * (2 / (Math.sqrt(as * as + au) + Math.sqrt(at * at + au)));
  const ratio = high / ga;
  if (ratio === 0) return (low * high) / ga;
  const inner = Math.sqrt(1 + (as * ratio) ** 2) + Math.sqrt(1 + (at * ratio) ** 2);
  return 2 * ((low / inner) * ratio);
}

/** One sweep of implicit QR steps over rows `first` to `last`, by Demmel and Kahan's without shift if that is 0. */
function sweep(
  d: Float64Array,
  e: Float64Array,
  [first, last]: readonly [first: number, last: number],
  shift: number,
  u: Columns | null,
  v: Columns | null,
): void {
  const right: Rotation = { c: 1, s: 0, r: 0 };
  const left: Rotation = { c: 1, s: 0, r: 0 };
  if (shift === 0) {
    for (let i = first; i < last; i++) {
      rotation(d[i]! * right.c, e[i]!, right);
      if (i > first) e[i - 1] = left.s * right.r;
      rotation(left.c * right.r, d[i + 1]! * right.s, left);
      d[i] = left.r;
      turn(v, i, right);
      turn(u, i, left);
    }
    const h = d[last]! * right.c;
    d[last] = h * left.c;
    e[last - 1] = h * left.s;
    return;
  }
  const start = d[first]!;
  let f = (Math.abs(start) - shift) * ((start < 0 ? -1 : 1) + shift / start);
  let g = e[first]!;
  for (let i = first; i < last; i++) {
    rotation(f, g, right);
    if (i > first) e[i - 1] = right.r;
    const { c, s } = right;
    f = c * d[i]! + s * e[i]!;
    e[i] = c * e[i]! - s * d[i]!;
    g = s * d[i + 1]!;
    d[i + 1]! *= c;
    rotation(f, g, left);
    d[i] = left.r;
    f = left.c * e[i]! + left.s * d[i + 1]!;
    d[i + 1] = left.c * d[i + 1]! - left.s * e[i]!;
    if (i < last - 1) {
      g = left.s * e[i + 1]!;
      e[i + 1]! *= left.c;
    }
    turn(v, i, right);
    turn(u, i, left);
  }
  e[last - 1] = f;
}

/**
 * Makes a bidiagonal matrix diagonal by implicit QR steps; whether it came to an end.
 * @see Demmel and Kahan, "Accurate singular values of bidiagonal matrices" (1990); LAPACK `dbdsqr`
 */
function diagonalised(d: Float64Array, e: Float64Array, u: Columns | null, v: Columns | null): boolean {
  const eps = 2 ** -52;
  let last = d.length - 1;
  for (let sweeps = SWEEPS * d.length; last > 0; sweeps--) {
    if (sweeps === 0) return false;
    const isSmall = (i: number) => Math.abs(e[i]!) <= eps * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
    if (isSmall(last - 1)) {
      e[--last] = 0;
      continue;
    }
    let first = last - 1;
    let [least, largest] = [Math.abs(d[last]!), Math.abs(d[last]!)];
    for (; first >= 0; first--) {
      const size = Math.abs(d[first]!);
      least = Math.min(least, size);
      largest = Math.max(largest, size, Math.abs(e[first]!));
      if (first === 0 || isSmall(first - 1)) break;
    }
    if (first > 0) e[first - 1] = 0;
    // A shift that is lost beside the first element would only undo what is exact; where an element is 0, none is needed.
    const shift = least <= eps * largest ? 0 : shiftOf(d[last - 1]!, e[last - 1]!, d[last]!);
    const isLost = (shift / d[first]!) ** 2 < eps;
    sweep(d, e, [first, last], isLost ? 0 : shift, u, v);
  }
  return true;
}

const columnsOf = (data: Float64Array | null, length: number): Columns | null => data && { data, length };

/**
 * Of an m×n matrix by columns, m ≥ n, which is written over. `u` has `wanted` columns, `v` n;
 * neither is made if that is null. Null if it did not converge.
 */
function decomposedTall(
  vectors: Vectors,
  [m, n]: readonly [m: number, n: number],
  a: Float64Array,
  wanted: number | null,
): Decomposed | null {
  const { lanes } = vectors;
  // Of a tall matrix the square R of A = Q·R is decomposed.
  let square = a;
  let factors: Float64Array | null = null;
  if (m > n) {
    factors = factorised(vectors, m, n, a);
    square = new Float64Array(n * n * lanes);
    for (let k = 0; k < n; k++) {
      const from = k * m * lanes;
      square.set(a.subarray(from, from + (k + 1) * lanes), k * n * lanes);
    }
  }
  const rows = new Float64Array(n * n * lanes);
  const { d, e, left, right } = bidiagonalised(vectors, n, square, rows);
  let u: Float64Array | null = null;
  let v: Float64Array | null = null;
  if (wanted !== null) {
    u = product(vectors, n, n, square, left);
    v = product(vectors, n, n, rows, right, 1);
  }
  const length = n * lanes;
  if (!diagonalised(d, e, columnsOf(u, length), columnsOf(v, length))) return null;
  const order = Array.from(d.keys()).sort((i, j) => Math.abs(d[j]!) - Math.abs(d[i]!));
  const s = Float64Array.from(order, (i) => Math.abs(d[i]!));
  if (wanted === null || u === null || v === null) return { s, u: null, v: null };
  const wide = unitColumns(m, wanted, lanes);
  const ordered = new Float64Array(v.length);
  order.forEach((from, to) => {
    const of = (x: Float64Array) => x.subarray(from * length, (from + 1) * length);
    wide.set(of(u), to * m * lanes);
    ordered.set(d[from]! < 0 ? of(v).map((x) => -x) : of(v), to * length);
  });
  if (factors !== null) applied(vectors, m, a, factors, wide, wanted);
  return { s, u: wide, v: ordered };
}

/**
 * The singular values of an m×n matrix given row by row, in descending order, and the vectors, if wanted: as many, or
 * all that there are, if `full`. NaN where the matrix has elements that are not finite.
 */
export function decomposed(
  vectors: Vectors,
  m: number,
  n: number,
  a: Float64Array,
  full: boolean,
  withVectors: boolean,
): Decomposed {
  const { lanes } = vectors;
  const least = Math.min(m, n);
  const wanted = withVectors ? (full ? Math.max(m, n) : least) : null;
  // Of a wide matrix the adjoint is decomposed. Its columns are the rows, conjugated.
  const isWide = m < n;
  const tall = isWide ? conjugated(a, lanes) : turned(a, m, n, lanes);
  const isFinite = a.every(Number.isFinite);
  const found = isFinite ? decomposedTall(vectors, isWide ? [n, m] : [m, n], tall, wanted) : null;
  if (found === null) {
    const nothing = (rows: number, columns: number) =>
      withVectors ? new Float64Array(rows * columns * lanes).fill(NaN) : null;
    return {
      s: new Float64Array(least).fill(NaN),
      u: nothing(m, full ? m : least),
      v: nothing(n, full ? n : least),
    };
  }
  return isWide ? { s: found.s, u: found.v, v: found.u } : found;
}

export function conjugated(x: Float64Array, lanes: 1 | 2): Float64Array {
  const out = x.slice();
  if (lanes === 2) for (let i = 1; i < out.length; i += 2) out[i] = -out[i]!;
  return out;
}
