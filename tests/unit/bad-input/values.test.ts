import {
  ArgumentError,
  type Aval,
  ArrayValue,
  DispatchError,
  inspect,
  lax,
  makeJaxpr,
  numpy as np,
  ParseError,
  register,
  ShapeError,
  tree,
  UnitsError,
  values,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
type ErrorClass = Parameters<typeof refused>[1];
type Row = [name: string, run: () => unknown, error: ErrorClass, code: string, ...parts: string[]];

const { Axis, BCOO, Diagonal, Dimension, metre, NamedArray, second, Unitful } = values;
const v = np.array([1, 2, 3]);
const a = new Axis(3, "a");
const b = new Axis(3, "b");
const named = new NamedArray(v, [a]);
const square = new NamedArray(np.ones([3, 3]), [a, b]);

describe("values", () => {
  test.each<Row>([
    [
      "units that differ",
      () => np.add(new Unitful(v, metre), new Unitful(v, second)),
      UnitsError,
      "units/mismatch",
      "{m: 1}",
      "{s: 1}",
    ],
    [
      "units that are none",
      () => new Unitful(v, "m" as never),
      ArgumentError,
      "units/units",
      'the string "m"',
    ],
    [
      "a Map of no dimensions",
      () => new Unitful(v, new Map([["m", 1]]) as never),
      ArgumentError,
      "units/units",
      'the key the string "m"',
    ],
    ["a power that is no number", () => metre.pow("2" as never), UnitsError, "units/exponent", "got 2"],
    [
      "a multiple that is no number",
      () => metre.multiple([2] as never, "x"),
      ArgumentError,
      "units/scale",
      "a list of 1",
    ],
    [
      "a unit without a name",
      () => metre.multiple(2, undefined as never),
      ArgumentError,
      "units/name",
      "undefined",
    ],
    ["a dimension without one", () => new Dimension(null as never), ArgumentError, "units/name", "null"],
    [
      "a label that is none",
      () => new Axis(3, {} as never),
      ArgumentError,
      "named/label",
      "an object of class Object",
    ],
    [
      "names that are no list",
      () => values.rearrange(square, "ab" as never),
      ArgumentError,
      "named/axes",
      'values.rearrange takes a list of Axis, got the string "ab"',
    ],
    [
      "a name that is none",
      () => values.rename(named, a, "b" as never),
      ArgumentError,
      "named/axes",
      "values.rename",
    ],
    [
      "arrays that are no list",
      () => values.einsum(named as never, [a]),
      ArgumentError,
      "named/array",
      "values.einsum takes a list",
    ],
    [
      "an output that is none",
      () => values.einsum([named], null as never),
      ArgumentError,
      "named/axes",
      "values.einsum",
    ],
    [
      "no named array",
      () => values.arrayEqual(named, v as never),
      ArgumentError,
      "named/array",
      "values.arrayEqual",
    ],
    ["sparse of no array", () => BCOO.fromDense(null as never), ArgumentError, "sparse/array", "got null"],
    [
      "a flag that is a text",
      () => new Diagonal(v, { allowMaterialise: "no" as never }),
      ArgumentError,
      "argument/flag",
      "Diagonal: allowMaterialise",
    ],
    ["zeros of no shape", () => new Zero("3" as never, "float32"), ShapeError, "shape/invalid"],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));
});

describe("rules", () => {
  class Wrapped extends ArrayValue {
    constructor(readonly array: ArrayValue) {
      super();
    }
    override get aval(): Aval {
      return this.array.aval;
    }
  }
  let returned: unknown;
  register(lax.cos, [Wrapped], () => returned as ArrayValue);
  test.each<[string, unknown, ...string[]]>([
    ["nothing", undefined, "returned undefined"],
    ["an empty list", [], "returned a list of 0", "one value"],
    ["a number", 3, "returned the number 3"],
    ["an array of another shape", np.ones([2]), "f32[2]", "f32[3]"],
  ])("a rule that returns %s", (_, result, ...parts) => {
    returned = result;
    refused(() => lax.cos(new Wrapped(v)), DispatchError, "quax/result", ...parts);
  });
  test("a registration that is refused leaves no rule", () => {
    class Bare extends Wrapped {
      override materialise(): ArrayValue {
        return this.array;
      }
    }
    refused(() => register(lax.sin, [Bare], ([x]) => x, { precedence: NaN }), ArgumentError, "quax/register");
    refused(() => register(lax.sin, [Bare], "x" as never), ArgumentError, "quax/register");
    expect(lax.sin(new Bare(v)).toList()).toEqual(np.sin(v).toList());
  });
});

describe("programs", () => {
  const program = makeJaxpr((x: ArrayValue) => np.sin(x))(v);
  const text = String(program);
  const { checkJaxpr, dce, inline, jvpJaxpr, peakBytes, simplify, toDot, toJSON, vjpJaxpr } = inspect;
  const takers = { checkJaxpr, dce, inline, jvpJaxpr, peakBytes, simplify, toDot, toJSON, vjpJaxpr };
  test.each(Object.entries(takers))("%s of what is no program", (name, take) => {
    for (const given of [null, undefined, text, np.sin, program.jaxpr])
      refused(
        () => (take as (x: unknown) => unknown)(given),
        ArgumentError,
        "jaxpr/program",
        `${name} takes a program, such as makeJaxpr(f)(…args) gives, got `,
      );
  });
  test.each<Row>([
    ["diff", () => inspect.diff(program, text as never), ArgumentError, "jaxpr/program"],
    ["evalJaxpr", () => inspect.evalJaxpr(program, null as never), ArgumentError, "jaxpr/inputs"],
    ["quaxifyJaxpr", () => inspect.quaxifyJaxpr(program, [1] as never), ArgumentError, "pipeline/inputs"],
    ["a text that is none", () => inspect.parseJaxpr({} as never), ArgumentError, "jaxpr/text"],
    ["constants that are none", () => inspect.parseJaxpr(text, [1] as never), ArgumentError, "jaxpr/consts"],
  ])("%s", (_, run, error, code, ...parts) => refused(run, error, code, ...parts));

  const readings = [
    text,
    String(makeJaxpr((x: ArrayValue) => lax.scan((c, y: ArrayValue) => [np.add(c, y), c], 0, x))(v)),
  ];
  test("a text that ends early, or has a character changed, is refused with its place, or is a program", () => {
    for (const whole of readings) {
      for (let at = 0; at < whole.length; at++) {
        const tries = [
          whole.slice(0, at),
          ...["(", "]", "9999999999", "{", "'", "\0"].map(
            (c) => whole.slice(0, at) + c + whole.slice(at + 1),
          ),
        ];
        for (const given of tries) {
          try {
            inspect.checkJaxpr(inspect.parseJaxpr(given));
          } catch (error) {
            expect(error, given).toBeInstanceOf(ParseError);
            expect((error as ParseError).place).toMatch(/^\d+:\d+$/);
          }
        }
      }
    }
  });
});

test("a tree that has no end for the stack is refused", () => {
  let deep: unknown = v;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  refused(() => tree.flatten(deep), tree.TreeError, "depth", "the tree is too deep");
});
