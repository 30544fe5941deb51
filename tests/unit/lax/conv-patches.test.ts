import { lax, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("a convolution is the product of its kernel with the patches", () => {
  const x = np.reshape(np.sin(np.arange(2 * 3 * 5 * 4)), [2, 3, 5, 4]);
  const kernel = np.reshape(np.cos(np.arange(2 * 3 * 2 * 3)), [2, 3, 2, 3]);
  const patches = lax.convGeneralDilatedPatches(x, [2, 3], [1, 2], "SAME");
  const out = np.einsum("ok,nkhw->nohw", np.reshape(kernel, [2, -1]), patches);
  expectValues(out, np.reshape(lax.conv(x, kernel, [1, 2], "SAME"), [-1]).toList() as number[]);
});

test("one kernel for all places is a convolution", () => {
  const x = np.reshape(np.sin(np.arange(12)), [2, 2, 3]);
  const kernel = np.reshape(np.cos(np.arange(12)), [3, 2, 2]);
  const everywhere = np.broadcastTo(np.reshape(kernel, [3, 4, 1]), [3, 4, 2]);
  const out = lax.convGeneralDilatedLocal(x, everywhere, [1], "VALID", [2]);
  expectValues(out, np.reshape(lax.conv(x, kernel, [1], "VALID"), [-1]).toList() as number[]);
});

test("refuses windows that do not fit, and kernels for other places", () => {
  const x = np.ones([1, 2, 4]);
  expect(() => lax.convGeneralDilatedPatches(x, [2, 2], [1], "VALID")).toThrow(/equal rank/);
  expect(() => lax.convGeneralDilatedPatches(x, [0], [1], "VALID")).toThrow(/positive integers/);
  expect(() => lax.convGeneralDilatedPatches(x, [2], [1, 1], "VALID")).toThrow(
    /window_strides must have one entry/,
  );
  expect(() => lax.convGeneralDilatedLocal(x, np.ones([1, 4, 2]), [1], "VALID", [2])).toThrow(/dot_general/);
});
