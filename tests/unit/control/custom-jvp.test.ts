import { describe, expect, test } from "vitest";
import { customJvp, jit } from "../../../src/control/index.ts";
import { ArgumentError, DifferentiationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { hessian } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { add, cos, mul, reduceSum, sin } from "../../../src/lax/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues, values } from "../arrays.ts";

/** Sine, whose derivative is said to be 100 cos. */
function strange() {
  const f = customJvp((x: ArrayValue) => sin(x));
  f.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => [f(x), mul(t, mul(cos(x), 100))]);
  return f;
}
const slope = (x: number) => 100 * Math.cos(x);

describe("the rule is used by", () => {
  const f = strange();
  test("jvp, linearize, vjp and grad", () => {
    expectValues(jvp(f, [array(1)], [array(2)])[1], 2 * slope(1));
    expectValues(linearize(f, [array(1)])[1](array(2)), 2 * slope(1));
    expectValues(vjp(f, [array(1)])[1](array(2))[0], 2 * slope(1));
    expectValues(grad(f)(array(1)), slope(1));
  });
  test("every order of jit, vmap, grad and quaxify", () => {
    const each = (x: ArrayValue) => f(x);
    const orders: ((x: ArrayValue) => unknown)[] = [
      jit(vmap(grad(each))),
      vmap(jit(grad(each))),
      vmap(grad(jit(each))),
      jit(vmap(grad(jit(each)))),
      grad((x: ArrayValue) => reduceSum(vmap(each)(x), [0])),
      grad((x: ArrayValue) => reduceSum(jit(vmap(each))(x), [0])),
      grad((x: ArrayValue) => reduceSum(vmap(jit(each))(x), [0])),
      quaxify(
        grad((x: ArrayValue) => reduceSum(jit(vmap(each))(x), [0])),
        { strict: true },
      ),
      grad((x: ArrayValue) => reduceSum(quaxify(jit(vmap(each)), { strict: true })(x), [0])),
      jit((x: ArrayValue) =>
        vmap((x: ArrayValue) => jvp(quaxify(each, { strict: true }), [x], [array(1)])[1])(x),
      ),
    ];
    for (const order of orders) expectValues(order(array([0.5, 1, 2])), [0.5, 1, 2].map(slope));
  });
  test("second derivatives, which differentiate the rule itself", () => {
    expectValues(grad(grad(f))(array(1)), -100 * Math.sin(1));
    expectValues(hessian(f)(array(1)), -100 * Math.sin(1));
    expectValues(grad(jit(grad(jit(f))))(array(1)), -100 * Math.sin(1));
    expectValues(vmap(grad(grad(f)))(array([1, 2])), [-100 * Math.sin(1), -100 * Math.sin(2)]);
  });
});

test("undifferentiated, the rule is not run", () => {
  const f = customJvp((x: ArrayValue) => sin(x));
  f.defjvp((): never => {
    throw new Error("not now");
  });
  expectValues(f(array(1)), Math.sin(1));
  expectValues(jit(f)(array(1)), Math.sin(1));
  expectValues(vmap(f)(array([1, 2])), [Math.sin(1), Math.sin(2)]);
  expect(String(makeJaxpr((x: ArrayValue) => f(x))(array(1)))).toContain("custom_jvp_call[");
});

test("without a rule it can be run, and not differentiated", () => {
  const f = customJvp(function mine(x: ArrayValue) {
    return sin(x);
  });
  expectValues(f(array(1)), Math.sin(1));
  expect(() => grad(f)(array(1))).toThrow(DifferentiationError);
  expect(() => grad(f)(array(1))).toThrow(
    "no JVP is defined for the customJvp function mine: give it one with defjvp or defjvps",
  );
});

describe("defjvps", () => {
  const f = customJvp((x: ArrayValue, y: ArrayValue) => mul(x, y));
  f.defjvps((t: ArrayValue, _out: ArrayValue, _x: ArrayValue, y: ArrayValue) => mul(t, mul(y, 10)), null);
  test("has one rule per argument; null is no dependence", () => {
    expectValues(grad(f)(array(2), array(3)), 30);
    expect(grad(f, 1)(array(2), array(3))).toBeInstanceOf(Zero);
    expectValues(jvp(f, [array(2), array(3)], [array(1), array(1)])[1], 30);
  });
  test("gets the output", () => {
    const exp2 = customJvp((x: ArrayValue) => mul(x, 7));
    exp2.defjvps((t: ArrayValue, out: ArrayValue) => mul(t, out));
    expectValues(grad(exp2)(array(2)), 14);
  });
});

