import { ArrayValue, config, lax, register, setBackend, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { compileEagerFrom } from "../../src/backends/wasm/eager.ts";
import { cutFrom } from "../../src/backends/wasm/threads/grain.ts";
import { currentBackend } from "../../src/core/backend.ts";
import { definePrimitive, type NoParams, type Primitive, primitives } from "../../src/core/primitive.ts";
import { changes, forgetTests, stateOfProcess } from "./state.ts";

type Nothing = Primitive<"test_nothing", [x: ArrayValue], NoParams>;
const nothing = (): Nothing =>
  definePrimitive<Nothing>("test_nothing", { arity: 1, abstract: ([x]) => x, jvp: "none", batch: "elementwise" }); // prettier-ignore

/** What `change` changes, and that `undo` undoes it. */
function seen(change: () => void, undo: () => void): string[] {
  const before = stateOfProcess();
  change();
  const found = changes(before, stateOfProcess());
  undo();
  expect(changes(before, stateOfProcess())).toEqual([]);
  return found;
}

describe("what a test changes for those after it is seen", () => {
  test("a setting", () => {
    expect(seen(() => (config.sources = false), () => (config.sources = true))).toEqual(["setting sources"]); // prettier-ignore
  });
  test("the backend", () => {
    const { name } = currentBackend();
    expect(seen(() => setBackend("reference"), () => setBackend(name))).toEqual(["backend in use"]); // prettier-ignore
  });
  test.each([
    ["compileEagerFrom", compileEagerFrom],
    ["cutFrom", cutFrom],
  ])("the threshold %s", (name, set) => {
    let usual = 0;
    expect(seen(() => (usual = set(3)), () => set(usual))).toEqual([`threshold ${name}`]); // prettier-ignore
  });
  test("a global, and a variable of the environment", () => {
    expect(seen(() => Object.assign(globalThis, { left: 1 }), () => Reflect.deleteProperty(globalThis, "left"))).toEqual(["global left"]); // prettier-ignore
    expect(seen(() => (process.env["LEFT"] = "1"), () => delete process.env["LEFT"])).toEqual(["variable LEFT"]); // prettier-ignore
  });
  test("a primitive; those of tests are forgotten", () => {
    expect(seen(nothing, forgetTests)).toEqual(["primitive test_nothing"]);
    expect(primitives.has("add")).toBe(true);
  });
});

test("a rule counts where all its classes are the library's: it cannot be undone", () => {
  class Own extends Zero {}
  const before = stateOfProcess();
  register(lax.neg, [Own], ([x]) => x);
  register(lax.add, [Own, ArrayValue], ([x]) => x);
  expect(changes(before, stateOfProcess())).toEqual([]);
  register(lax.neg, [Zero], ([x]) => x);
  expect(changes(before, stateOfProcess())).toEqual(["rule neg(Zero)"]);
});
