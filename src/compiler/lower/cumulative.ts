import { isComplex, isFloat } from "../../core/dtype.ts";
import type { CumulativeParams } from "../../lax/cumulative.ts";
import type { Affine } from "../kernel/affine.ts";
import { narrowed, representation } from "../kernel/element.ts";
import { constant, type Expr, type Loop, type Monoid, op, running } from "../kernel/expression.ts";
import { ReverseLoop } from "../kernel/reader.ts";
import { exp } from "../mathematics/exponential.ts";
import { atan2 } from "../mathematics/inverse.ts";
import { log1p } from "../mathematics/logarithm.ts";
import { cos, sin } from "../mathematics/trigonometric.ts";
import { larger } from "./complex-arithmetic.ts";
import type { Pair } from "./elementwise.ts";
import { max, min, type MonoidOf, prod, sumFrom, withUnit } from "./monoid.ts";
import { elements, type Row, type Rows } from "./row.ts";

/**
 * The loops that run through an axis of `size`, the outermost first.
 * @throws ReverseLoop where one is to run the other way.
 */
function loopsThrough(index: Affine, size: number, reverse: boolean): readonly Loop[] {
  const terms = index.terms.toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const wrong = terms.find(([, factor]) => reverse && factor > 0);
  if (wrong) throw new ReverseLoop(wrong[0]);
  let step = reverse ? -1 : 1;
  const whole = terms.toReversed().every(([loop, factor]) => {
    const next = factor === step;
    step *= loop.size;
    return next;
  });
  const first = reverse ? size - 1 : 0;
  if (!whole || Math.abs(step) !== size || index.constant !== first || index.dynamic)
    throw new Error(`a running reduction over ${size} elements is asked for at ${index.key}`);
  return terms.map(([loop]) => loop);
}

const cumulative =
  (monoidOf: MonoidOf): Row<CumulativeParams> =>
  ({ axis, reverse }, [x]) => {
    const { shape, dtype } = x!;
    const size = shape[axis]!;
    // Of one element, or none, there is nothing to combine.
    if (size <= 1) return elements("view", (readers) => readers);
    // Complex operations have no unit that leaves infinities and the signs of zeros as they are.
    const monoid = isComplex(dtype) ? withUnit(monoidOf(dtype)) : monoidOf(dtype);
    return elements("running", ([read]) => [
      (index) => {
        const loops = loopsThrough(index[axis]!, size, reverse);
        const element = read!(index);
        const values = isComplex(dtype) ? [...element, constant("bool", 1)] : element;
        return running(monoid, loops, values)
          .slice(0, element.length)
          .map((total) => narrowed(total, dtype));
      },
    ]);
  };

const infinite = (x: Expr, value: number): Expr => op("eq", x, constant(x.type, value));

/** log(exp x + exp y) without overflow; NaN where one is NaN. */
function logSum(x: Expr, y: Expr): Expr {
  const delta = op("sub", x, y);
  const sum = op("add", op("max", x, y), log1p(exp(op("neg", op("abs", delta)))));
  // Of infinities of one sign the difference is none.
  return op("select", op("ne", delta, delta), op("add", x, y), sum);
}

/** The same of complex numbers, with the imaginary part in [-π, π). */
function complexLogSum(z: Pair, w: Pair): Pair {
  const number = (value: number): Expr => constant("f32", value);
  const [re, im] = larger(z, w);
  const first = op("and", op("eq", re, z[0]), op("eq", im, z[1]));
  const other = (lane: 0 | 1): Expr => op("select", first, w[lane], z[lane]);
  const size = op("select", infinite(re, -Infinity), number(0), exp(op("sub", other(0), re)));
  const angle = op("sub", other(1), im);
  // log(1 + v) of v = size·e^(i·angle): its real part by |1 + v|² = 1 + 2·Re v + |v|².
  const [real, imaginary] = [op("mul", size, cos(angle)), op("mul", size, sin(angle))];
  const square = op("add", op("mul", number(2), real), op("mul", size, size));
  const turned = op("add", im, atan2(imaginary, op("add", number(1), real)));
  const turn = number(2 * Math.PI);
  const turns = op("floor", op("div", op("add", turned, number(Math.PI)), turn));
  return [op("add", re, op("mul", number(0.5), log1p(square))), op("sub", turned, op("mul", turns, turn))];
}

const logSumExp: MonoidOf = (dtype): Monoid => {
  const least = constant(representation[dtype].type, -Infinity);
  return isComplex(dtype)
    ? { name: "complex logsumexp", unit: [least, constant("f32", 0)], combine: ([a, b], [c, d]) => complexLogSum([a!, b!], [c!, d!]) } // prettier-ignore
    : { name: "logsumexp", unit: [least], combine: ([x], [y]) => [logSum(x!, y!)] };
};

/** Rows of running reductions. */
export const cumulatives = {
  cumsum: cumulative((dtype) => sumFrom(isFloat(dtype) ? -0 : 0)(dtype)),
  cumprod: cumulative(prod),
  cummax: cumulative(max),
  cummin: cumulative(min),
  cumlogsumexp: cumulative(logSumExp),
} satisfies Partial<Rows>;
