import type { JaxArray } from "@jax-js/jax";
import { type ArrayValue, grad, jit, lax, nn, numpy as np } from "cotangent";
import type { JaxJs } from "../peers/jax-js.ts";
import type { Work } from "../work.ts";
import { ours, theirs } from "./samples.ts";

interface Surface extends Pick<Work, "name" | "unit" | "flops" | "bytes" | "aims"> {
  readonly shapes: readonly (readonly number[])[];
  readonly ours: (...xs: ArrayValue[]) => unknown;
  readonly jaxJs: (jaxJs: JaxJs) => (...xs: JaxArray[]) => JaxArray | JaxArray[];
}

/** A jitted function of arrays of these shapes. */
const surface = ({ shapes, ours: our, jaxJs: their, ...work }: Surface): Work => ({
  ...work,
  ours() {
    const xs = shapes.map(ours);
    const f = jit(our);
    return () => f(...xs);
  },
  jaxJs(jaxJs) {
    const xs = shapes.map((shape) => theirs(jaxJs, shape));
    const f = jaxJs.jit(their(jaxJs));
    return async () => jaxJs.tree.dispose(await jaxJs.blockUntilReady(f(...xs.map((x) => x.ref))));
  },
  jax: "JAX",
});

const [N, C, SIZE] = [8, 32, 32];
const conv = { shapes: [[N, C, SIZE, SIZE], [C, C, 3, 3]], flops: 2 * N * C * C * 9 * SIZE * SIZE } as const; // prettier-ignore
const convolved = (x: ArrayValue, w: ArrayValue) => lax.conv(x, w, [1, 1], "SAME");
const theirConv = ({ lax }: JaxJs, x: JaxArray, w: JaxArray) => lax.conv(x, w, [1, 1], "SAME");

const [ROWS, WIDTH, TOKENS] = [8192, 256, 2048];
/** Rows of a table, spread over it. */
const tokens = Int32Array.from({ length: TOKENS }, (_, i) => (i * 7919) % ROWS);
const looked = (table: ArrayValue, weights: ArrayValue) =>
  np.sum(np.multiply(np.take(table, np.array(tokens), { axis: 0 }), weights));

const [BATCH, LENGTH, HEADS, HEAD] = [4, 128, 8, 32];
const attention = (q: ArrayValue, k: ArrayValue, v: ArrayValue) =>
  np.sum(np.square(nn.dotProductAttention(q, k, v, { isCausal: true })));
const before = Float32Array.from({ length: LENGTH ** 2 }, (_, i) => (i % LENGTH <= i / LENGTH ? 0 : -1e30));
/** Its own function needs an engine with helpers of iterators, which Node 20 has not. */
function theirAttention({ nn, numpy }: JaxJs, q: JaxArray, k: JaxArray, v: JaxArray): JaxArray {
  const [queries, keys, values] = [
    q.transpose([0, 2, 1, 3]),
    k.transpose([0, 2, 3, 1]),
    v.transpose([0, 2, 1, 3]),
  ];
  const scores = numpy.matmul(queries, keys).mul(1 / Math.sqrt(HEAD));
  const masked = scores.add(numpy.array(before).reshape([LENGTH, LENGTH]));
  return numpy.matmul(nn.softmax(masked, -1), values);
}
const MATRIX = 256;
const definite = (x: ArrayValue) => np.add(np.matmul(x, x.T), np.multiply(MATRIX, np.eye(MATRIX)));

export const surfaces: readonly Work[] = [
  surface({
    ...conv,
    name: `conv2d 3×3, ${N}×${C}×${SIZE}²`,
    unit: "GFLOP/s",
    aims: { jaxJs: 1 },
    ours: convolved,
    jaxJs: (jaxJs) => (x, w) => theirConv(jaxJs, x!, w!),
  }),
  surface({
    ...conv,
    flops: 3 * conv.flops,
    name: `conv2d 3×3, ${N}×${C}×${SIZE}², forward and backward`,
    unit: "GFLOP/s",
    aims: { jaxJs: 1 },
    ours: grad((x, w) => np.sum(np.square(convolved(x, w))), { argnums: [0, 1] }),
    jaxJs: (jaxJs) => (x, w) => {
      const f = (xw: JaxArray[]) => jaxJs.numpy.sum(jaxJs.numpy.square(theirConv(jaxJs, xw[0]!, xw[1]!)));
      return jaxJs.grad(f)([x!, w!]);
    },
  }),
  surface({
    name: `gradient of an embedding, ${TOKENS} rows of ${ROWS}×${WIDTH}`,
    unit: "ms",
    aims: { jaxJs: 1 },
    shapes: [[ROWS, WIDTH], [TOKENS, WIDTH]], // prettier-ignore
    ours: grad(looked),
    jaxJs: (jaxJs) => {
      const { numpy } = jaxJs;
      const f = (table: JaxArray, weights: JaxArray) =>
        numpy.sum(numpy.take(table, numpy.array(tokens), 0).mul(weights));
      return (table, weights) => jaxJs.grad(f)(table!, weights!);
    },
  }),
  surface({
    name: "sort 1M",
    unit: "ms",
    aims: { jaxJs: 1 },
    shapes: [[1 << 20]],
    ours: (x) => np.sort(x!),
    jaxJs:
      ({ numpy }) =>
      (x) =>
        numpy.sort(x!),
  }),
  surface({
    name: `cholesky ${MATRIX}²`,
    unit: "ms",
    flops: MATRIX ** 3 / 3 + 2 * MATRIX ** 3,
    aims: { jaxJs: 1 },
    shapes: [[MATRIX, MATRIX]],
    ours: (x) => lax.linalg.cholesky(definite(x!)),
    jaxJs:
      ({ lax, numpy }) =>
      (x) => {
        const square = numpy.matmul(x!.ref, x!.transpose());
        return lax.linalg.cholesky(square.add(numpy.eye(MATRIX).mul(MATRIX)));
      },
  }),
  surface({
    name: `attention ${BATCH}×${LENGTH}×${HEADS}×${HEAD}, causal, forward and backward`,
    unit: "ms",
    aims: { jaxJs: 1 },
    shapes: Array.from({ length: 3 }, () => [BATCH, LENGTH, HEADS, HEAD]),
    ours: grad(attention, { argnums: [0, 1, 2] }),
    jaxJs: (jaxJs) => {
      const f = ([q, k, v]: JaxArray[]) => {
        const out = theirAttention(jaxJs, q!, k!, v!);
        return jaxJs.numpy.sum(jaxJs.numpy.square(out));
      };
      return (q, k, v) => jaxJs.grad(f)([q!, k!, v!]);
    },
  }),
];
