import { type Memory, type Storage, storageBytes, type Type } from "../../compiler/kernel/expression.ts";
import type { Local, Routine, Statement, Term } from "../../compiler/kernel/statement.ts";
import type { Code } from "./code.ts";
import { extremumOf } from "./extremum.ts";
import type { LoadOpcode, StoreOpcode, ValType } from "./opcodes.ts";
import { hasVectorOperation, scalarOperation, shapeOf, vectorOperation } from "./operations.ts";

/** Where the address of a memory is found. */
export type AddressOf = (memory: Memory, code: Code) => void;

/**
 * Writes the body of a function `(frame, begin, end)` that runs a routine. Where there is relaxed SIMD, the products that
 * an accumulator sums are added to it in one instruction, which may round once.
 */
export function emit(routine: Routine, code: Code, addressOf: AddressOf, relaxed = false): void {
  new Emitter(routine, code, addressOf, relaxed).run();
}

const valTypes: Readonly<Record<Type, ValType>> = {
  i32: "i32",
  i64: "i64",
  f32: "f32",
  f64: "f64",
  bool: "i32",
};

/** The factors of what is added to an accumulator: no other local is set to a sum of itself and a product. */
function factorsAdded(value: Term, local: Local): readonly Term[] | null {
  if (value.kind !== "op" || value.op !== "add" || !value.vector) return null;
  if (value.type !== "f32" && value.type !== "f64") return null;
  const [sum, product] = value.args;
  if (sum?.kind !== "local" || sum.local !== local) return null;
  return product?.kind === "op" && product.op === "mul" ? product.args : null;
}

class Emitter {
  private readonly locals = new Map<Local, number>();

  constructor(
    private readonly routine: Routine,
    private readonly code: Code,
    private readonly addressOf: AddressOf,
    private readonly relaxed: boolean,
  ) {
    this.locals.set(routine.begin, 1).set(routine.end, 2);
  }

  run(): void {
    for (const statement of this.routine.body) this.statement(statement);
  }

  private indexOf(local: Local): number {
    let index = this.locals.get(local);
    if (index === undefined)
      this.locals.set(local, (index = this.code.local(local.vector ? "v128" : valTypes[local.type])));
    return index;
  }

  private statement(statement: Statement): void {
    const { code } = this;
    switch (statement.kind) {
      case "set":
        this.assigned(statement.local, statement.value);
        code.localSet(this.indexOf(statement.local));
        return;
      case "store":
        this.term(statement.base);
        this.term(statement.value);
        this.store(statement.storage, statement.value, statement.offset, statement.lanes);
        return;
      case "if":
        this.term(statement.condition);
        code.if();
        for (const inner of statement.body) this.statement(inner);
        code.end();
        return;
      case "while":
        code.block().loop();
        for (const condition of statement.conditions) {
          this.term(condition);
          code.op("i32.eqz").brIf(1);
        }
        for (const inner of statement.body) this.statement(inner);
        code.br(0).end().end();
        return;
      case "for": {
        const known = statement.from.kind === "const" && statement.to.kind === "const";
        if (known && statement.from.value >= statement.to.value) return;
        const counter = this.indexOf(statement.counter);
        const to = statement.to.kind === "const" ? null : code.local("i32");
        if (to !== null) {
          this.term(statement.to);
          code.localSet(to);
        }
        const limit = (): void => void (to === null ? this.term(statement.to) : code.localGet(to));
        this.term(statement.from);
        code.localSet(counter);
        if (!known) {
          code.localGet(counter);
          limit();
          code.op("i32.lt_s").if();
        }
        code.loop();
        for (const inner of statement.body) this.statement(inner);
        code.localGet(counter).i32Const(statement.step).op("i32.add").localTee(counter);
        limit();
        code.op("i32.lt_s").brIf(0).end();
        if (!known) code.end();
      }
    }
  }

  private assigned(local: Local, value: Term): void {
    const factors = this.relaxed ? factorsAdded(value, local) : null;
    if (factors === null) {
      this.term(value);
      return;
    }
    for (const factor of factors) this.term(factor);
    this.code.localGet(this.indexOf(local));
    this.code.op(value.type === "f32" ? "f32x4.relaxed_madd" : "f64x2.relaxed_madd");
  }

