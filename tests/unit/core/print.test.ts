import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { jit } from "../../../src/control/index.ts";
import { jitPrimitive } from "../../../src/control/jit.ts";
import type { DType } from "../../../src/core/dtype.ts";
import { ClosedJaxpr, type Jaxpr, Literal, Var } from "../../../src/core/jaxpr.ts";
import * as param from "../../../src/core/param-kind.ts";
import {
  type AnyPrimitive,
  definePrimitive,
  type NoParams,
  type Primitive,
} from "../../../src/core/primitive.ts";
import { printEquations } from "../../../src/core/print.ts";
import { pythonComplex, pythonFloat, pythonValue } from "../../../src/core/python-text.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { type ArrayValue, type Aval, avalOf, NDArray } from "../../../src/core/value.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import { chain, expectLinear, f32, programOf } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

// The expected texts are those that jax 0.10.2 prints for the same program.

const x3 = f32(3);
const named = <F>(name: string, f: F): F =>
  Object.defineProperty(f, "name", { value: name, configurable: true }) as F;

/** `op` with these params and outputs, of any operands: for structures whose primitives are not at hand. */
const op = (name: string, params: object, inputs: readonly Var[], outputs: readonly Var[]) => ({
  primitive: { primitive: name, rules: { params: {}, alsoShow: () => params } } as unknown as AnyPrimitive,
  inputs,
  outputs,
  params,
  effects: [],
  source: undefined,
});
const close = (invars: readonly Var[], eqns: Jaxpr["eqns"], outvars: Jaxpr["outvars"]): ClosedJaxpr =>
  new ClosedJaxpr({ constvars: [], invars, eqns, outvars, effects: [] }, []);

test("one line where it fits, in 80 columns", () => {
  expect(String(programOf((x) => lax.integerPow(x, 2), [x3]))).toBe(
    "{ lambda ; a:f32[3]. let b:f32[3] = integer_pow[y=2] a in (b,) }",
  );
  expect(String(programOf((x) => lax.sin(lax.cos(x)), [x3]))).toBe(
    "{ lambda ; a:f32[3]. let b:f32[3] = cos a; c:f32[3] = sin b in (c,) }",
  );
  expect(String(programOf(() => [], []))).toBe("{ lambda ; . let  in () }");
});

test("a line each where it does not, params broken only where they must be", () => {
  const f = (a: ArrayValue, b: ArrayValue) =>
    lax.dotGeneral.bind([a, b], {
      dimensionNumbers: [
        [[1], [0]],
        [[], []],
      ],
      precision: null,
      preferredElementType: "float32",
    });
  expect(String(programOf(f, [f32(2, 3), f32(3, 4)]))).toBe(`{ lambda ; a:f32[2,3] b:f32[3,4]. let
    c:f32[2,4] = dot_general[
      dimension_numbers=(([1], [0]), ([], []))
      preferred_element_type=float32
    ] a b
  in (c,) }`);
  expect(String(programOf((x) => lax.transpose(lax.reshape(x, [3, 2]), [1, 0]), [f32(2, 3)])))
    .toBe(`{ lambda ; a:f32[2,3]. let
    b:f32[3,2] = reshape[dimensions=None new_sizes=(3, 2) sharding=None] a
    c:f32[2,3] = transpose[permutation=(1, 0)] b
  in (c,) }`);
  expect(String(programOf(() => lax.iota("int32", 3), []))).toBe(`{ lambda ; . let
    a:i32[3] = iota[dimension=0 dtype=int32 shape=(3,) sharding=None] 
  in (a,) }`);
  expect(String(programOf((x) => lax.pad(x, 0, [[0, -1, 2]]), [x3]))).toBe(`{ lambda ; a:f32[3]. let
    b:f32[6] = pad[padding_config=((0, -1, 2),)] a 0.0:f32[]
  in (b,) }`);
});

test("long lists of variables fill their lines, which may overflow by one variable", () => {
  expect(String(programOf((x) => [lax.neg(x), ...Array.from({ length: 39 }, () => x)], [x3])))
    .toBe(`{ lambda ; a:f32[3]. let
    b:f32[3] = neg a
  in (b, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,
    a, a, a, a, a, a, a, a, a, a, a, a, a, a, a) }`);
  expect(
    String(
      programOf(
        (x) => x,
        Array.from({ length: 12 }, () => f32(100, 200)),
      ),
    ),
  ).toBe(`{ lambda ; a:f32[100,200] b:f32[100,200] c:f32[100,200] d:f32[100,200] e:f32[100,200]
    f:f32[100,200] g:f32[100,200] h:f32[100,200] i:f32[100,200] j:f32[100,200] k:f32[100,200]
    l:f32[100,200]. let
    
  in (a,) }`);
});

