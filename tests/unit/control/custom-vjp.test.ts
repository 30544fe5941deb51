import { describe, expect, test } from "vitest";
import {
  customVjp,
  type CustomVjpPrimal,
  customVjpPrimalTreeValues,
  jit,
} from "../../../src/control/index.ts";
import {
  ArgumentError,
  DifferentiationError,
  DTypeError,
  EscapedTracerError,
  ShapeError,
} from "../../../src/core/errors.ts";
import { type ArrayValue, concreteOf } from "../../../src/core/value.ts";
import { hessian, jacfwd, jacrev } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { add, convertElementType, cos, mul, reduceSum, sin, stopGradient } from "../../../src/lax/index.ts";
import { TreeError } from "../../../src/tree/index.ts";
import { P, R } from "../../dispatch-values.ts";
import { array, expectValues, expectZero, values } from "../arrays.ts";

/** Sine, whose derivative is said to be 100 cos. */
function strange() {
  const f = customVjp((x: ArrayValue) => sin(x));
  f.defvjp(
    (x: ArrayValue) => [f(x), cos(x)],
    (c: ArrayValue, ct: ArrayValue) => [mul(ct, mul(c, 100))],
  );
  return f;
}
const slope = (x: number) => 100 * Math.cos(x);
const bend = (x: number) => -100 * Math.sin(x);

describe("the rule is used by", () => {
  const f = strange();
  const each = (x: ArrayValue) => f(x);
  test("vjp, grad and jacrev", () => {
    expectValues(vjp(f, [array(1)])[1](array(2))[0], 2 * slope(1));
    expectValues(grad(f)(array(1)), slope(1));
    expectValues(jacrev(f)(array([1, 2])), [slope(1), 0, 0, slope(2)]);
  });
  test("every order of jit, vmap, grad and quaxify", () => {
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
      vmap((x: ArrayValue) => vjp(jit(each), [x])[1](array(1))[0]),
    ];
    for (const order of orders) expectValues(order(array([0.5, 1, 2])), [0.5, 1, 2].map(slope));
  });
  test("second derivatives, which differentiate the rules", () => {
    expectValues(grad(grad(f))(array(1)), bend(1));
    expectValues(grad(jit(grad(jit(f))))(array(1)), bend(1));
    expectValues(vmap(grad(grad(f)))(array([1, 2])), [bend(1), bend(2)]);
  });
  test("hessian, also where fwd calls the function: the tangent of its output is not needed", () => {
    expectValues(hessian(f)(array(1)), bend(1));
    expect(() => jvp(grad(f), [array(1)], [array(1)])).toThrow("can't apply forward-mode differentiation");
  });
  test("forward over reverse, where fwd has no customVjp function in it", () => {
    const plain = customVjp((x: ArrayValue) => sin(x));
    plain.defvjp(
      (x: ArrayValue) => [sin(x), cos(x)],
      (c: ArrayValue, ct: ArrayValue) => [mul(ct, mul(c, 100))],
    );
    expectValues(jvp(grad(plain), [array(1)], [array(1)])[1], bend(1));
    expectValues(hessian(plain)(array(1)), bend(1));
    expectValues(jit(hessian(jit(plain)))(array(1)), bend(1));
  });
});

test("undifferentiated, the rules are not run", () => {
  const f = customVjp((x: ArrayValue) => sin(x));
  const never = (): never => {
    throw new Error("not now");
  };
  f.defvjp(never, never);
  expectValues(f(array(1)), Math.sin(1));
  expectValues(jit(f)(array(1)), Math.sin(1));
  expectValues(vmap(f)(array([1, 2])), [Math.sin(1), Math.sin(2)]);
  expectValues(linearize((x: ArrayValue) => f(stopGradient(x)), [array(1)])[0], Math.sin(1));
});

const number = (x: ArrayValue): number => Number(concreteOf(x, "a test").storage[0]);
test("under an eager grad the function and its rules may read numbers", () => {
  const f = customVjp((x: ArrayValue) => (number(add(mul(x, 2), 0)) > 0 ? sin(x) : cos(x)));
  f.defvjp(
    (x: ArrayValue) => [f(x), x],
    (x: ArrayValue, ct: ArrayValue) => [mul(ct, number(x) > 0 ? 2 : 3)],
  );
  expectValues(grad(f)(array(1)), 2);
  expectValues(grad(f)(array(-1)), 3);
  expectValues(grad(grad(f))(array(-1)), 0);
});

