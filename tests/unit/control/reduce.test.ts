import { type ArrayValue, grad, jit, jvp, lax, makeJaxpr, numpy as np, vmap } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

type Pair = readonly [ArrayValue, ArrayValue];
/** Composition of `x ↦ a·x + b`: associative, not commutative. */
const compose = ([a, b]: Pair, [c, d]: Pair): Pair => [np.multiply(a, c), np.add(np.multiply(b, c), d)];
const hypot = (a: ArrayValue, b: ArrayValue): ArrayValue => np.hypot(a, b);

test("combines in order, for any number of elements", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1), (n, axis) => {
      const a = np.reshape(np.add(0.5, np.divide(np.arange(2 * n), 10)), axis === 0 ? [n, 2] : [2, n]);
      const [as, bs] = lax.reduce([a, np.sin(a)] as Pair, [1, 0], compose, [axis]);
      let total: Pair = [np.ones([2]), np.zeros([2])];
      for (let i = 0; i < n; i++) {
        const x = np.take(a, i, { axis });
        total = compose(total, [x, np.sin(x)]);
      }
      expectValues(as, total[0].toList() as number[]);
      expectValues(bs, total[1].toList() as number[]);
    }),
    { numRuns: 40 },
  );
});

test("is written as JAX writes it, and an operation that has a reduction of its own is that", () => {
  const x = np.ones([2, 3]);
  expect(String(makeJaxpr((x: ArrayValue) => lax.reduce(x, 1, lax.div, [1]))(x))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[2,3]. let
        b:f32[2] = reduce[
          dimensions=(1,)
          jaxpr={ lambda ; c:f32[] d:f32[]. let e:f32[] = div c d in (e,) }
        ] a 1.0:f32[]
      in (b,) }"
  `);
  const sum = makeJaxpr((x: ArrayValue) => lax.reduce(x, 0, lax.add, [1]));
  expect(String(sum(x))).toMatch(/reduce_sum\[axes=\(1,\)/);
  // 1 is no identity of addition.
  expect(String(makeJaxpr((x: ArrayValue) => lax.reduce(x, 1, lax.add, [1]))(x))).not.toMatch(/reduce_sum/);
});

test("what the function captured takes part in vmap and in derivatives", () => {
  const x = np.array([3, 1, 2]);
  const scaled = (s: ArrayValue): ArrayValue =>
    lax.reduce(x, 0, (a: ArrayValue, b: ArrayValue) => np.add(np.add(a, b), s), [0]);
  expectValues(vmap(scaled)(np.array([0, 2])), [6, 12]);
  expectValues(jit(grad(scaled))(np.array(1)), 3);
});

test("its derivative may be taken twice, and with respect to the initial value", () => {
  const norm = (x: ArrayValue): ArrayValue => lax.reduce(x, 0, hypot, [0]);
  expectValues(grad(norm)(np.array([3, 4])), [0.6, 0.8]);
  expectValues(grad((x: ArrayValue) => np.sum(grad(norm)(x)))(np.array([3, 4])), [0.032, -0.024]);
  const from = (init: ArrayValue): ArrayValue => lax.reduce(np.array([3, 4]), init, hypot, [0]);
  expectValues(jvp(from, [np.array(12)], [np.array(1)])[1], 12 / 13);
});

test("an initial value that is a number, or weak, is of the operand's dtype", () => {
  const x = np.array([1, 2, 3], "float16");
  expect(lax.reduce(x, 0.5, hypot, [0]).dtype).toBe("float16");
  expect(() => lax.reduce(x, np.array(0), hypot, [0])).toThrow(
    /initValues is of dtype float32, its operand of float16/,
  );
  expect(() => lax.reduce(np.arange(3), 0.5, hypot, [0])).toThrow(/convert one with astype/);
});

test("refuses trees that differ, initial values with axes, effects, and functions that change their elements", () => {
  const x = np.ones([3]);
  expect(() => lax.reduce([x, x], [0] as never, compose as never, [0])).toThrow(/one structure/);
  expect(() => lax.reduce([x, np.ones([2])] as Pair, [0, 0], compose, [0])).toThrow(/must have one shape/);
  expect(() => lax.reduce(x, np.ones([1]), hypot, [0])).toThrow(/must be a scalar, got shape \(1,\)/);
  expect(() => lax.reduce([] as never, [] as never, hypot as never, [0])).toThrow(/has no array/);
  expect(() => lax.reduce(x, 0, hypot, [1])).toThrow(/must be in \[0, 1\)/);
  expect(() => lax.reduce(x, 0, 3 as never, [0])).toThrow(/computation must be a function/);
  expect(() => lax.reduce(x, 0, (a: ArrayValue) => np.expandDims(a, 0), [0])).toThrow(/one shape and dtype/);
  expect(() => lax.reduce(x, 0, (a: ArrayValue) => np.astype(a, "int32"), [0])).toThrow(
    /one shape and dtype/,
  );
});
