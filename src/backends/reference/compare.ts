import { dtypeInfo, type TypedArray } from "../../core/dtype.ts";
import type { LoweringTable } from "../lowering.ts";
import { complexResult, elementwise, type Numbers } from "./elementwise.ts";

/** The case that an index chooses, the nearest where it is out of range. */
const nearestCase = (index: number | bigint, count: number): number =>
  Math.min(Math.max(Number(index), 0), count - 1);

function selectElements(which: TypedArray, cases: readonly Numbers[], lanes: 1 | 2): TypedArray {
  const out = cases[0]!.slice();
  for (let i = 0; i < which.length; i++) {
    const from = cases[nearestCase(which[i]!, cases.length)]!;
    for (let slot = i * lanes; slot < (i + 1) * lanes; slot++) out[slot] = from[slot]!;
  }
  return out;
}

export const compare = {
  eq: elementwise("eq", {
    float: (x, y) => (x === y ? 1 : 0),
    bigint: (x, y) => (x === y ? 1 : 0),
    complex: (a, b, c, d) => void (complexResult[0] = a === c && b === d ? 1 : 0),
  }),
  ne: elementwise("ne", {
    float: (x, y) => (x !== y ? 1 : 0),
    bigint: (x, y) => (x !== y ? 1 : 0),
    complex: (a, b, c, d) => void (complexResult[0] = a !== c || b !== d ? 1 : 0),
  }),
  lt: elementwise("lt", {
    float: (x, y) => (x < y ? 1 : 0),
    bigint: (x, y) => (x < y ? 1 : 0),
  }),
  le: elementwise("le", {
    float: (x, y) => (x <= y ? 1 : 0),
    bigint: (x, y) => (x <= y ? 1 : 0),
  }),
  gt: elementwise("gt", {
    float: (x, y) => (x > y ? 1 : 0),
    bigint: (x, y) => (x > y ? 1 : 0),
  }),
  ge: elementwise("ge", {
    float: (x, y) => (x >= y ? 1 : 0),
    bigint: (x, y) => (x >= y ? 1 : 0),
  }),
  is_finite: elementwise("is_finite", { float: (x) => (Number.isFinite(x) ? 1 : 0) }),
  select_n: (_params, [which, first]) => {
    const { lanes } = dtypeInfo[first!.dtype];
    if (which!.shape.length === 0) {
      return ([index, ...cases]) => [cases[nearestCase(index![0]!, cases.length)]!];
    }
    // Elements are copied, whatever they are: bigints are moved between arrays of one kind.
    return ([indices, ...cases]) => [selectElements(indices!, cases as Numbers[], lanes)];
  },
} satisfies Partial<LoweringTable>;
