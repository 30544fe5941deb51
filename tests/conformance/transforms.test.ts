import { jit } from "cotangent";
import { expect, test } from "vitest";
import { argumentsOf, type Case, expectMatch, isRefused, load, programOf, typedError } from "./golden.ts";
import { reasonLeft } from "./left.ts";

const cases = load("transforms").filter((c) => reasonLeft(c, "transforms") === undefined && !c.better);
const computed = cases.filter((c) => !isRefused(c));

/** Their control flow reads concrete values, or they are about eager evaluation. */
const eagerOnly = new Set(["grad/python_control", "misc/eval_shape", "jit/static"]);

test.each(cases.filter(isRefused))("$name is refused", (c) => {
  expect(() => programOf(c)(...argumentsOf(c))).toThrow(typedError);
});

/** A case may say only that JAX raises no error. */
const expectResult = (result: unknown, { expected, tol }: Case): void =>
  "out" in expected ? expectMatch(result, expected["out"], tol) : expect(expected).toEqual({ error: null });

test.each(computed)("$name", (c) => {
  expectResult(programOf(c)(...argumentsOf(c)), c);
});

test.each(computed.filter((c) => !eagerOnly.has(c.name)))("$name, under jit", (c) => {
  expectResult(jit(programOf(c))(...argumentsOf(c)), c);
});

test("jit/err_nonarray: a string is static, and comes back", () => {
  const c = load("transforms").find(({ name }) => name === "jit/err_nonarray")!;
  expect(programOf(c)(...argumentsOf(c))).toBe("a");
});
