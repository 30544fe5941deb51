import {
  type ArrayValue,
  grad,
  jit,
  lax,
  lora,
  MaterialiseError,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../../unit/arrays.ts";

// After Quax's test_lora, from its description.

const key = random.key(5678);
const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);

test("a Linear with a low-rank weight starts as it was, also in jit", () => {
  const linear = new nn.Linear(10, 12, { key });
  const adapted = tree.at(
    (l) => l.weight,
    linear,
    new lora.LoraArray(linear.weight, { rank: 2, key }) as ArrayValue,
  );
  const x = normal(0, [10]);
  expectValues(quaxify(adapted)(x), values(linear.forward(x)));
  expectValues(jit(quaxify(adapted))(x), values(linear.forward(x)));
});

test("loraify adapts every layer of an MLP", () => {
  const mlp = new nn.MLP(2, 2, 64, 3, { key });
  const adapted = lora.loraify(mlp, { rank: 3, scale: 0.1, key });
  const x = normal(1, [2]);
  expectValues(quaxify(adapted)(x), values(mlp.forward(x)));
  expectValues(jit(quaxify(adapted))(x), values(mlp.forward(x)));
});

test("a product over several axes, on both sides, has the shape of a plain one", () => {
  const w = new lora.LoraArray(normal(2, [2, 3, 4, 5]), { rank: 7, key });
  const y = normal(3, [5, 3, 6, 2]);
  const left = [[[3], [0]], [[0, 1], [3, 1]]] as const; // prettier-ignore
  const right = [[[0], [3]], [[3, 1], [0, 1]]] as const; // prettier-ignore
  expectValues(
    quaxify((w: ArrayValue, y: ArrayValue) => lax.dotGeneral(w, y, left))(w, y),
    values(lax.dotGeneral(w._w, y, left)),
  );
  const out = quaxify((w: ArrayValue, y: ArrayValue) => lax.dotGeneral(y, w, right))(w, y);
  expect(out.shape).toEqual([2, 3, 6, 4]);
});

describe.each([true, false])("stopGradient: %s", (stopGradient) => {
  test("decides whether the weight has a gradient; a has none while b is 0", () => {
    const mlp = lora.loraify(new nn.Linear(4, 3, { key }), { rank: 2, stopGradient, key });
    const gradient = grad((m: nn.Linear, x: ArrayValue) => np.sum(np.square(quaxify(m)(x))))(
      mlp,
      normal(4, [4]),
    );
    const weight = gradient.weight as unknown as lora.LoraArray;
    const vanishes = (x: ArrayValue) => values(x).every((v) => v === 0);
    expect(vanishes(weight._w)).toBe(stopGradient);
    expect([vanishes(weight.a), vanishes(weight.b), vanishes(gradient.bias!)]).toEqual([true, false, false]);
  });
});

test("transformations stack, twice over", () => {
  const linear = new nn.Linear(4, 3, { key });
  const model = lora.loraify(linear, { rank: 2, key });
  const x = normal(5, [4]);
  const loss = (m: nn.Linear, x: ArrayValue) => np.sum(np.square(m.forward(x)));
  const outer = jit(quaxify(grad(loss, { argnums: 1 })));
  const inner = quaxify(jit(grad(loss, { argnums: 1 })));
  const expected = values(grad(loss, { argnums: 1 })(linear, x));
  for (const f of [outer, inner, outer, inner]) expectValues(f(model, x), expected);
});

test("relu of it materialises where it may, and is refused otherwise", () => {
  const w = normal(6, [4, 3]);
  const [open, closed] = [true, false].map(
    (allowMaterialise) => new lora.LoraArray(w, { rank: 2, allowMaterialise, key }),
  );
  expectValues(quaxify(nn.relu)(open!), values(nn.relu(w)));
  expect(() => quaxify(nn.relu)(closed!)).toThrow(MaterialiseError);
});

test("one that a closure captured meets the rules too, where Quax fails", () => {
  const captured = new lora.LoraArray(normal(7, [3, 4]), { rank: 2, key });
  expectValues(
    quaxify((x: ArrayValue) => np.matmul(captured, x))(np.ones([4])),
    values(np.sum(captured._w, 1)),
  );
  expect(() => quaxify((x: ArrayValue) => np.add(captured, x))(np.ones([4]))).toThrow(MaterialiseError);
});
