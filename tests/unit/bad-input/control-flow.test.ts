import {
  ArgumentError,
  type ArrayValue,
  checkpointPolicies,
  customJvp,
  customVjp,
  DTypeError,
  EscapedTracerError,
  grad,
  jit,
  jvp,
  lax,
  numpy as np,
  random,
  ShapeError,
  tree,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
const { TreeError } = tree;
type ErrorClass = Parameters<typeof refused>[1];
type Row = [name: string, run: () => unknown, error: ErrorClass, code: string, ...parts: string[]];

const v = np.array([1, 2, 3]);
const s = np.array(2);
const n = np.arange(3);
const double = (x: ArrayValue) => np.multiply(x, 2);
const sum = (c: ArrayValue, x: ArrayValue): [ArrayValue, ArrayValue] => [np.add(c, x), c];
/** Everything here is called as JavaScript would. */
const {
  cond,
  switch: choose,
  whileLoop,
  scan,
  foriLoop,
  map,
  associativeScan,
} = lax as unknown as Record<string, (...args: unknown[]) => unknown>;
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
let escaped: unknown;
jit((x: ArrayValue) => {
  escaped = x;
  return x;
})(v);

describe("control flow", () => {
  test.each<Row>([
    [
      "a predicate that is a vector",
      () => cond!(v, double, double, v),
      ShapeError,
      "control/scalar",
      "f32[3]",
      "np.any",
    ],
    [
      "that is complex",
      () => cond!(np.complex64({ re: 1, im: 2 }), double, double, v),
      DTypeError,
      "control/predicate",
      "c64[]",
      "compare",
    ],
    [
      "that is a key",
      () => cond!(random.key(0), double, double, v),
      DTypeError,
      "control/predicate",
      "key<fry>[]",
    ],
    ["that has escaped", () => cond!(escaped, double, double, v), ShapeError, "control/scalar"],
    [
      "an operand that has escaped",
      () => cond!(true, double, double, escaped),
      EscapedTracerError,
      "trace/escaped",
      "argument 0 of jit",
    ],
    [
      "an operand that contains itself",
      () => cond!(true, double, double, cyclic),
      TreeError,
      "depth",
      "cond: one of its arguments contains itself",
    ],
    [
      "a branch that is none",
      () => cond!(true, double, v, v),
      ArgumentError,
      "control/function",
      "falseFn must be a function",
    ],
    [
      "branches of other trees",
      () => cond!(true, double, (x: unknown) => ({ x }), v),
      ArgumentError,
      "control/structure",
      "falseFn has {x: *}, trueFn has *",
    ],
    [
      "branches of other dtypes",
      () => cond!(true, double, () => n, v),
      DTypeError,
      "control/dtype",
      "falseFn has i32[3], trueFn has f32[3]",
    ],
    ["no branches", () => choose!(0, [], v), ArgumentError, "control/branches"],
    ["an index that is no integer", () => choose!(0.5, [double], v), DTypeError, "control/index", "f32[]"],
    [
      "a condition that is a number",
      () => whileLoop!(() => 1, double, v),
      DTypeError,
      "control/predicate",
      "i32[]",
    ],
    [
      "a carry that grows",
      () => scan!((c: ArrayValue, x: ArrayValue) => [np.concatenate([c, c]), x], v, v),
      ShapeError,
      "control/shape",
      "f32[3]",
      "f32[6]",
    ],
    [
      "a body without a pair",
      () => scan!((c: ArrayValue) => c, s, v),
      ArgumentError,
      "scan/pair",
      "[carry, y]",
    ],
    ["nothing to scan", () => scan!(sum, s, null), ArgumentError, "scan/length", "length"],
    [
      "a length that is no count",
      () => scan!(sum, s, null, { length: -1 }),
      ArgumentError,
      "scan/length",
      "-1",
    ],
    [
      "a flag that is a text",
      () => scan!(sum, s, v, { reverse: "false" }),
      ArgumentError,
      "argument/flag",
      'scan: reverse is a boolean, got the string "false"',
    ],
    [
      "a flag that is a number",
      () => associativeScan!(np.add, v, 1),
      ArgumentError,
      "argument/flag",
      "associativeScan: reverse",
    ],
    ["options that contain themselves", () => scan!(sum, s, v, cyclic), TreeError, "depth", "scan"],
    [
      "a bound that is no integer",
      () => foriLoop!(0, 2.5, (_i: unknown, x: unknown) => x, v),
      DTypeError,
      "control/bounds",
    ],
    [
      "a batch of a fraction",
      () => map!(double, v, { batchSize: 1.5 }),
      ArgumentError,
      "control/batch-size",
      "1.5",
    ],
    [
      "elements of other sizes",
      () => associativeScan!(np.add, [v, np.ones([2])]),
      ShapeError,
      "control/elements",
      "elems[0] is f32[3], elems[1] is f32[2]",
    ],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));

  test("a scan of no steps gives its carry, and empty outputs", () => {
    const [carry, ys] = lax.scan(sum, s, np.zeros([0]));
    expect([carry.item(), ys.shape]).toEqual([2, [0]]);
  });
});

/** `np.sin` with these rules. */
const ruledJvp = (rule: unknown) => {
  const f = customJvp((x: ArrayValue): ArrayValue => np.sin(x));
  f.defjvp(rule as never);
  return () => jvp(f, [v], [v]);
};
const ruledJvps = (...rules: unknown[]) => {
  const f = customJvp((x: ArrayValue): ArrayValue => np.sin(x));
  f.defjvps(...(rules as never[]));
  return jvp(f, [v], [v]);
};
const ruledVjp = (fwd: unknown, bwd: unknown) => {
  const f = customVjp((x: ArrayValue): ArrayValue => np.sin(x));
  f.defvjp(fwd as never, bwd as never);
  return () => grad((x: ArrayValue) => np.sum(f(x)))(v);
};
const forward = (x: ArrayValue) => [np.sin(x), x];

describe("custom rules", () => {
  test.each<Row>([
    ["a JVP rule that is none", () => ruledJvp({}), ArgumentError, "transform/function"],
    ["one without a pair", ruledJvp(() => v), ArgumentError, "custom/result", "[out, tangentOut]"],
    [
      "one with a tangent of another dtype",
      ruledJvp(([x]: [ArrayValue]) => [x, n]),
      DTypeError,
      "jvp/dtype",
      "the result: the tangent has dtype int32",
    ],
    [
      "too few rules",
      () => ruledJvps(),
      ArgumentError,
      "custom/arity",
      "it has 0 rules, but the function was called with 1",
    ],
    ["too many", () => ruledJvps(null, null), ArgumentError, "custom/arity", "2 rules"],
    [
      "a rule for an argument that is none",
      () => ruledJvps("x"),
      ArgumentError,
      "custom/rule",
      'argument 0 is a function, or null where nothing depends on it, got the string "x"',
    ],
    [
      "one that returns nothing",
      () => ruledJvps(() => {}),
      ArgumentError,
      "custom/rule",
      "must return a tangent of the result, or null, got undefined",
    ],
    ["one that is async", () => ruledJvps(async () => v), ArgumentError, "transform/async"],
    [
      "a forward rule without a pair",
      ruledVjp(
        () => v,
        () => [v],
      ),
      ArgumentError,
      "custom/result",
    ],
    [
      "a backward rule with too many cotangents",
      ruledVjp(forward, () => [v, v]),
      ArgumentError,
      "custom/result",
    ],
    [
      "one with a cotangent of another shape",
      ruledVjp(forward, () => [s]),
      ShapeError,
      "custom/shape",
      "argument 0 is f32[]",
    ],
    [
      "nondiffArgnums that name one twice",
      () => customJvp(np.add as never, { nondiffArgnums: [1, -1] } as never)(v as never, v as never),
      ArgumentError,
      "custom/nondiff",
      "1, -1",
    ],
    [
      "nondiffArgnums that are no list",
      () => customJvp(np.sin as never, { nondiffArgnums: "0" } as never)(v),
      ArgumentError,
      "transform/argnums",
    ],
    [
      "nondiffArgnums that are null",
      () => customVjp(np.sin as never, { nondiffArgnums: null } as never)(v),
      ArgumentError,
      "transform/argnums",
      "null",
    ],
    [
      "symbolicZeros that is a text",
      () => customJvp(np.sin as never).defjvp((() => [v, v]) as never, { symbolicZeros: "no" } as never),
      ArgumentError,
      "argument/flag",
    ],
    [
      "policies that are none",
      () => checkpointPolicies.saveFromBothPolicies("x" as never, () => true),
      ArgumentError,
      "control/function",
      "checkpointPolicies.saveFromBothPolicies",
    ],
    [
      "a solution of another dtype",
      () => lax.customLinearSolve(double, v, () => n),
      DTypeError,
      "solve/dtype",
      "the result of solve",
      "i32[3]",
      "f32[3]",
    ],
    [
      "a map of another dtype",
      () =>
        lax.customLinearSolve(
          () => n,
          v,
          (_f, b) => b,
        ),
      DTypeError,
      "solve/dtype",
      "the result of matvec",
    ],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));

  test("a rule that was refused does not take the place of one that was given", () => {
    const f = customJvp((x: ArrayValue): ArrayValue => np.sin(x));
    f.defjvps((t: ArrayValue) => np.multiply(t, 7));
    refused(() => f.defjvps("x" as never), ArgumentError, "custom/rule");
    refused(() => f.defjvp(3 as never), ArgumentError, "transform/function");
    expect(jvp(f, [v], [v])[1].toList()).toEqual([7, 14, 21]);
  });
});

describe("named axes", () => {
  const rows = np.ones([3, 3]);
  const along = (f: (x: ArrayValue) => unknown) => () => vmap(f as never, { axisName: "i" } as never)(rows);
  test.each<Row>([
    [
      "an unbound name",
      along((x) => lax.psum(x, "j")),
      ArgumentError,
      "axis/unbound",
      '"j"',
      '"i" (of size 3)',
    ],
    [
      "a name that is none",
      along((x) => lax.psum(x, 3 as never)),
      ArgumentError,
      "axis/name",
      "the number 3",
    ],
    [
      "groups that are no list",
      along((x) => lax.psum(x, "i", { axisIndexGroups: "x" as never })),
      ArgumentError,
      "axis/groups",
      "a list of lists",
    ],
    [
      "groups of no integers",
      along((x) => lax.pmax(x, "i", { axisIndexGroups: [[0, 1, 2n]] as never })),
      ArgumentError,
      "axis/groups",
    ],
    [
      "groups that miss an index",
      along((x) => lax.psum(x, "i", { axisIndexGroups: [[0, 1]] })),
      ArgumentError,
      "axis/groups",
      "of size 3, exactly once",
    ],
    [
      "tiled that is no flag",
      along((x) => lax.allGather(x, "i", { tiled: "no" as never })),
      ArgumentError,
      "argument/flag",
      "tiled",
    ],
    [
      "a permutation of no indices",
      along((x) => lax.ppermute(x, "i", [[Symbol("a"), 1]] as never)),
      ArgumentError,
      "axis/permutation",
    ],
    [
      "a destination twice",
      along((x) =>
        lax.ppermute(x, "i", [
          [0, 1],
          [2, 1],
        ]),
      ),
      ArgumentError,
      "axis/permutation",
    ],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));
});
