import type { EigParams } from "../../../lax/linalg/eig.ts";
import type { EighParams } from "../../../lax/linalg/eigh.ts";
import type { LuPivotsToPermutationParams } from "../../../lax/linalg/lu.ts";
import type { SchurParams, TridiagonalParams } from "../../../lax/linalg/schur.ts";
import type { SvdParams } from "../../../lax/linalg/svd.ts";
import type { TriangularSolveParams } from "../../../lax/linalg/triangular-solve.ts";
import { range } from "../../../core/shape.ts";
import type { Aval } from "../../../core/value.ts";
import type { Lower, LoweringTable } from "../../lowering.ts";
import { cholesky, updated } from "./cholesky.ts";
import { eig, orderedSchur } from "./eig.ts";
import { eigen, tridiagonalised, writtenBand } from "./eigh.ts";
import { hessenberg } from "./hessenberg.ts";
import { factorised, product } from "./householder.ts";
import { eliminated, permuted } from "./lu.ts";
import { conjugated, decomposed } from "./svd.ts";
import { Stack, vectorsOf } from "./stacks.ts";
import { substituted } from "./triangular.ts";
import { reversed, turned, type Vectors } from "./vectors.ts";

/**
 * Runs `one` for each of a batch: it gets the arrays of the operands' and the outputs' last axes, in doubles, and writes
 * the latter. `ranks` says how many axes those are, of the operands and then of the outputs.
 */
const each =
  <P>(
    [operandRanks, outRanks]: readonly (readonly number[])[],
    one: (
      operands: readonly Float64Array[],
      outs: readonly Float64Array[],
      sizes: readonly number[],
      vectors: Vectors,
      params: P,
    ) => void,
  ): Lower<P> =>
  (params, avals, outAvals) => {
    const vectors = vectorsOf(avals[0]!.dtype);
    const sizes = avals.flatMap(({ shape }, i) => shape.slice(shape.length - operandRanks![i]!));
    return (storages) => {
      const operands = storages.map((data, i) => Stack.of(data, avals[i]!, operandRanks![i]!));
      const outs = outAvals.map((aval: Aval, i) => Stack.empty(aval, outRanks![i]!));
      for (let i = 0; i < operands[0]!.count; i++)
        one(
          operands.map((x) => x.at(i)),
          outs.map((x) => x.at(i)),
          sizes,
          vectors,
          params,
        );
      return outs.map((x) => x.storage());
    };
  };

/** Copies columns into a matrix row by row. */
const byRows = (out: Float64Array, columns: Float64Array, m: number, n: number, lanes: 1 | 2): void =>
  out.set(turned(columns, n, m, lanes));

