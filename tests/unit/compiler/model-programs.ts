import {
  type ArrayValue,
  grad,
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
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { draw } from "../../laws/samples.ts";
import type { NDArray } from "../../../src/core/value.ts";

const programOf = (f: unknown, ...args: readonly unknown[]): ClosedJaxpr =>
  makeJaxpr(f as never)(...(args as never[]));

const model = new nn.MLP(6, 5, 7, 2, { key: random.key(0) });
const digits = { images: np.zeros([4, 6]), labels: np.zeros([4], { dtype: "int32" }) };
const logits = quaxify((model: nn.MLP, xs: ArrayValue) => vmap((x: ArrayValue) => model.forward(x))(xs));
const crossEntropy = (model: nn.MLP, { images, labels }: typeof digits): ArrayValue =>
  np.negative(
    np.mean(np.sum(np.multiply(nn.logSoftmax(logits(model, images)), nn.oneHot(labels, 5)), { axis: -1 })),
  );

const adapted = lora.loraify(model, { rank: 2, key: random.key(1) });
const [adapters, frozen] = tree.partition(adapted, lora.trainable(adapted));
const optimiser = optim.adam(1e-3);
type State = ReturnType<typeof optimiser.init>;
const loraStep = (part: nn.MLP, state: State, frozen: nn.MLP, batch: typeof digits) => {
  const [loss, gradient] = valueAndGrad((part: nn.MLP) =>
    crossEntropy(tree.combine(part, frozen) as nn.MLP, batch),
  )(part);
  const [updates, next] = optimiser.update(gradient, state, part);
  return [optim.applyUpdates(part, updates), next, loss];
};

const layerNorm = (norm: nn.LayerNorm, x: ArrayValue): ArrayValue =>
  np.sum(np.square(vmap((y: ArrayValue) => norm.forward(y))(x)));
const attention = (q: ArrayValue, k: ArrayValue, v: ArrayValue): ArrayValue => {
  const weights = nn.softmax(np.multiply(np.einsum("qhd,khd->hqk", q, k), 0.5), -1);
  return np.sum(np.square(np.einsum("hqk,khd->qhd", weights, v)));
};
const rnn = (w: ArrayValue, u: ArrayValue, xs: ArrayValue): ArrayValue => {
  const step = (h: ArrayValue, x: ArrayValue) => {
    const next = np.tanh(np.add(np.matmul(h, w), np.matmul(x, u)));
    return [next, next] as const;
  };
  const [, hs] = lax.scan(step, np.zeros([3, 4]), xs);
  return np.sum(np.square(hs));
};

const heads = np.zeros([2, 3, 2, 4]);
/** What users compile: gradients and steps of small models. */
export const modelPrograms: readonly (readonly [name: string, program: ClosedJaxpr])[] = [
  ["a classifier with softmax cross-entropy", programOf(valueAndGrad(crossEntropy), model, digits)],
  [
    "a step of LoRA with Adam",
    programOf(loraStep, adapters, optimiser.init(adapters as never), frozen, digits),
  ],
  ["layer norm", programOf(grad(layerNorm), new nn.LayerNorm([5]), np.zeros([3, 5]))],
  ["attention", programOf(vmap(grad(attention, [0, 1, 2])), heads, heads, heads)],
  [
    "a recurrent network",
    programOf(grad(rnn, [0, 1]), np.zeros([4, 4]), np.zeros([2, 4]), np.zeros([5, 3, 2])),
  ],
];

/** Operands of a program: small numbers, which are positive, as second moments are. */
export const operandsOf = ({ inAvals }: ClosedJaxpr, seed: number): NDArray[] =>
  inAvals.map(({ shape, dtype }, i) => draw({ shape, dtype, between: [0, 1] }, seed + i));
