import { flatten, flattenUpTo, type NodeKind, nodeKind, type TreeDef } from "../tree/index.ts";
import { type DType, isInexact } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { scalarOf } from "../core/scalar.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { Zero } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { cast } from "../numpy/promotion.ts";

/**
 * A step of an optimiser: turns gradients into updates. `init` makes its state for given parameters; `update` returns the
 * updates and the next state. Both are pure, and states are pytrees, so a training step can be jitted as a whole.
 *
 * Parameters that do not move hold no state and are not decayed: those that are null in the tree that `init` gets (as
 * `tree.partition` leaves them), those that a value declares {@link frozen}, integers, and any that come with a symbolic
 * `Zero` for a gradient. An update that is `Zero` or null leaves the parameter itself in place.
 * @see `optax.GradientTransformation`
 */
export interface GradientTransformation<State = unknown> {
  init(params: unknown): State;
  /** `params` are needed by those that look at them, such as weight decay; `extra` by those that say so. */
  update<Updates>(
    updates: Updates,
    state: State,
    params?: unknown,
    extra?: ExtraArgs,
  ): [updates: Updates, state: State];
}

/**
 * What a step knows besides gradients and parameters: what the library's transformations read, and whatever else those of a
 * program do. A transformation ignores what it does not name. @see `optax.GradientTransformationExtraArgs`
 */
export interface ExtraArgs {
  /** Of how many examples, or tokens, the gradient is a mean: read by `optim.multiSteps`. Default 1. */
  readonly weight?: Operand | undefined;
  /** The loss at the parameters: read by line searches and `optim.scaleByPolyak`. */
  readonly value?: Operand | undefined;
  /** Its gradient there, as `updates` may be something else by then: read by line searches. */
  readonly grad?: unknown;
  /** The loss as a function of parameters: read by line searches. */
  readonly valueFn?: ((params: never) => ArrayValue) | undefined;
  readonly [name: string]: unknown;
}

/**
 * The names of those fields of a value that are not trained, as a getter of its class. Optimisers make no state for them.
 *
 * @example
 * get [frozen]() { return this.stopGradient ? ["_w"] : []; }
 */
export const frozen: unique symbol = Symbol.for("cotangent.frozen");

/** State of what needs none. */
export type NoState = Record<never, never>;
/** State that counts steps. */
export interface StepState {
  readonly count: ArrayValue;
}

const isNull = (x: unknown): boolean => x === null;

/** Nulls are leaves here: a gradient tree has them where a parameter was left out. */
export const flattenNulls = (tree: unknown): [leaves: unknown[], treedef: TreeDef] => flatten(tree, isNull);

/** An array, or a number that stands for one; null for a leaf that is not differentiated, or has no gradient. */
export function gradientOf(leaf: unknown): ArrayValue | null {
  if (typeof leaf === "number") return np.asarray(leaf);
  return leaf instanceof ArrayValue && !(leaf instanceof Zero) && isInexact(leaf.dtype) ? leaf : null;
}

/**
 * The updates with `f` applied to each array, beside what the other trees have in its place; other leaves stay.
 *
 * @throws TreeError when the trees differ.
 */
export function mapUpdates<Updates>(
  f: (update: ArrayValue, ...others: readonly unknown[]) => ArrayValue,
  updates: Updates,
  ...others: readonly (readonly [name: string, tree: unknown])[]
): Updates {
  const [leaves, treedef] = flattenNulls(updates);
  const columns = others.map(([name, tree]) => flattenUpTo(treedef, tree, name));
  const mapped = leaves.map((leaf, i) => {
    const update = gradientOf(leaf);
    return update === null ? leaf : f(update, ...columns.map((column) => column[i]));
  });
  return treedef.unflatten<Updates>(mapped);
}

type Beside<State> = (update: ArrayValue, state: State, ...others: readonly ArrayValue[]) => ArrayValue;
const theState = "the optimiser's state";
const named = (tree: unknown) => [theState, tree] as const;
const orZeros = (state: unknown, update: ArrayValue) => (state ?? lax.fullLike(update, 0)) as ArrayValue;

/** As {@link mapUpdates}, beside trees that the state is made of: zeros where they hold nothing. */
export const mapBeside = <Updates>(
  f: (update: ArrayValue, ...states: readonly ArrayValue[]) => ArrayValue,
  updates: Updates,
  ...states: readonly unknown[]
): Updates =>
  mapUpdates((g, ...own) => f(g, ...own.map((x) => orZeros(x, g))), updates, ...states.map(named));

