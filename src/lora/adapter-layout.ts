import { flattenWithPath, type TreeDef } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { ArrayValue, showAval } from "../core/value.ts";
import { tensorName } from "../files/index.ts";
import { modulesOf, type NamedModule, type NamingOptions } from "./modules.ts";
import type { LoraConfig } from "./peft-config.ts";
import { type Target, targetsOf } from "./targets.ts";

/** What stands before the names of modules in an adapter's file. */
export const PREFIX = "base_model.model.";

/** A target with its tensors in the file: PEFT's `A` and `B`, and the magnitude of DoRA. */
export interface TargetTensors extends Target {
  /** Where its weight is in the model. */
  readonly weight: string;
  /** `[rank, in, …window]`. */
  readonly A: Tensor;
  /** `[out, rank, 1, …]`. */
  readonly B: Tensor;
  /** `[out]`; null without DoRA. */
  readonly magnitude: Tensor | null;
}

export interface Tensor {
  readonly key: string;
  readonly shape: Shape;
}

/** An array that is kept: where it is in the model, and its shape in the file. */
export interface Kept {
  readonly path: string;
  readonly shape: Shape;
}

/** What an adapter's file has for a model. */
export interface Layout {
  /** The arrays of the model, structured ones whole, by their dotted paths. */
  readonly arrays: ReadonlyMap<string, ArrayValue>;
  /** The model with other arrays in the places of some. */
  readonly rebuilt: <Model>(arrays: ReadonlyMap<string, ArrayValue>) => Model;
  readonly targets: readonly TargetTensors[];
  /** Arrays that are kept as they are, by their keys. */
  readonly whole: ReadonlyMap<string, Kept>;
  /** The same, of those that a file may have: tables that PEFT writes when it finds that they have grown. */
  readonly optional: ReadonlyMap<string, Kept>;
  /** Whether PEFT writes this key beside another one of the same meaning. */
  readonly isRepeated: (key: string) => boolean;
}

/**
 * Where the tensors of an adapter are, in its file and in a model.
 *
 * @throws ArgumentError as {@link targetsOf}, and when a target has no matrix.
 * @see PEFT's `get_peft_model_state_dict`
 */
export function layoutOf(model: unknown, config: LoraConfig, naming: NamingOptions): Layout {
  const [leaves, treedef] = leavesOf(model);
  const arrays = new Map(
    [...leaves].filter((entry): entry is [string, ArrayValue] => entry[1] instanceof ArrayValue),
  );
  const modules = modulesOf(model, naming);
  const targets = targetsOf(config, modules).map((target) => tensorsOf(target, config, arrays));
  const saved = savedOf(config, modules);
  const isIn = (path: string, { path: module }: NamedModule): boolean => path.startsWith(`${module}.`);
  const adapted = new Set(targets.map(({ path }) => path));
  const keyOf = keysOf(modules, adapted);

  const whole = new Map<string, Kept>();
  const optional = new Map<string, Kept>();
  const tables = new Set(modules.flatMap((module) => (isTable(module) ? [`${module.path}.weight`] : [])));
  const kernels = new Set(modules.flatMap(({ kind, path }) => (kind === "conv" ? [`${path}.bias`] : [])));
  for (const [path, array] of arrays) {
    // Biases of convolutions have axes for the places here, and none in PyTorch.
    const kept = { path, shape: kernels.has(path) ? [array.size] : array.shape };
    const inSaved = saved.some((module) => isIn(path, module));
    const isBias = path === "bias" || path.endsWith(".bias");
    const isTrainedBias =
      isBias &&
      (config.bias === "all" || (config.bias === "lora_only" && adapted.has(path.slice(0, -".bias".length))));
    if (inSaved || isTrainedBias) whole.set(keyOf(path), kept);
    else if (tables.has(path)) optional.set(keyOf(path), kept);
  }
  const repeated = saved.flatMap(({ name }) =>
    ["modules_to_save", "original_module"].map((kept) => `${PREFIX}${name}.${kept}.`),
  );
  const isRepeated = (key: string): boolean =>
    config.bias === "all" && repeated.some((start) => key.startsWith(start));
  const rebuilt = <Model>(changed: ReadonlyMap<string, ArrayValue>): Model =>
    treedef.unflatten<Model>([...leaves].map(([path, leaf]) => changed.get(path) ?? leaf));
  return { arrays, rebuilt, targets, whole, optional, isRepeated };
}

