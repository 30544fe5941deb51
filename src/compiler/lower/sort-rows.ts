import type { Memory } from "../kernel/expression.ts";
import { copyOf, type Local, number, product, read, sum, type Term } from "../kernel/statement.ts";
import { addressOf, elementAt, operation, wide, Writer } from "../kernel/writer.ts";
import type { Worked } from "./row.ts";

/** Bytes of a pair: a word that is compared, without a sign, above 32 bits that go with it. */
const PAIR = 8;
const WORD = 4;
/** Pairs up to which each one is put between those before it. */
const FEW = 40;
/** Pairs from which on larger digits, of which there are fewer, are worth longer tables. */
const MANY = 1 << 13;
/** Where this part of a row or less is wanted, it is looked for first. */
const SELECTED = 4;
/** Parts that rows are shared out in, at most. */
const PARTS = 32;
/** Pairs from which on rows are shared out. */
const SHARED = 1 << 14;

/** Rows of pairs to be sorted. */
export interface PairRows {
  readonly rows: number;
  /** Pairs of a row. */
  readonly size: number;
  /** Words that are compared; the pairs begin with the last one. */
  readonly words: number;
  /** How many pairs in front are wanted; beyond them there may be anything. */
  readonly wanted: number;
}

/** How the rows are shared out, and the digits of a word. */
function planOf({ rows, size }: PairRows) {
  const parts = rows * size < SHARED ? 1 : Math.min(PARTS, rows);
  const each = Math.ceil(rows / parts);
  const bits = size < MANY ? 8 : 11;
  return { parts: Math.ceil(rows / each), each, bits, digits: Math.ceil(32 / bits) };
}

/** Elements of the scratch memories: pairs, and counts of 32 bits. */
export function scratchSizes(shape: PairRows): readonly [pairs: number, counts: number] {
  const { parts, bits, digits } = planOf(shape);
  return shape.size <= FEW ? [0, 0] : [parts * shape.size, parts * digits * 2 ** bits];
}

/**
 * Sorts each row of `pairs` by the words, stably. With several words the pairs begin with the last one and the place in
 * the row, and `words` are the others, from the first to the last but one.
 */
export function sortRows(
  shape: PairRows,
  [pairs, ...words]: readonly Memory[],
  [spare, counts]: readonly Memory[],
): Worked {
  const { rows, size, wanted } = shape;
  const { parts, each, bits, digits } = planOf(shape);
  const w = new Writer();
  const [begin, end] = [w.local("i32"), w.local("i32")];
  const bytes = number(size * PAIR);
  const before = words.map((word) => w.keep(addressOf(word)));
  const first = w.keep(addressOf(pairs!));
  const [spares, tables] = [w.keep(addressOf(spare!)), w.keep(addressOf(counts!))];
  w.for(read(begin), read(end), 1, (part) => {
    const beside = w.keep(sum(spares, product(part, size * PAIR)));
    const table = w.keep(sum(tables, product(part, digits * 2 ** bits * WORD)));
    const radix = new Radix(w, table, beside, bits, digits);
    const from = w.keep(product(part, each));
    w.for(from, operation("min_s", sum(from, number(each)), number(rows)), 1, (row) => {
      const start = w.keep(sum(first, product(row, size * PAIR)));
      const sort = (): void => (size <= FEW ? insert(w, start, bytes) : radix.sort(start, bytes));
      if (words.length === 0 && size > FEW && wanted <= size / SELECTED) {
        const length = radix.select(start, bytes, wanted);
        const few = w.keep(operation("le_s", length, number(FEW * PAIR)));
        w.if(few, () => insert(w, start, length));
        w.if(operation("not", few), () => radix.sort(start, length));
      } else sort();
      for (const word of before.toReversed()) {
        const those = w.keep(sum(word, product(row, size * WORD)));
        forPairs(w, start, bytes, (at) => {
          const place = w.keep(elementAt("i32", at));
          w.store("i32", at, elementAt("i32", sum(those, product(place, WORD))), WORD);
        });
        sort();
      }
    });
  });
  const routine = { name: "sort", lanes: 4, begin, end, body: w.statements, steps: parts, align: 1 };
  return { routine, work: rows * size * (words.length + 1) * 8 * digits };
}

/** Runs `body` for the address of each of some pairs, which begin at `start`. */
const forPairs = (w: Writer, start: Term, bytes: Term, body: (at: Term) => void): void =>
  w.for(number(0), bytes, PAIR, (offset) => body(w.keep(sum(start, offset))));

