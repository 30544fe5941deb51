/** Trains a convolutional network on handwritten digits. */
import { type ArrayValue, jit, nn, numpy as np, optim, random, vmap } from "cotangent";
import { z } from "zod";
import { chart, lossSeries, writeChart } from "./chart.ts";
import { common, readSettings } from "./command.ts";
import { type Digits, readDigits, split } from "./digits.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  channels: count.default(16).describe("channels of the first convolution; the second has twice as many"),
  epochs: count.default(12).describe("epochs at most"),
  batch: count.default(32).describe("digits per step"),
  out: z.string().default(".tmp/digits-cnn.svg").describe("file for the picture"),
});

class Network extends nn.Module {
  readonly layers: nn.Sequential;

  constructor(channels: number, key: ArrayValue) {
    super();
    const [k1, k2, k3] = random.split(key, 3);
    this.layers = new nn.Sequential([
      new nn.Conv2d(1, channels, 3, { padding: 1, key: k1! }),
      new nn.Lambda(nn.relu),
      new nn.MaxPool2d(2, { stride: 2 }),
      new nn.Conv2d(channels, 2 * channels, 3, { padding: 1, key: k2! }),
      new nn.Lambda(nn.relu),
      new nn.MaxPool2d(2, { stride: 2 }),
      new nn.Lambda(np.ravel),
      new nn.Dropout(0.3),
      new nn.Linear(8 * channels, 10, { key: k3! }),
    ]);
  }

  /** Shape: `[64] → [10]`. */
  forward(image: ArrayValue, { key }: { key?: ArrayValue } = {}): ArrayValue {
    return this.layers.forward(image.reshape([1, 8, 8]), key ? { key } : {});
  }
}

const options = readSettings("npm run digits-cnn", settings);
const [splitKey, modelKey, orderKey, dropKey] = random.split(random.key(options.seed), 4);
const { train, test } = split(readDigits(), 0.8, splitKey!);

const lossOf = (model: Network, { images, labels }: Digits, { key }: { readonly key: ArrayValue }) => {
  const keys = random.split(key, labels.size);
  const logits = vmap((image: ArrayValue, key: ArrayValue) => model.forward(image, { key }))(images, keys);
  return optim.meanCrossEntropy(logits, labels)[0];
};
const accuracy = jit((model: Network, { images, labels }: Digits) => {
  const logits = vmap(nn.inferenceMode(model))(images);
  return np.mean(np.equal(np.argmax(logits, { axis: 1 }), labels));
});

const batchAt = optim.dataBatches(train, options.batch, orderKey!);
const perEpoch = Math.floor(train.labels.size / options.batch);
const { params, steps, metrics } = await optim.fit(new Network(options.channels, modelKey!), batchAt, {
  optimiser: optim.adamw(2e-3, { weightDecay: 1e-3 }),
  loss: lossOf,
  steps: options.quick ? 10 : options.epochs * perEpoch,
  key: dropKey,
  evaluate: (model) => ({ accuracy: accuracy(model, test) }),
  evaluateEvery: perEpoch,
  earlyStop: { metric: "accuracy", mode: "max", patience: 4, restore: true },
  progress: optim.progressBar(),
});
console.log(
  `${steps} steps; ${(100 * (accuracy(params, test).item() as number)).toFixed(1)} % of ${test.labels.size} test digits are right`,
);
writeChart(
  options.out,
  chart({ x: "step", y: "" }, [
    ...lossSeries(metrics["loss"]!.map(([, loss]) => loss)),
    { name: "accuracy on test digits", points: metrics["accuracy"] ?? [] },
  ]),
);
