import { describe, expect, test } from "vitest";
import { type ArrayValue, concreteOf } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { convertElementType, cos, floor, mul, sin, stopGradient } from "../../../src/lax/index.ts";
import { array, expectValues, values } from "../arrays.ts";

const primitivesOf = (f: (...args: never[]) => unknown, ...args: unknown[]): string[] =>
  makeJaxpr(f as () => unknown)(...(args as [])).jaxpr.eqns.map((eqn) => eqn.primitive.primitive);

test("the tangent is the derivative along the tangent", () => {
  const [y, t] = jvp(
    (x: ArrayValue, y: ArrayValue) => mul(sin(x), y),
    [array(0.5), array(2)],
    [array(1), array(3)],
  );
  expectValues(y, Math.sin(0.5) * 2);
  expectValues(t, Math.cos(0.5) * 2 + Math.sin(0.5) * 3);
});

test("numbers are weak floats, and so are their tangents", () => {
  const [y, t] = jvp((x: number) => mul(x, x), [3], [1]);
  expectValues(t, 6);
  expect([y.aval, t.aval]).toEqual([
    { shape: [], dtype: "float32", weak: true },
    { shape: [], dtype: "float32", weak: true },
  ]);
});

describe("a structural zero", () => {
  const x = array([1, 2]);
  test("costs no equation", () => {
    const pushed = (x: ArrayValue, t: ArrayValue) =>
      jvp((x: ArrayValue, y: ArrayValue) => mul(sin(x), cos(y)), [x, x], [t, new Zero([2], "float32")]);
    // sin, cos and their product; cos again for the one tangent, and its two products.
    expect(primitivesOf(pushed, x, x)).toEqual(["sin", "cos", "mul", "cos", "mul", "mul"]);
  });
  test("of everything leaves the function as it is", () => {
    const pushed = (x: ArrayValue) => jvp((x: ArrayValue) => sin(sin(x)), [x], [new Zero([2], "float32")]);
    expect(primitivesOf(pushed, x)).toEqual(["sin", "sin"]);
  });
  test("is what an output has that does not depend on the primals, or only through steps", () => {
    const [, [constant, stepped, stopped]] = jvp(
      (x: ArrayValue) => [array(1), floor(x), stopGradient(x)],
      [x],
      [x],
    ) as [unknown, ArrayValue[]];
    for (const t of [constant, stepped, stopped]) expect(t).toBeInstanceOf(Zero);
    expect([constant!.shape, stepped!.shape]).toEqual([[], [2]]);
  });
  test("is of float0 for an integer", () => {
    const [, t] = jvp((x: ArrayValue) => convertElementType(x, "int32"), [x], [x]);
    expect((t as Zero).aval).toEqual({ shape: [2], dtype: "float0", weak: false });
    const [, u] = jvp(
      (n: ArrayValue, x: ArrayValue) => mul(convertElementType(n, "float32"), x),
      [array([1, 2], "int32"), x],
      [new Zero([2], "float0"), x],
    );
    expect(values(u)).toEqual([1, 4]);
  });
});

test("trees go in and out", () => {
  const [out, t] = jvp(
    ({ a, name }: { a: ArrayValue; name: string }) => ({ b: [sin(a)], name }),
    [{ a: array(1), name: "n" }],
    [{ a: array(1), name: "n" }],
  ) as { b: ArrayValue[]; name: string }[];
  expectValues(t!.b[0], Math.cos(1));
  expect([out!.name, t!.name]).toEqual(["n", "n"]);
});

test("aux is passed on, undifferentiated", () => {
  const [y, t, aux] = jvp(
    (x: ArrayValue) => [mul(x, x), { kept: mul(x, 3), note: "n" }],
    [array(2)],
    [array(1)],
    { hasAux: true },
  ) as [ArrayValue, ArrayValue, { kept: ArrayValue; note: string }];
  expectValues(y, 4);
  expectValues(t, 4);
  expectValues(aux.kept, 6);
  expect(aux.note).toBe("n");
});

test("nests, each level with its own tangents", () => {
  const inner = (x: ArrayValue): ArrayValue =>
    jvp((y: ArrayValue) => mul(mul(y, y), x), [x], [array(1)])[1] as ArrayValue; // 2x·x
  const [y, t] = jvp(inner, [array(3)], [array(1)]);
  expectValues(y, 18);
  expectValues(t, 12);
});

test("a perturbation of the outer level is constant to the inner one", () => {
  // d/dx (x · d/dy (x + y)) = 1
  const [, t] = jvp(
    (x: ArrayValue) => mul(x, jvp((y: ArrayValue) => mul(y, 1), [x], [array(1)])[1] as ArrayValue),
    [array(5)],
    [array(1)],
  );
  expectValues(t, 1);
});

test("value-dependent JavaScript control flow works on concrete primals", () => {
  const f = (x: ArrayValue) => (values(concreteOf(x, "the test"))[0]! > 0 ? sin(x) : cos(x));
  expectValues(jvp(f, [array(0.5)], [array(1)])[1], Math.cos(0.5));
});

describe("tangents that do not fit are refused", () => {
  const f = (p: { w: ArrayValue }) => p.w;
  const run = (t: unknown) => () => jvp(f, [{ w: array([1, 2]) }], [t] as never);
  test("by tree", () =>
    expect(run({ v: array([1, 2]) })).toThrow(/the tree of tangents has another structure.*missing "w"/s));
  test("by shape", () =>
    expect(run({ w: array([1, 2, 3]) })).toThrow(
      "jvp: argument 0 at .w: primal and tangent shapes differ: primal (2,), tangent (3,)",
    ));
  test("by dtype", () =>
    expect(run({ w: array([1, 2], "int32") })).toThrow(
      "the tangent has dtype int32, but a primal of dtype float32 has tangents of dtype float32",
    ));
  test("by kind", () => expect(run({ w: "x" })).toThrow('the tangent must be an array, got the string "x"'));
  test("by being no list", () =>
    expect(() => jvp(f, { w: 1 } as never, [])).toThrow(
      "jvp takes its primals as a list, one for each argument of the function, got an object of class Object",
    ));
});
