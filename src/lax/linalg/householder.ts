import { ShapeError } from "../../core/errors.ts";

import { definePrimitive, type NoParams, type Op } from "../../core/primitive.ts";
import { sameShape, type Shape, showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { notDifferentiable } from "../elementwise.ts";
import { checkDType, sameDTypes, toArray } from "../operand.ts";
import { batchInFront, leadingOf } from "./matrices.ts";

const leastOf = (shape: Shape): number => Math.min(shape.at(-2)!, shape.at(-1)!);

/**
 * The QR decomposition of matrices as reflections: `R` in the upper triangles; below them, the vectors `v` of reflections
 * `I - τ·v·vᴴ`, whose first number, 1, is left out; and their factors `τ`. `qr` is what has a derivative.
 *
 * Shape: `[…s, m, n] → […s, m, n], […s, min(m, n)]`. Dtype: that of `x`.
 * @throws DTypeError when `x` is not inexact; ShapeError when it has fewer than two axes. @see LAPACK `geqrf`
 */
export const geqrf: Op<
  (x: Operand) => [a: ArrayValue, taus: ArrayValue],
  "geqrf",
  [x: ArrayValue],
  NoParams
> = definePrimitive("geqrf", {
  // A primitive gives a list.
  call: (x) => geqrf.bind([toArray(x, "geqrf")], {}) as [ArrayValue, ArrayValue],
  arity: 1,
  abstract: ([x]) => {
    const lead = leadingOf("geqrf", [[x, 2]]);
    return [x, { ...x, shape: [...lead, leastOf(x.shape)] }];
  },
  jvp: [notDifferentiable("geqrf", "x")],
  batch: batchInFront(() => geqrf),
  samples: [
    [3, 2],
    [2, 2],
    [2, 4],
    [2, 3, 3],
  ].map((shape) => ({ operands: [{ shape }], params: {} })),
});

/**
 * As `geqrf`, of matrices whose columns are exchanged so that the largest that is left comes next: those that `pivots` has a
 * number for, not 0, are in front and stay there. The second output says which columns came where, counted from 1.
 *
 * Shape: `[…s, m, n], […s, n] → […s, m, n], […s, n], […s, min(m, n)]`.
 * @throws DTypeError on other dtypes than an inexact one and int32; ShapeError when shapes do not fit. @see LAPACK `geqp3`
 */
export const geqp3: Op<
  (x: Operand, pivots: Operand) => [a: ArrayValue, pivots: ArrayValue, taus: ArrayValue],
  "geqp3",
  [x: ArrayValue, pivots: ArrayValue],
  NoParams
> = definePrimitive("geqp3", {
  call: (x, pivots) =>
    // A primitive gives a list.
    geqp3.bind([toArray(x, "geqp3"), toArray(pivots, "geqp3", 1)], {}) as [
      ArrayValue,
      ArrayValue,
      ArrayValue,
    ],
  arity: 2,
  abstract: ([x, pivots]) => {
    const lead = leadingOf("geqp3", [[x, 2]]);
    checkDType(pivots.dtype, "int32", "geqp3", 1);
    const shape = [...lead, x.shape.at(-1)!];
    if (!sameShape(pivots.shape, shape))
      throw new ShapeError(
        "lax/shape",
        `geqp3: for matrices of shape ${showShape(x.shape)} pivots have shape ${showShape(shape)}, got ${showShape(pivots.shape)}`,
      );
    return [x, pivots, { ...x, shape: [...lead, leastOf(x.shape)] }];
  },
  alsoShow: () => ({ use_magma: null }),
  jvp: [notDifferentiable("geqp3", "x")],
  batch: batchInFront(() => geqp3),
  samples: [
    { operands: [{ shape: [3, 3] }, { shape: [3], dtype: "int32", values: [0, 0, 0] }], params: {} },
    {
      operands: [{ shape: [2, 3, 4] }, { shape: [2, 4], dtype: "int32", values: [0, 0, 1, 0, 0, 0, 0, 0] }],
      params: {},
    },
  ],
});

/**
 * The first columns of the product of the reflections that `geqrf` gives.
 *
 * Shape: `[…s, m, n], […s, k] → […s, m, n]` for m ≥ n ≥ k. Dtype: that of both.
 * @throws DTypeError when the dtypes differ or are not inexact; ShapeError when shapes do not fit.
 * @see `jax.lax.linalg.householder_product`, LAPACK `orgqr`
 */
export const householderProduct: Op<
  (a: Operand, taus: Operand) => ArrayValue,
  "householder_product",
  [a: ArrayValue, taus: ArrayValue],
  NoParams
> = definePrimitive("householder_product", {
  call: (a, taus) =>
    // Two operands are two.
    householderProduct.bind(sameDTypes([a, taus], "householder_product") as [ArrayValue, ArrayValue], {})[0]!,
  arity: 2,
  abstract: ([a, taus]) => {
    leadingOf("householder_product", [
      [a, 2],
      [taus, 1],
    ]);
    const [m, n] = a.shape.slice(-2) as [number, number];
    if (m < n || taus.shape.at(-1)! > n)
      throw new ShapeError(
        "lax/shape",
        `householder_product takes matrices of at least as many rows as columns, and at most as many factors; got ${showShape(a.shape)} and ${showShape(taus.shape)}`,
      );
    return avalOf(a.shape, a.dtype, a.weak && taus.weak);
  },
  jvp: [notDifferentiable("householder_product", "a"), notDifferentiable("householder_product", "taus")],
  batch: batchInFront(() => householderProduct),
  samples: [
    { operands: [{ shape: [3, 2] }, { shape: [2] }], params: {} },
    { operands: [{ shape: [2, 3, 3] }, { shape: [2, 2] }], params: {} },
  ],
});
