import type { OpName, Type } from "../../compiler/kernel/expression.ts";
import type { Code } from "./code.ts";
import type { PlainOpcode } from "./opcodes.ts";

/** How many numbers a vector has: 4 of 32 bits, or 2 of 64 bits, beside which those of 32 bits are the first two lanes. */
export type Lanes = 2 | 4;

const shapes = { i32: "i32x4", i64: "i64x2", f32: "f32x4", f64: "f64x2", bool: "i32x4" } as const;
/** The shape of a vector of a type; a bool is a lane of 32 bits, all ones or all zeros. */
export const shapeOf = <T extends Type>(type: T): (typeof shapes)[T] => shapes[type];

/** Writes a value's instructions, by the number of the operand. */
type Push = (operand: number) => void;
/** Writes an operation. */
type Write = (code: Code, push: Push) => void;

const all =
  (count: number, ...ops: readonly PlainOpcode[]): Write =>
  (code, push) => {
    for (let i = 0; i < count; i++) push(i);
    for (const op of ops) code.op(op);
  };
const one = (...ops: readonly PlainOpcode[]): Write => all(1, ...ops);
const two = (...ops: readonly PlainOpcode[]): Write => all(2, ...ops);

const floats = (t: "f32" | "f64"): Partial<Record<OpName, Write>> => ({
  neg: one(`${t}.neg`),
  abs: one(`${t}.abs`),
  sqrt: one(`${t}.sqrt`),
  floor: one(`${t}.floor`),
  ceil: one(`${t}.ceil`),
  trunc: one(`${t}.trunc`),
  nearest: one(`${t}.nearest`),
  add: two(`${t}.add`),
  sub: two(`${t}.sub`),
  mul: two(`${t}.mul`),
  div: two(`${t}.div`),
  min: two(`${t}.min`),
  max: two(`${t}.max`),
  copysign: two(`${t}.copysign`),
  eq: two(`${t}.eq`),
  ne: two(`${t}.ne`),
  lt: two(`${t}.lt`),
  le: two(`${t}.le`),
  reinterpret: one(t === "f32" ? "i32.reinterpret_f32" : "i64.reinterpret_f64"),
  to_i32_s: one(`i32.trunc_sat_${t}_s`),
  to_i32_u: one(`i32.trunc_sat_${t}_u`),
  to_i64_s: one(`i64.trunc_sat_${t}_s`),
  to_i64_u: one(`i64.trunc_sat_${t}_u`),
  promote: one("f64.promote_f32"),
  demote: one("f32.demote_f64"),
});

/** The one of two integers for which `a before b` holds. */
const choice =
  (t: "i32" | "i64", before: PlainOpcode): Write =>
  (code, push) => {
    const [a, b] = [code.local(t), code.local(t)];
    push(0);
    code.localSet(a);
    push(1);
    code.localSet(b).localGet(a).localGet(b).localGet(a).localGet(b).op(before).op("select");
  };
const zeroOf = (t: "i32" | "i64", code: Code): Code => (t === "i32" ? code.i32Const(0) : code.i64Const(0n));

const integers = (t: "i32" | "i64"): Partial<Record<OpName, Write>> => ({
  neg: (code, push) => {
    zeroOf(t, code);
    push(0);
    code.op(`${t}.sub`);
  },
  abs: (code, push) => {
    const x = code.local(t);
    zeroOf(t, code);
    push(0);
    code.localTee(x).op(`${t}.sub`).localGet(x).localGet(x);
    zeroOf(t, code).op(`${t}.lt_s`).op("select");
  },
  not: (code, push) => {
    push(0);
    (t === "i32" ? code.i32Const(-1) : code.i64Const(-1n)).op(`${t}.xor`);
  },
  clz: one(`${t}.clz`),
  popcnt: one(`${t}.popcnt`),
  add: two(`${t}.add`),
  sub: two(`${t}.sub`),
  mul: two(`${t}.mul`),
  div_s: two(`${t}.div_s`),
  div_u: two(`${t}.div_u`),
  rem_s: two(`${t}.rem_s`),
  rem_u: two(`${t}.rem_u`),
  min_s: choice(t, `${t}.lt_s`),
  min_u: choice(t, `${t}.lt_u`),
  max_s: choice(t, `${t}.gt_s`),
  max_u: choice(t, `${t}.gt_u`),
  and: two(`${t}.and`),
  or: two(`${t}.or`),
  xor: two(`${t}.xor`),
  shl: two(`${t}.shl`),
  shr_s: two(`${t}.shr_s`),
  shr_u: two(`${t}.shr_u`),
  eq: two(`${t}.eq`),
  ne: two(`${t}.ne`),
  lt_s: two(`${t}.lt_s`),
  lt_u: two(`${t}.lt_u`),
  le_s: two(`${t}.le_s`),
  le_u: two(`${t}.le_u`),
  reinterpret: one(t === "i32" ? "f32.reinterpret_i32" : "f64.reinterpret_i64"),
  to_f32_s: one(`f32.convert_${t}_s`),
  to_f32_u: one(`f32.convert_${t}_u`),
  to_f64_s: one(`f64.convert_${t}_s`),
  to_f64_u: one(`f64.convert_${t}_u`),
  extend_s: one("i64.extend_i32_s"),
  extend_u: one("i64.extend_i32_u"),
  wrap: one("i32.wrap_i64"),
});

