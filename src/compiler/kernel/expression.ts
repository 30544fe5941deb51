import type { Affine } from "./affine.ts";

/** What a value is inside a kernel; smaller and 16-bit dtypes are only stored as such. */
export type Type = "i32" | "i64" | "f32" | "f64" | "bool";

/** How an element lies in memory. Loading extends it to its `Type`: i8, u8, i16 and u16 to i32; a byte that is not 0 is true. */
export type Storage = "i8" | "u8" | "i16" | "u16" | "i32" | "i64" | "f32" | "f64" | "bool";

export const storageBytes: Readonly<Record<Storage, number>> = {
  i8: 1,
  u8: 1,
  bool: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  f32: 4,
  i64: 8,
  f64: 8,
};

/** What an element is once it is loaded. */
export const loaded: Readonly<Record<Storage, Type>> = {
  i8: "i32",
  u8: "i32",
  i16: "i32",
  u16: "i32",
  i32: "i32",
  i64: "i64",
  f32: "f32",
  f64: "f64",
  bool: "bool",
};

let ids = 0;

/** A loop of a kernel: counts from 0 to `size`. Identified by the object. */
export class Loop {
  /** Order of creation. */
  readonly id = ids++;
  constructor(
    readonly size: number,
    readonly name: string,
  ) {}
}

/** Memory that a kernel reads or writes: an array, row by row, without gaps. Identified by the object. */
export interface Memory {
  readonly name: string;
  readonly storage: Storage;
}

/** Operations on floats, and what they are of others. Those of integers wrap. */
export type Unary =
  | "neg" | "abs" | "sqrt" | "floor" | "ceil" | "trunc" | "nearest"
  | "not" | "clz" | "popcnt"
  /** f32 ↔ i32, f64 ↔ i64: the same bits. */
  | "reinterpret"
  /** To a float of the same width or another, from an integer. */
  | "to_f32_s" | "to_f32_u" | "to_f64_s" | "to_f64_u"
  /** To an integer, toward zero; out of range the nearest one, NaN is 0. */
  | "to_i32_s" | "to_i32_u" | "to_i64_s" | "to_i64_u"
  | "promote" | "demote"
  /** i32 to i64, and back, dropping the upper half. */
  | "extend_s" | "extend_u" | "wrap"
  /** A bool as 0 or 1. */
  | "to_int"; // prettier-ignore

export type Binary =
  | "add" | "sub" | "mul" | "div" | "min" | "max" | "copysign"
  | "div_s" | "div_u" | "rem_s" | "rem_u" | "min_s" | "min_u" | "max_s" | "max_u"
  | "and" | "or" | "xor" | "shl" | "shr_s" | "shr_u"
  | "eq" | "ne" | "lt" | "le" | "lt_s" | "lt_u" | "le_s" | "le_u"; // prettier-ignore

/** `rarely` is a choice as `select` is, whose first value is computed only where it is chosen in some lane. */
export type OpName = Unary | Binary | "select" | "rarely";

interface Common {
  /** Order of creation: operands come before what is made of them. */
  readonly id: number;
  readonly type: Type;
  /** The loops that the value depends on. */
  readonly loops: ReadonlySet<Loop>;
}
export interface Const extends Common {
  readonly kind: "const";
  readonly value: number | bigint;
}
/** The value of an index. */
export interface Position extends Common {
  readonly kind: "position";
  readonly index: Affine;
}
/** The element of `memory` at `address`, which is in its bounds, in elements. */
export interface Load extends Common {
  readonly kind: "load";
  readonly memory: Memory;
  readonly address: Affine;
}
export interface Op extends Common {
  readonly kind: "op";
  readonly op: OpName;
  readonly args: readonly Expr[];
}
/** One of what a reduction computes. */
export interface Reduced extends Common {
  readonly kind: "reduced";
  readonly reduction: Reduction;
  readonly part: number;
}
/** What a running reduction along loops, from the outer to the inner, has at this step, the step included. */
export interface Running extends Common {
  readonly kind: "running";
  readonly series: Series;
  readonly part: number;
}
/** What is put in later: an operand of a monoid's operation while it is written down. */
export interface Variable extends Common {
  readonly kind: "variable";
}
/** A number whose value depends on the elements only: one node for each computation, so what is shared is computed once. */
export type Expr = Const | Position | Load | Op | Reduced | Running | Variable;

