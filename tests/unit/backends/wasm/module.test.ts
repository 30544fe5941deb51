import { afterEach, expect, test } from "vitest";
import { type ArrayValue, inspect, jit, numpy as np, setBackend } from "cotangent";
import { currentBackend } from "../../../../src/core/backend.ts";

const before = currentBackend().name;
afterEach(() => {
  setBackend(before);
});

const SIZE = 48;
/** Layers with a matrix each. */
const network = (x: ArrayValue, ...weights: readonly ArrayValue[]): ArrayValue =>
  weights.reduce((y, w, i) => np.add(np.tanh(np.matmul(y, w)), i), x);
const square = (seed: number): ArrayValue =>
  np.reshape(np.array(Float32Array.from({ length: SIZE * SIZE }, (_, i) => ((i * seed) % 17) / 17 - 0.5)), [
    SIZE,
    SIZE,
  ]);
const arrays = (layers: number): [ArrayValue, ...ArrayValue[]] => [
  square(3),
  ...Array.from({ length: layers }, (_, i) => square(i + 5)),
];
const bytesOf = (f: typeof network, layers: number): number =>
  inspect.kernels(f)(...arrays(layers)).wasm.length;

test("kernels that do the same to different arrays are one function", () => {
  const same = (x: ArrayValue, ...weights: readonly ArrayValue[]): ArrayValue =>
    weights.reduce((y, w) => np.tanh(np.matmul(y, w)), x);
  const [one, two, eight] = [1, 2, 8].map((layers) => bytesOf(same, layers)) as [number, number, number];
  expect(eight - two).toBeLessThan(one / 2);
  // What is added to each layer is another number.
  expect(bytesOf(network, 8) - bytesOf(network, 2)).toBeGreaterThan(2 * (eight - two));
});

test("each of them reads and writes its own arrays", () => {
  const inputs = arrays(5);
  const results = ["reference", "wasm"].map((name) => {
    setBackend(name);
    return jit(network)(...inputs).tolist() as number[][];
  }) as [number[][], number[][]];
  results[0].flat().forEach((x, i) => expect(results[1].flat()[i]).toBeCloseTo(x, 4));
});

test("the text of each names its own arrays", () => {
  const kernels = inspect.kernels(network)(...arrays(3));
  const names = kernels.kernels.flatMap(({ functions }) => functions.map(({ name }) => name));
  for (const name of names) expect(kernels.statements).toContain(name);
  expect(new Set(kernels.statements.match(/&in\d+/g))).toEqual(new Set(["&in0", "&in1", "&in2", "&in3"]));
});
