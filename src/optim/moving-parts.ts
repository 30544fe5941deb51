import { flattenUpTo } from "../tree/index.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { flattenNulls, gradientOf, mapUpdates, movingOf } from "./transformation.ts";
import { applyUpdates } from "./transforms.ts";

/** The parameters that can move, as a list: what loops carry, and inner products are taken of. */
export interface MovingParts {
  /** Those of a tree like the parameters: 0 where it has no array, as a gradient may. */
  listOf(tree: unknown): ArrayValue[];
  /** A tree like the parameters, with null in the place of those that cannot move. */
  treeOf(list: readonly ArrayValue[]): unknown;
}

/** Parameters that can move as a list, and back: see {@link MovingParts}. */
export function movingParts(params: unknown): MovingParts {
  const treedef = flattenNulls(params)[1];
  const moving = movingOf(params);
  return {
    listOf: (tree) => {
      const leaves = flattenUpTo(treedef, tree, "a tree like the parameters");
      return moving.flatMap((param, i) =>
        param === null ? [] : [gradientOf(leaves[i]) ?? np.zerosLike(param)],
      );
    },
    treeOf: (list) => {
      let next = 0;
      return treedef.unflatten(moving.map((param) => (param === null ? null : list[next++])));
    },
  };
}

/** `params + step · direction`. */
export const along = <Params>(params: Params, direction: unknown, step: Operand): Params =>
  applyUpdates(
    params,
    mapUpdates((d) => np.multiply(step, d), direction),
  );
