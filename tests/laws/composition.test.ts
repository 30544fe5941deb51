import {
  type ArrayValue,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  lora,
  numpy as np,
  quaxify,
  random,
  tree,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectNear, expectNearArray, numbersOf } from "./compare.ts";
import { withX64 } from "./samples.ts";

/** A function of parameters, whatever they are, and one example. */
type Model = (params: never, x: ArrayValue) => ArrayValue;
/** From parameters and a batch of examples to a tree. */
type Program = (params: never, x: ArrayValue) => unknown;

const keys = random.split(random.key(3), 8);
const key = (i: number) => keys.get(i);
const normal = (i: number, shape: number[]) => random.normal(key(i), shape);

const weights = { w1: normal(0, [4, 3]), b1: normal(1, [4]), w2: normal(2, [2, 4]) };
const softmax = (x: ArrayValue): ArrayValue => {
  const shifted = np.exp(np.subtract(x, np.max(x, { axis: -1, keepdims: true })));
  return np.divide(shifted, np.sum(shifted, { axis: -1, keepdims: true }));
};

interface Setup {
  readonly f: Model;
  readonly params: unknown;
  /** A batch of examples. */
  readonly x: ArrayValue;
}
const setups: Readonly<Record<string, Setup>> = {
  "the loss of a LoRA linear layer": {
    f: (w: ArrayValue, x: ArrayValue) => np.sum(np.square(np.tanh(np.matmul(w, x)))),
    params: lora.LoraArray.of(normal(3, [4, 3]), normal(4, [4, 2]), normal(5, [2, 3])),
    x: normal(6, [5, 3]),
  },
  "a perceptron": {
    f: ({ w1, b1, w2 }: typeof weights, x: ArrayValue) =>
      np.matmul(w2, np.tanh(np.add(np.matmul(w1, x), b1))),
    params: weights,
    x: normal(6, [5, 3]),
  },
  "attention by einsum and softmax": {
    f: (w: ArrayValue, x: ArrayValue) =>
      np.einsum("qk,kd->qd", softmax(np.einsum("qd,de,ke->qk", x, w, x)), x),
    params: normal(3, [3, 3]),
    x: normal(7, [5, 4, 3]),
  },
  "indexing and scattering": {
    f: (i: ArrayValue, x: ArrayValue) => {
      const rows = x.get(i);
      return np.multiply(x.at(i).add(np.sin(rows)), np.concatenate([x.get("1:"), x.get(":1")]));
    },
    params: np.array([2, 0, 2], np.int32),
    x: normal(7, [5, 4, 3]),
  },
};

/** Value, gradient of its sum by reverse mode, and tangent along `x` by forward mode: the same per example as of a batch. */
const differentiate =
  (f: Program): Program =>
  (params, x) => {
    const value = (x: ArrayValue) => f(params, x) as ArrayValue;
    const [out, tangent] = jvp(value, [x], [np.cos(x)]);
    return { out, tangent, gradient: grad((x: ArrayValue) => np.sum(value(x)))(x) };
  };

// Strict, so that quaxify does its work where there is nothing for it to do, too.
const transformations = {
  differentiate,
  vmap: (f: Program): Program =>
    vmap(f as (params: unknown, x: ArrayValue) => unknown, { inAxes: [null, 0] }),
  jit: (f: Program): Program => jit(f as (params: unknown, x: ArrayValue) => unknown),
  quaxify: (f: Program): Program =>
    quaxify(f as (params: unknown, x: ArrayValue) => unknown, { strict: true }),
} as const;
type Name = keyof typeof transformations;

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
const orders = permutations(Object.keys(transformations) as Name[]);

function expectSameTree(actual: unknown, expected: unknown, tolerance: number): void {
  const pairs: [ArrayValue, ArrayValue][] = [];
  tree.map((a: ArrayValue, e: ArrayValue) => void pairs.push([a, e]), actual, expected);
  expect(pairs.length).toBeGreaterThan(0);
  pairs.forEach(([a, e], i) => expectNearArray(a, e, tolerance, `leaf ${i}`));
}

describe.each(Object.entries(setups))("%s", (_, { f, params, x }) => {
  // One example at a time, and nothing else around it.
  const one = (i: number) => differentiate(quaxify(f as never) as Program)(params as never, x.get(i));
  const expected = tree.map((...leaves: ArrayValue[]) => np.stack(leaves), one(0), ...[1, 2, 3, 4].map(one));

  test("24 orders are known", () => expect(new Set(orders.map(String)).size).toBe(24));
  test.each(orders.map((order) => [order.join(" of "), order] as const))(
    "%s is the loop over examples",
    (_, order) => {
      const program = order.reduceRight<Program>((g, name) => transformations[name](g), f as Program);
      expectSameTree(program(params as never, x), expected, 2e-5);
    },
  );
});

