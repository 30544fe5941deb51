import { scipy } from "cotangent";
import { each, kept, plain, type Row } from "./table.ts";

const { special } = scipy;

/** What each function of scipy.special does with wrapped arrays. */
export const scipySpecialTable: Readonly<Record<string, Row>> = {
  ...each(
    special,
    "gammaln digamma gammasgn gamma loggamma factorial i0 i0e i1 i1e erf erfc erfcx dawsn expit exp1 expi spence sici fresnel ndtr logNdtr softmax logSoftmax logsumexp",
    (f) => kept(({ x }) => f(x)),
  ),
  ...each(special, "erfinv logit entr ndtri", (f) => kept(({ t }) => f(t))),
  ...each(
    special,
    "zeta xlogy xlog1py relEntr klDiv comb poch beta betaln gammainc gammaincc owensT boxcox boxcox1p expn",
    (f) => kept(({ x, y }) => f(y, x)),
  ),
  polygamma: kept(({ i, y }) => special.polygamma(i, y)),
  betainc: kept(({ x, y, t }) => special.betainc(x, y, t)),
  multigammaln: kept(({ y }) => special.multigammaln(y, 2)),
  besselJn: kept(({ y }) => special.besselJn(y, 2)),
  sphHarmY: kept(({ i, t }) => special.sphHarmY(i, 1, t, 0.5, { nMax: 4 })),
  bernoulli: plain("takes no array", () => special.bernoulli(4)),
  hyp1f1: kept(({ x, y, t }) => special.hyp1f1(x, y, t)),
  wofz: kept(({ c }) => special.wofz(c)),
};
