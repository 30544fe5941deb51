import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { cast } from "../../../../src/compiler/lower/cast.ts";
import { rows } from "../../../../src/compiler/lower/index.ts";
import { allocate, dtypeInfo, isFloat } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { store } from "../../../../src/core/scalar.ts";
import { avalOf } from "../../../../src/core/value.ts";
import { bitcastConvertType, complex, conj, convertElementType, reducePrecision } from "../../../../src/lax/index.ts"; // prettier-ignore
import { accepted, arrayOf, arrays, combined, dtypes, expectAsReference, expectElementwise, special, takenBy } from "./against-reference.ts"; // prettier-ignore

const pairs = dtypes.flatMap((from) => dtypes.map((to) => [from, to] as const));

test.each(pairs.filter(([from, to]) => accepted(convertElementType, { newDtype: to }, [avalOf([], from)])))(
  "conversion of %s to %s is that of the reference",
  (from, to) => expectElementwise(convertElementType, { newDtype: to, weakType: false }, 1, from),
);

/** Numbers half way between two of a format of 16 bits, and right beside. */
const beside = fc.record({
  significand: fc.integer({ min: 128, max: 4095 }),
  exponent: fc.nat(50),
  off: fc.constantFrom(-1, 0, 1),
});

test.each(["float64", "int64", "uint64", "int32", "uint32"] as const)(
  "%s is rounded to narrower floats once, beside ties too",
  (from) => {
    fc.assert(
      fc.property(fc.array(beside, { minLength: 8, maxLength: 8 }), (parts) => {
        const storage = allocate(from, 8);
        parts.forEach(({ significand, exponent, off }, i) => {
          const power = BigInt(exponent % (dtypeInfo[from].bits - 13));
          if (isFloat(from)) storage[i] = significand * (1 + off * 2 ** -40) * 2 ** ((exponent % 24) - 18);
          else store(storage, from, i, (BigInt(significand) << power) + BigInt(off));
        });
        for (const newDtype of ["float16", "bfloat16", "float32"] as const)
          expectAsReference(convertElementType, { newDtype, weakType: false }, [arrayOf([8], from, storage)]);
      }),
    );
  },
);

describe.each(dtypes)("a bitcast from %s", (from) => {
  const wide = (to: (typeof dtypes)[number]) => Math.max(1, dtypeInfo[to].bits / dtypeInfo[from].bits);
  const shapeFor = (to: (typeof dtypes)[number]) => (wide(to) > 1 ? [4, wide(to)] : [4]);
  const taken = dtypes.filter((to) =>
    accepted(bitcastConvertType, { newDtype: to }, [avalOf(shapeFor(to), from)]),
  );
  test.each(taken)("to %s keeps every bit", (to) => {
    fc.assert(
      fc.property(arrays(shapeFor(to), from), (x) =>
        expectAsReference(bitcastConvertType, { newDtype: to }, [x]),
      ),
      { numRuns: 50 },
    );
    if (wide(to) === 1) expectAsReference(bitcastConvertType, { newDtype: to }, [special(from)]);
  });
});

describe("the row of reduce_precision", () => {
  const formats = [1, 2, 4, 5, 8, 11, 12].flatMap((exponentBits) =>
    [0, 1, 3, 7, 10, 23, 52, 60].map((mantissaBits) => ({ exponentBits, mantissaBits })),
  );
  test.each(dtypes.filter(isFloat))("rounds %s to every format as the reference does", (dtype) => {
    for (const format of formats) {
      expectAsReference(reducePrecision, format, [special(dtype)]);
      fc.assert(
        fc.property(arrays([32], dtype), (x) => expectAsReference(reducePrecision, format, [x])),
        { numRuns: 5 },
      );
    }
  });
});

test("a complex number is made of parts that broadcast", () => {
  expectAsReference(complex, {}, combined(["float32", "float32"]));
});

test.each(["real", "imag"])("the row of %s takes a part of complex numbers", (name) =>
  expectElementwise(primitives.get(name)!, {}, 1, "complex64"),
);

test.each(["float32", "complex64"] as const)("the conjugate of %s is complex", (inputDtype) =>
  expectElementwise(conj, { inputDtype }, 1, inputDtype),
);

const unchanged: readonly (keyof typeof cast)[] = ["stop_gradient", "copy"];
describe.each(unchanged)("the row of %s", (name) => {
  const primitive = primitives.get(name)!;
  test.each(takenBy(primitive, 1))("leaves %s as it is", (dtype) =>
    expectElementwise(primitive, {}, 1, dtype),
  );
});

test("a barrier lets each operand through, whatever its shape", () => {
  const operands = [special("float32"), ...combined(["int8", "complex64"])];
  expectAsReference(primitives.get("optimization_barrier")!, {}, operands);
});

test("what only moves elements is a view", () => {
  const x = avalOf([2], "float32");
  expect(rows.copy!({}, [x], [x]).kind).toBe("elements");
  expect(rows.convert_element_type!({ newDtype: "float32", weakType: false }, [x], [x])).toHaveProperty(
    "work",
    "view",
  );
  expect(rows.convert_element_type!({ newDtype: "int8", weakType: false }, [x], [x])).toHaveProperty(
    "work",
    "map",
  );
});
