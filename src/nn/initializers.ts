import { type DType, type DTypeLike, isComplex, isInexact, toDType, weakDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError, nearest, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxes, canonicalAxis, checkShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";

/** Makes the initial value of a weight. */
export type Initializer = (key: ArrayValue, shape: Shape, dtype?: DTypeLike) => ArrayValue;

export interface InitializerOptions {
  /** Dtype where the call gives none. Default float32. */
  readonly dtype?: DTypeLike | undefined;
}

/** An initializer of checked shape and dtype. */
const initializer =
  (
    name: string,
    make: (key: ArrayValue, shape: Shape, dtype: DType) => ArrayValue,
    own?: DTypeLike,
  ): Initializer =>
  (key, shape, dtype = own) => {
    const caller = `nn.initializers.${name}`;
    const asked = dtype === undefined ? weakDType("float") : toDType(dtype, caller);
    return make(key, checkShape(shape, caller), asked);
  };

/** Zeros; the key is not used. @see `jax.nn.initializers.zeros` */
export const zeros: Initializer = initializer("zeros", (_key, shape, dtype) => lax.full(shape, 0, dtype));

/** Ones; the key is not used. @see `jax.nn.initializers.ones` */
export const ones: Initializer = initializer("ones", (_key, shape, dtype) => lax.full(shape, 1, dtype));

/** `value` everywhere; the key is not used. @see `jax.nn.initializers.constant` */
export function constant(value: Operand, options: InitializerOptions = {}): Initializer {
  const { dtype } = readOptions<InitializerOptions>("nn.initializers.constant", ["dtype"], [options]);
  return initializer("constant", (_key, shape, own) => np.full(shape, value, { dtype: own }), dtype);
}

const scaled = (x: ArrayValue, factor: Operand): ArrayValue =>
  np.multiply(x, typeof factor === "number" ? scalarOf(factor, x.dtype) : factor);

/** Uniform in `[0, scale)`. @see `jax.nn.initializers.uniform` */
export function uniform(scale: Operand = 0.01, options: InitializerOptions = {}): Initializer {
  const { dtype } = readOptions<InitializerOptions>("nn.initializers.uniform", ["dtype"], [options]);
  const make = (key: ArrayValue, shape: Shape, own: DType) =>
    scaled(random.uniform(key, shape, { dtype: own }), scale);
  return initializer("uniform", make, dtype);
}

/** Normal, of standard deviation `stddev`. @see `jax.nn.initializers.normal` */
export function normal(stddev: Operand = 0.01, options: InitializerOptions = {}): Initializer {
  const { dtype } = readOptions<InitializerOptions>("nn.initializers.normal", ["dtype"], [options]);
  const make = (key: ArrayValue, shape: Shape, own: DType) =>
    scaled(random.normal(key, shape, { dtype: own }), stddev);
  return initializer("normal", make, dtype);
}

export interface TruncatedOptions extends InitializerOptions {
  /** Least value before scaling. Default −2. */
  readonly lower?: Operand | undefined;
  /** Greatest value before scaling. Default 2. */
  readonly upper?: Operand | undefined;
}

/**
 * Normal between two bounds, times `stddev`, which is the deviation before the cut.
 * @see `jax.nn.initializers.truncated_normal`
 */
export function truncatedNormal(stddev: Operand = 0.01, options: TruncatedOptions = {}): Initializer {
  const caller = "nn.initializers.truncatedNormal";
  const {
    dtype,
    lower = -2,
    upper = 2,
  } = readOptions<TruncatedOptions>(caller, ["dtype", "lower", "upper"], [options]);
  const make = (key: ArrayValue, shape: Shape, own: DType) =>
    scaled(random.truncatedNormal(key, lower, upper, shape, { dtype: own }), stddev);
  return initializer("truncatedNormal", make, dtype);
}

type Axes = number | readonly number[];

export interface FanOptions extends InitializerOptions {
  /** The axes of the inputs. Default: the last but one. */
  readonly inAxis?: Axes | undefined;
  /** The axes of the outputs. Default: the last. */
  readonly outAxis?: Axes | undefined;
  /** Axes that belong to neither. Default: none. The remaining ones are the receptive field. */
  readonly batchAxis?: Axes | undefined;
}
const fanNames = ["inAxis", "outAxis", "batchAxis", "dtype"] as const;

/** Numbers of inputs and outputs that a weight of this shape connects. */
function fans(
  shape: Shape,
  { inAxis = -2, outAxis = -1, batchAxis = [] }: FanOptions,
  caller: string,
): [number, number] {
  if (inAxis === -2 && shape.length < 2) {
    throw new ShapeError(
      "nn/fans",
      `${caller}: a weight of shape ${showShape(shape)} has no inputs and outputs to count: it needs two axes, or give inAxis and outAxis`,
    );
  }
  const size = (axes: Axes) => sizeOf(canonicalAxes(axes, shape.length, caller).map((axis) => shape[axis]!));
  const [inputs, outputs] = [size(inAxis), size(outAxis)];
  const field = sizeOf(shape) / inputs / outputs / size(batchAxis);
  return [inputs * field, outputs * field];
}

/** What the variance is divided by. */
export type FanMode = "fanIn" | "fanOut" | "fanAvg" | "fanGeoAvg";
const denominators: Readonly<Record<FanMode, (inputs: number, outputs: number) => number>> = {
  fanIn: (inputs) => inputs,
  fanOut: (_inputs, outputs) => outputs,
  fanAvg: (inputs, outputs) => (inputs + outputs) / 2,
  fanGeoAvg: (inputs, outputs) => Math.sqrt(inputs * outputs),
};

/** Standard deviation of the standard normal distribution between −2 and 2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

export type Distribution = "truncatedNormal" | "normal" | "uniform";
/** Samples of each distribution, to have a given variance. */
const distributions: Readonly<
  Record<Distribution, (key: ArrayValue, shape: Shape, dtype: DType, variance: ArrayValue) => ArrayValue>
> = {
  truncatedNormal: (key, shape, dtype, variance) => {
    const stddev = lax.div(lax.sqrt(variance), scalarOf(TRUNCATED_DEVIATION, dtype));
    return lax.mul(random.truncatedNormal(key, -2, 2, shape, { dtype }), stddev);
  },
  normal: (key, shape, dtype, variance) => lax.mul(random.normal(key, shape, { dtype }), lax.sqrt(variance)),
  uniform: (key, shape, dtype, variance) =>
    lax.mul(random.uniform(key, shape, { dtype, minval: -1 }), lax.sqrt(lax.mul(variance, 3))),
};

function checkName<Name extends string>(
  name: Name,
  table: Readonly<Record<Name, unknown>>,
  what: string,
): void {
  if (Object.hasOwn(table, name)) return;
  const names = Object.keys(table);
  const near = typeof name === "string" ? nearest(name, names) : undefined;
  throw new ArgumentError(
    "nn/initializer",
    `nn.initializers.varianceScaling: ${what} ${describe(name)} is unknown${near ? `; did you mean "${near}"?` : `; there are ${names.join(", ")}`}`,
  );
}

/**
 * Samples whose variance is `scale` over the number of inputs, of outputs, or a mean of both.
 *
 * @throws ArgumentError on an unknown mode or distribution; ShapeError on a weight without inputs and outputs; DTypeError
 * when the dtype is no float. @see `jax.nn.initializers.variance_scaling`
 */
export function varianceScaling(
  scale: number,
  mode: FanMode,
  distribution: Distribution,
  options: FanOptions = {},
): Initializer {
  return scaling("varianceScaling", scale, mode, distribution, options);
}

function scaling(
  name: string,
  scale: number,
  mode: FanMode,
  distribution: Distribution,
  given: FanOptions,
): Initializer {
  checkName(mode, denominators, "mode");
  checkName(distribution, distributions, "distribution");
  const caller = `nn.initializers.${name}`;
  const options = readOptions<FanOptions>(caller, fanNames, [given]);
  const make = (key: ArrayValue, shape: Shape, dtype: DType) => {
    if (!isInexact(dtype) || isComplex(dtype))
      throw new DTypeError("nn/initializer", `${caller} makes floats, got dtype ${dtype}`);
    const variance = scale / denominators[mode](...fans(shape, options, caller));
    return distributions[distribution](key, shape, dtype, scalarOf(variance, dtype));
  };
  return initializer(name, make, options.dtype);
}

/** Variance 2 / (inputs + outputs), uniform: Xavier's. @see `jax.nn.initializers.glorot_uniform` */
export const glorotUniform = (options: FanOptions = {}): Initializer =>
  scaling("glorotUniform", 1, "fanAvg", "uniform", options);
/** Variance 2 / (inputs + outputs), normal. @see `jax.nn.initializers.glorot_normal` */
export const glorotNormal = (options: FanOptions = {}): Initializer =>
  scaling("glorotNormal", 1, "fanAvg", "truncatedNormal", options);
/** Variance 1 / inputs, uniform. @see `jax.nn.initializers.lecun_uniform` */
export const lecunUniform = (options: FanOptions = {}): Initializer =>
  scaling("lecunUniform", 1, "fanIn", "uniform", options);
/** Variance 1 / inputs, normal. @see `jax.nn.initializers.lecun_normal` */
export const lecunNormal = (options: FanOptions = {}): Initializer =>
  scaling("lecunNormal", 1, "fanIn", "truncatedNormal", options);
/** Variance 2 / inputs, uniform: Kaiming's. @see `jax.nn.initializers.he_uniform` */
export const heUniform = (options: FanOptions = {}): Initializer =>
  scaling("heUniform", 2, "fanIn", "uniform", options);
/** Variance 2 / inputs, normal. @see `jax.nn.initializers.he_normal` */
export const heNormal = (options: FanOptions = {}): Initializer =>
  scaling("heNormal", 2, "fanIn", "truncatedNormal", options);
/** {@link glorotUniform} under its other name. @see `jax.nn.initializers.xavier_uniform` */
export const xavierUniform: typeof glorotUniform = glorotUniform;
/** {@link glorotNormal} under its other name. @see `jax.nn.initializers.xavier_normal` */
export const xavierNormal: typeof glorotNormal = glorotNormal;
/** {@link heUniform} under its other name. @see `jax.nn.initializers.kaiming_uniform` */
export const kaimingUniform: typeof heUniform = heUniform;
/** {@link heNormal} under its other name. @see `jax.nn.initializers.kaiming_normal` */
export const kaimingNormal: typeof heNormal = heNormal;

export interface OrthogonalOptions extends InitializerOptions {
  /** The axis of the columns; all others together are that of the rows. Default: the last. */
  readonly columnAxis?: number | undefined;
}

function orthogonalOf(
  name: string,
  scale: Operand,
  given: OrthogonalOptions,
  make: (shape: Shape, matrix: (shape: Shape) => ArrayValue) => ArrayValue,
): Initializer {
  const caller = `nn.initializers.${name}`;
  const { dtype, columnAxis = -1 } = readOptions<OrthogonalOptions>(caller, ["columnAxis", "dtype"], [given]);
  return initializer(
    name,
    (key, shape, own) =>
      make(shape, (sizes) => {
        if (sizes.length < 2)
          throw new ShapeError(
            "nn/orthogonal",
            `${caller}: a weight has at least two axes, got ${showShape(sizes)}`,
          );
        const axis = canonicalAxis(columnAxis, sizes.length, caller);
        if (sizes.includes(0)) return np.zeros(sizes, { dtype: own });
        const m = sizes[axis]!;
        const matrix = random.orthogonal(key, sizeOf(sizes) / m, { dtype: own, m });
        const others = sizes.filter((_, i) => i !== axis);
        return scaled(np.moveaxis(np.reshape(matrix, [...others, m]), -1, axis), scale);
      }),
    dtype,
  );
}

/**
 * Random matrices with orthonormal columns, or rows where those are fewer, times `scale`.
 * @throws ShapeError on a weight with fewer than two axes. @see `jax.nn.initializers.orthogonal`
 */
export const orthogonal = (scale: Operand = 1, options: OrthogonalOptions = {}): Initializer =>
  orthogonalOf("orthogonal", scale, options, (shape, matrix) => matrix(shape));

/**
 * Kernels of convolutions, of 3 to 5 axes, that are 0 but in the middle, where they are an orthogonal matrix of inputs and
 * outputs.
 * @throws ShapeError on other weights, or more inputs than outputs. @see `jax.nn.initializers.delta_orthogonal`
 */
export const deltaOrthogonal = (scale: Operand = 1, options: OrthogonalOptions = {}): Initializer =>
  orthogonalOf("deltaOrthogonal", scale, options, (shape, matrix) => {
    const [inputs, outputs] = shape.slice(-2) as [number, number];
    if (shape.length < 3 || shape.length > 5 || outputs < inputs)
      throw new ShapeError(
        "nn/orthogonal",
        `nn.initializers.deltaOrthogonal: a kernel has 3 to 5 axes and at least as many outputs as inputs, got ${showShape(shape)}`,
      );
    const window = shape.slice(0, -2);
    const around = window.map((size) => [Math.floor((size - 1) / 2), size - 1 - Math.floor((size - 1) / 2)] as const); // prettier-ignore
    const middle = np.reshape(matrix([inputs, outputs]), [...window.map(() => 1), inputs, outputs]);
    return np.pad(middle, [...around, [0, 0], [0, 0]]);
  });
