import { grad, inspect, lax, numpy as np } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../../src/core/value.ts";
import { arrayOf } from "../../../laws/array-programs.ts";
import { expectSameOnBoth, type F, loweredOf, stepsOf } from "./compiled.ts";

/** Operations, loads and stores of all kernels. */
const workOf = (f: F, x: ArrayValue): number =>
  inspect
    .kernels(f)(x)
    .kernels.flatMap((kernel) => kernel.functions)
    .reduce((sum, { work }) => sum + work, 0);
const add = (x: ArrayValue, y: ArrayValue): ArrayValue => lax.addAny.bind([x, y], {})[0]!;
const at = (...starts: number[]): ArrayValue[] => starts.map((i) => np.array(i, "int32"));

describe("the gradient of n slices takes work in proportion to what it has of elements", () => {
  const slices: Record<string, (x: ArrayValue, i: number) => ArrayValue> = {
    "one after the other": (x, i) => np.sin(x.get(i)),
    overlapping: (x, i) => np.square(lax.slice(x, [Math.max(0, i - 2), 1], [i + 1, 7])),
    "of strided rows": (x, i) => np.square(lax.slice(x, [i, 0], [Math.min(x.shape[0]!, i + 5), 8], [4, 1])), // prettier-ignore
    "at places that are data": (x, i) =>
      np.square(lax.dynamicSlice(x, [lax.convertElementType(x.get(0, 0), "int32").add(i), at(0)[0]!], [1, 8])), // prettier-ignore
    gathered: (x, i) => np.square(np.take(x, np.array([i, 0], "int32"), { axis: 0 })),
  };
  test.each(Object.entries(slices))("%s", (_, slice) => {
    const work = (n: number): number => {
      const x = np.ones([n, 8]);
      const total = (x: ArrayValue): ArrayValue => {
        let sum = np.array(0);
        for (let i = 0; i < n; i++) sum = np.add(sum, np.sum(slice(x, i)));
        return sum;
      };
      return workOf(grad(total) as F, x);
    };
    expect(work(80) / work(20)).toBeLessThan(4.5);
  });
});

describe("a carried sum is added to where it is", () => {
  test("in a loop that reads another part of an array in each turn", () => {
    const turns = np.arange(6, { dtype: "int32" });
    const total = (x: ArrayValue): ArrayValue => {
      const step = (sum: ArrayValue, i: ArrayValue): [ArrayValue, null] => [
        np.add(sum, np.sum(np.square(lax.dynamicSlice(x, [i, at(0)[0]!], [2, 8])))),
        null,
      ];
      return (lax.scan(step as never, np.array(0), turns) as unknown as [ArrayValue])[0];
    };
    const program = loweredOf(grad(total) as F, [arrayOf([8, 8], "float32", 1)]);
    const carried = stepsOf(program.block).flatMap((step) => (step.kind === "scan" ? step.carry : []));
    const sums = carried.filter(({ current }) => current.aval.shape.length === 2);
    expect(sums.length).toBe(1);
    expect(sums.every(({ inPlace }) => inPlace)).toBe(true);
  });
  test("at a place that is known", () => {
    const f: F = (x, u) =>
      (lax.scan(
        ((c: ArrayValue, r: ArrayValue) => [add(c, lax.pad(r, np.array(0), [[3, 12, 0]])), null]) as never,
        x,
        u,
      ) as unknown as [ArrayValue])[0]; // prettier-ignore
    const xs = [arrayOf([16], "float32", 1), arrayOf([5, 1], "float32", 2)];
    const [loop] = stepsOf(loweredOf(f, xs).block).filter((step) => step.kind === "scan");
    expect(loop!.kind === "scan" && loop!.carry.map(({ inPlace }) => inPlace)).toEqual([true]);
    expectSameOnBoth(f, xs);
  });
});

describe("a sum of windows is what it is on the reference backend", () => {
  const x = arrayOf([9, 7], "float32", 1);
  const u = arrayOf([2, 7], "float32", 4);
  const zeros = (): ArrayValue => np.zeros([9, 7]);
  const window = (u: ArrayValue, i: number): ArrayValue =>
    lax.pad(u, np.array(0), [[i, 7 - i, 0], [0, 0, 0]]); // prettier-ignore
  test.each<[string, F]>([
    ["with a value that is read again", (x, u) => {
      const first = add(x, lax.dynamicUpdateSlice(zeros(), u, at(3, 0)));
      return [add(first, lax.dynamicUpdateSlice(zeros(), u, at(4, 0))), np.multiply(first, 2)];
    }],
    ["with a window that is read again", (x, u) => {
      const one = lax.dynamicUpdateSlice(zeros(), u, at(3, 0));
      return [add(x, one), one];
    }],
    ["of windows made of what they are added to", (x) => {
      const first = add(x, lax.dynamicUpdateSlice(zeros(), lax.slice(x, [0, 0], [2, 7]), at(1, 0)));
      return add(first, lax.dynamicUpdateSlice(zeros(), lax.slice(first, [1, 0], [3, 7]), at(2, 0)));
    }],
    ["of windows, sums of which are added", (x, u) => {
      const two = (i: number) => add(lax.dynamicUpdateSlice(zeros(), u, at(i, 0)), window(u, i + 1));
      return add(add(two(0), two(2)), add(np.multiply(x, 3), add(two(4), two(5))));
    }],
    ["of many windows, one of which is empty", (x, u) => {
      const none = lax.slice(u, [0, 0], [0, 7]);
      const pads = Array.from({ length: 12 }, (_, i) => window(u, i % 8));
      return [...pads, lax.pad(none, np.array(0), [[9, 0, 0], [0, 0, 0]])].reduce(add, x);
    }],
    ["of windows cut off at both ends, and spread", (x) => {
      const windows = Array.from({ length: 12 }, (_, i) =>
        lax.pad(lax.slice(x, [0, 0], [4, 2]), np.array(0), [[i - 6, 9 - 10 - (i - 6), 2], [1, 3, 1]]));
      return windows.reduce(add);
    }],
    ["with an array that is known to be one number", (_, u) => add(np.full([9, 7], 2), lax.dynamicUpdateSlice(zeros(), u, at(3, 0)))],
  ])("%s", (_, f) => {
    expectSameOnBoth(f, [x, u]);
  }); // prettier-ignore
});
