import "../../../src/backends/default.ts";
import "../../../src/interpreters/zero.ts";
import { expect } from "vitest";
import { HostBuffer } from "../../../src/core/backend.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { config } from "../../../src/core/config.ts";
import {
  allocate,
  type DType,
  dtypeInfo,
  dtypes,
  isComplex,
  isFloat,
  isInteger,
  isSigned,
} from "../../../src/core/dtype.ts";
import { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { store } from "../../../src/core/scalar.ts";
import { type Shape, sizeOf } from "../../../src/core/shape.ts";
import { type ArrayValue, type Aval, avalOf, NDArray } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { stage } from "../../../src/interpreters/stage.ts";
import { expectSameBits } from "../../laws/compare.ts";

export const numberDTypes: readonly DType[] = dtypes.filter(
  (dtype) => isInteger(dtype) || isFloat(dtype) || isComplex(dtype),
);

const floats = [0, -0, 1, -1, NaN, Infinity, -Infinity, 0.1, -2.5, 3, 1e-45, 3e38, 65504];

/** Elements of `dtype` among which are all that are special, in an order that depends on `seed`. */
export function special(dtype: DType, shape: Shape, seed = 1, weak = false): NDArray {
  const size = sizeOf(shape);
  const storage = allocate(dtype, size);
  const { bits } = dtypeInfo[dtype];
  const highest = isSigned(dtype) ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  const lowest = isSigned(dtype) ? -highest - 1n : 0n;
  const integers = [0n, 1n, lowest, highest, lowest + 1n, highest - 1n, 2n, 3n, isSigned(dtype) ? -1n : 4n];
  for (let i = 0; i < size; i++) {
    const k = (i * 5 + seed * 7) % 91;
    if (isComplex(dtype)) {
      storage[2 * i] = floats[k % floats.length]!;
      storage[2 * i + 1] = floats[(k * 3 + i) % floats.length]!;
    } else if (isFloat(dtype)) store(storage, dtype, i, floats[k % floats.length]!);
    else if (dtype === "bool") storage[i] = k % 2;
    else
      store(
        storage,
        dtype,
        i,
        dtypeInfo[dtype].bits === 64
          ? integers[k % integers.length]!
          : Number(integers[k % integers.length]!),
      );
  }
  return new NDArray(avalOf(shape, dtype, weak), new HostBuffer(storage));
}

/** The program of a function of arrays like these. */
export const programOf = (
  f: (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[],
  avals: readonly Aval[],
): ClosedJaxpr => stage((xs) => [f(...xs)].flat(), avals, "test");

export const f32 = (...shape: number[]): Aval => avalOf(shape, "float32");

/** Both programs are well formed, and give the same bits and avals for these inputs. */
export function expectSameProgram(
  actual: ClosedJaxpr,
  expected: ClosedJaxpr,
  inputs: readonly NDArray[],
): void {
  checkJaxpr(actual);
  checkJaxpr(expected);
  const [got, wanted] = [actual, expected].map((program) => evaluateJaxpr(program, inputs));
  expect(got!.length).toBe(wanted!.length);
  got!.forEach((out, i) => expectSameBits(out, wanted![i]!, `output ${i} of ${String(actual)}`));
}

/** One operation after another on an array of two elements. Sources are left out, for speed. */
export function chain(length: number, step: (x: ArrayValue, i: number) => ArrayValue): ClosedJaxpr {
  config.sources = false;
  try {
    return programOf(
      (x) => {
        for (let i = 0; i < length; i++) x = step(x, i);
        return x;
      },
      [f32(2)],
    );
  } finally {
    config.sources = true;
  }
}

/** How often `work` looks at the equations of a program: at their fields, and at what their params hold. */
export function readsOf(work: (program: ClosedJaxpr) => unknown, { jaxpr, consts }: ClosedJaxpr): number {
  let reads = 0;
  const counted = <T extends object>(x: T): T =>
    new Proxy(x, {
      get(target, name) {
        reads++;
        return Reflect.get(target, name) as unknown;
      },
    });
  const eqns = jaxpr.eqns.map((eqn) => counted({ ...eqn, params: counted(eqn.params) }));
  work(new ClosedJaxpr({ ...jaxpr, eqns }, consts));
  return reads;
}

/** Of a program that is twice as long, `work` reads twice as much: so it is linear in equations. */
export function expectLinear(
  work: (program: ClosedJaxpr) => unknown,
  programOfLength: (n: number) => ClosedJaxpr,
  n = 1000,
): void {
  const [once, twice] = [n, 2 * n].map((length) => readsOf(work, programOfLength(length)));
  expect(once).toBeGreaterThanOrEqual(n);
  expect(twice).toBeLessThanOrEqual(2 * once! + 100);
}

/** Names of a program's operations, in order. */
export const primitivesOf = ({ jaxpr }: ClosedJaxpr): string[] =>
  jaxpr.eqns.map((eqn) => eqn.primitive.primitive);
