import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { config } from "../../../src/core/config.ts";
import {
  canonicalDType,
  type DType,
  dtypes,
  promoteTypes,
  toDType,
  type TypeOf,
} from "../../../src/core/dtype.ts";
import { type CotangentError } from "../../../src/core/errors.ts";

// jnp.result_type of each pair, JAX 0.10.2; a star is a weak type, -- is complex128. Rows and columns in this order:
const order = "b1 i8 i16 i32 i64 u8 u16 u32 u64 bf f16 f32 f64 c64 i* f* c*".split(" ");
// prettier-ignore
const promoted32 = [
  "b1 i8 i16 i32 u8 u16 u32 bf f16 f32 c64 i32* f32* c64*",
  "i8 i8 i16 i32 i16 i32 i32 bf f16 f32 c64 i8 f32* c64*",
  "i16 i16 i16 i32 i16 i32 i32 bf f16 f32 c64 i16 f32* c64*",
  "i32 i32 i32 i32 i32 i32 i32 bf f16 f32 c64 i32 f32* c64*",
  "u8 i16 i16 i32 u8 u16 u32 bf f16 f32 c64 u8 f32* c64*",
  "u16 i32 i32 i32 u16 u16 u32 bf f16 f32 c64 u16 f32* c64*",
  "u32 i32 i32 i32 u32 u32 u32 bf f16 f32 c64 u32 f32* c64*",
  "bf bf bf bf bf bf bf bf f32 f32 c64 bf bf c64",
  "f16 f16 f16 f16 f16 f16 f16 f32 f16 f32 c64 f16 f16 c64",
  "f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 c64 f32 f32 c64",
  "c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64",
  "i32* i8 i16 i32 u8 u16 u32 bf f16 f32 c64 i32* f32* c64*",
  "f32* f32* f32* f32* f32* f32* f32* bf f16 f32 c64 f32* f32* c64*",
  "c64* c64* c64* c64* c64* c64* c64* c64 c64 c64 c64 c64* c64* c64*",
];
// prettier-ignore
const promoted64 = [
  "b1 i8 i16 i32 i64 u8 u16 u32 u64 bf f16 f32 f64 c64 i64* f64* --*",
  "i8 i8 i16 i32 i64 i16 i32 i64 f64* bf f16 f32 f64 c64 i8 f64* --*",
  "i16 i16 i16 i32 i64 i16 i32 i64 f64* bf f16 f32 f64 c64 i16 f64* --*",
  "i32 i32 i32 i32 i64 i32 i32 i64 f64* bf f16 f32 f64 c64 i32 f64* --*",
  "i64 i64 i64 i64 i64 i64 i64 i64 f64* bf f16 f32 f64 c64 i64 f64* --*",
  "u8 i16 i16 i32 i64 u8 u16 u32 u64 bf f16 f32 f64 c64 u8 f64* --*",
  "u16 i32 i32 i32 i64 u16 u16 u32 u64 bf f16 f32 f64 c64 u16 f64* --*",
  "u32 i64 i64 i64 i64 u32 u32 u32 u64 bf f16 f32 f64 c64 u32 f64* --*",
  "u64 f64* f64* f64* f64* u64 u64 u64 u64 bf f16 f32 f64 c64 u64 f64* --*",
  "bf bf bf bf bf bf bf bf bf bf f32 f32 f64 c64 bf bf c64",
  "f16 f16 f16 f16 f16 f16 f16 f16 f16 f32 f16 f32 f64 c64 f16 f16 c64",
  "f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f64 c64 f32 f32 c64",
  "f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 -- f64 f64 --",
  "c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 c64 -- c64 c64 c64 c64",
  "i64* i8 i16 i32 i64 u8 u16 u32 u64 bf f16 f32 f64 c64 i64* f64* --*",
  "f64* f64* f64* f64* f64* f64* f64* f64* f64* bf f16 f32 f64 c64 f64* f64* --*",
  "--* --* --* --* --* --* --* --* --* c64 c64 c64 -- c64 --* --* --*",
];

const named: Readonly<Record<string, DType>> = {
  b1: "bool", i8: "int8", i16: "int16", i32: "int32", i64: "int64",
  u8: "uint8", u16: "uint16", u32: "uint32", u64: "uint64",
  bf: "bfloat16", f16: "float16", f32: "float32", f64: "float64", c64: "complex64",
  "i*": "int64", "f*": "float64", "c*": "complex64",
}; // prettier-ignore

const typeOf = (name: string): TypeOf => ({ dtype: canonicalDType(named[name]!), weak: name.endsWith("*") });
/** As in the tables; complex128 does not exist here, so a weak complex is complex64, and a strong one is refused. */
function shown(a: TypeOf, b: TypeOf): string {
  try {
    const { dtype, weak } = promoteTypes([a, b]);
    return (
      Object.keys(named).find((name) => named[name] === dtype && !name.endsWith("*"))! + (weak ? "*" : "")
    );
  } catch (error) {
    expect((error as CotangentError).code).toBe("dtype/complex128");
    return "--";
  }
}

afterEach(() => (config.enableX64 = false));

describe.each([
  [false, order.filter((name) => !["i64", "u64", "f64"].includes(name)), promoted32],
  [true, order, promoted64],
] as const)("with enableX64 = %s", (x64, names, table) => {
  beforeEach(() => (config.enableX64 = x64));
  test.each(names.map((name, i) => [name, table[i]!] as const))("%s promotes as in JAX", (name, row) => {
    const expected = row.replaceAll("--*", "c64*");
    expect(names.map((other) => shown(typeOf(name), typeOf(other))).join(" ")).toBe(expected);
  });
});

test("promotion of several types is their least upper bound, in any order", () => {
  const types = (["float16", "bfloat16", "int32"] as const).map((dtype) => ({ dtype, weak: false }));
  expect(promoteTypes(types)).toEqual({ dtype: "float32", weak: false });
  expect(promoteTypes(types.toReversed())).toEqual({ dtype: "float32", weak: false });
});

test("keys promote with nothing", () => {
  const promote = () =>
    promoteTypes([
      { dtype: "key<fry>", weak: false },
      { dtype: "float32", weak: false },
    ]);
  expect(promote).toThrow("no dtype holds both key<fry> and float32");
});

test("a 64-bit dtype is narrowed with one warning, and kept under x64", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  expect([toDType("float64"), toDType("float64")]).toEqual(["float32", "float32"]);
  expect(warn).toHaveBeenCalledOnce();
  config.enableX64 = true;
  expect(toDType("float64")).toBe("float64");
  warn.mockRestore();
});

test("what is no dtype is refused, with the nearest name", () => {
  expect(() => toDType("flaot32" as DType, "np.zeros")).toThrow(
    'np.zeros: flaot32 is not a dtype; did you mean "float32"?',
  );
  expect(() => toDType(7 as never)).toThrow("7 is not a dtype");
  expect(() => toDType(null as never)).toThrow("null is not a dtype");
  expect(() => toDType("toString" as DType)).toThrow("not a dtype");
  config.enableX64 = true;
  expect(dtypes.map((dtype) => toDType({ dtype }))).toEqual(dtypes);
});
