import {
  ArrayValue,
  type Aval,
  checkpoint,
  customJvp,
  customVjp,
  DispatchError,
  grad,
  inspect,
  jit,
  jvp,
  lax,
  lora,
  MaterialiseError,
  numpy as np,
  quaxify,
  random,
  register,
  ShapeError,
  values,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { primitives } from "../../../src/core/primitive.ts";
import type { DefaultRule } from "../../../src/interpreters/quax.ts";
import { expectValues, values as numbers } from "../../unit/arrays.ts";

// What Quax 0.4.6 and its examples cannot do, or do wrongly, in the order in which it was found: it holds here.

type F = (...xs: ArrayValue[]) => ArrayValue;

/** Products of two are larger by 100; anything else makes a plain array of it. */
class Marked extends ArrayValue {
  constructor(readonly array: ArrayValue) {
    super();
  }
  override get aval(): Aval {
    return this.array.aval;
  }
  override materialise(): ArrayValue {
    return this.array;
  }
}
register(lax.mul, [Marked, Marked], ([x, y]) => new Marked(lax.add(lax.mul(x.array, y.array), 100)));

/** Stays itself under every primitive. */
class Kept extends Marked {
  static default: DefaultRule = (prim, operands, params) =>
    prim
      .bind(
        operands.map((x) => (x instanceof Kept ? x.array : x)),
        params,
      )
      .map((x) => new Kept(x));
}
register(lax.mul, [Kept, Kept], ([x, y]) => new Kept(lax.mul(x.array, y.array)));

const marked = (x: number | readonly number[]) => new Marked(np.array(x));
const kept = (x: number | readonly number[]) => new Kept(np.array(x));
const metres = (x: number | readonly number[]) => new values.Unitful(np.array(x), values.metre);
const low = (seed: number) =>
  lora.LoraArray.of(
    random.normal(random.key(seed), [2, 2]),
    random.normal(random.key(seed + 1), [2, 1]),
    random.normal(random.key(seed + 2), [1, 2]),
  );
function expectMarked(x: unknown, content: number): void {
  expect(x).toBeInstanceOf(Marked);
  expectValues((x as Marked).array, content);
}

describe("1: customVjp", () => {
  const square = customVjp((x: ArrayValue): ArrayValue => np.multiply(x, x));
  square.defvjp(
    (x: ArrayValue) => [square(x), x],
    (x: ArrayValue, ct: ArrayValue) => [np.multiply(ct, np.multiply(3, x))],
  );
  test("of plain arrays beside a value is that of plain arrays", () => {
    const f = quaxify((x: ArrayValue, _: ArrayValue) => square(x), { strict: true });
    expect(f(np.array(3), marked(1)).item()).toBe(9);
    const g = quaxify((x: ArrayValue, _: ArrayValue) => grad(square)(x), { strict: true });
    expect(g(np.array(3), marked(1)).item()).toBe(9);
  });
  test("of a value is rewritten for it, in both parts of the rule", () => {
    expectMarked(quaxify(square, { strict: true })(marked(2)), 104);
    const gradient = quaxify(grad(square), { strict: true })(kept(2));
    expect(gradient).toBeInstanceOf(Kept);
    expectValues(gradient, 6);
  });
});

describe("2: what holds a program is rewritten", () => {
  test("every primitive that does has a rule for it", () => {
    const holding = [...primitives.values()].filter(({ rules }) =>
      Object.values(rules.params).some((kind) => kind.programs),
    );
    expect(holding.length).toBeGreaterThan(7);
    expect(holding.filter((prim) => !prim.rules.quaxify).map((prim) => prim.primitive)).toEqual([]);
  });
  const square: F = (x) => np.multiply(x!, x!);
  const ruled = customJvp(square);
  ruled.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => [ruled(x), np.multiply(t, x)]);
  test.each<[string, F]>([
    ["checkpoint", checkpoint(square)],
    ["jit", jit(square)],
    ["customJvp", ruled],
    ["cond", (x) => lax.cond(np.array(true), square, square, x!)],
    ["scan", (x) => lax.scan((c: ArrayValue) => [c, square(c)], x!, null, { length: 1 })[1].get(0)],
    ["checkpoint of jit of customJvp", checkpoint(jit(ruled))],
  ])("%s: the rule inside runs", (name, f) => {
    if (name === "scan") expectValues(quaxify(f)(marked(2)), 104);
    else expectMarked(quaxify(f, { strict: true })(marked(2)), 104);
  });
  test("customLinearSolve: the solver sees the value", () => {
    const solve = (a: ArrayValue, b: ArrayValue) =>
      lax.customLinearSolve(
        (x: ArrayValue) => np.multiply(a, x),
        b,
        (_, b: ArrayValue) => np.divide(b, a),
      );
    const out = quaxify(solve, { strict: true })(metres(2), metres([4, 6])) as values.Unitful;
    expect(out.units.equals(values.metre.per(values.metre))).toBe(true);
    expectValues(out.array, [2, 3]);
  });
});

