import {
  allocate,
  type DType,
  dtypeInfo,
  isBigint,
  isFloat,
  kindOf,
  type TypedArray,
} from "../../core/dtype.ts";
import { allocateNumbers, fromNumbers, type Numbers, toNumbers } from "./elementwise.ts";

type Convert = (storage: TypedArray) => TypedArray;

/** The nearest integer of a dtype of at most 32 bits to a float that was cut; 0 for NaN. */
function saturate(dtype: DType): (x: number) => number {
  const { kind, bits } = dtypeInfo[dtype];
  const [low, high] = kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return (x) => (x !== x ? 0 : Math.min(Math.max(Math.trunc(x), low), high));
}

/** `saturate` at 64 bits. */
function saturate64(dtype: DType): (x: number) => bigint {
  const [low, high] = dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return (x) => {
    if (x !== x) return 0n;
    if (x <= Number(low)) return low;
    return x >= Number(high) ? high : BigInt(Math.trunc(x));
  };
}

/** What rounds to float32 as `x` does, but is a double: beyond 52 bits a bit says whether there are others. */
function sticky(x: bigint): bigint {
  if (BigInt.asIntN(54, x) === x) return x;
  const rest = BigInt.asUintN(12, x);
  return rest === 0n ? x : x - rest + 2048n;
}

function fromBigints(to: DType): Convert {
  if (isBigint(to)) {
    return (storage) => {
      const out = allocate(to, storage.length) as BigInt64Array;
      out.set(storage as BigInt64Array);
      return out;
    };
  }
  // Integers wrap: their low 32 bits decide.
  const low = kindOf(to) === "int" || kindOf(to) === "uint";
  const convert = (x: bigint) =>
    to === "bool"
      ? Number(x !== 0n)
      : low
        ? Number(BigInt.asIntN(32, x))
        : Number(to === "float32" ? sticky(x) : x);
  return (storage) => {
    const out = allocateNumbers(to, storage.length);
    for (let i = 0; i < out.length; i++) out[i] = convert((storage as BigInt64Array)[i]!);
    return fromNumbers(out, to);
  };
}

function toBigints(from: DType, to: DType): Convert {
  const convert = isFloat(from) ? saturate64(to) : BigInt;
  return (storage) => {
    const numbers = toNumbers(storage, from);
    const out = allocate(to, numbers.length) as BigInt64Array;
    for (let i = 0; i < out.length; i++) out[i] = convert(numbers[i]!);
    return out;
  };
}

/** Every second slot of an array of pairs. */
export const slots = (storage: TypedArray, first: 0 | 1): Float32Array => {
  const out = new Float32Array(storage.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = (storage as Float32Array)[2 * i + first]!;
  return out;
};

/** Pairs of a real and an imaginary part; one that is a single element serves all. */
export function interleave(re: Numbers, im: Numbers, size: number): Float32Array {
  const out = new Float32Array(2 * size);
  const [s, t] = [re.length === 1 ? 0 : 1, im.length === 1 ? 0 : 1];
  for (let i = 0; i < size; i++) {
    out[2 * i] = re[i * s]!;
    out[2 * i + 1] = im[i * t]!;
  }
  return out;
}

/**
 * Conversion of arrays between dtypes, as XLA's on CPU: floats are rounded to nearest even, or cut towards zero and
 * held to the bounds of an integer (NaN is 0); integers wrap; anything but 0 is true; imaginary parts are dropped.
 */
export function converter(from: DType, to: DType): Convert {
  if (from === to) return (storage) => storage;
  if (kindOf(from) === "complex") {
    const convert = converter("float32", to);
    return (storage) => convert(slots(storage, 0));
  }
  if (kindOf(to) === "complex") {
    const convert = converter(from, "float32");
    const zero = new Float32Array(1);
    return (storage) => interleave(convert(storage) as Numbers, zero, storage.length);
  }
  if (isBigint(from)) return fromBigints(to);
  if (isBigint(to)) return toBigints(from, to);
  const { kind } = dtypeInfo[to];
  const cut = isFloat(from) && (kind === "int" || kind === "uint") ? saturate(to) : undefined;
  return (storage) => {
    const numbers = toNumbers(storage, from);
    const out = allocateNumbers(to, numbers.length);
    if (kind === "bool") for (let i = 0; i < out.length; i++) out[i] = numbers[i] === 0 ? 0 : 1;
    else if (cut) for (let i = 0; i < out.length; i++) out[i] = cut(numbers[i]!);
    else out.set(numbers);
    return fromNumbers(out, to);
  };
}
