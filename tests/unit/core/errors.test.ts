import { expect, test } from "vitest";
import { appendMessage, nearest, ShapeError } from "../../../src/core/errors.ts";

test("what is appended to a message stands in it and in the stack, once", () => {
  for (const read of [false, true]) {
    const error = new ShapeError("shape/test", "first");
    if (read) expect(error.stack).toContain("first");
    appendMessage(error, ", $& second");
    expect(error.message).toBe("first, $& second");
    expect(error.stack!.split("first, $& second")).toHaveLength(2);
    expect(error.stack!.split("second")).toHaveLength(2);
  }
});

test("an error has its class's name, a code, and the frames of whoever threw it", () => {
  const error = new ShapeError("shape/test", "first");
  expect([error.name, error.code]).toEqual(["ShapeError", "shape/test"]);
  expect(error.stack).toContain("errors.test.ts");
});

test("the nearest name is the one with the fewest edits, if they are few", () => {
  expect(nearest("axess", ["axis", "axes", "shape"])).toBe("axes");
  expect(nearest("keepDims", ["keepdims", "axis"])).toBe("keepdims");
  expect(nearest("banana", ["axis"])).toBeUndefined();
});
