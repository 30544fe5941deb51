import fc from "fast-check";
import { expect } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { HostBuffer } from "../../../../src/core/backend.ts";
import { allocate, type DType, dtypeInfo, isFloat, type TypedArray } from "../../../../src/core/dtype.ts";
import { DTypeError } from "../../../../src/core/errors.ts";
import { decodeBfloat16, decodeFloat16 } from "../../../../src/core/float16.ts";
import type { AnyPrimitive } from "../../../../src/core/primitive.ts";
import { store } from "../../../../src/core/scalar.ts";
import { type Shape, sizeOf } from "../../../../src/core/shape.ts";
import { type Aval, avalOf, NDArray, showAval } from "../../../../src/core/value.ts";
import { rows } from "../../../../src/compiler/lower/index.ts";
import { representation } from "../../../../src/compiler/kernel/element.ts";
import type { Memory } from "../../../../src/compiler/kernel/expression.ts";
import type { Reader } from "../../../../src/compiler/kernel/reader.ts";
import {
  type Computation,
  elements,
  type PrimitiveName,
  type Row,
} from "../../../../src/compiler/lower/row.ts";
import { interpretComputation } from "../kernel/interpret.ts";
import { executed } from "../kernel/machine.ts";

// Rows are run by the interpreter of expressions, and the reference backend is the referee.

/** Whether a row's number will do where the reference has `wanted`. */
export type Same = (got: number | bigint, wanted: number | bigint, out: Aval) => boolean;

/** The elements as numbers, parts of complex numbers and of keys one by one. */
function numbers(data: TypedArray, dtype: DType): (number | bigint)[] {
  if (dtype === "float16") return Array.from(data as Uint16Array, decodeFloat16);
  if (dtype === "bfloat16") return Array.from(data as Uint16Array, decodeBfloat16);
  return [...data];
}

/** Where the element of a dtype, as expressions have it, is kept whole. */
const whole: Partial<Record<DType, DType>> = {
  int8: "int32",
  int16: "int32",
  uint8: "int32",
  uint16: "int32",
  float16: "float32",
  bfloat16: "float32",
};

/** What a computation makes of data: statements are machine code, all else is interpreted. */
function run(
  computation: Computation,
  avals: readonly Aval[],
  operands: readonly TypedArray[],
  outs: readonly Aval[],
): TypedArray[] {
  if (computation.kind !== "procedure") return interpretComputation(computation, avals, operands, outs);
  const { arrays, prepare, scratch, statements, finish } = computation;
  const given = interpretComputation(elements("map", prepare), avals, operands, arrays);
  const named = (aval: Aval, i: number): Memory => ({
    name: `memory${i}`,
    storage: representation[aval.dtype].storage,
  });
  const [memories, beside] = [arrays.map(named), scratch.map(named)];
  const data = new Map([
    ...memories.map((memory, i) => [memory, given[i]!] as const),
    ...beside.map((memory, i) => [memory, allocate(scratch[i]!.dtype, sizeOf(scratch[i]!.shape))] as const),
  ]);
  const left = executed(statements(memories, beside).routine, data);
  const read = (readers: readonly Reader[]) =>
    finish(readers.slice(0, avals.length), readers.slice(avals.length));
  return interpretComputation(
    elements("map", read),
    [...avals, ...arrays],
    [...operands, ...memories.map((memory) => left.get(memory)!)],
    outs,
  );
}

/** What the row of a primitive makes of arrays, as numbers: those that are stored, or those that others are computed from. */
function lowered(
  primitive: AnyPrimitive,
  params: object,
  operands: readonly NDArray[],
  outs: readonly Aval[],
): (number | bigint)[][][] {
  const row = rows[primitive.primitive as PrimitiveName] as Row<object> | undefined;
  if (row === undefined) throw new Error(`there is no row for ${primitive.primitive}`);
  const avals = operands.map((x) => x.aval);
  const computation = row(params, avals, outs);
  const results = (kept: readonly Aval[]) =>
    run(computation, avals, operands.map((x) => x.storage), kept) // prettier-ignore
      .map((data, k) => numbers(data, kept[k]!.dtype));
  // A store wraps and rounds, which must not hide that the element does not.
  const wide = outs.map((out) => ({ ...out, dtype: whole[out.dtype] ?? out.dtype }));
  const narrow = outs.some((out) => out.dtype in whole) && computation.kind === "elements";
  return narrow ? [results(outs), results(wide)] : [results(outs)];
}

