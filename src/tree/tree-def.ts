import { TreeError } from "./errors.ts";
import { match } from "./match.ts";
import type { NodeType } from "./node-type.ts";
import type { Path, PathEntry } from "./path.ts";
import { abbreviate, samePlainData, show } from "./plain-data.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** What stands at one place of a tree: a leaf, a static value, an empty node, or a container. */
export type TreeDefKind = "leaf" | "static" | "null" | "undefined" | NodeType["kind"];

/**
 * The structure of a tree without its leaves: immutable. Static values, which stand below class instances,
 * belong to it.
 *
 * @example
 * const [leaves, treedef] = flatten({ b: 1, a: [2, null] });
 * String(treedef); // "{a: [*, null], b: *}"
 */
export class TreeDef {
  readonly kind: TreeDefKind;
  /** The container type; null where `kind` is not a container's. */
  readonly type: NodeType | null;
  /** Keys of the children; empty where they have positions only. */
  readonly keys: readonly unknown[];
  /**
   * A static value, what a registered class returned beside its children, or what the container type needs.
   */
  readonly aux: unknown;
  readonly children: readonly TreeDef[];
  readonly numLeaves: number;

  constructor(
    kind: TreeDefKind,
    type: NodeType | null,
    keys: readonly unknown[],
    aux: unknown,
    children: readonly TreeDef[],
  ) {
    this.kind = kind;
    this.type = type;
    this.keys = keys;
    this.aux = aux;
    this.children = children;
    let numLeaves = kind === "leaf" ? 1 : 0;
    for (const child of children) numLeaves += child.numLeaves;
    this.numLeaves = numLeaves;
  }

  /** Whether both are the same structure with the same static values (`Object.is`). */
  equals(other: TreeDef): boolean {
    if (this === other) return true;
    if (this.kind !== other.kind || this.type !== other.type || this.numLeaves !== other.numLeaves)
      return false;
    if (this.children.length !== other.children.length) return false;
    if (this.kind === "static") return Object.is(this.aux, other.aux);
    // The names of a registered class are for people; its aux decides.
    if (this.kind === "registered") {
      if (!samePlainData(this.aux, other.aux)) return false;
    } else if (!this.keys.every((key, i) => Object.is(key, other.keys[i]))) return false;
    return this.children.every((child, i) => child.equals(other.children[i] as TreeDef));
  }

  /**
   * Walks `tree` and appends its leaves to `leaves`: `flatten(tree)[1].equals(this)` without building a
   * structure, for the call path. It stops at the first difference with false, leaving some leaves behind.
   *
   * @example
   * const leaves: unknown[] = [];
   * if (!treedef.match(args, leaves)) retrace();
   */
  match(tree: unknown, leaves: unknown[]): boolean {
    return match(this, tree, "top", leaves);
  }

  /**
   * The tree of this structure with these leaves. The constructors of class instances do not run.
   *
   * @throws TreeError `leaf-count`: not as many leaves as places.
   */
  // The type parameter is the caller's word for what the leaves make.
  unflatten<T = unknown>(leaves: readonly unknown[]): T {
    if (leaves.length !== this.numLeaves) {
      const counts = `${this.numLeaves} leaves expected, got ${leaves.length}`;
      throw new TreeError("leaf-count", `unflatten: ${counts}, for ${abbreviate(String(this))}`);
    }
    return rebuild(this, leaves, 0) as T;
  }

  /** The step to child `index`. */
  entry(index: number): PathEntry {
    return (this.type as NodeType).entry(this.keys, index);
  }

  /** The path of every leaf, in order. */
  paths(): Path[] {
    const paths: Path[] = [];
    collectPaths(this, [], paths);
    return paths;
  }

  /**
   * `{a: *, b: [*, null]}`, `Linear(weight=*, bias=*, inFeatures=10)`: leaves are stars, statics are shown.
   */
  toString(): string {
    return print(this);
  }

  /** The same with a text in the place of each leaf. */
  textWith(leaves: readonly string[]): string {
    return print(this, leaves);
  }

  [inspectSymbol](): string {
    return `TreeDef(${print(this)})`;
  }
}

export const leafDef: TreeDef = new TreeDef("leaf", null, [], undefined, []);
export const nullDef: TreeDef = new TreeDef("null", null, [], undefined, []);
export const undefinedDef: TreeDef = new TreeDef("undefined", null, [], undefined, []);

function rebuild(def: TreeDef, leaves: readonly unknown[], start: number): unknown {
  if (def.kind === "leaf") return leaves[start];
  if (def.type === null) return emptyNode(def);
  const { children } = def;
  const rebuilt = new Array<unknown>(children.length);
  let at = start;
  for (let i = 0; i < rebuilt.length; i++) {
    const child = children[i] as TreeDef;
    rebuilt[i] = rebuild(child, leaves, at);
    at += child.numLeaves;
  }
  return def.type.build(def.keys, def.aux, rebuilt);
}

/** The value of a place that is neither a leaf nor a container. */
export function emptyNode(def: TreeDef): unknown {
  return def.kind === "null" ? null : def.aux;
}

function collectPaths(def: TreeDef, path: PathEntry[], paths: Path[]): void {
  if (def.kind === "leaf") paths.push([...path]);
  def.children.forEach((child, i) => {
    path.push(def.entry(i));
    collectPaths(child, path, paths);
    path.pop();
  });
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const propertyName = (key: unknown) => (identifier.test(String(key)) ? String(key) : show(key));

function print(def: TreeDef, leaves?: readonly string[]): string {
  const pieces: string[] = [];
  write(def, pieces);
  let next = 0;
  // Stars in keys and static values are quoted.
  return (leaves ? pieces.map((piece) => (piece === "*" ? leaves[next++] : piece)) : pieces).join("");
}

// Pieces, not strings of strings: a deep tree would be copied once per level.
function write(def: TreeDef, pieces: string[]): void {
  if (def.kind === "leaf") pieces.push("*");
  else if (def.type === null) pieces.push(show(emptyNode(def)));
  else {
    const { open, close, separator, name } = notation(def);
    pieces.push(open);
    def.children.forEach((child, i) => {
      if (i > 0) pieces.push(", ");
      if (i in def.keys) pieces.push(name(def.keys[i]), separator);
      write(child, pieces);
    });
    pieces.push(close);
  }
}

interface Notation {
  readonly open: string;
  readonly close: string;
  readonly separator: string;
  readonly name: (key: unknown) => string;
}

function notation({ type, aux }: TreeDef): Notation {
  switch (type?.kind) {
    case "object":
      return { open: "{", close: "}", separator: ": ", name: propertyName };
    case "map":
      return { open: "Map{", close: "}", separator: ": ", name: show };
    case "fields":
      return { open: `${type.name}(`, close: ")", separator: "=", name: String };
    case "registered": {
      const shown = aux === undefined || aux === null ? "" : `[${show(aux)}]`;
      return { open: `${type.name}${shown}(`, close: ")", separator: "=", name: String };
    }
    default:
      return { open: "[", close: "]", separator: "", name: String };
  }
}
