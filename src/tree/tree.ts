import { flatten, type IsLeaf } from "./flatten.ts";
import type { Path } from "./path.ts";
import { flattenUpTo } from "./prefix.ts";
import { TreeDef } from "./tree-def.ts";

/**
 * The method by which a leaf says whether another leaf equals it; leaves without one are compared by
 * `Object.is`.
 *
 * @example
 * class Dense {
 *   [leafEquals](other: unknown): boolean {
 *     return other instanceof Dense && sameBits(this, other);
 *   }
 * }
 */
export const leafEquals: unique symbol = Symbol.for("cotangent.leafEquals");

// `any`: what stands at a leaf is known to the caller, who annotates it in `f`, and not to the compiler.
/** What {@link map} applies to a leaf of the first tree and to what the other trees have in its place. */
export type LeafFunction = (leaf: any, ...others: any[]) => unknown;

/** As {@link LeafFunction}, with the path of the leaf before it. */
export type PathFunction = (path: Path, leaf: any, ...others: any[]) => unknown;

function alignAll(treedef: TreeDef, rest: readonly unknown[], name: string): unknown[][] {
  return rest.map((tree, i) => flattenUpTo(treedef, tree, `${name}: tree ${i + 2}`));
}

/**
 * The tree of `f(leaf, …)`. The structure of `tree` is a prefix of those of `rest`: `f` gets their whole
 * subtrees at its leaves. The result has the type of `tree` unless `Result` says otherwise; below a class
 * instance, results that are no arrays are static when that tree is flattened again, but serve as a prefix
 * ({@link broadcastPrefix}).
 *
 * @throws TreeError `structure`: a tree of `rest` differs from `tree`; the message has both at that path.
 * @example
 * map((x: number, y: number) => x + y, { a: 1, b: [2] }, { a: 10, b: [20] }); // { a: 11, b: [22] }
 */
export function map<T, Result = T>(f: LeafFunction, tree: T, ...rest: readonly unknown[]): Result {
  return mapLeaves(flatten(tree), f, rest) as Result;
}

/**
 * As {@link map}; `isLeaf` says where descent into `tree` stops.
 *
 * @throws TreeError `structure`: as {@link map}.
 * @example
 * mapWith({ isLeaf: (x) => x === null }, (x: number | null) => x ?? 0, [1, null]); // [1, 0]
 */
export function mapWith<T, Result = T>(
  { isLeaf }: { readonly isLeaf?: IsLeaf },
  f: LeafFunction,
  tree: T,
  ...rest: readonly unknown[]
): Result {
  return mapLeaves(flatten(tree, isLeaf), f, rest) as Result;
}

function mapLeaves(
  [leaves, treedef]: [unknown[], TreeDef],
  f: LeafFunction,
  rest: readonly unknown[],
): unknown {
  if (rest.length === 0) return treedef.unflatten(leaves.map((leaf) => f(leaf)));
  const others = alignAll(treedef, rest, "map");
  return treedef.unflatten(leaves.map((leaf, i) => f(leaf, ...others.map((subtrees) => subtrees[i]))));
}

/**
 * As {@link map}; `f` gets the path of the leaf first.
 *
 * @throws TreeError `structure`: as {@link map}.
 * @example
 * mapWithPath((path, x: number) => `${pathToString(path)} = ${x}`, { a: [1] }); // { a: [".a[0] = 1"] }
 */
export function mapWithPath<T, Result = T>(f: PathFunction, tree: T, ...rest: readonly unknown[]): Result {
  const [leaves, treedef] = flatten(tree);
  const others = alignAll(treedef, rest, "mapWithPath");
  const paths = treedef.paths();
  return treedef.unflatten(
    leaves.map((leaf, i) => f(paths[i] as Path, leaf, ...others.map((subtrees) => subtrees[i]))),
  );
}

/**
 * `f(… f(f(init, leaf₀), leaf₁) …)` over the leaves, in order.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * reduce((sum, x: number) => sum + x, { a: 1, b: [2, 3] }, 0); // 6
 */
// `any`: as in LeafFunction.
export function reduce<Result>(
  f: (accumulated: Result, leaf: any) => Result,
  tree: unknown,
  init: Result,
  isLeaf?: IsLeaf,
): Result {
  return flatten(tree, isLeaf)[0].reduce<Result>((accumulated, leaf) => f(accumulated, leaf), init);
}

/**
 * Whether every leaf is truthy. Booleans below a class instance are static, hence no leaves: to ask about the
 * result of a `map` over a Module, map its `leaves`.
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * all({ a: true, b: [1, "x"] }); // true
 */
export function all(tree: unknown, isLeaf?: IsLeaf): boolean {
  return flatten(tree, isLeaf)[0].every(Boolean);
}

/**
 * Turns a tree of structure `outer` with trees of structure `inner` at its leaves inside out.
 *
 * @throws TreeError `structure`: `tree` is not `outer` of `inner`.
 * @example
 * const [outer, inner] = [structure([0, 0]), structure({ a: 0, b: 0 })];
 * transpose(outer, inner, [{ a: 1, b: 2 }, { a: 3, b: 4 }]); // { a: [1, 3], b: [2, 4] }
 */
// The type parameter is the caller's word for the result.
export function transpose<T = unknown>(outer: TreeDef, inner: TreeDef, tree: unknown): T {
  const leaves = flattenUpTo(compose(outer, inner), tree, "transpose: the tree");
  const columns = Array.from({ length: inner.numLeaves }, (_, j) =>
    outer.unflatten(Array.from({ length: outer.numLeaves }, (_, i) => leaves[i * inner.numLeaves + j])),
  );
  return inner.unflatten<T>(columns);
}

/** `outer` with `inner` at each of its leaves. */
function compose(outer: TreeDef, inner: TreeDef): TreeDef {
  if (outer.kind === "leaf") return inner;
  if (outer.type === null) return outer;
  const children = outer.children.map((child) => compose(child, inner));
  return new TreeDef(outer.kind, outer.type, outer.keys, outer.aux, children);
}

/**
 * Whether all trees have the same structure, statics included, and equal leaves ({@link leafEquals}, else
 * `Object.is`).
 *
 * @throws TreeError as {@link flatten}.
 * @example
 * equal({ a: 1, b: [2] }, { b: [2], a: 1 }); // true
 */
export function equal(...trees: readonly unknown[]): boolean {
  const [first, ...rest] = trees;
  const [expected, treedef] = flatten(first);
  return rest.every((tree) => {
    // Not `match`: a tree that cannot be flattened is an error here, not merely different.
    const [got, other] = flatten(tree);
    return treedef.equals(other) && got.every((leaf, i) => sameLeaf(expected[i], leaf));
  });
}

function sameLeaf(a: unknown, b: unknown): boolean {
  if (typeof a === "object" && a !== null && leafEquals in a) {
    return (a as { [leafEquals](other: unknown): boolean })[leafEquals](b);
  }
  return Object.is(a, b);
}
