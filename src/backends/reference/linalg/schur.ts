import { factorAt, reflect, reflector } from "./householder.ts";
import { reflectRight } from "./hessenberg.ts";
import { minus, over, type Pair, plus, rootOf, sizeOfPair, times } from "./pairs.ts";
import { standardised } from "./blocks.ts";
import { rotate, type Vectors } from "./vectors.ts";

/** Steps for each eigenvalue, on average, after which it is given up. */
const STEPS = 30;
/** After as many steps without an eigenvalue, shifts are made up. */
const EXCEPTIONAL = 10;
const EPSILON = 2 ** -52;

/** An n×n matrix by columns that is 0 below the diagonal beside the main one, and what is turned along. */
interface Work {
  readonly vectors: Vectors;
  readonly n: number;
  readonly h: Float64Array;
  readonly z: Float64Array | null;
}

/** Where what is beside the diagonal counts as 0: the first row of the part that ends at `last`. @see Ahues and Tisseur, LAPACK working note 122 (1997) */
function partOf(last: number, { n, h, vectors: { lanes } }: Work): number {
  const size = (i: number, j: number) => {
    const [re, im] = factorAt(h, j * n + i, lanes);
    return Math.abs(re) + Math.abs(im);
  };
  const tiny = (2 ** -1022 * n) / EPSILON;
  for (let k = last; k > 0; k--) {
    const beside = size(k, k - 1);
    if (beside <= tiny) return k;
    let near = size(k - 1, k - 1) + size(k, k);
    if (near === 0) near = (k > 1 ? size(k - 1, k - 2) : 0) + (k + 1 < n ? size(k + 1, k) : 0);
    if (beside > EPSILON * near) continue;
    const above = size(k - 1, k);
    const [p, q] = [factorAt(h, k * n + k, lanes), factorAt(h, (k - 1) * n + k - 1, lanes)];
    const [d, difference] = [sizeOfPair(p), sizeOfPair(minus(q, p))];
    const sum = Math.max(d, difference) + Math.max(beside, above);
    const product = Math.min(d, difference) * (Math.max(d, difference) / sum);
    if (Math.min(beside, above) * (Math.max(beside, above) / sum) <= Math.max(tiny, EPSILON * product))
      return k;
  }
  return 0;
}

/**
 * The first column of `(H - a)·(H - b)`, up to a factor, for the eigenvalues `a` and `b` of the last 2×2 block, or for the one
 * that is nearer to the last element, twice, if they are real.
 */
function doubleShift(first: number, last: number, h: Float64Array, n: number, count: number): Float64Array {
  const at = (i: number, j: number) => h[j * n + i]!;
  let block = [at(last - 1, last - 1), at(last - 1, last), at(last, last - 1), at(last, last)] as const;
  if (count % EXCEPTIONAL === 0) {
    const atEnd = count % (2 * EXCEPTIONAL) === 0;
    const s = atEnd
      ? Math.abs(at(last, last - 1)) + Math.abs(at(last - 1, last - 2))
      : Math.abs(at(first + 1, first)) + Math.abs(at(first + 2, first + 1));
    const d = 0.75 * s + (atEnd ? at(last, last) : at(first, first));
    block = [d, -0.4375 * s, s, d];
  }
  const scale = block.reduce((sum, x) => sum + Math.abs(x), 0) || 1;
  const [a, b, c, d] = block.map((x) => x / scale) as [number, number, number, number];
  const mean = (a + d) / 2;
  const determinant = (a - mean) * (d - mean) - b * c;
  const root = Math.sqrt(Math.abs(determinant));
  const nearer = Math.abs(mean + root - d) <= Math.abs(mean - root - d) ? mean + root : mean - root;
  // Their sum and product.
  const [re, im] = determinant >= 0 ? [mean * scale, root * scale] : [nearer * scale, 0];
  const [h00, h10] = [at(first, first), at(first + 1, first)];
  const size = Math.abs(h00 - re) + Math.abs(im) + Math.abs(h10);
  return Float64Array.of(
    (h10 / size) * at(first, first + 1) + (h00 - re) * ((h00 - re) / size) + im * (im / size),
    (h10 / size) * (h00 + at(first + 1, first + 1) - 2 * re),
    (h10 / size) * at(first + 2, first + 1),
  );
}

