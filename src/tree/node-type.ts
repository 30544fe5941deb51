import { TreeError } from "./errors.ts";
import type { PathEntry } from "./path.ts";

/**
 * The static member by which a class says what its instances are in a tree: `"fields"`, a node whose children
 * are the own enumerable fields, or `"leaf"`. Subclasses inherit it; the nearest declaration wins.
 *
 * @example
 * class Module { static readonly [nodeKind]: NodeKind = "fields"; }
 */
// Symbol.for: modules made by a second copy of the library are still nodes.
export const nodeKind: unique symbol = Symbol.for("cotangent.nodeKind");

/** What a class may declare under {@link nodeKind}. */
export type NodeKind = "fields" | "leaf";

/**
 * A node taken apart. `keys` is empty where children have positions only; `aux` is what `build` needs
 * besides.
 */
export interface Opened {
  readonly keys: readonly unknown[];
  readonly aux: unknown;
  readonly children: readonly unknown[];
}

/** How the nodes of one container type are taken apart and put together. */
export interface NodeType {
  readonly kind: "list" | "object" | "map" | "fields" | "registered";
  readonly name: string;
  readonly prototype: object;
  open(node: object): Opened;
  build(keys: readonly unknown[], aux: unknown, children: unknown[]): object;
  entry(keys: readonly unknown[], index: number): PathEntry;
}

/** What {@link register} needs to know about a class. */
export interface Registration<T, Aux> {
  readonly flatten: (node: T) => readonly [children: readonly unknown[], aux: Aux];
  readonly unflatten: (aux: Aux, children: readonly unknown[]) => T;
  /** Names of the children, for paths. */
  readonly names?: (aux: Aux) => readonly string[];
}

type Class<T> = abstract new (...args: never[]) => T;
type Fields = Record<string, unknown>;

const noKeys: readonly unknown[] = [];

function isSorted(keys: readonly string[]): boolean {
  return keys.every((key, i) => i === 0 || (keys[i - 1] as string) < key);
}

const rankOf: Record<string, number> = { boolean: 0, number: 1, bigint: 2, string: 3 };

function compareKeys(a: unknown, b: unknown): number {
  const ranks = (rankOf[typeof a] ?? 0) - (rankOf[typeof b] ?? 0);
  if (ranks !== 0) return ranks;
  // NaN is last; all else of one type compares.
  if (a !== a || b !== b) return a !== a ? 1 : -1;
  return (a as string) < (b as string) ? -1 : 1;
}

function assign(node: Fields, keys: readonly unknown[], children: readonly unknown[]): Fields {
  for (let i = 0; i < children.length; i++) {
    const key = keys[i] as string;
    // Assignment to a name the prototype has could call a setter (`__proto__` is one).
    if (key in node) {
      const value = children[i];
      Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
    } else node[key] = children[i];
  }
  return node;
}

export const listType: NodeType = {
  kind: "list",
  name: "list",
  prototype: Array.prototype,
  // Array.from: holes become undefined, which is a node.
  open: (node) => ({ keys: noKeys, aux: undefined, children: Array.from(node as unknown[]) }),
  build: (_keys, _aux, children) => children,
  entry: (_keys, index) => ({ kind: "index", key: index }),
};

/** `aux` is the order in which the keys were met: a hint for matching, never compared. */
export const objectType: NodeType = {
  kind: "object",
  name: "object",
  prototype: Object.prototype,
  open(node) {
    const met = Object.keys(node);
    const keys = isSorted(met) ? met : met.toSorted();
    return { keys, aux: met, children: keys.map((key) => (node as Fields)[key]) };
  },
  build: (keys, _aux, children) => assign({}, keys, children),
  entry: (keys, index) => ({ kind: "key", key: keys[index] as string }),
};

/**
 * Keys that have an order are sorted, so that it does not matter in which order they were inserted; `aux` is
 * then the order for rebuilding. With a key that has none (an object, a symbol) the order is part of the
 * structure: `aux` null.
 */
export const mapType: NodeType = {
  kind: "map",
  name: "Map",
  prototype: Map.prototype,
  open(node) {
    const map = node as Map<unknown, unknown>;
    const met = [...map.keys()];
    const sortable = met.every((key) => (typeof key) in rankOf);
    const keys = sortable ? met.toSorted(compareKeys) : met;
    return { keys, aux: sortable ? met : null, children: keys.map((key) => map.get(key)) };
  },
  build(keys, aux, children) {
    const sorted = new Map(keys.map((key, i) => [key, children[i]]));
    return aux === null ? sorted : new Map((aux as unknown[]).map((key) => [key, sorted.get(key)]));
  },
  entry: (keys, index) => ({ kind: "entry", key: keys[index] }),
};

