import type { JaxArray } from "@jax-js/jax";
import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  vmap,
} from "cotangent";
import type { Work } from "../work.ts";
import { ours, theirs } from "./samples.ts";
import { crossEntropy, digits, logits, perceptron } from "./perceptron.ts";

/** The example of Quax's README: a linear layer whose weight is a LoraArray. */
function readmeExample() {
  const [k1, k2, k3] = lax.unstack(random.split(random.key(0), 3));
  const linear = new nn.Linear(10, 12, { key: k1! });
  const tuned = tree.at(
    (layer: nn.Linear) => layer.weight,
    linear,
    new lora.LoraArray(linear.weight, { rank: 2, key: k3! }),
  );
  const run = quaxify((model: nn.Linear, x: ArrayValue) => model.forward(x));
  return { run, tuned, x: random.normal(k2!, [10]) };
}

const wave = (x: ArrayValue): ArrayValue => np.sum(np.multiply(np.sin(x), x));

/** Calls in which next to nothing is computed. */
export const calls: readonly Work[] = [
  {
    name: "tiny jitted call",
    unit: "µs",
    aims: { jaxJs: 5, jax: 1 },
    ours() {
      const x = ours([8]);
      const f = jit((x: ArrayValue, y: ArrayValue) => np.add(np.multiply(x, y), 1));
      return () => f(x, x);
    },
    jaxJs(jaxJs) {
      const x = theirs(jaxJs, [8]);
      const f = jaxJs.jit((x: JaxArray, y: JaxArray) => x.mul(y).add(1));
      return async () => (await jaxJs.blockUntilReady(f(x.ref, x.ref))).dispose();
    },
    jax: "JAX",
  },
  {
    name: "grad(jit(f)), repeated",
    unit: "µs",
    ours() {
      const x = ours([8]);
      const f = grad(jit(wave));
      return () => f(x);
    },
    jaxJs(jaxJs) {
      const x = theirs(jaxJs, [8]);
      const f = jaxJs.grad(jaxJs.jit((x: JaxArray) => jaxJs.numpy.sum(jaxJs.numpy.sin(x.ref).mul(x))));
      return async () => (await jaxJs.blockUntilReady(f(x.ref))).dispose();
    },
    jax: "JAX",
  },
  {
    name: "vmap(jit(f)), repeated",
    unit: "µs",
    ours() {
      const x = ours([4, 8]);
      const f = vmap(jit(wave));
      return () => f(x);
    },
    jaxJs(jaxJs) {
      const x = theirs(jaxJs, [4, 8]);
      const f = jaxJs.vmap(jaxJs.jit((x: JaxArray) => jaxJs.numpy.sum(jaxJs.numpy.sin(x.ref).mul(x))));
      return async () => (await jaxJs.blockUntilReady(f(x.ref))).dispose();
    },
    jax: "JAX",
  },
  {
    name: "LoRA on a linear layer, eager",
    unit: "µs",
    ours() {
      const { run, tuned, x } = readmeExample();
      return () => run(tuned, x);
    },
    jax: "Quax",
  },
  {
    name: "LoRA on a linear layer, jitted",
    unit: "µs",
    ours() {
      const { run, tuned, x } = readmeExample();
      const jitted = jit(run);
      return () => jitted(tuned, x);
    },
    jax: "Quax",
  },
  {
    name: "tracing the gradient of a 3-layer MLP",
    unit: "ms",
    ours() {
      const model = perceptron("small");
      const { images, labels } = digits("small");
      return () => makeJaxpr(grad((model: nn.MLP) => crossEntropy(logits(model, images), labels)))(model);
    },
    jax: "JAX",
  },
];
