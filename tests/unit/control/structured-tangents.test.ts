import {
  type ArrayValue,
  customJvp,
  customVjp,
  grad,
  jvp,
  linearize,
  lora,
  numpy as np,
  quaxify,
  values,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectNearArray } from "../../laws/compare.ts";
import { expectValues } from "../arrays.ts";

const { LowRankUpdate, metre, Unitful } = values;
const m = (rows: number[][]) => np.array(rows, "float32");

/** `Σ (x·y)²` with a rule that says twice the derivative. */
const twice = customJvp((x: ArrayValue, y: ArrayValue): ArrayValue => np.sum(np.square(np.matmul(x, y))));
twice.defjvp(([x, y]: [ArrayValue, ArrayValue], [t, s]: [ArrayValue, ArrayValue]) => {
  const out = np.matmul(x, y);
  const change = np.add(np.matmul(t, y), np.matmul(x, s));
  return [np.sum(np.square(out)), np.multiply(4, np.sum(np.multiply(out, change)))];
});

const y = m([[1, -1], [2, 0.5]]); // prettier-ignore
const a = m([[1], [-2]]);
const b = m([[0.5, 3]]);
const base = m([[1, 2], [3, 4]]); // prettier-ignore
/** The gradient of the sum of squares in the matrix that stands for all. */
const whole = (x: ArrayValue) => np.multiply(4, np.matmul(np.matmul(x, y), y.T));
const expected = () => {
  const g = whole(np.add(base, np.matmul(a, b)));
  return { g, a: np.matmul(g, b.T), b: np.matmul(a.T, g) };
};

describe("the tangent that a rule is given is that of the array", () => {
  test("where it is not linear in its parts: a LoraArray", () => {
    const x = lora.LoraArray.of(base, a, b, { stopGradient: false });
    const gradient = grad((x: lora.LoraArray) => quaxify(twice)(x, y))(x) as unknown as lora.LoraArray;
    const { g, a: da, b: db } = expected();
    expectNearArray(gradient._w, g, 1e-5, "");
    expectNearArray(gradient.a, da, 1e-5, "");
    expectNearArray(gradient.b, db, 1e-5, "");
    const [, tangent] = jvp((x: lora.LoraArray) => quaxify(twice)(x, y), [x], [x]);
    const along = np.add(base, np.multiply(2, np.matmul(a, b)));
    expectValues(tangent, [Number(np.sum(np.multiply(g, along)).item())]);
  });
  test("and where its base is stopped, none of that passes", () => {
    const x = lora.LoraArray.of(base, a, b);
    const gradient = grad((x: lora.LoraArray) => quaxify(twice)(x, y))(x) as unknown as lora.LoraArray;
    expectValues(gradient._w.materialise(), [0, 0, 0, 0]);
    expectNearArray(gradient.a, expected().a, 1e-5, "");
  });
  test("a LowRankUpdate", () => {
    const x = new LowRankUpdate(base, a, b.T);
    const gradient = grad((x: values.LowRankUpdate) => quaxify(twice)(x, y))(x);
    const { g, a: da, b: db } = expected();
    expectNearArray(gradient.base, g, 1e-5, "");
    expectNearArray(gradient.u, da, 1e-5, "");
    expectNearArray(gradient.v, db.T, 1e-5, "");
  });
  test("with its units, also where it is zero", () => {
    const product = customJvp((x: ArrayValue, y: ArrayValue): ArrayValue => np.multiply(x, y));
    product.defjvp(([x, y]: [ArrayValue, ArrayValue], [t, s]: [ArrayValue, ArrayValue]) => [
      np.multiply(x, y),
      np.add(np.multiply(t, y), np.multiply(x, s)),
    ]);
    const length = new Unitful(3, metre);
    const f = (x: ArrayValue, y: ArrayValue) => jvp((x: ArrayValue) => product(x, y), [x], [x])[1];
    expect(String(quaxify(f)(length, length))).toBe("9.0 m²");
    const outside = (x: values.Unitful) =>
      (quaxify(product)(x, new Unitful(2, metre)) as values.Unitful).array;
    expectValues((grad(outside)(length) as unknown as values.Unitful).array, [2]);
  });
});

test("forward mode through a customVjp is refused as that, whatever the class of the tangent", () => {
  const f = customVjp((x: ArrayValue): ArrayValue => np.square(x));
  f.defvjp(
    (x: ArrayValue) => [np.square(x), x],
    (x: ArrayValue, ct: ArrayValue) => [np.multiply(2, np.multiply(x, ct))],
  );
  const along = (x: ArrayValue) => linearize(f, [x])[1](x);
  expect(() => quaxify(along)(new Unitful(3, metre))).toThrow("its rule is for reverse mode");
});
