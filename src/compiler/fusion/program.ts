import { dtypeInfo } from "../../core/dtype.ts";
import type { Eqn, Var } from "../../core/jaxpr.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval, NDArray } from "../../core/value.ts";
import { representation } from "../kernel/element.ts";
import { type Memory, type Storage, storageBytes } from "../kernel/expression.ts";
import type { Nest } from "../kernel/nest.ts";
import type { Routine } from "../kernel/statement.ts";
import type { Boundary } from "./plan.ts";

/** Bytes of an array's elements. */
export function bytesOf({ shape, dtype }: Aval): number {
  const { storage } = representation[dtype];
  return sizeOf(shape) * dtypeInfo[dtype].lanes * storageBytes[storage];
}

/** The memory of an array. */
export class ArrayMemory implements Memory {
  readonly storage: Storage;
  readonly bytes: number;

  constructor(
    readonly name: string,
    readonly aval: Aval,
  ) {
    this.storage = representation[aval.dtype].storage;
    this.bytes = bytesOf(aval);
  }
}

/** Kernels that are computed together. */
export interface NestStep {
  readonly kind: "nest";
  readonly nests: readonly Nest[];
  /** Memory that one nest leaves something in for another, in elements. */
  readonly scratch: ReadonlyMap<Memory, number>;
  /** The equations of which something is computed here. */
  readonly eqns: readonly Eqn[];
  /** Why it begins; null for what writes to an array in part, for what surrounds statements, and for constants. */
  readonly boundary: Boundary | null;
}
/** Statements that work on memories. */
export interface RoutineStep {
  readonly kind: "routine";
  readonly eqn: Eqn;
  readonly routine: Routine;
  /** Operations that it takes. */
  readonly work: number;
  readonly memories: readonly ArrayMemory[];
}
/** An equation that runs outside of the module. */
export interface HostStep {
  readonly kind: "host";
  readonly eqn: Eqn;
  readonly operands: readonly ArrayMemory[];
  readonly outputs: readonly ArrayMemory[];
}
export interface CopyStep {
  readonly kind: "copy";
  readonly from: ArrayMemory;
  readonly to: ArrayMemory;
}
/** One of some programs, by a number that is clamped. Each writes to the same memories. */
export interface CondStep {
  readonly kind: "cond";
  readonly eqn: Eqn;
  readonly index: ArrayMemory;
  readonly branches: readonly Block[];
}
/**
 * An entry of a carry: `current` is where it is now and `next` where the body writes it; they alternate between `pair`,
 * the first of which is where it begins.
 */
export interface Carried {
  readonly initial: ArrayMemory;
  readonly current: ArrayMemory;
  readonly next: ArrayMemory;
  readonly pair: readonly [ArrayMemory, ArrayMemory];
  /** Whether the body does not write it. */
  readonly unchanged: boolean;
  /** Whether the body writes it where it is, or not at all: `next` is where `current` is. */
  readonly inPlace: boolean;
}
export interface WhileStep {
  readonly kind: "while";
  readonly eqn: Eqn;
  readonly test: Block;
  readonly condition: ArrayMemory;
  readonly body: Block;
  readonly carry: readonly Carried[];
}
/** A part of an array that moves by its size with each turn. */
export interface Window {
  readonly whole: ArrayMemory;
  readonly part: ArrayMemory;
}
export interface ScanStep {
  readonly kind: "scan";
  readonly eqn: Eqn;
  readonly length: number;
  readonly reverse: boolean;
  readonly body: Block;
  readonly carry: readonly Carried[];
  readonly windows: readonly Window[];
}
export type Step = NestStep | RoutineStep | HostStep | CopyStep | CondStep | WhileStep | ScanStep;

/** Steps that run one after the other. */
export interface Block {
  readonly steps: readonly Step[];
  /** Where the variables of its program are that are in memory. */
  readonly variables: ReadonlyMap<Var, ArrayMemory>;
}

/** A program as kernels, and the memory that they work on. */
export interface KernelProgram {
  readonly inputs: readonly ArrayMemory[];
  readonly constants: readonly { readonly memory: ArrayMemory; readonly value: NDArray }[];
  /** Of an output that is an input or a constant, that one's. */
  readonly outputs: readonly ArrayMemory[];
  readonly block: Block;
}
