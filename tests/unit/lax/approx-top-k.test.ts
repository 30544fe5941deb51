import { lax, numpy as np } from "cotangent";
import { expect, test } from "vitest";

test("what is approximate elsewhere is exact here, whatever recall is asked for", () => {
  const x = np.sin(np.arange(3000));
  const options = { recallTarget: 0.1, aggregateToTopk: false };
  expect(lax.approxMaxK(x, 5, options)[1].toList()).toEqual(lax.topK(x, 5)[1].toList());
});

test("refuses integers, no elements, more than there are, and a recall that is none", () => {
  const x = np.arange(3);
  expect(() => lax.approxMaxK(x, 1)).toThrow(/approxMaxK takes floats, got int32: lax.topK takes integers/);
  const y = np.ones([3]);
  expect(() => lax.approxMinK(y, 0)).toThrow(/k must be positive, got 0/);
  expect(() => lax.approxMinK(y, 4)).toThrow(/from 0 to the size along axis 0, 3/);
  expect(() => lax.approxMaxK(y, 1, 0, 1.5)).toThrow(/recallTarget must be in \(0, 1\], got 1.5/);
});
