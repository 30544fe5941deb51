/** Models of known architectures, whose fields have the names of their checkpoints. */

export { Bert, type BertOptions, loadBert, meanPooled } from "./bert.ts";
export { type BertConfig } from "./bert-layers.ts";
export { bertTokenizer } from "./bert-tokenizer.ts";
export { generate, type GenerateOptions, Llama, loadLlama } from "./llama.ts";
export { type KeyValueCache, type LlamaConfig, llamaConfigFromJSON } from "./llama-layers.ts";
export { torchName, loadPretrained, type PretrainedOptions } from "./pretrained.ts";