/**
 * The next state from the last one, leaf by leaf: `f` gets the update and its state, which is anything, or null at first. Where
 * there is no update the state stays as it is.
 */
export function mapState<State = ArrayValue | null>(
  f: (update: ArrayValue, state: State, ...others: readonly unknown[]) => unknown,
  updates: unknown,
  state: unknown,
  ...others: readonly unknown[]
): unknown {
  const [leaves, treedef] = flattenNulls(updates);
  const [states, ...columns] = [state, ...others].map((tree) => flattenUpTo(treedef, tree, theState));
  return treedef.unflatten(
    leaves.map((leaf, i) => {
      const update = gradientOf(leaf);
      const last = states![i] ?? null;
      return update === null ? last : f(update, last as State, ...columns.map((column) => column[i]));
    }),
  );
}

/** As {@link mapState} for states that are arrays: zeros where they hold nothing. */
export const nextState = (
  f: Beside<ArrayValue>,
  updates: unknown,
  state: unknown,
  ...others: readonly unknown[]
): unknown =>
  mapState(
    (g, last, ...own) => f(g, orZeros(last, g), ...own.map((x) => orZeros(x, g))),
    updates,
    state,
    ...others,
  );

/** The state with the dtypes of the last one, so that a step that is compiled once fits all of them. */
export function castLike<State>(state: State, last: State): State {
  const [leaves, treedef] = flattenNulls(last);
  const next = flattenUpTo(treedef, state, theState);
  return treedef.unflatten<State>(
    leaves.map((leaf, i) => {
      const x = next[i];
      if (!(leaf instanceof ArrayValue && x instanceof ArrayValue)) return x;
      const { dtype, weak } = leaf.aval;
      return x.dtype === dtype && x.aval.weak === weak ? x : cast(x, dtype, weak, "optim");
    }),
  );
}

/** @throws ArgumentError `update` got no parameters. */
export function checkParams(params: unknown, caller: string): void {
  if (params !== undefined && params !== null) return;
  throw new ArgumentError("optim/params", `${caller} needs the parameters: update(updates, state, params)`);
}

type Frozen = object & { readonly [frozen]: readonly string[] };
const declaresFrozen = (x: unknown): x is Frozen => typeof x === "object" && x !== null && frozen in x;

/** A field taken out of its value: what was static there stays so. */
class Part {
  static readonly [nodeKind]: NodeKind = "fields";
  constructor(readonly field: unknown) {}
}

/** What `make` makes of each parameter that can move, null in the place of the others. */
export const mapParams = (make: (param: ArrayValue) => unknown, params: unknown): unknown =>
  flattenNulls(params)[1].unflatten(movingOf(params).map((param) => (param === null ? null : make(param))));

/** The parameters in the order of the leaves, null for those that cannot move. */
export function movingOf(tree: unknown): (ArrayValue | null)[] {
  const [leaves] = flatten(tree, (x) => x === null || declaresFrozen(x));
  return leaves.flatMap((leaf) => {
    if (!declaresFrozen(leaf)) return [gradientOf(leaf)];
    return Object.entries(leaf).flatMap(([name, field]) => {
      const part = new Part(field);
      return leaf[frozen].includes(name) ? flattenNulls(part)[0].map(() => null) : movingOf(part);
    });
  });
}

/** An array of `value` for each parameter that can move, null for the others; in the dtype of the parameter, or in one. */
export const filledLike = (params: unknown, value: Operand, dtype: DType | null = null): unknown =>
  mapParams((p) => np.full(p.shape, value, dtype ?? p.dtype), params);
export const zerosLike = (params: unknown, dtype: DType | null = null): unknown =>
  filledLike(params, 0, dtype);

/** Steps taken so far. */
export const countZero = (): ArrayValue => scalarOf(0, "int32");

/** `1 − x` of a number or an array. */
export const complement = (x: Operand): Operand => (typeof x === "number" ? 1 - x : np.subtract(1, x));

/** The updates with the arrays of another tree, which is like them, in their places; other leaves stay. */
export const replaced = <Updates>(updates: Updates, arrays: unknown): Updates =>
  mapUpdates((_g, x) => x as ArrayValue, updates, ["the updates", arrays]);
