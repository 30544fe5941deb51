import { isInexact, isInteger } from "../core/dtype.ts";
import { currentBackend } from "../core/backend.ts";
import { ArgumentError, DTypeError, MaterialiseError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { AnyPrimitive, NoParams, ParamsOf, Primitive } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { broadcastShapes, checkShape, range, sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, avalOf, concreteOf, Dense, NDArray, showAval } from "../core/value.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import {
  addTo,
  batchOf,
  type Coordinates,
  metBy,
  scattered,
  sorted,
  sparseProduct,
  sparser,
  sparseUnion,
  summed,
  takeAt,
  together,
} from "./coordinates.ts";
import { sparseDot } from "./sparse-dot.ts";
import { broadcasted, concatenated, expanded, permuted, reshaped, sliced } from "./sparse-layout.ts";
import { picked, reduced } from "./sparse-reduce.ts";

export interface BCOOOptions {
  /** Whether an operation without a rule may form the dense array. Default false: it is refused. */
  readonly allowMaterialise?: boolean | undefined;
  /** A promise that no two entries are at one place, which spares sorting. Default false. */
  readonly uniqueIndices?: boolean | undefined;
}
export interface FromDenseOptions extends BCOOOptions {
  /** Number of entries; needed where `x` is traced. Default: how many elements of `x` are not 0. */
  readonly nse?: number | undefined;
  /** How many leading axes are batch axes. Default 0. */
  readonly nBatch?: number | undefined;
}
const optionNames = ["allowMaterialise", "uniqueIndices"] as const;

/**
 * A sparse array in batch-coordinate format: for each place of the batch axes, `values[i]` is at the place
 * `indices[i]` of the sparse axes. Entries at one place add up, those outside of the shape are dropped, and what has no
 * entry is 0, whatever it is multiplied with.
 *
 * Shape: `values` is `[…batch, nse]`, `indices` `[…batch, nse, axes]`, for the shape `[…batch, …sparse sizes]`.
 * @example
 * const x = new BCOO(np.array([1, 2]), np.array([[0, 1], [2, 0]], "int32"), [3, 2]);
 * np.matmul(x, np.ones([2])); // [1, 0, 2]
 * @see `jax.experimental.sparse.BCOO`, `quax.examples.sparse.BCOO`
 */
export class BCOO extends ArrayValue {
  readonly values: ArrayValue;
  readonly indices: ArrayValue;
  /** Sizes of the sparse axes; the batch axes are those of `values`. */
  readonly sparseShape: Shape;
  /** Sparse axes along which each entry lies everywhere: an axis of size 1 that was broadcast. */
  readonly repeated: readonly number[];
  readonly uniqueIndices: boolean;
  readonly allowMaterialise: boolean;

  /** @throws ShapeError when the parts do not fit; DTypeError when the indices are not integers. */
  constructor(values: ArrayValue, indices: ArrayValue, shape: Shape, ...rest: Optionals<[], BCOOOptions>) {
    super();
    const { allowMaterialise = false, uniqueIndices = false } = readOptions<BCOOOptions>(
      "BCOO",
      optionNames,
      rest,
    );
    for (const [name, x] of Object.entries({ values, indices }))
      if (!(x instanceof ArrayValue))
        throw new ArgumentError("sparse/parts", `BCOO: ${name} must be an array, got ${describe(x)}`);
    checkParts(values, indices, checkShape(shape, "BCOO"));
    this.values = values;
    this.indices = indices;
    this.sparseShape = shape.slice(values.ndim - 1);
    this.repeated = [];
    this.uniqueIndices = uniqueIndices;
    this.allowMaterialise = allowMaterialise;
  }

