import { describe, expect, test } from "vitest";
import { algebraic, applying, identities } from "../../../src/compiler/algebraic.ts";
import type { Identity } from "../../../src/compiler/identities/identity.ts";
import { rewrite } from "../../../src/compiler/rewrite.ts";
import { type DType, isSigned } from "../../../src/core/dtype.ts";
import { CotangentError, DTypeError } from "../../../src/core/errors.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import { dce } from "../../../src/interpreters/dce.ts";
import * as lax from "../../../src/lax/index.ts";
import { withX64 } from "../../laws/samples.ts";
import { everywhere, type IdentitySample, identitySamples } from "./identity-samples.ts";
import { chain, expectSameProgram, f32, numberDTypes, primitivesOf, programOf, special } from "./programs.ts";

const simpler = (program: ClosedJaxpr): ClosedJaxpr => dce(rewrite(program, [algebraic]));
const textOf = (f: (...xs: ArrayValue[]) => ArrayValue, ...avals: ReturnType<typeof f32>[]): string =>
  String(simpler(programOf(f, avals)));
const dtypes: readonly DType[] = [...numberDTypes, "bool"];

/** The program of a sample on this dtype; null where an operation refuses the dtype. */
function sampleProgram({ f, shape = [2, 3] }: IdentitySample, dtype: DType): ClosedJaxpr | null {
  try {
    return programOf(f as (...xs: ArrayValue[]) => ArrayValue, [avalOf(shape, dtype), avalOf(shape, dtype)]);
  } catch (error) {
    if (error instanceof DTypeError) return null;
    throw error;
  }
}

/** What one identity makes of a program, and the operations that it was applied to. */
function applied(identity: Identity, program: ClosedJaxpr) {
  const to = new Set<string>();
  const rule = applying([identity]);
  const result = rewrite(program, [
    (eqn, soFar) => {
      const found = rule(eqn, soFar);
      if (found !== null) to.add(eqn.primitive.primitive);
      return found;
    },
  ]);
  return { result, to };
}

test("every identity has a name of its own, and samples; every sample is of an identity", () => {
  expect(Object.keys(identitySamples).toSorted()).toEqual(identities.map(({ name }) => name).toSorted());
});

describe.each(identities.map((identity) => [identity.name, identity] as const))("%s", (name, identity) => {
  const samples = identitySamples[name] ?? [];

  test("both sides are the same, bit for bit, in exactly the dtypes that it takes", () => {
    withX64(() => {
      const taken = samples.map((sample) =>
        dtypes.filter((dtype) => {
          const program = sampleProgram(sample, dtype);
          if (program === null) return false;
          const { result, to } = applied(identity, program);
          const { shape = [2, 3] } = sample;
          if (to.size > 0)
            for (let seed = 1; seed < 8; seed++)
              expectSameProgram(result, program, [
                special(dtype, shape, seed),
                special(dtype, shape, seed + 9),
              ]);
          return to.size > 0;
        }),
      );
      expect(taken.map(String)).toEqual(samples.map(({ takes }) => String(dtypes.filter(takes))));
    });
  });

  test("it is sampled on each of its operations", () => {
    withX64(() => {
      const to = samples.flatMap((sample) =>
        dtypes.flatMap((dtype) => {
          const program = sampleProgram(sample, dtype);
          return program ? [...applied(identity, program).to] : [];
        }),
      );
      expect([...new Set(to)].toSorted()).toEqual(identity.of.map(({ primitive }) => primitive).toSorted());
    });
  });
});

describe("no identity:", () => {
  test.each<readonly [string, (x: ArrayValue, y: ArrayValue) => ArrayValue]>([
    ["x + 0, which is 0 for -0", (x) => lax.add(x, scalarOf(0, x.dtype))],
    ["x - -0", (x) => lax.sub(x, scalarOf(-0, x.dtype))],
    ["x · 0, which may be NaN or -0", (x) => lax.mul(x, scalarOf(0, x.dtype))],
    ["x - x, which may be NaN", (x) => lax.sub(x, x)],
    ["x = x, which is false for NaN", (x) => lax.convertElementType(lax.eq(x, x), "float32")],
    ["x / 3", (x) => lax.div(x, scalarOf(3, x.dtype))],
    ["x / 2⁻¹⁴⁹, whose inverse is infinite", (x) => lax.div(x, scalarOf(2 ** -149, x.dtype))],
    ["x / 0", (x) => lax.div(x, scalarOf(0, x.dtype))],
    ["x / ∞", (x) => lax.div(x, scalarOf(Infinity, x.dtype))],
    ["a slice of a part", (x) => lax.slice(x, [0, 1], [2, 3])],
    ["a slice in steps", (x) => lax.slice(x, [0, 0], [2, 3], [1, 2])],
    ["a slice of two parts", (x, y) => lax.slice(lax.concatenate([x, y], 1), [0, 2], [2, 4])],
    ["a sum of sums", (x) => lax.reduceSum(lax.reduceSum(x, [1]), [0])],
    ["a sum of a transpose in another order", (x) => lax.reduceSum(lax.transpose(x, [1, 0]), [0, 1])],
    [
      "a conversion to a weak one",
      (x) => lax.convertElementType.bind([x], { newDtype: x.dtype, weakType: true })[0]!,
    ],
  ])("%s", (_name, f) => {
    const program = programOf(f as (...xs: ArrayValue[]) => ArrayValue, [f32(2, 3), f32(2, 3)]);
    expect(primitivesOf(simpler(program))).toEqual(primitivesOf(program));
  });

  test("a complex product has no unit, and integers no quotient of negations", () => {
    const kept = (f: (x: ArrayValue) => ArrayValue, dtype: DType) =>
      primitivesOf(simpler(programOf(f, [avalOf([2], dtype)])));
    expect(kept((x) => lax.mul(x, everywhere(1, x)), "complex64")).toEqual(["mul"]);
    expect(kept((x) => lax.neg(lax.mul(x, everywhere(3, x))), "complex64")).toEqual(["mul", "neg"]);
    expect(kept((x) => lax.div(lax.neg(x), lax.neg(x)), "int8")).toEqual(["neg", "neg", "div"]);
  });
});