const select: Write = (code, push) => {
  push(1);
  push(2);
  push(0);
  code.op("select");
};

const scalars: Readonly<Record<Type, Partial<Record<OpName, Write>>>> = {
  f32: { ...floats("f32"), select },
  f64: { ...floats("f64"), select },
  i32: { ...integers("i32"), select },
  i64: { ...integers("i64"), select },
  bool: {
    and: two("i32.and"),
    or: two("i32.or"),
    xor: two("i32.xor"),
    eq: two("i32.eq"),
    ne: two("i32.xor"),
    not: one("i32.eqz"),
    to_int: one(),
    select,
  },
};

/** Writes an operation on numbers of type `of`. */
export function scalarOperation(op: OpName, of: Type, code: Code, push: Push): void {
  const write = scalars[of][op];
  if (write === undefined) throw new Error(`there is no ${op} of ${of}`);
  write(code, push);
}

const TRUE = 1;
const word = (value: number): number[] =>
  Array.from({ length: 16 }, (_, i) => (value >>> (8 * (i % 4))) & 0xff);

/** The first of each two lanes of 32 bits, as the first two. */
const firsts = [0, 1, 2, 3, 8, 9, 10, 11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];
/** A mask of 64-bit lanes as one of 32-bit lanes. */
const narrowMask = (code: Code): void => void code.v128Const(firsts).op("i8x16.swizzle");

/**
 * The lesser or the greater of floats, made of comparisons: on x64 the instructions for it take eight others each. Where
 * two differ, both orders of comparing give the one that is wanted; of zeros, and where there is NaN, they differ, and
 * their bits together have the sign of the one zero and are NaN.
 */
const extremum =
  (shape: "f32x4" | "f64x2", name: "min" | "max"): Write =>
  (code, push) => {
    const [a, b] = [code.local("v128"), code.local("v128")];
    push(0);
    code.localSet(a);
    push(1);
    code.localTee(b).localGet(a).op(`${shape}.p${name}`);
    if (name === "min") code.localGet(a).localGet(b).op(`${shape}.pmin`).op("v128.or");
    else {
      const [p, q] = [code.local("v128"), code.local("v128")];
      code.localTee(p).localGet(a).localGet(b).op(`${shape}.pmax`).localTee(q).op("v128.and");
      code.localGet(p).localGet(q).op(`${shape}.ne`).op("v128.or");
    }
  };

const floatVectors = (t: "f32" | "f64"): Partial<Record<OpName, Write>> => {
  const shape = shapeOf(t);
  const compare =
    (op: PlainOpcode): Write =>
    (code, push) => {
      push(0);
      push(1);
      code.op(op);
      if (t === "f64") narrowMask(code);
    };
  return {
    neg: one(`${shape}.neg`),
    abs: one(`${shape}.abs`),
    sqrt: one(`${shape}.sqrt`),
    floor: one(`${shape}.floor`),
    ceil: one(`${shape}.ceil`),
    trunc: one(`${shape}.trunc`),
    nearest: one(`${shape}.nearest`),
    add: two(`${shape}.add`),
    sub: two(`${shape}.sub`),
    mul: two(`${shape}.mul`),
    div: two(`${shape}.div`),
    min: extremum(shape, "min"),
    max: extremum(shape, "max"),
    eq: compare(`${shape}.eq`),
    ne: compare(`${shape}.ne`),
    lt: compare(`${shape}.lt`),
    le: compare(`${shape}.le`),
    copysign: (code, push) => {
      push(1);
      push(0);
      const sign = Array.from({ length: 16 }, (_, i) =>
        i % (t === "f32" ? 4 : 8) === (t === "f32" ? 3 : 7) ? 0x80 : 0,
      );
      code.v128Const(sign).op("v128.bitselect");
    },
    reinterpret: one(),
  };
};
const shifts =
  (t: "i32" | "i64", op: PlainOpcode): Write =>
  (code, push) => {
    push(0);
    push(1);
    if (t === "i64") code.op("i32.wrap_i64");
    code.op(op);
  };
