import { BackendError } from "../../core/errors.ts";
import { Bytes } from "./bytes.ts";
import {
  type AtomicOpcode,
  type FunctionType,
  type LaneOpcode,
  type LoadOpcode,
  type MemoryLaneOpcode,
  type MemoryOpcode,
  type Opcode,
  opcodes,
  type PlainOpcode,
  type StoreOpcode,
  type ValType,
} from "./opcodes.ts";

/** Where an access goes, beyond the address on the stack. */
export interface Access {
  /** Bytes added to the address, in `[0, 2³²)`; 0 unless given. */
  readonly offset?: number;
  /** Bytes of which the whole address is a multiple: a power of 2, at most the bytes accessed, which it is unless given. */
  readonly align?: number;
}

/** How many memories an instruction names: each of them memory 0. */
const memories: Partial<Record<Opcode, number>> = {
  "memory.size": 1,
  "memory.grow": 1,
  "memory.fill": 1,
  "memory.copy": 2,
  "atomic.fence": 1, // no memory, but a byte that is 0 as well
};

const valTypes: Readonly<Record<ValType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const NO_VALUE = 0x40;

/** The byte of a type of values. */
export const valType = (type: ValType): number => valTypes[type];

/**
 * The body of one function as it is written, instruction by instruction. Every method returns the code itself.
 *
 * The stack is not checked: an engine does that when it compiles. Blocks are: a fault there moves to the end of the
 * function, where nothing says whose it is.
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
export class Code {
  readonly #bytes = new Bytes();
  readonly #locals: ValType[] = [];
  readonly #open: ("block" | "loop" | "if" | "else")[] = [];

  constructor(
    readonly type: FunctionType,
    /** Index of a type in the module. */
    private readonly typeIndex: (type: FunctionType) => number,
  ) {}

  /** Blocks that are open here. The label of the block that was opened at depth `d` is `depth - d - 1`. */
  get depth(): number {
    return this.#open.length;
  }

  /** Index of a new local, zero at first; parameters are the locals from 0. */
  local(type: ValType): number {
    return this.type.params.length + this.#locals.push(type) - 1;
  }

  /** An instruction that its name says whole. */
  op(name: PlainOpcode): this {
    this.#opcode(name);
    for (let i = memories[name] ?? 0; i > 0; i--) this.#bytes.byte(0);
    return this;
  }

  localGet(index: number): this {
    return this.#indexed("local.get", index);
  }

  localSet(index: number): this {
    return this.#indexed("local.set", index);
  }

  localTee(index: number): this {
    return this.#indexed("local.tee", index);
  }

  globalGet(index: number): this {
    return this.#indexed("global.get", index);
  }

  globalSet(index: number): this {
    return this.#indexed("global.set", index);
  }

  /** An integer in `[-2³¹, 2³²)`, such as an address, by its 32 bits. */
  i32Const(value: number): this {
    this.#opcode("i32.const").s32(value);
    return this;
  }

  /** An integer in `[-2⁶³, 2⁶⁴)` by its 64 bits. */
  i64Const(value: bigint): this {
    this.#opcode("i64.const").s64(value);
    return this;
  }

  /** The float of 32 bits nearest to `value`; of NaNs the canonical one. */
  f32Const(value: number): this {
    return this.f32Bits(float32Bits(value));
  }

  /** A float by its 32 bits in `[0, 2³²)`: NaNs of any payload. */
  f32Bits(bits: number): this {
    this.#opcode("f32.const").little(BigInt(bits), 4);
    return this;
  }

  /** A float of 64 bits; of NaNs the canonical one. */
  f64Const(value: number): this {
    return this.f64Bits(float64Bits(value));
  }

  /** A float by its 64 bits in `[0, 2⁶⁴)`: NaNs of any payload. */
  f64Bits(bits: bigint): this {
    this.#opcode("f64.const").little(bits, 8);
    return this;
  }

  /** A vector by its 16 bytes, in the order of memory. */
  v128Const(bytes: ArrayLike<number>): this {
    this.#opcode("v128.const").raw(sixteen("v128.const", bytes, 0x100));
    return this;
  }

  load(name: LoadOpcode, access: Access = {}): this {
    return this.#access(name, access);
  }

  store(name: StoreOpcode, access: Access = {}): this {
    return this.#access(name, access);
  }

  /** Atomic loads, stores and read-modify-writes, waits and notifications; `align` is all of the bytes accessed. */
  atomic(name: AtomicOpcode, access: Pick<Access, "offset"> = {}): this {
    return this.#access(name, access);
  }

  /** Loads one lane of the vector on the stack. */
  loadLane(
    name: Extract<MemoryLaneOpcode, `${string}load${string}`>,
    lane: number,
    access: Access = {},
  ): this {
    this.#access(name, access).#bytes.u32(lane);
    return this;
  }

  /** Stores one lane of the vector on the stack. */
  storeLane(
    name: Extract<MemoryLaneOpcode, `${string}store${string}`>,
    lane: number,
    access: Access = {},
  ): this {
    this.#access(name, access).#bytes.u32(lane);
    return this;
  }

  /** Takes one lane out of a vector, or replaces it. */
  lane(name: LaneOpcode, lane: number): this {
    return this.#indexed(name, lane);
  }

  /** 16 bytes out of two vectors: `lanes[i] < 16` are those of the first, from 16 on of the second. */
  shuffle(lanes: ArrayLike<number>): this {
    this.#opcode("i8x16.shuffle").raw(sixteen("i8x16.shuffle", lanes, 32));
    return this;
  }

  /** Opens a block, whose label is at its end; with `type` it leaves a value. */
  block(type?: ValType): this {
    return this.#enter("block", type);
  }

  /** Opens a loop, whose label is at its start. */
  loop(type?: ValType): this {
    return this.#enter("loop", type);
  }

  if(type?: ValType): this {
    return this.#enter("if", type);
  }

  /** @throws BackendError the innermost block is no `if`. */
  else(): this {
    if (this.#open.at(-1) !== "if") throw unbalanced(`else in ${this.#open.at(-1) ?? "no block"}`);
    this.#open[this.#open.length - 1] = "else";
    this.#opcode("else");
    return this;
  }

  /** @throws BackendError no block is open. */
  end(): this {
    if (!this.#open.pop()) throw unbalanced("end of no block");
    this.#opcode("end");
    return this;
  }

  /**
   * Goes to a label: 0 is that of the innermost block, `depth` the end of the function.
   * @throws BackendError there is no such block.
   */
  br(label: number): this {
    return this.#indexed("br", this.#label(label));
  }

  /** Goes to a label if an i32 is not 0. @throws BackendError there is no such block. */
  brIf(label: number): this {
    return this.#indexed("br_if", this.#label(label));
  }

  /** Goes to `labels[i]`, or beyond them to `otherwise`. @throws BackendError there is no such block. */
  brTable(labels: readonly number[], otherwise: number): this {
    this.#indexed("br_table", labels.length);
    for (const label of [...labels, otherwise]) this.#bytes.u32(this.#label(label));
    return this;
  }

  call(index: number): this {
    return this.#indexed("call", index);
  }

  /** Calls the function of the table whose number is on the stack, above its arguments. */
  callIndirect(params: readonly ValType[], results: readonly ValType[], table = 0): this {
    this.#indexed("call_indirect", this.typeIndex({ params, results })).#bytes.u32(table);
    return this;
  }

  return(): this {
    return this.op("return");
  }

  /**
   * The locals and the instructions as the code section has them, without their size.
   * @throws BackendError a block is still open.
   */
  finish(): Bytes {
    if (this.depth > 0) throw unbalanced(`no end of ${this.#open.join(", ")}`);
    const groups: [count: number, type: ValType][] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last?.[1] === type) last[0] += 1;
      else groups.push([1, type]);
    }
    const out = new Bytes();
    out.u32(groups.length);
    for (const [count, type] of groups) {
      out.u32(count);
      out.byte(valTypes[type]);
    }
    out.raw(this.#bytes.view());
    out.byte(opcodes.end.code);
    return out;
  }

  #opcode(name: Opcode): Bytes {
    const { code } = opcodes[name];
    if (code <= 0xff) this.#bytes.byte(code);
    else {
      this.#bytes.byte(code >> 16);
      this.#bytes.u32(code & 0xffff);
    }
    return this.#bytes;
  }

  #indexed(name: Opcode, index: number): this {
    this.#opcode(name).u32(index);
    return this;
  }

  #enter(name: "block" | "loop" | "if", type: ValType | undefined): this {
    this.#opcode(name).byte(type ? valTypes[type] : NO_VALUE);
    this.#open.push(name);
    return this;
  }

  #access(name: MemoryOpcode | MemoryLaneOpcode, { offset = 0, align = opcodes[name].width }: Access): this {
    const exponent = 31 - Math.clz32(align);
    if (align !== 2 ** exponent || align > opcodes[name].width)
      throw new BackendError(
        "backend/wasm-align",
        `${name}: ${align} is no power of 2 up to its ${opcodes[name].width} bytes`,
      );
    this.#opcode(name).u32(exponent);
    this.#bytes.u32(offset);
    return this;
  }

  #label(label: number): number {
    if (label > this.depth) throw unbalanced(`label ${label} where ${this.depth} are open`);
    return label;
  }
}

const unbalanced = (what: string): BackendError =>
  new BackendError("backend/wasm-blocks", `the blocks of a function do not match: ${what}`);

function sixteen(name: Opcode, values: ArrayLike<number>, limit: number): ArrayLike<number> {
  let valid = values.length === 16;
  for (let i = 0; valid && i < 16; i++) valid = values[i]! >= 0 && values[i]! < limit && values[i]! % 1 === 0;
  if (!valid)
    throw new BackendError(
      "backend/wasm-bytes",
      `${name} takes 16 integers in [0, ${limit}), not [${Array.from(values).join(", ")}]`,
    );
  return values;
}

const scratch = new DataView(new ArrayBuffer(8));

// Engines may write any NaN: these are the canonical ones.
function float32Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0_0000;
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

function float64Bits(value: number): bigint {
  if (Number.isNaN(value)) return 0x7ff8_0000_0000_0000n;
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}
