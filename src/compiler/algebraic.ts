import { type DType, isBigint, isComplex, isFloat } from "../core/dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "../core/float16.ts";
import { type Atom, type Eqn, Literal } from "../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { sameShape } from "../core/shape.ts";
import type { NDArray } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { fits, type Operation, type Program, type Rule } from "./rewrite.ts";
import { uniform, uniformValue } from "./uniform.ts";

// Identities that hold bit for bit in every dtype they are given for: x + 0 is not among them (-0 + 0 is 0), nor is
// 0 · x. A result of another shape, dtype or weakness than the equation's output is refused.

type Result = readonly Atom[] | Operation | null;
/** What an equation is equal to, or null where the identity does not apply. */
type Identity<P> = (inputs: readonly Atom[], params: P, program: Program, eqn: Eqn) => Result;

type Row = readonly [primitive: AnyPrimitive, identities: readonly Identity<never>[]];
const row = <T extends AnyPrimitive>(primitive: T, ...identities: Identity<ParamsOf<T>>[]): Row => [
  primitive,
  identities,
];
const rows = <T extends AnyPrimitive>(
  primitives: readonly T[],
  ...identities: Identity<ParamsOf<T>>[]
): Row[] => primitives.map((p) => row(p, ...identities));
const operation = <T extends AnyPrimitive>(
  primitive: T,
  inputs: readonly Atom[],
  params: ParamsOf<T>,
): Operation => ({ primitive, inputs, params: params as object });

/** The operation that made `x`, if it is this one. */
function madeBy<T extends AnyPrimitive>(
  primitive: T,
  x: Atom | undefined,
  program: Program,
): { readonly inputs: readonly Atom[]; readonly params: ParamsOf<T> } | null {
  const producer = x && program.producer(x);
  return producer?.primitive === primitive
    ? { inputs: producer.inputs, params: producer.params as ParamsOf<T> }
    : null;
}

/** Whether a scalar is `value`, the zeros being told apart. */
function holds({ storage, dtype }: NDArray, value: number): boolean {
  const is = (element: number | bigint | undefined): boolean => {
    if (isBigint(dtype)) return element === BigInt(value);
    const decode = dtype === "float16" ? decodeFloat16 : dtype === "bfloat16" ? decodeBfloat16 : Number;
    // Integers have one zero.
    return isFloat(dtype) || isComplex(dtype)
      ? Object.is(decode(Number(element)), value)
      : Number(element) === value;
  };
  return is(storage[0]) && (!isComplex(dtype) || is(storage[1]));
}
const isUniformly = (x: Atom, value: number, program: Program): boolean => {
  const scalar = uniformValue(x, program);
  return scalar !== null && holds(scalar.value, value);
};

/** `x ∘ unit = x`, for operand `side` being the unit. A complex unit of products is none: (x + ∞i)·1 has a NaN. */
const unit =
  (side: 0 | 1, value: number, dtypes: (dtype: DType) => boolean = () => true): Identity<object> =>
  ([x, y], _params, program) => {
    const [kept, dropped] = side === 0 ? [y!, x!] : [x!, y!];
    return dtypes(dropped.aval.dtype) && isUniformly(dropped, value, program) ? [kept] : null;
  };
const isReal = (dtype: DType): boolean => !isComplex(dtype);

/** `-x ∘ -y`, `x ∘ -y` or `-x ∘ y` without the negations, which are exact. */
const negated =
  (
    which: readonly [left: boolean, right: boolean],
    to: () => AnyPrimitive,
    swap = false,
    dtypes: (dtype: DType) => boolean = () => true,
  ): Identity<object> =>
  (inputs, _params, program) => {
    const plain = inputs.map((x, i) => (which[i] ? madeBy(lax.neg, x, program)?.inputs[0] : x));
    if (!dtypes(inputs[0]!.aval.dtype) || !plain.every((x) => x !== undefined)) return null;
    return operation(to(), swap ? plain.toReversed() : plain, {});
  };

/** An array that holds one number everywhere is the number itself, beside an operand that has the shape. */
const scalarOperand: Identity<object> = (inputs, _params, program, { primitive, outputs }) => {
  const { shape } = outputs[0]!.aval;
  const full = inputs.findIndex(
    (x) => !(x instanceof Literal) && sameShape(x.aval.shape, shape) && uniformValue(x, program) === null,
  );
  const spread = inputs.findIndex((x) => !(x instanceof Literal) && uniformValue(x, program) !== null);
  return full < 0 || spread < 0
    ? null
    : operation(primitive, inputs.with(spread, uniformValue(inputs[spread]!, program)!), {});
};

