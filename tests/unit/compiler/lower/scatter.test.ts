import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { readElement } from "../../../../src/compiler/kernel/element.ts";
import { Loop, type Memory } from "../../../../src/compiler/kernel/expression.ts";
import type { Reader } from "../../../../src/compiler/kernel/reader.ts";
import type { Update } from "../../../../src/compiler/lower/row.ts";
import { scatters } from "../../../../src/compiler/lower/scatter.ts";
import type { DType } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { range, stridesOf } from "../../../../src/core/shape.ts";
import { avalOf } from "../../../../src/core/value.ts";
import * as lax from "../../../../src/lax/index.ts";
import { draw } from "../../../laws/samples.ts";
import { Interpreter } from "../kernel/interpret.ts";
import { accepted, arrays, dtypes, expectAsReference } from "./against-reference.ts";
import { near, testRows } from "./samples.ts";

testRows(scatters, near);

const names = Object.keys(scatters).filter((name) => name.startsWith("scatter"));

const points = (mode: "clip" | "fill" | "promise_in_bounds") => ({
  dimensionNumbers: {
    updateWindowDims: [1],
    insertedWindowDims: [0],
    scatterDimsToOperandDims: [0],
    operandBatchingDims: [],
    scatterIndicesBatchingDims: [],
  },
  indicesAreSorted: false,
  uniqueIndices: false,
  mode,
});

test.each(names)(
  "%s of any elements into places that are hit twice, or outside, is the reference's",
  (name) => {
    const primitive = primitives.get(name)!;
    for (const dtype of dtypes) {
      const avals = [avalOf([4, 2], dtype), avalOf([5, 1], "int32"), avalOf([5, 2], dtype)];
      if (!accepted(primitive, points("clip"), avals)) continue;
      const indices = draw({ shape: [5, 1], dtype: "int32", values: [1, -1, 3, 1, 4] }, 0);
      const same = dtype === "complex64" && name === "scatter-mul" ? near : undefined;
      const any = dtype === "complex64" ? fc.nat().map((seed) => [draw({ shape: [4, 2] }, seed, dtype), draw({ shape: [5, 2] }, seed + 1, dtype)] as const) : fc.tuple(arrays([4, 2], dtype), arrays([5, 2], dtype)); // prettier-ignore
      for (const mode of ["clip", "fill", "promise_in_bounds"] as const)
      fc.assert(fc.property(any, ([x, updates]) => expectAsReference(primitive, points(mode), [x, indices, updates], same)), { numRuns: 8 }); // prettier-ignore
    }
  },
);

test("starts of any integer dtype hold an update inside of what it is written into", () => {
  const [x, update] = [draw({ shape: [4, 5] }, 1), draw({ shape: [2, 5] }, 2)];
  for (const dtype of ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] as DType[])
    fc.assert(fc.property(arrays([], dtype), arrays([], dtype), (i, j) => expectAsReference(lax.dynamicUpdateSlice, {}, [x, update, i, j])), { numRuns: 20 }); // prettier-ignore
});

const axis = fc.record({ size: fc.integer({ min: 1, max: 4 }), mapped: fc.boolean(), inserted: fc.boolean(), window: fc.nat(3) }); // prettier-ignore
/** A scatter with any dimension numbers, and data for it. */
const scatter = fc
  .record({
    xs: fc.array(axis, { minLength: 1, maxLength: 3 }),
    free: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 1 }),
    batched: fc.option(fc.integer({ min: 1, max: 3 })),
    seed: fc.nat(),
  })
  .map(({ xs, free, batched, seed }) => {
    const first = batched === null ? 0 : 1;
    const all = range(xs.length);
    const insertedWindowDims = all.filter((i) => xs[i]!.inserted).map((i) => i + first);
    const scatterDimsToOperandDims = all.filter((i) => xs[i]!.mapped).map((i) => i + first);
    const windowed = all.filter((i) => !xs[i]!.inserted);
    const batch = [...(batched === null ? [] : [batched]), ...free];
    const x = draw({ shape: [...(batched === null ? [] : [batched]), ...xs.map(({ size }) => size)], dtype: "int32" }, seed); // prettier-ignore
    const indices = draw({ shape: [...batch, scatterDimsToOperandDims.length], dtype: "int32", between: [-1, 3] }, seed + 1); // prettier-ignore
    const window = windowed.map((i) => 1 + (xs[i]!.window % xs[i]!.size));
    const updates = draw({ shape: [...batch, ...window], dtype: "int32", between: [1, 99] }, seed + 2);
    const dimensionNumbers = {
      updateWindowDims: range(window.length, batch.length),
      insertedWindowDims,
      scatterDimsToOperandDims,
      operandBatchingDims: range(first),
      scatterIndicesBatchingDims: range(first),
    };
    return { operands: [x, indices, updates], dimensionNumbers };
  });

type Scatter = typeof scatter extends fc.Arbitrary<infer T> ? T : never;

test("any dimension numbers give what the reference gives", () => {
  fc.assert(
    fc.property(scatter, fc.constantFrom("clip", "fill"), ({ operands, dimensionNumbers }, mode) =>
      expectAsReference(lax.scatter, { ...points(mode), dimensionNumbers }, operands),
    ),
  );
});

/** Which steps write to each place, and the axes along which they are said to be apart. */
function written({ operands: [x, indices, updates], dimensionNumbers }: Scatter) {
  const row = scatters.scatter({ ...points("clip"), dimensionNumbers }, [x!.aval, indices!.aval, updates!.aval], [x!.aval]); // prettier-ignore
  if (row.kind !== "updates") throw new Error("a scatter writes");
  const memory: Memory = { name: "indices", storage: "i32" };
  const strides = stridesOf(indices!.shape);
  const read: Reader = (index) =>
    readElement(memory, "int32", index.reduce((sum, i, k) => sum.plus(i.times(strides[k]!)), Affine.of(0))); // prettier-ignore
  const [{ sizes, place, apart }] = row.updates([() => [], read, () => []]) as [Update];
  const loops = sizes.map((size, k) => new Loop(size, `s${k}`));
  const machine = new Interpreter([[memory, indices!.storage]]);
  const step = loops.map(Affine.loop);
  const steps = new Map<string, number[][]>();
  machine.each(loops, () => {
    const to = place(step).map((i) => machine.index(i)).join(); // prettier-ignore
    steps.set(to, [...(steps.get(to) ?? []), step.map((i) => machine.index(i))]);
  });
  return { apart, steps: [...steps.values()] };
}

test("axes along which steps are apart write to different places, whatever the others are at", () => {
  let [apart, together] = [0, 0];
  fc.assert(
    fc.property(scatter, (sample) => {
      const { apart: axes, steps } = written(sample);
      axes.forEach((on, k) => {
        const most = Math.max(...steps.map((list) => new Set(list.map((step) => step[k])).size));
        if (on) expect(most, `axis ${k}`).toBeLessThanOrEqual(1);
        if (on) apart++;
        else if (most > 1) together++;
      });
    }),
    { numRuns: 300 },
  );
  expect(apart).toBeGreaterThan(100);
  expect(together).toBeGreaterThan(20);
});
