import { expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { contractionTree } from "../../../src/numpy/contraction-order.ts";
import * as np from "../../../src/numpy/index.ts";
import { typeOf } from "./arrays.ts";

const names = (terms: string): string[][] => terms.split(",").map((term) => term.split(""));

test("operands are contracted in the order of least work", () => {
  const sizes = new Map([["i", 100], ["j", 2], ["k", 100], ["l", 2]]); // prettier-ignore
  expect(contractionTree(names("ij,jk,kl"), ["i", "l"], sizes)).toEqual([0, [1, 2]]);
  const wide = new Map([["i", 2], ["j", 100], ["k", 2], ["l", 100]]); // prettier-ignore
  expect(contractionTree(names("ij,jk,kl"), ["i", "l"], wide)).toEqual([[0, 1], 2]);
});

test("beyond eight operands the cheapest step comes next", () => {
  const chain = "abcdefghij".split("").map((name, i, all) => [name, all[i + 1] ?? "k"]);
  const sizes = new Map("abcdefghijk".split("").map((name) => [name, 2]));
  const leaves = (tree: unknown): number[] => (Array.isArray(tree) ? tree.flatMap(leaves) : [tree as number]);
  expect(leaves(contractionTree(chain, ["a", "k"], sizes)).sort((a, b) => a - b)).toEqual(
    chain.map((_, i) => i),
  );
});

test("a product of matrices is one dot_general, in the order that needs no transpose", () => {
  const text = String(
    makeJaxpr((a: ArrayValue, b: ArrayValue) => np.einsum("ij,jk->ki", a, b))(
      np.ones([2, 3]),
      np.ones([3, 4]),
    ),
  );
  expect(text).not.toContain("transpose");
  expect(text.match(/dot_general/g)).toHaveLength(1);
});

test("the result has the promoted dtype, or the one asked for", () => {
  const [i, f] = [np.arange(2), np.ones([2])];
  expect(typeOf(np.einsum("i,i", i, f))).toBe("float32[]");
  expect(typeOf(np.einsum("i,i->i", i, i, { preferredElementType: np.float32 }))).toBe("float32[2]");
});

const x = np.ones([2, 3]);
test.each([
  ["ij->k", [x], ArgumentError, 'the output has index "k", which is in no input'],
  ["ij->ii", [x], ArgumentError, 'the output has index "i" twice'],
  ["i", [x], ArgumentError, '"i" names 1 axes of an array of 2'],
  ["ij,jk", [x], ArgumentError, "there are 2 terms for 1 operands"],
  ["i1", [x], ArgumentError, "must consist of letters"],
  ["ij->i->j", [x], ArgumentError, 'only one "->"'],
  ["ij,ij", [x, np.ones([2, 4])], ShapeError, 'index "j" has sizes 3 and 4'],
] as const)("%s is refused", (subscripts, operands, kind, message) => {
  const attempt = () => np.einsum(subscripts, ...operands);
  expect(attempt).toThrow(kind);
  expect(attempt).toThrow(message);
});