/** An associative operation on tuples, with the tuple that changes nothing. */
export interface Monoid {
  readonly name: string;
  readonly unit: readonly Expr[];
  readonly combine: (a: readonly Expr[], b: readonly Expr[]) => readonly Expr[];
}

/** `values`, combined over all steps of `loops`; the order is that of the machine, the same each time. */
export interface Reduction {
  readonly id: number;
  readonly monoid: Monoid;
  readonly over: readonly Loop[];
  readonly values: readonly Expr[];
}

/** `values`, combined step by step along loops, from the outer to the inner. */
export interface Series {
  readonly id: number;
  readonly monoid: Monoid;
  readonly along: readonly Loop[];
  readonly values: readonly Expr[];
}

let known = new Map<string, Expr>();
let reductions = new Map<string, Reduction>();
let allSeries = new Map<string, Series>();

/** Forgets the expressions made so far: those of another program are no longer shared with new ones. */
export function freshExpressions(): void {
  known = new Map();
  reductions = new Map();
  allSeries = new Map();
}

const none: ReadonlySet<Loop> = new Set();

/** The union, as one of the sets where it is that. */
export function union(sets: readonly ReadonlySet<Loop>[]): ReadonlySet<Loop> {
  let all: ReadonlySet<Loop> = none;
  for (const set of sets) {
    if (set.size === 0 || set === all) continue;
    if (all.size === 0) {
      all = set;
      continue;
    }
    let missing = false;
    for (const loop of set) if (!all.has(loop)) missing = true;
    if (missing) all = new Set([...all, ...set]);
  }
  return all;
}

function intern<T extends Expr>(key: string, make: () => Omit<T, "id">): T {
  const before = known.get(key);
  if (before !== undefined) return before as T;
  const expr = { id: ids++, ...make() } as T;
  known.set(key, expr);
  return expr;
}

const memoryIds = new WeakMap<Memory, number>();
let memories = 0;
/** A number for a memory, for keys. */
export function idOf(memory: Memory): number {
  let id = memoryIds.get(memory);
  if (id === undefined) memoryIds.set(memory, (id = memories++));
  return id;
}
/** Loops, for keys. */
const named = (loops: readonly Loop[]): string => loops.map(({ id }) => id).join();

/** A number, of a type. Integers are taken modulo their width, bool as 0 or 1. */
export function constant(type: Type, value: number | bigint): Const {
  const stored =
    type === "i64"
      ? BigInt.asIntN(64, BigInt(value))
      : type === "i32"
        ? Number(BigInt.asIntN(32, BigInt(value)))
        : type === "f32"
          ? Math.fround(Number(value))
          : Number(value);
  const text = Object.is(stored, -0) ? "-0" : String(stored);
  return intern<Const>(`c${type}${text}`, () => ({ kind: "const", type, value: stored, loops: none }));
}
export const f32 = (value: number): Const => constant("f32", value);
export const f64 = (value: number): Const => constant("f64", value);
export const i32 = (value: number): Const => constant("i32", value);
export const i64 = (value: number | bigint): Const => constant("i64", value);
export const bool = (value: boolean): Const => constant("bool", value ? 1 : 0);

/** The value of an index, an i32. */
export function position(index: Affine): Expr {
  if (index.terms.length === 0) return index.dynamic ?? i32(index.constant);
  return intern<Position>(`p${index.key}`, () => ({
    kind: "position",
    type: "i32",
    index,
    loops: index.loops,
  }));
}

/** An element of memory, read anew in each step of the loops `anew`, which write to it. */
export function load(memory: Memory, address: Affine, anew: readonly Loop[] = []): Load {
  const type = loaded[memory.storage];
  return intern<Load>(`l${idOf(memory)}@${address.key}/${named(anew)}`, () => ({
    kind: "load",
    type,
    memory,
    address,
    loops: union([address.loops, new Set(anew)]),
  }));
}

