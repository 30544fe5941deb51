import "../../../src/numpy/methods.ts";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkpoint, customJvp, customVjp, jit } from "../../../src/control/index.ts";
import * as debug from "../../../src/control/debug.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import { type ArrayValue, NDArray } from "../../../src/core/value.ts";
import { simplify } from "../../../src/compiler/index.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { jacfwd, jacrev } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, mul, neg, psum, reduceSum, sin } from "../../../src/lax/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues, values } from "../arrays.ts";

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => vi.restoreAllMocks());

/** `x²`, printing `x` on the way. */
const square = (x: ArrayValue): ArrayValue => {
  debug.print("x = {:.1f}", x);
  return mul(x, x);
};
const one = array(1);
const batch = array([1, 2, 3]);
const each = ["x = 1.0", "x = 2.0", "x = 3.0"];

describe("each transformation prints as often as the program comes by", () => {
  const seen = (run: () => unknown): string[] => {
    lines = [];
    run();
    return lines;
  };

  test("eagerly and compiled, at each call", () => {
    expect(seen(() => square(one))).toEqual(["x = 1.0"]);
    const compiled = jit(square);
    expect(seen(() => [compiled(one), compiled(array(2))])).toEqual(["x = 1.0", "x = 2.0"]);
  });

  test("tracing alone prints nothing", () => {
    expect(seen(() => makeJaxpr(jit(square))(one))).toEqual([]);
  });

  test("derivatives print in the forward pass, once, and the primal", () => {
    for (const f of [square, jit(square)]) {
      expect(seen(() => grad(f)(one))).toEqual(["x = 1.0"]);
      expect(seen(() => jit(grad(f))(one))).toEqual(["x = 1.0"]);
      expect(seen(() => jvp(f, [one], [one]))).toEqual(["x = 1.0"]);
      expect(seen(() => jacfwd(f)(one))).toEqual(["x = 1.0"]);
      expect(seen(() => jacrev(f)(one))).toEqual(["x = 1.0"]);
      expect(seen(() => grad(grad(f))(one))).toEqual(["x = 1.0"]);
    }
    const [, pull] = vjp(jit(square), [one]);
    expect(seen(() => [pull(one), pull(one)])).toEqual([]);
    const [, push] = linearize(jit(square), [one]);
    expect(seen(() => [push(one), push(one)])).toEqual([]);
  });

  test("vmap prints each example, in order, and unbatched values once", () => {
    for (const f of [vmap(square), jit(vmap(square)), vmap(jit(square)), vmap(grad(jit(square)))])
      expect(seen(() => f(batch))).toEqual(each);
    expect(seen(() => vmap((x: ArrayValue) => add(square(one), x))(batch))).toEqual(["x = 1.0"]);
    expect(seen(() => vmap(square)(array([])))).toEqual([]);
  });

  test("ordered prints keep their order under vmap too", () => {
    const f = (x: ArrayValue): void => debug.print("{}", x, { ordered: true });
    expect(seen(() => jit(vmap(f))(batch))).toEqual(["1.0", "2.0", "3.0"]);
  });

  test("a batch axis may be anywhere", () => {
    const x = array([
      [1, 2],
      [3, 4],
    ]);
    expect(seen(() => vmap((row: ArrayValue) => debug.print("{}", row), { inAxes: 1 })(x))).toEqual([
      "[1. 3.]",
      "[2. 4.]",
    ]);
  });

  test("a checkpoint does not repeat what its forward pass printed", () => {
    for (const f of [checkpoint(square), checkpoint(jit(square)), jit(checkpoint(square))]) {
      expect(seen(() => f(one))).toEqual(["x = 1.0"]);
      expect(seen(() => grad((x: ArrayValue) => sin(f(sin(x))))(array(Math.PI / 2)))).toEqual(["x = 1.0"]);
      expect(seen(() => vmap(jit(grad(f)))(batch))).toEqual(each);
    }
  });

  test("custom rules print when they are called", () => {
    const f = customVjp((x: ArrayValue) => square(x));
    f.defvjp(
      (x: ArrayValue) => {
        debug.print("forwards {}", x);
        return [mul(x, x), x];
      },
      (x: ArrayValue, ct: ArrayValue) => {
        debug.print("backwards {} {}", x, ct);
        return [mul(ct, x)];
      },
    );
    expect(seen(() => jit(f)(one))).toEqual(["x = 1.0"]);
    for (const g of [grad(f), jit(grad(f)), grad(jit(f))])
      expect(seen(() => g(one))).toEqual(["forwards 1.0", "backwards 1.0 1.0"]);
    expect(seen(() => vmap(grad(f))(array([1, 2])))).toEqual([
      "forwards 1.0",
      "forwards 2.0",
      "backwards 1.0 1.0",
      "backwards 2.0 1.0",
    ]);
  });

  test("what is the same for all of a named axis is printed once", () => {
    const f = (x: ArrayValue): void => {
      const sum = psum(x, "i");
      debug.print("{}", sum);
      debug.print("{} {}", sum, x);
    };
    const expected = ["6.0", "6.0 1.0", "6.0 2.0", "6.0 3.0"];
    for (const g of [vmap(f, { axisName: "i" }), jit(vmap(jit(f), { axisName: "i" }))])
      expect(seen(() => g(batch))).toEqual(expected);
  });

  test("a tangent is printed where it is pushed forward, and not where it is pulled back", () => {
    const f = customJvp((x: ArrayValue) => mul(x, array(2)));
    f.defjvp((([x]: ArrayValue[], [t]: ArrayValue[]) => {
      debug.print("tangent {}", t);
      return [f(x!), mul(t!, array(2))];
    }) as never);
    expect(seen(() => jvp(f, [one], [array(3)]))).toEqual(["tangent 3.0"]);
    expect(seen(() => linearize(f, [one])[1](array(5)))).toEqual(["tangent 5.0"]);
    expect(seen(() => grad(f)(one))).toEqual([]);
  });
});