describe("3: a carry that goes in plain and comes out as a value", () => {
  const product = (c: ArrayValue, xs: ArrayValue) =>
    lax.scan((c: ArrayValue, x: ArrayValue) => [np.multiply(c, x), null], c, xs)[0];
  test("has no units that would be those of every step: it is refused", () => {
    const run = () => quaxify(product)(np.array(1), metres([2, 3]));
    expect(run).toThrow(MaterialiseError);
    expect(run).toThrow(/^Refusing to materialise Unitful array.*scan.*a carry before and after the body/s);
  });
  test("is plain in every step where it may be, which is a miss", () => {
    const run = quaxify(product);
    const out = run(np.array(1), marked([2, 3]));
    expect(out).not.toBeInstanceOf(Marked);
    expectValues(out, 6);
    expect(() => quaxify(product, { strict: true })(np.array(1), kept([2, 3]))).toThrow(
      /scan has no rule for \(Kept\) and strict mode forbids.*one class/,
    );
  });
});

describe("4: loops", () => {
  test("a captured value of any number of arrays", () => {
    const steps = (w: ArrayValue, x: ArrayValue) =>
      lax.whileLoop(
        ([n]) => np.less(n, 3),
        ([n, x]) => [np.add(n, 1), np.matmul(w, x)],
        [np.array(0), x] as [ArrayValue, ArrayValue],
      )[1];
    const w = low(0);
    const dense = np.add(w._w, np.matmul(w.a, w.b));
    const x = np.array([1, -1]);
    const cube = np.matmul(dense, np.matmul(dense, np.matmul(dense, x)));
    expectValues(quaxify(steps, { strict: true })(w, x), numbers(cube));
    expect(
      quaxify(steps)(new Zero([2, 2], "float32"), x)
        .materialise()
        .toList(),
    ).toEqual([0, 0]);
  });
  test("a carry that changes its metadata is refused", () => {
    const body = (c: ArrayValue) => np.multiply(c, c);
    const loops = {
      whileLoop: (c: ArrayValue) => lax.whileLoop((c: ArrayValue) => np.less(c, metres(9)), body, c),
      scan: (c: ArrayValue) => lax.foriLoop(0, 3, (_: ArrayValue, c: ArrayValue) => body(c), c),
    };
    for (const [name, loop] of Object.entries(loops)) {
      const run = () => quaxify(loop)(metres(2));
      expect(run).toThrow(DispatchError);
      expect(run).toThrow(new RegExp(`${name}: entry . of the carry.*must have one structure`, "s"));
    }
  });
});

test("5: what needs numbers has those of plain arrays, beside values too", () => {
  const mask = np.array([0, 1, 1]);
  const beside = quaxify((mask: ArrayValue, n: ArrayValue, x: ArrayValue) => [
    np.nonzero(mask)[0]!,
    np.arange(n),
    np.unique(mask),
    np.multiply(x, mask.sum().item() as number),
  ]);
  const [places, range, unique, product] = beside(mask, np.array(3, "int32"), kept(5));
  expect([places, range, unique].map((x) => x!.toList())).toEqual([[1, 2], [0, 1, 2], [0, 1]]); // prettier-ignore
  expectValues((product as Kept).array, 10);
});

