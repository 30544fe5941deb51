import "cotangent";
import { HostBuffer } from "../../src/core/backend.ts";
import { config } from "../../src/core/config.ts";
import { allocate, type DType, dtypeInfo, isInexact, isInteger } from "../../src/core/dtype.ts";
import { DTypeError, ShapeError } from "../../src/core/errors.ts";
import { type AnyPrimitive, primitives, type Sample, type SampleOperand } from "../../src/core/primitive.ts";
import { store } from "../../src/core/scalar.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";
import { type ArrayValue, type Aval, avalOf, NDArray } from "../../src/core/value.ts";

/** Primitives without samples, and why: laws of theirs need a function of the user's, and stand in tests of their own. */
export const withoutSamples: Readonly<Record<string, string>> = {
  jit: "holds a jaxpr",
  remat2: "holds a jaxpr",
  cond: "holds jaxprs",
  scan: "holds a jaxpr",
  while: "holds jaxprs",
  reduce: "holds a jaxpr",
  reduce_window: "holds a jaxpr",
  custom_jvp_call: "holds functions",
  custom_vjp_call: "holds functions",
  custom_lin: "holds functions",
  custom_linear_solve: "holds jaxprs",
  psum: "works along a named axis",
  pmax: "works along a named axis",
  pmin: "works along a named axis",
  axis_index: "works along a named axis",
  all_gather: "works along a named axis",
  reduce_scatter: "works along a named axis",
  all_to_all: "works along a named axis",
  ppermute: "works along a named axis",
  pbroadcast: "works along a named axis",
  debug_callback: "calls a function of the user's",
  debug_print: "prints",
  io_callback: "calls a function of the user's",
  pure_callback: "calls a function of the user's",
};

/** Every primitive that can be tested from its declaration alone. */
export const sampled: readonly (readonly [name: string, prim: AnyPrimitive])[] = [...primitives].filter(
  ([name]) => !(name in withoutSamples),
);

/** Numbers in [0, 1) that depend on the seed only. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Moves the rows of a list of elements on by `by`. */
function rotated<T>(values: readonly T[], shape: Shape, by: number): readonly T[] {
  const row = sizeOf(shape.slice(1));
  const cut = ((by % (shape[0] ?? 1)) * row) % Math.max(values.length, 1);
  return [...values.slice(cut), ...values.slice(0, cut)];
}

/**
 * Values for a declared operand. `variant` tells examples of a batch apart: drawn values are drawn anew, given rows are
 * moved on, and a given scalar is another one, so that every example is as valid as the declared one.
 */
export function draw(
  operand: SampleOperand,
  seed: number,
  dtype = dtypeOf(operand),
  variant = 0,
  sorted = false,
): NDArray {
  const { shape, between: [low, high] = [-2, 2] } = operand;
  const { kind, lanes } = dtypeInfo[dtype];
  const random = generator(seed * 1009 + variant * 31 + 7);
  const uniform = () => low + (high - low) * random();
  const storage = allocate(dtype, sizeOf(shape));
  if (kind === "key") {
    for (let i = 0; i < storage.length; i++) storage[i] = Math.floor(random() * 2 ** 32);
    return new NDArray(avalOf(shape, dtype), new HostBuffer(storage));
  }
  const given =
    operand.values &&
    (sorted || shape.length === 0 ? operand.values : rotated(operand.values, shape, variant));
  const next = (i: number): number | boolean => {
    const value = given?.[i];
    if (value === undefined) {
      if (kind === "bool") return random() < 0.5;
      if (isInexact(dtype)) return uniform();
      return Math.ceil(low) <= Math.floor(high)
        ? Math.ceil(low) + Math.floor(random() * (Math.floor(high) - Math.ceil(low) + 1))
        : Math.round(uniform());
    }
    if (shape.length > 0 || isInexact(dtype)) return value;
    return kind === "bool" ? Boolean(value) !== (variant % 2 === 1) : Number(value) + variant;
  };
  for (let i = 0; i < sizeOf(shape); i++) store(storage, dtype, i, integral(next(i), dtype));
  if (lanes === 2) for (let i = 0; i < sizeOf(shape); i++) storage[2 * i + 1] = uniform() / 4;
  return new NDArray(avalOf(shape, dtype), new HostBuffer(storage));
}

const integral = (value: number | boolean, dtype: DType): number | boolean =>
  isInteger(dtype) ? Math.trunc(Number(value)) : value;

export const dtypeOf = (operand: SampleOperand): DType => operand.dtype ?? "float32";
export const avalOfSample = (operand: SampleOperand): Aval => avalOf(operand.shape, dtypeOf(operand));

/** All operands of a sample; `seed` makes other values, `variant` is as in `draw`. */
export const drawAll = ({ operands, params }: Sample<object>, seed = 1, variant = 0): NDArray[] =>
  operands.map((operand, i) =>
    draw(
      operand,
      seed + 17 * i,
      dtypeOf(operand),
      variant,
      "indicesAreSorted" in params && params.indicesAreSorted === true,
    ),
  );

/** A random array like `x`: a tangent or cotangent of it. */
export const drawLike = ({ shape, dtype }: Aval, seed: number): NDArray =>
  draw({ shape, dtype, between: [-1, 1] }, seed + 101);

/** Runs `body` with 64-bit dtypes, for tight tolerances. */
export function withX64<T>(body: () => T): T {
  const before = config.enableX64;
  config.enableX64 = true;
  try {
    return body();
  } finally {
    config.enableX64 = before;
  }
}

/** The sample with `dtype` for float32, in operands and params, where the primitive takes it; otherwise the sample itself. */
export function recast(prim: AnyPrimitive, sample: Sample<object>, dtype: DType): Sample<object> {
  const recasted = {
    operands: sample.operands.map((x) => (dtypeOf(x) === "float32" ? { ...x, dtype } : x)),
    params: Object.fromEntries(
      Object.entries(sample.params).map(([name, value]) => [name, value === "float32" ? dtype : value]),
    ),
  };
  try {
    prim.rules.abstract(recasted.operands.map(avalOfSample), recasted.params);
    return recasted;
  } catch (error) {
    if (error instanceof DTypeError || error instanceof ShapeError) return sample;
    throw error;
  }
}

/** The primitive as a function of a list of operands. */
export const applied =
  (prim: AnyPrimitive, params: object) =>
  (operands: readonly ArrayValue[]): ArrayValue[] =>
    prim.bind(operands, params);

/** Each operand that is inexact alone, then all of them, as masks. */
export function inexactChoices(sample: Sample<object>): boolean[][] {
  return choices(sample.operands.map((x) => isInexact(dtypeOf(x))));
}

/** Each marked place alone, then all of them. */
export function choices(marked: readonly boolean[]): boolean[][] {
  const alone = marked.flatMap((on, i) => (on ? [marked.map((_, j) => i === j)] : []));
  return alone.length > 1 ? [...alone, [...marked]] : alone;
}
