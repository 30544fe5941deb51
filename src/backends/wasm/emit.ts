import type { Memory, Type } from "../../compiler/kernel/expression.ts";
import type { Local, Routine, Statement, Term } from "../../compiler/kernel/statement.ts";
import type { Code } from "./code.ts";
import { loadElement, loadElements, storeElement, storeElements } from "./elements.ts";
import { extremumOf } from "./extremum.ts";
import { lanesBytes, lanesOf } from "./lanes.ts";
import type { ValType } from "./opcodes.ts";
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
        if (statement.value.vector) storeElements(code, statement.storage, statement.offset, statement.lanes);
        else storeElement(code, statement.storage, statement.offset);
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
        if (term.vector) loadElements(code, term.storage, term.offset, term.lanes);
        else loadElement(code, term.storage, term.offset);
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
}
