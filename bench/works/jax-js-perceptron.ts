import type { JaxArray } from "@jax-js/jax";
import type { Call } from "../measure.ts";
import type { JaxJs } from "../peers/jax-js.ts";
import { type Size, sizes } from "./perceptron.ts";
import { theirs } from "./samples.ts";

const LEARNING_RATE = 1e-3;

type Dense = { readonly w: JaxArray; readonly b: JaxArray };
type Adapter = { readonly a: JaxArray; readonly b: JaxArray };

const widths = (size: Size): [inputs: number, outputs: number][] => {
  const { inputs, hidden, outputs } = sizes[size];
  return [
    [inputs, hidden],
    [hidden, hidden],
    [hidden, outputs],
  ];
};

const denseLayers = (jaxJs: JaxJs, size: Size): Dense[] =>
  widths(size).map(([inputs, outputs]) => ({
    w: theirs(jaxJs, [outputs, inputs], 1 / Math.sqrt(inputs)),
    b: theirs(jaxJs, [outputs], 1 / Math.sqrt(inputs)),
  }));

const adapters = (jaxJs: JaxJs, size: Size): Adapter[] =>
  widths(size).map(([inputs, outputs]) => ({
    a: theirs(jaxJs, [outputs, sizes[size].rank], 0.01),
    b: theirs(jaxJs, [sizes[size].rank, inputs], 0),
  }));

function oneHot(jaxJs: JaxJs, size: Size): JaxArray {
  const { batch, outputs } = sizes[size];
  const labels = new Float32Array(batch * outputs);
  for (let i = 0; i < batch; i++) labels[i * outputs + (i % outputs)] = 1;
  return jaxJs.numpy.array(labels).reshape([batch, outputs]);
}

const crossEntropy = ({ nn, numpy }: JaxJs, logits: JaxArray, labels: JaxArray): JaxArray =>
  numpy.mean(nn.logSoftmax(logits, -1).mul(labels).sum(-1)).mul(-1);

/** `x·wᵀ`, and with an adapter `x·wᵀ + (x·bᵀ)·aᵀ`, as what quaxify makes of it. */
function product({ numpy }: JaxJs, x: JaxArray, w: JaxArray, adapter?: Adapter): JaxArray {
  if (adapter === undefined) return numpy.matmul(x, w.transpose());
  const low = numpy.matmul(numpy.matmul(x.ref, adapter.b.transpose()), adapter.a.transpose());
  return numpy.matmul(x, w.transpose()).add(low);
}

function logits(jaxJs: JaxJs, layers: readonly Dense[], x: JaxArray, parts?: readonly Adapter[]): JaxArray {
  return layers.reduce((x, { w, b }, i) => {
    const out = product(jaxJs, x, w, parts?.[i]).add(b);
    return i < layers.length - 1 ? jaxJs.nn.relu(out) : out;
  }, x);
}

const descend = (param: JaxArray, gradient: JaxArray): JaxArray => param.sub(gradient.mul(LEARNING_RATE));

/** One step of gradient descent on all parameters; it goes on from the last one. */
export function fullStep(jaxJs: JaxJs, size: Size): Call {
  const step = jaxJs.jit((layers: Dense[], x: JaxArray, y: JaxArray): [Dense[], JaxArray] => {
    const lossOf = (layers: Dense[], x: JaxArray, y: JaxArray) =>
      crossEntropy(jaxJs, logits(jaxJs, layers, x), y);
    const [loss, gradient] = jaxJs.valueAndGrad(lossOf)(jaxJs.tree.ref(layers), x, y);
    return [
      layers.map(({ w, b }, i) => ({ w: descend(w, gradient[i]!.w), b: descend(b, gradient[i]!.b) })),
      loss,
    ];
  });
  const [x, y] = [theirs(jaxJs, [sizes[size].batch, sizes[size].inputs]), oneHot(jaxJs, size)];
  let layers = denseLayers(jaxJs, size);
  return async () => {
    const [next, loss] = await jaxJs.blockUntilReady(step(layers, x.ref, y.ref));
    loss.dispose();
    layers = next;
  };
}

/** One step of gradient descent on the adapters. */
export function loraStep(jaxJs: JaxJs, size: Size): Call {
  type Frozen = Dense[];
  const step = jaxJs.jit(
    (parts: Adapter[], frozen: Frozen, x: JaxArray, y: JaxArray): [Adapter[], JaxArray] => {
      const lossOf = (parts: Adapter[], frozen: Frozen, x: JaxArray, y: JaxArray) =>
        crossEntropy(jaxJs, logits(jaxJs, frozen, x, parts), y);
      const [loss, gradient] = jaxJs.valueAndGrad(lossOf)(jaxJs.tree.ref(parts), frozen, x, y);
      return [
        parts.map(({ a, b }, i) => ({ a: descend(a, gradient[i]!.a), b: descend(b, gradient[i]!.b) })),
        loss,
      ];
    },
  );
  const [x, y] = [theirs(jaxJs, [sizes[size].batch, sizes[size].inputs]), oneHot(jaxJs, size)];
  const frozen = denseLayers(jaxJs, size);
  let parts = adapters(jaxJs, size);
  return async () => {
    const [next, loss] = await jaxJs.blockUntilReady(step(parts, jaxJs.tree.ref(frozen), x.ref, y.ref));
    loss.dispose();
    parts = next;
  };
}
