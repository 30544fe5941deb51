import { type ArrayValue, numpy as np } from "cotangent";
import type { JaxArray } from "@jax-js/jax";
import type { JaxJs } from "../peers/jax-js.ts";

/** Numbers in [-1, 1), the same at every call. */
function samples(shape: readonly number[]): Float32Array {
  let state = 1;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Of numbers in [-1, 1). */
export const ours = (shape: readonly number[]): ArrayValue =>
  np.reshape(np.array(samples(shape)), [...shape]);

/** The same array for jax-js. */
export const theirs = (jaxJs: JaxJs, shape: readonly number[], scale = 1): JaxArray =>
  jaxJs.numpy.array(samples(shape).map((x) => x * scale)).reshape([...shape]);
