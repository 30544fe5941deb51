import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { bool, type Expr, f32, i32, load, Loop, op, position } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import { all, choose, clamped, withCuts, within } from "../../../../src/compiler/kernel/guard.ts";
import { Interpreter } from "./interpret.ts";

const small = fc.integer({ min: -12, max: 12 });
/** An index that runs through up to two loops, and what is asked about it. */
const cases = fc.record({
  sizes: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  factors: fc.tuple(small, small),
  constant: small,
  low: small,
  high: small,
  dynamic: fc.boolean(),
});

test("a guard holds where the index is in the interval, and a bounded index is the nearest number in it", () => {
  fc.assert(
    fc.property(cases, ({ sizes, factors, constant, low, high, dynamic }) => {
      const loops = sizes.map((size, i) => new Loop(size, `l${i}`));
      const memory = { name: "x", storage: "i32" } as const;
      let index = loops.reduce(
        (sum, l, i) => sum.plus(Affine.loop(l).times(factors[i]!)),
        Affine.of(constant),
      );
      if (dynamic) index = index.plus(Affine.dynamic(load(memory, Affine.loop(loops[0]!))));
      const machine = new Interpreter([[memory, Int32Array.from({ length: 9 }, (_, i) => i * i - 20)]]);
      const inside = within(index, low, high);
      const bounded = low <= high ? clamped(index, low, high) : index;
      machine.each(loops, () => {
        const at = machine.index(index);
        expect(machine.value(inside)).toBe(Number(low <= at && at < high));
        if (low <= high) expect(machine.index(bounded)).toBe(Math.min(Math.max(at, low), high));
      });
    }),
  );
});

test("what is known before it runs is a constant, and an index inside its bounds stays as it is", () => {
  const index = Affine.loop(new Loop(8, "i")).times(-2).plus(20);
  expect(within(index, 6, 21)).toBe(bool(true));
  expect(within(index, 21, 30)).toBe(bool(false));
  expect(within(index, 0, 6)).toBe(bool(false));
  expect(within(index, 9, 9)).toBe(bool(false));
  expect(clamped(index, 6, 20)).toBe(index);
  expect(clamped(index, 22, 25).key).toBe(Affine.of(22).key);
  expect(clamped(index, 0, 5).key).toBe(Affine.of(5).key);
});

test("what masks, shifts and choices leave is inside, if their bounds are", () => {
  const [bytes, words] = (["u8", "i32"] as const).map((storage) => ({ name: storage, storage }));
  const loop = new Loop(64, "i");
  const step = position(Affine.loop(loop));
  const [byte, word] = [bytes!, words!].map((memory) => load(memory, Affine.loop(loop)));
  const choice = op("select", op("eq", word!, i32(0)), op("and", word!, i32(15)), op("shr_u", byte!, i32(4)));
  const stays = (x: Expr, most: number): boolean =>
    clamped(Affine.dynamic(x), 0, most).key === Affine.dynamic(x).key;
  const limits: [Expr, number][] = [
    [op("and", word!, i32(15)), 15],
    [byte!, 255],
    [op("shr_u", byte!, i32(4)), 15],
    [op("shr_u", step, i32(3)), 7],
    [choice, 15],
  ];
  for (const [x, most] of limits) expect([stays(x, most), stays(x, most - 1)]).toEqual([true, false]);
  for (const x of [word!, op("shr_u", word!, i32(4)), op("and", word!, i32(-1)), op("add", byte!, byte!)])
    expect(stays(x, 2 ** 30)).toBe(false);
});

/** The parts of a loop, as the number of steps before each and their loops. */
const partsOf = (loop: Loop, cuts: ReadonlySet<number>) => {
  const starts = [0, ...[...cuts].sort((a, b) => a - b), loop.size];
  return starts.slice(1).map((end, i) => [starts[i]!, new Loop(end - starts[i]!, `part${i}`)] as const);
};

test("a loop that is cut where it is asked to makes the guard known, or one that an inner loop decides", () => {
  fc.assert(
    fc.property(cases, ({ sizes, factors: [factor, sign], constant, low, high }) => {
      fc.pre(factor !== 0);
      // Row by row: a step of the outer loop is more than all of the inner one.
      const inner = new Loop(sizes[1], "inner");
      const outer = new Loop(sizes[0], "outer");
      const step = Math.sign(sign) * Math.abs(factor);
      const indexOf = (o: Affine, i: Affine) => o.times(factor * inner.size).plus(i.times(step)).plus(constant); // prettier-ignore
      const whole = indexOf(Affine.loop(outer), Affine.loop(inner));
      const [guard, cuts] = withCuts(() => within(whole, low, high));
      if (guard.kind === "const") expect(cuts.size).toBe(0);
      if (guard.kind === "const" || !whole.step(outer)) return;
      for (const [start, part] of partsOf(outer, cuts.get(outer) ?? new Set())) {
        const [again, more] = withCuts(() =>
          within(indexOf(Affine.loop(part).plus(start), Affine.loop(inner)), low, high),
        );
        if (again.kind === "const") continue;
        expect(part.size).toBe(1);
        for (const [from, rest] of partsOf(inner, more.get(inner)!))
          expect(within(indexOf(Affine.of(start), Affine.loop(rest).plus(from)), low, high).kind).toBe(
            "const",
          );
      }
    }),
    { numRuns: 500 },
  );
});

test("guards met outside of a search for cuts are not noted in it", () => {
  const [i, j] = [new Loop(9, "i"), new Loop(9, "j")];
  const [, cuts] = withCuts(() => {
    const [, own] = withCuts(() => within(Affine.loop(j), 2, 5));
    expect(own).toEqual(new Map([[j, new Set([2, 5])]]));
    return within(Affine.loop(i), 0, 4);
  });
  expect(cuts).toEqual(new Map([[i, new Set([4])]]));
});

test("a choice that is known makes only what is chosen", () => {
  const never = (): Expr[] => {
    throw new Error("made");
  };
  expect(choose(bool(true), () => [f32(1)], never)).toEqual([f32(1)]);
  expect(choose(bool(false), never, () => [f32(2)])).toEqual([f32(2)]);
  const open = op("lt_s", position(Affine.loop(new Loop(3, "i"))), i32(1));
  expect(choose(open, () => [f32(1)], () => [f32(2)])).toEqual([op("select", open, f32(1), f32(2))]); // prettier-ignore
  expect(all([])).toBe(bool(true));
  expect(all([bool(true), open, bool(true)])).toBe(open);
  expect(all([open, bool(false)])).toBe(bool(false));
  expect(all([open, op("not", open)])).toBe(op("and", open, op("not", open)));
});

test("the value of a position is its index again", () => {
  const index = Affine.loop(new Loop(5, "i")).plus(3);
  expect(Affine.dynamic(index.value())).toBe(index);
  expect(Affine.dynamic(i32(4)).key).toBe(Affine.of(4).key);
});
