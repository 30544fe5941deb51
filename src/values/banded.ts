import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { broadcastShapes, sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval } from "../core/value.ts";
import type { AxisPadding } from "../lax/pad-slice.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { allowedBy, fitsElements, lowest, StructuredMatrix } from "./matrix.ts";
import { type DotParams, elementProducts, product } from "./matrix-dot.ts";
import { mapParts } from "./stacked.ts";

/** Square matrices whose elements are zero but on a few diagonals: the parts, by name. */
export abstract class Banded extends StructuredMatrix {
  /** How far above the main diagonal each part lies, the main one being among them. */
  abstract get offsets(): Readonly<Record<string, number>>;

  /** The part at `offset`, if there is one. */
  band(offset: number): ArrayValue | undefined {
    const name = Object.keys(this.offsets).find((key) => this.offsets[key] === offset);
    return name === undefined ? undefined : (this[name as keyof this] as ArrayValue);
  }

  override get aval(): Aval {
    const { aval } = this.band(0)!;
    return { ...aval, shape: [...aval.shape, aval.shape.at(-1)!] };
  }

  override diagonal(offset = 0): ArrayValue {
    const size = Math.max(0, this.shape.at(-1)! - Math.abs(offset));
    return this.band(offset) ?? lax.full([...this.shape.slice(0, -2), size], 0, this.dtype);
  }

  override transposed(): this {
    return mapBands(this, (_band, offset) => this.band(-offset)!);
  }

  override toDense(): ArrayValue {
    return this.summed((band, offset) => {
      const n = this.shape.at(-1)!;
      const lead = band.shape.slice(0, -1);
      const [start, length] = [rowMajorStart(n, offset), band.shape.at(-1)!];
      const used = length === 0 ? 0 : 1 + (length - 1) * (n + 1);
      const flat = lax.pad(band, 0, [...unpadded(lead), [start, n * n - start - used, n]]);
      return lax.reshape(flat, [...lead, n, n]);
    });
  }

  override times(x: ArrayValue): ArrayValue {
    const n = this.shape.at(-1)!;
    return this.summed((band, offset) => {
      const [above, below] = [Math.max(0, -offset), Math.max(0, offset)];
      const rows = lax.sliceInDim(x, below, n - above, 1, x.ndim - 2);
      const scaled = lax.mul(lax.expandDims(band, [-1]), rows);
      return lax.pad(scaled, 0, [...unpadded(scaled.shape.slice(0, -2)), [above, below, 0], [0, 0, 0]]);
    });
  }

  private summed(termOf: (band: ArrayValue, offset: number) => ArrayValue): ArrayValue {
    return Object.values(this.offsets)
      .map((offset) => termOf(this.band(offset)!, offset))
      .reduce((sum, term) => lax.add(sum, term));
  }
}

const unpadded = (lead: Shape): AxisPadding[] => lead.map(() => [0, 0, 0]);

/** Where in an n×n matrix, read row by row, the diagonal at `offset` begins. */
const rowMajorStart = (n: number, offset: number): number => (offset >= 0 ? offset : -offset * n);

/** The same kind of matrix with other diagonals. */
const mapBands = <T extends Banded>(x: T, change: (band: ArrayValue, offset: number) => ArrayValue): T =>
  mapParts(x, (band, _inner, name) => change(band, x.offsets[name]!));

