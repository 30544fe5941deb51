import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpoint, customJvp, jit } from "../../../src/control/index.ts";
import { cond } from "../../../src/control/cond.ts";
import * as debug from "../../../src/control/debug.ts";
import { scan } from "../../../src/control/scan.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jet } from "../../../src/interpreters/jet.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { erf, logistic, rsqrt } from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { array, expectValues, values } from "../arrays.ts";

type F = (...xs: ArrayValue[]) => ArrayValue;

/** The derivatives at t = 0 of f along the curve with these derivatives, by jvp in jvp. */
function nested(
  f: F,
  primals: readonly ArrayValue[],
  series: readonly (readonly ArrayValue[])[],
): number[][] {
  const curve = (t: ArrayValue) =>
    f(
      ...primals.map((x, i) => {
        let [factorial, power, sum] = [1, t, x];
        series[i]!.forEach((term, n) => {
          factorial *= n + 1;
          sum = np.add(sum, np.multiply(np.divide(term, factorial), power));
          power = np.multiply(power, t);
        });
        return sum;
      }),
    );
  const derivatives: number[][] = [];
  let g = curve;
  for (let n = 0; n < series[0]!.length; n++) {
    const before = g;
    g = (t) => jvp(before, [t], [array(1)])[1];
    derivatives.push(values(g(array(0))));
  }
  return derivatives;
}

function expectSeries(
  f: F,
  primals: readonly ArrayValue[],
  series: readonly (readonly ArrayValue[])[],
): void {
  const [out, terms] = jet(f, [...primals], series) as [ArrayValue, ArrayValue[]];
  expectValues(out, values(f(...primals)));
  nested(f, primals, series).forEach((expected, n) =>
    values(terms[n]).forEach((value, i) => {
      const scale = Math.max(1, ...expected.map(Math.abs));
      expect(Math.abs(value - expected[i]!), `order ${n + 1}`).toBeLessThan(2e-4 * scale);
    }),
  );
}

const x = array([0.6, 0.9, 1.3]);
const y = array([1.2, 0.8, 0.7]);
const along = (...terms: number[]) => terms.map((term) => array([term, -term, 0.5]));

test("the derivatives of sin z³ at ½, as in JAX's documentation", () => {
  const [out, terms] = jet((x: ArrayValue) => np.sin(x), [array(0.125)], [[0.75, 3]]) as unknown as [ArrayValue, ArrayValue[]]; // prettier-ignore
  expectValues(out, 0.12467473);
  expectValues(terms[0], 0.74414825);
  expectValues(terms[1], 2.9064636);
});

test("terms are derivatives, or coefficients where it is said", () => {
  const exp = (x: ArrayValue) => np.exp(x);
  const [, derivatives] = jet(exp, [array(0)], [[1, 0, 0, 0]]) as [unknown, ArrayValue[]];
  expect(derivatives.flatMap(values)).toEqual([1, 1, 1, 1]);
  const [, coefficients] = jet(exp, [array(0)], [[1, 0, 0, 0]], { factorialScaled: false }) as [unknown, ArrayValue[]]; // prettier-ignore
  coefficients.forEach((c, n) => expectValues(c, [1, 1 / 2, 1 / 6, 1 / 24][n]!));
});