test("names go on after z with ba; constants come first, before the semicolon", () => {
  const names = printEquations(chain(30, (x) => lax.neg(x))).map((text) => text.split(":")[0]);
  expect(names.slice(22)).toEqual(["x", "y", "z", "ba", "bb", "bc", "bd", "be"]);
  const [w, b] = [array([1, 2, 3, 4, 5, 6], [3, 2]), array([1, 2])];
  expect(String(programOf((x) => [lax.mul(x, b), lax.mul(x, w)], [f32()]))).toMatch(
    /^\{ lambda a:f32\[2\] b:f32\[3,2\]; c:f32\[\]\. let\n/,
  );
});

test("what no one reads is called _, in the outermost program only", () => {
  expect(String(programOf((x) => [lax.sin(x), x].slice(1), [x3]))).toBe(
    "{ lambda ; a:f32[3]. let _:f32[3] = sin a in (a,) }",
  );
  const inner = jit((y: ArrayValue) => [lax.sin(y), lax.cos(y)][1]!);
  expect(String(programOf((x) => inner(x), [x3]))).toBe(`{ lambda ; a:f32[3]. let
    b:f32[3] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[3]. let
          c:f32[3] = sin a
          b:f32[3] = cos a
        in (b,) }
    ] a
  in (b,) }`);
});

test("a call's program has the names of the call", () => {
  const f = jit((y: ArrayValue) => lax.add(lax.sin(y), 1));
  named("<lambda>", f);
  expect(String(programOf((x) => f(x), [x3]))).toBe(`{ lambda ; a:f32[3]. let
    b:f32[3] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[3]. let
          c:f32[3] = sin a
          b:f32[3] = add c 1.0:f32[]
        in (b,) }
    ] a
  in (b,) }`);
  const twice = jit(function g(x: ArrayValue, y: ArrayValue) {
    return [y, lax.add(x, y), y];
  });
  expect(String(programOf((x) => twice(x, x), [x3]))).toBe(`{ lambda ; a:f32[3]. let
    b:f32[3] c:f32[3] d:f32[3] = jit[
      name=g
      jaxpr={ lambda ; a:f32[3] b:f32[3]. let c:f32[3] = add a b in (b, c, b) }
    ] a a
  in (b, c, d) }`);
});

test("the derivative of a jitted function: names of calls reach through both of its halves", () => {
  const f = jit((x: ArrayValue) => lax.mul(lax.sin(x), x));
  expect(String(programOf((x) => grad(f as never)(x as never) as ArrayValue, [f32()])))
    .toBe(`{ lambda ; a:f32[]. let
    _:f32[] b:f32[] c:f32[] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[]. let
          c:f32[] = sin a
          b:f32[] = cos a
          _:f32[] = mul c a
        in (_, b, c) }
    ] a
    d:f32[] = jit[
      name=<lambda>
      jaxpr={ lambda ; b:f32[] a:f32[] c:f32[] e:f32[]. let
          f:f32[] = mul c e
          g:f32[] = mul e a
          h:f32[] = mul g b
          d:f32[] = add_any f h
        in (d,) }
    ] b a c 1.0:f32[]
  in (d,) }`);
});

describe("programs that are written ahead", () => {
  const eleven = (name: string, step: (x: ArrayValue) => ArrayValue) =>
    jit(
      named(name, (x: ArrayValue) => {
        for (let i = 0; i < 11; i++) x = step(x);
        return x;
      }),
    );

  test("those that occur twice", () => {
    const inner = jit(function inner(y: ArrayValue): ArrayValue {
      return lax.mul(y, 2);
    });
    expect(String(programOf((x) => lax.add(inner(x), inner(x)), [x3])))
      .toBe(`let inner = { lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) } in
{ lambda ; c:f32[3]. let
    d:f32[3] = jit[name=inner jaxpr=inner] c
    e:f32[3] = jit[name=inner jaxpr=inner] c
    f:f32[3] = add d e
  in (f,) }`);
  });

  test("what they hold too", () => {
    const a = jit(named("<lambda>", (x: ArrayValue) => lax.mul(lax.sin(x), 2)));
    const b = jit(named("<lambda>", (x: ArrayValue) => lax.add(a(x), a(x))));
    expect(String(programOf((x) => lax.add(b(x), b(x)), [x3]))).toBe(`let lambda = { lambda ; a:f32[3]. let
    b:f32[3] = jit[name=<lambda> jaxpr=lambda1] a
    c:f32[3] = jit[name=<lambda> jaxpr=lambda1] a
    d:f32[3] = add b c
  in (d,) } in
let lambda1 = { lambda ; e:f32[3]. let
    f:f32[3] = sin e
    g:f32[3] = mul f 2.0:f32[]
  in (g,) } in
{ lambda ; h:f32[3]. let
    i:f32[3] = jit[name=<lambda> jaxpr=lambda] h
    j:f32[3] = jit[name=<lambda> jaxpr=lambda] h
    k:f32[3] = add i j
  in (k,) }`);
  });

  test("those of more than ten equations; no variable is called as a program is", () => {
    const [one, two] = [eleven("b", lax.cos), eleven("b", lax.sin)];
    const text = String(programOf((x) => two(one(x)), [x3]));
    expect(text).toMatch(/^let b = \{ lambda ; a:f32\[3\]\. let\n {4}c:f32\[3\] = cos a\n/);
    expect(text).toContain("  in (m,) } in\nlet b1 = { lambda ; n:f32[3]. let\n    o:f32[3] = sin n\n");
    expect(text.slice(text.lastIndexOf("{"))).toBe(`{ lambda ; z:f32[3]. let
    ba:f32[3] = jit[name=b jaxpr=b] z
    bb:f32[3] = jit[name=b jaxpr=b1] ba
  in (bb,) }`);
  });
});

test("lists of programs, params sorted by name", () => {
  const [p, x] = [new Var(avalOf([], "bool")), new Var(x3)];
  const [c, d, e] = [new Var(avalOf([], "int32")), new Var(x3), new Var(x3)];
  const branches = [close([e], [], [e]), programOf((y) => lax.sin(lax.cos(y)), [x3])];
  const convert = {
    ...op("", {}, [p], [c]),
    primitive: lax.convertElementType,
    params: { newDtype: "int32", weakType: false },
  };
  expect(String(close([p, x], [convert, op("cond", { branches }, [c, x], [d])], [d])))
    .toBe(`{ lambda ; a:bool[] b:f32[3]. let
    c:i32[] = convert_element_type[new_dtype=int32 weak_type=False] a
    d:f32[3] = cond[
      branches=(
        { lambda ; e:f32[3]. let  in (e,) }
        { lambda ; f:f32[3]. let g:f32[3] = cos f; h:f32[3] = sin g in (h,) }
      )
    ] c b
  in (d,) }`);
  const scan = {
    unroll: 1,
    length: 3,
    reverse: false,
    num_consts: 0,
    num_carry: 1,
    jaxpr: programOf((y) => lax.mul(y, 2), [x3]),
  };
  expect(String(close([x], [op("scan", scan, [x], [d])], [d]))).toBe(`{ lambda ; a:f32[3]. let
    b:f32[3] = scan[
      jaxpr={ lambda ; c:f32[3]. let d:f32[3] = mul c 2.0:f32[] in (d,) }
      length=3
      num_carry=1
      num_consts=0
      reverse=False
      unroll=1
    ] a
  in (b,) }`);
});

test("an equation without outputs, and params in Python's spelling", () => {
  const x = new Var(x3);
  const print = op(
    "debug_print",
    {
      ordered: false,
      fmt: "{x}",
      static_args: [],
      f: named("show", () => 0),
      none: null,
      absent: undefined,
      nested: [[1], ["a", true]],
    },
    [x],
    [],
  );
  expect(printEquations(close([x], [print], []))).toEqual([
    "debug_print[\n  f=show\n  fmt={x}\n  nested=((1,), ('a', True))\n  none=None\n  ordered=False\n  static_args=()\n] a",
  ]);
  expect(["a", 1, -0, 0.5, 10n, [null], { k: [1, 2] }, array([1, 2])].map((v) => pythonValue(v))).toEqual([
    "a",
    "1",
    "-0.0",
    "0.5",
    "10",
    "(None,)",
    "{'k': (1, 2)}",
    "f32[2]",
  ]);
});

const shown: Primitive<"test_shown", [x: ArrayValue], { readonly newDtype: DType; readonly times: number }> =
  definePrimitive("test_shown", {
    arity: 1,
    params: { newDtype: param.dtype, times: param.integer },
    abstract: ([x]) => x,
    jvp: "none",
    batch: "elementwise",
  });
const empty: Primitive<"test_empty", [], NoParams> = definePrimitive("test_empty", {
  arity: 0,
  abstract: () => [],
  jvp: "none",
  batch: "elementwise",
});

test("params are printed in snake case", () => {
  expect(String(programOf((x) => shown.bind([x], { times: 2, newDtype: "int32" }), [f32()])))
    .toBe(`{ lambda ; a:f32[]. let
    b:f32[] = test_shown[new_dtype=int32 times=2] a
  in (b,) }`);
  expect(printEquations(programOf(() => empty.bind([], {}), []))).toEqual(["test_empty"]);
});

describe("literals", () => {
  const literal = (value: NDArray): string =>
    String(close([], [], [new Literal(value)])).slice("{ lambda ; . let  in (".length, -",) }".length);
  test.each<readonly [number | bigint | boolean, DType, string]>([
    [0.1, "float32", "0.10000000149011612:f32[]"],
    [1e-5, "float32", "9.999999747378752e-06:f32[]"],
    [1e20, "float32", "1.0000000200408773e+20:f32[]"],
    [1e16, "float32", "1.0000000272564224e+16:f32[]"],
    [123456, "float32", "123456.0:f32[]"],
    [0.0001, "float64", "0.0001:f64[]"],
    [0.00001, "float64", "1e-05:f64[]"],
    [1e15, "float64", "1000000000000000.0:f64[]"],
    [-0, "float32", "-0.0:f32[]"],
    [NaN, "float32", "nan:f32[]"],
    [Infinity, "bfloat16", "inf:bf16[]"],
    [-Infinity, "float16", "-inf:f16[]"],
    [0.1, "bfloat16", "0.10009765625:bf16[]"],
    [1e-5, "float16", "1.0013580322265625e-05:f16[]"],
    [1e10, "bfloat16", "9999220736.0:bf16[]"],
    [5, "int32", "5:i32[]"],
    [4294967295, "uint32", "4294967295:u32[]"],
    [-(2n ** 63n), "int64", "-9223372036854775808:i64[]"],
    [true, "bool", "True:bool[]"],
    [2, "complex64", "(2+0j):c64[]"],
  ])("%s of %s", (value, dtype, text) => {
    expect(literal(scalarOf(value, dtype))).toBe(text);
  });

  test.each<readonly [number, number, string]>([
    [1, 2, "(1+2j)"],
    [0, 2, "2j"],
    [-0, 1, "(-0+1j)"],
    [1, -0, "(1-0j)"],
    [NaN, Infinity, "(nan+infj)"],
    [0, NaN, "nanj"],
    [0, -Infinity, "-infj"],
    [1e20, 0.1, "(1e+20+0.1j)"],
    [1e16, 1e15, "(1e+16+1000000000000000j)"],
  ])("complex %s, %s", (re, im, text) => {
    expect(pythonComplex(re, im)).toBe(text);
    expect(literal(new NDArray(avalOf([], "complex64"), new HostBuffer(Float32Array.of(re, im))))).toMatch(
      /j\)?:c64\[\]$/,
    );
  });
  test("the smallest and largest numbers", () => {
    expect([5e-324, 1.7976931348623157e308, 1e22, 123456789012345680].map(pythonFloat)).toEqual([
      "5e-324",
      "1.7976931348623157e+308",
      "1e+22",
      "1.2345678901234568e+17",
    ]);
  });
});

test("Node prints a program as text", () => {
  const program = makeJaxpr((x: ArrayValue) => lax.sin(x))(1.5);
  expect(inspect(program)).toBe("{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }");
  expect(inspect({ program })).toContain("sin a in (b,)");
});

test("equations one by one, in the names of the whole", () => {
  const f = jit((y: ArrayValue) => lax.sin(y));
  expect(printEquations(programOf((x) => lax.mul(f(x), lax.cos(x)), [x3]))).toEqual([
    "b:f32[3] = jit[\n  name=<lambda>\n  jaxpr={ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }\n] a",
    "c:f32[3] = cos a",
    "d:f32[3] = mul b c",
  ]);
});

const callOf = (body: ClosedJaxpr, aval: Aval): ClosedJaxpr => {
  const [x, y, z] = [new Var(aval), new Var(aval), new Var(aval)];
  const call = {
    primitive: jitPrimitive,
    inputs: [x],
    outputs: [y],
    params: { name: "f", jaxpr: body },
    effects: [],
    source: undefined,
  };
  return close([x], [call, op("neg", {}, [y], [z])], [z]);
};

test("fifty thousand equations, and programs a thousand deep", () => {
  expectLinear(String, (n) => chain(n, (x) => lax.neg(x)));
  expect(String(chain(50_000, (x) => lax.neg(x))).split("\n").length).toBe(50_002);
  let deep = programOf((x) => lax.neg(x), [x3]);
  for (let i = 0; i < 1000; i++) deep = callOf(deep, x3);
  expect(String(deep).split("\n").length).toBeGreaterThan(4000);
  // Shared twice at each level: two to the thirty occurrences.
  let wide = programOf((x) => lax.neg(x), [x3]);
  for (let i = 0; i < 30; i++)
    wide = programOf(
      (x) =>
        jitPrimitive.bind(jitPrimitive.bind([x], { name: "f", jaxpr: wide }), { name: "f", jaxpr: wide }),
      [x3],
    );
  expect(String(wide).split("\n").length).toBeLessThan(200);
});
