import {
  ArgumentError,
  type ArrayValue,
  BackendError,
  config,
  DTypeError,
  evalShape,
  grad,
  jit,
  jvp,
  lax,
  linearize,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  setBackend,
  ShapeError,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
const { TreeError } = tree;
const v = np.ones([3]);
const m = np.ones([2, 3]);
const n = np.ones([3], np.int32);
const same = (x: ArrayValue) => x;
const sum = (x: ArrayValue) => np.sum(x);

describe("unknown options suggest the nearest", () => {
  const key = random.key(0);
  test.each<[string, () => unknown, ...string[]]>([
    ["np.sum", () => np.sum(m, { axes: 0 } as never), "np.sum has no option axes; did you mean axis?"],
    [
      "np.zeros",
      () => np.zeros([2], { dtyp: np.int32 } as never),
      "np.zeros has no option dtyp; did you mean dtype?",
    ],
    [
      "lax.dotGeneral",
      () =>
        lax.dotGeneral(
          m,
          v,
          [
            [[1], [0]],
            [[], []],
          ],
          { precison: null } as never,
        ),
      "did you mean precision?",
    ],
    [
      "jit",
      () => jit(same, { staticArgnum: 0 } as never),
      "jit has no option staticArgnum; did you mean staticArgnums?",
    ],
    ["grad", () => grad(same, { argnum: 0 } as never), "grad has no option argnum; did you mean argnums?"],
    [
      "valueAndGrad",
      () => valueAndGrad(same, { hasaux: true } as never),
      "valueAndGrad has no option hasaux; did you mean hasAux?",
    ],
    ["vmap", () => vmap(same, { in_axes: 0 } as never), "vmap has no option in_axes; did you mean inAxes?"],
    ["jvp", () => jvp(same, [v], [v], { aux: true } as never), "jvp has no option aux"],
    ["linearize", () => linearize(same, [v], { aux: true } as never), "linearize has no option aux"],
    ["vjp", () => vjp(same, [v], { aux: true } as never), "vjp has no option aux"],
    [
      "quaxify",
      () => quaxify(same, { strickt: true } as never),
      "quaxify has no option strickt; did you mean strict?",
    ],
    [
      "nn.Linear",
      () => new nn.Linear(2, 3, { keys: key } as never),
      "nn.Linear has no option keys; did you mean key?",
    ],
    [
      "random.normal",
      () => random.normal(key, [2], { dtyp: np.float32 } as never),
      "random.normal has no option dtyp; did you mean dtype?",
    ],
    [
      "lora.loraify",
      () => lora.loraify(new nn.Linear(2, 3, { key }), { rnak: 2, key } as never),
      "lora.loraify has no option rnak; did you mean rank?",
    ],
    ["optim.adam", () => optim.adam(0.1, { bb1: 0.9 } as never), "did you mean b1?"],
  ])("%s", (_, run, ...parts) => refused(run, ArgumentError, "argument/unknown", ...parts));
  test("an option given twice, or too many arguments", () => {
    refused(
      () => np.sum(m, 0, { axis: 0 } as never),
      ArgumentError,
      "argument/twice",
      "np.sum: axis is given both by position and by name",
    );
    refused(
      () => vmap(same, ...([0, 0, 3, "i", 4] as never)),
      ArgumentError,
      "argument/count",
      "vmap takes at most 4 optional arguments (inAxes, outAxes, axisSize, axisName), got 5",
    );
  });
  test("settings and backends", () => {
    refused(
      () => ((config as unknown as Record<string, boolean>)["enableX46"] = true),
      ArgumentError,
      "config/unknown",
      "did you mean enableX64?",
    );
    refused(
      () => ((config as unknown as Record<string, boolean>)["constructor"] = true),
      ArgumentError,
      "config/unknown",
    );
    refused(
      () => (config.enableX64 = 1 as never),
      ArgumentError,
      "config/value",
      "config.enableX64 takes a boolean, got 1",
    );
    for (const threads of [0, 1.5, 65, "2", true])
      refused(
        () => (config.threads = threads as never),
        ArgumentError,
        "config/value",
        `config.threads takes an integer from 1 to 64, got ${threads}`,
      );
    refused(() => setBackend("refrence"), BackendError, "backend/unknown", 'did you mean "reference"?');
  });
});

describe("operands that are none", () => {
  test.each<[string, () => unknown, string, ...string[]]>([
    ["a string", () => np.sin("x" as never), "numpy/operand", "np.sin", 'the string "x"'],
    [
      "a list",
      () => np.add(v, [1, 2, 3] as never),
      "numpy/operand",
      "np.add: argument 1",
      "a list of 3; wrap it in np.array",
    ],
    ["null", () => np.add(null as never, v), "numpy/operand", "np.add: argument 0", "got null"],
    ["undefined", () => np.matmul(v, undefined as never), "numpy/operand", "np.matmul", "undefined"],
    ["an object", () => np.add(v, { a: 1 } as never), "numpy/operand", "an object of class Object"],
    [
      "a list, of lax",
      () => lax.add([1, 2] as never, v),
      "lax/operand",
      "add: argument 0",
      "wrap it in np.array",
    ],
    ["no data", () => np.array("x" as never), "numpy/data", 'np.array: the string "x" is no data'],
    [
      "no data inside",
      () => np.array([1, undefined] as never),
      "numpy/data",
      "np.array: undefined is no data",
    ],
  ])("%s", (_, run, code, ...parts) => refused(run, ArgumentError, code, ...parts));
});

describe("keys", () => {
  test.each<
    [string, () => unknown, typeof ArgumentError | typeof DTypeError | typeof ShapeError, string, ...string[]]
  >([
    [
      "a number",
      () => random.normal(3 as never, [2]),
      ArgumentError,
      "random/key",
      "random.normal takes a PRNG key, got the number 3: make one with random.key(seed)",
    ],
    [
      "nothing",
      () => random.uniform(undefined as never),
      ArgumentError,
      "random/key",
      "random.uniform",
      "got undefined",
    ],
    [
      "an array of floats",
      () => random.split(np.array([1, 2])),
      DTypeError,
      "random/key",
      "random.split",
      "float32",
    ],
    [
      "several keys",
      () => random.normal(random.split(random.key(0)), [2]),
      ShapeError,
      "random/key",
      "array of keys of shape (2,)",
      "vmap",
    ],
    [
      "a fractional seed",
      () => random.key(1.5),
      ArgumentError,
      "random/seed",
      "random.key: a seed must be an integer, got the number 1.5",
    ],
    ["a seed of NaN", () => random.key(NaN), ArgumentError, "random/seed", "NaN"],
    ["a string for a seed", () => random.key("a" as never), ArgumentError, "random/seed", 'the string "a"'],
    [
      "words that are no key",
      () => random.wrapKeyData(np.array(new Uint32Array([0, 1, 2]))),
      ShapeError,
      "random/key",
      "(2,), got (3,)",
    ],
    [
      "arithmetic",
      () => np.add(random.key(0), 1),
      DTypeError,
      "dtype/promotion",
      "np.add: no dtype holds both key<fry> and an integer",
      "random.keyData",
    ],
    ["a number from it", () => random.key(0).item(), DTypeError, "dtype/key", "random.keyData"],
    [
      "a layer without one",
      () => new nn.Linear(2, 3, {} as never),
      ArgumentError,
      "nn/key",
      "nn.Linear needs a key",
    ],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));
});

describe("differentiation", () => {
  test.each<
    [
      string,
      () => unknown,
      typeof ArgumentError | typeof DTypeError | typeof ShapeError | typeof TreeError,
      string,
      ...string[],
    ]
  >([
    [
      "of integers",
      () => grad(sum)(n),
      DTypeError,
      "grad/integer",
      "grad takes real-valued inputs (float), but argument 0 is i32[3]",
    ],
    [
      "of integers in a tree",
      () => grad((p: { w: ArrayValue[] }) => np.sum(p.w[0]!))({ w: [n] }),
      DTypeError,
      "grad/integer",
      "argument 0 at .w[0] is i32[3]",
    ],
    [
      "of booleans",
      () => jit(grad((x: ArrayValue) => np.sum(x)))(np.array([true])),
      DTypeError,
      "grad/integer",
      "bool[1]",
    ],
    [
      "of a holomorphic function of real numbers",
      () => grad((x: ArrayValue) => np.real(x), { holomorphic: true })(np.float32(1)),
      DTypeError,
      "grad/holomorphic",
      "holomorphic",
    ],
    [
      "with a vector for its output",
      () => grad(same)(v),
      ShapeError,
      "grad/output",
      "shape (3,)",
      "jacrev or vjp",
    ],
    [
      "with a tree for its output",
      () => grad((x: ArrayValue) => ({ x }))(v),
      ArgumentError,
      "grad/output",
      "one scalar output",
      "{x: *}",
    ],
    [
      "with an integer output",
      () => grad((x: ArrayValue) => np.sum(x.astype(np.int32)))(v),
      DTypeError,
      "grad/output",
      "i32[]",
    ],
    [
      "in an argument that is not there",
      () => grad(sum, { argnums: 1 })(v),
      ArgumentError,
      "transform/argnums",
      "argument 1",
      "1 positional argument",
    ],
    [
      "hasAux without aux",
      () => grad(sum, { hasAux: true })(v),
      ArgumentError,
      "transform/aux",
      "[out, aux]",
    ],
    ["of no function", () => grad(3 as never), ArgumentError, "transform/function", "got number"],
    [
      "tangents of another tree",
      () => jvp((p: { a: ArrayValue }) => p.a, [{ a: v }], [[v]] as never),
      TreeError,
      "structure",
      "tree of tangents",
      "at [0]: expected {a: *}, got [*]",
    ],
    [
      "too many tangents",
      () => jvp(same, [v], [v, v] as never),
      TreeError,
      "structure",
      "expected [*], got [*, *]",
    ],
    [
      "a tangent of another shape",
      () => jvp(same, [v], [m]),
      ShapeError,
      "jvp/shape",
      "primal (3,), tangent (2, 3)",
    ],
    ["a tangent of another dtype", () => jvp(same, [v], [n]), DTypeError, "jvp/dtype", "int32", "float32"],
    [
      "a tangent of an integer",
      () => jvp(same, [n], [v]),
      DTypeError,
      "jvp/dtype",
      "a primal of dtype int32 has tangents of dtype float0",
    ],
    [
      "primals that are no list",
      () => vjp(same, v as never),
      ArgumentError,
      "transform/list",
      "vjp takes its primals as a list",
    ],
    [
      "cotangents of another tree",
      () => vjp((x: ArrayValue) => [x, x], [v])[1](v as never),
      TreeError,
      "structure",
      "tree of cotangents",
      "expected [*, *], got NDArray",
    ],
    [
      "a cotangent that is a tree",
      () => vjp(same, [v])[1]({ a: v } as never),
      ArgumentError,
      "vjp/cotangent",
      "the cotangent of the result must be an array, got an object of class Object",
    ],
    [
      "a cotangent of another shape",
      () => vjp((x: ArrayValue) => [x, x], [v])[1]([v, m] as never),
      ShapeError,
      "vjp/shape",
      "the cotangent of the result at [1] has shape (2, 3), the result (3,)",
    ],
    [
      "a cotangent of another dtype",
      () => vjp(same, [v])[1](n),
      DTypeError,
      "vjp/dtype",
      "int32, the result float32",
    ],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));
});

describe("vmap", () => {
  const two = (x: ArrayValue, y: ArrayValue) => np.add(x, y);
  test.each<
    [
      string,
      () => unknown,
      typeof ArgumentError | typeof ShapeError | typeof TreeError,
      string,
      ...(string | RegExp)[],
    ]
  >([
    [
      "sizes that differ",
      () => vmap((p: { w: ArrayValue }, x: ArrayValue) => np.add(p.w, x))({ w: m }, v),
      ShapeError,
      "vmap/size",
      "size 2: axis 0 of argument 0 at .w, which is f32[2,3]",
      "size 3: axis 0 of argument 1, which is f32[3]",
    ],
    [
      "an axis out of range",
      () => vmap(same, { inAxes: 2 })(m),
      ShapeError,
      "shape/axis",
      "vmap inAxes for argument 0 of shape (2, 3): axis 2",
    ],
    ["a scalar", () => vmap(two)(v, 1 as never), ShapeError, "shape/axis", "argument 1 of shape ()"],
    [
      "another number of axes",
      () => vmap(two, { inAxes: [0] })(v, v),
      ArgumentError,
      "vmap/axes",
      "inAxes has 1 entries, but the function was called with 2 arguments",
    ],
    ["no axis at all", () => vmap(same, { inAxes: null })(v), ArgumentError, "vmap/axes", "give axisSize"],
    [
      "an axis that is none",
      () => vmap(same, { inAxes: "0" as never })(v),
      ArgumentError,
      "vmap/axes",
      'the string "0"',
    ],
    [
      "an axis of NaN",
      () => vmap(same, { inAxes: NaN })(v),
      ShapeError,
      "shape/axis",
      "axis NaN is not an integer",
    ],
    [
      "axes of another tree",
      () => vmap((p: { w: ArrayValue }) => p.w, { inAxes: [{ v: 0 }] })({ w: m }),
      TreeError,
      "prefix",
      "vmap inAxes",
    ],
    [
      "null for a result that is mapped",
      () => vmap((x: ArrayValue) => ({ y: x }), { outAxes: null })(m),
      ArgumentError,
      "vmap/out-axes",
      "the result at .y: the axis is null, but the result depends on the batch",
    ],
    [
      "an axis of the result out of range",
      () => vmap(same, { outAxes: 2 })(m),
      ShapeError,
      "shape/axis",
      "vmap outAxes for the result: axis 2",
    ],
    [
      "axes of another tree, of the result",
      () => vmap((x: ArrayValue) => [x, x], { outAxes: [0, 0, 0] })(m),
      TreeError,
      "prefix",
      "vmap outAxes",
    ],
    ["a size that is none", () => vmap(same, { axisSize: 0.5 })(v), ArgumentError, "vmap/size", "0.5"],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));
});

describe("objects", () => {
  class Holder {
    constructor(readonly x: unknown) {}
  }
  const inside = (x: unknown): ArrayValue => (x as Holder).x as ArrayValue;
  test.each<[string, () => unknown, string]>([
    [
      "of jit",
      () => jit(inside)(new Holder(v)),
      "jit: argument 0 is of class Holder, which holds arrays but is no pytree: extend Module, or use tree.register",
    ],
    ["of grad", () => grad(inside)(new Holder(v)), "grad: argument 0 is of class Holder"],
    ["of vmap", () => vmap(inside)(new Holder(v)), "vmap: argument 0"],
    ["of jvp", () => jvp(inside, [new Holder(v)], [new Holder(v)]), "jvp: argument 0"],
    ["of makeJaxpr", () => makeJaxpr(inside)(new Holder(v)), "makeJaxpr: argument 0"],
    ["of evalShape", () => evalShape(inside, new Holder(v)), "evalShape: argument 0"],
    [
      "deep inside",
      () => jit((x: unknown) => x)([{ a: new Holder([{ deep: v }]) }]),
      "jit: argument 0 at [0].a is of class Holder",
    ],
    [
      "a Set",
      () => jit((x: unknown) => x)(new Set([v])),
      "jit: argument 0 is of class Set, which holds arrays",
    ],
    [
      "returned",
      () => jit((x: ArrayValue) => ({ out: new Holder(x) }))(v),
      "the result at .out is of class Holder",
    ],
  ])("of an unregistered class that hold arrays are refused: %s", (_, run, message) =>
    refused(run, ArgumentError, "transform/unregistered", message),
  );
  test("without arrays are static", () =>
    expect(
      jit((h: Holder, x: ArrayValue) => np.multiply(x, h.x as number))(new Holder(3), v).toList(),
    ).toEqual([3, 3, 3]));

  test("with private state that flattening would lose", () => {
    class Secret extends nn.Module {
      #scale = 2;
      constructor(readonly w: ArrayValue) {
        super();
      }
      forward(x: ArrayValue): ArrayValue {
        return np.multiply(np.multiply(this.w, x), this.#scale);
      }
    }
    for (const run of [
      () => jit(new Secret(v))(v),
      () => jit((s: Secret) => s.w)(new Secret(v)),
      () => grad((s: Secret) => np.sum(s.w))(new Secret(v)),
      () => tree.leaves([new Secret(v)]),
    ]) {
      refused(run, TreeError, "private-state", "private #scale of Secret would be lost");
    }
  });
  test("with an arrow function that would act on the old instance", () => {
    class Arrow extends nn.Module {
      scaled = (x: ArrayValue): ArrayValue => np.multiply(this.w, x);
      constructor(readonly w: ArrayValue) {
        super();
      }
      forward(x: ArrayValue): ArrayValue {
        return this.scaled(x);
      }
    }
    for (const run of [
      () => jit(new Arrow(v))(v),
      () => grad((a: Arrow) => np.sum(a.forward(v)))(new Arrow(v)),
    ]) {
      refused(
        run,
        TreeError,
        "stale-function",
        "field scaled of Arrow is an arrow function that mentions `this`",
        "make it a method",
      );
    }
  });
});

describe("static arguments", () => {
  test("that can change are refused", () => {
    const f = jit((x: ArrayValue, _: unknown) => x, { staticArgnums: 1 });
    refused(
      () => f(v, { n: 1 }),
      ArgumentError,
      "jit/static",
      "jit of <lambda>: static argument 1 is an object of class Object, which can change without notice",
      "Object.freeze",
    );
    refused(() => f(v, [1]), ArgumentError, "jit/static", "a list of 1");
    refused(() => f(v, v), ArgumentError, "jit/static", "NDArray f32[3]");
    refused(() => f(v, Promise.resolve(1)), ArgumentError, "jit/static", "Promise");
  });
  test("frozen ones are taken, though frozen arrays of arrays are not", () => {
    const f = jit((x: ArrayValue, o: { readonly n: number }) => np.multiply(x, o.n), { staticArgnums: 1 });
    expect(f(v, Object.freeze({ n: 2 })).toList()).toEqual([2, 2, 2]);
  });
  test("that are not there, or no positions", () => {
    refused(
      () => jit(same, { staticArgnums: 3 })(v),
      ArgumentError,
      "jit/static",
      "staticArgnums names argument 3, but the function was called with 1 argument",
    );
    refused(() => jit(same, { staticArgnums: 0.5 }), ArgumentError, "jit/static", "0.5");
    refused(() => jit(same, { staticArgnums: "x" as never }), ArgumentError, "jit/static", '"x"');
  });
});
