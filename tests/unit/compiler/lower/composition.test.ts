import fc from "fast-check";
import { expect, test } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { wasm } from "../../../../src/backends/wasm/index.ts";
import { range, sizeOf } from "../../../../src/core/shape.ts";
import type { ArrayValue } from "../../../../src/core/value.ts";
import "../../../../src/index.ts";
import { makeJaxpr } from "../../../../src/interpreters/make-jaxpr.ts";
import * as lax from "../../../../src/lax/index.ts";
import { arrayOf } from "./against-reference.ts";

/** Numbers that a step of a program is chosen by. */
type Picks = (below: number) => number;
type Step = (x: ArrayValue, pick: Picks) => ArrayValue;

const axesOf = (x: ArrayValue) => range(x.ndim);
const zero = lax.full([], 0, "int32");

/** What moves, joins, combines and looks up elements of an array of any shape. */
const steps: readonly Step[] = [
  (x, pick) => lax.transpose(x, axesOf(x).map((axis) => [pick(9), axis] as const).sort(([a], [b]) => a - b).map(([, axis]) => axis)), // prettier-ignore
  (x, pick) => {
    const size = sizeOf(x.shape);
    const divisors = range(size, 1).filter((d) => size % d === 0);
    if (size === 0) return x;
    const first = divisors[pick(divisors.length)]!;
    return lax.reshape(x, [first, size / first]);
  },
  (x, pick) => lax.pad(x, lax.full([], pick(9), "int32"), axesOf(x).map((axis) => [pick(3), pick(3) - Math.min(1, x.shape[axis]! - 1), x.shape[axis]! > 0 ? pick(2) : 0] as const)), // prettier-ignore
  (x, pick) =>
    lax.rev(
      x,
      axesOf(x).filter(() => pick(2) === 1),
    ),
  (x, pick) => lax.slice(x, x.shape.map((size) => Math.min(size, pick(2))), x.shape, x.shape.map(() => 1 + pick(3))), // prettier-ignore
  (x, pick) => (x.ndim === 0 ? x : lax.concatenate([x, lax.add(x, x), x], pick(x.ndim))),
  (x, pick) => lax.stack([x, lax.neg(x)], pick(x.ndim + 1)),
  (x, pick) => lax.broadcastInDim(x, [1 + pick(3), ...x.shape], range(x.ndim, 1)),
  (x, pick) => (x.ndim === 0 ? x : lax.reduceSum(x, [pick(x.ndim)])),
  (x, pick) => (x.ndim === 0 ? x : lax.cumsum(x, { axis: pick(x.ndim), reverse: pick(2) === 1 })),
  (x, pick) => (x.ndim === 0 ? x : lax.cummax(x, { axis: pick(x.ndim), reverse: pick(2) === 1 })),
  (x) => (sizeOf(x.shape) === 0 ? x : lax.dynamicSlice(x, x.shape.map(() => lax.reshape(lax.slice(lax.reshape(x, [sizeOf(x.shape)]), [0], [Math.min(1, sizeOf(x.shape))]), [])), x.shape.map((size) => Math.ceil(size / 2)))), // prettier-ignore
  (x, pick) => {
    if (x.ndim === 0 || sizeOf(x.shape) === 0) return x;
    const indices = lax.reshape(lax.sub(lax.iota("int32", 4), pick(3)), [4, 1]);
    const numbers = { offsetDims: range(x.ndim - 1, 1), collapsedSliceDims: [0], startIndexMap: [0] };
    return lax.gather(x, indices, numbers, [1, ...x.shape.slice(1)], { mode: pick(2) ? "clip" : "fill", fillValue: -5 }); // prettier-ignore
  },
  (x, pick) => {
    if (x.ndim === 0 || sizeOf(x.shape) === 0) return x;
    const indices = lax.reshape(lax.sub(lax.iota("int32", 3), pick(3)), [3, 1]);
    const numbers = { updateWindowDims: range(x.ndim - 1, 1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] }; // prettier-ignore
    return lax.scatterAdd(x, indices, lax.broadcastInDim(lax.add(zero, pick(9)), [3, ...x.shape.slice(1)], []), numbers); // prettier-ignore
  },
  (x, pick) => {
    if (x.ndim === 0) return x;
    const axis = pick(x.ndim);
    return lax.dotGeneral(x, lax.rev(x, [axis]), [
      [[axis], [axis]],
      [[], []],
    ]);
  },
  (x) => lax.add(lax.mul(x, x), 1),
  (x, pick) => (x.ndim === 0 ? x : lax.sort(lax.neg(x), pick(x.ndim))),
  (x, pick) => {
    if (x.ndim === 0) return x;
    const axis = pick(x.ndim);
    return lax.sort([x, lax.broadcastedIota("int32", x.shape, axis)], axis)[pick(2)]!;
  },
  (x, pick) => {
    if (x.ndim === 0) return x;
    const axis = pick(x.ndim);
    return lax.topK(x, Math.ceil(x.shape[axis]! / 2), { axis })[pick(2)]!;
  },
];

test("programs of views, joins, reductions, look-ups, updates and sorts are compiled to what the reference computes", () => {
  const program = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 })), { minLength: 1, maxLength: 6 }); // prettier-ignore
  fc.assert(
    fc.property(fc.constantFrom([3, 4], [8], [2, 3, 2], [1, 5]), program, (shape, chosen) => {
      const x = arrayOf(
        shape,
        "int32",
        Int32Array.from(range(sizeOf(shape)), (i) => ((i * 37) % 11) - 4),
      );
      const run = (given: ArrayValue): ArrayValue =>
        chosen.reduce((value, [step, picks]) => {
          let next = 0;
          const made = steps[step]!(value, (below) => picks[next++ % picks.length]! % below);
          return sizeOf(made.shape) > 400 || made.ndim > 5 ? value : made;
        }, given);
      const closed = makeJaxpr(run)(x);
      const results = [wasm, reference].map((backend) =>
        backend.compile(closed).execute([x.buffer])[0]!.read(),
      );
      expect(results[0]).toEqual(results[1]);
    }),
    { numRuns: 200, seed: 1 },
  );
});
