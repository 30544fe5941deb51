import { describe, expect, test } from "vitest";
import { lookUp } from "./tree-access.ts";
import { DTypeError, ShapeError } from "../../../src/core/errors.ts";
import { type ArrayValue, concreteOf } from "../../../src/core/value.ts";
import { jit } from "../../../src/control/index.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad, valueAndGrad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import {
  add,
  complex,
  conj,
  convertElementType,
  cos,
  dot,
  floor,
  mul,
  neg,
  real,
  reduceSum,
  sin,
  stopGradient,
} from "../../../src/lax/index.ts";
import { array, expectValues, values } from "../arrays.ts";

const sum = (x: ArrayValue): ArrayValue =>
  reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );
const xs = () => array([1, 2, 3]);

describe("vjp", () => {
  test("pulls cotangents back to every primal, as often as it is called", () => {
    let calls = 0;
    const f = (x: ArrayValue, y: ArrayValue) => {
      calls++;
      return mul(sin(x), y);
    };
    const [out, pull] = vjp(f, [array(0.5), array(2)]);
    expectValues(out, Math.sin(0.5) * 2);
    for (const ct of [1, 3]) {
      const [dx, dy] = pull(array(ct)) as unknown as ArrayValue[];
      expectValues(dx, ct * Math.cos(0.5) * 2);
      expectValues(dy, ct * Math.sin(0.5));
    }
    expect(calls).toBe(1);
  });
  test("cotangents and gradients are trees; a Zero among the cotangents costs nothing", () => {
    const f = ({ w, name }: { w: ArrayValue; name: string }) => ({ a: mul(w, 2), b: [mul(w, 3)], name });
    const [, pull] = vjp(f, [{ w: xs(), name: "n" }]);
    const pullAny = pull as (ct: unknown) => { w: ArrayValue; name: string }[];
    const [ct] = pullAny({ a: xs(), b: [new Zero([3], "float32")], name: "n" });
    expect(values(ct!.w)).toEqual([2, 4, 6]);
    expect(ct!.name).toBe("n");
    expect(
      pullAny({ a: new Zero([3], "float32"), b: [new Zero([3], "float32")], name: "n" })[0]!.w,
    ).toBeInstanceOf(Zero);
  });
  test("a scalar's cotangent may be a number", () => {
    const [, pull] = vjp(sum, [xs()]);
    expect(values(pull(2 as never)[0])).toEqual([2, 2, 2]);
  });
  test("integer results take a Zero", () => {
    const [, pull] = vjp((x: ArrayValue) => [sin(x), convertElementType(x, "int32")], [array(0)]);
    expectValues((pull as (ct: unknown) => ArrayValue[])([array(1), new Zero([], "float0")])[0], 1);
  });
  test("aux is passed on", () => {
    const [y, pull, aux] = vjp((x: ArrayValue) => [sum(x), { x2: mul(x, x) }] as const, [xs()], {
      hasAux: true,
    });
    expectValues(y, 6);
    expect(values(lookUp(aux, "x2"))).toEqual([1, 4, 9]);
    expect(values((pull as (ct: unknown) => ArrayValue[])(array(1))[0])).toEqual([1, 1, 1]);
  });
});

