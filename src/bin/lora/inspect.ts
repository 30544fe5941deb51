import { statSync } from "node:fs";
import { showShape, sizeOf } from "../../core/shape.ts";
import { showCount, showTable } from "../../core/table.ts";
import { openSafetensors, type Safetensors } from "../../files/index.ts";
import { type AdapterContents, loraConfigToJSON, openAdapter, Summary } from "../../lora/index.ts";
import { reading } from "./settings.ts";
import type { Report, Subcommand } from "./subcommand.ts";
import { isFloats, isQuantised, weightsOf } from "./tensor-sources.ts";

export const inspect: Subcommand = {
  synopsis: "<adapter | file.safetensors> [--base model.safetensors]",
  summary: "what an adapter adapts, and how; or the tensors of a file",
  help: `  <adapter>  a folder with adapter_config.json and adapter_model.safetensors
  --base     the model of the adapter, to say how much of it that is

  cotangent lora inspect adapters/topics --base model.safetensors
  cotangent lora inspect model.safetensors --json
`,
  options: { base: { type: "string" } },
  positionals: 1,
  run({ values: { base }, positionals: [path] }) {
    if (!statSync(path!).isDirectory()) return reading(openSafetensors(path!), tensorsOf);
    return reading(openAdapter(path!), (adapter) => {
      if (base === undefined) return adapterReport(adapter, null);
      return reading(openSafetensors(base as string), (file) => adapterReport(adapter, file));
    });
  },
};

/** How many numbers there are in a file, without the scales of quantised weights. */
const parametersOf = (file: Safetensors): number =>
  weightsOf(file)
    .filter((name) => isFloats(file, name) || isQuantised(file, name))
    .reduce((sum, name) => sum + sizeOf(file.info(name).shape), 0);

function tensorsOf(file: Safetensors): Report {
  const tensors = file.names.map((name) => ({ name, ...file.info(name) }));
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const parameters = parametersOf(file);
  const rows = tensors.map(({ name, dtype, shape, bytes }) => [name, dtype, showShape(shape), bytes]);
  const metadata = Object.entries(file.metadata).map(([key, value]) => `${key}: ${value}`);
  return {
    json: { kind: "safetensors", metadata: file.metadata, tensors, parameters, bytes },
    text: [
      ...metadata,
      showTable(["tensor", "dtype", "shape", "bytes"], rows),
      `${showCount(tensors.length)} tensors, ${showCount(parameters)} parameters, ${showCount(bytes)} bytes`,
    ].join("\n"),
  };
}

function adapterReport(adapter: AdapterContents, base: Safetensors | null): Report {
  const { config } = adapter;
  const modules = adapter.targets.map((target) => {
    const { name, kind, rank, alpha, scaling } = target;
    const { dtype } = adapter.info(target.A.key);
    const shape = adapter.shape(target);
    return { name, kind, shape, rank, alpha, scaling, dtype, parameters: adapter.parameters(target) };
  });
  const kept = [...adapter.kept].map(([name, key]) => {
    const { dtype, shape } = adapter.info(key);
    return { name, dtype, shape, parameters: sizeOf(shape) };
  });
  const sum = (list: readonly { readonly parameters: number }[]) =>
    list.reduce((total, { parameters }) => total + parameters, 0);
  const trainable = sum(modules) + sum(kept);
  const total = base && parametersOf(base) + sum(modules) + sum(kept.filter(({ name }) => !base.has(name)));
  const summary = new Summary(
    modules.map(({ name, kind, shape, rank, scaling, parameters }) => ({
      path: name,
      kind: kind === "conv" ? "LoraKernel" : config.useDora ? "DoraArray" : "LoraArray",
      shape,
      terms: [{ rank, scaling }],
      parameters,
    })),
    trainable,
    total ?? trainable,
  );
  const lines = [
    `adapter of ${config.baseModelNameOrPath ?? "a model without a name"}${config.taskType === null ? "" : ` for ${config.taskType}`}`,
    `r ${config.r}, alpha ${config.loraAlpha}, dropout ${config.loraDropout}, targets ${JSON.stringify(config.targetModules)}`,
    summary.table,
  ];
  if (kept.length > 0)
    lines.push(
      showTable(
        ["kept as a whole", "dtype", "shape", "parameters"],
        kept.map(({ name, dtype, shape, parameters }) => [name, dtype, showShape(shape), parameters]),
      ),
    );
  lines.push(total === null ? `trainable params: ${showCount(trainable)}` : summary.line);
  return {
    json: { kind: "adapter", config: loraConfigToJSON(config), modules, kept, trainable, total },
    text: lines.join("\n\n"),
  };
}
