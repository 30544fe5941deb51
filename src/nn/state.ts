import { flatten, flattenWithPath, mapWith, register } from "../tree/index.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { isValue, sameForm, showForm } from "./form.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** A tree with arrays of any class in the places of its arrays, numbers and booleans. */
export type Arrays<T> = T extends number | boolean | ArrayValue
  ? ArrayValue
  : T extends object
    ? { [K in keyof T]: Arrays<T[K]> }
    : T;

const arraysOf = <T>(tree: T): Arrays<T> => mapWith({ isLeaf: isValue }, np.asarray, tree) as Arrays<T>;

/** Where a {@link StateIndex} is in the model that {@link makeWithState} made; a symbol of its own before that. */
type Marker = string | symbol;

/**
 * Says where a value is in a {@link State}, and what it is at first: a field of a layer with state.
 *
 * @example
 * class Counter extends nn.Module {
 *   readonly count = new nn.StateIndex(0);
 *   forward(x: ArrayValue, state: nn.State): [ArrayValue, nn.State] {
 *     const next = np.add(state.get(this.count), 1);
 *     return [np.multiply(x, next), state.set(this.count, next)];
 *   }
 * }
 * @see `equinox.nn.StateIndex`
 */
export class StateIndex<T = unknown> extends Module {
  /** @internal */
  readonly marker: Marker;
  /** The first value; undefined once {@link deleteInitState} took it out. */
  readonly init: Arrays<T> | undefined;

  /** @throws ArgumentError when `init` holds something that is neither an array nor a number. */
  constructor(init: T) {
    super();
    if (init === undefined)
      throw new ArgumentError("nn/state", "nn.StateIndex takes the first value of a state, got undefined");
    this.marker = Symbol("state");
    this.init = arraysOf(init);
  }
}

const isIndex = (node: unknown): node is StateIndex => node instanceof StateIndex;
const indicesOf = (tree: unknown): StateIndex[] => flatten(tree, isIndex)[0].filter(isIndex);
const moved = (marker: Marker, init: unknown): StateIndex =>
  Object.assign(Object.create(StateIndex.prototype) as StateIndex, { marker, init });

/** The values of each state that is no old one. Not fields, which types that are mapped over a tree would change. */
const contents = new WeakMap<State, ReadonlyMap<Marker, unknown>>();

/**
 * The values of a model's layers with state, such as the running means of every {@link BatchNorm}: a pytree, which is passed
 * to `forward` and comes back with other values. {@link makeWithState} makes the first one.
 *
 * A state that was changed is not to be used again, so that a change cannot be lost: it throws. `tree.map((x) => x, state)` is a
 * copy, for where an old one is wanted.
 * @see `equinox.nn.State`
 */
export class State {
  /**
   * The first values of all layers of a model.
   * @throws ArgumentError when the model does not have them any more.
   */
  constructor(model: unknown) {
    const entries = new Map(
      indicesOf(model).map(({ marker, init }) => {
        if (init !== undefined) return [marker, init];
        throw new ArgumentError(
          "nn/state",
          `nn.State: ${String(marker)} has no first value any more: the state is the one that nn.makeWithState returned beside the model`,
        );
      }),
    );
    contents.set(this, entries);
  }

  /**
   * The value at an index.
   * @throws ArgumentError when the state does not have it, or there is a newer state.
   */
  get<T>(index: StateIndex<T>): Arrays<T> {
    return known(this, index, "State.get") as Arrays<T>;
  }

  /**
   * The state with another value at an index, of the same structure, shapes and dtypes.
   * @throws ArgumentError when it is of others, the state does not have the index, or there is a newer state.
   */
  set<T>(index: StateIndex<T>, value: T | Arrays<T>): State {
    const old = known(this, index, "State.set");
    const next = arraysOf(value as unknown);
    if (!sameForm(old, next))
      throw new ArgumentError(
        "nn/state",
        `State.set: ${String(index.marker)} is ${showForm(old)} and cannot become ${showForm(next)}: structure, shapes and dtypes stay`,
      );
    return replaced(this, [[index.marker, next]], "State.set");
  }

  /**
   * The part of the state that belongs to a part of the model.
   * @throws ArgumentError when the state does not have it, or there is a newer state.
   */
  substate(part: unknown): State {
    return stateOf(
      indicesOf(part).map((index) => [index.marker, known(this, index, "State.substate")] as const),
    );
  }

  /**
   * The state with all values of a {@link substate}.
   * @throws ArgumentError when `substate` has others, or there is a newer state.
   */
  update(substate: State): State {
    if (!(substate instanceof State))
      throw new ArgumentError("nn/state", `State.update takes a state, got ${describe(substate)}`);
    const own = entriesOf(this, "State.update");
    for (const marker of entriesOf(substate, "State.update").keys())
      if (!own.has(marker)) throw unknown(marker, "State.update");
    return replaced(this, entriesOf(substate, "State.update"), "State.update");
  }

