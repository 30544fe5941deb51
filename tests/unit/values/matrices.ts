import { type ArrayValue, jit, quaxify, random } from "cotangent";
import { expect } from "vitest";
import { Diagonal } from "../../../src/values/diagonal.ts";
import { LowRankUpdate } from "../../../src/values/low-rank-update.ts";
import type { StructuredMatrix } from "../../../src/values/matrix.ts";
import { Symmetric } from "../../../src/values/symmetric.ts";
import { TridiagonalMatrix } from "../../../src/values/tridiagonal.ts";
import { expectValues, shapeOf, values } from "../arrays.ts";

let seed = 0;
/** Random numbers, new ones for each call. */
export const normal = (shape: readonly number[]): ArrayValue => random.normal(random.key(seed++), shape);

type Make = (lead: readonly number[], n: number) => StructuredMatrix;
/** A random matrix of each class. */
export const makers: Readonly<Record<string, Make>> = {
  Diagonal: (lead, n) => new Diagonal(normal([...lead, n])),
  TridiagonalMatrix: (lead, n) =>
    new TridiagonalMatrix(normal([...lead, n - 1]), normal([...lead, n]), normal([...lead, n - 1])),
  Symmetric: (lead, n) => new Symmetric(normal([...lead, (n * (n + 1)) / 2])),
  "LowRankUpdate of a plain matrix": (lead, n) =>
    new LowRankUpdate(normal([...lead, n, n]), normal([...lead, n, 2]), normal([...lead, n, 2])),
  "LowRankUpdate of a diagonal one": (lead, n) =>
    new LowRankUpdate(new Diagonal(normal([...lead, n])), normal([...lead, n, 1]), normal([...lead, n, 1])),
};
export const classes = Object.entries(makers);

export const denseOf = (x: ArrayValue): ArrayValue =>
  "toDense" in x ? (x as StructuredMatrix).toDense() : x;

/** `f` of structured operands is of class `kept`, and what `f` is of their elements. */
export function expectKept(
  f: (...xs: ArrayValue[]) => ArrayValue,
  operands: readonly ArrayValue[],
  kept: unknown,
): void {
  const expected = f(...operands.map(denseOf));
  for (const run of [f, quaxify(f), jit(f), quaxify(jit(f))]) {
    const out = run(...operands);
    expect(out).toBeInstanceOf(kept);
    expect(shapeOf(out)).toEqual(expected.shape);
    expectValues(denseOf(out), values(expected));
  }
}
