import {
  type ArrayValue,
  files,
  grad,
  inspect,
  jit,
  lora,
  makeJaxpr,
  numpy as np,
  optim,
  tree,
  valueAndGrad,
  type values,
} from "cotangent";
import type { Bert } from "cotangent/models";
import { afterAll, describe, expect, test } from "vitest";
import {
  adaptersLoss,
  embed,
  lossOf,
  logitsOf,
  optimiserOf,
  partsOf,
  readModel,
} from "../../../examples/minilm.ts";
import { dataFile, examplesAt, readTokenizer, readTopics, type Topics } from "../../../examples/topics.ts";

const golden = files.openSafetensors(dataFile("golden-step.safetensors"));
afterAll(() => golden.close());
const batch: Topics = {
  ids: golden.get("input_ids"),
  mask: golden.get("attention_mask").astype("bool"),
  labels: golden.get("labels"),
};
const head = golden.get("head.weight");

const base = readModel();
const places = base.encoder.layer.flatMap((_, i) =>
  ["query", "value"].map((name) => `encoder.layer.${i}.attention.self.${name}`),
);
const factors = places.map((place) => ({
  a: golden.get(`${place}.lora_B.weight`),
  b: golden.get(`${place}.lora_A.weight`),
}));
/** The base with these factors at queries and values, and the scaling 2. */
function adapt(factors: readonly { readonly a: ArrayValue; readonly b: ArrayValue }[]): Bert {
  const weights = (model: Bert) =>
    model.encoder.layer.flatMap(({ attention: { self } }) => [self.query.weight, self.value.weight]);
  const adapted = weights(base).map((w, i) =>
    lora.LoraArray.of(w, factors[i]!.a, factors[i]!.b, { scaling: 2 }),
  );
  return tree.at(weights, base, adapted);
}
const model = adapt(factors);
const [adapters, frozen] = tree.partition(model, lora.trainable(model));
const loss = (part: Bert, batch: Topics) => lossOf(tree.combine(part, frozen) as Bert, head, batch);
const distance = (x: ArrayValue, y: ArrayValue) => np.max(np.abs(np.subtract(x, y))).item();

describe("texts as pieces", () => {
  const { train, val, test: rest, names } = readTopics();
  test("are those of the reference", () => {
    const first = examplesAt(train, np.arange(8));
    expect(first.ids.toList()).toEqual(batch.ids.toList());
    expect(first.mask.toList()).toEqual(batch.mask.toList());
    expect(first.labels.toList()).toEqual(batch.labels.toList());
    expect([names.length, train.labels.size, val.labels.size, rest.labels.size]).toEqual([
      12, 2400, 600, 600,
    ]);
  });

  test("are whole words where the vocabulary has them, then the longest piece first", () => {
    const tokenizer = readTokenizer();
    expect(tokenizer.tokenize("Fermented juice")).toEqual(["fe", "##rm", "##ented", "juice"]);
    expect(tokenizer.encode("the (act)").tokens.at(0)).toBe("[CLS]");
    expect(tokenizer.encode("\u{1F995}").tokens).toEqual(["[CLS]", "[UNK]", "[SEP]"]);
  });
});

