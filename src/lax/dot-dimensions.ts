import { ShapeError } from "../core/errors.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { checkAxes, dimWithout, shiftAxes } from "./dimensions.ts";

/** Axes of lhs and of rhs, pair by pair. */
export type AxisPairs = readonly [lhs: readonly number[], rhs: readonly number[]];
/** What is summed over, and what both share. */
export type DotDimensionNumbers = readonly [contract: AxisPairs, batch: AxisPairs];

/** @throws ShapeError unless the axes exist, are distinct, and have equal sizes pair by pair. */
export function checkDimensions(lhs: Shape, rhs: Shape, [contract, batch]: DotDimensionNumbers): void {
  for (const [side, shape, i] of [
    ["lhs", lhs, 0],
    ["rhs", rhs, 1],
  ] as const) {
    checkAxes([...batch[i], ...contract[i]], shape.length, `${side} batch and contract axes`, "dot_general");
  }
  for (const [kind, [left, right]] of [
    ["batch", batch],
    ["contracted", contract],
  ] as const) {
    if (left.length !== right.length) {
      throw new ShapeError(
        "dot/axes",
        `dot_general: lhs and rhs must have equally many ${kind} axes, got ${showShape(left)} and ${showShape(right)}`,
      );
    }
    left.forEach((axis, i) => {
      const other = right[i]!;
      if (lhs[axis] !== rhs[other]) {
        throw new ShapeError(
          "dot/sizes",
          `dot_general: ${kind} sizes differ: lhs axis ${axis} is ${lhs[axis]}, rhs axis ${other} is ${rhs[other]} (lhs ${showShape(lhs)}, rhs ${showShape(rhs)})`,
        );
      }
    });
  }
}

/** Axes of one operand that are neither contracted nor shared. */
export const keptAxes = (rank: number, contract: readonly number[], batch: readonly number[]): number[] =>
  range(rank).filter((axis) => !contract.includes(axis) && !batch.includes(axis));

export function outShape(lhs: Shape, rhs: Shape, [contract, batch]: DotDimensionNumbers): number[] {
  const sizes = (shape: Shape, axes: readonly number[]) => axes.map((axis) => shape[axis]!);
  return [
    ...sizes(lhs, batch[0]),
    ...sizes(lhs, keptAxes(lhs.length, contract[0], batch[0])),
    ...sizes(rhs, keptAxes(rhs.length, contract[1], batch[1])),
  ];
}

/** Where the batch axes go: two become one more shared axis, in front; a single one stays among its operand's axes. */
export function batchDimensions(
  [lhs]: readonly ArrayValue[],
  [left, right]: readonly (number | null)[],
  [contract, batch]: DotDimensionNumbers,
): [dimensionNumbers: DotDimensionNumbers, dim: number] {
  const shifted = (axes: AxisPairs): AxisPairs => [
    left === null ? axes[0] : shiftAxes(axes[0], left!),
    right === null ? axes[1] : shiftAxes(axes[1], right!),
  ];
  const [newContract, newBatch] = [shifted(contract), shifted(batch)];
  if (left !== null && right !== null)
    return [
      [
        newContract,
        [
          [left!, ...newBatch[0]],
          [right!, ...newBatch[1]],
        ],
      ],
      0,
    ];
  const side = left === null ? 1 : 0;
  const dim = dimWithout((left ?? right)!, [...newContract[side], ...newBatch[side]]);
  const before = side === 0 ? batch[0].length : lhs!.ndim - contract[0].length;
  return [[newContract, newBatch], before + dim];
}