describe("programs", () => {
  test("print as JAX's", () => {
    const program = makeJaxpr((x: ArrayValue) => {
      debug.print("x = {x}", { x, ordered: true });
      debug.callback(function log() {}, x);
      return x;
    })(one);
    expect(String(program)).toBe(`{ lambda ; a:f32[]. let
    debug_print[
      fmt=x = {x}
      has_placeholders=True
      in_tree=PyTreeDef(((), {'x': *}))
      logging_record=None
      np_printoptions=(('edgeitems', 3), ('threshold', 1000), ('floatmode', 'maxprec'), ('precision', 8), ('suppress', False), ('linewidth', 75), ('nanstr', 'nan'), ('infstr', 'inf'), ('sign', '-'), ('formatter', None), ('legacy', False), ('override_repr', None))
      ordered=True
      partitioned=False
      static_args=()
    ] a
    debug_callback[callback=log effect=Debug partitioned=False] a
  in (a,) }`);
    expect(program.jaxpr.effects).toEqual(["ordered", "unordered"]);
    checkJaxpr(program);
  });

  test("no pass drops, merges, folds or reorders calls", () => {
    const program = makeJaxpr(
      jit((x: ArrayValue) => {
        debug.print("same {}", x);
        debug.print("same {}", x);
        debug.print("constant {}", 2);
        const dead = sin(x);
        debug.print("dead {:.3f}", dead);
        return neg(neg(x));
      }),
    )(one);
    const simple = simplify(program);
    expect(simple.jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual([
      "debug_print",
      "debug_print",
      "debug_print",
      "sin",
      "debug_print",
    ]);
    expect(simplify(program, [false]).jaxpr.effects).toEqual(["unordered"]);
    const expected = ["same 1.0", "same 1.0", "constant 2", "dead 0.841"];
    expect(lines).toEqual([]);
    evaluateJaxpr(simple, [one]);
    expect(lines).toEqual(expected);
  });

  test("random sequences of calls run in their order, compiled or not", () => {
    const step = fc.record({ print: fc.boolean(), ordered: fc.boolean(), use: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const f = (x: ArrayValue): ArrayValue =>
          steps.reduce((y, { print, ordered, use }, i) => {
            if (print) debug.print(`${i} {:.4f}`, y, { ordered });
            else debug.callback((z: ArrayValue) => lines.push(`${i} ${String(z.item())}`), y, { ordered });
            const z = sin(y);
            return use ? z : y;
          }, x);
        lines = [];
        f(one);
        const eager = lines;
        lines = [];
        jit(f)(one);
        expect(lines).toEqual(eager);
        expect(eager).toHaveLength(steps.length);
        lines = [];
        grad(jit(f))(one);
        expect(lines).toEqual(eager);
      }),
      { numRuns: 30 },
    );
  });
});

