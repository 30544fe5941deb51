import {
  type DType,
  dtypeInfo,
  type DTypeKind,
  type DTypeLike,
  kindOf,
  namedDType,
  toDType,
} from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import { isComplexNumber } from "./array.ts";

/** A set of dtypes, for {@link issubdtype}: one of those of NumPy's hierarchy of scalar types. */
export interface DTypeSet {
  readonly name: string;
  readonly kinds: readonly DTypeKind[];
}
const setOf = (name: string, ...kinds: readonly DTypeKind[]): DTypeSet =>
  Object.freeze({ name, kinds: Object.freeze(kinds) });

/** Signed integers. @see `jax.numpy.signedinteger` */
export const signedinteger: DTypeSet = setOf("signedinteger", "int");
/** Unsigned integers. @see `jax.numpy.unsignedinteger` */
export const unsignedinteger: DTypeSet = setOf("unsignedinteger", "uint");
/** Integers, signed or not. @see `jax.numpy.integer` */
export const integer: DTypeSet = setOf("integer", "int", "uint");
/** Real floating-point numbers, bfloat16 too. @see `jax.numpy.floating` */
export const floating: DTypeSet = setOf("floating", "float");
/** Complex numbers. @see `jax.numpy.complexfloating` */
export const complexfloating: DTypeSet = setOf("complexfloating", "complex");
/** Floating-point numbers, real or complex: what can be differentiated. @see `jax.numpy.inexact` */
export const inexact: DTypeSet = setOf("inexact", "float", "complex");
/** All numbers; booleans are none. @see `jax.numpy.number` */
export const number: DTypeSet = setOf("number", "int", "uint", "float", "complex");
/** Every dtype. @see `jax.numpy.generic` */
export const generic: DTypeSet = setOf(
  "generic",
  ...new Set(Object.values(dtypeInfo).map(({ kind }) => kind)),
);

const sets = { generic, number, inexact, floating, complexfloating, integer, signedinteger, unsignedinteger };
/** Names of the sets of dtypes. */
export type DTypeSetName = keyof typeof sets;

/** Kinds of dtypes by the names of the array API standard. */
export type KindName =
  | "bool"
  | "signed integer"
  | "unsigned integer"
  | "integral"
  | "real floating"
  | "complex floating"
  | "numeric";

const standard: Readonly<Record<KindName, DTypeSet>> = {
  bool: setOf("bool", "bool"),
  "signed integer": signedinteger,
  "unsigned integer": unsignedinteger,
  integral: integer,
  "real floating": floating,
  "complex floating": complexfloating,
  numeric: number,
};

const isWithin = (dtype: DType, set: DTypeSet): boolean => set.kinds.includes(kindOf(dtype));

/**
 * Whether a dtype is of a kind, one of several kinds, or equal to another dtype.
 *
 * @throws DTypeError on what is neither a kind nor a dtype.
 * @see `jax.numpy.isdtype`
 */
export function isdtype(
  dtype: DTypeLike,
  kind: KindName | DTypeLike | readonly (KindName | DTypeLike)[],
): boolean {
  const name = toDType(dtype, "np.isdtype");
  if (Array.isArray(kind))
    return (kind as readonly (KindName | DTypeLike)[]).some((one) => isdtype(name, one));
  if (typeof kind === "string" && Object.hasOwn(standard, kind))
    return isWithin(name, standard[kind as KindName]);
  return toDType(kind as DTypeLike, "np.isdtype") === name;
}

/** A dtype, or a set of them or its name. */
export type SubDType = DTypeLike | DTypeSet | DTypeSetName;

function setOrDType(like: SubDType, caller: string): DTypeSet | DType {
  if (typeof like === "string" && Object.hasOwn(sets, like)) return sets[like as DTypeSetName];
  if (typeof like === "object" && like !== null && "kinds" in like) return like;
  return namedDType(like as DTypeLike, caller);
}

/**
 * Whether `a` is at or below `b` in NumPy's hierarchy: a dtype equal to another or one of a set, or a set within another.
 * Dtypes of 64 bits are such, also without `config.enableX64`.
 *
 * @throws DTypeError on what is neither a dtype nor a set of them.
 * @example
 * np.issubdtype("bfloat16", np.floating); // true
 * np.issubdtype(np.integer, np.number); // true
 * @see `jax.numpy.issubdtype`
 */
export function issubdtype(a: SubDType, b: SubDType): boolean {
  const [inner, outer] = [setOrDType(a, "np.issubdtype"), setOrDType(b, "np.issubdtype")];
  if (typeof outer === "string") return inner === outer;
  const kinds = typeof inner === "string" ? [kindOf(inner)] : inner.kinds;
  return kinds.every((kind) => outer.kinds.includes(kind));
}

/** What a cast may do: nothing; keep every value; stay of a kind or go to a wider one; anything. */
export type Casting = "no" | "equiv" | "safe" | "same_kind" | "unsafe";
const castings: readonly Casting[] = ["no", "equiv", "safe", "same_kind", "unsafe"];

const ranks: Partial<Record<DTypeKind, number>> = { bool: 0, uint: 1, int: 2, float: 3, complex: 4 };
// NumPy takes bfloat16 for a kind of its own, beyond the others.
const rankOf = (dtype: DType): number => (dtype === "bfloat16" ? 5 : (ranks[kindOf(dtype)] ?? NaN));

/** Bits of one number: of a complex one, of its parts. */
const widthOf = (dtype: DType): number => dtypeInfo[dtype].bits / dtypeInfo[dtype].lanes;

function isSafe(from: DType, to: DType): boolean {
  const [a, b] = [kindOf(from), kindOf(to)];
  if (from === to || (a === "bool" && rankOf(to) > 0)) return true;
  const [width, room] = [widthOf(from), widthOf(to)];
  const isReal = b === "float" || b === "complex";
  if (a === "int") return b === "int" ? room > width : isReal && room >= Math.min(2 * width, 64);
  if (a === "uint")
    return b === "uint" || b === "int" ? room > width : isReal && room >= Math.min(2 * width, 64);
  if (a === "float") return isReal && (room > width || (b === "complex" && room === width));
  return false;
}

/**
 * Whether arrays of one dtype may be cast to another: by default where no value is lost. 64-bit integers count as safe in
 * float64, as in NumPy. Dtypes of 64 bits are such, also without `config.enableX64`.
 *
 * @throws DTypeError on what is no dtype; ArgumentError on another casting.
 * @example
 * np.canCast("int16", "float32"); // true
 * np.canCast("float32", "bfloat16", "same_kind"); // true
 * @see `jax.numpy.can_cast`, which is `numpy.can_cast`
 */
export function canCast(from: DTypeLike, to: DTypeLike, casting: Casting = "safe"): boolean {
  const [a, b] = [namedDType(from, "np.canCast"), namedDType(to, "np.canCast")];
  if (!castings.includes(casting))
    throw new ArgumentError(
      "numpy/casting",
      `np.canCast: casting is one of ${castings.join(", ")}, got ${describe(casting)}`,
    );
  if (casting === "unsafe") return true;
  if (casting === "no" || casting === "equiv") return a === b;
  return isSafe(a, b) || (casting === "same_kind" && rankOf(a) <= rankOf(b));
}

/**
 * Whether `x` is a single thing: a number, a boolean, a bigint, a string, a complex number or an array without axes.
 * @see `jax.numpy.isscalar`
 */
export function isscalar(x: unknown): boolean {
  if (x instanceof ArrayValue) return x.ndim === 0;
  return ["number", "boolean", "bigint", "string"].includes(typeof x) || isComplexNumber(x);
}
