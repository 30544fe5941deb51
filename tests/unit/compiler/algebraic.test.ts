import { describe, expect, test } from "vitest";
import { algebraic } from "../../../src/compiler/algebraic.ts";
import { dce } from "../../../src/interpreters/dce.ts";
import { rewrite } from "../../../src/compiler/rewrite.ts";
import { type DType, isComplex, isFloat, isInteger, isSigned } from "../../../src/core/dtype.ts";
import { CotangentError } from "../../../src/core/errors.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { withX64 } from "../../laws/samples.ts";
import { chain, expectSameProgram, f32, numberDTypes, primitivesOf, programOf, special } from "./programs.ts";

const simpler = (program: ClosedJaxpr): ClosedJaxpr => dce(rewrite(program, [algebraic]));
const textOf = (f: (...xs: ArrayValue[]) => ArrayValue, ...avals: ReturnType<typeof f32>[]): string =>
  String(simpler(programOf(f, avals)));

const everywhere = (value: number, like: ArrayValue): ArrayValue =>
  lax.broadcastInDim(scalarOf(value, like.dtype), like.shape, []);
const bits = (dtype: DType): boolean => isInteger(dtype) || dtype === "bool";
const real = (dtype: DType): boolean => isInteger(dtype) || isFloat(dtype);
const any = (dtype: DType): boolean => real(dtype) || isComplex(dtype) || dtype === "bool";
const number = (dtype: DType): boolean => real(dtype) || isComplex(dtype);

type Case = readonly [
  name: string,
  dtypes: (dtype: DType) => boolean,
  f: (x: ArrayValue, y: ArrayValue) => ArrayValue,
  left: readonly string[] | ((dtype: DType) => readonly string[]),
];
const complexKeeps = (name: string) => (dtype: DType) => (isComplex(dtype) ? [name] : []);

