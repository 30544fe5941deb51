import { type ArrayValue, lax, nn, numpy as np, type Operand, random, vmap } from "cotangent";
import { expectTypeOf, test } from "vitest";

const x = np.ones([3]);

test("branches get the operands as arrays, and give what they return", () => {
  const out = lax.cond(
    true,
    (a, n) => {
      expectTypeOf(a).toEqualTypeOf<ArrayValue>();
      expectTypeOf(n).toEqualTypeOf<ArrayValue>();
      return { a, n };
    },
    (a, n) => ({ a: n, n: a }),
    x,
    2,
  );
  expectTypeOf(out).toEqualTypeOf<{ a: ArrayValue; n: ArrayValue }>();
  expectTypeOf(lax.switch(0, [() => 1, () => 2])).toEqualTypeOf<ArrayValue>();
});

test("a carry is typed by what goes in, numbers and flags as arrays", () => {
  const [i, { done }] = lax.whileLoop(
    ([i, { done }]) => {
      expectTypeOf(i).toEqualTypeOf<ArrayValue>();
      return np.logicalOr(np.less(i, 3), done);
    },
    ([i]) => [np.add(i, 1), { done: np.greater(i, 2) }],
    [0, { done: false }],
  );
  expectTypeOf(i).toEqualTypeOf<ArrayValue>();
  expectTypeOf(done).toEqualTypeOf<ArrayValue>();
  lax.whileLoop(
    (c) => np.less(c.a, 3),
    // @ts-expect-error a carry of another structure
    (c) => ({ b: c.a }),
    { a: 0 },
  );
});

test("a scan gives the carry and the outputs of its steps", () => {
  const [carry, ys] = lax.scan((c, { a }) => [{ s: np.add(c.s, a) }, [a, c.s]], { s: 0 }, { a: x });
  expectTypeOf(carry).toEqualTypeOf<{ s: ArrayValue }>();
  expectTypeOf(ys).toEqualTypeOf<[ArrayValue, ArrayValue]>();
  const [last, none] = lax.scan((c) => [np.multiply(c, 2), null], x, null, { length: 2 });
  expectTypeOf(last).toEqualTypeOf<ArrayValue>();
  expectTypeOf(none).toEqualTypeOf<null>();
  expectTypeOf(lax.map((x) => [x, 1], x)).toEqualTypeOf<[ArrayValue, ArrayValue]>();
});

test("counted loops, and prefixes", () => {
  const out = lax.foriLoop(
    0,
    3,
    (i, [a, b]) => {
      expectTypeOf(i).toEqualTypeOf<ArrayValue>();
      return [np.add(a, i), b];
    },
    [x, 1],
  );
  expectTypeOf(out).toEqualTypeOf<[ArrayValue, ArrayValue]>();
  expectTypeOf(lax.associativeScan((a, b) => np.add(a, b), x)).toEqualTypeOf<ArrayValue>();
  expectTypeOf<Parameters<typeof lax.foriLoop>[0]>().toEqualTypeOf<Operand>();
});

test("a model is scanned over and carried as what it is", () => {
  const layers = vmap((key) => new nn.Linear(3, 3, { key }))(random.split(random.key(0), 4));
  const step = (h: ArrayValue, layer: nn.Linear): [ArrayValue, null] => [layer.forward(h), null];
  expectTypeOf(lax.scan(step, x, layers)[0]).toEqualTypeOf<ArrayValue>();
  expectTypeOf(lax.foriLoop(0, 3, (_, layer) => layer, layers)).toEqualTypeOf<nn.Linear>();
});
