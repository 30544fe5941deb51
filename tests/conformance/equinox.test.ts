import {
  type ArrayValue,
  grad,
  jit,
  lax,
  nn,
  numpy as np,
  optim,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { type Case, decode, expectMatch, isRefused, load, typedError } from "./golden.ts";
import { reasonLeft } from "./left.ts";

interface Settings {
  readonly inFeatures: number;
  readonly outFeatures: number | "scalar";
  readonly inSize: number;
  readonly outSize: number;
  readonly widthSize: number;
  readonly depth: number;
  readonly activation: string;
  readonly finalActivation: string;
  readonly useBias: boolean;
  readonly useFinalBias: boolean;
  readonly shape: readonly number[];
  readonly eps: number;
  readonly use_weight: boolean;
  readonly use_bias: boolean;
  readonly p: number;
  readonly inference: boolean;
  readonly numEmbeddings: number | undefined;
  readonly embeddingSize: number | undefined;
  readonly numHeads: number;
  readonly querySize: number;
  readonly use_query_bias: boolean;
  readonly use_key_bias: boolean;
  readonly use_value_bias: boolean;
  readonly use_output_bias: boolean;
  readonly channels: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly in_channels: number;
  readonly out_channels: number;
  readonly kernel_size: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly padding?: nn.ConvPadding;
  readonly dilation?: number;
  readonly groups?: number;
  readonly padding_mode?: nn.PaddingMode;
  readonly output_padding?: number;
  readonly useCeil?: boolean;
  readonly targetShape: nn.PerAxis;
  readonly channelwiseAffine?: boolean;
  readonly theta?: number;
  readonly initAlpha?: number;
}
type Layer = nn.Module & { forward(...args: ArrayValue[]): ArrayValue };

const activations: Record<string, (x: ArrayValue) => ArrayValue> = {
  ...nn,
  identity: (x: ArrayValue) => x,
} as never;

const convSettings = ({
  stride,
  padding,
  dilation,
  groups,
  use_bias: useBias,
}: Pick<Settings, "stride" | "padding" | "dilation" | "groups" | "use_bias">) => ({
  stride,
  padding,
  dilation,
  groups,
  useBias,
});

const convOf =
  (Layer: typeof nn.Conv1d | typeof nn.Conv2d | typeof nn.Conv3d) =>
  (
    { in_channels, out_channels, kernel_size, padding_mode: paddingMode, ...settings }: Settings,
    key: ArrayValue,
  ) =>
    new Layer(in_channels, out_channels, kernel_size, { ...convSettings(settings), paddingMode, key });

const convTransposeOf =
  (Layer: typeof nn.ConvTranspose1d | typeof nn.ConvTranspose2d | typeof nn.ConvTranspose3d) =>
  (
    { in_channels, out_channels, kernel_size, padding_mode, output_padding, ...settings }: Settings,
    key: ArrayValue,
  ) =>
    new Layer(in_channels, out_channels, kernel_size, {
      ...convSettings(settings),
      outputPadding: output_padding,
      paddingMode: padding_mode as "ZEROS" | "CIRCULAR" | undefined,
      key,
    });

const poolOf =
  (Layer: typeof nn.AvgPool1d | typeof nn.MaxPool1d) =>
  ({ kernelSize, stride, padding, useCeil }: Settings) =>
    new Layer(kernelSize, { stride, padding: padding as nn.PoolPadding | undefined, useCeil });

const adaptiveOf =
  (Layer: typeof nn.AdaptiveAvgPool1d | typeof nn.AdaptiveMaxPool1d) =>
  ({ targetShape }: Settings) =>
    new Layer(targetShape);

const layers: Record<string, (settings: Settings, key: ArrayValue) => nn.Module> = {
  Linear: ({ inFeatures, outFeatures, useBias }, key) =>
    new nn.Linear(inFeatures, outFeatures, { useBias, key }),
  MLP: ({ inSize, outSize, widthSize, depth, activation, finalActivation, useBias, useFinalBias }, key) =>
    new nn.MLP(inSize, outSize, widthSize, depth, {
      activation: activations[activation]!,
      finalActivation: activations[finalActivation]!,
      useBias,
      useFinalBias,
      key,
    }),
  LayerNorm: ({ shape, eps, use_weight: useWeight, use_bias: useBias }) =>
    new nn.LayerNorm(shape, { eps, useWeight, useBias }),
  RMSNorm: ({ shape, eps, use_weight: useWeight, use_bias: useBias }) =>
    new nn.RMSNorm(shape, { eps, useWeight, useBias }),
  Embedding: ({ numEmbeddings, embeddingSize }, key) =>
    // The case of an error names no sizes.
    new nn.Embedding(numEmbeddings ?? 4, embeddingSize ?? 3, { key }),
  MultiheadAttention: ({ numHeads, querySize, ...use }, key) =>
    new nn.MultiheadAttention(numHeads, querySize, {
      useQueryBias: use.use_query_bias,
      useKeyBias: use.use_key_bias,
      useValueBias: use.use_value_bias,
      useOutputBias: use.use_output_bias,
      key,
    }),
  RotaryPositionalEmbedding: ({ embeddingSize, theta }) =>
    new nn.RotaryPositionalEmbedding(embeddingSize!, { theta }),
  Conv1d: convOf(nn.Conv1d),
  Conv2d: convOf(nn.Conv2d),
  Conv3d: convOf(nn.Conv3d),
  ConvTranspose1d: convTransposeOf(nn.ConvTranspose1d),
  ConvTranspose2d: convTransposeOf(nn.ConvTranspose2d),
  ConvTranspose3d: convTransposeOf(nn.ConvTranspose3d),
  GroupNorm: ({ groups, channels, eps, channelwiseAffine }) =>
    new nn.GroupNorm(groups!, channels, { eps, channelwiseAffine }),
  AvgPool1d: poolOf(nn.AvgPool1d),
  AvgPool2d: poolOf(nn.AvgPool2d),
  AvgPool3d: poolOf(nn.AvgPool3d),
  MaxPool1d: poolOf(nn.MaxPool1d),
  MaxPool2d: poolOf(nn.MaxPool2d),
  MaxPool3d: poolOf(nn.MaxPool3d),
  AdaptiveAvgPool1d: adaptiveOf(nn.AdaptiveAvgPool1d),
  AdaptiveAvgPool2d: adaptiveOf(nn.AdaptiveAvgPool2d),
  AdaptiveAvgPool3d: adaptiveOf(nn.AdaptiveAvgPool3d),
  AdaptiveMaxPool1d: adaptiveOf(nn.AdaptiveMaxPool1d),
  AdaptiveMaxPool2d: adaptiveOf(nn.AdaptiveMaxPool2d),
  AdaptiveMaxPool3d: adaptiveOf(nn.AdaptiveMaxPool3d),
  PReLU: ({ initAlpha }) => new nn.PReLU({ initAlpha }),
  Identity: () => new nn.Identity(),
  WeightNorm: ({ inFeatures, outFeatures }, key) =>
    new nn.WeightNorm(new nn.Linear(inFeatures, outFeatures, { key })),
  GRUCell: ({ inputSize, hiddenSize, useBias }, key) =>
    new nn.GRUCell(inputSize, hiddenSize, { useBias, key }),
  LSTMCell: ({ inputSize, hiddenSize, useBias }, key) =>
    new nn.LSTMCell(inputSize, hiddenSize, { useBias, key }),
  Dropout: ({ p, inference }) => new nn.Dropout(p, { inference }),
  Sequential: (_, key) => {
    const [k0, k1] = [random.split(key).get(0), random.split(key).get(1)];
    return new nn.Sequential([
      new nn.Linear(3, 4, { key: k0 }),
      new nn.Lambda(nn.relu),
      new nn.Linear(4, 2, { key: k1 }),
    ]);
  },
};

const seedOf = (c: Case): ArrayValue =>
  random.key((decode(c.inputs["keySeed"]) as number | null | undefined) ?? 0);
const layerOf = (c: Case): Layer =>
  layers[String(c.params["layer"])]!(c.params as unknown as Settings, seedOf(c)) as Layer;
/** The leaves by their paths, in Python's writing. */
const paths = (part: unknown): Record<string, unknown> =>
  Object.fromEntries(
    tree
      .leavesWithPath(part)
      .map(([path, leaf]) => [
        tree.pathToString(path).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        leaf,
      ]),
  );
/** How the layer is called, by the first word that the case has about it. */
const callers: Record<string, (layer: Layer, args: ArrayValue[]) => unknown> = {
  "": (layer, args) => layer.forward(...args),
  m: (layer, args) => layer.forward(...args),
  vmap: (layer, args) => vmap((row: ArrayValue) => layer.forward(row))(args[0]!),
  scan: (layer, args) =>
    lax.scan((h: ArrayValue, x: ArrayValue) => [layer.forward(x, h), null], np.zeros([4]), args[0]!)[0],
};
const apply =
  (c: Case) =>
  (layer: Layer, ...args: ArrayValue[]): unknown =>
    callers[/^\w*/.exec(String(c.params["call"] ?? ""))![0]]!(layer, args);

const cases = load("equinox").filter((c) => reasonLeft(c, "equinox") === undefined);
const built = cases.filter((c) => "weights" in c.expected);

describe.each([
  ["eager", <F>(f: F) => f],
  ["jit", jit as <F>(f: F) => F],
] as const)("%s", (_, wrap) => {
  test.each(built)("$name", (c) => {
    const layer = layerOf(c);
    const args = decode(c.inputs["args"]) as ArrayValue[];
    expectMatch(wrap(apply(c))(layer, ...args), c.expected["out"], c.tol);
  });

  test.each(built.filter((c) => "gradSumSq" in c.expected))("gradient of $name", (c) => {
    const args = decode(c.inputs["args"]) as ArrayValue[];
    const loss = (layer: Layer) =>
      tree.reduce(
        (sum: ArrayValue, out: ArrayValue) => np.add(sum, np.sum(np.square(out))),
        apply(c)(layer, ...args),
        np.zeros([]),
      );
    expectMatch(paths(wrap(grad(loss))(layerOf(c))), c.expected["gradSumSq"], c.tol);
  });
});

test.each(built)("initial weights of $name are Equinox's bit for bit", (c) =>
  expectMatch(paths(layerOf(c)), c.expected["weights"], "exact"),
);

const onX = cases.filter((c) => "x" in c.inputs && !("y" in c.inputs));
const forward = (c: Case): unknown => layerOf(c).forward(decode(c.inputs["x"]) as ArrayValue);
test.each(onX.filter((c) => !isRefused(c)))("$name", (c) =>
  expectMatch(forward(c), c.expected["out"], c.tol),
);
test.each(onX.filter(isRefused))("$name is refused", (c) => expect(() => forward(c)).toThrow(typedError));

test.each(cases.filter((c) => c.params["op"] === "tree_equal"))("$name", (c) => {
  expectMatch(tree.equal(decode(c.inputs["a"]), decode(c.inputs["b"])), c.expected, c.tol);
});

test("tree/tree_at_err_none: the only null of a tree can be selected", () => {
  expect(tree.at((t: { a: null | number }) => t.a, { a: null }, 1)).toEqual({ a: 1 });
});

test("train/mlp_sgd20", () => {
  const c = cases.find(({ name }) => name === "train/mlp_sgd20")!;
  const [x, y] = [decode(c.inputs["x"]) as ArrayValue, decode(c.inputs["y"]) as ArrayValue];
  const loss = (model: nn.MLP) =>
    np.mean(np.square(np.subtract(vmap((row: ArrayValue) => model.forward(row))(x), y)));
  const optimiser = optim.sgd(0.1);
  let model = new nn.MLP(2, 1, 8, 2, { activation: np.tanh, key: seedOf(c) });
  let state = optimiser.init(model);
  const step = jit((model: nn.MLP, state: ReturnType<typeof optimiser.init>) => {
    const [value, gradient] = valueAndGrad(loss)(model);
    const [updates, next] = optimiser.update(gradient, state, model);
    return [optim.applyUpdates(model, updates), next, value] as const;
  });
  const losses: ArrayValue[] = [];
  for (let i = 0; i < 20; i++) {
    const [nextModel, nextState, value] = step(model, state);
    [model, state] = [nextModel, nextState];
    losses.push(value);
  }
  expectMatch(np.stack(losses), c.expected["losses"], c.tol, "losses");
  expectMatch(paths(model), c.expected["final"], c.tol, "final");
});
