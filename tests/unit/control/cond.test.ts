import {
  type ArrayValue,
  customJvp,
  debug,
  grad,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  quaxify,
  register,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { simplify } from "../../../src/compiler/index.ts";
import { P, R } from "../../dispatch-values.ts";

type F = (x: ArrayValue) => ArrayValue;
const positive = (x: ArrayValue) => np.greater(x, 0);
const f: F = (x) =>
  lax.cond(
    positive(x),
    (x) => np.multiply(np.sin(x), x),
    (x) => np.exp(x),
    x,
  );

describe("cond", () => {
  test("runs one of its functions, and only that one", () => {
    const calls: string[] = [];
    const told = (name: string, value: number) => () => {
      debug.callback(() => void calls.push(name));
      return np.array(value);
    };
    const g = (flag: ArrayValue | boolean) => lax.cond(flag, told("then", 1), told("else", 2));
    expect([g(true), g(false), jit(g)(np.array(true))].map((x) => x.item())).toEqual([1, 2, 1]);
    expect(calls).toEqual(["then", "else", "then"]);
  });

  test("a number is true unless it is 0", () => {
    const g = (flag: ArrayValue) =>
      lax
        .cond(
          flag,
          () => 1,
          () => 2,
        )
        .item();
    expect(g(np.array(0.5))).toBe(1);
    expect(g(np.array(0, "int32"))).toBe(2);
  });

  test("operands and results are trees, and booleans among them are data", () => {
    const [sum, { flag }] = lax.cond(
      true,
      ({ a, b }, on) => [np.add(a, b), { flag: np.logicalNot(on) }] as const,
      ({ a }, on) => [a, { flag: on }] as const,
      { a: np.array(1), b: np.array(2) },
      true,
    );
    expect([sum.item(), flag.item()]).toEqual([3, false]);
  });

  test("its derivative is that of the function that runs", () => {
    expect(grad(f)(np.array(1)).item()).toBeCloseTo(Math.sin(1) + Math.cos(1), 5);
    expect(grad(f)(np.array(-1)).item()).toBeCloseTo(Math.exp(-1), 5);
    expect(jvp(f, [np.array(-1)], [np.array(2)])[1].item()).toBeCloseTo(2 * Math.exp(-1), 5);
    expect(linearize(f, [np.array(1)])[1](np.array(1)).item()).toBeCloseTo(Math.sin(1) + Math.cos(1), 5);
  });

  test("residuals of branches share a place where they have one type", () => {
    const { eqns } = makeJaxpr(grad(f))(np.array(1)).jaxpr;
    const [forward, backward] = eqns.filter(({ primitive }) => primitive.primitive === "cond");
    // The result; `sin x` and `cos x` for one branch, `exp x` for the other. `x` itself is there anyway.
    expect(forward!.outputs).toHaveLength(1 + 2);
    expect(backward!.inputs).toHaveLength(1 + 1 + 2 + 1);
    expect(jit(grad(f))(np.array(-1)).item()).toBeCloseTo(Math.exp(-1), 5);
  });

  test("what is unknown in one branch only is known to be zero in the other", () => {
    const g = (x: ArrayValue) =>
      lax.cond(
        positive(x),
        (x) => [x, np.array(1)] as const,
        () => [np.array(3), np.array(2)] as const,
        x,
      );
    expect(
      grad((x: ArrayValue) => np.multiply(...(g(x) as [ArrayValue, ArrayValue])))(np.array(2)).item(),
    ).toBe(1);
    expect(
      grad((x: ArrayValue) => np.multiply(...(g(x) as [ArrayValue, ArrayValue])))(np.array(-2)).item(),
    ).toBe(0);
  });

  test("a condition that differs between examples is a selection; one that does not stays a cond", () => {
    const xs = np.array([1, -1]);
    const separate = vmap(f);
    expect(String(makeJaxpr(separate)(xs))).toContain("select_n");
    expect(String(makeJaxpr(separate)(xs))).not.toContain("cond[");
    expect(separate(xs).toList()).toEqual([f(xs.get(0)), f(xs.get(1))].map((x) => x.item()));
    const together = vmap((x: ArrayValue) =>
      lax.cond(
        true,
        (x) => np.sin(x),
        (x) => x,
        x,
      ),
    );
    expect(String(makeJaxpr(together)(xs))).toContain("cond[");
  });

  test("no gradient comes from the branch that an example does not take", () => {
    const root = (x: ArrayValue) =>
      lax.cond(
        positive(x),
        (x) => np.sqrt(x),
        (x) => np.multiply(0, x),
        x,
      );
    expect(vmap(grad(root))(np.array([4, -1, 0])).toList()).toEqual([0.25, 0, 0]);
  });

  test("functions may use what surrounds them, traced or not", () => {
    const g = (a: ArrayValue, x: ArrayValue) =>
      lax.cond(
        positive(x),
        () => np.multiply(a, x),
        () => a,
      );
    expect(grad(g)(np.array(3), np.array(2)).item()).toBe(2);
    expect(vmap(g, { inAxes: [null, 0] })(np.array(3), np.array([2, -2])).toList()).toEqual([6, 3]);
  });

  test("outputs that nobody wants are not computed", () => {
    const g = (x: ArrayValue) =>
      lax.cond(
        positive(x),
        (x) => [np.sin(x), np.exp(x)] as const,
        (x) => [np.cos(x), np.tanh(x)] as const,
        x,
      )[0];
    const run = jit(g);
    expect(run(np.array(1)).item()).toBeCloseTo(Math.sin(1), 6);
    const program = makeJaxpr((x: ArrayValue) => np.add(g(x), grad(g)(x)))(np.array(1));
    expect(String(program)).toMatch(/exp|tanh/);
    expect(String(simplify(program))).not.toMatch(/exp|tanh/);
  });

  test("an output is weak where it is weak in every branch", () => {
    const weak = (a: () => ArrayValue | number, b: () => ArrayValue | number) =>
      lax.cond(true, a as () => ArrayValue, b as () => ArrayValue).aval.weak;
    expect(
      weak(
        () => 1,
        () => 2,
      ),
    ).toBe(true);
    expect(
      weak(
        () => 1,
        () => np.array(2, "int32"),
      ),
    ).toBe(false);
  });

  test("a Zero in one branch and an array in the other make an array; two Zeros stay one", () => {
    const zero = () => new Zero([2], "float32");
    const mixed = lax.cond(true, zero as () => ArrayValue, () => np.ones([2]));
    expect(mixed).not.toBeInstanceOf(Zero);
    expect(mixed.toList()).toEqual([0, 0]);
    expect(lax.cond(true, zero, zero)).toBeInstanceOf(Zero);
  });
});

describe("switch", () => {
  const branches = [
    (x: ArrayValue) => np.sin(x),
    (x: ArrayValue) => np.cos(x),
    (x: ArrayValue) => np.tanh(x),
  ];

  test("runs the branch of its index, which is clamped", () => {
    const at = (i: number) => lax.switch(i, branches, np.array(0.5)).item();
    expect([-1, 0, 1, 2, 9].map(at)).toEqual(
      [Math.sin, Math.sin, Math.cos, Math.tanh, Math.tanh].map((g) => expect.closeTo(g(0.5), 5)),
    );
  });

  test("with one branch there is no choice", () => {
    const only = (x: ArrayValue) => lax.switch(0, [(x: ArrayValue) => np.sin(x)], x);
    expect(String(makeJaxpr(only)(np.array(1)))).not.toContain("cond");
  });

  test("its batch selects among all branches", () => {
    const run = vmap((i: ArrayValue, x: ArrayValue) => lax.switch(i, branches, x));
    const out = run(np.array([0, 1, 2], "int32"), np.array([1, 1, 1])).toList() as number[];
    expect(out).toEqual([Math.sin(1), Math.cos(1), Math.tanh(1)].map((x) => expect.closeTo(x, 5)));
  });
});

describe("under quaxify", () => {
  const product = (x: ArrayValue, y: ArrayValue) =>
    lax.cond(
      true,
      (x, y) => np.multiply(x, y),
      (x) => x,
      x,
      y,
    );

  test("operations in the branches dispatch, and the class comes out", () => {
    const out = quaxify(product)(new R(np.array(2)), new R(np.array(3)));
    expect(out).toBeInstanceOf(R);
    expect((out as unknown as R).array.item()).toBe(106);
  });

  test("a class in one branch and an array in the other meet as an array", () => {
    const g = (x: ArrayValue) =>
      lax.cond(
        true,
        (x) => x,
        (x) => np.sin(x),
        x,
      );
    expect(quaxify(g)(new P(np.array(2)) as unknown as ArrayValue)).not.toBeInstanceOf(P);
    expect(() => quaxify(g, { strict: true })(new P(np.array(2)) as unknown as ArrayValue)).toThrow(
      /strict mode/,
    );
  });

  test("a structured predicate becomes an array", () => {
    const g = (flag: ArrayValue) =>
      lax.cond(
        flag,
        () => 1,
        () => 2,
      );
    expect(quaxify(g)(new P(np.array(true)) as unknown as ArrayValue).item()).toBe(1);
  });

  test("a rule for cond itself goes first", () => {
    class Flag extends P {}
    register(lax.cond, [Flag], () => [new R(np.array(7))], { rest: P });
    const out = lax.cond.bind([new Flag(np.array(1, "int32"))], { branches: [] });
    expect(out[0]).toBeInstanceOf(R);
  });
});

describe("refuses", () => {
  test("a predicate that is no scalar", () => {
    const f = () =>
      lax.cond(
        np.array([true, false]),
        () => 1,
        () => 2,
      );
    expect(f).toThrow(/cond: the predicate must be a scalar, got bool\[2\].*cond\.test\.ts/);
    expect(() =>
      lax.cond(
        "yes" as never,
        () => 1,
        () => 2,
      ),
    ).toThrow(/the string "yes"/);
  });

  test("branches whose results differ, by path", () => {
    expect(() =>
      lax.cond(
        true,
        () => ({ a: 1, b: 2 }),
        () => ({ a: 1 }) as never,
      ),
    ).toThrow(/they differ at \.b/);
    const types = () =>
      lax.cond(
        true,
        () => ({ a: np.ones([2]) }),
        () => ({ a: np.ones([3]) }),
      );
    expect(types).toThrow(/at \.a: falseFn has f32\[3\], trueFn has f32\[2\]/);
    const dtypes = () =>
      lax.cond(
        true,
        () => 1.5,
        () => np.array(1, "int32") as never,
      );
    expect(dtypes).toThrow(/falseFn has i32\[\], trueFn has f32\[\][^]*astype/);
    expect(() =>
      lax.cond(
        true,
        () => "a",
        () => "b",
      ),
    ).toThrow(/agree in what is not an array.*"b".*"a"/);
  });

  test("what is no function, and no branches at all", () => {
    expect(() => lax.cond(true, 1 as never, () => 2)).toThrow(/trueFn must be a function, got the number 1/);
    expect(() => lax.switch(0, [])).toThrow(/at least one branch/);
    expect(() => lax.switch(0.5, [() => 1, () => 2])).toThrow(/the index must be an integer, got f32\[\]/);
  });
});

test("a batched branch is differentiated in reverse where forward mode went through it first", () => {
  const branch = (x: ArrayValue) =>
    lax.cond(
      positive(x),
      (x) => np.sin(x),
      (x) => np.cos(x),
      x,
    );
  const ruled = customJvp(branch);
  ruled.defjvp(([x], [t]) => jvp(branch, [x as ArrayValue], [t as ArrayValue]) as [ArrayValue, ArrayValue]);
  const xs = np.array([1, -1]);
  const expected = [Math.cos(1), Math.sin(1)].map((x) => expect.closeTo(x, 5));
  for (const f of [ruled, branch]) {
    expect(grad((xs: ArrayValue) => np.sum(vmap(f)(xs)))(xs).toList()).toEqual(expected);
    const along = (xs: ArrayValue) => vmap((x: ArrayValue) => jvp(f, [x], [np.array(2)])[1])(xs);
    expect(grad((xs: ArrayValue) => np.sum(along(xs)))(xs).toList()).toEqual(
      [-2 * Math.sin(1), -2 * Math.cos(-1)].map((x) => expect.closeTo(x, 5)),
    );
  }
});
