import { type DType, dtypeInfo } from "../../core/dtype.ts";
import type { Affine } from "./affine.ts";
import { type Expr, i32, load, type Loop, type Memory, op, type Storage, type Type } from "./expression.ts";
import { fromBfloat16, fromFloat16, roundedBfloat16, roundedFloat16, toBfloat16, toFloat16 } from "./half.ts";

/** One element of an array: an expression, or two for a complex number and for a key. */
export type Element = readonly Expr[];

interface Representation {
  readonly storage: Storage;
  readonly type: Type;
}
const represented = (storage: Storage, type: Type): Representation => ({ storage, type });

/** How elements of each dtype lie in memory, and what they are in a kernel; of a float0 there is nothing. */
export const representation: Readonly<Record<DType, Representation>> = {
  bool: represented("bool", "bool"),
  int8: represented("i8", "i32"),
  int16: represented("i16", "i32"),
  int32: represented("i32", "i32"),
  int64: represented("i64", "i64"),
  uint8: represented("u8", "i32"),
  uint16: represented("u16", "i32"),
  uint32: represented("i32", "i32"),
  uint64: represented("i64", "i64"),
  float16: represented("u16", "f32"),
  bfloat16: represented("u16", "f32"),
  float32: represented("f32", "f32"),
  float64: represented("f64", "f64"),
  complex64: represented("f32", "f32"),
  "key<fry>": represented("i32", "i32"),
  float0: represented("bool", "bool"),
};

/** The element of an array in `memory`, `position` elements from its start, read anew in each step of the loops `anew`. */
export function readElement(
  memory: Memory,
  dtype: DType,
  position: Affine,
  anew: readonly Loop[] = [],
): Element {
  if (dtypeInfo[dtype].lanes === 2)
    return [load(memory, position.times(2), anew), load(memory, position.times(2).plus(1), anew)];
  const stored = load(memory, position, anew);
  if (dtype === "float16") return [fromFloat16(stored)];
  if (dtype === "bfloat16") return [fromBfloat16(stored)];
  return [stored];
}

/** What is stored for an element: bits of 16-bit floats. */
export function storedElement(element: Element, dtype: DType): readonly Expr[] {
  if (dtype === "float16") return element.map(toFloat16);
  if (dtype === "bfloat16") return element.map(toBfloat16);
  return element;
}

/** The result of arithmetic as an element of a narrow dtype: integers wrap, 16-bit floats are rounded. */
export function narrowed(value: Expr, dtype: DType): Expr {
  switch (dtype) {
    case "int8":
    case "int16": {
      const unused = i32(32 - dtypeInfo[dtype].bits);
      return op("shr_s", op("shl", value, unused), unused);
    }
    case "uint8":
      return op("and", value, i32(0xff));
    case "uint16":
      return op("and", value, i32(0xffff));
    case "float16":
      return roundedFloat16(value);
    case "bfloat16":
      return roundedBfloat16(value);
    default:
      return value;
  }
}
