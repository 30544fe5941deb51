import { type DType, dtypeInfo, isBigint, isComplex, isFloat } from "../../core/dtype.ts";
import type { DotGeneralParams } from "../../lax/dot.ts";
import { keptAxes } from "../../lax/dot-dimensions.ts";
import { Affine } from "../kernel/affine.ts";
import type { Element } from "../kernel/element.ts";
import { op } from "../kernel/expression.ts";
import { type Index, reduceOver } from "../kernel/reader.ts";
import { converted } from "./convert.ts";
import { or, product, sum } from "./monoid.ts";
import { elements, type Row, type Rows } from "./row.ts";

const isReal = (dtype: DType): boolean => isFloat(dtype) || isComplex(dtype);

/** The dtype that products of two operands are added in: 16-bit floats are rounded once, small integers wrap at the end. */
function sumDType(left: DType, right: DType, out: DType): DType {
  const all = [left, right, out];
  if (all.some(isComplex)) return "complex64";
  // Beside floats, integers of 32 bits and more have digits that f32 has not.
  const long = all.some((dtype) => !isReal(dtype) && dtypeInfo[dtype].bits >= 32);
  if (all.includes("float64") || (all.some(isReal) && long)) return "float64";
  if (all.some(isReal)) return "float32";
  if (isBigint(out)) return out;
  return all.every((dtype) => dtype === "bool") ? "bool" : "int32";
}

/** Sums over axes of `sizes` of the products of the elements of two operands that `read` finds, for the result at `index`. */
export function sumOfProducts(
  [left, right, out]: readonly [left: DType, right: DType, out: DType],
  sizes: readonly number[],
  index: Index,
  read: (through: Index) => readonly [Element, Element],
): Element {
  const dtype = sumDType(left, right, out);
  const monoid = (dtype === "bool" ? or : sum)(dtype);
  const total = reduceOver(monoid, sizes, index, (through) => {
    const [x, y] = read(through);
    const [a, b] = [converted(x, left, dtype), converted(y, right, dtype)];
    if (isComplex(dtype)) return product(a, b);
    return [op(dtype === "bool" ? "and" : "mul", a[0]!, b[0]!)];
  });
  return converted(total, dtype, out);
}

const dotGeneral: Row<DotGeneralParams> = ({ dimensionNumbers }, [x, y], [out]) => {
  const [[xContract, yContract], [xBatch, yBatch]] = dimensionNumbers;
  const rank = (batch: readonly number[], kept: readonly number[]) => batch.length + kept.length;
  const xKept = keptAxes(x!.shape.length, xContract, xBatch);
  const yKept = keptAxes(y!.shape.length, yContract, yBatch);
  const dtypes = [x!.dtype, y!.dtype, out!.dtype] as const;
  const run = xContract.map((_, k) => k).filter((k) => x!.shape[xContract[k]!] !== 1);
  const sizes = run.map((k) => x!.shape[xContract[k]!]!);
  /** The place in an operand, whose kept axes are those of `index` from `first` on. */
  const placeOf = (
    batch: readonly number[],
    kept: readonly number[],
    contract: readonly number[],
    index: Index,
    first: number,
    through: Index,
  ): Index => {
    const place: Affine[] = [];
    batch.forEach((axis, i) => (place[axis] = index[i]!));
    kept.forEach((axis, i) => (place[axis] = index[first + i]!));
    contract.forEach((axis, k) => (place[axis] = through[run.indexOf(k)] ?? Affine.of(0)));
    return place;
  };
  return elements("contraction", ([left, right]) => [
    (index) =>
      sumOfProducts(dtypes, sizes, index, (through) => [
        left!(placeOf(xBatch, xKept, xContract, index, xBatch.length, through)),
        right!(placeOf(yBatch, yKept, yContract, index, rank(xBatch, xKept), through)),
      ]),
  ]);
};

/** The row of the product of arrays. */
export const dots = { dot_general: dotGeneral } satisfies Partial<Rows>;
