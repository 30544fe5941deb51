import { flatten, flattenUpTo, map, type NodeKind, nodeKind } from "../tree/index.ts";
import { readOptions } from "../core/options.ts";

/** Stands for parameters in a state: a node without leaves, so that all that is made of its leaves is one again. */
export class ParamsPlaceholder {
  static readonly [nodeKind]: NodeKind = "fields";
}

export interface MapParamsOptions {
  /** What becomes of the leaves that are not like parameters, such as counts. Default: they stay. */
  readonly transformNonParams?: ((leaf: unknown) => unknown) | undefined;
}

/**
 * The state of an optimiser with `f` applied to what is like the parameters, leaf by leaf, beside other trees that are like them.
 *
 * @throws TreeError when the state is not of this optimiser, or a tree is not like the parameters.
 * @example
 * const placed = optim.treeMapParams(optim.adam(0.1), (x) => np.astype(x, "bfloat16"), state, []);
 * @see `optax.tree_map_params`
 */
export function treeMapParams<State>(
  initable: { init(params: unknown): State } | ((params: unknown) => State),
  f: (leaf: never, ...rest: never[]) => unknown,
  state: State,
  rest: readonly unknown[] = [],
  options: MapParamsOptions = {},
): State {
  const { transformNonParams = (leaf: unknown) => leaf } = readOptions<MapParamsOptions>("optim.treeMapParams", ["transformNonParams"], [options]); // prettier-ignore
  const placeholder = new ParamsPlaceholder();
  const model = typeof initable === "function" ? initable(placeholder) : initable.init(placeholder);
  const [marks, treedef] = flatten(model, (x) => x instanceof ParamsPlaceholder);
  const parts = flattenUpTo(treedef, state, "the optimiser's state");
  return treedef.unflatten<State>(
    parts.map((part, i) =>
      marks[i] instanceof ParamsPlaceholder
        ? map(f as (...leaves: unknown[]) => unknown, part, ...rest)
        : transformNonParams(part),
    ),
  );
}
