import { type DType, isSigned, kindOf } from "../../core/dtype.ts";
import { elementAt, elements, type Row, type Rows } from "./row.ts";
import { constant, type Expr, op } from "../kernel/expression.ts";
import { map, type OnNumbers, type OnPairs } from "./elementwise.ts";

/** The operation that orders numbers of a dtype: integers are compared with or without a sign. */
export function ordered<N extends "lt" | "le" | "min" | "max">(
  name: N,
  dtype: DType,
): N | `${N}_s` | `${N}_u` {
  const kind = kindOf(dtype);
  if (kind === "float" || kind === "complex") return name;
  return isSigned(dtype) ? `${name}_s` : `${name}_u`;
}

const equal: OnNumbers = (dtype, x, y) => (dtype === "bool" ? op("not", op("xor", x, y)) : op("eq", x, y));
const unequal: OnNumbers = (dtype, x, y) => op(dtype === "bool" ? "xor" : "ne", x, y);
const less: OnNumbers = (dtype, x, y) =>
  dtype === "bool" ? op("and", op("not", x), y) : op(ordered("lt", dtype), x, y);
const lessOrEqual: OnNumbers = (dtype, x, y) =>
  dtype === "bool" ? op("or", op("not", x), y) : op(ordered("le", dtype), x, y);

const bothEqual: OnPairs = ([a, b], [c, d]) => [op("and", op("eq", a, c), op("eq", b, d))];
const eitherUnequal: OnPairs = ([a, b], [c, d]) => [op("or", op("ne", a, c), op("ne", b, d))];

/** Whether case `i` or one before it is chosen. */
function upTo(i: number, which: Expr, dtype: DType): Expr {
  return dtype === "bool" ? op("not", which) : op(ordered("le", dtype), which, constant(which.type, i));
}

const select: Row<object> = (_params, operands) => {
  const { dtype } = operands[0]!;
  return elements("map", ([which, ...cases]) => [
    (index) => {
      const [chosen] = elementAt(which!, operands[0]!, index);
      const given = cases.map((read) => read(index));
      // An index out of range chooses the nearest case, so nothing is asked about the last one.
      return given.reduceRight((rest, one, i) =>
        one.map((x, lane) => op("select", upTo(i, chosen!, dtype), x, rest[lane]!)),
      );
    },
  ]);
};

/** Rows of what compares numbers, and of the choice between them. */
export const compare = {
  eq: map(equal, bothEqual),
  ne: map(unequal, eitherUnequal),
  lt: map(less),
  le: map(lessOrEqual),
  gt: map((dtype, x, y) => less(dtype, y, x)),
  ge: map((dtype, x, y) => lessOrEqual(dtype, y, x)),
  is_finite: map((_dtype, x) => op("lt", op("abs", x), constant(x.type, Infinity))),
  select_n: select,
} satisfies Partial<Rows>;
