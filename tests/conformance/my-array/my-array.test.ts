import { type ArrayValue, CotangentError, lax, numpy as np, quaxify, tree, Value } from "cotangent";
import { describe, expect, test } from "vitest";
import { numbersOf } from "../../laws/compare.ts";
import { laxTable } from "./lax-table.ts";
import { numpyTable } from "./numpy-table.ts";
import { data, type Data, type Row } from "./table.ts";
import { MyArray, unwrapped } from "./wrapper.ts";

// After Quax's test_lax/test_myarray and test_numpy/test_myarray: every function, over a wrapper that a user could have
// written, keeps the wrapper or drops it as the table says.

const modules = { lax: [lax, laxTable], numpy: [np, numpyTable] } as const;
const wrapped = Object.fromEntries(
  Object.entries(data).map(([name, x]) => [name, new MyArray(x)]),
) as unknown as Data;

const isArray = (x: unknown): x is ArrayValue => x instanceof Value;
const leaves = (out: unknown): unknown[] => tree.flatten(out, isArray)[0];

function expectSame(actual: unknown, expected: unknown): void {
  if (!isArray(expected)) return expect(actual).toEqual(expected);
  const array = unwrapped(actual as ArrayValue);
  expect([array.shape, array.dtype]).toEqual([expected.shape, expected.dtype]);
  const [got, wanted] = [numbersOf(array as never), numbersOf(expected as never)];
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
}

function check(row: Row, run: (d: Data) => unknown, call: (d: Data) => unknown): void {
  if (row.kind === "refused") return expect(() => run(wrapped)).toThrow(CotangentError);
  const [actual, expected] = [leaves(run(wrapped)), leaves(call(data))];
  expect(actual).toHaveLength(expected.length);
  actual.forEach((leaf, i) => expectSame(leaf, expected[i]));
  const held = actual.filter(isArray).map((leaf) => leaf instanceof MyArray);
  const due = row.kind === "mixed" ? row.kept : held.map(() => row.kind === "kept");
  expect(held).toEqual(due);
}

describe.each(Object.entries(modules))("%s", (_name, [module, table]) => {
  test("every function of it is in the table, and nothing else", () => {
    const functions = Object.entries(module).filter(([, f]) => typeof f === "function" || isPrimitive(f));
    expect(Object.keys(table).toSorted()).toEqual(functions.map(([name]) => name).toSorted());
  });
  const rows = Object.entries(table).flatMap(([name, row]) =>
    row.kind === "none" ? [] : [[name, row] as const],
  );
  test.each(rows)("%s", (_name, row) => {
    check(row, row.call, row.call);
    check(row, quaxify(row.call), row.call);
  });
});

const isPrimitive = (f: unknown): boolean => typeof f === "object" && f !== null && "primitive" in f;
