import { type DType, dtypeInfo } from "../../core/dtype.ts";
import { type Element, narrowed } from "../kernel/element.ts";
import { type Binary, type Expr, op, type Unary } from "../kernel/expression.ts";
import { elementAt, elements, type Row } from "./row.ts";

/** What an operation makes of one number of each operand, all of `dtype`: a number of the output's dtype. */
export type OnNumbers = (dtype: DType, ...numbers: Expr[]) => Expr;
export type Pair = readonly [Expr, Expr];
/** The same of operands that have two numbers an element: complex ones, and keys. */
export type OnPairs = (...pairs: Pair[]) => Element;

/**
 * A row that computes an element of its one output from that of each operand at the same place. What it makes of complex
 * numbers and keys, unless it is given, is what it makes of each of their two numbers.
 */
export const map =
  (onNumbers: OnNumbers, onPairs?: OnPairs): Row<object> =>
  (_params, operands) => {
    const { dtype } = operands[0]!;
    const { lanes } = dtypeInfo[dtype];
    const numbers = (xs: readonly Element[]): Element =>
      xs[0]!.map((_, lane) => onNumbers(dtype, ...xs.map((x) => x[lane]!)));
    const compute =
      lanes === 2 && onPairs ? (xs: readonly Element[]) => onPairs(...(xs as readonly Pair[])) : numbers;
    return elements("map", (readers) => [
      (index) => compute(readers.map((x, i) => elementAt(x, operands[i]!, index))),
    ]);
  };

/** An operation whose result is rounded, or wraps, to the dtype. */
export const wrapping =
  (name: Unary | Binary): OnNumbers =>
  (dtype, ...numbers) =>
    narrowed(op(name, ...numbers), dtype);
