import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { transcendental } from "../../../../src/compiler/lower/transcendental.ts";
import type { Elements, Row } from "../../../../src/compiler/lower/row.ts";
import type { DType } from "../../../../src/core/dtype.ts";
import { type AnyPrimitive, primitives } from "../../../../src/core/primitive.ts";
import type { NDArray } from "../../../../src/core/value.ts";
import "../../../../src/lax/index.ts";
import { interpretComputation } from "../kernel/interpret.ts";
import { arrayOf, expectElementwise, type Same, takenBy } from "./against-reference.ts";

const formats: Partial<Record<DType, readonly [fraction: number, least: number]>> = {
  float16: [10, -14],
  bfloat16: [7, -126],
  float64: [52, -1022],
};

/** Zeros, infinities and NaN are the same; others differ by units in the last place, the reference having errors too. */
const close: Same = (got, wanted, { dtype }) => {
  if (Object.is(got, wanted)) return true;
  if (typeof got === "bigint" || typeof wanted === "bigint" || got !== got || wanted !== wanted) return false;
  const [fraction, least] = formats[dtype] ?? [23, -126];
  const exponent = Math.max(least, Math.floor(Math.log2(Math.abs(wanted))));
  return Math.abs(got - wanted) <= (dtype === "float64" ? 16 : 4) * 2 ** (exponent - fraction);
};
const nextToNothing: Same = (got, wanted) => Math.abs(Number(got) - Number(wanted)) < 2 ** -126;
/** Near their zeros between the poles the gamma functions are differences of larger terms, in the reference too. */
const ofGamma: Same = (got, wanted, { dtype }) => {
  const size = Math.max(1, Math.abs(Number(wanted)));
  return Math.abs(Number(got) - Number(wanted)) <= 256 * size * 2 ** (dtype === "float64" ? -52 : -23);
};
/**
 * Where XLA takes subnormal float32 numbers for 0, the reference for float32 only, and expressions for erf_inv only;
 * bfloat16 is computed in float32, where the power overflows whose reciprocal would be subnormal.
 */
const exceptions: Readonly<Record<string, Same>> = {
  log: (got, wanted) => wanted === -Infinity && (got !== got || (-104 < got && got < -87)),
  log1p: nextToNothing,
  erf_inv: nextToNothing,
  integer_pow: nextToNothing,
  lgamma: ofGamma,
  digamma: ofGamma,
};

const binary = new Set(["atan2", "pow"]);
const params: Readonly<Record<string, readonly object[]>> = {
  integer_pow: [0, 1, 2, 3, 5, 10, -1, -3].map((y) => ({ y })),
};
const cases = Object.keys(transcendental).flatMap((name) =>
  (params[name] ?? [{}]).map((given) => [name, given] as const),
);

/** The data that a row makes of arrays. */
function lowered(primitive: AnyPrimitive, given: object, operands: readonly NDArray[]): Float32Array {
  const avals = operands.map((x) => x.aval);
  const outs = primitive.rules.abstract(avals, given);
  const row = transcendental[primitive.primitive as keyof typeof transcendental] as Row<object>;
  const storages = operands.map((x) => x.storage);
  const computation = row(given, avals, outs) as Elements;
  return interpretComputation(computation, avals, storages, outs)[0] as Float32Array;
}

/** Complex results, the errors of whose parts are relative to the whole: so an exact 0 of some has either sign. */
function expectPairs(primitive: AnyPrimitive, given: object, parts: readonly (readonly number[])[]): void {
  const operands = parts.map((x) => arrayOf([x.length / 2], "complex64", Float32Array.from(x)));
  const outs = primitive.rules.abstract(
    operands.map((x) => x.aval),
    given,
  );
  const got = lowered(primitive, given, operands);
  const wanted = reference.apply(primitive, operands, given, outs)[0]!.read() as Float32Array;
  wanted.forEach((x, i) => {
    const y = got[i]!;
    if (Object.is(x, y)) return;
    const whole = Math.max(Math.abs(x), Math.abs(wanted[i ^ 1]!));
    const zeros = x === 0 && y === 0 && !binary.has(primitive.primitive);
    const same = whole < Infinity && !zeros && Math.abs(x - y) <= 2 ** -21 * whole;
    const at = operands.map((z) => z.storage.slice(i & ~1, (i | 1) + 1).join(" + i·")).join(" and ");
    expect(same, `part ${i & 1} of ${primitive.primitive} at ${at} is ${y}, not ${x}`).toBe(true);
  });
}

const squared = (ends: readonly number[]) => ends.flatMap((x) => ends.map((y) => [x, y]));
const corners = squared([0, -0, 1, -1, 0.5, -2.5, 1e-40, Infinity, -Infinity, NaN]);
const fewCorners = squared([0, -0, 1, -2.5, Infinity, NaN]);
const pairsOfCorners = fewCorners.flatMap((z) => fewCorners.map((w) => [z, w]));

describe.each(cases)("the row of %s %j", (name, given) => {
  const primitive = primitives.get(name)!;
  const arity = binary.has(name) ? 2 : 1;
  const dtypes = takenBy(primitive, arity, given);
  test.each(dtypes.filter((dtype) => dtype !== "complex64"))(
    "gives what the reference gives in %s",
    (dtype) => {
      expectElementwise(primitive, given, arity, dtype, (...x) => close(...x) || !!exceptions[name]?.(...x));
    },
  );
  if (!dtypes.includes("complex64")) return;
  test("gives what the reference gives of complex numbers", () => {
    const all = arity === 1 ? corners.map((z) => [z]) : pairsOfCorners;
    expectPairs(
      primitive,
      given,
      Array.from({ length: arity }, (_, i) => all.flatMap((zs) => zs[i]!)),
    );
    // Near the cuts and where squares vanish, the reference's atan2 rounds less than XLA and a row.
    if (name === "atan2") return;
    const part = fc.float({ min: -3, max: 3, noNaN: true, noDefaultInfinity: true });
    const numbers = fc.array(part, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.tuple(...Array.from({ length: arity }, () => numbers)), (parts) =>
        expectPairs(primitive, given, parts),
      ),
      { numRuns: 20 },
    );
  });
});

test("pow takes integer exponents of any width, and of a shape of their own", () => {
  const base = arrayOf([3], "float32", Float32Array.of(2, -3, 0.5));
  const pow = primitives.get("pow")!;
  expect(lowered(pow, {}, [base, arrayOf([], "int8", Int8Array.of(-3))])).toEqual(
    Float32Array.of(0.125, Math.fround(-1 / 27), 8),
  );
  expect(lowered(pow, {}, [base, arrayOf([3], "int64", BigInt64Array.of(10n, 3n, -2n))])).toEqual(
    Float32Array.of(1024, -27, 4),
  );
});
