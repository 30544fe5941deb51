import { type Optionals, readOptions } from "../core/options.ts";
import { isComplex } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { type AnyPrimitive, definePrimitive, type JvpRule, type Op, type Sample } from "../core/primitive.ts";
import { addTangents, zerosOf } from "../core/rules.ts";
import { scalarOf } from "../core/scalar.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Aval, Operand } from "../core/value.ts";
import { zeros } from "./algebra.ts";
import { abs, add, max, min, mul, neg, rem, sub } from "./arithmetic.ts";
import { eq, lt, ne } from "./compare.ts";
import { complex, imag, real } from "./complex.ts";
import { shiftAxes } from "./dimensions.ts";
import { type Accepts, checkDType, toArray } from "./operand.ts";
import { prefixScan } from "./prefix-scan.ts";
import { select } from "./select.ts";
import { exp, log1p } from "./transcendental.ts";

export interface CumulativeParams {
  readonly axis: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
}
/** A running reduction: called with the axis (0 by default), counted from the front, and the direction. */
export type Cumulative<Name extends string> = Op<
  (
    operand: Operand,
    ...rest: Optionals<[axis: number, reverse: boolean], Partial<CumulativeParams>>
  ) => ArrayValue,
  Name,
  [x: ArrayValue],
  CumulativeParams
>;

const samples: readonly Sample<CumulativeParams>[] = [
  { operands: [{ shape: [5], between: [0.5, 2] }], params: { axis: 0, reverse: false } },
  {
    operands: [{ shape: [2, 4], values: [0.5, -1, 2, 1.5, 3, 0.25, -2, 4] }],
    params: { axis: 1, reverse: true },
  },
  {
    operands: [{ shape: [3, 2], values: [0.5, -1, 2, 1.5, 3, 0.25] }],
    params: { axis: 0, reverse: false },
  },
];

/** All but the derivatives. */
const running = <Name extends string>(name: Name, group: Accepts, op: () => Cumulative<Name>) => ({
  call: (operand: Operand, ...rest: readonly unknown[]) => {
    const names = ["axis", "reverse"] as const;
    const { axis = 0, reverse = false } = readOptions<Partial<CumulativeParams>>(name, names, rest);
    return op().bind([toArray(operand, name)], { axis, reverse })[0]!;
  },
  arity: 1 as const,
  params: { axis: param.integer, reverse: param.boolean },
  abstract: ([x]: readonly [Aval], { axis }: CumulativeParams): Aval => {
    checkDType(x.dtype, group, name, 0);
    if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) {
      throw new ShapeError(
        "lax/axis",
        `${name}: axis ${axis} must be an integer from 0 to ${x.shape.length - 1} for an operand of shape ${showShape(x.shape)}; functions of np count negative axes from the back`,
      );
    }
    return x;
  },
  batch: ([x]: [x: ArrayValue], [dim]: readonly (number | null)[], _size: number, params: CumulativeParams) =>
    [op().bind([x], { ...params, axis: shiftAxes([params.axis], dim!)[0]! }), [dim!]] as const,
  samples,
});

type Pair = readonly [primal: ArrayValue, tangent: ArrayValue];

/** The derivative of a running reduction is a scan of primals with their tangents, by the derivative of one step. */
const pushScan =
  <Name extends string>(
    op: () => Cumulative<Name>,
    step: (before: Pair, after: Pair) => Pair,
  ): JvpRule<[x: ArrayValue], CumulativeParams> =>
  ([x], [t], params) => {
    const outs = op().bind([x], params);
    if (!t) return [outs, [null]];
    // The scan combines what it is given: lists of two.
    const combine = (before: readonly ArrayValue[], after: readonly ArrayValue[]) =>
      step(before as unknown as Pair, after as unknown as Pair);
    return [outs, [prefixScan(combine, [x, t], params.axis, params.reverse)[1]!]];
  };