/** The first column of `H - a` for the eigenvalue `a` of the last 2×2 block that is nearer to the last element. @see Wilkinson */
function singleShift(first: number, last: number, h: Float64Array, n: number, count: number): Float64Array {
  const at = (i: number, j: number): Pair => factorAt(h, j * n + i, 2);
  let shift: Pair = at(last, last);
  if (count % EXCEPTIONAL === 0) {
    const atEnd = count % (2 * EXCEPTIONAL) === 0;
    const s = 0.75 * sizeOfPair(atEnd ? at(last, last - 1) : at(first + 1, first));
    shift = plus(atEnd ? shift : at(first, first), [s, 0]);
  } else {
    const product = times(at(last - 1, last), at(last, last - 1));
    const [re, im] = minus(at(last - 1, last - 1), shift);
    const half: Pair = [re / 2, im / 2];
    const root = rootOf(plus(times(half, half), product));
    const isAlike = half[0] * root[0] + half[1] * root[1] >= 0;
    const sum = isAlike ? plus(half, root) : minus(half, root);
    if (sum[0] !== 0 || sum[1] !== 0) shift = minus(shift, over(product, sum));
  }
  return Float64Array.of(...minus(at(first, first), shift), ...at(first + 1, first));
}

/** Turns `H` by the reflection that takes `start` to the first axis, and chases what that makes below the diagonal out at the end. */
function swept(
  first: number,
  last: number,
  start: Float64Array,
  { vectors, n, h, z }: Work,
  w: Float64Array,
): void {
  const { lanes } = vectors;
  const width = start.length / lanes;
  const column = n * lanes;
  const factor = new Float64Array(lanes);
  for (let k = first; k < last; k++) {
    const size = Math.min(width, last - k + 1);
    const at = (k - 1) * column + k * lanes;
    const v = k === first ? start : h.slice(at, at + size * lanes);
    reflector(vectors, size, v, 0, factor, 0);
    if (k > first) {
      h.fill(0, at, at + size * lanes);
      h[at] = v[0]!;
    }
    const [re, im] = factorAt(factor, 0, lanes);
    for (let j = k; j < n; j++) reflect(vectors, size, v, 0, [re, -im], h, j * column + k * lanes);
    const rows = Math.min(k + width, last) + 1;
    reflectRight(vectors, size, v, 0, [re, im], h, k * column, column, rows, w);
    if (z) reflectRight(vectors, size, v, 0, [re, im], z, k * column, column, n, w);
  }
}

/**
 * Makes a matrix that is 0 below the diagonal beside the main one triangular, by unitary turns of which the columns of `z` are
 * turned along; a real one but for 2×2 blocks `(a, b, c, a)` with `b·c < 0`, of which eigenvalues are conjugate. Whether it came
 * to an end.
 * @see Francis, "The QR transformation" (1961, 1962); LAPACK `lahqr`
 */
export function triangularised(
  vectors: Vectors,
  n: number,
  h: Float64Array,
  z: Float64Array | null,
): boolean {
  const work = { vectors, n, h, z };
  const { lanes } = vectors;
  const w = new Float64Array(n * lanes);
  const blocks = lanes === 1 ? 2 : 1;
  let steps = STEPS * Math.max(10, n);
  for (let last = n - 1, count = 0; last >= 0;) {
    const first = partOf(last, work);
    if (first > 0) h.fill(0, ((first - 1) * n + first) * lanes, ((first - 1) * n + first + 1) * lanes);
    if (first > last - blocks) {
      if (first < last) turnedBlock(first, work);
      last = first - 1;
      count = 0;
      continue;
    }
    if (steps-- === 0) return false;
    count++;
    const start = (lanes === 1 ? doubleShift : singleShift)(first, last, h, n, count);
    swept(first, last, start, work, w);
  }
  return true;
}

/** A real 2×2 block in its standard form, the rest turned along. */
function turnedBlock(k: number, { n, h, z }: Work): void {
  const at = (i: number, j: number) => j * n + i;
  const places = [at(k, k), at(k, k + 1), at(k + 1, k), at(k + 1, k + 1)] as const;
  const [a, b, c, d] = places.map((place) => h[place]!) as [number, number, number, number];
  const found = standardised(a, b, c, d);
  const [cos, sin] = found.turn;
  for (let j = k + 2; j < n; j++) rotate(1, h, at(k, j), at(k + 1, j), cos, sin);
  rotate(k, h, at(0, k), at(0, k + 1), cos, sin);
  found.block.forEach((value, i) => (h[places[i]!] = value));
  if (z) rotate(n, z, at(0, k), at(0, k + 1), cos, sin);
}
