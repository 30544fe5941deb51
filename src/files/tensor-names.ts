import { flattenWithPath, type Path, pathToString, type TreeDef } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { quoted } from "./safetensors-format.ts";

/** A leaf of a tree under the name that it has in a file. */
export interface NamedLeaf {
  readonly name: string;
  readonly path: Path;
  readonly leaf: unknown;
}

/**
 * The name of a place in a tree, in a file: its steps with dots between them, as PyTorch has them.
 *
 * @throws ArgumentError when a step is neither a string nor a number.
 * @example
 * tensorName(path); // "layers.0.weight", where pathToString(path) is ".layers[0].weight"
 */
export function tensorName(path: Path): string {
  const steps = path.map(({ key }) => {
    if (typeof key === "string" || typeof key === "number") return String(key);
    throw new ArgumentError("files/name", `${pathToString(path)} has no name in a file: a key is no string`);
  });
  return steps.join(".");
}

/** The leaves of a tree with their names. @throws ArgumentError when two have the same one. */
export function namedLeaves(tree: unknown): [leaves: readonly NamedLeaf[], treedef: TreeDef] {
  const [leaves, treedef] = flattenWithPath(tree);
  const named = new Map<string, NamedLeaf>();
  for (const [path, leaf] of leaves) {
    const name = tensorName(path);
    const other = named.get(name);
    if (other) {
      throw new ArgumentError(
        "files/name",
        `${pathToString(other.path)} and ${pathToString(path)} would both be ${quoted(name)} in a file: rename one`,
      );
    }
    named.set(name, { name, path, leaf });
  }
  return [[...named.values()], treedef];
}