describe("forward mode is refused", () => {
  const f = customVjp(function mine(x: ArrayValue) {
    return sin(x);
  });
  f.defvjp(
    (x: ArrayValue) => [f(x), x],
    (x: ArrayValue, ct: ArrayValue) => [mul(ct, x)],
  );
  const t = array(1);
  const refused: [string, () => unknown][] = [
    ["by jvp", () => jvp(f, [t], [t])],
    ["under jit", () => jit((x: ArrayValue) => jvp(f, [x], [t])[1])(t)],
    ["of jit", () => jvp(jit(f), [t], [t])],
    ["by jacfwd", () => jacfwd(f)(t)],
    [
      "by hessian, which is jacfwd of jacrev of it",
      () => hessian((x: ArrayValue) => sin(jvp(f, [x], [t])[1]))(t),
    ],
    ["by the push of linearize", () => linearize(f, [t])[1](t)],
    ["under grad", () => grad((x: ArrayValue) => jvp(f, [x], [t])[1])(t)],
  ];
  test.each(refused)("%s", (_, run) => {
    expect(run).toThrow(DifferentiationError);
    expect(run).toThrow("can't apply forward-mode differentiation");
    expect(run).toThrow("customVjp function mine");
  });
  test("unless the tangent is not used", () => {
    expectValues(jvp(jit(f), [t], [new Zero([], "float32")])[0], Math.sin(1));
  });
});

test("without a rule it can be run, and not differentiated", () => {
  const f = customVjp(function mine(x: ArrayValue) {
    return sin(x);
  });
  expectValues(f(array(1)), Math.sin(1));
  expectValues(jit(f)(array(1)), Math.sin(1));
  expect(() => grad(f)(array(1))).toThrow(
    "no VJP is defined for the customVjp function mine: give it one with defvjp",
  );
});

describe("arguments", () => {
  test("are trees, with static leaves; so are residuals and results", () => {
    type Params = { a: ArrayValue; name: string };
    const f = customVjp((p: Params, x: ArrayValue) => ({ y: mul(p.a, x), tag: p.name }));
    f.defvjp(
      (p: Params, x: ArrayValue) => [f(p, x), { p, x, ten: 10, twice: (t: ArrayValue) => mul(t, 2) }],
      (
        { p, x, ten, twice }: { p: Params; x: ArrayValue; ten: number; twice: (t: ArrayValue) => ArrayValue },
        ct: { y: ArrayValue; tag: string },
      ) => {
        expect([p.name, ct.tag, ten]).toEqual(["n", "n", 10]);
        return [{ a: mul(ct.y, x), name: "" }, twice(mul(mul(ct.y, p.a), ten))];
      },
    );
    for (const run of [grad, (g: never, n: never) => jit(grad(g, n))]) {
      const g = run(((p: Params, x: ArrayValue) => f(p, x).y) as never, [0, 1] as never) as (
        ...args: unknown[]
      ) => [Params, ArrayValue];
      const [p, x] = g({ a: array(2), name: "n" }, array(3));
      expectValues(p.a, 3);
      expectValues(x, 40);
    }
  });
  test("nondiffArgnums come first in bwd, in their order, and in place in fwd", () => {
    type F = (x: ArrayValue) => ArrayValue;
    const f = customVjp((g: F, x: ArrayValue, n: number) => mul(g(x), n), { nondiffArgnums: [2, 0] });
    f.defvjp(
      (g: F, x: ArrayValue, n: number) => [mul(g(x), n), null],
      (n: number, g: F, residuals: null, ct: ArrayValue) => {
        expect([g, residuals]).toEqual([sin, null]);
        return [mul(ct, n * 1000)];
      },
    );
    expectValues(f(sin, array(1), 2), 2 * Math.sin(1));
    expectValues(grad((x: ArrayValue) => f(sin, x, 2))(array(1)), 2000);
    expectValues(vmap(grad((x: ArrayValue) => f(sin, x, 2)))(array([1, 2])), [2000, 2000]);
    expect(() => jit((n: ArrayValue) => f(sin, array(1), n as never))(array(1))).toThrow(
      "argument 2, which nondiffArgnums names, is a traced",
    );
  });
  test("of integers have no cotangent, and results of integers none to give", () => {
    const f = customVjp((x: ArrayValue, n: ArrayValue): [ArrayValue, ArrayValue] => [
      mul(x, convertElementType(n, "float32")),
      n,
    ]);
    f.defvjp(
      (x: ArrayValue, n: ArrayValue) => [f(x, n), n],
      (n: ArrayValue, [ct, none]: [ArrayValue, Zero]) => {
        expectZero(none, [], "float0");
        return [mul(ct, convertElementType(n, "float32")), null];
      },
    );
    const n = array(3, "int32");
    for (const run of [f, jit(f), quaxify(jit(f))])
      expectValues(grad((x: ArrayValue) => run(x, n)[0])(array(2)), 3);
    expectValues(
      vmap(grad((x: ArrayValue, n: ArrayValue) => f(x, n)[0]))(array([1, 2]), array([4, 5], "int32")),
      [4, 5],
    );
  });
  test("that all examples share get the sum of their cotangents", () => {
    const f = customVjp((x: ArrayValue, y: ArrayValue) => mul(x, y));
    f.defvjp(
      (x: ArrayValue, y: ArrayValue) => [f(x, y), [x, y]],
      ([x, y]: [ArrayValue, ArrayValue], ct: ArrayValue) => [mul(ct, y), mul(ct, x)],
    );
    const total = (x: ArrayValue, y: ArrayValue) => reduceSum(vmap(f, { inAxes: [null, 0] })(x, y), [0]);
    for (const g of [grad(total, [0, 1]), jit(grad(total, [0, 1])), grad(jit(total), [0, 1])]) {
      const [x, y] = g(array(2), array([3, 4]));
      expectValues(x, 7);
      expectValues(y, [2, 2]);
    }
  });
});

