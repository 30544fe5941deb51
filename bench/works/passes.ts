import type { JaxArray } from "@jax-js/jax";
import { type ArrayValue, jit, nn, numpy as np } from "cotangent";
import type { JaxJs } from "../peers/jax-js.ts";
import type { Work } from "../work.ts";
import { ours, theirs } from "./samples.ts";

interface Pass extends Pick<Work, "name" | "unit" | "bytes" | "aims"> {
  readonly shape: readonly number[];
  readonly ours: (x: ArrayValue) => ArrayValue;
  readonly jaxJs: (x: JaxArray, jaxJs: JaxJs) => JaxArray;
}

/** A function of one array that reads it and does little with each element. */
const pass = ({ shape, ours: our, jaxJs: their, ...work }: Pass): Work => ({
  ...work,
  ours() {
    const x = ours(shape);
    const f = jit(our);
    return () => f(x);
  },
  jaxJs(jaxJs) {
    const x = theirs(jaxJs, shape);
    const f = jaxJs.jit((x: JaxArray) => their(x, jaxJs));
    return async () => (await jaxJs.blockUntilReady(f(x.ref))).dispose();
  },
  jax: "JAX",
});

const transcendental = { jaxJs: 8, jax: 0.3 };

export const passes: readonly Work[] = [
  pass({
    name: "tanh(x)·exp(x), 1M",
    unit: "ms",
    aims: transcendental,
    shape: [1 << 20],
    ours: (x) => np.multiply(np.tanh(x), np.exp(x)),
    jaxJs: (x, { numpy }) => numpy.tanh(x.ref).mul(numpy.exp(x)),
  }),
  pass({
    name: "softmax 1024²",
    unit: "ms",
    aims: transcendental,
    shape: [1024, 1024],
    ours: (x) => nn.softmax(x, -1),
    jaxJs: (x, { nn }) => nn.softmax(x, -1),
  }),
  pass({
    name: "layer norm 1024²",
    unit: "ms",
    aims: transcendental,
    shape: [1024, 1024],
    ours(x) {
      const centred = np.subtract(x, np.mean(x, -1, { keepdims: true }));
      const variance = np.mean(np.square(centred), -1, { keepdims: true });
      return np.divide(centred, np.sqrt(np.add(variance, 1e-5)));
    },
    jaxJs(x, { numpy }) {
      const centred = x.ref.sub(numpy.mean(x, -1, { keepdims: true }));
      const variance = numpy.mean(numpy.square(centred.ref), -1, { keepdims: true });
      return centred.div(numpy.sqrt(variance.add(1e-5)));
    },
  }),
  pass({
    name: "sum of squares, 1M",
    unit: "GB/s",
    bytes: 4 << 20,
    aims: { roofline: 0.6, jaxJs: 5, jax: 0.4 },
    shape: [1 << 20],
    ours: (x) => np.sum(np.square(x)),
    jaxJs: (x, { numpy }) => numpy.sum(numpy.square(x)),
  }),
];