test("6: a value that a closure captured dispatches", () => {
  const captured = marked(3);
  const product = (x: ArrayValue) => np.multiply(x, captured);
  for (const f of [
    product,
    quaxify(product),
    quaxify(jit(product)),
    jit(quaxify(product)),
    quaxify(checkpoint(product)),
  ])
    // prettier-ignore
    expectMarked(f(marked(2)), 106);
  expect(jit((x: ArrayValue) => np.add(x, captured))(np.array(1)).item()).toBe(4);
});

describe("7: derivatives inside quaxify", () => {
  const square = (x: ArrayValue) => np.multiply(x, x);
  test("are of the class that their operations make", () => {
    for (const f of [quaxify(grad(square)), quaxify(jit(grad(square))), jit(quaxify(grad(square)))])
      expectValues((f(kept(3)) as Kept).array, 6);
    const gradient = quaxify(grad(square))(metres(3)) as values.Unitful;
    expect(gradient.units.equals(values.metre)).toBe(true);
    expectValues(gradient.array, 6);
  });
  test("take tangents that are values", () => {
    const pushed = quaxify((x: ArrayValue, t: ArrayValue) => jvp(square, [x], [t]));
    const [, tangent] = pushed(metres(3), metres(1));
    expect((tangent as values.Unitful).units.equals(values.metre.pow(2))).toBe(true);
    expectValues((tangent as values.Unitful).array, 6);
  });
  test("outside of it they are of the class of the value, whatever the operations", () => {
    expectMarked(grad((x: Marked) => (quaxify(square)(x) as Marked).array)(marked(3)), 6);
  });
});

test("8: `like` decides what is made like a value; of a plain array, plain arrays are made", () => {
  class Like extends Kept {
    override like(fill: ArrayValue, { shape }: Aval): ArrayValue {
      return new Like(lax.full(shape, fill));
    }
  }
  const made = [np.zerosLike, np.onesLike, np.emptyLike, (x: ArrayValue) => np.fullLike(x, 3)];
  for (const f of made) {
    expect(quaxify(f)(new Like(np.ones([2])))).toBeInstanceOf(Like);
    expect(quaxify((x: ArrayValue, _: Zero) => f(x))(np.ones([2]), new Zero([2], "float32"))).not.toBeInstanceOf(Zero); // prettier-ignore
  }
});

describe("9: two values that both have rules for anything beside them", () => {
  test("a product of two LoraArrays", () => {
    const [x, y] = [low(0), low(3)];
    const dense = ({ _w, a, b }: lora.LoraArray) => np.add(_w, np.matmul(a, b));
    expectValues(
      quaxify((x: ArrayValue, y: ArrayValue) => np.matmul(x, y))(x, y),
      numbers(np.matmul(dense(x), dense(y))),
    );
  });
  test("precedence decides, or a rule for both; otherwise both are named", () => {
    class Left extends Marked {}
    class Right extends Marked {}
    register(lax.sub, [Left, ArrayValue], ([x]) => x.array);
    register(lax.sub, [ArrayValue, Right], ([, y]) => y.array);
    const run = () => np.subtract(new Left(np.array(1)), new Right(np.array(2)));
    expect(run).toThrow(/ambiguous.*register\(sub, \[Left, ArrayValue\]\).*\[ArrayValue, Right\]/s);
    register(lax.sub, [Left, ArrayValue], ([x]) => x.array, { precedence: 1 });
    expectValues(run(), 1);
    register(lax.sub, [Left, Right], () => np.array(-1));
    expectValues(run(), -1);
  });
});

test("10: strict mode forbids to materialise, and explain lists where it happens", () => {
  const f = (x: ArrayValue) => np.sin(np.multiply(x, x));
  expect(() => quaxify(f, { strict: true })(marked(2))).toThrow(DispatchError);
  const { misses } = inspect.explain(quaxify(f))(marked(2));
  expect(misses.map(({ primitive, classes }) => [primitive, ...classes])).toEqual([["sin", "Marked"]]);
  expect(misses[0]!.source).toContain("limitations.test.ts");
});