describe("arguments", () => {
  test("are trees, with static leaves", () => {
    const f = customJvp((p: { a: ArrayValue; name: string }, x: ArrayValue) => mul(p.a, x));
    f.defjvp(
      ([p, x]: [{ a: ArrayValue; name: string }, ArrayValue], [pt, t]: [{ a: ArrayValue }, ArrayValue]) => {
        expect(p.name).toBe("n");
        return [mul(p.a, x), add(mul(pt.a, x), mul(mul(p.a, t), 10))];
      },
    );
    const g = grad(f, [0, 1])({ a: array(2), name: "n" }, array(3)) as unknown as [
      { a: ArrayValue; name: string },
      ArrayValue,
    ];
    expectValues(g[0].a, 3);
    expectValues(g[1], 20);
    expect(g[0].name).toBe("n");
  });
  test("nondiffArgnums come first in the rule", () => {
    const f = customJvp((g: (x: ArrayValue) => ArrayValue, x: ArrayValue, n: number) => mul(g(x), n), {
      nondiffArgnums: [0, 2],
    });
    f.defjvp((g: (x: ArrayValue) => ArrayValue, n: number, [x]: [ArrayValue], [t]: [ArrayValue]) => [
      mul(g(x), n),
      mul(t, n * 1000),
    ]);
    expectValues(f(sin, array(1), 2), 2 * Math.sin(1));
    expectValues(grad((x: ArrayValue) => f(sin, x, 2))(array(1)), 2000);
    expect(() => f.defjvps(null)).toThrow("defjvps does not go with nondiffArgnums");
  });
  test("captured by the function are not differentiated by the rule, but seen", () => {
    const g = (c: ArrayValue) => {
      const f = customJvp((x: ArrayValue) => mul(x, c));
      f.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => [f(x), mul(t, c)]);
      return f(array(3));
    };
    expectValues(g(array(2)), 6);
    expectValues(jit(g)(array(2)), 6);
    expectValues(vmap(g)(array([1, 2])), [3, 6]);
    // In what it captured the function is differentiated as it is.
    for (const dg of [grad(g), grad(jit(g)), jit(grad(g))]) expectValues(dg(array(2)), 3);
    expectValues(vmap(grad(g))(array([1, 2])), [3, 3]);
  });
});

describe("tangents", () => {
  const seen: string[] = [];
  const f = customJvp((x: ArrayValue, y: ArrayValue) => add(x, y));
  const rule = ([x, y]: [ArrayValue, ArrayValue], tangents: [ArrayValue, ArrayValue]) => {
    seen.push(...tangents.map((t) => t.constructor.name));
    return [add(x, y), tangents[0]] as const;
  };
  test("that are zero are arrays of zeros", () => {
    f.defjvp(rule);
    seen.length = 0;
    grad((x: ArrayValue) => f(x, array(1)))(array(1));
    expect(seen).not.toContain("Zero");
  });
  test("or a Zero with symbolicZeros", () => {
    f.defjvp(rule, { symbolicZeros: true });
    seen.length = 0;
    grad((x: ArrayValue) => f(x, array(1)))(array(1));
    expect(seen[1]).toBe("Zero");
  });
});

describe("a rule is refused", () => {
  const withRule = (rule: (primals: [ArrayValue], tangents: [ArrayValue]) => unknown) => {
    const f = customJvp((x: ArrayValue) => sin(x));
    f.defjvp(rule as never);
    return () => jvp(f, [array([1, 2])], [array([1, 1])]);
  };
  test("for its tangent's shape, dtype or tree", () => {
    expect(withRule(([x]) => [x, array([1])])).toThrow(ShapeError);
    expect(withRule(([x]) => [x, array([1, 2], "int32")])).toThrow(DTypeError);
    expect(withRule(([x]) => [x, { a: x }])).toThrow(
      "the JVP rule of <lambda>: the result: the tangent must be an array, got an object of class Object",
    );
  });
  test("for what it returns", () => {
    expect(withRule(([x]) => x)).toThrow(ArgumentError);
    expect(withRule(([x]) => [x])).toThrow("must return a list [out, tangentOut], got a list of 1");
    expect(withRule(() => Promise.resolve(1))).toThrow(ArgumentError);
  });
});

test("quaxify goes inside, and keeps what becomes an array an array", () => {
  const relu = customJvp((x: ArrayValue) => mul(x, 2));
  relu.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => [relu(x), mul(t, 3)]);
  expect(values(quaxify((x: ArrayValue) => relu(x))(new P(array([1, 2]))))).toEqual([2, 4]);
  expect(values(quaxify(grad((x: ArrayValue) => reduceSum(relu(x), [0])))(new P(array([1, 2]))))).toEqual([
    3, 3,
  ]);
  const g = grad((x: P) => reduceSum(quaxify((x: ArrayValue) => relu(x))(x), [0]))(new P(array([1, 2])));
  expect(values((g as P).array)).toEqual([3, 3]);
});

test("symbolic zeros come through jit, vmap and quaxify, and the rule may return one", () => {
  const seen: boolean[][] = [];
  const f = customJvp((x: ArrayValue, y: ArrayValue) => mul(x, y));
  f.defjvp(
    ([x, y]: [ArrayValue, ArrayValue], [t, u]: [ArrayValue, ArrayValue]) => {
      seen.push([t instanceof Zero, u instanceof Zero]);
      return [mul(x, y), t instanceof Zero ? t : mul(t, 10)];
    },
    { symbolicZeros: true },
  );
  const run = (x: ArrayValue, y: ArrayValue) => f(x, y);
  for (const g of [grad(run), jit(grad(jit(run))), grad(quaxify(jit(run), { strict: true }))])
    expectValues(g(array(2), array(3)), 10);
  expectValues(jit(vmap(grad(jit(run)), { inAxes: [0, null] }))(array([1, 2]), array(3)), [10, 10]);
  expect(seen.every(([x, y]) => !x && y)).toBe(true);
  expect(grad(run, 1)(array(2), array(3))).toBeInstanceOf(Zero);
  expect(jit(grad(jit(run), 1))(array(2), array(3))).toBeInstanceOf(Zero);
});

test("a rule that captured what it is a rule for is refused by name", () => {
  const run = (c: ArrayValue, x: ArrayValue) => {
    const f = customJvp(function scaled(x: ArrayValue) {
      return mul(x, 2);
    });
    f.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => [mul(x, 2), mul(t, c)]);
    return f(x);
  };
  expectValues(grad(run, 1)(array(7), array(3)), 7);
  expect(() => grad(run, [0, 1])(array(7), array(3))).toThrow(DifferentiationError);
  expect(() => grad(run, [0, 1])(array(7), array(3))).toThrow(
    "the JVP rule of scaled captured a value of f32[] that is being transformed",
  );
});
