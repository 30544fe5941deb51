import { type ArrayValue, files, jit, numpy as np, quaxify, random, tree, values, vmap } from "cotangent";
import { Bert, torchName, loadBert, loadPretrained, meanPooled } from "cotangent/models";
import { describe, expect, test } from "vitest";
import { expectValues, values as valuesOf } from "../arrays.ts";

const config = {
  vocabSize: 9,
  hiddenSize: 4,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 6,
  maxPositionEmbeddings: 5,
};
const model = new Bert(config, { key: random.key(0) });
const ids = np.array([2, 7, 1], "int32");

/** The arrays of a model under the names of its checkpoint. */
const named = (m: Bert, prefix = ""): Record<string, ArrayValue> =>
  Object.fromEntries(
    tree
      .leavesWithPath(m)
      .map(([path, leaf]) => [prefix + torchName(files.tensorName(path)), leaf as ArrayValue]),
  );
const bytesOf = (arrays: Record<string, ArrayValue>) => files.encodeSafetensors(arrays);

describe("the names of a checkpoint", () => {
  test("are those of PyTorch's BERT", () => {
    const names = Object.keys(named(model));
    expect(names.length).toBe(5 + 2 * 16);
    expect(names.filter((name) => name.includes("layer.1.")).map((name) => name.slice(16))).toEqual([
      "attention.self.query.weight",
      "attention.self.query.bias",
      "attention.self.key.weight",
      "attention.self.key.bias",
      "attention.self.value.weight",
      "attention.self.value.bias",
      "attention.output.dense.weight",
      "attention.output.dense.bias",
      "attention.output.LayerNorm.weight",
      "attention.output.LayerNorm.bias",
      "intermediate.dense.weight",
      "intermediate.dense.bias",
      "output.dense.weight",
      "output.dense.bias",
      "output.LayerNorm.weight",
      "output.LayerNorm.bias",
    ]);
    expect(names).toContain("embeddings.token_type_embeddings.weight");
  });
});

describe("a pretrained model", () => {
  test("is what was written, with or without a prefix", () => {
    for (const prefix of ["", "bert."]) {
      const loaded = loadBert(bytesOf(named(model, prefix)), config, { prefix });
      expect(tree.equal(loaded, model)).toBe(true);
    }
    const others = { ...named(model, "bert."), "cls.bias": np.ones([2]) };
    expect(tree.equal(loadBert(bytesOf(others), config, { prefix: "bert." }), model)).toBe(true);
  });

  test("keeps integers with scales as they are, and floats in their dtype", () => {
    const name = "encoder.layer.0.output.dense.weight";
    const q = values.Quantised.quantise(model.encoder.layer[0]!.output.dense.weight);
    const arrays = {
      ...named(model),
      [name]: q.values,
      [`${name}_scale`]: np.reshape(q.scale, [-1]),
      "embeddings.LayerNorm.bias": np.zeros([4], "bfloat16"),
    };
    const loaded = loadBert(bytesOf(arrays), config);
    const weight = loaded.encoder.layer[0]!.output.dense.weight;
    expect(weight).toBeInstanceOf(values.Quantised);
    expect(tree.equal(weight, q)).toBe(true);
    expect(loaded.embeddings.layerNorm.bias!.dtype).toBe("bfloat16");
    const run = jit(quaxify((m: Bert, ids: ArrayValue) => m.forward(ids)));
    const dense = tree.at((m) => m.encoder.layer[0]!.output.dense.weight, model, q.dequantise());
    expectValues(run(loaded, ids), valuesOf(run(dense, ids)));
  });

  test("is refused with all that is wrong at once", () => {
    const { "encoder.layer.1.output.dense.bias": _, ...arrays } = named(model);
    const wrong = {
      ...arrays,
      "embeddings.word_embeddings.weight": np.zeros([8, 4]),
      "encoder.layer.0.attention.self.key.weight": np.zeros([4, 4], "int8"),
      "encoder.layer.0.attention.self.query.weight": np.zeros([4, 4], "int8"),
      "encoder.layer.0.attention.self.query.weight_scale": np.zeros([4, 1]),
      "pooler.dense.bias": np.zeros([4]),
    };
    const load = () => loadBert(bytesOf(wrong), config);
    for (const message of [
      "places in which they differ: 5",
      '"embeddings.word_embeddings.weight" has shape (8, 4); the model takes (9, 4)',
      '"encoder.layer.1.output.dense.bias" is not in the file; the model takes (4,)',
      '"encoder.layer.0.attention.self.key.weight" is I8; the model takes floats',
      "with scales F32 of shape (4, 1); they are I8 (rows, columns) and F32 (rows)",
      '"pooler.dense.bias" is in the file, and has no place in the model',
    ])
      expect(load).toThrow(message);
    const extra = { ...named(model), "pooler.dense.bias": np.zeros([4]) };
    expect(tree.equal(loadBert(bytesOf(extra), config, { strict: false }), model)).toBe(true);
    expect(() => loadPretrained(bytesOf(arrays), [1])).toThrow("only arrays are loaded");
  });
});

describe("BERT", () => {
  test("does not look at what the mask hides", () => {
    const mask = np.array([true, true, false]);
    const run = (ids: ArrayValue) => model.forward(ids, { mask }).get(":2");
    expectValues(run(np.array([2, 7, 5], "int32")), valuesOf(run(ids)));
    expect(valuesOf(model.forward(ids).get(":2"))).not.toEqual(valuesOf(run(ids)));
  });

  test("tells segments and positions apart, and takes batches", () => {
    const plain = model.forward(ids);
    expect(plain.shape).toEqual([3, 4]);
    const types = np.array([0, 0, 1], "int32");
    expect(valuesOf(model.forward(ids, { tokenTypes: types }))).not.toEqual(valuesOf(plain));
    expect(valuesOf(model.forward(np.array([7, 2, 1], "int32")).get(0))).not.toEqual(valuesOf(plain.get(1)));
    const batch = vmap((one: ArrayValue) => model.forward(one))(np.stack([ids, ids]));
    expectValues(batch.get(1), valuesOf(plain));
  });

  test("refuses what does not fit", () => {
    expect(() => model.forward(np.zeros([6], "int32"))).toThrow(
      "takes ids (length), at most 5, got shape (6,)",
    );
    expect(() => model.forward(np.zeros([2, 3], "int32"))).toThrow("use vmap for a batch");
    const make = (change: object) => new Bert({ ...config, ...change }, { key: random.key(0) });
    expect(() => make({ numAttentionHeads: 3 })).toThrow("a multiple of numAttentionHeads, got 4 and 3");
    expect(() => make({ vocabSize: undefined })).toThrow("vocabSize must be a positive number");
  });

  test("the mean over positions leaves out what the mask hides, and is 0 of nothing", () => {
    const hidden = np.array([[1, 2], [3, 4], [50, 60]]); // prettier-ignore
    expectValues(meanPooled(hidden, np.array([true, true, false])), [2, 3]);
    expectValues(meanPooled(hidden, np.zeros([3])), [0, 0]);
  });
});
