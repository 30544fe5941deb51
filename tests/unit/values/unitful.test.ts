import {
  ArgumentError,
  type ArrayValue,
  grad,
  hessian,
  jit,
  jvp,
  lax,
  linearize,
  MaterialiseError,
  nn,
  numpy as np,
  quaxify,
  register,
  tree,
  UnitsError,
  values,
  vjp,
  vmap,
  Zero,
} from "cotangent";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { definePrimitive, type Primitive } from "../../../src/core/primitive.ts";
import { expectValues } from "../arrays.ts";

const { hour, joule, kilometre, metre, newton, one, second, Unitful, unitsOf } = values;

const x = new Unitful(np.array([1, 2, 3]), metre);
const y = new Unitful(np.array([3, 2, 1]), metre);
const t = new Unitful(np.array([1, 2, 4]), second);
const dense = np.array([1, 2, 3]);

function expectQuantity(actual: unknown, numbers: number | readonly number[], units: values.Units): void {
  expect(actual).toBeInstanceOf(Unitful);
  expectValues((actual as values.Unitful).array, numbers);
  expect(String(unitsOf(actual as ArrayValue))).toBe(String(units));
}

describe("a quantity", () => {
  test("is an array and its units, a pytree with one array", () => {
    expect([x.shape, x.dtype]).toEqual([[3], "float32"]);
    expect(tree.leaves(x)[0] === x.array).toBe(true);
    expect(String(tree.structure(x))).toBe("Unitful[m](array=*)");
    expect(tree.structure(x).equals(tree.structure(y))).toBe(true);
    expect(tree.structure(x).equals(tree.structure(t))).toBe(false);
    expectQuantity(
      tree.map((leaf) => np.multiply(leaf as ArrayValue, 2), x),
      [2, 4, 6],
      metre,
    );
  });

  test("prints its numbers and its units", () => {
    expect(String(np.divide(x, t))).toBe("[1.   1.   0.75] m·s⁻¹");
    expect(inspect(x)).toBe("Unitful(f32[3], m) [1. 2. 3.]");
    let text = "";
    jit((z: ArrayValue) => ((text = z.toString()), z))(x);
    expect(text).toBe("Unitful(f32[3], m)");
  });

  test("is converted to other units, and back", () => {
    const walk = new Unitful(np.array([36, 72]), kilometre.per(hour));
    expectQuantity(walk.to(metre.per(second)), [10, 20], metre.per(second));
    expectQuantity(walk.to(metre.per(second)).to(kilometre.per(hour)), [36, 72], kilometre.per(hour));
    expect(x.to(metre).array).toBe(x.array);
    expectQuantity(new Unitful(2, joule).to(newton.times(metre)), 2, metre.times(newton));
    const inKilometres = quaxify((z: ArrayValue) => values.convert(z, kilometre));
    expectQuantity(inKilometres(x), [0.001, 0.002, 0.003], kilometre);
    expectQuantity(values.convert(dense, kilometre.per(metre)), [0.001, 0.002, 0.003], kilometre.per(metre));
    expect(() => inKilometres(t)).toThrow("Cannot convert an array with units {s: 1} to {km: 1}.");
    expect(() => x.to(second)).toThrow("Cannot convert an array with units {m: 1} to {s: 1}.");
  });

  test("is plain numbers if it is dimensionless, and only then", () => {
    expectValues(np.divide(x, y).materialise(), [1 / 3, 1, 3]);
    expectValues(new Unitful(3, kilometre.per(metre)).materialise(), 3000);
    expect(() => x.materialise()).toThrow(MaterialiseError);
    expect(() => x.toList()).toThrow("Refusing to materialise Unitful array.");
  });

  test("takes numbers for arrays, and refuses what is neither", () => {
    expectQuantity(new Unitful(2, metre), 2, metre);
    expect(() => new Unitful([1] as never, metre)).toThrow(ArgumentError);
    expect(() => new Unitful(1, "m" as never)).toThrow(ArgumentError);
  });
});

