import { isComplex } from "../../core/dtype.ts";
import { ArgumentError, DTypeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { range } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { customJvp } from "../../control/index.ts";
import { cast } from "../promotion.ts";
import { any, prod, sum } from "../reduce.ts";
import { takeAlongAxis } from "../take.ts";
import { diagonal } from "../triangles.ts";
import { broadcastArray, choose } from "../where.ts";
import { toSquare } from "./decompositions.ts";
import { trace } from "./products.ts";
import { solve } from "./solve.ts";

const diagonalOf = (x: ArrayValue): ArrayValue => diagonal(x, { axis1: -2, axis2: -1 });
const asReal = (x: ArrayValue): ArrayValue => (isComplex(x.dtype) ? lax.real(x) : x);

/** 1 or -1, by how many rows `lu` exchanged. */
function signOf(pivots: ArrayValue, like: ArrayValue): ArrayValue {
  const places = lax.broadcastedIota("int32", pivots.shape, pivots.ndim - 1);
  const exchanges = sum(cast(lax.ne(pivots, places), "int32", false, "np.linalg.det"), { axis: -1 });
  return cast(lax.sub(1, lax.mul(2, lax.rem(exchanges, 2))), like.dtype, false, "np.linalg.det");
}

type SignAndLog = [sign: ArrayValue, logabsdet: ArrayValue];

/** With its derivative: log|a|' is the real part of tr(a⁻¹·ȧ); what is imaginary turns the sign. */
function differentiable(slogdet: (a: ArrayValue) => SignAndLog): (a: ArrayValue) => SignAndLog {
  const signAndLog = customJvp(slogdet);
  signAndLog.defjvp(([a]: ArrayValue[], [t]: ArrayValue[]) => {
    const [sign, log] = signAndLog(a!);
    const moved = trace(solve(a!, t!));
    const real = asReal(moved);
    const turning = isComplex(moved.dtype)
      ? lax.mul(lax.sub(moved, cast(real, moved.dtype, false, "np.linalg.slogdet")), sign)
      : lax.fullLike(sign, 0);
    return [
      [sign, log],
      [turning, real],
    ];
  });
  return signAndLog;
}

const signAndLog = differentiable(function slogdet(a) {
  const [lu, pivots] = lax.linalg.lu(a);
  const factors = diagonalOf(lu);
  const isSingular = any(lax.eq(factors, 0), { axis: -1 });
  const logs = sum(lax.log(lax.abs(factors)), { axis: -1 });
  return [
    lax.mul(prod(lax.sign(factors), { axis: -1 }), signOf(pivots, factors)),
    // Beside an infinite factor too.
    choose(isSingular, -Infinity, logs, "np.linalg.slogdet"),
  ];
});

/** The determinant of a reflection is -1. */
const byReflections = differentiable(function slogdet(a) {
  const [r, taus] = lax.linalg.geqrf(a);
  const diag = diagonalOf(r);
  const reflections = lax.sub(1, lax.mul(2, cast(lax.ne(taus, 0), diag.dtype, false, "np.linalg.slogdet")));
  return [
    prod(lax.mul(lax.sign(diag), reflections), { axis: -1 }),
    sum(lax.log(lax.abs(diag)), { axis: -1 }),
  ];
});

export interface SlogdetOptions {
  /** By `lu`, the default, or by `qr`, for real matrices only. */
  method?: "lu" | "qr" | null | undefined;
}

/**
 * Sign and logarithm of the absolute value of the determinant of square matrices: 0 and -∞ where it is 0. Of complex ones
 * the sign is of absolute value 1.
 *
 * Shape: `[…s, n, n] → […s], […s]`. Dtype: that of `a`, integers becoming floats; real for the logarithm.
 * @throws ShapeError when `a` is not square; ArgumentError on an unknown method; DTypeError when complex numbers are given to
 *   `"qr"`. @see `jax.numpy.linalg.slogdet`
 */
export function slogdet(a: Operand, ...rest: Optionals<[], SlogdetOptions>): SignAndLog {
  const caller = "np.linalg.slogdet";
  const { method = "lu" } = readOptions<SlogdetOptions>(caller, ["method"], rest);
  const x = toSquare(a, caller);
  if (method === "lu" || method === null) return signAndLog(x);
  if (method !== "qr")
    throw new ArgumentError("linalg/method", `${caller}: method is "lu" or "qr", got ${describe(method)}`);
  if (isComplex(x.dtype))
    throw new DTypeError("linalg/method", `${caller}: the method "qr" takes real matrices, got ${x.dtype}`);
  return byReflections(x);
}

/** Element of each matrix. */
const at = (x: ArrayValue, row: number, column: number): ArrayValue => {
  const lead = range(x.ndim - 2);
  const start = [...lead.map(() => 0), row, column];
  const end = [...x.shape.slice(0, -2), row + 1, column + 1];
  return lax.squeeze(lax.slice(x, start, end), [x.ndim - 2, x.ndim - 1]);
};

/** The sum of the products along diagonals, less that along the others. @see Sarrus */
function bySarrus(x: ArrayValue): ArrayValue {
  const along = (...columns: readonly number[]) =>
    columns.map((column, row) => at(x, row, column)).reduce((a, b) => lax.mul(a, b));
  if (x.shape.at(-1) === 2) return lax.sub(along(0, 1), along(1, 0));
  const [plus, minus] = [
    [along(0, 1, 2), along(1, 2, 0), along(2, 0, 1)],
    [along(2, 1, 0), along(0, 2, 1), along(1, 0, 2)],
  ] as const;
  return lax.sub(lax.add(lax.add(plus[0], plus[1]), plus[2]), lax.add(lax.add(minus[0], minus[1]), minus[2]));
}

/**
 * The determinant, and `cof(a)ᵀ·b = det(a)·a⁻¹·b`, also where one factor of the determinant, which is then the last, is 0; where
 * there are more, the cofactors are 0.
 * @see `jax._src.numpy.linalg._cofactor_solve`
 */
function cofactorSolve(a: ArrayValue, b: ArrayValue): [det: ArrayValue, x: ArrayValue] {
  const n = a.shape.at(-1)!;
  if (n === 1) return [at(a, 0, 0), b];
  const caller = "np.linalg.det";
  const factors = lax.linalg.lu(a);
  const [lu, pivots] = factors;
  const diag = diagonalOf(lu);
  const last = diag.ndim - 1;
  const column = (x: ArrayValue) => lax.expandDims(x, [x.ndim]);
  const partial = lax.mul(lax.cumprod(diag, last), column(signOf(pivots, diag)));
  const [but, det] = [n - 2, n - 1].map((i) => lax.indexInDim(partial, i, -1, false)) as [ArrayValue, ArrayValue]; // prettier-ignore
  // The last factor is left to the end: 1 over the others is in its place.
  const [i, j] = [0, 1].map((axis) => lax.broadcastedIota("int32", lu.shape, lu.ndim - 2 + axis));
  const isLast = lax.and(lax.eq(i!, n - 1), lax.eq(j!, n - 1));
  const inverse = broadcastArray(column(column(lax.div(1, but))), lu.shape, caller);
  const without = lax.select(isLast, inverse, lu);
  const upper = { leftSide: true } as const;
  const ones = lax.linalg.triangularSolve(without, lax.fullLike(diag, 1), upper);
  const isSingular = lax.not(lax.reduceAnd(lax.isFinite(lax.abs(ones)), [last]));
  const masked = (x: ArrayValue) => choose(column(column(isSingular)), 0, x, caller);
  const lower = { leftSide: true, lower: true, unitDiagonal: true } as const;
  const ordered = takeAlongAxis(masked(b), column(factors[2]), { axis: -2 });
  const solved = lax.linalg.triangularSolve(without, ordered, lower);
  const rows = lax.broadcastedIota("int32", solved.shape, solved.ndim - 2);
  const scale = broadcastArray(column(column(det)), solved.shape, caller);
  const scaled = lax.select(lax.lt(rows, n - 1), lax.mul(solved, scale), solved);
  return [det, masked(lax.linalg.triangularSolve(without, scaled, upper))];
}

const product = customJvp(function det(a: ArrayValue): ArrayValue {
  const [sign, log] = signAndLog(a);
  return lax.mul(sign, cast(lax.exp(log), sign.dtype, false, "np.linalg.det"));
});
product.defjvp(([a]: ArrayValue[], [t]: ArrayValue[]) => {
  const [det, moved] = cofactorSolve(a!, t!);
  return [det, trace(moved)];
});

/**
 * The determinant of square matrices.
 *
 * Shape: `[…s, n, n] → […s]`. Dtype: that of `a`, integers becoming floats.
 * @throws ShapeError when `a` is not square. @see `jax.numpy.linalg.det`
 */
export function det(a: Operand): ArrayValue {
  const x = toSquare(a, "np.linalg.det");
  return x.shape.at(-1) === 2 || x.shape.at(-1) === 3 ? bySarrus(x) : product(x);
}
