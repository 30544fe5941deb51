import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jit } from "../../src/control/index.ts";
import { config } from "../../src/core/config.ts";
import { type DType, dtypes } from "../../src/core/dtype.ts";
import { BackendError, CotangentError } from "../../src/core/errors.ts";
import type { AnyPrimitive, Sample } from "../../src/core/primitive.ts";
import { sameShape } from "../../src/core/shape.ts";
import { type ArrayValue, showAval } from "../../src/core/value.ts";
import { expectSameBits } from "./compare.ts";
import { applied, avalOfSample, drawAll, dtypeOf, sampled } from "./samples.ts";

/** One dtype of each class; all of them in the full run. */
const tried: readonly DType[] = process.env["COTANGENT_FULL"]
  ? dtypes.filter((dtype) => dtype !== "float0")
  : ["float32", "int32", "bool", "complex64"];

beforeEach(() => (config.enableX64 = process.env["COTANGENT_FULL"] !== undefined));
afterEach(() => (config.enableX64 = false));

/** Whether the shape rule takes these operands; it must refuse by an error of our own that is no backend's. */
function accepted(prim: AnyPrimitive, sample: Sample<object>): boolean {
  try {
    prim.rules.abstract(sample.operands.map(avalOfSample), sample.params);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CotangentError);
    expect(error).not.toBeInstanceOf(BackendError);
    expect((error as CotangentError).message.length).toBeGreaterThan(20);
    return false;
  }
}

/** The sample with `dtype` in place of `declared`, in every operand of that dtype. */
const redrawn = ({ operands, params }: Sample<object>, declared: DType, dtype: DType): Sample<object> => ({
  operands: operands.map((x) => (dtypeOf(x) === declared ? { ...x, dtype } : x)),
  params,
});

describe.each(sampled)("%s", (name, prim) => {
  test.each(tried)("in %s it runs, jitted too, or is refused by its shape rule", (dtype) => {
    prim.rules.samples.forEach((declared, s) => {
      for (const old of new Set(declared.operands.map(dtypeOf))) {
        const sample = redrawn(declared, old, dtype);
        if (!accepted(prim, sample)) continue;
        const operands = drawAll(sample);
        const what = `${name}, sample ${s}: ${operands.map((x) => showAval(x.aval)).join(", ")}`;
        const run = applied(prim, sample.params);
        const eager = run(operands);
        jit((...xs: ArrayValue[]) => run(xs))(...operands).forEach((out, j) => {
          expectSameBits(out, eager[j]!, `${what}, output ${j}`);
          expect(sameShape(out.shape, eager[j]!.shape)).toBe(true);
        });
      }
    });
  });
});
