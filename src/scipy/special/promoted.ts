import { customJvp } from "../../control/custom-jvp.ts";
import { isComplex } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkedAsOne } from "../../core/numbers.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { add, convertElementType, div, fullLike, mul } from "../../lax/index.ts";
import { promoteInexact } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";

// Shapes broadcast. Dtypes promote, and integers and booleans become floats.

type Arrays<Args extends readonly Operand[]> = { [K in keyof Args]: ArrayValue };
type OnArrays<Args extends readonly Operand[]> = (...xs: Arrays<Args>) => ArrayValue;
type OnOperands<Args extends readonly Operand[]> = (...xs: Args) => ArrayValue;
export type One = [x: Operand];

/** A function of numbers, real or complex, from what it does to arrays of one dtype and rank. */
export function ofNumbers<Args extends readonly Operand[]>(
  name: string,
  f: OnArrays<Args>,
): OnOperands<Args> {
  const caller = `scipy.special.${name}`;
  const whole = checkedAsOne(caller, f as (...xs: ArrayValue[]) => ArrayValue);
  return named(name, (...xs: Args) => whole(...(promoteInexact(caller, ...xs) as readonly ArrayValue[])));
}

/** A function of real numbers: it throws a DTypeError on complex ones. */
export const ofReals = <Args extends readonly Operand[]>(name: string, f: OnArrays<Args>): OnOperands<Args> =>
  ofNumbers<Args>(name, (...xs) => {
    requireReal(xs[0]!, `scipy.special.${name}`);
    return f(...xs);
  });

/** @throws DTypeError when `x` is complex. */
export function requireReal(x: ArrayValue, caller: string): void {
  if (isComplex(x.dtype))
    throw new DTypeError("scipy/complex", `${caller} is not defined for complex numbers`);
}

/** @throws DTypeError unless `x` is of float32 or float64. */
export function requireWide(x: ArrayValue, caller: string): void {
  if (x.dtype === "float32" || x.dtype === "float64") return;
  throw new DTypeError(
    "scipy/dtype",
    `${caller} takes float32 or float64, got ${x.dtype}: convert it with astype`,
  );
}

type Slope<Args extends readonly Operand[]> = (out: ArrayValue, ...xs: Arrays<Args>) => ArrayValue;

/** `f` with given derivatives: for each operand what its tangent is multiplied by, or null where there is none. */
export function sloped<Args extends readonly Operand[]>(
  name: string,
  f: OnArrays<Args>,
  ...slopes: readonly (Slope<Args> | null)[]
): OnArrays<Args> {
  const ruled = customJvp(named(name, f as (...xs: ArrayValue[]) => ArrayValue));
  ruled.defjvps(
    ...slopes.map(
      (slope) =>
        slope &&
        ((t: ArrayValue, out: ArrayValue, ...xs: ArrayValue[]) =>
          mul(t, slope(out, ...(xs as Arrays<Args>)))),
    ),
  );
  return ruled as unknown as OnArrays<Args>;
}

/** `f` in float32 where a dtype of 16 bits would not hold its coefficients. */
export const inFloat32 =
  (f: (x: ArrayValue) => ArrayValue) =>
  (x: ArrayValue): ArrayValue =>
    x.dtype === "float16" || x.dtype === "bfloat16"
      ? convertElementType(f(convertElementType(x, "float32")), x.dtype)
      : f(x);

/** A polynomial by Horner's rule, the coefficient of the highest power first. */
export const polynomial = (x: ArrayValue, [first, ...rest]: readonly number[]): ArrayValue =>
  rest.reduce<ArrayValue>((sum, c) => add(mul(sum, x), c), fullLike(x, first!));

/** The quotient of two polynomials. */
export const rational = (x: ArrayValue, p: readonly number[], q: readonly number[]): ArrayValue =>
  div(polynomial(x, p), polynomial(x, q));
