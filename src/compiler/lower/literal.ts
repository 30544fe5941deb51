import { type DType, dtypeInfo, kindOf, type TypedArray } from "../../core/dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "../../core/float16.ts";
import { type Element, representation } from "../kernel/element.ts";
import { constant } from "../kernel/expression.ts";

/** Element `i` of data that is known now. */
export function literalElement(data: TypedArray, dtype: DType, i: number): Element {
  if (dtype === "float16") return [constant("f32", decodeFloat16(Number(data[i])))];
  if (dtype === "bfloat16") return [constant("f32", decodeBfloat16(Number(data[i])))];
  const { lanes } = dtypeInfo[dtype];
  const { type } = representation[dtype];
  return Array.from({ length: lanes }, (_, lane) => {
    const value = data[i * lanes + lane]!;
    return constant(type, kindOf(dtype) === "bool" ? Number(value !== 0) : value);
  });
}
