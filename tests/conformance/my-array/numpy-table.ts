import { numpy as np } from "cotangent";
import { each, kept, mixed, plain, refused, type Row, shown } from "./table.ts";

const sizes = "the size of the result depends on the elements";
const ofShape = "made of the shape";
const ofSizes = "made of sizes";
const dtype = "about dtypes";

/** What each function of numpy does with wrapped arrays. */
export const numpyTable: Readonly<Record<string, Row>> = {
  ...each(
    np,
    "abs absolute fabs negative positive sign square sqrt exp exp2 expm1 log log10 log1p log2 cbrt reciprocal floor ceil rint trunc round around isnan isinf isfinite isneginf isposinf signbit isreal iscomplex real imag conj conjugate deg2rad degrees rad2deg radians sin sinh cos cosh tan tanh sinc asinh arcsinh atan arctan acosh arccosh logicalNot nanToNum",
    (f) => kept(({ x }) => f(x)),
  ),
  ...each(np, "acos arccos asin arcsin atanh arctanh", (f) => kept(({ t }) => f(t))),
  ...each(
    np,
    "add subtract multiply divide trueDivide power pow floatPower mod remainder fmod floorDivide maximum minimum fmax fmin hypot copysign nextafter heaviside logaddexp logaddexp2 arctan2 atan2 equal notEqual less lessEqual greater greaterEqual logicalAnd logicalOr logicalXor isclose matmul dot inner outer kron vdot tensordot divmod allclose arrayEqual arrayEquiv",
    (f) => kept(({ x, y }) => f(x, y)),
  ),
  ...each(
    np,
    "bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift bitwiseLeftShift bitwiseRightShift",
    (f) => kept(({ i }) => f(i, i)),
  ),
  ...each(np, "bitwiseNot bitwiseInvert invert bitwiseCount", (f) => kept(({ i }) => f(i))),
  ...each(
    np,
    "sum prod max min amax amin mean std var median ptp all any average argmax argmin cumsum cumprod cumulativeSum cumulativeProd countNonzero nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum nanvar",
    (f) => kept(({ v }) => f(v)),
  ),
  ...each(
    np,
    "sort argsort flip flipud ravel atleast1d atleast2d atleast3d diff ediff1d gradient trapezoid unwrap diag diagflat vander unstack",
    (f) => kept(({ v }) => f(v)),
  ),
  ...each(np, "transpose permuteDims matrixTranspose fliplr rot90 tril triu trace diagonal", (f) =>
    kept(({ m }) => f(m)),
  ),
  ...each(np, "squeeze array asarray", (f) => kept(({ x }) => f(x))),
  ...each(np, "zerosLike onesLike emptyLike", (f) => kept(({ x }) => f(x))),
  angle: kept(({ c }) => np.angle(c)),
  append: kept(({ x, y }) => np.append(x, y)),
  argpartition: kept(({ v }) => np.argpartition(v, 1)),
  arraySplit: kept(({ v }) => np.arraySplit(v, 3)),
  astype: kept(({ x }) => np.astype(x, "int32")),
  at: kept(({ x, s }) => np.at(x, 0).set(s)),
  block: kept(({ x, y }) => np.block([[x, y], [y, x]])), // prettier-ignore
  broadcastArrays: kept(({ x, s }) => np.broadcastArrays(x, s)),
  broadcastTo: kept(({ x }) => np.broadcastTo(x, [3, 2, 2])),
  clip: kept(({ x }) => np.clip(x, 2, 3)),
  columnStack: kept(({ v, u }) => np.columnStack([v, u])),
  concat: kept(({ x, y }) => np.concat([x, y])),
  concatenate: kept(({ x, y }) => np.concatenate([x, y])),
  cross: kept(({ m }) => np.cross(m, np.flip(m))),
  digitize: kept(({ x, n }) => np.digitize(x, np.sort(n))),
  dsplit: kept(({ x }) => np.dsplit(np.reshape(x, [1, 2, 2]), 2)),
  dstack: kept(({ x, y }) => np.dstack([x, y])),
  einsum: kept(({ x, y }) => np.einsum("ij,jk->ki", x, y)),
  expandDims: kept(({ x }) => np.expandDims(x, 1)),
  frexp: kept(({ x }) => np.frexp(x)),
  full: kept(({ s }) => np.full([2, 3], s)),
  fullLike: mixed("an array to fill with is broadcast", [true, true, false], ({ x, s }) => [
    np.fullLike(x, 7),
    np.fullLike(x, s),
    np.fullLike(x, [1, 2]),
  ]),
  geomspace: kept(({ s }) => np.geomspace(s, 16, 4)),
  get: kept(({ m, n }) => [np.get(m, 0), np.get(m, ":", n)]),
  hsplit: kept(({ x }) => np.hsplit(x, 2)),
  hstack: kept(({ x, y }) => np.hstack([x, y])),
  convolve: kept(({ u, v }) => np.convolve(u, v)),
  correlate: kept(({ u, v }) => np.correlate(u, v)),
  interp: kept(({ x, v, u }) => np.interp(x, u, v)),
  isin: kept(({ x, v }) => np.isin(x, v)),
  ldexp: kept(({ x, i }) => np.ldexp(x, i)),
  lexsort: kept(({ v, u }) => np.lexsort([u, v])),
  linspace: kept(({ s }) => np.linspace(s, 8, 4)),
  linspaceWithStep: kept(({ s }) => np.linspaceWithStep(s, 8, { num: 4 })),
  logspace: kept(({ s }) => np.logspace(s, 3, 4)),
  meshgrid: kept(({ v, u }) => np.meshgrid(v, u)),
  modf: kept(({ x }) => np.modf(x)),
  moveaxis: kept(({ x }) => np.moveaxis(x, 0, 1)),
  pad: kept(({ x }) => np.pad(x, 1)),
  partition: kept(({ v }) => np.partition(v, 1)),
  ...each(np, "percentile quantile", (f) => kept(({ v, t }) => f(v, np.get(t, 0)))),
  polyval: kept(({ v, x }) => np.polyval(v, x)),
  putAlongAxis: kept(({ x, s }) => np.putAlongAxis(x, np.array([[1], [0]], "int32"), s, 1)), // prettier-ignore
  ravelMultiIndex: kept(({ n }) => np.ravelMultiIndex([n, n], [3, 3])),
  repeat: kept(({ x }) => np.repeat(x, 2)),
  reshape: kept(({ x }) => np.reshape(x, [4])),
  resize: kept(({ x }) => np.resize(x, [3, 3])),
  roll: kept(({ v }) => np.roll(v, 1)),
  rollaxis: kept(({ x }) => np.rollaxis(x, 1)),
  searchsorted: kept(({ u, x }) => np.searchsorted(u, x)),
  select: kept(({ x, y }) => np.select([np.greater(x, 3), np.greater(x, 1)], [x, y], 0)),
  split: kept(({ v }) => np.split(v, 2)),
  stack: kept(({ x, y }) => np.stack([x, y])),
  swapaxes: kept(({ m }) => np.swapaxes(m, 0, 1)),
  take: kept(({ m, n }) => np.take(m, n)),
  takeAlongAxis: kept(({ x }) => np.takeAlongAxis(x, np.array([[1], [0]], "int32"), 1)), // prettier-ignore
  tile: kept(({ x }) => np.tile(x, [2, 1])),
  unravelIndex: kept(({ n }) => np.unravelIndex(n, [2, 2])),
  vsplit: kept(({ x }) => np.vsplit(x, 2)),
  vstack: kept(({ x, y }) => np.vstack([x, y])),
  where: kept(({ mask, v, u }) => np.where(mask, v, u)),

  ...each(np, "argwhere flatnonzero nonzero unique uniqueAll", (f) =>
    refused(
      sizes,
      ({ n }) => f(n),
      ({ n }) => f(n, { size: 3 }),
    ),
  ),
  bincount: refused(
    sizes,
    ({ n }) => np.bincount(n),
    ({ n }) => np.bincount(n, { length: 3 }),
  ),
  arange: refused("the number of elements depends on the arguments", ({ s }) => np.arange(s)),
  array2string: refused("text of the elements", ({ x }) => np.array2string(x)),
  ...each(np, "arrayRepr arrayStr", (f) => shown(({ x }) => f(x))),
  ...each(np, "ndim shape size", (f) => plain(ofShape, ({ x }) => f(x))),
  ...each(np, "isrealobj iscomplexobj resultType", (f) => plain("made of the dtype", ({ x }) => f(x))),

  ...each(np, "empty ones zeros", (f) => plain(ofSizes, () => f([2, 3], "int32"))),
  ...each(np, "eye identity tri diagIndices trilIndices triuIndices", (f) => plain(ofSizes, () => f(3))),
  indices: plain(ofSizes, () => np.indices([2, 3])),
  broadcastShapes: plain(ofSizes, () => np.broadcastShapes([2, 1], [3])),

  ...each(
    np,
    "float16 float32 float64 bfloat16 complex64 bool int8 int16 int32 int64 uint8 uint16 uint32 uint64",
    (f) => kept(({ x }) => f(x)),
  ),
  finfo: plain(dtype, () => np.finfo("float32")),
  iinfo: plain(dtype, () => np.iinfo("int32")),
  isdtype: plain(dtype, () => np.isdtype("float32", "real floating")),
  promoteTypes: plain(dtype, () => np.promoteTypes("float32", "int32")),
  s: plain("makes slices", () => np.s(0, 2)),
  Slice: plain("a slice", () => new np.Slice(0, 2, null)),
  weak: plain("takes a number", () => np.weak(2, "float")),
};

