import type { PrimitiveName } from "../compiler/lower/row.ts";
import { UnitsError } from "../core/errors.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { sizeOf } from "../core/shape.ts";
import { type ArrayValue, NDArray } from "../core/value.ts";
import type * as lax from "../lax/index.ts";
import { one } from "./si.ts";
import { scalarBehind } from "../interpreters/uniform.ts";
import { fitsAnyUnits } from "./uniform.ts";
import type { Units } from "./units.ts";

/** An operand as the algebra of units sees it; a plain array has the units `one`. */
export interface Quantity {
  readonly units: Units;
  readonly value: ArrayValue;
  readonly plain: boolean;
}
interface Call {
  readonly primitive: string;
  readonly params: object;
}
/** Units of the outputs; null for a plain array, such as a truth value or an index. */
type UnitRule = (operands: readonly Quantity[], call: Call) => readonly (Units | null)[];

const unitsOf = (x: Quantity | undefined): Units => x?.units ?? one;

/** @throws UnitsError when an operand has units, where the primitive takes numbers. */
function demandNumbers(operands: readonly Quantity[], { primitive }: Call): void {
  for (const { units } of operands) {
    if (units.equals(one)) continue;
    const remedy = units.sameDimensions(one)
      ? "convert it with x.to(values.one)"
      : "divide it by a quantity of these units first";
    throw new UnitsError(
      "units/dimensionless",
      `${primitive} takes dimensionless arrays, got one with units ${units.show()}: ${remedy}`,
    );
  }
}

/** What is done to two arrays, in words. */
const verbs: Readonly<Record<string, string>> = {
  add_any: "add", sub: "subtract", "scatter-add": "add", "scatter-sub": "subtract", eq: "compare", ne: "compare", lt: "compare", le: "compare", gt: "compare",
  ge: "compare", rem: "divide with remainder", select_n: "select between", dynamic_update_slice: "update", complex: "join", atan2: "take the angle of",
}; // prettier-ignore

/** The units that all operands have; plain constants such as 0 have any. @throws UnitsError when they differ. */
function common(operands: readonly Quantity[], { primitive }: Call): Units {
  const { units } = operands.find(({ plain }) => !plain) ?? operands[0]!;
  const other = operands.find((x) => !x.units.equals(units) && !(x.plain && fitsAnyUnits(x.value)));
  if (other === undefined) return units;
  const remedy = other.units.sameDimensions(units)
    ? "Convert one of them: x.to(units)."
    : other.plain
      ? "A plain array is dimensionless: give it units with new values.Unitful(array, units)."
      : "Their dimensions differ.";
  const [first, second] = other === operands[0] ? [other.units, units] : [units, other.units];
  throw new UnitsError(
    "units/mismatch",
    `Cannot ${verbs[primitive] ?? primitive} two arrays with units ${first.show()} and ${second.show()}. ${remedy}`,
  );
}

const same: UnitRule = (operands, call) => [common(operands, call)];
const comparison: UnitRule = (operands, call) => {
  common(operands, call);
  return [null];
};
/** The first operand's; the others say where. */
const kept: UnitRule = ([x, ...places], call) => {
  demandNumbers(places, call);
  return [unitsOf(x)];
};
/** Operand and updates of a scatter; the indices between them are numbers. */
const updated: UnitRule = ([x, indices, updates], call) => {
  demandNumbers([indices!], call);
  return [common([x!, updates!], call)];
};
const numbers: UnitRule = (operands, call) => {
  demandNumbers(operands, call);
  return [one];
};
const product: UnitRule = (operands) => [operands.reduce((units, x) => units.times(unitsOf(x)), one)];
const raised =
  (exponent: number): UnitRule =>
  ([x]) => [unitsOf(x).pow(exponent)];

/** The number that an exponent is, where the program says it. */
function knownExponent(x: Quantity, call: Call): number {
  demandNumbers([x], call);
  const scalar = scalarBehind(x.value);
  const exponent = scalar instanceof NDArray ? scalar.item() : undefined;
  if (typeof exponent === "number") return exponent;
  throw new UnitsError(
    "units/exponent",
    "pow: the exponent of a quantity with units must be a number that is known, since the units of the result depend on it",
  );
}

const power: UnitRule = ([x, y], call) => {
  const units = unitsOf(x);
  if (!units.equals(one)) return [units.pow(knownExponent(y!, call))];
  demandNumbers([y!], call);
  return [one];
};

/** Along `axes`, as many factors. */
const productOver: UnitRule = ([x], { params }) => {
  const { axes } = params as ParamsOf<typeof lax.reduceProd>;
  const { shape } = x!.value.aval;
  return [unitsOf(x).pow(sizeOf(axes.map((axis) => shape[axis]!)))];
};

/** Which of both kinds of vectors there are. */
const eigenvectors = (params: object): readonly boolean[] => {
  const { computeLeftEigenvectors, computeRightEigenvectors } = params as ParamsOf<typeof lax.linalg.eig>;
  return [computeLeftEigenvectors, computeRightEigenvectors].filter(Boolean);
};

/**
 * How each primitive acts on units. What holds of every rule: if units of the operands are rescaled, the results are
 * rescaled as the rule says. `floor`, `ceil`, `round` and conversion to integers are the exception: they count in the
 * units at hand.
 */