describe("agrees with jvp in jvp", () => {
  const unary: Record<string, F> = {
    exp: np.exp,
    log: np.log,
    sin: np.sin,
    cos: np.cos,
    tanh: np.tanh,
    sqrt: np.sqrt,
    log1p: np.log1p,
    expm1: np.expm1, // prettier-ignore
    arctan: np.arctan,
    logistic,
    rsqrt,
    erf,
    cumsum: (x) => np.cumsum(np.exp(x)),
    sum: (x) => np.sum(np.multiply(np.sin(x), x)), // prettier-ignore
    cube: (x) => np.power(x, 3),
    inverse: (x) => np.power(x, -2),
    sort: (x) => np.sort(np.sin(x)),
    max: (x) => np.max(np.multiply(x, x)), // prettier-ignore
    logsumexp: (x) => np.log(np.sum(np.exp(x))),
    constant: (x) => np.add(np.floor(x), x), // prettier-ignore
  };
  test.each(Object.entries(unary))("%s", (_name, f) => expectSeries(f, [x], [along(0.3, -0.7, 0.4, 0.2)]));
  const binary: Record<string, F> = {
    mul: np.multiply,
    div: np.divide,
    pow: np.power,
    maximum: np.maximum,
    arctan2: np.arctan2, // prettier-ignore
    where: (x, y) => np.where(np.greater(x, 0.8), np.sin(x), np.multiply(y, y)),
    dot: (x, y) => np.sin(np.dot(x, y) as ArrayValue),
    concatenate: (x, y) => np.exp(np.concatenate([x, y])),
  };
  test.each(Object.entries(binary))("%s", (_name, f) =>
    expectSeries(f, [x, y], [along(0.3, -0.7, 0.4), along(-0.5, 0.2, 0.9)]),
  );
  const held: Record<string, F> = {
    jit: (x) => np.add(jit((z: ArrayValue) => np.multiply(np.sin(z), z))(x), x),
    checkpoint: checkpoint((x: ArrayValue) => np.sin(np.sin(x))),
    cond: (x) => cond(np.greater(np.sum(x), 0), (z: ArrayValue) => np.sin(z), (z: ArrayValue) => z, x) as ArrayValue, // prettier-ignore
    scan: (x) =>
      (scan((c: never, z: never) => [np.sin(np.multiply(c, z)), null] as never, array(0.7) as never, x as never) as never)[0], // prettier-ignore
    vmap: (x) => vmap((z: ArrayValue) => np.sin(z))(x),
    grad: (x) => grad((z: ArrayValue) => np.sum(np.exp(np.sin(z))))(x),
  };
  test.each(Object.entries(held))("through %s", (_name, f) => expectSeries(f, [x], [along(0.3, -0.7, 0.4)]));

  const tree = fc.letrec<{ tree: (x: ArrayValue) => ArrayValue }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<(x: ArrayValue) => ArrayValue>((x) => x, np.sin, np.tanh, np.exp),
      fc.tuple(tie("tree"), tie("tree")).map(
        ([f, g]) =>
          (x: ArrayValue) =>
            np.tanh(np.add(f(x), g(x))),
      ),
      fc.tuple(tie("tree"), tie("tree")).map(
        ([f, g]) =>
          (x: ArrayValue) =>
            np.sin(np.multiply(f(x), g(x))),
      ),
    ),
  })).tree;
  test("random programs", () => {
    fc.assert(
      fc.property(tree, (f) => expectSeries(f, [x], [along(0.3, -0.2, 0.4)])),
      { numRuns: 30 },
    );
  });
});