const bits: Partial<Record<OpName, Write>> = {
  and: two("v128.and"),
  or: two("v128.or"),
  xor: two("v128.xor"),
  not: one("v128.not"),
};
const selectVector =
  (wide: boolean): Write =>
  (code, push) => {
    push(1);
    push(2);
    push(0);
    if (wide) code.op("i64x2.extend_low_i32x4_s");
    code.op("v128.bitselect");
  };

const vectors: Readonly<Record<Type, Partial<Record<OpName, Write>>>> = {
  f32: {
    ...floatVectors("f32"),
    to_i32_s: one("i32x4.trunc_sat_f32x4_s"),
    to_i32_u: one("i32x4.trunc_sat_f32x4_u"),
    promote: one("f64x2.promote_low_f32x4"),
    select: selectVector(false),
  },
  f64: {
    ...floatVectors("f64"),
    to_i32_s: one("i32x4.trunc_sat_f64x2_s_zero"),
    to_i32_u: one("i32x4.trunc_sat_f64x2_u_zero"),
    demote: one("f32x4.demote_f64x2_zero"),
    select: selectVector(true),
  },
  i32: {
    ...bits,
    neg: one("i32x4.neg"),
    abs: one("i32x4.abs"),
    add: two("i32x4.add"),
    sub: two("i32x4.sub"),
    mul: two("i32x4.mul"),
    min_s: two("i32x4.min_s"),
    min_u: two("i32x4.min_u"),
    max_s: two("i32x4.max_s"),
    max_u: two("i32x4.max_u"),
    eq: two("i32x4.eq"),
    ne: two("i32x4.ne"),
    lt_s: two("i32x4.lt_s"),
    lt_u: two("i32x4.lt_u"),
    le_s: two("i32x4.le_s"),
    le_u: two("i32x4.le_u"),
    shl: shifts("i32", "i32x4.shl"),
    shr_s: shifts("i32", "i32x4.shr_s"),
    shr_u: shifts("i32", "i32x4.shr_u"),
    reinterpret: one(),
    to_f32_s: one("f32x4.convert_i32x4_s"),
    to_f32_u: one("f32x4.convert_i32x4_u"),
    to_f64_s: one("f64x2.convert_low_i32x4_s"),
    to_f64_u: one("f64x2.convert_low_i32x4_u"),
    extend_s: one("i64x2.extend_low_i32x4_s"),
    extend_u: one("i64x2.extend_low_i32x4_u"),
    select: selectVector(false),
  },
  i64: {
    ...bits,
    neg: one("i64x2.neg"),
    abs: one("i64x2.abs"),
    add: two("i64x2.add"),
    sub: two("i64x2.sub"),
    mul: two("i64x2.mul"),
    shl: shifts("i64", "i64x2.shl"),
    shr_s: shifts("i64", "i64x2.shr_s"),
    shr_u: shifts("i64", "i64x2.shr_u"),
    reinterpret: one(),
    wrap: (code, push) => {
      push(0);
      narrowMask(code);
    },
    select: selectVector(true),
    ...Object.fromEntries(
      (["eq", "ne", "lt_s", "le_s"] as const).map((name): [OpName, Write] => [
        name,
        (code, push) => {
          push(0);
          push(1);
          code.op(`i64x2.${name}`);
          narrowMask(code);
        },
      ]),
    ),
  },
  bool: {
    ...bits,
    ne: two("v128.xor"),
    eq: two("i32x4.eq"),
    to_int: (code, push) => {
      push(0);
      code.v128Const(word(TRUE)).op("v128.and");
    },
    select: selectVector(false),
  },
};

/** Whether there are instructions for an operation on vectors. A shift is by a number that all lanes share. */
export const hasVectorOperation = (op: OpName, of: Type): boolean => op in vectors[of];

/** Writes an operation on vectors of type `of`. */
export function vectorOperation(op: OpName, of: Type, code: Code, push: Push): void {
  vectors[of][op]!(code, push);
}
