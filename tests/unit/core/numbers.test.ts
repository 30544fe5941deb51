import "../../../src/numpy/methods.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as debug from "../../../src/control/debug.ts";
import { cond, ioCallback, jit, pureCallback, scan, whileLoop } from "../../../src/control/index.ts";
import { config } from "../../../src/core/config.ts";
import type { DType } from "../../../src/core/dtype.ts";
import { NonFiniteError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import {
  add,
  complex,
  div,
  exp,
  gt,
  isFinite,
  log,
  mul,
  reduceMax,
  reduceSum,
  select,
  sin,
  sqrt,
  sub,
} from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { array, expectValues } from "../arrays.ts";

beforeEach(() => {
  config.debugNans = true;
});
afterEach(() => {
  config.debugNans = false;
  config.debugInfs = false;
});

/** The error of a call. */
function faultOf(run: () => unknown): NonFiniteError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(NonFiniteError);
    return error as NonFiniteError;
  }
  throw new Error("nothing was found");
}
/** The line of this file on which `text` stands for the first time, by a stack taken there. */
const here = (): number => Number(/numbers\.test\.ts:(\d+)/.exec(new Error().stack!.split("\n")[2]!)![1]);

const bad = array([-1, 2]);
let line = 0;
const loss = (x: ArrayValue): ArrayValue => {
  const y = add(x, array(0));
  line = here() + 1;
  const z = log(y);
  return reduceSum(sin(z), [0]);
};

