import { jit, jvp, vjp } from "cotangent";
import { describe, expect, test } from "vitest";
import { decode, expectMatch, type JvpExpectation, load, partial, programOf, type VjpExpectation } from "./golden.ts";
import { reasonLeft } from "./left.ts";

describe.each(load("ops").filter((c) => reasonLeft(c, "ops") === undefined))("$name", (c) => {
  const f = programOf(c);
  const args = (decode(c.inputs["args"]) as unknown[]) ?? [];

  if ("error" in c.expected && c.expected["error"] !== null) {
    test("is refused", () => expect(() => f(...args)).toThrow());
    return;
  }
  test("eager", () => expectMatch(f(...args), c.expected["out"], c.tol));
  test("jit", () => expectMatch(jit(f)(...args), c.expected["out"], c.tol));
  const forward = c.expected["jvp"] as JvpExpectation | undefined;
  if (forward) {
    test.each([["eager", (g: typeof f) => g], ["jit", jit]] as const)("jvp, %s", (_, wrap) => {
      const [, tangent] = jvp(wrap(partial(f, args, forward.argnums)), forward.argnums.map((i) => args[i]), decode(forward.tangents) as unknown[]);
      expectMatch(tangent, forward.outTangent, c.tol);
    });
    const backward = c.expected["vjp"] as VjpExpectation;
    test.each([["eager", (g: typeof f) => g], ["jit", jit]] as const)("vjp, %s", (_, wrap) => {
      const [, pull] = vjp(wrap(partial(f, args, forward.argnums)), forward.argnums.map((i) => args[i]));
      expectMatch(pull(decode(backward.cotangent)), backward.grads, c.tol);
    });
  }
});
