import { type ArrayValue, nn, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const { initializers } = nn;
const key = random.key(0);
const deviation = (x: ArrayValue) => np.std(x).item() as number;

test.each([
  ["glorotUniform", initializers.glorotUniform, Math.sqrt(2 / 300)],
  ["glorotNormal", initializers.glorotNormal, Math.sqrt(2 / 300)],
  ["lecunUniform", initializers.lecunUniform, Math.sqrt(1 / 200)],
  ["lecunNormal", initializers.lecunNormal, Math.sqrt(1 / 200)],
  ["heUniform", initializers.heUniform, Math.sqrt(2 / 200)],
  ["heNormal", initializers.heNormal, Math.sqrt(2 / 200)],
] as const)("%s has the standard deviation of its fans", (_, initializer, expected) => {
  expect(deviation(initializer()(key, [200, 100])) / expected).toBeCloseTo(1, 1);
});

describe("initializers", () => {
  test("of constants ignore the key", () => {
    expect(initializers.zeros(key, [2]).toList()).toEqual([0, 0]);
    expect(initializers.ones(key, [2], "int32").dtype).toBe("int32");
    expect(initializers.constant(-7, { dtype: "bfloat16" })(key, [1]).dtype).toBe("bfloat16");
  });

  test("of distributions scale them", () => {
    const draw = (f: (k: ArrayValue, shape: number[]) => ArrayValue) => f(key, [5]).toList() as number[];
    const doubled = (x: ArrayValue) => np.multiply(2, x).toList() as number[];
    expectValues(np.array(draw(initializers.uniform(2))), doubled(random.uniform(key, [5])));
    expectValues(np.array(draw(initializers.normal(2))), doubled(random.normal(key, [5])));
    expectValues(
      np.array(draw(initializers.truncatedNormal(2, { lower: -1 }))),
      doubled(random.truncatedNormal(key, -1, 2, [5])),
    );
  });

  test("count inputs and outputs, times the receptive field", () => {
    const conv = initializers.varianceScaling(1, "fanOut", "normal")(key, [5, 5, 20, 40]);
    expect(deviation(conv) / Math.sqrt(1 / 1000)).toBeCloseTo(1, 1);
    const other = initializers.varianceScaling(1, "fanIn", "normal", { inAxis: 0, outAxis: 1 })(
      key,
      [100, 200],
    );
    expect(deviation(other) / 0.1).toBeCloseTo(1, 1);
  });

  test("refuse what they cannot make", () => {
    expect(() => initializers.heNormal()(key, [3])).toThrow(
      "nn.initializers.heNormal: a weight of shape (3,) has no inputs and outputs",
    );
    expect(() => initializers.varianceScaling(1, "fan_in" as "fanIn", "normal")).toThrow(
      'did you mean "fanIn"?',
    );
    expect(() => initializers.heNormal({ dtype: "int32" })(key, [3, 3])).toThrow(
      "makes floats, got dtype int32",
    );
    expect(() => initializers.heNormal({ axis: 1 } as never)).toThrow(
      "nn.initializers.heNormal has no option axis",
    );
  });
});

describe("orthogonal", () => {
  const key = random.key(3);
  test("has JAX's numbers, with columns along any axis", () => {
    expectValues(
      nn.initializers.orthogonal(2, { columnAxis: 0 })(key, [2, 2, 2]),
      [-1.4225957, 0.37624833, -0.57805294, -1.2249545, 0.906239748, 1.69732559, 0.02928662, -0.54493952],
    );
  });
  test("as a convolution's kernel is 0 but in the middle", () => {
    expectValues(
      nn.initializers.deltaOrthogonal()(key, [3, 2, 2]),
      [0, 0, 0, 0, -0.9667591, 0.2556886, 0.2556886, 0.9667592, 0, 0, 0, 0],
    );
  });
  test("needs two axes, and a kernel as many outputs as inputs", () => {
    expect(() => nn.initializers.orthogonal()(key, [3])).toThrow("at least two axes, got (3,)");
    expect(() => nn.initializers.deltaOrthogonal()(key, [3, 3, 2])).toThrow(
      "at least as many outputs as inputs",
    );
  });
});
