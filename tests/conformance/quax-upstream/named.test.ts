import {
  type ArrayValue,
  jit,
  lax,
  nn,
  numpy as np,
  quaxify,
  random,
  ShapeError,
  tree,
  values,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values as numbers } from "../../unit/arrays.ts";

// After Quax's test_named, from its description.

const { Axis, NamedArray, arrayEqual } = values;
const [batch, input, output] = [new Axis(null, "batch"), new Axis(3, "in"), new Axis(4, "out")];
const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);

describe("names must fit the array", () => {
  test.each<[string, values.Axis[], string]>([
    ["one name twice", [input, input], "unique"],
    ["too few names", [input], "named"],
    ["too many names", [input, new Axis(3, "other"), batch], "named"],
    ["a size that is not the name's", [input, output], "size"],
  ])("%s", (_, axes, message) => {
    const make = () => new NamedArray(np.ones([3, 3]), axes);
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });
});

test("the sum is named, by the operator, by numpy and by lax", () => {
  const [x, y] = [normal(0, [2, 3]), normal(1, [2, 3])];
  const [a, b] = [x, y].map((z) => new NamedArray(z, [batch, input]));
  const expected = new NamedArray(np.add(x, y), [batch, input]);
  const sums = [lax.add, np.add, (a: ArrayValue, b: ArrayValue) => a.add(b)];
  for (const add of sums as ((a: ArrayValue, b: ArrayValue) => ArrayValue)[])
    for (const f of [add, quaxify(add), jit(quaxify(add)), quaxify(jit(add))]) {
      const out = f(a!, b!);
      expect(out).toBeInstanceOf(NamedArray);
      expect(arrayEqual(out as values.NamedArray, expected)).toBe(true);
    }
});

test("a product pairs axes of one name, and refuses others", () => {
  const [x, y] = [normal(0, [2, 3]), normal(1, [3, 4])];
  const a = new NamedArray(x, [batch, input]);
  const b = new NamedArray(y, [input, output]);
  const other = new NamedArray(y, [new Axis(3, "other"), output]);
  const products = [np.matmul, (a: ArrayValue, b: ArrayValue) => a.matmul(b)];
  for (const product of products as ((a: ArrayValue, b: ArrayValue) => ArrayValue)[]) {
    const out = quaxify(product)(a, b) as values.NamedArray;
    expect(out.axes).toEqual([batch, output]);
    expectValues(out.array, numbers(np.matmul(x, y)));
    expect(() => quaxify(product)(a, other)).toThrow(ShapeError);
    expect(() => quaxify(product)(a, other)).toThrow(/other/);
  }
});

test("a Linear with named parameters has a named result", () => {
  const linear = new nn.Linear(3, 4, { key: random.key(2) });
  const named = tree.at((l: nn.Linear) => [l.weight, l.bias], linear, [
    new NamedArray(linear.weight, [output, input]) as ArrayValue,
    new NamedArray(linear.bias!, [output]) as ArrayValue,
  ]);
  const x = normal(3, [3]);
  const out = quaxify(named)(new NamedArray(x, [input])) as unknown as values.NamedArray;
  expect(out.axes).toEqual([output]);
  expectValues(out.array, numbers(linear.forward(x)));
});

test("a trace goes along the planes of two axes", () => {
  const x = normal(4, [3, 2, 3]);
  const left = new Axis(3, "left");
  const named = new NamedArray(x, [left, batch, input]);
  const out = quaxify((x: ArrayValue) => values.trace(x, { axis1: left, axis2: input }))(named);
  expect((out as values.NamedArray).axes).toEqual([batch]);
  expectValues((out as values.NamedArray).array, numbers(np.trace(x, { axis1: 0, axis2: 2 })));
  expect(() => values.trace(named, { axis1: left, axis2: left })).toThrow(
    "Cannot trace along the same named axis.",
  );
});