  /**
   * The elements of `x` that are not 0, in row-major order.
   *
   * Of more than `nse` the rest is left out; where there are fewer, entries outside of the shape fill up. Differentiable:
   * the cotangent of an element that is left out is 0.
   * @throws ConcretizationError when `x` is traced and `nse` is not given; ShapeError when no axis is left to be sparse.
   * @see `jax.experimental.sparse.BCOO.fromdense`
   */
  static fromDense(x: ArrayValue, ...rest: Optionals<[], FromDenseOptions>): BCOO {
    const caller = "BCOO.fromDense";
    const options = readOptions<FromDenseOptions>(caller, [...optionNames, "nse", "nBatch"], rest);
    const { nBatch = 0, ...settings } = options;
    if (!(x instanceof ArrayValue))
      throw new ArgumentError(
        "sparse/array",
        `${caller} takes an array, got ${describe(x)}: wrap it in np.array`,
      );
    if (!Number.isInteger(nBatch) || nBatch < 0 || nBatch > x.ndim)
      throw new ArgumentError(
        "sparse/batch",
        `${caller}: nBatch must be an integer from 0 to the number of axes, ${x.ndim}; got ${describe(nBatch)}`,
      );
    if (nBatch === x.ndim)
      throw new ShapeError(
        "sparse/axes",
        `${caller}: an array of shape ${showShape(x.shape)} with nBatch ${nBatch} has no axis left to be sparse along`,
      );
    const perBatch = range(x.ndim - nBatch, nBatch);
    const nse =
      options.nse ??
      (concreteOf(
        lax.reduceMax(np.sum(lax.ne(x, 0), { axis: perBatch }), range(nBatch)),
        `${caller} without nse`,
      ).item() as number);
    const one = (part: ArrayValue): BCOO => {
      const at = lax.stack(np.nonzero(part, { size: nse, fillValue: [...part.shape] }), 1);
      const empty = new BCOO(lax.full([nse], 0, x.dtype), at, part.shape);
      return of({ ...empty.entries, values: takeAt(part, empty.entries), unique: true }, settings);
    };
    return range(nBatch).reduce<(part: ArrayValue) => BCOO>((f) => vmap(f) as typeof f, one)(x);
  }

  override get aval(): Aval {
    const { shape, dtype, weak } = this.values.aval;
    return avalOf([...shape.slice(0, -1), ...this.sparseShape], dtype, weak);
  }

  /** Number of entries, for each place of the batch axes. */
  get nse(): number {
    return this.values.shape.at(-1)!;
  }
  /** Number of batch axes. */
  get nBatch(): number {
    return this.values.ndim - 1;
  }

  /** @internal With each entry at one place. */
  get entries(): Coordinates {
    const { values, indices, sparseShape: sizes, uniqueIndices: unique, repeated } = this;
    return expanded({ values, indices, sizes, unique }, repeated);
  }

  /** The same array, which may, or may not, materialise. */
  enableMaterialise(allowMaterialise = true): BCOO {
    return assemble(this, { allowMaterialise });
  }

  /** The dense array. */
  toDense(): ArrayValue {
    return scattered(this.entries);
  }

  /**
   * The dense array.
   * @throws MaterialiseError unless `allowMaterialise` is set.
   */
  override materialise(): ArrayValue {
    if (!this.allowMaterialise)
      throw new MaterialiseError(
        "sparse/materialise",
        `Refusing to materialise sparse matrix ${showAval(this.aval)} with \`allowMaterialise: false\`. Make it with allowMaterialise: true, or call toDense()`,
      );
    return this.toDense();
  }

  /** Zeros like it have no entries; of anything else a plain array. */
  override like(fill: ArrayValue, { shape, dtype }: Aval): ArrayValue | null {
    if (!isZero(fill) || !sameShape(shape, this.shape)) return null;
    const batch = shape.slice(0, this.nBatch);
    const indices = lax.full([...batch, 0, this.sparseShape.length], 0, this.indices.dtype);
    const { allowMaterialise } = this;
    return new BCOO(lax.full([...batch, 0], 0, dtype), indices, shape, {
      allowMaterialise,
      uniqueIndices: true,
    });
  }

  /**
   * One entry for each place, in row-major order. There are as many entries as before, or `nse`: what is not needed is
   * outside of the shape, and what does not fit is left out.
   */
  sumDuplicates(...rest: Optionals<[], { readonly nse?: number }>): BCOO {
    const { nse } = readOptions<{ readonly nse?: number }>("sumDuplicates", ["nse"], rest);
    return of(summed(this.entries, nse), this);
  }

  /** The entries in row-major order of their places. */
  sortIndices(): BCOO {
    return of(sorted(this.entries), this);
  }
}

function checkParts(values: ArrayValue, indices: ArrayValue, shape: Shape): void {
  const refuse = (message: string): never => {
    throw new ShapeError(
      "sparse/parts",
      `${message} in \`BCOO\`: values is (…batch, nse), indices (…batch, nse, axes), and the shape (…batch, …sizes of the axes); got values ${showShape(values.shape)}, indices ${showShape(indices.shape)}, shape ${showShape(shape)}`,
    );
  };
  if (values.ndim < 1 || indices.ndim < 2) refuse("Missing axes");
  const batches = [values.shape.slice(0, -1), indices.shape.slice(0, -2)];
  batches.push(shape.slice(0, values.ndim - 1));
  if (!batches.every((batch) => sameShape(batch, batches[0]!)))
    refuse(`Inconsistent batch sizes {${[...new Set(batches.map(showShape))].join(", ")}}`);
  if (values.shape.at(-1) !== indices.shape.at(-2)) refuse("Inconsistent number of sparse entries");
  if (shape.length - (values.ndim - 1) !== indices.shape.at(-1))
    refuse("Must specify a sparse index for all non-batch dimensions");
  if (!isInteger(indices.dtype))
    throw new DTypeError("sparse/indices", `BCOO: indices must be integers, got ${indices.dtype}`);
}