describe("arithmetic", () => {
  test.each<[string, () => unknown, number[], values.Units]>([
    ["a sum keeps units", () => np.add(x, y), [4, 4, 4], metre],
    ["a product multiplies them", () => np.multiply(x, t), [1, 4, 12], metre.times(second)],
    ["a quotient divides them", () => np.divide(dense, t), [1, 1, 0.75], second.pow(-1)],
    ["a root takes roots", () => np.sqrt(np.square(x)), [1, 2, 3], metre],
    ["a power with a known fraction", () => np.power(x, 1.5), [1, 2 ** 1.5, 3 ** 1.5], metre.pow(1.5)],
    ["a remainder keeps units", () => np.remainder(x, new Unitful(2, metre)), [1, 0, 1], metre],
    ["an angle is a number", () => np.arctan2(x, x), [Math.PI / 4, Math.PI / 4, Math.PI / 4], one],
    ["a sign is a number", () => np.sign(np.negative(x)), [-1, -1, -1], one],
    ["a variance is of squares", () => np.var(x).reshape([1]), [2 / 3], metre.pow(2)],
    ["a product of elements counts them", () => np.prod(x).reshape([1]), [6], metre.pow(3)],
    ["a norm keeps units", () => np.linalg.norm(x).reshape([1]), [Math.sqrt(14)], metre],
    ["a hypotenuse too", () => np.hypot(x, y), [Math.sqrt(10), Math.sqrt(8), Math.sqrt(10)], metre],
    ["a dot product is of both", () => np.dot(x, t).reshape([1]), [17], metre.times(second)],
    ["derived units are what they stand for", () => np.add(new Unitful(dense, joule), np.multiply(new Unitful(dense, newton), x)), [2, 6, 12], joule],
  ])("%s", (_, f, numbers, units) => expectQuantity(f(), numbers, units)); // prettier-ignore

  test("comparisons, truth values and indices are plain", () => {
    expectValues(np.less(x, y), [1, 0, 0]);
    expectValues(np.argmax(x), 2);
    expectValues(np.isfinite(x), [1, 1, 1]);
    expectValues(x.astype("bool"), [1, 1, 1]);
    expectValues(np.argsort(y), [2, 1, 0]);
    expectValues(lax.topK(y, 2)[1]!, [0, 1]);
  });

  test("0, ∞ and NaN fit any units, where they are known", () => {
    expectQuantity(np.add(x, 0), [1, 2, 3], metre);
    expectQuantity(np.minimum(x, Infinity), [1, 2, 3], metre);
    expectQuantity(quaxify(nn.relu)(np.negative(x)), [0, 0, 0], metre);
    expectQuantity(quaxify((z: ArrayValue) => np.where(z.greater(y), z, 0))(x), [0, 0, 3], metre);
    expectQuantity(quaxify(jit((z: ArrayValue) => np.pad(z, 1)))(x), [0, 1, 2, 3, 0], metre);
    expectQuantity(np.add(new Zero([3], "float32"), x), [1, 2, 3], metre);
    expectQuantity(np.subtract(x, new Zero([3], "float32")), [1, 2, 3], metre);
    expectQuantity(np.where(x.greater(y), x, 0), [0, 0, 3], metre);
    expectQuantity(jit((z: ArrayValue) => np.where(z.greater(y), z, 0))(x), [0, 0, 3], metre);
    expect(() => jit((z: ArrayValue, zeros: ArrayValue) => np.add(z, zeros))(x, np.zeros([3]))).toThrow(
      UnitsError,
    );
  });

  test("what is made like a quantity has its units", () => {
    expectQuantity(np.zerosLike(x), [0, 0, 0], metre);
    expectQuantity(quaxify((z: ArrayValue) => np.fullLike(z, 2))(x), [2, 2, 2], metre);
    expectQuantity(np.fullLike(x, new Unitful(1, kilometre)), [1000, 1000, 1000], metre);
  });

  test.each<[string, () => unknown, string]>([
    ["sums of different units", () => np.add(x, t), "Cannot add two arrays with units {m: 1} and {s: 1}. Their dimensions differ."],
    ["sums of different scales", () => np.add(x, new Unitful(1, kilometre)), "{m: 1} and {km: 1}. Convert one of them"],
    ["sums with plain arrays", () => np.subtract(x, 1), "Cannot subtract two arrays with units {m: 1} and {}. A plain array"],
    ["choices", () => np.where(np.array([true, false, true]), x, t), "Cannot select between two arrays with units {s: 1} and {m: 1}"],
    ["joining", () => np.concatenate([x, t]), "Cannot concatenate two arrays with units {m: 1} and {s: 1}"],
    ["functions of numbers", () => np.sin(x), "sin takes dimensionless arrays, got one with units {m: 1}"],
    ["functions of numbers in other scales", () => np.exp(np.divide(new Unitful(1, kilometre), x)), "convert it with x.to(values.one)"],
    ["powers that are not known", () => np.power(x, dense), "the exponent of a quantity with units must be a number that is known"],
    ["powers that are no fractions", () => np.power(x, Math.PI), "an exponent of a unit is a fraction"],
    ["products along", () => np.cumprod(x), "cumprod takes dimensionless"],
    ["quantities as places", () => lax.dynamicSlice.bind([dense, new Unitful(np.array(1, "int32"), metre)], { sliceSizes: [1] }), "dynamic_slice takes dimensionless"],
  ])("%s are refused, naming both", (_, f, message) => {
    expect(f).toThrow(UnitsError);
    expect(f).toThrow(message);
  }); // prettier-ignore
});