  /** Where the values are, and their types. */
  toString(): string {
    const entries = contents.get(this);
    const parts = [...(entries ?? [])].map(([marker, value]) => `${String(marker)}: ${showForm(value)}`);
    return entries ? `State(${parts.join(", ")})` : "State(old)";
  }

  [inspectSymbol](): string {
    return this.toString();
  }
}

function stateOf(entries: Iterable<readonly [Marker, unknown]>): State {
  const state = Object.create(State.prototype) as State;
  contents.set(state, new Map(entries));
  return state;
}

const unknown = (marker: Marker, caller: string): ArgumentError =>
  new ArgumentError(
    "nn/state",
    typeof marker === "symbol"
      ? `${caller}: this layer is not of a model that nn.makeWithState returned`
      : `${caller}: the state has no ${marker}: it belongs to another model, or to a part of this one`,
  );

/** @throws ArgumentError when there is a newer state. */
function entriesOf(state: State, caller: string): ReadonlyMap<Marker, unknown> {
  const entries = contents.get(state);
  if (entries !== undefined) return entries;
  throw new ArgumentError(
    "nn/state",
    `${caller}: this state is old: pass on the state that the layer before returned, as in [x, state] = layer.forward(x, state); tree.map((x) => x, state) is a copy, where an old state is wanted`,
  );
}

function known(state: State, index: StateIndex, caller: string): unknown {
  if (!isIndex(index))
    throw new ArgumentError("nn/state", `${caller} takes an nn.StateIndex, got ${describe(index)}`);
  const entries = entriesOf(state, caller);
  if (!entries.has(index.marker)) throw unknown(index.marker, caller);
  return entries.get(index.marker);
}

/** The next state, and an end to this one. */
function replaced(state: State, changes: Iterable<readonly [Marker, unknown]>, caller: string): State {
  const next = stateOf([...entriesOf(state, caller), ...changes]);
  contents.delete(state);
  return next;
}

register(State, {
  flatten: (state) => {
    const entries = entriesOf(state, "tree.flatten");
    return [[...entries.values()], [...entries.keys()]];
  },
  unflatten: (markers: readonly Marker[], values) => stateOf(markers.map((marker, i) => [marker, values[i]])),
  names: (markers) => markers.map((marker) => (typeof marker === "string" ? marker : marker.description!)),
});

/**
 * The model without the first values of its states: they are needed once, for {@link State}.
 * @see `equinox.nn.delete_init_state`
 */
export function deleteInitState<T>(model: T): T {
  return mapWith(
    { isLeaf: isIndex },
    (leaf: unknown) => (isIndex(leaf) ? moved(leaf.marker, undefined) : leaf),
    model,
  );
}

/**
 * A function, or a class, that makes a model, as one that returns the model and its first state.
 *
 * From here on each state is known by its path in the model: two models that are made alike have states that are alike, in
 * compiled programs and in files.
 * @throws ArgumentError when two states would have the same path, as text.
 * @example
 * const [model, state] = nn.makeWithState(nn.BatchNorm)(3, "batch");
 * const [other, its] = nn.makeWithState((key: ArrayValue) => new Model(key))(random.key(0));
 * @see `equinox.nn.make_with_state`
 */
export function makeWithState<Args extends unknown[], Model>(
  make: ((...args: Args) => Model) | (new (...args: Args) => Model),
): (...args: Args) => [model: Model, state: State] {
  return (...args) => {
    const made = isClass(make) ? new make(...args) : make(...args);
    const [leaves, treedef] = flattenWithPath(made, isIndex);
    const seen = new Set<string>();
    const placed = leaves.map(([path, leaf]) => {
      if (!isIndex(leaf)) return leaf;
      const marker = path.map(({ key }) => String(key)).join(".");
      if (seen.has(marker))
        throw new ArgumentError("nn/state", `nn.makeWithState: two states are at ${marker}: rename one`);
      seen.add(marker);
      return moved(marker, leaf.init);
    });
    const model = treedef.unflatten<Model>(placed);
    return [deleteInitState(model), new State(model)];
  };
}

const isClass = <Args extends unknown[], Model>(
  make: ((...args: Args) => Model) | (new (...args: Args) => Model),
): make is new (...args: Args) => Model => (make as { prototype?: unknown }).prototype instanceof Module;

/** @internal What follows the input of a layer that may be given a state: the state, or null, and the options. */
export function readState(rest: readonly unknown[]): [state: State | null, options: ForwardOptions] {
  const [first, second] = rest as readonly [State | ForwardOptions | undefined, ForwardOptions | undefined];
  return first instanceof State ? [first, second ?? {}] : [null, first ?? {}];
}
