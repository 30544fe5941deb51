/**
 * Learns the energy of a pendulum from how it moves: the network is a number H(q, p), and the motion is its gradient, which the loss
 * contains. What it has learnt keeps its energy, as the motion of a network that is trained on it directly does not.
 * After Greydanus et al., Hamiltonian Neural Networks, 2019.
 */
import { type ArrayValue, grad, jit, lax, nn, numpy as np, optim, random, vmap } from "cotangent";
import { z } from "zod";
import { chart, pointsOf, writeChart } from "./chart.ts";
import { common, readSettings, stepsOf } from "./command.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  points: count.min(64).default(1000).describe("states whose motion is seen"),
  noise: z.coerce.number().nonnegative().default(0.05).describe("standard deviation of the noise on it"),
  steps: count.default(2000).describe("steps of each network"),
  out: z.string().default(".tmp/hamiltonian.svg").describe("file for the picture"),
});

/** Seconds between the points that are drawn, and how many. */
const [DT, LENGTH] = [0.05, 800];

/** Of a pendulum whose angle is q. Shape: `[2] → []`. */
const energy = (z: ArrayValue): ArrayValue =>
  np.add(np.divide(np.square(z.get(1)), 2), np.multiply(3, np.subtract(1, np.cos(z.get(0)))));

type Field = (z: ArrayValue) => ArrayValue;
/** dq/dt = ∂H/∂p and dp/dt = −∂H/∂q. */
const motionOf =
  (hamiltonian: Field): Field =>
  (z) => {
    const slope = grad(hamiltonian)(z);
    return np.stack([slope.get(1), np.negative(slope.get(0))]);
  };

/** The states that `f` leads through. Shape: `[2] → [LENGTH, 2]`. */
function follow(f: Field, start: ArrayValue): ArrayValue {
  const along = (z: ArrayValue, h: number, k: ArrayValue) => np.add(z, np.multiply(h, k));
  const step = (z: ArrayValue) => {
    const k1 = f(z);
    const k2 = f(along(z, DT / 2, k1));
    const k3 = f(along(z, DT / 2, k2));
    const k4 = f(along(z, DT, k3));
    return along(z, DT / 6, np.add(np.add(k1, k4), np.multiply(2, np.add(k2, k3))));
  };
  const [, path] = lax.scan((z: ArrayValue) => [step(z), z], start, null, { length: LENGTH });
  return path as ArrayValue;
}

const options = readSettings("npm run hamiltonian", settings);
const [stateKey, noiseKey, modelKey, orderKey] = random.split(random.key(options.seed), 4);
const states = random.uniform(stateKey!, [options.points, 2], { minval: -2, maxval: 2 });
const noise = np.multiply(options.noise, random.normal(noiseKey!, states.shape));
const motion = np.add(vmap(motionOf(energy))(states), noise);
const batchAt = optim.dataBatches({ states, motion }, 64, orderKey!);
const training = {
  optimiser: optim.adam(optim.cosineDecaySchedule(3e-3, stepsOf(options))),
  steps: stepsOf(options),
};
type Batch = { readonly states: ArrayValue; readonly motion: ArrayValue };
const errorOf = (f: Field, { states, motion }: Batch) =>
  np.mean(np.square(np.subtract(vmap(f)(states), motion)));
const networkOf = (outputs: number | "scalar") =>
  new nn.MLP(2, outputs, 64, 2, { key: modelKey!, activation: nn.tanh });

const learnt = await optim.fit(networkOf("scalar"), batchAt, {
  ...training,
  loss: (model, batch) =>
    errorOf(
      motionOf((z) => model.forward(z)),
      batch,
    ),
  progress: optim.progressBar({ title: "the energy" }),
});
const plain = await optim.fit(networkOf(2), batchAt, {
  ...training,
  loss: (model, batch) => errorOf((z) => model.forward(z), batch),
  progress: optim.progressBar({ title: "the motion itself" }),
});

const start = np.array([1.5, 0]);
const paths = {
  "the pendulum": motionOf(energy),
  "energy learnt": motionOf((z) => learnt.params.forward(z)),
  "motion learnt": (z: ArrayValue) => plain.params.forward(z),
};
const times = Array.from({ length: LENGTH }, (_, i) => i * DT);
const series = Object.entries(paths).map(([name, f]) => {
  const path = jit((start: ArrayValue) => follow(f, start))(start);
  const energies = vmap(energy)(path).toList() as number[];
  const drift = Math.max(...energies.map((e) => Math.abs(e - energies[0]!)));
  console.log(`${name}: its energy changes by ${drift.toFixed(4)} in ${(LENGTH * DT).toFixed(0)} s`);
  return { name, points: pointsOf(times, energies) };
});
writeChart(options.out, chart({ x: "time", y: "energy", tight: true }, series));
