import { type DType } from "../core/dtype.ts";
import { DifferentiationError, DTypeError, ShapeError } from "../core/errors.ts";
import {
  type AnyPrimitive,
  type ArgsOf,
  type Declaration,
  definePrimitive,
  type NoParams,
  type Op,
  type ParamsOf,
} from "../core/primitive.ts";
import { showShape, type Shape } from "../core/shape.ts";
import { avalOf, type ArrayValue, type Aval, type Operand } from "../core/value.ts";
import { type Accepts, accepts, checkDType, elementwiseOperands, orNumpy } from "./operand.ts";

export type Unary<Name extends string, P extends object = NoParams> = Op<
  (x: Operand) => ArrayValue,
  Name,
  [x: ArrayValue],
  P
>;
export type Binary<Name extends string, P extends object = NoParams> =
  Op<(x: Operand, y: Operand) => ArrayValue, Name, [x: ArrayValue, y: ArrayValue], P>; // prettier-ignore

/**
 * Shape of an elementwise n-ary primitive: equal ranks with sizes equal or 1; rank-0 operands go with anything.
 * @throws ShapeError when ranks or sizes differ otherwise.
 */
export function elementwiseShape(name: string, shapes: readonly Shape[]): Shape {
  let out: readonly number[] = [];
  let widened: number[] | undefined;
  for (const shape of shapes) {
    if (shape.length === 0) continue;
    if (out.length === 0) {
      out = shape;
      continue;
    }
    if (shape.length !== out.length) {
      throw new ShapeError(
        "lax/rank",
        `${name}: arrays must have the same number of dimensions, or none, got shapes ${shapes.map(showShape).join(", ")}: reshape them${orNumpy(name, "broadcasts")}`,
      );
    }
    for (let axis = 0; axis < shape.length; axis++) {
      const [a, b] = [out[axis]!, shape[axis]!];
      if (a === b || b === 1) continue;
      if (a !== 1)
        throw new ShapeError(
          "lax/shape",
          `${name} got incompatible shapes for broadcasting: ${shapes.map(showShape).join(", ")}`,
        );
      widened ??= [...out];
      widened[axis] = b;
      out = widened;
    }
  }
  return out;
}

/** Shape rule of an elementwise primitive whose result has the dtype of its operands, or `result`. */
export const elementwiseAbstract =
  (name: string, group: Accepts, result?: (dtype: DType) => DType) =>
  (avals: readonly Aval[]): Aval => {
    const [first] = avals;
    for (let i = 0; i < avals.length; i++) {
      checkDType(avals[i]!.dtype, group, name, i);
      if (avals[i]!.dtype !== first!.dtype) {
        throw new DTypeError(
          "lax/dtype",
          `${name} requires operands of one dtype, got ${avals.map((a) => a.dtype).join(", ")}`,
        );
      }
    }
    const weak = avals.every((a) => a.weak);
    if (avals.length === 1 && result === undefined) return first!;
    const dtype = result ? result(first!.dtype) : first!.dtype;
    return avalOf(
      elementwiseShape(
        name,
        avals.map((a) => a.shape),
      ),
      dtype,
      weak && dtype !== "bool",
    );
  };

/** Interval that samples are drawn from: where the function is smooth. */
type Interval = readonly [low: number, high: number];

type Rules<Args extends readonly ArrayValue[]> = Pick<
  Declaration<Args, NoParams>,
  "expand" | "jvp" | "transpose" | "samples"
> & {
  /** Dtype of the result, where it is not that of the operands. */
  readonly result?: (dtype: DType) => DType;
};

// The types of definePrimitive follow from a literal name; in the functions below it is a type parameter.
const define = definePrimitive as unknown as <T extends AnyPrimitive>(
  name: string,
  declaration: Declaration<ArgsOf<T>, ParamsOf<T>> & { readonly call: unknown },
) => T;

const sampleDType = (group: Accepts): DType =>
  (["float32", "int32", "complex64"] as const).find((dtype) => accepts[group](dtype)) ?? "bool";

/**
 * A primitive on one operand, of a dtype of `group`, that works on each element.
 *
 * @example
 * export const sin: Unary<"sin"> = defineUnary("sin", "inexact", { jvp: [(t, _out, [x]) => mul(t, cos(x))] });
 */
export function defineUnary<Name extends string>(
  name: Name,
  group: Accepts,
  {
    result,
    between = [-2, 2],
    ...rules
  }: Rules<[x: ArrayValue]> & { readonly between?: Interval | undefined },
): Unary<Name> {
  const op: Unary<Name> = define<Unary<Name>>(name, {
    call: (x: Operand) => op.bind([elementwiseOperands([x], group, name)[0]!], {})[0]!,
    arity: 1,
    abstract: elementwiseAbstract(name, group, result),
    batch: "elementwise",
    samples: [{ operands: [{ shape: [2, 3], dtype: sampleDType(group), between }], params: {} }],
    ...rules,
  });
  return op;
}

/** A primitive on two operands, of one dtype of `group`, that works on each pair of elements and broadcasts. */
export function defineBinary<Name extends string>(
  name: Name,
  group: Accepts,
  {
    result,
    between = [
      [-2, 2],
      [-2, 2],
    ],
    ...rules
  }: Rules<[x: ArrayValue, y: ArrayValue]> & { readonly between?: readonly [x: Interval, y: Interval] },
): Binary<Name> {
  const dtype = sampleDType(group);
  const sample = (...shapes: readonly Shape[]) => ({
    operands: shapes.map((shape, i) => ({ shape, dtype, between: between[i]! })),
    params: {},
  });
  const op: Binary<Name> = define<Binary<Name>>(name, {
    call: (x: Operand, y: Operand) => {
      const [a, b] = elementwiseOperands([x, y], group, name);
      return op.bind([a!, b!], {})[0]!;
    },
    arity: 2,
    abstract: elementwiseAbstract(name, group, result),
    batch: "elementwise",
    samples: [sample([2, 3], [2, 3]), sample([2, 1], [1, 3]), sample([], [3])],
    ...rules,
  });
  return op;
}

/** The push-forward of an operand in which `name` is not differentiated: it throws. */
export const notDifferentiable = (name: string, operand: string) => (): never => {
  throw new DifferentiationError(
    "ad/rule",
    `${name} is not differentiated with respect to ${operand}: stop its gradient with lax.stopGradient, or give a rule with customJvp`,
  );
};
