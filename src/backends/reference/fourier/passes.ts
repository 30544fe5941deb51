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
  const n = roots.length / 2;
  const pairs = (radix - 1) / 2;
  const sums = new Float64Array(2 * pairs);
  const differences = new Float64Array(2 * pairs);
  const put = (o: number, j: number, re: number, im: number, root: number) => {
    const [c, d] = [roots[2 * j * root]!, roots[2 * j * root + 1]!];
    y[o + j * s] = re * c - im * d;
    y[o + j * s + 1] = re * d + im * c;
  };
  for (let p = 0; p < m; p++)
    for (let q = 0; q < s; q += 2) {
      const i = at + p * s + q;
      const o = at + radix * p * s + q;
      const [re, im] = [x[i]!, x[i + 1]!];
      let [re0, im0] = [re, im];
      for (let k = 0; k < pairs; k++) {
        const a = i + (k + 1) * m * s;
        const b = i + (radix - 1 - k) * m * s;
        re0 += sums[2 * k] = x[a]! + x[b]!;
        im0 += sums[2 * k + 1] = x[a + 1]! + x[b + 1]!;
        differences[2 * k] = x[a]! - x[b]!;
        differences[2 * k + 1] = x[a + 1]! - x[b + 1]!;
      }
      put(o, 0, re0, im0, 0);
      for (let j = 1; j <= pairs; j++) {
        let [re1, im1, re2, im2] = [re, im, 0, 0];
        for (let k = 0; k < pairs; k++) {
          const root = 2 * (n / radix) * ((j * (k + 1)) % radix);
          const [c, d] = [roots[root]!, roots[root + 1]!];
          re1 += c * sums[2 * k]!;
          im1 += c * sums[2 * k + 1]!;
          re2 -= d * differences[2 * k + 1]!;
          im2 += d * differences[2 * k]!;
        }
        put(o, j, re1 + re2, im1 + im2, p * step);
        put(o, radix - j, re1 - re2, im1 - im2, p * step);
      }
    }
};

export const runPass: Run = (x, y, at, roots, pass, inner) =>
  (pass.radix === 4 ? by4 : pass.radix === 2 ? by2 : byOdd)(x, y, at, roots, pass, inner);