  private term(term: Term): void {
    const { code } = this;
    switch (term.kind) {
      case "local":
      case "copy":
        code.localGet(this.indexOf(term.local));
        return;
      case "const":
        this.constant(term.type, term.value);
        return;
      case "lanes":
        code.v128Const(lanesBytes(term.values, term.type));
        return;
      case "address":
        this.addressOf(term.memory, code);
        return;
      case "splat":
        this.splat(term.arg);
        return;
      case "any":
        this.term(term.arg);
        code.op("v128.any_true");
        return;
      case "gather":
        this.gather(term.type, term.args);
        return;
      case "lane":
        this.term(term.arg);
        this.extract(term.type, term.lane);
        return;
      case "reverse":
        this.term(term.arg);
        this.reverse(term.type);
        return;
      case "shuffle":
        for (const arg of term.args) this.term(arg);
        code.shuffle(lanesOf(term.order, term.type));
        return;
      case "load":
        this.term(term.base);
        if (term.vector) this.loadVector(term.storage, term.offset, term.lanes);
        else this.loadScalar(term.storage, term.offset);
        return;
      case "op":
        if (term.vector) this.vectorOp(term);
        else scalarOperation(term.op, term.of, code, (i) => this.term(term.args[i]!));
    }
  }

  private constant(type: Type, value: number | bigint): void {
    const { code } = this;
    if (type === "i64") code.i64Const(BigInt(value));
    else if (type === "f32") code.f32Const(Number(value));
    else if (type === "f64") code.f64Const(Number(value));
    else code.i32Const(Number(value));
  }

  private vectorOp(term: Extract<Term, { kind: "op" }>): void {
    const extremum = extremumOf(term);
    if (extremum) {
      const [name, a, b] = extremum;
      this.term(a);
      this.term(b);
      this.code.op(`${term.of === "f32" ? "f32x4" : "f64x2"}.${name}`);
      return;
    }
    const shift = term.op === "shl" || term.op === "shr_s" || term.op === "shr_u";
    if (hasVectorOperation(term.op, term.of) && (!shift || !term.args[1]!.vector)) {
      vectorOperation(term.op, term.of, this.code, (i) => this.term(term.args[i]!));
      return;
    }
    // No instruction for vectors: lane by lane.
    const { code } = this;
    const inputs = term.args.map((x) => {
      const local = code.local(x.vector ? "v128" : valTypes[x.type]);
      this.term(x);
      code.localSet(local);
      return { local, type: x.type, vector: x.vector };
    });
    const part = (i: number, lane: number): void => {
      code.localGet(inputs[i]!.local);
      if (inputs[i]!.vector) this.extract(inputs[i]!.type, lane);
    };
    const results = Array.from({ length: this.routine.lanes }, (_, lane) => {
      const local = code.local(valTypes[term.type]);
      scalarOperation(term.op, term.of, code, (i) => part(i, lane));
      code.localSet(local);
      return local;
    });
    this.assemble(
      term.type,
      results.map((local) => () => void code.localGet(local)),
    );
  }

  /** Lanes that are pushed one by one, as a vector. */
  private assemble(type: Type, lanes: readonly (() => void)[]): void {
    const { code } = this;
    const shape = shapeOf(type);
    lanes.forEach((push, lane) => {
      if (lane === 0) {
        push();
        if (type === "bool") code.i32Const(0).op("i32.ne").i32Const(-1).op("i32.mul");
        code.op(`${shape}.splat`);
      } else {
        push();
        if (type === "bool") code.i32Const(0).op("i32.ne").i32Const(-1).op("i32.mul");
        code.lane(`${shape}.replace_lane`, lane);
      }
    });
  }
  private gather(type: Type, args: readonly Term[]): void {
    this.assemble(
      type,
      args.map((x) => () => this.term(x)),
    );
  }
  private splat(arg: Term): void {
    const { code } = this;
    if (arg.kind === "const") {
      code.v128Const(
        lanesBytes(
          Array.from({ length: arg.type === "i64" || arg.type === "f64" ? 2 : 4 }, () => arg.value),
          arg.type,
        ),
      );
      return;
    }
    if (arg.kind === "load" && (arg.storage === "f32" || arg.storage === "i32")) {
      this.term(arg.base);
      code.load("v128.load32_splat", { offset: arg.offset });
      return;
    }
    if (arg.kind === "load" && (arg.storage === "f64" || arg.storage === "i64")) {
      this.term(arg.base);
      code.load("v128.load64_splat", { offset: arg.offset });
      return;
    }
    this.term(arg);
    if (arg.type === "bool") code.i32Const(0).op("i32.ne").i32Const(-1).op("i32.mul");
    code.op(`${shapeOf(arg.type)}.splat`);
  }
  private extract(type: Type, lane: number): void {
    const { code } = this;
    code.lane(`${shapeOf(type)}.extract_lane`, lane);
    if (type === "bool") code.i32Const(1).op("i32.and");
  }
  private reverse(type: Type): void {
    const { code } = this;
    const { lanes } = this.routine;
    const local = code.local("v128");
    const order = lanesOf(
      Array.from({ length: lanes }, (_, i) => lanes - 1 - i),
      type,
    );
    code.localTee(local).localGet(local).shuffle(order);
  }

  private loadScalar(storage: Storage, offset: number): void {
    this.code.load(scalarLoads[storage], { offset });
    if (storage === "bool") this.code.i32Const(0).op("i32.ne");
  }

