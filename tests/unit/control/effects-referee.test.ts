import "../../../src/numpy/methods.ts";
import { expect, test } from "vitest";
import * as debug from "../../../src/control/debug.ts";
import { cond, foriLoop, jit, scan, whileLoop } from "../../../src/control/index.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import * as np from "../../../src/numpy/index.ts";
import golden from "../../goldens/effects/calls.json" with { type: "json" };
import { array, values } from "../arrays.ts";

type Call = readonly [name: string, value: number];
type Statement =
  | readonly ["sin" | "half"]
  | readonly ["call", name: string, ordered: boolean]
  | readonly ["cond", predicate: boolean | number, whenTrue: Body, whenFalse: Body]
  | readonly ["scan", length: number, reverse: boolean, body: Body]
  | readonly ["fori" | "while", length: number, body: Body]
  | readonly ["jit", body: Body];
type Body = readonly Statement[];
type Scalar = (x: ArrayValue) => ArrayValue;

const log: { call: Call; ordered: boolean }[] = [];

function run(statement: Statement, x: ArrayValue): ArrayValue {
  switch (statement[0]) {
    case "sin":
      return np.sin(x);
    case "half":
      return np.multiply(x, 0.5);
    case "call": {
      const [, name, ordered] = statement;
      debug.callback((y) => log.push({ call: [name, Number(y.item())], ordered }), x, { ordered });
      return x;
    }
    case "cond": {
      const [, predicate, whenTrue, whenFalse] = statement;
      const which = typeof predicate === "boolean" ? predicate : np.greater(x, predicate);
      return cond(
        which,
        (y) => runAll(whenTrue, y),
        (y) => runAll(whenFalse, y),
        x,
      );
    }
    case "scan": {
      const [, length, reverse, body] = statement;
      const xs = np.arange(length, { dtype: "float32" });
      return scan((c, y) => [np.add(runAll(body, c), np.multiply(y, 0.01)), null], x, xs, { reverse })[0];
    }
    case "fori":
      return foriLoop(0, statement[1], (_, c) => runAll(statement[2], c), x);
    case "while": {
      const [, length, body] = statement;
      return whileLoop(
        ([i]) => np.less(i, length),
        ([i, c]) => [np.add(i, 1), runAll(body, c)],
        [array(0, "int32"), x],
      )[1];
    }
    default:
      return jit((y: ArrayValue) => runAll(statement[1], y))(x);
  }
}
const runAll = (body: Body, x: ArrayValue): ArrayValue => body.reduce((y, s) => run(s, y), x);

const one = array(1);
const transforms: Readonly<Record<string, (f: Scalar) => Scalar>> = {
  jit: (f) => jit(f),
  grad: (f) => grad(f),
  jvp: (f) => (x) => jvp(f, [x], [one])[1],
  linearize: (f) => (x) => linearize(f, [x])[1](one),
  vjp: (f) => (x) => vjp(f, [x])[1](one)[0],
  vmap: (f) => (x) => np.sum(vmap(f)(np.multiply(x, array([1, 2, 3])))),
};

const byName = ([a, x]: Call, [b, y]: Call): number => (a < b ? -1 : a > b ? 1 : x - y);
function expectCalls(got: readonly Call[], expected: readonly Call[]): void {
  expect(got.map(([name]) => name)).toEqual(expected.map(([name]) => name));
  got.forEach(([, x], i) => expect(x).toBeCloseTo(expected[i]![1], 5));
}

test.each(golden.cases.map((c, i) => [`program ${i} under [${c.transforms.join(", ")}]`, c] as const))(
  "%s calls what JAX calls, in its order",
  (_, { program, transforms: names, result, ordered, unordered }) => {
    log.length = 0;
    const f = names.reduce<Scalar>(
      (g, name) => transforms[name]!(g),
      (x) => runAll(program as unknown as Body, x),
    );
    expect(values(f(array(0.3)))[0]).toBeCloseTo(result, 4);
    const callsOf = (kind: boolean) => log.filter((entry) => entry.ordered === kind).map(({ call }) => call);
    expectCalls(callsOf(true), ordered as unknown as Call[]);
    expectCalls(callsOf(false).toSorted(byName), (unordered as unknown as Call[]).toSorted(byName));
  },
);
