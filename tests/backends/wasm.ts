import "cotangent";
import { afterAll, expect } from "vitest";
import { compileEagerFrom } from "../../src/backends/wasm/eager.ts";
import { compiled } from "../../src/backends/wasm/executable.ts";
import { setBackend } from "../../src/core/backend.ts";
import { mayBeOnHost } from "./rows.ts";

// Set up before each file of the project "wasm": all that is computed there is compiled, single operations too.
setBackend("wasm");
compileEagerFrom(0);

afterAll(() => {
  expect([...compiled.onHost].filter((name) => !mayBeOnHost(name))).toEqual([]);
  expect(compiled.programs).toBeGreaterThan(0);
});