/** `f(f(x)) = x`. */
const involution: Identity<object> = ([x], _params, program, { primitive }) =>
  madeBy(primitive, x, program)?.inputs.slice(0, 1) ?? null;

/** `x` itself, where the params say that nothing moves. */
const identityWhen =
  <P>(test: (params: P, x: Atom) => boolean): Identity<P> =>
  ([x], params) =>
    test(params, x!) ? [x!] : null;

/** Moving elements of an array that holds one number everywhere. */
const ofUniform: Identity<object> = ([x], _params, program, { outputs }) => {
  const scalar = uniformValue(x!, program);
  return scalar && uniform(scalar, outputs[0]!.aval.shape);
};

const inOrder = (axes: readonly number[] | null): boolean =>
  axes === null || axes.every((axis, i) => axis === i);

const transposeTwice: Identity<ParamsOf<typeof lax.transpose>> = ([x], { permutation }, program) => {
  const inner = madeBy(lax.transpose, x, program);
  return (
    inner &&
    operation(lax.transpose, inner.inputs, {
      permutation: permutation.map((axis) => inner.params.permutation[axis]!),
    })
  );
};

const reshapeTwice: Identity<ParamsOf<typeof lax.reshape>> = ([x], { newSizes, dimensions }, program) => {
  const inner = madeBy(lax.reshape, x, program);
  return inner && dimensions === null
    ? operation(lax.reshape, inner.inputs, { newSizes, dimensions: inner.params.dimensions })
    : null;
};

const broadcastTwice: Identity<ParamsOf<typeof lax.broadcastInDim>> = (
  [x],
  { shape, broadcastDimensions },
  program,
) => {
  const inner = madeBy(lax.broadcastInDim, x, program);
  return (
    inner &&
    operation(lax.broadcastInDim, inner.inputs, {
      shape,
      broadcastDimensions: inner.params.broadcastDimensions.map((axis) => broadcastDimensions[axis]!),
    })
  );
};

const numbers: readonly DType[] = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "complex64",
];
/** Dtypes that hold every value of another one, and convert to any third as that does. */
const wider: Partial<Record<DType, readonly DType[]>> = {
  bool: numbers,
  int8: ["int16", "int32", "int64"],
  int16: ["int32", "int64"],
  int32: ["int64"],
  uint8: ["uint16", "uint32", "uint64", "int16", "int32", "int64"],
  uint16: ["uint32", "uint64", "int32", "int64"],
  uint32: ["uint64", "int64"],
  float16: ["float32", "float64", "complex64"],
  bfloat16: ["float32", "float64", "complex64"],
  float32: ["float64", "complex64"],
};

const convertTwice: Identity<ParamsOf<typeof lax.convertElementType>> = ([x], params, program) => {
  const inner = madeBy(lax.convertElementType, x, program);
  if (inner === null) return null;
  const [source] = inner.inputs;
  const { dtype } = source!.aval;
  return dtype === inner.params.newDtype || wider[dtype]?.includes(inner.params.newDtype)
    ? operation(lax.convertElementType, inner.inputs, params)
    : null;
};

const selectKnown: Identity<object> = ([which, ...cases], _params, program) => {
  const [first] = cases;
  if (cases.every((x) => x === first)) return [first!];
  const scalar = uniformValue(which!, program);
  if (scalar === null) return null;
  // Out of range, the first or last case.
  const index = Number(scalar.value.storage[0]);
  return [cases[Math.min(Math.max(index, 0), cases.length - 1)]!];
};

/** A part of a complex number that was just put together. */
const partOf =
  (part: 0 | 1): Identity<object> =>
  ([x], _params, program) => {
    const made = madeBy(lax.complex, x, program);
    return made && [made.inputs[part]!];
  };

const sums = [unit(1, -0), unit(0, -0)];
const noAxes = identityWhen(({ axes }: { readonly axes: readonly number[] }) => axes.length === 0);

const table: ReadonlyMap<AnyPrimitive, readonly Identity<never>[]> = new Map<
  AnyPrimitive,
  readonly Identity<never>[]
