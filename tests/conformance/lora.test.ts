import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { type Case, decode, expectMatch, load, typedError } from "./golden.ts";

const cases = load("lora");
const group = (name: string): Case[] => cases.filter((c) => c.name.startsWith(`${name}/`));
const named = (name: string): Case => cases.find((c) => c.name === name)!;

const input = <T = ArrayValue>(c: Case, name: string): T => decode(c.inputs[name]) as T;
const keyOf = (c: Case, name: string): ArrayValue => random.key(input<number>(c, name));
const paths = (part: unknown): Record<string, unknown> =>
  Object.fromEntries(tree.leavesWithPath(part).map(([path, leaf]) => [tree.pathToString(path), leaf]));

/** `w + a·b` of these parts. */
const assembled = (
  w: ArrayValue,
  a: ArrayValue,
  b: ArrayValue,
  allowMaterialise = false,
  stopGradient = true,
): lora.LoraArray =>
  tree.at(
    (l) => [l.a, l.b],
    new lora.LoraArray(w, { rank: 1, key: random.key(0), allowMaterialise, stopGradient }),
    [a, b],
  );
const loraOf = (c: Case, allowMaterialise = false): lora.LoraArray =>
  assembled(input(c, "w"), input(c, "a"), input(c, "b"), allowMaterialise);

/** The model with the arrays of a golden in place of its own, by tree path. */
const withWeights = <M>(model: M, weights: unknown): M => {
  const given = decode(weights) as Record<string, ArrayValue>;
  return tree.mapWithPath((path, leaf) => given[tree.pathToString(path)] ?? leaf, model) as M;
};

test("readme/end_to_end", () => {
  const c = named("readme/end_to_end");
  const keys = random.split(random.PRNGKey(0), 3);
  const [k1, k2, k3] = [keys.get(0), keys.get(1), keys.get(2)];
  const linear = new nn.Linear(10, 12, { key: k1 });
  const vector = random.normal(k2, [10]);
  const run = (model: nn.Linear, x: ArrayValue) => model.forward(x);
  const weight = new lora.LoraArray(linear.weight, { rank: 2, key: k3 });
  const adapted = lora.loraify(linear, { rank: 2, key: k3 });
  const loraified = adapted.weight as unknown as lora.LoraArray;
  expectMatch(
    {
      keys,
      weight: linear.weight,
      bias: linear.bias,
      vector,
      denseOut: run(linear, vector),
      a: weight.a,
      b: weight.b,
      loraOut: quaxify(run)(
        tree.at((l) => l.weight, linear, weight),
        vector,
      ),
      loraifyA: loraified.a,
      loraifyB: loraified.b,
      loraifyOut: quaxify(run)(adapted, vector),
    },
    c.expected,
    c.tol,
  );
});

test.each(group("init"))("$name: a and b are Quax's bit for bit", (c) => {
  const { a, b } = new lora.LoraArray(input(c, "weight"), {
    rank: c.params["rank"] as number,
    scale: c.params["scale"] as number,
    key: keyOf(c, "keySeed"),
  });
  expectMatch({ a, b }, c.expected, c.tol);
});

