/** Terms below this part of a sum are nothing to it. */
const SMALL = 1e-17;

/** e^(−|x|) I(x) of order n, 0 or 1: by powers of x²/4, and from 30 on by those of 1/x. @see https://dlmf.nist.gov/10.40.E1 */
function scaled(n: 0 | 1, x: number): number {
  let term = x < 30 ? Math.exp(-x) * (x / 2) ** n : 1 / (Math.sqrt(2 * Math.PI) * Math.sqrt(x));
  let sum = term;
  for (let k = 1; Math.abs(term) > SMALL * sum; k++) {
    term *= x < 30 ? (x * x) / (4 * k * (k + n)) : ((2 * k - 1) ** 2 - 4 * n) / (8 * k * x);
    sum += term;
  }
  return sum;
}

/** e^(−|x|) I₀(x) */
export const besselI0e = (x: number): number => scaled(0, Math.abs(x));
/** e^(−|x|) I₁(x) */
export const besselI1e = (x: number): number => Math.sign(x) * scaled(1, Math.abs(x));
