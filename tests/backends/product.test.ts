import { describe, expect, test } from "vitest";
import { reference } from "../../src/backends/reference/index.ts";
import { compiled } from "../../src/backends/wasm/executable.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { type DType, dtypes, isInexact } from "../../src/core/dtype.ts";
import { CotangentError } from "../../src/core/errors.ts";
import type { ClosedJaxpr } from "../../src/core/jaxpr.ts";
import type { AnyPrimitive, Sample } from "../../src/core/primitive.ts";
import { range } from "../../src/core/shape.ts";
import { type ArrayValue, NDArray, showAval } from "../../src/core/value.ts";
import { stage } from "../../src/interpreters/stage.ts";
import * as lax from "../../src/lax/index.ts";
import { numbersOf } from "../laws/compare.ts";
import { applied, avalOfSample, drawAll, dtypeOf, sampled, withX64 } from "../laws/samples.ts";
import { mayBeOnHost } from "./rows.ts";

const full = process.env["COTANGENT_FULL"] === "1";
const tried: readonly DType[] = full
  ? dtypes.filter((dtype) => dtype !== "float0")
  : ["float32", "int32", "uint8", "bool", "float16", "complex64"];

/** Ways to be given an operand: as it is in memory, and as a kernel makes it of what is in memory. */
const layouts: Readonly<Record<string, readonly [stored: (x: ArrayValue) => ArrayValue, view: (x: ArrayValue) => ArrayValue]>> = {
  "as it is": [(x) => x, (x) => x],
  transposed: [
    (x) => lax.transpose(x, range(x.ndim).toReversed()),
    (x) => lax.transpose(x, range(x.ndim).toReversed()),
  ],
  reversed: [(x) => lax.rev(x, range(x.ndim)), (x) => lax.rev(x, range(x.ndim))],
}; // prettier-ignore

function accepted(prim: AnyPrimitive, sample: Sample<object>): boolean {
  try {
    prim.rules.abstract(sample.operands.map(avalOfSample), sample.params);
    return true;
  } catch (error) {
    if (error instanceof CotangentError) return false;
    throw error;
  }
}
const redrawn = ({ operands, params }: Sample<object>, declared: DType, dtype: DType): Sample<object> => ({
  operands: operands.map((x) => (dtypeOf(x) === declared ? { ...x, dtype } : x)),
  params,
});
/** The samples of a primitive, each with `dtype` in place of each of its own, where that is accepted. */
const samplesIn = (prim: AnyPrimitive, dtype: DType): Sample<object>[] =>
  prim.rules.samples
    .flatMap((declared) => [...new Set(declared.operands.map(dtypeOf))].map((old) => redrawn(declared, old, dtype)))
    .filter((sample) => accepted(prim, sample)); // prettier-ignore

const errors: Partial<Record<DType, number>> = { float16: 2e-3, bfloat16: 2e-2, float64: 1e-11 };
/** Within some units in the last place of the dtype, relatively to numbers as large as 1. */
function expectClose(got: ArrayValue, wanted: ArrayValue, exact: boolean, what: string): void {
  const [a, b] = [numbersOf(got), numbersOf(wanted)];
  const error = exact || !isInexact(wanted.dtype) ? 0 : (errors[wanted.dtype] ?? 1e-5);
  const wrong = b.findIndex((x, i) => !Object.is(a[i], x) && !(Math.abs(a[i]! - x) <= error * Math.max(1, Math.abs(x)))); // prettier-ignore
  if (wrong >= 0) expect.fail(`${what}: element ${wrong} is ${a[wrong]}, not ${b[wrong]}\ngot ${a.join(" ")}\nnot ${b.join(" ")}`); // prettier-ignore
}
/** Functions that are rounded, and what is summed or multiplied in an order of its own. */
const inexact = new Set(
  `acos acosh asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt cos cosh digamma erf erf_inv erfc exp exp2 expm1 lgamma log log1p logistic pow
  rsqrt sin sinh tan tanh conv_general_dilated cumlogsumexp cumprod cumsum dot_general linear_solve ormqr reduce_prod reduce_sum reduce_window_sum scatter-mul
  tridiagonal_solve`.split(/\s+/),
);

const programOf = (run: (xs: readonly ArrayValue[]) => ArrayValue[], like: readonly NDArray[]): ClosedJaxpr =>
  stage(run, like.map((x) => x.aval), "test"); // prettier-ignore

describe.each(sampled)("%s", (name, prim) => {
  test.each(tried)(
    "in %s, compiled, it gives what the reference backend does, however operands are laid out",
    (dtype) => {
      withX64(() => {
        samplesIn(prim, dtype).forEach((sample, s) => {
          const operands = drawAll(sample);
          const run = applied(prim, sample.params);
          const outs = prim.rules.abstract(operands.map((x) => x.aval), sample.params); // prettier-ignore
          const expected = reference.compile(programOf(run, operands)).execute(operands.map((x) => x.buffer));
          for (const [layout, [stored, view]] of Object.entries(layouts)) {
            const given = operands.map(stored) as NDArray[];
            const closed = programOf((xs) => run(xs.map(view)), given);
            compiled.onHost.clear();
            const got = wasm.compile(closed).execute(given.map((x) => x.buffer));
            expect([...compiled.onHost].filter((used) => !mayBeOnHost(used))).toEqual([]);
            const what = `${name}, sample ${s}, ${layout}: ${operands.map((x) => showAval(x.aval)).join(", ")}`;
            outs.forEach((out, i) => {
              const [a, b] = [got[i]!, expected[i]!].map((buffer) => new NDArray(out, buffer));
              expectClose(a!, b!, !inexact.has(name), `${what}, output ${i}`);
            });
          }
        });
      });
    },
  );
});
