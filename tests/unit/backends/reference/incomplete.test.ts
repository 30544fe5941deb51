import { expect, test } from "vitest";
import { besselI0e, besselI1e } from "../../../../src/backends/reference/bessel.ts";
import { betainc } from "../../../../src/backends/reference/incomplete-beta.ts";
import {
  igamma,
  igammac,
  igammaGradA,
  randomGammaGrad,
} from "../../../../src/backends/reference/incomplete-gamma.ts";
import { expectClose } from "./close.ts";

// The numbers are mpmath's, in 60 digits: a series, a fraction, and what large a has in place of them.
test.each([
  [0.3, 0.2, 0.65750672426972174, 0.34249327573027826, -1.0233803072203944, 1.2120372612897223],
  [2.5, 30, 0.99999999998784543, 1.2154569777183039e-11, -3.3204679676860983e-11, 2.8707017215352233],
  [50, 45, 0.24680203440017027, 0.75319796559982973, -0.045543292140123876, 0.95141019221162384],
  [2e6, 1.9985e6, 0.14441546304601763, 0.85558453695398237, -1.6074783679997008e-4, 0.99962498951690604],
  [2e6, 2e6, 0.50009403159751916, 0.49990596840248084, -2.8209480352782824e-4, 1.0000000833333375],
  [2e6, 2002345.5, 0.95135203762675366, 0.048647962373246338, -7.1335128345236121e-5, 1.0005862292927353],
])("the incomplete gamma functions at a = %d, x = %d", (a, x, lower, upper, alongA, ofSample) => {
  expectClose(igamma(a, x), lower, 1e-10);
  expectClose(igammac(a, x), upper, 1e-10);
  expectClose(igammaGradA(a, x), alongA, 1e-8);
  expectClose(randomGammaGrad(a, x), ofSample, 1e-8);
});

test("the incomplete beta function, on both sides of its turning point", () => {
  expectClose(betainc(0.5, 0.5, 0.3), 0.36901011956554538, 1e-13);
  expectClose(betainc(2, 40, 0.01), 0.063439538002447283, 1e-13);
  expectClose(betainc(300, 200, 0.61), 0.67416269352637732, 1e-11);
});

test("Bessel functions by powers of x and of 1/x", () => {
  expectClose(besselI0e(0.25), 0.79101716213971936, 1e-15);
  expectClose(besselI1e(0.25), 0.098112628697368247, 1e-15);
  expectClose(besselI0e(-12), 0.11642622121344044, 1e-15);
  expectClose(besselI1e(-12), -0.11146429929018098, 1e-15);
  expectClose(besselI0e(31), 0.071946496696983833, 1e-15);
  expectClose(besselI1e(31), 0.07077639283438568, 1e-15);
  expect([besselI0e(-Infinity), besselI1e(-Infinity), besselI0e(NaN)]).toEqual([0, -0, NaN]);
});
