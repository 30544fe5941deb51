import { Affine } from "./affine.ts";
import type { Element } from "./element.ts";
import { bool, type Expr, i32, type Loop, op, type Storage } from "./expression.ts";

/** For each loop, the steps before which it is to be cut. */
export type Cuts = ReadonlyMap<Loop, ReadonlySet<number>>;

let cuts: Map<Loop, Set<number>> | null = null;

/**
 * What `body` makes, and where loops are to be cut so that the guards that it meets are known before they run: made again
 * with an index `from + a shorter loop` in a cut loop's place, guards and bounded indices fold.
 */
export function withCuts<T>(body: () => T): readonly [made: T, cuts: Cuts] {
  const outer = cuts;
  const own = new Map<Loop, Set<number>>();
  cuts = own;
  try {
    return [body(), own];
  } finally {
    cuts = outer;
  }
}

/** Notes where the loop of the greatest span takes the index into and out of `[low, high)`. */
function noteCuts(index: Affine, low: number, high: number): void {
  const span = ([loop, factor]: readonly [Loop, number]): number => Math.abs(factor) * (loop.size - 1);
  const [loop, factor] = index.terms.reduce((a, b) => (span(b) > span(a) ? b : a));
  const rest = index.plus(Affine.loop(loop).times(-factor)).range()!;
  let steps = cuts!.get(loop);
  if (steps === undefined) cuts!.set(loop, (steps = new Set()));
  for (const bound of [low, high])
    for (const offset of rest) {
      // The first step at which `factor · step + offset ≥ bound` is another than before.
      const step =
        factor > 0 ? Math.ceil((bound - offset) / factor) : Math.floor((bound - offset) / factor) + 1;
      if (step > 0 && step < loop.size) steps.add(step);
    }
}

/** Between which integers the value of an expression is, as far as that is plain from how it is made. */
function boundsOf(x: Expr): readonly [least: number, greatest: number] | null {
  if (x.kind === "position") return x.index.range();
  if (x.kind === "load") return loadable[x.memory.storage] ?? null;
  if (x.kind !== "op" || x.type !== "i32") return null;
  const [a, b, c] = x.args;
  const amount = b?.kind === "const" ? Number(b.value) : -1;
  const [first, second, third] = [a, b, c].map((arg) => arg && boundsOf(arg));
  if (x.op === "and" && amount >= 0) return [0, amount];
  if (x.op === "shr_u" && amount >= 0 && first && first[0] >= 0)
    return [first[0] >> amount, first[1] >> amount];
  if (x.op === "select" && second && third)
    return [Math.min(second[0], third[0]), Math.max(second[1], third[1])];
  return null;
}
const loadable: Partial<Record<Storage, readonly [number, number]>> = {
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
};

/** Whether `low ≤ index < high`: a constant, or one comparison. */
export function within(index: Affine, low: number, high: number): Expr {
  if (high <= low) return bool(false);
  const range = index.range();
  if (range === null) return op("lt_u", index.plus(-low).value(), i32(high - low));
  const [least, greatest] = range;
  if (greatest < low || least >= high) return bool(false);
  if (least >= low && greatest < high) return bool(true);
  if (cuts !== null) noteCuts(index, low, high);
  if (least >= low) return op("lt_s", index.value(), i32(high));
  if (greatest < high) return op("le_s", i32(low), index.value());
  return op("lt_u", index.plus(-low).value(), i32(high - low));
}

/** The number in `[low, high]` that is next to `index`: the index itself where that is known to be inside. */
export function clamped(index: Affine, low: number, high: number): Affine {
  const [least, greatest] = index.range() ?? boundsOf(index.value()) ?? [-Infinity, Infinity];
  if (low >= high || greatest <= low) return Affine.of(low);
  if (least >= high) return Affine.of(high);
  if (least >= low && greatest <= high) return index;
  const raised = least >= low ? index.value() : op("max_s", index.value(), i32(low));
  return Affine.dynamic(greatest <= high ? raised : op("min_s", raised, i32(high)));
}

/** Whether all of them hold. */
export function all(conditions: readonly Expr[]): Expr {
  const open = conditions.filter((x) => x.kind !== "const" || !x.value);
  const failed = open.find((x) => x.kind === "const");
  return failed ?? open.reduce((a, b) => op("and", a, b), open.shift() ?? bool(true));
}

/** One of two elements; what is known not to be chosen is not made. */
export function choose(condition: Expr, chosen: () => Element, otherwise: () => Element): Element {
  if (condition.kind === "const") return condition.value ? chosen() : otherwise();
  const other = otherwise();
  return chosen().map((x, lane) => op("select", condition, x, other[lane]!));
}
