import { type ArrayValue, lax, numpy as np } from "cotangent";
import { each, kept, plain, type Row } from "./table.ts";

const windows = {
  windowDimensions: [2, 1],
  windowStrides: [1, 1],
  padding: [[0, 1], [0, 0]], // prettier-ignore
  baseDilation: [1, 1],
  windowDilation: [1, 1],
} as const;
const larger = { ...windows, selectPrim: "ge" } as const;
const { baseDilation: _base, windowDilation: _window, ...apart } = larger;
const rows = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
const product = (a: ArrayValue, b: ArrayValue): ArrayValue => np.multiply(a, b);

/** What reductions with functions, of windows, and what is made of them do with wrapped arrays. */
export const reductionTable: Readonly<Record<string, Row>> = {
  reduce: kept(({ x }) => lax.reduce(x, 1, product, [1])),
  reduceWindow: kept(({ x }) => lax.reduceWindow(x, 1, product, [2, 1], { padding: "SAME" })),
  reduceWindowSum: kept(({ x }) => lax.reduceWindowSum.bind([x], windows)),
  reduceWindowMax: kept(({ x }) => lax.reduceWindowMax.bind([x], windows)),
  reduceWindowMin: kept(({ x }) => lax.reduceWindowMin.bind([x], windows)),
  selectAndGatherAdd: kept(({ x, y }) => lax.selectAndGatherAdd.bind([y, x], larger)),
  selectAndScatterAdd: kept(({ x, y }) => lax.selectAndScatterAdd.bind([y, x], apart)),
  ...each(lax, "approxMaxK approxMinK", (f) => kept(({ v }) => f(v, 2))),
  broadcastLike: kept(({ x, s }) => lax.broadcastLike(s, x)),
  broadcastShapes: plain("it takes shapes", ({ x, y }) => np.zeros(lax.broadcastShapes(x.shape, y.shape))),
  convGeneralDilatedLocal: kept(({ x, m }) =>
    lax.convGeneralDilatedLocal(
      lax.reshape(x, [1, 1, 4]),
      lax.reshape(lax.slice(m, [0, 0], [2, 3]), [1, 2, 3]),
      [1],
      "VALID",
      [2],
    ),
  ),
  convGeneralDilatedPatches: kept(({ x }) =>
    lax.convGeneralDilatedPatches(lax.reshape(x, [1, 2, 2]), [2], [1], "SAME"),
  ),
  empty: plain("made of sizes", () => lax.empty([2], "float32")),
  indexTake: kept(({ m, n }) => lax.indexTake(m, [n, n], [0, 1])),
  mulhi: kept(({ i }) => lax.mulhi(i, i)),
  // How often the function is applied depends on the indices, which must be plain.
  scatterApply: kept(
    ({ m }) =>
    lax.scatterApply(m, np.array([[0], [1], [1]], "int32"), lax.neg, rows, { updateShape: [3, 3] }), // prettier-ignore
  ),
};
