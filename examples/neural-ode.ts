/**
 * Learns the right-hand side of a differential equation from trajectories: a network says how the state moves, Runge–Kutta steps in a
 * scan follow it, and the gradient goes through them. Each step is computed again instead of being kept.
 */
import { type ArrayValue, checkpoint, lax, nn, numpy as np, optim, random, vmap } from "cotangent";
import { z } from "zod";
import { chart, lossSeries, pointsOf, type Series, writeChart } from "./chart.ts";
import { common, readSettings, stepsOf } from "./command.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  trajectories: count.min(32).default(256).describe("trajectories to learn from"),
  steps: count.default(1200).describe("steps"),
  out: z.string().default(".tmp/neural-ode.svg").describe("file for the picture"),
});

/** Seconds between the points of a trajectory, of which the first ones are learnt first. */
const [DT, LENGTH, BEGINNING] = [0.2, 41, 11];

type Field = (y: ArrayValue) => ArrayValue;

/** Predators and prey. Shape: `[2] → [2]`. @see Lotka, Volterra */
function lotkaVolterra(y: ArrayValue): ArrayValue {
  const [prey, predators] = [y.get(0), y.get(1)];
  const meetings = np.multiply(prey, predators);
  return np.stack([
    np.subtract(np.multiply(1.1, prey), np.multiply(0.8, meetings)),
    np.subtract(np.multiply(0.6, meetings), np.multiply(0.9, predators)),
  ]);
}

/** One step of the classical Runge–Kutta method. */
function rungeKutta(f: Field, y: ArrayValue): ArrayValue {
  const along = (h: number, k: ArrayValue) => np.add(y, np.multiply(h, k));
  const k1 = f(y);
  const k2 = f(along(DT / 2, k1));
  const k3 = f(along(DT / 2, k2));
  const k4 = f(along(DT, k3));
  const mean = np.divide(np.add(np.add(k1, k4), np.multiply(2, np.add(k2, k3))), 6);
  return along(DT, mean);
}

/** The points that `f` leads through from `y0`. Shape: `[2] → [length, 2]`. */
function solve(f: Field, y0: ArrayValue, length: number): ArrayValue {
  const step = checkpoint((y: ArrayValue) => rungeKutta(f, y));
  const [, ys] = lax.scan((y: ArrayValue) => [step(y), y], y0, null, { length });
  return ys as ArrayValue;
}

const options = readSettings("npm run neural-ode", settings);
const [startKey, modelKey, orderKey] = random.split(random.key(options.seed), 3);
const starts = random.uniform(startKey!, [options.trajectories + 1, 2], { minval: 0.5, maxval: 2 });
const trajectories = vmap((y0: ArrayValue) => solve(lotkaVolterra, y0, LENGTH))(starts);
const [train, test] = [trajectories.get("1:"), trajectories.get(0)];

const field =
  (model: nn.MLP): Field =>
  (y) =>
    model.forward(y);
const lossOver = (length: number) => (model: nn.MLP, ys: ArrayValue) => {
  const paths = vmap((y0: ArrayValue) => solve(field(model), y0, length))(ys.get(":", 0));
  return np.mean(np.square(np.subtract(paths, ys.get(":", `:${length}`))));
};

const model = new nn.MLP(2, 2, 64, 2, { key: modelKey!, activation: nn.softplus });
const batchAt = optim.dataBatches(train, 32, orderKey!);
const optimiser = optim.adam(3e-3);
const steps = stepsOf(options);
const beginning = Math.ceil(steps / 3);
const first = await optim.fit(model, batchAt, {
  optimiser,
  loss: lossOver(BEGINNING),
  steps: beginning,
  progress: optim.progressBar({ title: "their beginning" }),
});
const { params, metrics } = await optim.fit(first.params, batchAt, {
  optimiser,
  loss: lossOver(LENGTH),
  steps: steps - beginning,
  progress: optim.progressBar({ title: "all of them" }),
});

const learnt = solve(field(params), test.get(0), LENGTH);
const error = np.sqrt(np.mean(np.square(np.subtract(learnt, test)))).item() as number;
console.log(`on a trajectory that it has not seen it is off by ${error.toFixed(4)}`);
const times = Array.from({ length: LENGTH }, (_, i) => i * DT);
const column = (ys: ArrayValue, i: number) => pointsOf(times, ys.get(":", i).toList() as number[]);
const series = ["prey", "predators"].flatMap((name, i): Series[] => [
  { name: `${name}, learnt`, points: column(learnt, i) },
  { name, points: column(test, i), kind: "points" },
]);
writeChart(options.out, chart({ x: "time", y: "" }, series));
writeChart(
  options.out.replace(/(\.svg)?$/, "-loss.svg"),
  chart(
    { x: "step", y: "loss" },
    lossSeries([first.metrics, metrics].flatMap((m) => m["loss"]!.map(([, v]) => v))),
  ),
);
