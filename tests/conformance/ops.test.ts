import { jit, jvp, vjp } from "cotangent";
import { describe, expect, test } from "vitest";
import {
  argumentsOf,
  decode,
  expectMatch,
  isRefused,
  type JvpExpectation,
  load,
  partial,
  type Program,
  programOf,
  typedError,
  type VjpExpectation,
} from "./golden.ts";
import { reasonLeft } from "./left.ts";

const cases = load("ops").filter((c) => reasonLeft(c, "ops") === undefined);
const ways = [
  ["eager", (f: Program) => f],
  ["jit", (f: Program) => jit(f)],
] as const;

test.each(cases.filter(isRefused))("$name is refused", (c) => {
  expect(() => programOf(c)(...argumentsOf(c))).toThrow(typedError);
});

describe.each(ways)("%s", (_, wrap) => {
  test.each(cases.filter((c) => !isRefused(c)))("$name", (c) => {
    expectMatch(wrap(programOf(c))(...argumentsOf(c)), c.expected["out"], c.tol);
  });

  const differentiated = cases.filter((c) => "jvp" in c.expected);

  test.each(differentiated)("jvp of $name", (c) => {
    const { argnums, tangents, outTangent } = c.expected["jvp"] as JvpExpectation;
    const args = argumentsOf(c);
    const primals = argnums.map((i) => args[i]);
    const [, tangent] = jvp(
      wrap(partial(programOf(c), args, argnums)),
      primals,
      decode(tangents) as unknown[],
    );
    expectMatch(tangent, outTangent, c.tol);
  });

  test.each(differentiated)("vjp of $name", (c) => {
    const { argnums } = c.expected["jvp"] as JvpExpectation;
    const { cotangent, grads } = c.expected["vjp"] as VjpExpectation;
    const args = argumentsOf(c);
    const primals = argnums.map((i) => args[i]);
    const [, pull] = vjp(wrap(partial(programOf(c), args, argnums)), primals);
    expectMatch(pull(decode(cotangent)), grads, c.tol);
  });
});