/** Input and output embeddings, as far as PEFT would write them. */
const isTable = ({ kind, name }: NamedModule): boolean => kind === "embedding" || /(^|\.)lm_head$/.test(name);

/** The leaves of a model by their dotted paths; arrays are whole, structured ones as well. */
function leavesOf(model: unknown): [leaves: ReadonlyMap<string, unknown>, treedef: TreeDef] {
  const [leaves, treedef] = flattenWithPath(model, (node) => node instanceof ArrayValue);
  const named = new Map<string, unknown>();
  for (const [path, leaf] of leaves) {
    const name = tensorName(path);
    if (named.has(name))
      throw new ArgumentError("lora/model", `two leaves of the model are ${name}: rename one`);
    named.set(name, leaf);
  }
  return [named, treedef];
}

/** Modules that are kept as a whole, the outermost ones. @see PEFT's `_set_trainable`, which compares ends of names */
function savedOf({ modulesToSave }: LoraConfig, modules: readonly NamedModule[]): readonly NamedModule[] {
  const meant = modules.filter(({ name }) => (modulesToSave ?? []).some((end) => name.endsWith(end)));
  return meant.filter(({ name }) => !meant.some((other) => name.startsWith(`${other.name}.`)));
}

/** The key of the array at a path: after the name of the module that it is in. */
function keysOf(modules: readonly NamedModule[], adapted: ReadonlySet<string>): (path: string) => string {
  const names = new Map(modules.map(({ path, name }) => [path, name]));
  return (path) => {
    let end = path.length;
    while (end > 0 && !names.has(path.slice(0, end))) end = path.lastIndexOf(".", end - 1);
    const module = path.slice(0, Math.max(end, 0));
    if (module === "") return PREFIX + path;
    return `${PREFIX}${names.get(module)}${adapted.has(module) ? ".base_layer" : ""}${path.slice(end)}`;
  };
}

function tensorsOf(
  target: Target,
  { useDora }: LoraConfig,
  arrays: ReadonlyMap<string, ArrayValue>,
): TargetTensors {
  const { name, path, kind, rank } = target;
  const weight = `${path}.weight`;
  const array = arrays.get(weight);
  const [first, second, ...window] = array?.shape ?? [];
  const isMatrix = second !== undefined && window.length === 0;
  if (array === undefined || (kind === "conv" ? window.length === 0 : !isMatrix))
    throw new ArgumentError(
      "lora/targets",
      `${weight} of the model is adapted as a ${kind === "conv" ? "kernel" : "matrix"}, and is ${array ? showAval(array.aval) : "not there"}`,
    );
  if (useDora && kind !== "linear")
    throw new ArgumentError(
      "lora/targets",
      `${name} is adapted with DoRA, which here takes weights [out, in], and its weight is ${kind}`,
    );
  const [out, inputs] = kind === "linear" || kind === "conv" ? [first!, second!] : [second!, first!];
  const key = (part: string): string =>
    kind === "embedding" ? `${PREFIX}${name}.lora_embedding_${part}` : `${PREFIX}${name}.lora_${part}.weight`;
  return {
    ...target,
    weight,
    A: { key: key("A"), shape: [rank, inputs, ...window] },
    B: { key: key("B"), shape: [out, rank, ...window.map(() => 1)] },
    magnitude: useDora ? { key: `${PREFIX}${name}.lora_magnitude_vector`, shape: [out] } : null,
  };
}
