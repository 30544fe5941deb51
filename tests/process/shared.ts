import { afterAll } from "vitest";
import { primitives } from "../../src/core/primitive.ts";
import { changes, forgetTests, stateOfProcess } from "./state.ts";

// Set up before each file of a project whose files share a process: each leaves it as it was.
const before = stateOfProcess();

afterAll(async () => {
  forgetTests();
  const changed = changes(before, stateOfProcess());
  const now = await import("../../src/core/primitive.ts");
  if (now.primitives !== primitives) changed.push("the library, which is loaded anew");
  if (changed.length > 0)
    throw new Error(
      `this file shares its process, and leaves changed: ${changed.join(", ")}. Undo it in afterAll, or name the file *.alone.test.ts.`,
    );
});
