import { type DType, type DTypeLike, isComplex, promoteTypes } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { cast, toArray, toReal, typeOf } from "../numpy/promotion.ts";
import { broadcastArray } from "../numpy/where.ts";
import { checkKey } from "./key.ts";
import { type BitsOptions, floatDType, sampleShape, type ShapeLike } from "./uniform.ts";

export interface SampleOptions extends Omit<BitsOptions, "shape"> {
  /** Shape of the result, to which the parameters broadcast. Default: what they broadcast to. */
  readonly shape?: ShapeLike | null | undefined;
}
export type SampleRest = Optionals<[shape: ShapeLike | null, dtype: DTypeLike], SampleOptions>;

/** A sampler of a distribution with one parameter. */
export type OneParameter = (key: ArrayValue, a: Operand, ...rest: SampleRest) => ArrayValue;
/** A sampler of a distribution with two parameters. */
export type TwoParameters = (key: ArrayValue, a: Operand, b: Operand, ...rest: SampleRest) => ArrayValue;

/** @internal Shape and dtype as they were asked for. */
export const readSample = (caller: string, rest: readonly unknown[]): SampleOptions =>
  readOptions<SampleOptions>(caller, ["shape", "dtype"], rest);

/** @internal `x` as an array of `dtype`. @throws DTypeError when that would lose what `x` can hold. */
export function parameterOf(x: Operand, dtype: DType, caller: string): ArrayValue {
  const own = typeOf(x, caller);
  if (promoteTypes([own, { dtype, weak: false }], caller).dtype !== dtype)
    throw new DTypeError(
      "random/dtype",
      `${caller}: a parameter of dtype ${own.dtype} does not fit in samples of dtype ${dtype}: convert it with astype, or ask for another dtype`,
    );
  return cast(x, dtype, false, caller);
}

/** @internal `x` as an array of `dtype`, rounded if need be. @throws DTypeError when it is complex. */
export function realParameter(x: Operand, dtype: DType, caller: string): ArrayValue {
  const own = typeOf(x, caller);
  if (isComplex(own.dtype) && !isComplex(dtype)) return parameterOf(x, dtype, caller);
  return cast(x, dtype, false, caller);
}

/** @internal Floats as they are. @throws DTypeError when `x` is complex. */
export const realOf = (x: ArrayValue, caller: string): ArrayValue =>
  realParameter(x, toReal(x.dtype), caller);

/** What a sampler is made of: from a checked key and parameters of the shape and dtype of the sample. */
type Draw<Params extends readonly unknown[]> = (
  key: ArrayValue,
  params: { [K in keyof Params]: ArrayValue },
  shape: Shape,
  dtype: DType,
) => ArrayValue;

type Convert = (x: Operand, dtype: DType, caller: string) => ArrayValue;

/** @internal A float distribution with parameters, by what makes it. */
export function parametric<const Params extends readonly string[]>(
  name: string,
  params: Params,
  draw: Draw<Params>,
  convert: Convert = parameterOf,
): (key: ArrayValue, ...args: readonly unknown[]) => ArrayValue {
  const caller = `random.${name}`;
  return (key, ...args) => {
    const given = args.slice(0, params.length) as Operand[];
    const options = readSample(caller, args.slice(params.length));
    const checked = checkKey(key, caller);
    const dtype = floatDType(options.dtype, name);
    const shapes = given.map((x, i) => toArray(x, caller, i + 1).shape);
    const shape = sampleShape(options.shape, shapes, caller);
    const arrays = given.map((x) => broadcastArray(convert(x, dtype, caller), shape, caller));
    return draw(checked, arrays as { [K in keyof Params]: ArrayValue }, shape, dtype);
  };
}
