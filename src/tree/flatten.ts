import { isOverflow, TreeError } from "./errors.ts";
import { checkRebuildable } from "./lost-state.ts";
import { nodeTypeOf } from "./node-type.ts";
import { type Path, type PathEntry, placeOf } from "./path.ts";
import { leafDef, nullDef, TreeDef, undefinedDef } from "./tree-def.ts";

/** True where descent stops: that node, of whatever kind, is a leaf. */
export type IsLeaf = (node: unknown) => boolean;

/** Shallower trees are not watched for cycles: a cyclic one gets this deep soon enough. */
export const watchedDepth = 100;

class Flattening {
  readonly leaves: unknown[] = [];
  readonly root: unknown;
  readonly isLeaf: IsLeaf | undefined;
  depth = 0;
  readonly ancestors = new Set<object>();

  constructor(root: unknown, isLeaf: IsLeaf | undefined) {
    this.root = root;
    this.isLeaf = isLeaf;
  }

  // One function, for the sake of the stack: it gets as deep as the tree.
  visit(node: unknown, below: boolean): TreeDef {
    if (this.isLeaf?.(node)) return this.leaf(node);
    if (node === null) return nullDef;
    if (node === undefined) return undefinedDef;
    if (typeof node !== "object") return below ? new TreeDef("static", null, [], node, []) : this.leaf(node);
    const type = nodeTypeOf(node);
    if (type === null) return this.leaf(node);
    const isInstance = type.kind === "fields";
    if (isInstance) checkRebuildable(type, node, () => pathTo(this.root, this.isLeaf, (at) => at === node));
    this.enter(node);
    const { keys, aux, children } = type.open(node);
    const defs: TreeDef[] = [];
    for (const child of children) defs.push(this.visit(child, below || isInstance));
    this.leave(node);
    return new TreeDef(type.kind, type, keys, aux, defs);
  }

  private leaf(node: unknown): TreeDef {
    this.leaves.push(node);
    return leafDef;
  }

  private enter(node: object): void {
    if (++this.depth <= watchedDepth) return;
    if (this.ancestors.has(node)) {
      const path = pathTo(this.root, this.isLeaf, (at, ancestors) => ancestors.has(at));
      throw new TreeError("cycle", `the tree contains itself ${placeOf(path)}`, path);
    }
    this.ancestors.add(node);
  }

  private leave(node: object): void {
    if (this.depth-- > watchedDepth) this.ancestors.delete(node);
  }
}

/** The path of the first container that is `sought`, for messages. */
function pathTo(
  root: unknown,
  isLeaf: IsLeaf | undefined,
  sought: (node: object, ancestors: ReadonlySet<object>) => boolean,
): Path {
  const path: PathEntry[] = [];
  const ancestors = new Set<object>();
  const search = (node: unknown): boolean => {
    if (typeof node !== "object" || node === null || isLeaf?.(node)) return false;
    const type = nodeTypeOf(node);
    if (type === null) return false;
    if (sought(node, ancestors)) return true;
    ancestors.add(node);
    const { keys, children } = type.open(node);
    for (const [i, child] of children.entries()) {
      path.push(type.entry(keys, i));
      if (search(child)) return true;
      path.pop();
    }
    ancestors.delete(node);
    return false;
  };
  search(root);
  return path;
}

/**
 * The leaves of a tree, in order, and its structure. Plain objects (by sorted key), lists, Maps, `null`,
 * `undefined`, registered classes and classes with {@link nodeKind} `"fields"` are nodes; all else is a leaf.
 * Below an instance of such a class numbers, booleans, strings, bigints, symbols and functions are static:
 * part of the structure. Properties with symbol keys are no part of a tree.
 *
 * @throws TreeError `cycle`; `depth` where the stack ends; `stale-function` or `private-state` when rebuilding an instance would break it.
 * @example
 * flatten({ b: 1, a: [2, null] }); // [[2, 1], {a: [*, null], b: *}]
 */
export function flatten(tree: unknown, isLeaf?: IsLeaf): [leaves: unknown[], treedef: TreeDef] {
  const flattening = new Flattening(tree, isLeaf);
  try {
    const treedef = flattening.visit(tree, false);
    return [flattening.leaves, treedef];
  } catch (error) {
    if (!isOverflow(error)) throw error;
    throw new TreeError("depth", `the tree is too deep: more than ${flattening.depth - 1} levels`);
  }
}

/**
 * As {@link flatten}, each leaf with its path.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * flattenWithPath({ a: [2] })[0].map(([path, leaf]) => pathToString(path)); // [".a[0]"]
 */
export function flattenWithPath(
  tree: unknown,
  isLeaf?: IsLeaf,
): [leaves: [path: Path, leaf: unknown][], treedef: TreeDef] {
  const [found, treedef] = flatten(tree, isLeaf);
  return [treedef.paths().map((path, i) => [path, found[i]]), treedef];
}

/**
 * The tree of structure `treedef` with these leaves: the inverse of {@link flatten}.
 *
 * @throws TreeError `leaf-count`: not as many leaves as `treedef.numLeaves`.
 * @example
 * const [leaves, treedef] = flatten(model);
 * const same = unflatten<Model>(treedef, leaves);
 */
// The type parameter is the caller's word for what the leaves make.
export function unflatten<T = unknown>(treedef: TreeDef, leaves: readonly unknown[]): T {
  return treedef.unflatten<T>(leaves);
}

/**
 * The leaves of a tree, in order.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * leaves({ b: 1, a: [2, null] }); // [2, 1]
 */
// The type parameter is the caller's word for what stands at the leaves.
export function leaves<Leaf = unknown>(tree: unknown, isLeaf?: IsLeaf): Leaf[] {
  return flatten(tree, isLeaf)[0] as Leaf[];
}

/**
 * The leaves of a tree, in order, each with its path.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * for (const [path, leaf] of leavesWithPath(model)) console.log(pathToString(path), leaf);
 */
export function leavesWithPath(tree: unknown, isLeaf?: IsLeaf): [path: Path, leaf: unknown][] {
  return flattenWithPath(tree, isLeaf)[0];
}

/**
 * The structure of a tree.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * structure({ a: 1, b: 2 }).equals(structure({ b: 3, a: 4 })); // true
 */
export function structure(tree: unknown, isLeaf?: IsLeaf): TreeDef {
  return flatten(tree, isLeaf)[1];
}
