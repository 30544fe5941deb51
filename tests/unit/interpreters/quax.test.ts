import { describe, expect, test } from "vitest";
import { D1, D2, Hi, P, Pr, R, Sub } from "../../dispatch-values.ts";
import { jit } from "../../../src/control/index.ts";
import {
  ArgumentError,
  ConcretizationError,
  DispatchError,
  MaterialiseError,
} from "../../../src/core/errors.ts";
import {
  type ArrayValue,
  type Aval,
  ArrayValue as ArrayValueClass,
  avalOf,
  concreteOf,
  NDArray,
  type Value,
} from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import {
  type DefaultRule,
  type Miss,
  quaxify,
  register,
  withMisses,
} from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import {
  add,
  broadcast,
  cos,
  div,
  dynamicSlice,
  exp,
  fullLike as laxFullLike,
  lt,
  max,
  mul,
  neg,
  reduceSum,
  sin,
  sub,
  tanh,
  topK,
  zerosLikeArray,
} from "../../../src/lax/index.ts";
import { emptyLike, fullLike, onesLike, zerosLike } from "../../../src/numpy/index.ts";
import { nodeKind } from "../../../src/tree/index.ts";
import { array, expectValues, shapeOf, values } from "../arrays.ts";

const r = (x: number | number[]) => new R(array(x));
const p = (x: number | number[]) => new P(array(x));

/** Refuses to become an array. */
class Sealed extends ArrayValueClass {
  override readonly aval = avalOf([], "float32");
}

function expectR(x: unknown, expected: number | number[]): void {
  expect(x).toBeInstanceOf(R);
  expectValues((x as R).array, expected);
}

