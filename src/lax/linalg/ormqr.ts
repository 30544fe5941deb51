import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type Derived, type Op } from "../../core/primitive.ts";
import { showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { zeros } from "../algebra.ts";
import { notDifferentiable } from "../elementwise.ts";
import { sameDTypes } from "../operand.ts";
import { pad } from "../pad-slice.ts";
import { sliceInDim } from "../slice-in-dim.ts";
import { householderProduct } from "./householder.ts";
import { adjoint, batchInFront, leadingOf, product } from "./matrices.ts";

export interface OrmqrParams {
  /** `Q·C`, else `C·Q`. */
  readonly left: boolean;
  /** `Qᴴ` in place of `Q`. */
  readonly transpose: boolean;
}

type Three = [a: ArrayValue, taus: ArrayValue, c: ArrayValue];

/**
 * The product of a matrix `C` with the unitary `Q` whose reflections `geqrf` gave, on the left or the right, or with `Qᴴ`.
 *
 * Shape: `[…s, m, n], […s, k], […s, m, l] → […s, m, l]`, or `[…s, l, m]` on the right. Dtype: inexact, that of all. No derivative.
 * @throws DTypeError when the dtypes differ or are not inexact; ShapeError when shapes do not fit.
 * @see `jax.lax.linalg.ormqr`; LAPACK `ormqr`, `unmqr`
 */
export const ormqr: Op<
  (
    a: Operand,
    taus: Operand,
    c: Operand,
    ...rest: Optionals<[], { readonly [K in keyof OrmqrParams]?: boolean | undefined }>
  ) => ArrayValue,
  "ormqr",
  Three,
  OrmqrParams
> &
  Derived = definePrimitive("ormqr", {
  call: (a, taus, c, ...rest) => {
    const options = readOptions<Partial<OrmqrParams>>("ormqr", ["left", "transpose"], rest);
    const { left = true, transpose = false } = options;
    // Three operands are three.
    return ormqr.bind(sameDTypes([a, taus, c], "ormqr") as Three, { left, transpose })[0]!;
  },
  arity: 3,
  params: { left: param.boolean, transpose: param.boolean },
  abstract: ([a, taus, c], { left }) => {
    leadingOf("ormqr", [
      [a, 2],
      [taus, 1],
      [c, 2],
    ]);
    const [m, n] = a.shape.slice(-2) as [number, number];
    if (taus.shape.at(-1)! > Math.min(m, n) || c.shape.at(left ? -2 : -1) !== m)
      throw new ShapeError(
        "lax/shape",
        `ormqr: reflections of shape ${showShape(a.shape)} with ${taus.shape.at(-1)} factors make a matrix of ${m} rows, which does not fit c ${showShape(c.shape)} on the ${left ? "left" : "right"}`,
      );
    return avalOf(c.shape, c.dtype, a.weak && taus.weak && c.weak);
  },
  jvp: (["a", "taus", "c"] as const).map((name) => notDifferentiable("ormqr", name)),
  batch: batchInFront(() => ormqr),
  expand: ([a, taus, c], { left, transpose }) => {
    const [m, k] = [a.shape.at(-2)!, taus.shape.at(-1)!];
    const used = sliceInDim(a, 0, k, { axis: -1 });
    const square = pad(used, zeros({ ...a.aval, shape: [] }), a.shape.map((_, i) => [0, i === a.ndim - 1 ? m - k : 0, 0])); // prettier-ignore
    const whole = householderProduct(square, taus);
    const q = transpose ? adjoint(whole) : whole;
    return [left ? product(q, c) : product(c, q)];
  },
  samples: [
    {
      operands: [{ shape: [3, 2] }, { shape: [2] }, { shape: [3, 2] }],
      params: { left: true, transpose: false },
    },
    {
      operands: [{ shape: [2, 3, 3] }, { shape: [2, 1] }, { shape: [2, 2, 3] }],
      params: { left: false, transpose: true },
    },
  ],
});
