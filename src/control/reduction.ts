import { dtypeInfo, isBigint, isInexact, promoteTypes, type DType } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { BatchRule, JvpRule } from "../core/primitive.ts";
import { weakScalar } from "../core/scalar.ts";
import { range, sameShape, type Shape, showShape } from "../core/shape.ts";
import { eagerly } from "../core/trace.ts";
import { ArrayValue, type Aval, avalOf, Dense, Value } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { quaxifyValues } from "../interpreters/quax.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { broadcastTo, materialiseBatch } from "../lax/algebra.ts";
import { convertElementType, reshape, slice } from "../lax/index.ts";
import { mapWith, type Path, pathToString } from "../tree/index.ts";
import {
  checkFunction,
  flattenOperands,
  located,
  matchTrees,
  matchTypes,
  type Operands,
  traceBody,
} from "./operands.ts";

// What `reduce` and `reduceWindow` with functions have in common.

type Arrays = readonly ArrayValue[];

/** A tree of arrays to be reduced, the scalars to start from, and the function that combines two elements. */
export interface Reduction {
  readonly operands: Operands;
  readonly inits: Arrays;
  readonly jaxpr: ClosedJaxpr;
  /** What the function captured: the first inputs of `jaxpr`. */
  readonly captured: readonly Value[];
}

/** As `flattenOperands`, but that values of any class are leaves. */
function flattenValues(tree: unknown, caller: string, name: (path: Path) => string): Operands {
  const values = new Map<ArrayValue, ArrayValue>();
  const isLeaf = (node: unknown): boolean => node instanceof Value;
  const plain = (leaf: unknown): unknown => {
    if (!(leaf instanceof ArrayValue) || leaf instanceof Dense) return leaf;
    const stand = weakScalar(0);
    values.set(stand, leaf);
    return stand;
  };
  const flat = flattenOperands(mapWith({ isLeaf }, plain, tree), caller, name);
  return { ...flat, arrays: flat.arrays.map((x) => values.get(x) ?? x) };
}

/** @throws ArgumentError, ShapeError when the trees differ, or initial values are no scalars. */
export function flattenReduction(
  operands: unknown,
  initValues: unknown,
  caller: string,
): Pick<Reduction, "operands" | "inits"> {
  const names = ["operands", "initValues"] as const;
  const [xs, starts] = [operands, initValues].map((tree, i) =>
    flattenValues(tree, caller, (path) => `${names[i]}${pathToString(path)}`),
  ) as [Operands, Operands];
  matchTrees(xs, starts, `${caller}: operands and initValues`, names);
  if (xs.arrays.length === 0)
    throw located(new ArgumentError("control/elements", `${caller}: operands has no array`));
  const inits = starts.arrays.map((init, i) => {
    const [x, place] = [xs.arrays[i]!, pathToString(xs.paths[i]!)];
    if (init.ndim > 0)
      throw located(
        new ShapeError(
          "control/init",
          `${caller}: initValues${place} must be a scalar, got shape ${showShape(init.shape)}`,
        ),
      );
    if (!sameShape(x.shape, xs.arrays[0]!.shape))
      throw located(
        new ShapeError(
          "control/init",
          `${caller}: operands must have one shape, got ${xs.arrays.map(({ shape }) => showShape(shape)).join(", ")}`,
        ),
      );
    return init;
  });
  return { operands: xs, inits };
}

