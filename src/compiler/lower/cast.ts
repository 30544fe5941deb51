import { type DType, dtypeInfo } from "../../core/dtype.ts";
import { type FloatFormat, floatFormats } from "../../core/float-format.ts";
import { Affine } from "../kernel/affine.ts";
import { constant, type Expr, i32, op } from "../kernel/expression.ts";
import type { Index, Reader } from "../kernel/reader.ts";
import { bitsOf, fromBits } from "./bits.ts";
import { converted } from "./convert.ts";
import { elementAt, elements, type Row, type Rows } from "./row.ts";

/** The operands, as they are. */
const same: Row<object> = () => elements("view", (readers) => readers);

/** Bits in as many as an i32 or an i64 has. */
const widened = (bits: Expr, wide: boolean): Expr =>
  wide && bits.type === "i32" ? op("extend_u", bits) : bits;

/** The bits of elements along the last axis, put together. */
const joined =
  (x: Reader, from: DType, to: DType): Reader =>
  (index) => {
    const [part, whole] = [dtypeInfo[from].bits, dtypeInfo[to].bits];
    let bits: Expr | null = null;
    for (let k = 0; k * part < whole; k++) {
      const [element] = x([...index, Affine.of(k)]);
      const own = widened(bitsOf(element!, from), whole === 64);
      const placed = k === 0 ? own : op("shl", own, constant(own.type, k * part));
      bits = bits ? op("or", bits, placed) : placed;
    }
    return [fromBits(bits!, to)];
  };

/** The bits of an element, taken apart along an axis more. */
const split =
  (x: Reader, from: DType, to: DType): Reader =>
  (index: Index) => {
    const [element] = x(index.slice(0, -1));
    const bits = bitsOf(element!, from);
    const amount = op("mul", index.at(-1)!.value(), i32(dtypeInfo[to].bits));
    const shifted = op("shr_u", bits, widened(amount, bits.type === "i64"));
    const part = bits.type === "i64" ? op("wrap", shifted) : shifted;
    const own = dtypeInfo[to].bits === 16 ? op("and", part, i32(0xffff)) : part;
    return [fromBits(own, to)];
  };

const ones = (count: number): bigint => (1n << BigInt(count)) - 1n;

/**
 * A number rounded to nearest even in the format `to`: what is too large is infinite, what is below the normal numbers 0.
 * @see `EmitReducePrecisionIR` in XLA's `elemental_ir_emitter.cc`
 */
function reduced(x: Expr, dtype: DType, to: FloatFormat): Expr {
  const from = floatFormats[dtype]!;
  const bits = bitsOf(x, dtype);
  const number = (value: bigint): Expr => constant(bits.type, value);
  const sign = number(1n << BigInt(from.exponentBits + from.mantissaBits));
  const magnitude = op("and", bits, number(ones(from.exponentBits + from.mantissaBits)));
  const infinity = number(ones(from.exponentBits) << BigInt(from.mantissaBits));
  let result = magnitude;
  const dropped = from.mantissaBits - to.mantissaBits;
  if (dropped > 0) {
    // A carry goes into the exponent; ties are told by the last bit that is kept, even if that is the exponent's.
    const odd = op("and", op("shr_u", magnitude, number(BigInt(dropped))), number(1n));
    const half = op("add", odd, number(ones(dropped - 1)));
    result = op("and", op("add", magnitude, half), number(~ones(dropped)));
  }
  if (to.exponentBits < from.exponentBits) {
    const bias = Number(ones(from.exponentBits - 1));
    const least = bias - Number(ones(to.exponentBits - 1)) + 1;
    const beyond = bias + Number(ones(to.exponentBits - 1)) + 1;
    const power = (exponent: number): Expr => number(BigInt(exponent) << BigInt(from.mantissaBits));
    result = op("select", op("lt_s", result, power(least)), number(0n), result);
    result = op("select", op("lt_s", result, power(beyond)), result, infinity);
  }
  const signed = fromBits(op("or", result, op("and", bits, sign)), dtype);
  return op("select", op("lt_s", magnitude, infinity), signed, x);
}

/** Rows of what changes dtypes, and of what changes nothing. */
export const cast = {
  convert_element_type: ({ newDtype }, [x]) =>
    x!.dtype === newDtype
      ? elements("view", (readers) => readers)
      : elements("map", ([read]) => [(index) => converted(read!(index), x!.dtype, newDtype)]),
  bitcast_convert_type: ({ newDtype }, [x]) => {
    const { dtype } = x!;
    if (dtype === newDtype) return elements("view", (readers) => readers);
    const [from, to] = [dtypeInfo[dtype].bits, dtypeInfo[newDtype].bits];
    const plain =
      (read: Reader): Reader =>
      (index) => [fromBits(bitsOf(read(index)[0]!, dtype), newDtype)];
    return elements("map", ([read]) => [
      from === to ? plain(read!) : (from < to ? joined : split)(read!, dtype, newDtype),
    ]);
  },
  reduce_precision: (to, [x]) =>
    elements("map", ([read]) => [(index) => [reduced(read!(index)[0]!, x!.dtype, to)]]),
  stop_gradient: same,
  optimization_barrier: same,
  copy: same,

  complex: (_params, [x, y]) =>
    elements("map", ([re, im]) => [
      (index) => [elementAt(re!, x!, index)[0]!, elementAt(im!, y!, index)[0]!],
    ]),
  real: () => elements("view", ([read]) => [(index) => [read!(index)[0]!]]),
  imag: () => elements("view", ([read]) => [(index) => [read!(index)[1]!]]),
  conj: (_params, [x]) =>
    elements("map", ([read]) => [
      (index) => {
        const [re, im] = converted(read!(index), x!.dtype, "complex64");
        return [re!, x!.dtype === "complex64" ? op("neg", im!) : im!];
      },
    ]),
} satisfies Partial<Rows>;
