import type { AnyPrimitive, ParamsOf } from "../../core/primitive.ts";
import type { Aval } from "../../core/value.ts";
import type * as lax from "../../lax/index.ts";
import { Affine } from "../kernel/affine.ts";
import type { Element } from "../kernel/element.ts";
import type { Expr, Memory } from "../kernel/expression.ts";
import type { Index, Reader } from "../kernel/reader.ts";
import type { Routine } from "../kernel/statement.ts";

/** Every first-order primitive. */
export type AnyLax = Extract<
  (typeof lax)[keyof typeof lax] | (typeof lax.linalg)[keyof typeof lax.linalg],
  AnyPrimitive
>;
export type PrimitiveName = AnyLax["primitive"];
export type ParamsNamed<N extends PrimitiveName> = ParamsOf<Extract<AnyLax, { readonly primitive: N }>>;

/**
 * What computing an element takes: a `view` says where it is; a `map` computes it from elements at one place each; a
 * `reduction` from many, and a `contraction` from many that others are computed from too; a `running` one goes on from
 * the element before, so an index along its axis is that of a loop of its own.
 */
export type Work = "view" | "map" | "reduction" | "contraction" | "running";

/** Outputs whose elements are functions of the operands' elements. */
export interface Elements {
  readonly kind: "elements";
  readonly work: Work;
  /** Of a view: the elements are those of its operand, in the same order. */
  readonly inOrder?: boolean;
  readonly read: (operands: readonly Reader[]) => readonly Reader[];
}

/** Writes to the one output, in the order of `sizes` row by row: what was there may take part. */
export interface Update {
  readonly sizes: readonly number[];
  /** Where the step writes, in the bounds of the output if `when` holds. */
  readonly place: (step: Index) => Index;
  /** Whether the step writes at all; always, where there is none. */
  readonly when?: (step: Index) => Expr;
  readonly value: (step: Index, before: Element) => Element;
  /** Steps that differ along one of these axes of `sizes` write to different places, whatever the others are at. */
  readonly apart: readonly boolean[];
}

/** An output that starts as a copy of an operand, and is written to in part. */
export interface Updates {
  readonly kind: "updates";
  /** The operand. */
  readonly base: number;
  readonly updates: (operands: readonly Reader[]) => readonly Update[];
}

/** Statements of their own, which work on arrays that are made for them, and the work they take, in operations. */
export interface Worked {
  readonly routine: Routine;
  readonly work: number;
}

/** Outputs that are read from arrays which statements have worked on. */
export interface Procedure {
  readonly kind: "procedure";
  /** The arrays that the statements begin with, and their elements. */
  readonly arrays: readonly Aval[];
  readonly prepare: (operands: readonly Reader[]) => readonly Reader[];
  /** What the statements need beside; it begins as anything. */
  readonly scratch: readonly Aval[];
  readonly statements: (arrays: readonly Memory[], scratch: readonly Memory[]) => Worked;
  /** The outputs, from the arrays as the statements leave them. */
  readonly finish: (operands: readonly Reader[], arrays: readonly Reader[]) => readonly Reader[];
}

export type Computation = Elements | Updates | Procedure;

/** How an equation is computed, from all that is known before it has data. */
export type Row<P> = (params: P, operands: readonly Aval[], outs: readonly Aval[]) => Computation;

/** A row for each primitive that is lowered to loops. */
export type Rows = { readonly [N in PrimitiveName]?: Row<ParamsNamed<N>> };

export const elements = (work: Work, read: Elements["read"]): Elements => ({ kind: "elements", work, read });

const start = Affine.of(0);

/** The element of an operand of an elementwise operation, which is repeated along axes of size 1 and may be a scalar. */
export const elementAt = (x: Reader, { shape }: Aval, index: Index): Element =>
  x(shape.map((size, axis) => (size === 1 ? start : index[axis]!)));
