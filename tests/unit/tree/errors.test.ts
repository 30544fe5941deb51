import { expect, test } from "vitest";
import { map, TreeError } from "../../../src/tree/index.ts";

test("a TreeError is a TypeError with a code and the path to the place", () => {
  const add = () => map((x: number) => x, { a: [1, [2]] }, { a: [1, 2] });
  expect(add).toThrow(TypeError);
  expect(add).toThrow(
    expect.objectContaining({
      name: "TreeError",
      code: "structure",
      path: [
        { kind: "key", key: "a" },
        { kind: "index", key: 1 },
      ],
    }),
  );
});

test("printing an error shows its name once", () => {
  expect(String(new TreeError("where", "nowhere"))).toBe("TreeError: nowhere");
  expect(Object.keys(new TreeError("where", "nowhere"))).toEqual(["code", "path"]);
});
