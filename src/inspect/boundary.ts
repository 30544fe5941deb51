import type { Boundary, Known } from "../compiler/fusion/plan.ts";
import { showCount } from "../core/table.ts";

/** How a boundary's values and kernels are called. */
export interface BoundaryNames {
  /** As `d`. */
  value(known: Known): string;
  /** The kernel that begins with a value, as `k2`. */
  kernel(first: Known): string;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** Why a kernel begins where it does, as a sentence. */
export function boundaryText(
  { reason, value, after, leaf, rows }: Boundary,
  { value: name, kernel }: BoundaryNames,
): string {
  if (after === null) return "all that it is made of is there from the start";
  const { eqn } = value.source!;
  const it = `${name(value)} = ${eqn.primitive.primitive}`;
  if (after.kind === "single")
    return `it is made of what ${after.eqn.primitive.primitive} computes, a step of its own`;
  const before = kernel(after.boundary.value);
  switch (reason) {
    case "contraction": {
      const made = [...value.leaves.keys()].filter((known) => known.group === after).map(name);
      return `${it} reads the elements of its operands many times, so ${listed(made)} of ${before} ${made.length > 1 ? "are" : "is"} stored before`;
    }
    case "running":
      return `${it} goes along its axis step by step, in loops of its own`;
    case "after running":
      return `${before} goes along an axis step by step, in loops of its own`;
    case "full":
      return `${before}, which needs ${showCount(after.cost)} operations for a row, would be too large with ${it}`;
    case "rows":
      return `${it} is no array of ${showCount(rows)} rows, which ${before} computes one after the other`;
    case "few rows":
      return `${before} would have ${showCount(rows)} rows, too few for threads to share`;
    case "other rows":
      return `${it} reads other rows of ${name(leaf!)}, which ${before} computes, than its own`;
    case "again":
      return `${it} would have ${before} compute ${name(leaf!)} once more for each element that reads it`;
    case "no kernel":
      return "it is made of what is no kernel's";
  }
}
