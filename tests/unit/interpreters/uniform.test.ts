import { jit, lax, numpy as np, quaxify, values } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue, NDArray } from "../../../src/core/value.ts";
import { quaxifyValues } from "../../../src/interpreters/quax.ts";
import { isKnownZero, repeated, scalarBehind } from "../../../src/interpreters/uniform.ts";
import { expectSameBits } from "../../laws/compare.ts";
import { drawAll, sampled } from "../../laws/samples.ts";

const inside = <R>(body: () => R): R => quaxifyValues([], body, "a test");

const zeros = (x: ArrayValue) => x.shape.map(() => 0);
const ones = (x: ArrayValue) => x.shape.map(() => 1);

describe("an operation on each element of arrays that repeat a scalar", () => {
  const elementwise = sampled.filter(([, prim]) => prim.rules.elementwise);
  test.each(elementwise)("%s repeats what it makes of the scalars", (name, prim) => {
    for (const { operands, params } of prim.rules.samples.map((sample) => ({
      ...sample,
      operands: drawAll(sample, 1),
    }))) {
      if (operands.some(({ ndim, size, dtype }) => ndim * size === 0 || dtype === "key<fry>")) continue;
      const scalars = operands.map((x) => lax.reshape(lax.slice(x, zeros(x), ones(x)), []));
      const whole = () => scalars.map((x, i) => repeated(x, operands[i]!.shape));
      const outs = inside(() => prim.bind(whole(), params) as NDArray[]);
      const expected = prim.bind(
        operands.map((x, i) => lax.full(x.shape, scalars[i]!, x.dtype)),
        params,
      );
      outs.forEach((out, i) => {
        expectSameBits(out, expected[i]!, name);
        expect(scalarBehind(out)?.ndim).toBe(0);
      });
    }
  });
});

test("zeros are known by how they were made, not by what they hold", () => {
  const known = (make: () => ArrayValue): boolean => inside(() => isKnownZero(make()));
  expect(known(() => np.zeros([2, 3]))).toBe(true);
  expect(known(() => np.zeros(3).astype("float16"))).toBe(true);
  expect(known(() => lax.convertElementType(0, "float32"))).toBe(true);
  expect(known(() => np.multiply(np.zeros(3), 2))).toBe(true);
  expect(known(() => np.negative(np.zeros(3)))).toBe(false); // these are -0
  expect(known(() => np.array([0, 0]))).toBe(false);
  expect(known(() => np.ones(3))).toBe(false);
});

test("a program that was compiled outside of quaxify is another one inside", () => {
  let traces = 0;
  const f = jit((x: ArrayValue) => {
    traces++;
    return np.square(x);
  });
  const x = np.array([1, 2]);
  f(x);
  const area = quaxify(f)(new values.Unitful(x, values.metre));
  expect(String(area)).toBe("[1. 4.] m²");
  expect(traces).toBe(2);
  f(x);
  quaxify(f)(new values.Unitful(x, values.metre));
  expect(traces).toBe(2);
});
