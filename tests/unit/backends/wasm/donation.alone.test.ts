import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { theDevice } from "../../../../src/backends/wasm/device.ts";
import { wasm } from "../../../../src/backends/wasm/index.ts";
import { reference } from "../../../../src/backends/reference/index.ts";
import { jit, scan } from "../../../../src/control/index.ts";
import { currentBackend, HostBuffer, setBackend } from "../../../../src/core/backend.ts";
import { range } from "../../../../src/core/shape.ts";
import { type ArrayValue, NDArray } from "../../../../src/core/value.ts";
import "../../../../src/index.ts";
import { makeJaxpr } from "../../../../src/interpreters/make-jaxpr.ts";
import * as lax from "../../../../src/lax/index.ts";
import * as np from "../../../../src/numpy/index.ts";
import { adam, applyUpdates } from "../../../../src/optim/index.ts";

const before = currentBackend().name;
afterEach(() => {
  setBackend(before);
  vi.restoreAllMocks();
});

const SIZE = 40;
/** Computes an array of the same shape from two. */
type Step = (x: ArrayValue, y: ArrayValue) => ArrayValue;
const steps: readonly Step[] = [
  (x, y) => lax.add(lax.mul(x, y), 1),
  (x, y) => lax.select(lax.lt(x, y), lax.neg(x), y),
  (x) => lax.mul(x, 3),
  (x) => lax.transpose(x, [1, 0]),
  (x) => lax.rev(x, [0]),
  (x, y) => lax.add(x, lax.transpose(y, [1, 0])),
  (x, y) => np.matmul(x, y),
  (x, y) => lax.sub(x, np.matmul(y, y)),
  (x, y) => np.add(x, np.sum(y, { axis: 0 })),
  (x, y) => np.subtract(y, np.sum(x, { axis: 1, keepdims: true })),
  (x, y) => np.add(y, np.sum(x)),
  (x) => lax.cumsum(x, { axis: 0 }),
  (x) => lax.cumsum(x, { axis: 1 }),
  (x, y) =>
    lax.dynamicUpdateSlice(x, lax.slice(y, [0, 0], [7, SIZE]), [np.array(5, "int32"), np.array(0, "int32")]),
  (x, y) => lax.concatenate([lax.slice(y, [1, 0], [SIZE, SIZE]), lax.slice(x, [0, 0], [1, SIZE])], 0),
  (x, y) => (scan((c: ArrayValue, row: ArrayValue) => [lax.add(c, row), lax.mul(c, 2)], lax.reshape(lax.slice(x, [3, 0], [4, SIZE]), [SIZE]), y) as [ArrayValue, ArrayValue])[1], // prettier-ignore
  (x, y) =>
    scan((c: ArrayValue, row: ArrayValue) => [np.add(lax.mul(c, 3), row), null], x, y)[0] as ArrayValue,
];

const arrayOf = (seed: number): NDArray =>
  new NDArray(
    { shape: [SIZE, SIZE], dtype: "int32", weak: false },
    new HostBuffer(Int32Array.from(range(SIZE * SIZE), (i) => ((i * 7919 + seed * 104729) % 2003) - 1000)),
  );

test("a program with donated inputs computes what it computes without, and what the reference does", () => {
  const pick = fc.nat(1000);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(steps.length - 1), pick, pick), { minLength: 1, maxLength: 8 }),
      fc.array(pick, { minLength: 1, maxLength: 4 }),
      fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      (chosen, chosenOutputs, donated) => {
        const f = (...inputs: ArrayValue[]): ArrayValue[] => {
          const all = [...inputs];
          for (const [step, x, y] of chosen)
            all.push(steps[step]!(all[x % all.length]!, all[y % all.length]!));
          return [all.at(-1)!, ...chosenOutputs.map((i) => all[i % all.length]!)];
        };
        const fresh = () => [1, 2, 3].map(arrayOf);
        const closed = makeJaxpr(f)(...fresh());
        const run = (execute: ReturnType<typeof wasm.compile>) =>
          execute.execute(fresh().map((x) => x.buffer)).map((x) => x.read());
        const wanted = run(reference.compile(closed));
        expect(run(wasm.compile(closed))).toEqual(wanted);
        const donating = wasm.compile(closed, { donated });
        expect(run(donating)).toEqual(wanted);
        expect(run(donating)).toEqual(wanted);
      },
    ),
    { numRuns: 50 },
  );
});

