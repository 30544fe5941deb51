import fc from "fast-check";
import {
  ArgumentError,
  type ArrayValue,
  grad,
  jit,
  lax,
  MaterialiseError,
  nn,
  numpy as np,
  quaxify,
  random,
  ShapeError,
  tree,
  values,
  vmap,
  Zero,
} from "cotangent";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";
import { expectNearArray } from "../../laws/compare.ts";
import { drawAll, sampled } from "../../laws/samples.ts";

const { Axis, metre, NamedArray, Unitful } = values;

const time = new Axis(4, "time");
const feature = new Axis(3, "feature");
const out = new Axis(2, "out");
const x = new NamedArray(np.reshape(np.arange(0, 12, 1, { dtype: "float32" }), [4, 3]), [time, feature]);
const v = new NamedArray(np.array([1, 2, 3]), [feature]);
const u = new NamedArray(np.array([1, 2, 3, 4]), [time]);
const w = new NamedArray(np.array([[1, 2, 3], [4, 5, 6]]), [out, feature]); // prettier-ignore

function expectNamed(
  actual: unknown,
  numbers: number | readonly number[],
  axes: readonly values.Axis[],
): void {
  expect(actual).toBeInstanceOf(NamedArray);
  const named = actual as values.NamedArray;
  expect(named.axes.map(String)).toEqual(axes.map(String));
  expect(named.axes.every((axis, i) => axis === axes[i] || String(axis) === "_")).toBe(true);
  expectValues(named.array, numbers);
}

describe("a named array", () => {
  test("is an array and the names of its axes, a pytree with one array", () => {
    expect(tree.leaves(x)[0] === x.array).toBe(true);
    expect(String(tree.structure(x))).toBe(
      "NamedArray[{axes: [time=4, feature=3], allowMaterialise: false}](array=*)",
    );
    expect(tree.structure(v).equals(tree.structure(new NamedArray(v.array, [feature])))).toBe(true);
    expect(tree.structure(v).equals(tree.structure(new NamedArray(v.array, [new Axis(3, "feature")])))).toBe(
      false,
    );
    expect([String(v), inspect(v)]).toEqual([
      "[1. 2. 3.] (feature=3)",
      "NamedArray([1. 2. 3.], (feature=3))",
    ]);
    expect([new Axis(3), new Axis(null, "any")].map(String)).toEqual(["Axis(size=3)", "any"]);
  });

  test("refuses names that do not fit", () => {
    expect(() => new NamedArray(x.array, [time])).toThrow(ShapeError);
    expect(() => new NamedArray(x.array, [time, time])).toThrow(
      "Axis names for `NamedArray` must be unique.",
    );
    expect(() => new NamedArray(x.array, [time, time])).toThrow("(time=4, time=4)");
    expect(() => new NamedArray(x.array, [feature, time])).toThrow(
      "Mismatched axis size for axis feature=3.",
    );
    expect(() => new NamedArray(x.array, ["time", "feature"] as never)).toThrow(ArgumentError);
    expect(() => new NamedArray([1] as never, [time])).toThrow(ArgumentError);
    expect(() => new Axis(-1)).toThrow("a size is a count or null");
  });

  test("refuses to go by place, unless it may", () => {
    expect(() => x.shape).toThrow(MaterialiseError);
    expect(() => x.toList()).toThrow("Refusing to materialise `NamedArray`");
    expect(() => quaxify((a: ArrayValue) => np.reshape(a, [12]))(x)).toThrow(
      "Its axes are (time=4, feature=3)",
    );
    const open = x.enableMaterialise();
    expect(open.shape).toEqual([4, 3]);
    expect(np.sin(open)).not.toBeInstanceOf(NamedArray);
    expectNamed(np.add(open, open), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22], [time, feature]);
  });
});

