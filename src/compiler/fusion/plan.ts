import type { Eqn, Var } from "../../core/jaxpr.ts";
import type { Aval } from "../../core/value.ts";
import type { Computation, Elements } from "../lower/row.ts";
import type { Relation } from "./probe.ts";

/** A value, and how it comes about. */
export interface Known {
  readonly variable: Var;
  readonly aval: Aval;
  /** The equation that computes it within kernels, and which of the outputs it is; null for what is in memory from the start. */
  readonly source: { readonly eqn: Eqn; readonly computation: Elements; readonly output: number } | null;
  /** The step that computes it; -1 for what is there before the first. */
  step: number;
  /** The kernel that computes it; null for what another kind of step does, and for what is computed where it is needed. */
  group: Group | null;
  /** Whether it is kept in memory. */
  stored: boolean;
  /** What it is computed from, that is in a kernel or in memory, and where. */
  readonly leaves: ReadonlyMap<Known, readonly Relation[]>;
  /** Equations between it and what it is computed from. */
  readonly depth: number;
  /** Operations for an element, from what it is computed from. */
  readonly cost: number;
  /** Equations of its kernel of which each needs the one before, itself the last. */
  height: number;
  /** Whether each element is too much work to be computed again at another place of the kernel. */
  once: boolean;
}

/** Equations that are computed by one kernel, a row of its domain after the other. */
export interface Group {
  readonly kind: "group";
  readonly id: number;
  readonly members: Known[];
  /** Operations for an element of each of them. */
  cost: number;
  /** The rows that its outermost loops run over. */
  rows: number;
  /** Whether all members are elementwise, at the same place: then rows can still be made of several elements. */
  flat: boolean;
  /** Nothing more can be computed in it. */
  closed: boolean;
  readonly boundary: Boundary;
}
/** Why a kernel begins with a value, rather than that an earlier one computes that too. */
export interface Boundary {
  readonly reason: Reason;
  readonly value: Known;
  /** The last step that computes something that the value is made of; null if that is in memory from the start. */
  readonly after: Group | Single | null;
  /** What that step computes and the value cannot be computed beside. */
  readonly leaf: Known | null;
  /** Rows of the kernel that was asked. */
  readonly rows: number;
}
export type Reason =
  /** It is not a kernel that computes what the value is made of. */
  | "no kernel"
  /** A contraction reads its operands many times, so they are in memory. */
  | "contraction"
  /** The value is a running reduction, which has its own loops. */
  | "running"
  /** The kernel before is one of a running reduction. */
  | "after running"
  /** The kernel has as many operations, or equations that need each other, as it may have. */
  | "full"
  /** The value's elements are no rows of that number. */
  | "rows"
  /** The rows would be too few for threads to share. */
  | "few rows"
  /** It reads another row of the leaf than its own. */
  | "other rows"
  /** The leaf would be computed for each element that reads it. */
  | "again";
/** A step that is no kernel of elements. */
export interface Single {
  readonly kind: "single";
  readonly id: number;
  readonly eqn: Eqn;
  readonly computation: Computation | null;
}

export interface Plan {
  readonly steps: readonly (Group | Single)[];
  readonly values: ReadonlyMap<Var, Known>;
}
