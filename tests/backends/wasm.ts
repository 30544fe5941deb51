import "cotangent";
import { afterAll } from "vitest";
import { compileEagerFrom } from "../../src/backends/wasm/eager.ts";
import { compiled } from "../../src/backends/wasm/executable.ts";
import { cutFrom } from "../../src/backends/wasm/threads/grain.ts";
import { setBackend } from "../../src/core/backend.ts";
import { config } from "../../src/core/config.ts";
import { mayBeOnHost } from "./rows.ts";

// Set up before each file of the project "wasm": all that is computed there is compiled, single operations too.
setBackend("wasm");
compileEagerFrom(0);
compiled.programs = 0;
compiled.onHost.clear();
// In the full run on two threads as well, which share even the least work.
if (process.env["COTANGENT_FULL"] === "1") {
  cutFrom(1);
  config.threads = 2;
}

afterAll(() => {
  const unexpected = [...compiled.onHost].filter((name) => !mayBeOnHost(name));
  if (unexpected.length > 0) throw new Error(`not compiled: ${unexpected.join(", ")}`);
  if (compiled.programs === 0) throw new Error("nothing was compiled");
});
