import type { JaxArray } from "@jax-js/jax";
import { type ArrayValue, jit, numpy as np } from "cotangent";
import type { Work } from "../work.ts";
import { ours, theirs } from "./samples.ts";

type Layout = "a·b" | "aᵀ·b" | "a·bᵀ";

/** A product of `[m, k]` and `[k, n]`; what is transposed is kept transposed in memory. */
function product(m: number, k: number, n: number, layout: Layout, aims: Work["aims"] = {}): Work {
  const size = m === k && k === n ? String(m) : `${m}×${k}×${n}`;
  const left = layout === "aᵀ·b" ? [k, m] : [m, k];
  const right = layout === "a·bᵀ" ? [n, k] : [k, n];
  return {
    name: layout === "a·b" ? `gemm ${size}` : `gemm ${size} ${layout}`,
    unit: "GFLOP/s",
    flops: 2 * m * k * n,
    aims,
    ours() {
      const [a, b] = [ours(left), ours(right)];
      const dot = jit((a: ArrayValue, b: ArrayValue) =>
        np.matmul(layout === "aᵀ·b" ? np.transpose(a) : a, layout === "a·bᵀ" ? np.transpose(b) : b),
      );
      return () => dot(a, b);
    },
    jaxJs(jaxJs) {
      const [a, b] = [theirs(jaxJs, left), theirs(jaxJs, right)];
      const dot = jaxJs.jit((a: JaxArray, b: JaxArray) =>
        jaxJs.numpy.matmul(layout === "aᵀ·b" ? a.transpose() : a, layout === "a·bᵀ" ? b.transpose() : b),
      );
      return async () => (await jaxJs.blockUntilReady(dot(a.ref, b.ref))).dispose();
    },
    jax: "JAX",
  };
}

const large = { roofline: 0.8, jaxJs: 2.5, jax: 0.3 };
const layouts: readonly Layout[] = ["aᵀ·b", "a·bᵀ"];

export const gemm: readonly Work[] = [
  product(64, 64, 64, "a·b", { jaxJs: 1.5, jax: 0.3 }),
  product(256, 256, 256, "a·b", { ...large, roofline: 0.6 }),
  product(512, 512, 512, "a·b", large),
  ...layouts.map((layout) => product(512, 512, 512, layout, large)),
  product(1024, 1024, 1024, "a·b", large),
  product(2048, 2048, 2048, "a·b", large),
  product(128, 784, 1024, "a·b", large),
  ...layouts.map((layout) => product(128, 784, 1024, layout, large)),
];
