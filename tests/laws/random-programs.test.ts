import {
  type ArrayValue,
  checkpoint,
  type ClosedJaxpr,
  customJvp,
  grad,
  inspect,
  jacfwd,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  quaxify,
  vjp,
  vmap,
} from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { currentBackend } from "../../src/core/backend.ts";
import { D1 } from "../dispatch-values.ts";
import { expectNear, expectNearArray, expectSameBits, numbersOf } from "./compare.ts";

type F = (x: ArrayValue) => ArrayValue;
/** A function of a vector of three to another, and how a failure shows it. */
interface Program {
  readonly text: string;
  readonly run: F;
}

const weights = np.array([[0.5, -0.25, 1], [0, 0.75, -0.5], [1, 0.5, 0.25]]); // prettier-ignore
const shift = np.array([0.5, -1, 0.25]);

const primitives: Readonly<Record<string, F>> = {
  sin: np.sin,
  tanh: np.tanh,
  negative: np.negative,
  bump: (x) => np.exp(np.negative(np.square(x))),
  root: (x) => np.sqrt(np.add(np.square(x), 1)),
  leaky: (x) => np.where(np.greater(x, 0), x, np.multiply(0.125, x)),
  clip: (x) => np.clip(x, -1, 1),
  shifted: (x) => np.add(x, shift),
  weighted: (x) => np.matmul(weights, x),
  centred: (x) => np.subtract(x, np.mean(x)),
  normed: (x) => np.divide(x, np.add(1, np.max(np.abs(x)))),
  outer: (x) => np.matmul(np.multiply(np.expandDims(x, 1), shift), np.tanh(x)),
  cumsum: np.cumsum,
  sort: np.sort,
  rolled: (x) => np.roll(x, 1),
  looked: (x) => x.get(np.array([2, 0, 0], "int32")),
  placed: (x) => x.at(1).set(np.sum(x)),
  padded: (x) => np.concatenate([x.get("1:"), np.multiply(2, x.get(":1"))]),
  halved: (x) => np.astype(np.astype(x, "float16"), "float32"),
  rounded: (x) => np.add(x, np.astype(np.astype(x, "int32"), "float32")),
};
const pairings: Readonly<Record<string, (x: ArrayValue, y: ArrayValue) => ArrayValue>> = {
  add: np.add,
  multiply: np.multiply,
  maximum: np.maximum,
  selected: (x, y) => np.where(np.less(x, y), x, np.tanh(y)),
};
const positive = (x: ArrayValue): ArrayValue => np.greater(np.sum(x), 0);
const ruled = (f: F): F => {
  const custom = customJvp((x: ArrayValue): ArrayValue => f(x));
  custom.defjvp(([x]: [ArrayValue], [t]: [ArrayValue]) => {
    const [out, tangent] = jvp(f, [x], [t]);
    return [out, np.multiply(0.5, tangent)];
  });
  return custom;
};

/** What is made of one program. Those of the second list take no derivative in reverse. */
const wrappers: Readonly<Record<string, (f: F) => F>> = {
  jit: (f) => jit(f),
  checkpoint: (f) => checkpoint(f),
  customJvp: ruled,
  vmap: (f) => (x) => np.sum(vmap(f)(np.stack([x, np.tanh(x)])), { axis: 0 }),
  shared: (f) => (x) => {
    const apart = (u: ArrayValue) => np.subtract(f(u), lax.pmean(u, "i"));
    return np.take(vmap(apart, { axisName: "i", outAxes: 1 })(np.stack([x, np.negative(x)])), 1, { axis: 1 });
  },
  jvp: (f) => (x) => np.add(...jvp(f, [x], [np.tanh(x)])),
  linearize: (f) => (x) => linearize(f, [x])[1](np.sin(x)),
  jacfwd: (f) => (x) => np.matmul(jacfwd(f)(x) as ArrayValue, np.tanh(x)),
  scan: (f) => (x) => {
    const [carry, outs] = lax.scan((c: ArrayValue, a: ArrayValue) => [np.tanh(np.add(f(c), np.multiply(a, x))), f(c)], x, shift); // prettier-ignore
    return np.add(carry, np.sum(outs, { axis: 0 }));
  },
  foriLoop: (f) => (x) => lax.foriLoop(0, 2, (i: ArrayValue, c: ArrayValue) => np.tanh(np.add(f(c), i)), x),
};
const reverse: Readonly<Record<string, (f: F) => F>> = {
  grad: (f) => (x) => grad((x: ArrayValue) => np.sum(f(x)))(x).materialise(),
  vjp: (f) => (x) => vjp(f, [x])[1](np.tanh(x))[0].materialise(),
};
const loops: Readonly<Record<string, (f: F) => F>> = {
  whileLoop: (f) => (x) =>
    lax.whileLoop(
      ([i]: [ArrayValue, ArrayValue]) => np.less(i, 2),
      ([i, c]: [ArrayValue, ArrayValue]) => [np.add(i, 1), np.tanh(f(c))],
      [np.array(0, "int32"), x] as [ArrayValue, ArrayValue],
    )[1],
  downward: (f) => (x) =>
    lax.whileLoop(positive, (c: ArrayValue) => np.subtract(np.tanh(f(c)), 1), np.tanh(x)),
};

