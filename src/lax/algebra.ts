import { installAlgebra } from "../core/rules.ts";
import { range, sameShape, type Shape } from "../core/shape.ts";
import { scalarOf } from "../core/scalar.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { addAny } from "./arithmetic.ts";
import { eq } from "./compare.ts";
import { reduceSum } from "./reduce.ts";
import { select } from "./select.ts";
import { broadcastInDim } from "./broadcast.ts";
import { reshape, transpose } from "./shape.ts";

/** `value` everywhere, in the shape and dtype of an aval; one equation, whatever the size. */
export function filled(value: number, { shape, dtype, weak }: Aval): ArrayValue {
  const scalar = scalarOf(value, dtype, weak);
  return shape.length === 0 ? scalar : broadcastInDim.bind([scalar], { shape, broadcastDimensions: [] })[0]!;
}

/** Zeros of an aval. */
export const zeros = (aval: Aval): ArrayValue => filled(0, aval);

/** `x` with 1 in place of 0: a divisor whose quotient is not wanted there. */
export const replaceZero = (x: ArrayValue): ArrayValue => select(eq(x, 0), filled(1, x.aval), x);

/** `x` broadcast to `shape`, aligned at the last axis; `x` itself where it already has it. */
export function broadcastTo(x: ArrayValue, shape: Shape): ArrayValue {
  if (sameShape(x.shape, shape)) return x;
  const offset = shape.length - x.ndim;
  return broadcastInDim.bind([x], { shape, broadcastDimensions: range(x.ndim, offset) })[0]!;
}

/** The transpose of broadcasting to `ct`'s shape: sums `ct` to `shape`, which has equal rank and sizes 1, or rank 0. */
export function unbroadcast(ct: ArrayValue, { shape }: Aval): ArrayValue {
  if (sameShape(ct.shape, shape)) return ct;
  if (shape.length === 0) return reduceSum.bind([ct], { axes: range(ct.ndim) })[0]!;
  const axes = range(ct.ndim).filter((axis) => shape[axis] === 1 && ct.shape[axis] !== 1);
  return reshapeTo(reduceSum.bind([ct], { axes })[0]!, shape);
}

/** `x` with axis `from` at place `to`. */
export function moveAxis(x: ArrayValue, from: number, to: number): ArrayValue {
  if (from === to) return x;
  const permutation = range(x.ndim).filter((axis) => axis !== from);
  permutation.splice(to, 0, from);
  return transpose.bind([x], { permutation })[0]!;
}

/** `x` repeated along a new axis at `dim`. */
export function broadcastBatch(x: ArrayValue, size: number, dim = 0): ArrayValue {
  const shape = [...x.shape.slice(0, dim), size, ...x.shape.slice(dim)];
  return broadcastInDim.bind([x], {
    shape,
    broadcastDimensions: range(x.ndim + 1).filter((axis) => axis !== dim),
  })[0]!;
}

/** The operand with its batch axis at `to`, repeated there if it has none. */
export const materialiseBatch = (x: ArrayValue, dim: number | null, size: number, to = 0): ArrayValue =>
  dim === null ? broadcastBatch(x, size, to) : moveAxis(x, dim, to);

/** Operands of an elementwise primitive, their batch axes at one place and their ranks equal (or 0, unbatched). */
export function alignBatch(
  operands: readonly ArrayValue[],
  dims: readonly (number | null)[],
): { operands: ArrayValue[]; dim: number } {
  const first = dims.find((dim) => dim !== null) ?? 0;
  const rank = Math.max(...operands.map((x, i) => x.ndim - (dims[i] === null ? 0 : 1)));
  const simple = operands.every((x, i) =>
    dims[i] === null ? x.ndim === 0 : dims[i] === first && x.ndim === rank + 1,
  );
  if (simple) return { operands: [...operands], dim: first };
  const inFront = operands.map((x, i) => {
    const dim = dims[i] ?? null;
    return dim !== null ? moveAxis(x, dim, 0) : x.ndim === 0 ? x : broadcastBatch(x, 1);
  });
  const aligned = inFront.map((x) => {
    if (x.ndim === 0 || x.ndim === rank + 1) return x;
    // A batch of scalars beside arrays: [B] → [B, 1, …, 1].
    const shape = [x.shape[0]!, ...range(rank).map(() => 1)];
    return broadcastInDim.bind([x], { shape, broadcastDimensions: [0] })[0]!;
  });
  return { operands: aligned, dim: 0 };
}

/** Adds unit axes, or drops them, to give `shape`: a reshape that moves nothing. */
export const reshapeTo = (x: ArrayValue, shape: Shape): ArrayValue =>
  sameShape(x.shape, shape) ? x : reshape.bind([x], { newSizes: shape, dimensions: null })[0]!;

installAlgebra({ zeros, add: (x, y) => addAny.bind([x, y], {})[0]!, alignBatch });
