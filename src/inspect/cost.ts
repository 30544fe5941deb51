import type { AnyLax, PrimitiveName } from "../compiler/lower/row.ts";
import { inline } from "../compiler/index.ts";
import { dtypeInfo } from "../core/dtype.ts";
import { ClosedJaxpr, type Eqn, Literal, subJaxprs, type Var } from "../core/jaxpr.ts";
import type { Derived, ParamsOf } from "../core/primitive.ts";
import { sizeOf } from "../core/shape.ts";
import type { Aval } from "../core/value.ts";
import type * as lax from "../lax/index.ts";

/** What an equation costs, roughly: arithmetic operations, and bytes of its operands and results. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

type DerivedName = Extract<AnyLax, Derived>["primitive"];
type Priced = Exclude<PrimitiveName, DerivedName>;
/** Arithmetic operations of one equation. */
type Flops = (operands: readonly Aval[], outs: readonly Aval[], params: object) => number;

const sizeOfAll = (avals: readonly Aval[]): number =>
  avals.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
const perOutput: Flops = (_operands, outs) => sizeOfAll(outs);
const perInput: Flops = ([x]) => sizeOf(x!.shape);
const perUpdate: Flops = (operands) => sizeOf(operands[2]!.shape);
const comparisons: Flops = ([x]) => {
  const size = sizeOf(x!.shape);
  return Math.round(size * Math.log2(Math.max(size, 2)));
};
/** 20 rounds of an addition, a rotation and an exclusive or. */
const hashing: Flops = (_operands, outs) => 60 * sizeOfAll(outs);
/** A multiplication and an addition for each element of the result and each step along the contracted axes. */
const products: Flops = ([lhs], outs, params) => {
  const [[contracted]] = (params as ParamsOf<typeof lax.dotGeneral>).dimensionNumbers;
  return 2 * sizeOfAll(outs) * sizeOf(contracted.map((axis) => lhs!.shape[axis]!));
};
/** The same for each element of the kernel that is for one feature of the result. */
const convolved: Flops = ([, rhs], outs, params) => {
  const { rhsSpec } = (params as ParamsOf<typeof lax.convGeneralDilated>).dimensionNumbers;
  return 2 * sizeOfAll(outs) * sizeOf(rhsSpec.slice(1).map((axis) => rhs!.shape[axis]!));
};
/** One for each element of the window at each of its places. */
const windowed: Flops = (_operands, outs, params) =>
  sizeOfAll(outs) * sizeOf((params as ParamsOf<typeof lax.reduceWindowSum>).windowDimensions);
const nothing: Flops = () => 0;
/** Of each matrix of a stack: `each` of the smaller size and the larger one. */
const decomposition =
  (each: (least: number, most: number) => number): Flops =>
  ([x]) => {
    const [m, n] = x!.shape.slice(-2) as [number, number];
    return Math.round(sizeOf(x!.shape.slice(0, -2)) * each(Math.min(m, n), Math.max(m, n)));
  };
/** 5·n·log₂ n of each transform, as is usual to say; half of that of a real signal. */
const butterflies: Flops = ([x], [out], params) => {
  const { fftType, fftLengths } = params as ParamsOf<typeof lax.fft>;
  const isReal = fftType === "RFFT" || fftType === "IRFFT";
  const numbers = sizeOf((fftType === "RFFT" ? x! : out!).shape);
  return Math.round((isReal ? 2.5 : 5) * numbers * Math.log2(Math.max(sizeOf(fftLengths), 1)));
};
/** A multiplication and an addition for each element of half of the matrix and each right-hand side. */
const substitutions: Flops = ([a], outs) => sizeOfAll(outs) * a!.shape.at(-1)!;

