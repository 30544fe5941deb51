import { stridesOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import { areApart, type DilatedWindow } from "../../lax/window-dimensions.ts";
import type { SelectAndGatherParams } from "../../lax/window-selection.ts";
import { Affine } from "../kernel/affine.ts";
import { type Element, narrowed, representation } from "../kernel/element.ts";
import { bool, constant, i32, op } from "../kernel/expression.ts";
import { type Index, type Reader, reduceOver } from "../kernel/reader.ts";
import { padded } from "./join.ts";
import { max, min, type MonoidOf, sum } from "./monoid.ts";
import { extreme } from "./reduce.ts";
import { elements, type Row, type Rows, type Work } from "./row.ts";

interface Places {
  /** Sizes of the window along the axes that it is run through. */
  readonly sizes: readonly number[];
  readonly work: Work;
  /** What the window sees at one of its elements, of what `read` has of the operand; `outside` where that is none. */
  readonly through: (read: Reader, outside: Element) => (place: Index, element: Index) => Element;
}

function placesOf(params: DilatedWindow, { shape }: Aval): Places {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = params;
  const run = shape.map((_, axis) => axis).filter((axis) => windowDimensions[axis] !== 1);
  const config = padding.map(([low, high], axis) => [low, high, baseDilation[axis]! - 1] as const);
  return {
    sizes: run.map((axis) => windowDimensions[axis]!),
    // What several windows see is better made once.
    work: areApart(params) ? "reduction" : "contraction",
    through: (read, outside) => {
      const spread = padded(read, shape, config, () => outside);
      return (place, element) =>
        spread(
          place.map((at, axis) => {
            const within = element[run.indexOf(axis)] ?? Affine.of(0);
            return at.times(windowStrides[axis]!).plus(within.times(windowDilation[axis]!));
          }),
        );
    },
  };
}

const reduction =
  (monoidOf: MonoidOf): Row<DilatedWindow> =>
  (params, [x]) => {
    const monoid = monoidOf(x!.dtype);
    const { sizes, work, through } = placesOf(params, x!);
    return elements(work, ([read]) => {
      const seen = through(read!, monoid.unit);
      return [
        (index) =>
          reduceOver(monoid, sizes, index, (element) => seen(index, element)).map((value) =>
            narrowed(value, x!.dtype),
          ),
      ];
    });
  };

/** No element of a window is in this place. */
const nowhere = i32(0x7fffffff);

const selection: Row<SelectAndGatherParams> = (params, [t, x]) => {
  const zero = constant(representation[t!.dtype].type, 0);
  const monoid = extreme(params.selectPrim === "ge" ? "max" : "min", [zero])(x!.dtype);
  const { sizes, work, through } = placesOf(params, x!);
  const strides = stridesOf(sizes);
  return elements(work, ([tangent, read]) => {
    const seen = through((index) => [...read!(index), bool(true), ...tangent!(index)], [monoid.unit[0]!, bool(false), zero]); // prettier-ignore
    return [
      (index) =>
        reduceOver(monoid, sizes, index, (element) => {
          const [value, isThere, moved] = seen(index, element);
          const place = element.reduce((total, i, k) => total.plus(i.times(strides[k]!)), Affine.of(0));
          return [value!, op("select", isThere!, place.value(), nowhere), moved!];
        }).slice(2),
    ];
  });
};

/** Rows of reductions over windows. */
export const windowReductions = {
  reduce_window_sum: reduction(sum),
  reduce_window_max: reduction(max),
  reduce_window_min: reduction(min),
  select_and_gather_add: selection,
} satisfies Partial<Rows>;
