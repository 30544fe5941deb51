/** Types of values on WebAssembly's stack. */
export type ValType = "i32" | "i64" | "f32" | "f64" | "v128";

/** What an instruction or a function takes off the stack, and what it leaves there. */
export interface FunctionType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** One instruction of the binary format. */
export interface Instruction {
  /** One byte; or a prefix, above the 16 bits of the number that follows it in LEB128. */
  readonly code: number;
  /** Null where it depends on the immediates or on the context. */
  readonly type: FunctionType | null;
  /** Bytes of memory that it touches, a power of 2; 0 for one without an address as immediate. */
  readonly width: number;
}

/** The first code, the type by one letter for each value, and the names that have consecutive codes. */
type Row = readonly [code: number, type: string, names: string];
const letters: Readonly<Record<string, ValType>> = { i: "i32", l: "i64", f: "f32", d: "f64", v: "v128" };

// The rows are those of https://webassembly.github.io/spec/core/appendix/index-instructions.html, and for threads of
// https://github.com/WebAssembly/threads/blob/main/proposals/threads/Overview.md.

/** Without immediates, of any type. */
const open = [
  [0x00, "?", "unreachable nop"],
  [0x0f, "?", "return"],
  [0x1a, "?", "drop"],
  [0x1b, "?", "select"],
] as const;

/** Whose only immediates are memories. */
const bulk = [
  [0x3f, ":i", "memory.size"],
  [0x40, "i:i", "memory.grow"],
  [0xfc_000a, "iii:", "memory.copy memory.fill"],
  [0xfe_0003, ":", "atomic.fence"],
] as const;

/** With immediates of their own kind each. */
const other = [
  [0x02, "?", "block loop if else"],
  [0x0b, "?", "end br"],
  [0x0d, "?", "br_if br_table"],
  [0x10, "?", "call call_indirect"],
  [0x20, "?", "local.get local.set local.tee global.get global.set"],
  [0x41, ":i", "i32.const"],
  [0x42, ":l", "i64.const"],
  [0x43, ":f", "f32.const"],
  [0x44, ":d", "f64.const"],
  [0xfd_000c, ":v", "v128.const"],
  [0xfd_000d, "vv:v", "i8x16.shuffle"],
] as const;

/** Loads, stores and read-modify-writes: the immediates are alignment and offset. */
const memory = [
  [0x28, "i:i", "i32.load"],
  [0x29, "i:l", "i64.load"],
  [0x2a, "i:f", "f32.load"],
  [0x2b, "i:d", "f64.load"],
  [0x2c, "i:i", "i32.load8_s i32.load8_u i32.load16_s i32.load16_u"],
  [0x30, "i:l", "i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u"],
  [0x36, "ii:", "i32.store"],
  [0x37, "il:", "i64.store"],
  [0x38, "if:", "f32.store"],
  [0x39, "id:", "f64.store"],
  [0x3a, "ii:", "i32.store8 i32.store16"],
  [0x3c, "il:", "i64.store8 i64.store16 i64.store32"],
  [0xfd_0000, "i:v", "v128.load"],
  [0xfd_0007, "i:v", "v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat"],
  [0xfd_000b, "iv:", "v128.store"],
  [0xfd_005c, "i:v", "v128.load32_zero v128.load64_zero"],
  [0xfe_0000, "ii:i", "memory.atomic.notify"],
  [0xfe_0001, "iil:i", "memory.atomic.wait32"],
  [0xfe_0002, "ill:i", "memory.atomic.wait64"],
  [0xfe_0010, "i:i", "i32.atomic.load"],
  [0xfe_0011, "i:l", "i64.atomic.load"],
  [0xfe_0017, "ii:", "i32.atomic.store"],
  [0xfe_0018, "il:", "i64.atomic.store"],
  [0xfe_001e, "ii:i", "i32.atomic.rmw.add"],
  [0xfe_001f, "il:l", "i64.atomic.rmw.add"],
  [0xfe_0025, "ii:i", "i32.atomic.rmw.sub"],
  [0xfe_0026, "il:l", "i64.atomic.rmw.sub"],
  [0xfe_0041, "ii:i", "i32.atomic.rmw.xchg"],
  [0xfe_0042, "il:l", "i64.atomic.rmw.xchg"],
  [0xfe_0048, "iii:i", "i32.atomic.rmw.cmpxchg"],
  [0xfe_0049, "ill:l", "i64.atomic.rmw.cmpxchg"],
] as const;

/** The immediates are alignment, offset and a lane. */
const memoryLane = [
  [0xfd_0054, "iv:v", "v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane"],
  [0xfd_0058, "iv:", "v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane"],
] as const;