describe("dispatch order", () => {
  test("a rule for the classes", () => expectR(quaxify(mul)(r(1), r(2)), 102));
  test("a rule for a superclass", () => expectR(quaxify(mul)(new Sub(array(1)), r(2)), 102));
  test("the narrowest rule", () => {
    class Narrow extends R {}
    register(mul, [Narrow, R], ([x]) => x);
    expect(quaxify(mul)(new Narrow(array(1)), r(2))).toBeInstanceOf(Narrow);
    expectR(quaxify(mul)(r(2), new Narrow(array(1))), 102);
  });
  test("ArrayValue matches anything, but is wider than any class", () => {
    class Left extends P {}
    register(add, [Left, ArrayValueClass], () => array(-1));
    register(add, [Left, R], () => array(-2));
    expect(values(quaxify(add)(new Left(array(1)), array(5)))).toEqual([-1]);
    expect(values(quaxify(add)(new Left(array(1)), p(5)))).toEqual([-1]);
    expect(values(quaxify(add)(new Left(array(1)), r(5)))).toEqual([-2]);
  });
  test("equally narrow rules are an error that lists them", () => {
    const run = () => quaxify(sub)(new Hi(array(1)), new Hi(array(2)));
    expect(run).toThrow(DispatchError);
    expect(run).toThrow(
      /^sub is ambiguous for operands of classes \(Hi, Hi\)\. Candidates:\n {2}register\(sub, \[Hi, ArrayValue\]\)\n {2}register\(sub, \[ArrayValue, Hi\]\)\nRegister a rule for exactly these classes/,
    );
  });
  test("unless one has precedence", () =>
    expect(values(quaxify(sub)(new Pr(array(1)), new Pr(array(2))))).toEqual([1]));
  test("precedence does not make a wide rule beat a narrow one", () => {
    class Wide extends P {}
    register(div, [ArrayValueClass, Wide], () => array(-1), { precedence: 9 });
    register(div, [Wide, Wide], () => array(-2));
    expect(values(quaxify(div)(new Wide(array(1)), new Wide(array(1))))).toEqual([-2]);
  });
  test("the one default among the operands' classes", () => {
    const out = quaxify(add)(new D1(array(1)), p(2));
    expect(out).toBeInstanceOf(D1);
    expectValues((out as unknown as D1).array, 3);
    expect(quaxify(add)(new D1(array(1)), new D1(array(1)))).toBeInstanceOf(D1);
  });
  test("several defaults are an error", () => {
    expect(() => quaxify(add)(new D1(array(1)), new D2(array(2)))).toThrow(
      "add: several classes define a default rule: D1, D2; register(lax.add, [D1, D2], (operands, params) => …) would decide",
    );
  });
  test("of several defaults that of the highest precedence; one that returns null has nothing to say", () => {
    class First extends D1 {
      static override default: DefaultRule = (prim) => (prim === add ? new First(array(-1)) : null);
      static readonly defaultPrecedence = 1;
    }
    const [first, second] = [new First(array(1)), new D2(array(2))];
    expect(quaxify(add)(first, second)).toBeInstanceOf(First);
    expect(quaxify(add)(second, first)).toBeInstanceOf(First);
    const product = quaxify(mul)(first, second);
    expect(product).not.toBeInstanceOf(P);
    expectValues(product, 2);
  });
  test("a rule beats a default", () => {
    register(max, [D1, ArrayValueClass], () => array(-5));
    expect(values(quaxify(max)(new D1(array(1)), new D2(array(2))))).toEqual([-5]);
  });
  test("otherwise every operand becomes an array", () => {
    const out = quaxify(mul)(r(1), array(2));
    expect(out).toBeInstanceOf(NDArray);
    expect(values(out)).toEqual([2]);
    expectValues(quaxify(sin)(p(1)), Math.sin(1));
  });
  test("a value that refuses is an error naming the rule that is missing", () => {
    const run = () => quaxify(add)(new Sealed(), array(1));
    expect(run).toThrow(MaterialiseError);
    expect(run).toThrow(
      "Sealed cannot be turned into a plain array (add has no rule for it: allow it to materialise, or register(lax.add, [Sealed, ArrayValue], (operands, params) => …))",
    );
  });
  test("operands after the signature match `rest`", () => {
    class Row extends P {}
    register(dynamicSlice, [Row], ([x], { sliceSizes }) => new Row(dynamicSlice(x.array, [0], sliceSizes)), {
      rest: ArrayValueClass,
    });
    expect(quaxify((x: ArrayValue) => dynamicSlice(x, [1], [2]))(new Row(array([1, 2, 3])))).toBeInstanceOf(
      Row,
    );
  });
});