describe.each([
  ["eager", <F>(f: F) => f],
  ["jit", jit as <F>(f: F) => F],
] as const)("%s", (_, wrap) => {
  test.each(group("linear"))("$name", (c) => {
    const weight = assembled(
      input(c, "weight"),
      input(c, "a"),
      input(c, "b"),
      true,
      c.params["stopGradient"] as boolean,
    );
    const fresh = new nn.Linear(5, 4, { key: random.key(0) });
    const linear = tree.at((l) => [l.weight, l.bias], fresh, [weight, input(c, "bias")]) as nn.Linear;
    const x = input(c, "x");
    const run = (model: nn.Linear, x: ArrayValue) => quaxify(model)(x);
    const loss = (model: nn.Linear, x: ArrayValue) => np.sum(np.square(run(model, x)));
    const [gradient, gradX] = wrap(grad(loss, { argnums: [0, 1] }))(linear, x);
    const { _w, a, b } = gradient.weight as unknown as lora.LoraArray;
    const materialised = wrap(() => weight.materialise())();
    expectMatch(
      { out: wrap(run)(linear, x), grad: { _w, a, b, bias: gradient.bias }, gradX, materialised },
      c.expected,
      c.tol,
    );
  });

  const products: Record<string, (l: ArrayValue, x: ArrayValue) => ArrayValue> = {
    "v@L": (l, x) => np.matmul(x, l),
    "M@L": (l, x) => np.matmul(x, l),
    "L.T-contract": (l, x) =>
      lax.dotGeneral(l, x, [
        [[0], [0]],
        [[], []],
      ]),
    "both-contracted": (l, x) =>
      lax.dotGeneral(l, x, [
        [
          [0, 1],
          [0, 1],
        ],
        [[], []],
      ]),
    einsum_ij_j: (l, x) => np.einsum("ij,j->i", l, x),
    tensordot1: (l, x) => np.tensordot(x, l, 1),
    batch_row: (l, x) => np.einsum("ij,ij->i", l, x),
  };
  test.each(group("matmul").filter((c) => "fn" in c.params))("$name", (c) => {
    const product = products[c.params["fn"] as string]!;
    expectMatch(wrap(quaxify(product))(loraOf(c, true), input(c, "other")), c.expected["out"], c.tol);
  });

  test("matmul/complicated_lhs", () => {
    const c = named("matmul/complicated_lhs");
    const product = (l: ArrayValue, x: ArrayValue) =>
      lax.dotGeneral(l, x, c.params["dimensionNumbers"] as never);
    expectMatch(wrap(quaxify(product))(loraOf(c), input(c, "rhs")), c.expected["out"], c.tol);
  });

  const operations: Record<string, (l: ArrayValue) => ArrayValue> = {
    add: (l) => np.add(l, 1),
    add1: (l) => np.add(l, 1),
    relu: (l) => nn.relu(l),
    sum: (l) => np.sum(l),
    neg: (l) => np.negative(l),
    index: (l) => l.get(0),
    where: (l) => np.where(np.greater(l, 0), l, 0),
    mulself: (l) => np.multiply(l, l),
    softmax: (l) => nn.softmax(l),
    gram: (l) => np.matmul(np.transpose(l), l),
  };
  test.each(group("noMaterialise"))("$name is refused", (c) => {
    const weight = new lora.LoraArray(input(c, "w"), { rank: 2, key: keyOf(c, "keySeed") });
    expect(() => wrap(quaxify(operations[c.params["fn"] as string]!))(weight)).toThrow(typedError);
  });
  test.each(group("materialise"))("$name", (c) => {
    expectMatch(
      wrap(quaxify(operations[c.params["fn"] as string]!))(loraOf(c, true)),
      c.expected["out"],
      c.tol,
    );
  });

  test.each(group("mlpGrad"))("$name", (c) => {
    const [inSize, outSize, width, depth] = c.params["mlp"] as [number, number, number, number];
    const mlp = new nn.MLP(inSize, outSize, width, depth, {
      activation: nn.softplus,
      key: keyOf(c, "keySeed"),
    });
    const stopGradient = c.params["stopGradient"] as boolean;
    const model = withWeights(
      lora.loraify(mlp, { rank: 2, stopGradient, key: keyOf(c, "loraKeySeed") }),
      c.inputs["weights"],
    );
    const loss = (model: nn.MLP, x: ArrayValue) => np.sum(quaxify(model)(x));
    const [value, gradient] = wrap(valueAndGrad(loss))(model, input(c, "x"));
    expectMatch({ loss: value, grads: paths(gradient) }, c.expected, c.tol);
  });

  const adapted = (c: Case): nn.MLP => {
    const mlp = new nn.MLP(2, 2, 6, 2, { activation: nn.softplus, key: random.key(0) });
    return withWeights(lora.loraify(mlp, { rank: 2, key: random.key(1) }), c.inputs["weights"]);
  };
  test("vmap/quaxify_vmap_model", () => {
    const c = named("vmap/quaxify_vmap_model");
    const run = quaxify((model: nn.MLP, xs: ArrayValue) => vmap((x: ArrayValue) => model.forward(x))(xs));
    expectMatch(wrap(run)(adapted(c), input(c, "xs")), c.expected["out"], c.tol);
  });
  test("vmap/vmap_quaxify", () => {
    const c = named("vmap/vmap_quaxify");
    expectMatch(wrap(vmap(quaxify(adapted(c))))(input(c, "xs")), c.expected["out"], c.tol);
  });
  test("vmap/batched_lora_vmap_outside", () => {
    const c = named("vmap/batched_lora_vmap_outside");
    const product = quaxify((l: ArrayValue, x: ArrayValue) => np.matmul(l, x));
    expectMatch(
      wrap(vmap(product, { inAxes: [0, null] }))(loraOf(c), input(c, "x")),
      c.expected["out"],
      c.tol,
    );
  });

  const loss = (model: nn.MLP, x: ArrayValue) => np.sum(model.forward(x));
  const stacks: Record<string, (f: typeof loss) => (model: nn.MLP, x: ArrayValue) => nn.MLP> = {
    jit_quaxify_grad: (f) => jit(quaxify(grad(f))),
    quaxify_jit_grad: (f) => quaxify(jit(grad(f))),
    grad_quaxify_jit: (f) => grad(quaxify(jit(f))),
  };
  test.each(group("stacks"))("$name", (c) => {
    const model = withWeights(
      lora.loraify(new nn.MLP(2, 2, 6, 2, { activation: nn.softplus, key: random.key(0) }), {
        rank: 2,
        allowMaterialise: true,
        key: random.key(1),
      }),
      c.inputs["weights"],
    );
    expectMatch(
      paths(stacks[c.params["stack"] as string]!(loss)(model, input(c, "x"))),
      c.expected["grads"],
      c.tol,
    );
  });
});

