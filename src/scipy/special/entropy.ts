import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { add, and, div, eq, ge, gt, log, log1p, lt, mul, ne, neg, or, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { ofNumbers, ofReals, type One, sloped } from "./promoted.ts";

type Two = [x: Operand, y: Operand];

/** `x · f(y)`, 0 at `x = 0` unless `y` is NaN. */
const times = (f: (y: ArrayValue) => ArrayValue) => (x: ArrayValue, y: ArrayValue) =>
  np.where(or(ne(x, 0), np.isnan(y)), mul(x, f(y)), 0);

/** `x log y`, 0 at `x = 0`. Shapes broadcast. @see `jax.scipy.special.xlogy` */
export const xlogy: (x: Operand, y: Operand) => ArrayValue = ofNumbers<Two>(
  "xlogy",
  sloped<Two>(
    "xlogy",
    times(log),
    (_out, _x, y) => log(y),
    (_out, x, y) => div(x, y),
  ),
);

/** `x log(1 + y)`, 0 at `x = 0`. Shapes broadcast. @see `jax.scipy.special.xlog1py` */
export const xlog1py: (x: Operand, y: Operand) => ArrayValue = ofNumbers<Two>(
  "xlog1py",
  sloped<Two>(
    "xlog1py",
    times(log1p),
    (_out, _x, y) => log1p(y),
    (_out, x, y) => div(x, add(y, 1)),
  ),
);

const xlogx = sloped<One>(
  "xlogx",
  (x) => xlogy(x, x),
  (_out, x) => add(log(x), 1),
);

/** `−x log x`, 0 at 0 and −∞ below. @see `jax.scipy.special.entr` */
export const entr: (...xs: One) => ArrayValue = ofReals<One>("entr", (x) =>
  np.where(lt(x, 0), -Infinity, neg(xlogx(x))),
);

/**
 * `p log(p/q)`, elementwise: 0 where `p` is 0 and `q` is not negative, ∞ where either is negative or only `q` is 0.
 * Shapes broadcast. @see `jax.scipy.special.rel_entr`
 */
export const relEntr: (p: Operand, q: Operand) => ArrayValue = ofReals<Two>("relEntr", (p, q) => {
  const both = and(gt(p, 0), gt(q, 0));
  const [safeP, safeQ] = [np.where(both, p, 1), np.where(both, q, 1)];
  const nothing = np.where(and(eq(p, 0), ge(q, 0)), lax.fullLike(safeP, 0), Infinity);
  return np.where(both, sub(xlogx(safeP), xlogy(safeP, safeQ)), nothing);
});

/** `p log(p/q) − p + q`, elementwise. Shapes broadcast. @see {@link relEntr}; `jax.scipy.special.kl_div` */
export const klDiv: (p: Operand, q: Operand) => ArrayValue = ofReals<Two>("klDiv", (p, q) =>
  add(sub(relEntr(p, q), p), q),
);