describe("elementwise functions", () => {
  test("align their operands by name, and repeat them along axes that they lack", () => {
    const outer = [1, 2, 3, 2, 4, 6, 3, 6, 9, 4, 8, 12];
    expectNamed(np.multiply(u, v), outer, [time, feature]);
    expectNamed(np.multiply(v, u), [1, 2, 3, 4, 2, 4, 6, 8, 3, 6, 9, 12], [feature, time]);
    expectNamed(np.multiply(v, x), [0, 2, 6, 3, 8, 15, 6, 14, 24, 9, 20, 33], [time, feature]);
    expectNamed(quaxify((a: ArrayValue, b: ArrayValue) => a.mul(b))(x, u), [0, 1, 2, 6, 8, 10, 18, 21, 24, 36, 40, 44], [time, feature]); // prettier-ignore
    expectNamed(
      quaxify((a: ArrayValue) => a.T.sub(a))(x),
      Array.from({ length: 12 }, () => 0),
      [feature, time],
    );
    expectNamed(
      quaxify((a: ArrayValue) => np.where(a.greater(9), a, np.zerosLike(a)))(x),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 11],
      [time, feature],
    );
    expectNamed(np.add(new Zero([], "float32"), v), [1, 2, 3], [feature]);
  });

  test("do not depend on the order of axes", () => {
    const binary = sampled.filter(
      ([, prim]) =>
        prim.rules.elementwise && prim.rules.samples.some(({ operands: [a, b] }) => b && a!.shape.length === 2 && String(a!.shape) === String(b.shape)),
    ); // prettier-ignore
    expect(binary.length).toBeGreaterThan(15);
    for (const [name, prim] of binary) {
      const sample = prim.rules.samples.find(({ operands: [a, b] }) => b && a!.shape.length === 2 && String(a!.shape) === String(b.shape))!; // prettier-ignore
      const axes = sample.operands[0]!.shape.map((size) => new Axis(size));
      const plain = drawAll(sample);
      if (plain.some((a) => a.ndim !== 2)) continue;
      const named = plain.map((a, i) =>
        i === 0 ? new NamedArray(a, axes) : new NamedArray(lax.transpose(a, [1, 0]), axes.toReversed()),
      );
      const [expected] = prim.bind(plain, sample.params);
      const [actual] = prim.bind(named, sample.params) as [values.NamedArray];
      expect(actual.axes, name).toEqual(axes);
      expectNearArray(actual.array, expected!, 0, name);
    }
  });

  test("refuse arrays without names, other than numbers", () => {
    expectNamed(np.add(v, 1), [2, 3, 4], [feature]);
    expectNamed(quaxify((a: ArrayValue) => np.maximum(a, np.full([3], 2)))(v), [2, 2, 3], [feature]);
    expect(() => np.add(v, np.array([1, 2, 3]))).toThrow(
      "Cannot apply add to non-scalar array and named array.",
    );
    const wide = new Axis(null, "any");
    const [three, four] = [v.array, u.array].map((a) => new NamedArray(a, [wide]));
    expect(() => np.add(three!, four!)).toThrow("Axis any has size 3 in one array and 4 in another.");
  });
});