/** The same where initial values that are numbers, or weak, are of the dtypes of the operands; and the traced function. */
export function traceReduction(
  { operands, inits }: Pick<Reduction, "operands" | "inits">,
  computation: unknown,
  caller: string,
): Reduction {
  const combine = checkFunction(computation, caller, "computation");
  const starts = inits.map((init, i) => {
    const { dtype } = operands.arrays[i]!;
    if (init.dtype === dtype) return init;
    if (!init.aval.weak || promoteTypes([avalOf([], dtype), init.aval]).dtype !== dtype)
      throw located(
        new DTypeError(
          "control/init",
          `${caller}: initValues${pathToString(operands.paths[i]!)} is of dtype ${init.dtype}, its operand of ${dtype}: convert one with astype`,
        ),
      );
    const params = { newDtype: dtype, weakType: operands.arrays[i]!.aval.weak };
    const convert = () => convertElementType.bind([init], params)[0]!;
    return init instanceof Dense && init.concrete() ? eagerly(convert) : convert();
  });
  const avals = avalsOf(starts);
  const names = ["what it takes", "what it returns"] as const;
  const body = traceBody(
    (inputs) =>
      combine(
        operands.rebuild(inputs.slice(0, avals.length)) as never,
        operands.rebuild(inputs.slice(avals.length)) as never,
      ),
    [...avals, ...avals],
    `the computation of ${caller}`,
    (k) => (k < avals.length ? "the first operand" : "the second operand"),
  );
  const what = `${caller}: what computation takes and what it returns`;
  matchTrees(operands, body.out, what, names);
  matchTypes(operands.paths, avals, avalsOf(body.out.arrays), what, names);
  if (body.closed.jaxpr.effects.length > 0)
    throw located(
      new ArgumentError("control/effects", `${caller}: computation has effects, but how often it runs is not told`), // prettier-ignore
    );
  return { operands, inits: starts, jaxpr: body.closed, captured: body.consts };
}

/** The least and the greatest number of a dtype. */
function bounds(dtype: DType): readonly [least: number | bigint, greatest: number | bigint] {
  if (isInexact(dtype)) return [-Infinity, Infinity];
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "bool") return [0, 1];
  const width = BigInt(bits);
  return kind === "uint" ? [0, 2n ** width - 1n] : [-(2n ** (width - 1n)), 2n ** (width - 1n) - 1n];
}

/** What an operation leaves as it is, of a dtype; undefined where it has no reduction of its own. */
export type IdentityOf = (dtype: DType) => number | bigint | undefined;
const words =
  (identity: number): IdentityOf =>
  (dtype) =>
    isInexact(dtype)
      ? undefined
      : identity < 0 && dtypeInfo[dtype].kind !== "int"
        ? bounds(dtype)[1]
        : identity;
/** The identities of the operations that have a reduction of their own. */
export const identities = {
  add: () => 0,
  mul: () => 1,
  max: (dtype) => bounds(dtype)[0],
  min: (dtype) => bounds(dtype)[1],
  and: words(-1),
  or: words(0),
  xor: words(0),
} satisfies Record<string, IdentityOf>;

/** Whether `init` is known, and the identity of an operation in its own dtype or that of what is reduced. */
export function isIdentity(init: ArrayValue, identityOf: IdentityOf, dtype: DType): boolean {
  const value = init instanceof Dense ? init.concrete()?.item() : undefined;
  if (value === undefined) return false;
  const is = (identity: number | bigint | undefined): boolean =>
    identity !== undefined &&
    (isBigint(init.dtype) ? value === BigInt(identity) : Number(value) === Number(identity));
  return is(identityOf(init.dtype)) || (init.aval.weak && is(identityOf(dtype)));
}

/** Operands of a reduction with a function: what it captured, the arrays, the initial values. */
export function parts<T>(
  list: readonly T[],
  { jaxpr }: { readonly jaxpr: ClosedJaxpr },
): { readonly captured: readonly T[]; readonly arrays: readonly T[]; readonly inits: readonly T[] } {
  const count = jaxpr.jaxpr.outvars.length;
  const [end, middle] = [list.length, list.length - count];
  return {
    captured: list.slice(0, middle - count),
    arrays: list.slice(middle - count, middle),
    inits: list.slice(middle, end),
  };
}

/** The avals of a reduction's outputs of this shape. @throws ShapeError, DTypeError when operands do not fit each other. */
export function reducedAvals(
  name: string,
  avals: readonly Aval[],
  params: { readonly jaxpr: ClosedJaxpr },
  shapeOf: (shape: Shape) => Shape,
): Aval[] {
  const { arrays, inits } = parts(avals, params);
  const [first] = arrays;
  if (params.jaxpr.inAvals.length !== avals.length || !arrays.every((x) => sameShape(x.shape, first!.shape)))
    throw new ShapeError("control/operands", `${name}: operands do not fit its program or differ in shape`);
  return arrays.map((x, i) => {
    const { shape, dtype, weak } = inits[i]!;
    if (shape.length > 0 || dtype !== x.dtype)
      throw new DTypeError(
        "control/init",
        `${name}: initial value ${i} must be a scalar of dtype ${x.dtype}, got ${dtype}${showShape(shape)}`,
      );
    return avalOf(shapeOf(x.shape), x.dtype, x.weak && weak);
  });
}

