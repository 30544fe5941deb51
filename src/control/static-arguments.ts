import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";

/** @throws ArgumentError when `staticArgnums` is no integer, and no list of them. */
export const staticPositions = (given: number | readonly number[], caller: string): readonly number[] =>
  positionList(given, "staticArgnums", caller, `${caller}/static`);

/** Positions of arguments, as the option `option` names them. @throws ArgumentError when they are no integers. */
export function positionList(
  given: number | readonly number[],
  option: string,
  caller: string,
  code: string,
): readonly number[] {
  const list = Array.isArray(given) ? [...(given as readonly number[])] : [given as number];
  for (const n of list) {
    if (!Number.isInteger(n))
      throw new ArgumentError(
        code,
        `${caller}: ${option} takes integers, positions of arguments, got ${describe(n)}`,
      );
  }
  return list;
}

/** The same positions, counted from the first of `count` arguments. @throws ArgumentError when one is out of range. */
export function countedFromStart(
  list: readonly number[],
  count: number,
  option: string,
  caller: string,
  code: string,
): readonly number[] {
  const positions = list.map((n) => (n < 0 ? n + count : n));
  positions.forEach((position, i) => {
    if (position >= 0 && position < count) return;
    throw new ArgumentError(
      code,
      `${caller}: ${option} names argument ${list[i]}, but the function was called with ${count} argument${count === 1 ? "" : "s"}`,
    );
  });
  return positions;
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
  const code = `${caller.split(" ", 1)[0]}/static`;
  const positions = countedFromStart(staticList, args.length, "staticArgnums", caller, code);
  return args.filter((value, i) => {
    const isStatic = positions.includes(i);
    if (isStatic) statics.push(value);
    return !isStatic;
  });
}

/** All arguments again: the static ones in their places, which are counted after the first `before`. Changes `args`. */
export function withStatics(
  args: unknown[],
  statics: readonly unknown[],
  staticList: readonly number[],
  before = 0,
): unknown[] {
  const total = args.length - before + statics.length;
  const positions = staticList.map((n) => (n < 0 ? n + total : n)).toSorted((a, b) => a - b);
  positions.forEach((position, i) => args.splice(before + position, 0, statics[i]));
  return args;
}
