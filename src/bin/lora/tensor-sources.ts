import { isFloat } from "../../core/dtype.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { ArrayValue } from "../../core/value.ts";
import type { Safetensors, TensorDType, TensorSource } from "../../files/index.ts";
import { bytesOfArray } from "../../files/save.ts";
import { dtypeOf } from "../../files/safetensors-format.ts";
import * as lax from "../../lax/index.ts";
import type { MergeError } from "../../lora/index.ts";
import { differenceOf } from "../../lora/merge.ts";
import { SCALE } from "../../models/pretrained.ts";
import * as np from "../../numpy/index.ts";
import { Quantised } from "../../values/index.ts";

// Tensors of a new file, each made when it is its turn.

/** A tensor of another file, byte for byte. */
export const copied = (file: Safetensors, name: string): TensorSource => {
  const { dtype, shape } = file.info(name);
  return { name, dtype, shape, bytes: () => file.bytes(name) };
};

/** What `array` gives, as `dtype`. @throws ArgumentError, when it is its turn, where it would have an infinity or a NaN. */
export function computed(
  name: string,
  dtype: TensorDType,
  shape: Shape,
  array: () => ArrayValue,
): TensorSource {
  // The caller chose a dtype of which there are arrays.
  const converted = () => checkFinite(lax.convertElementType(array(), dtypeOf(dtype)!), name);
  return { name, dtype, shape, bytes: () => bytesOfArray(converted(), name) };
}

/**
 * Floats as integers of 8 bits with a scale for each row. Both parts are written apart: they are kept in between.
 * @throws ArgumentError, when it is their turn, where there would be an infinity or a NaN.
 */
export function quantised(
  name: string,
  shape: Shape,
  weight: () => ArrayValue,
  onError: (error: MergeError) => void,
): TensorSource[] {
  let made: Quantised | null = null;
  const make = (): Quantised => {
    const floats = checkFinite(lax.convertElementType(weight(), "float32"), name);
    const integers = Quantised.quantise(floats);
    onError({ path: name, ...differenceOf(floats, integers.dequantise()) });
    return integers;
  };
  const part = (take: (weight: Quantised) => ArrayValue) => () => {
    const whole = made ?? make();
    made = made === null ? whole : null;
    return bytesOfArray(take(whole), name);
  };
  return [
    { name, dtype: "I8", shape, bytes: part(({ values }) => values) },
    { name: name + SCALE, dtype: "F32", shape: shape.slice(0, 1), bytes: part(({ scale }) => scale) },
  ];
}

function checkFinite(x: ArrayValue, name: string): ArrayValue {
  if (np.all(np.isfinite(x)).item()) return x;
  throw new ArgumentError("lora/finite", `${name} as ${x.dtype} has numbers that are not finite`);
}

/** The tensors of a file but for the scales of others. */
export const weightsOf = (file: Safetensors): string[] =>
  file.names.filter((name) => !(name.endsWith(SCALE) && isQuantised(file, name.slice(0, -SCALE.length))));

/** Whether a tensor is a matrix of 8-bit integers with scales. */
export const isQuantised = (file: Safetensors, name: string): boolean =>
  file.has(name) && file.has(name + SCALE) && file.info(name).dtype === "I8";

export const isFloats = (file: Safetensors, name: string): boolean => {
  const dtype = dtypeOf(file.info(name).dtype);
  return dtype !== null && isFloat(dtype);
};

/** A line about what quantising changed most, if anything was quantised. */
export function showWorst(errors: readonly MergeError[]): string[] {
  const [worst] = errors.toSorted((x, y) => y.relative - x.relative);
  if (worst === undefined) return [];
  const share = (100 * worst.relative).toPrecision(3);
  return [
    `${errors.length} quantised, each off by at most ${share} % in the root mean square (${worst.path})`,
  ];
}
