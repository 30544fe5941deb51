import { isComplex } from "../../core/dtype.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type Op } from "../../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { add, div, mul, sub } from "../arithmetic.ts";
import { convertElementType } from "../cast.ts";
import { toArray } from "../operand.ts";
import {
  adjoint,
  asColumn,
  asRow,
  batchInFront,
  checkMatrices,
  diagonalOf,
  hermitian,
  identityLike,
  product,
  realPart,
  realType,
  symmetrized,
} from "./matrices.ts";

export interface EighParams {
  /** Which triangle is read. */
  readonly lower: boolean;
  /** Eigenvalues ascend here in any case. */
  readonly sortEigenvalues: boolean;
}
interface EighOptions extends Partial<EighParams> {
  /** `(A + Aᴴ) / 2` is decomposed, whichever triangle is read: the default. */
  readonly symmetrizeInput?: boolean | undefined;
}
const names = ["lower", "symmetrizeInput", "sortEigenvalues"] as const;

/**
 * `A = V·diag(w)·Vᴴ` of Hermitian matrices, as `[V, w]`; the eigenvalues `w` ascend. The signs of the vectors are free. Where
 * elements are not finite, all is NaN.
 *
 * Shape: `[…s, n, n] → […s, n, n], […s, n]`. Dtype: that of `x`; real for `w`. Differentiable where eigenvalues differ.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.eigh`
 */
export const eigh: Op<
  (x: Operand, ...rest: Optionals<[], EighOptions>) => [v: ArrayValue, w: ArrayValue],
  "eigh",
  [x: ArrayValue],
  EighParams
> = definePrimitive("eigh", {
  call: (operand, ...rest) => {
    const options = readOptions<EighOptions>("eigh", names, rest);
    const { lower = true, sortEigenvalues = true, symmetrizeInput = true } = options;
    const x = toArray(operand, "eigh");
    checkMatrices("eigh", x.aval);
    // A primitive gives a list.
    return eigh.bind([symmetrizeInput ? symmetrized(x) : x], { lower, sortEigenvalues }) as [
      ArrayValue,
      ArrayValue,
    ];
  },
  arity: 1,
  params: { lower: param.boolean, sortEigenvalues: param.boolean },
  alsoShow: () => ({ algorithm: null, subset_by_index: null }),
  abstract: ([x]) => {
    checkMatrices("eigh", x);
    return [x, avalOf(x.shape.slice(0, -1), realType(x.dtype), x.weak)];
  },
  // Perturbations of simple eigenvalues, as Giles (2008) has them: with Ẋ = Vᴴ·Ȧ·V, V̇ = V·(F∘Ẋ), Fᵢⱼ = 1 / (wⱼ - wᵢ).
  jvp: ([x], [t], params) => {
    if (!t) return [eigh.bind([x], params), [null, null]];
    const [v, w] = eigh.bind([x], params) as [ArrayValue, ArrayValue];
    const moved = product(adjoint(v), hermitian(t, params.lower), v);
    const values = isComplex(x.dtype) ? convertElementType(w, x.dtype) : w;
    const one = identityLike(x);
    const f = sub(div(1, add(one, sub(asRow(values), asColumn(values)))), one);
    return [
      [v, w],
      [product(v, mul(f, moved)), realPart(diagonalOf(moved))],
    ];
  },
  batch: batchInFront(() => eigh),
  samples: [
    {
      operands: [{ shape: [2, 2], values: [1, 0.5, 0.5, -1] }],
      params: { lower: true, sortEigenvalues: true },
    },
    {
      operands: [
        { shape: [2, 3, 3], values: [2, 1, 0.5, 1, -1, 3, 0.5, 3, 1, 1, 2, 1, 2, 5, 0.5, 1, 0.5, -3] },
      ],
      params: { lower: false, sortEigenvalues: true },
    },
  ],
});
