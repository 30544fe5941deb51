import { type ArrayValue, numpy as np, quaxify, random, values } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values as numbers } from "../../unit/arrays.ts";

// After Quax's test_sparse, from its description.

const { BCOO } = values;
const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
// prettier-ignore
const x = new BCOO(
  normal(0, [2, 4]),
  np.array([[[2, 0, 3], [0, 0, 3], [1, 0, 0], [2, 0, 1]], [[0, 0, 3], [2, 0, 3], [2, 0, 1], [2, 0, 1]]], "int32"),
  [2, 5, 1, 4],
);
const indices = random.randint(random.key(1), [3, 2, 4, 3], 0, np.array([5, 1, 4], "int32"));
const y = new BCOO(normal(2, [3, 2, 4]), indices, [3, 2, 5, 1, 4]);

const add = (a: ArrayValue, b: ArrayValue | number) => np.add(a, b);
const mul = (a: ArrayValue, b: ArrayValue | number) => np.multiply(a, b);
const operands = [1, normal(3, [1, 4]), normal(4, [3, 2, 5, 1, 4])] as const;

test.each(operands)("a sparse array plus a plain one is plain, %#", (other) => {
  const expected = numbers(np.add(x.toDense(), other));
  for (const out of [
    quaxify(add)(x, other),
    quaxify((a: ArrayValue, b: ArrayValue | number) => np.add(b, a))(x, other),
  ]) {
    expect(out).not.toBeInstanceOf(BCOO);
    expectValues(out, expected);
  }
});

test("a sparse array plus a sparse one is sparse", () => {
  for (const [a, b] of [
    [x, y],
    [y, x],
    [x, x],
  ] as const) {
    // prettier-ignore
    const out = quaxify(add)(a, b);
    expect(out).toBeInstanceOf(BCOO);
    const dense = (out as values.BCOO).enableMaterialise().materialise();
    expectValues(dense, numbers(np.add(a.toDense(), b.toDense())));
  }
});

describe("a sparse array times a plain one is sparse, with the same indices", () => {
  const at = (dense: ArrayValue): number[] => {
    const [b, i, k] = [[[0], [1]], x.indices.get("...", 0), x.indices.get("...", 2)] as const;
    return numbers(
      dense.get(
        np.array(
          b.map(([r]) => [r!]),
          "int32",
        ),
        i,
        0,
        k,
      ),
    );
  };
  test.each([3, normal(5, [5, 1, 4]), normal(6, [2, 5, 1, 4])])("%#", (other) => {
    const out = quaxify(mul)(x, other) as values.BCOO;
    expect(out).toBeInstanceOf(BCOO);
    expect(numbers(out.indices)).toEqual(numbers(x.indices));
    const factors = at(np.broadcastTo(other, [2, 5, 1, 4]));
    expectValues(
      out.values,
      numbers(x.values).map((v, n) => v * factors[n]!),
    );
    expectValues(out.toDense(), numbers(np.multiply(x.toDense(), other)));
  });
});
