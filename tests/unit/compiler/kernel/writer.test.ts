import { expect, test } from "vitest";
import type { Memory } from "../../../../src/compiler/kernel/expression.ts";
import {
  copyOf,
  number,
  product,
  read,
  type Routine,
  sum,
} from "../../../../src/compiler/kernel/statement.ts";
import { addressOf, elementAt, operation, wide, Writer } from "../../../../src/compiler/kernel/writer.ts";
import { executed } from "./machine.ts";

const numbers: Memory = { name: "numbers", storage: "i32" };

/** What statements on `numbers` leave there. */
function left(data: Int32Array, write: (w: Writer) => void): Int32Array {
  const w = new Writer();
  const [begin, end] = [w.local("i32"), w.local("i32")];
  write(w);
  const routine: Routine = { name: "test", lanes: 4, begin, end, body: w.statements, steps: 1, align: 1 };
  return executed(routine, new Map([[numbers, data]])).get(numbers) as Int32Array;
}
const placeOf = (i: Parameters<typeof product>[0]) => sum(addressOf(numbers), product(i, 4));

test("a loop runs as long as all conditions hold, and does not look at those after one that fails", () => {
  for (const stop of [0, 3, 8]) {
    // Behind the last number the memory ends: looking there would stop the machine.
    const data = Int32Array.from({ length: 8 }, (_, i) => (i === stop ? 0 : 1));
    const result = left(data, (w) => {
      const i = w.local("i32");
      const inside = operation("lt_s", copyOf(i), number(8));
      const here = elementAt("i32", placeOf(copyOf(i)));
      w.while([inside, operation("ne", here, number(0))], () => {
        w.store("i32", placeOf(copyOf(i)), number(7));
        w.add(i, number(1));
      });
    });
    expect([...result]).toEqual([...data].map((x, i) => (i < stop ? 7 : x)));
  }
});

test.each([
  [0, 0],
  [3, 2],
  [2, 6],
  [1, 8],
])("a loop counts from %i while it is below %i, known now or only then", (from, to) => {
  const expected = Array.from({ length: 8 }, (_, i) => (i >= from && i < to && (i - from) % 3 === 0 ? 1 : 0));
  for (const dynamic of [true, false]) {
    const result = left(new Int32Array(8), (w) => {
      const end = dynamic ? read(w.variable(number(to))) : number(to);
      w.for(number(from), end, 3, (i) => w.store("i32", placeOf(i), number(1)));
    });
    expect([...result]).toEqual(expected);
  }
});

test("what is kept is computed once, and a variable is what it was set to last", () => {
  const result = left(Int32Array.of(5, 0, 0), (w) => {
    const kept = w.keep(elementAt("i32", addressOf(numbers)));
    const x = w.variable(kept);
    w.store("i32", addressOf(numbers), number(1));
    w.add(x, kept);
    w.if(operation("lt_s", kept, copyOf(x)), () => w.add(x, number(100)));
    w.if(operation("lt_s", copyOf(x), kept), () => w.add(x, number(1000)));
    w.store("i32", addressOf(numbers), copyOf(x), 4);
    w.store(
      "i32",
      addressOf(numbers),
      operation("wrap", operation("shr_u", wide(0x123456789an), wide(8n))),
      8,
    );
  });
  expect([...result]).toEqual([1, 110, 0x12345678]);
});

test("a vector is written whole", () => {
  const values = [1, 2, 3, 4];
  const result = left(new Int32Array(6), (w) => {
    w.storeVector("i32", sum(addressOf(numbers), number(4)), { kind: "lanes", type: "i32", vector: true, values }); // prettier-ignore
  });
  expect([...result]).toEqual([0, 1, 2, 3, 4, 0]);
});
