import { describe, expect, test } from "vitest";
import {
  type ArrayValue,
  checkpoint,
  customJvp,
  customVjp,
  grad,
  inspect,
  jit,
  jvp,
  lax,
  linearize,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  quaxify,
  random,
  values as quantities,
  vjp,
  vmap,
  Zero,
} from "../../../src/index.ts";
import { config } from "../../../src/core/config.ts";
import { expectValues, shapeOf, values } from "../arrays.ts";

const named = { axisName: "i" } as const;
const x3 = () => np.array([1, 2, 5]);
const grid = () => np.reshape(np.arange(6, { dtype: "float32" }), [2, 3]);
const share = (x: ArrayValue): ArrayValue => np.divide(x, lax.psum(x, "i"));

describe("a name", () => {
  test("is bound inside vmap, and nowhere else", () => {
    expect(values(vmap(share, named)(x3()))).toEqual([0.125, 0.25, 0.625]);
    expect(() => share(x3())).toThrow('psum: unbound axis name "i"; no names are bound here');
    expect(() => vmap(share)(x3())).toThrow('unbound axis name "i"');
    expect(() => jit(share)(x3())).toThrow('unbound axis name "i"');
  });
  test("that is misspelt gets the names there are, and the nearest", () => {
    const f = (x: ArrayValue) => lax.psum(x, "bacth");
    expect(() => vmap(vmap(f, { axisName: "batch" }), named)(grid())).toThrow(
      'psum: unbound axis name "bacth"; the names bound here are "batch" (of size 3), "i" (of size 2); did you mean "batch"?',
    );
  });
  test("is a word", () => {
    for (const axisName of ["", "a b", "(i)", 3 as never])
      expect(() => vmap(share, { axisName })).toThrow("vmap: an axis name is a string without spaces");
    expect(() => vmap((x: ArrayValue) => lax.psum(x, ["i", 1 as never]), named)(x3())).toThrow(
      "psum: an axis name is a string",
    );
  });
  test("of the innermost axis wins", () => {
    const f = vmap(
      vmap((x: ArrayValue) => lax.psum(x, "i"), named),
      named,
    );
    expect(values(f(grid()))).toEqual([3, 3, 3, 12, 12, 12]);
    const sizes: number[] = [];
    const g = vmap((row: ArrayValue) => {
      const inner = vmap((x: ArrayValue) => (sizes.push(lax.axisSize("i")), x), named)(row);
      sizes.push(lax.axisSize("i"));
      return inner;
    }, named);
    g(grid());
    expect(sizes).toEqual([3, 2]);
  });
  test("of an outer axis is seen through an inner one, in any order", () => {
    const over = (axes: lax.AxisName) =>
      vmap(
        vmap((x: ArrayValue) => lax.psum(x, axes), { axisName: "j" }),
        named,
      );
    expect(values(over("i")(grid()))).toEqual([3, 5, 7, 3, 5, 7]);
    expect(values(over("j")(grid()))).toEqual([3, 3, 3, 12, 12, 12]);
    expect(values(over(["i", "j"])(grid()))).toEqual([15, 15, 15, 15, 15, 15]);
    expect(values(over(["j", "i"])(grid()))).toEqual([15, 15, 15, 15, 15, 15]);
  });
  test("goes with inAxes, outAxes and axisSize", () => {
    const f = vmap((x: ArrayValue) => lax.psum(x, "i"), { ...named, inAxes: 1, outAxes: null });
    expect(values(f(grid()))).toEqual([3, 12]);
    const g = vmap((x: ArrayValue) => np.add(x, lax.axisIndex("i")), {
      ...named,
      inAxes: null,
      axisSize: 3,
    });
    expect(values(g(np.array(10)))).toEqual([10, 11, 12]);
  });
});

