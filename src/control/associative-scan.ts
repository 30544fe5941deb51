import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis } from "../core/shape.ts";
import { type ArrayValue, showAval } from "../core/value.ts";
import { avalsOf, resultPath } from "../interpreters/arguments.ts";
import { prefixScan } from "../lax/prefix-scan.ts";
import { pathToString } from "../tree/index.ts";
import { checkFunction, flattenOperands, located, matchTrees, matchTypes } from "./operands.ts";

export interface AssociativeScanOptions {
  /** From the last element to the first. Default false. */
  readonly reverse?: boolean;
  /** The axis along which the elements stand. Default 0. */
  readonly axis?: number;
}

/**
 * `[x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), …]` along an axis, for an associative `f`: in a logarithmic number of steps, each of
 * which applies `f` to many elements at once. `f` takes two trees like `elems`, with fewer elements along the axis, and
 * returns such a tree.
 *
 * Shape: `[…n…] → […n…]`.
 * @throws ArgumentError when there is no array, or `f` changes the structure; ShapeError, DTypeError when sizes along
 * the axis differ, or `f` changes shapes or dtypes, by path.
 * @example
 * lax.associativeScan(np.add, np.array([1, 2, 3])); // [1, 3, 6]
 * @see `jax.lax.associative_scan`
 */
export function associativeScan<Elems>(
  f: (before: Elems, after: Elems) => Elems,
  elems: Elems,
  ...rest: Optionals<[reverse: boolean, axis: number], AssociativeScanOptions>
): Elems {
  const { reverse = false, axis = 0 } = readOptions<AssociativeScanOptions>(
    "associativeScan",
    ["reverse", "axis"],
    rest,
  );
  const combine = checkFunction(f, "associativeScan", "f");
  const flat = flattenOperands(elems, "associativeScan", (path) => `elems${pathToString(path)}`);
  const [first] = flat.arrays;
  if (first === undefined)
    throw located(new ArgumentError("control/elements", "associativeScan: elems has no array"));
  const along = canonicalAxis(axis, first.ndim, "associativeScan");
  const sizes = flat.arrays.map((x) => x.shape[along]);
  if (sizes.some((size) => size !== sizes[0])) {
    const got = flat.arrays.map((x, i) => `elems${pathToString(flat.paths[i]!)} is ${showAval(x.aval)}`);
    throw located(
      new ShapeError(
        "control/elements",
        `associativeScan: its arrays must have one size along axis ${along}, but ${got.join(", ")}`,
      ),
    );
  }
  const what = "associativeScan: what f takes and what it returns";
  const names = ["what it takes", "what it returns"] as const;
  const step = (before: readonly ArrayValue[], after: readonly ArrayValue[]): readonly ArrayValue[] => {
    const result = combine(flat.rebuild(before) as never, flat.rebuild(after) as never);
    const out = flattenOperands(result, "associativeScan", resultPath);
    matchTrees(flat, out, what, names);
    matchTypes(flat.paths, avalsOf(before), avalsOf(out.arrays), what, names);
    return out.arrays;
  };
  return flat.rebuild(prefixScan(step, flat.arrays, along, reverse)) as Elems;
}
