import { inspect } from "node:util";
import { expect, test } from "vitest";
import { checkpoint, checkpointName, checkpointPolicies, jit } from "../../../src/control/index.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { savedResiduals } from "../../../src/inspect/index.ts";
import { ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import { array } from "../arrays.ts";

const f32 = (...shape: number[]) => new ShapeDtypeStruct(shape, "float32");
const shapes = [f32(3, 4), f32(4, 5), f32(2, 3)];
const loss = (w1: ArrayValue, w2: ArrayValue, x: ArrayValue): ArrayValue => {
  const hidden = checkpointName(np.tanh(np.matmul(x, w1)), "hidden");
  return np.sum(np.sin(np.matmul(hidden, w2)));
};
const lines = (f: (...args: never[]) => unknown, ...args: unknown[]): string =>
  String(savedResiduals(f as () => unknown)(...args)).replace(
    /from \S+\.test\.ts:\d+:\d+ \(\w+\)/g,
    "from the test",
  );

// As jax.ad_checkpoint.print_saved_residuals prints it, but for the names of the arguments.
test("what is kept without a checkpoint: every value that a derivative reads", () => {
  expect(lines(loss, ...shapes)).toBe(`f32[3,4] argument 0
f32[4,5] argument 1
f32[2,3] argument 2
f32[2,4] output of tanh from the test
f32[2,4] output of sub from the test
f32[2,4] named 'hidden' from the test
f32[2,5] output of cos from the test
288 bytes in 7 values`);
});

test("what is kept with one: the arguments, and what the policy saves", () => {
  expect(lines(checkpoint(loss), ...shapes)).toBe(`f32[3,4] argument 0
f32[4,5] argument 1
f32[2,3] argument 2
152 bytes in 3 values`);
  const policy = checkpointPolicies.dotsSaveable;
  expect(lines(checkpoint(loss, { policy }), ...shapes)).toBe(`f32[3,4] argument 0
f32[4,5] argument 1
f32[2,3] argument 2
f32[2,4] output of dot_general from the test
f32[2,5] output of dot_general from the test
224 bytes in 5 values`);
});

test("places of arguments, constants, and calls are told apart", () => {
  const mask = array([1, 2]);
  const layer = jit(function layer(x: ArrayValue) {
    return np.sin(x);
  });
  const f = ({ w }: { w: ArrayValue }) => np.sum(np.multiply(np.multiply(layer(w), mask), w));
  expect(lines(f, { w: f32(2) })).toBe(`f32[2] a constant
f32[2] argument 0 at .w
f32[2] output of jit 'layer' from the test
f32[2] output of mul from the test
32 bytes in 4 values`);
});

test("a linear function keeps nothing, and a list is at hand", () => {
  const residuals = savedResiduals((x: ArrayValue) => np.add(x, x))(array(1));
  expect([residuals.list, residuals.bytes]).toEqual([[], 0]);
  expect(inspect(residuals)).toBe("0 bytes in 0 values");
  const [kept] = savedResiduals((x: ArrayValue) => np.sin(x))(array([1, 2])).list;
  expect(kept).toMatchObject({ aval: { shape: [2], dtype: "float32" }, origin: "output of cos" });
  expect(kept!.source).toMatch(/residuals\.test\.ts:\d+/);
});
