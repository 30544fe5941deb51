import { isFloat } from "../../core/dtype.ts";
import { type Shape, stridesOf } from "../../core/shape.ts";
import { Affine } from "../kernel/affine.ts";
import { narrowed } from "../kernel/element.ts";
import { i32, type Expr, type Monoid, op } from "../kernel/expression.ts";
import { type Index, reduceOver } from "../kernel/reader.ts";
import type { ArgReduceParams, ReduceParams } from "../../lax/reduce.ts";
import { ordered } from "./compare.ts";
import { converted } from "./convert.ts";
import { and, bounds, max, min, type MonoidOf, or, prod, sum, xor } from "./monoid.ts";
import { elements, type Row, type Rows } from "./row.ts";

const start = Affine.of(0);

/** Axes that are run through: of one place there is nothing to combine. */
const proper = (shape: Shape, axes: readonly number[]): number[] =>
  [...axes].filter((axis) => shape[axis] !== 1).sort((a, b) => a - b);

/** The place in the operand, from that in the output and one for each of the axes that are run through. */
function placeOf(shape: Shape, axes: readonly number[], kept: Index, through: Index): Index {
  let next = 0;
  const run = proper(shape, axes);
  return shape.map((_, axis) =>
    axes.includes(axis) ? (through[run.indexOf(axis)] ?? start) : kept[next++]!,
  );
}

const reduction =
  (monoidOf: MonoidOf): Row<ReduceParams> =>
  ({ axes }, [x]) => {
    const { shape, dtype } = x!;
    const monoid = monoidOf(dtype);
    const run = proper(shape, axes);
    // A sum of one element is that element: 0 + -0 would lose the sign.
    if (run.length === 0)
      return elements("view", ([read]) => [(index) => read!(placeOf(shape, axes, index, []))]);
    const sizes = run.map((axis) => shape[axis]!);
    return elements("reduction", ([read]) => [
      (index) =>
        reduceOver(monoid, sizes, index, (through) => read!(placeOf(shape, axes, index, through))).map((x) =>
          narrowed(x, dtype),
        ),
    ]);
  };

/**
 * Of pairs of an element and its place, the one whose element is better: NaN before all others, the first of equal ones.
 * With it goes what they carry beside, which has these units.
 */
export const extreme =
  (name: "max" | "min", carried: readonly Expr[] = []): MonoidOf =>
  (dtype) => {
    const worse = (x: Expr, y: Expr): Expr => {
      const [a, b] = name === "max" ? [x, y] : [y, x];
      return dtype === "bool" ? op("and", op("not", a), b) : op(ordered("lt", dtype), a, b);
    };
    const leads = (x: Expr, over: Expr): Expr =>
      isFloat(dtype) ? op("or", worse(over, x), op("ne", x, x)) : worse(over, x);
    const combine: Monoid["combine"] = ([x, i, ...rest], [y, j, ...others]) => {
      const later = leads(y!, x!);
      const decided = op("xor", later, leads(x!, y!));
      const chosen = op("select", decided, later, op("lt_s", j!, i!));
      return [y!, j!, ...others].map((better, part) =>
        op("select", chosen, better, [x!, i!, ...rest][part]!),
      );
    };
    const worst = bounds(dtype)[name === "max" ? 0 : 1];
    const unit = [worst, i32(0x7fffffff), ...carried];
    return { name: `arg${dtype === "bool" ? `bool${name}` : ordered(name, dtype)}`, unit, combine };
  };

const argReduction =
  (monoidOf: MonoidOf): Row<ArgReduceParams> =>
  ({ axes, indexDtype }, [x]) => {
    const { shape, dtype } = x!;
    const monoid = monoidOf(dtype);
    const sizes = proper(shape, axes).map((axis) => shape[axis]!);
    const strides = stridesOf(sizes);
    return elements("reduction", ([read]) => [
      (index) => {
        const [, place] = reduceOver(monoid, sizes, index, (through) => [
          ...read!(placeOf(shape, axes, index, through)),
          through.reduce((sum, i, k) => sum.plus(i.times(strides[k]!)), start).value(),
        ]);
        return converted([place!], "int32", indexDtype);
      },
    ]);
  };

/** Rows of reductions. */
export const reductions = {
  reduce_sum: reduction(sum),
  reduce_prod: reduction(prod),
  reduce_max: reduction(max),
  reduce_min: reduction(min),
  reduce_and: reduction(and),
  reduce_or: reduction(or),
  reduce_xor: reduction(xor),
  argmax: argReduction(extreme("max")),
  argmin: argReduction(extreme("min")),
} satisfies Partial<Rows>;
