import { expect, test } from "vitest";
import { flattenWithPath, pathToString } from "../../../src/tree/index.ts";
import { Interval, mlp } from "./sample.ts";

const paths = (tree: unknown) => flattenWithPath(tree)[0].map(([path]) => pathToString(path));

test("a path reads as the expression that reaches the leaf", () => {
  expect(paths(mlp())).toEqual([
    ".layers[0].weight",
    ".layers[0].bias",
    ".layers[1].weight",
    ".layers[2].weight",
    ".layers[2].bias",
  ]);
});

test("keys that are no identifiers are quoted, and so are those of a Map", () => {
  const key = Symbol("k");
  const tree = { "a b": 1, é: 2, "0": 3, m: new Map<unknown, number>([["x", 4]]), s: new Map([[key, 5]]) };
  expect(paths(tree)).toEqual(['["0"]', '["a b"]', '.m["x"]', ".s[Symbol(k)]", ".é"]);
  expect(paths(new Map([[1, [0]]]))).toEqual(["[1][0]"]);
});

test("the root has the empty path", () => {
  expect(paths(1)).toEqual([""]);
});

test("the children of a registered class have the names that it gives, else positions", () => {
  expect(paths(new Interval(1, [2], "m"))).toEqual([".low", ".high[0]"]);
});
