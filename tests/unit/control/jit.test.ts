import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { jit, type JitOptions } from "../../../src/control/index.ts";
import { config } from "../../../src/core/config.ts";
import { isDonated } from "../../../src/core/donation.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import { type ArrayValue, NDArray } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { register } from "../../../src/interpreters/quax.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { add, convertElementType, mul, neg, reduceSum, sin, sub } from "../../../src/lax/index.ts";
import { multiply } from "../../../src/numpy/elementwise.ts";
import { type NodeKind, nodeKind } from "../../../src/tree/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues, values } from "../arrays.ts";

/** A jitted function, and how often it was traced. */
function counted<Args extends unknown[], R>(f: (...args: Args) => R, options?: JitOptions) {
  const counter = { traces: 0 };
  const body = (...args: Args): R => {
    counter.traces++;
    return f(...args);
  };
  return { f: jit(body, options), counter };
}

const sum = (x: ArrayValue): ArrayValue =>
  reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );

describe("the cache", () => {
  test("a second call with the same signature does not trace", () => {
    const { f, counter } = counted((x: ArrayValue) => sin(x));
    expectValues(f(array([1, 2])), [Math.sin(1), Math.sin(2)]);
    expectValues(f(array([3, 4])), [Math.sin(3), Math.sin(4)]);
    expect(counter.traces).toBe(1);
  });
  test("another shape, dtype or weakness does", () => {
    const { f, counter } = counted((x: ArrayValue | number) => mul(x, x));
    for (const x of [array([1]), array([1, 2]), array([1], "int32"), array(1), 1.5, 1]) f(x);
    expect(counter.traces).toBe(6);
    for (const x of [array([5]), array([5, 6]), array([5], "int32"), array(5), 7.5, 7]) f(x);
    expect(counter.traces).toBe(6);
  });
  test("a changing number does not trace again, unless its kind changes", () => {
    const { f, counter } = counted((x: ArrayValue, rate: number) => multiply(x, rate));
    for (const rate of [0.1, 0.01, 0.001, 1e30]) expectValues(f(array([1]), rate), Math.fround(rate));
    expect(counter.traces).toBe(1);
    f(array([1]), 2);
    f(array([1]), 3);
    expect(counter.traces).toBe(2);
  });
  test("strings, booleans and functions are static", () => {
    const { f, counter } = counted(
      (x: ArrayValue, mode: string, g: (x: ArrayValue) => ArrayValue, on: boolean) =>
        on ? g(x) : mode === "neg" ? neg(x) : x,
    );
    expect(values(f(array([1]), "neg", sin, false))).toEqual([-1]);
    expect(values(f(array([1]), "id", sin, false))).toEqual([1]);
    expectValues(f(array([1]), "id", sin, true), Math.sin(1));
    expect(counter.traces).toBe(3);
    expect(values(f(array([2]), "neg", sin, false))).toEqual([-2]);
    expect(counter.traces).toBe(3);
  });
  test("trees are compared by structure, in any order of keys", () => {
    const { f, counter } = counted((p: { a: ArrayValue; b: ArrayValue[] }) => add(p.a, p.b[0]!));
    expect(values(f({ a: array(1), b: [array(2)] }))).toEqual([3]);
    expect(values(f({ b: [array(20)], a: array(10) }))).toEqual([30]);
    expect(counter.traces).toBe(1);
    f({ a: array(1), b: [array(2), array(3)] });
    expect(counter.traces).toBe(2);
  });
  test("is shared by all jits of one function", () => {
    let traces = 0;
    const body = (x: ArrayValue) => (traces++, neg(x));
    jit(body)(array(1));
    jit(body)(array(2));
    expect(traces).toBe(1);
  });
  test("is bounded, the least recently used program going first", () => {
    const { f, counter } = counted((x: ArrayValue, key: string) => (key ? x : x));
    const x = array(1);
    f(x, "kept");
    for (let i = 0; i < 200; i++) {
      f(x, `key ${i}`);
      f(x, "kept");
    }
    expect(counter.traces).toBe(201);
    f(x, "key 0");
    expect(counter.traces).toBe(202);
  });
  test("a later register, or a change of config, traces again", () => {
    const { f, counter } = counted((x: ArrayValue) => sin(x));
    f(array(1));
    class Unrelated extends P {}
    register(neg, [Unrelated], ([x]) => x);
    f(array(1));
    expect(counter.traces).toBe(2);
    config.enableX64 = true;
    onTestFinished(() => void (config.enableX64 = false));
    f(array(1, "float32"));
    expect(counter.traces).toBe(3);
  });
  test("an error while tracing leaves nothing behind", () => {
    let fail = true;
    const { f, counter } = counted((x: ArrayValue) => {
      if (fail) throw new RangeError("mine");
      return neg(x);
    });
    expect(() => f(array(1))).toThrow(RangeError);
    fail = false;
    expect(values(f(array(1)))).toEqual([-1]);
    expect(counter.traces).toBe(2);
  });
});

