import binaryen from "binaryen";
import { expect, test } from "vitest";
import { moduleOf, names } from "./opcode-modules.ts";

const { Features } = binaryen;
const features = [
  Features.Atomics,
  Features.BulkMemory,
  Features.BulkMemoryOpt, // part of the one before
  Features.NontrappingFPToInt,
  Features.ReferenceTypes, // tables beyond the first
  Features.RelaxedSIMD,
  Features.SignExt,
  Features.SIMD128,
].reduce((all, each) => all | each);

test("binaryen finds a module of all instructions valid, and reads each by its name", () => {
  const module = binaryen.readBinary(moduleOf(names));
  try {
    module.setFeatures(features);
    expect(module.validate()).toBe(1);
    const text = module.emitText();
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
  } finally {
    module.dispose();
  }
});