type Fields = Pick<
  BCOO,
  "values" | "indices" | "sparseShape" | "repeated" | "uniqueIndices" | "allowMaterialise"
>;
/** `x` with some of its fields replaced. */
const assemble = (x: Fields, fields: Partial<Fields>): BCOO =>
  Object.assign(Object.create(BCOO.prototype) as BCOO, x, fields);

/** A BCOO of entries, with the settings of another. */
const of = (
  { values, indices, sizes, unique }: Coordinates,
  { allowMaterialise = false }: BCOOOptions,
  repeated: readonly number[] = [],
): BCOO =>
  assemble({ values, indices, sparseShape: sizes, repeated, uniqueIndices: unique, allowMaterialise }, {});

/** As `of`; where no sparse axis is left, the sum of the entries. */
const collapsed = (x: Coordinates, settings: BCOOOptions): ArrayValue =>
  x.sizes.length > 0 ? of(x, settings) : lax.reduceSum(x.values, [x.values.ndim - 1]);

const isZero = (x: ArrayValue): boolean => {
  const known = x instanceof Dense && x.ndim === 0 ? x.concrete() : null;
  return known !== null && Number(known.item()) === 0;
};

// Elementwise: what maps 0 to 0 keeps the places. Where the map is not linear, entries at one place are summed first.

const mapped = (x: BCOO, f: (values: ArrayValue) => ArrayValue): BCOO => assemble(x, { values: f(x.values) });
const mappedSums = (x: BCOO, f: (values: ArrayValue) => ArrayValue): BCOO =>
  mapped(x.uniqueIndices ? x : x.sumDuplicates(), f);

for (const op of [lax.neg, lax.real, lax.imag, lax.copy, lax.stopGradient])
  register(op, [BCOO], ([x], params) => mapped(x, (values) => op.bind([values], params)[0]!));
for (const op of [
  lax.abs,
  lax.sign,
  lax.sqrt,
  lax.cbrt,
  lax.square,
  lax.sin,
  lax.tan,
  lax.asin,
  lax.atan,
  lax.sinh,
  lax.tanh,
  lax.asinh,
  lax.atanh,
  lax.expm1,
  lax.log1p,
  lax.erf,
  lax.erfInv,
  lax.floor,
  lax.ceil,
])
  // prettier-ignore
  register(op, [BCOO], ([x], params) => mappedSums(x, (values) => op.bind([values], params)[0]!));
register(lax.conj, [BCOO], ([x], params) => mapped(x, (values) => lax.conj.bind([values], params)[0]!));
register(lax.round, [BCOO], ([x], params) => mappedSums(x, (values) => lax.round.bind([values], params)[0]!));
register(lax.reducePrecision, [BCOO], ([x], params) =>
  mappedSums(x, (values) => lax.reducePrecision.bind([values], params)[0]!),
);
register(lax.integerPow, [BCOO], ([x], params) =>
  params.y > 0
    ? mappedSums(x, (values) => lax.integerPow.bind([values], params)[0]!)
    : fallBack(lax.integerPow, [x], params),
);
register(lax.convertElementType, [BCOO], ([x], params) => {
  const convert = (values: ArrayValue): ArrayValue => lax.convertElementType.bind([values], params)[0]!;
  return isInexact(params.newDtype) ? mapped(x, convert) : mappedSums(x, convert);
});

/** `x` broadcast to the shape that both operands have. */
function widened(x: BCOO, y: ArrayValue): BCOO {
  const shape = broadcastShapes([x.shape, y.shape], "BCOO");
  if (sameShape(shape, x.shape)) return x;
  return lax.broadcastInDim(x, shape, range(x.ndim, shape.length - x.ndim)) as BCOO;
}
/** Arrays of one shape, with equally many batch axes. */
function aligned(xs: readonly BCOO[]): [xs: Coordinates[], settings: BCOOOptions] {
  const wide = xs.map((x) => xs.reduce(widened, x).entries);
  const keep = Math.min(...wide.map((x) => batchOf(x).length));
  return [wide.map((x) => sparser(x, keep)), { allowMaterialise: xs.every((x) => x.allowMaterialise) }];
}

