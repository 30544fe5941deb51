import { isComplex } from "../../core/dtype.ts";
import type { ArrayValue } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { abs, add, div, exp, fma, ge, gt, lt, mul, neg, sign, square, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { inFloat32, ofNumbers, ofReals, type One, polynomial, rational, sloped } from "./promoted.ts";

/** `2/√π ∫₀ˣ e^(−u²) du`. @see `jax.scipy.special.erf` */
export const erf: (...xs: One) => ArrayValue = ofReals<One>("erf", lax.erf);
/** `1 − erf(x)`, accurate for large `x`. @see `jax.scipy.special.erfc` */
export const erfc: (...xs: One) => ArrayValue = ofReals<One>("erfc", lax.erfc);
/** The inverse of {@link erf}. @see `jax.scipy.special.erfinv` */
export const erfinv: (...xs: One) => ArrayValue = ofReals<One>("erfinv", lax.erfInv);

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** (−1)ᵏ (2k − 1)!! / 2ᵏ, of the asymptotic series in 1/x². */
const asymptotic = [7918.06640625, -1055.7421875, 162.421875, -29.53125, 6.5625, -1.875, 0.75, -0.5, 1];

const scaledErfc = sloped<One>(
  "erfcx",
  inFloat32((x) => {
    // Where the series is as good, and e^(x²) not yet infinite.
    const large = gt(x, x.dtype === "float64" ? 26 : 5);
    const safe = np.where(large, 1, x);
    const high = square(safe);
    // What rounding took from x² counts: e^(x²) is as wrong as it is large.
    const direct = mul(mul(exp(high), add(fma(safe, safe, neg(high)), 1)), lax.erfc(safe));
    return np.where(
      large,
      div(polynomial(div(1, square(x)), asymptotic), mul(x, Math.sqrt(Math.PI))),
      direct,
    );
  }),
  (out, x) => sub(mul(mul(x, 2), out), twoOverRootPi),
);

/** `e^(x²) erfc(x)`, also of complex numbers. @see `jax.scipy.special.erfcx` */
export const erfcx: (...xs: One) => ArrayValue = ofNumbers<One>("erfcx", (x) =>
  isComplex(x.dtype) ? faddeeva(lax.complex(neg(lax.imag(x)), lax.real(x))) : scaledErfc(x),
);

// Cephes `dawsn.c`: up to 3.25 in x², up to 6.25 and beyond in 1/x².
const [an, ad] = [
  [1.13681498971755972054e-11, 8.49262267667473811108e-10, 1.94434204175553054283e-8, 9.53151741254484363489e-7,
    3.07828309874913200438e-6, 3.52513368520288738649e-4, -8.50149846724410912031e-4, 4.22618223005546594270e-2,
    -9.17480371773452345351e-2, 9.99999999999999994612e-1],
  [2.40372073066762605484e-11, 1.48864681368493396752e-9, 5.21265281010541664570e-8, 1.27258478273186970203e-6,
    2.32490249820789513991e-5, 3.25524741826057911661e-4, 3.48805814657162590916e-3, 2.79448531198828973716e-2,
    1.58874241960120565368e-1, 5.74918629489320327824e-1, 1],
] as const; // prettier-ignore
const [bn, bd] = [
  [5.08955156417900903354e-1, -2.44754418142697847934e-1, 9.41512335303534411857e-2, -2.18711255142039025206e-2,
    3.66207612329569181322e-3, -4.23209114460388756528e-4, 3.59641304793896631888e-5, -2.14640351719968974225e-6,
    9.10010780076391431042e-8, -2.40274520828250956942e-9, 3.59233385440928410398e-11],
  [1, -6.31839869873368190192e-1, 2.36706788228248691528e-1, -5.31806367003223277662e-2, 8.48041718586295374409e-3,
    -9.47996768486665330168e-4, 7.81025592944552338085e-5, -4.55875153252442634831e-6, 1.89100358111421846170e-7,
    -4.91324691331920606875e-9, 7.18466403235734541950e-11],
] as const; // prettier-ignore
const [cn, cd] = [
  [-5.90592860534773254987e-1, 6.29235242724368800674e-1, -1.72858975380388136411e-1, 1.64837047825189632310e-2,
    -4.86827613020462700845e-4],
  [1, -2.69820057197544900361, 1.73270799045947845857, -3.93708582281939493482e-1, 3.44278924041233391079e-2,
    -9.73655226040941223894e-4],
] as const; // prettier-ignore

/** Dawson's integral, `e^(−x²) ∫₀ˣ e^(u²) du`. @see `jax.scipy.special.dawsn` */
export const dawsn: (...xs: One) => ArrayValue = ofReals<One>(
  "dawsn",
  sloped<One>(
    "dawsn",
    inFloat32((x) => {
      const a = abs(x);
      const [near, far] = [lt(a, 3.25), ge(a, 6.25)];
      const inside = np.where(near, a, 1);
      const outside = np.where(near, 4, a);
      const t = div(1, square(outside));
      const rest = np.where(far, rational(t, cn, cd), rational(t, bn, bd));
      const beyond = mul(div(0.5, outside), add(mul(t, rest), 1));
      const squared = square(inside);
      return mul(sign(x), np.where(near, mul(inside, rational(squared, an, ad)), beyond));
    }),
    (out, x) => sub(1, mul(mul(x, 2), out)),
  ),
);

/** Weideman's polynomial of 32 terms in (L + iz)/(L − iz). */
const scale = 4.7568284600108841;
const weideman = [
  -1.3034426067909105e-12, 3.7411838373738471e-12, 8.030427700497756e-12, -2.1543593557490879e-11,
  -5.5442449963237932e-11, 1.165824698850374e-10, 4.1537441121999766e-10, -5.2310202114920615e-10,
  -3.2080151339721323e-9, 8.1248864216535907e-10, 2.3797556530014025e-8, 2.2930438438915445e-8,
  -1.4813078929137642e-7, -4.1840763750512053e-7, 4.2558331397138446e-7, 4.4015317312832251e-6,
  6.8210319443575151e-6, -2.1409619201999998e-5, -1.3075049254579421e-4, -2.4532980270038237e-4,
  3.9259136070109705e-4, 4.5195411053493093e-3, 1.9006155784845501e-2, 5.7304403529837282e-2, 1.4060716226893755e-1,
  2.9544451071508743e-1, 5.4601397206393376e-1, 9.019254893648001e-1, 1.3455441692345449, 1.8256696296324815,
  2.2635372999002676, 2.5722534081245696,
]; // prettier-ignore

/** w(z) where the imaginary part is not negative. @see Weideman 1994, https://doi.org/10.1137/0731077 */
function upper(z: ArrayValue): ArrayValue {
  const iz = lax.complex(neg(lax.imag(z)), lax.real(z));
  const below = sub(scale, iz);
  const p = polynomial(div(add(scale, iz), below), weideman);
  return add(div(mul(2, p), mul(below, below)), div(1 / Math.sqrt(Math.PI), below));
}

const faddeeva = sloped<One>(
  "wofz",
  (z) => {
    const above = ge(lax.imag(z), 0);
    const w = upper(np.where(above, z, neg(z)));
    // w(z) + w(−z) = 2·e^(−z²)
    return np.where(above, w, sub(mul(2, exp(neg(mul(z, z)))), w));
  },
  (out, z) => {
    const re = lax.real(z);
    return sub(lax.complex(lax.fullLike(re, 0), lax.fullLike(re, twoOverRootPi)), mul(mul(z, 2), out));
  },
);

/** Faddeeva's function, `e^(−z²) erfc(−iz)`. Dtype: complex64. @see `jax.scipy.special.wofz` */
export const wofz: (...xs: One) => ArrayValue = ofNumbers<One>("wofz", (z) =>
  faddeeva(np.astype(z, "complex64")),
);
