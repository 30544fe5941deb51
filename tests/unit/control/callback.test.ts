import "../../../src/numpy/methods.ts";
import { describe, expect, test } from "vitest";
import { customJvp, ioCallback, jit, pureCallback, type VmapMethod } from "../../../src/control/index.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ArgumentError, DifferentiationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import { type ArrayValue, NDArray } from "../../../src/core/value.ts";
import { simplify } from "../../../src/compiler/index.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr, ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, mul, sin, stopGradient } from "../../../src/lax/index.ts";
import { TreeError } from "../../../src/tree/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues, shapeOf } from "../arrays.ts";

const scalar = new ShapeDtypeStruct([], "float32");
const pair = new ShapeDtypeStruct([2], "float32");
const one = array(1);
const batch = array([1, 2, 3]);

/** Counts the calls of a function. */
function counted<Args extends unknown[], R>(f: (...args: Args) => R) {
  const calls: Args[] = [];
  const run = (...args: Args): R => {
    calls.push(args);
    return f(...args);
  };
  return { run, calls };
}
const double = counted((x: ArrayValue) => 2 * Number(x.item()));
const doubled = (x: ArrayValue): ArrayValue =>
  pureCallback(double.run, scalar, x, { vmapMethod: "sequential" });

describe("pureCallback", () => {
  test("is the function, eagerly and compiled", () => {
    expectValues(doubled(one), 2);
    expectValues(jit((x: ArrayValue) => sin(doubled(x)))(one), Math.sin(2));
    expectValues(jit(vmap(doubled))(batch), [2, 4, 6]);
  });

  test("results may be trees of arrays, typed arrays and numbers; the callback gets what is no array as it is", () => {
    const f = (x: ArrayValue) =>
      pureCallback(
        (y: ArrayValue, names: readonly string[], { flag }: { flag: boolean }) => {
          expect(y).toBeInstanceOf(NDArray);
          return { n: names.length, list: [Float32Array.of(1, 2), y], flag };
        },
        {
          n: new ShapeDtypeStruct([], "int32"),
          list: [pair, x] as const,
          flag: new ShapeDtypeStruct([], "bool"),
        },
        x,
        ["a", "b"],
        { flag: true },
      );
    for (const run of [f, jit(f)]) {
      const { n, list, flag } = run(one);
      expect([n.dtype, n.item(), flag.item(), list[1].item(), list[0].toList()]).toEqual([
        "int32",
        2,
        true,
        1,
        [1, 2],
      ]);
    }
  });

  test("is not called where nobody needs the result, nor while compiling", () => {
    const { run, calls } = counted(() => 1);
    const f = jit((x: ArrayValue) => {
      pureCallback(run, scalar, x);
      pureCallback(run, scalar, 2);
      return sin(x);
    });
    f(one);
    expect(calls).toHaveLength(0);
    const program = makeJaxpr(() => pureCallback(run, scalar, 2))();
    checkJaxpr(program);
    expect(simplify(program).jaxpr.eqns).toHaveLength(1);
    expect(calls).toHaveLength(0);
  });

  test.each([
    ["sequential", [], [], 3],
    ["sequentialUnrolled", [], [], 3],
    ["expandDims", [3], [1], 1],
    ["broadcastAll", [3], [3], 1],
    ["legacyVectorized", [3], [], 1],
  ] as const)("vmapMethod %s", (vmapMethod: VmapMethod, x, y, times) => {
    const { run, calls } = counted((a: ArrayValue, b: ArrayValue) => add(a, b));
    const f = vmap((a: ArrayValue, b: ArrayValue) => pureCallback(run, scalar, a, b, { vmapMethod }), {
      inAxes: [0, null],
    });
    for (const g of [f, jit(f)]) {
      calls.length = 0;
      expectValues(g(batch, one), [2, 3, 4]);
      expect(calls.map((args) => args.map(shapeOf))).toEqual(Array.from({ length: times }, () => [x, y]));
    }
  });

  test("batches of batches, on any axis, and empty ones", () => {
    const x = array([
      [1, 2],
      [3, 4],
    ]);
    expectValues(vmap(vmap(doubled), { inAxes: 1 })(x), [2, 6, 4, 8]);
    const vectorised = (y: ArrayValue) =>
      pureCallback((z: ArrayValue) => add(z, z), scalar, y, { vmapMethod: "broadcastAll" });
    expectValues(vmap(vmap(vectorised), { inAxes: 1 })(x), [2, 6, 4, 8]);
    expect(shapeOf(vmap(doubled)(array([])))).toEqual([0]);
  });

  test("vmap without a method is an error", () => {
    expect(() => vmap((x: ArrayValue) => pureCallback(double.run, scalar, x))(batch)).toThrow(
      /give it vmapMethod/,
    );
  });

  test("has no derivative, until a rule or stopGradient gives one", () => {
    expect(() => grad(doubled)(one)).toThrow(DifferentiationError);
    expect(() => jvp(jit(doubled), [one], [one])).toThrow(/customJvp or customVjp/);
    const ruled = customJvp(doubled);
    ruled.defjvps((t: ArrayValue) => mul(t, array(2)));
    expectValues(grad(ruled)(one), 2);
    expectValues(grad((x: ArrayValue) => mul(x, doubled(stopGradient(x))))(one), 2);
    expectValues(
      vjp(
        jit((x: ArrayValue) => mul(x, doubled(stopGradient(x)))),
        [one],
      )[1](one)[0],
      2,
    );
  });

  test("takes structured values as plain arrays", () => {
    expectValues(quaxify(doubled)(new P(one)), 2);
  });

  test.each([
    [
      () => pureCallback(() => array([1]), scalar),
      ShapeError,
      /has shape \(1,\), but resultShapeDtypes says \(\)/,
    ],
    [
      () => pureCallback(() => array(1, "int32"), scalar),
      DTypeError,
      /has dtype int32, but resultShapeDtypes says float32/,
    ],
    [() => pureCallback(() => 1.5, new ShapeDtypeStruct([], "int32")), DTypeError, /is 1.5, but .* int32/],
    [
      () => pureCallback(() => 1, new ShapeDtypeStruct([], "bool")),
      ArgumentError,
      /must be an array .* bool/,
    ],
    [() => pureCallback(() => 1, pair), ArgumentError, /must be an array of shape \(2,\)/],
    [() => pureCallback(() => undefined, scalar), ArgumentError, /got undefined/],
    [() => pureCallback(() => [1], [scalar, scalar]), TreeError, /another structure/],
    [() => pureCallback(() => ({ a: [1, array([1])] }), { a: [scalar, scalar] }), ShapeError, /at \.a\[1\]/],
    [() => pureCallback(async () => 1, scalar), ArgumentError, /returned a Promise/],
    [() => pureCallback(() => 1, [2]), ArgumentError, /tree of ShapeDtypeStruct, got the number 2 at \[0\]/],
    [() => pureCallback(3 as never, scalar), ArgumentError, /takes a function first/],
    [
      () => pureCallback(() => 1, scalar, { vmapMethod: "expand_dims" }),
      ArgumentError,
      /did you mean expandDims/,
    ],
    [() => pureCallback(() => 1, scalar, { vmapMethod: 1 }), ArgumentError, /one of sequential/],
  ])("bad results and bad input %#", (run, error, message) => {
    for (const f of [run, () => jit(run as () => ArrayValue)()]) {
      expect(f).toThrow(error);
      expect(f).toThrow(message);
    }
    expectValues(jit(doubled)(one), 2);
  });

  test("what it throws comes through", () => {
    const error = new Error("mine");
    const fail = (): number => {
      throw error;
    };
    expect(() => jit((x: ArrayValue) => pureCallback(fail, scalar, x))(one)).toThrow(error);
  });

  test("prints as JAX's, but for the function", () => {
    const f = (x: ArrayValue) => pureCallback(double.run, scalar, x, { vmapMethod: "expandDims" });
    expect(String(makeJaxpr(f)(one))).toBe(`{ lambda ; a:f32[]. let
    b:f32[] = pure_callback[
      callback=_FlatCallback(callback_func=run, in_tree=PyTreeDef(((*,), {})))
      result_avals=(ShapedArray(float32[]),)
      sharding=None
      vmap_method=expand_dims
    ] a
  in (b,) }`);
  });
});

