import { allocate, dtypeInfo, type TypedArray } from "../../../../src/core/dtype.ts";
import { stridesOf } from "../../../../src/core/shape.ts";
import type { Aval } from "../../../../src/core/value.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { readElement, representation, storedElement } from "../../../../src/compiler/kernel/element.ts";
import { type Expr, load, Loop, type Memory, type Monoid, type Storage, type Type } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import {
  arranged,
  type Index,
  indexOf,
  partsOf,
  type Reader,
} from "../../../../src/compiler/kernel/reader.ts";
import type { Computation, Procedure } from "../../../../src/compiler/lower/row.ts";
import { operations, type Scalar } from "./operations.ts";

interface Cell {
  version: number;
}
/** A node, ready to be computed: again only if a loop or a memory that it depends on has changed. */
interface Code {
  readonly cells: readonly Cell[];
  readonly run: () => Scalar;
}

const storageOf: Readonly<Record<Type, Storage>> = {
  bool: "bool", i32: "i32", i64: "i64", f32: "f32", f64: "f64",
}; // prettier-ignore

/** What memory holds, as the value that a load gives. */
function loadedAs(type: Type, stored: number | bigint): Scalar {
  if (type === "i64") return BigInt.asIntN(64, stored as bigint);
  if (type === "i32") return (stored as number) | 0;
  return type === "bool" ? Number(stored !== 0) : stored;
}

/**
 * Computes expressions as WebAssembly does, by their definition: i32 and bool as numbers, i64 as signed bigints, f32
 * rounded at every operation. A choice computes both, so neither may trap or be read out of bounds.
 */
export class Interpreter {
  private clock = 0;
  private readonly code = new Map<Expr, Code>();
  private readonly loops = new Map<Loop, Cell & { step: number | null }>();
  private readonly memories = new Map<Memory, Cell & { data: TypedArray }>();

  constructor(memories: Iterable<readonly [Memory, TypedArray]> = []) {
    for (const [memory, data] of memories) this.memories.set(memory, { data, version: 0 });
  }

  /** The step that a loop is at. */
  at(loop: Loop, step: number | null): void {
    const cell = this.loopCell(loop);
    cell.step = step;
    cell.version = ++this.clock;
  }
  /** Runs `body` at every step of the loops, the last of them changing fastest. */
  each(loops: readonly Loop[], body: () => void): void {
    const [loop, ...inner] = loops;
    if (loop === undefined) return body();
    const before = this.loopCell(loop).step;
    for (let step = 0; step < loop.size; step++) {
      this.at(loop, step);
      this.each(inner, body);
    }
    this.at(loop, before);
  }
  store(memory: Memory, address: number, value: Scalar): void {
    const cell = this.memoryCell(memory);
    if (!(address >= 0 && address < cell.data.length))
      throw new RangeError(`a store to ${memory.name} at ${address} of ${cell.data.length}`);
    cell.data[address] = value;
    cell.version = ++this.clock;
  }
  /** The value of an expression where the loops are. */
  value(expr: Expr): Scalar {
    return this.compiled(expr).run();
  }
  /** The value of an index where the loops are. */
  index(index: Affine): number {
    return this.indexCode(index).run() as number;
  }

  private loopCell(loop: Loop): Cell & { step: number | null } {
    let cell = this.loops.get(loop);
    if (cell === undefined) this.loops.set(loop, (cell = { step: loop.size === 1 ? 0 : null, version: 0 }));
    return cell;
  }
  private memoryCell(memory: Memory): Cell & { data: TypedArray } {
    const cell = this.memories.get(memory);
    if (cell === undefined) throw new ReferenceError(`no memory ${memory.name}`);
    return cell;
  }

