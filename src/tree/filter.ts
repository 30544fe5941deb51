import { TreeError } from "./errors.ts";
import { flatten, type IsLeaf, watchedDepth } from "./flatten.ts";
import { childrenAlong, nodeTypeOf, type Opened } from "./node-type.ts";
import { type Path, type PathEntry, placeOf } from "./path.ts";
import { show } from "./plain-data.ts";
import { broadcastTo, describe, keyDifference } from "./prefix.ts";
import type { TreeDef } from "./tree-def.ts";

// `any`: what stands at a leaf is known to the caller and not to the compiler.
type FilterFunction = (leaf: any, path: Path) => boolean;

/**
 * Which leaves: all or none, those that a function accepts, or a prefix of the tree with these as its values.
 */
export type FilterSpec = boolean | FilterFunction | object;

/** Options of {@link partition} and {@link filter}. */
export interface FilterOptions {
  /** What stands in the place of an excluded leaf; null unless given. */
  readonly replace?: unknown;
  /** Where descent into the tree stops. */
  readonly isLeaf?: IsLeaf;
}

function accepted(
  leaves: readonly unknown[],
  treedef: TreeDef,
  spec: FilterSpec,
  isLeaf?: IsLeaf,
): boolean[] {
  const wanted = broadcastTo(treedef, spec, isLeaf, "filterSpec");
  // A function of the leaf alone does not need the paths.
  const usesPath = wanted.some((value) => typeof value === "function" && value.length !== 1);
  const paths = usesPath ? treedef.paths() : [];
  return wanted.map((value, i) => {
    const verdict: unknown =
      typeof value === "function" ? (value as FilterFunction)(leaves[i], paths[i] ?? []) : value;
    if (typeof verdict === "boolean") return verdict;
    const path = treedef.paths()[i] as Path;
    const which = typeof value === "function" ? "returned" : "has";
    const remedy = "it is true, false, a function that returns one of them, or a prefix tree of these";
    throw new TreeError(
      "filter-spec",
      `filterSpec ${which} ${show(verdict)} ${placeOf(path)}; ${remedy}`,
      path,
    );
  });
}

/**
 * The tree twice: with null in the places that `filterSpec` excludes, and with null in those that it
 * includes. Both keep the structure's classes and statics. `combine` is the inverse.
 *
 * @throws TreeError `prefix`: `filterSpec` is no prefix of `tree`; `filter-spec`: it gives something else
 *   than booleans.
 * @example
 * const isNumber = (leaf: unknown) => typeof leaf === "number";
 * partition({ a: 1, b: "x" }, isNumber); // [{ a: 1, b: null }, { a: null, b: "x" }]
 */
export function partition<T>(
  tree: T,
  filterSpec: FilterSpec,
  options: FilterOptions = {},
): [matching: T, rest: T] {
  const { replace = null, isLeaf } = options;
  const [leaves, treedef] = flatten(tree, isLeaf);
  const verdicts = accepted(leaves, treedef, filterSpec, isLeaf);
  const keep = (which: boolean) =>
    treedef.unflatten<T>(leaves.map((leaf, i) => (verdicts[i] === which ? leaf : replace)));
  return [keep(true), keep(false)];
}

/**
 * The tree with null (or `replace`) in the places that `filterSpec` excludes, or includes under `inverse`.
 *
 * @throws TreeError as {@link partition}.
 * @example
 * filter([1, "x"], (leaf) => typeof leaf === "number"); // [1, null]
 */
export function filter<T>(
  tree: T,
  filterSpec: FilterSpec,
  { inverse = false, ...options }: FilterOptions & { readonly inverse?: boolean } = {},
): T {
  const [matching, rest] = partition(tree, filterSpec, options);
  return inverse ? rest : matching;
}

/**
 * One tree from several: in each place the first that is not null, be it a leaf or a subtree. Containers that
 * meet are combined child by child; their statics are those of the first.
 *
 * @throws TreeError `structure`: containers of different types or keys meet, or a container and after it a
 *   leaf.
 * @example
 * combine({ a: 1, b: null }, { a: null, b: "x" }); // { a: 1, b: "x" }
 */
export function combine<T>(...trees: readonly T[]): T {
  // The parts have the type of the whole, though null may stand anywhere in them.
  return combineNodes(trees, []) as T;
}

function combineNodes(nodes: readonly unknown[], path: PathEntry[]): unknown {
  const present = nodes.filter((node) => node !== null && node !== undefined);
  const [first] = present;
  if (present.length === 0) return nodes[0];
  if (present.length === 1 || typeof first !== "object" || first === null) return first;
  const type = nodeTypeOf(first);
  if (type === null) return first;
  // Once on the way down any branch: a tree that contains itself is an error there.
  if (path.length === watchedDepth) flatten(first);
  const differ = (other: unknown, detail = ""): TreeError => {
    const sides = `one tree has ${describe(first)}, another ${describe(other)}${detail}`;
    return new TreeError("structure", `combine: the structures differ ${placeOf(path)}: ${sides}`, [...path]);
  };
  const opened = present.map((node): Opened => {
    if (typeof node !== "object" || node === null || nodeTypeOf(node) !== type) throw differ(node);
    return type.open(node);
  });
  const { keys, aux, children } = opened[0] as Opened;
  const columns = opened.map((other, i) => {
    const along = childrenAlong(keys, other);
    if (along?.length !== children.length) throw differ(present[i], keyDifference(keys, other.keys));
    return along;
  });
  const combined: unknown[] = [];
  for (let i = 0; i < children.length; i++) {
    path.push(type.entry(keys, i));
    const column = columns.map((along) => along[i]);
    combined.push(combineNodes(column, path));
    path.pop();
  }
  return type.build(keys, aux, combined);
}
