import { jit } from "cotangent";
import { expect, test } from "vitest";
import { argumentsOf, expectMatch, isRefused, load, programOf, typedError } from "./golden.ts";
import { reasonLeft } from "./left.ts";

const cases = load("transforms").filter((c) => reasonLeft(c, "transforms") === undefined && !c.better);
const computed = cases.filter((c) => !isRefused(c));

/** Their control flow reads concrete values, or they are about eager evaluation. */
const eagerOnly = new Set(["grad/python_control", "misc/eval_shape", "jit/static"]);

test.each(cases.filter(isRefused))("$name is refused", (c) => {
  expect(() => programOf(c)(...argumentsOf(c))).toThrow(typedError);
});

test.each(computed)("$name", (c) => {
  expectMatch(programOf(c)(...argumentsOf(c)), c.expected["out"], c.tol);
});

test.each(computed.filter((c) => !eagerOnly.has(c.name)))("$name, under jit", (c) => {
  expectMatch(jit(programOf(c))(...argumentsOf(c)), c.expected["out"], c.tol);
});

test("jit/err_nonarray: a string is static, and comes back", () => {
  const c = load("transforms").find(({ name }) => name === "jit/err_nonarray")!;
  expect(programOf(c)(...argumentsOf(c))).toBe("a");
});
