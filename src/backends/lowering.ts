import type { cond, scan, whileLoop } from "../control/index.ts";
import type { TypedArray } from "../core/dtype.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { Collective, Derived, ParamsOf } from "../core/primitive.ts";
import type { Aval } from "../core/value.ts";
import type { AnyLax, ParamsNamed } from "../compiler/lower/row.ts";

/** Primitives that choose or repeat programs. */
type Holder = typeof cond | typeof scan | typeof whileLoop;
/** Those that say what they are in terms of others, and those that what binds their axes resolves; a backend may leave them out. */
type OptionalLax = Extract<AnyLax, Derived | Collective>;

/** Runs one equation: storage of the operands in, storage of the outputs out. Never writes to its operands. */
export type Kernel = (operands: readonly TypedArray[]) => readonly TypedArray[];
/** Prepares the kernel of one equation from all that is known before it has data. */
export type Lower<P> = (params: P, operands: readonly Aval[], outs: readonly Aval[]) => Kernel;
/** As `Lower`, for an equation that holds programs, whose kernels `compile` prepares. */
export type LowerHolder<P> = (
  params: P,
  operands: readonly Aval[],
  outs: readonly Aval[],
  compile: (program: ClosedJaxpr) => Kernel,
) => Kernel;

/** One entry for each primitive; only those with an `expand`, and collectives, may be left out. A gap does not compile. */
export type LoweringTable = {
  readonly [N in Exclude<AnyLax["primitive"], OptionalLax["primitive"]>]: Lower<ParamsNamed<N>>;
} & {
  readonly [N in OptionalLax["primitive"]]?: Lower<ParamsNamed<N>>;
} & {
  readonly [N in Holder["primitive"]]: LowerHolder<ParamsOf<Extract<Holder, { readonly primitive: N }>>>;
};
