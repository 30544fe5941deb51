import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";

/** `(2, 3)` for lists that come from the user and may hold anything. */
export const showList = (list: unknown): string =>
  Array.isArray(list) ? showShape(list as number[]) : String(list);

/**
 * Checks a list of integers among a primitive's params.
 * @throws ShapeError when it is no list, or holds a fraction, NaN, or an integer below `least`.
 */
export function checkIntegers(list: unknown, name: string, primitive: string, least = -Infinity): void {
  if (Array.isArray(list) && list.every((n) => Number.isInteger(n) && n >= least)) return;
  const kind = least === 0 ? "non-negative integers" : least === 1 ? "positive integers" : "integers";
  throw new ShapeError(
    "lax/integers",
    `${primitive} ${name} must be a list of ${kind}, got ${showList(list)}`,
  );
}

/**
 * Checks a list of distinct axes among a primitive's params.
 * @throws ShapeError when one is no integer, outside `[0, rank)`, or named twice.
 */
export function checkAxes(list: unknown, rank: number, name: string, primitive: string): void {
  checkIntegers(list, name, primitive);
  const axes = list as readonly number[];
  for (const axis of axes) {
    if (axis < 0 || axis >= rank)
      throw new ShapeError(
        "lax/axes",
        `${primitive} ${name} must be in [0, ${rank}), got ${showList(axes)}: count axes from the front`,
      );
  }
  if (new Set(axes).size !== axes.length)
    throw new ShapeError("lax/axes", `${primitive} ${name} must be unique, got ${showList(axes)}`);
}

/** Axes as they are once a batch axis is put in at `dim`. */
export const shiftAxes = (axes: readonly number[], dim: number): number[] =>
  axes.map((axis) => (axis >= dim ? axis + 1 : axis));

/** Where the batch axis at `dim` is once `axes` (which may name it not) are gone. */
export const dimWithout = (dim: number, axes: readonly number[]): number =>
  dim - axes.filter((axis) => axis < dim).length;

/** `list` with `item` put in at `place`. */
export const inserted = <T>(list: readonly T[], place: number, item: T): T[] => [
  ...list.slice(0, place),
  item,
  ...list.slice(place),
];

/** Place of each of `0 … n-1` in `permutation`. */
export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((axis, place) => (inverse[axis] = place));
  return inverse;
}

/** The permutation that sorts `list`, as `np.argsort`. */
export const argsort = (list: readonly number[]): number[] =>
  list.map((_, i) => i).sort((i, j) => list[i]! - list[j]!);

interface AxisOption {
  /** Default: 0. */
  readonly axis?: number;
}
/** An axis that may be left out. */
export type Axis = Optionals<[axis: number], AxisOption>;
/** The axis among the optional arguments. */
export const axisOf = (caller: string, rest: readonly unknown[]): number =>
  readOptions<AxisOption>(caller, ["axis"], rest).axis ?? 0;
