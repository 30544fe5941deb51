import { FileError } from "../core/errors.ts";
import { type Shape, showShape, sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { openSafetensors, type Safetensors, type TensorInfo } from "../files/index.ts";
import { quoted } from "../files/safetensors-format.ts";
import * as lax from "../lax/index.ts";
import type { AdaptedArray } from "./adapted.ts";
import { PREFIX, type Tensor, type TargetTensors } from "./adapter-layout.ts";
import { adaptedOf } from "./adapter-parts.ts";
import { type AdapterFiles, checkedStart, readAdapter } from "./adapter-source.ts";
import type { WeightKind } from "./modules.ts";
import type { LoraConfig } from "./peft-config.ts";
import { type Target, targetsOf } from "./targets.ts";

/** The tensors of one module, as far as they were found. */
type Found = { [Part in "A" | "B" | "magnitude"]?: Tensor } & { isEmbedding?: boolean };

const factor = /^(.+)\.lora_(?:([AB])\.weight|(embedding)_([AB])|(magnitude)_vector)$/;
/** What PEFT writes beside another key of the same meaning, where all biases are kept. */
const repeated = /\.(modules_to_save|original_module)\./;

/** An adapter's files without a model: by names alone. {@link openAdapter} makes one. */
export class AdapterContents {
  readonly config: LoraConfig;
  /** The modules that have factors, in the order of the file; `path` is the same as `name`. */
  readonly targets: readonly TargetTensors[];
  /** Tensors that are kept as they are, biases among them: their names in the base model, and their keys. */
  readonly kept: ReadonlyMap<string, string>;

  /** @internal */
  constructor(
    config: LoraConfig,
    private readonly file: Safetensors,
  ) {
    const faults: string[] = [];
    const found = new Map<string, Found>();
    const others: string[] = [];
    for (const key of file.names) {
      const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : null;
      const [, module, part, embedding, embeddingPart, magnitude] = factor.exec(name ?? "") ?? [];
      if (module !== undefined) {
        const tensors = found.get(module) ?? {};
        tensors[(part ?? embeddingPart ?? magnitude) as "A"] = { key, shape: file.info(key).shape };
        if (embedding !== undefined) tensors.isEmbedding = true;
        found.set(module, tensors);
      } else if (name === null) faults.push(`${quoted(key)} does not begin with "${PREFIX}"`);
      else if (name.includes(".lora_")) faults.push(`${quoted(key)} is of a kind that is not known`);
      else if (config.bias !== "all" || !repeated.test(name)) others.push(key);
    }
    const linear: WeightKind = config.fanInFanOut ? "transposed" : "linear";
    const modules = [...found].map(([name, { isEmbedding, A }]) => {
      const isKernel = A !== undefined && A.shape.length > 2;
      const kind: WeightKind = isEmbedding ? "embedding" : isKernel ? "conv" : linear;
      return { name, path: name, kind };
    });
    const targets = modules.length === 0 ? [] : targetsOf(config, modules);
    const meant = new Set(targets.map(({ name }) => name));
    for (const name of found.keys())
      if (!meant.has(name)) faults.push(`${quoted(name)} has factors, and is no target of the configuration`);

    this.targets = targets.flatMap((target) => {
      const { A, B, magnitude = null } = found.get(target.name)!;
      const faulty = faultsOf(target, found.get(target.name)!, config);
      faults.push(...faulty.map((fault) => `${quoted(target.name)} ${fault}`));
      return A && B ? [{ ...target, weight: `${target.name}.weight`, A, B, magnitude }] : [];
    });
    this.kept = new Map(
      others.map((key) => {
        const name = key.slice(PREFIX.length);
        const at = name.lastIndexOf(".base_layer.");
        const isAdapted = at >= 0 && found.has(name.slice(0, at));
        return [isAdapted ? name.slice(0, at) + name.slice(at + ".base_layer".length) : name, key];
      }),
    );
    this.config = config;
    if (faults.length > 0)
      throw new FileError(
        "lora/keys",
        `the tensors of the adapter are not those of its configuration:\n  ${faults.join("\n  ")}`,
      );
  }

  /** What the file says of a tensor, by its key. */
  info(key: string): TensorInfo {
    return this.file.info(key);
  }

  /** A tensor by its key. */
  get(key: string): ArrayValue {
    return this.file.get(key);
  }

  /** The shape of the weight of a target. */
  shape({ kind, A, B }: TargetTensors): Shape {
    const [out, [, inputs, ...window]] = [B.shape[0]!, A.shape as [number, number, ...number[]]];
    return kind === "linear" || kind === "conv" ? [out, inputs, ...window] : [inputs, out];
  }

  /** How many numbers the adapter of a target consists of. */
  parameters({ A, B, magnitude }: TargetTensors): number {
    return [A, B, magnitude].reduce((sum, tensor) => sum + (tensor ? sizeOf(tensor.shape) : 0), 0);
  }

  /**
   * The base weight `w` of a target with its adapter: a `LoraArray`, a `DoraArray` or a `LoraKernel`, of the dtype of `w`.
   *
   * @throws ShapeError when `w` is of another shape; ArgumentError when the adapter is one to base weights that were changed.
   */
  adapted(target: TargetTensors, w: ArrayValue): AdaptedArray {
    const read = (key: string) => lax.convertElementType(this.file.get(key), w.dtype);
    const { loraDropout: dropout } = checkedStart(this.config);
    return adaptedOf(target, w, read, { scaling: target.scaling, dropout });
  }

  /** Closes the file; arrays stay. */
  close(): void {
    this.file.close();
  }
}

function faultsOf({ rank, kind }: Target, found: Found, { useDora }: LoraConfig): string[] {
  const { A, B, magnitude } = found;
  if (!A || !B)
    return [`has ${A ? "lora_A" : B ? "lora_B" : "a magnitude"} and no ${A ? "lora_B" : "lora_A"}`];
  const { length } = A.shape;
  if (length < 2 || B.shape.length !== length || B.shape.slice(2).some((size) => size !== 1))
    return [`has factors of the shapes ${showShape(A.shape)} and ${showShape(B.shape)}`];
  const faults: string[] = [];
  if (A.shape[0] !== rank || B.shape[1] !== rank)
    faults.push(`has factors of the ranks ${A.shape[0]} and ${B.shape[1]}, in the configuration ${rank}`);
  if (useDora !== (magnitude !== undefined))
    faults.push(useDora ? "has no magnitude, and DoRA has" : "has a magnitude, and use_dora is off");
  if (useDora && kind !== "linear") faults.push(`is adapted with DoRA, and its weight is ${kind}`);
  return faults;
}

/**
 * The adapter that PEFT, or `saveAdapter`, wrote to a folder, or of the bytes of its two files, without a model: what it adapts, and
 * each base weight with its adapter, one after the other. Close it when it is no longer needed.
 *
 * @throws FileError when a file cannot be read or is not of its format, or tensors are not those of the configuration, all of
 * which is in the message.
 * @example
 * const adapter = lora.openAdapter("adapters/topics");
 * for (const target of adapter.targets) {
 *   const merged = adapter.adapted(target, base.get(target.weight)).dense();
 * }
 * adapter.close();
 */
export function openAdapter(source: string | AdapterFiles): AdapterContents {
  const { config, tensors } = readAdapter(source, "lora.openAdapter");
  const file = openSafetensors(tensors);
  try {
    return new AdapterContents(config, file);
  } catch (error) {
    file.close();
    throw error;
  }
}
