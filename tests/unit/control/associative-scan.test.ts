import { type ArrayValue, grad, lax, numpy as np } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

type Pair = readonly [ArrayValue, ArrayValue];
/** Composition of `x ↦ a·x + b`: associative, not commutative. */
const compose = ([a, b]: Pair, [c, d]: Pair): Pair => [np.multiply(a, c), np.add(np.multiply(b, c), d)];

test("is the prefix scan of an associative function, for any length, axis and direction", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.boolean(), fc.constantFrom(0, 1), (n, reverse, axis) => {
      const a = np.reshape(np.add(0.5, np.divide(np.arange(2 * n), 10)), axis === 0 ? [n, 2] : [2, n]);
      const [as, bs] = lax.associativeScan(compose, [a, np.sin(a)] as Pair, { reverse, axis });
      const at = (x: ArrayValue, i: number) => np.take(x, i, { axis });
      let total: Pair | undefined;
      for (let k = 0; k < n; k++) {
        const i = reverse ? n - 1 - k : k;
        const next: Pair = [at(a, i), np.sin(at(a, i))];
        total = total ? compose(total, next) : next;
        expectValues(at(as, i), total[0].toList() as number[]);
        expectValues(at(bs, i), total[1].toList() as number[]);
      }
    }),
    { numRuns: 40 },
  );
});

test("its derivative is that of the sums", () => {
  const f = (x: ArrayValue) =>
    np.sum(np.square(lax.associativeScan(np.add as (a: ArrayValue, b: ArrayValue) => ArrayValue, x)));
  const x = np.array([1, 2, 3]);
  expectValues(grad(f)(x), np.array([20, 18, 12]).toList() as number[]);
});

test("refuses elements of different sizes, none at all, and a function that changes them", () => {
  const sum = np.add as (a: ArrayValue, b: ArrayValue) => ArrayValue;
  expect(() => lax.associativeScan(compose, [np.ones([2]), np.ones([3])] as Pair)).toThrow(
    /one size along axis 0, but elems\[0\] is f32\[2\], elems\[1\] is f32\[3\]/,
  );
  expect(() => lax.associativeScan(sum, null as never)).toThrow(/has no array/);
  expect(() => lax.associativeScan(sum, np.ones([3]), { axis: 2 })).toThrow(/axis/);
  expect(() => lax.associativeScan((a: ArrayValue) => np.concatenate([a, a]), np.ones([3]))).toThrow(
    /one shape and dtype/,
  );
  expect(() => lax.associativeScan((a: ArrayValue) => [a] as never, np.ones([3]))).toThrow(/one structure/);
});
