import { afterEach, expect, test } from "vitest";
import { jit } from "../../../../src/control/index.ts";
import { currentBackend, setBackend } from "../../../../src/core/backend.ts";
import type { ArrayValue } from "../../../../src/core/value.ts";
import "../../../../src/index.ts";
import * as np from "../../../../src/numpy/index.ts";

const before = currentBackend().name;
afterEach(() => setBackend(before));

const refused = (message: RegExp): unknown =>
  expect.objectContaining({
    name: "BackendError",
    code: "wasm/memory",
    message: expect.stringMatching(message),
  });

test("outputs that do not fit are an error that says how much is needed for what, and who has the rest", () => {
  setBackend("wasm");
  const held = jit(function held(x: ArrayValue) {
    return np.broadcastTo(x, [1000, 1000]);
  })(np.array(1));
  const huge = jit(function huge(x: ArrayValue) {
    return np.broadcastTo(x, [2 ** 15, 2 ** 15]);
  });
  expect(() => huge(np.array(1))).toThrow(
    refused(
      /^outputs of huge need 4096\.0 MiB \(4294967296 bytes\), for which there is no room: .* of at most 4096\.0 MiB/,
    ),
  );
  expect(held.shape).toEqual([1000, 1000]);
});

test("temporaries that do not fit are an error that names the function, also beyond 32-bit addresses", () => {
  setBackend("wasm");
  const wide = jit(function wide(x: ArrayValue) {
    const table = np.cumsum(np.broadcastTo(x, [40_000, 40_000]), { axis: 0 });
    return np.sum(np.matmul(table, table));
  });
  expect(() => wide(np.array(1))).toThrow(refused(/^temporaries of wide need \d+\.\d MiB/));
});
