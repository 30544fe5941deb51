/**
 * Trains a network on the handwritten digits 0–7, then adapts it to all ten by LoRA: gradients reach only the adapters
 * `a` and `b`, and `w + a·b` is never formed.
 */
import {
  type ArrayValue,
  grad,
  inspect,
  jit,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  vmap,
  Zero,
} from "cotangent";
import { z } from "zod";
import { common, readSettings } from "./command.ts";
import { type Digits, readDigits, rowsAt, split, withLabels } from "./digits.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  rank: count.default(8).describe("rank of the adapters"),
  epochs: count.default(15).describe("epochs on the classes 0-7"),
  "adapt-epochs": count.default(15).describe("epochs of the adapters on all ten classes"),
  hidden: count.default(128).describe("width of the two hidden layers"),
  batch: count.default(32).describe("examples per step"),
  lr: z.coerce.number().positive().default(1e-3).describe("learning rate of the network"),
  "adapt-lr": z.coerce.number().positive().default(5e-3).describe("learning rate of the adapters"),
});
type Settings = z.infer<typeof settings>;

type Model = nn.MLP;
const logitsOf = quaxify((model: Model, images: ArrayValue) =>
  vmap((image: ArrayValue) => model.forward(image))(images),
);

/** Mean cross-entropy. */
const lossOf = (model: Model, { images, labels }: Digits): ArrayValue =>
  np.negative(
    np.mean(np.sum(np.multiply(nn.logSoftmax(logitsOf(model, images)), nn.oneHot(labels, 10)), { axis: -1 })),
  );

const hits = jit((model: Model, { images, labels }: Digits) =>
  np.mean(np.equal(np.argmax(logitsOf(model, images), { axis: -1 }), labels)),
);
const accuracy = (model: Model, digits: Digits): number => hits(model, digits).item() as number;

interface Training<Params> {
  readonly title: string;
  readonly params: Params;
  readonly modelOf: (params: Params) => Model;
  readonly train: Digits;
  readonly test: Digits;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly key: ArrayValue;
}

/** Adam over shuffled batches; what is trained is `params`. */
async function fit<Params>({
  title,
  params,
  modelOf,
  train,
  test,
  epochs,
  batch,
  learningRate,
  key,
}: Training<Params>) {
  const perEpoch = Math.floor(train.labels.size / batch);
  const fitted = await optim.fit(params, optim.dataBatches(train, batch, key), {
    optimiser: optim.adam(optim.cosineDecaySchedule(learningRate, epochs * perEpoch)),
    loss: (part, digits) => lossOf(modelOf(part), digits),
    steps: epochs * perEpoch,
    evaluate: (part) => ({ accuracy: accuracy(modelOf(part), test) }),
    evaluateEvery: perEpoch,
    progress: optim.progressBar({ title }),
  });
  return fitted.params;
}

const sizeOf = (part: unknown): number => tree.leaves<ArrayValue>(part).reduce((n, x) => n + x.size, 0);

async function main(options: Settings): Promise<void> {
  const started = performance.now();
  const epochs = options.quick ? 1 : options.epochs;
  const adaptEpochs = options.quick ? 1 : options["adapt-epochs"];
  const keyOf = (purpose: number) => random.foldIn(random.key(options.seed), purpose);
  const [splitKey, modelKey, trainKey, loraKey, adaptKey] = [
    keyOf(0),
    keyOf(1),
    keyOf(2),
    keyOf(3),
    keyOf(4),
  ];
  const { train, test } = split(readDigits(), 0.8, splitKey);
  const old = (label: number) => label < 8;
  const [oldTrain, oldTest, newTest] = [
    withLabels(train, old),
    withLabels(test, old),
    withLabels(test, (label) => !old(label)),
  ];
  console.log(`${train.labels.size} digits to train on, ${test.labels.size} to test on\n`);

  const base = await fit({
    title: "classes 0-7",
    params: new nn.MLP(64, 10, options.hidden, 2, { key: modelKey }),
    modelOf: (model) => model,
    train: oldTrain,
    test: oldTest,
    epochs,
    batch: options.batch,
    learningRate: options.lr,
    key: trainKey,
  });

  const model = lora.loraify(base, { rank: options.rank, key: loraKey });
  const [adapters, frozen] = tree.partition(model, lora.trainable(model));
  const modelOf = (part: Model): Model => tree.combine(part, frozen) as Model;
  const adapted = await fit({
    title: "all ten, LoRA",
    params: adapters as Model,
    modelOf,
    train,
    test,
    epochs: adaptEpochs,
    batch: options.batch,
    learningRate: options["adapt-lr"],
    key: adaptKey,
  });

  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const row = (m: Model) => ({
    "test, classes 0-7": percent(accuracy(m, oldTest)),
    "test, classes 8-9": percent(accuracy(m, newTest)),
    "test, all ten": percent(accuracy(m, test)),
  });
  console.log();
  console.table({ "before (classes 0-7 only)": row(base), "after (LoRA on all ten)": row(modelOf(adapted)) });
  const [trainable, total] = [sizeOf(adapters), sizeOf(model)];
  console.log(`trainable parameters: ${trainable} of ${total} (${percent(trainable / total)})\n`);

  showGradient(modelOf, adapted, model, rowsAt(test, np.arange(2)));
  console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** The program of the adapters' gradient, and what it does not do. */
function showGradient(modelOf: (part: Model) => Model, adapters: Model, model: Model, digits: Digits): void {
  const gradient = grad((part: Model) => lossOf(modelOf(part), digits));
  const program = inspect.simplify(makeJaxpr(gradient)(adapters));
  console.log(`the gradient of the loss with respect to the adapters:\n${String(program)}\n`);

  const reached = tree.leavesWithPath(gradient(adapters)).filter(([, leaf]) => !(leaf instanceof Zero));
  console.log(`gradients: ${reached.map(([path]) => tree.pathToString(path)).join(", ")}`);
  const weights = model.layers.map((layer) => (layer as nn.Linear).weight);
  const formed = program.jaxpr.eqns.filter((eqn) =>
    eqn.outputs.some((v) => weights.some((w) => v.aval.shape.join() === w.shape.join())),
  );
  const verdict =
    formed.length === 0
      ? "no equation has the shape of a weight: w + a·b was never formed"
      : `equations with the shape of a weight: ${formed.map((eqn) => eqn.primitive.primitive).join(", ")}`;
  console.log(verdict);
}

await main(readSettings("npm run digits", settings));