/** Runs the row of a primitive, and expects what the reference backend has: bit for bit, NaN being NaN, or as `same` says. */
export function expectAsReference(
  primitive: AnyPrimitive,
  params: object,
  operands: readonly NDArray[],
  same: Same = Object.is,
): void {
  const avals = operands.map((x) => x.aval);
  const outs = primitive.rules.abstract(avals, params);
  const what = `${primitive.primitive}(${avals.map(showAval).join(", ")}) ${JSON.stringify(params)}`;
  const shown = operands.map((x) => {
    const list = numbers(x.storage, x.dtype);
    return list.length <= 8 ? list.join(" ") : `… of ${list.length}`;
  });
  const expected = reference
    .apply(primitive, operands, params, outs)
    .map((buffer, k) => numbers(buffer.read(), outs[k]!.dtype));
  for (const results of lowered(primitive, params, operands, outs))
    expected.forEach((wanted, k) => {
      const [out, got] = [outs[k]!, results[k]!];
      expect(got.length, what).toBe(wanted.length);
      const wrong = wanted.findIndex((x, i) => !same(got[i]!, x, out));
      if (wrong >= 0)
        expect.fail(
          `${what}, output ${k} ${showAval(out)}: slot ${wrong} is ${got[wrong]}, not ${wanted[wrong]}; of ${shown.join("; ")}`,
        );
    });
}

/** Whether the primitive takes these operands. */
export function accepted(primitive: AnyPrimitive, params: object, avals: readonly Aval[]): boolean {
  try {
    primitive.rules.abstract(avals, params);
    return true;
  } catch (error) {
    if (error instanceof DTypeError) return false;
    throw error;
  }
}

export const arrayOf = (shape: Shape, dtype: DType, storage: TypedArray): NDArray =>
  new NDArray(avalOf(shape, dtype), new HostBuffer(storage));

const integers = [0, 1, 2, 3, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 90, 100, 1000, 0x5a5a5a5a].flatMap((x) => [
  BigInt(x),
  -BigInt(x),
]);

function limits(dtype: DType): number[] {
  const [exponent, fraction] = (
    { float16: [5, 10], bfloat16: [8, 7], float64: [11, 52] } as Partial<Record<DType, [number, number]>>
  )[dtype] ?? [8, 23];
  const bias = 2 ** (exponent - 1) - 1;
  const largest = (2 - 2 ** -fraction) * 2 ** bias;
  const smallest = 2 ** (1 - bias);
  return [largest, largest / 2, smallest, smallest * (1 - 2 ** -fraction), smallest * 2 ** -fraction, smallest * 3 * 2 ** -fraction, smallest * (1 + 2 ** -fraction), 1 + 2 ** -fraction, 2 ** fraction + 1]; // prettier-ignore
}

/** Numbers of a dtype at which things go wrong. */
function specialNumbers(dtype: DType): (number | bigint | boolean)[] {
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "bool") return [false, true];
  if (kind === "int" || kind === "uint") {
    const ends = [0n, 1n, 2n].map((x) => (1n << BigInt(bits - 1)) - x);
    return [...integers, ...ends, ...ends.map((x) => -x)].filter((x) => kind === "int" || x >= 0n);
  }
  const positive = [0, 1, 2, 3, 0.25, 0.5, 0.75, 1.5, 2.5, 3.5, 1 / 3, 7, 10, 127.5, 255, 256, 300, 32768, 65504, 65520, 1e5, 2 ** 31, 2 ** 32, 3e9, 1e10, 2 ** 63, 2 ** 64, 1e25, 1e-5, Infinity]; // prettier-ignore
  return [...positive, ...limits(dtype)].flatMap((x) => [x, -x]).concat(NaN);
}

/** Each of the values of a dtype at which things go wrong. */
export function special(dtype: DType): NDArray {
  const { lanes } = dtypeInfo[dtype];
  if (lanes === 2) {
    const parts = dtype === "complex64" ? [0, -0, 1, -2.5, 3e38, 1e-40, Infinity, -Infinity, NaN] : [0, 1, 0x12345678, 0xffffffff]; // prettier-ignore
    const storage = allocate(dtype, parts.length ** 2);
    parts.flatMap((x) => parts.flatMap((y) => [x, y])).forEach((x, i) => (storage[i] = x));
    return arrayOf([parts.length ** 2], dtype, storage);
  }
  const values = specialNumbers(dtype);
  const storage = allocate(dtype, values.length);
  values.forEach((value, i) => store(storage, dtype, i, value));
  return arrayOf([values.length], dtype, storage);
}

/** The elements of an array at these places. */
function taken(x: NDArray, places: readonly number[]): NDArray {
  const { lanes } = dtypeInfo[x.dtype];
  const storage = allocate(x.dtype, places.length);
  places.forEach((place, i) => {
    for (let lane = 0; lane < lanes; lane++) storage[i * lanes + lane] = x.storage[place * lanes + lane]!;
  });
  return arrayOf([places.length], x.dtype, storage);
}