/** The immediate is a lane. */
const lane = [
  [0xfd_001b, "v:i", "i32x4.extract_lane"],
  [0xfd_001c, "vi:v", "i32x4.replace_lane"],
  [0xfd_001d, "v:l", "i64x2.extract_lane"],
  [0xfd_001e, "vl:v", "i64x2.replace_lane"],
  [0xfd_001f, "v:f", "f32x4.extract_lane"],
  [0xfd_0020, "vf:v", "f32x4.replace_lane"],
  [0xfd_0021, "v:d", "f64x2.extract_lane"],
  [0xfd_0022, "vd:v", "f64x2.replace_lane"],
] as const;

/** Without immediates. */
const plain = [
  [0x45, "i:i", "i32.eqz"],
  [0x46, "ii:i", "i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"],
  [0x50, "l:i", "i64.eqz"],
  [0x51, "ll:i", "i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u"],
  [0x5b, "ff:i", "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge"],
  [0x61, "dd:i", "f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"],
  [0x67, "i:i", "i32.clz i32.ctz i32.popcnt"],
  [0x6a, "ii:i", "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor"],
  [0x74, "ii:i", "i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr"],
  [0x79, "l:l", "i64.clz i64.ctz i64.popcnt"],
  [0x7c, "ll:l", "i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor"],
  [0x86, "ll:l", "i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr"],
  [0x8b, "f:f", "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"],
  [0x92, "ff:f", "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"],
  [0x99, "d:d", "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"],
  [0xa0, "dd:d", "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"],
  [0xa7, "l:i", "i32.wrap_i64"],
  [0xac, "i:l", "i64.extend_i32_s i64.extend_i32_u"],
  [0xb2, "i:f", "f32.convert_i32_s f32.convert_i32_u"],
  [0xb4, "l:f", "f32.convert_i64_s f32.convert_i64_u"],
  [0xb6, "d:f", "f32.demote_f64"],
  [0xb7, "i:d", "f64.convert_i32_s f64.convert_i32_u"],
  [0xb9, "l:d", "f64.convert_i64_s f64.convert_i64_u"],
  [0xbb, "f:d", "f64.promote_f32"],
  [0xbc, "f:i", "i32.reinterpret_f32"],
  [0xbd, "d:l", "i64.reinterpret_f64"],
  [0xbe, "i:f", "f32.reinterpret_i32"],
  [0xbf, "l:d", "f64.reinterpret_i64"],
  [0xc0, "i:i", "i32.extend8_s i32.extend16_s"],
  [0xc2, "l:l", "i64.extend8_s i64.extend16_s i64.extend32_s"],
  [0xfc_0000, "f:i", "i32.trunc_sat_f32_s i32.trunc_sat_f32_u"],
  [0xfc_0002, "d:i", "i32.trunc_sat_f64_s i32.trunc_sat_f64_u"],
  [0xfc_0004, "f:l", "i64.trunc_sat_f32_s i64.trunc_sat_f32_u"],
  [0xfc_0006, "d:l", "i64.trunc_sat_f64_s i64.trunc_sat_f64_u"],
  [0xfd_000e, "vv:v", "i8x16.swizzle"],
  [0xfd_0011, "i:v", "i32x4.splat"],
  [0xfd_0012, "l:v", "i64x2.splat"],
  [0xfd_0013, "f:v", "f32x4.splat"],
  [0xfd_0014, "d:v", "f64x2.splat"],
  [0xfd_0037, "vv:v", "i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u"],
  [0xfd_003b, "vv:v", "i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u f32x4.eq f32x4.ne"],
  [0xfd_0043, "vv:v", "f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le"],
  [0xfd_004c, "vv:v", "f64x2.ge"],
  [0xfd_004d, "v:v", "v128.not"],
  [0xfd_004e, "vv:v", "v128.and v128.andnot v128.or v128.xor"],
  [0xfd_0052, "vvv:v", "v128.bitselect"],
  [0xfd_0053, "v:i", "v128.any_true"],
  [0xfd_005e, "v:v", "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4"],
  [0xfd_0067, "v:v", "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest"],
  [0xfd_0074, "v:v", "f64x2.ceil f64x2.floor"],
  [0xfd_007a, "v:v", "f64x2.trunc"],
  [0xfd_0087, "v:v", "i16x8.extend_low_i8x16_s"],
  [0xfd_0089, "v:v", "i16x8.extend_low_i8x16_u"],
  [0xfd_0094, "v:v", "f64x2.nearest"],
  [0xfd_00a0, "v:v", "i32x4.abs i32x4.neg"],
  [0xfd_00a3, "v:i", "i32x4.all_true i32x4.bitmask"],
  [0xfd_00a7, "v:v", "i32x4.extend_low_i16x8_s"],
  [0xfd_00a9, "v:v", "i32x4.extend_low_i16x8_u"],
  [0xfd_00ab, "vi:v", "i32x4.shl i32x4.shr_s i32x4.shr_u"],
  [0xfd_00ae, "vv:v", "i32x4.add"],
  [0xfd_00b1, "vv:v", "i32x4.sub"],
  [0xfd_00b5, "vv:v", "i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u"],
  [0xfd_00c0, "v:v", "i64x2.abs i64x2.neg"],
  [0xfd_00c3, "v:i", "i64x2.all_true i64x2.bitmask"],
  [0xfd_00c7, "v:v", "i64x2.extend_low_i32x4_s"],
  [0xfd_00c9, "v:v", "i64x2.extend_low_i32x4_u"],
  [0xfd_00cb, "vi:v", "i64x2.shl i64x2.shr_s i64x2.shr_u"],
  [0xfd_00ce, "vv:v", "i64x2.add"],
  [0xfd_00d1, "vv:v", "i64x2.sub"],
  [0xfd_00d5, "vv:v", "i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s"],
  [0xfd_00e0, "v:v", "f32x4.abs f32x4.neg"],
  [0xfd_00e3, "v:v", "f32x4.sqrt"],
  [0xfd_00e4, "vv:v", "f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax"],
  [0xfd_00ec, "v:v", "f64x2.abs f64x2.neg"],
  [0xfd_00ef, "v:v", "f64x2.sqrt"],
  [0xfd_00f0, "vv:v", "f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax"],
  [0xfd_00f8, "v:v", "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s"],
  [0xfd_00fb, "v:v", "f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero"],
  [0xfd_00fe, "v:v", "f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u"],
  [0xfd_0105, "vvv:v", "f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd"],
] as const;