describe("where nothing depends on an argument, bwd may say so", () => {
  const withZero = (zero: unknown) => {
    const f = customVjp((x: { a: ArrayValue; b: ArrayValue }, y: ArrayValue) => mul(x.a, y));
    f.defvjp(
      (x: { a: ArrayValue }, y: ArrayValue) => [mul(x.a, y), x.a],
      (a: ArrayValue, ct: ArrayValue) => [zero, mul(ct, a)],
    );
    return grad(f, [0, 1])({ a: array(2), b: array(3) }, array(5)) as unknown as [
      { a: unknown; b: unknown },
      ArrayValue,
    ];
  };
  test.each([
    ["null for all of a tree", null],
    ["null for a leaf", { a: null, b: null }],
    ["a Zero", { a: new Zero([], "float32"), b: null }],
  ])("by %s", (_, zero) => {
    const [x, y] = withZero(zero);
    expectZero(x.a, [], "float32");
    expectZero(x.b, [], "float32");
    expectValues(y, 2);
  });
});

describe("zeros", () => {
  test("are arrays in bwd", () => {
    const f = customVjp((x: ArrayValue): [ArrayValue, ArrayValue] => [sin(x), cos(x)]);
    f.defvjp(
      (x: ArrayValue) => [f(x), null],
      (_: null, [s, c]: [ArrayValue, ArrayValue]) => {
        expectValues(c, 0);
        return [s];
      },
    );
    expectValues(grad((x: ArrayValue) => f(x)[0])(array(1)), 1);
  });
  test("or, with symbolicZeros, a Zero; and fwd is told what is differentiated", () => {
    const seen: boolean[][] = [];
    const f = customVjp((x: { a: ArrayValue }, y: ArrayValue): [ArrayValue, ArrayValue] => [mul(x.a, y), y]);
    f.defvjp(
      (x: { a: CustomVjpPrimal }, y: CustomVjpPrimal) => {
        seen.push([x.a.perturbed, y.perturbed]);
        const [plain, factor] = customVjpPrimalTreeValues([x, y]) as [{ a: ArrayValue }, ArrayValue];
        expect(factor).toBe(y.value);
        return [f(plain, factor), factor];
      },
      (y: ArrayValue, [ct, other]: [ArrayValue, ArrayValue]) => [
        { a: mul(ct, y) },
        other instanceof Zero ? null : other,
      ],
      { symbolicZeros: true },
    );
    const first = (x: ArrayValue, y: ArrayValue) => f({ a: x }, y)[0];
    expectValues(grad(first)(array(2), array(3)), 3);
    expect(grad(first, [1])(array(2), array(3))[0]).toBeInstanceOf(Zero);
    expectValues(jit(vmap(grad(jit(first)), { inAxes: [0, null] }))(array([2, 4]), array(3)), [3, 3]);
    expect(seen).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
  });
});

