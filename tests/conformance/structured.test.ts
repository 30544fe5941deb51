import { type ArrayValue, jit, lax, numpy as np, quaxify, random, type Value } from "cotangent";
import { describe, expect, test } from "vitest";
import * as prng from "../../src/values/prng.ts";
import { type Case, decode, expectMatch, load } from "./golden.ts";
import { reasonLeft } from "./left.ts";

const run = load("values").filter((c) => reasonLeft(c, "values") === undefined);
const group = (name: string): Case[] => run.filter((c) => c.name.startsWith(`${name}/`));

interface Encoded {
  readonly type: string;
}
const fieldsOf = (x: Encoded): Record<string, ArrayValue> => {
  const { type: _, ...fields } = x;
  return decode(fields) as Record<string, ArrayValue>;
};
const isEncoded = (x: unknown): x is Encoded => typeof x === "object" && x !== null && "type" in x;

/** Compares a value with its class and fields, or a list of them, or an array. */
function expectValue(actual: unknown, expected: unknown, c: Case): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((one, i) => expectValue((actual as unknown[])[i], one, c));
  } else if (isEncoded(expected)) {
    const { type, ...fields } = expected;
    expect((actual as Value).constructor.name).toBe(type);
    expectMatch({ ...(actual as object) }, fields, c.tol);
  } else {
    expectMatch(actual, expected, c.tol);
  }
}

describe.each([
  ["eager", <F>(f: F) => f],
  ["quaxified", quaxify as <F>(f: F) => F],
  ["quaxified under jit", <F>(f: F) => jit(quaxify(f as () => unknown)) as F],
])("%s", (_, wrap) => {
  type Key = prng.ThreeFry;
  const programs: Readonly<Record<string, (...keys: Key[]) => unknown>> = {
    uniform_shape: (key) => prng.uniform(key, [2, 3], { minval: -1, maxval: 2 }),
    uniform: (key) => prng.uniform(key),
    normal_shape: (key) => prng.normal(key, [5]),
    normal: (key) => prng.normal(key),
    split: (key) => prng.split(key, 3),
    where_true: (key, other) => np.where(np.array(true), key, other),
    where_false: (key, other) => np.where(np.array(false), key, other),
  };
  const names = Object.keys(programs).join("|");
  const plain = group("prng").filter((c) => new RegExp(`/(${names})(_s\\d+)?$`).test(c.name));

  test.each(plain)("$name", (c) => {
    const f = programs[/\/(.*?)(_s\d+)?$/.exec(c.name)![1]!]!;
    const keys = (c.inputs["args"] as Encoded[]).map((x) => prng.ThreeFry.of(fieldsOf(x)["value"]!));
    expectValue(wrap(f)(...keys), c.expected["out"], c);
  });
});

const seeded = (c: Case): number => Number(/_s(\d+)$/.exec(c.name)![1]);

test.each(group("prng").filter((c) => c.name.startsWith("prng/seed")))("$name", (c) => {
  expectValue(new prng.ThreeFry(seeded(c)), c.expected["out"], c);
});
test.each(group("prng").filter((c) => c.name.startsWith("prng/vsjax")))("$name: one generator", (c) => {
  expectValue(random.normal(random.key(seeded(c)), [5]), c.expected["out"], c);
  expectValue(random.normal(new prng.ThreeFry(seeded(c)), [5]), c.expected["out"], c);
});
test.each(group("prng").filter((c) => "error" in c.expected))("$name is refused", (c) => {
  const [encoded] = c.inputs["args"] as [Encoded];
  const key = prng.ThreeFry.of(fieldsOf(encoded)["value"]!);
  const refusals: Readonly<Record<string, readonly [f: () => unknown, message: string]>> = {
    "prng/add_s42": [() => lax.add(key, key), "keys are only valid for certain operations"],
    "prng/uniform_int": [() => prng.uniform(key, [], "int32"), "must be a float dtype, got int32"],
  };
  const [f, message] = refusals[c.name]!;
  expect(f).toThrow(message);
});