describe("callbacks", () => {
  test("get concrete arrays for arrays and numbers, the rest as it is", () => {
    let given: unknown[] = [];
    const f = jit((x: ArrayValue) => {
      debug.callback((...args: unknown[]) => (given = args), x, 2, "s", true, null, [x, { y: 3 }]);
    });
    f(one);
    expect(given[0]).toBeInstanceOf(NDArray);
    expect(given[1]).toBeInstanceOf(NDArray);
    expect(given.slice(2, 5)).toEqual(["s", true, null]);
    const [x, { y }] = given[5] as [ArrayValue, { y: ArrayValue }];
    expect([values(x), values(y)]).toEqual([[1], [3]]);
  });

  test("a plain object at the end is the last argument, without the option", () => {
    const given: unknown[][] = [];
    const keep = (...args: unknown[]): void => void given.push(args);
    debug.callback(keep, { loss: 1 });
    debug.callback(keep, { step: 2, ordered: true });
    debug.callback(keep, 3, { ordered: true });
    debug.callback(keep, {});
    expect(given.map((args) => args.length)).toEqual([1, 1, 1, 1]);
    expect(given.map(([x]) => (x instanceof NDArray ? x.item() : Object.keys(x as object)))).toEqual([
      ["loss"],
      ["step"],
      3,
      [],
    ]);
  });

  test("may compute, and transform", () => {
    let slope: ArrayValue | undefined;
    jit((x: ArrayValue) =>
      debug.callback((y) => (slope = jit(grad((z: ArrayValue) => reduceSum(mul(z, z), [0])))(y)), x),
    )(batch);
    expectValues(slope, [2, 4, 6]);
  });

  test("what they throw comes through, with the line of the call in its stack, and everything goes on", () => {
    const error = new RangeError("mine");
    const f = jit((x: ArrayValue) => {
      debug.callback(() => {
        if (values(one)[0] === 1) throw error;
      }, x);
      return sin(x);
    });
    for (const run of [() => f(one), () => grad(f)(one), () => vmap(f)(batch)]) {
      let caught: unknown;
      try {
        run();
      } catch (thrown) {
        caught = thrown;
      }
      expect(caught).toBe(error);
    }
    expect(error.message).toBe("mine");
    expect(error.stack).toMatch(/in the function called by debug_callback \(control\/debug\.test\.ts:\d+/);
    expectValues(jit(grad(sin))(array(0)), 1);
  });

  test("a promise is refused, and its rejection stays quiet", () => {
    expect(() => debug.callback(async () => Promise.reject(new Error("late")), 1)).toThrow(
      /returned a Promise/,
    );
    expect(() => jit((x: ArrayValue) => debug.callback(async () => undefined, x))(one)).toThrow(
      ArgumentError,
    );
  });

  test.each([
    [() => debug.callback(1 as never), /takes a function first, got the number 1/],
    [() => debug.callback(() => {}, { ordered: 1 }), /ordered is a boolean, got the number 1/],
    [() => debug.print(1 as never), /takes a format first/],
    [() => debug.print("{}", one, { ordered: "yes" }), /ordered is a boolean/],
    [() => debug.print("{} {}", one), /no value for the field/],
    [() => debug.print("x", one), /no field for number 0/],
    [() => debug.print("{}", Promise.resolve(1)), /is a Promise/],
  ])("bad input %#", (run, message) => {
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });
});

describe("structured values", () => {
  const w = new P(array([1, 2]));
  const show = (x: ArrayValue): ArrayValue => {
    debug.callback((y: ArrayValue) => lines.push(y.constructor.name), x);
    debug.print("{}", x);
    return x;
  };
  const text = "P(array=Array([1., 2.], dtype=float32))";

  test("come to the callback as what they are", () => {
    for (const f of [show, quaxify(show), quaxify(jit(show)), jit(quaxify(show))]) {
      lines = [];
      f(w);
      expect(lines).toEqual(["P", text]);
    }
  });

  test("also one example at a time, and in the forward pass of a derivative", () => {
    lines = [];
    vmap((x: ArrayValue) => debug.print("{}", new P(x)))(batch);
    expect(lines).toEqual(
      ["1.0", "2.0", "3.0"].map((x) => `P(array=Array(${x.replace(".0", ".")}, dtype=float32))`),
    );
    lines = [];
    quaxify(grad((x: ArrayValue) => reduceSum(mul(show(x), x), [0])))(w);
    expect(lines).toEqual(["P", text]);
  });
});