/** Special values of each dtype, so that each of the first operand meets each of the second. */
export function combined(dtypes: readonly DType[]): NDArray[] {
  const [first, second, ...others] = dtypes.map(special);
  if (second === undefined) return [first!];
  // Two are left to broadcasting.
  if (others.length === 0)
    return [arrayOf([first!.size, 1], first!.dtype, first!.storage), arrayOf([1, second.size], second.dtype, second.storage)]; // prettier-ignore
  const places = Array.from({ length: first!.size * second.size }, (_, i) => i);
  return [
    taken(
      first!,
      places.map((i) => Math.floor(i / second.size)),
    ),
    taken(
      second,
      places.map((i) => i % second.size),
    ),
    ...others.map((x, k) => taken(x, places.map((i) => (i * (7 + 4 * k) + Math.floor(i / second.size)) % x.size))), // prettier-ignore
  ];
}

/** NaN of many a payload is one to JavaScript. */
function canonical(dtype: DType, bits: bigint): bigint {
  const parts: Partial<Record<DType, { exponent: bigint; quiet: bigint; magnitude: bigint }>> = {
    float32: { exponent: 0x7f800000n, quiet: 0x7fc00000n, magnitude: 0x7fffffffn },
    float64: { exponent: 0x7ff0n << 48n, quiet: 0x7ff8n << 48n, magnitude: (1n << 63n) - 1n },
  };
  if (dtype === "complex64") {
    const [low, high] = [bits & 0xffffffffn, bits >> 32n].map((part) => canonical("float32", part));
    return low! | (high! << 32n);
  }
  const part = parts[dtype];
  return part && (bits & part.magnitude) > part.exponent ? part.quiet : bits;
}

/** Arrays of a dtype with any bits, near 1 half of the time where it is a float. */
export function arrays(shape: Shape, dtype: DType): fc.Arbitrary<NDArray> {
  const { bits } = dtypeInfo[dtype];
  const any = fc.bigInt({ min: 0n, max: (1n << BigInt(dtype === "bool" ? 1 : bits)) - 1n });
  const exponent: Partial<Record<DType, bigint>> = {
    float16: 0x3800n,
    bfloat16: 0x3e00n,
    float32: 0x3e000000n,
    float64: 0x3fcn << 52n,
  };
  const width: Partial<Record<DType, bigint>> = { float16: 13n, bfloat16: 10n, float32: 26n, float64: 55n };
  const near = any.map((x) => {
    const fraction = width[dtype];
    if (fraction === undefined) return x;
    const sign = x & (1n << BigInt(bits - 1));
    return sign | (exponent[dtype]! + (x & ((1n << fraction) - 1n)));
  });
  const element = isFloat(dtype) ? fc.oneof(any, near) : any;
  const size = sizeOf(shape);
  return fc.array(element, { minLength: size, maxLength: size }).map((elements) => {
    const storage = allocate(dtype, size);
    const bytes = new Uint8Array(storage.buffer);
    elements.forEach((element, i) => {
      const value = canonical(dtype, element);
      for (let byte = 0; byte < bits / 8; byte++)
        bytes[(i * bits) / 8 + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
    });
    return arrayOf(shape, dtype, storage);
  });
}

const real: readonly DType[] = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64"]; // prettier-ignore

/** Every dtype that has data. */
export const dtypes: readonly DType[] = ["bool", ...real, "complex64", "key<fry>"];

/** The dtypes that a primitive takes `arity` operands of. */
export const takenBy = (primitive: AnyPrimitive, arity: number, params: object = {}): DType[] =>
  dtypes.filter((dtype) =>
    accepted(
      primitive,
      params,
      Array.from({ length: arity }, () => avalOf([], dtype)),
    ),
  );

/** An elementwise primitive on operands of one dtype, whatever it accepts: values at which things go wrong, and any values. */
export function expectElementwise(
  primitive: AnyPrimitive,
  params: object,
  arity: number,
  dtype: DType,
  same?: Same,
): void {
  const operands = Array.from({ length: arity }, () => dtype);
  expectAsReference(primitive, params, combined(operands), same);
  const shapes = arity === 1 ? [[8]] : [[8], [8], []];
  fc.assert(
    fc.property(fc.tuple(...operands.map((x, i) => arrays(shapes[i]!, x))), (xs) =>
      expectAsReference(primitive, params, xs, same),
    ),
    { numRuns: 50 },
  );
}
