import { expect, test } from "vitest";
import {
  type CotangentError,
  ArgumentError,
  ConcretizationError,
  DTypeError,
  ShapeError,
} from "../../../src/core/errors.ts";
import { jit } from "../../../src/control/jit.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as np from "../../../src/numpy/index.ts";
import * as ops from "../../../src/numpy/segment.ts";
import "./arrays.ts";

const x = np.ones([3]);
const m = np.ones([2, 3]);
const z = np.complex64([{ re: 1, im: 1 }]);

test.each<
  readonly [
    expression: string,
    attempt: () => unknown,
    kind: new (...args: never[]) => CotangentError,
    message: string,
  ]
>([
  [
    "ones(2, 3)",
    () => np.ones(2, 3 as never),
    ArgumentError,
    "the shape is one argument, a list of sizes: np.ones([2, 3])",
  ],
  ["zeros([-1])", () => np.zeros([-1]), ShapeError, "np.zeros"],
  ["arange step 0", () => np.arange(3, 0, 0), ArgumentError, "the step cannot be 0"],
  ["arange to Infinity", () => np.arange(0, Infinity), ArgumentError, "no finite length"],
  ["linspace of -1", () => np.linspace(0, 1, -1), ArgumentError, "must be a natural number"],
  ["tril of a vector", () => np.tril(x), ShapeError, "at least two axes, got shape (3,)"],
  ["diag of three axes", () => np.diag(np.ones([1, 1, 1])), ShapeError, "one or two axes"],
  [
    "sum over axis 2",
    () => np.sum(x, { axis: 2 }),
    ShapeError,
    "np.sum: axis 2 is out of bounds for array of dimension 1",
  ],
  ["sum over an axis twice", () => np.sum(m, [0, -2]), ShapeError, "name one twice"],
  [
    "max of nothing",
    () => np.max(np.ones([0])),
    ShapeError,
    "zero-size array to reduction operation max which has no identity",
  ],
  ["max where, without initial", () => np.max(x, { where: np.greater(x, 0) }), ShapeError, "needs initial"],
  ["mean where numbers", () => np.mean(x, { where: x }), DTypeError, "where must be a boolean array"],
  [
    "argmax of nothing",
    () => np.argmax(np.ones([0])),
    ShapeError,
    "attempt to get argmax of an empty sequence",
  ],
  [
    "var with both",
    () => np.var(x, { ddof: 1, correction: 1 }),
    ArgumentError,
    "ddof and correction are the same",
  ],
  [
    "reshape",
    () => np.reshape(x, [2, -1]),
    ShapeError,
    "cannot reshape array of shape (3,) (size 3) into shape (2, -1)",
  ],
  ["squeeze", () => np.squeeze(x, 0), ShapeError, "size not equal to one"],
  ["transpose", () => np.transpose(m, [0, 0]), ShapeError, "permutation"],
  ["moveaxis", () => np.moveaxis(m, [0, 1], 0), ShapeError, "2 axes cannot move to 1 places"],
  ["broadcastTo", () => np.broadcastTo(x, [2]), ShapeError, "does not broadcast to (2,)"],
  ["add of shapes", () => np.add(x, np.ones([2])), ShapeError, "(3,), (2,)"],
  ["concatenate of none", () => np.concatenate([]), ArgumentError, "need at least one array to concatenate"],
  ["concatenate of scalars", () => np.concatenate([1, 2]), ShapeError, "np.stack"],
  ["stack of shapes", () => np.stack([x, np.ones([2])]), ShapeError, "same shape"],
  ["split", () => np.split(x, 2), ShapeError, "does not divide into 2 equal parts"],
  ["block of depths", () => np.block([[x], x]), ArgumentError, "of one depth"],
  ["pad by -1", () => np.pad(x, -1), ArgumentError, "natural numbers"],
  ["pad mode", () => np.pad(x, 1, "mirror" as "wrap"), ArgumentError, "modes are constant, edge, reflect"],
  ["pad of nothing", () => np.pad(np.ones([0]), 1, "edge"), ShapeError, "cannot be padded"],
  ["repeat counts", () => np.repeat(x, [1, 2]), ShapeError, "2 counts for 3 elements"],
  [
    "where with x only",
    () => np.where(x, 1 as never),
    ArgumentError,
    "a condition alone, or a condition, x and y",
  ],
  ["select of none", () => np.select([], []), ArgumentError, "at least one"],
  ["matmul of a scalar", () => np.matmul(2, x), ShapeError, "np.multiply scales"],
  ["matmul sizes", () => np.matmul(m, m), ShapeError, "contracted sizes differ"],
  [
    "matmul leading axes",
    () => np.matmul(np.ones([2, 2, 3]), np.ones([3, 3, 2])),
    ShapeError,
    "leading axes must be equal or 1, got 2 and 3",
  ],
  ["tensordot axes", () => np.tensordot(x, x, 2), ArgumentError, "2 axes cannot be summed over"],
  ["cross sizes", () => np.cross(np.ones([4]), np.ones([4])), ShapeError, "two or three components"],
  ["trace of a vector", () => np.trace(x), ShapeError, "at least two axes"],
  ["norm", () => np.linalg.norm(m, 3, [0, 1]), ArgumentError, 'norms of matrices are "fro", "nuc", ±1, ±2'],
  ["floorDivide of complex numbers", () => np.floorDivide(z, 2), DTypeError, "have no order"],
  ["clip of complex numbers", () => np.clip(z, 0), DTypeError, "have no order"],
  ["hypot of complex numbers", () => np.hypot(z, z), DTypeError, "take np.abs"],
  ["integers to a negative power", () => np.power(np.int32(2), -1), DTypeError, "negative powers"],
  [
    "subtract of booleans",
    () => np.subtract(np.array([true]), true),
    DTypeError,
    "does not accept dtype bool",
  ],
  ["round to a fraction", () => np.round(x, 0.5), ArgumentError, "decimals must be an integer"],
  ["ldexp with a float", () => np.ldexp(x, 0.5), DTypeError, "the exponent must be an integer"],
  ["take at floats", () => np.take(x, 0.5), DTypeError, "indices must be integers"],
  ["takeAlongAxis of ranks", () => np.takeAlongAxis(m, np.arange(2)), ShapeError, "same number of axes"],
  ["bincount of floats", () => np.bincount(x), DTypeError, "counts integers"],
  ["nonzero of a scalar", () => np.nonzero(1), ShapeError, "np.atleast1d"],
  [
    "searchsorted side",
    () => np.searchsorted(x, 1, "middle" as "left"),
    ArgumentError,
    'side must be "left" or "right"',
  ],
  [
    "quantile method",
    () => np.quantile(x, 0.5, { method: "best" as "lower" }),
    ArgumentError,
    "methods are linear",
  ],
  ["gradient of one element", () => np.gradient(np.ones([1])), ShapeError, "at least 2 elements"],
  ["meshgrid of a matrix", () => np.meshgrid(m), ShapeError, "must have one axis"],
  [
    "segmentSum of a fraction",
    () => ops.segmentSum(x, np.arange(3), 1.5),
    ArgumentError,
    "non-negative integer",
  ],
])("%s is refused", (_expression, attempt, kind, message) => {
  expect(attempt).toThrow(kind);
  expect(attempt).toThrow(message);
});

test.each<[string, (a: ArrayValue) => unknown]>([
  ["np.nonzero without size", (a) => np.nonzero(a)],
  ["np.unique without size", (a) => np.unique(a)],
  ["np.bincount without length", (a) => np.bincount(a.astype(np.int32))],
  ["ops.segmentSum without numSegments", (a) => ops.segmentSum(a, a.astype(np.int32))],
])("%s needs concrete elements", (message, f) => {
  expect(() => jit(f)(x)).toThrow(ConcretizationError);
  expect(() => jit(f)(x)).toThrow(message);
});

test("with a size, the same functions are traced", () => {
  const f = jit((a: ArrayValue) => [
    np.nonzero(a, { size: 2 })[0]!,
    np.unique(a, { size: 2 }),
    np.bincount(a.astype(np.int32), { length: 3 }),
  ]);
  expect(f(np.array([0, 2, 2])).map((out) => (out as ArrayValue).toList())).toEqual([[1, 2], [0, 2], [1, 0, 2]]); // prettier-ignore
});
