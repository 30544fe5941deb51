import type { Routine } from "../compiler/kernel/statement.ts";
import type { Cost } from "./cost.ts";

/** An array that a step reads or writes. */
export interface StepArray {
  /** As the program's text calls it. */
  readonly name: string;
  /** `f32[64,128]`. */
  readonly aval: string;
  /** That are read or written, each once. */
  readonly bytes: number;
}
/** An equation of which a kernel computes something. */
export interface KernelEquation extends Cost {
  readonly text: string;
  readonly primitive: string;
  /** Where in the user's source it comes from. */
  readonly source: string | undefined;
  /** Other kernels that compute something of it too. */
  readonly again: readonly string[];
}
/** A loop of a kernel. */
export interface KernelLoop {
  readonly name: string;
  readonly size: number;
  /** Whether a reduction goes over it, for each element that it makes. */
  readonly reduced: boolean;
  /** Lanes of the vectors that its steps are; 1 if they are single elements. */
  readonly lanes: number;
  /** Turns that are alike: from `from` to `to`, each of `step` steps. */
  readonly turns: readonly { readonly from: number; readonly to: number; readonly step: number }[];
}
/** A function of the module. */
export interface KernelFunction {
  readonly name: string;
  readonly loops: readonly KernelLoop[];
  /** Steps of the outermost loop, and in how many chunks threads share them; 1 where the caller runs it whole. */
  readonly steps: number;
  readonly chunks: number;
  /** An estimate of its operations, loads and stores being some: what the number of chunks is decided by. */
  readonly work: number;
  /** The function as statements. */
  readonly routine: Routine;
}
/** Equations that are computed together. */
export interface Kernel extends Cost {
  readonly kind: "kernel";
  /** `k0`, `k1`, …. */
  readonly id: string;
  readonly equations: readonly KernelEquation[];
  /** Why it begins where it does. */
  readonly because: string;
  readonly reads: readonly StepArray[];
  readonly writes: readonly StepArray[];
  /** The operand whose memory it writes to in part, if there is one. */
  readonly inPlace: string | undefined;
  readonly functions: readonly KernelFunction[];
}
/** An equation that runs outside of the module. */
export interface HostCall {
  readonly kind: "host";
  readonly equation: string;
  readonly because: string;
  readonly reads: readonly StepArray[];
  readonly writes: readonly StepArray[];
}
export interface Copy {
  readonly kind: "copy";
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}
/** A branch or a loop. */
export interface ControlFlow {
  readonly kind: "cond" | "while" | "scan";
  readonly equation: string;
  /** Turns, as far as they are known; 1 of what is no scan. */
  readonly length: number;
  /** The programs that it runs: branches; test and body; body. */
  readonly bodies: readonly { readonly name: string; readonly steps: readonly ProgramStep[] }[];
  /** What goes from turn to turn, and where it is. */
  readonly carries: readonly {
    readonly name: string;
    readonly aval: string;
    readonly memory: "in place" | "unchanged" | "two in turn";
  }[];
}
export type ProgramStep = Kernel | HostCall | Copy | ControlFlow;
