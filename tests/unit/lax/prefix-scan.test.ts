import { expect, test } from "vitest";
import { add, mul } from "../../../src/lax/arithmetic.ts";
import { prefixScan } from "../../../src/lax/prefix-scan.ts";
import { array, elements } from "./arrays.ts";

test.each([0, 1, 2, 3, 4, 5, 8, 11])("a scan of %i elements has every prefix", (n) => {
  const x = array(Array.from({ length: n }, (_, i) => i + 1));
  const sums = (reverse: boolean) =>
    elements(prefixScan(([a], [b]) => [add(a!, b!)], [x], 0, reverse)[0]!).map(Number);
  const prefixes = Array.from({ length: n }, (_, i) => ((i + 1) * (i + 2)) / 2);
  expect(sums(false)).toEqual(prefixes);
  expect(sums(true)).toEqual(prefixes.map((_, i) => (n * (n + 1)) / 2 - (i * (i + 1)) / 2));
});

test("elements that are pairs are combined as pairs: affine maps compose", () => {
  const [slopes, offsets] = [array([2, 3, 4], [1, 3]), array([1, 1, 1], [1, 3])];
  const [slope, offset] = prefixScan(
    ([a, b], [c, d]) => [mul(a!, c!), add(mul(b!, c!), d!)],
    [slopes, offsets],
    1,
    false,
  );
  expect(elements(slope!)).toEqual([2, 6, 24]);
  expect(elements(offset!)).toEqual([1, 4, 17]);
});
