import {
  type ArrayValue,
  ArgumentError,
  DTypeError,
  evalShape,
  jit,
  lax,
  makeJaxpr,
  nn,
  numpy as np,
  random,
  ShapeDtypeStruct,
  ShapeError,
  tree,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
const { TreeError } = tree;
const m = np.ones([2, 3]);
const v = np.ones([3]);
const n = np.ones([3], np.int32);

describe("shapes that do not fit", () => {
  test.each<[string, () => unknown, string, ...string[]]>([
    ["add", () => np.add(np.ones([2]), v), "lax/shape", "add", "(2,), (3,)"],
    ["lax.add of other ranks", () => lax.add(m, v), "lax/rank", "add", "(2, 3), (3,)", "np.add"],
    [
      "matmul",
      () => np.matmul(m, m),
      "numpy/contraction",
      "np.matmul",
      "axis 1 of shape (2, 3) is 3",
      "axis 0 of shape (2, 3) is 2",
    ],
    [
      "dotGeneral",
      () =>
        lax.dotGeneral(m, m, [
          [[1], [0]],
          [[], []],
        ]),
      "dot/sizes",
      "dot_general",
      "lhs axis 1 is 3, rhs axis 0 is 2",
    ],
    ["einsum", () => np.einsum("ij,jk->ik", m, m), "numpy/einsum", "np.einsum", '"j" has sizes 3 and 2'],
    ["reshape", () => np.reshape(m, [4]), "lax/reshape", "(2, 3) (size 6) into shape (4,) (size 4)"],
    ["concatenate", () => np.concatenate([m, np.ones([2, 4])]), "lax/concatenate", "(2, 3), (2, 4)"],
    ["stack", () => np.stack([m, v]), "lax/rank", "stack", "(2, 3), (3,)"],
    [
      "broadcastTo",
      () => np.broadcastTo(m, [4, 3]),
      "numpy/broadcast",
      "np.broadcastTo",
      "(2, 3) does not broadcast to (4, 3)",
    ],
    ["split", () => np.split(m, 4, 1), "numpy/split", "np.split", "axis 1 of shape (2, 3)"],
    ["at.set", () => m.at(0).set(np.ones([4])), "numpy/broadcast", "(4,) does not broadcast to (3,)"],
    ["a mask", () => m.get(np.array([true, false, true])), "index/mask", "(3,) does not fit", "(2,)"],
    ["too many indices", () => m.get(0, 0, 0), "index/count", "(2, 3), 2 axes, and 3 were indexed"],
    [
      "a layer",
      () => new nn.Linear(2, 3, { key: random.key(0) }).forward(np.ones([5])),
      "numpy/contraction",
      "(3, 2)",
      "(5,)",
    ],
    ["a maximum of nothing", () => np.max(np.zeros([0])), "numpy/empty", "max", "(0,)"],
  ])("%s", (_, run, code, ...parts) => refused(run, ShapeError, code, ...parts));

  test("a ragged list", () => {
    refused(
      () => np.array([[1, 2], [3]]),
      ShapeError,
      "numpy/ragged",
      "np.array",
      "[0] has shape (2,) and [1] has shape (1,)",
    );
    refused(() => np.array([1, [2]]), ShapeError, "numpy/ragged", "[0] has shape () and [1] has shape (1,)");
    refused(
      () =>
        np.array([
          [[1], [2]],
          [[1], [2, 3]],
        ]),
      ShapeError,
      "numpy/ragged",
      "[1][0] has shape (1,) and [1][1] has shape (2,)",
    );
  });
});

describe("axes", () => {
  test.each<[string, () => unknown, string, ...string[]]>([
    ["out of bounds", () => np.sum(m, 5), "shape/axis", "np.sum", "axis 5", "dimension 2"],
    ["out of bounds from the end", () => np.mean(m, { axis: -3 }), "shape/axis", "np.mean", "axis -3"],
    ["named twice", () => np.sum(m, [0, 0]), "shape/axis", "np.sum", "(0, 0) name one twice"],
    ["named twice, from both ends", () => np.sum(m, [0, -2]), "shape/axis", "(0, 0) name one twice"],
    ["a fraction", () => np.sum(m, 0.5), "shape/axis", "np.sum", "axis 0.5 is not an integer"],
    ["NaN", () => np.argmax(m, NaN), "shape/axis", "axis NaN is not an integer"],
    ["a string", () => np.sum(m, "0" as never), "shape/axis", 'axis "0" is not an integer'],
    [
      "an array",
      () => np.sum(m, np.array(0, np.int32) as never),
      "shape/axis",
      "axis i32[] (item() gives its number) is not an integer",
    ],
    ["of a transpose", () => np.transpose(m, [0, 0]), "lax/transpose", "(0, 0) for operand shape (2, 3)"],
    ["to squeeze that are no 1", () => np.squeeze(m, 0), "lax/squeeze", "shape=(2, 3) and dimensions=(0,)"],
    ["to insert", () => np.expandDims(m, 9), "shape/axis", "axis 9"],
    ["to move", () => np.moveaxis(m, 0, 5), "shape/axis", "np.moveaxis", "axis 5"],
  ])("%s", (_, run, code, ...parts) => refused(run, ShapeError, code, ...parts));
});

describe("shapes that are none", () => {
  test.each<[string, () => unknown, string]>([
    ["a fraction", () => np.zeros([2.5]), "np.zeros: a shape is a list of non-negative integers, got [2.5]"],
    ["NaN", () => np.ones([3, NaN]), "np.ones: a shape is a list of non-negative integers, got [3, NaN]"],
    ["negative", () => np.full([-1], 0), "np.full: a shape is a list of non-negative integers, got [-1]"],
    ["infinite", () => np.zeros([Infinity]), "got [Infinity]"],
    ["a string", () => np.zeros("2" as never), 'got "2"'],
    ["nothing", () => (np.zeros as () => unknown)(), "got undefined"],
    ["an array", () => np.zeros([np.array(3, np.int32)] as never), "got [i32[] (item() gives its number)]"],
    ["of a reshape", () => np.reshape(m, [NaN]), "np.reshape"],
    ["of a random array", () => random.normal(random.key(0), [1.5]), "random.normal"],
    ["of a split", () => random.split(random.key(0), 2.5), "random.split"],
    ["of a struct", () => new ShapeDtypeStruct([0.5], np.float32), "ShapeDtypeStruct"],
    ["two unknown sizes", () => np.reshape(m, [-1, -1]), "np.reshape"],
  ])("%s", (_, run, ...parts) => refused(run, ShapeError, "shape/invalid", ...parts));

  test.each<[string, () => unknown]>([
    ["2³¹", () => np.zeros([2 ** 31])],
    ["a product above 2³¹", () => np.zeros([65536, 65536])],
    ["above 2⁵³", () => np.zeros([2 ** 30, 2 ** 30])],
    ["a broadcast", () => np.broadcastTo(1, [65536, 65536])],
    ["an outer product", () => np.outer(np.zeros([65536]), np.zeros([65536]))],
    ["a tile", () => np.tile(v, [2 ** 31])],
    ["a repeat", () => np.repeat(v, 2 ** 31)],
    ["a pad", () => np.pad(v, [[0, 2 ** 31]])],
    ["a matrix product", () => np.matmul(np.zeros([65536, 1]), np.zeros([1, 65536]))],
    ["staged", () => makeJaxpr((x: ArrayValue) => np.outer(x, x))(np.zeros([65536]))],
    [
      "of an evalShape",
      () => evalShape((x: ArrayValue) => np.outer(x, x), new ShapeDtypeStruct([65536], np.float32)),
    ],
    ["of a batch", () => vmap((x: ArrayValue) => np.broadcastTo(x, [65536]))(np.zeros([65536]))],
  ])("more elements than an array can have: %s", (_, run) =>
    refused(run, ShapeError, "shape/overflow", "more than 2^31 - 1 elements"),
  );
});

describe("indices", () => {
  test.each<[string, () => unknown, string, ...string[]]>([
    ["a fraction", () => m.get(0.5), "index/fraction", "get", "0.5"],
    ["NaN", () => m.get(NaN), "index/fraction", "NaN"],
    ["a slice of fractions", () => m.get("1.5:"), "index/slice", '"1.5:"'],
    ["a string that is no slice", () => m.get("a"), "index/slice", '"a"'],
    ["a slice without steps", () => m.get("::0"), "index/slice", "step"],
    ["nothing", () => m.get(undefined as never), "index/kind", "got undefined"],
    ["a range without end", () => np.arange(Infinity), "numpy/arange", "np.arange(0, Infinity, 1)"],
    ["a range of NaN", () => np.arange(NaN), "numpy/arange", "NaN"],
    ["a range without steps", () => np.arange(0, 3, 0), "numpy/arange", "step"],
    ["a fractional count", () => np.linspace(0, 1, 2.5), "numpy/count", "np.linspace", "2.5"],
  ])("%s", (_, run, code, ...parts) => refused(run, ArgumentError, code, ...parts));
  test("of floats", () => {
    refused(() => m.get(np.array([0.5])), DTypeError, "index/dtype", "get", "f32[1]");
    refused(() => np.take(v, 0.5), DTypeError, "index/dtype", "np.take", "float32");
  });
});

describe("dtypes", () => {
  test("that do not exist", () => {
    refused(
      () => np.zeros([2], "flaot32" as never),
      DTypeError,
      "dtype/unknown",
      'np.zeros: flaot32 is not a dtype; did you mean "float32"?',
    );
    refused(() => np.array([1], "int3" as never), DTypeError, "dtype/unknown", 'did you mean "int8"?');
    refused(
      () => v.astype("constructor" as never),
      DTypeError,
      "dtype/unknown",
      "constructor is not a dtype",
    );
    refused(
      () => np.zeros([2], { dtype: {} as never }),
      DTypeError,
      "dtype/unknown",
      "is not a dtype; dtypes are",
    );
  });
  test("that differ where they must not", () =>
    refused(() => lax.add(v, n), DTypeError, "lax/dtype", "add", "float32, int32", "astype"));
  test("that a function does not take", () => {
    refused(
      () => lax.sin(n),
      DTypeError,
      "lax/dtype",
      "sin does not accept dtype int32 at position 0; accepted are floating, complexfloating",
    );
    refused(() => np.bitwiseAnd(v, v), DTypeError, "lax/dtype", "float32");
    refused(
      () => random.normal(random.key(0), [2], np.int32),
      DTypeError,
      "random/dtype",
      "random.normal",
      "int32",
    );
  });
  test("that cannot hold a number", () => {
    refused(
      () => np.array([NaN], np.int32),
      DTypeError,
      "numpy/range",
      "np.array: the number NaN is out of bounds for int32",
    );
    refused(() => np.array([300], np.uint8), DTypeError, "numpy/range", "300 is out of bounds for uint8");
  });
});

describe("trees", () => {
  test("of another structure", () => {
    refused(
      () => tree.map((a: number) => a, { a: 1 }, { b: 1 }),
      TreeError,
      "structure",
      "map: tree 2",
      "expected {a: *}, got {b: *}",
      'missing "a"; unexpected "b"',
    );
    refused(
      () => tree.map((a: number) => a, [1, [2, 3]], [1, [2]]),
      TreeError,
      "structure",
      "at [1]",
      "expected [*, *], got [*]",
    );
  });
});

test("an error of a staged operation has the user's line, an error inside jit too", () => {
  refused(
    () => makeJaxpr((x: ArrayValue) => np.add(x, np.ones([2])))(v),
    ShapeError,
    "lax/shape",
    /\(at bad-input\/shapes\.test\.ts:\d+:\d+\)$/,
  );
  const inner = jit((x: ArrayValue) => np.add(x, np.ones([2])));
  refused(
    () => jit((x: ArrayValue) => inner(np.sin(x)))(v),
    ShapeError,
    "lax/shape",
    /\(at bad-input\/shapes\.test\.ts:\d+:\d+\)$/,
  );
  try {
    np.add(v, np.ones([2]));
  } catch (error) {
    expect((error as Error).stack).toContain("shapes.test.ts");
  }
});