test("a product takes the memory of what it is subtracted from, however large it is", () => {
  setBackend("wasm");
  const n = 150;
  const make = (seed: number) => np.reshape(lax.rem(lax.mul(lax.iota("int32", n * n), seed), 101), [n, n]);
  const update = (w: ArrayValue, x: ArrayValue, y: ArrayValue) =>
    np.subtract(np.multiply(w, 3), np.matmul(x, y));
  const [x, y] = [make(7), make(11)];
  const donating = jit(update, { donateArgnums: 0 });
  const wanted = jit(update)(make(13), x, y) as NDArray;
  const output = vi.spyOn(theDevice().residency, "output");
  donating(make(13), x, y);
  const w = make(13);
  const before = output.mock.calls.length;
  const result = donating(w, x, y) as NDArray;
  expect(output.mock.calls.length - before).toBe(0);
  expect(result.storage).toEqual(wanted.storage);
});

test("a step of Adam on two million parameters, all donated, takes no memory beyond them", () => {
  setBackend("wasm");
  const shapes = [[1000, 1200], [1200], [1200, 660], [660]];
  const optimiser = adam(1e-3);
  const make = (): ArrayValue[] => shapes.map((shape) => np.full(shape, 0.5));
  const step = (params: ArrayValue[], state: ReturnType<typeof optimiser.init>, gradients: ArrayValue[]) => {
    const [updates, next] = optimiser.update(gradients, state, params);
    return [applyUpdates(params, updates), next] as const;
  };
  const donating = jit(step, { donateArgnums: [0, 1] });
  const gradients = shapes.map((shape, i) => np.full(shape, 0.1 * (i + 1)));
  let params = make();
  let state = optimiser.init(params);
  for (let i = 0; i < 3; i++)
    [params, state] = donating(params, state, gradients) as [typeof params, typeof state];
  const { residency, heap } = theDevice();
  const [resident, { peak }] = [residency.resident, heap.statistics()];
  const evict = vi.spyOn(residency, "evict");
  const output = vi.spyOn(residency, "output");
  for (let i = 0; i < 5; i++) {
    [params, state] = donating(params, state, gradients) as [typeof params, typeof state];
    expect(residency.resident).toBe(resident);
  }
  expect(heap.statistics().peak).toBe(peak);
  expect(evict).not.toHaveBeenCalled();
  expect(output).not.toHaveBeenCalled();
  let [same, sameState] = [make(), optimiser.init(make())];
  const keeping = jit(step);
  for (let i = 0; i < 8; i++)
    [same, sameState] = keeping(same, sameState, gradients) as [typeof same, typeof sameState];
  const bytesOf = (x: ArrayValue): Buffer => Buffer.from((x as NDArray).storage.buffer);
  expect(params.every((x, i) => bytesOf(x).equals(bytesOf(same[i]!)))).toBe(true);
});

test("threads forget the modules of programs that nobody has any more", async () => {
  const { pool } = theDevice();
  const [register, release] = [vi.spyOn(pool!, "register"), vi.spyOn(pool!, "release")];
  const x = new NDArray(
    { shape: [1000, 1000], dtype: "float32", weak: false },
    new HostBuffer(new Float32Array(1e6)),
  );
  const compiled = () => wasm.compile(makeJaxpr((y: ArrayValue) => np.sin(np.cos(y)))(x));
  const kept = compiled();
  for (let i = 0; i < 3; i++) compiled().execute([x.buffer]);
  const [own, ...dropped] = register.mock.results.map(({ value }) => value as number);
  expect(dropped).toHaveLength(3);
  const released = () => release.mock.calls.flat();
  for (let i = 0; i < 50 && !dropped.every((id) => released().includes(id)); i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(released()).toEqual(expect.arrayContaining(dropped));
  expect(released()).not.toContain(own);
  expect(kept.execute([x.buffer])[0]!.read()[9]).toBe(Math.fround(Math.sin(1)));
});