test("a product that is read twice is not computed in two ways", () => {
  const program = programOf(
    (x, y) => {
      const product = lax.dot(x, y);
      return [product, lax.transpose(product, [1, 0])];
    },
    [f32(2, 3), f32(3, 4)],
  );
  expect(rewrite(program, [algebraic])).toBe(program);
});

test("a transpose moves up through operations only where it vanishes there", () => {
  const sum = (other: ArrayValue, x: ArrayValue, y: ArrayValue) =>
    lax.transpose(lax.add(other, lax.dot(x, y)), [1, 0]);
  const avals = [f32(2, 4), f32(2, 3), f32(3, 4)];
  expect(primitivesOf(simpler(programOf(sum, avals)))).toEqual(["dot_general", "add", "transpose"]);
  const twice = programOf((a, x, y) => [sum(lax.dot(x, y), x, y), a], avals);
  expect(primitivesOf(simpler(twice))).toEqual(["dot_general", "dot_general", "add"]);
});

test("what goes away no longer counts as a reader", () => {
  const program = programOf(
    (x, y) => {
      const product = lax.dot(x, y);
      return lax.mul(lax.transpose(lax.copy(product), [1, 0]), scalarOf(2, "float32"));
    },
    [f32(2, 3), f32(3, 4)],
  );
  expect(primitivesOf(simpler(program))).toEqual(["dot_general", "mul"]);
});

test("a conversion through a dtype that holds all values is one conversion, bit for bit", () => {
  withX64(() => {
    let joined = 0;
    for (const from of dtypes) {
      for (const through of dtypes) {
        for (const to of dtypes) {
          const convert = (x: ArrayValue) =>
            lax.convertElementType.bind(
              [lax.convertElementType.bind([x], { newDtype: through, weakType: false })[0]!],
              { newDtype: to, weakType: false },
            )[0]!;
          const program = programOf(convert, [avalOf([13], from)]);
          const result = simpler(program);
          if (primitivesOf(result).length < primitivesOf(program).length) {
            joined++;
            for (let seed = 1; seed < 4; seed++)
              expectSameProgram(result, program, [special(from, [13], seed)]);
          }
        }
      }
    }
    expect(joined).toBeGreaterThan(400);
  });
});

test("what would change the shape, dtype or weakness of the result is left alone", () => {
  const weak = avalOf([3], "float32", true);
  const one = scalarOf(1, "float32");
  expect(textOf((x) => lax.mul(x, one), weak)).toContain("mul");
  expect(textOf((x) => lax.mul(x, lax.broadcastInDim(one, [2, 3], [])), f32(1, 3))).toContain("mul");
  expect(textOf((x) => lax.add(x, lax.broadcastInDim(scalarOf(-0, "float32"), [3], [])), f32())).toContain(
    "add",
  );
  expect(textOf((x) => lax.selectN(scalarOf(true, "bool"), one, x), avalOf([], "float32", true))).toContain(
    "select_n",
  );
});

test("an identity that is refused leaves the next one its turn", () => {
  const f = (x: ArrayValue) => lax.mul(x, lax.broadcastInDim(scalarOf(1, "float32"), [3], []));
  expect(textOf(f, avalOf([3], "float32", true))).toBe(
    "{ lambda ; a:f32[3]. let b:f32[3] = mul a 1.0:f32[] in (b,) }",
  );
});

test("equations keep their source through a rewriting", () => {
  const program = programOf((x, y) => lax.add(x, lax.neg(y)), [f32(2), f32(2)]);
  expect(simpler(program).jaxpr.eqns[0]!.source).toBe(program.jaxpr.eqns[1]!.source);
  expect(program.jaxpr.eqns[1]!.source).toContain("algebraic.test.ts");
});

test("a rule that does not apply to a dtype refuses it, and no identity hides that", () => {
  expect(() => programOf((x) => lax.not(x), [f32(2)])).toThrow(CotangentError);
  expect(numberDTypes.filter(isSigned).length).toBe(4);
});

test("a long chain is simplified in one sweep, without depth", () => {
  const program = chain(10_000, (x) => lax.neg(x));
  expect(primitivesOf(simpler(program))).toEqual([]);
});
