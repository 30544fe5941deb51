import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ArgumentError } from "../../../src/core/errors.ts";
import { fullMatch, matchStart, pythonRegex } from "../../../src/lora/python-regex.ts";

interface Golden {
  readonly refused: readonly string[];
  readonly cases: readonly (readonly [pattern: string, text: string, end: number, full: boolean])[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../goldens/files/python-regex.json", import.meta.url), "utf8"),
) as Golden;

test("a pattern matches what it matches in Python", () => {
  for (const [pattern, text, end, full] of golden.cases) {
    const got = [matchStart(pattern, text)?.[0].length ?? -1, fullMatch(pattern, text)];
    expect([pattern, text, ...got]).toEqual([pattern, text, end, full]);
  }
});

test.each(golden.refused)("%s is refused, as in Python", (pattern) => {
  expect(() => pythonRegex(pattern)).toThrow(ArgumentError);
});

test.each([
  ["(?i)a", "(?i) is not known here"],
  ["(?P=a)", "(?P= is not known here"],
  ["(?>a)", "(?>a is not known here"],
  ["(a)\\1", "\\1 is not known here"],
  ["a*+", "Nothing to repeat"],
  ["\\N{DIGIT ONE}", "\\N is not known here"],
  ["[a-\\d]", "a range of characters is from one to another"],
  ["(?#a", "a comment does not end"],
  ["a\\", "it ends too early"],
])("%s is refused: %s", (pattern, why) => {
  expect(() => fullMatch(pattern, "a")).toThrow(why);
});

test("what is put around a pattern does not complete it", () => {
  expect(() => fullMatch("a)(", "a")).toThrow(ArgumentError);
  expect(() => fullMatch("a\\", "a")).toThrow(ArgumentError);
});