/** ½·k·x², whose derivative is the force k·x. */
const energy = (z: ArrayValue): ArrayValue =>
  np.sum(np.multiply(new Unitful(0.5, newton.per(metre)), np.square(z)));
const wrappers: [string, (f: (z: ArrayValue) => ArrayValue) => (z: ArrayValue) => unknown][] = [
  ["quaxify of grad", (f) => quaxify(grad(f)) as (z: ArrayValue) => unknown],
  ["quaxify of jit of grad", (f) => quaxify(jit(grad(f))) as (z: ArrayValue) => unknown],
  ["jit of quaxify of grad", (f) => jit(quaxify(grad(f))) as (z: ArrayValue) => unknown],
  ["quaxify of grad of jit", (f) => quaxify(grad(jit(f))) as (z: ArrayValue) => unknown],
];

describe.each(wrappers)("%s", (_, wrapped) => {
  test.each<[string, (z: ArrayValue) => ArrayValue, number[], values.Units]>([
    ["an energy", energy, [1, 2, 3], newton],
    ["a root", (z) => np.sum(np.sqrt(z)), [0.5, 0.5 / Math.SQRT2, 0.5 / Math.sqrt(3)], metre.pow(-0.5)],
    ["a power", (z) => np.sum(np.power(z, 1.5)), [1.5, 1.5 * Math.SQRT2, 1.5 * Math.sqrt(3)], metre.pow(0.5)],
    ["a variance", (z) => np.var(z), [-2 / 3, 0, 2 / 3], metre],
    ["a choice", (z) => np.sum(np.where(z.greater(y), np.square(z), 0)), [0, 0, 6], metre],
    ["a product of slices", (z) => z.get("1:").mul(z.get(":-1")).sum(), [2, 4, 2], metre],
    ["places", (z) => np.square(z.get([0, 0, 1])).sum(), [4, 4, 0], metre],
    ["running sums", (z) => np.sum(np.square(np.cumsum(z))), [20, 18, 12], metre],
    ["sorted", (z) => np.square(np.sort(z).get(0)), [2, 0, 0], metre],
    ["an exponential of a ratio", (z) => np.sum(np.exp(np.divide(z, y))), [Math.exp(1 / 3) / 3, Math.E / 2, Math.exp(3)], metre.pow(-1)],
    ["an update", (z) => np.sum(np.square(z.at(0).set(y.get(1)))), [0, 4, 6], metre],
  ])("of %s has the units of the result over those of the argument", (_name, f, numbers, units) =>
    expectQuantity(wrapped(f)(x), numbers, units)); // prettier-ignore
});

