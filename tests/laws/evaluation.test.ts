import { describe, expect, test } from "vitest";
import { jit } from "../../src/control/index.ts";
import { dtypeInfo } from "../../src/core/dtype.ts";
import { primitives } from "../../src/core/primitive.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { avalOf, NDArray } from "../../src/core/value.ts";
import { concrete, expectSameBits, showType } from "./compare.ts";
import { applied, drawAll, sampled, withoutSamples } from "./samples.ts";

test("every primitive declares samples, or is known to need tests of its own", () => {
  const missing = [...primitives].filter(
    ([name, { rules }]) => rules.samples.length === 0 && !(name in withoutSamples),
  );
  expect(missing.map(([name]) => name)).toEqual([]);
  const superfluous = Object.keys(withoutSamples).filter(
    (name) => primitives.get(name)?.rules.samples.length !== 0,
  );
  expect(superfluous).toEqual([]);
});

describe.each(sampled)("%s", (name, prim) => {
  test("its results are what its shape rule says", () => {
    prim.rules.samples.forEach((sample, s) => {
      const operands = drawAll(sample);
      const outs = applied(prim, sample.params)(operands).map(concrete);
      const avals = prim.rules.abstract(
        operands.map((x) => x.aval),
        sample.params,
      );
      expect(outs.map(showType), `sample ${s}`).toEqual(avals.map((aval) => showType({ aval } as NDArray)));
      for (const { storage, shape, dtype } of outs) {
        expect(storage, `sample ${s}: storage of ${dtype}`).toBeInstanceOf(dtypeInfo[dtype].storage);
        expect(storage.length, `sample ${s}: slots`).toBe(sizeOf(shape) * dtypeInfo[dtype].lanes);
      }
    });
  });

  test("its params are of the kinds that it declares", () => {
    const { params: kinds, samples } = prim.rules;
    for (const { params } of samples) {
      expect(Object.keys(params).toSorted()).toEqual(Object.keys(kinds).toSorted());
      for (const [param, value] of Object.entries(params))
        expect(kinds[param]!.is(value), `${param} is ${kinds[param]!.expected}`).toBe(true);
    }
  });

  test("it is weak where its operands are, if its shape rule says so", () => {
    prim.rules.samples.forEach((sample, s) => {
      const operands = drawAll(sample).map((x) =>
        x.dtype === "bool" || x.dtype === "key<fry>"
          ? x
          : new NDArray(avalOf(x.shape, x.dtype, true), x.buffer),
      );
      const avals = prim.rules.abstract(
        operands.map((x) => x.aval),
        sample.params,
      );
      const outs = applied(prim, sample.params)(operands);
      expect(outs.map(showType), `sample ${s}`).toEqual(avals.map((aval) => showType({ aval } as NDArray)));
    });
  });

  test("jit changes no bit", () => {
    prim.rules.samples.forEach((sample, s) => {
      const operands = drawAll(sample);
      const run = applied(prim, sample.params);
      const before = operands.map((x) => x.storage.slice());
      const eager = run(operands);
      const jitted = jit((...xs: NDArray[]) => run(xs))(...operands);
      jitted.forEach((out, i) => expectSameBits(out, eager[i]!, `${name}, sample ${s}, output ${i}`));
      operands.forEach((x, i) =>
        expect(x.storage, `sample ${s}: operand ${i} is not written to`).toEqual(before[i]),
      );
    });
  });
});
