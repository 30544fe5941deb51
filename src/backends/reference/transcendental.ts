import type { LoweringTable } from "../lowering.ts";
import { besselI0e, besselI1e } from "./bessel.ts";
import { complexExp, complexLog, type ComplexOut } from "./complex.ts";
import {
  complexAcos,
  complexAcosh,
  complexAsin,
  complexAsinh,
  complexAtan,
  complexAtan2,
  complexAtanh,
  complexCos,
  complexCosh,
  complexExp2,
  complexExpm1,
  complexLog1p,
  complexLogistic,
  complexSin,
  complexSinh,
  complexTan,
  complexTanh,
} from "./complex-functions.ts";
import { complexResult, elementwise } from "./elementwise.ts";
import { erf, erfc, erfInv } from "./erf.ts";
import { erfInvF32, log1pF32, logF32 } from "./float32.ts";
import { digamma, lgamma } from "./gamma.ts";
import { betainc } from "./incomplete-beta.ts";
import { igamma, igammac, igammaGradA, randomGammaGrad } from "./incomplete-gamma.ts";
import { logistic } from "./special.ts";
import { polygamma, zeta } from "./zeta.ts";

const unary = (
  name: string,
  float: (x: number) => number,
  complex: (a: number, b: number, out: ComplexOut) => void,
  float32?: (x: number) => number,
) =>
  elementwise(name, {
    float,
    complex: (a, b) => complex(a, b, complexResult),
    ...(float32 && { float32 }),
  });

export const transcendental = {
  exp: unary("exp", Math.exp, complexExp),
  exp2: unary("exp2", (x) => 2 ** x, complexExp2),
  expm1: unary("expm1", Math.expm1, complexExpm1),
  log: unary("log", Math.log, complexLog, logF32),
  log1p: unary("log1p", Math.log1p, complexLog1p, log1pF32),
  logistic: unary("logistic", logistic, complexLogistic),
  sin: unary("sin", Math.sin, complexSin),
  cos: unary("cos", Math.cos, complexCos),
  tan: unary("tan", Math.tan, complexTan),
  asin: unary("asin", Math.asin, complexAsin),
  acos: unary("acos", Math.acos, complexAcos),
  atan: unary("atan", Math.atan, complexAtan),
  atan2: elementwise("atan2", {
    float: Math.atan2,
    complex: (a, b, c, d) => complexAtan2(a, b, c, d, complexResult),
  }),
  sinh: unary("sinh", Math.sinh, complexSinh),
  cosh: unary("cosh", Math.cosh, complexCosh),
  tanh: unary("tanh", Math.tanh, complexTanh),
  asinh: unary("asinh", Math.asinh, complexAsinh),
  acosh: unary("acosh", Math.acosh, complexAcosh),
  atanh: unary("atanh", Math.atanh, complexAtanh),

  erf: elementwise("erf", { float: erf }),
  erfc: elementwise("erfc", { float: erfc }),
  erf_inv: elementwise("erf_inv", { float: erfInv, float32: erfInvF32 }),
  lgamma: elementwise("lgamma", { float: lgamma }),
  digamma: elementwise("digamma", { float: digamma }),
  polygamma: elementwise("polygamma", { float: polygamma }),
  zeta: elementwise("zeta", { float: zeta }),
  bessel_i0e: elementwise("bessel_i0e", { float: besselI0e }),
  bessel_i1e: elementwise("bessel_i1e", { float: besselI1e }),
  igamma: elementwise("igamma", { float: igamma }),
  igammac: elementwise("igammac", { float: igammac }),
  igamma_grad_a: elementwise("igamma_grad_a", { float: igammaGradA }),
  random_gamma_grad: elementwise("random_gamma_grad", { float: randomGammaGrad }),
  regularized_incomplete_beta: elementwise("regularized_incomplete_beta", { float: betainc }),
} satisfies Partial<LoweringTable>;
