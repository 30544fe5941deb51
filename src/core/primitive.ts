import type { ClosedJaxpr, Effect } from "./jaxpr.ts";
import type { ParamKind, ParamKinds } from "./param-kind.ts";
import { expandRules } from "./rules.ts";
import { bind } from "./trace.ts";
import type { ArrayValue, Aval, NDArray, Value } from "./value.ts";
import type { DType } from "./dtype.ts";
import { TreeError } from "../tree/index.ts";
import { setName } from "./function-name.ts";

export type NoParams = Record<never, never>;

/** Operand of a linear map whose value is not there: only its aval is. */
export class Linear {
  constructor(readonly aval: Aval) {}
}

type Each<Args extends readonly unknown[], R> = { readonly [K in keyof Args]: R };
type Outs = readonly ArrayValue[];
type MaybeOuts = readonly (ArrayValue | null)[];

/** Outputs, and their tangents: `null` is a tangent that is structurally zero. */
export type JvpRule<Args extends readonly unknown[], P> = (
  primals: Args,
  tangents: readonly (ArrayValue | null)[],
  params: P,
) => readonly [outs: Outs, tangents: MaybeOuts];

/** Cotangents of the operands that are `Linear`; `null` elsewhere, or where it is structurally zero. */
export type TransposeRule<P> = (
  cotangents: readonly (ArrayValue | null)[],
  operands: readonly (ArrayValue | Linear)[],
  params: P,
  outs: readonly Aval[],
) => MaybeOuts;

/**
 * Operand `i` has its batch axis at `dims[i]`, or none. Returns the outputs with theirs. `name` is that of the axis, if
 * it has one: along it work collectives, which then concern the batch even where no operand has the axis.
 */
export type BatchRule<Args extends readonly unknown[], P> = (
  operands: Args,
  dims: readonly (number | null)[],
  size: number,
  params: P,
  name?: string,
) => readonly [outs: Outs, dims: readonly (number | null)[]];

/** How one operand's tangent reaches the single output. */
export type PushForward<Args extends readonly unknown[], P> = (
  t: ArrayValue,
  out: ArrayValue,
  operands: Args,
  params: P,
) => ArrayValue;
/** How the single output's cotangent reaches one operand, the map being linear in it. */
export type PullBack<Args extends readonly unknown[], P> = (
  ct: ArrayValue,
  operands: Args,
  params: P,
) => ArrayValue;

/** What a test needs to make an operand of a sample. Values are drawn from `between`, or given. */
export interface SampleOperand {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly between?: readonly [low: number, high: number];
  readonly values?: readonly (number | boolean)[];
}
/** Operands on which the laws of a primitive are tested. */
export interface Sample<P> {
  readonly operands: readonly SampleOperand[];
  readonly params: P;
}

/**
 * What is declared of a primitive. The shorthands:
 * - `abstract` may return one aval, for a primitive with one output.
 * - `jvp: "none"`: no derivative. `"linear"`: jointly linear in all operands (reshape, concatenate). `"multilinear"`:
 *   linear in each one apart (mul, dot). A list: one push-forward per operand; null or missing, no derivative.
 * - `transpose` as a list: one pull-back per operand that can be linear.
 * - `batch: "elementwise"`: applies to each element; ranks are aligned.
 */
export type Declaration<Args extends readonly unknown[], P> = Described<Args, P> & Declared<Args, P>;

/**
 * The type on the left as data, to check what comes from outside: how many operands, where that is fixed; and for each
 * param what it may be, from which its text and JSON follow.
 */
type Described<Args extends readonly unknown[], P> = (number extends Args["length"]
  ? { readonly arity?: undefined }
  : { readonly arity: Args["length"] }) &
  ([keyof P] extends [never] ? { readonly params?: ParamKinds<P> } : { readonly params: ParamKinds<P> });