describe("derivatives", () => {
  test("of a bare quantity are a tree like it, in whose numbers they are", () => {
    expectQuantity(grad((z: values.Unitful) => (energy(z) as values.Unitful).array)(x), [1, 2, 3], metre);
  });

  test("tangents have the units of their primals", () => {
    const [out, tangent] = quaxify((z: ArrayValue, dz: ArrayValue) =>
      jvp((v: ArrayValue) => v.mul(t), [z], [dz]),
    )(x, y);
    expectQuantity(out, [1, 4, 12], metre.times(second));
    expectQuantity(tangent, [3, 4, 4], metre.times(second));
    const pushed = quaxify((z: ArrayValue) => linearize((v: ArrayValue) => np.square(v), [z])[1](z))(x);
    expectQuantity(pushed, [2, 8, 18], metre.pow(2));
  });

  test("cotangents have the inverse of them, times those of what is pulled back", () => {
    const pull = (z: ArrayValue, ct: ArrayValue) => vjp((v: ArrayValue) => np.square(v), [z])[1](ct)[0];
    expectQuantity(quaxify(pull)(x, dense), [2, 8, 18], metre);
    expectQuantity(quaxify(pull)(x, t), [2, 8, 24], metre.times(second));
  });

  test("second derivatives divide twice", () => {
    expectQuantity(quaxify(hessian(energy))(x) as ArrayValue, [1, 0, 0, 0, 1, 0, 0, 0, 1], newton.per(metre));
  });

  test("of each of a batch", () => {
    const cube = (z: ArrayValue) => np.multiply(np.square(z), z);
    expectQuantity(quaxify(vmap(grad(cube)))(x), [3, 12, 27], metre.pow(2));
    expectQuantity(vmap(quaxify(grad(cube)))(x), [3, 12, 27], metre.pow(2));
  });
});

describe("compiled", () => {
  test("a program is for the units that it was made with", () => {
    let traces = 0;
    const f = jit((a: ArrayValue, b: ArrayValue) => (traces++, np.multiply(a, b)));
    expectQuantity(f(x, t), [1, 4, 12], metre.times(second));
    expectQuantity(f(y, t), [3, 4, 4], metre.times(second));
    expect(traces).toBe(1);
    expectQuantity(f(x, y), [3, 4, 3], metre.pow(2));
    expect(traces).toBe(2);
  });

  test("an error in one leaves the next call alone", () => {
    const f = jit((a: ArrayValue, b: ArrayValue) => np.add(a, b));
    expect(() => f(x, t)).toThrow(UnitsError);
    expectQuantity(f(x, y), [4, 4, 4], metre);
  });
});

describe("primitives from elsewhere", () => {
  type Own = Primitive<"test_own", [x: ArrayValue], object>;
  const plain: Own = definePrimitive<Own>("test_own", { arity: 1, abstract: ([a]) => a, jvp: "none", batch: "elementwise", evaluate: ([a]) => [lax.mul(a, 2)] }); // prettier-ignore
  const derived: Own = definePrimitive<Own>("test_own", { arity: 1, abstract: ([a]) => a, jvp: "none", batch: "elementwise", expand: ([a]) => [lax.mul(a, a)] }); // prettier-ignore

  test("take numbers, unless they say what they are, or have a rule", () => {
    expect(() => plain.bind([x], {})).toThrow("test_own takes dimensionless arrays");
    expectQuantity(plain.bind([np.divide(x, x)], {})[0], [2, 2, 2], one);
    expectQuantity(derived.bind([x], {})[0], [1, 4, 9], metre.pow(2));
    register(plain, [Unitful], ([a]) => new Unitful(lax.mul(a.array, 2), a.units));
    expectQuantity(plain.bind([x], {})[0], [2, 4, 6], metre);
  });
});
