import { type ArrayValue, lax, numpy as np, scipy } from "cotangent";
import { each, kept, plain, type Row } from "./table.ts";

const { linalg } = scipy;
/** Positive definite. */
const definite = (x: ArrayValue): ArrayValue => np.add(np.matmul(x, np.matrixTranspose(x)), np.eye(2));
const row = (x: ArrayValue): ArrayValue => lax.indexInDim(x, 0, 0, false);

/** What each function of scipy.linalg does with wrapped arrays. */
export const scipyLinalgTable: Readonly<Record<string, Row>> = {
  ...each(
    linalg,
    "det eigh expm fiedler hessenberg inv lu luFactor polar qr schur sqrtm svd circulant hankel toeplitz blockDiag",
    (f) => kept(({ x }) => f(x)),
  ),
  ...each(linalg, "hilbert invhilbert pascal invpascal helmert hadamard dft", (f) =>
    plain("it takes a size", () => f(4)),
  ),
  cholesky: kept(({ x }) => linalg.cholesky(definite(x))),
  choFactor: kept(({ x }) => linalg.choFactor(definite(x))),
  choSolve: kept(({ x, y }) => linalg.choSolve(linalg.choFactor(definite(x)), y)),
  convolutionMatrix: kept(({ x }) => linalg.convolutionMatrix(x, 3)),
  fiedlerCompanion: kept(({ v }) => linalg.fiedlerCompanion(v)),
  companion: kept(({ v }) => linalg.companion(v)),
  expmFrechet: kept(({ x, y }) => linalg.expmFrechet(x, y)),
  funm: kept(({ x }) => linalg.funm(x, np.exp)),
  leslie: kept(({ v, x }) => linalg.leslie(lax.sliceInDim(v, 0, 3), row(x))),
  luSolve: kept(({ x, y }) => linalg.luSolve(linalg.luFactor(x), y)),
  solve: kept(({ x, y }) => linalg.solve(definite(x), y, { assumeA: "pos" })),
  solveSylvester: kept(({ x, y }) => linalg.solveSylvester(x, y, x)),
  solveTriangular: kept(({ x, y }) => linalg.solveTriangular(x, y, { lower: true })),
};
