import { lax, numpy as np, random, vmap } from "cotangent";
import { each, kept, mixed, plain, type Row } from "./table.ts";

const dims = [[[1], [0]], [[], []]] as const; // prettier-ignore
const rows = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] };
const scattered = {
  updateWindowDims: [1],
  insertedWindowDims: [0],
  scatterDimsToOperandDims: [0],
};
const along = (f: (x: never) => unknown): Row =>
  kept(({ x }) => vmap(f as (x: unknown) => typeof x, { axisName: "rows" })(x));

/** What each function of lax does with wrapped arrays. */
export const laxTable: Readonly<Record<string, Row>> = {
  ...each(
    lax,
    "abs cbrt ceil cos cosh digamma erf erfc exp exp2 expm1 floor isFinite lgamma log log1p logistic neg reciprocal round rsqrt sign sin sinh sqrt square stopGradient tan tanh copy zerosLikeArray asinh atan acosh",
    (f) => kept(({ x }) => f(x)),
  ),
  ...each(lax, "acos asin atanh erfInv", (f) => kept(({ t }) => f(t))),
  ...each(lax, "conj imag real", (f) => kept(({ c }) => f(c))),
  ...each(lax, "add atan2 div max min mul nextafter pow rem sub eq ge gt le lt ne complex", (f) =>
    kept(({ x, y }) => f(x, y)),
  ),
  ...each(lax, "zeta", (f) => kept(({ y, x }) => f(y, x))),
  ...each(lax, "besselI0e besselI1e", (f) => kept(({ x }) => f(x))),
  ...each(lax, "igamma igammac igammaGradA randomGammaGrad", (f) => kept(({ y, x }) => f(y, x))),
  betainc: kept(({ x, y, t }) => lax.betainc(x, y, t)),
  polygamma: kept(({ x, y }) => lax.polygamma(x, y)),
  ...each(
    lax,
    "and or xor bitwiseAnd bitwiseOr bitwiseXor shiftLeft shiftRightArithmetic shiftRightLogical",
    (f) => kept(({ i }) => f(i, i)),
  ),
  ...each(lax, "not bitwiseNot clz populationCount", (f) => kept(({ i }) => f(i))),
  ...each(lax, "cumsum cumprod cummax cummin cumlogsumexp", (f) => kept(({ x }) => f(x, 0))),
  ...each(lax, "reduceSum reduceProd reduceMax reduceMin", (f) => kept(({ x }) => f(x, [0]))),
  ...each(lax, "reduceAnd reduceOr reduceXor", (f) => kept(({ i }) => f(i, [0]))),
  ...each(lax, "argmax argmin", (f) => kept(({ x }) => f(x, 0, "int32"))),
  batchMatmul: kept(({ x, y }) => lax.batchMatmul(lax.broadcast(x, [2]), lax.broadcast(y, [2]))),
  bitcastConvertType: kept(({ x }) => lax.bitcastConvertType(x, "int32")),
  broadcast: kept(({ x }) => lax.broadcast(x, [3])),
  broadcastInDim: kept(({ x }) => lax.broadcastInDim(x, [2, 3, 2], [0, 2])),
  broadcastToRank: kept(({ x }) => lax.broadcastToRank(x, 4)),
  clamp: kept(({ x }) => lax.clamp(1.5, x, 3)),
  collapse: kept(({ x }) => lax.collapse(x, 0, 2)),
  concatenate: kept(({ x, y }) => lax.concatenate([x, y], 0)),
  conv: kept(({ x, y }) => lax.conv(lax.broadcast(x, [1]), lax.broadcast(y, [2]), [1], "SAME")),
  convDimensionNumbers: plain("it takes shapes", ({ x, y }) =>
    lax.convDimensionNumbers(x.shape, y.shape, ["CN", "IO", "CN"]),
  ),
  convGeneralDilated: kept(({ x, y }) =>
    lax.convGeneralDilated(x, y, [], [], { dimensionNumbers: ["CN", "IO", "CN"] }),
  ),
  convTranspose: kept(({ x, y }) =>
    lax.convTranspose(lax.broadcast(x, [1]), lax.broadcast(y, [2]), [2], "SAME"),
  ),
  convWithGeneralPadding: kept(({ x, y }) =>
    lax.convWithGeneralPadding(lax.broadcast(x, [1]), lax.broadcast(y, [2]), [1], [[1, 0]], [2], [1]),
  ),
  convertElementType: kept(({ x }) => lax.convertElementType(x, "int32")),
  dot: kept(({ x, y }) => lax.dot(x, y)),
  fft: kept(({ c }) => lax.fft(c, "FFT", [2])),
  dotGeneral: kept(({ x, y }) => lax.dotGeneral(x, y, dims)),
  dynamicIndexInDim: kept(({ x, k }) => lax.dynamicIndexInDim(x, k)),
  dynamicSlice: kept(({ x, k }) => lax.dynamicSlice(x, [k, 0], [1, 2])),
  dynamicSliceInDim: kept(({ x, k }) => lax.dynamicSliceInDim(x, k, 1)),
  dynamicUpdateIndexInDim: kept(({ x, v, k }) =>
    lax.dynamicUpdateIndexInDim(x, lax.sliceInDim(v, 0, 2), k, 0),
  ),
  dynamicUpdateSlice: kept(({ x, s }) => lax.dynamicUpdateSlice(x, lax.reshape(s, [1, 1]), [0, 1])),
  dynamicUpdateSliceInDim: kept(({ x, y }) => lax.dynamicUpdateSliceInDim(x, lax.sliceInDim(y, 0, 1), 1, 0)),
  expandDims: kept(({ x }) => lax.expandDims(x, [1])),
  fma: kept(({ x, y, t }) => lax.fma(x, y, t)),
  full: kept(({ s }) => lax.full([2, 3], s)),
  fullLike: kept(({ x }) => lax.fullLike(x, 7)),
  gather: kept(({ x, n }) => lax.gather(x, lax.expandDims(n, [1]), rows, [1, 2])),
  indexInDim: kept(({ x }) => lax.indexInDim(x, 1)),
  integerPow: kept(({ x }) => lax.integerPow(x, 3)),
  optimizationBarrier: kept(({ x, y }) => lax.optimizationBarrier([x, y])),
  pad: kept(({ x }) => lax.pad(x, 0, [[1, 0, 0], [0, 1, 1]])), // prettier-ignore
  reducePrecision: kept(({ x }) => lax.reducePrecision(x, 5, 10)),
  reshape: kept(({ x }) => lax.reshape(x, [4])),
  rev: kept(({ x }) => lax.rev(x, [0])),
  ...each(lax, "scatter scatterAdd scatterMax scatterMin scatterMul scatterSub", (f) =>
    kept(({ x, m, n }) =>
      f(m, lax.expandDims(n, [1]), lax.broadcast(lax.sliceInDim(lax.reshape(x, [4]), 0, 3), [3]), scattered),
    ),
  ),
  select: kept(({ x, y }) => lax.select(lax.gt(x, 2), x, y)),
  selectN: kept(({ x, y }) => lax.selectN(lax.gt(x, 2), x, y)),
  slice: kept(({ m }) => lax.slice(m, [0, 1], [2, 3])),
  sliceInDim: kept(({ m }) => lax.sliceInDim(m, 1, 3)),
  sort: kept(({ v }) => lax.sort(v)),
  sortKeyVal: kept(({ v, u }) => lax.sortKeyVal(v, u)),
  split: kept(({ v }) => lax.split(v, [1, 3])),
  squeeze: kept(({ x }) => lax.squeeze(lax.sliceInDim(x, 0, 1), [0])),
  stack: kept(({ x, y }) => lax.stack([x, y], 0)),
  tile: kept(({ x }) => lax.tile(x, [2, 1])),
  topK: kept(({ v }) => lax.topK(v, 2)),
  transpose: kept(({ m }) => lax.transpose(m, [1, 0])),
  unstack: kept(({ x }) => lax.unstack(x)),
  threefry2x32: kept(({ u }) => lax.threefry2x32.bind(lax.unstack(u) as never, {})),
  ...each(lax, "randomWrap randomUnwrap", () =>
    kept(({ u }) => random.keyData(random.wrapKeyData(lax.sliceInDim(u, 0, 2)))),
  ),
  randomSeed: kept(({ k }) => random.keyData(random.key(k))),
  randomSplit: kept(({ k }) => random.keyData(random.split(random.key(k)))),
  randomFoldIn: kept(({ k }) => random.keyData(random.foldIn(random.key(0), k))),
  randomBits: kept(({ k }) => random.bits(random.key(k), [3])),
  ...each(lax, "psum pmean pmax pmin", (f) => along((x) => f(x, "rows"))),
  allGather: along((x) => lax.allGather(x, "rows")),
  allToAll: along((x) => lax.allToAll(x, "rows", 0, 0)),
  ppermute: along((x) => lax.ppermute(x, "rows", [[0, 1], [1, 0]])), // prettier-ignore
  pshuffle: along((x) => lax.pshuffle(x, "rows", [1, 0])),
  pswapaxes: along((x) => lax.pswapaxes(x, "rows", 0)),
  pbroadcast: along((x) => lax.pbroadcast(x, "rows", 0)),
  psumScatter: along((x) => lax.psumScatter(x, "rows")),
  axisIndex: plain("a position, which no argument enters", ({ x }) =>
    vmap((_: typeof x) => lax.axisIndex("rows"), { axisName: "rows" })(x),
  ),
  addAny: kept(({ x, y }) => lax.addAny.bind([x, y], {})),
  axisSize: plain("a number", ({ x }) =>
    vmap((_: typeof x) => np.full([], lax.axisSize("rows")), { axisName: "rows" })(x),
  ),
  iota: plain("made of sizes", () => lax.iota("int32", 3)),
  broadcastedIota: plain("made of sizes", () => lax.broadcastedIota("int32", [2, 3], 1)),

  // Control flow: the programs are rewritten for what is inside of the wrappers.
  cond: kept(({ x, y }) =>
    lax.cond(
      true,
      (a: typeof x, b: typeof x) => lax.add(a, b),
      (a: typeof x, b: typeof x) => lax.sub(a, b),
      x,
      y,
    ),
  ),
  customLinearSolve: kept(({ v }) =>
    lax.customLinearSolve(
      (a: typeof v) => lax.mul(a, 2),
      v,
      (_f: unknown, b: typeof v) => lax.div(b, 2),
    ),
  ),
  customRoot: kept(({ s }) =>
    lax.customRoot(
      (a: typeof s) => lax.sub(lax.mul(a, a), 4),
      s,
      (_f: unknown, start: typeof s) => lax.mul(start, 1),
      (f: (a: typeof s) => typeof s, b: typeof s) => lax.div(b, f(lax.fullLike(b, 1))),
    ),
  ),
  switch: kept(({ x }) => lax.switch(1, [lax.sin, lax.cos], x)),
  whileLoop: mixed("the counter meets no argument", [false, true], ({ x }) =>
    lax.whileLoop(
      ([n]) => lax.lt(n!, 3),
      ([n, a]) => [lax.add(n!, 1), lax.mul(a!, 2)],
      [lax.full([], 0, "int32"), x],
    ),
  ),
  scan: kept(({ x, s }) =>
    lax.scan((c: typeof s, row: typeof x) => [lax.add(c, lax.reduceSum(row, [0])), row], s, x),
  ),
  foriLoop: kept(({ x }) => lax.foriLoop(0, 3, (_: number | typeof x, a: typeof x) => lax.mul(a, 2), x)),
  map: kept(({ x }) => lax.map(lax.sin, x)),
  associativeScan: kept(({ x }) => lax.associativeScan(lax.add, x)),
};