describe("functions of axes", () => {
  test("reduce by name", () => {
    expectNamed(values.sum(x, time), [18, 22, 26], [feature]);
    expectNamed(values.mean(x), 5.5, []);
    expectNamed(values.max(x, [feature]), [2, 5, 8, 11], [time]);
    expectNamed(values.argmax(x, feature), [2, 2, 2, 2], [time]);
    expectNamed(values.var(v), 2 / 3, []);
    expectNamed(values.any(np.greater(x, 9), feature), [0, 0, 0, 1], [time]);
    expect(() => values.sum(x, out)).toThrow(
      "values.sum: the array has no axis out=2, only (time=4, feature=3)",
    );
    expect(() => values.sum(x.array)).toThrow("values.sum takes a NamedArray");
  });

  test("products find the axes that arrays share", () => {
    expectNamed(values.dot(w, x, feature), [8, 26, 44, 62, 17, 62, 107, 152], [out, time]);
    expectNamed(values.dot(x, x, feature), [5, 50, 149, 302], [time]);
    expectNamed(values.einsum([w, x, u], [out]), [440, 1070], [out]);
    expectNamed(values.einsum([x], [feature, time]), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], [feature, time]);
    expect(() => values.dot(w, u, feature)).toThrow("values.dot: the array has no axis feature=3");
    expect(() => values.einsum([w], [time])).toThrow("values.einsum: the array has no axis time=4");
  });

  test("an einsum by name is the einsum by letters, for any order of the axes", () => {
    const order = fc.shuffledSubarray([0, 1], { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(order, order, order, (a, b, c) => {
        const turned = (y: values.NamedArray, by: readonly number[]) => values.rearrange(y, by.map((i) => y.axes[i]!)); // prettier-ignore
        const result = values.einsum([turned(w, a), turned(x, b)], c.map((i) => [out, time][i]!)) as values.NamedArray; // prettier-ignore
        const expected = new NamedArray(np.einsum("of,tf->ot", w.array, x.array), [out, time]);
        expect(values.arrayEqual(result, expected)).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  test("rename, rearrange and compare", () => {
    const other = new Axis(3, "other");
    expectNamed(values.rename(v, feature, other), [1, 2, 3], [other]);
    expect(() => values.rename(x, feature, time)).toThrow("must be unique");
    const turned = values.rearrange(x, [feature, time]) as values.NamedArray;
    expectNamed(turned, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], [feature, time]);
    expect(values.arrayEqual(x, turned)).toBe(true);
    expect(values.arrayEqual(x, v)).toBe(false);
    expect(values.arrayEqual(x, np.multiply(x, 2) as values.NamedArray)).toBe(false);
    expect(() => values.rearrange(x, [time])).toThrow("values.rearrange: the array has no axis feature=3");
  });

  test("a trace needs two axes", () => {
    const square = new NamedArray(np.ones([3, 3]), [feature, new Axis(3)]);
    expect(() => values.trace(square, { axis1: feature, axis2: feature })).toThrow(
      "Cannot trace along the same named axis.",
    );
    expect(() => values.trace(square, { axis1: feature } as never)).toThrow("needs axis1 and axis2");
  });
});

describe("functions that go by place", () => {
  const apply = (f: (a: ArrayValue) => ArrayValue) => quaxify(f)(x);
  test.each<[string, (a: ArrayValue) => ArrayValue, number[], string]>([
    ["a reduction", (a) => a.sum(0), [18, 22, 26], "(feature=3)"],
    ["an element", (a) => a.get(1), [3, 4, 5], "(feature=3)"],
    ["a slice, whose size its name does not have", (a) => a.get("2:", 0), [6, 9], "(_)"],
    ["a transpose", (a) => a.T.get(0), [0, 3, 6, 9], "(time=4)"],
    ["places", (a) => a.get([0, 0]), [0, 1, 2, 0, 1, 2], "(_, feature=3)"],
    ["an update", (a) => a.at(0).set(0).get(":2"), [0, 0, 0, 3, 4, 5], "(_, feature=3)"],
    ["joining", (a) => np.concatenate([a, a]).sum(0), [36, 44, 52], "(feature=3)"],
    ["stacking", (a) => np.stack([a, a]).sum(1), [18, 22, 26, 18, 22, 26], "(_, feature=3)"],
    ["running sums", (a) => np.cumsum(a, 0).get(-1), [18, 22, 26], "(feature=3)"],
    ["sorting", (a) => np.sort(np.negative(a), { axis: 0 }).get(0), [-9, -10, -11], "(feature=3)"],
    ["a softmax", (a) => nn.softmax(a, { axis: 1 }).sum(1), [1, 1, 1, 1], "(time=4)"],
    ["mapping", (a) => vmap((row: ArrayValue) => row.sum())(a), [3, 12, 21, 30], "(time=4)"],
  ])("%s keeps the names that it can", (_, f, numbers, axes) => {
    const result = apply(f) as values.NamedArray;
    expectValues(result.array, numbers);
    expect(`(${result.axes.join(", ")})`).toBe(axes);
  });

  test("a product checks the names of what it pairs", () => {
    expect(() => quaxify((a: ArrayValue, b: ArrayValue) => np.matmul(a, b))(w, new NamedArray(np.ones([3]), [new Axis(3, "other")]))).toThrow("Cannot contract mismatched dimensions. They are (feature=3) and (other=3)"); // prettier-ignore
  });

  test("what was mapped over by place outside of quaxify is refused", () => {
    expect(() => vmap((a: ArrayValue) => np.sin(a))(x)).toThrow("Put vmap inside of quaxify");
    expect(() => vmap((a) => values.sum(a, feature))(x)).toThrow("Put vmap inside of quaxify");
  });
});

describe("transformations", () => {
  const loss = (a: ArrayValue): ArrayValue => values.sum(np.square(np.multiply(a, v)));
  const gradient = [0, 8, 36, 6, 32, 90, 12, 56, 144, 18, 80, 198];

  test("grad, jit and vmap take named arrays apart and put them together", () => {
    const value = (a: values.NamedArray) => (loss(a) as values.NamedArray).array;
    expectNamed(grad(value)(x), gradient, [time, feature]);
    expectNamed(jit(grad(value))(x), gradient, [time, feature]);
    expectNamed(jit((a: ArrayValue) => values.sum(np.sin(a), time))(x), [0.27382302, 0.19763392, -0.06025887], [feature]); // prettier-ignore
  });

  test("inside quaxify derivatives have names where they are known", () => {
    const sums = (a: ArrayValue) => np.sum(np.square(a));
    expectNamed(quaxify(grad(sums))(v), [2, 4, 6], [feature]);
    expectNamed(quaxify(jit(grad(sums)))(v), [2, 4, 6], [feature]);
    expectNamed(quaxify(grad((m: ArrayValue, a: ArrayValue) => np.sum(np.square(np.matmul(m, a)))))(w, v), [28, 56, 84, 64, 128, 192], [out, feature]); // prettier-ignore
    expectNamed(quaxify((a: ArrayValue) => values.sum(a, time))(x), [18, 22, 26], [feature]);
  });

  test("layers take named weights", () => {
    const linear = new nn.Linear(3, 2, { key: random.key(0) });
    const named = tree.at((l) => [l.weight, l.bias], linear, [new NamedArray(linear.weight, [out, feature]), new NamedArray(linear.bias!, [out])]); // prettier-ignore
    const result = quaxify(named)(v) as values.NamedArray;
    expectNamed(result, result.array.toList() as number[], [out]);
    expectNearArray(result.array, linear.forward(v.array), 0, "the layer");
  });

  test("names go outside of units", () => {
    const lengths = new NamedArray(new Unitful(v.array, metre), [feature]);
    const areas = values.sum(np.multiply(lengths, new Unitful(2, metre))) as values.NamedArray;
    expect(String(areas)).toBe("12.0 m² ()");
    expect(() => np.add(lengths, v)).toThrow("Cannot add two arrays with units {m: 1} and {}");
  });
});

describe("inside quaxify, by place", () => {
  const rows = new NamedArray(np.array([[1, 2, 3], [4, 5, 6]]), [out, feature]); // prettier-ignore
  test("an axis of size 1 stays beside a scalar", () => {
    const centred = quaxify((x: ArrayValue) =>
      np.subtract(x, np.divide(np.sum(x, { axis: 1, keepdims: true }), 3)),
    );
    expectNamed(centred(rows), [-1, 0, 1, -1, 0, 1], [out, feature]);
  });
  test("what has no names decides and counts as a plain array does", () => {
    const positive = quaxify((x: ArrayValue) =>
      lax.cond(np.greater(np.sum(x), 0), (x) => x, (x) => np.negative(x), x),
    ); // prettier-ignore
    expectNamed(positive(np.negative(rows) as values.NamedArray), [1, 2, 3, 4, 5, 6], [out, feature]);
    expect(new NamedArray(np.array(1), []).materialise().item()).toBe(1);
  });
  test("a number for each example of a batch goes with the axis that nobody named", () => {
    const indexed = quaxify((x: ArrayValue) =>
      vmap((x: ArrayValue) => np.multiply(x, lax.axisIndex("i")), { axisName: "i" })(np.stack([x, x])).get(1),
    );
    expectNamed(indexed(rows), [1, 2, 3, 4, 5, 6], [out, feature]);
    expect(() => quaxify(np.multiply)(rows, np.ones([2, 3]))).toThrow(ShapeError);
    expect(() => quaxify(np.multiply)(rows, np.array([[1], [2]]))).toThrow(ShapeError);
  });
  test("axes without a name have the size that they have, and are different ones in a product with itself", () => {
    const spread = quaxify((x: ArrayValue) =>
      np.sum(np.subtract(np.expandDims(x, 0), np.stack([x, x])), { axis: 0 }),
    );
    expectNamed(spread(rows), [0, 0, 0, 0, 0, 0], [out, feature]);
    const products = quaxify((x: ArrayValue) => {
      const sums = np.sum(x, { axis: 1, keepdims: true });
      return np.sum(np.matmul(sums.T, sums));
    });
    expectNamed(products(rows), [261], []);
    const outer = quaxify((x: ArrayValue) => np.sum(np.einsum("ai,bj->ab", x.get(":1"), x.get(":1"))));
    expectNamed(outer(rows), [36], []);
  });
});
