import { describe, expect, test } from "vitest";
import { dtypeInfo, isComplex, isInexact } from "../../src/core/dtype.ts";
import { DifferentiationError } from "../../src/core/errors.ts";
import { type AnyPrimitive, Linear, type Sample } from "../../src/core/primitive.ts";
import { type ArrayValue, type NDArray, showAval } from "../../src/core/value.ts";
import { jvpArrays } from "../../src/interpreters/jvp.ts";
import { linearizeArrays } from "../../src/interpreters/linearize.ts";
import { pullBack } from "../../src/interpreters/vjp.ts";
import { expectNear, numbersOf, pairing, withNumbers } from "./compare.ts";
import { applied, choices, drawAll, drawLike, inexactChoices, recast, sampled, withX64 } from "./samples.ts";

/** Primitives whose derivative is not the limit of difference quotients, by definition. */
const byDefinition: Readonly<Record<string, string>> = {
  stop_gradient: "0, whatever the slope",
  reduce_precision: "1, though it is a step function",
  sign: "0, of complex numbers too",
};

/** Primitives whose complex outputs are vectors of any phase: what is differentiated is one that turns along. */
const upToPhase: readonly string[] = ["svd", "eigh"];

/** Step of the difference quotient and tolerance of the comparison, for the least precise of the dtypes involved. */
const precisionOf = (arrays: readonly ArrayValue[]): { step: number; tolerance: number } =>
  arrays.every((x) => !isInexact(x.dtype) || x.dtype === "float64")
    ? { step: 1e-4, tolerance: 1e-6 }
    : { step: 1 / 64, tolerance: 2e-3 };

/** `x + h·t`, each rounded to its dtype. */
const moved = (x: NDArray, t: ArrayValue | null, h: number): NDArray =>
  t === null
    ? x
    : withNumbers(
        x,
        numbersOf(x).map((value, i) => value + h * numbersOf(t)[i]!),
      );

/**
 * Derivative of each output along the tangents, by central differences extrapolated once: error `O(h⁴)`. Null where the
 * two steps disagree: there is a kink between them, such as a maximum that changes hands.
 */
function differences(
  run: (xs: readonly ArrayValue[]) => ArrayValue[],
  primals: readonly NDArray[],
  tangents: readonly (NDArray | null)[],
  step: number,
): (number | null)[][] {
  const at = (h: number) => run(primals.map((x, i) => moved(x, tangents[i]!, h))).map(numbersOf);
  const quotient = (h: number) => {
    const [after, before] = [at(h), at(-h)];
    return after.map((out, j) => out.map((value, k) => change(value, before[j]![k]!) / (2 * h)));
  };
  const [fine, coarse] = [quotient(step), quotient(2 * step)];
  return run(primals).map(({ dtype }, j) => {
    const agree = (k: number) =>
      Math.abs(fine[j]![k]! - coarse[j]![k]!) <= 0.05 * Math.max(1, Math.abs(fine[j]![k]!));
    // A complex number is two elements, one beside the other.
    const smooth = (k: number) => agree(k) && (dtypeInfo[dtype].lanes === 1 || agree(k ^ 1));
    return fine[j]!.map((value, k) => (smooth(k) ? (4 * value - coarse[j]![k]!) / 3 : null));
  });
}

/** `after - before`; 0 where both are NaN, as what a gather out of bounds is filled with. */
const change = (after: number, before: number): number =>
  Number.isNaN(after) && Number.isNaN(before) ? 0 : after - before;

/** Runs `body` for every sample in float64 and in complex64 where possible, with each choice of operands that have tangents. */
function forEachChoice(
  prim: AnyPrimitive,
  body: (sample: Sample<object>, primals: NDArray[], chosen: readonly boolean[], what: string) => void,
): void {
  withX64(() => {
    prim.rules.samples.forEach((declared, s) => {
      const complex = recast(prim, declared, "complex64");
      for (const sample of [recast(prim, declared, "float64"), ...(complex === declared ? [] : [complex])]) {
        const primals = drawAll(sample);
        for (const chosen of inexactChoices(sample)) {
          const what = `sample ${s}, ${primals.map((x) => showAval(x.aval)).join(", ")}, tangents at ${chosen.flatMap((on, i) => (on ? [i] : [])).join(", ")}`;
          body(sample, primals, chosen, what);
        }
      }
    });
  });
}

const tangentsFor = (primals: readonly NDArray[], chosen: readonly boolean[]): (NDArray | null)[] =>
  primals.map((x, i) => (chosen[i] ? drawLike(x.aval, i) : null));

/** What `body` returns; undefined where the primitive says that it has no derivative, which must be said by name. */
function ifDifferentiable<T>(prim: AnyPrimitive, body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof DifferentiationError)) throw error;
    expect(error.message).toContain(prim.primitive);
    return undefined;
  }
}