describe("register", () => {
  test("returns the rule", () => {
    const rule = ([x]: readonly [R]) => x;
    expect(register(tanh, [R], rule)).toBe(rule);
  });
  test("the same classes again replace the rule", () => {
    class A extends P {}
    register(neg, [A], () => array(1));
    register(neg, [A], () => array(2));
    expect(values(neg(new A(array(0))))).toEqual([2]);
  });
  test("a later rule reaches functions that are compiled already", () => {
    class Late extends P {}
    const f = quaxify(jit((x: ArrayValue) => cos(x)));
    const g = jit(quaxify((x: ArrayValue) => cos(x)));
    const x = new Late(array(0));
    expect([values(f(x)), values(g(x))]).toEqual([[1], [1]]);
    register(cos, [Late], () => array(7));
    expect([values(f(x)), values(g(x))]).toEqual([[7], [7]]);
  });
  test("what is no primitive, or no list of classes, is refused", () => {
    expect(() => register(Math.sin as never, [R] as never, () => array(1))).toThrow(
      "register takes a primitive such as lax.mul, got the function sin",
    );
    expect(() => register(sin, ["R" as never], () => array(1))).toThrow(
      'register(sin): the signature is a list of classes, one for each operand, got the string "R"',
    );
    expect(() => register({} as never, [R] as never, () => array(1))).toThrow(ArgumentError);
    expect(() => register(sin, [R], () => array(1), { precedense: 1 } as never)).toThrow(
      "register has no option precedense; did you mean precedence?",
    );
  });
  test("what is refused leaves nothing behind", () => {
    class Untouched extends P {}
    const bad: readonly [signature: unknown, run: unknown, options: object, message: string][] = [
      [
        5,
        () => array(1),
        {},
        "register(sin): the signature is a list of classes, one for each operand, got the number 5",
      ],
      [[Number], () => array(1), {}, "register(sin): Number is no subclass of Value, so no operand has it"],
      [[Untouched], undefined, {}, "register(sin): the rule is a function, got undefined"],
      [
        [Untouched],
        () => array(1),
        { precedence: NaN },
        "register(sin): precedence must be a finite number, got the number NaN",
      ],
      [
        [Untouched],
        () => array(1),
        { rest: 3 },
        "register(sin): the signature is a list of classes, one for each operand, got the number 3",
      ],
    ];
    for (const [signature, run, options, message] of bad) {
      const attempt = () => register(sin, signature as never, run as never, options as never);
      expect(attempt).toThrow(ArgumentError);
      expect(attempt).toThrow(message);
    }
    expect(() => register(null as never, [R] as never, () => array(1))).toThrow(
      "register takes a primitive such as lax.mul, got null",
    );
    expectValues(sin(new Untouched(array(1))), Math.sin(1));
  });
  test("a rule must return values", () => {
    class Bad extends P {}
    register(exp, [Bad], () => 3 as never);
    expect(() => exp(new Bad(array(1)))).toThrow(
      "a rule of exp returned the number 3: a rule returns a Value, or a list of them",
    );
  });
  test("a plain array that a rule returns has the shape and dtype that the primitive gives", () => {
    class Odd extends P {}
    register(exp, [Odd], () => array([1, 2]));
    register(lt, [Odd, Odd], () => array(1));
    register(topK, [Odd], ([x]) => x.array);
    expect(() => exp(new Odd(array(1)))).toThrow(DispatchError);
    expect(() => exp(new Odd(array(1)))).toThrow(
      "a rule of exp for (Odd) returned the array f32[2], where f32[] is due for operands Odd f32[]",
    );
    expect(() => jit(quaxify((x: ArrayValue) => lt(x, x)))(new Odd(array(1)))).toThrow(
      "a rule of lt for (Odd, Odd) returned the array f32[], where bool[] is due",
    );
    expect(() => topK(new Odd(array([1, 2])), 1)).toThrow("returned a list of 1, where a list of 2 is due");
  });
  test("where the primitive would refuse the operands, or the result is a structured value, the rule decides", () => {
    class Free extends P {}
    register(add, [Free, Free], ([x, y]) => mul(x.array, reduceSum(y.array, [0])));
    register(neg, [Free], () => new Free(array([1, 2, 3])));
    expect(values(add(new Free(array([2, 3])), new Free(array([1, 2, 3]))))).toEqual([12, 18]);
    expect(shapeOf(neg(new Free(array(1))))).toEqual([3]);
  });
  test("an error in a rule reaches the user as it is", () => {
    class Throws extends P {}
    register(exp, [Throws], () => {
      throw new RangeError("mine");
    });
    expect(() => quaxify(jit((x: ArrayValue) => exp(x)))(new Throws(array(1)))).toThrow(RangeError);
  });
});

describe("bare values", () => {
  test("dispatch without quaxify", () => {
    expectR(mul(r(1), r(2)), 102);
    expect(values(add(r(1), r(2)))).toEqual([3]);
  });
  test("in closures, inside every transformation", () => {
    const [two, three] = [r([2, 3]), r(3)];
    expectR(quaxify((x: ArrayValue) => mul(x, two))(r([1, 1])), [102, 103]);
    expectR(quaxify(jit((x: ArrayValue) => mul(x, two)))(r([1, 1])), [102, 103]);
    expectR(quaxify(vmap((x: ArrayValue) => mul(x, three)))(r([1, 2])), [103, 106]);
    expectR(quaxify((x: ArrayValue) => vjp((y: ArrayValue) => mul(y, two), [x])[0])(r([1, 1])), [102, 103]);
    const f = (x: ArrayValue) => reduceSum(add(x, two), [0]);
    expect(values(jit(f)(array([1, 1])))).toEqual([7]);
    expect(values(grad(f)(array([1, 1])))).toEqual([1, 1]);
    expect(
      values(
        vmap((x: ArrayValue) => reduceSum(add(x, two), [0]))(
          array([
            [1, 1],
            [2, 2],
          ]),
        ),
      ),
    ).toEqual([7, 9]);
  });
});