test.each(group("loraify").filter((c) => "mlp" in c.params))("$name", (c) => {
  const [inSize, outSize, width, depth] = c.params["mlp"] as [number, number, number, number];
  const useBias = c.params["use_bias"] as boolean | undefined;
  const mlp = new nn.MLP(inSize, outSize, width, depth, { useBias, key: keyOf(c, "keySeed") });
  const model = lora.loraify(mlp, { rank: c.params["rank"] as number, key: keyOf(c, "loraKeySeed") });
  const x = input(c, "x");
  const weights = model.layers.map((layer) => layer.weight as unknown as lora.LoraArray);
  expect(Object.keys(paths(model))).toEqual(c.expected["allPaths"]);
  expectMatch(
    weights.map(({ a }) => a),
    c.expected["a"],
    "exact",
  );
  expectMatch(mlp.forward(x), c.expected["denseOut"], c.tol);
  expectMatch(quaxify(model)(x), c.expected["out"], c.tol);
  expectMatch(jit(quaxify(model))(x), c.expected["jitOut"], c.tol);
});

test("loraify/sequential_layernorm", () => {
  const c = named("loraify/sequential_layernorm");
  const layers = [
    new nn.Linear(2, 3, { key: random.key(0) }),
    new nn.Lambda(nn.relu),
    new nn.LayerNorm([3]),
    new nn.Linear(3, 2, { key: random.key(1) }),
  ];
  const model = lora.loraify(new nn.Sequential(layers), { rank: 1, key: random.key(2) });
  expect(Object.keys(paths(model))).toEqual(c.expected["paths"]);
  expectMatch(quaxify(model)(decode(c.expected["x"]) as ArrayValue), c.expected["out"], c.tol);
});

test.each(group("train"))("$name", (c) => {
  const [inSize, outSize, width, depth] = c.params["mlp"] as [number, number, number, number];
  const { rank, scale, lr, opt, steps, stopGradient } = c.params as Record<string, number> & {
    opt: string;
    stopGradient: boolean;
  };
  const mlp = new nn.MLP(inSize, outSize, width, depth, { activation: np.tanh, key: keyOf(c, "keySeed") });
  let model = lora.loraify(mlp, { rank: rank!, scale, stopGradient, key: keyOf(c, "loraKeySeed") });
  expectMatch(Object.keys(paths(model)), Object.keys(c.inputs["initial"] as object));
  model = withWeights(model, c.inputs["initial"]);
  const [x, y] = [input(c, "x"), input(c, "y")];
  const loss = (model: nn.MLP) => np.mean(np.square(np.subtract(vmap(quaxify(model))(x), y)));
  const optimiser = opt === "adam" ? optim.adam(lr!) : optim.sgd(lr!);
  let state: unknown = optimiser.init(model);
  const losses: ArrayValue[] = [];
  for (let i = 0; i < steps!; i++) {
    const [value, gradient] = valueAndGrad(loss)(model);
    const [updates, next] = optimiser.update(gradient, state as never, model);
    [model, state] = [optim.applyUpdates(model, updates), next];
    losses.push(value);
  }
  expectMatch(np.stack(losses), c.expected["losses"], c.tol, "losses");
  expectMatch(paths(model), c.expected["final"], c.tol, "final");
});

describe("errors", () => {
  test("errors/weight1d", () => {
    expect(
      () => new lora.LoraArray(input(named("errors/weight1d"), "w"), { rank: 2, key: random.key(0) }),
    ).toThrow(typedError);
  });
  test("errors/double_loraify: an adapter over an adapter", () => {
    const once = lora.loraify(new nn.Linear(3, 2, { key: random.key(0) }), { rank: 1, key: random.key(1) });
    const twice = lora.loraify(once, { rank: 1, key: random.key(2) });
    expect(String(quaxify(twice)(np.ones(3)))).toBe(String(quaxify(once)(np.ones(3))));
  });
  test("errors/lora_lora_matmul: two adapted weights are multiplied without forming either", () => {
    const w = input(named("errors/lora_lora_matmul"), "w");
    const weight = new lora.LoraArray(w, { rank: 1, key: random.key(0) });
    expect(
      np
        .allclose(quaxify((l: ArrayValue, m: ArrayValue) => np.matmul(l, m))(weight, weight), np.matmul(w, w))
        .item(),
    ).toBe(true);
  });
  test("errors/add_bind_closure: a captured value is seen, and refuses to materialise by name", () => {
    const weight = new lora.LoraArray(input(named("errors/add_bind_closure"), "w"), {
      rank: 1,
      key: random.key(0),
    });
    expect(() => quaxify((x: ArrayValue) => lax.add.bind([x, weight], {})[0]!)(weight)).toThrow(/LoraArray/);
  });
});