describe("grad", () => {
  test("of a scalar function", () =>
    expect(values(grad((x: ArrayValue) => sum(mul(x, x)))(xs()))).toEqual([2, 4, 6]));
  test("nests", () => {
    const cube = (x: ArrayValue) => mul(mul(x, x), x);
    expectValues(grad(grad(cube))(array(2)), 12);
    expectValues(grad(grad(grad(cube)))(array(2)), 6);
  });
  test("of a number is that of a weak float", () => {
    const g = grad((x: number) => mul(x, mul(x, 3)))(2);
    expectValues(g, 12);
    expect((g as ArrayValue).aval).toMatchObject({ dtype: "float32", weak: true });
  });
  test("gives the value too", () => {
    const [value, g] = valueAndGrad((x: ArrayValue) => sum(mul(x, x)))(xs());
    expectValues(value, 14);
    expect(values(g)).toEqual([2, 4, 6]);
  });
  test("value-dependent JavaScript control flow works eagerly", () => {
    const f = (x: ArrayValue): ArrayValue => (values(concreteOf(x, "the test"))[0]! > 0 ? mul(x, x) : neg(x));
    expectValues(grad(f)(array(3)), 6);
    expectValues(grad(f)(array(-3)), -1);
  });

  describe("argnums", () => {
    const f = (x: ArrayValue, y: ArrayValue, { z }: { z: ArrayValue }) => sum(mul(mul(x, y), z));
    const args = [array([2]), array([3]), { z: array([5]) }] as const;
    test("one", () => expectValues(grad(f, { argnums: 1 })(...args), 10));
    test("bare, and from the end", () => {
      expectValues(grad(f, 0)(...args), 15);
      expectValues(lookUp(grad(f, -1 as 2)(...args), "z"), 6);
    });
    test("several, in the order given", () => {
      const [z, x] = grad(f, { argnums: [2, 0] })(...args);
      expectValues(z.z, 6);
      expectValues(x, 15);
    });
    test("a number among the others stays one", () => {
      const power = (x: ArrayValue, n: number) => {
        expect(n).toBe(3);
        return Array.from({ length: n }, () => x).reduce(mul);
      };
      expectValues(grad(power)(array(2), 3), 12);
      expectValues(
        grad(({ x }: { x: ArrayValue }, { n }: { n: number }) => power(x, n))({ x: array(2) }, { n: 3 }).x,
        12,
      );
      expectValues(grad(jit(power, { staticArgnums: 1 }))(array(2), 3), 12);
      expectValues(vmap(grad(power), { inAxes: [0, null] })(array([1, 2]), 3), [3, 12]);
    });
    test("what is not named is constant: its gradient costs nothing", () => {
      const names = makeJaxpr((x: ArrayValue, y: ArrayValue) =>
        grad((x: ArrayValue, y: ArrayValue) => sum(mul(x, cos(y))))(x, y),
      )(xs(), xs()).jaxpr.eqns.map((eqn) => eqn.primitive.primitive);
      expect(names).not.toContain("sin");
    });
    test("out of range, or no integer, is refused", () => {
      expect(() => grad(f, 3)(...args)).toThrow(
        "grad: argnums names argument 3, but the function was called with 3 positional arguments",
      );
      expect(() => grad(f, 0.5)(...args)).toThrow("argnums names argument 0.5");
      expect(() => grad(f, -4)(...args)).toThrow("argnums names argument -4");
    });
  });

  describe("structural zeros", () => {
    test("are Zero where nothing depends on an argument, in its tree", () => {
      const g = grad((p: { a: ArrayValue; b: ArrayValue; c: ArrayValue; k: string }) =>
        sum(add(p.a, floor(p.b))),
      )({ a: xs(), b: xs(), c: xs(), k: "k" });
      expect(values(g.a)).toEqual([1, 1, 1]);
      expect([g.b, g.c].map((x) => (x as unknown as Zero).aval)).toEqual([
        { shape: [3], dtype: "float32", weak: false },
        { shape: [3], dtype: "float32", weak: false },
      ]);
      expect(g.b).toBeInstanceOf(Zero);
      expect(g.k).toBe("k");
    });
    test("survive stopGradient", () => {
      expect(grad((x: ArrayValue) => sum(stopGradient(x)))(xs())).toBeInstanceOf(Zero);
      expect(values(grad((x: ArrayValue) => sum(mul(x, stopGradient(x))))(xs()))).toEqual([1, 2, 3]);
    });
    test("of a constant function", () =>
      expect(grad((_: ArrayValue) => array(1))(xs())).toBeInstanceOf(Zero));
  });

  describe("integers", () => {
    const f = (n: ArrayValue, x: ArrayValue) => sum(mul(convertElementType(n, "float32"), x));
    const n = () => array([1, 2, 3], "int32");
    test("are refused where they are differentiated", () => {
      expect(() => grad(f)(n(), xs())).toThrow(DTypeError);
      expect(() => grad(f)(n(), xs())).toThrow(
        "grad takes real-valued inputs (float), but argument 0 is i32[3]: convert it with astype, leave it out of argnums, or set allowInt",
      );
      expect(() =>
        grad((p: { w: { n: ArrayValue } }) => sum(convertElementType(p.w.n, "float32")))({ w: { n: n() } }),
      ).toThrow("argument 0 at .w.n is i32[3]");
    });
    test("have a Zero of float0 with allowInt", () => {
      const g = grad(f, { allowInt: true })(n(), xs());
      expect((g as unknown as Zero).aval).toEqual({ shape: [3], dtype: "float0", weak: false });
    });
    test("beside a differentiated argument are no trouble", () =>
      expect(values(grad(f, { argnums: 1 })(n(), xs()))).toEqual([1, 2, 3]));
    test("booleans are integers here", () =>
      expect(() => grad((b: ArrayValue) => sum(convertElementType(b, "float32")))(array([true]))).toThrow(
        "bool[1]",
      ));
  });

  describe("complex numbers", () => {
    const z = () => complex(array(1), array(2));
    test("x + iy of which a real number is made have the gradient ∂f/∂x - i ∂f/∂y, as in JAX", () => {
      expect(values(grad((z: ArrayValue) => real(mul(z, z)))(z()))).toEqual([2, 4]);
      expect(values(grad((z: ArrayValue) => real(mul(z, conj(z))))(z()))).toEqual([2, -4]);
    });
    test("of which a complex one is made need holomorphic", () => {
      expect(() => grad((z: ArrayValue) => mul(z, z))(z())).toThrow("c64[]");
      expect(values(grad((z: ArrayValue) => mul(z, z), { holomorphic: true })(z()))).toEqual([2, 4]);
      expect(() => grad((x: ArrayValue) => mul(x, x), { holomorphic: true })(array(1))).toThrow(
        "with holomorphic: true takes complex inputs",
      );
    });
  });

  describe("outputs", () => {
    test("of another shape are refused", () => {
      expect(() => grad((x: ArrayValue) => x)(xs())).toThrow(ShapeError);
      expect(() => grad((x: ArrayValue) => x)(xs())).toThrow(
        "grad is defined for functions with a scalar output; this one has shape (3,): sum it, or use jacrev or vjp",
      );
    });
    test("that are trees, or nothing, are refused", () => {
      expect(() => grad((x: ArrayValue) => [sum(x)])(xs())).toThrow(
        "grad is defined for functions with one scalar output; this one returned",
      );
      expect(() => grad(() => undefined)()).toThrow(
        "argnums names argument 0, but the function was called with 0 positional arguments",
      );
      expect(() => grad((_: ArrayValue) => undefined)(xs())).toThrow("one scalar output");
    });
    test("of integers are refused", () =>
      expect(() => grad((x: ArrayValue) => convertElementType(sum(x), "int32"))(xs())).toThrow(
        "grad needs a real-valued output, got i32[]",
      ));
    test("that are numbers are constants", () =>
      expect(grad((_: ArrayValue) => 0.5)(xs())).toBeInstanceOf(Zero));
  });

  describe("hasAux", () => {
    test("gives the aux beside the gradient, of primal values", () => {
      const [g, aux] = grad(
        (x: ArrayValue) => [sum(mul(x, x)), { x, twice: add(x, x), note: "n" }] as const,
        { hasAux: true },
      )(xs());
      expect(values(g)).toEqual([2, 4, 6]);
      expect(values(aux.twice)).toEqual([2, 4, 6]);
      expect(aux.note).toBe("n");
    });
    test("needs a list of two", () => {
      expect(() => grad((x: ArrayValue) => sum(x), { hasAux: true })(xs())).toThrow(
        "grad: with hasAux the function must return a list [out, aux], got JvpTracer f32[]",
      );
      expect(() => grad((x: ArrayValue) => [sum(x)], { hasAux: true })(xs())).toThrow("got a list of 1");
    });
  });

  test("a gradient of a dot is two dots, no more", () => {
    const loss = (w: ArrayValue, x: ArrayValue) => sum(dot(w, x));
    const w = array([
      [1, 2],
      [3, 4],
    ]);
    const names = makeJaxpr((w: ArrayValue, x: ArrayValue) => grad(loss)(w, x))(w, w).jaxpr.eqns.map(
      (eqn) => eqn.primitive.primitive,
    );
    expect(names.filter((name) => name === "dot_general").length).toBe(2);
  });

  test("the argument is not a function", () => {
    expect(() => grad(3 as never)(1 as never)).toThrow(
      "grad takes a function or a Module with a forward method, got number",
    );
    expect(() => grad(null as never)(1 as never)).toThrow("got null");
  });
});
