import { type ArrayValue, grad, nn, numpy as np, random, tree } from "cotangent";
import { expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(6);
const parts = (): [nn.Embedding, nn.Linear] => [
  new nn.Embedding(5, 3, { key }),
  new nn.Linear(3, 5, { key, useBias: false }),
];
const tied = () =>
  new nn.Shared(
    parts(),
    ([, linear]) => linear.weight,
    ([embedding]) => embedding.weight,
  );

test("what is shared is there once, and trained as one", () => {
  const shared = tied();
  expect(tree.leaves(shared).length).toBe(1);
  const [embedding, linear] = shared.forward();
  expect(linear.weight).toBe(embedding.weight);
  const loss = ([e, l]: [nn.Embedding, nn.Linear]) => np.sum(np.square(l.forward(e.forward(2))));
  const apart = grad(loss)([embedding, linear]);
  const together = grad((s: typeof shared) => loss(s.forward()))(shared);
  expectValues(tree.leaves(together)[0] as ArrayValue, values(np.add(apart[0].weight, apart[1].weight)));
});

test("several nodes are shared, and computed from others", () => {
  const shared = new nn.Shared(
    { a: np.ones([2, 3]), b: np.zeros([3, 2]), c: np.zeros([2]), d: np.ones([2]) },
    ({ b, c }) => [b, c],
    ({ a, d }) => [np.transpose(a), np.multiply(2, d)],
  );
  expect(tree.leaves(shared).length).toBe(2);
  expectValues(shared.forward().b, [1, 1, 1, 1, 1, 1]);
  expectValues(shared.forward().c, [2, 2]);
});

test("a shared layer has one state", () => {
  const make = nn.makeWithState(() => {
    const norm = new nn.BatchNorm(2, "batch", { mode: "batch" });
    return new nn.Shared(
      [norm, new nn.BatchNorm(2, "batch", { mode: "batch" })] as const,
      ([, b]) => b.weight,
      ([a]) => a.weight,
    );
  });
  expect(tree.leaves(make()[1]).length).toBe(6);
  const whole = nn.makeWithState(() => {
    const norm = new nn.BatchNorm(2, "batch", { mode: "batch" });
    return new nn.Shared(
      [norm, norm] as const,
      ([, b]) => b,
      ([a]) => a,
    );
  });
  const [model, state] = whole();
  expect(tree.leaves(state).length).toBe(3);
  const [a, b] = model.forward();
  expectValues(state.get(b.batchCounter!), values(state.get(a.batchCounter!)));
});

test("what differs cannot be shared", () => {
  expect(
    () =>
      new nn.Shared(
        parts(),
        ([, l]) => l.weight,
        ([e]) => np.transpose(e.weight),
      ),
  ).toThrow("nn.Shared: what is shared must be alike, but where is at f32[5,3] and get returns f32[3,5]");
});
