import { numpy as np } from "cotangent";
import { each, kept, plain, refused, type Row } from "./table.ts";

const sizes = "the size of the result depends on the elements";

/** Windows, polynomials, sets, histograms, covariances, and what picks and places elements. */
export const numpyMoreTable: Readonly<Record<string, Row>> = {
  ...each(np, "bartlett blackman hamming hanning", (f) => plain("made of sizes", () => f(5))),
  kaiser: kept(({ s }) => np.kaiser(5, s)),
  i0: kept(({ x }) => np.i0(x)),
  ...each(np, "polyadd polysub polymul polydiv", (f) => kept(({ v, u }) => f(v, u))),
  ...each(np, "polyint polyder", (f) => kept(({ v }) => f(v))),
  poly: kept(({ v }) => np.poly(v)),
  roots: kept(({ v }) => np.roots(v, { stripZeros: false })),
  polyfit: kept(({ v, u }) => np.polyfit(np.astype(u, "float32"), v, 1)),

  ...each(np, "uniqueCounts uniqueInverse uniqueValues", (f) =>
    refused(
      sizes,
      ({ n }) => f(n),
      ({ n }) => f(n, { size: 3 }),
    ),
  ),
  ...each(np, "union1d setdiff1d setxor1d intersect1d", (f) =>
    refused(
      sizes,
      ({ n, k }) => f(n, k),
      ({ n, k }) => f(n, k, { size: 3 }),
    ),
  ),
  ...each(np, "compress extract", (f) =>
    refused(
      sizes,
      ({ mask, v }) => f(mask, v),
      ({ mask, v }) => f(mask, v, { size: 3 }),
    ),
  ),
  trimZeros: refused(sizes, ({ v }) => np.trimZeros(v)),

  ...each(np, "histogram histogramBinEdges", (f) => kept(({ v }) => f(v, 3))),
  histogram2d: kept(({ v, u }) => np.histogram2d(v, u, 2)),
  histogramdd: kept(({ m }) => np.histogramdd(m, 2)),
  ...each(np, "cov corrcoef", (f) => kept(({ m, v }) => [f(m), f(v, np.sin(v))])),
  ...each(np, "nanquantile nanpercentile", (f) => kept(({ v, t }) => f(v, np.get(t, 0)))),
  nanmedian: kept(({ v }) => np.nanmedian(v)),

  ...each(np, "gcd lcm", (f) => kept(({ i, k }) => f(i, k))),
  packbits: kept(({ i }) => np.packbits(i)),
  unpackbits: kept(({ i }) => np.unpackbits(np.astype(i, "uint8"))),
  ...each(np, "spacing sortComplex copy", (f) => kept(({ v }) => f(v))),

  choose: kept(({ n, v, x }) => np.choose(n, [np.get(v, ":3"), np.get(x, 0, 0)], "wrap")),
  place: kept(({ x, v }) => np.place(x, np.greater(x, 2), v)),
  put: kept(({ x, n, v }) => np.put(x, n, v)),
  fillDiagonal: kept(({ m, v }) => np.fillDiagonal(m, v)),
  insert: kept(({ v, n, u }) => np.insert(v, n, np.get(u, ":3"))),
  delete: kept(({ m }) => np.delete(m, [0, 2], 1)),

  matvec: kept(({ m }) => np.matvec(m, np.get(m, 0))),
  vecmat: kept(({ m }) => np.vecmat(np.get(m, 0), m)),
  vecdot: kept(({ x, y }) => np.vecdot(x, y)),
  applyAlongAxis: kept(({ x }) => np.applyAlongAxis(np.sort, 0, x)),
  applyOverAxes: kept(({ x }) => np.applyOverAxes(np.sum, x, [0, 1])),
  piecewise: kept(({ x }) => np.piecewise(x, [np.less(x, 3)], [np.sin as never, 7])),
};
