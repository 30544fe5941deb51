import { type ArrayValue, lax, numpy as np, scipy, tree, Value } from "cotangent";
import { expect } from "vitest";
import { numbersOf } from "../../laws/compare.ts";
import { fftTable } from "./fft-table.ts";
import { laxLinalgTable, laxTable } from "./lax-table.ts";
import { indexTable } from "./numpy-index-table.ts";
import { numpyMoreTable } from "./numpy-more-table.ts";
import { linalgTable, numpyTable } from "./numpy-table.ts";
import { scipyLinalgTable } from "./scipy-linalg-table.ts";
import { reductionTable } from "./reduction-table.ts";
import { scipySpecialTable } from "./scipy-special-table.ts";
import { scipyStatsTables } from "./scipy-stats-table.ts";
import { type Row } from "./table.ts";
import { unwrapped } from "./wrapper.ts";

type Table = Readonly<Record<string, Row>>;

/** What is exported, by module, and what its tables say of it. */
export const modules: readonly (readonly [string, object, Table])[] = [
  ["lax", lax, { ...laxTable, ...reductionTable }],
  ["lax.linalg", lax.linalg, laxLinalgTable],
  ["numpy.fft", np.fft, fftTable],
  ["numpy", np, { ...numpyTable, ...indexTable, ...numpyMoreTable }],
  ["numpy.linalg", np.linalg, linalgTable],
  ["scipy.linalg", scipy.linalg, scipyLinalgTable],
  ["scipy.special", scipy.special, scipySpecialTable],
  ...scipyStatsTables,
];

export const isArray = (x: unknown): x is ArrayValue => x instanceof Value;
export const leaves = (out: unknown): unknown[] => tree.flatten(out, isArray)[0];

/** Shape, dtype and elements; what is no array is the same. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (!isArray(expected)) return expect(actual).toEqual(expected);
  const array = unwrapped(actual as ArrayValue);
  expect([array.shape, array.dtype]).toEqual([expected.shape, expected.dtype]);
  const [got, wanted] = [numbersOf(array as never), numbersOf(expected as never)];
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
}
