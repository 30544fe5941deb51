import {
  type ArrayValue,
  grad,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  quaxify,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { P, R } from "../../dispatch-values.ts";

const double = (x: ArrayValue) =>
  lax.whileLoop(
    (x) => np.less(x, 100),
    (x) => np.multiply(x, 2),
    x,
  );

describe("whileLoop", () => {
  test("runs its body while the condition is true", () => {
    expect(double(np.array(1.5)).item()).toBe(192);
    expect(double(np.array(200)).item()).toBe(200);
  });

  test("carries any tree, and flags", () => {
    const [n, { done }] = lax.whileLoop(
      ([, { done }]) => np.logicalNot(done),
      ([n]) => [np.add(n, 1), { done: np.greater(n, 5) }],
      [0, { done: false }],
    );
    expect([n.item(), done.item()]).toEqual([7, true]);
  });

  test("a plain number takes the dtype that the body gives it", () => {
    const out = lax.whileLoop(
      (x) => np.less(x, 3),
      (x) => np.add(x, 1.5),
      0,
    );
    expect([out.dtype, out.item()]).toEqual(["float32", 3]);
  });

  test("tangents go forward through it", () => {
    expect(jvp(double, [np.array(1.5)], [np.array(1)])[1].item()).toBe(128);
    expect(linearize(double, [np.array(1.5)])[1](np.array(2)).item()).toBe(256);
    expect(jit((x: ArrayValue) => jvp(double, [x], [np.array(1)])[1])(np.array(1.5)).item()).toBe(128);
  });

  test("a tangent that arises in a later step is carried from the first", () => {
    const f = (w: ArrayValue) =>
      lax.whileLoop(
        ([i]) => np.less(i, 3),
        ([i, , y]) => [np.add(i, 1), np.multiply(y, 1), np.add(y, w)] as const,
        [0, np.array(1), np.array(1)] as const,
      )[1];
    expect(jvp(f, [np.array(2)], [np.array(1)])[1].item()).toBe(2);
  });

  test("what no tangent depends on is not part of the loop of tangents", () => {
    const f = (x: ArrayValue) =>
      lax.whileLoop(
        ([i]) => np.less(i, 3),
        ([i, x]) => [np.add(i, 1), np.sin(x)],
        [0, x],
      )[1];
    const text = String(makeJaxpr((x: ArrayValue) => jvp(f, [x], [np.array(1)])[1])(np.array(1)));
    expect(text).toContain("cos");
    expect(text.match(/while\[/g)).toHaveLength(1);
  });

  test("examples take different numbers of steps", () => {
    const run = vmap((n: ArrayValue) =>
      lax.whileLoop(
        ([i]) => np.less(i, n),
        ([i, x]) => [np.add(i, 1), np.multiply(x, 2)],
        [0, np.array(1)],
      ),
    );
    const [steps, powers] = run(np.array([0, 3, 5], "int32"));
    expect([steps.toList(), powers.toList()]).toEqual([
      [0, 3, 5],
      [1, 8, 32],
    ]);
  });

  test("a carry that differs between examples leaves the condition alone where it does not read it", () => {
    const run = vmap((x: ArrayValue) =>
      lax.whileLoop(
        ([i]) => np.less(i, 3),
        ([i, x]) => [np.add(i, 1), np.sin(x)],
        [0, x],
      ),
    );
    const text = String(makeJaxpr(run)(np.ones([4])));
    expect(text).not.toMatch(/select_n|reduce_or/);
    expect(text).toMatch(/i32\[\] \w+:f32\[4\] = while/);
  });

  test("what the body passes on as it is stays one for all examples", () => {
    const run = vmap((n: ArrayValue) => lax.foriLoop(0, n, (_i, x) => np.add(x, 1), np.array(0)));
    const text = String(makeJaxpr(run)(np.array([1, 2], "int32")));
    expect(text).toContain("select_n");
    expect(run(np.array([1, 2], "int32")).toList()).toEqual([1, 2]);
  });

  test("carries that nobody wants are not computed", () => {
    const f = jit((x: ArrayValue) => {
      const loop = lax.whileLoop(
        ([i]) => np.less(i, 3),
        ([i, x, y]) => [np.add(i, 1), np.sin(x), np.exp(y)],
        [0, x, x],
      );
      return loop[1];
    });
    expect(String(makeJaxpr(grad((x: ArrayValue) => lax.stopGradient(f(x))))(np.array(1)))).not.toContain(
      "exp",
    );
    expect(f(np.array(1)).item()).toBeCloseTo(Math.sin(Math.sin(Math.sin(1))), 5);
  });

  test("an initial Zero becomes an array where the body gives one", () => {
    const out = lax.whileLoop(
      (x) => np.less(np.sum(x), 3),
      (x) => np.add(x, 1),
      new Zero([2], "float32") as ArrayValue,
    );
    expect(out.toList()).toEqual([2, 2]);
  });
});

describe("under quaxify", () => {
  test("the body's operations dispatch in every step", () => {
    const cube = (x: ArrayValue) =>
      lax.whileLoop(
        ([i]) => np.less(i, 2),
        ([i, y]) => [np.add(i, 1), np.multiply(y, x)],
        [0, x],
      )[1];
    const out = quaxify(cube)(new R(np.array(2)) as unknown as ArrayValue) as unknown as R;
    expect(out).toBeInstanceOf(R);
    expect(out.array.item()).toBe((2 * 2 + 100) * 2 + 100);
  });

  test("a carry that becomes an array is one from the start, and the miss is reported", () => {
    const f = (x: ArrayValue) =>
      lax.whileLoop(
        (x) => np.less(x, 3),
        (x) => np.add(x, 1),
        x,
      );
    const x = new P(np.array(0)) as unknown as ArrayValue;
    expect(quaxify(f)(x).item()).toBe(3);
    expect(() => quaxify(f, { strict: true })(x)).toThrow(/strict mode/);
  });

  test("a carry that changes its metadata is refused with both structures", () => {
    class Tagged extends P {
      constructor(
        array: ArrayValue,
        readonly tag: number,
      ) {
        super(array);
      }
      static default = (
        prim: { bind(operands: readonly unknown[], params: object): ArrayValue[] },
        operands: readonly { materialise(): ArrayValue }[],
        params: object,
      ) =>
        prim
          .bind(
            operands.map((x) => x.materialise()),
            params,
          )
          .map((x) => new Tagged(x, 1 + Math.max(...operands.map((y) => (y instanceof Tagged ? y.tag : 0)))));
    }
    const f = (x: ArrayValue) => lax.foriLoop(0, np.array(3, "int32"), (_i, c) => np.multiply(c, 2), x);
    const run = jit((n: ArrayValue, x: ArrayValue) => lax.foriLoop(0, n, (_i, c) => np.multiply(c, 2), x));
    expect(() => quaxify(f)(new Tagged(np.array(1), 0) as unknown as ArrayValue)).toThrow(
      /scan: entry 1 of the carry.*one structure/s,
    );
    expect(() =>
      quaxify(run)(np.array(3, "int32"), new Tagged(np.array(1), 0) as unknown as ArrayValue),
    ).toThrow(/whileLoop: entry 2 of the carry.*one structure/s);
  });
});

describe("refuses", () => {
  test("reverse mode, naming the line", () => {
    expect(() => grad(double)(np.array(1.5))).toThrow(
      /reverse-mode differentiation does not work through lax\.whileLoop.*lax\.scan.*while\.test\.ts/s,
    );
    expect(() => jit(grad(double))(np.array(1.5))).toThrow(/reverse-mode/);
  });

  test("a condition that is no boolean scalar", () => {
    const loop = (condition: (x: ArrayValue) => unknown) => () =>
      lax.whileLoop(condition as (x: ArrayValue) => ArrayValue, (x) => x, np.ones([2]));
    expect(loop((x) => np.less(x, 1))).toThrow(/boolean scalar, got bool\[2\]: use np\.any or np\.all/);
    expect(loop((x) => np.sum(x))).toThrow(/boolean scalar, got f32\[\]: compare/);
    expect(loop((x) => [np.less(np.sum(x), 1), 1])).toThrow(/a tree \[\*, \*\]/);
  });

  test("a carry that changes, by path with both types", () => {
    const loop = (body: (c: { a: ArrayValue }) => unknown) => () =>
      lax.whileLoop(() => false, body as (c: { a: ArrayValue }) => { a: ArrayValue }, { a: np.ones([2]) });
    expect(loop(({ a }) => ({ a: np.concatenate([a, a]) }))).toThrow(
      /at \.a: the carry that goes in has f32\[2\], the carry that comes out has f32\[4\]/,
    );
    expect(loop(({ a }) => ({ a: a.astype("int32") }))).toThrow(/f32\[2\].*i32\[2\]/);
    expect(loop(({ a }) => ({ b: a }))).toThrow(/differ at \.a/);
    expect(loop(({ a }) => a)).toThrow(/one structure/);
  });
});
