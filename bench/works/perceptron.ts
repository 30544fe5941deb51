import {
  type ArrayValue,
  jit,
  lora,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { ours } from "./samples.ts";

/** Multi-layer perceptrons of three layers, and the batches that they are trained on. */
export const sizes = {
  small: { batch: 32, inputs: 64, hidden: 128, outputs: 10, rank: 4 },
  large: { batch: 128, inputs: 784, hidden: 1024, outputs: 10, rank: 8 },
} as const;
export type Size = keyof typeof sizes;

export const optimisers = { SGD: () => optim.sgd(1e-3), Adam: () => optim.adam(1e-3) };
export type Optimiser = keyof typeof optimisers;

export function perceptron(size: Size): nn.MLP {
  const { inputs, outputs, hidden } = sizes[size];
  return new nn.MLP(inputs, outputs, hidden, 2, { key: random.key(0) });
}

export function digits(size: Size): { images: ArrayValue; labels: ArrayValue } {
  const { batch, inputs, outputs } = sizes[size];
  return {
    images: ours([batch, inputs]),
    labels: nn.oneHot(np.remainder(np.arange(batch), outputs), outputs),
  };
}

export const logits = (model: nn.MLP, images: ArrayValue): ArrayValue =>
  vmap((image: ArrayValue) => model.forward(image))(images);

export const crossEntropy = (logits: ArrayValue, labels: ArrayValue): ArrayValue =>
  np.negative(np.mean(np.sum(np.multiply(nn.logSoftmax(logits), labels), -1)));

/** One step of an optimiser, jitted; each call goes on from what the last one made, and gives the loss. */
function trainer<Params>(
  params: Params,
  logitsOf: (params: Params, images: ArrayValue) => ArrayValue,
  { size, optimiser }: { size: Size; optimiser: Optimiser },
): () => unknown {
  const { init, update } = optimisers[optimiser]();
  const { images, labels } = digits(size);
  const step = jit((params: Params, state: readonly unknown[], images: ArrayValue, labels: ArrayValue) => {
    const lossOf = (params: Params): ArrayValue => crossEntropy(logitsOf(params, images), labels);
    const [loss, gradient] = valueAndGrad(lossOf)(params);
    const [updates, next] = update(gradient, state, params);
    return [optim.applyUpdates(params, updates), next, loss] as const;
  });
  let state = init(params);
  return () => {
    const [nextParams, nextState, loss] = step(params, state, images, labels);
    [params, state] = [nextParams, nextState];
    return loss;
  };
}

/** A step that trains all parameters. */
export const fullTrainer = (size: Size, optimiser: Optimiser): (() => unknown) =>
  trainer(perceptron(size), logits, { size, optimiser });

/** A step that trains the adapters of a frozen model. */
export function loraTrainer(size: Size, optimiser: Optimiser): () => unknown {
  const tuned = lora.loraify(perceptron(size), { rank: sizes[size].rank, key: random.key(1) });
  const [adapters, frozen] = tree.partition(tuned, lora.trainable(tuned));
  const forward = quaxify(logits);
  const logitsOf = (part: typeof adapters, images: ArrayValue) => forward(tree.combine(part, frozen), images);
  return trainer(adapters, logitsOf, { size, optimiser });
}
