import { isComplex } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import type { ClipOptions } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { maximum, minimum } from "./elementwise.ts";
import { stack } from "./join.ts";
import { cast, promoteDTypes, toArray } from "./promotion.ts";
import { argmax } from "./reduce.ts";
import { broadcastTogether } from "./where.ts";

/**
 * `x` between two limits; where the lower one is above the upper, the upper counts.
 *
 * Shape: broadcast. Dtype: the promoted one. The gradient is 1 between the limits, 0 outside, shared at a tie.
 * @throws DTypeError on complex numbers. @see `jax.numpy.clip`
 */
export function clip(
  x: Operand,
  ...rest: Optionals<[min: Operand | null, max: Operand | null], ClipOptions>
): ArrayValue {
  const { min = null, max = null } = readOptions<ClipOptions>("np.clip", ["min", "max"], rest);
  let out = toArray(x, "np.clip");
  if (isComplex(out.dtype))
    throw new DTypeError("numpy/complex", "np.clip: complex numbers have no order; take np.real or np.imag");
  if (min !== null) out = maximum(min, out);
  if (max !== null) out = minimum(max, out);
  return out;
}

/**
 * For each element, that of the first choice whose condition is true there.
 *
 * Shape: all broadcast. Dtype: the promoted one of the choices and the default.
 * @throws ArgumentError on lists that are empty or of unequal length. @see `jax.numpy.select`
 */
export function select(
  conditions: readonly Operand[],
  choices: readonly Operand[],
  ...rest: Optionals<[defaultValue: Operand], { default?: Operand | undefined }>
): ArrayValue {
  const caller = "np.select";
  const { default: otherwise = 0 } = readOptions<{ default?: Operand }>(caller, ["default"], rest);
  if (conditions.length !== choices.length || conditions.length === 0) {
    throw new ArgumentError(
      "numpy/select",
      `${caller} takes as many choices as conditions, at least one; got ${conditions.length} conditions and ${choices.length} choices`,
    );
  }
  const cases = promoteDTypes(caller, otherwise, ...choices);
  const flags = broadcastTogether(
    [false, ...conditions].map((flag) => cast(flag, "bool", false, caller)),
    caller,
  );
  const first = argmax(stack(flags), 0); // the first true one; false everywhere, the default's
  const [which, ...all] = broadcastTogether([first, ...cases], caller);
  return lax.selectN(which!, ...all);
}
