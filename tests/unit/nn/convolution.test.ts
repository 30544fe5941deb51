import { readFileSync } from "node:fs";
import { type ArrayValue, grad, inspect, jit, nn, numpy as np, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { decode, expectMatch } from "../../conformance/golden.ts";

type Settings = nn.ConvOptions & nn.ConvTransposeOptions;
interface Case {
  readonly layer: string;
  readonly sizes: readonly [number, number, number];
  readonly options: object;
  readonly seed: number;
  readonly x: unknown;
  readonly weights: object;
  readonly out: unknown;
  readonly gradient: unknown;
}
const cases = JSON.parse(
  readFileSync(new URL("../../goldens/conv-layers.json", import.meta.url), "utf8"),
) as readonly Case[];
const tolerance = { rtol: 1e-5, atol: 1e-5 };

/** Constructors take as many sizes as the case has. */
type Construct = new (...args: readonly unknown[]) => nn.Conv;
const layers = {
  Conv: nn.Conv,
  Conv1d: nn.Conv1d,
  Conv2d: nn.Conv2d,
  Conv3d: nn.Conv3d,
  ConvTranspose: nn.ConvTranspose,
  ConvTranspose1d: nn.ConvTranspose1d,
  ConvTranspose2d: nn.ConvTranspose2d,
  ConvTranspose3d: nn.ConvTranspose3d,
} as unknown as Readonly<Record<string, Construct>>;
const layerOf = ({ layer, sizes, options, seed }: Case): nn.Conv =>
  new layers[layer]!(...sizes, { ...options, key: random.key(seed) });

describe.each([
  ["eager", <F>(f: F) => f],
  ["jit", jit as <F>(f: F) => F],
] as const)("%s", (_, wrap) => {
  test.each(cases.map((c) => [c.layer, c.sizes, c.options, c] as const))(
    "%s of %j with %j has Equinox's weights, results and gradients",
    (_layer, _sizes, _options, c) => {
      const layer = layerOf(c);
      const x = decode(c.x) as ArrayValue;
      const weights = { weight: layer.weight, ...(layer.bias && { bias: layer.bias }) };
      expectMatch(weights, c.weights, "exact");
      expectMatch(wrap((x: ArrayValue) => layer.forward(x))(x), c.out, tolerance);
      const loss = (x: ArrayValue) => np.sum(np.square(layer.forward(x)));
      expectMatch(wrap(grad(loss))(x), c.gradient, tolerance);
    },
  );
});

const key = random.key(0);

test("vmap convolves a batch, and every layer of it learns", () => {
  const layer = new nn.Conv2d(2, 3, 3, { padding: "SAME", key });
  const xs = random.normal(key, [4, 2, 5, 6]);
  expect(vmap(layer)(xs).shape).toEqual([4, 3, 5, 6]);
  expectMatch(vmap(layer)(xs).get(2), encoded(layer.forward(xs.get(2))), tolerance);
  const gradient = grad((layer: nn.Conv2d) => np.sum(np.square(vmap(layer)(xs))))(layer);
  expect(tree.leaves(gradient).map((leaf) => (leaf as ArrayValue).shape)).toEqual([[3, 2, 3, 3], [3, 1, 1]]); // prettier-ignore
});

test("a compiled layer and its activation are one kernel, after the one that pads", () => {
  const layer = new nn.Conv2d(8, 16, 3, { padding: "SAME", key });
  const f = (x: ArrayValue) => nn.relu(layer.forward(x));
  const { kernels } = inspect.kernels(f)(np.ones([8, 14, 14]));
  expect(
    kernels.map(({ equations }) => equations.some(({ primitive }) => primitive === "conv_general_dilated")),
  ).toEqual([false, true]);
});

test("the transpose of a layer is ConvTranspose with its weights reversed", () => {
  const there = new nn.Conv1d(2, 3, 3, { stride: 2, padding: 1, useBias: false, key });
  const back = new nn.ConvTranspose1d(3, 2, 3, { stride: 2, padding: 1, useBias: false, key });
  const turned = tree.at(
    (layer: nn.ConvTranspose1d) => layer.weight,
    back,
    np.swapaxes(np.flip(there.weight, 2), 0, 1),
  );
  const [x, ct] = [random.normal(key, [2, 7]), random.normal(random.key(1), [3, 4])];
  const pulled = grad((x: ArrayValue) => np.sum(np.multiply(there.forward(x), ct)))(x);
  expectMatch(turned.forward(ct), encoded(pulled), tolerance);
});

test.each<[what: string, make: () => unknown, message: string]>([
  ["no key", () => new nn.Conv1d(1, 1, 1, {} as nn.ConvOptions), "needs a key"],
  ["groups that do not divide the input", () => new nn.Conv1d(3, 2, 1, { groups: 2, key }), "inChannels (3) must be divisible by groups (2)"],
  ["groups that do not divide the result", () => new nn.Conv1d(2, 3, 1, { groups: 2, key }), "outChannels (3)"],
  ["sizes of another length", () => new nn.Conv2d(1, 1, [1, 1, 1], { key }), "kernelSize is an integer or a list of 2"],
  ["a stride of 0", () => new nn.Conv2d(1, 1, 1, { stride: 0, key }), "stride must be a positive integer"],
  ["an unknown word", () => new nn.Conv2d(1, 1, 1, { padding: "FULL" as "SAME", key }), 'padding is "SAME"'],
  ["padding of another length", () => new nn.Conv2d(1, 1, 1, { padding: [1], key }), "a list of 2 integers or pairs"],
  ["an unknown mode", () => new nn.Conv2d(1, 1, 1, { paddingMode: "WRAP" as "ZEROS", key }), "CIRCULAR"],
  ["an unknown option", () => new nn.Conv2d(1, 1, 1, { strides: 2, key } as Settings), "did you mean stride"],
  ["a batch", () => new nn.Conv1d(1, 1, 1, { key }).forward(np.ones([2, 1, 4])), "use vmap for a batch"],
  ["other channels", () => new nn.Conv1d(1, 1, 1, { key }).forward(np.ones([2, 4])), "lhs feature dimension"],
  ["outputPadding that the stride has no room for", () => new nn.ConvTranspose1d(1, 1, 1, { outputPadding: 1, key }), "must be below stride"],
  ["reflections of a transpose", () => new nn.ConvTranspose1d(1, 1, 1, { paddingMode: "REFLECT" as "ZEROS", key }), "one of ZEROS, CIRCULAR"],
  ["circular padding by numbers", () => new nn.ConvTranspose1d(1, 1, 1, { paddingMode: "CIRCULAR", key }), 'padding "SAME"'],
  ["circular outputPadding", () => new nn.ConvTranspose1d(1, 1, 2, { paddingMode: "CIRCULAR", padding: "SAME", stride: 2, outputPadding: 1, key }), "without outputPadding"],
  ["a batch of a transpose", () => new nn.ConvTranspose1d(1, 1, 1, { key }).forward(np.ones([4])), "nn.ConvTranspose takes an array"],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(message);
}); // prettier-ignore

function encoded(x: ArrayValue): object {
  return { dtype: x.dtype, shape: x.shape, data: np.ravel(x).tolist() };
}