const applied =
  (wrap: (f: F) => F, name: string) =>
  ({ text, run }: Program): Program => ({ text: `${name}(${text})`, run: wrap(run) });
const oneOf = (table: Readonly<Record<string, (f: F) => F>>, inner: fc.Arbitrary<Program>) =>
  Object.entries(table).map(([name, wrap]) => inner.map(applied(wrap, name)));

const { any } = fc.letrec<{ smooth: Program; any: Program }>((tie) => {
  const leaf = fc.constantFrom(...Object.entries(primitives)).map(([text, run]): Program => ({ text, run }));
  const level = (self: fc.Arbitrary<Program>, wrapped: readonly fc.Arbitrary<Program>[]) =>
    fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { arbitrary: leaf, weight: 4 },
      {
        weight: 3,
        arbitrary: fc.tuple(self, self).map(([f, g]) => ({
          text: `${f.text} of ${g.text}`,
          run: (x: ArrayValue) => f.run(g.run(x)),
        })),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom(...Object.entries(pairings)), self, self).map(([[name, join], f, g]) => ({
          text: `${name}(${f.text}, ${g.text})`,
          run: (x: ArrayValue) => join(f.run(x), g.run(x)),
        })),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(self, self).map(([f, g]) => ({
          text: `cond(${f.text}, ${g.text})`,
          run: (x: ArrayValue) => lax.cond(positive(x), f.run, g.run, x),
        })),
      },
      ...wrapped,
    ); // prettier-ignore
  const smooth = tie("smooth");
  const derivatives = oneOf(reverse, smooth);
  return {
    smooth: level(smooth, [...oneOf(wrappers, smooth), ...derivatives]),
    any: level(tie("any"), [...oneOf({ ...wrappers, ...loops }, tie("any")), ...derivatives]),
  };
});

const full = process.env["COTANGENT_FULL"] === "1";
const input = fc.constantFrom(np.array([0.5, -1.25, 2]), np.array([-0.75, 0.25, -2]), np.array([1, 1, 0]));
const check = (law: (program: Program, x: ArrayValue) => void, seed: number): void =>
  fc.assert(
    fc.property(any, input, ({ text, run }, x) => law({ text, run: (x) => run(x).materialise() }, x)),
    { numRuns: full ? 2000 : 100, seed },
  );

/**
 * The same bits where operations are run one by one. A compiled loop adds cotangents to a sum in the order in which it writes
 * them there, if it knows that all else is zero: which depends on whether zeros are made in its body or given to it.
 */
const expectSame = (actual: ArrayValue, expected: ArrayValue, what: string): void =>
  currentBackend().name === "reference"
    ? expectSameBits(actual, expected, what)
    : expectNearArray(actual, expected, 1e-5, what);

const evaluated = (program: ClosedJaxpr, x: ArrayValue): ArrayValue => inspect.evalJaxpr(program, [x])[0]!;

describe("a random program is the same", { timeout: full ? 600_000 : 30_000 }, () => {
  test("recorded, printed and parsed, and as JSON, to the last bit", () => {
    check(({ text, run }, x) => {
      const expected = run(x);
      const program = makeJaxpr(run)(x) as unknown as ClosedJaxpr;
      const parsed = inspect.parseJaxpr(String(program), program.consts);
      expect(String(parsed), text).toBe(String(program));
      const read = inspect.fromJSON(JSON.parse(JSON.stringify(inspect.toJSON(program))));
      expect(String(read), text).toBe(String(program));
      expectSameBits(evaluated(program, x), expected, `${text}, recorded`);
      expectSameBits(evaluated(parsed, x), expected, `${text}, parsed`);
      expectSameBits(evaluated(read, x), expected, `${text}, as JSON`);
    }, 1);
  });
  test("quaxified without values, and over a class that is an array by another name", () => {
    check(({ text, run }, x) => {
      const expected = run(x);
      expectSameBits(quaxify(run, { strict: true })(x), expected, `${text}, quaxified`);
      const wrapped = quaxify(run)(new D1(x));
      expectSame(wrapped.materialise(), expected, `${text}, wrapped`);
    }, 2);
  });
  test("jitted, up to rounding", () => {
    check(({ text, run }, x) => {
      const expected = run(x);
      const actual = jit(run)(x);
      expect([actual.shape, actual.dtype], text).toEqual([expected.shape, expected.dtype]);
      expectNear(numbersOf(actual), numbersOf(expected), 1e-5, `${text}, jitted`);
      expectSameBits(quaxify(jit(run))(new D1(x)).materialise(), actual, `${text}, jitted and wrapped`);
    }, 3);
  });
});
