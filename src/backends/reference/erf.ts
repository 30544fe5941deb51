import { polynomial } from "./polynomial.ts";

// Cephes `ndtr.c`, with its names: erf(x) ≈ x·T(x²)/U(x²) for |x| < 1, erfc(x) ≈ e^(-x²)·P(x)/Q(x) for
// 1 ≤ x < 8 and e^(-x²)·R(x)/S(x) beyond.
const T = [
  9.60497373987051638749, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3,
  5.55923013010394962768e4,
];
const U = [
  1, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4,
  4.92673942608635921086e4,
];
const P = [
  2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687, 4.86371970985681366614e1,
  1.96520832956077098242e2, 5.26445194995477358631e2, 9.3452852717195760754e2, 1.02755188689515710272e3,
  5.57535335369399327526e2,
];
const Q = [
  1, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
  1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2,
];
const R = [
  5.64189583547755073984e-1, 1.27536670759978104416, 5.01905042251180477414, 6.16021097993053585195,
  7.4097426995044893916, 2.9788666537210024067,
];
const S = [
  1, 2.2605286322011727659, 9.39603524938001434673, 1.20489539808096656605e1, 1.70814450747565897222e1,
  9.60896809063285878198, 3.3690764510008151605,
];

/** erfc(28) is below the smallest double. */
const ERFC_UNDERFLOW = 28;

/** e^(-x²) with the rounding error of x² carried along: `head` has 24 bits, so its square is exact. */
const expOfMinusSquare = (x: number): number => {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
};

/** erfc for x ≥ 1. */
const erfcTail = (x: number): number => {
  if (x >= ERFC_UNDERFLOW) return 0;
  const ratio = x < 8 ? polynomial(x, P) / polynomial(x, Q) : polynomial(x, R) / polynomial(x, S);
  return expOfMinusSquare(x) * ratio;
};

/**
 * Error function, 2/√π·∫₀ˣ e^(-t²) dt.
 * @see Cephes `ndtr.c`
 */
export const erf = (x: number): number => {
  const magnitude = Math.abs(x);
  if (magnitude < 1) return (x * polynomial(x * x, T)) / polynomial(x * x, U);
  return x < 0 ? erfcTail(magnitude) - 1 : 1 - erfcTail(x);
};

/**
 * Complementary error function, 1 - erf(x), to full relative accuracy in the right tail.
 * @see Cephes `ndtr.c`
 */
export const erfc = (x: number): number => {
  if (Math.abs(x) < 1) return 1 - erf(x);
  return x < 0 ? 2 - erfcTail(-x) : erfcTail(x);
};

// Giles (2010), "Approximating the erfinv function", table 5: single precision, here the first guess.
const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** √π / 2, the reciprocal of erf′(0). */
const HALF_SQRT_PI = 0.886226925452758;

/**
 * Inverse of `erf`; ±1 give ±Infinity, outside [-1, 1] NaN.
 * Giles's single-precision guess, then Halley steps on erf, or on erfc where x is near 1.
 */
export const erfInv = (x: number): number => {
  const magnitude = Math.abs(x);
  if (magnitude > 1) return NaN;
  if (magnitude === 1) return x * Infinity;
  // Exact for magnitude ≥ ½, the only place that uses it.
  const complement = 1 - magnitude;
  const w = -Math.log1p(-x * x);
  let guess: number;
  let steps = 1;
  if (w < 5) guess = magnitude * polynomial(w - 2.5, CENTRAL);
  else if (w < 16) guess = magnitude * polynomial(Math.sqrt(w) - 3, TAIL);
  else {
    // erfc(g) ≈ e^(-g²) / (g·√π)
    const logarithm = -Math.log(complement * 2 * HALF_SQRT_PI);
    guess = Math.sqrt(logarithm - Math.log(logarithm) / 2);
    steps = 3;
  }
  for (; steps > 0; steps--) {
    const excess = magnitude < 0.5 ? erf(guess) - magnitude : complement - erfc(guess);
    const step = (excess * HALF_SQRT_PI) / expOfMinusSquare(guess);
    guess -= step / (1 + guess * step);
  }
  return x < 0 || Object.is(x, -0) ? -guess : guess;
};