/** @internal Checks diagonals that came from the user. @throws ArgumentError, ShapeError, DTypeError when they do not fit. */
export function checkBands(
  caller: string,
  bands: Readonly<Record<string, ArrayValue>>,
  offsets: Readonly<Record<string, number>>,
): void {
  const all = Object.entries(bands);
  for (const [name, band] of all) {
    if (!(band instanceof ArrayValue)) {
      throw new ArgumentError("banded/array", `${caller}: ${name} must be an array, got ${describe(band)}`);
    }
    if (band.ndim === 0)
      throw new ShapeError("banded/rank", `${caller}: ${name} must have an axis, got a scalar`);
  }
  const show = (what: (band: ArrayValue) => string) =>
    all.map(([name, x]) => `${name} ${what(x)}`).join(", ");
  const lead = (x: ArrayValue) => x.shape.slice(0, -1);
  const main = bands[all.find(([name]) => offsets[name] === 0)![0]]!;
  const n = main.shape.at(-1)!;
  if (all.some(([, x]) => !sameShape(lead(x), lead(main)))) {
    throw new ShapeError(
      "banded/batch",
      `Got inconsistent batch dimensions for \`${caller}\`: ${show((x) => showShape(lead(x)))}`,
    );
  }
  if (all.some(([name, x]) => x.shape.at(-1) !== n - Math.abs(offsets[name]!))) {
    throw new ShapeError(
      "banded/length",
      `Got inconsistent diagonal lengths for \`${caller}\`: ${show((x) => String(x.shape.at(-1)))}; those beside the main one are shorter by 1`,
    );
  }
  if (all.some(([, x]) => x.dtype !== main.dtype)) {
    throw new DTypeError(
      "banded/dtype",
      `Got inconsistent dtypes for \`${caller}\`: ${show((x) => x.dtype)}: convert them with astype`,
    );
  }
}

/** Below the rules of the other structured matrices, for any partner. */
const last = { precedence: lowest.precedence - 1 };

const isSquare = (shape: Shape, n: number): boolean => shape.at(-1) === n && shape.at(-2) === n;
const jointShape = (x: ArrayValue, y: ArrayValue, caller: string): Shape =>
  broadcastShapes([x.shape, y.shape], caller);

/** Sums have the diagonals of both: the one with more of them takes up those of the other. */
function sum(x: Banded, y: Banded): ArrayValue | null {
  const has = (a: Banded, b: Banded) =>
    Object.values(b.offsets).every((offset) => a.band(offset) !== undefined);
  const lead = jointShape(x, y, "add").slice(0, -2);
  if (x.ndim !== y.ndim || !isSquare(y.shape, x.shape.at(-1)!)) return null;
  const [wide, other] = has(x, y) ? [x, y] : [y, x];
  if (!has(wide, other)) return null;
  const out = mapBands(wide, (band, offset) => {
    const term = other.band(offset);
    if (term !== undefined) return lax.add(band, term);
    const shape = [...lead, band.shape.at(-1)!];
    return sameShape(shape, band.shape) ? band : lax.broadcastInDim(band, shape, [...shape.keys()]);
  });
  return allowedBy(out, [x, y]);
}
for (const prim of [lax.add, lax.addAny]) {
  register(prim, [Banded, Banded], ([x, y], params) => sum(x, y) ?? fallBack(prim, [x, y], params));
}
register(
  lax.sub,
  [Banded, Banded],
  ([x, y], params) => sum(x, lax.neg(y) as Banded) ?? fallBack(lax.sub, [x, y], params),
);

// The sum with a plain matrix is as large as that: forming this one costs no more.
for (const prim of [lax.add, lax.addAny, lax.sub]) {
  const plainSum = (matrix: Banded, x: ArrayValue, operands: readonly ArrayValue[], params: object) =>
    x.ndim === matrix.ndim && isSquare(x.shape, matrix.shape.at(-1)!)
      ? prim.bind(
          operands.map((y) => (y === matrix ? matrix.toDense() : y)) as [ArrayValue, ArrayValue],
          params,
        )
      : fallBack(prim, operands, params);
  register(prim, [Banded, ArrayValue], ([a, x], params) => plainSum(a, x, [a, x], params), last);
  register(prim, [ArrayValue, Banded], ([x, a], params) => plainSum(a, x, [x, a], params), last);
}

