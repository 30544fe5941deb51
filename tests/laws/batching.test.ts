import { describe, expect, test } from "vitest";
import { isInexact } from "../../src/core/dtype.ts";
import type { AnyPrimitive, Sample } from "../../src/core/primitive.ts";
import type { ArrayValue } from "../../src/core/value.ts";
import { vmap } from "../../src/interpreters/vmap.ts";
import { concrete, expectNearArray, expectSameBits, places, stacked } from "./compare.ts";
import { applied, choices, drawAll, sampled } from "./samples.ts";

/** Unlike the sizes in samples, so that a batch axis taken for another one is found out. */
const SIZE = 5;

/** Where the batch axis of each mapped operand is: all at the front, all at the end, and each somewhere else. */
function axesOf({ operands }: Sample<object>, mapped: readonly boolean[]): (number | null)[][] {
  const at = (choose: (options: number[], i: number) => number) =>
    operands.map(({ shape }, i) => (mapped[i] ? choose(places(shape), i) : null));
  const all = [
    at((options) => options[0]!),
    at((options) => options.at(-1)!),
    at((options) => options[options.length >> 1]!),
    at((options, i) => options[i % options.length]!),
  ];
  return [...new Map(all.map((axes) => [axes.join(), axes])).values()];
}

function check(prim: AnyPrimitive, sample: Sample<object>, mapped: readonly boolean[], what: string): void {
  const run = applied(prim, sample.params);
  const fixed = drawAll(sample);
  const drawn = Array.from({ length: SIZE }, (_, b) => drawAll(sample, 1, b));
  const examples = drawn.map((operands) => operands.map((x, i) => (mapped[i] ? x : fixed[i]!)));
  const loop = examples.map(run);
  const expected = loop[0]!.map((_, j) =>
    stacked(
      loop.map((outs) => concrete(outs[j]!)),
      0,
    ),
  );
  for (const inAxes of axesOf(sample, mapped)) {
    const operands = fixed.map((x, i) =>
      inAxes[i] === null
        ? x
        : stacked(
            examples.map((example) => example[i]!),
            inAxes[i]!,
          ),
    );
    const outs = vmap((...xs: ArrayValue[]) => run(xs), { inAxes })(...operands);
    expect(outs.length).toBe(expected.length);
    outs.forEach((out, j) => {
      const place = `${prim.primitive}, ${what}, axes ${inAxes.map(String).join(", ")}, output ${j}`;
      if (isInexact(out.dtype)) expectNearArray(out, expected[j]!, 1e-5, place);
      else expectSameBits(out, expected[j]!, place);
    });
  }
}

describe.each(sampled)("%s", (_, prim) => {
  test("vmap is a loop and a stack, for each operand and for all, at every axis", () => {
    prim.rules.samples.forEach((sample, s) => {
      for (const mapped of choices(sample.operands.map(() => true)))
        check(prim, sample, mapped, `sample ${s}`);
    });
  });
});
