import { loaded, type Memory, type OpName, type Storage, type Type, typeOf } from "./expression.ts";
import { copyOf, type Local, read, type Statement, type Term } from "./statement.ts";

/** Statements as they are written down, one after the other. */
export class Writer {
  private written: Statement[] = [];
  private count = 0;

  get statements(): readonly Statement[] {
    return this.written;
  }

  /** A new variable, 0 at first. */
  local(type: Type): Local {
    return { id: this.count++, type, vector: false };
  }
  /** A value that is computed here, once. */
  keep(value: Term): Term {
    return read(this.variable(value));
  }
  /** A variable that is `value` at first. */
  variable(value: Term): Local {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }
  set(local: Local, value: Term): void {
    this.written.push({ kind: "set", local, value });
  }
  /** Adds to a variable. */
  add(local: Local, value: Term): void {
    this.set(local, operation("add", copyOf(local), value));
  }
  /** Writes one element at `base + offset`, in bytes. */
  store(storage: Storage, base: Term, value: Term, offset = 0): void {
    this.written.push({ kind: "store", storage, base, offset, value, lanes: 1 });
  }
  /** Writes as many elements as a vector has. */
  storeVector(storage: "i32" | "f32", base: Term, value: Term): void {
    this.written.push({ kind: "store", storage, base, offset: 0, value, lanes: 4 });
  }
  /** Runs `body` for a counter from `from` while it is below `to`. */
  for(from: Term, to: Term, step: number, body: (counter: Term) => void): void {
    const counter = this.local("i32");
    const inner = this.within(() => body(read(counter)));
    this.written.push({ kind: "for", counter, from, to, step, body: inner });
  }
  if(condition: Term, body: () => void): void {
    this.written.push({ kind: "if", condition, body: this.within(body) });
  }
  /** Runs `body` as long as all conditions hold; one is looked at only where those before it hold. */
  while(conditions: readonly Term[], body: () => void): void {
    this.written.push({ kind: "while", conditions, body: this.within(body) });
  }

  private within(body: () => void): Statement[] {
    const outer = this.written;
    const inner = (this.written = [] as Statement[]);
    body();
    this.written = outer;
    return inner;
  }
}

/** An operation on numbers. */
export const operation = (op: OpName, ...args: readonly Term[]): Term => ({
  kind: "op",
  op,
  of: (op === "select" ? args[1]! : args[0]!).type,
  type: typeOf(op, args),
  vector: false,
  args,
});

/** The element at `base + offset`, in bytes. */
export const elementAt = (storage: Storage, base: Term, offset = 0): Term => ({
  kind: "load",
  type: loaded[storage],
  vector: false,
  storage,
  base,
  offset,
  lanes: 1,
});

/** The address of a memory. */
export const addressOf = (memory: Memory): Term => ({ kind: "address", type: "i32", vector: false, memory });

export const wide = (value: bigint): Term => ({ kind: "const", type: "i64", vector: false, value });
