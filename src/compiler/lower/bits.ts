import { type DType, dtypeInfo, isSigned } from "../../core/dtype.ts";
import { narrowed } from "../kernel/element.ts";
import { type Expr, op } from "../kernel/expression.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../kernel/half.ts";

/** An integer, with zeros above its bits. */
export const zeroExtended = (x: Expr, dtype: DType): Expr =>
  isSigned(dtype) ? narrowed(x, `u${dtype}` as DType) : x;

/** An integer, with copies of its top bit above its bits. */
export const signExtended = (x: Expr, dtype: DType): Expr =>
  isSigned(dtype) ? x : narrowed(x, dtype.slice(1) as DType);

/** The bits of a number, an i64 if they are 64 and else an i32, with zeros above them. */
export function bitsOf(x: Expr, dtype: DType): Expr {
  if (dtype === "float16") return toFloat16(x);
  if (dtype === "bfloat16") return toBfloat16(x);
  return dtypeInfo[dtype].kind === "float" ? op("reinterpret", x) : zeroExtended(x, dtype);
}

/** The number with these bits; above those of an integer anything may be. */
export function fromBits(bits: Expr, dtype: DType): Expr {
  if (dtype === "float16") return fromFloat16(bits);
  if (dtype === "bfloat16") return fromBfloat16(bits);
  return dtypeInfo[dtype].kind === "float" ? op("reinterpret", bits) : narrowed(bits, dtype);
}
