import { customJvp } from "../../control/custom-jvp.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { abs, add, cos, div, eq, le, log, lt, mul, sign, sin, square, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteInexact } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";
import { inFloat32, rational, requireReal } from "./promoted.ts";

// Cephes `sici.c` and `fresnl.c`: numerators and denominators.
const siNear = [[-8.391678279103039e-11, 4.625917144270128e-08, -9.757593038436328e-06, 0.0009769454381704354, -0.04134703162294066, 1], [2.0326926619595193e-12, 1.279978911799433e-09, 4.418278428012189e-07, 9.964121220438756e-05, 0.01420852393261499, 1]] as const; // prettier-ignore
const ciNear = [[2.0252400238910228e-11, -1.3524950491579076e-08, 3.593250514199931e-06, -0.0004740072068734079, 0.028915965260755523, -1], [4.077460400618806e-12, 3.067809975818878e-09, 1.2321035568588342e-06, 0.00031744202477503275, 0.051002805623644606, 4]] as const; // prettier-ignore
const fMiddle = [[4.236128628922166, 5.4593771716181285, 1.6208328770153833, 0.16700661183132304, 0.006810201324725182, 0.00010893658065032867, 5.489002234213736e-07], [1, 8.16496634205391, 7.308288225055645, 1.867922579501842, 0.1787920529631499, 0.007017106683227897, 0.00011003435715391573, 5.489002527562557e-07]] as const; // prettier-ignore
const gMiddle = [[0.08710016989731142, 0.6113791099522193, 0.3971802963923375, 0.07485277376284691, 0.005388686814621773, 0.00016199979459893403, 1.9796387414096365e-06, 7.825790407440903e-09], [1, 1.6440220241335535, 0.666296701268988, 0.09887717612776888, 0.006223963454417684, 0.0001732210814741771, 2.0265918208634397e-06, 7.825792189335346e-09]] as const; // prettier-ignore
const fFar = [[0.4558808734704653, 0.7137152741001467, 0.16030015822231947, 0.01160642294081244, 0.00034955644244785906, 4.8621543082645475e-06, 3.200927900910049e-08, 9.41779576128513e-11, 9.70507110881952e-14], [1, 0.9174636118736841, 0.17868554533207454, 0.012225359477197129, 0.00035869648188185157, 4.924350643178815e-06, 3.21956939101046e-08, 9.437205903502767e-11, 9.70507110881952e-14]] as const; // prettier-ignore
const gFar = [[0.6973599534432762, 0.33041097930563207, 0.03848787676499743, 0.001717182390523479, 3.4894116550227946e-05, 3.471311670841167e-07, 1.7040445278204452e-09, 3.859459254302766e-12, 3.1404009894636335e-15], [1, 1.6854889881101165, 0.48785225869530496, 0.04679131942596258, 0.0019028442667439953, 3.684755044425611e-05, 3.5704322344374083e-07, 1.7269374896631615e-09, 3.878301660239547e-12, 3.1404009894636335e-15]] as const; // prettier-ignore
const sNear = [[-2991.8191940101983, 708840.0452577386, -62974148.62058625, 2548908805.7337637, -44297951805.96978, 318016297876.5678], [1, 281.3762688899943, 45584.78108065326, 5173438.887700964, 419320245.8981112, 22441179564.534092, 607366389490.0846]] as const; // prettier-ignore
const cNear = [[-4.9884311457357354e-08, 9.504280628298596e-06, -0.0006451914356839651, 0.018884331939670384, -0.20552590095501388, 1], [3.99982968972496e-12, 9.154392157746574e-10, 1.2500186247959882e-07, 1.2226278902417902e-05, 0.0008680295429417843, 0.04121420907221998, 1]] as const; // prettier-ignore
const fBeyond = [[0.4215435550436775, 0.1434079197807589, 0.011522095507358577, 0.000345017939782574, 4.6361374928786735e-06, 3.055689837902576e-08, 1.0230451416490724e-10, 1.7201074326816183e-13, 1.3428327623306275e-16, 3.763297112699879e-20], [1, 0.7515863983533789, 0.11688892585919138, 0.0064405152650885865, 0.00015593440916415301, 1.8462756734893055e-06, 1.1269922476399903e-08, 3.6014002958937136e-11, 5.887545336215784e-14, 4.5200143407412973e-17, 1.2544323709001127e-20]] as const; // prettier-ignore
const gBeyond = [[0.5044420736433832, 0.1971028335255234, 0.018764858409257526, 0.0006840793809153931, 1.1513882611188428e-05, 9.828524436884223e-08, 4.4534441586175015e-10, 1.0826804113902088e-12, 1.375554606332618e-15, 8.363544356306774e-19, 1.8695871016278324e-22], [1, 1.4749575992512833, 0.33774898912002, 0.02536037414203388, 0.0008146791071843061, 1.2754507566772912e-05, 1.0431458965757199e-07, 4.6068072814652043e-10, 1.1027321506624028e-12, 1.3879653125957886e-15, 8.391588162831187e-19, 1.8695871016278324e-22]] as const; // prettier-ignore

