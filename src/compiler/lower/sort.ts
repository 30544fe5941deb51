import { type DType, dtypeInfo, isComplex, isFloat, isSigned } from "../../core/dtype.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type Aval, avalOf } from "../../core/value.ts";
import type { SortParams, TopKParams } from "../../lax/sort.ts";
import { Affine } from "../kernel/affine.ts";
import type { Element } from "../kernel/element.ts";
import { constant, type Expr, i32, i64, op } from "../kernel/expression.ts";
import type { Index } from "../kernel/reader.ts";
import { bitsOf, fromBits } from "./bits.ts";
import { elements, type Procedure, type Row, type Rows } from "./row.ts";
import { type PairRows, scratchSizes, sortRows } from "./sort-rows.ts";

/** Bits of a float, which are of the order of the numbers if they are compared without a sign; NaN is the greatest. */
function orderedBits(x: Expr): Expr {
  const bits = op("reinterpret", x);
  const number = (value: bigint): Expr => constant(bits.type, value);
  const top = bits.type === "i64" ? 63n : 31n;
  const flips = op("or", op("shr_s", bits, number(top)), number(1n << top));
  return op("select", op("ne", x, x), number(-1n), op("xor", bits, flips));
}

/** An integer, or a bool, as one that is compared without a sign; that of a narrow dtype is small. */
function offset(x: Expr, dtype: DType): Expr {
  if (dtype === "bool") return op("to_int", x);
  return isSigned(dtype) ? op("add", x, constant(x.type, 1n << BigInt(dtypeInfo[dtype].bits - 1))) : x;
}

/** Words that are ordered as the numbers, compared without a sign one after the other. */
function wordsOf(x: Expr, dtype: DType, unsignedZeros: boolean): Expr[] {
  // The sum of 0 and -0 is 0.
  const float = (): Expr => orderedBits(unsignedZeros ? op("add", x, constant(x.type, 0)) : x);
  const whole = isFloat(dtype) || isComplex(dtype) ? float() : offset(x, dtype);
  return whole.type === "i64" ? [op("wrap", op("shr_u", whole, i64(32))), op("wrap", whole)] : [whole];
}
const countOfWords = (dtype: DType): number => (dtypeInfo[dtype].bits === 64 ? 2 : 1);

/** What is at a place of the `i`th operand. */
type Operand = (i: number) => Element;
/** An output's element, of what is sorted to its place and the operands at places of its row. */
type Output = (sorted: Expr, operand: (i: number, place: Affine) => Element) => Element;

/** The rows of pairs that stand for arrays of a shape, along an axis. */
class AxisRows {
  readonly rows: PairRows;
  private readonly moved: Shape;

  constructor(
    private readonly shape: Shape,
    private readonly axis: number,
    words: number,
    wanted: number,
  ) {
    const size = shape[axis]!;
    this.rows = { rows: sizeOf(shape) / size, size, words, wanted };
    this.moved = [...shape.toSpliced(axis, 1), size];
  }

  /**
   * Sorts rows by `words` of the operands. What goes with a word, and outputs are made of, is `payload`, or the place in
   * the row.
   */
  procedure(
    words: (operand: Operand) => readonly Expr[],
    payload: ((operand: Operand) => Expr) | null,
    outputs: readonly Output[],
  ): Procedure {
    const { rows, moved } = this;
    const [pairs, counts] = scratchSizes(rows);
    const arrays: Aval[] = [avalOf(moved, "uint64")];
    for (let i = 1; i < rows.words; i++) arrays.push(avalOf(moved, "uint32"));
    return {
      kind: "procedure",
      arrays,
      scratch: [avalOf([pairs], "uint64"), avalOf([counts], "uint32")],
      prepare: (operands) => {
        const at = (index: Index) => {
          const place = this.placeOf(index, index.at(-1)!);
          const operand: Operand = (i) => operands[i]!(place);
          return { operand, words: words(operand) };
        };
        const pair = (index: Index): Element => {
          const { operand, words: all } = at(index);
          const beside = payload ? payload(operand) : index.at(-1)!.value();
          return [op("or", op("shl", op("extend_u", all.at(-1)!), i64(32)), op("extend_u", beside))];
        };
        return [pair, ...arrays.slice(1).map((_, k) => (index: Index) => [at(index).words[k]!])];
      },
      statements: (memories, scratch) => sortRows(rows, memories, scratch),
      finish: (operands, [read]) =>
        outputs.map((output) => (index) => {
          const rest = index.toSpliced(this.axis, 1);
          const [sorted] = read!([...rest, index[this.axis]!]);
          return output(op("wrap", sorted!), (i, place) => operands[i]!(this.placeOf(rest, place)));
        }),
    };
  }
  /** The place in an array of the shape, from that along all other axes. */
  private placeOf(rest: Index, place: Affine): Index {
    return rest.slice(0, this.shape.length - 1).toSpliced(this.axis, 0, place);
  }
}

const sort: Row<SortParams> = ({ dimension, numKeys }, operands) => {
  const { shape, dtype } = operands[0]!;
  const size = shape[dimension]!;
  if (size <= 1 || sizeOf(shape) === 0) return elements("view", (readers) => readers);
  const keys = operands.slice(0, numKeys);
  const count = keys.reduce((sum, key) => sum + countOfWords(key.dtype), 0);
  const rows = new AxisRows(shape, dimension, count, size);
  const words = (operand: Operand): Expr[] =>
    keys.flatMap((key, i) => operand(i).flatMap((x) => wordsOf(x, key.dtype, true)));
  // What is alone, and small, goes with its word itself.
  if (operands.length === 1 && count === 1)
    return rows.procedure(
      words,
      (operand) => (dtype === "bool" ? op("to_int", operand(0)[0]!) : bitsOf(operand(0)[0]!, dtype)),
      [(bits) => [dtype === "bool" ? op("ne", bits, i32(0)) : fromBits(bits, dtype)]],
    );
  return rows.procedure(
    words,
    null,
    operands.map(
      (_, i): Output =>
        (place, operand) =>
          operand(i, Affine.dynamic(place)),
    ),
  );
};

const topK: Row<TopKParams> = ({ k, axis }, [x]) => {
  const { shape, dtype } = x!;
  // Of one element, or none, the first are where they are.
  if (k === 0 || shape[axis]! <= 1 || sizeOf(shape) === 0)
    return elements("map", ([read]) => [(index) => read!(index), () => [i32(0)]]);
  const rows = new AxisRows(shape, axis, countOfWords(dtype), k);
  return rows.procedure(
    (operand) => wordsOf(operand(0)[0]!, dtype, false).map((word) => op("xor", word, i32(-1))),
    null,
    [(place, operand) => operand(0, Affine.dynamic(place)), (place) => [place]],
  );
};

/** Rows of what brings elements into an order. */
export const sorts = { sort, top_k: topK } satisfies Partial<Rows>;