describe("inside quaxify", () => {
  test("a value is opaque, with the aval it stands for", () => {
    quaxify((x: ArrayValue) => {
      expect(x).not.toBeInstanceOf(R);
      expect([x.shape, x.dtype]).toEqual([[2], "float32"]);
      return x;
    })(r([1, 2]));
  });
  test("its number is not known, and the error says what it stands for", () => {
    const run = () => quaxify((x: ArrayValue) => concreteOf(x, "the test"))(r(1));
    expect(run).toThrow(ConcretizationError);
    expect(run).toThrow(/It stands for a R inside quaxify of/);
  });
  test("plain arrays are as they are, so value-dependent control flow works on them", () => {
    const f = quaxify((x: ArrayValue, y: ArrayValue) => (values(y)[0]! > 0 ? mul(x, x) : x));
    expectR(f(r(1), array(1)), 101);
  });
  test("rules run outside: operations in them do not come back to the same trace", () => {
    class Outside extends P {}
    register(tanh, [Outside], ([x]) => new Outside(tanh(x.array)));
    expectValues((quaxify(tanh)(new Outside(array(1))) as unknown as Outside).array, Math.tanh(1));
  });
  test("results come back in their trees, with all that is no value untouched", () => {
    const out = quaxify((x: ArrayValue) => ({ a: [x, null, "s", 3], b: mul(x, x) }))(r(2)) as unknown as {
      a: unknown[];
      b: unknown;
    };
    expectR(out.a[0], 2);
    expect(out.a.slice(1)).toEqual([null, "s", 3]);
    expectR(out.b, 104);
  });
  test("nested quaxify changes nothing", () => expectR(quaxify(quaxify(mul))(r(1), r(2)), 102));
  test("a value that is made inside keeps its class, whatever it is made of", () => {
    const square = quaxify((x: ArrayValue) => mul(x, mul(x, x)));
    const made = (x: ArrayValue) => (square(new R(x)) as unknown as R).array;
    expect(values((quaxify(made)(new D1(array(1))) as unknown as D1).array)).toEqual([201]);
    const known = (x: ArrayValue) => add(x, (square(new R(array(1))) as unknown as R).array);
    expect(values((quaxify(known)(new D1(array(1))) as unknown as D1).array)).toEqual([202]);
  });
});

describe("filterSpec", () => {
  const seen: boolean[] = [];
  const look = (x: Value, y: Value) => {
    seen.push(x instanceof R, y instanceof R);
    return [x, y] as const;
  };
  test.each([
    [false, [true, true]],
    [
      [true, false],
      [false, true],
    ],
    [(x: unknown) => !(x instanceof Sub), [false, true]],
  ])("%o decides what is boxed", (filterSpec, expected) => {
    seen.length = 0;
    const [x, y] = quaxify(look, { filterSpec })(r(1), new Sub(array(2)));
    expect(seen).toEqual(expected);
    expect([x, y].every((value) => value instanceof R)).toBe(true);
  });
});

