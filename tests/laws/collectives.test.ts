import { type ArrayValue, checkpoint, grad, jit, jvp, lax, numpy as np, vjp, vmap } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectNear, numbersOf } from "./compare.ts";

// Programs of collectives on 6×6 matrices, under vmaps of an axis `i` of size 3 and an axis `j` of size 2.

type Map = (x: ArrayValue) => ArrayValue;
const sizes: Readonly<Record<string, number>> = { i: 3, j: 2 };
const sizeOf = (names: readonly string[]): number => names.reduce((size, name) => size * sizes[name]!, 1);
const waves = (shape: readonly number[], phase: number): ArrayValue =>
  np.reshape(np.sin(np.add(np.multiply(np.arange(shape.reduce((a, b) => a * b, 1)), 0.7), phase)), [
    ...shape,
  ]);

const names = fc.constantFrom(["i"], ["j"], ["i", "j"], ["j", "i"]);
const axis = fc.constantFrom(0, 1);
const along = fc.record({ names, axis, other: axis, seed: fc.nat(20) });
type Choice = typeof along extends fc.Arbitrary<infer T> ? T : never;

const rotation = (size: number, by: number) =>
  Array.from({ length: size }, (_, k): [number, number] => [k, (k + by) % size]);
/** Linear maps of matrices. */
const linear: Readonly<Record<string, (choice: Choice) => Map>> = {
  psum:
    ({ names }) =>
    (x) =>
      np.add(x, lax.psum(x, names)),
  pmean:
    ({ names }) =>
    (x) =>
      np.subtract(x, lax.pmean(x, names)),
  ppermute:
    ({ names, seed }) =>
    (x) =>
      lax.ppermute(x, names, rotation(sizeOf(names), seed)),
  "ppermute of some":
    ({ names, seed }) =>
    (x) =>
      lax.ppermute(x, names, rotation(sizeOf(names), seed).slice(1)),
  pbroadcast:
    ({ names, seed }) =>
    (x) =>
      np.add(x, lax.pbroadcast(x, names, seed % sizeOf(names))),
  allGather:
    ({ names, axis, seed }) =>
    (x) =>
      np.tensordot(waves([sizeOf(names)], seed), lax.allGather(x, names, { axis }), [[0], [axis]]),
  "allGather, tiled":
    ({ names, axis, seed }) =>
    (x) => {
      const joined = lax.allGather(x, names, { axis, tiled: true });
      const blocks = np.split(np.multiply(joined, waves(joined.shape, seed)), sizeOf(names), axis);
      return blocks.reduce((sum, block) => np.add(sum, block));
    },
  psumScatter:
    ({ names, axis }) =>
    (x) => {
      const rows = lax.sliceInDim(x, 0, sizeOf(names), { axis });
      return np.add(x, np.expandDims(lax.psumScatter(rows, names, { scatterDimension: axis }), axis));
    },
  "psumScatter, tiled":
    ({ names, axis, seed }) =>
    (x) => {
      const part = lax.psumScatter(x, names, { scatterDimension: axis, tiled: true });
      const copies = np.concatenate(
        Array.from({ length: sizeOf(names) }, () => part),
        axis,
      );
      return np.multiply(copies, waves([6, 6], seed));
    },
  allToAll:
    ({ names, axis, other }) =>
    (x) => {
      const rows = lax.sliceInDim(x, 0, sizeOf(names), { axis });
      return np.add(x, np.ravel(lax.allToAll(rows, names, axis, other)).get(":6"));
    },
  "allToAll, tiled":
    ({ names, axis, other }) =>
    (x) =>
      np.reshape(lax.allToAll(x, names, axis, other, { tiled: true }), [6, 6]),
  axisIndex:
    ({ names }) =>
    (x) =>
      np.multiply(x, np.add(1, lax.axisIndex(names))),
};
/** Others that are differentiable. */
const curved: typeof linear = {
  sin: () => np.sin,
  pmax:
    ({ names }) =>
    (x) =>
      np.add(x, lax.pmax(x, names)),
  pmin:
    ({ names }) =>
    (x) =>
      np.multiply(x, lax.pmin(x, names)),
};