test("11: params that a rule does not know do it no harm", () => {
  class Simple extends Marked {}
  register(lax.exp, [Simple], ([x]) => x);
  const x = new Simple(np.array(1));
  const [out] = lax.exp.bind([x], { accuracy: null, later: 3 } as never);
  expect(out).toBe(x);
});

test("12: a rule that is registered later is used by what was compiled before", () => {
  class Late extends Marked {}
  const cosine = (x: ArrayValue) => np.cos(x);
  const programs: ((x: ArrayValue) => ArrayValue)[] = [
    jit(quaxify(cosine)),
    quaxify(jit(cosine)),
    quaxify(checkpoint(cosine)),
    quaxify(vmap(jit(cosine))),
    quaxify((x: ArrayValue) => lax.map(cosine, x)),
    quaxify((x: ArrayValue) => lax.cond(np.array(true), cosine, cosine, x)),
  ];
  const x = new Late(np.array([0, 0]));
  for (const f of programs) expectValues(f(x), [1, 1]);
  register(lax.cos, [Late], ([x]) => lax.add(x.array, 7));
  for (const f of programs) expectValues(f(x), [7, 7]);
});

describe("13: corners of the examples", () => {
  test("a Zero annihilates NaN and infinity, as in Quax: it says that there is nothing", () => {
    const out = np.multiply(new Zero([2], "float32"), np.array([NaN, Infinity]));
    expect(out).toBeInstanceOf(Zero);
  });
  test("a Zero is no update of a Zero that is smaller", () => {
    const update = (x: ArrayValue, y: ArrayValue) => lax.dynamicUpdateSlice(x, y, [0]);
    expect(() => quaxify(update)(new Zero([2], "float32"), new Zero([3], "float32"))).toThrow(ShapeError);
  });
  test("units that cancel are no units", () => {
    const ratio = np.divide(metres(6), metres(3)) as values.Unitful;
    expect(ratio.units.equals(values.second.per(values.second))).toBe(true);
    expectValues(np.sin(np.multiply(ratio, 0)), 0);
  });
  test("a NamedArray that came out of an operation may be made to materialise again", () => {
    const open = new values.NamedArray(np.ones([2]), [new values.Axis(2, "a")], { allowMaterialise: true });
    const sum = np.add(open, open) as values.NamedArray;
    expect(() => sum.materialise()).toThrow(MaterialiseError);
    expect(sum.enableMaterialise().materialise().toList()).toEqual([2, 2]);
  });
});

test("14: a rule that returns no value is told so", () => {
  class Wrong extends Marked {}
  register(lax.tanh, [Wrong], () => "nothing" as never);
  const run = () => np.tanh(new Wrong(np.array(1)));
  expect(run).toThrow(DispatchError);
  expect(run).toThrow(
    'a rule of tanh returned the string "nothing": a rule returns a Value, or a list of them',
  );
});

// What it costs is measured in bench.
test("15: quaxify without values is the function itself, and boxes only values", () => {
  const x = np.ones([2]);
  const seen: unknown[] = [];
  const look = (...args: ArrayValue[]) => seen.push(...args);
  quaxify(look)(x);
  quaxify(look)(x, kept(1));
  expect([seen[0] === x, seen[1] === x, seen[2] instanceof Kept]).toEqual([true, true, false]);
});

test("16: what a value stands for is a plain object, which needs no part of the library", () => {
  class Row extends ArrayValue {
    constructor(readonly n: number) {
      super();
    }
    override get aval(): Aval {
      return { shape: [this.n], dtype: "float32", weak: false };
    }
    override materialise(): ArrayValue {
      return np.arange(this.n, { dtype: "float32" });
    }
  }
  const row = new Row(3);
  expect([row.shape, row.dtype, row.ndim, row.size]).toEqual([[3], "float32", 1, 3]);
  expectValues(quaxify((x: ArrayValue) => np.add(x, 1))(row), [1, 2, 3]);
});
