import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import {
  type Binary,
  defineBinary,
  defineUnary,
  elementwiseAbstract,
  notDifferentiable,
  type Unary,
} from "./elementwise.ts";
import { elementwiseOperands } from "./operand.ts";

/** Where `round` sends halves. @see `jax.lax.RoundingMethod` */
export const RoundingMethod = { AWAY_FROM_ZERO: 0, TO_NEAREST_EVEN: 1 } as const;
export type RoundingMethod = (typeof RoundingMethod)[keyof typeof RoundingMethod];

/** The greatest integer below or at `x`, as a float. @see `jax.lax.floor` */
export const floor: Unary<"floor"> = defineUnary("floor", "float", { between: [0.1, 0.9], jvp: "none" });

/** The least integer above or at `x`, as a float. @see `jax.lax.ceil` */
export const ceil: Unary<"ceil"> = defineUnary("ceil", "float", { between: [0.1, 0.9], jvp: "none" });

export interface RoundParams {
  readonly roundingMethod: RoundingMethod;
}

const floatAbstract = elementwiseAbstract("round", "float");

/**
 * The integer nearest to `x`, as a float; halves go away from zero, or to the even one.
 *
 * @throws ArgumentError when `roundingMethod` is none of `RoundingMethod`; DTypeError when `x` is no float.
 * @see `jax.lax.round`
 */
export const round: Op<
  (x: Operand, ...rest: Optionals<[roundingMethod: RoundingMethod], Partial<RoundParams>>) => ArrayValue,
  "round",
  [x: ArrayValue],
  RoundParams
> = definePrimitive("round", {
  call: (x, ...rest) => {
    const { roundingMethod = RoundingMethod.AWAY_FROM_ZERO } = readOptions<RoundParams>(
      "round",
      ["roundingMethod"],
      rest,
    );
    return round.bind([elementwiseOperands([x], "float", "round")[0]!], { roundingMethod })[0]!;
  },
  arity: 1,
  params: { roundingMethod: param.oneOf([0, 1]) },
  abstract: (avals, { roundingMethod }) => {
    if (!Object.values(RoundingMethod).includes(roundingMethod)) {
      throw new ArgumentError(
        "lax/rounding",
        `round: ${String(roundingMethod)} is no rounding method; they are lax.RoundingMethod.AWAY_FROM_ZERO and TO_NEAREST_EVEN`,
      );
    }
    return floatAbstract(avals);
  },
  batch: "elementwise",
  jvp: "none",
  samples: [
    { operands: [{ shape: [4], values: [-1.3, 0.2, 0.7, 2.6] }], params: { roundingMethod: 0 } },
    { operands: [{ shape: [4], values: [-1.3, 0.2, 0.7, 2.6] }], params: { roundingMethod: 1 } },
  ],
});

/**
 * The next number of the dtype after `x` on the way to `y`; `y` where they are equal. Shapes and errors as `add`.
 *
 * Dtype: float, both the same. It has no derivative.
 * @see `jax.lax.nextafter`
 */
export const nextafter: Binary<"nextafter"> = defineBinary("nextafter", "float", {
  jvp: [notDifferentiable("nextafter", "x"), notDifferentiable("nextafter", "y")],
});