describe.each(sampled)("%s", (name, prim) => {
  test("its jvp is the limit of difference quotients", () => {
    forEachChoice(prim, ({ params }, primals, chosen, what) => {
      const run = applied(prim, params);
      const tangents = tangentsFor(primals, chosen);
      const result = ifDifferentiable(prim, () => jvpArrays(run, primals, tangents, name));
      if (result === undefined) return;
      const [outs, pushed] = result;
      const { step, tolerance } = precisionOf([...primals, ...outs]);
      const quotients = differences(run, primals, tangents, step);
      outs.forEach((out, j) => {
        const t = pushed[j] ?? null;
        if (!isInexact(out.dtype))
          return expect(t, `${what}: an output of ${out.dtype} has no tangent`).toBeNull();
        if (t !== null) expect(showAval(t.aval), `${what}: type of the tangent`).toBe(showAval(out.aval));
        if (name in byDefinition || (isComplex(out.dtype) && upToPhase.includes(name))) return;
        const got = t === null ? quotients[j]!.map(() => 0) : numbersOf(t);
        expectNear(
          got,
          quotients[j]!.map((value, k) => value ?? got[k]!),
          tolerance,
          `${name}, ${what}, output ${j}`,
        );
      });
    });
  });

  test("⟨J t, c⟩ = ⟨t, Jᵀ c⟩", () => {
    forEachChoice(prim, ({ params }, primals, chosen, what) => {
      const run = applied(prim, params);
      const tangents = tangentsFor(primals, chosen);
      const forwards = ifDifferentiable(prim, () => jvpArrays(run, primals, tangents, name));
      if (forwards === undefined) return;
      const [outs, pushed] = forwards;
      const cotangents = outs.map((out, j) => (isInexact(out.dtype) ? drawLike(out.aval, 50 + j) : null));
      const { linear } = linearizeArrays((xs) => ({ arrays: run(xs), result: null }), primals, chosen, name);
      const pulled = pullBack(linear, cotangents, primals.length);
      pulled.forEach((ct, i) => {
        if (ct === null) return;
        expect(chosen[i], `${what}: operand ${i} is not differentiated`).toBe(true);
        expect(showAval(ct.aval), `${what}: type of the cotangent of operand ${i}`).toBe(
          showAval(primals[i]!.aval),
        );
      });
      const sum = (pairs: readonly (readonly [ArrayValue | null, ArrayValue | null])[]) =>
        pairs.reduce((total, [x, y]) => total + (x === null || y === null ? 0 : pairing(x, y)), 0);
      const left = sum(pushed.map((t, j) => [t, cotangents[j]!]));
      const right = sum(tangents.map((t, i) => [t, pulled[i]!]));
      // Both sides of a rounding are rounded.
      const tolerance = name === "reduce_precision" ? 1e-3 : precisionOf([...primals, ...outs]).tolerance;
      expectNear([left], [right], tolerance, `${name}, ${what}`);
    });
  });

  test.each(["float16", "bfloat16", "float32"] as const)(
    "its tangents and cotangents are %s where its operands are",
    (dtype) => {
      prim.rules.samples.forEach((declared, s) => {
        const sample = recast(prim, declared, dtype);
        const [primals, run] = [drawAll(sample), applied(prim, sample.params)];
        for (const chosen of inexactChoices(sample)) {
          const result = ifDifferentiable(prim, () =>
            jvpArrays(run, primals, tangentsFor(primals, chosen), name),
          );
          if (result === undefined) continue;
          const [outs, pushed] = result;
          outs.forEach((out, j) =>
            expect(pushed[j]?.aval ?? out.aval, `sample ${s}, tangent ${j}`).toMatchObject({
              shape: out.shape,
              dtype: out.dtype,
            }),
          );
          const { linear } = linearizeArrays(
            (xs) => ({ arrays: run(xs), result: null }),
            primals,
            chosen,
            name,
          );
          const pulled = pullBack(
            linear,
            outs.map((out) => (isInexact(out.dtype) ? drawLike(out.aval, 5) : null)),
            primals.length,
          );
          pulled.forEach((ct, i) =>
            expect(ct?.aval ?? primals[i]!.aval, `sample ${s}, cotangent ${i}`).toMatchObject({
              shape: primals[i]!.shape,
              dtype: primals[i]!.dtype,
            }),
          );
        }
      });
    },
  );
});

describe.each(sampled.filter(([, prim]) => prim.rules.transpose !== undefined))("%s", (name, prim) => {
  test("its transpose rule transposes its dependence on each operand", () => {
    forEachChoice(prim, ({ params }, primals, chosen, what) => {
      if (chosen.filter(Boolean).length !== 1) return;
      const i = chosen.indexOf(true);
      const run = applied(prim, params);
      const outs = run(primals);
      const cts = outs.map((out, j) => (isInexact(out.dtype) ? drawLike(out.aval, 50 + j) : null));
      const operands = primals.map((x, k) => (k === i ? new Linear(x.aval) : x));
      const pulled = ifDifferentiable(prim, () =>
        prim.rules.transpose!(
          cts,
          operands,
          params,
          outs.map((x) => x.aval),
        ),
      );
      const ct = pulled?.[i] ?? null;
      if (ct === null) return;
      expect(showAval(ct.aval), `${what}: type of the cotangent`).toBe(showAval(primals[i]!.aval));
      if (name in byDefinition) return;
      // Affine in the operand, so that one difference is exact.
      const t = drawLike(primals[i]!.aval, 3);
      const after = run(primals.with(i, moved(primals[i]!, t, 1)));
      const difference = outs.map((out, j) =>
        withNumbers(
          out,
          numbersOf(after[j]!).map((value, k) => change(value, numbersOf(out)[k]!)),
        ),
      );
      const left = difference.reduce((total, d, j) => total + (cts[j] ? pairing(d, cts[j]) : 0), 0);
      expectNear([left], [pairing(t, ct)], precisionOf([...primals, ...outs]).tolerance, `${name}, ${what}`);
    });
  });
});

test("every dtype has a place in these laws", () => {
  expect(choices([true, false, true])).toEqual([
    [true, false, false],
    [false, false, true],
    [true, false, true],
  ]);
  expect(Object.keys(dtypeInfo).filter((dtype) => isInexact(dtype as "float32"))).toEqual([
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
  ]);
});