const rules: Readonly<Record<PrimitiveName, UnitRule>> = {
  add: same, add_any: same, sub: same, max: same, min: same, rem: same, nextafter: same, clamp: same, complex: same,
  concatenate: same, stack: same, pad: same,
  eq: comparison, ne: comparison, lt: comparison, le: comparison, gt: comparison, ge: comparison,
  atan2: (operands, call) => (common(operands, call), [one]),
  mul: product, dot_general: product, conv_general_dilated: product,
  div: ([x, y]) => [unitsOf(x).per(unitsOf(y))],
  tridiagonal_solve: ([lower, main, upper, b], call) => [unitsOf(b).per(common([lower!, main!, upper!], call))],
  linear_solve: ([a, b]) => [unitsOf(b).per(unitsOf(a))],
  triangular_solve: ([a, b], call) => {
    if ((call.params as ParamsOf<typeof lax.linalg.triangularSolve>).unitDiagonal) demandNumbers([a!], call);
    return [unitsOf(b).per(unitsOf(a))];
  },
  cholesky: raised(1 / 2), qr: ([x]) => [one, unitsOf(x), null], svd: ([x]) => [unitsOf(x), one, one], eigh: ([x]) => [one, unitsOf(x)],
  eig: ([x], { params }) => [unitsOf(x), ...eigenvectors(params).map(() => one)],
  schur: ([x], { params }) => [unitsOf(x), ...((params as ParamsOf<typeof lax.linalg.schur>).computeSchurVectors ? [one] : [])],
  ormqr: numbers,
  // What is in one array would have several units.
  cholesky_update: numbers, hessenberg: numbers, tridiagonal: numbers,
  geqrf: numbers, geqp3: numbers, lu: numbers, householder_product: numbers, lu_pivots_to_permutation: () => [null],
  fma: ([x, y, z], call) => [common([{ ...x!, units: unitsOf(x).times(unitsOf(y)), plain: false }, z!], call)],
  square: raised(2), sqrt: raised(1 / 2), rsqrt: raised(-1 / 2), cbrt: raised(1 / 3), pow: power, reduce_prod: productOver,
  integer_pow: ([x], { params }) => [unitsOf(x).pow((params as ParamsOf<typeof lax.integerPow>).y)],

  neg: kept, abs: kept, floor: kept, ceil: kept, round: kept, real: kept, imag: kept, conj: kept,
  copy: kept, stop_gradient: kept, reduce_precision: kept,
  convert_element_type: ([x], { params }) =>
    (params as ParamsOf<typeof lax.convertElementType>).newDtype === "bool" ? [null] : [unitsOf(x)],
  reshape: kept, transpose: kept, squeeze: kept, rev: kept, broadcast_in_dim: kept, slice: kept, tile: kept, split: kept, unstack: kept,
  dynamic_slice: kept, gather: kept,
  dynamic_update_slice: ([x, update, ...starts], call) => {
    demandNumbers(starts, call);
    return [common([x!, update!], call)];
  },
  select_n: ([which, ...cases], call) => {
    demandNumbers([which!], call);
    return [common(cases, call)];
  },
  scatter: updated, "scatter-add": updated, "scatter-sub": updated, "scatter-min": updated, "scatter-max": updated, "scatter-mul": kept,
  fft: kept, psum: kept, pmax: kept, pmin: kept, reduce_scatter: kept, all_gather: kept, all_to_all: kept, ppermute: kept, pbroadcast: kept,
  axis_index: () => [null],
  reduce_sum: kept, reduce_max: kept, reduce_min: kept, cumsum: kept, cummax: kept, cummin: kept,
  reduce_window_sum: kept, reduce_window_max: kept, reduce_window_min: kept,
  // What is selected is compared with its like only.
  select_and_gather_add: ([t]) => [unitsOf(t!)], select_and_scatter_add: ([source]) => [unitsOf(source!)],
  sort: (operands) => operands.map(unitsOf), optimization_barrier: (operands) => operands.map(unitsOf),
  top_k: ([x]) => [unitsOf(x), null],

  sign: () => [one], is_finite: () => [null], argmax: () => [null], argmin: () => [null],
  iota: numbers, cumprod: numbers, cumlogsumexp: numbers, reduce_and: numbers, reduce_or: numbers, reduce_xor: numbers,
  exp: numbers, exp2: numbers, expm1: numbers, log: numbers, log1p: numbers, logistic: numbers,
  sin: numbers, cos: numbers, tan: numbers, asin: numbers, acos: numbers, atan: numbers,
  sinh: numbers, cosh: numbers, tanh: numbers, asinh: numbers, acosh: numbers, atanh: numbers,
  erf: numbers, erfc: numbers, erf_inv: numbers, lgamma: numbers, digamma: numbers, polygamma: numbers, zeta: numbers,
  bessel_i0e: numbers, bessel_i1e: numbers, igamma: numbers, igammac: numbers, igamma_grad_a: numbers, random_gamma_grad: numbers,
  regularized_incomplete_beta: numbers,
  and: numbers, or: numbers, xor: numbers, not: numbers, shift_left: numbers, shift_right_arithmetic: numbers, shift_right_logical: numbers,
  population_count: numbers, mulhi: numbers, clz: numbers, bitcast_convert_type: numbers,
  threefry2x32: numbers, random_wrap: numbers, random_unwrap: numbers, random_seed: numbers, random_split: numbers, random_fold_in: numbers,
  random_bits: numbers,
}; // prettier-ignore

/** Whether there is a rule; a primitive from elsewhere may do with what it expands to. */
export const hasUnitRule = ({ primitive }: AnyPrimitive): boolean => Object.hasOwn(rules, primitive);

/**
 * Units of the outputs of a primitive; one of them for all outputs where the list has only that. A primitive from
 * elsewhere takes numbers: `register` says otherwise.
 *
 * @throws UnitsError when the operands' units do not fit.
 */
export function unitsOfOutputs(
  prim: AnyPrimitive,
  operands: readonly Quantity[],
  params: object,
): readonly (Units | null)[] {
  const { primitive } = prim;
  const rule = hasUnitRule(prim) ? rules[primitive as PrimitiveName] : numbers;
  return rule(operands, { primitive, params });
}
