import { describe } from "../core/trace.ts";
import { sameAval, showAval, Value } from "../core/value.ts";
import { flatten } from "../tree/index.ts";

/** Whether a node is an array of any class, which is then not looked into. */
export const isValue = (node: unknown): node is Value => node instanceof Value;

/** Whether two trees have one structure, and arrays of the same shapes and dtypes. */
export function sameForm(a: unknown, b: unknown): boolean {
  const [[xs, one], [ys, other]] = [flatten(a, isValue), flatten(b, isValue)];
  const same = (x: unknown, y: unknown) =>
    isValue(x) && isValue(y) ? sameAval(x.aval, y.aval) : Object.is(x, y);
  return one.equals(other) && xs.every((x, i) => same(x, ys[i]));
}

/** A tree in a line of text, with the types of its arrays. */
export function showForm(tree: unknown): string {
  const [leaves, treedef] = flatten(tree, isValue);
  return treedef.textWith(leaves.map((leaf) => (isValue(leaf) ? showAval(leaf.aval) : describe(leaf))));
}