const stepsOf = (table: typeof linear) =>
  fc.array(fc.tuple(fc.constantFrom(...Object.keys(table)), along), { minLength: 1, maxLength: 3 });
const chain =
  (table: typeof linear, steps: readonly (readonly [string, Choice])[]): Map =>
  (x) =>
    steps.reduce((y, [name, choice]) => table[name]!(choice)(y), x);

/** Both orders of nesting. */
const mapped = (f: Map, iOutside: boolean): Map => {
  const [inner, outer] = iOutside ? ["j", "i"] : ["i", "j"];
  const [at, out] = iOutside ? [0, 0] : [0, 1];
  return vmap(vmap(f, { axisName: inner, inAxes: at }), { axisName: outer, inAxes: out, outAxes: out });
};
const mapped2 = (f: (x: ArrayValue, y: ArrayValue) => ArrayValue, iOutside: boolean) =>
  iOutside
    ? vmap(vmap(f, { axisName: "j" }), { axisName: "i" })
    : vmap(vmap(f, { axisName: "i" }), { axisName: "j", inAxes: 1, outAxes: 1 });
const x = waves([3, 2, 6, 6], 0.3);
const ct = waves([3, 2, 6, 6], 1.1);
const inner = (a: ArrayValue, b: ArrayValue): ArrayValue => np.sum(np.multiply(a, b));

/** Sums in another order differ in their last bits, and by as much as their terms are larger. */
function expectAlike(actual: ArrayValue, expected: ArrayValue): void {
  const numbers = numbersOf(expected);
  const scale = Math.max(1, ...numbers.map(Math.abs));
  expect(actual.shape).toEqual(expected.shape);
  expectNear(numbersOf(actual), numbers, 1e-4 * scale, "elements");
}

const all = { ...linear, ...curved };
const runs = { numRuns: 40 };

test("the transpose of linear collectives is that of the map over the whole batch", () => {
  fc.assert(
    fc.property(stepsOf(linear), fc.boolean(), (steps, iOutside) => {
      const f = mapped(chain(linear, steps), iOutside);
      const [y, pull] = vjp(f, [x]);
      const [left] = numbersOf(inner(y, ct) as never);
      const [right] = numbersOf(inner(x, pull(ct)[0] as ArrayValue) as never);
      expect(Math.abs(left! - right!)).toBeLessThan(2e-3 * Math.max(1, Math.abs(left!), 100));
    }),
    runs,
  );
});

test("derivatives inside of the vmaps are those outside", () => {
  fc.assert(
    fc.property(stepsOf(all), fc.boolean(), (steps, iOutside) => {
      const f = chain(all, steps);
      const outside = vjp(mapped(f, iOutside), [x])[1](ct)[0] as ArrayValue;
      const inside = mapped2((x, ct) => vjp(f, [x])[1](ct)[0] as ArrayValue, iOutside)(x, ct);
      expectAlike(inside, outside);
      const pushed = mapped2((x, t) => jvp(f, [x], [t])[1], iOutside)(x, ct);
      expectAlike(pushed, jvp(mapped(f, iOutside), [x], [ct])[1]);
    }),
    runs,
  );
});

test("jit and checkpoint around any part change nothing", () => {
  fc.assert(
    fc.property(stepsOf(all), stepsOf(all), fc.boolean(), (first, second, iOutside) => {
      const [f, g] = [chain(all, first), chain(all, second)];
      const plain = mapped((x) => g(f(x)), iOutside);
      for (const wrap of [jit, checkpoint] as readonly ((f: Map) => Map)[]) {
        const wrapped = mapped((x) => wrap(g)(wrap(f)(x)), iOutside);
        expectAlike(wrapped(x), plain(x));
        expectAlike(jit(wrapped)(x), plain(x));
        const loss = (f: Map) => grad((x: ArrayValue) => inner(f(x), ct))(x);
        expectAlike(loss(wrapped), loss(plain));
      }
    }),
    { numRuns: 15 },
  );
});
