import { config } from "./config.ts";
import { BackendError, DTypeError, nearest } from "./errors.ts";

/** Element types. `key<fry>` is a typed PRNG key (two uint32 words); `float0` is the tangent of an integer: no data. */
export type DType =
  | "bool"
  | "int8" | "int16" | "int32" | "int64"
  | "uint8" | "uint16" | "uint32" | "uint64"
  | "float16" | "bfloat16" | "float32" | "float64"
  | "complex64"
  | "key<fry>" | "float0"; // prettier-ignore

/** What functions accept as a dtype: its name, or a scalar constructor such as `np.float32`. */
export type DTypeLike = DType | { readonly dtype: DType };

export type TypedArray =
  | Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array
  | BigInt64Array | BigUint64Array | Float32Array | Float64Array; // prettier-ignore

export type DTypeKind = "bool" | "int" | "uint" | "float" | "complex" | "key" | "float0";

interface DTypeInfo {
  readonly kind: DTypeKind;
  /** Bits of one element. */
  readonly bits: number;
  /** As JAX prints it: `f32`. */
  readonly short: string;
  readonly storage: new (length: number) => TypedArray;
  /** Slots of `storage` that one element takes. */
  readonly lanes: 1 | 2;
}

const info = (kind: DTypeKind, bits: number, short: string, storage: DTypeInfo["storage"], lanes: 1 | 2 = 1): DTypeInfo =>
  ({ kind, bits, short, storage, lanes }); // prettier-ignore

/** Facts of each dtype. f16 and bf16 are stored as their bits, since Node 20 has no Float16Array. */
export const dtypeInfo: Readonly<Record<DType, DTypeInfo>> = {
  bool: info("bool", 8, "bool", Uint8Array),
  int8: info("int", 8, "i8", Int8Array),
  int16: info("int", 16, "i16", Int16Array),
  int32: info("int", 32, "i32", Int32Array),
  int64: info("int", 64, "i64", BigInt64Array),
  uint8: info("uint", 8, "u8", Uint8Array),
  uint16: info("uint", 16, "u16", Uint16Array),
  uint32: info("uint", 32, "u32", Uint32Array),
  uint64: info("uint", 64, "u64", BigUint64Array),
  float16: info("float", 16, "f16", Uint16Array),
  bfloat16: info("float", 16, "bf16", Uint16Array),
  float32: info("float", 32, "f32", Float32Array),
  float64: info("float", 64, "f64", Float64Array),
  complex64: info("complex", 64, "c64", Float32Array, 2),
  "key<fry>": info("key", 64, "key<fry>", Uint32Array, 2),
  float0: info("float0", 0, "float0", Uint8Array),
};

export const dtypes = Object.keys(dtypeInfo) as readonly DType[];

export const kindOf = (dtype: DType): DTypeKind => dtypeInfo[dtype].kind;
export const isFloat = (dtype: DType): boolean => kindOf(dtype) === "float";
export const isComplex = (dtype: DType): boolean => kindOf(dtype) === "complex";
/** Float or complex: what can be differentiated. */
export const isInexact = (dtype: DType): boolean => isFloat(dtype) || isComplex(dtype);
export const isInteger = (dtype: DType): boolean => kindOf(dtype) === "int" || kindOf(dtype) === "uint";
export const isSigned = (dtype: DType): boolean => kindOf(dtype) === "int";
export const isBigint = (dtype: DType): boolean => dtype === "int64" || dtype === "uint64";

/**
 * Storage for `size` elements of `dtype`, zeroed.
 * @throws BackendError when there is not enough memory.
 */
export function allocate(dtype: DType, size: number): TypedArray {
  const { storage, lanes, bits } = dtypeInfo[dtype];
  try {
    return new storage(size * lanes);
  } catch (cause) {
    const bytes = (size * bits) / 8;
    throw new BackendError(
      "backend/memory",
      `an array of ${size} elements of dtype ${dtype} takes ${bytes} bytes, more than can be had`,
      { cause },
    );
  }
}

const narrow: Partial<Record<DType, DType>> = { int64: "int32", uint64: "uint32", float64: "float32" };
/** `dtype` itself under `config.enableX64`, otherwise its 32-bit kin. */
export const canonicalDType = (dtype: DType): DType => (config.enableX64 ? dtype : (narrow[dtype] ?? dtype));

/** @internal The 64-bit dtypes of which it was said already that they are narrowed. */
export const warned = new Set<string>();
/** The dtype that `like` names, of 64 bits too. @throws DTypeError when it is none. */
export function namedDType(like: DTypeLike, caller: string): DType {
  const name = typeof like === "string" ? like : (like as { dtype?: DType } | null | undefined)?.dtype;
  if (typeof name === "string" && Object.hasOwn(dtypeInfo, name)) return name;
  const near = typeof like === "string" ? nearest(like, dtypes) : undefined;
  throw new DTypeError(
    "dtype/unknown",
    `${caller}: ${String(like)} is not a dtype${near ? `; did you mean "${near}"?` : `; dtypes are ${dtypes.join(", ")}`}`,
  );
}