const comparisons: ReadonlySet<OpName> = new Set(["eq", "ne", "lt", "le", "lt_s", "lt_u", "le_s", "le_u"]);
const results: Partial<Record<OpName, Type>> = {
  to_f32_s: "f32",
  to_f32_u: "f32",
  to_f64_s: "f64",
  to_f64_u: "f64",
  to_i32_s: "i32",
  to_i32_u: "i32",
  to_i64_s: "i64",
  to_i64_u: "i64",
  promote: "f64",
  demote: "f32",
  extend_s: "i64",
  extend_u: "i64",
  wrap: "i32",
  to_int: "i32",
};
const reinterpreted: Partial<Record<Type, Type>> = { f32: "i32", i32: "f32", f64: "i64", i64: "f64" };

/** The type of what an operation makes of operands. */
export function typeOf(op: OpName, args: readonly { readonly type: Type }[]): Type {
  if (comparisons.has(op)) return "bool";
  if (op === "select" || op === "rarely") return args[1]!.type;
  if (op === "reinterpret") return reinterpreted[args[0]!.type]!;
  return results[op] ?? args[0]!.type;
}

/** An operation on values of one type; `select` takes a bool first. */
export function op(name: OpName, ...args: readonly Expr[]): Expr {
  const simple = simplified(name, args);
  if (simple) return simple;
  return intern<Op>(`${name}(${args.map((x) => x.id).join()})`, () => ({
    kind: "op",
    type: typeOf(name, args),
    op: name,
    args,
    loops: union(args.map((x) => x.loops)),
  }));
}

/** What needs no operation: a choice that is known, and i32 arithmetic of constants, which indices are full of. */
function simplified(name: OpName, [a, b, c]: readonly Expr[]): Expr | null {
  if (name === "select" || name === "rarely") {
    if (a!.kind === "const") return a!.value ? b! : c!;
    return b === c ? b! : null;
  }
  if (a?.type !== "i32" || a.kind !== "const" || b?.kind !== "const") return null;
  const [x, y] = [Number(a.value), Number(b.value)];
  if (name === "add") return i32((x + y) | 0);
  if (name === "sub") return i32((x - y) | 0);
  if (name === "mul") return i32(Math.imul(x, y));
  if (name === "lt_u") return bool(x >>> 0 < y >>> 0);
  return null;
}

/** A new variable. */
export const variable = (type: Type): Variable => ({ kind: "variable", id: ids++, type, loops: none });

/** A reduction over loops: one value for each part of the monoid. */
export function reduce(monoid: Monoid, over: readonly Loop[], values: readonly Expr[]): readonly Expr[] {
  if (over.some((loop) => loop.size === 0)) return monoid.unit;
  const key = `r${monoid.name}/${named(over)}/${values.map((x) => x.id).join()}`;
  let reduction = reductions.get(key);
  if (reduction === undefined) {
    reduction = { id: ids++, monoid, over, values };
    reductions.set(key, reduction);
  }
  const inner = union(values.map((x) => x.loops));
  const loops = new Set([...inner].filter((loop) => !over.includes(loop)));
  const of = reduction;
  return values.map(({ type }, part) =>
    intern<Reduced>(`${key}.${part}`, () => ({ kind: "reduced", type, reduction: of, part, loops })),
  );
}

/** The running reduction along loops, in the order of their steps. */
export function running(monoid: Monoid, along: readonly Loop[], values: readonly Expr[]): readonly Expr[] {
  const loops = union([new Set(along), ...values.map((x) => x.loops)]);
  const key = `s${monoid.name}/${named(along)}/${values.map((x) => x.id).join()}`;
  let series = allSeries.get(key);
  if (series === undefined) {
    series = { id: ids++, monoid, along, values };
    allSeries.set(key, series);
  }
  const of = series;
  return values.map(({ type }, part) =>
    intern<Running>(`${key}.${part}`, () => ({ kind: "running", type, series: of, part, loops })),
  );
}