describe("a step of MiniLM with adapters", () => {
  test("has the embedding and the logits of the reference", () => {
    expect(distance(jit(embed)(model, batch), golden.get("out.embedding"))).toBeLessThan(1e-5);
    expect(distance(jit(logitsOf)(model, head, batch), golden.get("out.logits"))).toBeLessThan(1e-5);
  });

  test("has its loss and its gradients, of the adapters only", () => {
    const [value, gradient] = jit(valueAndGrad(loss))(adapters as Bert, batch);
    expect(value.item()).toBeCloseTo(2.678205, 5);
    const leaves = tree.leavesWithPath(gradient);
    const name = (i: number) => `grad.${places[i >> 1]}.${i % 2 === 0 ? "lora_B" : "lora_A"}.weight`;
    expect(leaves.map(([path]) => tree.pathToString(path))).toEqual(
      places.flatMap((place) =>
        ["a", "b"].map((part) => `.${place.replace(/\.(\d)/, "[$1]")}.weight.${part}`),
      ),
    );
    for (const [i, [, leaf]] of leaves.entries())
      expect(distance(leaf as ArrayValue, golden.get(name(i))), name(i)).toBeLessThan(1e-5);
  });

  test("trains the factors and nothing else", () => {
    const { trainable, total } = lora.summary(model);
    expect([trainable, total]).toEqual([36_864, 6_959_232]);
  });

  // Matrices of the base, and their transposes.
  const weights = tree.leaves<ArrayValue>(frozen).filter((leaf) => leaf.dtype === "int8");
  const shapes = new Set(weights.flatMap(({ shape }) => [shape.join(), shape.toReversed().join()]));
  const formedBy = ({ jaxpr }: ReturnType<ReturnType<typeof makeJaxpr>>) =>
    jaxpr.eqns.flatMap(({ outputs, primitive }) =>
      outputs.flatMap(({ aval }) => (shapes.has(aval.shape.join()) ? [primitive.primitive] : [])),
    );

  test("forms no float of the shape of a weight: no cotangent, no sum, no dequantised one", () => {
    expect(weights.length).toBe(20);
    expect(formedBy(makeJaxpr(valueAndGrad(loss))(adapters as Bert, batch))).toEqual([]);
  });

  test("stores none in its kernels", () => {
    const { kernels, memory } = inspect.kernels(valueAndGrad(loss))(adapters as Bert, batch);
    const stored = [...kernels.flatMap(({ writes }) => writes), ...memory.temporaries];
    const suspects = stored.filter(({ aval }) => shapes.has(/\[(.*)\]/.exec(aval)?.[1] ?? ""));
    expect(suspects.map(({ name, aval }) => `${name}:${aval}`)).toEqual([]);
    const read = new Set(kernels.flatMap(({ reads }) => reads.map(({ aval }) => aval)));
    expect(read).toContain("i8[384,384]");
  });

  test("would form one for the gradient of a base weight in floats", () => {
    const first = (m: Bert) => m.encoder.layer[0]!.attention.self.query.weight;
    const dense = tree.at(first, base, (first(base) as values.Quantised).dequantise());
    const program = makeJaxpr(grad((w: ArrayValue) => lossOf(tree.at(first, dense, w), head, batch)))(
      first(dense),
    );
    expect(formedBy(program)).not.toEqual([]);
  });
});

describe("the reference's adapter", () => {
  test("predicts what it does in JAX", () => {
    const run = files.openSafetensors(dataFile("adapter-reference/init-seed0.safetensors"));
    const head = run.get("head.weight");
    run.close();
    const texts = examplesAt(readTopics().test, np.arange(150));
    const tuned = lora.loadAdapter(dataFile("adapter-reference"), base).model;
    const predicted = np.argmax(jit(logitsOf)(tuned, head, texts), { axis: 1 }).toList() as number[];
    // Topics as hexadecimal digits; the two best logits are never nearer than 0.01.
    const expected =
      "61b713047078b1361728a1111a63606817752aa596a5a453998257045392a50466a70bbab76" +
      "a9b7250a934649b399895838043773738051968889a777088b0069a12866101b734a27ba482";
    expect(predicted.map((topic) => topic.toString(16)).join("")).toBe(expected);
  });
});

test("a model with its adapters merged, and one without them after that, predict alike", () => {
  const expected = embed(model, batch);
  for (const merged of [lora.merge(model), lora.mergeAndUnload(model)])
    expect(distance(embed(merged, batch), expected)).toBeLessThan(1e-5);
});

describe("training", () => {
  test("replays the first losses of the reference", async () => {
    const run = files.openSafetensors(dataFile("adapter-reference/init-seed0.safetensors"));
    const order = run.get("batch_order");
    const start = places.map((place) => ({ a: np.zeros([384, 8]), b: run.get(`${place}.lora_A.weight`) }));
    const head = run.get("head.weight");
    run.close();
    const { train } = readTopics();
    const [adapters, fixed] = partsOf(adapt(start), head);
    const { metrics } = await optim.fit(adapters, (step) => examplesAt(train, order.get(step)), {
      optimiser: optimiserOf({ steps: 150, warmup: 15, learningRate: 4e-3 }),
      loss: adaptersLoss,
      fixed,
      steps: 3,
    });
    for (const [i, loss] of [1.1453363, 0.8143691, 1.1412423].entries())
      expect(metrics["loss"]![i]![1]).toBeCloseTo(loss, 5);
  });
});
