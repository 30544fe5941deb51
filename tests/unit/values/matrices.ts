import { type ArrayValue, numpy as np, random } from "cotangent";
import { Diagonal } from "../../../src/values/diagonal.ts";
import type { StructuredMatrix } from "../../../src/values/matrix.ts";
import { TridiagonalMatrix } from "../../../src/values/tridiagonal.ts";

let seed = 0;
/** Random numbers, new ones for each call. */
export const normal = (shape: readonly number[]): ArrayValue => random.normal(random.key(seed++), shape);

type Make = (lead: readonly number[], n: number) => StructuredMatrix;
/** A random matrix of each class. */
export const makers: Readonly<Record<string, Make>> = {
  Diagonal: (lead, n) => new Diagonal(normal([...lead, n])),
  TridiagonalMatrix: (lead, n) =>
    new TridiagonalMatrix(normal([...lead, n - 1]), normal([...lead, n]), normal([...lead, n - 1])),
};
export const classes = Object.entries(makers);

/** What the matrix stands for, by numpy's own means. */
export const denseOf = (x: StructuredMatrix): ArrayValue => x.toDense();
export { np };
