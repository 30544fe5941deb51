import {
  type ArrayValue,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  lax,
  linearTranspose,
  makeJaxpr,
  numpy as np,
  quaxify,
  tree,
  vmap,
  Zero,
} from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simplify } from "../../../src/compiler/index.ts";
import { R } from "../../dispatch-values.ts";
import { expectValues } from "../arrays.ts";

type Derivative = (f: unknown, options: object) => (...args: unknown[]) => unknown;
type Step = (c: ArrayValue, x: ArrayValue) => readonly [ArrayValue, ArrayValue];
/** The loop that `scan` stands for, step by step. */
function steps(f: Step, init: ArrayValue, xs: ArrayValue, reverse = false): [ArrayValue, ArrayValue] {
  const n = xs.shape[0]!;
  const ys: ArrayValue[] = [];
  let carry = init;
  for (let k = 0; k < n; k++) {
    const i = reverse ? n - 1 - k : k;
    [carry, ys[i]!] = f(carry, xs.get(i));
  }
  return [carry, np.stack(ys)];
}
const step: Step = (c, x) => [np.tanh(np.add(np.multiply(c, x), x)), np.multiply(np.sin(c), x)];
const xs = np.array([0.5, -1.2, 2]);

describe("scan", () => {
  test("is a loop over the leading axis, in either direction", () => {
    for (const reverse of [false, true]) {
      const [carry, ys] = lax.scan(step, np.array(0.3), xs, { reverse });
      const [expected, outs] = steps(step, np.array(0.3), xs, reverse);
      expectValues(carry, expected.item() as number);
      expectValues(ys, outs.toList() as number[]);
    }
  });

  test("carries and scans over trees; without xs it needs a length", () => {
    const [{ sum, n }, ys] = lax.scan(
      (c, x) => [{ sum: np.add(c.sum, x.a), n: np.add(c.n, 1) }, { y: np.multiply(x.a, x.b) }],
      { sum: 0, n: 0 },
      { a: xs, b: xs },
    );
    expectValues(sum, 1.3);
    expect([n.dtype, n.item()]).toEqual(["int32", 3]);
    expectValues(ys.y, [0.25, 1.44, 4]);
    const [last, none] = lax.scan((c) => [np.multiply(c, 2), null], 1, null, { length: 4 });
    expect([last.item(), none]).toEqual([16, null]);
  });

  test("no step at all leaves the carry, and empty outputs", () => {
    const [carry, ys] = lax.scan((c, x: ArrayValue) => [np.add(c, x), c], 1, np.zeros([0]));
    expect([carry.item(), carry.dtype, ys.shape]).toEqual([1, "float32", [0]]);
    expect(
      grad((c: ArrayValue) => lax.scan((c, x: ArrayValue) => [np.add(c, x), c], c, np.zeros([0]))[0])(
        np.array(2),
      ).item(),
    ).toBe(1);
  });

  test("unroll does not change results", () => {
    for (const unroll of [2, 5, true, false])
      expectValues(
        lax.scan(step, np.array(0.3), xs, { unroll })[1],
        lax.scan(step, np.array(0.3), xs)[1].toList() as number[],
      );
  });

  test("derivatives are those of the written-out loop, in both modes and twice", () => {
    for (const reverse of [false, true]) {
      const looped = (c: ArrayValue, x: ArrayValue) => {
        const [carry, ys] = lax.scan(step, c, x, { reverse });
        return np.add(carry, np.sum(np.square(ys)));
      };
      const written = (c: ArrayValue, x: ArrayValue) => {
        const [carry, ys] = steps(step, c, x, reverse);
        return np.add(carry, np.sum(np.square(ys)));
      };
      for (const argnums of [0, 1])
        for (const derivative of [grad, jacfwd, jacrev, hessian] as Derivative[]) {
          const [got, expected] = [looped, written].map((f) =>
            jit(derivative(f, { argnums }))(np.array(0.3), xs),
          ) as [ArrayValue, ArrayValue];
          expect(got.shape).toEqual(expected.shape);
          expectValues(got, np.ravel(expected).toList() as number[]);
        }
    }
  });

  test("the backward pass is a scan the other way, over what each step left", () => {
    const f = (w: ArrayValue, xs: ArrayValue) =>
      lax.scan((c, x) => [np.tanh(np.add(np.multiply(w, c), x)), null], np.array(0), xs)[0];
    const text = String(makeJaxpr(grad(f))(np.array(1), xs));
    expect(text.match(/scan\[/g)).toHaveLength(2);
    expect(text.match(/reverse=True/g)).toHaveLength(1);
  });

  test("what is the same in every step is computed once, and not kept for each", () => {
    const f = (w: ArrayValue, c: ArrayValue) =>
      lax.scan((c) => [np.multiply(c, np.exp(np.sin(w))), null], c, null, { length: 5 })[0];
    const text = String(makeJaxpr(grad(f, { argnums: 1 }))(np.array(1), np.array(2)));
    expect(text).not.toMatch(/f32\[5\]/);
    expectValues(grad(f, { argnums: 1 })(np.array(1), np.array(2)), Math.exp(Math.sin(1)) ** 5);
  });

  test("a counter beside a linear carry is no obstacle to its transpose", () => {
    const f = (x: ArrayValue) =>
      lax.scan(([i, c]) => [[np.add(i, 1), np.multiply(c, i)], c], [np.array(1), x], null, { length: 3 });
    const linear = (x: ArrayValue) => f(x)[0][1];
    expectValues(linearTranspose(linear, np.array(1))(np.array(1))[0], 6);
    const outputs = (x: ArrayValue) => np.sum(f(x)[1]);
    expectValues(linearTranspose(outputs, np.array(1))(np.array(1))[0], 1 + 1 + 2);
  });

  test("examples of a batch may differ in carry, constants or slices, along any axis", () => {
    const run = (w: ArrayValue, c: ArrayValue, x: ArrayValue) =>
      lax.scan((c, x) => [np.tanh(np.add(np.multiply(w, c), x)), np.multiply(c, x)], c, x);
    const axes = fc.constantFrom(null, 0);
    fc.assert(
      fc.property(axes, axes, fc.constantFrom(null, 0, 1), (wAxis, cAxis, xAxis) => {
        if (wAxis === null && cAxis === null && xAxis === null) return;
        const w = wAxis === null ? np.array(0.5) : np.array([0.5, -1]);
        const c = cAxis === null ? np.array(0.2) : np.array([0.2, 0.9]);
        const x = xAxis === null ? xs : np.stack([xs, np.negative(xs)], xAxis);
        const [carry, ys] = vmap(run, { inAxes: [wAxis, cAxis, xAxis] })(w, c, x);
        for (const i of [0, 1]) {
          const example = run(
            wAxis === null ? w : w.get(i),
            cAxis === null ? c : c.get(i),
            xAxis === null ? x : np.take(x, i, { axis: xAxis }),
          );
          expectValues(carry.get(i), example[0].item() as number);
          expectValues(ys.get(i), example[1].toList() as number[]);
        }
      }),
      { numRuns: 12 },
    );
  });

  test("outputs and entries of the carry that nobody wants are not computed", () => {
    const f = (x: ArrayValue) =>
      lax.scan(([a, b], x: ArrayValue) => [[np.sin(np.add(a, x)), np.exp(b)], np.tanh(b)], [x, x], xs)[0][0];
    const program = makeJaxpr(grad(f))(np.array(1));
    expect(String(program)).toMatch(/exp/);
    expect(String(simplify(program))).not.toMatch(/exp|tanh/);
    expect(jit(f)(np.array(1)).item()).toBeTypeOf("number");
  });

  test("a Zero that is scanned over is a Zero in each step, and one that is put out is one of all steps", () => {
    const zeros = new Zero([3, 2], "float32") as ArrayValue;
    const [carry, ys] = lax.scan((c, x: ArrayValue) => [np.add(c, x), x], np.ones([2]), zeros);
    expect(carry.toList()).toEqual([1, 1]);
    expect(ys).toBeInstanceOf(Zero);
    expect(ys.shape).toEqual([3, 2]);
  });

  test("its program is traced again only where a number changes its type", () => {
    let traced = 0;
    lax.scan((c, x: ArrayValue) => (traced++, [np.add(c, x), null]), np.array(0), xs);
    expect(traced).toBe(1);
    lax.scan((c, x: ArrayValue) => (traced++, [np.add(c, x), null]), 0, np.array([1, 2]));
    expect(traced).toBe(3);
  });

  test("any program of sums, products and sines agrees with the written-out loop", () => {
    const operations = [np.add, np.multiply, np.subtract, np.maximum] as const;
    const expression = fc.array(fc.tuple(fc.constantFrom(...operations), fc.nat(3), fc.nat(3)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(expression, fc.boolean(), (program, reverse) => {
        const f: Step = (c, x) => {
          const values = [c, x, np.array(0.7), np.sin(c)];
          for (const [operation, i, j] of program) values.unshift(operation(values[i]!, values[j]!));
          return [np.tanh(values[0]!), values[1]!];
        };
        const loss = (run: typeof steps) => (c: ArrayValue, x: ArrayValue) => {
          const [carry, ys] = run(f, c, x, reverse);
          return np.add(carry, np.sum(ys));
        };
        const scanned = loss((f, c, x, reverse) => lax.scan(f, c, x, { reverse: reverse ?? false }));
        const [got, expected] = [scanned, loss(steps)].map((f) =>
          grad(f, { argnums: [0, 1] })(np.array(0.4), xs),
        ) as [[ArrayValue, ArrayValue], [ArrayValue, ArrayValue]];
        const dense = (x: ArrayValue, like: ArrayValue) =>
          np.ravel(x instanceof Zero ? np.zerosLike(like) : x).toList() as number[];
        expectValues(np.add(0, got[0] instanceof Zero ? 0 : got[0]), dense(expected[0], np.array(0)));
        expectValues(got[1] instanceof Zero ? np.zerosLike(xs) : got[1], dense(expected[1], xs));
      }),
      { numRuns: 40 },
    );
  });
});

describe("under quaxify", () => {
  const value = (x: number | number[]) => new R(np.array(x as number)) as unknown as ArrayValue;

  test("values are carried, and scanned over array by array", () => {
    const run = quaxify((c: ArrayValue, xs: ArrayValue) => lax.scan((c, x) => [np.multiply(c, x), c], c, xs));
    const [carry, ys] = run(value(1), value([1, 2])) as unknown as [R, R];
    expect(carry).toBeInstanceOf(R);
    expectValues(carry.array, 302);
    expectValues(ys.array, [1, 101]);
  });

  test("gradients have the structure of the value", () => {
    const loss = (c: ArrayValue, xs: ArrayValue) => lax.scan((c, x) => [np.multiply(c, x), null], c, xs)[0];
    const total = (c: R) => (quaxify(loss)(c as unknown as ArrayValue, value([3, 2])) as unknown as R).array;
    const gradient = grad(total)(value(1) as unknown as R);
    expect(gradient).toBeInstanceOf(R);
    expectValues(gradient.array, 6);
  });
});

describe("refuses", () => {
  const run =
    (f: (...args: never[]) => unknown, init: unknown, xs: unknown, ...options: unknown[]) =>
    () =>
      (lax.scan as unknown as (...args: unknown[]) => unknown)(f, init, xs, ...options);

  test("a body that returns no pair", () => {
    expect(run((c: ArrayValue) => c, 0, xs)).toThrow(/must return a pair \[carry, y\], got NDArray|Tracer/);
    expect(run((c: ArrayValue) => [c], 0, xs)).toThrow(/got a list of 1/);
  });

  test("a carry that changes, by path with both types", () => {
    expect(
      run((c: { s: ArrayValue }) => [{ s: np.concatenate([c.s, c.s]) }, null], { s: np.zeros([2]) }, xs),
    ).toThrow(
      /at \.s: the carry that goes in has f32\[2\], the carry that comes out has f32\[4\].*scan\.test\.ts/s,
    );
    expect(run((c: ArrayValue) => [[c, c], null], 0, xs)).toThrow(/one structure/);
  });

  test("leading sizes that differ, are missing, or are not what length says", () => {
    const f = (c: unknown) => [c, null];
    expect(run(f, 0, { a: np.ones([3]), b: np.ones([4, 2]) })).toThrow(
      /3: xs\.a.*4: xs\.b, which is f32\[4,2\]/s,
    );
    expect(run(f, 0, { a: np.ones([3]), b: np.array(1) })).toThrow(/xs\.b is f32\[\], a scalar/);
    expect(run(f, 0, null)).toThrow(/nothing to scan over/);
    expect(run(f, 0, xs, { length: 4 })).toThrow(/4: length/);
    expect(run(f, 0, xs, 0)).toThrow(/0: length/);
    expect(run(f, 0, xs, 3, false, 1, 1)).toThrow(/at most 3/);
    expect(run(f, 0, xs, { length: -1 })).toThrow(/non-negative integer/);
    expect(run(f, 0, xs, { unroll: 0 })).toThrow(/positive integer/);
    expect(run(f, 0, xs, { revers: true })).toThrow(/reverse/);
  });

  test("an asynchronous body", () => {
    expect(run((c: ArrayValue) => Promise.resolve([c, null]), 0, xs)).toThrow(/synchronous/);
  });

  test("operands that do not fit its program", () => {
    const [eqn] = makeJaxpr((c: ArrayValue) => lax.scan((c, x) => [np.add(c, x), c], c, xs))(np.array(0))
      .jaxpr.eqns;
    expect(() => lax.scan.bind([np.ones([2]), xs], eqn!.params as never)).toThrow(/its program takes/);
    expect(
      tree.leaves(jvp((c: ArrayValue) => lax.scan(step, c, xs), [np.array(1)], [np.array(1)])),
    ).toHaveLength(4);
  });
});

test("a Zero that each step leaves for the derivative takes no array", () => {
  const run = (x: ArrayValue, y: ArrayValue) =>
    lax.scan((c: ArrayValue) => [np.add(c, np.divide(np.multiply(c, y), np.sum(c))), null], x, null, {
      length: 2,
    })[0];
  const along = quaxify((x: ArrayValue, y: ArrayValue) => grad((x: ArrayValue) => np.sum(run(x, y)))(x));
  expectValues(along(np.array([1, 2]), new Zero([2], "float32")), [1, 1]);
});