/** One step by an elementwise binary primitive, with its own derivative. */
const stepOf =
  (prim: () => AnyPrimitive) =>
  ([x, tx]: Pair, [y, ty]: Pair): Pair => {
    const [[out], [t]] = prim().rules.jvp([x, y], [tx, ty], {});
    return [out!, t ?? zerosOf(out!.aval)];
  };

/**
 * Running sum along `axis`.
 *
 * Shape and dtype: those of the operand.
 * @throws ShapeError `axis` is outside the operand; DTypeError on a boolean or key operand.
 * @see `jax.lax.cumsum`
 */
export const cumsum: Cumulative<"cumsum"> = definePrimitive("cumsum", {
  ...running("cumsum", "number", () => cumsum),
  jvp: "linear",
  transpose: [(ct, _x, { axis, reverse }) => cumsum.bind([ct], { axis, reverse: !reverse })[0]!],
});

/** Running product along `axis`; shapes, dtypes and errors as `cumsum`. @see `jax.lax.cumprod` */
export const cumprod: Cumulative<"cumprod"> = definePrimitive("cumprod", {
  ...running("cumprod", "number", () => cumprod),
  jvp: pushScan(
    () => cumprod,
    stepOf(() => mul),
  ),
});

/** Running maximum along `axis`, NaN from the first NaN on; otherwise as `cumsum`. @see `jax.lax.cummax` */
export const cummax: Cumulative<"cummax"> = definePrimitive("cummax", {
  ...running("cummax", "number", () => cummax),
  jvp: pushScan(
    () => cummax,
    stepOf(() => max),
  ),
});

/** Running minimum along `axis`, NaN from the first NaN on; otherwise as `cumsum`. @see `jax.lax.cummin` */
export const cummin: Cumulative<"cummin"> = definePrimitive("cummin", {
  ...running("cummin", "number", () => cummin),
  jvp: pushScan(
    () => cummin,
    stepOf(() => min),
  ),
});

const like = (x: ArrayValue, value: number) => scalarOf(value, x.dtype, x.aval.weak);

/** `log(exp x + exp y)` without overflow. @see `jax.lax.logaddexp` */
function logSum(x: ArrayValue, y: ArrayValue): ArrayValue {
  const largest = max(x, y);
  if (isComplex(x.dtype)) {
    const out = add(largest, log1p(exp(sub(add(x, y), mul(largest, like(x, 2))))));
    return complex(real(out), wrapAngle(imag(out)));
  }
  const delta = sub(x, y);
  // NaN where one is NaN, or both are infinities of one sign.
  return select(ne(delta, delta), add(x, y), add(largest, log1p(exp(neg(abs(delta))))));
}

/** `x` modulo 2π, in [-π, π]. */
function wrapAngle(x: ArrayValue): ArrayValue {
  const turn = like(x, 2 * Math.PI);
  const rest = rem(add(x, like(x, Math.PI)), turn);
  return sub(select(lt(rest, like(x, 0)), add(rest, turn), rest), like(x, Math.PI));
}

/** Infinity becomes 0, so that an infinite sum passes on the tangent of its infinite terms rather than NaN. */
function withoutInfinity(x: ArrayValue): ArrayValue {
  const part = isComplex(x.dtype) ? real(x) : x;
  return select(eq(part, like(part, Infinity)), zeros(x.aval), x);
}

/**
 * Running `log ∑ exp` along `axis`, without overflow.
 *
 * Shape and dtype: those of the operand.
 * @throws ShapeError `axis` is outside the operand; DTypeError when the operand is neither float nor complex.
 * @see `jax.lax.cumlogsumexp`
 */
export const cumlogsumexp: Cumulative<"cumlogsumexp"> = definePrimitive("cumlogsumexp", {
  ...running("cumlogsumexp", "inexact", () => cumlogsumexp),
  jvp: pushScan(
    () => cumlogsumexp,
    ([x, tx], [y, ty]) => {
      const out = logSum(x, y);
      const share = (term: ArrayValue) => exp(sub(withoutInfinity(term), withoutInfinity(out)));
      return [out, addTangents(mul(tx, share(x)), mul(ty, share(y)))!];
    },
  ),
});