/** The rules. */
export interface Declared<Args extends readonly unknown[], P> {
  readonly abstract: (avals: Each<Args, Aval>, params: P) => Aval | readonly Aval[];
  readonly jvp:
    | "none"
    | "linear"
    | "multilinear"
    | readonly (PushForward<Args, P> | null)[]
    | JvpRule<Args, P>;
  readonly transpose?: readonly (PullBack<Args, P> | null)[] | TransposeRule<P>;
  readonly batch: "elementwise" | BatchRule<Args, P>;
  readonly effects?: (params: P) => readonly Effect[];
  /**
   * Names of the axes that it works along, for a collective; `"any"` for what runs functions of the user's: they
   * are looked into by `lower`. Those of jaxprs among the params are found without this.
   */
  readonly axes?: "any" | ((params: P) => readonly string[]);
  /** What JAX prints beside the params, and what follows from them: `sharding=None`. */
  readonly alsoShow?: (params: P, operands: Each<Args, Aval>) => Readonly<Record<string, unknown>>;
  /** Data that say what the functions among the params do: programs. Without it, JSON refuses the functions. */
  readonly lower?: Lowering<P>;
  /**
   * For params that are functions: all params, from those that are data and, of JSON, what `lower` gave. Without it, an
   * equation of the primitive cannot be read.
   */
  readonly revive?: (data: Readonly<Record<string, unknown>>) => P;
  /** In terms of other primitives; a backend then need not know this one. */
  readonly expand?: (operands: Args, params: P) => Outs;
  /** Eager evaluation, where it is not the backend's: primitives that hold jaxprs. */
  readonly evaluate?: (operands: Args, params: P) => Outs;
  /** Evaluation in the current trace, an operation at a time: of calls, which a backend runs as a whole. */
  readonly stepwise?: (operands: Args, params: P) => Outs;
  /** A call of the user's own function on concrete arrays, in place of what a backend computes. */
  readonly host?: (operands: readonly NDArray[], params: P) => readonly NDArray[];
  /**
   * Partial evaluation, for primitives that hold jaxprs: `unknown[i]` says that operand `i` is not known yet. What can
   * be computed from the others is bound; the rest goes to `stage`, which returns its outputs as unknowns.
   */
  readonly partialEvaluate?: (
    operands: Args,
    unknown: readonly boolean[],
    params: P,
    stage: typeof bind,
  ) => Outs;
  /**
   * What a checkpoint makes of an equation that holds jaxprs: binds them so that they also give what `policy` saves, and
   * says how to compute the rest again. Without this rule the policy is asked about the equation as a whole.
   */
  readonly rematerialise?: (operands: Args, params: P, policy: CheckpointPolicy) => Rematerialised<P>;
  /** How quaxify rewrites the jaxprs that this primitive holds, given operands of any kind. */
  readonly quaxify?: (operands: readonly Value[], params: P) => readonly Value[];
  /** The jaxpr that an equation of this primitive only calls: what inlining puts in its place. */
  readonly inline?: (params: P) => ClosedJaxpr;
  /** What is left of an equation of which only some outputs are wanted: some of its operands and outputs, in order. */
  readonly prune?: (params: P, wanted: readonly boolean[]) => Pruned<P>;
  readonly samples?: readonly Sample<P>[];
}

export interface Lowering<P> {
  readonly params: Readonly<Record<string, ParamKind<any>>>; // any: kinds of different values
  /** All of those params, or none where the functions cannot be told. */
  of(params: P, operands: readonly Aval[]): object;
}

export interface Pruned<P> {
  readonly params: P;
  /** Which operands are left. */
  readonly inputs: readonly boolean[];
  /** Which outputs are left: the wanted ones, and those that they need. */
  readonly outputs: readonly boolean[];
}

/**
 * Whether the outputs of an operation may be kept for the backward pass; if not, they are computed again in it.
 *
 * @see `jax.checkpoint_policies`
 */
export type CheckpointPolicy = (
  primitive: AnyPrimitive,
  avals: readonly Aval[],
  params: Readonly<Record<string, unknown>>,
) => boolean;

/** An equation of a checkpoint, run so that a second one can compute again what was not saved. */
export interface Rematerialised<P> {
  readonly outs: Outs;
  /** What the second equation takes after the operands of the first. */
  readonly residuals: readonly ArrayValue[];
  /** Params of the second equation. */
  readonly params: P;
  /** Which of the outputs it gives; the others are saved. */
  readonly recomputed: readonly boolean[];
}

/** The rules in their general forms. Rows of a table that is erased: params are of the primitive's own type. */
export interface Rules {
  readonly abstract: (avals: readonly Aval[], params: object) => readonly Aval[];
  readonly jvp: JvpRule<readonly ArrayValue[], object>;
  readonly transpose: TransposeRule<object> | undefined;
  readonly batch: BatchRule<readonly ArrayValue[], object>;
  /** What `jvp` says where it is a word. */
  readonly linearity: "none" | "linear" | "multilinear" | undefined;
  /** Acts on each element by itself: declared with `batch: "elementwise"`. */
  readonly elementwise: boolean;
  readonly effects: ((params: object) => readonly Effect[]) | undefined;
  readonly axes: "any" | ((params: object) => readonly string[]) | undefined;
  /** Undefined: any number of operands. */
  readonly arity: number | undefined;
  readonly params: Readonly<Record<string, ParamKind<unknown>>>;
  readonly alsoShow:
    | ((params: object, operands: readonly Aval[]) => Readonly<Record<string, unknown>>)
    | undefined;
  readonly lower: Lowering<object> | undefined;
  readonly revive: ((data: Readonly<Record<string, unknown>>) => object) | undefined;
  readonly expand: ((operands: readonly ArrayValue[], params: object) => Outs) | undefined;
  readonly evaluate: ((operands: readonly ArrayValue[], params: object) => Outs) | undefined;
  readonly stepwise: ((operands: readonly ArrayValue[], params: object) => Outs) | undefined;
  readonly host: ((operands: readonly NDArray[], params: object) => readonly NDArray[]) | undefined;
  readonly partialEvaluate:
    | ((
        operands: readonly ArrayValue[],
        unknown: readonly boolean[],
        params: object,
        stage: typeof bind,
      ) => Outs)
    | undefined;
  readonly rematerialise:
    | ((operands: Outs, params: object, policy: CheckpointPolicy) => Rematerialised<object>)
    | undefined;
  readonly quaxify: ((operands: readonly Value[], params: object) => readonly Value[]) | undefined;
  readonly inline: ((params: object) => ClosedJaxpr) | undefined;
  readonly prune: ((params: object, wanted: readonly boolean[]) => Pruned<object>) | undefined;
  readonly samples: readonly Sample<object>[];
}

