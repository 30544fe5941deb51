/** Tells by a recurrent network whether a spiral turns clockwise: a GRU goes along its points in a scan. */
import { type ArrayValue, jit, lax, nn, numpy as np, optim, random, vmap } from "cotangent";
import { z } from "zod";
import { chart, lossSeries, writeChart } from "./chart.ts";
import { common, readSettings, stepsOf } from "./command.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  spirals: count.min(64).default(2000).describe("spirals, of which 4/5 are trained on"),
  length: count.default(16).describe("points of a spiral"),
  hidden: count.default(16).describe("width of the state"),
  steps: count.default(400).describe("steps"),
  out: z.string().default(".tmp/spirals.svg").describe("file for the picture"),
});

/** Points `[n, length, 2]`, and 1 where they go clockwise `[n]`. */
interface Spirals {
  readonly points: ArrayValue;
  readonly clockwise: ArrayValue;
}

class Classifier extends nn.Module {
  readonly cell: nn.GRUCell;
  readonly head: nn.Linear;

  constructor(hidden: number, key: ArrayValue) {
    super();
    const [cellKey, headKey] = random.split(key);
    this.cell = new nn.GRUCell(2, hidden, { key: cellKey! });
    this.head = new nn.Linear(hidden, "scalar", { key: headKey! });
  }

  /** The logit of "clockwise". Shape: `[length, 2] → []`. */
  forward(points: ArrayValue): ArrayValue {
    const start = np.zeros([this.cell.hiddenSize]);
    const [last] = lax.scan((h: ArrayValue, x: ArrayValue) => [this.cell.forward(x, h), null], start, points);
    return this.head.forward(last);
  }
}

/** Every second one is turned around; where it begins and how wide it is differ. */
function spirals(n: number, length: number, key: ArrayValue): Spirals {
  const [phaseKey, widthKey] = random.split(key);
  const phase = random.uniform(phaseKey!, [n, 1], { maxval: 2 * Math.PI });
  const width = random.uniform(widthKey!, [n, 1], { minval: 0.5, maxval: 1.5 });
  const clockwise = np.equal(np.mod(np.arange(n), 2), 0);
  const t = np.linspace(0, 2 * Math.PI, length);
  const angle = np.add(phase, np.where(clockwise.reshape([n, 1]), np.negative(t), t));
  const radius = np.divide(np.multiply(width, np.add(1, t)), 1 + 2 * Math.PI);
  const points = np.stack([np.multiply(radius, np.cos(angle)), np.multiply(radius, np.sin(angle))], {
    axis: -1,
  });
  return { points, clockwise: clockwise.astype("float32") };
}

const logitsOf = (model: Classifier, { points }: Spirals): ArrayValue => vmap(model)(points);
/** Mean cross-entropy. */
const lossOf = (model: Classifier, data: Spirals): ArrayValue =>
  np.mean(optim.sigmoidBinaryCrossEntropy(logitsOf(model, data), data.clockwise));
const accuracy = jit((model: Classifier, data: Spirals) =>
  np.mean(np.equal(np.greater(logitsOf(model, data), 0), np.greater(data.clockwise, 0.5))),
);

const options = readSettings("npm run spirals", settings);
const [dataKey, modelKey, orderKey] = random.split(random.key(options.seed), 3);
const all = spirals(options.spirals, options.length, dataKey!);
const cut = Math.round(0.8 * options.spirals);
const part = (rows: string): Spirals => ({
  points: all.points.get(rows),
  clockwise: all.clockwise.get(rows),
});
const [train, test] = [part(`:${cut}`), part(`${cut}:`)];

const batchAt = optim.dataBatches(train, 32, orderKey!);
const { params, metrics } = await optim.fit(new Classifier(options.hidden, modelKey!), batchAt, {
  optimiser: optim.adam(1e-2),
  loss: lossOf,
  steps: stepsOf(options),
  evaluate: (model) => ({ accuracy: accuracy(model, test) }),
  evaluateEvery: Math.min(50, stepsOf(options)),
  progress: optim.progressBar(),
});
console.log(
  `${(100 * (accuracy(params, test).item() as number)).toFixed(1)} % of the test spirals are told right`,
);
writeChart(
  options.out,
  chart({ x: "step", y: "" }, [
    ...lossSeries(metrics["loss"]!.map(([, loss]) => loss)),
    {
      name: "accuracy on test spirals",
      points: metrics["accuracy"]!,
    },
  ]),
);