describe("a captured value", () => {
  const family = (inF: boolean, inFwd: boolean, inBwd: boolean) => (c: ArrayValue, x: ArrayValue) => {
    const f = customVjp(function scaled(x: ArrayValue) {
      return inF ? mul(x, c) : mul(x, 2);
    });
    f.defvjp(
      (x: ArrayValue) => [inFwd ? mul(x, c) : mul(x, 2), null],
      (_: null, ct: ArrayValue) => [inBwd ? mul(ct, c) : mul(ct, 7)],
    );
    return f(x);
  };
  test("is refused by name when it is differentiated", () => {
    for (const transform of [
      (f: never) => grad(f, [0, 1]),
      (f: never) => grad(f),
      (f: never) => jit(grad(f)),
      (f: never) => grad(jit(f)),
    ]) {
      const run = () => transform(family(true, false, false) as never)(array(2) as never, array(3) as never);
      expect(run).toThrow(DifferentiationError);
      expect(run).toThrow(
        "the customVjp function scaled captured a value of f32[] that is being differentiated, which its mul reads",
      );
    }
    const inFwd = () => grad(family(false, true, false), [0, 1])(array(2), array(3));
    expect(inFwd).toThrow(DifferentiationError);
    expect(inFwd).toThrow("fwd of the customVjp function scaled captured a value of f32[]");
    expect(() => grad(family(false, false, true), [0, 1])(array(2), array(3))).toThrow(EscapedTracerError);
  });
  test("is not refused where its gradient is stopped inside", () => {
    const frozen = (w: ArrayValue, x: ArrayValue) => {
      const f = customVjp((x: ArrayValue) => mul(x, stopGradient(w)));
      f.defvjp(
        (x: ArrayValue) => [mul(x, 2), null],
        (_: null, ct: ArrayValue) => [mul(ct, 7)],
      );
      return f(x);
    };
    for (const g of [grad(frozen, [0, 1]), jit(grad(frozen, [0, 1])), grad(jit(frozen), [0, 1])]) {
      const [w, x] = g(array(2), array(3));
      expect(w).toBeInstanceOf(Zero);
      expectValues(x, 7);
    }
  });
  test("is seen when it is not", () => {
    const all = family(true, true, true);
    expectValues(grad(all, 1)(array(2), array(3)), 2);
    expectValues(vmap(grad(all, 1))(array([2, 4]), array([3, 3])), [2, 4]);
    expectValues(grad((c: ArrayValue, x: ArrayValue) => all(stopGradient(c), x), 1)(array(2), array(3)), 2);
    const examples = (x: ArrayValue) =>
      reduceSum(vmap(family(true, false, false), { inAxes: [0, null] })(array([2, 4]), x), [0]);
    expectValues(grad(examples)(array(3)), 14);
    expectValues(vmap(family(true, true, true))(array([2, 4]), array([3, 3])), [6, 12]);
  });
});

describe("a rule is refused", () => {
  type Args = { w: ArrayValue };
  const withRules = (fwd: (x: Args) => unknown, bwd: (...args: never[]) => unknown) => {
    const f = customVjp((x: Args) => sin(x.w));
    f.defvjp(fwd as never, bwd as never);
    return () => vjp(f, [{ w: array([1, 2]) }])[1](array([1, 1]));
  };
  const good = (x: Args) => [sin(x.w), null];
  test("for the structure, shape or dtype of what fwd says the function returns", () => {
    expect(
      withRules(
        (x) => [[sin(x.w)], null],
        () => [],
      ),
    ).toThrow(TreeError);
    expect(
      withRules(
        () => [array(1), null],
        () => [],
      ),
    ).toThrow(ShapeError);
    expect(
      withRules(
        () => [array([1, 2], "int32"), null],
        () => [],
      ),
    ).toThrow(
      "fwd of the customVjp function <lambda>: the result is i32[2], but the function returned f32[2]",
    );
  });
  test("for what fwd returns", () => {
    expect(
      withRules(
        (x) => sin(x.w),
        () => [],
      ),
    ).toThrow("must return a list [out, residuals]");
    expect(
      withRules(
        () => Promise.resolve(1),
        () => [],
      ),
    ).toThrow(ArgumentError);
  });
  test("for the cotangents of bwd, by path", () => {
    expect(withRules(good, () => [{ w: array(1) }])).toThrow(ShapeError);
    expect(withRules(good, () => [{ w: array(1) }])).toThrow(
      "bwd of the customVjp function <lambda>: the cotangent of argument 0 at .w is f32[], but the argument is f32[2]",
    );
    expect(withRules(good, () => [{ w: array([1, 1], "int32") }])).toThrow(DTypeError);
    expect(withRules(good, () => [{ w: "one" }])).toThrow("must be an array, Zero or null, got the string");
    expect(withRules(good, () => [{ v: array([1, 1]) }])).toThrow(TreeError);
    expect(withRules(good, () => array([1, 1]))).toThrow(
      "must return a list with one cotangent for each of the 1 differentiated argument",
    );
    expect(withRules(good, () => [null, null])).toThrow("got a list of 2");
    expect(withRules(good, () => Promise.resolve([null]))).toThrow(ArgumentError);
  });
  test("if it is no function", () => {
    expect(() => customVjp(sin).defvjp(1 as never, sin as never)).toThrow(ArgumentError);
    expect(() => customVjp(sin, { nondiffArgnums: [3] })(array(1))).toThrow(ArgumentError);
  });
});

