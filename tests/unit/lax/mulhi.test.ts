import { lax, numpy as np } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";

const widths = { int8: 8, uint8: 8, int16: 16, uint16: 16, int32: 32, uint32: 32 } as const;

test("is the product of integers without bounds, shifted", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(widths) as (keyof typeof widths)[])),
      fc.array(fc.tuple(fc.bigInt(), fc.bigInt()), { minLength: 1, maxLength: 8 }),
      (dtype, pairs) => {
        const bits = widths[dtype];
        const wrap = dtype.startsWith("u") ? BigInt.asUintN : BigInt.asIntN;
        const within = pairs.map((pair) => pair.map((x) => wrap(bits, x)));
        const [x, y] = [0, 1].map((i) => np.array(within.map((pair) => Number(pair[i])), dtype)); // prettier-ignore
        const expected = within.map(([a, b]) => Number((a! * b!) >> BigInt(bits)));
        expect(lax.mulhi(x!, y!).toList()).toEqual(expected);
      },
    ),
  );
});

test("takes integers only", () => {
  expect(() => lax.mulhi(np.ones([2]), np.ones([2]))).toThrow(/mulhi does not accept dtype float32/);
});
