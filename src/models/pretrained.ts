import { flattenWithPath, pathToString } from "../tree/index.ts";
import { isFloat } from "../core/dtype.ts";
import { ArgumentError, FileError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import { type FileSource, openSafetensors, type Safetensors, tensorName } from "../files/index.ts";
import { ShapeDtypeStruct } from "../interpreters/make-jaxpr.ts";
import * as lax from "../lax/index.ts";
import { Quantised } from "../values/index.ts";

export interface PretrainedOptions {
  /** What names in the file begin with, such as `"bert."`; others are not looked at. Default: nothing. */
  readonly prefix?: string | undefined;
  /** Whether arrays of the file that the model has no place for are refused. Default true. */
  readonly strict?: boolean | undefined;
}

/**
 * The name that PyTorch's checkpoints have for a dotted path of a model: `encoder.layer.0.output.LayerNorm.weight` for
 * `encoder.layer.0.output.layerNorm.weight`.
 *
 * @example
 * torchName("embeddings.wordEmbeddings.weight"); // "embeddings.word_embeddings.weight"
 */
export const torchName = (path: string): string =>
  path
    .split(".")
    .map((step) =>
      step === "layerNorm" ? "LayerNorm" : step.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
    .join(".");

/** @internal After the name of integers, that of their scales: one for each row. */
export const SCALE = "_scale";

/**
 * The model `like` with the arrays of a checkpoint in safetensors, or of its bytes, under the names of PyTorch:
 * {@link torchName} says which. `like` may have shapes only, as of `evalShape`. Integers of 8 bits with a scale for each
 * row, under the same name and `_scale`, become a `values.Quantised`, and stay integers; floats have the dtype of the file.
 *
 * @throws FileError when the file cannot be read or does not fit: every name that is missing, misshaped or too many is in the
 * message, and no array was read. ArgumentError when `like` has a leaf that is no array.
 */
export function loadPretrained<Model>(
  source: FileSource,
  like: Model,
  options: PretrainedOptions = {},
): Model {
  const caller = "models.loadPretrained";
  const { prefix = "", strict = true } = readOptions<PretrainedOptions>(
    caller,
    ["prefix", "strict"],
    [options],
  );
  const [leaves, treedef] = flattenWithPath(like);
  const file = openSafetensors(source);
  try {
    const wanted = leaves.map(([path, leaf]) => {
      if (leaf instanceof ArrayValue || leaf instanceof ShapeDtypeStruct)
        return { name: prefix + torchName(tensorName(path)), shape: leaf.shape };
      throw new ArgumentError(
        "models/leaf",
        `${caller}: the leaf ${pathToString(path)} is ${describe(leaf)}: only arrays are loaded`,
      );
    });
    const faults = wanted.flatMap(({ name, shape }) => faultsOf(file, name, shape));
    const known = new Set(wanted.flatMap(({ name }) => [name, name + SCALE]));
    const extra = file.names.filter((name) => strict && name.startsWith(prefix) && !known.has(name));
    faults.push(
      ...extra.map((name) => `${JSON.stringify(name)} is in the file, and has no place in the model`),
    );
    if (faults.length > 0)
      throw new FileError(
        "models/names",
        `${caller}: the file is not for this model; places in which they differ: ${faults.length}\n  ${faults.join("\n  ")}`,
      );
    return treedef.unflatten<Model>(wanted.map(({ name }) => weightOf(file, name)));
  } finally {
    file.close();
  }
}

/** @internal Why the tensor of a file is no weight of this shape. */
export function faultsOf(file: Safetensors, name: string, shape: Shape, taker = "the model"): string[] {
  const shown = JSON.stringify(name);
  if (!file.has(name)) return [`${shown} is not in the file; ${taker} takes ${showShape(shape)}`];
  const faults: string[] = [];
  const found = file.info(name);
  if (!sameShape(found.shape, shape))
    faults.push(`${shown} has shape ${showShape(found.shape)}; ${taker} takes ${showShape(shape)}`);
  if (!file.has(name + SCALE)) {
    if (!floats.has(found.dtype)) faults.push(`${shown} is ${found.dtype}; ${taker} takes floats, or I8 with ${shown.slice(0, -1)}${SCALE}"`); // prettier-ignore
    return faults;
  }
  const scale = file.info(name + SCALE);
  const fits = found.dtype === "I8" && found.shape.length === 2 && scale.dtype === "F32";
  if (!fits || !sameShape(scale.shape, found.shape.slice(0, 1)))
    faults.push(`${shown} is ${found.dtype} of shape ${showShape(found.shape)} with scales ${scale.dtype} of shape ${showShape(scale.shape)}; they are I8 (rows, columns) and F32 (rows)`); // prettier-ignore
  return faults;
}
const floats: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

/** @internal A weight of which {@link faultsOf} found nothing. */
export function weightOf(file: Safetensors, name: string): ArrayValue {
  const weight = file.get(name);
  if (isFloat(weight.dtype)) return weight;
  return new Quantised(weight, lax.expandDims(file.get(name + SCALE), [1]));
}
