import { lax, numpy as np } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HostBuffer } from "../../../../src/core/backend.ts";
import { range } from "../../../../src/core/shape.ts";
import { type ArrayValue, NDArray } from "../../../../src/core/value.ts";
import { expectSameOnBoth, type F, loweredOf, stepsOf } from "./compiled.ts";

const SIZE = 9;
type Step = (x: ArrayValue, y: ArrayValue) => ArrayValue;
type Arrays = readonly ArrayValue[];
/** What reads elements where it writes them, or others, or all; what writes to a part. */
const steps: readonly Step[] = [
  (x, y) => lax.add(x, y),
  (x) => lax.mul(x, 3),
  (x, y) => lax.select(lax.lt(x, y), lax.neg(x), y),
  (_, y) => y,
  (x, y) => lax.add(x, lax.transpose(y, [1, 0])),
  (x) => lax.rev(x, [0]),
  (x, y) => lax.rem(np.matmul(x, y), 1009),
  (x, y) => lax.add(x, np.sum(y, { axis: 1, keepdims: true })),
  (x, y) => np.add(x, np.sum(y)),
  (x) => lax.cumsum(x, { axis: 0 }),
  (x, y) => lax.dynamicUpdateSlice(x, lax.slice(y, [0, 0], [2, SIZE]), [lax.rem(lax.abs(y.get(0, 0)), 5), np.array(0, "int32")]), // prettier-ignore
  (x, y) => lax.addAny.bind([x, lax.pad(lax.slice(y, [0, 0], [1, SIZE]), np.array(0, "int32"), [[4, 4, 0], [0, 0, 0]])], {})[0]!, // prettier-ignore
];
const arrayOf = (seed: number): NDArray =>
  new NDArray(
    { shape: [SIZE, SIZE], dtype: "int32", weak: false },
    new HostBuffer(Int32Array.from(range(SIZE * SIZE), (i) => ((i * 7919 + seed * 104729) % 203) - 100)),
  );

const pick = fc.nat(1000);
/** Steps on values that are there: the carries first, then what steps have made. */
const bodies = fc.record({
  made: fc.array(fc.tuple(fc.nat(steps.length - 1), pick, pick), { minLength: 1, maxLength: 6 }),
  next: fc.tuple(pick, pick, pick),
  stacked: fc.array(pick, { maxLength: 2 }),
});
const programs = fc.record({
  body: bodies,
  inner: fc.option(bodies),
  turns: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom("scan", "while"),
  starts: fc.tuple(pick, pick, pick),
});
type Body = typeof bodies extends fc.Arbitrary<infer T> ? T : never;
type Program = typeof programs extends fc.Arbitrary<infer T> ? T : never;

function run({ made, next, stacked }: Body, given: Arrays): [carry: ArrayValue[], stacked: ArrayValue[]] {
  const all = [...given];
  const at = (i: number): ArrayValue => all[i % all.length]!;
  for (const [step, x, y] of made) all.push(steps[step]!(at(x), at(y)));
  return [next.map(at), stacked.map(at)];
}
const functionOf =
  ({ body, inner, turns, kind, starts }: Program): F =>
  (...inputs) => {
    const whole = (carry: Arrays, more: Arrays): [ArrayValue[], ArrayValue[]] => {
      if (inner === null) return run(body, [...carry, ...more]);
      const step = (c: Arrays): [ArrayValue[], null] => [run(inner, c)[0], null];
      const [last] = lax.scan(step as never, carry as never, null as never, { length: 2 } as never) as unknown as [Arrays]; // prettier-ignore
      return run(body, [...last, ...more]);
    };
    // What loops begin with is given, or a temporary.
    const values = [...inputs, lax.add(inputs[0]!, inputs[1]!), lax.mul(inputs[1]!, 2)];
    const init = starts.map((i) => values[i % values.length]!);
    if (kind === "scan") {
      const xs = np.stack(range(turns).map((i) => lax.add(inputs[0]!, i)));
      const [carry, ys] = lax.scan(((c: Arrays, x: ArrayValue) => whole(c, [x, inputs[1]!])) as never, init as never, xs) as unknown as [Arrays, Arrays]; // prettier-ignore
      return [...carry, ...ys];
    }
    const [, ...carry] = lax.whileLoop(
      (([i]: Arrays) => lax.lt(i!, turns)) as never,
      (([i, ...c]: Arrays) => [lax.add(i!, 1), ...whole(c, [inputs[1]!])[0]]) as never,
      [lax.full([], 0, "int32"), ...init] as never,
    ) as unknown as Arrays;
    return carry;
  };

test(
  "loops compute what the reference backend does, wherever their carries are",
  { timeout: 120_000 },
  () => {
    let inPlace = 0;
    fc.assert(
      fc.property(programs, (program) => {
        const xs = [arrayOf(1), arrayOf(2)];
        const f = functionOf(program);
        for (const step of stepsOf(loweredOf(f, xs).block))
          if (step.kind === "scan" || step.kind === "while")
            inPlace += step.carry.filter(({ current, next, inPlace }) => inPlace && next !== current).length;
        expectSameOnBoth(f, xs);
      }),
      { numRuns: 80, seed: 1 },
    );
    // Among them are many that are written where they are, without being updates of a part.
    expect(inPlace).toBeGreaterThan(25);
  },
);
