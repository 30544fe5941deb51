/**
 * One pass of a transform in Stockham's order, which needs no permutation: `m` times `s` sums of `radix` numbers each, of
 * which those that belong together lie `m·s` apart in `x`, and results `s` apart in `y`. Result `j` of place `p` is turned by
 * `wᵖʲ`, `w` being number `step` of the roots of unity. Complex numbers are pairs of doubles, from element `at` on.
 * @see Van Loan, "Computational Frameworks for the Fast Fourier Transform" (1992), section 1.7
 */
export interface Pass {
  readonly radix: number;
  readonly m: number;
  readonly step: number;
}
type Run = (
  x: Float64Array,
  y: Float64Array,
  at: number,
  roots: Float64Array,
  pass: Pass,
  inner: number,
) => void;

const by2: Run = (x, y, at, roots, { m, step }, inner) => {
  const s = 2 * step * inner;
  for (let p = 0; p < m; p++) {
    const [c, d] = [roots[2 * p * step]!, roots[2 * p * step + 1]!];
    const end = at + p * s + s;
    for (let i = end - s, k = i + m * s, o = at + 2 * p * s; i < end; i += 2, k += 2, o += 2) {
      const [re, im] = [x[i]! - x[k]!, x[i + 1]! - x[k + 1]!];
      y[o] = x[i]! + x[k]!;
      y[o + 1] = x[i + 1]! + x[k + 1]!;
      y[o + s] = re * c - im * d;
      y[o + s + 1] = re * d + im * c;
    }
  }
};

const by4: Run = (x, y, at, roots, { m, step }, inner) => {
  const s = 2 * step * inner;
  const far = m * s;
  for (let p = 0; p < m; p++) {
    const root = 2 * p * step;
    const c1 = roots[root]!;
    const d1 = roots[root + 1]!;
    const c2 = roots[2 * root]!;
    const d2 = roots[2 * root + 1]!;
    const c3 = roots[3 * root]!;
    const d3 = roots[3 * root + 1]!;
    const end = at + p * s + s;
    for (let i = end - s, o = at + 4 * p * s; i < end; i += 2, o += 2) {
      const j = i + far;
      const k = j + far;
      const l = k + far;
      const re0 = x[i]! + x[k]!;
      const im0 = x[i + 1]! + x[k + 1]!;
      const re1 = x[i]! - x[k]!;
      const im1 = x[i + 1]! - x[k + 1]!;
      const re2 = x[j]! + x[l]!;
      const im2 = x[j + 1]! + x[l + 1]!;
      // -i·(xⱼ - xₗ)
      const re3 = x[j + 1]! - x[l + 1]!;
      const im3 = x[l]! - x[j]!;
      y[o] = re0 + re2;
      y[o + 1] = im0 + im2;
      const u1 = re1 + re3;
      const v1 = im1 + im3;
      const u2 = re0 - re2;
      const v2 = im0 - im2;
      const u3 = re1 - re3;
      const v3 = im1 - im3;
      y[o + s] = u1 * c1 - v1 * d1;
      y[o + s + 1] = u1 * d1 + v1 * c1;
      y[o + 2 * s] = u2 * c2 - v2 * d2;
      y[o + 2 * s + 1] = u2 * d2 + v2 * c2;
      y[o + 3 * s] = u3 * c3 - v3 * d3;
      y[o + 3 * s + 1] = u3 * d3 + v3 * c3;
    }
  }
};

/** Of an odd number: terms `k` and `radix - k` have the same cosine and opposite sines. */
const byOdd: Run = (x, y, at, roots, { radix, m, step }, inner) => {
  const s = 2 * step * inner;
  const far = m * s;
  const size = radix - 1;
  // Where the roots of `j·k` are, for j and k up to half of it.
  const places = placesOf(radix, roots.length / radix);
  // Sums of both terms in the first half, differences in the second.
  const terms = new Float64Array(2 * size);
  for (let p = 0; p < m; p++) {
    const end = at + p * s + s;
    for (let i = end - s, o = at + radix * p * s; i < end; i += 2, o += 2) {
      const re = x[i]!;
      const im = x[i + 1]!;
      let re0 = re;
      let im0 = im;
      for (let k = 0, a = i + far, b = i + size * far; k < size; k += 2, a += far, b -= far) {
        re0 += terms[k] = x[a]! + x[b]!;
        im0 += terms[k + 1] = x[a + 1]! + x[b + 1]!;
        terms[size + k] = x[a]! - x[b]!;
        terms[size + k + 1] = x[a + 1]! - x[b + 1]!;
      }
      y[o] = re0;
      y[o + 1] = im0;
      for (let j = 1, place = 0; 2 * j <= size; j++) {
        let re1 = re;
        let im1 = im;
        let re2 = 0;
        let im2 = 0;
        for (let k = 0; k < size; k += 2, place++) {
          const c = roots[places[place]!]!;
          const d = roots[places[place]! + 1]!;
          re1 += c * terms[k]!;
          im1 += c * terms[k + 1]!;
          re2 -= d * terms[size + k + 1]!;
          im2 += d * terms[size + k]!;
        }
        const root = 2 * j * p * step;
        const other = 2 * (radix - j) * p * step;
        const to = o + j * s;
        const opposite = o + (radix - j) * s;
        y[to] = (re1 + re2) * roots[root]! - (im1 + im2) * roots[root + 1]!;
        y[to + 1] = (re1 + re2) * roots[root + 1]! + (im1 + im2) * roots[root]!;
        y[opposite] = (re1 - re2) * roots[other]! - (im1 - im2) * roots[other + 1]!;
        y[opposite + 1] = (re1 - re2) * roots[other + 1]! + (im1 - im2) * roots[other]!;
      }
    }
  }
};

const placesOf = (radix: number, distance: number): Int32Array => {
  const half = (radix - 1) / 2;
  return Int32Array.from(
    { length: half * half },
    (_, at) => distance * (((1 + Math.floor(at / half)) * (1 + (at % half))) % radix),
  );
};

export const runPass: Run = (x, y, at, roots, pass, inner) =>
  (pass.radix === 4 ? by4 : pass.radix === 2 ? by2 : byOdd)(x, y, at, roots, pass, inner);
