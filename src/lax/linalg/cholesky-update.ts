import { ShapeError } from "../../core/errors.ts";
import { definePrimitive, type NoParams, type Op } from "../../core/primitive.ts";
import { showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { notDifferentiable } from "../elementwise.ts";
import { checkDType, sameDTypes } from "../operand.ts";
import { batchInFront, checkMatrices, leadingOf } from "./matrices.ts";

/**
 * Of the upper triangular `R` of `A = Rᵀ·R`, that of `A + w·wᵀ`, by as many rotations as it has rows.
 *
 * Shape: `[…s, n, n], […s, n] → […s, n, n]`. Dtype: floats, that of both. No derivative.
 * @throws DTypeError when the dtypes differ or are no floats; ShapeError when shapes do not fit.
 * @see `jax.lax.linalg.cholesky_update`
 */
export const choleskyUpdate: Op<
  (r: Operand, w: Operand) => ArrayValue,
  "cholesky_update",
  [r: ArrayValue, w: ArrayValue],
  NoParams
> = definePrimitive("cholesky_update", {
  call: (r, w) =>
    // Two operands are two.
    choleskyUpdate.bind(sameDTypes([r, w], "cholesky_update") as [ArrayValue, ArrayValue], {})[0]!,
  arity: 2,
  abstract: ([r, w]) => {
    checkDType(r.dtype, "float", "cholesky_update", 0);
    leadingOf("cholesky_update", [
      [r, 2],
      [w, 1],
    ]);
    checkMatrices("cholesky_update", r);
    if (w.shape.at(-1) !== r.shape.at(-1))
      throw new ShapeError(
        "lax/shape",
        `cholesky_update: for r of shape ${showShape(r.shape)} w has as many numbers as it has rows, got ${showShape(w.shape)}`,
      );
    return avalOf(r.shape, r.dtype, r.weak && w.weak);
  },
  jvp: [notDifferentiable("cholesky_update", "r"), notDifferentiable("cholesky_update", "w")],
  batch: batchInFront(() => choleskyUpdate),
  samples: [
    { operands: [{ shape: [2, 2], values: [2, 1, 0, 3] }, { shape: [2] }], params: {} },
    { operands: [{ shape: [2, 3, 3] }, { shape: [2, 3] }], params: {} },
  ],
});
