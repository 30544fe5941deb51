import { type Expr, type Loop, type Reduction, storageBytes } from "./expression.ts";
import { exprsOf, type Nest, reachable, type Store } from "./nest.ts";
import { profileOf, stepsOf } from "./profile.ts";
import { TILE } from "./tiles.ts";

/** Products below this are computed from the operands where they lie, */
export const LEAST_WORK = 1 << 19;
/** but from this on the columns are copied if lanes of them are apart. */
const LEAST_WORK_APART = 1 << 11;
/** How often an element is read at least, for copying it to pay. */
const LEAST_USE = 16;

/** Sums of products: the elements of one operand are those of a row in all columns, those of the other one of a column in all rows. */
export interface Product {
  readonly row: Loop;
  readonly column: Loop;
  readonly reductions: readonly Reduction[];
  /** Loops beside the row that are rows too: columns are the same in each of their steps. */
  readonly places: readonly Loop[];
}

/** The product that a nest computes, if it does. */
export function productIn(nest: Nest): Product | null {
  const { stores } = profileOf(nest);
  const [first, ...others] = stores;
  if (first === undefined) return null;
  const { loops } = first;
  if (
    others.some((store) => store.loops.length !== loops.length || store.loops.some((l, i) => l !== loops[i]))
  )
    return null;
  return movedWindow(nest, first, true) ?? ofMatrices(nest, first) ?? movedWindow(nest, first, false);
}

/** A product of matrices, whose results lie in memory column by column. */
function ofMatrices(nest: Nest, { loops, address }: Store): Product | null {
  const { stores, ordered } = profileOf(nest);
  const column = loops.find((loop) => address.step(loop) === 1 && !ordered.has(loop));
  if (column === undefined || column.size < LEAST_USE) return null;
  const sums = exprsOf(stores).filter((x) => x.kind === "reduced");
  const rows = loops.filter((loop) => loop !== column && loop.size >= LEAST_USE && !ordered.has(loop));
  for (const row of rows.sort((a, b) => b.size - a.size)) {
    const reductions = sums
      .filter(({ loops }) => loops.has(row) && loops.has(column))
      .map(({ reduction }) => reduction)
      .filter((sum) => {
        const apart = operandsAlong(sum, column, row).some((x) => isApart(x, column));
        return workOf(sum, row, column) >= (apart ? LEAST_WORK_APART : LEAST_WORK);
      })
      .filter(
        (sum) => operandsAlong(sum, column, row).length > 0 && operandsAlong(sum, row, column).length > 0,
      );
    if (reductions.length > 0) return { row, column, reductions, places: [] };
  }
  return null;
}

/**
 * A product whose rows are the places of a window that is moved over an array, as a convolution's is, in several loops. Results
 * may lie in any order: sums are long. Where places overlap, the window is read where it lies.
 */
function movedWindow(nest: Nest, { loops }: Store, overlapping: boolean): Product | null {
  const { stores, ordered } = profileOf(nest);
  const own = loops.filter((loop) => loop.size > 1);
  if (own.some((loop) => ordered.has(loop))) return null;
  const sums = exprsOf(stores).filter((x) => x.kind === "reduced" && own.every((loop) => x.loops.has(loop)));
  const [sum, ...others] = sums;
  if (sum?.kind !== "reduced" || others.length > 0) return null;
  const { reduction } = sum;
  const length = stepsOf(reduction.over);
  if (length < LEAST_USE || stepsOf(own) * length < LEAST_WORK) return null;
  // Of equal loops the inner ones are rows: their results lie closer together.
  const [columns, rows] = [own, own.toReversed()].map((all) => all.toSorted((a, b) => b.size - a.size));
  for (const column of columns!.filter((loop) => loop.size >= LEAST_USE))
    for (const row of rows!.filter((loop) => loop !== column && loop.size >= TILE.rows)) {
      const [shared, window] = [operandsAlong(reduction, column, row), operandsAlong(reduction, row, column)];
      if (shared.length !== 1 || window.length !== 1) continue;
      const places = own.filter((loop) => loop !== row && loop !== column && !shared[0]!.loops.has(loop));
      const isUsed = stepsOf([row, ...places]) >= LEAST_USE && isCopied(shared[0]!);
      if (isUsed && isCopied(window[0]!) !== overlapping)
        return { row, column, reductions: [reduction], places };
    }
  return null;
}

/** How many products a sum is for all rows and columns. */
export const workOf = ({ over }: Reduction, row: Loop, column: Loop): number =>
  stepsOf([row, column, ...over]);
const isApart = (operand: Expr, loop: Loop): boolean =>
  reachable([operand]).some((x) => x.kind === "load" && Math.abs(x.address.step(loop)) > 1);

/** Whether an operand is unpacked from bytes, as weights are that are kept in few bits. */
export const isPacked = (operand: Expr): boolean =>
  reachable([operand]).some(
    (x) => x.kind === "load" && x.loops.size > 0 && storageBytes[x.memory.storage] === 1,
  );

/** Windows that overlap, as those of a convolution do, would be copied many times over. */
export const isCopied = (operand: Expr): boolean =>
  !reachable([operand]).some((x) => {
    const range = x.kind === "load" && x.loops.size === operand.loops.size ? x.address.range() : null;
    return range !== null && 2 * (range[1] - range[0] + 1) <= stepsOf(operand.loops);
  });

/** The largest expressions in a sum that depend on its steps and on `loop`, and not on `other`. */
export function operandsAlong({ values, over }: Reduction, loop: Loop, other: Loop): Expr[] {
  const operands: Expr[] = [];
  const seen = new Set<Expr>();
  const waiting = [...values];
  for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
    if (seen.has(expr)) continue;
    seen.add(expr);
    if (expr.loops.has(other)) waiting.push(...(expr.kind === "op" ? expr.args : []));
    else if (expr.loops.has(loop) && over.some((l) => expr.loops.has(l))) operands.push(expr);
  }
  return operands;
}
