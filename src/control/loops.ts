import { isInteger, isSigned } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import {
  type ArrayValue,
  ArrayValue as ArrayValueClass,
  Dense,
  type Operand,
  showAval,
} from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import { add, concatenate, convertElementType, lt, reshape, sliceInDim } from "../lax/index.ts";
import { checkFunction, type Like, located, scalarOperand, type Traced } from "./operands.ts";
import { scanFor } from "./scan.ts";
import { whileFor } from "./while.ts";
import { leaves, map as mapTree } from "../tree/index.ts";

export interface ForiLoopOptions {
  /** As in `scan`; only where the bounds are static. */
  readonly unroll?: number | boolean;
}

/**
 * `bodyFun(i, carry)` for `i` from `lower` up to, not including, `upper`; returns the last carry.
 *
 * Where both bounds are known it is a `scan`, which reverse mode goes through; otherwise a `whileLoop`.
 * @throws ShapeError, DTypeError when a bound is no integer scalar, or their dtypes differ; ArgumentError when `unroll`
 * is given and a bound is traced; and as `scan`.
 * @example
 * lax.foriLoop(0, 3, (i, x) => np.multiply(x, 2), 1); // 8
 * @see `jax.lax.fori_loop`
 */
export function foriLoop<const Carry, const Next extends Like<Carry>>(
  lower: Operand,
  upper: Operand,
  bodyFun: (i: ArrayValue, carry: Traced<Carry>) => Next,
  init: Carry,
  ...rest: Optionals<[], ForiLoopOptions>
): Traced<Carry> {
  const { unroll } = readOptions<ForiLoopOptions>("foriLoop", ["unroll"], rest);
  const caller = { name: "foriLoop", depth: 1 };
  const step = checkFunction(bodyFun, caller.name, "bodyFun");
  const [from, to] = bounds(lower, upper);
  const next = (i: ArrayValue, carry: unknown): [i: ArrayValue, carry: unknown] => [
    add(i, scalarOf(1, i.dtype, i.aval.weak)),
    step(i as never, carry as never),
  ];
  const [start, stop] = [knownBound(from), knownBound(to)];
  if (start !== null && stop !== null) {
    const options = { length: Math.max(stop - start, 0), ...(unroll === undefined ? {} : { unroll }) };
    const body = ([i, carry]: Steps) => [next(i, carry), null];
    const [[, last]] = scanFor(caller, body, [from, init], null, [options]) as [Steps, unknown];
    return last as Traced<Carry>;
  }
  if (unroll !== undefined)
    throw located(
      new ArgumentError(
        "control/unroll",
        "foriLoop: unroll needs bounds that are known, but one of them is traced: leave it out, or make the bounds static",
      ),
    );
  const [, , last] = whileFor(
    caller,
    ([i, end]: Bounded) => lt(i, end),
    ([i, end, carry]: Bounded) => next(i, carry).toSpliced(1, 0, end),
    [from, to, init],
  ) as Bounded;
  return last as Traced<Carry>;
}
type Steps = [i: ArrayValue, carry: unknown];
type Bounded = [i: ArrayValue, end: ArrayValue, carry: unknown];

/** The bounds as integer scalars of one dtype: a plain number takes that of the other bound. */
function bounds(lower: Operand, upper: Operand): [lower: ArrayValue, upper: ArrayValue] {
  const from = scalarOperand(lower, "foriLoop", "the lower bound");
  const to = scalarOperand(upper, "foriLoop", "the upper bound");
  const got = `got ${showAval(from.aval)} and ${showAval(to.aval)}`;
  if (!isInteger(from.dtype) || !isInteger(to.dtype))
    throw located(new DTypeError("control/bounds", `foriLoop: its bounds must be integers, ${got}`));
  if (from.dtype === to.dtype) return [from, to];
  if (isSigned(from.dtype) && isSigned(to.dtype) && from.aval.weak !== to.aval.weak)
    return from.aval.weak
      ? [convertElementType(from, to.dtype), to]
      : [from, convertElementType(to, from.dtype)];
  throw located(
    new DTypeError(
      "control/bounds",
      `foriLoop: its bounds must have one dtype, ${got}: convert one with astype`,
    ),
  );
}

const knownBound = (x: ArrayValue): number | null => {
  const array = x instanceof Dense ? x.concrete() : null;
  return array === null ? null : Number(array.storage[0]);
};

export interface MapOptions {
  /** How many slices to run at once, as a batch. Default: one after the other. */
  readonly batchSize?: number;
}

/**
 * `f` of each slice of `xs` along its leading axis, one after the other, results stacked: `vmap` in less memory, or
 * for functions that differ in control flow.
 *
 * Shape: `xs: [n, …] → [n, …]`.
 * @throws ArgumentError when `batchSize` is no positive integer; and as `scan`.
 * @example
 * lax.map((x) => np.sum(np.square(x)), xs, { batchSize: 8 });
 * @see `jax.lax.map`
 */
export function map<const Xs, const Y>(
  f: (x: Traced<Xs>) => Y,
  xs: Xs,
  ...rest: Optionals<[], MapOptions>
): Traced<Y> {
  const caller = { name: "lax.map", depth: 0 };
  const { batchSize } = readOptions<MapOptions>(caller.name, ["batchSize"], rest);
  const each = checkFunction(f, caller.name, "f") as (x: unknown) => unknown;
  const overSlices = (slices: unknown): unknown =>
    scanFor(caller, (_: null, x: unknown) => [null, each(x)], null, slices, [])[1];
  if (batchSize === undefined) return overSlices(xs) as Traced<Y>;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw located(
      new ArgumentError(
        "control/batch-size",
        `lax.map: batchSize must be a positive integer, got ${String(batchSize)}`,
      ),
    );
  const length = leadingSize(xs);
  const whole = length - (length % batchSize);
  const batched = vmap(each);
  if (whole === 0) return batched(xs) as Traced<Y>;
  const groups = mapTree(
    (x: ArrayValue) => reshape(sliceInDim(x, 0, whole), [whole / batchSize, batchSize, ...x.shape.slice(1)]),
    xs,
  );
  const flat = mapTree(
    (y: ArrayValue) => reshape(y, [whole, ...y.shape.slice(2)]),
    scanFor(caller, (_: null, x: unknown) => [null, batched(x)], null, groups, [])[1],
  );
  if (whole === length) return flat as Traced<Y>;
  const remainder = batched(mapTree((x: ArrayValue) => sliceInDim(x, whole, null), xs));
  return mapTree((a: ArrayValue, b: ArrayValue) => concatenate([a, b], 0), flat, remainder) as Traced<Y>;
}

/** The leading size of the arrays of a tree; `scan` and `vmap` check that there is only one. */
function leadingSize(xs: unknown): number {
  for (const leaf of leaves(xs)) if (leaf instanceof ArrayValueClass && leaf.ndim > 0) return leaf.shape[0]!;
  throw located(new ArgumentError("control/map", "lax.map: xs has no array with a leading axis to map over"));
}
