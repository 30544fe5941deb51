import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine, SplitLoop } from "../../../../src/compiler/kernel/affine.ts";
import { load, Loop, type Memory, position } from "../../../../src/compiler/kernel/expression.ts";
import { Interpreter } from "./interpret.ts";

const loops = [new Loop(4, "a"), new Loop(5, "b"), new Loop(6, "c")] as const;
const [a, b, c] = loops;
const index = fc
  .tuple(fc.integer({ min: -9, max: 9 }), ...loops.map(() => fc.integer({ min: -3, max: 3 })))
  .map(([constant, ...factors]) =>
    factors.reduce((sum, factor, i) => sum.plus(Affine.loop(loops[i]!).times(factor)), Affine.of(constant)),
  );

/** The values of indices at every step of the loops. */
function values(...indices: readonly Affine[]): number[][] {
  const machine = new Interpreter();
  const found: number[][] = [];
  machine.each(loops, () => void found.push(indices.map((x) => machine.index(x))));
  return found;
}

test("sums and multiples of indices are those of their values", () => {
  fc.assert(
    fc.property(index, index, fc.integer({ min: -5, max: 5 }), (x, y, factor) => {
      for (const [u, v, sum, product] of values(x, y, x.plus(y), x.times(factor))) {
        expect(sum).toBe(u! + v!);
        expect(product! + 0).toBe(u! * factor + 0);
      }
    }),
    { numRuns: 50 },
  );
});

test("the range of an index is from its least to its greatest value, and a step is the same everywhere", () => {
  fc.assert(
    fc.property(index, (x) => {
      const all = values(x).flat();
      expect(x.range()).toEqual([Math.min(...all) + 0, Math.max(...all) + 0]);
      expect(x.step(c)).toBe(all[1]! - all[0]!);
    }),
    { numRuns: 50 },
  );
});

test("quotient and remainder are those of the values, unless a loop is to be split first", () => {
  const flat = Affine.loop(a).times(30).plus(Affine.loop(b).times(6)).plus(Affine.loop(c));
  const at = values(flat).flat();
  for (const divisor of [1, 6, 30, 120]) {
    const [quotient, remainder] = flat.divide(divisor);
    expect(values(quotient, remainder)).toEqual(at.map((x) => [Math.floor(x / divisor), x % divisor]));
  }
  expect(() => flat.divide(3)).toThrow(SplitLoop);
});

test("indices are equal where their sums are, in whatever order they were added", () => {
  const [x, y] = [Affine.loop(a), Affine.loop(b).times(2)];
  expect(x.plus(y).plus(3).key).toBe(y.plus(3).plus(x).key);
  expect(x.plus(y).plus(y.times(-1)).key).toBe(x.key);
  expect(position(x.plus(y))).toBe(position(y.plus(x)));
});

test("an index that memory says has no range and no step along what it is read by", () => {
  const memory: Memory = { name: "m", storage: "i32" };
  const x = Affine.dynamic(load(memory, Affine.loop(a))).plus(Affine.loop(b));
  expect(x.range()).toBeNull();
  expect(x.step(a)).toBeNaN();
  expect(x.step(b)).toBe(1);
  expect([...x.loops]).toEqual([b, a]);
});

test("other indices take the places of loops", () => {
  const x = Affine.loop(a).times(5).plus(Affine.loop(b));
  const made = x.substitute(
    (loop) => (loop === b ? Affine.loop(c).plus(2) : null),
    (value) => value,
  );
  expect(values(made)).toEqual(values(Affine.loop(a).times(5).plus(Affine.loop(c)).plus(2)));
});
