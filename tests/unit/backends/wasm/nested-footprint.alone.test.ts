import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type ArrayValue,
  config,
  grad,
  hessian,
  jit,
  jvp,
  lax,
  numpy as np,
  setBackend,
  vmap,
} from "cotangent";
import { theDevice } from "../../../../src/backends/wasm/device.ts";
import { compiled } from "../../../../src/backends/wasm/executable.ts";
import { currentBackend } from "../../../../src/core/backend.ts";
import type { NDArray } from "../../../../src/core/value.ts";

const MIB = 2 ** 20;
const before = { backend: currentBackend().name, memory: config.memory };
beforeEach(() => {
  setBackend("wasm");
  config.memory = 2 * MIB;
});
afterEach(() => {
  setBackend(before.backend);
  config.memory = before.memory;
  vi.restoreAllMocks();
});

/** A function that counts how often it is traced or run, and what is made of it. */
function counted() {
  const traced = vi.fn<(x: ArrayValue) => ArrayValue>((x) => np.sum(np.multiply(np.sin(x), lax.square(x))));
  return { traced, jitted: jit(traced) };
}
const size = 3000;
const vector = (): ArrayValue => np.linspace(0, 1, size);
const rows = (): ArrayValue => np.reshape(np.linspace(0, 1, 4 * size), [4, size]);
const scanned = (f: (x: ArrayValue) => ArrayValue) => (x: ArrayValue) =>
  lax.scan((sum: ArrayValue, y: ArrayValue) => [np.add(sum, f(np.multiply(x, y))), null], np.array(0), np.linspace(0, 1, 3))[0] as ArrayValue; // prettier-ignore

type F = (x: ArrayValue) => unknown;
const orders: readonly (readonly [
  name: string,
  of: (f: (x: ArrayValue) => ArrayValue) => F,
  xs: () => ArrayValue,
])[] = [
  ["jit", (f) => f, vector],
  ["grad of jit", (f) => grad(f), vector],
  ["vmap of jit", (f) => vmap(f), rows],
  ["jit of jit", (f) => jit((x: ArrayValue) => np.add(f(x), f(x))), vector],
  ["jit of grad of jit", (f) => jit(grad(f)), vector],
  ["grad of jit of jit", (f) => grad(jit((x: ArrayValue) => f(np.cos(x)))), vector],
  ["vmap of grad of jit", (f) => vmap(grad(f)), rows],
  ["grad of a sum of vmap of jit", (f) => grad((x: ArrayValue) => np.sum(vmap(f)(x) as ArrayValue)), rows],
  ["jvp of jit", (f) => (x) => jvp(f, [x], [x]), vector],
  ["grad of a scan that calls jit", (f) => grad(scanned(f)), vector],
  ["hessian of jit", (f) => hessian((x: ArrayValue) => f(np.multiply(x, vector()))), () => np.array(0.5)],
];

test.each(orders)(
  "%s traces and compiles at the first calls only, and keeps to the budget",
  (_name, of, xs) => {
    const { traced, jitted } = counted();
    const f = of(jitted as never);
    const x = xs();
    const { residency, pool } = theDevice();
    const register = pool === null ? null : vi.spyOn(pool, "register");
    f(x);
    const first = traced.mock.calls.length;
    expect(first).toBeGreaterThan(0);
    f(x);
    const [traces, programs, modules] = [
      traced.mock.calls.length,
      compiled.programs,
      register?.mock.calls.length,
    ];
    let last: unknown;
    for (let call = 0; call < 40; call++) {
      last = f(x);
      expect(residency.resident).toBeLessThanOrEqual(config.memory);
    }
    expect([traced.mock.calls.length, compiled.programs, register?.mock.calls.length]).toEqual([
      traces,
      programs,
      modules,
    ]);
    const numbers = (y: unknown): unknown => (Array.isArray(y) ? y.map(numbers) : (y as NDArray).storage);
    expect(numbers(last)).toEqual(numbers(f(x)));
  },
);
