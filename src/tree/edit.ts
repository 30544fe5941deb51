import { TreeError } from "./errors.ts";
import { flatten, type IsLeaf } from "./flatten.ts";
import { type PathEntry, placeOf } from "./path.ts";
import { show } from "./plain-data.ts";
import { describe } from "./prefix.ts";
import { emptyNode, type TreeDef } from "./tree-def.ts";

/** Options of {@link at}. */
export interface AtOptions {
  /** The new node from the old one; instead of a replacement. `any`: the caller knows which node it is. */
  readonly replaceFn?: (node: any) => unknown;
  /** Where descent into the tree stops. `(x) => x === null` makes each null a node of its own. */
  readonly isLeaf?: IsLeaf;
}

/** Stands for a leaf or a static value while `where` runs, and is nowhere else in the tree. */
class Mark {}

interface Place {
  readonly def: TreeDef;
  /** What `where` sees: a mark, or a fresh container. */
  readonly seen: unknown;
  /** The leaf or static value; undefined for a container. */
  readonly value: unknown;
  readonly children: readonly Place[];
}

const build = (def: TreeDef, children: unknown[]) => def.type?.build(def.keys, def.aux, children);

/** Every place of a tree, by what `where` sees there. */
class Marking {
  readonly root: Place;
  private readonly places = new Map<unknown, Place>();
  private readonly nulls: Place[] = [];
  private readonly leaves: readonly unknown[];
  private readonly marksStatics: boolean;
  private next = 0;

  constructor(treedef: TreeDef, leaves: readonly unknown[], marksStatics: boolean) {
    this.leaves = leaves;
    this.marksStatics = marksStatics;
    this.root = this.visit(treedef);
  }

  private visit(def: TreeDef): Place {
    const children = def.children.map((child) => this.visit(child));
    const place = { def, children, ...this.seenAt(def, children) };
    if (def.kind === "null") this.nulls.push(place);
    // A static value that is not marked may stand in several places.
    else if (def.type !== null || place.seen instanceof Mark) this.places.set(place.seen, place);
    return place;
  }

  private seenAt(def: TreeDef, children: readonly Place[]): Pick<Place, "seen" | "value"> {
    if (def.kind === "leaf") return { seen: new Mark(), value: this.leaves[this.next++] };
    if (def.type !== null) {
      const seen = children.map((child) => child.seen);
      return { seen: build(def, seen), value: undefined };
    }
    const value = emptyNode(def);
    return { seen: def.kind === "static" && this.marksStatics ? new Mark() : value, value };
  }

  /** The place of a node that `where` returned. */
  find(node: unknown): Place | undefined {
    if (node !== null || this.nulls.length === 0) return this.places.get(node);
    if (this.nulls.length === 1) return this.nulls[0];
    const which = `null, of which the tree has ${this.nulls.length}`;
    throw new TreeError("where", `at: where selects ${which}; pass { isLeaf: (x) => x === null }`);
  }
}

interface Selection {
  readonly root: Place;
  readonly places: readonly Place[];
  /** `where` returned a list of nodes, not a node. */
  readonly isList: boolean;
}

/** What `where` selects of a marked tree, or the first thing that it returned and that is no node. */
function select(where: (tree: never) => unknown, marking: Marking): Selection | { readonly stray: unknown } {
  const returned = where(marking.root.seen as never);
  const single = marking.find(returned);
  if (single !== undefined) return { root: marking.root, places: [single], isList: false };
  if (!Array.isArray(returned)) return { stray: returned };
  const places: Place[] = [];
  for (const node of returned as unknown[]) {
    const place = marking.find(node);
    if (place === undefined) return { stray: node };
    places.push(place);
  }
  return { root: marking.root, places, isList: true };
}

/**
 * Statics are shown to `where` as they are, so that it may choose by them; only if it returns one of them is
 * it asked again with statics marked, to learn which.
 */
function locate(where: (tree: never) => unknown, tree: unknown, isLeaf: IsLeaf | undefined): Selection {
  const [leaves, treedef] = flatten(tree, isLeaf);
  const wanted = where(tree as never);
  const marking = new Marking(treedef, leaves, false);
  let selection: Selection | { readonly stray: unknown };
  try {
    selection = select(where, marking);
  } catch (error) {
    // It ran on the tree itself, but not on the marked one.
    throw error instanceof TreeError ? error : dependent({ cause: error });
  }
  if ("stray" in selection) selection = selectStatics(where, new Marking(treedef, leaves, true)) ?? selection;
  if ("stray" in selection) throw notANode(selection.stray);
  checkIndependent(selection, wanted);
  return selection;
}

function selectStatics(where: (tree: never) => unknown, marking: Marking): Selection | undefined {
  try {
    const selection = select(where, marking);
    return "stray" in selection ? undefined : selection;
  } catch {
    return undefined; // It looks into the statics, so the answer that it gave before stands.
  }
}

function notANode(stray: unknown): TreeError {
  const got = stray instanceof Mark ? "a leaf" : describe(stray);
  const hint = stray === undefined ? "; is a name misspelt?" : "";
  const message = `where does not specify an element or elements of the tree: it returned ${got}${hint}`;
  return new TreeError("where", `at: ${message}`);
}

