import { type DType, dtypeInfo, isComplex, isInexact, kindOf } from "../../core/dtype.ts";
import { representation } from "../kernel/element.ts";
import { bool, constant, type Expr, type Monoid, op, type OpName } from "../kernel/expression.ts";
import { ordered } from "./compare.ts";
import { larger, smaller } from "./complex-arithmetic.ts";
import type { Pair } from "./elementwise.ts";

/** An operation on elements of a dtype. Its results are to be narrowed to the dtype, but only the last one. */
export type MonoidOf = (dtype: DType) => Monoid;

type Numbers = readonly Expr[];

/** A constant in each part of an element. */
const repeated = (dtype: DType, value: number | bigint): Numbers =>
  Array.from({ length: dtypeInfo[dtype].lanes }, () => constant(representation[dtype].type, value));

const eachPart =
  (name: OpName) =>
  (a: Numbers, b: Numbers): Numbers =>
    a.map((x, lane) => op(name, x, b[lane]!));

const onPairs =
  (f: (z: Pair, w: Pair) => Pair) =>
  (a: Numbers, b: Numbers): Numbers =>
    f(a as unknown as Pair, b as unknown as Pair);

/** (a + bi)·(c + di), by definition. */
export const product = onPairs(([a, b], [c, d]) => [
  op("sub", op("mul", a, c), op("mul", b, d)),
  op("add", op("mul", a, d), op("mul", b, c)),
]);

/** The sum from `zero`, which is -0 for one of nothing but -0 to be that. */
export const sumFrom =
  (zero: number): MonoidOf =>
  (dtype) => ({
    name: `add ${Object.is(zero, -0) ? "-0" : "0"}`,
    unit: repeated(dtype, isInexact(dtype) ? zero : 0),
    combine: eachPart("add"),
  });

export const sum = sumFrom(0);

export const prod: MonoidOf = (dtype) =>
  isComplex(dtype)
    ? { name: "mul", unit: [constant("f32", 1), constant("f32", 0)], combine: product }
    : { name: "mul", unit: repeated(dtype, 1), combine: eachPart("mul") };

/** The least and the greatest number of a dtype. */
export function bounds(dtype: DType): readonly [least: Expr, greatest: Expr] {
  const { type } = representation[dtype];
  const { kind, bits } = dtypeInfo[dtype];
  const width = BigInt(bits);
  if (kind === "bool") return [bool(false), bool(true)];
  if (kind === "uint") return [constant(type, 0), constant(type, (1n << width) - 1n)];
  if (kind !== "int") return [constant(type, -Infinity), constant(type, Infinity)];
  return [constant(type, -(1n << (width - 1n))), constant(type, (1n << (width - 1n)) - 1n)];
}

/** Complex numbers are ordered by real, then by imaginary part. */
const extreme =
  (name: "max" | "min", pairs: (z: Pair, w: Pair) => Pair): MonoidOf =>
  (dtype) => {
    const unit = bounds(dtype)[name === "max" ? 0 : 1];
    if (isComplex(dtype)) return { name, unit: [unit, constant("f32", 0)], combine: onPairs(pairs) };
    const logical = name === "max" ? "or" : "and";
    const operation = kindOf(dtype) === "bool" ? logical : ordered(name, dtype);
    return { name: operation, unit: [unit], combine: eachPart(operation) };
  };

export const max = extreme("max", larger);
export const min = extreme("min", smaller);

const bitwise =
  (name: "and" | "or" | "xor"): MonoidOf =>
  (dtype) => {
    const ones = kindOf(dtype) === "int" ? constant(representation[dtype].type, -1) : bounds(dtype)[1];
    return { name, unit: name === "and" ? [ones] : repeated(dtype, 0), combine: eachPart(name) };
  };

export const and = bitwise("and");
export const or = bitwise("or");
export const xor = bitwise("xor");

/** The same operation with one part more, whether there is anything yet: for one that has no unit of its own. */
export function withUnit({ name, unit, combine }: Monoid): Monoid {
  const count = unit.length;
  return {
    name: `${name}?`,
    unit: [...unit, bool(false)],
    combine: (a, b) => {
      const [before, after] = [a[count]!, b[count]!];
      const both = combine(a.slice(0, count), b.slice(0, count));
      const parts = both.map((x, i) => op("select", after, op("select", before, x, b[i]!), a[i]!));
      return [...parts, op("or", before, after)];
    },
  };
}