describe("gradients with respect to a LoraArray", () => {
  const { f, params, x } = setups["the loss of a LoRA linear layer"]!;
  const w = params as lora.LoraArray;
  const batch = tree.map((leaf: ArrayValue) => np.stack([1, 2, 3, 4, 5].map((s) => np.multiply(leaf, s))), w);
  const each = (i: number) =>
    grad(quaxify(f as never) as (w: unknown, x: ArrayValue) => ArrayValue)(
      tree.map((leaf: ArrayValue) => leaf.get(i), batch),
      x.get(i),
    );
  const wrap: Readonly<Record<string, (g: Program) => Program>> = {
    grad: (g) => (w, x) => grad((w: unknown) => np.sum(g(w as never, x) as ArrayValue))(w),
    vmap: (g) => vmap(g as (w: unknown, x: ArrayValue) => unknown),
    jit: transformations.jit,
    quaxify: transformations.quaxify,
  };
  const inside = permutations(["grad", "vmap", "jit", "quaxify"]).filter(
    (order) => order.indexOf("grad") < order.indexOf("quaxify"),
  );
  test.each(inside.map((order) => [order.join(" of "), order] as const))(
    "%s has its class, and a Zero where the weight stops",
    (_, order) => {
      const program = order.reduceRight<Program>((g, name) => wrap[name]!(g), f as Program);
      const g = program(batch as never, x) as lora.LoraArray;
      expect(g).toBeInstanceOf(lora.LoraArray);
      expect(g._w).toBeInstanceOf(Zero);
      expect(g._w.shape).toEqual([5, 4, 3]);
      const expected = [0, 1, 2, 3, 4].map(each) as unknown as lora.LoraArray[];
      for (const part of ["a", "b"] as const) {
        expectNearArray(g[part], np.stack(expected.map((e) => e[part])), 2e-4, part);
      }
    },
  );
});

describe("second derivatives", () => {
  const functions: Readonly<Record<string, (x: ArrayValue) => ArrayValue>> = {
    "of a perceptron": (x) =>
      np.sum(
        np.matmul(
          np.astype(weights.w2, np.float64),
          np.tanh(np.matmul(np.astype(weights.w1, np.float64), x)),
        ),
      ),
    "of log ∑ exp": (x) => np.log(np.sum(np.exp(np.multiply(x, np.arange(1, 4))))),
    "of a quotient of powers": (x) => np.divide(np.prod(x), np.add(1, np.sum(np.power(x, 3)))),
    "of indexing": (x) => np.sum(np.multiply(x.get(np.array([0, 1, 1], np.int32)), np.sin(x.at(0).set(2.5)))),
    "of a maximum": (x) => np.multiply(np.max(x), np.sum(np.square(np.sort(x)))),
    "through jit": jit((x: ArrayValue) =>
      np.sum(np.multiply(jit((x: ArrayValue) => np.exp(x))(x), np.cumsum(x))),
    ),
  };
  const at = () => np.array([0.4, 1.3, -0.7], np.float64);

  test.each(Object.entries(functions))(
    "%s are symmetric, the same in every mode, and those of difference quotients",
    (_, f) => {
      withX64(() => {
        const x = at();
        const h = hessian(f)(x);
        expectNearArray(np.transpose(h as ArrayValue), h as ArrayValue, 1e-10, "symmetry");
        for (const outer of [jacfwd, jacrev])
          for (const inner of [jacfwd, jacrev])
            expectNearArray(
              (outer(inner(f)) as unknown as (x: ArrayValue) => ArrayValue)(x),
              h as ArrayValue,
              1e-10,
              `${outer.name} of ${inner.name}`,
            );
        const [v, step] = [np.array([0.3, -0.5, 0.8], np.float64), 1e-5];
        const slope = (s: number) => numbersOf(grad(f)(np.add(x, np.multiply(v, s))));
        const [after, before] = [slope(step), slope(-step)];
        expectNear(
          numbersOf(np.matmul(h as ArrayValue, v)),
          after.map((value, i) => (value - before[i]!) / (2 * step)),
          1e-7,
          "difference quotients",
        );
        const alongV = grad((x: ArrayValue) => np.sum(np.multiply(grad(f)(x), v)))(x);
        expectNearArray(alongV, np.matmul(h as ArrayValue, v), 1e-10, "grad of grad");
        expectNearArray(jit(hessian(f))(x) as ArrayValue, h as ArrayValue, 1e-10, "jit");
        expectNearArray(
          vmap(hessian(f))(np.stack([x, x])) as ArrayValue,
          np.stack([h as ArrayValue, h as ArrayValue]),
          1e-10,
          "vmap",
        );
      });
    },
  );

  test("third derivatives", () => {
    withX64(() => {
      const third = grad(grad(grad((x: ArrayValue) => np.tanh(x))));
      const t = Math.tanh(0.4);
      expectNear(numbersOf(third(np.array(0.4, np.float64))), [(1 - t * t) * (6 * t * t - 2)], 1e-12, "tanh");
      expectNear(
        numbersOf(jit(vmap(third))(np.array([0.4], np.float64))),
        [(1 - t * t) * (6 * t * t - 2)],
        1e-12,
        "tanh, jitted",
      );
    });
  });
});