function fieldsType(name: string, prototype: object): NodeType {
  return {
    kind: "fields",
    name,
    prototype,
    open(node) {
      const keys = Object.keys(node);
      return { keys, aux: undefined, children: keys.map((key) => (node as Fields)[key]) };
    },
    build: (keys, _aux, children) => assign(Object.create(prototype) as Fields, keys, children),
    entry: (keys, index) => ({ kind: "field", key: keys[index] as string }),
  };
}

function registeredType<T extends object, Aux>(Class: Class<T>, node: Registration<T, Aux>): NodeType {
  return {
    kind: "registered",
    name: Class.name,
    prototype: Class.prototype as object,
    open(value) {
      const [children, aux] = node.flatten(value as T);
      return { keys: node.names?.(aux) ?? noKeys, aux, children };
    },
    build: (_keys, aux, children) => node.unflatten(aux as Aux, children),
    entry(keys, index) {
      const name = keys[index];
      return typeof name === "string" ? { kind: "field", key: name } : { kind: "index", key: index };
    },
  };
}

/** By prototype; null: its objects are leaves. */
const known = new WeakMap<object, NodeType | null>();
known.set(Map.prototype, mapType);

/** Nearly every leaf is an array of one class: its prototype is tried before any look-up. */
let lastLeafPrototype: object = known;

function classify(node: object, prototype: object): NodeType | null {
  const Class: unknown = prototype.constructor;
  if (typeof Class === "function" && nodeKind in Class) {
    const kind: unknown = Class[nodeKind];
    if (kind === "leaf") return null;
    if (kind === "fields") return fieldsType(Class.name, prototype);
    throw new TreeError("node-kind", `${Class.name}: nodeKind is "fields" or "leaf", not ${String(kind)}`);
  }
  // The built-in prototypes of another realm (an iframe, a vm context); subclasses of Array are leaves.
  if (Array.isArray(node) && Array.isArray(prototype)) return listType;
  const isRoot = Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
  return isRoot ? objectType : null;
}

/**
 * The type of a container, or null for an object that is a leaf.
 *
 * @throws TreeError `node-kind`: its class declares something else than a {@link NodeKind}.
 */
export function nodeTypeOf(node: object): NodeType | null {
  const prototype = Object.getPrototypeOf(node) as object | null;
  if (prototype === lastLeafPrototype) return null;
  if (prototype === Object.prototype || prototype === null) return objectType;
  if (prototype === Array.prototype) return listType;
  let type = known.get(prototype);
  if (type === undefined) {
    type = classify(node, prototype);
    known.set(prototype, type);
  }
  if (type === null) lastLeafPrototype = prototype;
  return type;
}

/**
 * Makes the instances of exactly `Class` (not of its subclasses) nodes of trees. `aux` is compared by
 * `Object.is`, or by structure where it is plain data.
 *
 * @throws TreeError `registration`: `Class` is built in, registered already, or met in a tree as a node
 *   before.
 * @example
 * register(Interval, {
 *   flatten: (x) => [[x.low, x.high], null],
 *   unflatten: (_, [low, high]) => new Interval(low, high),
 * });
 */
export function register<T extends object, Aux>(Class: Class<T>, node: Registration<T, Aux>): void {
  const prototype = Class.prototype as object;
  const builtIn =
    prototype === Object.prototype || prototype === Array.prototype || prototype === Map.prototype;
  if (builtIn) throw new TreeError("registration", `register: ${Class.name} is a node already`);
  const type = known.get(prototype);
  if (type) {
    const reason = type.kind === "registered" ? "registered already" : "in use as a node with fields already";
    throw new TreeError("registration", `register: ${Class.name} is ${reason}`);
  }
  known.set(prototype, registeredType(Class, node));
  lastLeafPrototype = known;
}

/** The children of an opened node in the order of `keys`; undefined where it has other keys. */
export function childrenAlong(keys: readonly unknown[], opened: Opened): readonly unknown[] | undefined {
  if (keys.length !== opened.keys.length) return undefined;
  if (keys.every((key, i) => Object.is(key, opened.keys[i]))) return opened.children;
  const byKey = new Map(opened.keys.map((key, i) => [key, opened.children[i]]));
  return keys.every((key) => byKey.has(key)) ? keys.map((key) => byKey.get(key)) : undefined;
}
