import { expect } from "vitest";
import { HostBuffer } from "../../src/core/backend.ts";
import { allocate, dtypeInfo, isBigint } from "../../src/core/dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "../../src/core/float16.ts";
import { store } from "../../src/core/scalar.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";
import { type ArrayValue, avalOf, NDArray, showAval } from "../../src/core/value.ts";

/** A concrete array. @throws Error when it is anything else. */
export function concrete(x: ArrayValue): NDArray {
  if (!(x instanceof NDArray))
    throw new Error(`expected a concrete array, got ${x.constructor.name} ${showAval(x.aval)}`);
  return x;
}

/** The elements as numbers; a complex one, or a key, as two. */
export function numbersOf(x: ArrayValue): number[] {
  const { storage, dtype } = concrete(x);
  if (dtype === "float16") return Array.from(storage as Uint16Array, decodeFloat16);
  if (dtype === "bfloat16") return Array.from(storage as Uint16Array, decodeBfloat16);
  return Array.from(storage as ArrayLike<number | bigint>, Number);
}

/** An array of the shape and dtype of `like`, with these numbers. */
export function withNumbers(like: ArrayValue, numbers: readonly number[]): NDArray {
  const { shape, dtype, weak } = like.aval;
  const storage = allocate(dtype, sizeOf(shape));
  if (dtypeInfo[dtype].lanes === 2) numbers.forEach((value, i) => (storage[i] = value));
  else numbers.forEach((value, i) => store(storage, dtype, i, value));
  return new NDArray(avalOf(shape, dtype, weak), new HostBuffer(storage));
}

/** Examples side by side on a new axis. */
export function stacked(examples: readonly NDArray[], axis: number): NDArray {
  const { shape, dtype, weak } = examples[0]!.aval;
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis)) * dtypeInfo[dtype].lanes;
  const storage = allocate(dtype, examples.length * sizeOf(shape));
  examples.forEach(({ storage: part }, b) => {
    for (let o = 0; o < outer; o++) {
      storage.set(part.subarray(o * inner, (o + 1) * inner) as never, (o * examples.length + b) * inner);
    }
  });
  return new NDArray(avalOf(shape.toSpliced(axis, 0, examples.length), dtype, weak), new HostBuffer(storage));
}

/** Shape, dtype and weakness, as text. */
export const showType = ({ aval }: ArrayValue): string => `${showAval(aval)}${aval.weak ? " weak" : ""}`;

/** Equal to the last bit, NaN being NaN. */
export function expectSameBits(actual: ArrayValue, expected: ArrayValue, what: string): void {
  expect(showType(actual), what).toBe(showType(expected));
  const [a, e] = [numbersOf(actual), numbersOf(expected)];
  expect(a.length, what).toBe(e.length);
  const exact = isBigint(actual.dtype)
    ? concrete(actual).storage.every((x, i) => x === concrete(expected).storage[i])
    : true;
  if (!exact || !a.every((x, i) => Object.is(x, e[i])))
    expect.fail(`${what}: got ${a.join(" ")}\nexpected ${e.join(" ")}`);
}

/** Within `tolerance` of each other, absolutely for small numbers and relatively for large ones. */
export function expectNear(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  const near = (a: number, e: number) =>
    Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e));
  const bad = actual.findIndex((a, i) => !near(a, expected[i]!));
  if (bad >= 0)
    expect.fail(
      `${what}: element ${bad} is ${actual[bad]}, expected ${expected[bad]} ± ${tolerance}\ngot ${actual.join(" ")}\nexpected ${expected.join(" ")}`,
    );
}

/** Equal shape and dtype, and near. */
export function expectNearArray(
  actual: ArrayValue,
  expected: ArrayValue,
  tolerance: number,
  what: string,
): void {
  expect(showAval(actual.aval), what).toBe(showAval(expected.aval));
  expectNear(numbersOf(actual), numbersOf(expected), tolerance, what);
}

/** `Re Σ x·y`, without conjugation: the pairing of tangents and cotangents. */
export function pairing(x: ArrayValue, y: ArrayValue): number {
  const [a, b] = [numbersOf(x), numbersOf(y)];
  const lanes = dtypeInfo[x.dtype].lanes;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (lanes === 2 && i % 2 === 1 ? -1 : 1) * a[i]! * b[i]!;
  return sum;
}

/** Axes at which a batch can be: first, middle, last; each once. */
export const places = (shape: Shape): number[] => [...new Set([0, shape.length >> 1, shape.length])];
