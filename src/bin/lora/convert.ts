import { statSync } from "node:fs";
import { showCount } from "../../core/table.ts";
import {
  openSafetensors,
  type Safetensors,
  type TensorDType,
  type TensorSource,
  writeTensors,
} from "../../files/index.ts";
import { tensorDTypeOf } from "../../files/safetensors-format.ts";
import { makeFolder, openSource, writeFile } from "../../files/source.ts";
import { denseOf } from "../../lora/adapted.ts";
import { CONFIG, TENSORS } from "../../lora/adapter-source.ts";
import { type MergeError, openAdapter } from "../../lora/index.ts";
import { SCALE, weightOf } from "../../models/pretrained.ts";
import { UsageError } from "../usage-error.ts";
import { reading, required, withWideDtypes } from "./settings.ts";
import type { Given, Report, Subcommand } from "./subcommand.ts";
import {
  computed,
  copied,
  isFloats,
  isQuantised,
  quantised,
  showWorst,
  weightsOf,
} from "./tensor-sources.ts";

const dtypes = ["float32", "float16", "bfloat16", "float64"] as const;

export const convert: Subcommand = {
  synopsis: "<file.safetensors | adapter> --out path [--dtype …] [--quantise int8]",
  summary: "write a file, or an adapter, with its numbers in another dtype",
  help: `  <adapter>    a folder with adapter_config.json and adapter_model.safetensors; --out is then a folder too
  --out        what to write; there is the whole of it, or what was there before
  --dtype      what floats become: ${dtypes.join(", ")}; so do 8-bit weights with scales <name>_scale
  --quantise   int8: matrices called <name>.weight become integers of 8 bits with a scale for each row, and what that
               changes is told; other floats become what --dtype says, or stay

Numbers that would not be finite in the new dtype are refused.

  cotangent lora convert model.safetensors --out half.safetensors --dtype bfloat16
  cotangent lora convert model.safetensors --out int8.safetensors --quantise int8 --json
  cotangent lora convert adapters/topics --out adapters/topics-half --dtype float16
`,
  options: { out: { type: "string" }, dtype: { type: "string" }, quantise: { type: "string" } },
  positionals: 1,
  run({ values, positionals: [path] }, tell) {
    const out = required(values, "out");
    const change = changeOf(values);
    if (!statSync(path!).isDirectory())
      return reading(openSafetensors(path!), (file) => converted(file, out, change, tell));
    if (change.quantise)
      throw new UsageError("--quantise is for models: an adapter has no weights to quantise");
    // An adapter whose files do not belong together is not copied.
    openAdapter(path!).close();
    makeFolder(out, "lora convert");
    const report = reading(openSafetensors(`${path}/${TENSORS}`), (file) =>
      converted(file, `${out}/${TENSORS}`, change, tell),
    );
    writeFile(`${out}/${CONFIG}`, [bytesOfFile(`${path}/${CONFIG}`)], "lora convert");
    return report;
  },
};

interface Change {
  readonly dtype: TensorDType | null;
  readonly quantise: boolean;
}

function changeOf({ dtype, quantise }: Given["values"]): Change {
  if (dtype === undefined && quantise === undefined)
    throw new UsageError("say what to convert to: --dtype, --quantise or both; --help says more");
  if (dtype !== undefined && !dtypes.includes(dtype as "float32"))
    throw new UsageError(`--dtype is one of ${dtypes.join(", ")}, not ${dtype}`);
  if (quantise !== undefined && quantise !== "int8")
    throw new UsageError(`--quantise is int8, not ${quantise}`);
  return {
    dtype: dtype === undefined ? null : tensorDTypeOf(dtype as "float32")!,
    quantise: quantise === "int8",
  };
}

function converted(file: Safetensors, out: string, change: Change, tell: (line: string) => void): Report {
  const errors: MergeError[] = [];
  let done = 0;
  const names = weightsOf(file);
  const told = (name: string) => {
    done++;
    tell(`converting ${name}`);
    return weightOf(file, name);
  };
  const tensors = names.flatMap((name): TensorSource[] => {
    const { dtype, shape } = file.info(name);
    const isWeight = isFloats(file, name);
    if (change.quantise && isWeight && shape.length === 2 && name.endsWith(".weight"))
      return quantised(
        name,
        shape,
        () => told(name),
        (error) => errors.push(error),
      );
    if (isQuantised(file, name) && change.dtype !== null && !change.quantise)
      return [computed(name, change.dtype, shape, () => denseOf(told(name)))];
    if (isWeight && change.dtype !== null && change.dtype !== dtype)
      return [computed(name, change.dtype, shape, () => told(name))];
    return [name, name + SCALE].filter((x) => file.has(x)).map((x) => copied(file, x));
  });
  withWideDtypes(() => writeTensors(out, tensors, { metadata: file.metadata }));
  const json = { out, converted: done, copied: names.length - done, errors };
  const text = `${showCount(done)} tensors converted, ${showCount(names.length - done)} copied: ${out}`;
  return { json, text: [text, ...showWorst(errors)].join("\n") };
}

const bytesOfFile = (path: string): Uint8Array =>
  reading(openSource(path, "lora convert"), (source) => {
    const bytes = new Uint8Array(source.size);
    source.read(bytes, 0);
    return bytes;
  });