/** An operation that transformations know. `Args` are its operands, `P` its params. */
export interface Primitive<Name extends string, Args extends readonly ArrayValue[], P extends object> {
  /** JAX's name of it. */
  readonly primitive: Name;
  readonly rules: Rules;
  /** Applies it in the current trace. Takes JAX's params in camelCase; checks nothing but what `abstract` checks. */
  bind(operands: { readonly [K in keyof Args]: Value }, params: P): ArrayValue[];
  /** @internal Type only: what the operands and params are. */
  readonly signature?: (operands: Args, params: P) => void;
}

export type AnyPrimitive = Primitive<string, any, any>; // any: rows of the table are erased

/** A primitive that is its own callable, with JAX's lax signature. */
export type Op<Call, Name extends string, Args extends readonly ArrayValue[], P extends object> = Call &
  Primitive<Name, Args, P>;

/** Mark of a primitive that brings `expand`: backends may leave it out of their tables. */
export interface Derived {
  readonly derived: true;
}

/** Mark of a primitive that works along named axes: what binds them resolves it, so backends may leave it out, too. */
export interface Collective {
  readonly collective: true;
}

type NameOf<T> = T extends Primitive<infer Name, infer _Args, infer _P> ? Name : never;
export type ArgsOf<T> = T extends Primitive<infer _Name, infer Args, infer _P> ? Args : never;
export type ParamsOf<T> = T extends Primitive<infer _Name, infer _Args, infer P> ? P : never;
type CallOf<T> = T extends (...args: infer A) => infer R
  ? { readonly call: (...args: A) => R }
  : { readonly call?: undefined };

/** No argument is this deep, unless it contains itself. */
const DEPTH = 1000;

/**
 * Lists and options that came from the user are copied: they become params, and the user may go on with them.
 * @throws TreeError when there is no end to them.
 */
function own<T>(x: T, caller: string, depth = 0): T {
  if (depth > DEPTH)
    throw new TreeError(
      "depth",
      `${caller}: one of its arguments contains itself, or is more than ${DEPTH} levels deep`,
    );
  // A copy is of the type of what it copies.
  if (Array.isArray(x)) return x.map((item: unknown) => own(item, caller, depth + 1)) as T;
  if (typeof x !== "object" || x === null || Object.getPrototypeOf(x) !== Object.prototype) return x;
  return Object.fromEntries(
    Object.entries(x).map(([name, value]) => [name, own<unknown>(value, caller, depth + 1)]),
  ) as T;
}

const known = new Map<string, AnyPrimitive>();

/** Every primitive defined so far, by name. */
export const primitives: ReadonlyMap<string, AnyPrimitive> = known;

/**
 * Makes a primitive. Annotate the left side with its type; a declaration with `call` is callable.
 *
 * @example
 * export const sin: Unary<"sin"> = definePrimitive("sin", {
 *   call: (x) => unary(sin, x),
 *   abstract: ([x]) => x,
 *   batch: "elementwise",
 *   jvp: [(t, _out, [x]) => mul(t, cos(x))],
 * });
 */
export function definePrimitive<T extends AnyPrimitive>(
  name: NoInfer<NameOf<T>>,
  declaration: NoInfer<Declaration<ArgsOf<T>, ParamsOf<T>> & CallOf<T>>,
): T {
  // The generic parts of a declaration are erased here; definePrimitive's signature has checked them.
  const { call } = declaration as unknown as { call?: (...args: never[]) => unknown };
  const target = call ? (...args: never[]) => call(...args.map((arg) => own(arg, name))) : {};
  const prim = Object.assign(target, {
    primitive: name,
    derived: declaration.expand !== undefined,
    collective: typeof declaration.axes === "function",
    bind: (operands: readonly Value[], params: object) => bind(prim as AnyPrimitive, operands, params),
  }) as unknown as { rules: Rules } & AnyPrimitive;
  setName(target, name);
  prim.rules = expandRules(prim, declaration as unknown as Declaration<readonly ArrayValue[], object>);
  known.set(name, prim);
  return prim as unknown as T;
}