export const decompositions = {
  geqrf: each([[2], [2, 1]], ([a], [out, taus], [m, n], vectors) => {
    const columns = turned(a!, m!, n!, vectors.lanes);
    taus!.set(factorised(vectors, m!, n!, columns));
    byRows(out!, columns, m!, n!, vectors.lanes);
  }),
  geqp3: each(
    [
      [2, 1],
      [2, 1, 1],
    ],
    ([a, given], [out, order, taus], [m, n], vectors) => {
      // Columns with a number stay in front; numbers count from 1, as in LAPACK.
      const isFixed = (j: number) => given![j] !== 0;
      const all = range(n!);
      const fixed = all.filter(isFixed);
      const columns = Int32Array.from([...fixed, ...all.filter((j) => !isFixed(j))]);
      const size = m! * vectors.lanes;
      const inPlace = turned(a!, m!, n!, vectors.lanes);
      const chosen = new Float64Array(inPlace.length);
      columns.forEach((from, to) => chosen.set(inPlace.subarray(from * size, (from + 1) * size), to * size));
      taus!.set(factorised(vectors, m!, n!, chosen, columns, fixed.length));
      byRows(out!, chosen, m!, n!, vectors.lanes);
      order!.set(columns.map((j) => j + 1));
    },
  ),
  householder_product: each([[2, 1], [2]], ([a, taus], [out], [m, n], vectors) => {
    const columns = turned(a!, m!, n!, vectors.lanes);
    byRows(out!, product(vectors, m!, n!, columns, taus!), m!, n!, vectors.lanes);
  }),
  svd: each<SvdParams>([[2], [1, 2, 2]], ([a], [s, u, vh], [m, n], vectors, { fullMatrices, computeUv }) => {
    const found = decomposed(vectors, m!, n!, a!, fullMatrices, computeUv);
    s!.set(found.s);
    if (!computeUv) return;
    const { lanes } = vectors;
    byRows(u!, found.u!, m!, found.u!.length / (m! * lanes), lanes);
    // The columns of V, conjugated, are the rows of Vᴴ.
    vh!.set(conjugated(found.v!, lanes));
  }),
  lu: each([[2], [2, 1, 1]], ([a], [out, pivots, permutation], [m, n], vectors) => {
    out!.set(a!);
    const exchanged = eliminated(vectors, m!, n!, out!);
    pivots!.set(exchanged);
    permutation!.set(permuted(exchanged, m!));
  }),
  lu_pivots_to_permutation: each<LuPivotsToPermutationParams>(
    [[1], [1]],
    ([pivots], [permutation], _sizes, _vectors, { permutationSize }) =>
      permutation!.set(permuted(pivots!, permutationSize)),
  ),
  triangular_solve: each<TriangularSolveParams>(
    [[2, 2], [2]],
    ([a, b], [out], [n, , rows, columns], vectors, params) => {
      const { leftSide, lower, transposeA, conjugateA, unitDiagonal } = params;
      const { lanes } = vectors;
      // X·A = B is Aᵀ·Xᵀ = Bᵀ.
      const isTurned = transposeA === leftSide;
      const matrix = isTurned
        ? turned(a!, n!, n!, lanes, !conjugateA)
        : conjugateA
          ? a!
          : conjugated(a!, lanes);
      const sides = leftSide ? turned(b!, rows!, columns!, lanes) : b!.slice();
      const count = leftSide ? columns! : rows!;
      substituted(vectors, n!, matrix, sides, count, lower !== isTurned, unitDiagonal);
      if (leftSide) byRows(out!, sides, rows!, columns!, lanes);
      else out!.set(sides);
    },
  ),
  cholesky: each([[2], [2]], ([a], [out], [n], vectors) => cholesky(vectors, n!, a!, out!)),
  eigh: each<EighParams>([[2], [2, 1]], ([a], [v, w], [n], vectors, { lower }) => {
    // By rows, the lower triangle is the upper one by columns, conjugated.
    const columns = lower ? turned(a!, n!, n!, vectors.lanes) : conjugated(a!, vectors.lanes);
    const [values, found] = eigen(vectors, n!, columns);
    w!.set(values);
    byRows(v!, found, n!, n!, vectors.lanes);
  }),
  eig: each<EigParams>([[2], [1, 2, 2]], ([a], [w, ...found], [n], vectors, params) => {
    const { computeLeftEigenvectors: withLeft, computeRightEigenvectors: withRight } = params;
    const columns = turned(a!, n!, n!, vectors.lanes);
    const [values, ...both] = eig(vectors, n!, columns, withLeft, withRight);
    w!.set(values!);
    both.filter((v) => v !== null).forEach((v, i) => byRows(found[i]!, v, n!, n!, 2));
  }),
  hessenberg: each([[2], [2, 1]], ([a], [out, taus], [n], vectors) => {
    const columns = turned(a!, n!, n!, vectors.lanes);
    taus!.set(hessenberg(vectors, n!, columns));
    byRows(out!, columns, n!, n!, vectors.lanes);
  }),
  schur: each<SchurParams>([[2], [2, 2]], ([a], [t, z], [n], vectors, { computeSchurVectors }) => {
    const { lanes } = vectors;
    const columns = turned(a!, n!, n!, lanes);
    const found = orderedSchur(vectors, n!, columns, computeSchurVectors);
    if (found) byRows(t!, columns, n!, n!, lanes);
    else t!.fill(NaN);
    if (!computeSchurVectors) return;
    if (found) byRows(z!, found, n!, n!, lanes);
    else z!.fill(NaN);
  }),
  tridiagonal: each<TridiagonalParams>(
    [[2], [2, 1, 1, 1]],
    ([a], [out, ...parts], [n], vectors, { lower }) => {
      const { lanes } = vectors;
      // From the last row and column to the first, an upper triangle is a lower one.
      const over = (x: Float64Array) => (lower ? x : reversed(x, lanes));
      const columns = over(turned(a!, n!, n!, lanes));
      const [d, e, taus] = tridiagonalised(vectors, n!, columns) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      writtenBand(columns, n!, lanes, d, e);
      byRows(out!, over(columns), n!, n!, lanes);
      parts[0]!.set(lower ? d : d.toReversed());
      parts[1]!.set(lower ? e : e.toReversed());
      parts[2]!.set(over(taus));
    },
  ),
  cholesky_update: each([[2, 1], [2]], ([r, w], [out], [n]) => {
    out!.set(r!);
    updated(n!, out!, w!.slice());
  }),
} satisfies Partial<LoweringTable>;