/**
 * The canonical dtype that `like` names.
 *
 * A 64-bit dtype asked for while `config.enableX64` is off is narrowed with one console warning, as in JAX.
 * @throws DTypeError when `like` is no dtype.
 */
export function toDType(like: DTypeLike, caller = "dtype"): DType {
  const name = namedDType(like, caller);
  const canonical = canonicalDType(name);
  if (canonical !== name && !warned.has(name)) {
    warned.add(name);
    console.warn(
      `${caller}: dtype ${name} was asked for and ${canonical} is used: set config.enableX64 = true for 64-bit dtypes`,
    );
  }
  return canonical;
}

/** The dtype of weakly typed numbers: int32 or float32, or their 64-bit kin under x64. */
export const weakDType = (kind: "bool" | "int" | "float" | "complex"): DType =>
  kind === "bool"
    ? "bool"
    : kind === "complex"
      ? "complex64"
      : canonicalDType(kind === "int" ? "int64" : "float64");

// JAX's promotion lattice: an edge says "promotes to"; the result of a set is its least upper bound.
// Weak types are its nodes i*, f*, c*. https://docs.jax.dev/en/latest/type_promotion.html
type Node = DType | "i*" | "f*" | "c*" | "complex128";
const edges: Partial<Record<Node, readonly Node[]>> = {
  bool: ["i*"],
  "i*": ["uint8", "int8"],
  uint8: ["int16", "uint16"],
  uint16: ["int32", "uint32"],
  uint32: ["int64", "uint64"],
  uint64: ["f*"],
  int8: ["int16"],
  int16: ["int32"],
  int32: ["int64"],
  int64: ["f*"],
  "f*": ["bfloat16", "float16", "c*"],
  bfloat16: ["float32"],
  float16: ["float32"],
  float32: ["float64", "complex64"],
  float64: ["complex128"],
  "c*": ["complex64"],
  complex64: ["complex128"],
};

function upperBounds(node: Node, seen = new Set<Node>()): ReadonlySet<Node> {
  if (!seen.has(node)) {
    seen.add(node);
    for (const next of edges[node] ?? []) upperBounds(next, seen);
  }
  return seen;
}

const nodeNames: Partial<Record<Node, string>> = {
  "i*": "an integer",
  "f*": "a number",
  "c*": "a complex number",
};
const joins = new Map<string, Node>();
function join(a: Node, b: Node, caller: string): Node {
  if (a === b) return a;
  const key = `${a} ${b}`;
  const known = joins.get(key);
  if (known !== undefined) return known;
  const common = [...upperBounds(a)].filter((node) => upperBounds(b).has(node));
  const least = common.find((node) => common.every((other) => upperBounds(node).has(other)));
  if (least === undefined) {
    const keys = a === "key<fry>" || b === "key<fry>";
    throw new DTypeError(
      "dtype/promotion",
      `${caller}: no dtype holds both ${nodeNames[a] ?? a} and ${nodeNames[b] ?? b}: ${keys ? "keys are no numbers; random.keyData gives their words" : "convert one of them with astype"}`,
    );
  }
  joins.set(key, least);
  return least;
}

export interface TypeOf {
  readonly dtype: DType;
  readonly weak: boolean;
}

const weakNodes: Partial<Record<DTypeKind, Node>> = {
  int: "i*",
  uint: "i*",
  float: "f*",
  complex: "c*",
  bool: "bool",
};
const nodeOf = ({ dtype, weak }: TypeOf): Node => (weak ? (weakNodes[kindOf(dtype)] ?? dtype) : dtype);

function concrete(node: Node): DType {
  switch (node) {
    case "i*": return weakDType("int"); // prettier-ignore
    case "f*": return weakDType("float"); // prettier-ignore
    case "c*": return "complex64"; // prettier-ignore
    case "complex128":
      throw new DTypeError(
        "dtype/complex128",
        "the operands promote to complex128, which is not supported: convert the float64 one to float32 first",
      );
    default: return canonicalDType(node); // prettier-ignore
  }
}

/**
 * The dtype and weakness of an operation on operands of these types, by JAX's lattice.
 *
 * @see `jax._src.dtypes._lattice_result_type`
 * @throws DTypeError when no dtype holds all of them (keys with numbers).
 */
export function promoteTypes(types: readonly TypeOf[], caller = "promotion"): TypeOf {
  const [first] = types;
  if (first === undefined) throw new DTypeError("dtype/promotion", `${caller} needs at least one operand`);
  const allWeak = types.every((type) => type.weak);
  if (types.every((type) => type.dtype === first.dtype)) {
    return { dtype: canonicalDType(first.dtype), weak: allWeak && first.dtype !== "bool" };
  }
  const nodes = types.map((type): Node => (allWeak ? type.dtype : nodeOf(type)));
  const bound = nodes.reduce((a, b) => join(a, b, caller));
  // Weak operands give way: float64 and complex ones are complex64, there being no complex128.
  const dtype = allWeak && bound === "complex128" ? "complex64" : concrete(bound);
  return { dtype, weak: dtype !== "bool" && (allWeak || bound === "i*" || bound === "f*" || bound === "c*") };
}
