import type { DType } from "../core/dtype.ts";
import { isComplex } from "../core/dtype.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../core/value.ts";
import { unbroadcast } from "./algebra.ts";
import { neg } from "./arithmetic.ts";
import { type Binary, defineBinary, defineUnary, type Unary } from "./elementwise.ts";
import { checkDType, elementwiseOperands } from "./operand.ts";

// Cotangents follow JAX: that of f at z = x + iy is ∂f/∂x − i ∂f/∂y, the transpose of multiplication without conjugate.

/** `x + iy`, elementwise. Shapes and errors as `add`. Dtype: both float32, the result complex64. @see `jax.lax.complex` */
export const complex: Binary<"complex"> = defineBinary("complex", "float32", {
  result: () => "complex64",
  jvp: "linear",
  transpose: [(ct, [x]) => unbroadcast(real(ct), x.aval), (ct, [, y]) => unbroadcast(imag(neg(ct)), y.aval)],
});

/** Real part, float32, of a complex number. @see `jax.lax.real` */
export const real: Unary<"real"> = defineUnary("real", "complex", {
  result: () => "float32",
  jvp: "linear",
  transpose: [(ct) => complex(ct, 0)],
});

/** Imaginary part, float32, of a complex number. @see `jax.lax.imag` */
export const imag: Unary<"imag"> = defineUnary("imag", "complex", {
  result: () => "float32",
  jvp: "linear",
  transpose: [(ct) => complex(0, neg(ct))],
});

export interface ConjParams {
  readonly inputDtype: DType;
}

/** Complex conjugate; of a float32, it as a complex number. @see `jax.lax.conj` */
export const conj: Op<(x: Operand) => ArrayValue, "conj", [x: ArrayValue], ConjParams> = definePrimitive(
  "conj",
  {
    call: (x) => {
      const [operand] = elementwiseOperands([x], "float32OrComplex", "conj");
      return conj.bind([operand!], { inputDtype: operand!.dtype })[0]!;
    },
    arity: 1,
    params: { inputDtype: param.dtype },
    abstract: ([x]) => {
      checkDType(x.dtype, "float32OrComplex", "conj", 0);
      return avalOf(x.shape, "complex64", x.weak);
    },
    batch: "elementwise",
    jvp: "linear",
    transpose: [(ct, _operands, { inputDtype }) => (isComplex(inputDtype) ? conj(ct) : real(ct))],
    samples: [
      { operands: [{ shape: [2, 3], dtype: "complex64" }], params: { inputDtype: "complex64" } },
      { operands: [{ shape: [3] }], params: { inputDtype: "float32" } },
    ],
  },
);