/** And of lax.linalg. */
export const laxLinalgTable: Readonly<Record<string, Row>> = {
  ...each(lax.linalg, "eig eigh geqrf hessenberg lu qr schur svd tridiagonal", (f) => kept(({ x }) => f(x))),
  cholesky: kept(({ x }) => lax.linalg.cholesky(lax.dot(x, lax.transpose(x, [1, 0])))),
  choleskyUpdate: kept(({ x, t }) => lax.linalg.choleskyUpdate(x, lax.indexInDim(t, 0, 0, false))),
  ormqr: kept(({ x, t, y }) => lax.linalg.ormqr(x, lax.indexInDim(t, 0, 0, false), y)),
  qdwh: kept(({ x }) => lax.linalg.qdwh(x)),
  geqp3: kept(({ m, n }) => lax.linalg.geqp3(m, n)),
  householderProduct: kept(({ x, t }) => lax.linalg.householderProduct(x, lax.indexInDim(t, 0, 0, false))),
  linearSolve: kept(({ x, y }) => lax.linalg.linearSolve.bind([x, y], {})),
  luPivotsToPermutation: kept(({ n }) => lax.linalg.luPivotsToPermutation(n, 4)),
  triangularSolve: kept(({ x, y }) => lax.linalg.triangularSolve(x, y)),
  symmetricProduct: kept(({ x, y }) =>
    lax.linalg.symmetricProduct(x, y, { beta: 2, symmetrizeOutput: true }),
  ),
  tridiagonalSolve: kept(({ v, x }) =>
    lax.linalg.tridiagonalSolve(
      lax.sliceInDim(v, 0, 2),
      lax.full([2], 9, "float32"),
      lax.sliceInDim(v, 2, 4),
      x,
    ),
  ),
};
