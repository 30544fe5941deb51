import type { TypedArray } from "../core/dtype.ts";
import type { AnyPrimitive, Derived, ParamsOf } from "../core/primitive.ts";
import type { Aval } from "../core/value.ts";
import type * as lax from "../lax/index.ts";

/** Every primitive that lax exports. */
type AnyLax = Extract<(typeof lax)[keyof typeof lax], AnyPrimitive>;
/** Those that say what they are in terms of others; a backend may leave them out. */
type DerivedLax = Extract<AnyLax, Derived>;
export type PrimitiveName = AnyLax["primitive"];
type ParamsNamed<N extends PrimitiveName> = ParamsOf<Extract<AnyLax, { readonly primitive: N }>>;

/** Runs one equation: storage of the operands in, storage of the outputs out. Never writes to its operands. */
export type Kernel = (operands: readonly TypedArray[]) => readonly TypedArray[];
/** Prepares the kernel of one equation from all that is known before it has data. */
export type Lower<P> = (params: P, operands: readonly Aval[], outs: readonly Aval[]) => Kernel;

/** One entry for each primitive; only those with an `expand` may be left out. A gap does not compile. */
export type LoweringTable = {
  readonly [N in Exclude<PrimitiveName, DerivedLax["primitive"]>]: Lower<ParamsNamed<N>>;
} & {
  readonly [N in DerivedLax["primitive"]]?: Lower<ParamsNamed<N>>;
};
