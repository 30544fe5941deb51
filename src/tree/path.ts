/**
 * One step from a node to a child: a `field` of a class instance, a `key` of a plain object, an `index` of a
 * list (or of a registered class that names no children), an `entry` of a Map.
 */
export type PathEntry =
  | { readonly kind: "field" | "key"; readonly key: string }
  | { readonly kind: "index"; readonly key: number }
  | { readonly kind: "entry"; readonly key: unknown };

/** The steps from the root of a tree to one of its nodes. */
export type Path = readonly PathEntry[];

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function entryToString({ key }: PathEntry): string {
  if (typeof key !== "string") return `[${String(key)}]`;
  return `[${JSON.stringify(key)}]`;
}

/**
 * A path as one would write it in the source: `.layers[0].weight`, `["a b"]`. The path of the root is `""`.
 *
 * @example
 * pathToString([{ kind: "field", key: "layers" }, { kind: "index", key: 0 }]); // ".layers[0]"
 */
export function pathToString(path: Path): string {
  return path
    .map((entry) => {
      const named = entry.kind === "field" || entry.kind === "key";
      return named && identifier.test(entry.key) ? `.${entry.key}` : entryToString(entry);
    })
    .join("");
}

/** `at .layers[0]` or `at the root`: how a message says where. */
export function placeOf(path: Path): string {
  return path.length === 0 ? "at the root" : `at ${pathToString(path)}`;
}
