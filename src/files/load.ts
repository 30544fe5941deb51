import { pathToString } from "../tree/index.ts";
import { ArgumentError, FileError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import { ShapeDtypeStruct } from "../interpreters/make-jaxpr.ts";
import * as lax from "../lax/index.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import { quoted, tensorDTypeOf } from "./safetensors-format.ts";
import type { FileSource } from "./source.ts";
import { type NamedLeaf, namedLeaves } from "./tensor-names.ts";

export interface LoadOptions {
  /** Whether the names must be those of `like`, all of them and no others. Default true. */
  readonly strict?: boolean | undefined;
}

/**
 * The tree `like` with the arrays of a safetensors file, or of its bytes, in the places of its own, found by the dotted paths
 * under which {@link saveSafetensors} writes them. What is no array is as in `like`, which is not changed. Its arrays may be
 * shapes and dtypes only, as of `evalShape`.
 *
 * With `strict: false`, an array that the file does not have is that of `like`, and others in the file are ignored; shapes and
 * dtypes must fit all the same.
 * @throws FileError when the file cannot be read, or does not fit: every name that is missing, of another shape or dtype, or too
 * many is in the message, and no array was read. ArgumentError when `like` has a leaf that is no array.
 * @example
 * const model = files.loadSafetensors("model.safetensors", new nn.MLP(2, 1, 8, 1, { key }));
 */
export function loadSafetensors<Tree>(source: FileSource, like: Tree, options: LoadOptions = {}): Tree {
  const caller = "files.loadSafetensors";
  const { strict = true } = readOptions<LoadOptions>(caller, ["strict"], [options]);
  const [leaves, treedef] = namedLeaves(like);
  const file = openSafetensors(source);
  try {
    const wanted = new Map(leaves.map((leaf) => [leaf.name, formatOf(leaf, caller)]));
    const faults = leaves.flatMap((leaf) => faultOf(leaf, wanted.get(leaf.name)!, file, strict) ?? []);
    const extra = strict ? file.names.filter((name) => !wanted.has(name)) : [];
    faults.push(...extra.map((name) => `${quoted(name)} is in the file, and has no place in the tree`));
    if (faults.length > 0) {
      const count = faults.length === 1 ? "it differs in 1 name" : `it differs in ${faults.length} names`;
      throw new FileError(
        "files/names",
        `${caller}: the file is not for this tree: ${count}\n  ${faults.join("\n  ")}`,
      );
    }
    return treedef.unflatten<Tree>(
      leaves.map(({ name, leaf }) => {
        if (!file.has(name)) return leaf;
        return wanted.get(name)!.isKey ? lax.randomWrap(file.get(name)) : file.get(name);
      }),
    );
  } finally {
    file.close();
  }
}

/** What a file has for an array of a tree. */
interface Wanted {
  readonly dtype: string;
  readonly shape: Shape;
  /** Keys of generators are their words in a file. */
  readonly isKey: boolean;
}

function formatOf({ path, leaf }: NamedLeaf, caller: string): Wanted {
  if (!(leaf instanceof ArrayValue) && !(leaf instanceof ShapeDtypeStruct)) {
    throw new ArgumentError(
      "files/leaf",
      `${caller}: the leaf ${pathToString(path)} is ${describe(leaf)}: only arrays are loaded`,
    );
  }
  const { dtype, shape } = leaf;
  const isKey = dtype === "key<fry>";
  return {
    dtype: tensorDTypeOf(isKey ? "uint32" : dtype) ?? dtype,
    shape: isKey ? [...shape, 2] : shape,
    isKey,
  };
}

function faultOf(
  { name, leaf }: NamedLeaf,
  wanted: Wanted,
  file: Safetensors,
  strict: boolean,
): string | null {
  const show = (dtype: string, shape: Shape) => `${dtype} of shape ${showShape(shape)}`;
  const takes = show(wanted.dtype, wanted.shape);
  if (!file.has(name)) {
    const may = !strict && leaf instanceof ArrayValue;
    return may ? null : `${quoted(name)} is not in the file; the tree takes ${takes}`;
  }
  const { dtype, shape } = file.info(name);
  if (dtype === wanted.dtype && sameShape(shape, wanted.shape)) return null;
  return `${quoted(name)} is ${show(dtype, shape)} in the file; the tree takes ${takes}`;
}