type Pair = [ArrayValue, ArrayValue];
type OfOne = (x: Operand) => Pair;

/** A function of a real number with two results, and the derivatives of both. */
function twofold(name: string, f: (x: ArrayValue) => Pair, slopes: (x: ArrayValue) => Pair): OfOne {
  const ruled = customJvp(named(name, f));
  ruled.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => {
    const [a, b] = slopes(x);
    return [ruled(x), [mul(t, a), mul(t, b)]];
  });
  return named(name, (x) => {
    const [array] = promoteInexact(`scipy.special.${name}`, x);
    requireReal(array, `scipy.special.${name}`);
    return ruled(array);
  });
}

/** Si and Ci of x ≥ 0. */
function sineAndCosineIntegral(x: ArrayValue): Pair {
  const near = le(x, 4);
  const inside = np.where(near, x, 1);
  const t = square(inside);
  const si = mul(inside, rational(t, ...siNear));
  const positive = np.where(eq(inside, 0), 1, inside);
  const ci = add(add(log(positive), mul(t, rational(t, ...ciNear))), np.eulerGamma);
  const outside = np.where(near, 8, x);
  const z = div(1, square(outside));
  const middle = lt(outside, 8);
  const f = div(np.where(middle, rational(z, ...fMiddle), rational(z, ...fFar)), outside);
  const g = mul(z, np.where(middle, rational(z, ...gMiddle), rational(z, ...gFar)));
  // Beyond 10⁹ only the first of each is left, and at ∞ nothing.
  const angle = np.where(eq(outside, Infinity), 0, outside);
  const [s, c] = [sin(angle), cos(angle)];
  const siFar = sub(Math.PI / 2, add(mul(f, c), mul(g, s)));
  const ciFar = sub(mul(f, s), mul(g, c));
  return [np.where(near, si, siFar), np.where(eq(x, 0), -Infinity, np.where(near, ci, ciFar))];
}

/**
 * The sine and cosine integrals, `∫₀ˣ sin t/t dt` and `γ + log |x| + ∫₀ˣ (cos t − 1)/t dt`.
 *
 * Shape: that of `x`, twice. Dtype: float. @throws DTypeError on complex numbers. @see `jax.scipy.special.sici`
 */
export const sici: OfOne = twofold(
  "sici",
  (x) => {
    const [si, ci] = sineAndCosineIntegral(abs(x));
    return [mul(sign(x), si), np.where(eq(x, -Infinity), NaN, ci)];
  },
  (x) => [np.sinc(div(x, Math.PI)), div(cos(x), x)],
);

/** sin ½πx² and cos ½πx², the angle being reduced before it is squared. */
function ofHalfSquare(x: ArrayValue): Pair {
  const s = np.fmod(abs(x), 2);
  const r = np.fmod(mul(s, sub(abs(x), mul(s, 0.5))), 2);
  const angle = mul(r, Math.PI);
  return [sin(angle), cos(angle)];
}

/** S and C of x ≥ 0. */
function fresnelPositive(x: ArrayValue): Pair {
  const squared = square(x);
  const near = lt(squared, 2.5625);
  const inside = np.where(near, x, 1);
  const t = square(square(inside));
  const s = mul(mul(inside, square(inside)), rational(t, ...sNear));
  const c = mul(inside, rational(t, ...cNear));
  const outside = np.where(near, 4, np.minimum(x, 36974));
  const v = div(1 / Math.PI, square(outside));
  const u = square(v);
  const f = sub(1, mul(u, rational(u, ...fBeyond)));
  const g = mul(v, rational(u, ...gBeyond));
  const [sine, cosine] = ofHalfSquare(outside);
  const scale = div(1 / Math.PI, np.where(near, 4, x));
  const sFar = sub(0.5, mul(scale, add(mul(f, cosine), mul(g, sine))));
  const cFar = add(0.5, mul(scale, sub(mul(f, sine), mul(g, cosine))));
  return [np.where(near, s, sFar), np.where(near, c, cFar)];
}

/**
 * Fresnel's integrals, `∫₀ˣ sin ½πt² dt` and `∫₀ˣ cos ½πt² dt`.
 *
 * Shape: that of `x`, twice. Dtype: float. @throws DTypeError on complex numbers. @see `jax.scipy.special.fresnel`
 */
export const fresnel: OfOne = twofold(
  "fresnel",
  (x) => [0, 1].map((i) => inFloat32((y) => mul(sign(y), fresnelPositive(abs(y))[i]!))(x)) as Pair,
  ofHalfSquare,
);
