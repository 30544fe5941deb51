import { isComplex } from "../../core/dtype.ts";
import type { ArrayValue } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { matmul } from "../linear-algebra.ts";
import { matrixTranspose } from "../shape.ts";

export const conjugated = (x: ArrayValue): ArrayValue => (isComplex(x.dtype) ? lax.conj(x) : x);
export const adjoint = (x: ArrayValue): ArrayValue => conjugated(matrixTranspose(x));
/** The product of matrices, as exact as there is. */
export const times = (x: ArrayValue, y: ArrayValue): ArrayValue => matmul(x, y, { precision: "highest" });