type Words<Text extends string, Before = never> = Text extends `${infer First} ${infer Rest}`
  ? Words<Rest, Before | First>
  : Before | Text;
type Names<Rows extends readonly Row[]> = Words<Rows[number][2]>;

/** Instructions that are written by their name alone. */
export type PlainOpcode = Names<typeof plain> | Names<typeof open> | Names<typeof bulk>;
/** Instructions with a lane as their immediate. */
export type LaneOpcode = Names<typeof lane>;
/** Instructions that access memory at an address on the stack and an offset. */
export type MemoryOpcode = Names<typeof memory>;
/** Those of one lane of a vector. */
export type MemoryLaneOpcode = Names<typeof memoryLane>;
export type LoadOpcode = Exclude<Extract<MemoryOpcode, `${string}.load${string}`>, AtomicOpcode>;
export type StoreOpcode = Exclude<Extract<MemoryOpcode, `${string}.store${string}`>, AtomicOpcode>;
export type AtomicOpcode = Extract<MemoryOpcode, `${string}.atomic.${string}`>;
/** The name of an instruction in the text format. */
export type Opcode = PlainOpcode | LaneOpcode | MemoryOpcode | MemoryLaneOpcode | Names<typeof other>;

/**
 * Instructions by their names in the text format: those of the first version, sign extension, saturating conversion,
 * memory.copy and memory.fill, and of SIMD, relaxed SIMD and atomics those for lanes and words of 32 and 64 bits.
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
export const opcodes: Readonly<Record<Opcode, Instruction>> = Object.fromEntries([
  ...[...open, ...bulk, ...other, ...lane, ...plain].flatMap((row) => instructions(row, () => 0)),
  ...[...memory, ...memoryLane].flatMap((row) => instructions(row, width)),
]) as Record<Opcode, Instruction>;

function instructions([code, type, names]: Row, width: (name: string) => number): [string, Instruction][] {
  const [params, results] = type.split(":").map((word) => Array.from(word, (letter) => letters[letter]!));
  const signature = params && results ? { params, results } : null;
  return names.split(" ").map((name, i) => [name, { code: code + i, type: signature, width: width(name) }]);
}

/** Bytes that a name speaks of: `i64.load8_s` of 8 bits, `v128.load32_splat` of 32, `f32.store` of its type's. */
function width(name: string): number {
  const [, bits] = /(?:load|store|wait)(\d+)/.exec(name) ?? /^[ifv](\d+)/.exec(name) ?? [];
  return Number(bits ?? 32) / 8; // `memory.atomic.notify` names none
}