const families = [
  [perOutput, [
    "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2", "atanh", "bessel_i0e", "bessel_i1e", "cbrt", "ceil", "clamp", "clz", "cos", "cosh",
    "digamma", "div", "eq", "erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt", "igamma", "igamma_grad_a", "igammac", "integer_pow", "is_finite", "le", "lgamma",
    "log", "log1p", "logistic", "lt", "max", "min", "mul", "ne", "neg", "nextafter", "not", "or", "polygamma", "population_count", "pow",
    "random_gamma_grad", "reduce_precision", "regularized_incomplete_beta", "rem", "round", "rsqrt", "select_n", "shift_left", "shift_right_arithmetic", "shift_right_logical", "sign", "sin", "sinh",
    "sqrt", "square", "sub", "tan", "tanh", "xor", "zeta",
  ]],
  [(_operands, outs) => 2 * sizeOfAll(outs), ["fma"]],
  [perInput, [
    "argmax", "argmin", "cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum", "reduce_and", "reduce_max", "reduce_min", "reduce_or", "reduce_prod",
    "pmax", "pmin", "psum", "reduce_scatter", "reduce_sum", "reduce_xor",
  ]],
  [windowed, ["reduce_window_max", "reduce_window_min", "reduce_window_sum", "select_and_gather_add"]],
  [perUpdate, ["scatter-add", "scatter-max", "scatter-min", "scatter-mul", "scatter-sub"]],
  [comparisons, ["sort", "top_k"]],
  [products, ["dot_general"]],
  [convolved, ["conv_general_dilated"]],
  [butterflies, ["fft"]],
  [substitutions, ["triangular_solve"]],
  [decomposition((k) => k ** 3 / 3), ["cholesky"]],
  [decomposition((k, m) => k * k * (m - k / 3)), ["lu"]],
  [decomposition((k, m) => 2 * k * k * (m - k / 3)), ["geqp3", "geqrf", "householder_product"]],
  [decomposition((k) => 3 * k ** 2), ["cholesky_update"]],
  [decomposition((k) => (10 * k ** 3) / 3), ["hessenberg"]],
  [decomposition((k) => (4 * k ** 3) / 3), ["tridiagonal"]],
  [decomposition((k) => 25 * k ** 3), ["eig", "schur"]],
  [decomposition((k) => 9 * k ** 3), ["eigh"]],
  [decomposition((k, m) => k * k * (4 * m + 18 * k)), ["svd"]],
  [hashing, ["threefry2x32"]],
  [nothing, [
    "all_gather", "all_to_all", "axis_index", "pbroadcast", "ppermute",
    "bitcast_convert_type", "broadcast_in_dim", "complex", "concatenate", "conj", "convert_element_type", "copy", "dynamic_slice",
    "dynamic_update_slice", "gather", "imag", "iota", "lu_pivots_to_permutation", "optimization_barrier", "pad", "random_unwrap", "random_wrap", "real", "reshape", "rev", "scatter", "slice", "split",
    "squeeze", "stack", "stop_gradient", "transpose", "unstack",
  ]],
] as const satisfies readonly (readonly [Flops, readonly Priced[]])[]; // prettier-ignore

type Missing = Exclude<Priced, (typeof families)[number][1][number]>;
/** Does not compile while a primitive is in no family. */
const complete: [Missing] extends [never] ? true : Missing = true;

const table: ReadonlyMap<string, Flops> = new Map(
  complete && families.flatMap(([flops, names]) => names.map((name): [string, Flops] => [name, flops])),
);

export const bytesOf = (avals: readonly Aval[]): number =>
  avals.reduce((sum, { shape, dtype }) => sum + (sizeOf(shape) * dtypeInfo[dtype].bits) / 8, 0);

/** Of an equation; of one that holds programs, what they cost, as often as is known that they run. */
export function costOf(eqn: Eqn): Cost {
  const { primitive, inputs, outputs, params } = eqn;
  const [operands, outs] = [inputs.map((x) => x.aval), outputs.map((v) => v.aval)];
  const bytes = bytesOf([...operands, ...outs]);
  const flops = table.get(primitive.primitive);
  if (flops) return { flops: flops(operands, outs, params), bytes };
  if (primitive.rules.expand) return { flops: expandedFlops(eqn), bytes };
  const held = subJaxprs(params).map(([, closed]) => closed);
  if (held.length > 0) {
    // Of a call, what it calls: it may hold programs for its derivative, too.
    const called = primitive.rules.inline?.(params);
    const bodies = (called ? [called] : held).map(({ jaxpr }) => jaxpr.eqns.map(costOf));
    const costs = bodies.map((costs) => ({ flops: total(costs, "flops"), bytes: total(costs, "bytes") }));
    const { length = 1, branches } = params as {
      readonly length?: number;
      readonly branches?: readonly unknown[];
    };
    // One of the branches runs; a loop's body as often as it says, or once.
    const combine = (what: keyof Cost) =>
      branches ? Math.max(...costs.map((cost) => cost[what])) : length * total(costs, what);
    return { flops: combine("flops"), bytes: combine("bytes") };
  }
  return { flops: primitive.rules.elementwise ? perOutput(operands, outs, params) : 0, bytes };
}

export const total = (costs: readonly Cost[], what: keyof Cost): number =>
  costs.reduce((sum, cost) => sum + cost[what], 0);

function expandedFlops(eqn: Eqn): number {
  const invars = new Set(eqn.inputs.filter((x): x is Var => !(x instanceof Literal)));
  const program = new ClosedJaxpr(
    { constvars: [], invars: [...invars], eqns: [eqn], outvars: eqn.outputs, effects: eqn.effects },
    [],
  );
  return total(inline(program).jaxpr.eqns.map(costOf), "flops");
}
