/**
 * Bayesian linear regression by Hamiltonian Monte Carlo: chains side by side, each step a scan of leapfrogs along the gradient of the
 * log density. What is sampled is held to the posterior, which is known here.
 */
import { type ArrayValue, grad, jit, lax, numpy as np, random, scipy, vmap } from "cotangent";
import { z } from "zod";
import { chart, pointsOf, type Series, writeChart } from "./chart.ts";
import { common, readSettings } from "./command.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  points: count.min(4).default(30).describe("points of the regression"),
  chains: count.default(8).describe("chains"),
  samples: count
    .min(10)
    .default(1000)
    .describe("samples of a chain that are kept, after half as many that are not"),
  out: z.string().default(".tmp/hmc.svg").describe("file for the picture"),
});

/** Of a leapfrog, how many there are in a step, and the standard deviation of the noise and of the prior. */
const [STEP, LEAPS, NOISE, PRIOR] = [0.05, 12, 0.5, 2];
const TRUE = [1.5, -0.7];

const options = readSettings("npm run hmc", settings);
const kept = options.quick ? 20 : options.samples;
const [xKey, noiseKey, startKey, chainKey] = random.split(random.key(options.seed), 4);
const x = random.uniform(xKey!, [options.points], { minval: -1, maxval: 2 });
/** Shape: `[points, 2]`: a column of ones, and `x`. */
const features = np.stack([np.ones([options.points]), x], { axis: 1 });
const y = np.add(np.matmul(features, np.array(TRUE)), np.multiply(NOISE, random.normal(noiseKey!, x.shape)));

/** Up to a constant, of intercept and slope. Shape: `[2] → []`. */
const logPosterior = (w: ArrayValue): ArrayValue =>
  np.add(
    np.sum(scipy.stats.norm.logpdf(w, 0, PRIOR)),
    np.sum(scipy.stats.norm.logpdf(y, np.matmul(features, w), NOISE)),
  );

/** One step of a chain: where it goes, and whether it went. */
function step(w: ArrayValue, key: ArrayValue): [next: ArrayValue, accepted: ArrayValue] {
  const [momentumKey, acceptKey] = random.split(key);
  const slope = grad(logPosterior);
  const momentum = random.normal(momentumKey!, w.shape);
  const kick = (w: ArrayValue, p: ArrayValue, h: number) => np.add(p, np.multiply(h, slope(w)));
  const leap = ([w, p]: [ArrayValue, ArrayValue]): [[ArrayValue, ArrayValue], null] => {
    const half = kick(w, p, STEP / 2);
    const moved = np.add(w, np.multiply(STEP, half));
    return [[moved, kick(moved, half, STEP / 2)], null];
  };
  const [[proposed, last]] = lax.scan(leap, [w, momentum] as [ArrayValue, ArrayValue], null, {
    length: LEAPS,
  });
  const total = (w: ArrayValue, p: ArrayValue) =>
    np.subtract(logPosterior(w), np.divide(np.sum(np.square(p)), 2));
  const gain = np.subtract(total(proposed, last), total(w, momentum));
  const accepted = np.less(np.log(random.uniform(acceptKey!)), gain);
  return [np.where(accepted, proposed, w), accepted];
}

/** The samples of a chain, and the share of steps that it took. Shape: `[2], key → [kept, 2], []`. */
function chain(start: ArrayValue, key: ArrayValue): [samples: ArrayValue, rate: ArrayValue] {
  const go = (w: ArrayValue, key: ArrayValue): [ArrayValue, [ArrayValue, ArrayValue]] => {
    const [next, accepted] = step(w, key);
    return [next, [next, accepted]];
  };
  const unkept = Math.ceil(kept / 2);
  const [, [samples, accepted]] = lax.scan(go, start, random.split(key, unkept + kept));
  return [samples.get(`${unkept}:`), np.mean(accepted.astype("float32"))];
}

const from = performance.now();
const starts = np.multiply(PRIOR, random.normal(startKey!, [options.chains, 2]));
const [samples, rates] = jit(vmap(chain))(starts, random.split(chainKey!, options.chains));
const all = samples.reshape([-1, 2]);
console.log(
  `${all.shape[0]} samples of ${options.chains} chains in ${((performance.now() - from) / 1000).toFixed(1)} s, ${(100 * (np.mean(rates).item() as number)).toFixed(0)} % of the steps accepted`,
);

// The posterior is normal: its precision is XᵀX/σ² + 1/τ².
const precision = np.add(
  np.divide(np.matmul(features.T, features), NOISE ** 2),
  np.divide(np.eye(2), PRIOR ** 2),
);
const covariance = np.linalg.inv(precision);
const mean = np.matmul(covariance, np.divide(np.matmul(features.T, y), NOISE ** 2));

const series = ["intercept", "slope"].flatMap((name, i): Series[] => {
  const values = all.get(":", i);
  const [center, spread] = [mean.get(i), np.sqrt(covariance.get(i, i))];
  const text = (m: ArrayValue, s: ArrayValue) =>
    `${(m.item() as number).toFixed(3)} ± ${(s.item() as number).toFixed(3)}`;
  console.log(
    `${name}: sampled ${text(np.mean(values), np.std(values))}, exactly ${text(center, spread)}, true ${TRUE[i]}`,
  );
  const [density, edges] = np.histogram(values, { bins: 40, density: true });
  const centers = np.divide(np.add(edges.get(":-1"), edges.get("1:")), 2);
  const numbers = (x: ArrayValue) => x.toList() as number[];
  return [
    { name: `${name}, sampled`, points: pointsOf(numbers(centers), numbers(density)), kind: "points" },
    {
      name: `${name}, exactly`,
      points: pointsOf(numbers(centers), numbers(scipy.stats.norm.pdf(centers, center, spread))),
    },
  ];
});
writeChart(options.out, chart({ x: "", y: "density", tight: true }, series));