describe("the first operation that makes a NaN is named, with the user's line", () => {
  test.each([
    ["eagerly", () => loss(bad)],
    ["compiled", () => jit(loss)(bad)],
    ["in a program in a program", () => jit((x: ArrayValue) => add(array(1), jit(loss)(x)))(bad)],
    [
      "under vmap",
      () =>
        vmap(loss)(
          array([
            [1, 2],
            [-1, 2],
          ]),
        ),
    ],
    [
      "in a compiled batch",
      () =>
        jit(vmap(jit(loss)))(
          array([
            [1, 2],
            [-1, 2],
          ]),
        ),
    ],
    ["in a forward pass", () => grad(loss)(bad)],
    ["in a compiled forward pass", () => jit(grad(loss))(bad)],
    ["in a program that is differentiated", () => grad(jit(loss))(bad)],
    ["with a tangent", () => jvp(loss, [bad], [bad])],
  ])("%s", (_, run) => {
    const { primitive, source, code, message } = faultOf(run);
    expect([primitive, code]).toEqual(["log", "debug/nan"]);
    expect(source).toMatch(new RegExp(`^core/numbers\\.test\\.ts:${line}:\\d+ \\(loss\\)$`));
    expect(message).toMatch(
      /^log of \(f32\[(1,|2,)?2\]\) made a f32\[(1,|2,)?2\] with NaN in 1 of \d elements \(at core/,
    );
  });

  test("in a backward pass, eager or compiled, at the line of the function", () => {
    let row = 0;
    // 0 · ∞, where the branch is not taken.
    const f = (x: ArrayValue): ArrayValue => {
      const y = array(0);
      row = here() + 1;
      return select(gt(x, y), sqrt(x), y);
    };
    const zero = array(0);
    for (const run of [
      () => grad(f)(zero),
      () => jit(grad(f))(zero),
      () => grad(jit(f))(zero),
      () => vjp(f, [zero])[1](array(1)),
    ]) {
      const { primitive, source } = faultOf(run);
      expect(primitive).toBe("mul");
      expect(source).toContain(`numbers.test.ts:${row}:`);
    }
  });
});

describe("in bodies of loops and branches", () => {
  const start = array(4);
  let row = 0;
  const step = (x: ArrayValue): ArrayValue => {
    row = here() + 1;
    return sub(log(x), array(1));
  };
  test.each([
    ["scan", (x: ArrayValue) => scan((c) => [step(c), c], x, null, { length: 5 })],
    [
      "scan backwards",
      (x: ArrayValue) => scan((c, y) => [step(add(c, y)), c], x, array([0, 0, 0]), { reverse: true }),
    ],
    ["whileLoop", (x: ArrayValue) => whileLoop((c) => gt(c, array(-100)), step, x)],
    [
      "cond",
      (x: ArrayValue) =>
        cond(
          gt(x, array(3)),
          (y) => step(sub(y, array(9))),
          (y) => y,
          x,
        ),
    ],
    [
      "all of them",
      (x: ArrayValue) =>
        jit(whileLoop as never, { staticArgnums: [0, 1] })(
          ((c: ArrayValue) => gt(c, array(-100))) as never,
          ((c: ArrayValue) =>
            cond(
              gt(c, array(-50)),
              (y) => scan((d) => [step(d), null], y, null, { length: 1 })[0],
              (y) => y,
              c,
            )) as never,
          x as never,
        ),
    ],
  ])("%s", (_, f) => {
    for (const run of [f, jit(f), jit((x: ArrayValue) => vmap(f)(add(array([0, 0]), x)))]) {
      const { primitive, source } = faultOf(() => run(start));
      expect(primitive).toBe("log");
      expect(source).toContain(`numbers.test.ts:${row}:`);
    }
  });

  test("effects before it are not repeated", () => {
    const seen: number[] = [];
    const f = (x: ArrayValue) =>
      scan(
        (c) => {
          debug.callback((y) => seen.push(Math.round(Number(y.item()))), c);
          return [sub(c, sqrt(c)), c];
        },
        x,
        null,
        { length: 9 },
      );
    expect(faultOf(() => jit(f)(array(4))).primitive).toBe("sqrt");
    const [first] = seen;
    expect([first, seen.length]).toEqual([4, 9]);
  });
});

test("what is masked inside of a program does no harm, as in JAX", () => {
  const f = (x: ArrayValue): ArrayValue => select(gt(x, array(0)), log(x), array(0));
  expectValues(jit(f)(array(-1)), 0);
  expect(faultOf(() => f(array(-1))).primitive).toBe("log");
});

test("functions that mask what they make on the way are looked at as a whole", () => {
  const [inf, zero] = [array(Infinity), array(0)];
  expect(np.hypot(inf, inf).item()).toBe(Infinity);
  expect(np.logaddexp(inf, inf).item()).toBe(Infinity);
  expect(np.floorDivide(array(1), zero).item()).toBe(Infinity);
  expect(np.allclose(inf, inf).item()).toBe(true);
  expect(np.median(array([3, 1, 2])).item()).toBe(2);
  expectValues(grad((x: ArrayValue) => np.hypot(x, array(4)))(array(3)), 0.6);
  const { primitive, message } = faultOf(() => np.logaddexp(array(NaN), array(1)));
  expect(primitive).toBe("np.logaddexp");
  expect(message).toMatch(/its operand 0 has one already$/);
  expect(faultOf(() => np.median(array([NaN, 1]))).primitive).toBe("np.median");
});

test("an operation that passes a NaN on is named, with where it got it; a program that does nothing to it is not", () => {
  const nan = array([NaN, 1]);
  const { primitive, message } = faultOf(() => mul(nan, nan));
  expect(primitive).toBe("mul");
  expect(message).toMatch(/its operand 0 has one already$/);
  expect(faultOf(() => jit((x: ArrayValue) => mul(x, x))(nan)).primitive).toBe("mul");
  expect(jit((x: ArrayValue) => x)(nan).toList()).toEqual([NaN, 1]);
  expect(isFinite(nan).toList()).toEqual([false, true]);
});

test.each(["float16", "bfloat16", "float32"] as DType[])("NaN of %s is seen", (dtype) => {
  const x = array([0, 1], dtype);
  expect(faultOf(() => div(x, x)).message).toMatch(/with NaN in 1 of 2 elements/);
});

test("complex numbers count once", () => {
  const x = array([0, 1]);
  config.debugNans = false;
  const nan = div(x, x);
  config.debugNans = true;
  expect(faultOf(() => complex(nan, nan)).message).toMatch(/c64\[2\] with NaN in 1 of 2 elements/);
});

test("infinities are another setting", () => {
  expect(div(array(1), array(0)).item()).toBe(Infinity);
  config.debugNans = false;
  config.debugInfs = true;
  expect(faultOf(() => exp(array(1000))).code).toBe("debug/inf");
  expect(faultOf(() => jit(exp)(array(1000))).message).toMatch(/with infinity \(at/);
  expect(log(array(-1)).item()).toBe(NaN);
  // The identity of the maximum is inside of the operation.
  expectValues(jit((x: ArrayValue) => reduceMax(x, [0]))(bad), 2);
});

test("effects are not repeated to find the operation", () => {
  const seen: string[] = [];
  const scalar = new ShapeDtypeStruct([], "float32");
  const inner = jit((x: ArrayValue): ArrayValue => {
    debug.callback((y) => seen.push(`inner ${String(y.item())}`), x);
    return x;
  });
  const f = jit((x: ArrayValue): ArrayValue => {
    debug.callback((y) => seen.push(`debug ${String(y.item())}`), x);
    const y = ioCallback((y) => seen.push("io") + Number(y.item()), scalar, x);
    const z = pureCallback((y) => Number(y.item()), scalar, inner(y));
    debug.callback(() => jit(inner)(array(7)));
    return log(sub(z, array(10)));
  });
  expect(faultOf(() => f(array(1))).primitive).toBe("log");
  expect(seen).toEqual(["debug 1", "io", "inner 3", "inner 7"]);
  expect(faultOf(() => jit(vmap((x: ArrayValue) => log(inner(x))))(bad)).primitive).toBe("log");
  expect(seen.slice(4)).toEqual(["inner -1", "inner 2"]);
});

test("a callback that makes one is named", () => {
  const scalar = new ShapeDtypeStruct([], "float32");
  expect(faultOf(() => jit((x: ArrayValue) => pureCallback(() => NaN, scalar, x))(array(1))).primitive).toBe(
    "pure_callback",
  );
});

test("the setting may change between calls of a compiled function", () => {
  const f = jit(loss);
  config.debugNans = false;
  expect(f(bad).item()).toBe(NaN);
  config.debugNans = true;
  expect(faultOf(() => f(bad)).primitive).toBe("log");
  config.debugNans = false;
  expect(f(bad).item()).toBe(NaN);
  expect(() => ((config as { debugNans: unknown }).debugNans = 1)).toThrow(/takes a boolean/);
});

test("without sources the operation is named all the same", () => {
  config.sources = false;
  try {
    expect(faultOf(() => jit(loss)(bad)).primitive).toBe("log");
  } finally {
    config.sources = true;
  }
});
