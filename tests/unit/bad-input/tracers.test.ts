import {
  type ArrayValue,
  ConcretizationError,
  EscapedTracerError,
  grad,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  quaxify,
  ShapeError,
  vjp,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { P } from "../../dispatch-values.ts";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
const v = np.ones([3]);

describe("a tracer that outlives its transformation", () => {
  /** Each way to get hold of one. */
  const leaks: Readonly<Record<string, (keep: (x: ArrayValue) => void) => unknown>> = {
    jit: (keep) =>
      jit(function loss(x: ArrayValue) {
        keep(np.sin(x));
        return x;
      })(v),
    "jit, an argument": (keep) =>
      jit(function loss(x: ArrayValue) {
        keep(x);
        return x;
      })(v),
    grad: (keep) =>
      grad(function loss(x: ArrayValue) {
        keep(np.sin(x));
        return np.sum(x);
      })(v),
    jvp: (keep) =>
      jvp(
        function loss(x: ArrayValue) {
          keep(np.sin(x));
          return x;
        },
        [v],
        [v],
      ),
    vjp: (keep) =>
      vjp(
        function loss(x: ArrayValue) {
          keep(np.sin(x));
          return x;
        },
        [v],
      ),
    linearize: (keep) =>
      linearize(
        function loss(x: ArrayValue) {
          keep(np.sin(x));
          return x;
        },
        [v],
      ),
    vmap: (keep) =>
      vmap(function loss(x: ArrayValue) {
        keep(np.sin(x));
        return x;
      })(v),
    makeJaxpr: (keep) =>
      makeJaxpr(function loss(x: ArrayValue) {
        keep(np.sin(x));
        return x;
      })(v),
    quaxify: (keep) =>
      quaxify(function loss(x: ArrayValue) {
        keep(x);
        return x;
      })(new P(v)),
    "jit of vmap of grad": (keep) =>
      jit(
        vmap(
          grad(function loss(x: ArrayValue) {
            keep(np.sin(x));
            return x;
          }),
        ),
      )(v),
  };
  const leaked = (name: string): ArrayValue => {
    const kept: ArrayValue[] = [];
    leaks[name]!((x) => kept.push(x));
    return kept[0]!;
  };
  const names = Object.keys(leaks);

  test.each(names)("of %s is refused eagerly, with its origin", (name) => {
    const x = leaked(name);
    refused(
      () => np.cos(x),
      EscapedTracerError,
      "trace/escaped",
      "cos got a tracer",
      `${name.split(" ").at(-1)!.replace("argument", "jit")} of`,
      "Return the value from the traced function instead of keeping it in a variable outside",
    );
    refused(() => np.add(1, x), EscapedTracerError, "trace/escaped", "add got a tracer");
  });
  test.each(names)("of %s is refused inside another jit", (name) => {
    const x = leaked(name);
    refused(
      () => jit((y: ArrayValue) => np.add(x, y))(v),
      EscapedTracerError,
      "trace/escaped",
      "jit of <lambda> uses a tracer of f32[",
      "whose transformation has ended",
    );
    refused(() => jit(() => x)(), EscapedTracerError, "trace/escaped", "whose transformation has ended");
  });
  test.each(names)("of %s is refused inside grad, vmap and jvp, and as their argument", (name) => {
    const x = leaked(name);
    refused(() => grad((y: ArrayValue) => np.sum(np.multiply(x, y)))(v), EscapedTracerError, "trace/escaped");
    refused(() => vmap((y: ArrayValue) => np.multiply(x, y))(v), EscapedTracerError, "trace/escaped");
    refused(() => jvp((y: ArrayValue) => np.multiply(x, y), [v], [v]), EscapedTracerError, "trace/escaped");
    refused(() => jit((y: ArrayValue) => np.sin(y))(x), EscapedTracerError, "trace/escaped");
  });
  test("of jit has no number", () =>
    refused(
      () => leaked("jit").toList(),
      ConcretizationError,
      "trace/concretization",
      "It was made while tracing jit of loss",
    ));
});

describe("a tracer of an inner transformation in an outer one", () => {
  test("is refused by name", () => {
    let kept: ArrayValue | undefined;
    const f = (x: ArrayValue) => {
      grad((y: ArrayValue) => np.sum((kept = np.sin(y))))(x);
      return np.add(kept!, x);
    };
    refused(() => jit(f)(v), EscapedTracerError, "trace/escaped", "jit of f uses a tracer of f32[3]");
    refused(
      () => f(v),
      EscapedTracerError,
      "trace/escaped",
      "add got a tracer of f32[3] outside the transformation that made it. It was made by grad of",
    );
  });
});

describe("a traced value used as a number", () => {
  const uses: Readonly<Record<string, (x: ArrayValue) => unknown>> = {
    "x > 0": (x) => ((x as unknown as number) > 0 ? x : 0),
    "+x": (x) => +(x as unknown as number),
    "x * 2": (x) => (x as unknown as number) * 2,
    "Math.sqrt(x)": (x) => Math.sqrt(x as unknown as number),
    "a bound of a loop": (x) => {
      let steps = 0;
      for (let i = 0; i < (x as unknown as number); i++) steps++;
      return steps;
    },
    "item()": (x) => x.item(),
    "toBool()": (x) => x.toBool(),
    "toList()": (x) => x.toList(),
    data: (x) => x.data,
    "an index of a list": (x) => [1, 2, 3][x as unknown as number],
    text: (x) => `${x as unknown as string}`,
    JSON: (x) => JSON.stringify(x),
    "np.arange(n)": (x) => np.arange(x as unknown as number),
    "a size": (x) => np.zeros([x as unknown as number]),
    "a reshape": (x) => np.reshape(v, [x as unknown as number]),
    "an axis": (x) => np.sum(v, x as unknown as number),
    "a list of axes": (x) => np.sum(v, [x as unknown as number]),
    "a slice": (x) => v.get(`:${x as unknown as string}`),
  };
  test.each(Object.entries(uses))("under jit: %s", (_, use) => {
    refused(
      () =>
        jit(function loss(x: ArrayValue) {
          return use(x) as ArrayValue;
        })(np.int32(1)),
      ConcretizationError,
      "trace/concretization",
      "needs a concrete value, but this one is traced: i32[]",
      "It is argument 0 of jit of loss",
      "np.where, lax.cond or a static argument",
    );
  });
  test.each(Object.entries(uses))("under vmap: %s", (_, use) => {
    refused(
      () =>
        vmap(function loss(x: ArrayValue) {
          return use(x) as ArrayValue;
        })(np.array([1, 2], np.int32)),
      ConcretizationError,
      "trace/concretization",
      "traced: i32[]",
      "vmap of loss",
    );
  });
  test("the argument is named by its path", () => {
    refused(
      () => jit((_: number, p: { w: ArrayValue[] }) => p.w[1]!.item())(1, { w: [v, np.int32(2)] }),
      ConcretizationError,
      "trace/concretization",
      "It is argument 1 at .w[1] of jit of <lambda>",
    );
  });
  test("a mask that decides a shape", () => {
    refused(
      () => jit((x: ArrayValue) => x.get(np.greater(x, 0)))(v),
      ConcretizationError,
      "index/boolean",
      "a mask must be concrete",
      "np.where",
    );
  });
  test("on a concrete value under grad it is a number", () => {
    const f = (x: ArrayValue) => ((x as unknown as number) > 0 ? np.square(x) : np.negative(x));
    expect([2, -2].map((x) => grad(f)(np.float32(x)).item())).toEqual([4, -1]);
  });
  test("an array of several elements is no number", () => {
    refused(
      () => (v as unknown as number) > 0,
      ShapeError,
      "numpy/item",
      "exactly one element, got shape (3,)",
    );
    refused(() => v.item(), ShapeError, "numpy/item", "item()", "(3,)");
    refused(() => v.toBool(), ShapeError, "numpy/item", "toBool()");
  });
  test("a value that is printed is described", () => {
    jit((x: ArrayValue) => {
      expect(x.toString()).toContain("float32[3]");
      return x;
    })(v);
  });
});

test("a user's own error passes through every transformation unchanged", () => {
  class Mine extends Error {}
  const f = (_: ArrayValue): ArrayValue => {
    throw new Mine("mine");
  };
  for (const run of [
    () => jit(f)(v),
    () => grad(f)(v),
    () => vmap(f)(v),
    () => jvp(f, [v], [v]),
    () => jit(vmap(grad(f)))(v),
    () => quaxify(jit(f))(new P(v)),
    () => makeJaxpr(f)(v),
  ])
    expect(run).toThrow(Mine);
});

test("a primitive bound on what is no value is refused", () => {
  expect(() => lax.add.bind([v, "a" as never], {})).toThrow(
    'add.bind takes values; operand 1 is the string "a"',
  );
});
