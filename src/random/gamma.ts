import { type CustomJvp, customJvp } from "../control/custom-jvp.ts";
import { whileLoop } from "../control/while.ts";
import { scalarOf } from "../core/scalar.ts";
import { sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { named } from "../numpy/ufunc.ts";
import { standardExponential } from "./distributions.ts";
import { splitKey } from "./key.ts";
import { standardNormal } from "./normal.ts";
import { type OneParameter, parametric, realParameter } from "./parametric.ts";
import { uniformOf } from "./uniform.ts";

type Pair = [ArrayValue, ArrayValue];
type Triple = [ArrayValue, ArrayValue, ArrayValue];

/** The first `1 + c·x > 0` of standard normal `x`, and that `x`. */
function positiveStep(key: ArrayValue, c: ArrayValue): Pair {
  const { dtype } = c;
  const [, x, v] = whileLoop(
    ([, , v]) => lax.le(v, 0),
    ([key]) => {
      const [next, part] = splitKey(key, 2) as Pair;
      const x = standardNormal(part, [], dtype);
      return [next, x, lax.fma(x, c, scalarOf(1, dtype))];
    },
    [key, scalarOf(0, dtype), scalarOf(-1, dtype)] as Triple,
  );
  return [x, v];
}

/** `V` such that `d·V` is a sample of Gamma(a), where `d = a − ⅓` and `a ≥ 1`. */
function acceptedVolume(key: ArrayValue, d: ArrayValue): ArrayValue {
  const { dtype } = d;
  const one = scalarOf(1, dtype);
  const c = lax.div(scalarOf(1 / 3, dtype), lax.sqrt(d));
  const isRejected = ([, x2, v, u]: readonly ArrayValue[]): ArrayValue => {
    const squeeze = lax.sub(one, lax.mul(scalarOf(0.0331, dtype), lax.mul(x2!, x2!)));
    const bound = lax.fma(x2!, scalarOf(0.5, dtype), lax.mul(d, lax.add(lax.sub(one, v!), lax.log(v!))));
    return lax.and(lax.ge(u!, squeeze), lax.ge(lax.log(u!), bound));
  };
  const [, , volume] = whileLoop(
    isRejected,
    ([key]) => {
      const [next, normals, last] = splitKey(key, 3) as Triple;
      const [x, v] = positiveStep(normals, c);
      return [next, lax.mul(x, x), lax.mul(lax.mul(v, v), v), uniformOf(last, [], dtype, 0, 1)];
    },
    // These are rejected.
    [key, scalarOf(0, dtype), one, scalarOf(2, dtype)] as [...Triple, ArrayValue],
  );
  return volume;
}

/** One sample of Gamma(a), or its logarithm. Below 1, Gamma(a) is Gamma(a + 1) times `u^(1/a)`. */
const gammaOne =
  (isLog: boolean) =>
  (key: ArrayValue, a: ArrayValue): ArrayValue => {
    const { dtype } = a;
    const one = scalarOf(1, dtype);
    const isLarge = lax.ge(a, one);
    const d = lax.sub(lax.select(isLarge, a, lax.add(a, one)), scalarOf(1 / 3, dtype));
    const [loop, boost] = splitKey(key, 2) as Pair;
    const volume = acceptedVolume(loop, d);
    if (!isLog) {
      const u = lax.sub(one, uniformOf(boost, [], dtype, 0, 1));
      return lax.mul(lax.mul(d, volume), lax.select(isLarge, one, lax.pow(u, lax.div(one, a))));
    }
    const logU = lax.neg(standardExponential(boost, [], dtype));
    // 0 times the inverse of a tiny a is no number.
    const isOne = lax.or(isLarge, lax.eq(logU, 0));
    const added = lax.select(isOne, scalarOf(0, dtype), lax.mul(logU, lax.div(one, a)));
    return lax.add(lax.add(lax.log(d), lax.log(volume)), added);
  };

/** Samples, one for each element of `a`, with their derivative by `a` at the same probability. */
function samplesOf(name: string, isLog: boolean): CustomJvp<[key: ArrayValue, a: ArrayValue], ArrayValue> {
  const one = vmap(gammaOne(isLog));
  const f = customJvp(
    named(name, (key: ArrayValue, a: ArrayValue): ArrayValue => {
      const size = sizeOf(a.shape);
      if (size === 0) return a;
      return lax.reshape(one(lax.randomSplit(key, [size]), lax.reshape(a, [size])), a.shape);
    }),
  );
  f.defjvps(null, (t: ArrayValue, out: ArrayValue, _key: ArrayValue, a: ArrayValue) => {
    if (!isLog) return lax.mul(t, lax.randomGammaGrad(a, out));
    // A sample that is too small to be one still has a logarithm.
    const sample = lax.max(lax.exp(out), scalarOf(finfo(a.dtype).tiny, a.dtype));
    return lax.mul(t, lax.div(lax.randomGammaGrad(a, sample), sample));
  });
  return f;
}
const gammaSamples = samplesOf("gamma", false);
/** @internal Logarithms of samples of Gamma(a), from a checked key. */
export const loggammaOf: (key: ArrayValue, a: ArrayValue) => ArrayValue = samplesOf("loggamma", true);
/** @internal Samples of Gamma(a), from a checked key. */
export const gammaOf: (key: ArrayValue, a: ArrayValue) => ArrayValue = gammaSamples;

/**
 * Gamma distribution: density `xᵃ⁻¹ e⁻ˣ / Γ(a)`, from 0. Times `θ`, it has scale `θ`. Differentiable with respect to `a`.
 *
 * Shape: `shape`, to which `a` broadcasts. Dtype: float32 (float64 under x64), or the float dtype asked for.
 * @throws DTypeError when `dtype` is no float dtype, or `a` is complex; ShapeError when `a` does not broadcast to `shape`.
 * @see `jax.random.gamma`; Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)
 */
export const gamma: OneParameter = parametric("gamma", ["a"], (key, [a]) => gammaOf(key, a), realParameter);

/**
 * Logarithm of a number of the gamma distribution: finer than that of `gamma` for small `a`. Differentiable with respect
 * to `a`.
 *
 * Shapes, dtypes and errors as {@link gamma}. @see `jax.random.loggamma`
 */
export const loggamma: OneParameter = parametric(
  "loggamma",
  ["a"],
  (key, [a]) => loggammaOf(key, a),
  realParameter,
);