describe("an operation along a name", () => {
  test("concerns the batch also where no operand has it", () => {
    expect(values(vmap((x: ArrayValue) => np.multiply(x, lax.psum(1, "i")), named)(x3()))).toEqual([
      3, 6, 15,
    ]);
    const w = np.array([1, 2]);
    const f = (_x: ArrayValue) => lax.psum(w, "i");
    expect(values(vmap(f, { ...named, outAxes: null })(x3()))).toEqual([3, 6]);
  });
  test("is resolved in programs that no operand reaches", () => {
    const index = jit(() => lax.axisIndex("i"));
    expect(values(vmap((_x: ArrayValue) => index(), named)(x3()))).toEqual([0, 1, 2]);
    expect(values(jit(vmap((_x: ArrayValue) => index(), named))(x3()))).toEqual([0, 1, 2]);
    const nested = jit((w: ArrayValue) => jit((v: ArrayValue) => lax.psum(v, "i"))(w));
    expect(values(vmap((_x: ArrayValue) => nested(np.array(2)), named)(x3()))).toEqual([6, 6, 6]);
  });
  test("is resolved in custom rules that no operand reaches", () => {
    const f = customJvp((x: ArrayValue) => np.multiply(x, 1));
    f.defjvp((_primals: [ArrayValue], [t]: [ArrayValue]) => [np.array(1), lax.psum(t, "i")]);
    const outside = (w: ArrayValue) => np.sum(vmap((_x: ArrayValue) => f(w), named)(x3()));
    expectValues(jvp(outside, [np.array(2)], [np.array(1)])[1], 9);
    const inside = vmap((x: ArrayValue) => jvp(f, [x], [x])[1] as ArrayValue, named);
    expectValues(inside(x3()), [8, 8, 8]);
  });
});

test("a custom rule that does not work along the axis leaves alone what no one has mapped", () => {
  const whole = { ...named, outAxes: null } as const;
  const of = (f: () => ArrayValue) => values(vmap((_x: ArrayValue) => f(), whole)(x3()));
  const w = np.array([-1, 2]);
  const halved = customVjp((x: ArrayValue) => np.multiply(x, 2));
  halved.defvjp(
    (x: ArrayValue) => [np.multiply(x, 2), null],
    (_residuals: unknown, ct: ArrayValue) => [np.multiply(ct, 2)],
  );
  expect(of(() => nn.relu(w))).toEqual([0, 2]);
  expect(of(() => jit((v: ArrayValue) => halved(nn.relu(v)))(w))).toEqual([0, 4]);
  expect(of(() => grad((v: ArrayValue) => np.sum(halved(v)))(w))).toEqual([2, 2]);
});

describe("a backward rule of the user's", () => {
  /** The identity, whose cotangent is summed over the axis. */
  const shared = customVjp((x: ArrayValue) => np.multiply(x, 1));
  shared.defvjp(
    (x: ArrayValue) => [np.multiply(x, 1), null],
    (_residuals: unknown, ct: ArrayValue) => [lax.psum(ct, "i")],
  );
  const w = np.array(2);
  const loss = (w: ArrayValue, x: ArrayValue) => np.multiply(shared(w), x);
  const each = { ...named, inAxes: [null, 0] } as const;
  test("works along an axis inside of its vmap", () => {
    expectValues(vmap(grad(loss), each)(w, x3()), [8, 8, 8]);
    expectValues(vmap(grad(jit(loss)), each)(w, x3()), [8, 8, 8]);
    expectValues(jit(vmap(jit(grad(loss)), each))(w, x3()), [8, 8, 8]);
    expectValues(vmap(grad(checkpoint(loss)), each)(w, x3()), [8, 8, 8]);
  });
  test("also where no operand is batched", () => {
    const alone = (w: ArrayValue) => grad((v: ArrayValue) => jit(shared)(v))(w);
    expectValues(vmap((_x: ArrayValue) => alone(w), named)(x3()), [3, 3, 3]);
    expectValues(vmap((_x: ArrayValue) => jit(alone)(w), named)(x3()), [3, 3, 3]);
  });
  test("and outside of it, once for each index", () => {
    const total = (w: ArrayValue) => np.sum(vmap(loss, each)(w, x3()));
    expectValues(grad(total)(w), 24);
    expectValues(grad(jit(total))(w), 24);
  });
});

