import { FileError, lora } from "cotangent";
import { describe, expect, test } from "vitest";

/** As PEFT 0.21.2 writes it. */
const written = {
  alora_invocation_tokens: null,
  alpha_pattern: {},
  arrow_config: null,
  auto_mapping: { base_model_class: "M", parent_library: "__main__" },
  base_model_name_or_path: null,
  bias: "none",
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  exclude_modules: null,
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  kasa_config: null,
  layer_replication: null,
  layers_pattern: null,
  layers_to_transform: null,
  loftq_config: {},
  lora_alpha: 8,
  lora_bias: false,
  lora_dropout: 0,
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: "megatron.core",
  modules_to_save: ["classifier"],
  monteclora_config: null,
  peft_type: "LORA",
  peft_version: "0.21.2",
  qalora_group_size: 16,
  r: 2,
  rank_pattern: { "layers.1": 3 },
  revision: null,
  target_modules: ["conv", "0", "emb", "1"],
  target_parameters: null,
  task_type: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_dora: true,
  use_qalora: false,
  use_rslora: false,
  velora_config: null,
};

/** What is wrong with a configuration. */
function faults(json: unknown): string[] {
  try {
    lora.loraConfigFromJSON(json);
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).code).toBe("lora/config");
    return (error as FileError).message.split("\n  ").slice(1);
  }
  return [];
}

describe("a configuration", () => {
  test("is written as it was read, with fields that are not known", () => {
    const config = lora.loraConfigFromJSON({ ...written, new_in_1_0: [1] });
    expect(config).toMatchObject({ r: 2, useDora: true, rankPattern: { "layers.1": 3 } });
    expect(config.others).toMatchObject({ new_in_1_0: [1], peft_version: "0.21.2" });
    const again = lora.loraConfigToJSON(config);
    expect(again).toEqual({ ...written, new_in_1_0: [1] });
    expect(Object.keys(again)).toEqual(Object.keys(again).toSorted());
  });

  test("of nothing has PEFT's defaults", () => {
    const { others, ...own } = lora.loraConfig();
    expect(others).toEqual({});
    expect(own).toEqual({
      r: 8,
      loraAlpha: 8,
      loraDropout: 0,
      targetModules: null,
      excludeModules: null,
      modulesToSave: null,
      layersToTransform: null,
      layersPattern: null,
      rankPattern: {},
      alphaPattern: {},
      bias: "none",
      useRslora: false,
      useDora: false,
      fanInFanOut: false,
      initLoraWeights: true,
      taskType: null,
      baseModelNameOrPath: null,
      revision: null,
      inferenceMode: false,
    });
    expect(lora.loraConfigFromJSON({ rank_pattern: null }).rankPattern).toEqual({});
  });

  test("is checked as a whole, and every fault is told", () => {
    const wrong = {
      r: 1.5,
      lora_alpha: "x",
      lora_dropout: 1,
      bias: "some",
      target_modules: 3,
      rank_pattern: { a: 0 },
    };
    expect(faults(wrong)).toEqual([
      "r must be a whole number",
      "lora_alpha must be a number",
      "lora_dropout must be a number from 0 up to 1",
      "target_modules must be a string or a list of strings",
      "rank_pattern.a must be a number from 1 on",
      'bias must be "none", "all" or "lora_only"',
    ]);
    expect(faults({ peft_type: "IA3" })).toEqual(['peft_type must be "LORA"']);
    expect(faults([])).toEqual(["it must be an object"]);
    expect(faults({ r: 0 })).toEqual(["r must be a number from 1 on"]);
  });

  test.each([
    { lora_bias: true },
    { use_qalora: true },
    { alora_invocation_tokens: [1] },
    { kasa_config: { a: 1 } },
    { velora_config: { a: 1 } },
    { monteclora_config: { a: 1 } },
    { arrow_config: { a: 1 } },
    { megatron_config: { a: 1 } },
    { target_parameters: ["w"] },
    { trainable_token_indices: [3] },
    { layer_replication: [[0, 1]] },
    { use_bdlora: { a: 1 } },
    { ensure_weight_tying: true },
    { init_lora_weights: "mica" },
  ])("with %o, which changes what is computed or trained, is refused by name", (fields) => {
    const [[name, value]] = Object.entries(fields) as [[string, unknown]];
    expect(faults(fields)).toEqual([`${name} is ${JSON.stringify(value)}, which is not supported here`]);
  });

  test("of a pattern goes without a choice of layers, as in PEFT", () => {
    expect(faults({ target_modules: "x", layers_to_transform: 1, layers_pattern: "h" })).toHaveLength(2);
    expect(faults({ target_modules: ["x"], layers_pattern: "h" })).toEqual([
      "layers_pattern goes with layers_to_transform, and there is none",
    ]);
  });

  test("that a program makes is checked in the same way", () => {
    expect(lora.loraConfig({ r: 4, others: { peft_version: "1" } })).toMatchObject({
      r: 4,
      others: { peft_version: "1" },
    });
    expect(() => lora.loraConfig({ rank: 4 } as never)).toThrow("lora.loraConfig has no option rank");
    expect(() => lora.loraConfig({ r: -1 })).toThrow("r must be a number from 1 on");
    expect(() => lora.loraConfig({ others: 3 as never })).toThrow("others is an object");
  });
});
