import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, nearest } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { describe } from "../core/trace.ts";

/** How exact the products are to be, where a backend has a choice; CPU backends always give the best. */
export type Precision = "default" | "high" | "highest";
export type PrecisionPair = readonly [lhs: Precision, rhs: Precision];
/** One for both operands, one for each, or null: the backend's choice. */
export type PrecisionLike = Precision | PrecisionPair | null;

/** What sums of products may be told. */
export interface ProductOptions {
  readonly precision?: PrecisionLike;
  /** Dtype of the result, and of its sums. Default: that of the operands. */
  readonly preferredElementType?: DTypeLike | null;
}

const precisions: readonly Precision[] = ["default", "high", "highest"];
const kind = param.oneOf(precisions, (value) => `Precision.${value.toUpperCase()}`);
/** The kind of a pair among params. */
export const precisionPair: param.ParamKind<PrecisionPair> = param.tuple(kind, kind);

/** @throws ArgumentError on an unknown precision. */
export function precisionOf(precision: PrecisionLike, caller: string): PrecisionPair | null {
  if (precision === null) return null;
  const pair: readonly unknown[] = Array.isArray(precision) ? precision : [precision, precision];
  for (const name of pair) {
    if (pair.length === 2 && precisions.includes(name as Precision)) continue;
    const near = typeof name === "string" ? nearest(name, precisions) : undefined;
    throw new ArgumentError(
      "lax/precision",
      `${caller}: precision must be one of ${precisions.join(", ")}, or a pair of them; got ${describe(precision)}${near ? `; did you mean "${near}"?` : ""}`,
    );
  }
  return pair as PrecisionPair;
}
