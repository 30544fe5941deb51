import { expect, test } from "vitest";
import { abbreviate, samePlainData, show } from "../../../src/tree/plain-data.ts";
import { Dense, relu } from "./sample.ts";

test("plain data is the same if its structure is, other objects if they are one", () => {
  expect(samePlainData({ a: [1, NaN], b: {} }, { b: {}, a: [1, NaN] })).toBe(true);
  expect(samePlainData([1, 2], [1, 2, 3])).toBe(false);
  expect(samePlainData({ a: undefined }, { b: undefined })).toBe(false);
  expect(samePlainData([], {})).toBe(false);
  expect(samePlainData(0, -0)).toBe(false);
  expect(samePlainData(new Dense(1), new Dense(1))).toBe(false);
});

test("a value is shown in one line", () => {
  expect(show({ a: ["x", 1n, -0, null, undefined], f: relu, d: new Dense(1), g: () => 0 })).toBe(
    '{a: ["x", 1n, -0, null, undefined], f: relu, d: Dense, g: g}',
  );
  expect(show(Symbol("s"))).toBe("Symbol(s)");
});

test("a long text is cut", () => {
  expect(abbreviate("x".repeat(300))).toHaveLength(300);
  expect(abbreviate("x".repeat(301))).toBe(`${"x".repeat(297)}...`);
});
