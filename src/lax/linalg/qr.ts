import { isComplex } from "../../core/dtype.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type Derived, type Op } from "../../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { zeros } from "../algebra.ts";
import { add, mul, sub } from "../arithmetic.ts";
import { convertElementType } from "../cast.ts";
import { concatenate } from "../join.ts";
import { toArray } from "../operand.ts";
import { pad } from "../pad-slice.ts";
import { sliceInDim } from "../slice-in-dim.ts";
import { geqp3, geqrf, householderProduct } from "./householder.ts";
import { lu, luSolve, rowsInOrder } from "./lu.ts";
import {
  adjoint,
  batchInFront,
  identityLike,
  leadingOf,
  lowerTriangle,
  product,
  realPart,
  transposed,
  upperTriangle,
} from "./matrices.ts";
import { triangularSolve } from "./triangular-solve.ts";

export interface QrParams {
  /** Columns are exchanged so that the diagonal of R descends. */
  readonly pivoting: boolean;
  /** `Q` is square. */
  readonly fullMatrices: boolean;
}

type Pair = readonly [q: ArrayValue, r: ArrayValue];

const columns = (x: ArrayValue, from: number, to: number): ArrayValue =>
  sliceInDim(x, from, to, { axis: -1 });
const rows = (x: ArrayValue, from: number, to: number): ArrayValue => sliceInDim(x, from, to, { axis: -2 });

/**
 * Of matrices of at least as many rows as columns: with `C = Qᴴ·Ẋ·R⁻¹` and the skew-Hermitian `Ω` that has its lower triangle,
 * `Q̇ = Ẋ·R⁻¹ + Q·(Ω - C)` and `Ṙ = (C - Ω)·R`.
 * @see Townsend, "Differentiating the QR decomposition" (2018)
 */
function thinTangents([q, r]: Pair, t: ArrayValue): Pair {
  const tOverR = triangularSolve(r, t);
  const c = product(adjoint(q), tOverR);
  const lower = lowerTriangle(c, -1);
  let omega = sub(lower, adjoint(lower));
  // The diagonal of R is real, so what is imaginary there is that of Ω.
  if (isComplex(c.dtype))
    omega = add(omega, mul(identityLike(c), sub(c, convertElementType(realPart(c), c.dtype))));
  return [add(tOverR, product(q, sub(omega, c))), product(sub(c, omega), r)];
}

/** Of wide matrices `[X₁, X₂] = Q·[R₁, R₂]`: `R₂ = Qᴴ·X₂`. */
function wideTangents(x: ArrayValue, [q, r]: Pair, t: ArrayValue): Pair {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const [dq, dr] = thinTangents([q, columns(r, 0, m)], columns(t, 0, m));
  const rest = add(product(adjoint(dq), columns(x, m, n)), product(adjoint(q), columns(t, m, n)));
  return [dq, concatenate([dr, rest], r.ndim - 1)];
}

/**
 * Of tall matrices with a square `Q`, of which the first n columns are those of the thin decomposition.
 * @see Equations 32 and 33 of arXiv:2409.13374
 */
function fullTangents([q, r]: Pair, t: ArrayValue): Pair {
  const [m, n] = t.shape.slice(-2) as [number, number];
  const [thin, others] = [columns(q, 0, n), columns(q, n, m)];
  const [dThin, drThin] = thinTangents([thin, rows(r, 0, n)], t);
  const square = rows(thin, 0, n);
  // Z = Q₂₁·(Q₁₁ - I)⁻¹.
  const zh = luSolve(lu(sub(square, identityLike(square))), adjoint(rows(thin, n, m)), "adjoint");
  const z = adjoint(zh);
  const moved = adjoint(sub(rows(dThin, n, m), product(z, rows(dThin, 0, n))));
  const dOthers = sub(product(dThin, zh), product(add(thin, product(others, z)), moved));
  const below = zeros({ ...r.aval, shape: [...r.shape.slice(0, -2), m - n, n] });
  return [concatenate([dThin, dOthers], q.ndim - 1), concatenate([drThin, below], r.ndim - 2)];
}

