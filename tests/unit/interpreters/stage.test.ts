import { describe, expect, test } from "vitest";
import { config } from "../../../src/core/config.ts";
import { EscapedTracerError } from "../../../src/core/errors.ts";
import { Literal } from "../../../src/core/jaxpr.ts";
import { showSource } from "../../../src/core/source.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { evalShape, makeJaxpr, ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { hoistConstants, stage } from "../../../src/interpreters/stage.ts";
import { add, dot, mul, neg, sin } from "../../../src/lax/index.ts";
import { array, values } from "../arrays.ts";

const scalar = avalOf([], "float32");
const pair = avalOf([2], "float32");

test("each operation is one equation, in order", () => {
  const { jaxpr } = stage(([x]) => [neg(sin(x!)), x!], [pair], "test");
  expect(jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual(["sin", "neg"]);
  expect(jaxpr.outvars[1]).toBe(jaxpr.invars[0]);
});

test("operations on concrete values are equations too: nothing is computed while staging", () => {
  const { jaxpr } = stage(() => [sin(array([1, 2]))], [], "test");
  expect(jaxpr.eqns.length).toBe(1);
});

test("a scalar constant is a literal, another array one constvar however often it is used", () => {
  const c = array([1, 2]);
  const { jaxpr, consts } = stage(([x]) => [add(add(mul(x!, 2), c), c)], [pair], "test");
  expect(consts.length).toBe(1);
  expect(consts[0]).toBe(c);
  expect(jaxpr.constvars.length).toBe(1);
  expect(jaxpr.eqns[0]!.inputs[1]).toBeInstanceOf(Literal);
  expect(jaxpr.eqns[1]!.inputs[1]).toBe(jaxpr.eqns[2]!.inputs[1]);
});

test("a constant itself may be the result", () => {
  const c = array([1, 2]);
  const closed = stage(() => [c], [], "test");
  const outs = evaluateJaxpr(closed, []);
  expect(outs.length).toBe(1);
  expect(outs[0]).toBe(c);
});

test("hoisted constants are leading inputs", () => {
  const c = array([1, 2]);
  const { closed, consts } = hoistConstants(stage(([x]) => [add(x!, c)], [pair], "test"));
  expect(closed.jaxpr.constvars).toEqual([]);
  expect(values(evaluateJaxpr(closed, [...consts, array([10, 20])])[0])).toEqual([11, 22]);
});

test("tracers of an outer staging are constants of the inner one", () => {
  const outer = stage(
    ([x]) => {
      const inner = stage(([y]) => [mul(x!, y!)], [pair], "inner");
      expect(inner.consts.length).toBe(1);
      expect(inner.consts[0]).toBe(x);
      return evaluateJaxpr(inner, [sin(x!)]);
    },
    [pair],
    "outer",
  );
  expect(outer.jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual(["sin", "mul"]);
});

test("a tracer of a staging that is over is refused, with its origin", () => {
  let leaked: ArrayValue | undefined;
  stage(
    ([x]) => [(leaked = x!)],
    [pair],
    "first",
    (i) => `argument ${i} of mine`,
  );
  expect(() => stage(() => [neg(leaked!)], [], "second")).toThrow(EscapedTracerError);
  expect(() => stage(() => [leaked!], [], "second")).toThrow(
    "second uses a tracer of f32[2] whose transformation has ended. It is argument 0 of mine of first.",
  );
});

describe("the user's line", () => {
  test("is kept with each equation", () => {
    const { jaxpr } = stage(([x]) => [neg(sin(x!))], [scalar], "test");
    for (const { source } of jaxpr.eqns)
      expect(showSource(source)).toMatch(/interpreters\/stage\.test\.ts:\d+:\d+/);
  });
  test("is that of the operation the user called, for all that it is made of", () => {
    const { jaxpr } = stage(([x]) => [dot(x!, x!)], [pair], "test");
    expect(new Set(jaxpr.eqns.map(({ source }) => showSource(source))).size).toBe(1);
  });
  test("is in errors of shape rules, once", () => {
    const bad = () => stage(([x, y]) => [add(x!, y!)], [pair, avalOf([3], "float32")], "test");
    expect(bad).toThrow(
      /^add got incompatible shapes for broadcasting: \(2,\), \(3,\) \(at interpreters\/stage\.test\.ts:\d+:\d+\)$/,
    );
    expect(() =>
      stage(
        () => [
          stage(([x, y]) => [add(x!, y!)], [pair, avalOf([3], "float32")], "inner").consts[0] as ArrayValue,
        ],
        [],
        "outer",
      ),
    ).toThrow(/\(at [^()]*\)$/);
  });
  test("is not captured when config.sources is off", () => {
    config.sources = false;
    try {
      expect(stage(([x]) => [sin(x!)], [scalar], "test").jaxpr.eqns[0]!.source).toBeUndefined();
    } finally {
      config.sources = true;
    }
  });
});

describe("makeJaxpr", () => {
  test("prints as JAX does", () => {
    expect(String(makeJaxpr((x: ArrayValue) => sin(x))(array([1, 2])))).toBe(
      "{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }",
    );
  });
  test("takes numbers, trees and structs for arrays", () => {
    const f = ({ a }: { a: ArrayValue[] }, s: number) => [mul(a[0]!, s), 3];
    expect(String(makeJaxpr(f)({ a: [new ShapeDtypeStruct([2], "float32") as never] }, 1.5))).toBe(
      "{ lambda ; a:f32[2] b:f32[]. let c:f32[2] = mul a b in (c, 3:i32[]) }",
    );
  });
});

describe("evalShape", () => {
  test("is the result with structs for arrays, and computes nothing", () => {
    let calls = 0;
    const shape = evalShape(
      (x: ArrayValue) => {
        calls++;
        return { y: mul(x, x), name: "n" };
      },
      new ShapeDtypeStruct([1000, 1000, 100], "float32"),
    );
    expect(shape.y.shape).toEqual([1000, 1000, 100]);
    expect(shape.y.dtype).toBe("float32");
    expect([shape.name, calls]).toEqual(["n", 1]);
  });
});
