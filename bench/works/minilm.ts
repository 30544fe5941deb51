import { type ArrayValue, lora, numpy as np, optim, random } from "cotangent";
import {
  adapterConfig,
  adaptersLoss,
  config,
  optimiserOf,
  partsOf,
  readModel,
} from "../../examples/minilm.ts";
import { examplesAt, LENGTH, readTopics } from "../../examples/topics.ts";
import type { Work } from "../work.ts";

const [RANK, BATCH] = [8, 32];

const { hiddenSize: width, intermediateSize: inner, numHiddenLayers: layers } = config;
const weights = layers * (4 * width ** 2 + 2 * width * inner);
const adapters = 2 * layers * RANK * 2 * width;

/** Forward, and for the inputs of all products but those of the first attention; of the adapters, for their factors too. */
function flops(): number {
  const tokens = BATCH * LENGTH;
  const scores = layers * 6 * tokens * LENGTH * width;
  return 2 * (tokens * (2 * weights - 3 * width ** 2 + 3 * adapters) + scores);
}

function step(): () => unknown {
  const adapter = adapterConfig({ rank: RANK, alpha: 2 * RANK });
  const model = lora.adapt(readModel(), adapter, { key: random.key(0) });
  const head = random.normal(random.key(1), [12, config.hiddenSize]);
  const [params, fixed] = partsOf(model, head);
  const optimiser = optimiserOf({ steps: 75, warmup: 8, learningRate: 4e-3 });
  const step = optim.trainStep(adaptersLoss, optimiser);
  const batch = examplesAt(readTopics().train, np.arange(BATCH));
  const key = random.key(0);
  let at: optim.TrainState<typeof params> = { params, moments: optimiser.init(params), state: undefined };
  return () => {
    const [next, { loss }] = step(at, batch, { key, fixed });
    at = next;
    return (loss as ArrayValue).item();
  };
}

export const minilm: readonly Work[] = [
  {
    name: "LoRA r8 step of MiniLM in 8 bits, B32, AdamW",
    unit: "ms",
    flops: flops(),
    // The integers, forward and backward, and what Adam reads and writes.
    bytes: 2 * weights + 28 * adapters,
    aims: { roofline: 0.5, jax: 0.4 },
    ours: step,
    jax: "Quax",
  },
];