/** By reflections. */
function reflected(x: ArrayValue, { pivoting, fullMatrices }: QrParams): ArrayValue[] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const lead = x.shape.slice(0, -2);
  const order = pivoting ? zeros(avalOf([...lead, n], "int32")) : null;
  let [a, taus, found]: ArrayValue[] = [];
  if (order === null) [a, taus] = geqrf(x);
  else [a, found, taus] = geqp3(x, order);
  // What holds the reflections has as many columns as Q.
  const k = m < n || fullMatrices ? m : n;
  const held = m < n ? columns(a!, 0, m) : pad(a!, zeros({ ...x.aval, shape: [] }), x.shape.map((_, i) => [0, i === x.ndim - 1 ? k - n : 0, 0])); // prettier-ignore
  const q = householderProduct(held, taus!);
  const r = upperTriangle(rows(a!, 0, k));
  return order === null ? [q, r] : [q, r, sub(found!, 1)];
}

/**
 * `A = Q·R` with unitary `Q` and upper triangular `R`, whose diagonal is real; with `pivoting`, `Q·R` is `A` with its columns
 * in the order that is the third output, in which the diagonal of `R` descends. Signs are LAPACK's.
 *
 * Shape: `[…s, m, n] → […s, m, k], […s, k, n]`, and `[…s, n]`; `k` is m, or min(m, n) unless `fullMatrices`. Dtype: that of
 * `x`; int32.
 * @throws DTypeError when `x` is not inexact; ShapeError when it has fewer than two axes.
 * @see `jax.lax.linalg.qr`
 */
export const qr: Op<
  (
    x: Operand,
    ...rest: Optionals<[], { readonly [K in keyof QrParams]?: boolean | undefined }>
  ) => [q: ArrayValue, r: ArrayValue, ...permutation: ArrayValue[]],
  "qr",
  [x: ArrayValue],
  QrParams
> &
  Derived = definePrimitive("qr", {
  call: (x, ...rest) => {
    const options = readOptions<Partial<QrParams>>("qr", ["pivoting", "fullMatrices"], rest);
    const { pivoting = false, fullMatrices = true } = options;
    // A primitive gives a list.
    return qr.bind([toArray(x, "qr")], { pivoting, fullMatrices }) as [ArrayValue, ArrayValue];
  },
  arity: 1,
  params: { pivoting: param.boolean, fullMatrices: param.boolean },
  alsoShow: () => ({ use_magma: null }),
  abstract: ([x], { pivoting, fullMatrices }) => {
    const lead = leadingOf("qr", [[x, 2]]);
    const [m, n] = x.shape.slice(-2) as [number, number];
    const k = fullMatrices ? m : Math.min(m, n);
    const outs = [
      { ...x, shape: [...lead, m, k] },
      { ...x, shape: [...lead, k, n] },
    ];
    return pivoting ? [...outs, avalOf([...lead, n], "int32")] : outs;
  },
  jvp: ([x], [t], params) => {
    const outs = qr.bind([x], params);
    if (!t) return [outs, outs.map(() => null)];
    const [q, r, order] = outs as [ArrayValue, ArrayValue, ArrayValue?];
    const inOrder = (y: ArrayValue) => (order ? transposed(rowsInOrder(transposed(y), order)) : y);
    const [m, n] = x.shape.slice(-2) as [number, number];
    const pair = [q, r] as const;
    const tangents =
      m < n
        ? wideTangents(inOrder(x), pair, inOrder(t))
        : m > n && params.fullMatrices
          ? fullTangents(pair, inOrder(t))
          : thinTangents(pair, inOrder(t));
    return [outs, order ? [...tangents, null] : tangents];
  },
  batch: batchInFront(() => qr),
  expand: ([x], params) => reflected(x, params),
  samples: [
    ...[true, false].flatMap((fullMatrices) =>
      [
        [3, 2],
        [2, 3],
        [2, 2, 2],
      ].map((shape) => ({
        operands: [{ shape, values: [1, 2, -0.5, 3, 1.5, 0.75, -2, 0.5] }],
        params: { pivoting: false, fullMatrices },
      })),
    ),
    {
      operands: [{ shape: [3, 3], values: [1, 2, -0.5, 4, 1, 0.75, -2, 0.5, 3] }],
      params: { pivoting: true, fullMatrices: false },
    },
  ],
});