  /** `lanes` elements in a row; what is behind them in memory is not read. The address is on the stack. */
  private loadVector(storage: Storage, offset: number, lanes: number): void {
    const { code } = this;
    const bytes = lanes * storageBytes[storage];
    const align = storageBytes[storage];
    if (bytes === 16) code.load("v128.load", { offset, align });
    else if (bytes === 8) code.load("v128.load64_zero", { offset, align });
    else if (bytes === 4) code.load("v128.load32_zero", { offset, align });
    else {
      const address = code.local("i32");
      const vector = code.local("v128");
      code.localSet(address).v128Const(new Uint8Array(16)).localSet(vector);
      for (let done = 0; done < bytes;) {
        const piece = [8, 4, 2, 1].find((n) => n <= bytes - done && done % n === 0)!;
        code.localGet(address).localGet(vector);
        code.loadLane(`v128.load${(piece * 8) as 8 | 16 | 32 | 64}_lane`, done / piece, {
          offset: offset + done,
          align: Math.min(piece, align),
        });
        code.localSet(vector);
        done += piece;
      }
      code.localGet(vector);
    }
    switch (storage) {
      case "i8":
        code.op("i16x8.extend_low_i8x16_s").op("i32x4.extend_low_i16x8_s");
        return;
      case "u8":
        code.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
        return;
      case "bool":
        code.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
        code.v128Const(new Uint8Array(16)).op("i32x4.ne");
        return;
      case "i16":
        code.op("i32x4.extend_low_i16x8_s");
        return;
      case "u16":
        code.op("i32x4.extend_low_i16x8_u");
        return;
      default:
    }
  }

  /** The address and the value are on the stack. */
  private store(storage: Storage, { vector }: Term, offset: number, lanes: number): void {
    const { code } = this;
    const align = storageBytes[storage];
    if (!vector) {
      code.store(scalarStores[storage], { offset });
      return;
    }
    if (storage === "bool") code.v128Const(lanesBytes([1, 1, 1, 1], "i32")).op("v128.and");
    if (storageBytes[storage] === 1) code.v128Const(narrow(1)).op("i8x16.swizzle");
    else if (storageBytes[storage] === 2) code.v128Const(narrow(2)).op("i8x16.swizzle");
    const bytes = lanes * storageBytes[storage];
    if (bytes === 16) {
      code.store("v128.store", { offset, align });
      return;
    }
    const address = code.local("i32");
    const value = code.local("v128");
    code.localSet(value).localSet(address);
    for (let done = 0; done < bytes;) {
      const piece = [8, 4, 2, 1].find((n) => n <= bytes - done && done % n === 0)!;
      code.localGet(address).localGet(value);
      code.storeLane(`v128.store${(piece * 8) as 8 | 16 | 32 | 64}_lane`, done / piece, {
        offset: offset + done,
        align: Math.min(piece, align),
      });
      done += piece;
    }
  }
}

const scalarLoads: Readonly<Record<Storage, LoadOpcode>> = {
  i8: "i32.load8_s",
  u8: "i32.load8_u",
  bool: "i32.load8_u",
  i16: "i32.load16_s",
  u16: "i32.load16_u",
  i32: "i32.load",
  i64: "i64.load",
  f32: "f32.load",
  f64: "f64.load",
};
const scalarStores: Readonly<Record<Storage, StoreOpcode>> = {
  i8: "i32.store8",
  u8: "i32.store8",
  bool: "i32.store8",
  i16: "i32.store16",
  u16: "i32.store16",
  i32: "i32.store",
  i64: "i64.store",
  f32: "f32.store",
  f64: "f64.store",
};

/** The bytes of lanes of two vectors; a short list is filled up with the last of them. */
function lanesOf(order: readonly number[], type: Type): Uint8Array {
  const width = type === "i64" || type === "f64" ? 8 : 4;
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const lane = order[Math.min(Math.floor(i / width), order.length - 1)]!;
    // The second vector begins at byte 16, whatever the lanes in use.
    const [vector, own] = [Math.floor(lane / order.length), lane % order.length];
    bytes[i] = 16 * vector + own * width + (i % width);
  }
  return bytes;
}

/** For each of four lanes, its first bytes. */
const narrow = (bytes: number): number[] =>
  Array.from({ length: 16 }, (_, i) => (i < 4 * bytes ? 4 * Math.floor(i / bytes) + (i % bytes) : 0x80));

/** The bytes of a vector of numbers; a true bool is all ones. */
function lanesBytes(values: readonly (number | bigint)[], type: Type): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (type === "f32") view.setFloat32(4 * i, Number(value), true);
    else if (type === "f64") view.setFloat64(8 * i, Number(value), true);
    else if (type === "i64") view.setBigInt64(8 * i, BigInt(value), true);
    else view.setInt32(4 * i, type === "bool" ? -Number(Boolean(value)) : Number(value), true);
  });
  return bytes;
}
