import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { hessian, jacfwd, jacrev } from "../../../src/interpreters/jacobian.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { convertElementType, dot, mul, reduceSum, reshape, sin } from "../../../src/lax/index.ts";
import { array, expectValues, shapeOf, values } from "../arrays.ts";

const a = () =>
  array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const x = () => array([1, -1, 2]);

describe.each([
  ["jacfwd", jacfwd],
  ["jacrev", jacrev],
] as const)("%s", (name, jac) => {
  test("of a linear map is its matrix", () => {
    const j = jac((x: ArrayValue) => dot(a(), x))(x());
    expect(shapeOf(j)).toEqual([2, 3]);
    expect(values(j)).toEqual([1, 2, 3, 4, 5, 6]);
  });
  test("has the axes of the output before those of the input", () => {
    const j = jac((m: ArrayValue) => reshape(mul(m, m), [3, 2]))(a());
    expect(shapeOf(j)).toEqual([3, 2, 2, 3]);
    expect(values(j).reduce((total, value) => total + value)).toBe(2 * 21);
  });
  test("of scalars", () => {
    expectValues(jac((x: ArrayValue) => sin(x))(array(0.5)), Math.cos(0.5));
    expectValues(jac((x: number) => mul(x, 3))(2), 3);
  });
  test("of trees is a tree of the result with trees of the argument at its leaves", () => {
    const f = ({ u, v }: { u: ArrayValue; v: ArrayValue }) => ({ p: mul(u, 2), q: [reduceSum(v, [0])] });
    const j = jac(f)({ u: array([1, 2]), v: array([3, 4, 5]) }) as unknown as {
      p: Record<"u" | "v", ArrayValue>;
      q: Record<"u" | "v", ArrayValue>[];
    };
    expect(values(j.p.u)).toEqual([2, 0, 0, 2]);
    expect(values(j.p.v)).toEqual(Array(6).fill(0));
    expect(values(j.q[0]!.v)).toEqual([1, 1, 1]);
    expect(shapeOf(j.q[0]!.u)).toEqual([2]);
  });
  test("argnums: one or several", () => {
    const f = (x: ArrayValue, y: ArrayValue) => mul(x, y);
    const args = [array([1, 2]), array([3, 4])] as const;
    expect(values(jac(f, { argnums: 1 })(...args))).toEqual([1, 0, 0, 2]);
    const [dx, dy] = jac(f, { argnums: [0, 1] })(...args) as unknown as ArrayValue[];
    expect([values(dx), values(dy)]).toEqual([
      [3, 0, 0, 4],
      [1, 0, 0, 2],
    ]);
  });
  test("aux", () => {
    const [j, aux] = jac((x: ArrayValue) => [mul(x, x), { kept: x }], { hasAux: true })(x()) as unknown as [
      ArrayValue,
      { kept: ArrayValue },
    ];
    expectValues(j, [2, 0, 0, 0, -2, 0, 0, 0, 4]);
    expect(values(aux.kept)).toEqual([1, -1, 2]);
  });
  test("f runs once", () => {
    let calls = 0;
    jac((x: ArrayValue) => (calls++, mul(x, x)))(x());
    expect(calls).toBe(1);
  });
  test("integers are refused", () => {
    expect(() => jac((n: ArrayValue) => convertElementType(n, "float32"))(array([1], "int32"))).toThrow(
      `${name} takes real-valued inputs (float), but argument 0 is i32[1]`,
    );
    expect(() => jac(() => x())()).toThrow(`${name}: the function was called without arguments`);
  });
  test("can be staged", () =>
    expect(makeJaxpr((x: ArrayValue) => jac((x: ArrayValue) => sin(x))(x))(x()).outAvals[0]!.shape).toEqual([
      3, 3,
    ]));
});

test("an output that does not depend on the input has zeros", () => {
  const j = jacfwd((x: ArrayValue) => [x, array([1, 2])])(x()) as unknown as ArrayValue[];
  expect(shapeOf(j[1])).toEqual([2, 3]);
  expect(values(j[1])).toEqual(Array(6).fill(0));
});

test("integer leaves beside the differentiated argument are Zero of float0", () => {
  const j = jacrev((p: { x: ArrayValue }, n: ArrayValue) => mul(p.x, convertElementType(n, "float32")))(
    { x: array([1]) },
    array([3], "int32"),
  ) as unknown as { x: ArrayValue };
  expectValues(j.x, 3);
});

test("jacrev needs inexact outputs, jacfwd gives float0-free zeros", () => {
  expect(() => jacrev((x: ArrayValue) => convertElementType(x, "int32"))(x())).toThrow(
    "jacrev needs real-valued outputs, got i32[3]: use jacfwd",
  );
});

describe("hessian", () => {
  const f = (x: ArrayValue) => reduceSum(mul(mul(x, x), mul(x, sin(x))), [0]);
  test("is jacfwd of jacrev, and of any two", () => {
    const h = values(hessian(f)(x()));
    for (const other of [jacfwd(jacfwd(f)), jacrev(jacrev(f)), jacrev(jacfwd(f))])
      expectValues((other as (x: ArrayValue) => unknown)(x()), h);
  });
  test("of trees has blocks", () => {
    const h = hessian((p: { u: ArrayValue; v: ArrayValue }) => reduceSum(mul(mul(p.u, p.u), p.v), [0]))({
      u: array([1, 2]),
      v: array([3, 4]),
    }) as unknown as Record<"u" | "v", Record<"u" | "v", ArrayValue>>;
    expect(values(h.u.u)).toEqual([6, 0, 0, 8]);
    expect(values(h.u.v)).toEqual([2, 0, 0, 4]);
    expect(values(h.v.u)).toEqual([2, 0, 0, 4]);
    expect(values(h.v.v)).toEqual([0, 0, 0, 0]);
  });
  test("Zero blocks are arrays of zeros", () =>
    expect(hessian((x: ArrayValue) => reduceSum(x, [0]))(x())).not.toBeInstanceOf(Zero));
});
