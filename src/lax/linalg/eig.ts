import { DifferentiationError, DTypeError } from "../../core/errors.ts";
import { type DType } from "../../core/dtype.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type JvpRule, type Op } from "../../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { broadcastTo } from "../algebra.ts";
import { abs, add, div, mul, neg, sub } from "../arithmetic.ts";
import { convertElementType } from "../cast.ts";
import { eq } from "../compare.ts";
import { complex, conj, imag, real } from "../complex.ts";
import { broadcastedIota } from "../create.ts";
import { toArray } from "../operand.ts";
import { argmax, reduceSum } from "../reduce.ts";
import { linearSolve } from "./linear-solve.ts";
import {
  adjoint,
  asColumn,
  asRow,
  batchInFront,
  checkMatrices,
  diagonalOf,
  identityLike,
  product,
  transposed,
} from "./matrices.ts";

export interface EigParams {
  /** Gives vectors `u` with `uᴴ·A = λ·uᴴ`. */
  readonly computeLeftEigenvectors: boolean;
  /** Gives vectors `v` with `A·v = λ·v`. */
  readonly computeRightEigenvectors: boolean;
  /** The vectors have derivatives, where eigenvalues differ and one element of each vector is the largest. */
  readonly enableEigvecDerivs: boolean;
}
const names = ["computeLeftEigenvectors", "computeRightEigenvectors", "enableEigvecDerivs"] as const;

function complexType(dtype: DType): DType {
  if (dtype !== "float64") return "complex64";
  throw new DTypeError(
    "dtype/complex128",
    "eig of float64 gives complex128, which is not supported: convert the matrix to float32 first",
  );
}

const solved = (a: ArrayValue, b: ArrayValue): ArrayValue => linearSolve.bind([a, b], {})[0]!;

/**
 * The tangents of eigenvalues and vectors, which are of length 1 and have a real largest element: with `P = V⁻¹·Ȧ·V`, `ẇ` is
 * its diagonal, and `V̇ = V·(F∘P) + V·diag(c)`, `Fᵢⱼ = 1 / (wⱼ - wᵢ)`, where `c` keeps both as they are.
 */
function tangents(w: ArrayValue, v: ArrayValue, t: ArrayValue): readonly [ArrayValue, ArrayValue] {
  const one = identityLike(v);
  const f = sub(div(1, add(one, sub(asRow(w), asColumn(w)))), one);
  const moved = product(solved(v, t), v);
  const u = product(v, mul(f, moved));
  const rows = v.ndim - 2;
  const largest = asRow(argmax(abs(v), rows, "int32"));
  const isLargest = eq(broadcastedIota("int32", v.shape, rows), broadcastTo(largest, v.shape));
  const mask = convertElementType(isLargest, v.dtype);
  const sum = (x: ArrayValue) => reduceSum.bind([x], { axes: [rows] })[0]!;
  const c = complex(
    neg(real(sum(mul(conj(v), u)))),
    neg(div(imag(sum(mul(mask, u))), real(sum(mul(mask, v))))),
  );
  return [diagonalOf(moved), add(u, mul(v, asRow(c)))];
}

const jvp: JvpRule<[x: ArrayValue], EigParams> = ([x], [t], params) => {
  const { computeLeftEigenvectors: withLeft, computeRightEigenvectors: withRight } = params;
  if (!t) {
    const outs = eig.bind([x], params);
    return [outs, outs.map(() => null)];
  }
  if ((withLeft || withRight) && !params.enableEigvecDerivs)
    throw new DifferentiationError(
      "ad/rule",
      "eig: vectors have derivatives only where eigenvalues differ and each vector has one largest element, which cannot be checked: give enableEigvecDerivs: true, or ask for eigenvalues alone",
    );
  const outs = eig.bind([x], { ...params, computeRightEigenvectors: true });
  const [w, v] = [outs[0]!, outs.at(-1)!];
  const moved = convertElementType(t, v.dtype);
  if (!withLeft && !withRight) {
    const parts = mul(solved(v, moved), transposed(v));
    return [[w], [reduceSum.bind([parts], { axes: [v.ndim - 1] })[0]!]];
  }
  const [dw, dv] = tangents(w, v, moved);
  const left = withLeft ? [outs[1]!] : [];
  const dLeft = left.map((u) => tangents(conj(w), u, adjoint(moved))[1]);
  return [
    [w, ...left, ...(withRight ? [v] : [])],
    [dw, ...dLeft, ...(withRight ? [dv] : [])],
  ];
};

/**
 * Eigenvalues `w` of square matrices, the vectors of `uᴴ·A = w·uᴴ`, and those of `A·v = w·v`, as columns: a list of what is
 * computed, by default all three. Vectors are of length 1, with a real largest element; their signs are free. The order of
 * eigenvalues is that in which they are found, conjugate ones beside each other. Where elements are not finite, all is NaN.
 *
 * Shape: `[…s, n, n] → […s, n], […s, n, n], […s, n, n]`. Dtype: complex64. Eigenvalues are differentiable where they are simple; vectors
 * if `enableEigvecDerivs` says so.
 * @throws DTypeError when `x` is not inexact, or float64; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.eig`; LAPACK `geev`
 */
export const eig: Op<
  (
    x: Operand,
    ...rest: Optionals<[], { readonly [K in keyof EigParams]?: boolean | undefined }>
  ) => ArrayValue[],
  "eig",
  [x: ArrayValue],
  EigParams
> = definePrimitive("eig", {
  call: (operand, ...rest) => {
    const options = readOptions<Partial<EigParams>>("eig", names, rest);
    const { computeLeftEigenvectors = true, computeRightEigenvectors = true } = options;
    const { enableEigvecDerivs = false } = options;
    const params = { computeLeftEigenvectors, computeRightEigenvectors, enableEigvecDerivs };
    return eig.bind([toArray(operand, "eig")], params) as ArrayValue[];
  },
  arity: 1,
  params: {
    computeLeftEigenvectors: param.boolean,
    computeRightEigenvectors: param.boolean,
    enableEigvecDerivs: param.boolean,
  },
  alsoShow: () => ({ implementation: null }),
  abstract: ([x], { computeLeftEigenvectors, computeRightEigenvectors }) => {
    checkMatrices("eig", x);
    const dtype = complexType(x.dtype);
    const w = avalOf(x.shape.slice(0, -1), dtype, x.weak);
    const v = avalOf(x.shape, dtype, x.weak);
    return [w, ...(computeLeftEigenvectors ? [v] : []), ...(computeRightEigenvectors ? [v] : [])];
  },
  jvp,
  batch: batchInFront(() => eig),
  samples: [
    {
      operands: [{ shape: [3, 3], values: [1, 2, -0.5, -1, 0.5, 1, 3, 1, -2] }],
      params: { computeLeftEigenvectors: false, computeRightEigenvectors: false, enableEigvecDerivs: false },
    },
    {
      operands: [{ shape: [2, 2, 2], values: [1, 2, -0.5, 3, 0.5, 2, -1, 1] }],
      params: { computeLeftEigenvectors: true, computeRightEigenvectors: true, enableEigvecDerivs: true },
    },
    {
      operands: [{ shape: [2, 2], dtype: "complex64" }],
      params: { computeLeftEigenvectors: false, computeRightEigenvectors: true, enableEigvecDerivs: true },
    },
  ],
});