describe("ioCallback", () => {
  test("is called as often as the program comes by, needed or not", () => {
    const { run, calls } = counted((x: ArrayValue) => x);
    const f = (x: ArrayValue): ArrayValue => {
      ioCallback(run, scalar, x);
      ioCallback(run, scalar, x);
      return x;
    };
    f(one);
    jit(f)(one);
    jit(vmap(f))(batch);
    expect(calls).toHaveLength(2 + 2 + 6);
    expect(makeJaxpr(f)(one).jaxpr.effects).toEqual(["unordered"]);
  });

  test("null stands for no result", () => {
    const { run, calls } = counted(() => null);
    expect(jit((x: ArrayValue) => ioCallback(run, null, x, { ordered: true }))(one)).toBe(null);
    expect(calls).toHaveLength(1);
  });

  test("examples of a batch have no order", () => {
    const f = (x: ArrayValue) => ioCallback(() => 1, scalar, x, { ordered: true });
    expect(makeJaxpr(f)(one).jaxpr.effects).toEqual(["ordered"]);
    expect(() => vmap(f)(batch)).toThrow(/vmap of an ordered ioCallback/);
  });

  test("has no derivative", () => {
    expect(() => grad((x: ArrayValue) => ioCallback(() => 1, scalar, x))(one)).toThrow(DifferentiationError);
  });
});
