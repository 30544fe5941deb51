import { afterEach, describe, expect, test } from "vitest";
import { jit } from "../../../src/control/index.ts";
import { currentBackend, setBackend } from "../../../src/core/backend.ts";
import { config } from "../../../src/core/config.ts";
import { isDonated } from "../../../src/core/donation.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import "../../../src/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { array, values } from "../arrays.ts";

const before = currentBackend().name;
afterEach(() => setBackend(before));

const donated = expect.objectContaining({
  name: "BackendError",
  code: "backend/donated",
  message: expect.stringContaining("Use what the call returned"),
});
const twice = expect.objectContaining({ name: "ArgumentError", code: "jit/donate" });

/** Small arrays are copied into each call, large ones stay where they are. */
const sizes = [3, 5000];
const expectEqual = (x: unknown, wanted: number | readonly number[]): void =>
  expect(values(x)).toEqual([wanted].flat());
const ramp = (size: number) => array(Float32Array.from({ length: size }, (_, i) => i % 7));

describe.each(["reference", "wasm"])("on the %s backend", (backend) => {
  describe.each(sizes)("with arrays of %i elements", (size) => {
    test("what was donated has no data any more, and throws wherever it is used", () => {
      setBackend(backend);
      const step = jit((x: ArrayValue, y: ArrayValue) => np.add(np.multiply(x, 2), y), { donateArgnums: 0 });
      const [x, y] = [ramp(size), ramp(size)];
      const next = step(x, y);
      expectEqual(
        next,
        values(y).map((v) => 3 * v),
      );
      expect([isDonated(x), isDonated(y), isDonated(next)]).toEqual([true, false, false]);
      expect([x.shape, x.dtype]).toEqual([[size], "float32"]);
      expect(() => x.data).toThrow(donated);
      expect(() => np.add(x, 1)).toThrow(donated);
      expect(() => step(x, y)).toThrow(donated);
      expect(() => step(y, x)).toThrow(donated);
      // The call that threw did not take what was given with it.
      expectEqual(
        step(y, next),
        values(next).map((v) => v + (2 * v) / 3),
      );
    });

    test("an array that is returned as it is, or with what is computed from it, is the call's own", () => {
      setBackend(backend);
      const f = jit((x: ArrayValue) => [x, np.add(x, 1), x], { donateArgnums: 0 });
      let x: ArrayValue = ramp(size);
      const wanted = values(x);
      for (let i = 0; i < 3; i++) {
        const [same, more, again] = f(x) as [ArrayValue, ArrayValue, ArrayValue];
        expect(() => values(x)).toThrow(donated);
        expectEqual(same, wanted);
        expectEqual(again, wanted);
        expectEqual(
          more,
          wanted.map((v) => v + 1),
        );
        x = same;
      }
    });

    test("an array cannot be donated and given to the same call again", () => {
      setBackend(backend);
      const f = jit((x: ArrayValue, y: ArrayValue) => np.add(x, y), { donateArgnums: [0] });
      const both = jit((x: ArrayValue, y: ArrayValue) => np.add(x, y), { donateArgnums: [0, 1] });
      const x = ramp(size);
      for (const g of [f, both]) expect(() => g(x, x)).toThrow(twice);
      expectEqual(
        f(x, array(1)),
        values(ramp(size)).map((v) => v + 1),
      );
    });

    test("all arrays of a tree are donated, numbers and others are not", () => {
      setBackend(backend);
      const f = jit(
        (_by: number, { w, b }: { w: ArrayValue; b: ArrayValue }, x: ArrayValue, rate: number) =>
          np.multiply(np.add(np.multiply(w, x), b), rate),
        { staticArgnums: 0, donateArgnums: [1, -1] },
      );
      const tree = { w: ramp(size), b: ramp(size) };
      const x = ramp(size);
      f(1, tree, x, 0.5);
      expect([isDonated(tree.w), isDonated(tree.b), isDonated(x)]).toEqual([true, true, false]);
      f(1, { w: x, b: ramp(size) }, ramp(size), 0.25);
      expect(isDonated(x)).toBe(true);
    });

    test("under another transformation, or inside of another program, nothing is donated", () => {
      setBackend(backend);
      const f = jit((x: ArrayValue) => np.sum(np.multiply(x, x)), { donateArgnums: 0 });
      const x = ramp(size);
      expectEqual(
        grad(f)(x),
        values(x).map((v) => 2 * v),
      );
      expectEqual(
        jit((y: ArrayValue) => np.add(f(y), np.sum(y)))(x),
        values(x).reduce((sum, v) => sum + v * v + v, 0),
      );
      expectEqual(vmap(f)(np.reshape(x, [1, size])), [values(x).reduce((sum, v) => sum + v * v, 0)]);
      expect(isDonated(x)).toBe(false);
      f(x);
      expect(isDonated(x)).toBe(true);
    });
  });

  test("what was donated is used up also while numbers are checked", () => {
    setBackend(backend);
    const f = jit((x: ArrayValue) => np.add(x, 1), { donateArgnums: 0 });
    const x = ramp(3);
    config.debugNans = true;
    try {
      expectEqual(f(x), [1, 2, 3]);
    } finally {
      config.debugNans = false;
    }
    expect(isDonated(x)).toBe(true);
  });

  test("the same function without donation leaves its arguments alone", () => {
    setBackend(backend);
    const f = (x: ArrayValue) => np.add(x, 1);
    const [x, y] = [ramp(5000), ramp(5000)];
    jit(f, { donateArgnums: 0 })(x);
    jit(f)(y);
    expect([isDonated(x), isDonated(y)]).toEqual([true, false]);
  });
});

test("positions are of arguments that there are, and that are not static", () => {
  const f = (x: ArrayValue, n: number) => np.multiply(x, n);
  const refused = (message: string) => expect.objectContaining({ code: "jit/donate", message });
  expect(() => jit(f, { donateArgnums: 0.5 })).toThrow(
    refused("jit: donateArgnums takes integers, positions of arguments, got the number 0.5"),
  );
  expect(() => jit(f, { donateArgnums: 2 })(ramp(3), 1)).toThrow(
    refused("jit of f: donateArgnums names argument 2, but the function was called with 2 arguments"),
  );
  expect(() => jit(f, { donateArgnums: 1, staticArgnums: -1 })(ramp(3), 1)).toThrow(
    refused("jit of f: argument 1 is static, so it cannot be donated"),
  );
});