/** Programs over [2, 3] arrays, and the operations that are left of them. */
const cases: readonly Case[] = [
  ["x + -0", number, (x) => lax.add(x, scalarOf(-0, x.dtype)), complexKeeps("add")],
  ["-0 + x", real, (x) => lax.add(scalarOf(-0, x.dtype), x), []],
  ["x + 0", number, (x) => lax.add(x, scalarOf(0, x.dtype)), (dtype) => (isInteger(dtype) ? [] : ["add"])],
  ["x - 0", number, (x) => lax.sub(x, everywhere(0, x)), []],
  ["x - -0", number, (x) => lax.sub(x, scalarOf(-0, x.dtype)), (dtype) => (isInteger(dtype) ? [] : ["sub"])],
  ["x · 1", number, (x) => lax.mul(x, scalarOf(1, x.dtype)), complexKeeps("mul")],
  ["1s · x", real, (x) => lax.mul(everywhere(1, x), x), []],
  ["x · 0", number, (x) => lax.mul(x, scalarOf(0, x.dtype)), ["mul"]],
  ["x / 1", number, (x) => lax.div(x, scalarOf(1, x.dtype)), complexKeeps("div")],
  ["x + -y", number, (x, y) => lax.add(x, lax.neg(y)), ["sub"]],
  ["-x + y", number, (x, y) => lax.add(lax.neg(x), y), ["sub"]],
  ["x - -y", number, (x, y) => lax.sub(x, lax.neg(y)), ["add"]],
  ["-x · -y", number, (x, y) => lax.mul(lax.neg(x), lax.neg(y)), ["mul"]],
  [
    "-x / -y",
    real,
    (x, y) => lax.div(lax.neg(x), lax.neg(y)),
    (dtype) => (isFloat(dtype) ? ["div"] : ["neg", "neg", "div"]),
  ],
  ["--x", number, (x) => lax.neg(lax.neg(x)), []],
  ["not not x", bits, (x) => lax.not(lax.not(x)), []],
  ["3s · x", number, (x) => lax.mul(everywhere(3, x), x), ["mul"]],
  ["x < 1s", real, (x) => lax.lt(x, everywhere(1, x)), ["lt"]],
  ["x and 1s", bits, (x) => lax.and(x, everywhere(1, x)), ["and"]],
  ["x << 2s", isInteger, (x) => lax.shiftLeft(x, everywhere(2, x)), ["shift_left"]],
  ["x¹", number, (x) => lax.integerPow(x, 1), complexKeeps("integer_pow")],
  ["stop_gradient", any, (x) => lax.stopGradient(x), []],
  ["copy", any, (x) => lax.copy(x), ["copy"]],
  ["select, known false", any, (x, y) => lax.selectN(scalarOf(false, "bool"), x, y), []],
  [
    "select, known true everywhere",
    any,
    (x, y) => lax.selectN(lax.broadcastInDim(scalarOf(true, "bool"), x.shape, []), x, y),
    [],
  ],
  ["select, known 7", any, (x, y) => lax.selectN(scalarOf(7, "int32"), x, y, x), []],
  ["select, known -1", any, (x, y) => lax.selectN(scalarOf(-1, "int32"), y, x, x), []],
  ["select of one", any, (x, y) => lax.selectN(lax.lt(lax.convertElementType(y, "int32"), 0), x, x), []],
  ["transpose twice", any, (x) => lax.transpose(lax.transpose(x, [1, 0]), [1, 0]), []],
  [
    "transpose twice, joined",
    any,
    (x) =>
      [
        [2, 0, 1],
        [1, 0, 2],
      ].reduce((y, p) => lax.transpose.bind([y], { permutation: p })[0]!, lax.reshape(x, [2, 1, 3])),
    ["reshape", "transpose"],
  ],
  ["transpose of nothing", any, (x) => lax.transpose.bind([x], { permutation: [0, 1] })[0]!, []],
  ["reshape twice", any, (x) => lax.reshape(lax.reshape(x, [6]), [3, 2]), ["reshape"]],
  ["reshape there and back", any, (x) => lax.reshape(lax.reshape(x, [6]), [2, 3]), []],
  [
    "reshape in another order, twice",
    any,
    (x) => lax.reshape(lax.reshape(x, [6], [1, 0]), [3, 2]),
    ["reshape"],
  ],
  ["reshape of a reordering", any, (x) => lax.reshape(lax.reshape(x, [6]), [6], [0]), ["reshape"]],
  [
    "broadcast twice",
    any,
    (x) => lax.broadcastInDim(lax.broadcastInDim(x, [3, 1, 2], [2, 0]), [3, 4, 1, 2], [0, 1, 3]),
    ["broadcast_in_dim"],
  ],
  [
    "broadcast to itself",
    any,
    (x) => lax.broadcastInDim.bind([x], { shape: x.shape, broadcastDimensions: [0, 1] })[0]!,
    [],
  ],
  ["squeeze of nothing", any, (x) => lax.squeeze.bind([x], { dimensions: [] })[0]!, []],
  [
    "slice of all",
    any,
    (x) => lax.slice.bind([x], { startIndices: [0, 0], limitIndices: [2, 3], strides: null })[0]!,
    [],
  ],
  ["slice of a part", any, (x) => lax.slice(x, [0, 1], [2, 3]), ["slice"]],
  ["slice in steps", any, (x) => lax.slice(x, [0, 0], [2, 3], [1, 2]), ["slice"]],
  [
    "dynamic slice of all",
    any,
    (x) =>
      lax.dynamicSlice.bind([x, scalarOf(1, "int32"), scalarOf(-1, "int32")], { sliceSizes: [2, 3] })[0]!,
    [],
  ],
  [
    "update of all",
    any,
    (x, y) => lax.dynamicUpdateSlice.bind([x, y, scalarOf(1, "int32"), scalarOf(-1, "int32")], {})[0]!,
    [],
  ],
  ["rev of nothing", any, (x) => lax.rev.bind([x], { dimensions: [] })[0]!, []],
  [
    "pad by nothing",
    any,
    (x) =>
      lax.pad.bind([x, scalarOf(0, x.dtype)], {
        paddingConfig: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      })[0]!,
    [],
  ],
  ["concatenate of one", any, (x) => lax.concatenate.bind([x], { dimension: 0 })[0]!, []],
  ["maximum over nothing", real, (x) => lax.reduceMax.bind([x], { axes: [] })[0]!, []],
  ["product over nothing", number, (x) => lax.reduceProd.bind([x], { axes: [] })[0]!, []],
  ["sum over nothing", number, (x) => lax.reduceSum.bind([x], { axes: [] })[0]!, ["reduce_sum"]],
  [
    "convert to itself",
    any,
    (x) => lax.convertElementType.bind([x], { newDtype: x.dtype, weakType: false })[0]!,
    [],
  ],
  [
    "convert to a weak one",
    real,
    (x) => lax.convertElementType.bind([x], { newDtype: x.dtype, weakType: true })[0]!,
    ["convert_element_type"],
  ],
  ["bits of its own dtype", real, (x) => lax.bitcastConvertType.bind([x], { newDtype: x.dtype })[0]!, []],
  ["rev of threes", any, (x) => lax.rev(everywhere(1, x), [0]), ["broadcast_in_dim"]],
  [
    "moving threes",
    number,
    (x) => lax.mul(lax.transpose(lax.reshape(everywhere(3, x), [3, 2]), [1, 0]), x),
    ["mul"],
  ],
];

describe.each(cases)("%s", (_name, accepted, f, left) => {
  test.each([...numberDTypes, "bool" as const].filter(accepted))("%s", (dtype) => {
    withX64(() => {
      const inputs = [special(dtype, [2, 3], 1), special(dtype, [2, 3], 2)];
      const program = programOf(
        f as (...xs: ArrayValue[]) => ArrayValue,
        inputs.map((x) => x.aval),
      );
      const result = simpler(program);
      expect(primitivesOf(result)).toEqual(typeof left === "function" ? left(dtype) : left);
      for (let seed = 1; seed < 6; seed++)
        expectSameProgram(result, program, [special(dtype, [2, 3], seed), special(dtype, [2, 3], seed + 9)]);
    });
  });
});

test("a conversion through a dtype that holds all values is one conversion, bit for bit", () => {
  withX64(() => {
    const all = [...numberDTypes, "bool" as const];
    let joined = 0;
    for (const from of all) {
      for (const through of all) {
        for (const to of all) {
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

test("the parts of a complex number that is put together", () => {
  const f = (x: ArrayValue, y: ArrayValue) =>
    lax.mul(lax.real(lax.complex(x, y)), lax.imag(lax.complex(x, y)));
  expect(textOf(f, f32(3), f32(3))).toBe("{ lambda ; a:f32[3] b:f32[3]. let c:f32[3] = mul a b in (c,) }");
  // The scalar is broadcast on the way.
  expect(textOf(f, f32(3), f32())).toContain("complex");
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
