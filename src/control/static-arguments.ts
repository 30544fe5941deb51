import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";

/** @throws ArgumentError when `staticArgnums` is no integer, and no list of them. */
export function staticPositions(
  staticArgnums: number | readonly number[],
  caller: string,
): readonly number[] {
  const list = Array.isArray(staticArgnums)
    ? [...(staticArgnums as readonly number[])]
    : [staticArgnums as number];
  for (const n of list) {
    if (!Number.isInteger(n))
      throw new ArgumentError(
        `${caller}/static`,
        `${caller}: staticArgnums takes integers, positions of arguments, got ${describe(n)}`,
      );
  }
  return list;
}

/**
 * The arguments that are not static; the others are added to `statics`, in order.
 *
 * @throws ArgumentError when a position is out of range.
 */
export function withoutStatics(
  args: readonly unknown[],
  staticList: readonly number[],
  statics: unknown[],
  caller: string,
): unknown[] {
  const positions = staticList.map((n) => (n < 0 ? n + args.length : n));
  positions.forEach((position, i) => {
    if (position >= 0 && position < args.length) return;
    throw new ArgumentError(
      `${caller.split(" ", 1)[0]}/static`,
      `${caller}: staticArgnums names argument ${staticList[i]}, but the function was called with ${args.length} argument${args.length === 1 ? "" : "s"}`,
    );
  });
  return args.filter((value, i) => {
    const isStatic = positions.includes(i);
    if (isStatic) statics.push(value);
    return !isStatic;
  });
}

/** All arguments again: the static ones in their places. Changes `args`. */
export function withStatics(
  args: unknown[],
  statics: readonly unknown[],
  staticList: readonly number[],
): unknown[] {
  const total = args.length + statics.length;
  const positions = staticList.map((n) => (n < 0 ? n + total : n)).toSorted((a, b) => a - b);
  positions.forEach((position, i) => args.splice(position, 0, statics[i]));
  return args;
}