describe("composition", () => {
  const third = (x: ArrayValue): ArrayValue =>
    (
      jet((z: ArrayValue) => np.sin(z), [x], [[1, 0, 0].map((n) => np.fullLike(x, n))])[1] as ArrayValue[]
    )[2]!;
  const minusCos = [0.6, 0.9, 1.3].map((z) => -Math.cos(z));
  test("under jit, vmap and grad", () => {
    expectValues(jit(third)(x), minusCos);
    expectValues(vmap(third)(x), minusCos);
    expectValues(vmap(grad(third))(x), [0.6, 0.9, 1.3].map(Math.sin));
  });
  test("of itself", () => {
    const [, [first]] = jet(third, [x], [[np.onesLike(x)]]) as unknown as [ArrayValue, [ArrayValue]];
    expectValues(first, [0.6, 0.9, 1.3].map(Math.sin));
  });
  test("a rule of the user's own is used", () => {
    const f = customJvp((x: ArrayValue) => np.sin(x));
    f.defjvps((t: ArrayValue, _out: ArrayValue, x: ArrayValue) => np.multiply(t, np.multiply(x, 10)));
    const [, terms] = jet(f, [array(2)], [[1, 0]]) as [unknown, ArrayValue[]];
    expectValues(terms[0], 20);
    expectValues(terms[1], 10);
  });
  test("trees, numbers and what does not depend on the arguments", () => {
    const f = ({ a, b }: { a: ArrayValue; b: number }) => ({ y: [np.multiply(a, b)], z: np.sin(1) });
    const [out, series] = jet(f, [{ a: x, b: 2 }], [{ a: [y, y], b: [1, 0] }]);
    expectValues(out.y[0], [1.2, 1.8, 2.6]);
    const terms = series as { y: [ArrayValue[]]; z: Zero[] };
    expectValues(terms.y[0][0], [3, 2.5, 2.7]);
    expectValues(terms.y[0][1], values(np.multiply(y, 4)));
    expect(terms.z.map((term) => term instanceof Zero)).toEqual([true, true]);
  });
  test("an argument that stands still: its terms are Zero, and nothing is computed for them", () => {
    const f = (a: ArrayValue, b: ArrayValue) => np.multiply(np.sin(b), a);
    const still = [new Zero([3], "float32"), new Zero([3], "float32")];
    const program = makeJaxpr((a: ArrayValue, b: ArrayValue) => jet(f, [a, b], [[y, y], still])[1])(x, x);
    expect(program.jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).not.toContain("cos");
  });
  test("an effect happens, and with the value", () => {
    const seen: number[] = [];
    const f = (z: ArrayValue) => {
      debug.callback((value: unknown) => seen.push(...values(value)), z);
      debug.callback((value: unknown) => seen.push(...values(value)), z);
      return np.sin(z);
    };
    jet(f, [array(2)], [[1, 0]]);
    expect(seen).toEqual([2, 2]);
  });
  test("no terms: the value", () => {
    const [out, terms] = jet((z: ArrayValue) => np.sin(z), [x], [[]]);
    expectValues(out, [0.6, 0.9, 1.3].map(Math.sin));
    expect(terms).toEqual([]);
  });
});

test("the work grows with a power of the order, not exponentially", () => {
  const count = (f: F, order: number): number => {
    const terms = Array.from({ length: order }, () => x);
    return makeJaxpr((z: ArrayValue) => jet(f, [z], [terms])[1])(x).jaxpr.eqns.length;
  };
  for (const f of [np.sin, np.tanh, np.log, (x: ArrayValue) => np.divide(np.sin(x), x)])
    expect(count(f, 12)).toBeLessThan(20 * count(f, 6));
});

describe("bad input", () => {
  const f = (a: ArrayValue, b?: ArrayValue) => (b === undefined ? np.sin(a) : np.multiply(a, b));
  const run =
    (primals: unknown[], series: unknown, options = {}) =>
    () =>
      jet(f as never, primals as never, series as never, options);
  test("series of different lengths, or none", () => {
    expect(run([x, y], [[x, x], [x]])).toThrow(/argument 1 has 1 terms and argument 0 has 2/);
    expect(run([x], [x])).toThrow(/argument 0: the terms are a list/);
    expect(run([x], x)).toThrow(/takes its series as a list/);
    expect(run([x, y], [[x]])).toThrow(/tree of series/);
  });
  test("terms that do not fit their primal", () => {
    expect(run([x], [[array([1, 2])]])).toThrow(ShapeError);
    expect(run([x], [[np.astype(x, "int32")]])).toThrow(DTypeError);
    expect(run([x], [["x"]])).toThrow(ArgumentError);
    expect(run([np.arange(3)], [[x]])).toThrow(DTypeError);
  });
  test("unknown options", () => {
    expect(run([x], [[x]], { factorial: true })).toThrow(/factorialScaled/);
  });
});
