import { flattenUpTo } from "../tree/index.ts";
import { type Labels, labelMasks, type Mask, maskTree } from "./mask.ts";
import { ParamsPlaceholder } from "./map-params.ts";
import { type ExtraArgs, flattenNulls, type GradientTransformation, type NoState } from "./transformation.ts";
import { setToZero } from "./transforms.ts";

export interface MaskedState<State = unknown> {
  readonly innerState: State;
}

/** The leaves that the mask, a tree like this one, does not exclude; null for the others. */
function chosen<Tree>(tree: Tree, mask: unknown): Tree {
  const [leaves, treedef] = flattenNulls(tree);
  const verdicts = flattenUpTo(treedef, mask, "the mask");
  return treedef.unflatten(leaves.map((leaf, i) => (verdicts[i] === false ? null : leaf)));
}

/**
 * Transforms the updates where `mask` is true, and leaves the others as they are. Parameters outside hold no state. A mask that is
 * a function gets the parameters, or the updates where `update` gets no parameters.
 *
 * @throws ArgumentError when the mask holds anything but booleans; TreeError when it is no prefix of the parameters.
 * @example
 * optim.masked(optim.addDecayedWeights(0.01), (params) => tree.map((x) => x.ndim > 1, params));
 * @see `optax.masked`
 */
export const masked = <State>(
  inner: GradientTransformation<State>,
  mask: Mask,
): GradientTransformation<MaskedState<State>> => ({
  init: (params) => ({
    innerState: inner.init(
      params instanceof ParamsPlaceholder ? params : chosen(params, maskTree(mask, params)),
    ),
  }),
  update: <Updates>(
    updates: Updates,
    { innerState }: MaskedState<State>,
    params?: unknown,
    extra?: ExtraArgs,
  ): [Updates, MaskedState<State>] => {
    const verdicts = maskTree(mask, params ?? updates);
    const [moved, next] = inner.update(
      chosen(updates, verdicts),
      innerState,
      params === undefined ? params : chosen(params, verdicts),
      extra,
    );
    const [leaves, treedef] = flattenNulls(updates);
    const isMasked = flattenUpTo(treedef, verdicts, "the mask");
    const transformed = flattenUpTo(treedef, moved, "the updates");
    return [
      treedef.unflatten(leaves.map((leaf, i) => (isMasked[i] === false ? leaf : transformed[i]))),
      { innerState: next },
    ];
  },
});

export interface PartitionState {
  readonly innerStates: Readonly<Record<string, MaskedState>>;
}

/**
 * A transformation of its own for each group of parameters, by their labels. Labels that are a function get the parameters, or the
 * updates where `update` gets no parameters.
 *
 * @throws ArgumentError when a parameter has a label without a transformation; TreeError when the labels are no prefix of the
 * parameters.
 * @example
 * const fast = optim.multiTransform({ head: optim.adam(1e-2), body: optim.adam(1e-4) }, { head: "head", body: "body" });
 * @see `optax.multi_transform`, also called `optax.partition`
 */
export function multiTransform(
  transforms: Readonly<Record<string, GradientTransformation>>,
  paramLabels: Labels,
): GradientTransformation<PartitionState> {
  const names = Object.keys(transforms);
  const groups = (params: unknown): [name: string, group: GradientTransformation<MaskedState>][] => {
    const isPlaceholder = params instanceof ParamsPlaceholder;
    const masks = isPlaceholder ? names.map(() => true) : labelMasks(paramLabels, params, names);
    return names.map((name, i) => [name, masked(transforms[name]!, masks[i])]);
  };
  return {
    init: (params) => ({
      innerStates: Object.fromEntries(groups(params).map(([name, group]) => [name, group.init(params)])),
    }),
    update: (updates, { innerStates }, params, extra) => {
      let passed = updates;
      const next = groups(params ?? updates).map(([name, group]) => {
        const [out, state] = group.update(passed, innerStates[name]!, params, extra);
        passed = out;
        return [name, state] as const;
      });
      return [passed, { innerStates: Object.fromEntries(next) }];
    },
  };
}
/** Another name of {@link multiTransform}. @see `optax.partition` */
export const partition = multiTransform;

/** Makes the updates 0 where `mask` is true, so that those parameters stay. @see {@link masked}; `optax.freeze` */
export const freeze = (mask: Mask): GradientTransformation<MaskedState<NoState>> => masked(setToZero(), mask);

/**
 * `optimizer` for the parameters where `freezeMask` is false, and updates of 0 for the others, which hold no state.
 *
 * @throws ArgumentError when the mask holds anything but booleans; TreeError when it is no prefix of the parameters.
 * @see `optax.selective_transform`
 */
export const selectiveTransform = (
  optimizer: GradientTransformation,
  freezeMask: Mask,
): GradientTransformation<PartitionState> =>
  multiTransform({ train: optimizer, freeze: setToZero() }, (params: unknown) => {
    const mask = maskTree(freezeMask, params);
    const [verdicts, treedef] = flattenNulls(mask);
    return treedef.unflatten(verdicts.map((stays) => (stays === true ? "freeze" : "train")));
  });