const sumOf = (x: BCOO, y: BCOO): BCOO => {
  const [parts, settings] = aligned([x, y]);
  return of(together(...parts), settings);
};
function addedTo(dense: ArrayValue, x: BCOO): ArrayValue {
  const wide = widened(x, dense);
  return addTo(np.broadcastTo(dense, wide.shape), wide.entries);
}
// What knows how to treat any partner, as low-rank sums do, comes first: its parts then meet the entries.
const precedence = -2;
const negated = (x: BCOO): BCOO => mapped(x, lax.neg);
for (const add of [lax.add, lax.addAny]) {
  register(add, [BCOO, BCOO], ([x, y]) => sumOf(x, y));
  register(add, [BCOO, ArrayValue], ([x, y]) => addedTo(y, x), { precedence });
  register(add, [ArrayValue, BCOO], ([x, y]) => addedTo(x, y), { precedence });
}
register(lax.sub, [BCOO, BCOO], ([x, y]) => sumOf(x, negated(y)));
register(lax.sub, [BCOO, ArrayValue], ([x, y]) => addedTo(lax.neg(y), x), { precedence });
register(lax.sub, [ArrayValue, BCOO], ([x, y]) => addedTo(x, negated(y)), { precedence });

function scaled(op: typeof lax.mul | typeof lax.div, x: BCOO, y: ArrayValue): BCOO {
  if (y.ndim === 0) return mapped(x, (values) => op(values, y));
  const wide = of(widened(x, y).entries, x);
  return mapped(wide, (values) => op(values, metBy(wide.entries, y)));
}
register(lax.mul, [BCOO, ArrayValue], ([x, y]) => scaled(lax.mul, x, y), { precedence });
register(lax.mul, [ArrayValue, BCOO], ([x, y]) => scaled(lax.mul, y, x), { precedence });
register(lax.div, [BCOO, ArrayValue], ([x, y]) => scaled(lax.div, x, y), { precedence });
register(lax.mul, [BCOO, BCOO], ([x, y]) => {
  const [[a, b], settings] = aligned([x, y]);
  return of(sparseProduct(a!, b!), settings);
});

const unionOf = (op: (...xs: readonly ArrayValue[]) => ArrayValue, xs: readonly BCOO[]): BCOO => {
  const [parts, settings] = aligned(xs);
  return of(sparseUnion(op, parts), settings);
};
for (const op of [lax.max, lax.min, lax.ne, lax.lt, lax.gt, lax.and, lax.or, lax.xor])
  register(op, [BCOO, BCOO], ([x, y]) => unionOf((...sums) => op.bind(sums as never, {})[0]!, [x, y]));
// Where nothing chooses, the first of the cases holds, and that is 0 where nothing is.
register(lax.selectN, [BCOO, BCOO, BCOO], (xs) =>
  unionOf((...sums) => lax.selectN.bind(sums as never, {})[0]!, xs as unknown as BCOO[]),
);
register(lax.selectN, [ArrayValue, BCOO, BCOO], ([which, x, y]) => {
  const second = which.dtype === "bool" ? which : lax.ne(which, 0);
  const where = (z: BCOO, holds: ArrayValue): BCOO => {
    const wide = of(widened(z, which).entries, z);
    return mapped(wide, (v) => lax.select(metBy(wide.entries, holds), v, lax.fullLike(v, 0)));
  };
  return sumOf(where(x, lax.not(second)), where(y, second));
});

type BinaryPrimitive = Primitive<string, [x: ArrayValue, y: ArrayValue], NoParams>;

/** `op(0, c)`, or `op(c, 0)`, is known to be 0. */
function keepsZero(op: BinaryPrimitive, operands: readonly ArrayValue[]): boolean {
  const known = operands.map((x) =>
    x instanceof BCOO ? (scalarOf(0, x.dtype) as NDArray) : x instanceof Dense ? x.concrete() : null,
  );
  if (!known.every((x) => x !== null && x.ndim === 0)) return false;
  const outs = op.rules.abstract(
    known.map((x) => x!.aval),
    {},
  );
  const [buffer] = currentBackend().apply(op as AnyPrimitive, known as NDArray[], {}, outs);
  return isZero(new NDArray(outs[0]!, buffer!));
}

/** An operation with a number: on the entries, if it maps 0 to 0. */
const withNumber = (op: BinaryPrimitive, x: BCOO, operands: readonly [ArrayValue, ArrayValue]) =>
  keepsZero(op, operands)
    ? mappedSums(x, (values) => op.bind(operands.map((y) => (y === x ? values : y)) as never, {})[0]!)
    : fallBack(op as AnyPrimitive, operands, {});
