import { isComplex } from "../../core/dtype.ts";
import { DifferentiationError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type JvpRule, type Op } from "../../core/primitive.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../../core/value.ts";
import { replaceZero } from "../algebra.ts";
import { add, div, mul, sub } from "../arithmetic.ts";
import { convertElementType } from "../cast.ts";
import { eq } from "../compare.ts";
import { toArray } from "../operand.ts";
import {
  adjoint,
  asColumn,
  asRow,
  batchInFront,
  diagonalOf,
  identityLike,
  leadingOf,
  product,
  realPart,
  realType,
} from "./matrices.ts";

export interface SvdParams {
  /** `U` and `V` are square. */
  readonly fullMatrices: boolean;
  /** Gives `U` and `Vᴴ` along with the singular values. */
  readonly computeUv: boolean;
}

/** `1 / x`, and 0 where that is not finite because `x` is 0. */
const inverse = (x: ArrayValue): ArrayValue =>
  sub(div(1, replaceZero(x)), convertElementType(eq(x, 0), x.dtype));

/**
 * With `Ẋ = Uᴴ·Ȧ·V`: `ṡ` is its diagonal, and where singular values differ, `U̇` and `V̇` follow from
 * `Fᵢⱼ = 1 / (sⱼ² - sᵢ²)`.
 * @see Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
 *   differentiation" (2008)
 */
const jvp: JvpRule<[x: ArrayValue], SvdParams> = ([x], [t], params) => {
  const { fullMatrices, computeUv } = params;
  if (!t) {
    const outs = svd.bind([x], params);
    return [outs, outs.map(() => null)];
  }
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (computeUv && fullMatrices && m !== n)
    throw new DifferentiationError(
      "ad/rule",
      `svd with fullMatrices has no derivative for matrices that are not square, here ${m}×${n}: give fullMatrices: false`,
    );
  const [s, u, vh] = svd.bind([x], { fullMatrices: false, computeUv: true }) as [ArrayValue, ArrayValue, ArrayValue]; // prettier-ignore
  const [uh, v] = [adjoint(u), adjoint(vh)];
  const moved = product(uh, t, v);
  const ds = realPart(diagonalOf(moved));
  if (!computeUv) return [[s], [ds]];
  const cast = (y: ArrayValue) => (isComplex(x.dtype) ? convertElementType(y, x.dtype) : y);
  const [row, column] = [asRow(s), asColumn(s)];
  const differences = mul(add(row, column), sub(row, column));
  const one = identityLike(differences);
  const f = cast(sub(div(1, add(differences, one)), one));
  const [right, left] = [mul(cast(row), moved), mul(cast(column), moved)];
  // What a diagonal of complex numbers has that is imaginary turns U.
  const skew = mul(
    div(sub(moved, adjoint(moved)), 2),
    cast(mul(identityLike(differences), asRow(inverse(s)))),
  );
  let du = product(u, add(mul(f, add(right, adjoint(right))), skew));
  let dv = product(v, mul(f, add(left, adjoint(left))));
  // What lies outside of the spaces that U and V span.
  const outside = (y: ArrayValue, basis: ArrayValue) =>
    div(sub(y, product(basis, product(adjoint(basis), y))), cast(row));
  if (m > n) du = add(du, outside(product(t, v), u));
  if (n > m) dv = add(dv, outside(product(adjoint(t), u), v));
  return [
    [s, u, vh],
    [ds, du, adjoint(dv)],
  ];
};

type Options<Uv extends boolean> = Omit<
  { readonly [K in keyof SvdParams]?: boolean | undefined },
  "computeUv"
> & {
  readonly computeUv?: Uv | undefined;
};
/** What a call gives, by its options. */
interface Svd {
  (x: Operand, options: Options<false> & { readonly computeUv: false }): ArrayValue;
  (x: Operand, ...rest: Optionals<[], Options<true>>): [u: ArrayValue, s: ArrayValue, vh: ArrayValue];
  (
    x: Operand,
    ...rest: Optionals<[], Options<boolean>>
  ): ArrayValue | [u: ArrayValue, s: ArrayValue, vh: ArrayValue];
}

/**
 * `A = U·diag(s)·Vᴴ`, as `[U, s, Vᴴ]`; the singular values `s` descend. With `computeUv: false`, `s` alone. The signs of the vectors are
 * free. Where elements are not finite, all is NaN.
 *
 * Shape: `[…s, m, n] → […s, m, k], […s, min(m, n)], […s, l, n]`; `k` and `l` are m and n, or min(m, n) unless `fullMatrices`.
 * Dtype: that of `x`; real for `s`. Differentiable where singular values differ, and with `U` and `V` unless `fullMatrices`
 * has more of them than there are singular values.
 * @throws DTypeError when `x` is not inexact; ShapeError when it has fewer than two axes.
 * @see `jax.lax.linalg.svd`
 */
export const svd: Op<Svd, "svd", [x: ArrayValue], SvdParams> = definePrimitive("svd", {
  call: (x, ...rest) => {
    const options = readOptions<Partial<SvdParams>>("svd", ["fullMatrices", "computeUv"], rest);
    const { fullMatrices = true, computeUv = true } = options;
    const [s, u, vh] = svd.bind([toArray(x, "svd")], { fullMatrices, computeUv });
    // A primitive gives a list.
    return computeUv ? ([u, s, vh] as [ArrayValue, ArrayValue, ArrayValue]) : s!;
  },
  arity: 1,
  params: { fullMatrices: param.boolean, computeUv: param.boolean },
  alsoShow: () => ({ algorithm: null, subset_by_index: null }),
  abstract: ([x], { fullMatrices, computeUv }) => {
    const lead = leadingOf("svd", [[x, 2]]);
    const [m, n] = x.shape.slice(-2) as [number, number];
    const least = Math.min(m, n);
    const s: Aval = avalOf([...lead, least], realType(x.dtype), x.weak);
    if (!computeUv) return s;
    const [k, l] = fullMatrices ? [m, n] : [least, least];
    return [s, { ...x, shape: [...lead, m, k] }, { ...x, shape: [...lead, l, n] }];
  },
  jvp,
  batch: batchInFront(() => svd),
  samples: [
    ...[
      [2, 3],
      [3, 2],
      [2, 2, 2],
    ].map((shape) => ({
      operands: [{ shape, values: [1, 2, -0.5, 3, 1.5, 0.75, -2, 0.5] }],
      params: { fullMatrices: false, computeUv: true },
    })),
    {
      operands: [{ shape: [2, 2], values: [1, 2, -0.5, 3] }],
      params: { fullMatrices: true, computeUv: true },
    },
    {
      operands: [{ shape: [2, 3], values: [1, 2, -0.5, 3, 1.5, 0.75] }],
      params: { fullMatrices: true, computeUv: false },
    },
  ],
});
