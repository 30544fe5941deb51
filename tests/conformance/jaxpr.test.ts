import { makeJaxpr } from "cotangent";
import { expect, test } from "vitest";
import { argumentsOf, type Case, load, programOf } from "./golden.ts";
import { normalise } from "./jaxpr-text.ts";
import { reasonLeft } from "./left.ts";

const cases = load("jaxpr").filter((c) => reasonLeft(c, "jaxpr") === undefined);
const textOf = (c: Case): string => String(makeJaxpr(programOf(c))(...argumentsOf(c)));

/** Undifferentiated programs at the level of lax, and calls: to the letter. The others hold helpers of JAX's own. */
const withHelpers = new Set(["prim/var", "prim/where", "prim/relu", "prim/random", "prim/softmax"]);
const isExact = ({ name }: Case): boolean =>
  ["prim", "jit"].includes(name.split("/")[0]!) && !withHelpers.has(name);

test.each(cases.filter(isExact))("$name is JAX's text", (c) => {
  expect(textOf(c).replace(/name=\S+/g, "name=_")).toBe(
    String(c.expected["jaxpr"]).replace(/name=\S+/g, "name=_"),
  );
});

test.each(cases.filter((c) => !isExact(c)))("$name has JAX's live equations, or fewer", (c) => {
  const [ours, theirs] = [normalise(textOf(c)), normalise(String(c.expected["jaxpr"]))];
  expect(ours.eqns.length).toBeLessThanOrEqual(theirs.eqns.length);
  // Where there are as many, they are the same.
  expect(ours.eqns.length === theirs.eqns.length ? ours : null).toEqual(
    ours.eqns.length === theirs.eqns.length ? theirs : null,
  );
});