/** Combines arrays of elements, of one shape, one by one. */
export type Combine = (before: Arrays, after: Arrays) => Arrays;

/** The function of two elements as one of arrays of them. */
export const combineBy =
  (name: string, jaxpr: ClosedJaxpr, captured: Arrays): Combine =>
  (before, after) => {
    const [{ shape, size }] = before as readonly [ArrayValue];
    const flat = [...before, ...after].map((x) => reshape(x, [size]));
    const [outs, dims] = batchArrays(
      (inputs) => evaluateJaxpr(jaxpr, inputs),
      [...captured, ...flat],
      [...captured.map(() => null), ...flat.map(() => 0)],
      size,
      `the computation of ${name}`,
    );
    return outs.map((x, i) => reshape(materialiseBatch(x, dims[i]!, size), shape));
  };

/** Elements along axis 0, of which there is at least one, combined in order: neighbours first, then pairs, then fours. */
export function folded(xs: Arrays, combine: Combine): Arrays {
  const take = (list: Arrays, start: number, limit: number, stride: number): Arrays =>
    list.map((x) => {
      const [low, high] = [range(x.ndim).map(() => 0), [...x.shape]];
      return slice(x, low.with(0, start), high.with(0, limit), range(x.ndim).map((axis) => (axis === 0 ? stride : 1))); // prettier-ignore
    });
  let rest: Arrays | undefined;
  let list = xs;
  for (;;) {
    const count = list[0]!.shape[0]!;
    const even = count - (count % 2);
    if (even === 0) break;
    if (even < count) {
      const last = take(list, even, count, 1);
      rest = rest ? combine(last, rest) : last;
    }
    list = combine(take(list, 0, even, 2), take(list, 1, even, 2));
  }
  const total = rest ? combine(list, rest) : list;
  return total.map((x) => reshape(x, x.shape.slice(1)));
}

/** Results as weak as the operands they are made of, whatever the function returns. */
export const likeResults = (outs: Arrays, arrays: Arrays, inits: Arrays): Arrays =>
  outs.map((x, i) => {
    const weakType = arrays[i]!.aval.weak && inits[i]!.aval.weak;
    if (x.aval.weak === weakType) return x;
    return convertElementType.bind([x], { newDtype: x.dtype, weakType })[0]!;
  });

/** The initial values repeated to a shape: results of nothing. */
export const repeated = (inits: Arrays, arrays: Arrays, shape: Shape): Arrays =>
  likeResults(
    inits.map((init) => broadcastTo(init, shape)),
    arrays,
    inits,
  );

/** The rules of a primitive that follow from what it expands to. */
export const expandedRules = <P extends object>(
  name: string,
  expand: (operands: Arrays, params: P) => Arrays,
) => ({
  expand,
  jvp: ((primals, tangents, params) =>
    jvpArrays((xs) => expand(xs, params), primals, tangents, `jvp of ${name}`)) satisfies JvpRule<Arrays, P>,
  quaxify: (values: readonly Value[], params: P): readonly Value[] =>
    quaxifyValues(values, (boxed) => expand(boxed as Arrays, params), `quaxify of ${name}`),
});

/** Over a batch: `direct` of arrays whose first axis it is, where nothing else has it; otherwise over the expansion. */
export function batchReduction<P extends { readonly jaxpr: ClosedJaxpr }>(
  name: string,
  [operands, dims, size, params, axis]: Parameters<BatchRule<Arrays, P>>,
  expand: (operands: Arrays, params: P) => Arrays,
  direct: (operands: Arrays) => Arrays,
): readonly [outs: Arrays, dims: readonly (number | null)[]] {
  const where = parts(dims, params);
  if ([...where.captured, ...where.inits].some((dim) => dim !== null))
    return batchArrays((xs) => expand(xs, params), operands, dims, size, `vmap of ${name}`, axis);
  const { captured, arrays, inits } = parts(operands, params);
  const moved = arrays.map((x, i) => materialiseBatch(x, where.arrays[i]!, size));
  return [direct([...captured, ...moved, ...inits]), arrays.map(() => 0)];
}