describe("filterSpec of a Module", () => {
  class Scale {
    static readonly [nodeKind] = "fields";
    constructor(readonly by: ArrayValue) {}
    forward(x: ArrayValue): ArrayValue {
      seen.push(this.by instanceof R);
      return mul(this.by, x);
    }
  }
  const seen: boolean[] = [];
  test.each([
    [true, false],
    [false, true],
    [(leaf: unknown) => !(leaf instanceof R), true],
    [[false], false],
  ])("%o holds for its fields too, a tree of the arguments does not", (filterSpec, bare) => {
    seen.length = 0;
    expectR(quaxify(new Scale(r(2)), { filterSpec })(r(1)), 102);
    expect(seen).toEqual([bare]);
  });
  test("what says neither yes nor no is refused", () => {
    expect(() => quaxify(mul, { filterSpec: "yes" })(r(1), r(2))).toThrow(
      'quaxify: filterSpec is a boolean, a function of a leaf, or a prefix tree of those; got the string "yes"',
    );
    expect(() => quaxify(mul, { filterSpec: [true, null] })(r(1), r(2))).toThrow(ArgumentError);
  });
});

describe("like", () => {
  /** Stays itself when an array like it is made. */
  class Kept extends P {
    override like(fill: ArrayValue, { shape }: Aval): ArrayValue {
      return new Kept(broadcast(fill, shape));
    }
  }
  const kept = new Kept(array([1, 2]));
  const likes: readonly ((x: ArrayValue) => ArrayValue)[] = [
    (x) => zerosLike(x),
    (x) => onesLike(x),
    (x) => emptyLike(x),
    (x) => fullLike(x, 3),
    (x) => laxFullLike(x, 3),
    zerosLikeArray,
  ];
  const contents = [0, 1, 0, 3, 3, 0];
  test.each(likes.map((f, i) => [f, contents[i]!] as const))(
    "%o has the class that `like` makes",
    (f, content) => {
      for (const g of [f, quaxify(f), jit(quaxify(f)), quaxify(jit(f))] as const) {
        const made = g(kept);
        if (g === likes[0]) expect(made).toBeInstanceOf(Kept);
        expect(values(made)).toEqual([content, content]);
      }
      expect(quaxify(f)(kept)).toBeInstanceOf(Kept);
      expect(f(new P(array([1, 2])))).not.toBeInstanceOf(P);
    },
  );
  test("gets the shape and the dtype that were asked for", () => {
    const made = quaxify((x: ArrayValue) => onesLike(x, { shape: [3], dtype: "int32" }))(kept);
    expect(made).toBeInstanceOf(Kept);
    expect([made.shape, made.dtype]).toEqual([[3], "int32"]);
  });
  test("reaches through jvp; a fill with a tangent keeps it", () => {
    const pushed = quaxify((x: ArrayValue) => jvp((y: ArrayValue) => onesLike(y), [x], [array([1, 1])])[0]);
    expect(pushed(kept)).toBeInstanceOf(Kept);
    const [, t] = jvp((c: ArrayValue) => laxFullLike(kept, c), [array(2)], [array(1)]);
    expectValues(t, [1, 1]);
  });
  test("reaches through vmap, along any axis; a fill that differs between examples is broadcast", () => {
    const table = new Kept(array([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
    for (const inAxes of [0, 1]) {
      const made = quaxify(vmap(onesLike, { inAxes, outAxes: inAxes }))(table);
      expect([made.constructor, made.shape]).toEqual([Kept, [3, 2]]);
      const resized = quaxify(vmap((x: ArrayValue) => onesLike(x, { shape: [] }), { inAxes }))(table);
      expect([resized.constructor, resized.shape]).toEqual([Kept, [inAxes === 0 ? 3 : 2]]);
    }
    const filled = quaxify(vmap((x: ArrayValue, c: ArrayValue) => laxFullLike(x, c)))(
      table,
      array([1, 2, 3]),
    );
    expect(filled).not.toBeInstanceOf(Kept);
    expect(values(filled)).toEqual([1, 1, 2, 2, 3, 3]);
  });
  test("an array to fill with is broadcast, as a plain one", () =>
    expect(fullLike(kept, [3, 4])).not.toBeInstanceOf(Kept));
});

describe("strict", () => {
  const f = (x: ArrayValue) => sin(mul(x, x));
  test("forbids to materialise, and shows the missing rule", () => {
    const run = () => quaxify(f, { strict: true })(r(1));
    expect(run).toThrow(DispatchError);
    expect(run).toThrow(
      /sin has no rule for \(R\) and strict mode forbids to materialise.*register\(lax\.sin, \[R\]/,
    );
  });
  test("holds inside jit, and only inside the call", () => {
    expect(() => quaxify(jit(f), { strict: true })(r(1))).toThrow(DispatchError);
    expectValues(quaxify(jit(f))(r(1)), Math.sin(101));
    expectValues(quaxify(f)(r(1)), Math.sin(101));
  });
  test("says nothing where rules suffice", () => expectR(quaxify(mul, { strict: true })(r(1), r(2)), 102));
});

describe("withMisses", () => {
  test("tells of each operation that materialised, with its line if staged", () => {
    const misses: Miss[] = [];
    const out = withMisses(
      (miss) => misses.push(miss),
      () => quaxify((x: ArrayValue) => add(sin(x), mul(x, x)))(r(1)),
    );
    expectValues(out, Math.sin(1) + 101);
    expect(misses.map(({ primitive, classes }) => `${primitive}(${classes.join(", ")})`)).toEqual([
      "sin(R)",
      "add(NDArray, R)",
    ]);
    withMisses(
      (miss) => misses.push(miss),
      () => jit(quaxify((x: ArrayValue) => sin(x)))(r(3)),
    );
    expect(misses.at(-1)!.source).toMatch(/quax\.test\.ts:\d+/);
  });
  test("hears nothing afterwards", () => {
    const misses: Miss[] = [];
    withMisses(
      (miss) => misses.push(miss),
      () => undefined,
    );
    sin(r(1));
    expect(misses).toEqual([]);
  });
});

describe("with other transformations", () => {
  test("jit, in both orders", () => {
    expectR(jit(quaxify(mul))(r(1), r(2)), 102);
    expectR(quaxify(jit((x: ArrayValue, y: ArrayValue) => mul(x, y)))(r(1), r(2)), 102);
  });
  test("vmap, in both orders", () => {
    expectR(vmap(quaxify((x: ArrayValue, y: ArrayValue) => mul(x, y)))(r([1, 2]), r([3, 4])), [103, 108]);
    expectR(quaxify(vmap((x: ArrayValue, y: ArrayValue) => mul(x, y)))(r([1, 2]), r([3, 4])), [103, 108]);
  });
  test("gradients with respect to a value have its class", () => {
    const g = grad((x: R) => quaxify((x: ArrayValue) => mul(x, 3))(x as unknown as ArrayValue))(r(2));
    expectR(g, 3);
  });
  test("jvp inside sees an opaque array: its tangent is one", () => {
    const pushed = quaxify((x: ArrayValue) => jvp((y: ArrayValue) => mul(y, y), [x], [array(1)]));
    const [y, t] = pushed(r(2));
    expectR(y, 104);
    expect(shapeOf(t)).toEqual([]);
  });
  test("values with static fields differ by them in jit", () => {
    class Tagged extends P {
      constructor(
        array: ArrayValue,
        readonly tag: string,
      ) {
        super(array);
      }
    }
    register(neg, [Tagged], ([x]) => new Tagged(x.array, `-${x.tag}`));
    const f = jit((x: ArrayValue) => quaxify((x: ArrayValue) => neg(x))(x)) as unknown as (
      x: Tagged,
    ) => Tagged;
    expect([f(new Tagged(array(1), "a")).tag, f(new Tagged(array(1), "b")).tag]).toEqual(["-a", "-b"]);
  });
});

test("a Module in place of a function", () => {
  const module = { scale: r(2), forward: (x: ArrayValue): ArrayValue => x };
  module.forward = function (this: typeof module, x: ArrayValue) {
    return mul(this.scale, x);
  };
  expectR(quaxify(module)(r(1)), 102);
});