/** And of numpy.linalg. */
export const linalgTable: Readonly<Record<string, Row>> = {
  ...each(
    np.linalg,
    "cond det eig eigh eigvals eigvalsh inv matrixNorm matrixRank matrixTranspose pinv qr slogdet svd svdvals trace diagonal",
    (f) => kept(({ x }) => f(x)),
  ),
  ...each(np.linalg, "lstsq matmul solve tensordot vecdot", (f) => kept(({ x, y }) => f(x, y))),
  ...each(np.linalg, "outer", (f) => kept(({ v }) => f(v, np.sin(v)))),
  cholesky: kept(({ x }) => np.linalg.cholesky(np.matmul(x, np.matrixTranspose(x)))),
  cross: kept(({ m }) => np.linalg.cross(m, np.flip(m))),
  matrixPower: kept(({ x }) => np.linalg.matrixPower(x, -3)),
  multiDot: kept(({ x, y }) => np.linalg.multiDot([x, y, x])),
  tensorsolve: kept(({ x, s }) => np.linalg.tensorsolve(x, np.broadcastTo(s, [2]))),
  tensorinv: kept(({ x }) => np.linalg.tensorinv(x, 1)),
  vectorNorm: kept(({ v }) => np.linalg.vectorNorm(v)),
  norm: kept(({ x, v }) => [np.linalg.norm(x), np.linalg.norm(v, { ord: 1 }), np.linalg.norm(x, "fro")]),
};