>([
  row(
    lax.add,
    ...sums,
    negated([false, true], () => lax.sub),
    negated([true, false], () => lax.sub, true),
    scalarOperand,
  ),
  row(lax.addAny, ...sums),
  row(
    lax.sub,
    unit(1, 0),
    negated([false, true], () => lax.add),
    scalarOperand,
  ),
  row(
    lax.mul,
    unit(1, 1, isReal),
    unit(0, 1, isReal),
    negated([true, true], () => lax.mul),
    scalarOperand,
  ),
  // Integers: -(-128) / -2 wraps.
  row(
    lax.div,
    unit(1, 1, isReal),
    negated([true, true], () => lax.div, false, isFloat),
    scalarOperand,
  ),
  ...rows(
    [
      lax.max,
      lax.min,
      lax.pow,
      lax.rem,
      lax.atan2,
      lax.nextafter,
      lax.eq,
      lax.ne,
      lax.lt,
      lax.le,
      lax.gt,
      lax.ge,
    ],
    scalarOperand,
  ),
  ...rows(
    [lax.and, lax.or, lax.xor, lax.shiftLeft, lax.shiftRightLogical, lax.shiftRightArithmetic],
    scalarOperand,
  ),
  ...rows([lax.neg, lax.not], involution),
  row(
    lax.integerPow,
    identityWhen(({ y }, x) => y === 1 && isReal(x.aval.dtype)),
  ),
  row(lax.real, partOf(0)),
  row(lax.imag, partOf(1)),
  // Derivatives were taken before.
  row(
    lax.stopGradient,
    identityWhen(() => true),
  ),
  row(
    lax.convertElementType,
    identityWhen(({ newDtype, weakType }, x) => newDtype === x.aval.dtype && weakType === x.aval.weak),
    convertTwice,
  ),
  row(
    lax.bitcastConvertType,
    identityWhen(({ newDtype }, x) => newDtype === x.aval.dtype),
  ),
  row(lax.selectN, selectKnown),
  row(
    lax.transpose,
    identityWhen(({ permutation }) => inOrder(permutation)),
    transposeTwice,
    ofUniform,
  ),
  row(
    lax.reshape,
    identityWhen(({ newSizes, dimensions }, x) => sameShape(newSizes, x.aval.shape) && inOrder(dimensions)),
    reshapeTwice,
    ofUniform,
  ),
  row(
    lax.broadcastInDim,
    identityWhen(
      ({ shape, broadcastDimensions }, x) => sameShape(shape, x.aval.shape) && inOrder(broadcastDimensions),
    ),
    broadcastTwice,
  ),
  row(
    lax.squeeze,
    identityWhen(({ dimensions }) => dimensions.length === 0),
    ofUniform,
  ),
  row(
    lax.slice,
    identityWhen(
      ({ startIndices, strides }, { aval }) =>
        startIndices.every((start) => start === 0) &&
        (strides ?? []).every((stride) => stride === 1) &&
        aval.shape.length === startIndices.length,
    ),
    ofUniform,
  ),
  row(
    lax.dynamicSlice,
    identityWhen(({ sliceSizes }, x) => sameShape(sliceSizes, x.aval.shape)),
    ofUniform,
  ),
  row(lax.dynamicUpdateSlice, ([x, update]) =>
    sameShape(x!.aval.shape, update!.aval.shape) ? [update!] : null,
  ),
  row(
    lax.rev,
    identityWhen(({ dimensions }, x) => dimensions.every((axis) => x.aval.shape[axis]! <= 1)),
    ofUniform,
  ),
  row(
    lax.pad,
    identityWhen(({ paddingConfig }) => paddingConfig.every((axis) => axis.every((n) => n === 0))),
  ),
  row(lax.concatenate, (inputs) => (inputs.length === 1 ? inputs : null)),
  ...rows([lax.reduceMax, lax.reduceMin, lax.reduceProd, lax.reduceAnd, lax.reduceOr], noAxes),
]);

/** Applies the identities of the table. */
export const algebraic: Rule = (eqn, program) => {
  for (const identity of table.get(eqn.primitive) ?? []) {
    const result = identity(eqn.inputs, eqn.params as never, program, eqn);
    if (result !== null && fits(result, eqn)) return result;
  }
  return null;
};