test("the program names the rules", () => {
  const f = strange();
  expect(String(makeJaxpr((x: ArrayValue) => f(x))(array(1)))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[]. let
        b:f32[] = custom_vjp_call[
          name=<lambda>
          bwd=<lambda>
          call_jaxpr={ lambda ; c:f32[]. let d:f32[] = sin c in (d,) }
          fwd=<lambda>
          symbolic_zeros=False
        ] a
      in (b,) }"
  `);
  const w = array([1, 2]);
  const g = customVjp((x: ArrayValue) => mul(x, w));
  g.defvjp(
    function fwd(x: ArrayValue) {
      return [mul(x, w), null];
    },
    function bwd() {
      return [null];
    },
  );
  expect(String(makeJaxpr(g)(array([1, 2])))).toMatchInlineSnapshot(`
    "{ lambda a:f32[2]; b:f32[2]. let
        c:f32[2] = custom_vjp_call[
          name=<lambda>
          bwd=bwd
          call_jaxpr={ lambda ; d:f32[2] e:f32[2]. let f:f32[2] = mul e d in (f,) }
          fwd=fwd
          num_consts=1
          symbolic_zeros=False
        ] a b
      in (c,) }"
  `);
  expect(String(makeJaxpr((x: ArrayValue) => jvp(f, [x], [array(1)])[1])(array(1)))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[]. let
        _:f32[] = custom_vjp_call[
          name=<lambda>
          bwd=<lambda>
          call_jaxpr={ lambda ; b:f32[]. let c:f32[] = sin b in (c,) }
          fwd=<lambda>
          symbolic_zeros=False
        ] a
        d:f32[] = cos a
        e:f32[] = custom_lin[
          bwd=<lambda>
          in_zeros=[False]
          num_res=1
          symbolic_zeros=False
        ] d 1.0:f32[]
      in (e,) }"
  `);
});

describe("quaxify goes inside", () => {
  const twice = customVjp((x: ArrayValue) => mul(x, 2));
  twice.defvjp(
    (x: ArrayValue) => [twice(x), x],
    (_x: ArrayValue, ct: ArrayValue) => [mul(ct, 3)],
  );
  test("of the function, and of its gradient", () => {
    const p = new P(array([1, 2]));
    expect(values(quaxify(twice)(p))).toEqual([2, 4]);
    expect(values(quaxify(grad((x: ArrayValue) => reduceSum(twice(x), [0])))(p))).toEqual([3, 3]);
    expect(values(quaxify(grad((x: ArrayValue) => reduceSum(jit(twice)(x), [0])))(p))).toEqual([3, 3]);
  });
  test("gradients are structured as the value", () => {
    for (const run of [quaxify(twice), jit(quaxify(twice)), quaxify(jit(twice))]) {
      const g = grad((x: P) => reduceSum(run(x), [0]))(new P(array([1, 2])));
      expect(g).toBeInstanceOf(P);
      expect(values((g as P).array)).toEqual([3, 3]);
    }
  });
  test("rules of a class run in fwd and bwd", () => {
    const product = customVjp((x: ArrayValue, y: ArrayValue) => mul(x, y));
    product.defvjp(
      (x: ArrayValue, y: ArrayValue) => [product(x, y), [x, y]],
      ([x, y]: [ArrayValue, ArrayValue], ct: ArrayValue) => [mul(ct, y), mul(ct, x)],
    );
    const [x, y] = [new R(array(2)), new R(array(3))];
    const out = quaxify(product)(x, y) as unknown as R;
    expect(out).toBeInstanceOf(R);
    expectValues(out.array, 106);
    // mul(ct, y) is ct · y + 100 for two of them.
    const g = grad((x: R) => (quaxify(product)(x, y) as unknown as R).array)(x) as unknown as R;
    expect(g).toBeInstanceOf(R);
    expectValues(g.array, 103);
  });
});
