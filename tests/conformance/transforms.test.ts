import { jit } from "cotangent";
import { describe, expect, test } from "vitest";
import { decode, expectMatch, load, programOf } from "./golden.ts";
import { reasonLeft } from "./left.ts";

/** Their control flow reads concrete values, or they are about eager evaluation. */
const eagerOnly = new Set(["grad/python_control", "misc/eval_shape", "jit/static"]);

describe.each(load("transforms").filter((c) => reasonLeft(c, "transforms") === undefined))("$name", (c) => {
  const f = programOf(c);
  const args = (decode(c.inputs["args"]) as unknown[]) ?? [];

  if (c.name === "jit/err_nonarray") {
    test("a string is static and comes back", () => expect(f(...args)).toBe("a"));
    return;
  }
  if ("error" in c.expected && c.expected["error"] !== null) {
    test("is refused", () => expect(() => f(...args)).toThrow());
    return;
  }
  test("eager", () => expectMatch(f(...args), c.expected["out"], c.tol));
  if (!eagerOnly.has(c.name)) test("jit", () => expectMatch(jit(f)(...args), c.expected["out"], c.tol));
});
