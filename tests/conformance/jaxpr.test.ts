import { makeJaxpr } from "cotangent";
import { describe, expect, test } from "vitest";
import { decode, load, programOf } from "./golden.ts";
import { normalise } from "./jaxpr-text.ts";
import { reasonLeft } from "./left.ts";

/** Undifferentiated programs at the level of lax: to the letter. */
const letterByLetter = (name: string): boolean => /^prim\//.test(name) && !["prim/var", "prim/where", "prim/relu", "prim/random", "prim/softmax"].includes(name);

describe.each(load("jaxpr").filter((c) => reasonLeft(c, "jaxpr") === undefined && c.params.ts !== undefined))("$name", (c) => {
  const text = String(makeJaxpr(programOf(c))(...(decode(c.inputs["args"]) as unknown[])));
  const expected = c.expected["jaxpr"] as string;

  if (letterByLetter(c.name)) test("text", () => expect(text).toBe(expected));
  else {
    test("the same live equations, or fewer", () => {
      const [ours, theirs] = [normalise(text), normalise(expected)];
      if (ours.eqns.length < theirs.eqns.length) return;
      expect(ours).toEqual(theirs);
    });
  }
});
