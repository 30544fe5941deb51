import { TreeError } from "./errors.ts";
import { flatten, type IsLeaf } from "./flatten.ts";
import { match } from "./match.ts";
import { childrenAlong, type NodeType, nodeTypeOf } from "./node-type.ts";
import { type Path, type PathEntry, placeOf } from "./path.ts";
import { abbreviate, samePlainData, show } from "./plain-data.ts";
import { emptyNode, type TreeDef } from "./tree-def.ts";

function containerType(node: unknown): NodeType | null {
  return typeof node === "object" && node !== null ? nodeTypeOf(node) : null;
}

/** A tree in a message: its structure; the class of a leaf, whose text may be long. */
export function describe(tree: unknown): string {
  if (containerType(tree) === null)
    return typeof tree === "object" && tree !== null ? tree.constructor.name : show(tree);
  try {
    return abbreviate(String(flatten(tree)[1]));
  } catch {
    return show(tree);
  }
}

/** How the keys or the lengths of two containers of one type differ. */
export function keyDifference(expected: readonly unknown[], got: readonly unknown[]): string {
  const missing = expected.filter((key) => !got.includes(key)).map(show);
  const surplus = got.filter((key) => !expected.includes(key)).map(show);
  const parts = [
    ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
    ...(surplus.length > 0 ? [`unexpected ${surplus.join(", ")}`] : []),
  ];
  return parts.length > 0 ? ` (${parts.join("; ")})` : "";
}

/**
 * The subtrees of `tree` that stand where `treedef` has leaves. `name` is what a message calls the tree.
 *
 * @throws TreeError `structure`: `tree` differs from `treedef` above its leaves; the message has both at that
 *   path.
 * @example
 * flattenUpTo(structure({ a: 0, b: 0 }), { a: [1, 2], b: 3 }); // [[1, 2], 3]
 */
export function flattenUpTo(treedef: TreeDef, tree: unknown, name = "the tree"): unknown[] {
  const subtrees: unknown[] = [];
  if (match(treedef, tree, "any", subtrees)) return subtrees;
  // What does not match at once may still have the same fields in another order; else this throws.
  const aligned: unknown[] = [];
  align(treedef, tree, name, [], aligned);
  return aligned;
}

function align(def: TreeDef, tree: unknown, name: string, path: PathEntry[], subtrees: unknown[]): void {
  if (def.kind === "leaf") {
    subtrees.push(tree);
    return;
  }
  const differ = (detail = ""): TreeError => {
    const sides = `expected ${abbreviate(String(def))}, got ${describe(tree)}${detail}`;
    return new TreeError("structure", `${name} has another structure ${placeOf(path)}: ${sides}`, [...path]);
  };
  if (def.type === null) {
    if (!Object.is(tree, emptyNode(def))) throw differ();
    return;
  }
  if (containerType(tree) !== def.type) throw differ();
  const opened = def.type.open(tree as object);
  if (def.kind === "registered" && !samePlainData(def.aux, opened.aux)) throw differ();
  const children = childrenAlong(def.keys, opened);
  if (children?.length !== def.children.length) throw differ(keyDifference(def.keys, opened.keys));
  children.forEach((child, i) => {
    path.push(def.entry(i));
    align(def.children[i] as TreeDef, child, name, path, subtrees);
    path.pop();
  });
}

/**
 * One value of `prefix` for each leaf of `tree`. The walk is guided by `tree`: where `prefix` is no container
 * (`null` is a value) or `isLeaf`, it stands for the whole subtree; a container is taken apart along the one
 * of the same type in `tree`. So a class instance with, say, booleans in the places of its arrays is a prefix
 * too; its statics are not looked at. `isLeaf` applies to both trees.
 *
 * @throws TreeError `prefix`: a container in `prefix` meets a leaf, or a container with another type or other
 *   keys.
 * @example
 * broadcastPrefix({ a: 0, b: null }, { a: [x, y], b: z }); // [0, 0, null]
 */
export function broadcastPrefix(prefix: unknown, tree: unknown, isLeaf?: IsLeaf): unknown[] {
  return broadcastTo(flatten(tree, isLeaf)[1], prefix, isLeaf);
}

/**
 * As {@link broadcastPrefix}, for a tree of which only the structure is known. `name` is what a message calls
 * the prefix.
 *
 * @throws TreeError as {@link broadcastPrefix}.
 * @example
 * broadcastTo(structure(output), outAxes, undefined, "outAxes");
 */
export function broadcastTo(
  treedef: TreeDef,
  prefix: unknown,
  isLeaf?: IsLeaf,
  name = "the prefix",
): unknown[] {
  const values: unknown[] = [];
  broadcast(treedef, prefix, { isLeaf, name, path: [], values });
  return values;
}

interface Broadcast {
  readonly isLeaf: IsLeaf | undefined;
  readonly name: string;
  readonly path: PathEntry[];
  readonly values: unknown[];
}

function broadcast(def: TreeDef, prefix: unknown, to: Broadcast): void {
  const type = to.isLeaf?.(prefix) ? null : containerType(prefix);
  if (type === null) {
    for (let i = 0; i < def.numLeaves; i++) to.values.push(prefix);
    return;
  }
  if (def.kind === "leaf") throw badPrefix(def, prefix, to, "goes deeper than the tree");
  // A prefix made for the full tree also fits one that has null for a part of it.
  if (def.type === null) return;
  if (type !== def.type) throw badPrefix(def, prefix, to, "has another container than the tree");
  const opened = type.open(prefix as object);
  const children = childrenAlong(def.keys, opened);
  if (children?.length !== def.children.length) {
    const detail = keyDifference(def.keys, opened.keys);
    throw badPrefix(
      def,
      prefix,
      to,
      `has other ${type.kind === "list" ? "length" : "keys"} than the tree`,
      detail,
    );
  }
  children.forEach((child, i) => {
    to.path.push(def.entry(i));
    broadcast(def.children[i] as TreeDef, child, to);
    to.path.pop();
  });
}

function badPrefix(def: TreeDef, prefix: unknown, to: Broadcast, reason: string, detail = ""): TreeError {
  const path: Path = [...to.path];
  const sides = `the tree has ${abbreviate(String(def))}, the prefix ${describe(prefix)}${detail}`;
  return new TreeError("prefix", `${to.name} ${reason} ${placeOf(path)}: ${sides}`, path);
}
