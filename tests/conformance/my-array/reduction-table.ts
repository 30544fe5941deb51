import { type ArrayValue, lax, numpy as np } from "cotangent";
import { kept, type Row } from "./table.ts";

const windows = {
  windowDimensions: [2, 1],
  windowStrides: [1, 1],
  padding: [[0, 1], [0, 0]], // prettier-ignore
  baseDilation: [1, 1],
  windowDilation: [1, 1],
} as const;
const larger = { ...windows, selectPrim: "ge" } as const;
const { baseDilation: _base, windowDilation: _window, ...apart } = larger;
const product = (a: ArrayValue, b: ArrayValue): ArrayValue => np.multiply(a, b);

/** What reductions with functions, and of windows, do with wrapped arrays. */
export const reductionTable: Readonly<Record<string, Row>> = {
  reduce: kept(({ x }) => lax.reduce(x, 1, product, [1])),
  reduceWindow: kept(({ x }) => lax.reduceWindow(x, 1, product, [2, 1], { padding: "SAME" })),
  reduceWindowSum: kept(({ x }) => lax.reduceWindowSum.bind([x], windows)),
  reduceWindowMax: kept(({ x }) => lax.reduceWindowMax.bind([x], windows)),
  reduceWindowMin: kept(({ x }) => lax.reduceWindowMin.bind([x], windows)),
  selectAndGatherAdd: kept(({ x, y }) => lax.selectAndGatherAdd.bind([y, x], larger)),
  selectAndScatterAdd: kept(({ x, y }) => lax.selectAndScatterAdd.bind([y, x], apart)),
};
