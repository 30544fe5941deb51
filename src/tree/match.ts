import { listType, mapType, nodeTypeOf, objectType, type NodeType } from "./node-type.ts";
import { samePlainData } from "./plain-data.ts";
import type { TreeDef } from "./tree-def.ts";

/**
 * Where a node stands: `below` a class instance, where primitives and functions are static; or `any` where
 * the leaves of the structure stand for whole subtrees.
 */
export type Standing = "top" | "below" | "any";

type Fields = Record<string, unknown>;

const { hasOwnProperty: hasOwn, propertyIsEnumerable: isEnumerable } = Object.prototype;

function isLeaf(value: unknown, standing: Standing): boolean {
  if (typeof value === "object") return value !== null && nodeTypeOf(value) === null;
  return standing === "top" && value !== undefined;
}

/**
 * Appends the leaves of `tree` to `leaves` while it agrees with `def`; false at the first difference. On the
 * call path of jitted functions: it allocates nothing, except for registered classes and keys in an
 * unforeseen order.
 */
export function match(def: TreeDef, tree: unknown, standing: Standing, leaves: unknown[]): boolean {
  switch (def.kind) {
    case "leaf":
      if (standing !== "any" && !isLeaf(tree, standing)) return false;
      leaves.push(tree);
      return true;
    case "static":
      return standing !== "top" && Object.is(tree, def.aux);
    case "null":
      return tree === null;
    case "undefined":
      return tree === undefined;
  }
  if (typeof tree !== "object" || tree === null) return false;
  const prototype: unknown = Object.getPrototypeOf(tree);
  const type = def.type as NodeType;
  // The prototype decides, but for the built-in types of another realm.
  if (prototype !== type.prototype && !(isBuiltIn(type) && nodeTypeOf(tree) === type)) return false;
  switch (def.kind) {
    case "list":
      return matchList(def, tree as unknown[], standing, leaves);
    case "object":
      return matchObject(def, tree as Fields, standing, leaves);
    case "fields":
      return matchFields(def, tree as Fields, standing === "top" ? "below" : standing, leaves);
    case "map":
      return matchMap(def, tree as Map<unknown, unknown>, standing, leaves);
    case "registered":
      return matchRegistered(def, tree, standing, leaves);
  }
}

function isBuiltIn(type: NodeType): boolean {
  return type === objectType || type === listType || type === mapType;
}

function matchList(def: TreeDef, list: readonly unknown[], standing: Standing, leaves: unknown[]): boolean {
  const { children } = def;
  if (list.length !== children.length) return false;
  for (let i = 0; i < children.length; i++) {
    if (!match(children[i] as TreeDef, list[i], standing, leaves)) return false;
  }
  return true;
}

function matchObject(def: TreeDef, node: Fields, standing: Standing, leaves: unknown[]): boolean {
  const { keys, children } = def;
  const met = def.aux as readonly string[];
  if (met === keys) {
    const { length } = leaves;
    if (matchFields(def, node, standing, leaves)) return true;
    leaves.length = length;
  } else if (hasKeysInOrder(node, met)) return matchValues(keys, children, node, standing, leaves);
  return hasKeysInAnyOrder(node, keys) && matchValues(keys, children, node, standing, leaves);
}

// for…in lists own keys first, so the last expected key being own tells that all are; and it allocates
// nothing. To read the value in the same loop is twice as fast as to come back for it.
function matchFields(def: TreeDef, node: Fields, standing: Standing, leaves: unknown[]): boolean {
  const { keys, children } = def;
  let i = 0;
  for (const key in node) {
    if (i === keys.length) return !hasOwn.call(node, key) && isOwnLast(node, keys);
    if (key !== keys[i]) return false;
    const child = children[i] as TreeDef;
    const value = node[key];
    if (child.kind === "static" && standing !== "top") {
      if (!Object.is(value, child.aux)) return false;
    } else if (!match(child, value, standing, leaves)) return false;
    i++;
  }
  return i === keys.length && isOwnLast(node, keys);
}

function hasKeysInOrder(node: Fields, keys: readonly unknown[]): boolean {
  let i = 0;
  for (const key in node) {
    if (i === keys.length) return !hasOwn.call(node, key) && isOwnLast(node, keys);
    if (key !== keys[i]) return false;
    i++;
  }
  return i === keys.length && isOwnLast(node, keys);
}

function isOwnLast(node: Fields, keys: readonly unknown[]): boolean {
  return keys.length === 0 || hasOwn.call(node, keys[keys.length - 1] as string);
}

function hasKeysInAnyOrder(node: Fields, keys: readonly unknown[]): boolean {
  if (Object.keys(node).length !== keys.length) return false;
  for (const key of keys) if (!isEnumerable.call(node, key as string)) return false;
  return true;
}

function matchValues(
  keys: readonly unknown[],
  children: readonly TreeDef[],
  node: Fields,
  standing: Standing,
  leaves: unknown[],
): boolean {
  for (let i = 0; i < children.length; i++) {
    if (!match(children[i] as TreeDef, node[keys[i] as string], standing, leaves)) return false;
  }
  return true;
}

function matchMap(def: TreeDef, map: Map<unknown, unknown>, standing: Standing, leaves: unknown[]): boolean {
  const { keys, children } = def;
  if (map.size !== keys.length) return false;
  if (def.aux === null) {
    let at = 0;
    for (const key of map.keys()) if (!Object.is(key, keys[at++])) return false;
  }
  for (let i = 0; i < children.length; i++) {
    const value = map.get(keys[i]);
    if (value === undefined && !map.has(keys[i])) return false;
    if (!match(children[i] as TreeDef, value, standing, leaves)) return false;
  }
  return true;
}

function matchRegistered(def: TreeDef, node: object, standing: Standing, leaves: unknown[]): boolean {
  const opened = (def.type as NodeType).open(node);
  return samePlainData(opened.aux, def.aux) && matchList(def, opened.children, standing, leaves);
}
