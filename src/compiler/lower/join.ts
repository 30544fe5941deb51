import { choose, clamped, within } from "../kernel/guard.ts";
import type { Element } from "../kernel/element.ts";
import type { Index, Reader } from "../kernel/reader.ts";
import { elements, type Row, type Rows } from "./row.ts";

/** A part of the output along an axis: what is in `[from, to)` of it. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly read: Reader;
}

/** The element of the part that `index` is in. */
function joined(parts: readonly Part[], axis: number, index: Index): Element {
  const place = index[axis]!;
  const [least, greatest] = place.range() ?? [-Infinity, Infinity];
  const possible = parts.filter(({ from, to }) => from < to && from <= greatest && least < to);
  // Nothing is read of an empty output, whatever is made of it.
  if (possible.length === 0) possible.push(parts[0]!);
  const first = possible[0]!.from;
  const elementOf = ({ from, to, read }: Part): Element =>
    read(index.with(axis, clamped(place.plus(-from), 0, to - from - 1)));
  // Places before a part are those of parts that were not chosen.
  return possible.slice(0, -1).reduceRight(
    (later, part) =>
      choose(
        within(place, first, part.to),
        () => elementOf(part),
        () => later,
      ),
    elementOf(possible.at(-1)!),
  );
}

const concatenate: Row<{ readonly dimension: number }> = ({ dimension }, operands) => {
  let end = 0;
  const bounds = operands.map(({ shape }) => [end, (end += shape[dimension]!)] as const);
  return elements("view", (readers) => {
    const parts = bounds.map(([from, to], i): Part => ({ from, to, read: readers[i]! }));
    return [(index) => joined(parts, dimension, index)];
  });
};

const stack: Row<{ readonly axis: number }> = ({ axis }) =>
  elements("view", (readers) => {
    const parts = readers.map((x, from): Part => ({
      from,
      to: from + 1,
      read: (index) => x(index.toSpliced(axis, 1)),
    }));
    return [(index) => joined(parts, axis, index)];
  });

type Config = readonly (readonly [low: number, high: number, interior: number])[];

/** An array of shape `sizes` with `padding` around and between its elements. */
export const padded = (
  read: Reader,
  sizes: readonly number[],
  config: Config,
  padding: () => Element,
): Reader => {
  /** The element at the place in the operand that is `before` and what follows from the rest of `index`, or the padding. */
  const along = (index: Index, before: Index): Element => {
    const axis = before.length;
    if (axis === index.length) return read(before);
    const [low, , interior] = config[axis]!;
    const [size, step] = [sizes[axis]!, interior + 1];
    // Whole steps are added so that what is divided is not negative.
    const added = Math.max(0, Math.ceil(low / step));
    const [quotient, between] = index[axis]!.plus(added * step - low).divide(step);
    const place = quotient.plus(-added);
    const inside = () => along(index, [...before, clamped(place, 0, size - 1)]);
    return choose(within(between, 0, 1), () => choose(within(place, 0, size), inside, padding), padding);
  };
  return (index) => along(index, []);
};

const pad: Row<{ readonly paddingConfig: Config }> = ({ paddingConfig }, [x]) =>
  elements("view", ([read, padding]) => [padded(read!, x!.shape, paddingConfig, () => padding!([]))]);

/** Rows of what puts several operands into one output. */
export const join = { concatenate, stack, pad } satisfies Partial<Rows>;
