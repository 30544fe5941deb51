import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { type Row, table, time, type Timing } from "./measure.ts";
import { gigaflops, microseconds, milliseconds, peerSource } from "./peers.ts";

const keys = random.split(random.key(0), 3);
const [k1, k2, k3] = [keys.get(0), keys.get(1), keys.get(2)];

/** The example of Quax's README: a linear layer whose weight is a LoraArray. */
function readmeExample(): Row[] {
  const linear = new nn.Linear(10, 12, { key: k1 });
  const x = random.normal(k2, [10]);
  const tuned = tree.at(
    (layer: nn.Linear) => layer.weight,
    linear,
    new lora.LoraArray(linear.weight, { rank: 2, key: k3 }),
  );
  const run = quaxify((model: nn.Linear, x: ArrayValue) => model.forward(x));
  const jitted = jit(run);
  return [
    {
      name: "LoRA on a linear layer, eager call",
      timing: time(() => run(tuned, x)),
      unit: "µs",
      target: 150,
      peers: microseconds.readmeEager,
    },
    {
      name: "LoRA on a linear layer, jitted call",
      timing: time(() => jitted(tuned, x)),
      unit: "µs",
      peers: microseconds.readmeJitted,
    },
  ];
}

const mlp = new nn.MLP(64, 10, 128, 2, { key: k1 });
const images = np.ones([32, 64]);
const labels = nn.oneHot(np.remainder(np.arange(32), 10), 10);
const lossOf = (logits: ArrayValue): ArrayValue =>
  np.negative(np.mean(np.sum(np.multiply(nn.logSoftmax(logits), labels), -1)));
const forward = (model: nn.MLP, images: ArrayValue): ArrayValue =>
  vmap((image: ArrayValue) => model.forward(image))(images);

function tracing(): Row[] {
  const trace = () => makeJaxpr(grad((model: nn.MLP) => lossOf(forward(model, images))))(mlp);
  return [
    {
      name: "tracing the gradient of a 3-layer MLP",
      timing: time(trace),
      unit: "ms",
      target: 5,
      peers: milliseconds.traceGradient,
    },
  ];
}

function smallCall(): Row[] {
  const a = np.ones([8]);
  const small = jit((x: ArrayValue, y: ArrayValue) => lax.add(lax.mul(x, y), 1));
  return [
    {
      name: "cached call of a small jitted function",
      timing: time(() => small(a, a)),
      unit: "µs",
      target: 5,
      peers: microseconds.smallCall,
    },
  ];
}

function dot(): Row[] {
  const square = np.ones([128, 128]);
  const product = jit((x: ArrayValue, y: ArrayValue) => lax.dot(x, y));
  return [
    {
      name: "dot 128 × 128 × 128",
      timing: time(() => product(square, square)),
      unit: "GFLOP/s",
      flops: 2 * 128 ** 3,
      peers: gigaflops.dot128,
    },
  ];
}

/** One step of Adam on a batch of 32. */
function trainingStep<Params>(params: Params, logitsOf: (params: Params) => ArrayValue): Timing {
  const optimiser = optim.adam(1e-3);
  const step = jit((params: Params, state: readonly unknown[]) => {
    const [loss, gradient] = valueAndGrad((p: Params) => lossOf(logitsOf(p)))(params);
    const [updates, next] = optimiser.update(gradient, state, params);
    return [optim.applyUpdates(params, updates), next, loss];
  });
  const state = optimiser.init(params);
  return time(() => step(params, state));
}

function training(): Row[] {
  const tuned = lora.loraify(mlp, { rank: 8, key: k3 });
  const [adapters, frozen] = tree.partition(tuned, lora.trainable(tuned));
  const logitsOf = quaxify(forward);
  return [
    {
      name: "training step 64-128-128-10, all parameters",
      timing: trainingStep(mlp, (model) => forward(model, images)),
      unit: "µs",
      peers: microseconds.trainingStep,
    },
    {
      name: "training step 64-128-128-10, LoRA adapters",
      timing: trainingStep(adapters, (part) => logitsOf(tree.combine(part, frozen), images)),
      unit: "µs",
      peers: microseconds.loraStep,
    },
  ];
}

console.log(
  `${table([readmeExample, tracing, smallCall, dot, training].flatMap((rows) => rows()))}\n\npeers: ${peerSource}`,
);