/** Puts each pair between those before it. */
function insert(w: Writer, start: Term, bytes: Term): void {
  const word = (pair: Term): Term => operation("shr_u", pair, wide(32n));
  const before = (at: Local): Term => elementAt("i64", operation("sub", copyOf(at), number(PAIR)));
  w.for(number(PAIR), bytes, PAIR, (offset) => {
    const at = w.variable(sum(start, offset));
    const pair = w.keep(elementAt("i64", copyOf(at)));
    const own = w.keep(word(pair));
    const greater = operation("lt_u", own, word(before(at)));
    w.while([operation("ne", copyOf(at), start), greater], () => {
      w.store("i64", copyOf(at), before(at));
      w.add(at, number(-PAIR));
    });
    w.store("i64", copyOf(at), pair);
  });
}

/**
 * Sorts by the digits of the words, from the last to the first, each time keeping the order of those with equal ones.
 * @see Knuth, "The Art of Computer Programming", volume 3, 5.2.5
 */
class Radix {
  constructor(
    private readonly w: Writer,
    /** A count for each value of each digit. */
    private readonly table: Term,
    private readonly spare: Term,
    private readonly bits: number,
    private readonly digits: number,
  ) {}

  private get bytes(): number {
    return 2 ** this.bits * WORD;
  }
  /** Where the table has the count for a word's digit, without the start of the digit's part. */
  private countOf(word: Term, digit: number): Term {
    const shift = digit * this.bits - 2;
    const moved = shift < 0 ? operation("shl", word, number(-shift)) : operation("shr_u", word, number(shift)); // prettier-ignore
    return sum(this.table, operation("and", moved, number(this.bytes - WORD)));
  }
  /** Counts how often each value of these digits occurs. */
  private count(start: Term, bytes: Term, digits: readonly number[]): void {
    const { w } = this;
    const zeros: Term = { kind: "lanes", type: "i32", vector: true, values: [0, 0, 0, 0] };
    const [low, high] = [digits[0]! * this.bytes, (digits.at(-1)! + 1) * this.bytes];
    w.for(number(low), number(high), 16, (offset) => w.storeVector("i32", sum(this.table, offset), zeros));
    forPairs(w, start, bytes, (at) => {
      const word = w.keep(elementAt("i32", at, WORD));
      for (const digit of digits) {
        const count = w.keep(this.countOf(word, digit));
        const offset = digit * this.bytes;
        w.store("i32", count, sum(elementAt("i32", count, offset), number(1)), offset);
      }
    });
  }

  sort(start: Term, bytes: Term): void {
    const { w } = this;
    this.count(
      start,
      bytes,
      Array.from({ length: this.digits }, (_, i) => i),
    );
    const all = w.keep(operation("shr_u", bytes, number(3)));
    const from = w.variable(start);
    const to = w.variable(this.spare);
    for (let digit = 0; digit < this.digits; digit++) {
      const offset = digit * this.bytes;
      const some = this.countOf(elementAt("i32", copyOf(from), WORD), digit);
      // Nothing is to be done where all words have the same.
      w.if(operation("ne", elementAt("i32", some, offset), all), () => {
        const next = w.variable(copyOf(to));
        w.for(number(0), number(this.bytes), WORD, (value) => {
          const at = w.keep(sum(this.table, value));
          const count = w.keep(elementAt("i32", at, offset));
          w.store("i32", at, copyOf(next), offset);
          w.add(next, product(count, PAIR));
        });
        forPairs(w, w.keep(copyOf(from)), bytes, (at) => {
          const pair = w.keep(elementAt("i64", at));
          const word = operation("wrap", operation("shr_u", pair, wide(32n)));
          const entry = w.keep(this.countOf(word, digit));
          const place = w.keep(elementAt("i32", entry, offset));
          w.store("i64", place, pair);
          w.store("i32", entry, sum(place, number(PAIR)), offset);
        });
        const was = w.keep(copyOf(from));
        w.set(from, copyOf(to));
        w.set(to, was);
      });
    }
    w.if(operation("ne", copyOf(from), start), () =>
      w.for(number(0), bytes, PAIR, (offset) =>
        w.store("i64", sum(start, offset), elementAt("i64", sum(this.spare, offset))),
      ),
    );
  }

  /** Moves those that may be among the first `wanted` to the front, in their order; returns their bytes. */
  select(start: Term, bytes: Term, wanted: number): Term {
    const { w } = this;
    const digit = this.digits - 1;
    const offset = digit * this.bytes;
    this.count(start, bytes, [digit]);
    const at = w.variable(this.table);
    const missing = w.variable(number(wanted));
    const count = elementAt("i32", copyOf(at), offset);
    w.while([operation("lt_s", count, copyOf(missing))], () => {
      w.set(missing, operation("sub", copyOf(missing), count));
      w.add(at, number(WORD));
    });
    const last = w.keep(copyOf(at));
    const next = w.variable(start);
    forPairs(w, start, bytes, (from) => {
      const within = operation("le_u", this.countOf(elementAt("i32", from, WORD), digit), last);
      w.if(within, () => {
        w.store("i64", copyOf(next), elementAt("i64", from));
        w.add(next, number(PAIR));
      });
    });
    return w.keep(operation("sub", copyOf(next), start));
  }
}
