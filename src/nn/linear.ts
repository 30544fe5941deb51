import { type DType, type DTypeLike, isComplex, toDType, weakDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** Size of a vector; `"scalar"` for an array without axes. */
export type Size = number | "scalar";

export interface LinearOptions {
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
  /** Whether there is a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Dtype of weight and bias. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
}

/** @internal @throws ArgumentError when `size` is neither a count nor `"scalar"`. */
export function checkSize(size: unknown, name: string): number {
  if (size === "scalar") return 1;
  if (typeof size === "number" && Number.isInteger(size) && size >= 0) return size;
  throw new ArgumentError(
    "nn/size",
    `${name} must be a non-negative integer or "scalar", got ${describe(size)}`,
  );
}

/** @internal @throws ArgumentError when `count` is no integer from `least` on. */
export function checkCount(count: unknown, name: string, least = 0): number {
  if (typeof count === "number" && Number.isInteger(count) && count >= least) return count;
  const kind = least === 0 ? "a non-negative integer" : "a positive integer";
  throw new ArgumentError("nn/size", `${name} must be ${kind}, got ${describe(count)}`);
}

/** @internal The dtype of a layer's weights. */
export const weightDType = (dtype: DTypeLike | undefined, caller: string): DType =>
  dtype === undefined ? weakDType("float") : toDType(dtype, caller);

/** @internal Uniform in ±`limit`; both parts of complex numbers. */
export function initial(key: ArrayValue, shape: Shape, dtype: DType, limit: number): ArrayValue {
  const within = (part: ArrayValue, real: DType) =>
    random.uniform(part, shape, { dtype: real, minval: -limit, maxval: limit });
  if (!isComplex(dtype)) return within(key, dtype);
  const [re, im] = lax.unstack(random.split(key)).map((part) => within(part, "float32"));
  return lax.complex(re!, im!);
}

/**
 * `weight · x + bias`.
 *
 * Shape: `[inFeatures] → [outFeatures]`; vmap maps it over a batch. The weight is `[outFeatures, inFeatures]`, and starts
 * uniform in ±1/√inFeatures, as the bias does.
 * @example
 * const linear = new nn.Linear(10, 12, { key });
 * const y = linear.forward(x);
 * @see `equinox.nn.Linear`
 */
export class Linear extends Module {
  readonly weight: ArrayValue;
  readonly bias: ArrayValue | null;
  readonly inFeatures: Size;
  readonly outFeatures: Size;
  readonly useBias: boolean;

  /** @throws ArgumentError when a size is no count, or the key is missing. */
  constructor(inFeatures: Size, outFeatures: Size, options: LinearOptions) {
    super();
    const caller = "nn.Linear";
    const {
      key,
      useBias = true,
      dtype,
    } = readOptions<LinearOptions>(caller, ["key", "useBias", "dtype"], [options]);
    const [rows, columns] = [
      checkSize(outFeatures, `${caller}: outFeatures`),
      checkSize(inFeatures, `${caller}: inFeatures`),
    ];
    const own = weightDType(dtype, caller);
    const [weightKey, biasKey] = lax.unstack(random.split(requireKey(key, caller)));
    const limit = columns === 0 ? 1 : 1 / Math.sqrt(columns);
    this.weight = initial(weightKey!, [rows, columns], own, limit);
    this.bias = useBias ? initial(biasKey!, [rows], own, limit) : null;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.useBias = useBias;
  }

  /**
   * Shape: `[inFeatures] → [outFeatures]`; a `"scalar"` one has no axis.
   * @throws ShapeError when `x` does not fit the weight.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    let input = toArray(x, "nn.Linear");
    if (this.inFeatures === "scalar") {
      if (input.ndim > 0) {
        throw new ShapeError(
          "nn/input",
          `nn.Linear of "scalar" input takes an array without axes, got shape ${showShape(input.shape)}: use vmap for a batch`,
        );
      }
      input = lax.expandDims(input, [0]);
    }
    const product = np.matmul(this.weight, input);
    const out = this.bias === null ? product : np.add(product, this.bias);
    return this.outFeatures === "scalar" ? lax.squeeze(out, [0]) : out;
  }
}

/** @internal @throws ArgumentError when there is no key. */
export function requireKey(key: ArrayValue | undefined, caller: string): ArrayValue {
  if (key !== undefined) return key;
  throw new ArgumentError(
    "nn/key",
    `${caller} needs a key for its initial weights: pass { key: random.key(0) }`,
  );
}