  private compiled(expr: Expr): Code {
    let code = this.code.get(expr);
    if (code === undefined) this.code.set(expr, (code = this.remembered(this.made(expr))));
    return code;
  }
  private remembered({ cells, run }: Code): Code {
    let stamp = -1;
    let value: Scalar = 0;
    return {
      cells,
      run: () => {
        let valid = stamp >= 0;
        for (let i = 0; i < cells.length && valid; i++) valid = cells[i]!.version <= stamp;
        if (valid) return value;
        value = run();
        stamp = this.clock;
        return value;
      },
    };
  }
  private made(expr: Expr): Code {
    switch (expr.kind) {
      case "const":
        return { cells: [], run: () => expr.value };
      case "position":
        return this.indexCode(expr.index);
      case "load": {
        const memory = this.memoryCell(expr.memory);
        const address = this.indexCode(expr.address);
        const run = (): Scalar => {
          const at = address.run() as number;
          const stored = memory.data[at];
          if (stored === undefined)
            throw new RangeError(`a load of ${expr.memory.name} at ${at} of ${memory.data.length}`);
          return loadedAs(expr.type, stored);
        };
        return { cells: [memory, ...address.cells], run };
      }
      case "op": {
        const [a, b, c] = expr.args.map((x) => this.compiled(x));
        const cells = [...new Set(expr.args.flatMap((x) => this.compiled(x).cells))];
        if (expr.op === "select" || expr.op === "rarely")
          return {
            cells,
            run: () => {
              const [chosen, other] = [b!.run(), c!.run()];
              return a!.run() ? chosen : other;
            },
          };
        const compute = operations(expr.op, expr.args[0]!.type);
        return { cells, run: () => compute(a!.run(), b ? b.run() : 0) };
      }
      case "reduced": {
        const { monoid, over, values } = expr.reduction;
        return this.combined(monoid, over, values, expr.part, () => true);
      }
      case "running": {
        const { monoid, along: loops, values } = expr.series;
        const along = loops.map((loop) => this.loopCell(loop));
        let end: readonly number[] = [];
        const upToEnd = () => {
          const differs = along.findIndex(({ step }, i) => step !== end[i]);
          return differs < 0 || along[differs]!.step! < end[differs]!;
        };
        const { run, cells } = this.combined(monoid, loops, values, expr.part, upToEnd);
        return {
          cells: [...cells, ...along],
          run: () => {
            end = along.map(({ step }) => step!);
            return run();
          },
        };
      }
      case "variable":
        throw new ReferenceError("a variable has no value of its own");
    }
  }

  /** Combines, in order, the values at those steps of the loops at which `takesPart`. */
  private combined(
    { unit, combine }: Monoid,
    over: readonly Loop[],
    values: readonly Expr[],
    part: number,
    takesPart: () => boolean,
  ): Code {
    const held = values.map(({ type }, i): readonly [Memory, Memory] => {
      const named = (name: string): Memory => ({ name: `${name}${i}`, storage: storageOf[type] });
      return [named("sum"), named("term")];
    });
    for (const memory of held.flat()) this.memories.set(memory, { data: room(memory.storage), version: 0 });
    const zero = Affine.of(0);
    const next = combine(
      held.map(([sum]) => load(sum, zero)),
      held.map(([, term]) => load(term, zero)),
    );
    const terms = values.map((value) => this.compiled(value));
    const units = unit.map((value) => this.compiled(value));
    const inner = new Set<Cell>(over.map((loop) => this.loopCell(loop)));
    const cells = [...new Set(terms.flatMap((term) => term.cells))].filter((cell) => !inner.has(cell));
    const run = (): Scalar => {
      held.forEach(([sum], i) => this.store(sum, 0, units[i]!.run()));
      this.each(over, () => {
        if (!takesPart()) return;
        held.forEach(([, term], i) => this.store(term, 0, terms[i]!.run()));
        const sums = next.map((value) => this.value(value));
        held.forEach(([sum], i) => this.store(sum, 0, sums[i]!));
      });
      const [sum] = held[part]!;
      return loadedAs(values[part]!.type, this.memoryCell(sum).data[0]!);
    };
    return { cells, run };
  }