describe("closures", () => {
  test("hold their arrays as of the first trace", () => {
    let c = array([10]);
    const { f, counter } = counted((x: ArrayValue) => add(x, c));
    expect(values(f(array([1])))).toEqual([11]);
    c = array([100]);
    expect(values(f(array([1])))).toEqual([11]);
    expect(counter.traces).toBe(1);
  });
  test("over tracers of an outer transformation are traced each time", () => {
    const { f, counter } = counted((x: ArrayValue, y: ArrayValue) => mul(x, y));
    const g = (x: ArrayValue) => jit((y: ArrayValue) => f(x, y))(array(3));
    expectValues(grad(g)(array(2)), 3);
    expectValues(grad(g)(array(5)), 3);
    expect(counter.traces).toBe(1);
    const outer = (x: ArrayValue) => {
      const inner = jit(() => mul(x, x));
      return inner();
    };
    expectValues(grad(outer)(array(3)), 6);
    expectValues(grad(outer)(array(4)), 8);
    expectValues(vmap(outer)(array([1, 2, 3])), [1, 4, 9]);
  });
});

describe("nested", () => {
  const inner = jit((x: ArrayValue) => sin(x));
  const outer = jit((x: ArrayValue) => mul(inner(x), inner(x)));
  test("runs", () => expectValues(outer(array(0.5)), Math.sin(0.5) ** 2));
  test("is a call in the jaxpr", () => {
    const text = String(makeJaxpr(outer)(array(0.5)));
    expect(text.match(/jit\[/g)!.length).toBe(3);
  });
  test("inline: true leaves none", () => {
    const inlined = jit((x: ArrayValue) => sin(x), { inline: true });
    expect(String(makeJaxpr((x: ArrayValue) => inlined(x))(array(1)))).toBe(
      "{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }",
    );
    expectValues(inlined(array(1)), Math.sin(1));
  });
  test("many levels deep", () => {
    let f = (x: ArrayValue): ArrayValue => add(x, 1);
    for (let i = 0; i < 30; i++) {
      const g = f;
      f = jit((x: ArrayValue) => g(x));
    }
    expect(values(f(array(1)))).toEqual([2]);
    expectValues(grad(f)(array(1)), 1);
  });
});

describe("under transformations", () => {
  const f = jit((x: ArrayValue, y: ArrayValue) => mul(sin(x), y));
  test("jvp, grad and vmap go through", () => {
    expectValues(jvp(f, [array(1), array(2)], [array(1), array(0)])[1], 2 * Math.cos(1));
    expectValues(grad(f)(array(1), array(2)), 2 * Math.cos(1));
    expectValues(grad(f, 1)(array(1), array(2)), Math.sin(1));
    expectValues(vmap(f, { inAxes: [0, null] })(array([1, 2]), array(2)), [2 * Math.sin(1), 2 * Math.sin(2)]);
    expectValues(grad(grad(f))(array(1), array(2)), -2 * Math.sin(1));
  });
  test("structural zeros come out as Zero", () => {
    const g = grad(jit((p: { a: ArrayValue; b: ArrayValue }) => sum(p.a)))({ a: array([1]), b: array([1]) });
    expect(values(g.a)).toEqual([1]);
    expect(g.b).toBeInstanceOf(Zero);
    expect(
      jit(grad((p: { a: ArrayValue; b: ArrayValue }) => sum(p.a)))({ a: array([1]), b: array([1]) }).b,
    ).toBeInstanceOf(Zero);
  });
  test("only what depends on the differentiated argument is in the backward program", () => {
    const text = String(
      makeJaxpr((x: ArrayValue, y: ArrayValue) =>
        grad(jit((x: ArrayValue, y: ArrayValue) => mul(x, sin(y))))(x, y),
      )(array(1), array(2)),
    );
    expect(text).not.toContain("cos");
  });
});

describe("static arguments", () => {
  test("are part of the program", () => {
    const { f, counter } = counted(
      (x: ArrayValue, n: number) => {
        for (let i = 0; i < n; i++) x = add(x, x);
        return x;
      },
      { staticArgnums: 1 },
    );
    expect([1, 2, 3, 2].map((n) => values(f(array(1), n))[0])).toEqual([2, 4, 8, 4]);
    expect(counter.traces).toBe(3);
  });
  test("count from the end, and may be several, first ones too", () => {
    const f = jit((a: number, x: ArrayValue, b: string) => (b === "twice" ? mul(x, a * 2) : mul(x, a)), {
      staticArgnums: [0, -1],
    });
    expect(values(f(3, array(1), "twice"))).toEqual([6]);
    expect(values(f(3, array(1), "once"))).toEqual([3]);
  });
  test("compare as Object.is does", () => {
    const { f, counter } = counted((n: number) => array(n), { staticArgnums: 0 });
    for (const n of [NaN, NaN, 0, -0]) f(n);
    expect(counter.traces).toBe(3);
  });
  test("that can change are refused, frozen ones are not", () => {
    const f = jit((x: ArrayValue, o: { n: number }) => mul(x, o.n), { staticArgnums: 1 });
    expect(() => f(array(1), { n: 2 })).toThrow(ArgumentError);
    expect(() => f(array(1), { n: 2 })).toThrow(
      "jit of <lambda>: static argument 1 is an object of class Object, which can change without notice: pass a number, string or function, or freeze it with Object.freeze",
    );
    const frozen = Object.freeze({ n: 2 });
    expect(values(f(array(1), frozen))).toEqual([2]);
    expect(() => jit((x: ArrayValue, _: number[]) => x, { staticArgnums: 1 })(array(1), [1, 2])).toThrow(
      "static argument 1 is a list of 2",
    );
    expect(() => jit((x: ArrayValue) => x, { staticArgnums: 0 })(array(1))).toThrow(
      "static argument 0 is NDArray f32[]",
    );
  });
});

describe("explainCacheMisses", () => {
  const info = vi.spyOn(console, "info").mockImplementation(() => undefined);
  afterEach(() => {
    config.explainCacheMisses = false;
    info.mockClear();
  });
  const explained = (run: () => void): string[] => {
    config.explainCacheMisses = true;
    run();
    return info.mock.calls.map(([text]) => text as string);
  };
  test("says what differs, by path", () => {
    const f = jit(function loss(p: { w: ArrayValue; mode: string }, rate: number) {
      return multiply(p.w, rate);
    });
    const w = array([1]);
    const messages = explained(() => {
      f({ w, mode: "a" }, 0.5);
      f({ w: array([1, 2]), mode: "a" }, 0.5);
      f({ w: array([1, 2]), mode: "a" }, 1);
      f({ w: array([1, 2]), mode: "b" }, 1);
      f({ w: array([1, 2]), mode: "b", more: w } as never, 1);
    });
    expect(messages).toEqual([
      "jit of loss is traced again: argument 0 at .w: f32[1] → f32[2]",
      "jit of loss is traced again: argument 1: f32[] (weak) → i32[] (weak)",
      'jit of loss is traced again: a static leaf: the string "a" → the string "b"',
      expect.stringMatching(/^jit of loss is traced again: the arguments' structure: .* → .*more/),
    ]);
  });
  test("names static arguments, registrations and settings", () => {
    const f = jit((x: ArrayValue, n: number) => mul(x, n), { staticArgnums: 1 });
    const messages = explained(() => {
      f(array(1), 2);
      f(array(1), 3);
      class Other extends P {}
      register(neg, [Other], ([x]) => x);
      f(array(1), 3);
    });
    expect(messages).toEqual([
      "jit of <lambda> is traced again: static argument 0: the number 2 → the number 3",
      "jit of <lambda> is traced again: a rule was registered or a setting changed since",
    ]);
  });
  test("is silent on hits, and when off", () => {
    const f = jit((x: ArrayValue) => neg(x));
    expect(explained(() => [f(array(1)), f(array(2))])).toEqual([]);
    config.explainCacheMisses = false;
    f(array([1]));
    expect(info).not.toHaveBeenCalled();
  });
});

class Scale {
  static readonly [nodeKind]: NodeKind = "fields";
  static traces = 0;
  constructor(
    readonly w: ArrayValue,
    readonly power: number,
  ) {}
  forward(x: ArrayValue): ArrayValue {
    Scale.traces++;
    return this.power === 2 ? mul(mul(this.w, this.w), x) : mul(this.w, x);
  }
}

describe("a Module", () => {
  test("is an argument: others of its class and shapes run the same program, its numbers being static", () => {
    Scale.traces = 0;
    const [a, b, c] = [new Scale(array(2), 1), new Scale(array(3), 1), new Scale(array(3), 2)];
    expect([a, b, c].map((m) => values(jit(m)(array(1)))[0])).toEqual([2, 3, 9]);
    expect(Scale.traces).toBe(2);
  });
  test("takes static arguments, and donated ones, at the positions that its caller counts", () => {
    class Shift {
      static readonly [nodeKind]: NodeKind = "fields";
      constructor(readonly w: ArrayValue) {}
      forward(x: ArrayValue, kind: unknown, y: ArrayValue): ArrayValue {
        return kind === "once" ? sub(x, mul(this.w, y)) : x;
      }
    }
    const w = array(5);
    for (const [staticArgnums, donateArgnums] of [
      [1, 2],
      [-2, -1],
    ] as const) {
      const given = [array(1), array(2)] as const;
      expectValues(jit(new Shift(w), { staticArgnums, donateArgnums })(given[0], "once", given[1]), -9);
      expect([w, ...given].map(isDonated)).toEqual([false, false, true]);
    }
  });
  test("can be differentiated where it is closed over", () =>
    expectValues(grad((w: ArrayValue) => jit(new Scale(w, 2))(array(1)))(array(3)), 6));
});

describe("results", () => {
  test("are trees, with what is no array as it was", () => {
    const f = jit((x: ArrayValue) => ({ y: [x, neg(x)], name: "n", none: null, n: 3 }));
    const out = f(array(1));
    expect(values(out.y[1])).toEqual([-1]);
    expect([out.name, out.none]).toEqual(["n", null]);
    expect(out.n as unknown).toBeInstanceOf(NDArray);
  });
  test("may be the arguments themselves, twice, or nothing", () => {
    const x = array([1]);
    expect(jit((x: ArrayValue) => [x, x])(x).map(values)).toEqual([[1], [1]]);
    expect(jit(() => undefined)()).toBeUndefined();
    expect(values(jit(() => array([4]))())).toEqual([4]);
  });
  test("of integers and booleans", () =>
    expect(values(jit((x: ArrayValue) => convertElementType(x, "bool"))(array([0, 2])))).toEqual([0, 1]));
});

test("unknown options are refused", () => {
  expect(() => jit(sin, { staticArgnum: 1 } as never)).toThrow(
    "jit has no option staticArgnum; did you mean staticArgnums?",
  );
  expect(() => jit(3 as never)).toThrow("jit takes a function or a Module with a forward method, got number");
});

test("the name is that of the function", () =>
  expect(
    jit(function named(x: ArrayValue) {
      return x;
    }).name,
  ).toBe("named"));
