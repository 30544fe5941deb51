import { FileError } from "../../core/errors.ts";
import { sameShape, showShape } from "../../core/shape.ts";
import { showCount } from "../../core/table.ts";
import type { ArrayValue } from "../../core/value.ts";
import { openSafetensors, type Safetensors, type TensorSource, writeTensors } from "../../files/index.ts";
import {
  type AdapterContents,
  mergeAndUnload,
  type MergeError,
  openAdapter,
  type TargetTensors,
} from "../../lora/index.ts";
import { frontOf } from "../../lora/adapter-keys.ts";
import { faultsOf, SCALE, weightOf } from "../../models/pretrained.ts";
import { reading, required, withWideDtypes } from "./settings.ts";
import type { Subcommand } from "./subcommand.ts";
import { computed, copied, isQuantised, quantised, showWorst, weightsOf } from "./tensor-sources.ts";

export const merge: Subcommand = {
  synopsis:
    "<base.safetensors> <adapter> --out merged.safetensors [--prefix text] [--strip text] [--requantise]",
  summary: "write a model with an adapter in its weights",
  help: `  <base>         the model, by whose names of tensors the modules of the adapter are found
  <adapter>      a folder with adapter_config.json and adapter_model.safetensors
  --out          the file to write; there is the whole of it, or what was there before
  --prefix       what names in the base have in front that those of the adapter lack
  --strip        what is taken away in front of names in the adapter that begin with it
  --requantise   8-bit weights (with scales <name>_scale) stay so, and what that changes is told; or they become floats

Tensors that the adapter keeps as a whole replace those of the base, or are added. A weight that would not be finite is refused.

  cotangent lora merge model.safetensors adapters/topics --out merged.safetensors
  cotangent lora merge int8.safetensors adapters/topics --out merged.safetensors --requantise --json
`,
  options: {
    out: { type: "string" },
    prefix: { type: "string", default: "" },
    strip: { type: "string", default: "" },
    requantise: { type: "boolean", default: false },
  },
  positionals: 2,
  run({ values, positionals: [path, folder] }, tell) {
    const out = required(values, "out");
    const naming = { prefix: values["prefix"] as string, strip: values["strip"] as string };
    return reading(openSafetensors(path!), (base) =>
      reading(openAdapter(folder!), (adapter) => {
        const plan = new Merge(base, adapter, naming, values["requantise"] === true, tell);
        withWideDtypes(() => writeTensors(out, plan.tensors(), { metadata: base.metadata }));
        const { errors, replaced, added } = plan;
        const json = { out, merged: adapter.targets.map(({ name }) => name), replaced, added, errors };
        return { json, text: textOf(json) };
      }),
    );
  },
};

function textOf(result: {
  readonly out: string;
  readonly merged: readonly string[];
  readonly replaced: readonly string[];
  readonly added: readonly string[];
  readonly errors: readonly MergeError[];
}): string {
  const { out, merged, replaced, added, errors } = result;
  const rest = [
    ...(replaced.length > 0 ? [`${showCount(replaced.length)} tensors replaced`] : []),
    ...(added.length > 0 ? [`${showCount(added.length)} added`] : []),
  ];
  const text = `${[`${showCount(merged.length)} weights merged`, ...rest].join(", ")}: ${out}`;
  return [text, ...showWorst(errors)].join("\n");
}

/** What becomes of each tensor of a base with an adapter. */
class Merge {
  readonly errors: MergeError[] = [];
  readonly replaced: string[] = [];
  readonly added: string[] = [];
  private done = 0;
  /** Targets by the names of their weights in the base. */
  private readonly targets: ReadonlyMap<string, TargetTensors>;
  /** Keys of what is kept, by names in the base. */
  private readonly kept: ReadonlyMap<string, string>;

  /** @throws FileError on all in the adapter that has no place in the base. */
  constructor(
    private readonly base: Safetensors,
    private readonly adapter: AdapterContents,
    { prefix, strip }: { readonly prefix: string; readonly strip: string },
    private readonly requantise: boolean,
    private readonly tell: (line: string) => void,
  ) {
    const faults: string[] = [];
    const named = (name: string): string =>
      prefix + (name.startsWith(strip) ? name.slice(strip.length) : name);
    if (!adapter.targets.some(({ name }) => name.startsWith(strip)))
      faults.push(
        `no module of the adapter has a name that begins with "${strip}", which --strip takes away`,
      );
    this.targets = new Map(adapter.targets.map((target) => [named(target.weight), target]));
    this.kept = new Map([...adapter.kept].map(([name, key]) => [named(name), key]));
    for (const [name, target] of this.targets)
      faults.push(...faultsOf(base, name, adapter.shape(target), "the adapter"));
    for (const [name, key] of this.kept) {
      const { shape } = adapter.info(key);
      if (base.has(name) && !sameShape(base.info(name).shape, shape))
        faults.push(
          `"${name}" is kept with the adapter with shape ${showShape(shape)}, and has ${showShape(base.info(name).shape)}`,
        );
    }
    if (faults.length > 0)
      throw new FileError(
        "lora/keys",
        `the adapter does not fit the base${this.hint()}:\n  ${faults.join("\n  ")}`,
      );
  }

  /** The tensors of the merged model. */
  tensors(): TensorSource[] {
    const own = weightsOf(this.base).flatMap((name) => {
      const target = this.targets.get(name);
      const key = this.kept.get(name);
      const whole = key === undefined ? null : () => this.adapter.get(key);
      if (whole) this.replaced.push(name);
      if (target)
        return this.written(name, () => this.merged(name, target, whole?.() ?? weightOf(this.base, name)));
      if (whole) return this.written(name, whole);
      return [name, name + SCALE].filter((x) => this.base.has(x)).map((x) => copied(this.base, x));
    });
    const others = [...this.kept].flatMap(([name, key]) => {
      if (this.base.has(name)) return [];
      this.added.push(name);
      const { dtype, shape } = this.adapter.info(key);
      return [computed(name, dtype, shape, () => this.adapter.get(key))];
    });
    return [...own, ...others];
  }

  private merged(name: string, target: TargetTensors, w: ArrayValue): ArrayValue {
    this.done++;
    this.tell(`merging ${this.done}/${this.targets.size} ${name}`);
    return mergeAndUnload({ [name]: this.adapter.adapted(target, w) as ArrayValue })[name]!;
  }

  /** A weight of the base that becomes another one, in the dtype that it has there, or as floats. */
  private written(name: string, make: () => ArrayValue): TensorSource[] {
    const { dtype, shape } = this.base.info(name);
    if (!isQuantised(this.base, name)) return [computed(name, dtype, shape, make)];
    if (!this.requantise) return [computed(name, "F32", shape, make)];
    return quantised(name, shape, make, (error) => this.errors.push(error));
  }

  private hint(): string {
    const [ours, theirs] = [[...this.targets.keys()], this.base.names];
    const missing = ours.filter((name) => !this.base.has(name));
    const [more, less] = [frontOf(theirs, missing), frontOf(missing, theirs)];
    if (more !== null) return `; names in the base have "${more}" in front, which --prefix adds`;
    return less === null ? "" : `; names in the base lack "${less}", which --strip takes away`;
  }
}
