import type { Work } from "../work.ts";
import { fullStep, loraStep } from "./jax-js-perceptron.ts";
import { fullTrainer, loraTrainer, type Optimiser, optimisers, type Size, sizes } from "./perceptron.ts";

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
}

function layersOf(size: Size): Layer[] {
  const { inputs, hidden, outputs } = sizes[size];
  return [
    { inputs, outputs: hidden },
    { inputs: hidden, outputs: hidden },
    { inputs: hidden, outputs },
  ];
}

const sum = (terms: readonly number[]): number => terms.reduce((a, b) => a + b, 0);
const weights = (layers: readonly Layer[]): number =>
  sum(layers.map((layer) => layer.inputs * layer.outputs));

/** Forward, for the weights, and for the inputs of all but the first layer. */
function fullFlops(size: Size): number {
  const layers = layersOf(size);
  return 2 * sizes[size].batch * (2 * weights(layers) + weights(layers.slice(1)));
}

/** As above without the weights' gradients; of the adapters as of layers to and from `rank`. */
function loraFlops(size: Size): number {
  const { batch, rank } = sizes[size];
  const layers = layersOf(size);
  const adapters = sum(layers.map(({ inputs, outputs }) => rank * (inputs + outputs)));
  return 2 * batch * (weights(layers) + weights(layers.slice(1)) + 3 * adapters);
}

/** Bytes by parameter: it and its gradient are read and it is written; of Adam, also two moments are read and written. */
const optimiserBytes = { SGD: 12, Adam: 28 } as const;

function fullParameters(size: Size): number {
  const layers = layersOf(size);
  return weights(layers) + sum(layers.map((layer) => layer.outputs));
}

const loraParameters = (size: Size): number =>
  sum(layersOf(size).map(({ inputs, outputs }) => sizes[size].rank * (inputs + outputs)));

const aims = {
  large: { roofline: 0.65, jaxJs: 2, jax: 0.3 },
  small: { jaxJs: 2.5, jax: 1 },
} as const;

function step(kind: "MLP" | "LoRA", size: Size, optimiser: Optimiser): Work {
  const { batch, inputs, hidden, outputs, rank } = sizes[size];
  const full = kind === "MLP";
  const parameters = (full ? fullParameters : loraParameters)(size);
  return {
    name: `${full ? "MLP" : `LoRA r${rank}`} step B${batch} ${inputs}-${hidden}-${hidden}-${outputs}, ${optimiser}`,
    unit: size === "large" ? "ms" : "µs",
    flops: (full ? fullFlops : loraFlops)(size),
    bytes: parameters * optimiserBytes[optimiser],
    aims: aims[size],
    ours: () => (full ? fullTrainer : loraTrainer)(size, optimiser),
    // By its own means jax-js has no Adam.
    ...(optimiser === "SGD" ? { jaxJs: (jaxJs) => (full ? fullStep : loraStep)(jaxJs, size) } : {}),
    ...(optimiser === "Adam" ? { jax: full ? "JAX" : "Quax" } : {}),
  };
}

export const training: readonly Work[] = (["large", "small"] as const).flatMap((size) =>
  (["MLP", "LoRA"] as const).flatMap((kind) =>
    (Object.keys(optimisers) as Optimiser[]).map((optimiser) => step(kind, size, optimiser)),
  ),
);
