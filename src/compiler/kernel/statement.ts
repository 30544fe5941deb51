import type { Memory, OpName, Storage, Type } from "./expression.ts";

/** A local variable of a kernel: a number, or as many as a vector has lanes. */
export interface Local {
  readonly id: number;
  readonly type: Type;
  readonly vector: boolean;
}

interface Typed {
  readonly type: Type;
  readonly vector: boolean;
}
export type Term = Typed &
  (
    | { readonly kind: "local"; readonly local: Local }
    /** What a local is now, though it changes later. */
    | { readonly kind: "copy"; readonly local: Local }
    | { readonly kind: "const"; readonly value: number | bigint }
    /** A vector of constants. */
    | { readonly kind: "lanes"; readonly values: readonly number[] }
    /** `of` is the type of the operands. */
    | { readonly kind: "op"; readonly op: OpName; readonly of: Type; readonly args: readonly Term[] }
    /** From `base + offset`, in bytes; of a vector, as many lanes as `lanes` says, in order, the others being 0. */
    | {
        readonly kind: "load";
        readonly storage: Storage;
        readonly base: Term;
        readonly offset: number;
        readonly lanes: number;
      }
    /** The address of a memory. */
    | { readonly kind: "address"; readonly memory: Memory }
    | { readonly kind: "splat"; readonly arg: Term }
    /** Whether a bool is true in any lane. */
    | { readonly kind: "any"; readonly arg: Term }
    | { readonly kind: "gather"; readonly args: readonly Term[] }
    | { readonly kind: "lane"; readonly arg: Term; readonly lane: number }
    /** The lanes in the opposite order. */
    | { readonly kind: "reverse"; readonly arg: Term }
    /** Lanes of two vectors, those of the second counted after those of the first. */
    | { readonly kind: "shuffle"; readonly args: readonly [Term, Term]; readonly order: readonly number[] }
  );

export type Statement =
  | { readonly kind: "set"; readonly local: Local; readonly value: Term }
  | {
      readonly kind: "store";
      readonly storage: Storage;
      readonly base: Term;
      readonly offset: number;
      readonly value: Term;
      readonly lanes: number;
    }
  /** Counts `counter` from `from` while it is below `to`; both are read once. */
  | {
      readonly kind: "for";
      readonly counter: Local;
      readonly from: Term;
      readonly to: Term;
      readonly step: number;
      readonly body: readonly Statement[];
    }
  | { readonly kind: "if"; readonly condition: Term; readonly body: readonly Statement[] }
  /** As long as all conditions hold; one is looked at only where those before it hold. */
  | { readonly kind: "while"; readonly conditions: readonly Term[]; readonly body: readonly Statement[] };

/** A function that computes a part of what a kernel does: steps `begin` to `end` of its outermost loop. */
export interface Routine {
  readonly name: string;
  /** Lanes of every vector in it. */
  readonly lanes: number;
  readonly begin: Local;
  readonly end: Local;
  readonly body: readonly Statement[];
  /** Steps of the outermost loop, of which a part begins at a multiple of `align`; 1 and 1 where it cannot be cut. */
  readonly steps: number;
  readonly align: number;
}

/** What a local is, as long as it does not change. */
export const read = (local: Local): Term => ({
  kind: "local",
  type: local.type,
  vector: local.vector,
  local,
});
/** What a local is now. */
export const copyOf = (local: Local): Term => ({
  kind: "copy",
  type: local.type,
  vector: local.vector,
  local,
});

export const zero: Term = { kind: "const", type: "i32", vector: false, value: 0 };
export const number = (value: number): Term => ({ kind: "const", type: "i32", vector: false, value });

/** `a + b` of integers, computed now if both are known. */
export function sum(a: Term, b: Term): Term {
  if (a.kind === "const" && b.kind === "const") return number((Number(a.value) + Number(b.value)) | 0);
  if (a.kind === "const" && a.value === 0) return b;
  if (b.kind === "const" && b.value === 0) return a;
  return { kind: "op", op: "add", of: "i32", type: "i32", vector: false, args: [a, b] };
}

/** `a · factor` of an integer. */
export function product(a: Term, factor: number): Term {
  if (factor === 1) return a;
  if (a.kind === "const") return number(Math.imul(Number(a.value), factor));
  const shift = Math.log2(factor);
  return Number.isInteger(shift)
    ? { kind: "op", op: "shl", of: "i32", type: "i32", vector: false, args: [a, number(shift)] }
    : { kind: "op", op: "mul", of: "i32", type: "i32", vector: false, args: [a, number(factor)] };
}