  private indexCode({ constant, terms, dynamic }: Affine): Code {
    const factors = terms.map(([loop, factor]) => ({ name: loop.name, cell: this.loopCell(loop), factor }));
    const rest = dynamic && this.compiled(dynamic);
    const run = (): Scalar => {
      let sum = constant + (rest ? (rest.run() as number) : 0);
      for (const { name, cell, factor } of factors) {
        if (cell.step === null) throw new ReferenceError(`not in loop ${name}`);
        sum += cell.step * factor;
      }
      return sum | 0;
    };
    return { cells: [...factors.map(({ cell }) => cell), ...(rest ? rest.cells : [])], run };
  }
}

const rooms = { i64: BigInt64Array, f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array };
const room = (storage: Storage): TypedArray => new rooms[storage as keyof typeof rooms](1);

/** The value of an expression without loops and memory. */
export const interpret = (expr: Expr): Scalar => new Interpreter().value(expr);

/** Where an element is, in elements from the start of its array. */
function positionOf(shape: readonly number[], index: Index): Affine {
  const strides = stridesOf(shape);
  return index.reduce((sum, i, axis) => sum.plus(i.times(strides[axis]!)), Affine.of(0));
}

/** What a computation makes of the data of its operands: the data of each output. */
export function interpretComputation(
  computation: Exclude<Computation, Procedure>,
  avals: readonly Aval[],
  operands: readonly TypedArray[],
  outs: readonly Aval[],
): TypedArray[] {
  const memoryOf = (name: string, { dtype }: Aval): Memory => ({
    name,
    storage: representation[dtype].storage,
  });
  const reader =
    (memory: Memory, { dtype, shape }: Aval): Reader =>
    (index) =>
      readElement(memory, dtype, positionOf(shape, index));
  const memories = avals.map((aval, i) => memoryOf(`operand${i}`, aval));
  const readers = memories.map((memory, i) => reader(memory, avals[i]!));
  const results = outs.map((out) =>
    allocate(
      out.dtype,
      out.shape.reduce((a, b) => a * b, 1),
    ),
  );
  const outMemories = outs.map((out, i) => memoryOf(`out${i}`, out));
  const machine = new Interpreter([
    ...memories.map((memory, i) => [memory, operands[i]!] as const),
    ...outMemories.map((memory, i) => [memory, results[i]!] as const),
  ]);
  /** Stores at the place all that is stored for an element. */
  const write = (k: number, place: Affine, stored: readonly Expr[]) => {
    const { lanes } = dtypeInfo[outs[k]!.dtype];
    const values = stored.map((value) => machine.value(value));
    const at = machine.index(place) * lanes;
    values.forEach((value, lane) => machine.store(outMemories[k]!, at + lane, value));
  };
  if (computation.kind === "elements") {
    outs.forEach((out, k) => {
      const loops = out.shape.map((size, axis) => new Loop(size, `i${axis}`));
      const [place, stored] = arranged(() => {
        const index = loops.map(indexOf);
        const element = computation.read(readers)[k]!(index);
        return [positionOf(out.shape, index), storedElement(element, out.dtype)] as const;
      });
      machine.each(loops.flatMap(partsOf), () => write(k, place, stored));
    });
    return results;
  }
  const [out] = outs;
  results[0]!.set(operands[computation.base] as never);
  for (const { sizes, place, when, value } of computation.updates(readers)) {
    const loops = sizes.map((size, axis) => new Loop(size, `u${axis}`));
    const [at, stored, holds] = arranged(() => {
      const step = loops.map(indexOf);
      const where = place(step);
      const element = value(step, reader(outMemories[0]!, out!)(where));
      return [positionOf(out!.shape, where), storedElement(element, out!.dtype), when?.(step)] as const;
    });
    machine.each(loops.flatMap(partsOf), () => {
      if (holds === undefined || machine.value(holds)) write(0, at, stored);
    });
  }
  return results;
}
