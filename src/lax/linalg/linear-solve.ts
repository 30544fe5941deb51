import { ShapeError } from "../../core/errors.ts";
import { definePrimitive, type Derived, Linear, type NoParams, type Op } from "../../core/primitive.ts";
import { noTranspose } from "../../core/rules.ts";
import { showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf } from "../../core/value.ts";
import { materialiseBatch } from "../algebra.ts";
import { neg, sub } from "../arithmetic.ts";
import { lu, luSolve } from "./lu.ts";
import { besideOneAnother, checkMatrices, leadingOf, product, transposed } from "./matrices.ts";

/**
 * The solution `x` of `a·x = b`. Classes of structured matrices have rules for it; a plain matrix is solved by `lu`. What
 * `np.linalg.solve` binds.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`. Dtype: inexact, that of both.
 */
export const linearSolve: Op<unknown, "linear_solve", [a: ArrayValue, b: ArrayValue], NoParams> & Derived =
  definePrimitive("linear_solve", {
    arity: 2,
    abstract: ([a, b]) => {
      leadingOf("linear_solve", [
        [a, 2],
        [b, 2],
      ]);
      checkMatrices("linear_solve", a);
      if (a.shape.at(-1) !== b.shape.at(-2))
        throw new ShapeError(
          "lax/shape",
          `linear_solve: for a of shape ${showShape(a.shape)} b has as many rows, got ${showShape(b.shape)}`,
        );
      return avalOf(b.shape, b.dtype, a.weak && b.weak);
    },
    jvp: ([a, b], [ta, tb]) => {
      // a·x = b, so a·ẋ = ḃ - ȧ·x.
      const [x] = linearSolve.bind([a, b], {}) as [ArrayValue];
      const moved = ta && product(ta, x);
      const rhs = moved ? (tb ? sub(tb, moved) : neg(moved)) : (tb ?? null);
      return [[x], [rhs && linearSolve.bind([a, rhs], {})[0]!]];
    },
    transpose: ([ct], [a]) => {
      if (!ct) return [null, null];
      if (a instanceof Linear) noTranspose(linearSolve);
      return [null, ...linearSolve.bind([transposed(a!), ct], {})];
    },
    batch: ([a, b], [aDim = null, bDim = null], size) => {
      if (aDim === null) return besideOneAnother(b, bDim!, 1, (y) => linearSolve.bind([a, y], {})[0]!);
      return [linearSolve.bind([materialiseBatch(a, aDim, size), materialiseBatch(b, bDim, size)], {}), [0]];
    },
    expand: ([a, b]) => [luSolve(lu(a), b)],
    samples: [
      // Away from singular ones, whatever is drawn.
      { operands: [{ shape: [1, 1], between: [1, 2] }, { shape: [1, 3] }], params: {} },
      { operands: [{ shape: [2, 2], values: [0, 2, -3, 1] }, { shape: [2, 1] }], params: {} },
      {
        operands: [{ shape: [2, 2, 2], values: [0.5, 2, -3, 1, 2, 1, 1, -2] }, { shape: [2, 2, 2] }],
        params: {},
      },
    ],
  });
