import { type ArrayValue, jit, lax, lora, makeJaxpr, numpy as np, quaxify, random, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

let seed = 0;
const normal = (shape: readonly number[]) => random.normal(random.key(seed++), shape);
const adaptedOf = (shape: readonly number[], rank: number) => {
  const [batch, [n, m]] = [shape.slice(0, -2), shape.slice(-2)];
  const adapted = lora.LoraArray.of(
    normal(shape),
    normal([...batch, n!, rank]),
    normal([...batch, rank, m!]),
  );
  return { adapted, sum: np.add(adapted._w, np.matmul(adapted.a, adapted.b)) };
};
type Pairs = [number[], number[]];

describe("a product with w + a·b", () => {
  const { adapted, sum } = adaptedOf([4, 3], 2);
  const shapes = (f: (l: ArrayValue, x: ArrayValue) => ArrayValue, x: ArrayValue) =>
    [...String(makeJaxpr(f)(adapted, x)).matchAll(/f32\[([\d,]*)\] = dot_general/g)].map(
      ([, shape]) => shape,
    );

  test("is w·x + a·(b·x): three products, none of them a·b", () => {
    expect(shapes((l, x) => np.matmul(l, x), normal([3]))).toEqual(["4", "2", "4"]);
    expect(shapes((l, x) => np.matmul(l, x), normal([3, 7]))).toEqual(["4,7", "2,7", "4,7"]);
    expect(shapes((l, x) => np.matmul(x, l), normal([7, 4]))).toEqual(["7,3", "7,2", "7,3"]);
    const text = String(
      makeJaxpr((l: ArrayValue, x: ArrayValue) => np.matmul(x, l))(adapted, normal([7, 4])),
    );
    expect(text).not.toContain("transpose");
  });

  test.each([
    [
      "both axes contracted",
      [
        [0, 1],
        [1, 0],
      ],
      [[], []],
      [3, 4],
    ],
    ["rows shared", [[1], [1]], [[0], [0]], [4, 3]],
    ["columns shared, rows kept", [[], []], [[1], [0]], [3, 2]],
    [
      "both shared",
      [[], []],
      [
        [1, 0],
        [0, 1],
      ],
      [3, 4],
    ],
    ["nothing paired", [[], []], [[], []], [2]],
  ] as [string, Pairs, Pairs, number[]][])("never forms the sum: %s", (_, contract, batch, shape) => {
    const x = normal(shape);
    const f = (l: ArrayValue) => lax.dotGeneral(l, x, [contract, batch]);
    expectValues(f(adapted), values(f(sum)));
    expectValues(quaxify(f)(adapted), values(f(sum)));
    expectValues(jit(f)(adapted), values(f(sum)));
  });
});

describe("every choice of contracted, shared and kept axes of a batch of matrices", () => {
  const sizes = [2, 3, 4, 5];
  const { adapted, sum } = adaptedOf(sizes, 2);
  const kinds = ["kept", "contracted", "shared"] as const;
  const choices = Array.from({ length: 81 }, (_, code) =>
    sizes.map((_size, axis) => kinds[Math.floor(code / 3 ** axis) % 3]!),
  );

  test.each(choices)("%s, %s, %s, %s", (...chosen) => {
    const contract = [3, 1, 0, 2].filter((axis) => chosen[axis] === "contracted");
    const shared = [2, 0, 3, 1].filter((axis) => chosen[axis] === "shared");
    const paired = [...shared, ...contract].toReversed();
    const x = normal([2, ...paired.map((axis) => sizes[axis]!), 3]);
    const theirs = (axes: number[]) => axes.map((axis) => 1 + paired.indexOf(axis));
    const onLeft = (l: ArrayValue) => lax.dotGeneral(l, x, [[contract, theirs(contract)], [shared, theirs(shared)]]); // prettier-ignore
    const onRight = (l: ArrayValue) => lax.dotGeneral(x, l, [[theirs(contract), contract], [theirs(shared), shared]]); // prettier-ignore
    for (const f of [onLeft, onRight]) {
      const [out, expected] = [f(adapted), f(sum)];
      expect(out.shape).toEqual(expected.shape);
      expect(np.max(np.abs(np.subtract(out, expected))).item()).toBeLessThan(1e-4);
    }
  });
});

describe("two low-rank arrays", () => {
  const [left, right] = [adaptedOf([4, 3], 1), adaptedOf([3, 5], 2)];

  test("multiply without either sum", () => {
    const f = (x: ArrayValue, y: ArrayValue) => np.matmul(x, y);
    expectValues(f(left.adapted, right.adapted), values(f(left.sum, right.sum)));
    expectValues(quaxify(f)(left.adapted, right.adapted), values(f(left.sum, right.sum)));
  });

  test("may be nested", () => {
    const nested = lora.LoraArray.of(left.adapted, normal([4, 1]), normal([1, 3]));
    const x = normal([3]);
    const sum = np.add(left.sum, np.matmul(nested.a, nested.b));
    expectValues(np.matmul(nested, x), values(np.matmul(sum, x)));
  });
});

test("vmap over any axis inside quaxify", () => {
  const { adapted, sum } = adaptedOf([3, 4, 5], 2);
  for (const axis of [0, 1, 2]) {
    const x = normal([adapted.shape.toSpliced(axis, 1)[1]!]);
    const f = (l: ArrayValue) => vmap((part: ArrayValue) => np.matmul(part, x), { inAxes: axis })(l);
    expectValues(quaxify(f)(adapted), values(f(sum)));
  }
});

test("adapters of a wider dtype than the weight are rounded to the product's", () => {
  const wide = lora.LoraArray.of(np.ones([4, 3], "bfloat16"), np.ones([4, 1]), np.ones([1, 3]));
  const out = lax.dotGeneral(wide, np.ones([3], "bfloat16"), [
    [[1], [0]],
    [[], []],
  ]);
  expect([out.dtype, out.astype("float32").toList()]).toEqual(["bfloat16", [6, 6, 6, 6]]);
});

test("the dtype of the result is the one that is preferred", () => {
  const half = lora.LoraArray.of(
    np.ones([4, 3], "bfloat16"),
    np.ones([4, 1], "bfloat16"),
    np.ones([1, 3], "bfloat16"),
  );
  const out = lax.dotGeneral(
    half,
    np.ones([3], "bfloat16"),
    [
      [[1], [0]],
      [[], []],
    ],
    { preferredElementType: "float32" },
  );
  expect(out.dtype).toBe("float32");
});
