import { describe, expect, test } from "vitest";
import { bufferOf } from "../../../../src/backends/wasm/buffer.ts";
import { theDevice } from "../../../../src/backends/wasm/device.ts";
import { wasm } from "../../../../src/backends/wasm/index.ts";
import { type Buffer, HostBuffer } from "../../../../src/core/backend.ts";
import { type ArrayValue, NDArray } from "../../../../src/core/value.ts";
import "../../../../src/index.ts";
import { makeJaxpr } from "../../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../../src/numpy/index.ts";

const of = (size: number, value: number): Float32Array => new Float32Array(size).fill(value);
const arrayOf = (size: number, value: number): NDArray =>
  new NDArray({ shape: [size], dtype: "float32", weak: false }, new HostBuffer(of(size, value)));
const program = (f: (...xs: ArrayValue[]) => ArrayValue[], size: number) =>
  makeJaxpr(f)(arrayOf(size, 1), arrayOf(size, 2));
const constant = arrayOf(5000, 7);

describe.each([
  ["small", 8],
  ["large", 5000],
])("a %s array that is returned as it was given", (_, size) => {
  const f = (x: ArrayValue, y: ArrayValue): ArrayValue[] => [y, np.add(x, y), x, y];
  const fresh = (): Buffer[] => [arrayOf(size, 1).buffer, arrayOf(size, 2).buffer];
  test("is the given one, not a copy", () => {
    const given = fresh();
    const got = wasm.compile(program(f, size)).execute(given);
    expect([got[0], got[2], got[3]]).toEqual([given[1], given[0], given[1]]);
    expect([got[0] === given[1], got[2] === given[0], got[3] === given[1]]).toEqual([true, true, true]);
    expect(got.map((buffer) => buffer.read())).toEqual([2, 3, 1, 2].map((x) => of(size, x)));
  });
  test("is there although it is donated", () => {
    const given = fresh();
    const got = wasm.compile(program(f, size), { donated: [true, true] }).execute(given);
    expect(got.map((buffer) => buffer.read())).toEqual([2, 3, 1, 2].map((x) => of(size, x)));
  });
  test("is no memory for another output", () => {
    const given = fresh().map((buffer) => bufferOf(buffer, theDevice().residency));
    const donating = wasm.compile(program((x, y) => [np.add(x, 1), x, np.multiply(y, 2)], size), { donated: [true, true] }); // prettier-ignore
    const got = donating.execute(given);
    expect(got.map((buffer) => buffer.read())).toEqual([2, 1, 4].map((x) => of(size, x)));
  });
});

test("a constant that is returned is the same at each call, and can be donated to none by its program", () => {
  const execute = wasm.compile(program((x) => [np.add(x, 1), constant], 5000));
  const results = [1, 2].map(() => execute.execute([arrayOf(5000, 1).buffer, arrayOf(5000, 2).buffer]));
  for (const [, buffer] of results) {
    expect(buffer).toBe(constant.buffer);
    expect(buffer!.read()).toEqual(of(5000, 7));
  }
});

test("what was returned as it was given is donated as a copy: whoever else has it keeps it", () => {
  const keep = wasm.compile(program((x, y) => [x, np.add(x, y)], 5000));
  const [x, y] = [arrayOf(5000, 1).buffer, arrayOf(5000, 2).buffer].map((b) => bufferOf(b, theDevice().residency));
  const [same] = keep.execute([x!, y!]);
  const resident = theDevice().residency.resident;
  const donate = wasm.compile(program((x, y) => [np.add(x, y)], 5000), { donated: [true, false] });
  const [sum] = donate.execute([same!, y!]);
  expect([sum!, same!, x!].map((buffer) => buffer.read())).toEqual([3, 1, 1].map((value) => of(5000, value)));
  expect(theDevice().residency.resident).toBeGreaterThanOrEqual(resident + 5000 * 4);
  // The result is nobody else's.
  const [again] = donate.execute([sum!, y!]);
  expect(again!.read()).toEqual(of(5000, 5));
  expect(() => sum!.read()).toThrow("donated");
}); // prettier-ignore
test("what was returned as it was given can be donated to a call that is given it once more", () => {
  const keep = wasm.compile(program((x, y) => [x, np.add(x, y)], 5000));
  const [x, y] = [arrayOf(5000, 1).buffer, arrayOf(5000, 2).buffer].map((b) => bufferOf(b, theDevice().residency));
  const [same] = keep.execute([x!, y!]);
  const donate = wasm.compile(program((x, y) => [np.add(x, y)], 5000), { donated: [true, false] });
  expect(donate.execute([same!, x!])[0]!.read()).toEqual(of(5000, 2));
}); // prettier-ignore
test("what was returned as it was given is not freed where it is donated to nothing", () => {
  const keep = wasm.compile(program((x, y) => [x, np.add(x, y)], 5000));
  const [x, y] = [arrayOf(5000, 1).buffer, arrayOf(5000, 2).buffer].map((b) => bufferOf(b, theDevice().residency));
  const [same] = keep.execute([x!, y!]);
  const donate = wasm.compile(program((x) => [np.sum(x)], 5000), { donated: [true, true] });
  expect(donate.execute([same!, y!])[0]!.read()).toEqual(Float32Array.of(5000));
  expect(x!.read()).toEqual(of(5000, 1));
}); // prettier-ignore
