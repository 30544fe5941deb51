import { broadcastPrefix, pathToString } from "../tree/index.ts";
import { ArgumentError, nearest } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { flattenNulls, gradientOf } from "./transformation.ts";

/** Which parameters: a prefix of their tree with booleans, or a function that makes one of them. */
export type Mask = unknown;
/** A name for each parameter: a prefix of their tree with strings, or a function that makes one of them. */
export type Labels = unknown;

/**
 * A boolean for each parameter, in a tree like theirs.
 *
 * @throws ArgumentError when the mask holds anything else; TreeError when it is no prefix.
 */
export function maskTree(mask: Mask, params: unknown): unknown {
  const [verdicts, unflatten] = broadcast(mask, params);
  for (const verdict of verdicts) {
    if (typeof verdict === "boolean" || verdict === null) continue;
    throw new ArgumentError("optim/mask", `a mask holds booleans, got ${describe(verdict)}`);
  }
  return unflatten(verdicts);
}

/**
 * A mask for each of the names, true at the parameters labelled with it.
 *
 * @throws ArgumentError when a parameter has another label; TreeError when the labels are no prefix.
 */
export function labelMasks(labels: Labels, params: unknown, names: readonly string[]): unknown[] {
  const [given, unflatten] = broadcast(labels, params);
  const [leaves, treedef] = flattenNulls(params);
  given.forEach((label, i) => {
    if (gradientOf(leaves[i]) === null || names.includes(label as string)) return;
    const near = typeof label === "string" ? nearest(label, names) : undefined;
    throw new ArgumentError(
      "optim/label",
      `optim.multiTransform: the label of ${pathToString(treedef.paths()[i]!)} is ${describe(label)}, which has no transformation${near === undefined ? "" : `; did you mean "${near}"?`}; there are ${names.join(", ")}`,
    );
  });
  return names.map((name) => unflatten(given.map((label) => label === name)));
}

function broadcast(
  given: unknown,
  params: unknown,
): [values: unknown[], unflatten: (values: unknown[]) => unknown] {
  const prefix: unknown =
    typeof given === "function" ? (given as (params: unknown) => unknown)(params) : given;
  const [, treedef] = flattenNulls(params);
  return [broadcastPrefix(prefix, params, (x) => x === null), (values) => treedef.unflatten(values)];
}