for (const op of [
  lax.max,
  lax.min,
  lax.pow,
  lax.rem,
  lax.atan2,
  lax.eq,
  lax.ne,
  lax.lt,
  lax.le,
  lax.gt,
  lax.ge,
  lax.and,
]) {
  // prettier-ignore
  register(op, [BCOO, ArrayValue], ([x, y]) => withNumber(op as never, x, [x, y]), { precedence });
  register(op, [ArrayValue, BCOO], ([x, y]) => withNumber(op as never, y, [x, y]), { precedence });
}

// Axes.

register(lax.broadcastInDim, [BCOO], ([given], params) => {
  const order = params.broadcastDimensions;
  const sortedOrder = order.toSorted((a, b) => a - b);
  const x = lax.transpose(
    given,
    sortedOrder.map((axis) => order.indexOf(axis)),
  ) as BCOO;
  const { values, indices, sparseShape: sizes, uniqueIndices: unique } = x;
  const wide = broadcasted({ values, indices, sizes, unique }, x.repeated, {
    ...params,
    broadcastDimensions: sortedOrder,
  });
  return of(wide.x, x, wide.repeated);
});
register(lax.squeeze, [BCOO], ([x], { dimensions }) => {
  if (dimensions.some((axis) => axis >= x.nBatch))
    throw new ShapeError(
      "sparse/squeeze",
      `Cannot squeeze out a sparse dimension: BCOO of shape ${showShape(x.shape)} has ${x.nBatch} batch dimensions, got dimensions ${showShape(dimensions)}. Use np.sum over the axis, or np.reshape`,
    );
  return assemble(x, {
    values: lax.squeeze(x.values, dimensions),
    indices: lax.squeeze(x.indices, dimensions),
  });
});
register(lax.transpose, [BCOO], ([x], { permutation }) => of(permuted(x.entries, permutation), x));
register(lax.reshape, [BCOO], ([x], { newSizes, dimensions }) =>
  collapsed(reshaped(dimensions ? permuted(x.entries, dimensions) : x.entries, newSizes), x),
);
register(lax.slice, [BCOO], ([x], params) => of(sliced(x.entries, params), x));
register(
  lax.concatenate,
  [BCOO],
  (operands, { dimension }) => {
    const parts = operands as unknown as readonly BCOO[];
    const settings = { allowMaterialise: parts.every((x) => x.allowMaterialise) };
    return of(
      concatenated(
        parts.map((x) => x.entries),
        dimension,
      ),
      settings,
    );
  },
  { rest: BCOO },
);
register(lax.reduceSum, [BCOO], ([x], { axes }) => collapsed(reduced(x.entries, axes), x));
for (const pick of [
  { reduce: lax.reduceMax, pair: lax.max, scatter: lax.scatterMax },
  { reduce: lax.reduceMin, pair: lax.min, scatter: lax.scatterMin },
  { reduce: lax.reduceOr, pair: lax.or, scatter: lax.scatterMax },
  { reduce: lax.reduceAnd, pair: lax.and, scatter: lax.scatterMin },
])
  register(pick.reduce, [BCOO], ([x], params) => {
    const { axes } = params;
    const bitwise = pick.pair === lax.or || pick.pair === lax.and;
    if (axes.some((axis) => x.shape[axis] === 0) || (bitwise && x.dtype !== "bool"))
      return fallBack(pick.reduce, [x], params);
    const out = picked(x.entries, axes, pick);
    return out.sizes.length > 0 ? of(out, x) : lax.squeeze(out.values, [out.values.ndim - 1]);
  });

const dot = (
  x: BCOO,
  y: ArrayValue,
  params: ParamsOf<typeof lax.dotGeneral>,
  xIsLeft: boolean,
): ArrayValue => {
  const avals = [x.aval, y.aval];
  const [out] = lax.dotGeneral.rules.abstract(xIsLeft ? avals : avals.toReversed(), params);
  return sparseDot(x.entries, y instanceof BCOO ? y.entries : y, params, out!.dtype, xIsLeft);
};
register(lax.dotGeneral, [BCOO, BCOO], ([x, y], params) => dot(x, y, params, true));
register(lax.dotGeneral, [BCOO, ArrayValue], ([x, y], params) => dot(x, y, params, true), { precedence });
register(lax.dotGeneral, [ArrayValue, BCOO], ([x, y], params) => dot(y, x, params, false), { precedence });
