import { expect, test } from "vitest";
import { readBack } from "./binaryen-module.ts";
import { moduleOf, names } from "./opcode-modules.ts";

test("binaryen finds a module of all instructions valid, and reads each by its name", () => {
  const { valid, text } = readBack(moduleOf(names));
  expect(valid).toBe(true);
  const bodies = new Map(text.split("\n (func $").map((body) => [/^\S+/.exec(body)?.[0], body]));
  const exported = [...text.matchAll(/\(export "(\S+)" \(func \$(\S+)\)\)/g)];
  expect(exported.map(([, name]) => name)).toEqual(names);
  const read = exported.filter(([, name, index]) =>
    bodies
      .get(index)
      ?.split(/[\s()]+/)
      .includes(name!),
  );
  // An end has no name in the text of expressions, which are in parentheses.
  expect(names.filter((name) => !read.some(([, each]) => each === name))).toEqual(["end"]);
});