function dependent(options?: ErrorOptions): TreeError {
  const message = "where must use only the structure of the tree, not its leaves";
  return new TreeError("where", `at: ${message}`, [], options);
}

/** `where` selected the same places when it could see the leaves. */
function checkIndependent({ places, isList }: Selection, wanted: unknown): void {
  const nodes: readonly unknown[] = isList ? (wanted as unknown[]) : [wanted];
  if (!Array.isArray(nodes) || nodes.length !== places.length) throw dependent();
  places.forEach((place, i) => {
    if (place.def.type === null && !Object.is(place.value, nodes[i])) throw dependent();
  });
}

function pathOf(place: Place, root: Place): PathEntry[] | undefined {
  if (place === root) return [];
  for (const [i, child] of root.children.entries()) {
    const path = pathOf(place, child);
    if (path !== undefined) return [root.def.entry(i), ...path];
  }
  return undefined;
}

/** The tree below a place, with its leaves and statics again, and with replacements. */
function restore(place: Place, replacements: ReadonlyMap<Place, () => unknown>): unknown {
  const replacement = replacements.get(place);
  if (replacement !== undefined) return replacement();
  if (place.def.type === null) return place.value;
  const children = place.children.map((child) => restore(child, replacements));
  return build(place.def, children);
}

const nothing: ReadonlyMap<Place, () => unknown> = new Map();

function checkDisjoint({ root, places }: Selection): void {
  const selected = new Set<Place>();
  for (const place of places) {
    if (selected.has(place)) {
      const path = pathOf(place, root) ?? [];
      throw new TreeError("where", `at: where selects the node ${placeOf(path)} twice`, path);
    }
    selected.add(place);
  }
  const check = (place: Place, isInside: boolean): void => {
    if (isInside && selected.has(place)) {
      const path = pathOf(place, root) ?? [];
      throw new TreeError("where", `at: where selects the node ${placeOf(path)} and one around it`, path);
    }
    for (const child of place.children) check(child, isInside || selected.has(place));
  };
  check(root, false);
}

type ReplaceFn = Required<Pick<AtOptions, "replaceFn">>;

function isOptions(value: unknown): value is AtOptions {
  if (typeof value !== "object" || value === null || !("replaceFn" in value)) return false;
  if (typeof value.replaceFn !== "function") return false;
  return Object.keys(value).every((key) => key === "replaceFn" || key === "isLeaf");
}

/**
 * A copy of `tree` in which the node that `where` selects is replaced: a leaf, a static field, or a whole
 * subtree; or several, where it returns a list of nodes and `replace` is a list too. `where` chooses by the
 * structure alone; it runs two or three times. In place of `replace` there may be `{ replaceFn }`, which
 * makes the new node from the old.
 *
 * @throws TreeError `where`: it returns something that is no node of the tree, a node twice, null where there
 *   are several, or depends on leaves; `replacement`: not as many replacements as nodes; `option`: an unknown
 *   option.
 * @see Equinox's `tree_at`
 * @example
 * at((l) => l.weight, linear, w);
 * at((m) => [m.layers[0].bias, m.layers[1].bias], model, [b0, b1]);
 * at((l) => l.weight, linear, { replaceFn: (w) => w.mul(2) });
 */
export function at<T>(where: (tree: T) => unknown, tree: T, options: AtOptions & ReplaceFn): T;
export function at<T>(where: (tree: T) => unknown, tree: T, replace: unknown, options?: AtOptions): T;
export function at<T>(where: (tree: T) => unknown, tree: T, replace: unknown, options?: AtOptions): T {
  const inThird = options === undefined && isOptions(replace);
  const { replaceFn, isLeaf } = checkedOptions(inThird ? replace : (options ?? {}));
  if (replaceFn !== undefined && !inThird && replace !== undefined) {
    throw new TreeError("option", "at: give a replacement or replaceFn, not both");
  }
  const selection = locate(where, tree, isLeaf);
  checkDisjoint(selection);
  const { places, root, isList } = selection;
  const replacements = new Map<Place, () => unknown>();
  if (replaceFn !== undefined) {
    for (const place of places) replacements.set(place, () => replaceFn(restore(place, nothing)));
  } else {
    const news: unknown = isList ? replace : [replace];
    if (!Array.isArray(news) || news.length !== places.length) {
      const got = Array.isArray(news) ? `a list of ${news.length}` : describe(news);
      const message = `where selects ${places.length} nodes, and the replacement is ${got}`;
      throw new TreeError("replacement", `at: ${message}; it must be a list of as many`);
    }
    places.forEach((place, i) => replacements.set(place, () => (news as unknown[])[i]));
  }
  return restore(root, replacements) as T;
}

function checkedOptions(options: AtOptions): AtOptions {
  for (const key of Object.keys(options)) {
    if (key === "replaceFn" || key === "isLeaf") continue;
    throw new TreeError("option", `at: unknown option ${show(key)}; the options are replaceFn and isLeaf`);
  }
  return options;
}