/** What `x`, broadcast to n×n matrices, has on a diagonal. */
function diagonalOf(x: ArrayValue, n: number, offset: number): ArrayValue {
  if (x instanceof StructuredMatrix) return x.diagonal(offset);
  const lead = x.shape.slice(0, -2);
  const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const length = n - Math.abs(offset);
  if (rows === 1 || columns === 1) {
    const start = columns === 1 ? Math.max(0, -offset) : Math.max(0, offset);
    const line = lax.reshape(x, [...lead, rows * columns]);
    return rows * columns === 1 ? line : lax.sliceInDim(line, start, start + length, 1, -1);
  }
  const flat = lax.reshape(x, [...lead, n * n]);
  const start = rowMajorStart(n, offset);
  return lax.sliceInDim(flat, start, start + Math.max(0, 1 + (length - 1) * (n + 1)), n + 1, -1);
}

/** Products and quotients element by element have the diagonals of `matrix`: elsewhere it is zero. */
function scaled(prim: typeof lax.mul | typeof lax.div, matrix: Banded, x: ArrayValue): ArrayValue | null {
  const n = matrix.shape.at(-1)!;
  if (x.ndim === 0) return mapParts(matrix, (part) => prim.bind([part, x], {})[0]!);
  jointShape(matrix, x, "mul");
  if (!fitsElements(x, matrix)) return null;
  const out = mapBands(matrix, (band, offset) => prim.bind([band, diagonalOf(x, n, offset)], {})[0]!);
  return allowedBy(out, [matrix, x]);
}
for (const prim of [lax.mul, lax.div]) {
  register(
    prim,
    [Banded, ArrayValue],
    ([a, x], params) => scaled(prim, a, x) ?? fallBack(prim, [a, x], params),
    lowest,
  );
}
register(
  lax.mul,
  [ArrayValue, Banded],
  ([x, a], params) => scaled(lax.mul, a, x) ?? fallBack(lax.mul, [x, a], params),
  lowest,
);
register(
  lax.mul,
  [StructuredMatrix, Banded],
  ([x, a], params) => scaled(lax.mul, a, x) ?? fallBack(lax.mul, [x, a], params),
);
register(
  lax.mul,
  [Banded, StructuredMatrix],
  ([a, x], params) => scaled(lax.mul, a, x) ?? fallBack(lax.mul, [a, x], params),
);
register(lax.mul, [Banded, Banded], ([x, y], params) => {
  const narrow = Object.keys(x.offsets).length <= Object.keys(y.offsets).length;
  return (narrow ? scaled(lax.mul, x, y) : scaled(lax.mul, y, x)) ?? fallBack(lax.mul, [x, y], params);
});

// Any `dot_general` but an outer product.
const dot = (matrix: Banded, x: ArrayValue, params: DotParams, matrixIsLeft: boolean) =>
  product(matrix, x, params, matrixIsLeft) ?? elementProducts(matrix, x, params, matrixIsLeft);
register(
  lax.dotGeneral,
  [Banded, ArrayValue],
  ([a, x], params) => dot(a, x, params, true) ?? fallBack(lax.dotGeneral, [a, x], params),
  last,
);
register(
  lax.dotGeneral,
  [ArrayValue, Banded],
  ([x, a], params) => dot(a, x, params, false) ?? fallBack(lax.dotGeneral, [x, a], params),
  last,
);

// Functions that keep zero.
// prettier-ignore
const keepZero = [
  lax.abs, lax.sign, lax.floor, lax.ceil, lax.round, lax.square, lax.sqrt, lax.cbrt, lax.sin, lax.tan, lax.sinh, lax.tanh,
  lax.asin, lax.atan, lax.asinh, lax.atanh, lax.expm1, lax.log1p, lax.erf, lax.erfInv, lax.real, lax.imag, lax.conj,
] as const;
for (const prim of keepZero) {
  register(prim, [Banded], ([x], params) => mapParts(x, (part) => prim.bind([part], params as never)[0]!));
}
register(lax.integerPow, [Banded], ([x], params) =>
  params.y > 0
    ? mapParts(x, (part) => lax.integerPow.bind([part], params)[0]!)
    : fallBack(lax.integerPow, [x], params),
);
