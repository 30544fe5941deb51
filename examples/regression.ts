/** Fits a network to noisy points of a curve, and stops when it gets no better on points that it was not trained on. */
import { type ArrayValue, nn, numpy as np, optim, random, vmap } from "cotangent";
import { z } from "zod";
import { chart, pointsOf, writeChart } from "./chart.ts";
import { common, readSettings, stepsOf } from "./command.ts";

const settings = z.object({
  ...common,
  points: z.coerce.number().int().min(50).default(200).describe("points, of which 3/4 are trained on"),
  noise: z.coerce.number().nonnegative().default(0.15).describe("standard deviation of the noise"),
  steps: z.coerce.number().int().positive().default(2000).describe("steps at most"),
  out: z.string().default(".tmp/regression.svg").describe("file for the picture"),
});

/** Inputs and outputs `[n, 1]`. */
interface Points {
  readonly x: ArrayValue;
  readonly y: ArrayValue;
}

const curve = (x: ArrayValue): ArrayValue =>
  np.multiply(np.sin(np.multiply(3, x)), np.exp(np.multiply(-0.3, x)));
const errorOf = (model: nn.MLP, { x, y }: Points): ArrayValue =>
  np.mean(np.square(np.subtract(vmap(model)(x), y)));

const options = readSettings("npm run regression", settings);
const [xKey, noiseKey, modelKey, orderKey] = random.split(random.key(options.seed), 4);
const x = random.uniform(xKey!, [options.points, 1], { minval: -2, maxval: 2 });
const y = np.add(curve(x), np.multiply(options.noise, random.normal(noiseKey!, x.shape)));
const cut = Math.round(0.75 * options.points);
const part = (rows: string): Points => ({ x: x.get(rows), y: y.get(rows) });
const [train, held] = [part(`:${cut}`), part(`${cut}:`)];

const model = new nn.MLP(1, 1, 32, 2, { key: modelKey!, activation: nn.gelu });
const { params, metrics, steps } = await optim.fit(model, optim.dataBatches(train, 32, orderKey!), {
  optimiser: optim.adam(3e-3),
  loss: errorOf,
  steps: stepsOf(options),
  evaluate: (model) => ({ held: errorOf(model, held) }),
  evaluateEvery: Math.min(50, stepsOf(options)),
  earlyStop: { metric: "held", patience: 8, restore: true },
  progress: optim.progressBar(),
});
console.log(
  `${steps} steps; the best loss on held points is ${Math.min(...metrics["held"]!.map(([, v]) => v)).toFixed(4)}`,
);

const grid = np.linspace(-2, 2, 201).reshape([-1, 1]);
const numbers = (x: ArrayValue) => np.ravel(x).toList() as number[];
writeChart(
  options.out,
  chart({ x: "x", y: "y", tight: true }, [
    { name: "the network", points: pointsOf(numbers(grid), numbers(vmap(params)(grid))) },
    { name: "the curve", points: pointsOf(numbers(grid), numbers(curve(grid))), width: 1 },
    { name: "trained on", points: pointsOf(numbers(train.x), numbers(train.y)), kind: "points" },
    { name: "held", points: pointsOf(numbers(held.x), numbers(held.y)), kind: "points" },
  ]),
);