describe("derivatives", () => {
  const loss = (x: ArrayValue) => lax.psum(np.sin(x), "i");
  const expected = [3 * Math.cos(1), 3 * Math.cos(2), 3 * Math.cos(5)];
  test("inside of the axis sum the cotangents of all", () =>
    expectValues(vmap(grad(loss), named)(x3()), expected));
  test("outside of it they are those of the whole", () =>
    expectValues(grad((x: ArrayValue) => np.sum(vmap(loss, named)(x)))(x3()), expected));
  test("are the same through jit, checkpoint and linearize", () => {
    expectValues(vmap(jit(grad(jit(loss))), named)(x3()), expected);
    expectValues(vmap(grad(checkpoint(loss)), named)(x3()), expected);
    const pushed = vmap((x: ArrayValue) => linearize(loss, [x])[1](1) as ArrayValue, named)(x3());
    expectValues(pushed, Array<number>(3).fill(Math.cos(1) + Math.cos(2) + Math.cos(5)));
  });
  test("a pullback that left its axis says so", () => {
    let pull: ((ct: unknown) => unknown) | undefined;
    vmap((x: ArrayValue) => {
      [, pull] = vjp((y: ArrayValue) => lax.psum(y, "i"), [x]);
      return x;
    }, named)(x3());
    expect(() => pull!(1)).toThrow('psum: unbound axis name "i"');
  });
});

describe("a jitted function", () => {
  test("has a program for each size of an axis", () => {
    let traces = 0;
    const mean = jit((x: ArrayValue) => {
      traces++;
      return lax.pmean(x, "i");
    });
    expect(values(vmap(mean, named)(x3()))).toEqual([8 / 3, 8 / 3, 8 / 3].map(Math.fround));
    expect(values(vmap(mean, named)(np.array([1, 3])))).toEqual([2, 2]);
    vmap(mean, named)(x3());
    expect(traces).toBe(2);
  });
  test("says so when it is traced again", () => {
    const said: unknown[] = [];
    const info = console.info;
    console.info = (text: unknown) => said.push(text);
    config.explainCacheMisses = true;
    try {
      const mean = jit((x: ArrayValue) => lax.pmean(x, "i"));
      vmap(mean, named)(x3());
      vmap(mean, named)(np.array([1, 3]));
    } finally {
      console.info = info;
      config.explainCacheMisses = false;
    }
    expect(said.at(-1)).toContain("the named axes: i (3) → i (2)");
  });
});

describe("makeJaxpr with axisEnv", () => {
  test("binds names around the function", () => {
    const text = String(makeJaxpr(share, { axisEnv: [["i", 4]] })(np.float32(1)));
    expect(text).toBe(
      "{ lambda ; a:f32[]. let\n    b:f32[] = psum[axes=('i',) axis_index_groups=None] a\n    c:f32[] = div a b\n  in (c,) }",
    );
  });
  test("the last of two with one name is the inner one", () => {
    const sizes: number[] = [];
    const f = (x: ArrayValue) => (sizes.push(lax.axisSize("i")), x);
    makeJaxpr(f, {
      axisEnv: [
        ["i", 4],
        ["i", 2],
      ],
    })(1);
    expect(sizes).toEqual([2]);
  });
  test("is refused where it is no list of names and sizes", () => {
    for (const axisEnv of [["i", 4], [["i", -1]], [["i", 1.5]], "i"])
      expect(() => makeJaxpr(share, { axisEnv: axisEnv as never })).toThrow(
        "makeJaxpr: axisEnv is a list of pairs [name, size]",
      );
    expect(() => makeJaxpr(share, { axisEnv: [["a b", 2]] })).toThrow("an axis name is a string without");
  });
  test("its program is checked, printed and run like any other", () => {
    const closed = makeJaxpr(share, { axisEnv: [["i", 3]] })(np.float32(1));
    expect(String(inspect.parseJaxpr(String(closed)))).toBe(String(closed));
    expect(shapeOf(closed.jaxpr.outvars[0]!.aval)).toEqual([]);
  });
});

