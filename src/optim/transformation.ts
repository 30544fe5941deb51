import { flatten, flattenUpTo, type NodeKind, nodeKind, type TreeDef } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { scalarOf } from "../core/scalar.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { Zero } from "../interpreters/zero.ts";
import * as np from "../numpy/index.ts";

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

/** What a step knows besides gradients and parameters. @see `optax.GradientTransformationExtraArgs` */
export interface ExtraArgs {
  /** Of how many examples, or tokens, the gradient is a mean: read by `optim.multiSteps`. Default 1. */
  readonly weight?: Operand | undefined;
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

/**
 * The next state from the last one, leaf by leaf: `f` gets the update and its state, an array, or null at first. Where
 * there is no update the state stays as it is.
 */
export function mapState(
  f: (update: ArrayValue, state: ArrayValue | null) => ArrayValue,
  updates: unknown,
  state: unknown,
): unknown {
  const [leaves, treedef] = flattenNulls(updates);
  const states = flattenUpTo(treedef, state, "the optimiser's state");
  return treedef.unflatten(
    leaves.map((leaf, i) => {
      const update = gradientOf(leaf);
      const last = states[i] ?? null;
      return update === null ? last : f(update, last as ArrayValue | null);
    }),
  );
}

type Frozen = object & { readonly [frozen]: readonly string[] };
const declaresFrozen = (x: unknown): x is Frozen => typeof x === "object" && x !== null && frozen in x;

/** A field taken out of its value: what was static there stays so. */
class Part {
  static readonly [nodeKind]: NodeKind = "fields";
  constructor(readonly field: unknown) {}
}

/** Zeros for each parameter that can move, null for the others. */
export function zerosLike(params: unknown): unknown {
  return flattenNulls(params)[1].unflatten(zerosOf(params));
}

function zerosOf(tree: unknown): (ArrayValue | null)[] {
  const [leaves] = flatten(tree, (x) => x === null || declaresFrozen(x));
  return leaves.flatMap((leaf) => {
    if (!declaresFrozen(leaf)) return [zeroOf(leaf)];
    return Object.entries(leaf).flatMap(([name, field]) => {
      const part = new Part(field);
      return leaf[frozen].includes(name) ? flattenNulls(part)[0].map(() => null) : zerosOf(part);
    });
  });
}

function zeroOf(leaf: unknown): ArrayValue | null {
  const param = gradientOf(leaf);
  return param === null ? null : np.zeros(param.shape, param.dtype);
}

const LARGEST_COUNT = 2 ** 31 - 1;
/** Steps taken so far. */
export const countZero = (): ArrayValue => scalarOf(0, "int32");
/** One more; the largest integer stays. */
export const increment = (count: ArrayValue): ArrayValue =>
  np.where(np.less(count, LARGEST_COUNT), np.add(count, 1), count);

/** `1 − x` of a number or an array. */
export const complement = (x: Operand): Operand => (typeof x === "number" ? 1 - x : np.subtract(1, x));