describe("branches and loops", () => {
  const of = (f: (x: ArrayValue) => ArrayValue) => vmap(f, named)(x3());
  const next = (x: ArrayValue) =>
    lax.ppermute(x, "i", [
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
  test("a condition may be that of all", () => {
    const centred = (x: ArrayValue) =>
      lax.cond(
        np.greater(lax.psum(x, "i"), 7),
        (y: ArrayValue) => np.subtract(y, lax.pmean(y, "i")),
        (y: ArrayValue) => y,
        x,
      );
    expectValues(of(centred), [-5 / 3, -2 / 3, 7 / 3]);
    const loop = (x: ArrayValue) =>
      lax.whileLoop(
        (c: ArrayValue) => np.less(lax.psum(c, "i"), 100),
        (c: ArrayValue) => np.add(c, lax.pmax(c, "i")),
        x,
      );
    expectValues(of(loop), [36, 37, 40]);
  });
  test("where the examples differ, what is along the axis is of all of them", () => {
    const sum = (x: ArrayValue) =>
      lax.cond(
        np.greater(x, 1),
        (y: ArrayValue) => lax.psum(y, "i"),
        (y: ArrayValue) => y,
        x,
      );
    expectValues(of(sum), [1, 8, 8]);
    const chosen = (x: ArrayValue) =>
      lax.switch(
        lax.axisIndex("i"),
        [
          (y: ArrayValue) => y,
          (y: ArrayValue) => lax.psum(y, "i"),
          (y: ArrayValue) => np.multiply(lax.pmax(y, "i"), 2),
        ],
        x,
      );
    expectValues(of(chosen), [1, 8, 10]);
    const loop = (x: ArrayValue) =>
      lax.whileLoop(
        (c: ArrayValue) => np.less(c, 20),
        (c: ArrayValue) => np.add(c, np.multiply(0.5, lax.psum(c, "i"))),
        x,
      );
    expectValues(of(loop), [40, 41, 44]);
  });
  test("a body that no operand reaches is resolved", () => {
    const index = () =>
      lax.cond(
        true,
        () => lax.axisIndex("i"),
        () => np.zeros([], "int32"),
      );
    expectValues(of(index), [0, 1, 2]);
    const sums = () =>
      lax.scan(
        (c: ArrayValue, _x: null) => [np.add(c, lax.axisIndex("i")), lax.psum(c, "i")],
        np.array(0),
        null,
        { length: 3 },
      )[1];
    expectValues(of(sums), [0, 3, 6, 0, 3, 6, 0, 3, 6]);
  });
  test("steps can pass values on", () => {
    const rotated = (x: ArrayValue) =>
      lax.scan((c: ArrayValue, w: ArrayValue) => [np.multiply(next(c), w), c], x, np.array([1, 2]))[0];
    expectValues(of(rotated), [4, 10, 2]);
    const f = (x: ArrayValue) =>
      lax.foriLoop(
        0,
        3,
        (k: ArrayValue, c: ArrayValue) => np.add(np.multiply(c, 0.5), np.multiply(lax.psum(c, "i"), k)),
        x,
      );
    expectValues(of(f), [30.125, 30.25, 30.625]);
  });
  test("derivatives go through them", () => {
    const steps = (x: ArrayValue) =>
      lax.scan(
        (c: ArrayValue, w: ArrayValue) => [
          np.add(np.sin(c), np.multiply(0.1, np.multiply(lax.psum(c, "i"), w))),
          null,
        ],
        x,
        np.array([1, 2]),
      )[0];
    const expected = [0.5438998937606812, 0.06563695520162582, 0.7081571817398071];
    expectValues(of(grad(steps)), expected);
    expectValues(of(jit(grad(checkpoint(steps)))), expected);
    expectValues(grad((x: ArrayValue) => np.sum(vmap(steps, named)(x)))(x3()), expected);
    const branch = (x: ArrayValue) =>
      lax.cond(
        np.greater(lax.psum(x, "i"), 7),
        (y: ArrayValue) => lax.psum(np.square(y), "i"),
        (y: ArrayValue) => y,
        x,
      );
    expectValues(of(grad(branch)), [6, 12, 30]);
    const loop = (x: ArrayValue) =>
      lax.whileLoop(
        (c: ArrayValue) => np.less(lax.psum(c, "i"), 100),
        (c: ArrayValue) => np.add(c, np.multiply(0.1, lax.psum(np.square(c), "i"))),
        x,
      );
    expectValues(
      jvp(vmap(loop, named), [x3()], [np.ones([3])])[1],
      [122.40797424316406, 122.40797424316406, 122.40797424316406],
    );
  });
});

describe("structured values", () => {
  const mapped = <R>(f: (x: ArrayValue) => R) => vmap(f, named)(x3());
  const zero = new Zero([3, 2], "float32");
  test("that are zeros stay zeros", () => {
    mapped((x) => {
      for (const f of [lax.psum, lax.pmean, lax.pmax, lax.pmin]) expect(f(zero, "i")).toBeInstanceOf(Zero);
      expect(lax.ppermute(zero, "i", [[0, 1]])).toBe(zero);
      expect(lax.allGather(zero, "i", { axis: 1 })).toBeInstanceOf(Zero);
      expect(lax.allGather(zero, "i", { axis: 1 }).shape).toEqual([3, 3, 2]);
      expect(lax.psumScatter(zero, "i").shape).toEqual([2]);
      expect(lax.allToAll(zero, "i", 0, 1, { tiled: true }).shape).toEqual([1, 6]);
      const integer = grad((n: ArrayValue) => np.multiply(n, 1.5), { allowInt: true })(
        np.array(1).astype("int32"),
      );
      expect(lax.pmean(integer, "i")).toBe(integer);
      return x;
    });
  });
  test("are trees of their fields outside of quaxify: so gradients are averaged", () => {
    const layer = new nn.Linear(3, 2, { key: random.key(0) });
    const model = lora.loraify(layer, { rank: 1, key: random.key(1) });
    const loss = (m: nn.Linear, x: ArrayValue) =>
      np.sum(quaxify((y: ArrayValue) => m.forward(y))(np.multiply(x, np.ones([3]))));
    const one = grad(loss);
    const averaged = vmap((m: nn.Linear, x: ArrayValue) => lax.pmean(one(m, x), "i"), {
      ...named,
      inAxes: [null, 0],
      outAxes: null,
    })(model, x3()) as nn.Linear;
    const together = grad((m: nn.Linear) => np.mean(vmap((x: ArrayValue) => loss(m, x))(x3())))(
      model,
    ) as nn.Linear;
    const b = (m: nn.Linear) => values((m.weight as unknown as lora.LoraArray).b);
    expectValues(np.array(b(averaged)), b(together));
    expect((averaged.weight as unknown as lora.LoraArray).w).toBeInstanceOf(Zero);
  });
  test("are arrays inside of quaxify: rules decide", () => {
    const metres = new quantities.Unitful(np.array(2), quantities.metre);
    const total = vmap(
      (x: ArrayValue) => quaxify((y: ArrayValue) => lax.psum(np.multiply(y, x), "i"))(metres as never),
      {
        ...named,
        outAxes: null,
      },
    )(x3()) as unknown as quantities.Unitful;
    expect([values(total.array), total.units.show()]).toEqual([[16], "{m: 1}"]);
    const rows = new quantities.NamedArray(np.ones([2]), [new quantities.Axis(2, "row")]);
    mapped((x) => {
      const sum = quaxify((y: ArrayValue) => lax.psum(y, "i"))(
        rows as never,
      ) as unknown as quantities.NamedArray;
      expect(sum.axes.map(String)).toEqual(rows.axes.map(String));
      return x;
    });
    const w = new lora.LoraArray(np.ones([2, 2]), { rank: 1, key: random.key(0) });
    expect(() => mapped(() => quaxify((y: ArrayValue) => lax.psum(y, "i"))(w as never))).toThrow(
      "register(lax.psum, [LoraArray]",
    );
  });
});
